//! The association of queries with stored patterns, for many small problems at once: weights by softmax, and what they
//! read out.
//!
//! A *problem* is one head over one set of stored patterns (a sample's, a bag, or those that all samples share) with the
//! queries that look into it. Threads take parts of problems; each query's patterns are folded in the canonical order of
//! the kernels, so a query's answer does not depend on its company.
//!
//! Not here: the gradient (`gradient`), and separations other than softmax (`sparse`).

use std::ops::Range;

use super::masks::{Dropout, Masks};
use super::matrix::{Blocks, workers};
use super::parameters::Separation;
use crate::error::{Result, area, try_vec};
use crate::kernel::aligned::Aligned;
use crate::kernel::compare::Comparison;
use crate::kernel::narrow::Entries;
use crate::kernel::readout::{Fold, Normalizer, Readout, TileOfPatterns, Weighing, scale};
use crate::kernel::real::Real;
use crate::kernel::{CHUNK, Kernels, TILE, WIDEST};
use crate::modern::query_tiles::{QueryTile, plan};
use crate::par::{Par, Watch};

/// The most queries that one ticket covers: three of the widest tiles.
const QUERIES_AT_ONCE: usize = 3 * WIDEST;

/// What queries are associated with.
#[derive(Clone, Copy)]
pub(super) struct Association<'a, T: Real> {
    /// One block a head, or one for all heads.
    pub(super) keys: &'a Blocks<T>,
    /// As many rows, in one block a head, or one for all heads.
    pub(super) values: &'a Blocks<T>,
    /// The rows of each set, one after the other.
    pub(super) sets: &'a [Range<usize>],
    pub(super) masks: Masks<'a, T>,
    /// Of the weights by which values are read; the sum of weights counts them all.
    pub(super) dropout: Option<Dropout>,
    pub(super) separation: Separation,
}

/// A head, a set of stored patterns, and the queries that look into it.
#[derive(Clone, Debug)]
pub(super) struct Problem {
    pub(super) head: usize,
    pub(super) set: usize,
    /// Which of the batch's queries.
    pub(super) queries: Range<usize>,
}

/// Queries of several problems, one problem after the other.
#[derive(Clone, Copy)]
pub(super) struct Batch<'a, T> {
    pub(super) problems: &'a [Problem],
    /// The place of each query; see `Places`.
    pub(super) ids: &'a [usize],
    /// As many rows, already times β.
    pub(super) queries: &'a [T],
    /// The score of a stored pattern of value zero that every query sees beside the others.
    pub(super) null: Option<&'a [T]>,
}

/// What queries read out, and where their weights came from; one entry, or one row, a query.
pub(super) struct Answers<T> {
    pub(super) means: Vec<T>,
    /// Of softmax.
    pub(super) normalizers: Vec<Normalizer<T>>,
    /// The weights of null patterns, and the sums of all others before any is dropped.
    pub(super) nulls: Vec<T>,
    pub(super) masses: Vec<T>,
    /// `Ω*(z)`: for softmax `ln Σ e^z`.
    pub(super) conjugates: Vec<f64>,
}

impl<T: Real> Answers<T> {
    pub(super) fn zeros(queries: usize, columns: usize) -> Result<Self> {
        Ok(Self {
            means: try_vec(area(queries, columns, "readouts")?, T::ZERO, "readouts")?,
            normalizers: try_vec(queries, Normalizer { maximum: T::NEG_INFINITY, sum: T::ZERO }, "readouts")?,
            nulls: try_vec(queries, T::ZERO, "readouts")?,
            masses: try_vec(queries, T::ZERO, "readouts")?,
            conjugates: try_vec(queries, f64::NEG_INFINITY, "readouts")?,
        })
    }
}

/// A part of a problem's queries and the places of their answers, as in [`Answers`].
struct Piece<'a, T> {
    problem: &'a Problem,
    queries: Range<usize>,
    means: &'a mut [T],
    normalizers: &'a mut [Normalizer<T>],
    nulls: &'a mut [T],
    masses: &'a mut [T],
    conjugates: &'a mut [f64],
}

