//! Associations whose weights have true zeros: sparsemax and entmax, row by row of all scores of a query.
//!
//! With `p` the weights and `s = p^(2−α)` where they are positive, a gradient comes back as
//!
//! ```text
//! dz_μ = s_μ (dp_μ − Σ s dp / Σ s)
//! ```
//!
//! (Peters, Niculae & Martins 2019), which touches nothing but the patterns with weight. A thread holds the scores of
//! [`MOST_FEW`] queries; on the way back, what the weighted patterns get from a few times as many may wait for its turn.
//!
//! Not here: where the threshold comes from, which is the separation's of the modern network.

use super::association::{Answers, Association, Batch, Problem};
use super::gradient::{Pulled, Stored, dot};
use super::masks::place;
use super::matrix::workers;
use crate::error::{Result, area, try_vec};
use crate::kernel::aligned::Aligned;
use crate::kernel::compare::Comparison;
use crate::kernel::narrow::Entries;
use crate::kernel::real::Real;
use crate::kernel::{Kernels, MOST_FEW, Shape, TILE};
use crate::modern;
use crate::par::{Ordered, Par};

/// The weights of some queries over all stored patterns of their set, and of the null pattern behind them.
struct WeightRows<T> {
    length: usize,
    weights: Vec<T>,
    /// By which dropout scales each of them.
    kept: Option<Vec<T>>,
    conjugates: [f64; MOST_FEW],
}

impl<T: Real> WeightRows<T> {
    fn row(&self, query: usize) -> &[T] {
        &self.weights[query * self.length..][..self.length]
    }

    fn kept(&self, query: usize, stored: usize) -> T {
        self.kept.as_ref().map_or(T::ONE, |kept| kept[query * self.length + stored])
    }
}

