//! A pass for separations that cut: keep what may have weight while the memory goes by, then cut, then read that out.
//!
//! Whoever saw which part of the memory, the candidates of all parts together ([`Kept`]) hold every pattern with weight,
//! and [`Cutting`] makes the same bits of any such set; so parts need no order. A query that could not keep them all walks
//! the memory once more, alone, and keeps as many as there are: one row of `k`.
//!
//! The readout is a chain over 128 patterns with weight, in their order; 64 such sums are added up, and those in turn.

use super::cut::{Candidate, Cutting, Rule};
use super::kept::{Kept, larger};
use super::pass::{Answers, Pass};
use super::query_tiles::{QueryTile, plan};
use super::separation::MOST_LARGEST;
use super::weights::Normalizer;
use crate::error::{Result, try_vec};
use crate::kernel::aligned::Aligned;
use crate::kernel::narrow::Entries;
use crate::kernel::real::Real;
use crate::kernel::{CHUNK, Shape, TILE, WIDEST};
use crate::par::{Par, Tickets, Watch};

/// Vectors of queries that walk the memory together: as many as let their scores and candidates stay in the cache.
const VECTORS_TOGETHER: usize = 12;
/// Patterns in one chain of a readout, and such sums that are added up before they join the total.
const RUN: usize = 128;
const RUNS: usize = 64;

/// Walks the memory for prepared `queries` and fills `answers`.
pub(super) fn run<T: Real>(
    pass: &Pass<T>,
    cutting: Cutting,
    queries: &[T],
    answers: Answers<T>,
    par: Par,
) -> Result<()> {
    let threads = pass.threads(queries, par);
    let walk = Walk { pass, cutting, queries };
    if matches!(cutting.rule, Rule::Largest(count) if count > MOST_LARGEST) {
        let kept = (0..queries.len() / pass.d).map(|_| Kept::lost()).collect();
        return walk.settle_all(kept, answers, threads, par);
    }
    if pass.divides_memory(queries, threads) {
        let kept = walk.divide_memory(threads, par)?;
        return walk.settle_all(kept, answers, threads, par);
    }
    walk.divide_batch(answers, threads, par)
}

/// A walk over the memory.
struct Walk<'a, T: Real> {
    pass: &'a Pass<'a, T>,
    cutting: Cutting,
    queries: &'a [T],
}

/// Tiles of queries that walk together, and where each lies in the batch.
struct Team<T> {
    tiles: Vec<QueryTile>,
    packed: Vec<Aligned<T>>,
}

/// What one thread works in.
struct Bench<T> {
    scores: Aligned<T>,
    widened: Aligned<T>,
    places: Vec<u32>,
    scratch: Vec<f64>,
}

