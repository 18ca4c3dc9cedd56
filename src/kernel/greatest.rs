//! The greatest score of each query and, at the same time, of each pattern: for scores that serve in both directions.
//!
//! A maximum is the same in any order, so neither the shape of tiles nor the number of threads shows in the answer.

use super::lanes::Lanes;

/// Raises `of_query[lane]` to the greatest score of each query in the tile, and `of_row[row · COUNT + lane mod COUNT]` to
/// those of each pattern, whose greatest is then the greatest of its `COUNT`. NaN is passed over.
///
/// # Safety
/// `scores` holds `rows · width` entries, `of_query` `width`, `of_row` `rows · COUNT`; and as for [`Lanes`].
#[inline(always)]
pub(crate) unsafe fn greatest<L: Lanes, const VECTORS: usize>(
    scores: &[L::Real],
    rows: usize,
    of_query: &mut [L::Real],
    of_row: &mut [L::Real],
) {
    let width = VECTORS * L::COUNT;
    // SAFETY: the caller's promise.
    unsafe {
        let mut columns: [L; VECTORS] = std::array::from_fn(|v| L::load(of_query, v * L::COUNT));
        for row in 0..rows {
            let mut top = L::load(of_row, row * L::COUNT);
            for v in 0..VECTORS {
                let score = L::load(scores, row * width + v * L::COUNT);
                columns[v] = score.max(columns[v]);
                top = score.max(top);
            }
            top.store(of_row, row * L::COUNT);
        }
        for v in 0..VECTORS {
            columns[v].store(of_query, v * L::COUNT);
        }
    }
}
