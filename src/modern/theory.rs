//! What theory promises of a memory of softmax: how near to a pattern an update ends, where it has a fixed point, and which
//! β is needed (Ramsauer et al. 2020, whose equations are cited as R).
//!
//! With `k` patterns, `M` the largest norm, and `c = ξ·x_μ − max_{ν≠μ} ξ·x_ν` the margin of a state, all other weights
//! together are at most `(k−1) e^{−βc}` times that of `x_μ`, and no pattern is further from it than `2M`: so an update ends
//! within `2M (k−1) e^{−βc}` of `x_μ` (R, lemma A4), and in any case within `2M`. At a distance `r` from `x_μ` the margin is
//! at least `Δ_μ − 2Mr`, which makes the bounds of theorem 5. All are true inequalities, not estimates; and all hold for
//! computed states up to the rounding of an update. Under euclidean similarity, margins and separations are differences
//! of half squared distances, and all the same bounds hold: a margin changes with the state by `x_μ − x_ν`, as under dot.
//!
//! Not here: how many random patterns can be stored ([`crate::capacity`]).

use super::memory::Family;
use super::separation::Separation;
use super::similarity::Similarity;
use crate::error::{Error, Result, try_vec};
use crate::input::patterns::Patterns;
use crate::kernel::Kernels;
use crate::kernel::real::Real;
use crate::par::Par;

/// Rows between two looks at whether to go on.
const ROWS_AT_ONCE: usize = 1024;

/// What bounds are made of, but for the separation of a pattern.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Theory {
    /// The number of patterns.
    pub patterns: usize,
    /// `M`, the largest norm of a pattern.
    pub largest_norm: f64,
    /// The inverse temperature.
    pub beta: f64,
}

impl Theory {
    /// # Errors
    /// A separation and similarity of which these bounds do not hold.
    pub(crate) fn of<T: Real>(patterns: &Patterns<T>, beta: f64, (separation, similarity): Family) -> Result<Self> {
        if separation != Separation::Softmax || !matches!(similarity, Similarity::Dot | Similarity::Euclidean) {
            return Err(Error::NoTheory { separation: separation.name(), similarity: similarity.name() });
        }
        let largest_norm = patterns.norms().longest().map_or(0.0, |(_, norm)| norm);
        Ok(Self { patterns: patterns.dim().0, largest_norm, beta })
    }

    /// How far from a pattern an update ends from a state whose margin over the other patterns is `margin`:
    /// `2M (k−1) e^{−βc}`, and at most `2M` (R, lemma A4).
    ///
    /// ```
    /// use hopfield::modern::Theory;
    /// let theory = Theory { patterns: 3, largest_norm: 1.0, beta: 2.0 };
    /// assert_eq!(theory.step_error(-1.0), 2.0);
    /// assert!((theory.step_error(5.0) - 4.0 * (-10.0_f64).exp()).abs() < 1e-16);
    /// ```
    #[must_use]
    pub fn step_error(&self, margin: f64) -> f64 {
        let (others, diameter) = (self.others(), 2.0 * self.largest_norm);
        if others == 0.0 {
            return 0.0;
        }
        let bound = diameter * others * libm::exp(-self.beta * margin);
        if bound > diameter { diameter } else { bound }
    }

    /// The same for all states within `distance` of a pattern of this separation: the margin is at least
    /// `Δ_μ − 2M · distance` (R, theorem 5, which for states further from the pattern than from its fixed point says less).
    #[must_use]
    pub fn one_step_error(&self, separation: f64, distance: f64) -> f64 {
        self.step_error(separation - 2.0 * self.largest_norm * distance)
    }

    /// The separation from which a pattern is well separated: `2/(βk) + β⁻¹ ln(2 (k−1) k β M²)` (R, lemma A5).
    #[must_use]
    pub fn needed_separation(&self) -> f64 {
        let k = self.patterns as f64;
        let squared = self.largest_norm * self.largest_norm;
        (2.0 / k + libm::log(2.0 * self.others() * k * self.beta * squared)) / self.beta
    }

