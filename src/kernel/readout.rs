//! The partial result of a softmax readout over some of the patterns, which merges with others.
//!
//! For each query of a tile it holds the integer maximum exponent, the sum of weights, and the weighted sum of values;
//! `(−∞, 0, 0)` is the identity. With no columns it is the pass over scores alone, whose maximum and sum give the
//! log-sum-exp; it can also keep the best match. Batches, threads and shards all fold numbered chunks of patterns into
//! readouts and merge those in order.

use super::aligned::Aligned;
use super::compare::Comparison;
use super::narrow::Entries;
use super::powers::{exponent, scale_to};
use super::real::Real;
use super::{CHUNK, GROUP, Kernels, Shape, WIDEST};
use crate::error::{Result, try_vec};

/// Partial results for one tile of queries.
pub(crate) struct Readout<T: Real> {
    kernels: &'static Kernels<T>,
    shape: Shape,
    columns: usize,
    maximum: Aligned<T>,
    sum: Aligned<T>,
    acc: Aligned<T>,
    factor: Aligned<T>,
    best: Option<Best<T>>,
}

/// The best match so far: the greatest score and its pattern.
#[derive(Clone)]
struct Best<T> {
    score: Vec<T>,
    index: Vec<usize>,
}

/// What is folded into a readout: a tile of patterns and all that goes with it.
pub(crate) struct TileOfPatterns<'a, T> {
    /// The index of the first pattern.
    pub(crate) first: usize,
    /// The patterns, rows of `d` entries.
    pub(crate) patterns: Entries<'a, T>,
    /// Entries of a pattern.
    pub(crate) d: usize,
    /// The values, rows of as many entries as the readout has columns.
    pub(crate) values: Entries<'a, T>,
    /// Which scores.
    pub(crate) comparison: Comparison<'a>,
    /// What they weigh.
    pub(crate) weighing: Weighing<T>,
}

/// How scores become weights that one walk can add up.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Weighing<T> {
    /// `e^{β s}`: β·log₂e in two words.
    Exponential([T; 2]),
    /// `relu(s)^degree`. The integer maximum is then the degree times the exponent of the largest score.
    Power(u32),
}

impl<T: Real> Readout<T> {
    /// The identity for a tile of queries; `columns` entries of values are read out, none for scores alone.
    pub(crate) fn new(kernels: &'static Kernels<T>, shape: Shape, columns: usize, with_best: bool) -> Result<Self> {
        let width = kernels.width(shape);
        let best = || -> Result<Best<T>> {
            Ok(Best {
                score: try_vec(width, T::NEG_INFINITY, "best scores")?,
                index: try_vec(width, 0, "best matches")?,
            })
        };
        Ok(Self {
            kernels,
            shape,
            columns,
            maximum: Aligned::new(width, T::NEG_INFINITY, "a readout")?,
            sum: Aligned::new(width, T::ZERO, "a readout")?,
            acc: Aligned::new(width * columns, T::ZERO, "a readout")?,
            factor: Aligned::new(width, T::ZERO, "a readout")?,
            best: if with_best { Some(best()?) } else { None },
        })
    }

    /// Becomes the identity again.
    pub(crate) fn reset(&mut self) {
        self.maximum.fill(T::NEG_INFINITY);
        self.sum.fill(T::ZERO);
        self.acc.fill(T::ZERO);
        if let Some(best) = &mut self.best {
            best.score.fill(T::NEG_INFINITY);
        }
    }

    /// Folds a tile of patterns in. `mask` may put −∞ over scores.
    pub(crate) fn fold(
        &mut self,
        tile: &TileOfPatterns<T>,
        queries: &[T],
        scores: &mut [T],
        mask: impl FnOnce(Shape, &mut [T]),
    ) {
        self.fold_thinned(tile, queries, scores, mask, |_, _| ());
    }

