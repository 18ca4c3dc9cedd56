//! How a state is compared with a pattern, and what that asks of both.
//!
//! Under `Euclidean`, separations that do not change when all scores move alike are given `x·ξ − ½ ‖x‖²`, which runs at the
//! speed of a dot product; rounding then costs up to a few units in the last place of `‖x‖ ‖ξ‖ + ½ ‖x‖²`, whatever the
//! distance: data far from the origin are better moved there first. The others, and partial cues, add up squared
//! differences.

use super::separation::Separation;
use crate::error::{Error, Result};
use crate::input::name::named;
use crate::input::real::{Rows, sum_of_squares};
use crate::kernel::compare::Comparison;
use crate::kernel::real::Real;
use crate::par::Par;

named! {
    /// The score `s` of a pattern `x` for a state `ξ`.
    pub enum Similarity for "similarity" {
        /// `x·ξ`.
        Dot = "dot",
        /// `x·ξ` of unit vectors: stored patterns and states are kept at norm 1.
        Cosine = "cosine",
        /// `−½ ‖x − ξ‖²`: under softmax, weights of a Gaussian kernel.
        Euclidean = "euclidean",
        /// `−‖x − ξ‖₁`.
        Manhattan = "manhattan",
    }
}

impl Similarity {
    /// Which scores tell patterns apart, for a separation, given the squared norms of the patterns; `partial` where
    /// queries have entries that are not known.
    pub(super) fn comparison(self, separation: Separation, norms: &[f64], partial: bool) -> Comparison<'_> {
        match self {
            Self::Dot | Self::Cosine => Comparison::Product,
            Self::Manhattan => Comparison::Distances,
            Self::Euclidean if partial => Comparison::Squares,
            Self::Euclidean => match separation {
                Separation::Softmax1 { .. } | Separation::Epanechnikov { .. } => Comparison::Squares,
                _ => Comparison::ProductLess(norms),
            },
        }
    }

    /// Scores whose differences are as exact as they can be.
    pub(super) fn differences(self) -> Comparison<'static> {
        match self {
            Self::Dot | Self::Cosine => Comparison::Product,
            Self::Euclidean => Comparison::Squares,
            Self::Manhattan => Comparison::Distances,
        }
    }

    /// Rows of norm 1 where directions are compared, else as they are.
    pub(super) fn directed<'a, T: Real>(
        self,
        argument: &'static str,
        rows: Rows<'a, T>,
        par: Par,
    ) -> Result<Rows<'a, T>> {
        if self != Self::Cosine {
            return Ok(rows);
        }
        let d = rows.width();
        rows.changed(|rows| to_unit_rows(argument, rows, d, par), par)
    }

    /// The largest size of scores of vectors of `d` entries and these norms.
    pub(super) fn reach(self, norm: f64, other: f64, d: usize) -> f64 {
        match self {
            Self::Dot => norm * other,
            Self::Cosine => 1.0,
            Self::Euclidean => 0.5 * (norm + other) * (norm + other),
            Self::Manhattan => (d as f64).sqrt() * (norm + other),
        }
    }
}

/// Scales a vector to norm 1, through its largest entry, so that nothing overflows; `false` if it is zero. One that is not
/// finite is left as it is.
pub(crate) fn to_unit<T: Real>(row: &mut [T]) -> bool {
    let largest = row.iter().fold(0.0_f64, |largest, &entry| {
        let size = entry.into().abs();
        if size > largest || size.is_nan() { size } else { largest }
    });
    if largest == 0.0 || !largest.is_finite() {
        return largest != 0.0;
    }
    let scaled = |entry: T| entry.into() / largest;
    let norm = sum_of_squares(row.iter().map(|&entry| scaled(entry))).sqrt();
    for entry in row {
        *entry = T::from_f64(scaled(*entry) / norm);
    }
    true
}

/// Rows of `columns` entries scaled to norm 1.
///
/// # Errors
/// A row of zeros, which has no direction.
pub(crate) fn to_unit_rows<T: Real>(argument: &'static str, rows: &mut [T], columns: usize, par: Par) -> Result<()> {
    for (row, entries) in rows.chunks_exact_mut(columns).enumerate() {
        if row.is_multiple_of(ROWS_AT_ONCE) {
            par.check()?;
        }
        if !to_unit(entries) {
            return Err(Error::NoDirection { argument, row });
        }
    }
    Ok(())
}

/// Rows between two looks at whether to go on.
const ROWS_AT_ONCE: usize = 1024;
