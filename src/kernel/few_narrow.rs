//! Few queries against rows in fewer bits, read as words of 32 bits.
//!
//! The same order of operations as in [`few`](super::few), and the same layouts. Words are transposed as if they were
//! numbers and taken apart where patterns lie in lanes, which halves or quarters the shuffles: what is saved in reading
//! is not lost in computing. The transposed words of all groups wait in the first-level cache, so that the sums of
//! `QUERIES · GROUPS` chains stay in registers.

use super::lanes::Lanes;
use super::real::Arithmetic;
use super::{BLOCK, TILE};

/// How vectors of numbers come from the words of stored rows.
///
/// # Safety
/// As for [`Lanes`]; slices hold the entries that are asked for, [`Stored::PER_WORD`] to a word.
pub(crate) trait Stored<L: Lanes> {
    /// Entries in a word.
    const PER_WORD: usize;

    /// The numbers that the entries of place `part` in each word stand for; each lane has a scale.
    unsafe fn entry(words: L, part: usize, scales: L) -> L;
    /// The numbers that `COUNT` entries of a row stand for, from entry `at` on.
    unsafe fn load(from: &[L::Real], at: usize, scale: L) -> L;
    /// The same for `count` entries, zeros behind them.
    unsafe fn load_part(from: &[L::Real], at: usize, count: usize, scale: L) -> L;
}

/// The upper halves of `f32`s.
pub(crate) struct Bfloat16;
/// IEEE 754 binary16.
pub(crate) struct Float16;
/// Whole numbers that a scale for each row multiplies.
pub(crate) struct Int8;

/// Stored rows: their words, and a scale for each; no scales where none are needed.
#[derive(Clone, Copy)]
pub(crate) struct Words<'a, T> {
    words: &'a [T],
    scales: &'a [T],
}

impl<'a> Words<'a, f32> {
    /// Entries that begin with a word, and what is left of them.
    #[inline(always)]
    pub(crate) fn new<E>(entries: &'a [E], scales: &'a [f32]) -> Self {
        // SAFETY: any 32 bits are an f32.
        let (_, words, _) = unsafe { entries.align_to::<f32>() };
        Self { words, scales }
    }
}

impl<T: Arithmetic> Words<'_, T> {
    /// The scale of a row in all lanes.
    #[inline(always)]
    unsafe fn scale<L: Lanes<Real = T>>(self, row: usize) -> L {
        // SAFETY: the caller's promise.
        unsafe { L::splat(self.scales.get(row).copied().unwrap_or(T::ONE)) }
    }

    /// The scales of the rows from `row` to `rows`, `COUNT` at most.
    #[inline(always)]
    unsafe fn scales<L: Lanes<Real = T>>(self, row: usize, rows: usize) -> L {
        // SAFETY: there is a scale for each row, if there are any.
        unsafe {
            if self.scales.is_empty() {
                L::splat(T::ONE)
            } else {
                L::load_part(self.scales, row, L::COUNT.min(rows - row))
            }
        }
    }
}

