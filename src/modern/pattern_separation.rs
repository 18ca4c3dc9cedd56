//! How far each pattern is from being confused with another: `Δ_μ = s(x_μ, x_μ) − max_{ν≠μ} s(x_μ, x_ν)` (Ramsauer et
//! al. 2020, equation 8).
//!
//! Every pattern is compared with every other, but no array of patterns × patterns exists: blocks of patterns walk the
//! memory as queries, and of each score only the greatest so far are kept. A score is the same bits in both directions, so
//! a block walks only the patterns from itself on, and each of its scores serves the pattern that it walks over as well.
//! That halves the arithmetic. Maxima are exact and the same in any order: threads do not show.
//!
//! Not here: the separations of a sample without duplicates, of which β is made ([`super::calibrate`]).

use std::sync::{Mutex, PoisonError};

use super::pass::WORTH_A_THREAD;
use super::similarity::Similarity;
use crate::error::{Result, try_vec};
use crate::input::patterns::Patterns;
use crate::kernel::aligned::Aligned;
use crate::kernel::compare::Comparison;
use crate::kernel::narrow::Entries;
use crate::kernel::real::Real;
use crate::kernel::{Kernels, MOST_VECTORS, Shape, TILE};
use crate::par::{Par, Tickets, Watch};

/// Bytes of packed patterns of a block, which stay in the second-level cache while the memory goes by.
const CACHE: usize = 512 * 1024;
/// Blocks for each thread at least, the last of which are the shortest walks: so all threads end together.
const BLOCKS_A_THREAD: usize = 8;

/// `Δ_μ` of each pattern; +∞ of a single one.
pub(crate) fn pattern_separation<T: Real>(
    patterns: &Patterns<T>,
    similarity: Similarity,
    par: Par,
) -> Result<Vec<f64>> {
    let (k, d) = patterns.dim();
    let threads = if k.saturating_mul(k).saturating_mul(d) < WORTH_A_THREAD { 1 } else { par.threads() };
    let walk = Walk::new(patterns, similarity.differences(), threads);
    let (blocks, tickets) = (k.div_ceil(walk.block), Tickets::default());
    let found = Mutex::new(Greatest::new(k)?);
    par.run(threads.min(blocks), |watch| {
        let (mut mine, mut worker) = (Greatest::new(k)?, walk.worker()?);
        while let Some(number) = tickets.take(blocks) {
            walk.block(number, &mut worker, &mut mine, watch)?;
        }
        found.lock().unwrap_or_else(PoisonError::into_inner).merge(&mine);
        Ok(())
    })?;
    let found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    let separations = found.own.iter().zip(&found.other).map(|(&own, &other)| {
        let (own, other): (f64, f64) = (own.into(), other.into());
        own - other
    });
    Ok(separations.collect())
}

/// For each pattern its own score, and the greatest one of another pattern.
struct Greatest<T> {
    own: Vec<T>,
    other: Vec<T>,
}

impl<T: Real> Greatest<T> {
    fn new(k: usize) -> Result<Self> {
        let nothing = |purpose| try_vec(k, T::NEG_INFINITY, purpose);
        Ok(Self { own: nothing("own scores")?, other: nothing("greatest scores")? })
    }

    fn merge(&mut self, more: &Self) {
        for (own, &more) in self.own.iter_mut().zip(&more.own) {
            // Each comes from one worker alone; of a pattern that is no number it is none.
            *own = if more == T::NEG_INFINITY { *own } else { more };
        }
        for (other, &more) in self.other.iter_mut().zip(&more.other) {
            raise(other, more);
        }
    }
}

/// NaN in `to` is passed over.
fn raise<T: Real>(greatest: &mut T, to: T) {
    if to > *greatest {
        *greatest = to;
    }
}

struct Walk<'a, T: Real> {
    kernels: &'static Kernels<T>,
    patterns: Entries<'a, T>,
    /// The same bits whichever of two patterns is the query.
    comparison: Comparison<'a>,
    k: usize,
    d: usize,
    /// Patterns of a block, whole tiles of queries.
    block: usize,
}

