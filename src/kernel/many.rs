//! Many queries: one query in each lane, patterns broadcast straight from the caller's rows.
//!
//! A tile of queries is `VECTORS` vectors wide (`width` = `VECTORS · COUNT` queries) and packed column by column, so
//! that a block of 64 of its entries stays in the first-level cache while a tile of patterns goes by. Layouts:
//! queries `[d][width]`, scores and then weights `[rows][width]`, accumulators `[columns][width]`.
//!
//! `ROWS` patterns (or columns, in the readout) share the registers with `VECTORS` vectors of accumulators: 8 × 3 fill
//! the 32 registers of AVX-512, 4 × 3 the 16 of AVX2. The readout keeps its sums in registers over the whole tile, so
//! it touches the accumulators once a tile.

use super::compare::Compare;
use super::lanes::{Lanes, rescale, weigh};
use super::real::{Arithmetic, Real};
use super::{BLOCK, TILE};

/// Scores of `ROWS` patterns against one block of the packed queries, added to what earlier blocks gave.
///
/// # Safety
/// As for [`score`]; `x` starts at the block's first entry of the first row.
#[inline(always)]
unsafe fn score_rows<L: Lanes, C: Compare, const ROWS: usize, const VECTORS: usize>(
    x: &[L::Real],
    stride: usize,
    entries: usize,
    queries: &[L::Real],
    scores: &mut [L::Real],
    first: bool,
    ahead: usize,
) {
    // SAFETY: row r's entry j lies at r·stride + j, query j's vectors at j·width, row r's scores at r·width; all are
    // inside by the caller's promise.
    unsafe {
        let width = VECTORS * L::COUNT;
        let mut sums = [[L::splat(L::Real::ZERO); VECTORS]; ROWS];
        for j in 0..entries {
            let query: [L; VECTORS] = std::array::from_fn(|v| L::load(queries, j * width + v * L::COUNT));
            if ROWS > 1 && j % 2 == 0 {
                // One line of the next block (or of the next tile's first) for every other column.
                L::prefetch(x, ahead + (j / 2 % ROWS) * stride + j / (2 * ROWS) * 16);
            }
            for r in 0..ROWS {
                let entry = L::splat(*x.get_unchecked(r * stride + j));
                for v in 0..VECTORS {
                    sums[r][v] = C::add(entry, query[v], sums[r][v]);
                }
            }
        }
        for r in 0..ROWS {
            for v in 0..VECTORS {
                let at = r * width + v * L::COUNT;
                let sum = if first { sums[r][v] } else { L::load(scores, at).plus(sums[r][v]) };
                sum.store(scores, at);
            }
        }
    }
}

/// `scores[row][lane]`: how `x[row]` compares with `queries[lane]`.
///
/// # Safety
/// `x` holds `rows · d` entries, `queries` `d · width`, `scores` `rows · width`; and as for [`Lanes`].
#[inline(always)]
pub(crate) unsafe fn score<L: Lanes, C: Compare, const ROWS: usize, const VECTORS: usize>(
    x: &[L::Real],
    rows: usize,
    d: usize,
    queries: &[L::Real],
    scores: &mut [L::Real],
) {
    let width = VECTORS * L::COUNT;
    for from in (0..d).step_by(BLOCK) {
        let entries = BLOCK.min(d - from);
        let ahead = if from + BLOCK < d { BLOCK } else { (TILE * d).saturating_sub(from) };
        let queries = &queries[from * width..];
        let mut row = 0;
        // SAFETY: the caller's promise; the slices start at the block and at the row.
        unsafe {
            while row + ROWS <= rows {
                let (x, scores) = (&x[row * d + from..], &mut scores[row * width..]);
                score_rows::<L, C, ROWS, VECTORS>(x, d, entries, queries, scores, from == 0, ahead);
                row += ROWS;
            }
            while row < rows {
                let (x, scores) = (&x[row * d + from..], &mut scores[row * width..]);
                score_rows::<L, C, 1, VECTORS>(x, d, entries, queries, scores, from == 0, 0);
                row += 1;
            }
        }
    }
}

/// The greatest score of each query in the tile and its row, the lowest row where several are equal.
///
/// # Safety
/// `scores` holds `rows · width` entries, `best` and `row_of` `width`; and as for [`Lanes`].
#[inline(always)]
pub(crate) unsafe fn best<L: Lanes, const VECTORS: usize>(
    scores: &[L::Real],
    rows: usize,
    best: &mut [L::Real],
    row_of: &mut [L::Real],
) {
    let width = VECTORS * L::COUNT;
    // SAFETY: the caller's promise.
    unsafe {
        for at in (0..width).step_by(L::COUNT) {
            let (mut top, mut top_row) = (L::splat(L::Real::NEG_INFINITY), L::splat(L::Real::ZERO));
            for row in 0..rows {
                let score = L::load(scores, row * width + at);
                top_row = score.greater(top, L::splat(L::Real::from_f64(row as f64)), top_row);
                top = score.max(top);
            }
            top.store(best, at);
            top_row.store(row_of, at);
        }
    }
}

