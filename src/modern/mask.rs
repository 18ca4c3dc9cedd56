//! Which patterns take part in a walk.

use crate::kernel::real::Real;
use crate::kernel::{Kernels, Shape, WIDEST};

/// Which patterns take part, for which query; `true` takes part.
#[derive(Clone, Copy, Default)]
pub(super) enum Mask<'a> {
    /// All of them.
    #[default]
    None,
    /// The same for every query: `(k,)`.
    Shared(&'a [bool]),
    /// Row `rows[q]` of `(m, k)` for query `q`.
    PerQuery { allowed: &'a [bool], rows: &'a [usize] },
}

impl Mask<'_> {
    /// Puts −∞ over the scores of patterns that take no part: for the tile of `rows` patterns from `first` on and the
    /// `count` queries from `query` on.
    pub(super) fn apply<T: Real>(
        &self,
        kernels: &Kernels<T>,
        patterns: usize,
        (first, rows): (usize, usize),
        (query, count): (usize, usize),
        shape: Shape,
        scores: &mut [T],
    ) {
        let mut allowed_to: [&[bool]; WIDEST] = [&[]; WIDEST];
        for (lane, slot) in allowed_to.iter_mut().enumerate().take(count) {
            *slot = match *self {
                Self::None => return,
                Self::Shared(allowed) => &allowed[first..][..rows],
                Self::PerQuery { allowed, rows: rows_of } => {
                    &allowed[rows_of[query + lane] * patterns + first..][..rows]
                }
            };
        }
        kernels.hide(shape, scores, &allowed_to[..count]);
    }
}
