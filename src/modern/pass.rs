//! One pass over the memory: every pattern once, for a whole batch of queries, in tiles.
//!
//! The batch is cut into tiles of queries ([`plan`]), the memory into chunks of patterns; no array of queries ×
//! patterns ever exists. With many queries the threads take parts of the batch, with few they take chunks of the
//! memory; either way each query's chunks are folded and merged in the same order, so the answer is the same.

use super::sparse;
use super::weights::{Normalizer, Weights};
use crate::error::Result;
use crate::kernel::aligned::Aligned;
use crate::kernel::compare::Comparison;
use crate::kernel::narrow::Entries;
use crate::kernel::readout::{Fold, Readout, TileOfPatterns};
use crate::kernel::real::Real;
use crate::kernel::{CHUNK, GROUP, Kernels, MOST_FEW, MOST_VECTORS, Shape, TILE, WIDEST};
use crate::par::{Ordered, Par, Tickets, Watch};

// The three numbers below were chosen by `cargo bench --bench retrieval -- --table` on two cores with AVX-512; answers do
// not depend on them.

/// Multiply-adds below which a second thread costs more than it saves.
pub(crate) const WORTH_A_THREAD: usize = 100_000;
/// Vectors of queries for each thread from which the batch is divided, not the memory.
const VECTORS_A_THREAD: usize = 6;
/// Groups of chunks for each thread from which they are handed out whole.
const GROUPS_A_THREAD: usize = 8;
/// Bytes of packed queries and accumulators that one part of a batch may hold in the second-level cache.
const CACHE: usize = 1024 * 1024;

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

/// What a pass reads.
pub(super) struct Pass<'a, T: Real> {
    pub(super) kernels: &'static Kernels<T>,
    /// `(k, d)`, row after row.
    pub(super) patterns: Entries<'a, T>,
    pub(super) d: usize,
    /// `(k, columns)`, row after row; `None` reads the patterns themselves out.
    pub(super) values: Option<&'a [T]>,
    /// None for a pass over scores alone.
    pub(super) columns: usize,
    /// Which scores, with what belongs to all patterns.
    pub(super) comparison: Comparison<'a>,
    /// Which entries of the queries are known, `(m, d)`, if not all.
    pub(super) known: Option<&'a [bool]>,
    /// What scores weigh.
    pub(super) weights: Weights<T>,
    pub(super) mask: Mask<'a>,
}

/// What a pass reads out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Read {
    /// Nothing: scores alone.
    Nothing,
    /// The patterns.
    Patterns,
    /// The values, if there are any, else the patterns.
    Values,
}

/// Where a pass leaves its answers, one entry a query; slices that are not wanted are empty.
pub(super) struct Answers<'a, T> {
    /// `(m, columns)`: the weighted means of the values.
    pub(super) means: &'a mut [T],
    pub(super) normalizers: &'a mut [Normalizer<T>],
    /// The best match's score and index.
    pub(super) best: &'a mut [Option<(T, usize)>],
}

impl<T> Answers<'_, T> {
    /// Those of the first `queries` queries, and the rest.
    pub(super) fn split(self, queries: usize, columns: usize) -> (Self, Self) {
        let (means, later_means) = self.means.split_at_mut((queries * columns).min(self.means.len()));
        let (normalizers, later_normalizers) = self.normalizers.split_at_mut(queries.min(self.normalizers.len()));
        let (best, later_best) = self.best.split_at_mut(queries.min(self.best.len()));
        (
            Answers { means, normalizers, best },
            Answers { means: later_means, normalizers: later_normalizers, best: later_best },
        )
    }
}

/// A tile of queries: the first one, how many, and how they lie.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct QueryTile {
    pub(crate) first: usize,
    pub(crate) count: usize,
    pub(crate) shape: Shape,
}

/// Cuts `queries` queries into tiles: three vectors while that lasts, four left as 2 + 2, a small rest as rows.
pub(crate) fn plan(queries: usize, lanes: usize) -> Vec<QueryTile> {
    // A vector that would be less than a quarter full is dearer than rows.
    let mut vectors = if queries <= MOST_FEW { 0 } else { queries / lanes + usize::from(queries % lanes > lanes / 4) };
    let (mut tiles, mut first) = (Vec::new(), 0);
    while first < queries {
        let rest = queries - first;
        let (count, shape) = match vectors {
            0 => {
                let count = rest.div_ceil(rest.div_ceil(MOST_FEW));
                (count, Shape::Rows(count))
            }
            4 => (2 * lanes, Shape::Lanes(2)),
            left => (left.min(MOST_VECTORS) * lanes, Shape::Lanes(left.min(MOST_VECTORS))),
        };
        let count = count.min(rest);
        if let Shape::Lanes(taken) = shape {
            vectors -= taken;
        }
        tiles.push(QueryTile { first, count, shape });
        first += count;
    }
    tiles
}