impl<T: Real> Association<'_, T> {
    /// Keys of a head's set, row after row.
    pub(super) fn keys_of(&self, problem: &Problem) -> &[T] {
        rows_of(self.keys, problem.head, &self.sets[problem.set])
    }

    /// Values of a head's set, row after row.
    pub(super) fn values_of(&self, problem: &Problem) -> &[T] {
        rows_of(self.values, problem.head, &self.sets[problem.set])
    }

    /// Multiply-adds of one walk over all problems.
    pub(super) fn work(&self, batch: &Batch<T>) -> usize {
        let sizes = batch.problems.iter().map(|problem| problem.queries.len() * self.sets[problem.set].len());
        sizes.sum::<usize>().saturating_mul(self.keys.width + self.values.width)
    }

    /// The weighted means of the values, and the normalizers of the weights.
    pub(super) fn read(&self, batch: &Batch<T>, par: Par) -> Result<Answers<T>> {
        let columns = self.values.width;
        if let Separation::Entmax { alpha } = self.separation {
            return self.read_sparse(alpha, batch, par);
        }
        let mut answers = Answers::zeros(batch.ids.len(), columns)?;
        let workers = workers(self.work(batch), par);
        let mut pieces = Vec::new();
        let mut later = (
            &mut answers.means[..],
            &mut answers.normalizers[..],
            &mut answers.nulls[..],
            &mut answers.masses[..],
            &mut answers.conjugates[..],
        );
        for problem in batch.problems {
            let at_once = evenly(problem.queries.len(), workers.div_ceil(batch.problems.len()));
            for from in problem.queries.clone().step_by(at_once) {
                let queries = from..problem.queries.end.min(from + at_once);
                let count = queries.len();
                pieces.push(Piece {
                    problem,
                    queries,
                    means: later.0.split_off_mut(..count * columns).unwrap_or_default(),
                    normalizers: later.1.split_off_mut(..count).unwrap_or_default(),
                    nulls: later.2.split_off_mut(..count).unwrap_or_default(),
                    masses: later.3.split_off_mut(..count).unwrap_or_default(),
                    conjugates: later.4.split_off_mut(..count).unwrap_or_default(),
                });
            }
        }
        par.each(workers, pieces.into_iter(), || Ok(()), |watch, (), piece| self.read_piece(batch, piece, watch))?;
        Ok(answers)
    }

    fn read_piece(&self, batch: &Batch<T>, piece: Piece<T>, watch: &Watch) -> Result<()> {
        let (kernels, d, columns) = (Kernels::in_use(), self.keys.width, self.values.width);
        let (keys, values) = (self.keys_of(piece.problem), self.values_of(piece.problem));
        let stored = self.sets[piece.problem.set].len();
        let tiles = plan(piece.queries.len(), kernels.lanes());
        let ids = |tile: &QueryTile| &batch.ids[piece.queries.start + tile.first..][..tile.count];
        let mut packed = Vec::with_capacity(tiles.len());
        let mut longest = 0;
        for tile in &tiles {
            let rows = &batch.queries[(piece.queries.start + tile.first) * d..][..tile.count * d];
            let mut queries = Aligned::new(kernels.width(tile.shape) * d, T::ZERO, "packed queries")?;
            kernels.pack(tile.shape, rows, d, &mut queries);
            packed.push(queries);
            longest = longest.max(kernels.scores_len(tile.shape));
        }
        let mut scores = Aligned::new(longest, T::ZERO, "scores")?;
        let readouts = || -> Result<Vec<Readout<T>>> {
            tiles.iter().map(|tile| Readout::new(kernels, tile.shape, columns, false)).collect()
        };
        let mut part = readouts()?;
        let mut fold = Fold::new(readouts()?, readouts()?, stored);
        for chunk in 0..stored.div_ceil(CHUNK) {
            part.iter_mut().for_each(Readout::reset);
            let end = stored.min((chunk + 1) * CHUNK);
            for first in (chunk * CHUNK..end).step_by(TILE) {
                watch.check()?;
                let rows = TILE.min(end - first);
                let tile = TileOfPatterns {
                    first,
                    patterns: Entries::Wide(&keys[first * d..][..rows * d]),
                    d,
                    values: Entries::Wide(&values[first * columns..][..rows * columns]),
                    comparison: Comparison::Product,
                    weighing: Weighing::Exponential(scale(1.0)),
                };
                for (queries, (packed, readout)) in tiles.iter().zip(packed.iter().zip(&mut part)) {
                    let ids = ids(queries);
                    readout.fold_thinned(
                        &tile,
                        packed,
                        &mut scores,
                        |shape, scores| self.masks.apply(kernels, shape, scores, (first, rows), ids),
                        |shape, weights| {
                            if let Some(dropout) = self.dropout {
                                dropout.thin(kernels, self.masks.places, shape, weights, first..first + rows, ids);
                            }
                        },
                    );
                }
            }
            fold.merge(chunk, &part);
        }
        for (tile, mut total) in tiles.iter().zip(fold.total()) {
            if let Some(scores) = batch.null {
                let scores = &scores[piece.queries.start + tile.first..][..tile.count];
                total.join_nothing(|query| scores.get(query).copied().unwrap_or_default(), scale(1.0));
            }
            total.means(&mut piece.means[tile.first * columns..][..tile.count * columns]);
            for lane in 0..tile.count {
                let (at, normalizer) = (tile.first + lane, total.normalizer(lane));
                piece.normalizers[at] = normalizer;
                piece.conjugates[at] = normalizer.log_sum_exp();
                if normalizer.sum > T::ZERO {
                    let null = batch
                        .null
                        .map_or(T::ZERO, |null| normalizer.weight(null[piece.queries.start + at], scale(1.0)));
                    piece.nulls[at] = null;
                    piece.masses[at] = T::ONE.minus(null);
                }
            }
        }
        Ok(())
    }

    /// Calls `each` with the weights of every query: its place among the batch's queries, the number of its first stored
    /// pattern, and the weights of the next ones. For those who want to see them all.
    pub(super) fn weights(
        &self,
        batch: &Batch<T>,
        normalizers: &[Normalizer<T>],
        par: Par,
        mut each: impl FnMut(usize, usize, &[T]),
    ) -> Result<()> {
        if let Separation::Entmax { alpha } = self.separation {
            return self.sparse_weights(alpha, batch, par, each);
        }
        let (kernels, d) = (Kernels::in_use(), self.keys.width);
        for problem in batch.problems {
            let (keys, stored) = (self.keys_of(problem), self.sets[problem.set].len());
            for tile in plan(problem.queries.len(), kernels.lanes()) {
                par.check()?;
                let at = problem.queries.start + tile.first;
                let ids = &batch.ids[at..][..tile.count];
                let mut queries = Aligned::new(kernels.width(tile.shape) * d, T::ZERO, "packed queries")?;
                kernels.pack(tile.shape, &batch.queries[at * d..][..tile.count * d], d, &mut queries);
                let mut scores = Aligned::new(kernels.scores_len(tile.shape), T::ZERO, "scores")?;
                for first in (0..stored).step_by(TILE) {
                    let rows = TILE.min(stored - first);
                    let patterns = Entries::Wide(&keys[first * d..][..rows * d]);
                    kernels.score(tile.shape, Comparison::Product, patterns, d, &queries, &mut scores);
                    self.masks.apply(kernels, tile.shape, &mut scores, (first, rows), ids);
                    for lane in 0..tile.count {
                        let normalizer = normalizers[at + lane];
                        let mut weights = [T::ZERO; TILE];
                        for (row, weight) in weights[..rows].iter_mut().enumerate() {
                            let score = scores[super::masks::place(kernels, tile.shape, row, lane)];
                            if normalizer.sum > T::ZERO {
                                *weight = normalizer.weight(score, scale(1.0));
                            }
                        }
                        each(at + lane, first, &weights[..rows]);
                    }
                }
            }
        }
        Ok(())
    }
}

fn rows_of<'a, T: Real>(blocks: &'a Blocks<T>, head: usize, set: &Range<usize>) -> &'a [T] {
    let block = if blocks.count == 1 { 0 } else { head };
    &blocks.block(block)[set.start * blocks.width..set.end * blocks.width]
}

/// Queries in each piece of a problem: pieces of one length, at least `pieces` of them where that leaves whole tiles.
fn evenly(queries: usize, pieces: usize) -> usize {
    let most = queries.div_ceil(WIDEST);
    let pieces = queries.div_ceil(QUERIES_AT_ONCE).max(pieces.min(most)).max(1);
    queries.div_ceil(pieces).max(1)
}
