//! Few queries: one pattern in each lane for the scores, one column in each lane for the readout.
//!
//! The memory is read once a step for up to eight queries, so a single query runs at the speed of reading. Patterns
//! come as rows and are transposed in registers, `COUNT` rows at a time. Layouts: queries `[g][d]` as the caller has
//! them, scores and then weights `[g][TILE]`, accumulators `[g][columns]`.

use super::compare::Compare;
use super::lanes::{Lanes, rescale, weigh};
use super::real::Arithmetic;
use super::{BLOCK, TILE};

/// Entries by which the prefetch runs ahead along the rows.
const AHEAD: usize = 64;

/// Scores of `GROUPS · COUNT` patterns against `QUERIES` queries; where the group is not `FULL`, of `rows` patterns. Two
/// groups hide the latency of one query's chains; more queries have chains enough.
///
/// # Safety
/// As for [`score`]; `x` starts at the group's first row, `scores` at its first column.
#[inline(always)]
unsafe fn score_group<L: Lanes, C: Compare, const QUERIES: usize, const GROUPS: usize, const FULL: bool>(
    x: &[L::Real],
    rows: usize,
    d: usize,
    queries: &[L::Real],
    scores: &mut [L::Real],
) {
    // SAFETY: the caller's promise; a row past the end is read as the last one again, and its score not used.
    unsafe {
        let zero = L::splat(L::Real::ZERO);
        let mut totals = [[zero; GROUPS]; QUERIES];
        for from in (0..d).step_by(BLOCK) {
            let to = d.min(from + BLOCK);
            let mut sums = [[zero; GROUPS]; QUERIES];
            for j in (from..to).step_by(L::COUNT) {
                let entries = L::COUNT.min(to - j);
                for group in 0..GROUPS {
                    let start = group * L::COUNT * d;
                    let columns = if FULL && entries == L::COUNT {
                        let ahead = (j + AHEAD) / d * (GROUPS * L::COUNT * d) + (j + AHEAD) % d;
                        for row in 0..L::COUNT {
                            L::prefetch(x, start + row * d + ahead);
                        }
                        L::columns(x, start + j, d)
                    } else {
                        let mut part = [zero; 16];
                        for (row, slot) in part.iter_mut().enumerate().take(L::COUNT) {
                            let row = (group * L::COUNT + row).min(rows - 1);
                            *slot = L::load_part(x, row * d + j, entries);
                        }
                        L::transpose(&mut part);
                        part
                    };
                    for (i, &column) in columns.iter().enumerate().take(L::COUNT) {
                        if i < entries {
                            for g in 0..QUERIES {
                                let entry = L::splat(*queries.get_unchecked(g * d + j + i));
                                sums[g][group] = C::add(column, entry, sums[g][group]);
                            }
                        }
                    }
                }
            }
            for g in 0..QUERIES {
                for group in 0..GROUPS {
                    let sum = sums[g][group];
                    totals[g][group] = if from == 0 { sum } else { totals[g][group].plus(sum) };
                }
            }
        }
        for g in 0..QUERIES {
            for group in 0..GROUPS {
                totals[g][group].store(scores, g * TILE + group * L::COUNT);
            }
        }
    }
}

/// `scores[g][row]`: how `x[row]` compares with `queries[g]`; what lies beyond `rows` in a row of scores is undefined.
///
/// # Safety
/// `x` holds `rows · d` entries, `1 ≤ rows ≤ TILE`, `queries` `QUERIES · d`, `scores` `QUERIES · TILE`; and as for
/// [`Lanes`].
#[inline(always)]
pub(crate) unsafe fn score<L: Lanes, C: Compare, const QUERIES: usize, const GROUPS: usize>(
    x: &[L::Real],
    rows: usize,
    d: usize,
    queries: &[L::Real],
    scores: &mut [L::Real],
) {
    let mut row = 0;
    // SAFETY: the caller's promise; TILE is a multiple of COUNT, so a part of a group stays inside the scores.
    unsafe {
        while row + GROUPS * L::COUNT <= rows {
            let scores = &mut scores[row..];
            score_group::<L, C, QUERIES, GROUPS, true>(&x[row * d..], GROUPS * L::COUNT, d, queries, scores);
            row += GROUPS * L::COUNT;
        }
        while row < rows {
            score_group::<L, C, QUERIES, 1, false>(&x[row * d..], rows - row, d, queries, &mut scores[row..]);
            row += L::COUNT;
        }
    }
}

