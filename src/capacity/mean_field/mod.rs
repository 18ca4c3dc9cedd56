//! The Hebbian network of infinitely many neurons in mean field, replica-symmetric: Amit, Gutfreund & Sompolinsky, Phys.
//! Rev. Lett. 55 (1985) at temperature 0 and Ann. Phys. 173 (1987) above it.
//!
//! The order parameters are the overlap `m` with one pattern, `q` of Edwards & Anderson, and the noise `r` of all other
//! patterns:
//!
//! `m = ⟨tanh β(m + √(αr) z)⟩`, `q = ⟨tanh² β(m + √(αr) z)⟩`, `r = q / (1−C)²`, `C = β(1−q)`.
//!
//! The spread `s = √(αr)` is the better unknown. For a given `s` the first equation has one positive solution, as long as
//! `s` is below the `s₀` where `C` would be 1 at `m = 0`: a tanh smoothed by a Gaussian is concave. The other two then say
//! which load that is: `α(s) = s² (1−C)² / q`. Between 0 and `s₀` this load rises from 0 to the critical one and falls
//! back to 0: the retrieval states are on the rise, the unstable ones on the fall. Without an overlap it rises from `s₀`
//! for good: the spin glass.
//!
//! Not here: replica symmetry breaking, which moves the critical load to 0.1382, and mixtures of patterns.

mod cold;
mod warm;

use super::numerics::root;
use super::{checked, load};
use crate::error::Result;
use crate::input::name::named;
use warm::Warm;

named! {
    /// Which solution of the mean-field equations is wanted.
    ///
    /// ```
    /// use hopfield::capacity::Solution;
    /// assert_eq!("spin_glass".parse(), Ok(Solution::SpinGlass));
    /// ```
    pub enum Solution for "solution" {
        /// The states near a pattern; where there are none, what is left: the spin glass or the paramagnet.
        Retrieval = "retrieval",
        /// The saddle that separates them from the spin glass; NaN where there is none.
        Unstable = "unstable",
        /// The states without an overlap; the paramagnet where it is too hot for a spin glass.
        SpinGlass = "spin_glass",
    }
}

/// A solution of the mean-field equations.
///
/// ```
/// use hopfield::capacity::{Solution, mean_field};
/// let at = mean_field(0.1, 0.0, Solution::Retrieval)?;
/// assert!((at.overlap - 0.9980).abs() < 1e-4 && (at.energy + 0.50015).abs() < 1e-5);
/// # Ok::<(), hopfield::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct MeanField {
    /// `m`, the overlap with the pattern.
    pub overlap: f64,
    /// `½(1−m)`, the share of neurons that differ from it.
    pub error: f64,
    /// `q`, the order parameter of Edwards & Anderson.
    pub edwards_anderson: f64,
    /// `r`, the mean square of the overlaps with all other patterns, in units of `1/n`.
    pub noise: f64,
    /// `C = β(1−q)`, finite at `T = 0`.
    pub susceptibility: f64,
    /// `E/n`, the energy of a neuron.
    pub energy: f64,
}

impl MeanField {
    const NONE: Self = Self {
        overlap: f64::NAN,
        error: f64::NAN,
        edwards_anderson: f64::NAN,
        noise: f64::NAN,
        susceptibility: f64::NAN,
        energy: f64::NAN,
    };

    /// The solution with these averages at load `alpha`, where the noise has spread `s`.
    fn new(alpha: f64, s: f64, averages: Averages) -> Self {
        let Averages { m, error, q, c } = averages;
        let rest = 1.0 - c;
        let (noise, shift) = match (alpha > 0.0, q > 0.0, m > 0.0) {
            (true, _, _) => (s * s / alpha, alpha / rest),
            (false, true, true) => (q / (rest * rest), 0.0),
            // A spin glass of no patterns is the limit of few, in which C goes to 1.
            (false, true, false) => (f64::INFINITY, 0.0),
            (false, false, _) => (0.0, 0.0),
        };
        // From the free energy: U = −½m² + ½α(1 − 1/(1−C) − rC), which at T = 0 is −½m² + ½α(1 − r).
        let energy = 0.0 - 0.5 * (m * m + c * (shift + s * s));
        Self { overlap: m, error, edwards_anderson: q, noise, susceptibility: c, energy }
    }
}