    /// The same, with weights that `thin` may scale after they count in the sum and before the values are read.
    pub(crate) fn fold_thinned(
        &mut self,
        tile: &TileOfPatterns<T>,
        queries: &[T],
        scores: &mut [T],
        mask: impl FnOnce(Shape, &mut [T]),
        thin: impl FnOnce(Shape, &mut [T]),
    ) {
        let (kernels, shape) = (self.kernels, self.shape);
        let rows = tile.patterns.len() / tile.d;
        kernels.score(shape, tile.comparison, tile.patterns, tile.d, queries, scores);
        mask(shape, scores);
        if let Some(best) = &mut self.best {
            let mut score = [T::ZERO; WIDEST];
            let mut row = [T::ZERO; WIDEST];
            let width = kernels.width(shape);
            kernels.best(shape, scores, rows, &mut score[..width], &mut row[..width]);
            for query in 0..width {
                if score[query] > best.score[query] {
                    best.score[query] = score[query];
                    let row: f64 = row[query].into();
                    best.index[query] = tile.first + row as usize;
                }
            }
        }
        match tile.weighing {
            Weighing::Exponential(scale) => {
                kernels.fold(shape, scores, rows, scale, [&mut self.maximum, &mut self.sum, &mut self.factor]);
            }
            Weighing::Power(degree) => self.fold_powers(scores, rows, degree),
        }
        if self.columns > 0 {
            thin(shape, scores);
            kernels.read(shape, tile.values, self.columns, scores, &mut self.acc, &self.factor);
        }
    }

    /// Turns scores into powers under the new integer maximum, and folds maximum and sum.
    fn fold_powers(&mut self, scores: &mut [T], rows: usize, degree: u32) {
        let width = self.maximum.len();
        let (mut tops, mut sums) = ([T::ZERO; WIDEST], [T::ZERO; WIDEST]);
        let (tops, sums) = (&mut tops[..width], &mut sums[..width]);
        self.kernels.tops(self.shape, scores, rows, tops);
        for (query, top) in tops.iter_mut().enumerate() {
            let old = self.maximum[query];
            let of_top = exponent(*top).map_or(T::NEG_INFINITY, |exponent| power_maximum(exponent, degree));
            let new = if of_top > old { of_top } else { old };
            self.maximum[query] = new;
            self.factor[query] = old.minus(new).exp2_integer();
            *top = power_scale(new, degree);
        }
        self.kernels.raise(self.shape, scores, rows, (tops, degree), sums);
        for (query, &sum) in sums.iter().enumerate() {
            self.sum[query] = self.sum[query].fused(self.factor[query], sum);
        }
    }

    /// Adds a pattern of nothing with this score for each query, which weighs but is not read out.
    pub(crate) fn join_nothing(&mut self, score_of: impl Fn(usize) -> T, scale: [T; 2]) {
        let width = self.maximum.len();
        for query in 0..width {
            let score = score_of(query);
            let (old, candidate) = (self.maximum[query], score.times(scale[0]).nearest());
            let new = if candidate > old { candidate } else { old };
            let keep = old.minus(new).exp2_integer();
            self.maximum[query] = new;
            self.sum[query] = self.sum[query].fused(keep, weigh(score, scale, new));
            self.factor[query] = keep;
        }
        for column in 0..self.columns {
            for query in 0..width {
                let at = match self.shape {
                    Shape::Lanes(_) => column * width + query,
                    Shape::Rows(_) => query * self.columns + column,
                };
                self.acc[at] = self.acc[at].times(self.factor[query]);
            }
        }
    }

    /// Merges the readout of later patterns in.
    pub(crate) fn merge(&mut self, later: &Self) {
        let width = self.maximum.len();
        let mut keep = [T::ZERO; WIDEST];
        let mut with = [T::ZERO; WIDEST];
        for query in 0..width {
            let (mine, theirs) = (self.maximum[query], later.maximum[query]);
            let top = if theirs > mine { theirs } else { mine };
            keep[query] = mine.minus(top).exp2_integer();
            with[query] = theirs.minus(top).exp2_integer();
            self.maximum[query] = top;
        }
        let (keep, with) = (&keep[..width], &with[..width]);
        self.kernels.blend(self.shape, &mut self.sum, &later.sum, keep, with);
        if self.columns > 0 {
            self.kernels.blend(self.shape, &mut self.acc, &later.acc, keep, with);
        }
        if let (Some(best), Some(later)) = (&mut self.best, &later.best) {
            for query in 0..width {
                if later.score[query] > best.score[query] {
                    best.score[query] = later.score[query];
                    best.index[query] = later.index[query];
                }
            }
        }
    }

