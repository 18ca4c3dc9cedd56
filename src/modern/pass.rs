//! One pass over the memory: every pattern once, for a whole batch of queries, in tiles.
//!
//! The batch is cut into tiles of queries ([`plan`]), the memory into chunks of patterns; no array of queries ×
//! patterns ever exists. With many queries the threads take parts of the batch, with few they take chunks of the
//! memory; either way each query's chunks are folded and merged in the same order, so the answer is the same.

use super::mask::Mask;
use super::query_tiles::QueryTile;
use super::sparse;
use super::team::Team;
use super::weights::{Normalizer, Weights};
use crate::error::Result;
use crate::kernel::aligned::Aligned;
use crate::kernel::compare::Comparison;
use crate::kernel::narrow::Entries;
use crate::kernel::real::Real;
use crate::kernel::{GROUP, Kernels};
use crate::par::{Ordered, Par};

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::narrow::Narrow;
    use crate::kernel::{Available, InstructionSet};
    use crate::modern::Separation;
    use crate::rng::Stream;

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
