//! The weights themselves: all of them, the largest, and how far two sets of weights are apart.
//!
//! Two passes: one for the normalizers, and one that turns each score into a weight. Queries are taken eight at a
//! time; scores exist for one tile of patterns only.

use ndarray::Array2;
use std::cmp::Ordering::Equal;

use super::mask::Mask;
use super::memory::ModernHopfield;
use super::pass::WORTH_A_THREAD;
use super::weights::Normalizer;
use crate::error::{Error, Result, area, table, try_vec};
use crate::input::patterns::Patterns;
use crate::kernel::aligned::Aligned;
use crate::kernel::compare::Comparison;
use crate::kernel::narrow::Entries;
use crate::kernel::real::Real;
use crate::kernel::{Kernels, MOST_FEW, Shape, TILE};
use crate::par::{Par, Watch};

/// Scores of all patterns, tile by tile, for a few queries.
pub(super) struct Scores<'a, T: Real> {
    patterns: Entries<'a, T>,
    d: usize,
    mask: Mask<'a>,
}

/// Up to eight prepared queries that are compared alike: the place of the first in the batch, and their entries.
pub(super) struct Together<'a, T: Real> {
    pub(super) first: usize,
    pub(super) comparison: Comparison<'a>,
    pub(super) queries: &'a [T],
}

impl<'a, T: Real> Scores<'a, T> {
    pub(super) fn new(patterns: &'a Patterns<T>, mask: Mask<'a>) -> Self {
        Self { patterns: patterns.entries(), d: patterns.width(), mask }
    }

    /// Calls `visit(first pattern, rows, scores)` for each tile of patterns; `scores[q * TILE + row]` are those of the
    /// `q`-th of all queries.
    pub(super) fn walk(
        &self,
        groups: &[Together<T>],
        watch: &Watch,
        mut visit: impl FnMut(usize, usize, &[T]),
    ) -> Result<()> {
        let kernels = Kernels::<T>::in_use();
        let shape = |group: &Together<T>| Shape::Rows(group.queries.len() / self.d);
        let length = |group: &Together<T>| kernels.scores_len(shape(group));
        let mut scores = Aligned::new(groups.iter().map(length).sum(), T::ZERO, "scores")?;
        let mut widened = Aligned::default();
        for group in groups {
            let scratch = self.patterns.scratch(kernels, self.d, group.comparison, [shape(group)])?;
            if !scratch.is_empty() {
                widened = scratch;
            }
        }
        let k = self.patterns.len() / self.d;
        for first in (0..k).step_by(TILE) {
            watch.check()?;
            let rows = TILE.min(k - first);
            let tile = self.patterns.tile(kernels, (first, rows), self.d, &mut widened);
            let mut rest = &mut scores[..];
            for group in groups {
                let (scores, later) = rest.split_at_mut(length(group));
                rest = later;
                let (shape, comparison) = (shape(group), group.comparison.rows(first, rows));
                kernels.score(shape, comparison, tile, self.d, group.queries, scores);
                let queries = (group.first, group.queries.len() / self.d);
                self.mask.apply(kernels, k, (first, rows), queries, shape, scores);
            }
            visit(first, rows, &scores);
        }
        Ok(())
    }
}

/// Runs `work(first query, queries, their part of the results)` for eight queries at a time.
pub(super) fn by_eight<T: Real, R: Send>(
    queries: &[T],
    (k, d): (usize, usize),
    (results, width): (&mut [R], usize),
    par: Par,
    work: impl Fn(usize, &[T], &mut [R], &Watch) -> Result<()> + Sync,
) -> Result<()> {
    let pieces = queries.chunks(MOST_FEW * d).zip(results.chunks_mut(MOST_FEW * width.max(1))).enumerate();
    par.each(
        workers(queries.len(), k, par),
        pieces,
        || Ok(()),
        |watch, (), (number, (queries, results))| work(number * MOST_FEW, queries, results, watch),
    )
}