impl<T: Real> Association<'_, T> {
    /// As [`Association::read`].
    pub(super) fn read_sparse(&self, alpha: f64, batch: &Batch<T>, par: Par) -> Result<Answers<T>> {
        let (columns, kernels) = (self.values.width, Kernels::in_use());
        let mut answers = Answers::zeros(batch.ids.len(), columns)?;
        let mut pieces = Vec::new();
        let mut means = &mut answers.means[..];
        let mut others = answers.nulls.iter_mut().zip(&mut answers.masses).zip(&mut answers.conjugates);
        for problem in batch.problems {
            for from in problem.queries.clone().step_by(MOST_FEW) {
                let count = MOST_FEW.min(problem.queries.end - from);
                let (mine, rest) = means.split_at_mut(count * columns);
                let mine = mine.chunks_exact_mut(columns).zip(others.by_ref().take(count)).collect::<Vec<_>>();
                pieces.push((problem, from, mine));
                means = rest;
            }
        }
        par.each(
            workers(self.work(batch), par),
            pieces.into_iter(),
            || Ok(()),
            |watch, (), (problem, from, places)| {
                let rows = self.weight_rows(alpha, batch, problem, (from, places.len()), || watch.check())?;
                let (values, stored) = (self.values_of(problem), self.sets[problem.set].len());
                for (query, (mean, ((null, mass), conjugate))) in places.into_iter().enumerate() {
                    let (support, mut weights) = supported(&rows.row(query)[..stored]);
                    *null = rows.row(query).get(stored).copied().unwrap_or_default();
                    *mass = if support.is_empty() { T::ZERO } else { T::ONE.minus(*null) };
                    *conjugate = rows.conjugates[query];
                    for (weight, &at) in weights.iter_mut().zip(&support) {
                        *weight = weight.times(rows.kept(query, at));
                    }
                    if !support.is_empty() {
                        kernels.gather(values, columns, &support, &weights, mean);
                    }
                }
                Ok(())
            },
        )?;
        Ok(answers)
    }

    /// As [`Association::pull`]. What queries add to the gradients of stored patterns is added in their order.
    pub(super) fn pull_sparse(
        &self,
        alpha: f64,
        batch: &Batch<T>,
        (gradient, of_masses): (&[T], Option<&[T]>),
        stored: Option<Stored<T>>,
        par: Par,
    ) -> Result<Pulled<T>> {
        let (d, columns, kernels) = (self.keys.width, self.values.width, Kernels::in_use());
        let mut queries = try_vec(area(batch.ids.len(), d, "gradients")?, T::ZERO, "gradients")?;
        let mut nulls = try_vec(batch.ids.len(), T::ZERO, "gradients")?;
        let (mut later_queries, mut later_nulls) = (&mut queries[..], &mut nulls[..]);
        let (mut pieces, mut first) = (Vec::new(), 0);
        for problem in batch.problems {
            for from in problem.queries.clone().step_by(MOST_FEW) {
                let count = MOST_FEW.min(problem.queries.end - from);
                let of_queries = later_queries.split_off_mut(..count * d).unwrap_or_default();
                let of_nulls = later_nulls.split_off_mut(..count).unwrap_or_default();
                pieces.push((problem, first, from, of_queries, of_nulls));
            }
            first += self.sets[problem.set].len();
        }
        let merged = stored.map(|stored| Ordered::new(stored, 4 * par.threads()));
        par.each(
            workers(self.work(batch), par),
            pieces.into_iter().enumerate(),
            || Ok(()),
            |watch, (), (number, (problem, first, from, of_queries, of_nulls))| {
                let rows = self.weight_rows(alpha, batch, problem, (from, of_nulls.len()), || watch.check())?;
                let (keys, values) = (self.keys_of(problem), self.values_of(problem));
                let mut added = Vec::new();
                for (query, (of_query, of_null)) in of_queries.chunks_exact_mut(d).zip(of_nulls).enumerate() {
                    let asked = &gradient[(from + query) * columns..][..columns];
                    let of_mass: f64 = of_masses.map_or(0.0, |of_masses| of_masses[from + query].into());
                    let (support, mut weights) = supported(&rows.row(query)[..self.sets[problem.set].len()]);
                    let of_weights = support.iter().map(|&row| {
                        let kept: f64 = rows.kept(query, row).into();
                        kept * dot(asked, &values[row * columns..]) + of_mass
                    });
                    let null = rows.row(query).get(self.sets[problem.set].len()).copied().unwrap_or_default();
                    let (of_scores, of_null_score) = slopes(alpha, &weights, of_weights.collect(), null);
                    *of_null = of_null_score;
                    if !support.is_empty() {
                        kernels.gather(keys, d, &support, &of_scores, of_query);
                    }
                    if merged.is_some() {
                        for (weight, &row) in weights.iter_mut().zip(&support) {
                            *weight = weight.times(rows.kept(query, row));
                        }
                        added.push(Added { query: from + query, first, support, of_scores, weights });
                    }
                }
                if let Some(merged) = &merged {
                    let merge = |stored: &mut Stored<T>, _, added: &Vec<Added<T>>| {
                        for added in added {
                            let asks = &batch.queries[added.query * d..][..d];
                            added.join(stored, asks, &gradient[added.query * columns..][..columns]);
                        }
                    };
                    merged.deliver(number, added, watch, merge, || Ok(Vec::new()))?;
                }
                Ok(())
            },
        )?;
        Ok(Pulled { queries, nulls })
    }

    /// As [`Association::weights`].
    pub(super) fn sparse_weights(
        &self,
        alpha: f64,
        batch: &Batch<T>,
        par: Par,
        mut each: impl FnMut(usize, usize, &[T]),
    ) -> Result<()> {
        for problem in batch.problems {
            let length = self.sets[problem.set].len();
            for from in problem.queries.clone().step_by(MOST_FEW) {
                let count = MOST_FEW.min(problem.queries.end - from);
                let rows = self.weight_rows(alpha, batch, problem, (from, count), || par.check())?;
                for query in 0..count {
                    each(from + query, 0, &rows.row(query)[..length]);
                }
            }
        }
        Ok(())
    }

    /// The weights of `count` queries of a problem, at most [`MOST_FEW`], from query `from` of the batch on.
    fn weight_rows(
        &self,
        alpha: f64,
        batch: &Batch<T>,
        problem: &Problem,
        (from, count): (usize, usize),
        check: impl Fn() -> Result<()>,
    ) -> Result<WeightRows<T>> {
        let (kernels, d, shape) = (Kernels::in_use(), self.keys.width, Shape::Rows(count));
        let (keys, stored) = (self.keys_of(problem), self.sets[problem.set].len());
        let ids = &batch.ids[from..][..count];
        let length = stored + usize::from(batch.null.is_some());
        let mut scores = try_vec(count * length, T::ZERO, "scores")?;
        let mut weights = try_vec(count * length, T::ZERO, "weights")?;
        let mut kept = self.dropout.map(|_| try_vec(count * length, T::ONE, "kept weights")).transpose()?;
        let mut tile = Aligned::new(kernels.scores_len(shape), T::ZERO, "scores")?;
        let queries = &batch.queries[from * d..][..count * d];
        for first in (0..stored).step_by(TILE) {
            check()?;
            let rows = TILE.min(stored - first);
            let patterns = Entries::Wide(&keys[first * d..][..rows * d]);
            kernels.score(shape, Comparison::Product, patterns, d, queries, &mut tile);
            self.masks.apply(kernels, shape, &mut tile, (first, rows), ids);
            for query in 0..count {
                let from = place(kernels, shape, 0, query);
                scores[query * length + first..][..rows].copy_from_slice(&tile[from..][..rows]);
            }
            if let (Some(dropout), Some(kept)) = (self.dropout, &mut kept) {
                tile.fill(T::ONE);
                dropout.thin(kernels, self.masks.places, shape, &mut tile, first..first + rows, ids);
                for query in 0..count {
                    let from = place(kernels, shape, 0, query);
                    kept[query * length + first..][..rows].copy_from_slice(&tile[from..][..rows]);
                }
            }
        }
        let mut conjugates = [f64::NEG_INFINITY; MOST_FEW];
        for query in 0..count {
            check()?;
            if let Some(null) = batch.null {
                scores[query * length + stored] = null[from + query];
            }
            let row = query * length..(query + 1) * length;
            let separation = modern::Separation::Entmax { alpha };
            conjugates[query] = separation.weights(&scores[row.clone()], 1.0, &mut weights[row]);
        }
        Ok(WeightRows { length, weights, kept, conjugates })
    }
}

