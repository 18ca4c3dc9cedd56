//! The gradient of an association: with `p` the weights, `o = Σ p v` and the loss's gradient `g` with respect to `o`,
//!
//! ```text
//! dp_μ = g·v_μ      dz_μ = p_μ (dp_μ − g·o)      dq = Σ dz_μ k_μ      dk_μ = dz_μ q      dv_μ = p_μ g
//! ```
//!
//! Tiles of weights are computed again from the queries and their normalizers, so nothing of queries × patterns is kept.
//! Threads take chunks of stored patterns and have all queries of the problem look into them: gradients of keys and values
//! belong to one thread each, those of the queries are added in the order of the chunks. Sums over queries go in blocks of
//! 48 on every instruction set.
//!
//! Not here: β, which the queries carry, and separations other than softmax (`sparse`).

use super::association::{Answers, Association, Batch, Problem};
use super::matrix::{Blocks, add, per_row, tile, workers};
use super::parameters::Separation;
use crate::error::{Result, area, try_vec};
use crate::kernel::aligned::Aligned;
use crate::kernel::compare::Comparison;
use crate::kernel::narrow::Entries;
use crate::kernel::readout::scale;
use crate::kernel::real::Real;
use crate::kernel::{CHUNK, Kernels, MOST_VECTORS, Shape, TILE, WIDEST};
use crate::modern::query_tiles::{QueryTile, plan};
use crate::par::{Ordered, Par, Watch};

/// Where gradients of stored patterns are added: one block for each head of the problems.
pub(super) struct Stored<'a, T> {
    pub(super) keys: &'a mut Blocks<T>,
    /// None where the values are the keys.
    pub(super) values: Option<&'a mut Blocks<T>>,
}

/// Gradients that belong to queries.
pub(super) struct Pulled<T> {
    /// With respect to the queries as they came, β included.
    pub(super) queries: Vec<T>,
    /// With respect to the scores of null patterns.
    pub(super) nulls: Vec<T>,
}

/// A chunk of a problem's stored patterns, and the places of their gradients; empty ones are not wanted.
struct Chunk<'a, T> {
    problem: &'a Problem,
    first: usize,
    rows: usize,
    keys: &'a mut [T],
    values: Option<&'a mut [T]>,
}

/// The gradient of the queries of problem `problem` from one chunk.
struct Part<T> {
    problem: usize,
    queries: Vec<T>,
}

impl<T: Real> Association<'_, T> {
    /// Pulls the gradient of the readouts back: to the queries, and into `stored` where it is given. A gradient with
    /// respect to the sum of each query's weights, null pattern aside, may come with it.
    ///
    /// The problems come head by head, each with the sets in order.
    pub(super) fn pull(
        &self,
        batch: &Batch<T>,
        answers: &Answers<T>,
        (gradient, of_masses): (&[T], Option<&[T]>),
        stored: Option<Stored<T>>,
        par: Par,
    ) -> Result<Pulled<T>> {
        let (d, columns) = (self.keys.width, self.values.width);
        if let Separation::Entmax { alpha } = self.separation {
            return self.pull_sparse(alpha, batch, (gradient, of_masses), stored, par);
        }
        let mut along = try_vec(batch.ids.len(), T::ZERO, "slopes")?;
        let mut nulls = try_vec(batch.ids.len(), T::ZERO, "slopes")?;
        let mean_slopes =
            per_row(gradient, columns, par, |query, gradient| dot(gradient, &answers.means[query * columns..]))?;
        for (query, mean_slope) in mean_slopes.into_iter().enumerate() {
            let of_mass = of_masses.map_or(T::ZERO, |of_masses| of_masses[query]);
            let mean_slope = T::from_f64(mean_slope).plus(of_mass.times(answers.masses[query]));
            nulls[query] = T::ZERO.minus(answers.nulls[query].times(mean_slope));
            // A weight's slope is `g·v` plus that of the mass, which cancels but for the null pattern's share.
            along[query] = mean_slope.minus(of_mass);
        }
        let total = try_vec(area(batch.ids.len(), d, "gradients")?, T::ZERO, "gradients")?;
        let merged = Ordered::new(total, 4 * par.threads());
        let known = Known { association: self, batch, answers, gradient, along: &along };
        par.each(
            workers(self.work(batch), par),
            self.chunks(batch, stored).into_iter().enumerate(),
            || Ok((None, Scratch::new()?)),
            |watch, (spare, scratch): &mut (Option<Part<T>>, _), (number, (problem, mut chunk))| {
                let mut part = spare.take().unwrap_or(Part { problem, queries: Vec::new() });
                part.problem = problem;
                part.queries.clear();
                part.queries.append(&mut try_vec(chunk.problem.queries.len() * d, T::ZERO, "gradients")?);
                known.pull_chunk(&mut chunk, &mut part.queries, scratch, watch)?;
                let merge = |total: &mut Vec<T>, _, part: &Part<T>| {
                    add(&mut total[batch.problems[part.problem].queries.start * d..], &part.queries);
                };
                let fresh = || Ok(Part { problem, queries: Vec::new() });
                *spare = Some(merged.deliver(number, part, watch, merge, fresh)?);
                Ok(())
            },
        )?;
        Ok(Pulled { queries: merged.finish(), nulls })
    }

    /// All chunks of all problems, with the number of their problem.
    fn chunks<'b>(&self, batch: &Batch<'b, T>, stored: Option<Stored<'b, T>>) -> Vec<(usize, Chunk<'b, T>)> {
        let (d, columns) = (self.keys.width, self.values.width);
        let (mut keys, mut values) = match stored {
            None => (None, None),
            Some(Stored { keys, values }) => (Some(&mut keys.data[..]), values.map(|values| &mut values.data[..])),
        };
        let mut chunks = Vec::new();
        for (number, problem) in batch.problems.iter().enumerate() {
            let length = self.sets[problem.set].len();
            for first in (0..length).step_by(CHUNK) {
                let rows = CHUNK.min(length - first);
                let keys = keys.as_mut().and_then(|keys| keys.split_off_mut(..rows * d)).unwrap_or_default();
                let values = values.as_mut().and_then(|values| values.split_off_mut(..rows * columns));
                chunks.push((number, Chunk { problem, first, rows, keys, values }));
            }
        }
        chunks
    }
}