impl<T: Real> Walk<'_, T> {
    fn team(&self, (from, to): (usize, usize)) -> Result<Team<T>> {
        let mut tiles = plan(to - from, self.pass.kernels.lanes());
        for tile in &mut tiles {
            tile.first += from;
        }
        let packed = tiles.iter().map(|tile| self.pass.packed(tile, self.queries)).collect::<Result<_>>()?;
        Ok(Team { tiles, packed })
    }

    fn bench(&self, team: &Team<T>) -> Result<Bench<T>> {
        let scores = self.pass.scores(&team.tiles)?;
        let places = try_vec(scores.len(), 0, "places of scores")?;
        Ok(Bench { scores, widened: self.pass.widened(&team.tiles)?, places, scratch: Vec::new() })
    }

    /// Shows a chunk of patterns to the team; `kept` begins with its first query.
    fn see_chunk(
        &self,
        chunk: usize,
        team: &Team<T>,
        kept: &mut [Kept<T>],
        bench: &mut Bench<T>,
        watch: &Watch,
    ) -> Result<()> {
        let (pass, k, start) = (self.pass, self.pass.patterns_len(), team.tiles[0].first);
        let end = k.min((chunk + 1) * CHUNK);
        let Bench { scores, widened, places, scratch } = bench;
        for first in (chunk * CHUNK..end).step_by(TILE) {
            watch.check()?;
            let rows = TILE.min(end - first);
            let patterns = pass.patterns.tile(pass.kernels, (first, rows), pass.d, widened);
            let comparison = pass.comparison.rows(first, rows);
            for (tile, packed) in team.tiles.iter().zip(&team.packed) {
                pass.kernels.score(tile.shape, comparison, patterns, pass.d, packed, scores);
                let lanes = (tile.first, tile.count);
                pass.mask.apply(pass.kernels, k, (first, rows), lanes, tile.shape, scores);
                let kept = &mut kept[tile.first - start..][..tile.count];
                let width = pass.kernels.width(tile.shape);
                let (mut tops, mut floors) = ([T::ZERO; WIDEST], [T::from_f64(f64::INFINITY); WIDEST]);
                pass.kernels.tops(tile.shape, scores, rows, &mut tops[..width]);
                let mut any = false;
                for (kept, (&top, floor)) in kept.iter_mut().zip(tops.iter().zip(&mut floors)) {
                    kept.raise(&self.cutting, top);
                    *floor = larger(kept.floor, kept.lost);
                    any |= top > *floor;
                }
                if !any {
                    continue;
                }
                let mut failure = Ok(());
                pass.kernels.above(tile.shape, scores, rows, &floors[..width], places, |query, row, score| {
                    let pushed = kept[query].push((score, first + row));
                    if pushed.is_err() {
                        failure = pushed;
                    }
                });
                failure?;
                for kept in kept {
                    kept.make_room(&self.cutting, scratch);
                }
            }
        }
        Ok(())
    }

    /// Each thread takes chunks of the memory for the whole batch.
    fn divide_memory(&self, threads: usize, par: Par) -> Result<Vec<Kept<T>>> {
        let m = self.queries.len() / self.pass.d;
        let team = self.team((0, m))?;
        let (chunks, tickets) = (self.pass.patterns_len().div_ceil(CHUNK), Tickets::default());
        let merged = std::sync::Mutex::new(try_vec(m, Kept::nothing(), "candidates")?);
        par.run(threads.min(chunks), |watch| {
            let (mut bench, mut kept) = (self.bench(&team)?, try_vec(m, Kept::nothing(), "candidates")?);
            while let Some(chunk) = tickets.take(chunks) {
                self.see_chunk(chunk, &team, &mut kept, &mut bench, watch)?;
            }
            let mut merged = merged.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            merged.iter_mut().zip(kept).try_for_each(|(merged, kept)| merged.join(kept))
        })?;
        Ok(merged.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner))
    }

    /// Each thread takes parts of the batch through the whole memory.
    fn divide_batch(&self, mut answers: Answers<T>, threads: usize, par: Par) -> Result<()> {
        let (pass, m) = (self.pass, self.queries.len() / self.pass.d);
        let (vectors, lanes) = (pass.vectors(self.queries), pass.kernels.lanes());
        let parts = vectors.div_ceil(VECTORS_TOGETHER).next_multiple_of(threads).min(vectors);
        let mut pieces = Vec::with_capacity(parts);
        for part in 0..parts {
            let from = vectors * part / parts * lanes;
            let to = (vectors * (part + 1) / parts * lanes).min(m);
            let (mine, rest) = answers.split(to - from, pass.columns);
            pieces.push((from, to, mine));
            answers = rest;
        }
        par.each(
            threads,
            pieces.into_iter(),
            || Desk::new(self),
            |watch, desk, (from, to, mut answers)| {
                let team = self.team((from, to))?;
                let (mut bench, mut kept) = (self.bench(&team)?, try_vec(to - from, Kept::nothing(), "candidates")?);
                for chunk in 0..pass.patterns_len().div_ceil(CHUNK) {
                    self.see_chunk(chunk, &team, &mut kept, &mut bench, watch)?;
                }
                for (query, kept) in kept.into_iter().enumerate() {
                    let (answer, rest) = answers.split(1, pass.columns);
                    self.settle(from + query, kept, answer, desk, watch)?;
                    answers = rest;
                }
                Ok(())
            },
        )
    }

    /// Settles every query of the batch.
    fn settle_all(&self, kept: Vec<Kept<T>>, mut answers: Answers<T>, threads: usize, par: Par) -> Result<()> {
        let mut pieces = Vec::with_capacity(kept.len());
        for (query, kept) in kept.into_iter().enumerate() {
            let (mine, rest) = answers.split(1, self.pass.columns);
            pieces.push((query, kept, mine));
            answers = rest;
        }
        par.each(
            threads,
            pieces.into_iter(),
            || Desk::new(self),
            |watch, desk, (query, kept, answer)| self.settle(query, kept, answer, desk, watch),
        )
    }

    /// The answer to one query, from what it kept.
    fn settle(
        &self,
        query: usize,
        mut kept: Kept<T>,
        answer: Answers<T>,
        desk: &mut Desk<T>,
        watch: &Watch,
    ) -> Result<()> {
        let (pass, row) = (self.pass, &self.queries[query * self.pass.d..][..self.pass.d]);
        // A query that is no number has no answer.
        let spoiled = pass.comparison.is_spoiled(row);
        let mut candidates = if spoiled {
            Vec::new()
        } else if kept.is_complete(&self.cutting, &mut desk.scratch) {
            kept.candidates
        } else {
            self.row(query, kept.floor, watch)?
        };
        candidates.sort_unstable_by_key(|&(_, index)| index);
        let cut = self.cutting.cut(&candidates, &mut desk.scratch);
        if let [normalizer] = answer.normalizers {
            *normalizer = Normalizer::Cut(cut);
        }
        if let [best] = answer.best {
            let better = |best: Option<Candidate<T>>, &(score, index): &Candidate<T>| {
                if best.is_none_or(|(top, _)| score > top) { Some((score, index)) } else { best }
            };
            *best = if cut.sum > 0.0 { candidates.iter().fold(None, better) } else { None };
        }
        if pass.columns == 0 {
            return Ok(());
        }
        if spoiled {
            answer.means.fill(T::from_f64(f64::NAN));
            return Ok(());
        }
        desk.rows.clear();
        desk.weights.clear();
        for (score, index) in candidates {
            let weight = self.cutting.weight(&cut, score, index);
            if weight > T::ZERO {
                desk.rows.push(index);
                desk.weights.push(weight);
            }
        }
        desk.read(pass, answer.means);
        Ok(())
    }

    /// All candidates of one query above a floor.
    fn row(&self, query: usize, floor: T, watch: &Watch) -> Result<Vec<Candidate<T>>> {
        let tile = QueryTile { first: query, count: 1, shape: Shape::Rows(1) };
        let team = Team { packed: vec![self.pass.packed(&tile, self.queries)?], tiles: vec![tile] };
        let (mut bench, mut kept) = (self.bench(&team)?, [Kept::all_above(floor)]);
        for chunk in 0..self.pass.patterns_len().div_ceil(CHUNK) {
            self.see_chunk(chunk, &team, &mut kept, &mut bench, watch)?;
        }
        let [kept] = kept;
        Ok(kept.candidates)
    }
}