/// Turns one query's scores into weights under the new integer maximum, and folds maximum and sum.
///
/// # Safety
/// `scores` holds `TILE` entries; and as for [`Lanes`].
#[inline(always)]
pub(crate) unsafe fn fold<L: Lanes>(
    scores: &mut [L::Real],
    rows: usize,
    scale: [L::Real; 2],
    maximum: &mut L::Real,
    sum: &mut L::Real,
    factor: &mut L::Real,
) {
    let end = rows.next_multiple_of(16);
    scores[rows..end].fill(L::Real::NEG_INFINITY);
    // SAFETY: the caller's promise; end is at most TILE and a multiple of COUNT.
    unsafe {
        let mut tops = L::splat(L::Real::NEG_INFINITY);
        for at in (0..end).step_by(L::COUNT) {
            tops = L::load(scores, at).max(tops);
        }
        let mut lanes = [L::Real::NEG_INFINITY; 16];
        tops.store(&mut lanes, 0);
        let top = lanes.iter().fold(L::Real::NEG_INFINITY, |top, &lane| if lane > top { lane } else { top });
        let (old, candidate) = (*maximum, top.times(scale[0]).nearest());
        let new = if candidate > old { candidate } else { old };

        let (scale, maxima) = ([L::splat(scale[0]), L::splat(scale[1])], L::splat(new));
        for at in (0..end).step_by(L::COUNT) {
            weigh(L::load(scores, at), scale, maxima).store(scores, at);
        }
        let mut sums = [L::Real::ZERO; 8];
        for eight in scores[..end].chunks_exact(8) {
            for (slot, &weight) in sums.iter_mut().zip(eight) {
                *slot = slot.plus(weight);
            }
        }
        let evens = sums[0].plus(sums[4]).plus(sums[2].plus(sums[6]));
        let odds = sums[1].plus(sums[5]).plus(sums[3].plus(sums[7]));
        rescale(L::splat(old), maxima).store(&mut lanes, 0);
        *maximum = new;
        *factor = lanes[0];
        *sum = sum.fused(lanes[0], evens.plus(odds));
    }
}

/// Folds `VECTORS · COUNT` columns of the values, weighted, into the accumulators of `QUERIES` queries.
///
/// # Safety
/// As for [`read`]; `values` starts at the first column, `acc` at its accumulator of the first query.
#[inline(always)]
unsafe fn read_columns<L: Lanes, const QUERIES: usize, const VECTORS: usize>(
    values: &[L::Real],
    rows: usize,
    columns: usize,
    weights: &[L::Real],
    acc: &mut [L::Real],
    factor: &[L::Real],
) {
    // SAFETY: the caller's promise; the prefetch may point anywhere.
    unsafe {
        let mut sums = [[L::splat(L::Real::ZERO); VECTORS]; QUERIES];
        for row in 0..rows {
            if row < TILE / 2 {
                // Rows of the next tile, so that the memory is never idle while this one is read from the cache.
                for v in 0..VECTORS {
                    L::prefetch(values, (row + TILE + 32) * columns + v * L::COUNT);
                }
            }
            let value: [L; VECTORS] = std::array::from_fn(|v| L::load(values, row * columns + v * L::COUNT));
            for g in 0..QUERIES {
                let weight = L::splat(*weights.get_unchecked(g * TILE + row));
                for v in 0..VECTORS {
                    sums[g][v] = weight.fused(value[v], sums[g][v]);
                }
            }
        }
        for g in 0..QUERIES {
            let rescaling = L::splat(*factor.get_unchecked(g));
            for v in 0..VECTORS {
                let at = g * columns + v * L::COUNT;
                L::load(acc, at).fused(rescaling, sums[g][v]).store(acc, at);
            }
        }
    }
}

/// `acc[g][column] = acc[g][column] · factor[g] + Σ_row weights[g][row] · values[row][column]`.
///
/// # Safety
/// `values` holds `rows · columns` entries, `weights` `QUERIES · TILE`, `acc` `QUERIES · columns`, `factor` `QUERIES`;
/// and as for [`Lanes`].
#[inline(always)]
pub(crate) unsafe fn read<L: Lanes, const QUERIES: usize, const VECTORS: usize>(
    values: &[L::Real],
    rows: usize,
    columns: usize,
    weights: &[L::Real],
    acc: &mut [L::Real],
    factor: &[L::Real],
) {
    let mut column = 0;
    // SAFETY: the caller's promise; the slices start at the column.
    unsafe {
        while column + VECTORS * L::COUNT <= columns {
            let (values, acc) = (&values[column..], &mut acc[column..]);
            read_columns::<L, QUERIES, VECTORS>(values, rows, columns, weights, acc, factor);
            column += VECTORS * L::COUNT;
        }
        while column + L::COUNT <= columns {
            let (values, acc) = (&values[column..], &mut acc[column..]);
            read_columns::<L, QUERIES, 1>(values, rows, columns, weights, acc, factor);
            column += L::COUNT;
        }
        let rest = columns - column;
        if rest > 0 {
            for g in 0..QUERIES {
                let mut sums = L::splat(L::Real::ZERO);
                for row in 0..rows {
                    let value = L::load_part(values, row * columns + column, rest);
                    sums = L::splat(*weights.get_unchecked(g * TILE + row)).fused(value, sums);
                }
                let mut lanes = [L::Real::ZERO; 16];
                sums.store(&mut lanes, 0);
                for (slot, &lane) in acc[g * columns + column..][..rest].iter_mut().zip(&lanes) {
                    *slot = slot.fused(*factor.get_unchecked(g), lane);
                }
            }
        }
    }
}
