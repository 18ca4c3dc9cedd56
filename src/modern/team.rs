//! Tiles of queries that walk the memory together, and what they have in the end.

use super::pass::{Answers, Pass};
use super::query_tiles::{QueryTile, plan};
use super::weights::Normalizer;
use crate::error::Result;
use crate::kernel::aligned::Aligned;
use crate::kernel::narrow::Entries;
use crate::kernel::readout::{Fold, Readout, TileOfPatterns};
use crate::kernel::real::Real;
use crate::kernel::{CHUNK, GROUP, TILE, WIDEST};
use crate::par::{Ordered, Par, Tickets, Watch};

/// Tiles of queries that walk the memory together.
pub(super) struct Team<'a, T: Real> {
    pass: &'a Pass<'a, T>,
    tiles: Vec<QueryTile>,
    /// The queries of each tile as its kernels want them.
    packed: Vec<Aligned<T>>,
    queries: &'a [T],
}

/// What one thread works in.
pub(super) struct Worker<T: Real> {
    pub(super) readouts: Vec<Readout<T>>,
    scores: Aligned<T>,
    /// A tile of patterns that are stored in fewer bits.
    widened: Aligned<T>,
}

impl<'a, T: Real> Team<'a, T> {
    pub(super) fn new(pass: &'a Pass<'a, T>, queries: &'a [T], (from, to): (usize, usize)) -> Result<Self> {
        let mut tiles = plan(to - from, pass.kernels.lanes());
        let mut packed = Vec::with_capacity(tiles.len());
        for tile in &mut tiles {
            tile.first += from;
            packed.push(pass.packed(tile, queries)?);
        }
        Ok(Self { pass, tiles, packed, queries })
    }

    pub(super) fn chunks(&self) -> usize {
        self.pass.patterns_len().div_ceil(CHUNK)
    }

    fn readouts(&self) -> Result<Vec<Readout<T>>> {
        let with_best = self.pass.columns == 0;
        let new = |tile: &QueryTile| Readout::new(self.pass.kernels, tile.shape, self.pass.columns, with_best);
        self.tiles.iter().map(new).collect()
    }

    pub(super) fn identity(&self) -> Result<Fold<T>> {
        Ok(Fold::new(self.readouts()?, self.readouts()?, self.pass.patterns_len()))
    }

    pub(super) fn worker(&self) -> Result<Worker<T>> {
        Ok(Worker {
            readouts: self.readouts()?,
            scores: self.pass.scores(&self.tiles)?,
            widened: self.pass.widened(&self.tiles)?,
        })
    }

    /// Each thread takes a chunk at a time.
    pub(super) fn fold_chunks(
        &self,
        merged: &Ordered<Fold<T>, Vec<Readout<T>>>,
        threads: usize,
        par: Par,
    ) -> Result<()> {
        let (chunks, tickets) = (self.chunks(), Tickets::default());
        par.run(threads.min(chunks), |watch| {
            let mut worker = self.worker()?;
            while let Some(chunk) = tickets.take(chunks) {
                self.fold_chunk(chunk, &mut worker, watch)?;
                let readouts = std::mem::take(&mut worker.readouts);
                worker.readouts = merged.deliver(
                    chunk,
                    readouts,
                    watch,
                    |fold, chunk, part| fold.merge(chunk, part),
                    || self.readouts(),
                )?;
            }
            Ok(())
        })
    }

    /// Each thread takes a group of chunks at a time, which is a sixteenth of the handing over and one long piece of
    /// memory to read.
    pub(super) fn fold_groups(
        &self,
        merged: &Ordered<Fold<T>, Vec<Readout<T>>>,
        threads: usize,
        par: Par,
    ) -> Result<()> {
        let (chunks, tickets) = (self.chunks(), Tickets::default());
        par.run(threads, |watch| {
            let (mut worker, mut group) = (self.worker()?, self.readouts()?);
            while let Some(number) = tickets.take(chunks.div_ceil(GROUP)) {
                group.iter_mut().for_each(Readout::reset);
                for chunk in number * GROUP..chunks.min((number + 1) * GROUP) {
                    self.fold_chunk(chunk, &mut worker, watch)?;
                    group.iter_mut().zip(&worker.readouts).for_each(|(group, chunk)| group.merge(chunk));
                }
                group = merged.deliver(
                    number,
                    group,
                    watch,
                    |fold, _, group| fold.merge_group(group),
                    || self.readouts(),
                )?;
            }
            Ok(())
        })
    }

    /// Folds one chunk of patterns from the identity into the worker's readouts.
    pub(super) fn fold_chunk(&self, chunk: usize, worker: &mut Worker<T>, watch: &Watch) -> Result<()> {
        let (pass, k) = (self.pass, self.pass.patterns_len());
        worker.readouts.iter_mut().for_each(Readout::reset);
        let end = k.min((chunk + 1) * CHUNK);
        for first in (chunk * CHUNK..end).step_by(TILE) {
            watch.check()?;
            let rows = TILE.min(end - first);
            let patterns = pass.patterns.tile(pass.kernels, (first, rows), pass.d, &mut worker.widened);
            let values = match pass.values {
                Some(values) => Entries::Wide(&values[first * pass.columns..][..rows * pass.columns]),
                None => patterns,
            };
            let (comparison, weighing) = (pass.comparison.rows(first, rows), pass.weights.weighing());
            let tile = TileOfPatterns { first, patterns, d: pass.d, values, comparison, weighing };
            for (queries, (packed, readout)) in self.tiles.iter().zip(self.packed.iter().zip(&mut worker.readouts)) {
                readout.fold(&tile, packed, &mut worker.scores, |shape, scores| {
                    let lanes = (queries.first, queries.count);
                    pass.mask.apply(pass.kernels, k, (first, rows), lanes, shape, scores);
                });
            }
        }
        Ok(())
    }

    /// Writes each query's answer; `answers` begin with the team's first query.
    pub(super) fn answer(&self, totals: Vec<Readout<T>>, answers: &mut Answers<T>) {
        let (start, columns) = (self.tiles.first().map_or(0, |tile| tile.first), self.pass.columns);
        for (tile, mut total) in self.tiles.iter().zip(totals) {
            let first = tile.first - start;
            // No weight is not the same as no number: a query that is not one has no answer.
            let mut spoiled = [false; WIDEST];
            for (lane, spoiled) in spoiled.iter_mut().enumerate().take(tile.count) {
                let query = || &self.queries[(tile.first + lane) * self.pass.d..][..self.pass.d];
                *spoiled = total.normalizer(lane).sum == T::ZERO && self.pass.comparison.is_spoiled(query());
            }
            if let Some((score, scale)) = self.pass.weights.nothing() {
                total.join_nothing(|_| score, scale);
            }
            if columns > 0 {
                let means = &mut answers.means[first * columns..][..tile.count * columns];
                total.means(means);
                for (mean, _) in means.chunks_exact_mut(columns).zip(spoiled).filter(|(_, spoiled)| *spoiled) {
                    mean.fill(T::from_f64(f64::NAN));
                }
            }
            for lane in 0..tile.count {
                let at = first + lane;
                if let Some(normalizer) = answers.normalizers.get_mut(at) {
                    *normalizer = Normalizer::Sum(total.normalizer(lane));
                }
                if let Some(best) = answers.best.get_mut(at) {
                    *best = total.best(lane).filter(|_| total.normalizer(lane).sum > T::ZERO);
                }
            }
        }
    }
}