    /// Where the weights of a query came from: the integer maximum and the sum relative to it.
    pub(crate) fn normalizer(&self, query: usize) -> Normalizer<T> {
        Normalizer { maximum: self.maximum[query], sum: self.sum[query] }
    }

    /// The best match of a query: its score and its index, if any pattern took part.
    pub(crate) fn best(&self, query: usize) -> Option<(T, usize)> {
        let best = self.best.as_ref()?;
        (best.score[query] > T::NEG_INFINITY).then(|| (best.score[query], best.index[query]))
    }

    /// Writes the weighted means of the values for the first queries, rows of as many entries as there are columns;
    /// zeros where no pattern took part.
    pub(crate) fn means(&self, into: &mut [T]) {
        self.kernels.unpack(self.shape, &self.acc, self.columns, into);
        for (row, &sum) in into.chunks_exact_mut(self.columns).zip(&*self.sum) {
            if sum == T::ZERO {
                row.fill(T::ZERO);
            } else {
                for entry in row {
                    *entry = entry.over(sum);
                }
            }
        }
    }
}

/// What turns a score into a weight that sums to one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Normalizer<T> {
    /// The largest exponent, an integer; −∞ if no pattern took part.
    pub(crate) maximum: T,
    /// The sum of all weights relative to it.
    pub(crate) sum: T,
}

impl<T: Real> Normalizer<T> {
    /// `ln Σ e^{β·score}`; −∞ if no pattern took part.
    pub(crate) fn log_sum_exp(self) -> f64 {
        let (maximum, sum): (f64, f64) = (self.maximum.into(), self.sum.into());
        maximum * std::f64::consts::LN_2 + libm::log(sum)
    }

    /// The weight of a score.
    pub(crate) fn weight(self, score: T, scale: [T; 2]) -> T {
        weigh(score, scale, self.maximum).over(self.sum)
    }
}

/// The integer maximum of powers for the exponent of their largest score.
fn power_maximum<T: Real>(exponent: i32, degree: u32) -> T {
    T::from_f64(f64::from(exponent) * f64::from(degree))
}

/// What scores are multiplied by before they are raised, under an integer maximum; zero if nothing has weight.
pub(crate) fn power_scale<T: Real>(maximum: T, degree: u32) -> T {
    let maximum: f64 = maximum.into();
    if maximum > f64::NEG_INFINITY { scale_to((maximum / f64::from(degree)) as i32) } else { T::ZERO }
}

/// The weight of one score relative to the integer `maximum`: the canonical order's `e_k`, for a single number.
pub(crate) fn weigh<T: Real>(score: T, scale: [T; 2], maximum: T) -> T {
    let integer = score.times(scale[0]).nearest();
    let exponent = integer.minus(maximum);
    if exponent >= T::LOWEST_EXPONENT {
        let fraction = score.fused(scale[1], score.fused(scale[0], T::ZERO.minus(integer)));
        let power = T::EXP2[1..].iter().fold(T::EXP2[0], |power, &next| power.fused(fraction, next));
        power.times(exponent.exp2_integer())
    } else {
        T::ZERO
    }
}

/// `β·log₂e` in two words of `T`, whose sum carries twice its precision.
pub(crate) fn scale<T: Real>(beta: f64) -> [T; 2] {
    /// What `f64` leaves of log₂e.
    const LOG2_E_LOW: f64 = 2.035_527_374_093_103_3e-17;
    let high = beta * std::f64::consts::LOG2_E;
    let low = beta.mul_add(std::f64::consts::LOG2_E, -high) + beta * LOG2_E_LOW;
    let first = T::from_f64(high);
    [first, T::from_f64((high - first.into()) + low)]
}

