//! Separations that give weight to few patterns: which ones, and how much.
//!
//! All of them look at the largest score and cut: entmax at a threshold below it, `top_k` behind the largest ones, `max`
//! at once, Epanechnikov's kernel at the edge of its ball. What is below the cut has no part in any result, so that
//! any candidates among which all patterns with weight are give the same bits: those of a whole row, or the few that a walk
//! over the memory kept. Everything here is `f64`, in the order of the patterns; a score that is no number, and the −∞
//! of a masked pattern, is no candidate.

// Equal scores are equal: ties are part of what is computed. α of 1.5 and 2 and their powers are exact numbers.
#![allow(clippy::float_cmp)]

use super::association::descending;
use super::threshold::{bound, threshold, to_the};
use crate::kernel::real::Real;

/// Where a separation cuts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Rule {
    /// `[(α − 1) z − τ]_+^{1/(α−1)}`.
    Entmax(f64),
    /// Softmax over so many of the largest scores; of equal ones those of the lowest index.
    Largest(usize),
    /// The largest scores alone.
    Max,
    /// All scores with `z ≥ −1`, alike.
    Ball {
        /// What is added to the sum in the energy.
        epsilon: f64,
    },
}

/// A rule and its inverse temperature.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cutting {
    pub(super) rule: Rule,
    pub(super) beta: f64,
}

/// Where one query's scores are cut. With a sum of zero nothing has weight.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cut {
    /// The largest score.
    top: f64,
    /// Entmax: the threshold, in units of `(α − 1) β · score` relative to the largest. `Largest`: the last score that
    /// takes part.
    threshold: f64,
    /// The index that goes with the last score.
    last: usize,
    /// What weights are divided by.
    pub(super) sum: f64,
    /// `Ω*(z)`.
    pub(super) conjugate: f64,
}

/// A pattern that may have weight: its score and its index.
pub(super) type Candidate<T> = (T, usize);

impl Cutting {
    /// The cut of candidates in the order of their indices. `scratch` is a place to work in.
    pub(super) fn cut<T: Real>(&self, candidates: &[Candidate<T>], scratch: &mut Vec<f64>) -> Cut {
        let top = candidates.iter().fold(f64::NEG_INFINITY, |top, &(score, _)| top.max(score.into()));
        let mut cut =
            Cut { top, threshold: f64::NEG_INFINITY, last: usize::MAX, sum: 0.0, conjugate: f64::NEG_INFINITY };
        if let Rule::Ball { epsilon } = self.rule {
            cut.conjugate = libm::log(epsilon);
        }
        if candidates.is_empty() {
            return cut;
        }
        match self.rule {
            Rule::Entmax(alpha) => {
                self.all_below_top(alpha, top, candidates, scratch);
                cut.threshold = threshold(alpha, scratch);
            }
            // Patterns that are no candidates any more lie behind the last one too.
            Rule::Largest(count) if count <= candidates.len() => {
                (cut.threshold, cut.last) = last_of(count, candidates, scratch);
            }
            Rule::Largest(_) | Rule::Max | Rule::Ball { .. } => {}
        }
        let weighed = || candidates.iter().map(|&(score, index)| (score.into(), self.unscaled(&cut, score, index)));
        let sum = weighed().fold(0.0, |sum, (_, weight)| sum + weight);
        let conjugate = match self.rule {
            Rule::Entmax(alpha) => {
                let (mut inside, mut entropy) = (0.0, 0.0);
                for (score, weight) in weighed().filter(|&(_, weight)| weight > 0.0) {
                    let weight = weight / sum;
                    inside += weight * (self.beta * (score - top));
                    entropy += weight - to_the(weight, alpha);
                }
                self.beta * top + (inside + entropy / (alpha * (alpha - 1.0)))
            }
            Rule::Largest(_) => self.beta * top + libm::log(sum),
            Rule::Max => self.beta * top,
            Rule::Ball { epsilon } => {
                let inside = weighed().filter(|&(_, weight)| weight > 0.0);
                libm::log(epsilon + inside.fold(0.0, |sum, (score, _)| sum + (1.0 + self.beta * score)))
            }
        };
        Cut { sum, conjugate, ..cut }
    }

    /// A weight before it is divided by the sum of all.
    fn unscaled<T: Real>(&self, cut: &Cut, score: T, index: usize) -> f64 {
        let score: f64 = score.into();
        match self.rule {
            Rule::Entmax(alpha) => {
                let above = self.below_top(alpha, cut.top, score) - cut.threshold;
                if above > 0.0 { to_the(above, 1.0 / (alpha - 1.0)) } else { 0.0 }
            }
            Rule::Largest(_) => {
                if score > cut.threshold || (score == cut.threshold && index <= cut.last) {
                    libm::exp(self.beta * (score - cut.top))
                } else {
                    0.0
                }
            }
            Rule::Max => f64::from(score == cut.top),
            Rule::Ball { .. } => f64::from(self.beta * score >= -1.0),
        }
    }