impl<T: Real> Pass<'_, T> {
    pub(super) fn patterns_len(&self) -> usize {
        self.patterns.len() / self.d
    }

    /// Walks the memory for `queries`, `(m, d)` row after row, and fills `answers`.
    pub(super) fn run(&self, queries: &[T], answers: Answers<T>, par: Par) -> Result<()> {
        if queries.is_empty() {
            return Ok(());
        }
        let queries = &self.comparison.prepared(queries, self.known)?;
        if let Some(cutting) = self.weights.cutting {
            return sparse::run(self, cutting, queries, answers, par);
        }
        let threads = self.threads(queries, par);
        if self.divides_memory(queries, threads) {
            return self.divide_memory(queries, answers, threads, par);
        }
        let (vectors, lanes) = (self.vectors(queries), self.kernels.lanes());
        let in_cache = (CACHE / ((self.d + self.columns) * lanes * size_of::<T>())).max(1);
        let parts = vectors.div_ceil(in_cache).next_multiple_of(threads).min(vectors);
        self.divide_batch(queries, answers, (vectors, parts), (threads, par))
    }

    /// Vectors that the queries fill.
    pub(super) fn vectors(&self, queries: &[T]) -> usize {
        (queries.len() / self.d).div_ceil(self.kernels.lanes())
    }

    /// Threads that are worth their cost.
    pub(super) fn threads(&self, queries: &[T], par: Par) -> usize {
        if queries.len().saturating_mul(self.patterns_len()) < WORTH_A_THREAD { 1 } else { par.threads() }
    }

    /// Whether so few queries are handed to all threads that they take parts of the memory.
    pub(super) fn divides_memory(&self, queries: &[T], threads: usize) -> bool {
        threads > 1 && self.vectors(queries) < VECTORS_A_THREAD * threads
    }

    /// The queries of a tile as its kernels want them.
    pub(super) fn packed(&self, tile: &QueryTile, queries: &[T]) -> Result<Aligned<T>> {
        let rows = &queries[tile.first * self.d..][..tile.count * self.d];
        let mut packed = Aligned::new(self.kernels.width(tile.shape) * self.d, T::ZERO, "packed queries")?;
        self.kernels.pack(tile.shape, rows, self.d, &mut packed);
        Ok(packed)
    }

    /// Entries of scratch for scores of any of these tiles.
    pub(super) fn scores(&self, tiles: &[QueryTile]) -> Result<Aligned<T>> {
        let longest = tiles.iter().map(|tile| self.kernels.scores_len(tile.shape)).max();
        Aligned::new(longest.unwrap_or(0), T::ZERO, "scores")
    }

    /// Scratch for patterns that have to be widened for these tiles.
    pub(super) fn widened(&self, tiles: &[QueryTile]) -> Result<Aligned<T>> {
        self.patterns.scratch(self.kernels, self.d, self.comparison, tiles.iter().map(|tile| tile.shape))
    }

    /// Each thread takes parts of the batch through the whole memory.
    fn divide_batch(
        &self,
        queries: &[T],
        mut answers: Answers<T>,
        (vectors, parts): (usize, usize),
        (threads, par): (usize, Par),
    ) -> Result<()> {
        let (m, lanes) = (queries.len() / self.d, self.kernels.lanes());
        let mut pieces = Vec::with_capacity(parts);
        for part in 0..parts {
            let from = vectors * part / parts * lanes;
            let to = (vectors * (part + 1) / parts * lanes).min(m);
            let (mine, rest) = answers.split(to - from, self.columns);
            pieces.push((from, to, mine));
            answers = rest;
        }
        par.each(
            threads,
            pieces.into_iter(),
            || Ok(()),
            |watch, (), (from, to, mut answers)| {
                let team = Team::new(self, queries, (from, to))?;
                let (mut fold, mut worker) = (team.identity()?, team.worker()?);
                for chunk in 0..team.chunks() {
                    team.fold_chunk(chunk, &mut worker, watch)?;
                    fold.merge(chunk, &worker.readouts);
                }
                team.answer(fold.total(), &mut answers);
                Ok(())
            },
        )
    }

    /// Each thread takes chunks of the memory for the whole batch, or whole groups of them where there are enough; they
    /// are merged in order.
    fn divide_memory(&self, queries: &[T], mut answers: Answers<T>, threads: usize, par: Par) -> Result<()> {
        let m = queries.len() / self.d;
        let team = Team::new(self, queries, (0, m))?;
        let merged = Ordered::new(team.identity()?, 4 * threads);
        if team.chunks() >= GROUPS_A_THREAD * GROUP * threads {
            team.fold_groups(&merged, threads, par)?;
        } else {
            team.fold_chunks(&merged, threads, par)?;
        }
        team.answer(merged.finish().total(), &mut answers);
        Ok(())
    }
}