/// Scores of the `GROUPS · COUNT` patterns from `row` on, as far as there are so many.
///
/// # Safety
/// As for [`score`].
#[inline(always)]
unsafe fn score_group<L: Lanes, S: Stored<L>, const QUERIES: usize, const GROUPS: usize>(
    x: Words<L::Real>,
    (row, rows): (usize, usize),
    d: usize,
    queries: &[L::Real],
    scores: &mut [L::Real],
) {
    // SAFETY: the caller's promise; a row past the end is read as the last one again, and its score not used.
    unsafe {
        let zero = L::splat(L::Real::ZERO);
        let (stride, full) = (d / S::PER_WORD, row + GROUPS * L::COUNT <= rows);
        let scales: [L; GROUPS] = std::array::from_fn(|group| x.scales((row + group * L::COUNT).min(rows - 1), rows));
        let mut totals = [[zero; GROUPS]; QUERIES];
        for from in (0..d).step_by(BLOCK) {
            let to = d.min(from + BLOCK);
            let mut sums = [[zero; GROUPS]; QUERIES];
            for j in (from..to).step_by(L::COUNT * S::PER_WORD) {
                let (word, words) = (j / S::PER_WORD, L::COUNT.min((to - j) / S::PER_WORD));
                let columns: [[L; 16]; GROUPS] = std::array::from_fn(|group| {
                    let first = row + group * L::COUNT;
                    if full && words == L::COUNT {
                        return L::columns(x.words, first * stride + word, stride);
                    }
                    let mut part = [zero; 16];
                    for (lane, slot) in part.iter_mut().enumerate().take(L::COUNT) {
                        *slot = L::load_part(x.words, (first + lane).min(rows - 1) * stride + word, words);
                    }
                    L::transpose(&mut part);
                    part
                });
                for i in 0..words {
                    for part in 0..S::PER_WORD {
                        let at = j + i * S::PER_WORD + part;
                        let column: [L; GROUPS] =
                            std::array::from_fn(|group| S::entry(columns[group][i], part, scales[group]));
                        for g in 0..QUERIES {
                            let entry = L::splat(*queries.get_unchecked(g * d + at));
                            for group in 0..GROUPS {
                                sums[g][group] = entry.fused(column[group], sums[g][group]);
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
                if row + group * L::COUNT < rows {
                    totals[g][group].store(scores, g * TILE + row + group * L::COUNT);
                }
            }
        }
    }
}

/// As [`few::score`](super::few::score).
///
/// # Safety
/// `x` holds `rows · d` entries in words, each row of whole ones, `1 ≤ rows ≤ TILE`, `queries` `QUERIES · d`, `scores`
/// `QUERIES · TILE`; and as for [`Lanes`].
#[inline(always)]
pub(crate) unsafe fn score<L: Lanes, S: Stored<L>, const QUERIES: usize, const GROUPS: usize>(
    x: Words<L::Real>,
    rows: usize,
    d: usize,
    queries: &[L::Real],
    scores: &mut [L::Real],
) {
    for row in (0..rows).step_by(GROUPS * L::COUNT) {
        // SAFETY: the caller's promise.
        unsafe { score_group::<L, S, QUERIES, GROUPS>(x, (row, rows), d, queries, scores) }
    }
}

/// Folds `VECTORS · COUNT` columns from `column` on into the accumulators.
///
/// # Safety
/// As for [`read`].
#[inline(always)]
unsafe fn read_columns<L: Lanes, S: Stored<L>, const QUERIES: usize, const VECTORS: usize>(
    values: Words<L::Real>,
    rows: usize,
    (column, columns): (usize, usize),
    weights: &[L::Real],
    acc: &mut [L::Real],
    factor: &[L::Real],
) {
    // SAFETY: the caller's promise; the prefetch may point anywhere.
    unsafe {
        let mut sums = [[L::splat(L::Real::ZERO); VECTORS]; QUERIES];
        for row in 0..rows {
            let at = row * columns + column;
            // The same row of the next tile, so that the memory is never idle.
            let ahead = (at + TILE * columns) / S::PER_WORD;
            for line in (0..VECTORS * L::COUNT / S::PER_WORD).step_by(16) {
                L::prefetch(values.words, ahead + line);
            }
            let scale = values.scale(row);
            let value: [L; VECTORS] = std::array::from_fn(|v| S::load(values.words, at + v * L::COUNT, scale));
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
                let at = g * columns + column + v * L::COUNT;
                L::load(acc, at).fused(rescaling, sums[g][v]).store(acc, at);
            }
        }
    }
}

/// As [`few::read`](super::few::read).
///
/// # Safety
/// `values` holds `rows · columns` entries in words, each row of whole ones, `weights` `QUERIES · TILE`, `acc`
/// `QUERIES · columns`, `factor` `QUERIES`; and as for [`Lanes`].
#[inline(always)]
pub(crate) unsafe fn read<L: Lanes, S: Stored<L>, const QUERIES: usize, const VECTORS: usize, const FEWER: usize>(
    values: Words<L::Real>,
    rows: usize,
    columns: usize,
    weights: &[L::Real],
    acc: &mut [L::Real],
    factor: &[L::Real],
) {
    let mut column = 0;
    // SAFETY: the caller's promise.
    unsafe {
        while column + VECTORS * L::COUNT <= columns {
            read_columns::<L, S, QUERIES, VECTORS>(values, rows, (column, columns), weights, acc, factor);
            column += VECTORS * L::COUNT;
        }
        while column + FEWER * L::COUNT <= columns {
            read_columns::<L, S, QUERIES, FEWER>(values, rows, (column, columns), weights, acc, factor);
            column += FEWER * L::COUNT;
        }
        while column + L::COUNT <= columns {
            read_columns::<L, S, QUERIES, 1>(values, rows, (column, columns), weights, acc, factor);
            column += L::COUNT;
        }
        let rest = columns - column;
        if rest > 0 {
            for g in 0..QUERIES {
                let mut sums = L::splat(L::Real::ZERO);
                for row in 0..rows {
                    let value = S::load_part(values.words, row * columns + column, rest, values.scale(row));
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