/// Threads for scoring `entries` entries of queries against `k` patterns.
fn workers(entries: usize, k: usize, par: Par) -> usize {
    if entries.saturating_mul(k) < WORTH_A_THREAD { 1 } else { par.threads() }
}

/// The weight of every pattern for every query.
pub(super) fn association<T: Real>(memory: &ModernHopfield<T>, queries: &[T], par: Par) -> Result<Array2<T>> {
    let (k, d) = memory.stored().dim();
    let m = queries.len() / d;
    let mut weights = try_vec(area(m, k, "the association")?, T::ZERO, "the association")?;
    let normalizers = memory.normalizers(queries, Mask::None, par)?;
    let (scores, of, comparison) =
        (Scores::new(memory.stored(), Mask::None), memory.weights(), memory.comparison(false));
    by_eight(queries, (k, d), (&mut weights, k), par, |start, queries, weights, watch| {
        scores.walk(&[Together { first: start, comparison, queries }], watch, |first, rows, scores| {
            for (q, weights) in weights.chunks_exact_mut(k).enumerate() {
                let normalizer = normalizers[start + q];
                let slots = weights[first..first + rows].iter_mut().zip(&scores[q * TILE..]);
                for (row, (slot, &score)) in slots.enumerate() {
                    *slot = of.weight(&normalizer, score, first + row);
                }
            }
        })
    })?;
    table(m, k, weights)
}

/// The `top` largest weights of each query and their patterns; equal scores go by the lowest index.
pub(super) fn top<T: Real>(
    memory: &ModernHopfield<T>,
    queries: &[T],
    top: usize,
    par: Par,
) -> Result<(Array2<T>, Array2<i64>)> {
    let (k, d) = memory.stored().dim();
    let m = queries.len() / d;
    let mut found = try_vec(area(m, top, "the association")?, (T::ZERO, 0_usize), "the association")?;
    let normalizers = memory.normalizers(queries, Mask::None, par)?;
    let (scores, of, comparison) =
        (Scores::new(memory.stored(), Mask::None), memory.weights(), memory.comparison(false));
    by_eight(queries, (k, d), (&mut found, top), par, |start, queries, found, watch| {
        let room = 2 * top.min(k) + 2 * TILE;
        let mut candidates: Vec<Vec<(T, usize)>> = vec![Vec::new(); queries.len() / d];
        for candidates in &mut candidates {
            let bytes = room as u128 * size_of::<(T, usize)>() as u128;
            candidates.try_reserve(room).map_err(|_| Error::OutOfMemory { bytes, purpose: "candidates" })?;
        }
        scores.walk(&[Together { first: start, comparison, queries }], watch, |first, rows, scores| {
            for (q, candidates) in candidates.iter_mut().enumerate() {
                let row = scores[q * TILE..][..rows].iter().enumerate();
                candidates.extend(row.map(|(row, &score)| (score, first + row)));
                if candidates.len() > 2 * top + TILE {
                    keep_largest(candidates, top);
                }
            }
        })?;
        for (q, (candidates, found)) in candidates.iter_mut().zip(found.chunks_exact_mut(top)).enumerate() {
            keep_largest(candidates, top);
            candidates.sort_unstable_by(descending);
            for (slot, &(score, index)) in found.iter_mut().zip(candidates.iter()) {
                *slot = (of.weight(&normalizers[start + q], score, index), index);
            }
        }
        Ok(())
    })?;
    let weights = found.iter().map(|&(weight, _)| weight).collect();
    let indices = found.iter().map(|&(_, index)| index as i64).collect();
    Ok((table(m, top, weights)?, table(m, top, indices)?))
}