/// Turns the tile's scores into weights under the new integer maximum, and folds maximum and sum.
///
/// `factor` receives `2^(old maximum − new maximum)`, by which [`read`] scales what it has.
///
/// # Safety
/// `scores` holds `rows · width` entries, the others `width`; and as for [`Lanes`].
#[inline(always)]
pub(crate) unsafe fn fold<L: Lanes, const VECTORS: usize>(
    scores: &mut [L::Real],
    rows: usize,
    scale: [L::Real; 2],
    maximum: &mut [L::Real],
    sum: &mut [L::Real],
    factor: &mut [L::Real],
) {
    let width = VECTORS * L::COUNT;
    // SAFETY: the caller's promise.
    unsafe {
        let scale = [L::splat(scale[0]), L::splat(scale[1])];
        for at in (0..width).step_by(L::COUNT) {
            // Four chains hide the latency; a maximum is the same in any order.
            let mut tops = [L::splat(L::Real::NEG_INFINITY); 4];
            let mut row = 0;
            while row + 4 <= rows {
                for (i, top) in tops.iter_mut().enumerate() {
                    *top = L::load(scores, (row + i) * width + at).max(*top);
                }
                row += 4;
            }
            for row in row..rows {
                tops[0] = L::load(scores, row * width + at).max(tops[0]);
            }
            let top = tops[0].max(tops[1]).max(tops[2].max(tops[3]));
            let old = L::load(maximum, at);
            let new = top.times(scale[0]).nearest().max(old);
            let rescaling = rescale(old, new);

            let mut sums = [L::splat(L::Real::ZERO); 8];
            let mut row = 0;
            while row + 8 <= rows {
                for (i, slot) in sums.iter_mut().enumerate() {
                    let weight = weigh(L::load(scores, (row + i) * width + at), scale, new);
                    weight.store(scores, (row + i) * width + at);
                    *slot = slot.plus(weight);
                }
                row += 8;
            }
            for (i, slot) in sums.iter_mut().enumerate().take(rows - row) {
                let weight = weigh(L::load(scores, (row + i) * width + at), scale, new);
                weight.store(scores, (row + i) * width + at);
                *slot = slot.plus(weight);
            }
            let evens = sums[0].plus(sums[4]).plus(sums[2].plus(sums[6]));
            let odds = sums[1].plus(sums[5]).plus(sums[3].plus(sums[7]));
            new.store(maximum, at);
            rescaling.store(factor, at);
            L::load(sum, at).fused(rescaling, evens.plus(odds)).store(sum, at);
        }
    }
}

/// Folds `ROWS` columns of the values, weighted, into their accumulators.
///
/// # Safety
/// As for [`read`]; `values` starts at the first of the columns, `acc` at its accumulators.
#[inline(always)]
unsafe fn read_columns<L: Lanes, const ROWS: usize, const VECTORS: usize>(
    values: &[L::Real],
    rows: usize,
    stride: usize,
    weights: &[L::Real],
    acc: &mut [L::Real],
    factor: &[L::Real],
) {
    // SAFETY: the caller's promise; pattern k's entry r lies at k·stride + r.
    unsafe {
        let width = VECTORS * L::COUNT;
        let mut sums = [[L::splat(L::Real::ZERO); VECTORS]; ROWS];
        for row in 0..rows {
            let weight: [L; VECTORS] = std::array::from_fn(|v| L::load(weights, row * width + v * L::COUNT));
            for r in 0..ROWS {
                let entry = L::splat(*values.get_unchecked(row * stride + r));
                for v in 0..VECTORS {
                    sums[r][v] = entry.fused(weight[v], sums[r][v]);
                }
            }
        }
        for v in 0..VECTORS {
            let rescaling = L::load(factor, v * L::COUNT);
            for r in 0..ROWS {
                let at = r * width + v * L::COUNT;
                L::load(acc, at).fused(rescaling, sums[r][v]).store(acc, at);
            }
        }
    }
}

/// `acc[column][lane] = acc[column][lane] · factor[lane] + Σ_row weights[row][lane] · values[row][column]`.
///
/// # Safety
/// `values` holds `rows · columns` entries, `weights` `rows · width`, `acc` `columns · width`, `factor` `width`; and as
/// for [`Lanes`].
#[inline(always)]
pub(crate) unsafe fn read<L: Lanes, const ROWS: usize, const VECTORS: usize>(
    values: &[L::Real],
    rows: usize,
    columns: usize,
    weights: &[L::Real],
    acc: &mut [L::Real],
    factor: &[L::Real],
) {
    let width = VECTORS * L::COUNT;
    let mut column = 0;
    // SAFETY: the caller's promise; the slices start at the column.
    unsafe {
        while column + ROWS <= columns {
            let (values, acc) = (&values[column..], &mut acc[column * width..]);
            read_columns::<L, ROWS, VECTORS>(values, rows, columns, weights, acc, factor);
            column += ROWS;
        }
        while column < columns {
            let (values, acc) = (&values[column..], &mut acc[column * width..]);
            read_columns::<L, 1, VECTORS>(values, rows, columns, weights, acc, factor);
            column += 1;
        }
    }
}
