//! Networks of pairwise weights: when the noise of `k` random patterns turns none, few or all bits of one.
//!
//! The noise on a bit of a stored pattern is nearly Gaussian with variance `k/n`; most formulas here are that remark.
//!
//! Not here: the self-consistent noise of the states that a network ends in, which is `mean_field`.

use super::numerics::{FRAC_1_SQRT_2PI, normal_tail, normal_tail_inverse};
use super::{checked, error_share, load, positive, size};
use crate::error::Result;
use crate::input::name::named;

named! {
    /// Which patterns shall be recalled without error.
    ///
    /// ```
    /// use hopfield::capacity::Recalled;
    /// assert_eq!("all".parse(), Ok(Recalled::All));
    /// ```
    pub enum Recalled for "recalled" {
        /// One given pattern.
        One = "one",
        /// All stored patterns at once.
        All = "all",
    }
}

/// The number of random patterns that a Hebbian network of `n` neurons holds error-free: `n / (2 ln n)` if one given
/// pattern shall be a fixed point, `n / (4 ln n)` if all shall be (McEliece, Posner, Rodemich & Venkatesh 1987).
///
/// ```
/// use hopfield::capacity::{Recalled, mceliece};
/// assert_eq!(mceliece(1000, Recalled::One)?.round(), 72.0);
/// assert_eq!(mceliece(1000, Recalled::All)?.round(), 36.0);
/// # Ok::<(), hopfield::Error>(())
/// ```
///
/// # Errors
/// `n` below 2.
pub fn mceliece(n: u64, recalled: Recalled) -> Result<f64> {
    let n = size("n", n)?;
    let factor = match recalled {
        Recalled::One => 2.0,
        Recalled::All => 4.0,
    };
    Ok(n / (factor * libm::log(n)))
}

/// The probability that one given pattern of `k`, or all of them, are fixed points of a Hebbian network of `n` neurons,
/// with independent Gaussian noise on every bit: `(1 − ½ erfc √(n/2k))^n`, or to the power `nk`.
///
/// ```
/// use hopfield::capacity::{Recalled, mceliece, stable_probability};
/// let stable = stable_probability(1000, mceliece(1000, Recalled::One)?, Recalled::One)?;
/// assert!((stable - 0.904).abs() < 1e-3);
/// # Ok::<(), hopfield::Error>(())
/// ```
///
/// # Errors
/// `n` below 2, or a `k` that is not positive and finite.
pub fn stable_probability(n: u64, k: f64, recalled: Recalled) -> Result<f64> {
    let (n, k) = (size("n", n)?, positive("k", k)?);
    let bits = match recalled {
        Recalled::One => n,
        Recalled::All => n * k,
    };
    Ok(libm::exp(bits * libm::log1p(-normal_tail(libm::sqrt(n / k)))))
}

/// The share of a stored pattern's bits that are wrong after one step from it: `½ erfc √(1/2α)` (Hertz, Krogh & Palmer
/// 1991, eq. 2.20).
///
/// ```
/// use hopfield::capacity::one_step_error;
/// assert!((one_step_error(0.138)? - 0.00355).abs() < 1e-5);
/// # Ok::<(), hopfield::Error>(())
/// ```
///
/// # Errors
/// A load outside 0 to 1.
pub fn one_step_error(alpha: f64) -> Result<f64> {
    Ok(normal_tail(libm::sqrt(1.0 / load(alpha)?)))
}

/// The load at which [`one_step_error`] is `error` (Hertz, Krogh & Palmer 1991, table 2.1). Errors above 0.1587 need
/// loads above 1, which are given all the same.
///
/// ```
/// use hopfield::capacity::load_at_error;
/// assert!((load_at_error(0.001)? - 0.105).abs() < 5e-4);
/// # Ok::<(), hopfield::Error>(())
/// ```
///
/// # Errors
/// An `error` that is not above 0 and below 0.5.
pub fn load_at_error(error: f64) -> Result<f64> {
    let z = normal_tail_inverse(error_share(error)?);
    Ok(1.0 / (z * z))
}

/// The overlap with a pattern after the first synchronous step from a random state of the given overlap with it:
/// `erf(m₀ / √(2α))`.
///
/// ```
/// use hopfield::capacity::first_step_overlap;
/// assert!((first_step_overlap(0.5, 0.1)? - 0.886).abs() < 1e-3);
/// # Ok::<(), hopfield::Error>(())
/// ```
///
/// # Errors
/// An overlap outside −1 to 1, or a load outside 0 to 1.
pub fn first_step_overlap(overlap: f64, alpha: f64) -> Result<f64> {
    let overlap = checked("overlap", overlap, "from -1 to 1", (-1.0..=1.0).contains(&overlap))?;
    let noise = libm::sqrt(2.0 * load(alpha)?);
    // Without noise nothing is left of a state without overlap but chance.
    Ok(if overlap == 0.0 { 0.0 } else { libm::erf(overlap / noise) })
}

/// The number of random patterns that Storkey's rule holds error-free: `n / √(2 ln n)` (Storkey 1997).
///
/// ```
/// assert_eq!(hopfield::capacity::storkey(1000)?.round(), 269.0);
/// # Ok::<(), hopfield::Error>(())
/// ```
///
/// # Errors
/// `n` below 2.
pub fn storkey(n: u64) -> Result<f64> {
    let n = size("n", n)?;
    Ok(n / libm::sqrt(2.0 * libm::log(n)))
}

/// The number of linearly independent patterns that the pseudo-inverse holds: `n` (Personnaz, Guyon & Dreyfus 1985).
///
/// ```
/// assert_eq!(hopfield::capacity::pseudo_inverse(1000)?, 1000.0);
/// # Ok::<(), hopfield::Error>(())
/// ```
///
/// # Errors
/// `n` below 2.
pub fn pseudo_inverse(n: u64) -> Result<f64> {
    size("n", n)
}

/// The largest load that any weights, symmetric or not, can hold with margin `κ`:
/// `[∫_{−κ}^∞ Dt (t+κ)²]⁻¹ = [(1+κ²) Φ(κ) + κ φ(κ)]⁻¹` (Gardner 1988). It is 2 without a margin.
///
/// ```
/// use hopfield::capacity::gardner;
/// assert_eq!(gardner(0.0)?, 2.0);
/// assert!((gardner(1.0)? - 0.5196).abs() < 1e-4);
/// # Ok::<(), hopfield::Error>(())
/// ```
///
/// # Errors
/// A negative margin, for which replica symmetry and so this formula do not hold.
pub fn gardner(kappa: f64) -> Result<f64> {
    let kappa = checked("kappa", kappa, "a margin of at least 0 and finite", kappa >= 0.0 && kappa.is_finite())?;
    let density = FRAC_1_SQRT_2PI * libm::exp(-0.5 * kappa * kappa);
    Ok(1.0 / ((1.0 + kappa * kappa) * normal_tail(-kappa) + kappa * density))
}