/// What one thread works in.
struct Worker<T: Real> {
    /// The patterns of a block, tile by tile as the kernels want queries.
    packed: Vec<Aligned<T>>,
    /// The greatest scores of those patterns, tile by tile.
    of_query: Vec<Aligned<T>>,
    of_row: Aligned<T>,
    scores: Aligned<T>,
    widened: Aligned<T>,
    rows: Vec<T>,
}

impl<'a, T: Real> Walk<'a, T> {
    fn new(patterns: &'a Patterns<T>, comparison: Comparison<'a>, threads: usize) -> Self {
        let (kernels, (k, d)) = (Kernels::in_use(), patterns.dim());
        let tile = MOST_VECTORS * kernels.lanes();
        let in_cache = (CACHE / (tile * d * size_of::<T>())).max(1);
        let tiles = k.div_ceil(tile * BLOCKS_A_THREAD * threads).clamp(1, in_cache);
        Self { kernels, patterns: patterns.entries(), comparison, k, d, block: tiles * tile }
    }

    fn worker(&self) -> Result<Worker<T>> {
        let shape = Shape::Lanes(MOST_VECTORS);
        let (kernels, width) = (self.kernels, self.kernels.width(shape));
        let tiles = self.block.min(self.k).div_ceil(width);
        let each = |len, value, purpose| (0..tiles).map(|_| Aligned::new(len, value, purpose)).collect::<Result<_>>();
        Ok(Worker {
            packed: each(width * self.d, T::ZERO, "packed patterns")?,
            of_query: each(width, T::NEG_INFINITY, "greatest scores")?,
            of_row: Aligned::new(TILE * kernels.lanes(), T::NEG_INFINITY, "greatest scores")?,
            scores: Aligned::new(kernels.scores_len(shape), T::ZERO, "scores")?,
            widened: self.patterns.scratch(kernels, self.d, self.comparison, [shape])?,
            rows: try_vec(width * self.d, T::ZERO, "patterns")?,
        })
    }

    /// Walks block `number` over itself and the patterns behind it.
    fn block(&self, number: usize, worker: &mut Worker<T>, found: &mut Greatest<T>, watch: &Watch) -> Result<()> {
        let (kernels, d) = (self.kernels, self.d);
        let width = kernels.width(Shape::Lanes(MOST_VECTORS));
        let start = number * self.block;
        let tiles: Vec<(usize, usize)> =
            (start..self.k.min(start + self.block)).step_by(width).map(|at| (at, width.min(self.k - at))).collect();
        for (tile, &(first, count)) in tiles.iter().enumerate() {
            let rows = &mut worker.rows[..count * d];
            for (row, into) in rows.chunks_exact_mut(d).enumerate() {
                self.patterns.row(kernels, first + row, into);
            }
            kernels.pack(Shape::Lanes(MOST_VECTORS), rows, d, &mut worker.packed[tile]);
            worker.of_query[tile].fill(T::NEG_INFINITY);
        }
        for first in (start..self.k).step_by(TILE) {
            watch.check()?;
            let rows = TILE.min(self.k - first);
            let patterns = self.patterns.tile(kernels, (first, rows), d, &mut worker.widened);
            worker.of_row.fill(T::NEG_INFINITY);
            for (tile, &(query, count)) in tiles.iter().enumerate() {
                let scores = &mut worker.scores;
                kernels.score(Shape::Lanes(MOST_VECTORS), self.comparison, patterns, d, &worker.packed[tile], scores);
                // A pattern is no other pattern, and lanes without a query score nothing.
                for own in query.max(first)..(query + count).min(first + rows) {
                    let score = &mut scores[(own - first) * width + own - query];
                    found.own[own] = *score;
                    *score = T::NEG_INFINITY;
                }
                if count < width {
                    scores[..rows * width].chunks_exact_mut(width).for_each(|row| row[count..].fill(T::NEG_INFINITY));
                }
                kernels.greatest(MOST_VECTORS, scores, rows, &mut worker.of_query[tile], &mut worker.of_row);
            }
            for (row, parts) in worker.of_row.chunks_exact(kernels.lanes()).enumerate().take(rows) {
                for &part in parts {
                    raise(&mut found.other[first + row], part);
                }
            }
        }
        for (&(first, count), greatest) in tiles.iter().zip(&worker.of_query) {
            for (lane, &score) in greatest[..count].iter().enumerate() {
                raise(&mut found.other[first + lane], score);
            }
        }
        Ok(())
    }
}
