//! Temperatures above 0, where the averages are integrals.

use super::super::numerics::{gaussian_average, maximum, root};
use super::{Averages, MeanField};
use std::f64::consts::FRAC_1_PI;

pub(super) struct Warm {
    temperature: f64,
    beta: f64,
}

impl Warm {
    pub(super) fn new(temperature: f64) -> Self {
        Self { temperature, beta: 1.0 / temperature }
    }

    /// The averages of `tanh β(m + s z)`.
    fn averages(&self, m: f64, s: f64) -> Averages {
        let beta = self.beta;
        // 1 − tanh u = 2 / (1 + e^2u) and 1 − tanh² u = 1 / cosh² u keep their digits where tanh is nearly 1.
        let of = |u: f64| {
            let (t, cosh) = (libm::tanh(u), libm::cosh(u));
            [t, 1.0 / (1.0 + libm::exp(2.0 * u)), t * t, 1.0 / (cosh * cosh)]
        };
        let [m, error, q, slope] = if s == 0.0 { of(beta * m) } else { gaussian_average(-m / s, 1.0 / (beta * s), of) };
        Averages { m, error, q, c: beta * slope }
    }

    /// The spread `s₀` at which `C` is 1 without an overlap; for `T < 1`.
    pub(super) fn widest(&self) -> f64 {
        // A spread counts for less where tanh is no step.
        root(0.0, libm::sqrt(2.0 * FRAC_1_PI), |s| self.averages(0.0, s).c - 1.0)
    }

    /// The averages at spread `s`, with the positive overlap. Newton's method from 1: the average is concave in `m`, so
    /// it never passes the root.
    fn with_overlap(&self, s: f64) -> Averages {
        let mut m = 1.0;
        for _ in 0..200 {
            let averages = self.averages(m, s);
            let next = m - (m - averages.m) / (1.0 - averages.c);
            // Where the root is close to 0, at s₀, rounding may say anything of the slope.
            if !(next > 0.0 && next < m * (1.0 - f64::EPSILON)) {
                return averages;
            }
            m = next;
        }
        self.averages(m, s)
    }

    /// The load at which the noise has spread `s`, given the averages there.
    fn load(&self, s: f64, averages: &Averages) -> f64 {
        // q / s² of a small spread without an overlap is β².
        let ratio = if averages.q == 0.0 { self.temperature } else { s / libm::sqrt(averages.q) };
        let root = ratio * (1.0 - averages.c);
        root * root
    }

    fn load_near_pattern(&self, s: f64) -> f64 {
        self.load(s, &self.with_overlap(s))
    }

    /// The spread at the critical load, and that load, if there are states near a pattern at all.
    pub(super) fn peak(&self) -> Option<(f64, f64)> {
        (self.temperature < 1.0).then(|| maximum(0.0, self.widest(), |s| self.load_near_pattern(s)))
    }

    /// The state near a pattern whose spread is between `edge`, where the load is 0, and that of the critical load.
    pub(super) fn near_pattern(&self, alpha: f64, edge: f64, peak: f64) -> MeanField {
        let s = if alpha == 0.0 { edge } else { root(edge, peak, |s| self.load_near_pattern(s) - alpha) };
        MeanField::new(alpha, s, self.with_overlap(s))
    }

    pub(super) fn spin_glass(&self, alpha: f64) -> MeanField {
        let most = libm::sqrt(alpha) + libm::sqrt(2.0 * FRAC_1_PI);
        let excess = |s| self.load(s, &self.averages(0.0, s)) - alpha;
        let s = if self.temperature < 1.0 {
            root(self.widest(), most, excess)
        } else if excess(0.0) >= 0.0 {
            0.0
        } else {
            root(0.0, most, excess)
        };
        // The average of an odd function is 0 but for rounding.
        MeanField::new(alpha, s, Averages { m: 0.0, error: 0.5, ..self.averages(0.0, s) })
    }
}
