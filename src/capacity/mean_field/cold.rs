//! Temperature 0, where the averages are error functions of `y = m / √(2αr)`: `m = erf y`, `s = m / (√2 y)`,
//! `C = (2y/√π) e^{−y²} / m`, and the load is `√(2α) = erf(y)/y − (2/√π) e^{−y²}`.

use std::f64::consts::{FRAC_1_PI, FRAC_1_SQRT_2, SQRT_2};

use super::super::numerics::{FRAC_2_SQRT_PI, root};
use super::{Averages, MeanField};

/// `√(2α)` of a state near a pattern.
fn load_root(y: f64) -> f64 {
    if y < 0.5 {
        // Both terms are nearly 2/√π: (2/√π) Σ (−1)^{j+1} y^{2j} / j! · 2j / (2j+1), of which 12 terms are enough.
        let square = y * y;
        let term = |j: u32| f64::from(2 * j) / f64::from(2 * j + 1);
        let sum = (1..=12).rev().fold(0.0, |sum, j| square / f64::from(j) * (term(j) - sum));
        return FRAC_2_SQRT_PI * sum;
    }
    libm::erf(y) / y - FRAC_2_SQRT_PI * libm::exp(-y * y)
}

/// Where the load is critical: its derivative is zero.
fn peak() -> f64 {
    root(1.0, 2.0, |y| FRAC_2_SQRT_PI * libm::exp(-y * y) * (y + 2.0 * y * y * y) - libm::erf(y))
}

pub(super) fn critical_load() -> f64 {
    let root = load_root(peak());
    0.5 * root * root
}

pub(super) fn retrieval(alpha: f64) -> MeanField {
    if alpha == 0.0 {
        return MeanField::new(0.0, 0.0, Averages { m: 1.0, error: 0.0, q: 1.0, c: 0.0 });
    }
    // The load root is at most 1/y.
    let most = 1.0 / libm::sqrt(2.0 * alpha);
    at(alpha, root(peak().min(most), most, |y| load_root(y) - libm::sqrt(2.0 * alpha)))
}

pub(super) fn unstable(alpha: f64) -> MeanField {
    at(alpha, root(0.0, peak(), |y| load_root(y) - libm::sqrt(2.0 * alpha)))
}

fn at(alpha: f64, y: f64) -> MeanField {
    let m = libm::erf(y);
    let c = FRAC_2_SQRT_PI * y * libm::exp(-y * y) / m;
    let averages = Averages { m, error: 0.5 * libm::erfc(y), q: 1.0, c };
    MeanField::new(alpha, m / (SQRT_2 * y), averages)
}

/// Without an overlap `C = √(2/π)/s`, and so `s = √α + √(2/π)`, `E/n = −1/π − √(2α/π)`.
pub(super) fn spin_glass(alpha: f64) -> MeanField {
    let narrowest = FRAC_2_SQRT_PI * FRAC_1_SQRT_2;
    let s = libm::sqrt(alpha) + narrowest;
    let averages = Averages { m: 0.0, error: 0.5, q: 1.0, c: narrowest / s };
    let energy = -FRAC_1_PI - libm::sqrt(2.0 * FRAC_1_PI * alpha);
    MeanField { energy, ..MeanField::new(alpha, s, averages) }
}
