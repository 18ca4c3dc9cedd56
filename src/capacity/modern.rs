//! Modern continuous networks: exponentially many patterns in the dimension.
//!
//! Not here: bounds for given patterns, which need them and are the network's own.

use super::numerics::lambert_w_of_exp;
use super::{checked, positive, size};
use crate::error::Result;
use crate::input::name::named;

named! {
    /// How random patterns of `d` entries are drawn, at a typical length of `√d`.
    ///
    /// ```
    /// use hopfield::capacity::Ensemble;
    /// assert_eq!("spherical".parse(), Ok(Ensemble::Spherical));
    /// ```
    pub enum Ensemble for "ensemble" {
        /// Independent standard normal entries.
        Gaussian = "gaussian",
        /// Uniform on the sphere of radius `√d`.
        Spherical = "spherical",
    }
}

/// What theorem 3 of Ramsauer et al. (2020) promises; see [`ramsauer`].
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct RamsauerBound {
    /// `2 (1 + ln(2 β K² p (d−1))) / (d−1)`.
    pub a: f64,
    /// `2 K² β / 5`.
    pub b: f64,
    /// The base of the exponential, `b / W₀(exp(a + ln b))`.
    pub c: f64,
    /// The least `c` for which the theorem speaks, `(2/√p)^{4/(d−1)}`: below it fewer than 2 patterns are promised.
    pub least_c: f64,
    /// At least so many patterns can be stored: `√p c^{(d−1)/4}`.
    pub patterns: f64,
}

impl RamsauerBound {
    /// Whether the theorem speaks.
    #[must_use]
    pub fn applies(&self) -> bool {
        self.c >= self.least_c
    }
}

/// How many random patterns on the sphere of radius `K √(d−1)` a modern network of inverse temperature `β` stores, with
/// probability `1 − p`: at least `√p c^{(d−1)/4}` (Ramsauer et al. 2020, theorem 3).
///
/// Its proof is disputed; take it as an inequality that experiments satisfy.
///
/// ```
/// use hopfield::capacity::ramsauer;
/// let bound = ramsauer(20, 1.0, 3.0, 0.001)?;
/// assert!(bound.applies() && (bound.c - 3.1546).abs() < 1e-4);
/// # Ok::<(), hopfield::Error>(())
/// ```
///
/// # Errors
/// `d` below 2, `beta` or `radius` not positive and finite, or a `failure` not between 0 and 1.
pub fn ramsauer(d: u64, beta: f64, radius: f64, failure: f64) -> Result<RamsauerBound> {
    let free = size("d", d)? - 1.0;
    let (beta, radius) = (positive("beta", beta)?, positive("radius", radius)?);
    checked("failure", failure, "a probability above 0 and below 1", failure > 0.0 && failure < 1.0)?;
    let squared = beta * radius * radius;
    let a = 2.0 * (1.0 + libm::log(2.0 * squared * free) + libm::log(failure)) / free;
    let b = 0.4 * squared;
    let c = b / lambert_w_of_exp(a + libm::log(b));
    let root = libm::sqrt(failure);
    Ok(RamsauerBound {
        a,
        b,
        c,
        least_c: libm::pow(2.0 / root, 4.0 / free),
        patterns: root * libm::pow(c, 0.25 * free),
    })
}

/// The rate `α` up to which a pattern among `e^{αd}` random ones is the deepest near itself at inverse temperature `β`
/// (the paper's `λ`), by the random-energy criterion of Lucibello & Mézard (2024): Gaussian `β − β²/2` for `β < 1`, ½
/// above; spherical `β(1−e) − ½ ln(1−e²)`, `e = (√(1+4β²) − 1) / (2β)`.
///
/// ```
/// use hopfield::capacity::{Ensemble, lucibello_mezard};
/// assert_eq!(lucibello_mezard(0.5, Ensemble::Gaussian)?, 0.375);
/// assert!((lucibello_mezard(1.0, Ensemble::Spherical)? - 0.62257).abs() < 1e-5);
/// # Ok::<(), hopfield::Error>(())
/// ```
///
/// # Errors
/// A `beta` that is not positive and finite.
pub fn lucibello_mezard(beta: f64, ensemble: Ensemble) -> Result<f64> {
    let beta = positive("beta", beta)?;
    Ok(match ensemble {
        Ensemble::Gaussian if beta < 1.0 => beta - 0.5 * beta * beta,
        Ensemble::Gaussian => 0.5,
        Ensemble::Spherical => {
            let root = libm::hypot(1.0, 2.0 * beta);
            // Written so that nothing cancels for small or large β; β (1 − e²) = e.
            let e = 2.0 * beta / (root + 1.0);
            let rest = (1.0 + 1.0 / (root + 2.0 * beta)) / (root + 1.0);
            let log = if beta < 1.0 { libm::log1p(-e * e) } else { libm::log(e / beta) };
            beta * rest - 0.5 * log
        }
    })
}