/// What the equations average over the noise, for an overlap and a spread.
struct Averages {
    /// `⟨tanh⟩`.
    m: f64,
    /// `½(1 − ⟨tanh⟩)`.
    error: f64,
    /// `⟨tanh²⟩`.
    q: f64,
    /// `β(1 − ⟨tanh²⟩)`.
    c: f64,
}

/// Below this temperature the solution differs from that at 0, in proportion to `T`, by less than rounding.
const COLDEST: f64 = 1e-17;

/// The warm network at a temperature, if it is not as good as zero.
fn warm(temperature: f64) -> Result<Option<Warm>> {
    let obeys = temperature >= 0.0 && temperature.is_finite();
    checked("temperature", temperature, "zero or positive, and finite", obeys)?;
    Ok((temperature >= COLDEST).then(|| Warm::new(temperature)))
}

/// The largest load at which states near a pattern exist at temperature `T` (0 for `T ≥ 1`): 0.1379055665 at `T = 0`.
///
/// ```
/// use hopfield::capacity::critical_load;
/// assert!((critical_load(0.0)? - 0.1379055665).abs() < 1e-10);
/// assert_eq!(critical_load(1.0)?, 0.0);
/// # Ok::<(), hopfield::Error>(())
/// ```
///
/// # Errors
/// A temperature that is negative or not finite.
pub fn critical_load(temperature: f64) -> Result<f64> {
    Ok(match warm(temperature)? {
        None => cold::critical_load(),
        Some(warm) => warm.peak().map_or(0.0, |(_, alpha)| alpha),
    })
}

/// The load up to which the states near a pattern are the deepest of all at temperature 0: 0.05185. Between it and the
/// critical load they are metastable.
///
/// ```
/// assert!((hopfield::capacity::globally_stable_load() - 0.0518543).abs() < 1e-7);
/// ```
#[must_use]
pub fn globally_stable_load() -> f64 {
    root(0.01, 0.137, |alpha| cold::retrieval(alpha).energy - cold::spin_glass(alpha).energy)
}

/// The solution of the mean-field equations at load `α = k/n` and temperature `T`, in units in which a single pattern is
/// lost at 1.
///
/// ```
/// use hopfield::capacity::{Solution, mean_field};
/// let warm = mean_field(0.05, 0.2, Solution::Retrieval)?;
/// assert!((warm.overlap - 0.998878).abs() < 1e-6 && (warm.noise - 1.019837).abs() < 1e-6);
/// assert_eq!(mean_field(0.15, 0.0, Solution::Retrieval)?.overlap, 0.0);
/// # Ok::<(), hopfield::Error>(())
/// ```
///
/// # Errors
/// A load outside 0 to 1, or a temperature that is negative or not finite.
pub fn mean_field(alpha: f64, temperature: f64, solution: Solution) -> Result<MeanField> {
    let (alpha, warm) = (load(alpha)?, warm(temperature)?);
    let spin_glass = || warm.as_ref().map_or_else(|| cold::spin_glass(alpha), |warm| warm.spin_glass(alpha));
    let near_pattern = |unstable| match &warm {
        None => (alpha <= cold::critical_load())
            .then(|| if unstable { cold::unstable(alpha) } else { cold::retrieval(alpha) }),
        Some(warm) => {
            let (peak, most) = warm.peak()?;
            (alpha <= most).then(|| warm.near_pattern(alpha, if unstable { warm.widest() } else { 0.0 }, peak))
        }
    };
    let mut found = match solution {
        Solution::SpinGlass => spin_glass(),
        Solution::Retrieval => near_pattern(false).unwrap_or_else(spin_glass),
        // At load 0 the saddle has merged with the spin glass.
        Solution::Unstable if alpha == 0.0 => near_pattern(false).map_or(MeanField::NONE, |_| spin_glass()),
        Solution::Unstable => near_pattern(true).unwrap_or(MeanField::NONE),
    };
    if warm.is_none() {
        found.edwards_anderson = 1.0 - temperature * found.susceptibility;
    }
    Ok(found)
}