/// Patterns folded chunk by chunk in the order of their numbers: the open group, and the total of closed ones.
pub(crate) struct Fold<T: Real> {
    group: Vec<Readout<T>>,
    total: Vec<Readout<T>>,
    chunks: usize,
}

impl<T: Real> Fold<T> {
    /// A fold over `patterns` patterns from the identity, given twice.
    pub(crate) fn new(group: Vec<Readout<T>>, total: Vec<Readout<T>>, patterns: usize) -> Self {
        Self { group, total, chunks: patterns.div_ceil(CHUNK) }
    }

    /// Merges chunk `number`, which must be the next one.
    pub(crate) fn merge(&mut self, number: usize, chunk: &[Readout<T>]) {
        for (group, chunk) in self.group.iter_mut().zip(chunk) {
            group.merge(chunk);
        }
        if (number + 1).is_multiple_of(GROUP) || number + 1 == self.chunks {
            for (total, group) in self.total.iter_mut().zip(&mut self.group) {
                total.merge(group);
                group.reset();
            }
        }
    }

    /// Merges whole groups: `group` holds the chunks of the next one.
    pub(crate) fn merge_group(&mut self, group: &[Readout<T>]) {
        for (total, group) in self.total.iter_mut().zip(group) {
            total.merge(group);
        }
    }

    /// The total, one readout a tile of queries.
    pub(crate) fn total(self) -> Vec<Readout<T>> {
        self.total
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(serde::Deserialize)]
    struct Vectors {
        cases: Vec<Case>,
    }

    #[derive(serde::Deserialize)]
    struct Case {
        x: f64,
        exp: f64,
        rest: f64,
    }

    /// The weight of `score` under β = 1 and the maximum 0: an exponential.
    fn exponential<T: Real>(score: T) -> f64 {
        weigh(score, scale(1.0), T::ZERO).into()
    }

    #[test]
    fn double_weights_are_within_one_and_a_half_units_in_the_last_place() {
        let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/exponential.json"));
        let vectors: Vectors = serde_json::from_str(&text.unwrap()).unwrap();
        assert!(vectors.cases.len() > 300);
        for Case { x, exp, rest } in vectors.cases {
            let unit = (exp.log2().floor() - 52.0).exp2();
            let error = ((exponential(x) - exp) - rest).abs() / unit;
            assert!(error <= 1.5, "exp({x}) is off by {error} units");
        }
        assert_eq!(exponential(-708.5_f64).to_bits(), 0, "no subnormal number appears");
        assert_eq!(exponential(f64::NEG_INFINITY).to_bits(), 0);
    }

    /// The largest error in units in the last place over every `stride`-th number whose weight is not zero.
    fn worst_single(stride: usize) -> f64 {
        // From the smallest number that changes anything to the last before weights become zero.
        let range = 2.0_f32.powi(-30).to_bits()..=87.3_f32.to_bits();
        range.step_by(stride).fold(0.0, |worst, bits| {
            let score = -f32::from_bits(bits);
            let (found, exact) = (exponential(score), f64::from(score).exp());
            if found == 0.0 {
                assert!(exact < 2.0_f64.powf(-124.4), "exp({score}) vanishes too early");
                return worst;
            }
            worst.max((found - exact).abs() / (exact.log2().floor() - 23.0).exp2())
        })
    }

    #[test]
    fn single_weights_are_within_one_unit_in_the_last_place() {
        assert!(worst_single(997) <= 1.02);
        assert_eq!(exponential(-87.4_f32).to_bits(), 0, "no subnormal number appears");
        assert_eq!(exponential(f32::NEG_INFINITY).to_bits(), 0);
    }

    #[test]
    #[ignore = "every float32: some ten seconds; `cargo test -- --ignored` runs it"]
    fn every_single_weight_is_within_one_unit_in_the_last_place() {
        let worst = worst_single(1);
        println!("exp is off by {worst:.4} units in the last place at most");
        assert!(worst <= 1.02);
    }
}