/// What one thread settles queries on.
struct Desk<T> {
    scratch: Vec<f64>,
    rows: Vec<usize>,
    weights: Vec<T>,
    /// Sums over one run, over several, and rows that were widened.
    run: Vec<T>,
    runs: Vec<T>,
    widened: Vec<T>,
}

impl<T: Real> Desk<T> {
    fn new(walk: &Walk<T>) -> Result<Self> {
        let columns = walk.pass.columns;
        let narrow = walk.pass.values.is_none() && matches!(walk.pass.patterns, Entries::Narrow(_));
        Ok(Self {
            scratch: Vec::new(),
            rows: Vec::new(),
            weights: Vec::new(),
            run: try_vec(columns, T::ZERO, "a readout")?,
            runs: try_vec(columns, T::ZERO, "a readout")?,
            widened: try_vec(if narrow { RUN * columns } else { 0 }, T::ZERO, "widened patterns")?,
        })
    }

    /// Writes the weighted sum of the rows.
    fn read(&mut self, pass: &Pass<T>, mean: &mut [T]) {
        let add = |total: &mut [T], part: &[T]| {
            for (total, &part) in total.iter_mut().zip(part) {
                *total = total.plus(part);
            }
        };
        mean.fill(T::ZERO);
        for (rows, weights) in self.rows.chunks(RUN * RUNS).zip(self.weights.chunks(RUN * RUNS)) {
            self.runs.fill(T::ZERO);
            for (rows, weights) in rows.chunks(RUN).zip(weights.chunks(RUN)) {
                match (pass.values, pass.patterns) {
                    (Some(values), _) | (None, Entries::Wide(values)) => {
                        pass.kernels.gather(values, pass.columns, rows, weights, &mut self.run);
                    }
                    (None, Entries::Narrow(_)) => {
                        for (row, wide) in rows.iter().zip(self.widened.chunks_exact_mut(pass.columns)) {
                            pass.patterns.row(pass.kernels, *row, wide);
                        }
                        let places: [usize; RUN] = std::array::from_fn(|place| place);
                        let places = &places[..rows.len()];
                        pass.kernels.gather(&self.widened, pass.columns, places, weights, &mut self.run);
                    }
                }
                add(&mut self.runs, &self.run);
            }
            add(mean, &self.runs);
        }
    }
}