    /// The weight of a pattern.
    pub(super) fn weight<T: Real>(&self, cut: &Cut, score: T, index: usize) -> T {
        if cut.sum > 0.0 { T::from_f64(self.unscaled(cut, score, index) / cut.sum) } else { T::ZERO }
    }

    /// `(α − 1) (z − max z)`.
    fn below_top(&self, alpha: f64, top: f64, score: f64) -> f64 {
        ((alpha - 1.0) * self.beta) * (score - top)
    }

    /// The same of all.
    fn all_below_top<T: Real>(&self, alpha: f64, top: f64, candidates: &[Candidate<T>], into: &mut Vec<f64>) {
        into.clear();
        into.extend(candidates.iter().map(|&(score, _)| self.below_top(alpha, top, score.into())));
    }

    /// A score below which nothing has weight once there is one of `top`: rounding is allowed for.
    pub(super) fn floor<T: Real>(&self, top: T) -> T {
        let top: f64 = top.into();
        match self.rule {
            Rule::Entmax(alpha) => self.entmax_floor(alpha, top, -1.0),
            Rule::Largest(_) => T::NEG_INFINITY,
            Rule::Max => lowered(top, top.abs()),
            Rule::Ball { .. } => lowered(-1.0 / self.beta, 1.0 / self.beta),
        }
    }

    /// The score that lies at `threshold`, rounded down.
    fn entmax_floor<T: Real>(&self, alpha: f64, top: f64, threshold: f64) -> T {
        let below = threshold / ((alpha - 1.0) * self.beta);
        lowered(top + below, top.abs() - below)
    }

    /// Drops candidates that cannot have weight, whatever others come, in any order; nothing up to `floor` can. Returns a
    /// floor that holds from now on, if there is one.
    pub(super) fn prune<T: Real>(
        &self,
        floor: T,
        candidates: &mut Vec<Candidate<T>>,
        scratch: &mut Vec<f64>,
    ) -> Option<T> {
        let top = candidates.iter().fold(f64::NEG_INFINITY, |top, &(score, _)| top.max(score.into()));
        match self.rule {
            Rule::Entmax(alpha) => {
                self.all_below_top(alpha, top, candidates, scratch);
                let known = self.below_top(alpha, top, floor.into()).max(-1.0);
                let floor = self.entmax_floor(alpha, top, bound(alpha, known, scratch));
                candidates.retain(|&(score, _)| score > floor);
                Some(floor)
            }
            Rule::Largest(count) => {
                if candidates.len() <= count {
                    return None;
                }
                let (_, &mut (last, _), _) = candidates.select_nth_unstable_by(count - 1, descending);
                candidates.truncate(count);
                Some(last)
            }
            Rule::Max => {
                candidates.retain(|&(score, _)| score.into() >= top);
                None
            }
            Rule::Ball { .. } => None,
        }
    }

    /// `Ω*` of so many scores of zero: how large it can be for scores that are not positive.
    pub(super) fn most(&self, patterns: usize) -> f64 {
        let k = patterns as f64;
        match self.rule {
            Rule::Entmax(alpha) => (1.0 - libm::pow(k, 1.0 - alpha)) / (alpha * (alpha - 1.0)),
            Rule::Largest(count) => libm::log(k.min(count as f64)),
            Rule::Max => 0.0,
            Rule::Ball { epsilon } => libm::log(k + epsilon),
        }
    }
}

/// The last of the `count` largest candidates, which are in the order of their indices: of equal ones the first count.
fn last_of<T: Real>(count: usize, candidates: &[Candidate<T>], scratch: &mut Vec<f64>) -> (f64, usize) {
    scratch.clear();
    scratch.extend(candidates.iter().map(|&(score, _)| score.into()));
    let (larger, &mut last, _) = scratch.select_nth_unstable_by(count - 1, |left, right| right.total_cmp(left));
    let equal = count - larger.iter().filter(|&&score| score > last).count();
    let mut equals = candidates.iter().filter(|&&(score, _)| score.into() == last);
    (last, equals.nth(equal - 1).map_or(usize::MAX, |&(_, index)| index))
}

/// A bound, lowered by what rounding to the type and before it may have added, `size` being that of its parts; −∞ where the
/// type does not reach.
fn lowered<T: Real>(bound: f64, size: f64) -> T {
    let bound = bound - 8.0 * T::EPSILON * size - 8.0 * T::RANGE.0;
    if bound > -T::RANGE.1 { T::from_f64(bound) } else { T::NEG_INFINITY }
}
