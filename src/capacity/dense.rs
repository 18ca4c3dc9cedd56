//! Dense binary networks: polynomial interactions hold `n^(p−1)` patterns, the exponential one exponentially many.
//!
//! Not here: the modern continuous network, which is `modern`.

use super::binary::Recalled;
use super::numerics::{normal_tail, normal_tail_inverse};
use super::{checked, error_share, positive, size};
use crate::error::{Error, Result};

/// Degrees up to this; the loops over them are short.
const MOST: u32 = 1000;

/// `n^(p−1) / (2p−3)!!`, the number of patterns whose noise is as large as the signal; factor by factor.
fn scale(n: f64, degree: u32) -> Result<f64> {
    if !(2..=MOST).contains(&degree) {
        return Err(Error::Range { argument: "degree", rule: "from 2 to 1000", value: degree.into() });
    }
    Ok((1..degree).map(|i| n / f64::from(2 * i - 1)).product())
}

/// The load `k / n^(p−1)` at which one update of a stored pattern leaves the given share of bits wrong:
/// `½ erfc √(1 / (2 α_p (2p−3)!!)) = error` (Krotov & Hopfield 2016, with the Gaussian tail itself and not its
/// expansion).
///
/// ```
/// use hopfield::capacity::krotov_hopfield_load;
/// assert!((krotov_hopfield_load(3, 0.005)? - 0.0502).abs() < 1e-4);
/// # Ok::<(), hopfield::Error>(())
/// ```
///
/// # Errors
/// A degree outside 2 to 1000, or an `error` that is not above 0 and below 0.5.
pub fn krotov_hopfield_load(degree: u32, error: f64) -> Result<f64> {
    let z = normal_tail_inverse(error_share(error)?);
    Ok(scale(1.0, degree)? / (z * z))
}

/// The number of random patterns that a dense network of `n` neurons and degree `p` holds with the given share of wrong
/// bits: `α_p n^(p−1)` (Krotov & Hopfield 2016).
///
/// ```
/// use hopfield::capacity::krotov_hopfield;
/// assert_eq!(krotov_hopfield(100, 3, 0.005)?.round(), 502.0);
/// # Ok::<(), hopfield::Error>(())
/// ```
///
/// # Errors
/// `n` below 2, and as [`krotov_hopfield_load`].
pub fn krotov_hopfield(n: u64, degree: u32, error: f64) -> Result<f64> {
    let n = size("n", n)?;
    let z = normal_tail_inverse(error_share(error)?);
    Ok(scale(n, degree)? / (z * z))
}

/// The share of a stored pattern's bits that are wrong after one update: `½ erfc √(n^(p−1) / (2k (2p−3)!!))` (Krotov &
/// Hopfield 2016).
///
/// ```
/// use hopfield::capacity::krotov_hopfield_error;
/// assert!((krotov_hopfield_error(100, 502.0, 3)? - 0.005).abs() < 1e-4);
/// # Ok::<(), hopfield::Error>(())
/// ```
///
/// # Errors
/// `n` below 2, a `k` that is not positive and finite, or a degree outside 2 to 1000.
pub fn krotov_hopfield_error(n: u64, k: f64, degree: u32) -> Result<f64> {
    let (n, k) = (size("n", n)?, positive("k", k)?);
    Ok(normal_tail(libm::sqrt(scale(n, degree)? / k)))
}

/// The number of random patterns that are held without error: `n^(p−1) / (2 (2p−3)!! ln n)` if one given pattern shall
/// be (Krotov & Hopfield 2016), the `p`-th part of it if all shall (Demircigil et al. 2017).
///
/// ```
/// use hopfield::capacity::{Recalled, krotov_hopfield_error_free, mceliece};
/// assert_eq!(krotov_hopfield_error_free(100, 3, Recalled::One)?.round(), 362.0);
/// assert_eq!(krotov_hopfield_error_free(100, 2, Recalled::All)?, mceliece(100, Recalled::All)?);
/// # Ok::<(), hopfield::Error>(())
/// ```
///
/// # Errors
/// `n` below 2, or a degree outside 2 to 1000.
pub fn krotov_hopfield_error_free(n: u64, degree: u32, recalled: Recalled) -> Result<f64> {
    let n = size("n", n)?;
    let factor = match recalled {
        Recalled::One => 2.0,
        Recalled::All => 2.0 * f64::from(degree),
    };
    Ok(scale(n, degree)? / (factor * libm::log(n)))
}

/// The rate `α` below which an exponential network of `n` neurons mends a share `ρ` of flipped bits in one step with
/// `e^{αn}` patterns stored: `I(1−2ρ)/2`, `I(a) = ½[(1+a) ln(1+a) + (1−a) ln(1−a)]` (Demircigil et al. 2017).
/// Sufficient; more may do.
///
/// ```
/// use hopfield::capacity::demircigil_rate;
/// assert_eq!(demircigil_rate(0.0)?, 0.5 * std::f64::consts::LN_2);
/// assert_eq!(demircigil_rate(0.5)?, 0.0);
/// # Ok::<(), hopfield::Error>(())
/// ```
///
/// # Errors
/// A `corruption` outside 0 to 0.5.
pub fn demircigil_rate(corruption: f64) -> Result<f64> {
    checked("corruption", corruption, "a share of flipped bits, from 0 to 0.5", (0.0..=0.5).contains(&corruption))?;
    let a = 1.0 - 2.0 * corruption;
    if a < 0.25 {
        // The logarithms would cancel: Σ a^2j / (2j (2j − 1)), whose terms fall by 16 each.
        let square = a * a;
        let terms = (1..=16).rev().map(|j| 1.0 / f64::from(2 * j * (2 * j - 1)));
        return Ok(0.5 * terms.fold(0.0, |sum, term| square * (sum + term)));
    }
    let lost = if corruption == 0.0 { 0.0 } else { corruption * libm::log(2.0 * corruption) };
    Ok(0.5 * (lost + (1.0 - corruption) * libm::log(2.0 * (1.0 - corruption))))
}

/// `e^{αn}` patterns at the rate of [`demircigil_rate`].
///
/// ```
/// use hopfield::capacity::demircigil;
/// assert!((demircigil(20, 0.0)? - 1024.0).abs() < 1e-9);
/// # Ok::<(), hopfield::Error>(())
/// ```
///
/// # Errors
/// `n` below 2, or a `corruption` outside 0 to 0.5.
pub fn demircigil(n: u64, corruption: f64) -> Result<f64> {
    Ok(libm::exp(size("n", n)? * demircigil_rate(corruption)?))
}