/// `left·right` in `f64`, over as many entries as the shorter one has.
pub(super) fn dot<T: Real>(left: &[T], right: &[T]) -> f64 {
    let products = left.iter().zip(right).map(|(&left, &right)| {
        let (left, right): (f64, f64) = (left.into(), right.into());
        left * right
    });
    products.sum()
}

/// What a pull knows before it walks.
struct Known<'a, T: Real> {
    association: &'a Association<'a, T>,
    batch: &'a Batch<'a, T>,
    answers: &'a Answers<T>,
    gradient: &'a [T],
    along: &'a [T],
}

/// Rows with columns in lanes: tiles of columns, each `[rows][lanes]`.
struct InLanes<T> {
    columns: usize,
    tiles: Vec<(usize, usize, usize, Aligned<T>)>,
}

impl<T: Real> InLanes<T> {
    fn new(kernels: &Kernels<T>, rows: &[T], columns: usize) -> Result<Self> {
        let (mut tiles, mut column) = (Vec::new(), 0);
        while column < columns {
            let (vectors, taken) = tile(columns - column, kernels.lanes());
            let lanes = vectors * kernels.lanes();
            let mut packed = Aligned::new(rows.len() / columns * lanes, T::ZERO, "packed rows")?;
            for (packed, row) in packed.chunks_exact_mut(lanes).zip(rows.chunks_exact(columns)) {
                packed[..taken].copy_from_slice(&row[column..column + taken]);
            }
            tiles.push((column, vectors, taken, packed));
            column += taken;
        }
        Ok(Self { columns, tiles })
    }

    /// Adds `weights · rows` to `into`: one row of `count` weights a row of `into`.
    fn add_weighed(&self, kernels: &Kernels<T>, weights: &[T], count: usize, products: &mut [T], into: &mut [T]) {
        for (column, vectors, taken, packed) in &self.tiles {
            kernels.score(Shape::Lanes(*vectors), Comparison::Product, Entries::Wide(weights), count, packed, products);
            let products = products.chunks_exact(vectors * kernels.lanes());
            for (into, products) in into.chunks_exact_mut(self.columns).zip(products) {
                add(&mut into[*column..column + taken], products);
            }
        }
    }
}

/// A tile of queries with all that goes with it, lane by lane.
struct Looking<T> {
    tile: QueryTile,
    queries: Aligned<T>,
    gradient: Aligned<T>,
    maximum: Vec<T>,
    /// One over the sum of weights; zero where there is none.
    share: Vec<T>,
    along: Vec<T>,
    /// Of the gradient with respect to the queries.
    acc: Aligned<T>,
}

