//! The merge of two partial sums under factors of their own, one a query.

use super::lanes::Lanes;
use super::real::Arithmetic;

/// `total = fma(part, with, total · keep)` for accumulators with the queries in lanes or as rows.
///
/// # Safety
/// `total` and `part` are as long, a multiple of `keep` and `with`, which are as long; and as for [`Lanes`].
#[inline(always)]
pub(crate) unsafe fn blend<L: Lanes>(
    total: &mut [L::Real],
    part: &[L::Real],
    keep: &[L::Real],
    with: &[L::Real],
    in_lanes: bool,
) {
    let width = keep.len();
    // SAFETY: the caller's promise; queries in lanes fill whole vectors.
    unsafe {
        if in_lanes {
            for (total, part) in total.chunks_exact_mut(width).zip(part.chunks_exact(width)) {
                for at in (0..width).step_by(L::COUNT) {
                    let kept = L::load(total, at).times(L::load(keep, at));
                    L::load(part, at).fused(L::load(with, at), kept).store(total, at);
                }
            }
            return;
        }
        let columns = total.len() / width;
        for query in 0..width {
            let range = query * columns..(query + 1) * columns;
            let (total, part) = (&mut total[range.clone()], &part[range]);
            let whole = columns / L::COUNT * L::COUNT;
            for at in (0..whole).step_by(L::COUNT) {
                let kept = L::load(total, at).times(L::splat(keep[query]));
                L::load(part, at).fused(L::splat(with[query]), kept).store(total, at);
            }
            for (total, part) in total[whole..].iter_mut().zip(&part[whole..]) {
                *total = part.fused(with[query], total.times(keep[query]));
            }
        }
    }
}