    /// Whether a pattern of this separation is well separated: an update maps the ball of [`Self::radius`] around it into
    /// itself, and has one fixed point there.
    #[must_use]
    pub fn is_well_separated(&self, separation: f64) -> bool {
        separation >= self.needed_separation()
    }

    /// `1/(βkM)`, the radius of that ball.
    #[must_use]
    pub fn radius(&self) -> f64 {
        1.0 / (self.beta * self.patterns as f64 * self.largest_norm)
    }

    /// How far the fixed point of a well separated pattern is from it: `2e (k−1) M e^{−βΔ_μ}` (R, theorem 5), for both lie
    /// within `1/(2βM)` of each other. +∞ for other patterns, of which nothing is promised.
    #[must_use]
    pub fn fixed_point_error(&self, separation: f64) -> f64 {
        if self.is_well_separated(separation) {
            2.0 * std::f64::consts::E * self.others() * self.largest_norm * libm::exp(-self.beta * separation)
        } else {
            f64::INFINITY
        }
    }

    /// By how much an update brings two states nearer that lie within `distance` of a pattern of this separation:
    /// `‖J‖ ≤ β Σ_ν p_ν ‖x_ν − x_μ‖² ≤ 4βM² (k−1) e^{−β(Δ_μ − 2M · distance)}`. Below 1 it is a contraction.
    #[must_use]
    pub fn contraction(&self, separation: f64, distance: f64) -> f64 {
        2.0 * self.beta * self.largest_norm * self.one_step_error(separation, distance)
    }

    /// The β from which an update from within `distance` of a pattern of this separation ends within `error` times `M` of
    /// it: `ln(2 (k−1) / error) / (Δ_μ − 2M · distance)`, +∞ if no β promises it, 0 if any does.
    ///
    /// # Errors
    /// An `error` that is not between 0 and 1.
    pub fn needed_beta(&self, error: f64, separation: f64, distance: f64) -> Result<f64> {
        if !(error > 0.0 && error < 1.0) {
            return Err(Error::Range { argument: "error", rule: "between 0 and 1", value: error });
        }
        let margin = separation - 2.0 * self.largest_norm * distance;
        Ok(if self.patterns == 1 {
            0.0
        } else if margin > 0.0 {
            libm::log(2.0 * self.others() / error) / margin
        } else {
            f64::INFINITY
        })
    }

    fn others(&self) -> f64 {
        (self.patterns - 1) as f64
    }
}

/// The largest distance of a pattern to the mean of all: with `m` this, `‖J‖ ≤ β m²` everywhere, and below 1 there is one
/// fixed point (R, lemma A3).
pub(super) fn largest_deviation<T: Real>(patterns: &Patterns<T>, par: Par) -> Result<f64> {
    let ((k, d), entries, kernels) = (patterns.dim(), patterns.entries(), Kernels::in_use());
    let mut row = try_vec(d, T::ZERO, "a pattern")?;
    let mut mean = try_vec(d, 0.0, "the mean of the patterns")?;
    let mut walk = |visit: &mut dyn FnMut(&[T])| -> Result<()> {
        for index in 0..k {
            if index.is_multiple_of(ROWS_AT_ONCE) {
                par.check()?;
            }
            entries.row(kernels, index, &mut row);
            visit(&row);
        }
        Ok(())
    };
    walk(&mut |row| {
        for (sum, &entry) in mean.iter_mut().zip(row) {
            *sum += Into::<f64>::into(entry);
        }
    })?;
    for sum in &mut mean {
        *sum /= k as f64;
    }
    let mut largest = 0.0_f64;
    walk(&mut |row| {
        let squares = row.iter().zip(&mean).map(|(&entry, mean)| {
            let from_mean = Into::<f64>::into(entry) - mean;
            from_mean * from_mean
        });
        largest = largest.max(squares.sum());
    })?;
    Ok(largest.sqrt())
}