/// What a thread works in.
struct Scratch<T> {
    weights: Aligned<T>,
    slopes: Aligned<T>,
    kept: Aligned<T>,
    /// `[rows][queries of the block]`.
    weights_by_row: Vec<T>,
    slopes_by_row: Vec<T>,
    products: Aligned<T>,
}

impl<T: Real> Scratch<T> {
    fn new() -> Result<Self> {
        let tile_len = TILE * WIDEST.max(MOST_VECTORS * Kernels::<T>::in_use().lanes());
        Ok(Self {
            weights: Aligned::new(tile_len, T::ZERO, "weights")?,
            slopes: Aligned::new(tile_len, T::ZERO, "slopes")?,
            kept: Aligned::new(tile_len, T::ZERO, "kept weights")?,
            weights_by_row: try_vec(TILE * WIDEST, T::ZERO, "weights")?,
            slopes_by_row: try_vec(TILE * WIDEST, T::ZERO, "slopes")?,
            products: Aligned::new(tile_len, T::ZERO, "products")?,
        })
    }
}

impl<T: Real> Known<'_, T> {
    fn pull_chunk(
        &self,
        chunk: &mut Chunk<T>,
        of_queries: &mut [T],
        scratch: &mut Scratch<T>,
        watch: &Watch,
    ) -> Result<()> {
        let kernels = Kernels::in_use();
        let (d, columns) = (self.association.keys.width, self.association.values.width);
        let queries = chunk.problem.queries.clone();
        for first in queries.clone().step_by(WIDEST) {
            let last = queries.end.min(first + WIDEST);
            let mut looking = self.looking(kernels, first, last - first)?;
            let of_keys = (!chunk.keys.is_empty())
                .then(|| InLanes::new(kernels, &self.batch.queries[first * d..last * d], d))
                .transpose()?;
            let of_values = (!chunk.keys.is_empty())
                .then(|| InLanes::new(kernels, &self.gradient[first * columns..last * columns], columns))
                .transpose()?;
            for row in (0..chunk.rows).step_by(TILE) {
                watch.check()?;
                let rows = TILE.min(chunk.rows - row);
                self.slopes(kernels, chunk, (row, rows), &mut looking, (first, last - first), scratch);
                let Scratch { weights_by_row, slopes_by_row, products, .. } = scratch;
                let len = rows * (last - first);
                if let (Some(of_keys), Some(of_values)) = (&of_keys, &of_values) {
                    let keys = &mut chunk.keys[row * d..][..rows * d];
                    of_keys.add_weighed(kernels, &slopes_by_row[..len], last - first, products, keys);
                    let values = match &mut chunk.values {
                        Some(values) => &mut values[row * columns..][..rows * columns],
                        None => keys,
                    };
                    of_values.add_weighed(kernels, &weights_by_row[..len], last - first, products, values);
                }
            }
            for looking in &looking {
                let at = first - queries.start + looking.tile.first;
                let into = &mut of_queries[at * d..][..looking.tile.count * d];
                kernels.unpack(looking.tile.shape, &looking.acc, d, into);
            }
        }
        Ok(())
    }

    /// A block of queries in tiles.
    fn looking(&self, kernels: &Kernels<T>, first: usize, count: usize) -> Result<Vec<Looking<T>>> {
        let (d, columns) = (self.association.keys.width, self.association.values.width);
        plan(count, kernels.lanes())
            .into_iter()
            .map(|tile| {
                let (at, width) = (first + tile.first, kernels.width(tile.shape));
                let packed = |rows: &[T], columns: usize| -> Result<Aligned<T>> {
                    let mut packed = Aligned::new(width * columns, T::ZERO, "packed queries")?;
                    kernels.pack(tile.shape, &rows[at * columns..][..tile.count * columns], columns, &mut packed);
                    Ok(packed)
                };
                let normalizers = &self.answers.normalizers[at..][..tile.count];
                let mut looking = Looking {
                    tile,
                    queries: packed(self.batch.queries, d)?,
                    gradient: packed(self.gradient, columns)?,
                    maximum: try_vec(width, T::NEG_INFINITY, "maxima")?,
                    share: try_vec(width, T::ZERO, "shares")?,
                    along: try_vec(width, T::ZERO, "slopes")?,
                    acc: Aligned::new(width * d, T::ZERO, "gradients")?,
                };
                for (lane, normalizer) in normalizers.iter().enumerate() {
                    looking.maximum[lane] = normalizer.maximum;
                    if normalizer.sum > T::ZERO {
                        looking.share[lane] = T::ONE.over(normalizer.sum);
                    }
                }
                looking.along[..tile.count].copy_from_slice(&self.along[at..][..tile.count]);
                Ok(looking)
            })
            .collect()
    }

    /// Weights and slopes `dz` of a tile of stored patterns for a block of queries, by row; and their share in the
    /// gradient of the queries.
    fn slopes(
        &self,
        kernels: &Kernels<T>,
        chunk: &Chunk<T>,
        (row, rows): (usize, usize),
        block: &mut [Looking<T>],
        (first_query, queries): (usize, usize),
        scratch: &mut Scratch<T>,
    ) {
        let association = self.association;
        let (d, columns) = (association.keys.width, association.values.width);
        let first = chunk.first + row;
        let keys = Entries::Wide(&association.keys_of(chunk.problem)[first * d..][..rows * d]);
        let values = Entries::Wide(&association.values_of(chunk.problem)[first * columns..][..rows * columns]);
        let Scratch { weights, slopes, kept, weights_by_row, slopes_by_row, .. } = scratch;
        let mut sums = [T::ZERO; WIDEST];
        let mut factors = [T::ZERO; WIDEST];
        let ones = [T::ONE; WIDEST];
        for looking in block {
            let (shape, width) = (looking.tile.shape, kernels.width(looking.tile.shape));
            let ids = &self.batch.ids[first_query + looking.tile.first..][..looking.tile.count];
            kernels.score(shape, Comparison::Product, keys, d, &looking.queries, weights);
            association.masks.apply(kernels, shape, weights, (first, rows), ids);
            let places = [&mut looking.maximum[..], &mut sums[..width], &mut factors[..width]];
            kernels.fold(shape, weights, rows, scale(1.0), places);
            kernels.score(shape, Comparison::Product, values, columns, &looking.gradient, slopes);
            if let Some(dropout) = association.dropout {
                kept.fill(T::ONE);
                dropout.thin(kernels, association.masks.places, shape, kept, first..first + rows, ids);
                multiply(slopes, kept);
            }
            spread(shape, weights, slopes, (rows, width), &looking.share, &looking.along);
            kernels.read(shape, keys, d, slopes, &mut looking.acc, &ones[..width]);
            if association.dropout.is_some() {
                multiply(weights, kept);
            }
            let (lane, count) = (looking.tile.first, looking.tile.count);
            by_row(shape, weights, (rows, width), weights_by_row, (queries, lane, count));
            by_row(shape, slopes, (rows, width), slopes_by_row, (queries, lane, count));
        }
    }
}