/// What a query adds to the gradients of the stored patterns that have weight for it.
struct Added<T> {
    query: usize,
    /// The row of the gradients where those of its problem begin.
    first: usize,
    /// Stored patterns of the problem, with the gradients of their scores and the weights that were read by.
    support: Vec<usize>,
    of_scores: Vec<T>,
    weights: Vec<T>,
}

impl<T: Real> Added<T> {
    /// Adds the query times the scores' gradients to the keys', and the readout's gradient times the weights to the values'.
    fn join(&self, stored: &mut Stored<T>, asks: &[T], asked: &[T]) {
        for ((&row, &of_score), &weight) in self.support.iter().zip(&self.of_scores).zip(&self.weights) {
            let row = self.first + row;
            add_times(&mut stored.keys.data[row * asks.len()..][..asks.len()], asks, of_score);
            let into = stored.values.as_deref_mut().unwrap_or(stored.keys);
            add_times(&mut into.data[row * asked.len()..][..asked.len()], asked, weight);
        }
    }
}

/// The gradients of the scores of patterns with these weights, given those of the weights; and of the null pattern's.
fn slopes<T: Real>(alpha: f64, weights: &[T], of_weights: Vec<f64>, null: T) -> (Vec<T>, T) {
    let slope = |weight: T| libm::pow(weight.into(), 2.0 - alpha);
    let slopes: Vec<f64> = weights.iter().map(|&weight| slope(weight)).collect();
    let null_slope = if null > T::ZERO { slope(null) } else { 0.0 };
    let total = slopes.iter().sum::<f64>() + null_slope;
    let along = of_weights.iter().zip(&slopes).map(|(of_weight, slope)| of_weight * slope);
    let mean = if total > 0.0 { along.sum::<f64>() / total } else { 0.0 };
    let of_scores = of_weights.iter().zip(&slopes).map(|(of_weight, slope)| T::from_f64(slope * (of_weight - mean)));
    (of_scores.collect(), T::from_f64(-null_slope * mean))
}

/// The patterns with weight, and their weights.
fn supported<T: Real>(weights: &[T]) -> (Vec<usize>, Vec<T>) {
    weights.iter().copied().enumerate().filter(|&(_, weight)| weight > T::ZERO).unzip()
}

/// `into += factor · more`.
fn add_times<T: Real>(into: &mut [T], more: &[T], factor: T) {
    for (into, &more) in into.iter_mut().zip(more) {
        *into = into.plus(more.times(factor));
    }
}