/// For each query the score of its best match less that of the next pattern, +∞ of a single pattern.
pub(super) fn margins<T: Real>(memory: &ModernHopfield<T>, queries: &[T], par: Par) -> Result<Vec<f64>> {
    let (k, d) = memory.stored().dim();
    let mut margins = try_vec(queries.len() / d, 0.0, "margins")?;
    let (scores, comparison) = (Scores::new(memory.stored(), Mask::None), memory.similarity.differences());
    by_eight(queries, (k, d), (&mut margins, 1), par, |start, queries, margins, watch| {
        let mut two = vec![[f64::NEG_INFINITY; 2]; margins.len()];
        scores.walk(&[Together { first: start, comparison, queries }], watch, |_, rows, scores| {
            for (q, [best, next]) in two.iter_mut().enumerate() {
                for &score in &scores[q * TILE..][..rows] {
                    let score: f64 = score.into();
                    if score > *best {
                        (*best, *next) = (score, *best);
                    } else if score > *next {
                        *next = score;
                    }
                }
            }
        })?;
        for (margin, [best, next]) in margins.iter_mut().zip(two) {
            *margin = best - next;
        }
        Ok(())
    })?;
    Ok(margins)
}

/// Larger first, then the lower index; what is no number comes last.
pub(super) fn descending<T: Real>(left: &(T, usize), right: &(T, usize)) -> std::cmp::Ordering {
    let no_number = |value: T| value.partial_cmp(&value).is_none();
    let numbers_first = no_number(left.0).cmp(&no_number(right.0));
    numbers_first.then(right.0.partial_cmp(&left.0).unwrap_or(Equal)).then(left.1.cmp(&right.1))
}

fn keep_largest<T: Real>(candidates: &mut Vec<(T, usize)>, top: usize) {
    if candidates.len() > top {
        candidates.select_nth_unstable_by(top - 1, descending);
        candidates.truncate(top);
    }
}

/// Queries with the normalizers of their weights.
type Weighed<'a, T> = (&'a [T], &'a [Normalizer<T>]);

/// `Σ_μ |p'_μ − p_μ|` for each pair of an earlier and a later state, in the order of the patterns; of an earlier one with
/// entries that are not known, `known` says which are.
pub(super) fn distances<T: Real>(
    memory: &ModernHopfield<T>,
    ((earlier, earlier_normalizers), known): (Weighed<T>, &[Option<Vec<bool>>]),
    (later, later_normalizers): Weighed<T>,
    mask: Mask,
    par: Par,
) -> Result<Vec<f64>> {
    let d = memory.stored().width();
    let m = earlier.len() / d;
    let mut distances = try_vec(m, 0.0, "residuals")?;
    let of = memory.weights();
    // Four pairs make eight queries, so that both states of a pair are scored in one walk over the memory.
    let pairs = distances.chunks_mut(MOST_FEW / 2).enumerate();
    par.each(
        workers(earlier.len(), memory.stored().dim().0, par),
        pairs,
        || Ok(()),
        |watch, (), (number, distances)| {
            let start = number * MOST_FEW / 2;
            let count = distances.len();
            let comparison = memory.comparison(false);
            let mut prepared = Vec::with_capacity(count);
            for query in start..start + count {
                let (known, queries) = (known[query].as_deref(), &earlier[query * d..][..d]);
                let comparison = memory.comparison(known.is_some());
                prepared.push((query, comparison, comparison.prepared(queries, known)?));
            }
            let after = comparison.prepared(&later[start * d..(start + count) * d], None)?;
            let mut groups: Vec<Together<T>> = prepared
                .iter()
                .map(|(first, comparison, queries)| Together { first: *first, comparison: *comparison, queries })
                .collect();
            groups.push(Together { first: start, comparison, queries: &after });
            Scores::new(memory.stored(), mask).walk(&groups, watch, |first, rows, scores| {
                for (q, distance) in distances.iter_mut().enumerate() {
                    for row in 0..rows {
                        let weight = |normalizers: &[Normalizer<T>], query: usize| -> f64 {
                            of.weight(&normalizers[start + q], scores[query * TILE + row], first + row).into()
                        };
                        *distance += (weight(later_normalizers, count + q) - weight(earlier_normalizers, q)).abs();
                    }
                }
            })
        },
    )?;
    Ok(distances)
}
