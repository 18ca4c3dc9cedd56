//! Rows into columns: how queries are packed into lanes, and answers come out of them.

use super::lanes::Lanes;

/// `into[column · into_stride + row] = from[row · stride + column]` for `rows` rows of `columns` entries.
///
/// # Safety
/// `from` holds `rows` rows `stride` apart, `into` `columns` rows `into_stride` apart, the last ones to their last entry;
/// and as for [`Lanes`].
#[inline(always)]
pub(crate) unsafe fn transpose<L: Lanes>(
    from: &[L::Real],
    stride: usize,
    (rows, columns): (usize, usize),
    into: &mut [L::Real],
    into_stride: usize,
) {
    let (whole_rows, whole_columns) = (rows / L::COUNT * L::COUNT, columns / L::COUNT * L::COUNT);
    // SAFETY: the caller's promise: every block lies inside.
    unsafe {
        for row in (0..whole_rows).step_by(L::COUNT) {
            for column in (0..whole_columns).step_by(L::COUNT) {
                let block = L::columns(from, row * stride + column, stride);
                for (i, &entries) in block.iter().enumerate().take(L::COUNT) {
                    entries.store(into, (column + i) * into_stride + row);
                }
            }
        }
    }
    for row in 0..rows {
        let first = if row < whole_rows { whole_columns } else { 0 };
        for column in first..columns {
            into[column * into_stride + row] = from[row * stride + column];
        }
    }
}