fn multiply<T: Real>(into: &mut [T], factors: &[T]) {
    for (into, &factor) in into.iter_mut().zip(factors) {
        *into = into.times(factor);
    }
}

/// Turns unnormalised weights into `p` and `dp` into `p (dp − g·o)`.
fn spread<T: Real>(
    shape: Shape,
    weights: &mut [T],
    slopes: &mut [T],
    (rows, width): (usize, usize),
    share: &[T],
    along: &[T],
) {
    match shape {
        Shape::Lanes(_) => {
            let tiles = weights.chunks_exact_mut(width).zip(slopes.chunks_exact_mut(width));
            for (weights, slopes) in tiles.take(rows) {
                for lane in 0..width {
                    weights[lane] = weights[lane].times(share[lane]);
                    slopes[lane] = weights[lane].times(slopes[lane].minus(along[lane]));
                }
            }
        }
        Shape::Rows(_) => {
            let tiles = weights.chunks_exact_mut(TILE).zip(slopes.chunks_exact_mut(TILE));
            for (query, (weights, slopes)) in tiles.take(width).enumerate() {
                for (weight, slope) in weights[..rows].iter_mut().zip(slopes) {
                    *weight = weight.times(share[query]);
                    *slope = weight.times(slope.minus(along[query]));
                }
            }
        }
    }
}

/// Copies a tile into rows of `queries` entries, from entry `lane` on.
fn by_row<T: Real>(
    shape: Shape,
    tile: &[T],
    (rows, width): (usize, usize),
    into: &mut [T],
    (queries, lane, count): (usize, usize, usize),
) {
    match shape {
        Shape::Lanes(_) => {
            let into = into.chunks_exact_mut(queries).take(rows);
            for (into, tile) in into.zip(tile.chunks_exact(width)) {
                into[lane..lane + count].copy_from_slice(&tile[..count]);
            }
        }
        Shape::Rows(_) => {
            for query in 0..count {
                for row in 0..rows {
                    into[row * queries + lane + query] = tile[query * TILE + row];
                }
            }
        }
    }
}