/// Tiles of queries that walk the memory together.
struct Team<'a, T: Real> {
    pass: &'a Pass<'a, T>,
    tiles: Vec<QueryTile>,
    /// The queries of each tile as its kernels want them.
    packed: Vec<Aligned<T>>,
    queries: &'a [T],
}

/// What one thread works in.
struct Worker<T: Real> {
    readouts: Vec<Readout<T>>,
    scores: Aligned<T>,
    /// A tile of patterns that are stored in fewer bits.
    widened: Aligned<T>,
}

impl<'a, T: Real> Team<'a, T> {
    fn new(pass: &'a Pass<'a, T>, queries: &'a [T], (from, to): (usize, usize)) -> Result<Self> {
        let mut tiles = plan(to - from, pass.kernels.lanes());
        let mut packed = Vec::with_capacity(tiles.len());
        for tile in &mut tiles {
            tile.first += from;
            packed.push(pass.packed(tile, queries)?);
        }
        Ok(Self { pass, tiles, packed, queries })
    }

    fn chunks(&self) -> usize {
        self.pass.patterns_len().div_ceil(CHUNK)
    }

    fn readouts(&self) -> Result<Vec<Readout<T>>> {
        let with_best = self.pass.columns == 0;
        let new = |tile: &QueryTile| Readout::new(self.pass.kernels, tile.shape, self.pass.columns, with_best);
        self.tiles.iter().map(new).collect()
    }

    fn identity(&self) -> Result<Fold<T>> {
        Ok(Fold::new(self.readouts()?, self.readouts()?, self.pass.patterns_len()))
    }

    fn worker(&self) -> Result<Worker<T>> {
        Ok(Worker {
            readouts: self.readouts()?,
            scores: self.pass.scores(&self.tiles)?,
            widened: self.pass.widened(&self.tiles)?,
        })
    }

