//! How an entry of a pattern and one of a query come into a score, and which score a tile asks for.
//!
//! A difference with an entry that is no number counts nothing: that is how entries of a query that are not known yet are
//! marked. Product, sums of differences and of squared ones all go through the same loops, block by block.

use super::lanes::Lanes;
use super::real::{Arithmetic, Real};
use crate::error::{Result, try_vec};
use std::borrow::Cow;

/// Adds what one entry contributes.
///
/// # Safety
/// As for [`Lanes`].
pub(crate) trait Compare {
    unsafe fn add<L: Lanes>(pattern: L, query: L, sum: L) -> L;
}

/// `Σ x q`.
pub(crate) struct Product;
/// `−½ Σ (x − q)²`.
pub(crate) struct Squares;
/// `−Σ |x − q|`.
pub(crate) struct Distances;

impl Compare for Product {
    #[inline(always)]
    unsafe fn add<L: Lanes>(pattern: L, query: L, sum: L) -> L {
        // SAFETY: the caller's promise.
        unsafe { pattern.fused(query, sum) }
    }
}

impl Compare for Squares {
    #[inline(always)]
    unsafe fn add<L: Lanes>(pattern: L, query: L, sum: L) -> L {
        // SAFETY: the caller's promise.
        unsafe {
            let gap = pattern.minus(query).magnitude().max(L::splat(L::Real::ZERO));
            gap.times(L::splat(L::Real::from(-0.5))).fused(gap, sum)
        }
    }
}

impl Compare for Distances {
    #[inline(always)]
    unsafe fn add<L: Lanes>(pattern: L, query: L, sum: L) -> L {
        // SAFETY: the caller's promise.
        unsafe { sum.minus(pattern.minus(query).magnitude().max(L::splat(L::Real::ZERO))) }
    }
}

/// The score of a pattern `x` for a query `q`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Comparison<'a> {
    /// `x·q`.
    Product,
    /// `x·q − ½ ‖x‖²`, which is `−½ ‖x − q‖²` but for what all patterns share: the squared norm of each pattern.
    ProductLess(&'a [f64]),
    /// `−½ ‖x − q‖²`.
    Squares,
    /// `−‖x − q‖₁`.
    Distances,
}

impl<'a> Comparison<'a> {
    /// The same for the `count` patterns from `first` on.
    pub(crate) fn rows(self, first: usize, count: usize) -> Comparison<'a> {
        match self {
            Self::ProductLess(norms) => Self::ProductLess(&norms[first..][..count]),
            other => other,
        }
    }

    /// Whether entries are subtracted, not multiplied.
    pub(crate) fn is_difference(self) -> bool {
        matches!(self, Self::Squares | Self::Distances)
    }

    /// Queries as the kernels want them: where entries are subtracted, one that is not known is no number, and one that
    /// is known and no number becomes an infinity, which is far from all.
    pub(crate) fn prepared<'b, T: Real>(self, queries: &'b [T], known: Option<&[bool]>) -> Result<Cow<'b, [T]>> {
        let no_number = |entry: &T| entry.partial_cmp(entry).is_none();
        if !self.is_difference() || (known.is_none() && !queries.iter().any(no_number)) {
            return Ok(Cow::Borrowed(queries));
        }
        let mut prepared = try_vec(queries.len(), T::ZERO, "queries")?;
        for (at, (slot, entry)) in prepared.iter_mut().zip(queries).enumerate() {
            *slot = match known {
                Some(known) if !known[at] => T::from_f64(f64::NAN),
                _ if no_number(entry) => T::from_f64(f64::INFINITY),
                _ => *entry,
            };
        }
        Ok(Cow::Owned(prepared))
    }

    /// Whether a prepared query has entries that are no numbers, so that it has no answer.
    pub(crate) fn is_spoiled<T: Real>(self, query: &[T]) -> bool {
        let unknown = |entry: &T| self.is_difference() && entry.partial_cmp(entry).is_none();
        query.iter().any(|entry| !entry.finite() && !unknown(entry))
    }
}

/// `scores[row] −= halves[row]` for every query.
#[inline(always)]
pub(crate) fn lower<T: Real>(scores: &mut [T], halves: &[T], in_lanes: bool, width: usize, tile: usize) {
    if in_lanes {
        for (scores, &half) in scores.chunks_exact_mut(width).zip(halves) {
            for score in scores {
                *score = score.minus(half);
            }
        }
    } else {
        for scores in scores.chunks_exact_mut(tile).take(width) {
            for (score, &half) in scores.iter_mut().zip(halves) {
                *score = score.minus(half);
            }
        }
    }
}