    /// Each thread takes a chunk at a time.
    fn fold_chunks(&self, merged: &Ordered<Fold<T>, Vec<Readout<T>>>, threads: usize, par: Par) -> Result<()> {
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
    fn fold_groups(&self, merged: &Ordered<Fold<T>, Vec<Readout<T>>>, threads: usize, par: Par) -> Result<()> {
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
    fn fold_chunk(&self, chunk: usize, worker: &mut Worker<T>, watch: &Watch) -> Result<()> {
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
    fn answer(&self, totals: Vec<Readout<T>>, answers: &mut Answers<T>) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::narrow::Narrow;
    use crate::kernel::{Available, InstructionSet};
    use crate::modern::Separation;
    use crate::rng::Stream;

    #[test]
    fn a_plan_covers_every_query_once() {
        for lanes in [4, 8, 16] {
            for queries in 0..300 {
                let mut next = 0;
                for tile in plan(queries, lanes) {
                    assert_eq!(tile.first, next);
                    let room = match tile.shape {
                        Shape::Lanes(vectors) => vectors * lanes,
                        Shape::Rows(rows) => rows,
                    };
                    assert!((1..=room).contains(&tile.count), "{tile:?}");
                    next += tile.count;
                }
                assert_eq!(next, queries);
            }
        }
    }

    /// Numbers that look normal enough: sums of four uniform ones.
    fn draw<T: Real>(stream: &mut Stream, count: usize) -> Vec<T> {
        let mut unit = || (stream.next_u64() >> 11) as f64 / (1_u64 << 53) as f64;
        (0..count).map(|_| T::from_f64((unit() + unit() + unit() + unit() - 2.0) * 1.7)).collect()
    }

    /// Everything a pass puts out, as bits.
    fn bits<T: Real>(pass: &Pass<T>, queries: &[T], threads: usize) -> Vec<(Vec<u64>, u64, u64)> {
        let m = queries.len() / pass.d;
        let mut means = vec![T::ZERO; m * pass.columns];
        let mut normalizers = vec![Normalizer::NOTHING; m];
        let mut best = vec![None; m];
        let answers = Answers { means: &mut means, normalizers: &mut normalizers, best: &mut best };
        pass.run(queries, answers, Par::with_threads(threads)).unwrap();
        let exact = |value: T| -> u64 { Into::<f64>::into(value).to_bits() };
        (0..m)
            .map(|query| {
                let mean = means[query * pass.columns..][..pass.columns].iter().map(|&mean| exact(mean)).collect();
                let normalizer = match &normalizers[query] {
                    Normalizer::Sum(found) => exact(found.maximum) ^ exact(found.sum).rotate_left(1),
                    Normalizer::Cut(cut) => cut.conjugate.to_bits() ^ cut.sum.to_bits().rotate_left(1),
                };
                let best = best[query].map_or(0, |(score, index)| exact(score) ^ index as u64);
                (mean, normalizer, best)
            })
            .collect()
    }

    /// Every instruction set, number of threads and company in the batch gives the bits of one query alone on the
    /// portable path.
    fn same_bits<T: Real>() {
        let mut stream = Stream::new(7, 0);
        for (k, d, m, columns) in [
            (1, 1, 1, 1),
            (5, 3, 2, 7),
            (129, 17, 5, 17),
            (1000, 64, 33, 64),
            (700, 70, 100, 0),
            (9000, 5, 19, 3),
            (140_000, 1, 2, 1),
            (300, 9, 400, 5),
        ] {
            let (patterns, values) = (draw::<T>(&mut stream, k * d), draw::<T>(&mut stream, k * columns));
            let queries = draw::<T>(&mut stream, m * d);
            let allowed: Vec<bool> = (0..m * k).map(|_| stream.coin()).collect();
            let rows: Vec<usize> = (0..m).collect();
            for mask in [Mask::None, Mask::Shared(&allowed[..k]), Mask::PerQuery { allowed: &allowed, rows: &rows }] {
                let pass = |set| Pass {
                    kernels: kernels_of(set),
                    patterns: Entries::Wide(&patterns),
                    d,
                    values: Some(&values),
                    columns,
                    comparison: Comparison::Product,
                    known: None,
                    weights: Weights::new(Separation::Softmax, 1.3 / (d as f64).sqrt()),
                    mask,
                };
                let alone: Vec<_> = (0..m)
                    .flat_map(|query| {
                        let rows = [query];
                        let mask = match mask {
                            Mask::PerQuery { allowed, .. } => Mask::PerQuery { allowed, rows: &rows },
                            other => other,
                        };
                        let pass = Pass { mask, ..pass(InstructionSet::Portable) };
                        bits(&pass, &queries[query * d..][..d], 1)
                    })
                    .collect();
                for set in InstructionSet::ALL.into_iter().filter(|set| set.is_available()) {
                    let threads: &[usize] = if set == InstructionSet::Portable { &[2] } else { &[1, 2, 3, 5, 8] };
                    for &threads in threads {
                        assert_eq!(bits(&pass(set), &queries, threads), alone, "{set:?} {threads} {k} {d} {m}");
                    }
                }
            }
        }
    }

    fn kernels_of<T: Real>(set: InstructionSet) -> &'static Kernels<T> {
        T::kernels(Available::or_portable(set))
    }

    /// Rows in fewer bits give, on every path, the bits of the widened rows on the portable one.
    #[test]
    fn rows_in_fewer_bits_give_the_same_bits() {
        let mut stream = Stream::new(8, 0);
        let halves: Vec<u16> =
            (0..2000 * 64).map(|_| stream.below(0x4000) as u16 ^ (stream.below(2) << 15) as u16).collect();
        let bytes: Vec<i8> = halves.iter().map(|&half| half as i8).collect();
        let scales = draw::<f32>(&mut stream, 2000);
        let queries = draw::<f32>(&mut stream, 60 * 64);
        for d in [1, 2, 6, 16, 36, 64] {
            let k = halves.len() / 64;
            for narrow in [
                Narrow::Bfloat16(&halves[..k * d]),
                Narrow::Float16(&halves[..k * d]),
                Narrow::Int8(&bytes[..k * d], &scales),
            ] {
                let portable = kernels_of::<f32>(InstructionSet::Portable);
                let mut wide = vec![0.0; k * d];
                portable.widen(narrow, d, &mut wide);
                for m in [1, 2, 7, 8, 9, 60] {
                    let queries = &queries[..m * d];
                    let pass = |kernels, patterns| Pass {
                        kernels,
                        patterns,
                        d,
                        values: None,
                        columns: d,
                        comparison: Comparison::Product,
                        known: None,
                        weights: Weights::new(Separation::Softmax, 0.1),
                        mask: Mask::None,
                    };
                    let expected = bits(&pass(portable, Entries::Wide(&wide)), queries, 1);
                    for set in InstructionSet::ALL.into_iter().filter(|set| set.is_available()) {
                        let kernels = kernels_of::<f32>(set);
                        for threads in [1, 3] {
                            let found = bits(&pass(kernels, Entries::Narrow(narrow)), queries, threads);
                            assert_eq!(found, expected, "{set:?} {threads} {d} {m}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn every_path_gives_the_same_bits_in_single_precision() {
        same_bits::<f32>();
    }

    #[test]
    fn every_path_gives_the_same_bits_in_double_precision() {
        same_bits::<f64>();
    }
}
