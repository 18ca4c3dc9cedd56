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
use crate::kernel::real::Real;

/// How far below a threshold a candidate must lie to be dropped before the last one is known, in units of
/// `(α − 1) β · score`: thousands of times what rounding moves thresholds by.
const MARGIN: f64 = 1e-6;

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
    pub(super) fn cut<T: Real>(&self, candidates: &[Candidate<T>], scratch: &mut Vec<Candidate<f64>>) -> Cut {
        let top = candidates.iter().fold(f64::NEG_INFINITY, |top, &(score, _)| top.max(score.into()));
        let mut cut =
            Cut { top, threshold: f64::NEG_INFINITY, last: usize::MAX, sum: 0.0, conjugate: f64::NEG_INFINITY };
        if let Rule::Ball { epsilon } = self.rule {
            cut.conjugate = libm::log(epsilon);
        }
        if candidates.is_empty() {
            return cut;
        }
        scratch.clear();
        scratch.extend(candidates.iter().map(|&(score, index)| (score.into(), index)));
        match self.rule {
            Rule::Entmax(alpha) => cut.threshold = self.threshold(alpha, top, scratch),
            // Patterns that are no candidates any more lie behind the last one too.
            Rule::Largest(count) if count <= scratch.len() => {
                let (_, &mut last, _) = scratch.select_nth_unstable_by(count - 1, descending);
                (cut.threshold, cut.last) = last;
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

    /// The `τ` with `Σ [u − τ]_+^{1/(α−1)} = 1`, from −1 to 0, for `u = (α − 1)(z − max z)`.
    ///
    /// For α of 2 and 1.5 the equation is solved for the largest `u` one after the other, until the next lies below
    /// (Peters et al. 2019, algorithm 2); else by bisection, down to neighbouring numbers.
    fn threshold(&self, alpha: f64, top: f64, scores: &mut Vec<Candidate<f64>>) -> f64 {
        for (score, _) in scores.iter_mut() {
            *score = self.below_top(alpha, top, *score);
        }
        // What lies so low never has weight; the largest is 0.
        scores.retain(|&(below, _)| below > -1.0);
        if alpha == 2.0 || alpha == 1.5 {
            scores.sort_unstable_by(descending);
            let (mut count, mut mean, mut spread, mut threshold) = (0.0, 0.0, 0.0, -1.0);
            for &(below, _) in scores.iter() {
                if below <= threshold {
                    break;
                }
                count += 1.0;
                let step = below - mean;
                mean += step / count;
                spread += step * (below - mean);
                threshold =
                    if alpha == 2.0 { mean - 1.0 / count } else { mean - ((1.0 - spread).max(0.0) / count).sqrt() };
            }
            return threshold;
        }
        let (mut low, mut high, power) = (-1.0_f64, 0.0, 1.0 / (alpha - 1.0));
        loop {
            let middle = 0.5 * (low + high);
            if middle <= low || middle >= high {
                return low;
            }
            let mut sum = 0.0;
            for &(below, _) in scores.iter() {
                if below > middle {
                    sum += libm::pow(below - middle, power);
                }
            }
            if sum >= 1.0 {
                low = middle;
                scores.retain(|&(below, _)| below > low);
            } else {
                high = middle;
            }
        }
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

    /// Drops candidates that cannot have weight, whatever others come, in any order; returns a floor that holds from now
    /// on, if there is one.
    pub(super) fn prune<T: Real>(
        &self,
        candidates: &mut Vec<Candidate<T>>,
        scratch: &mut Vec<Candidate<f64>>,
    ) -> Option<T> {
        let top = candidates.iter().fold(f64::NEG_INFINITY, |top, &(score, _)| top.max(score.into()));
        match self.rule {
            Rule::Entmax(alpha) => {
                scratch.clear();
                scratch.extend(candidates.iter().map(|&(score, index)| (score.into(), index)));
                // More candidates only raise a threshold.
                let threshold = self.threshold(alpha, top, scratch) - MARGIN;
                candidates.retain(|&(score, _)| self.below_top(alpha, top, score.into()) > threshold);
                Some(self.entmax_floor(alpha, top, threshold))
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

/// A bound, lowered by what rounding to the type and before it may have added, `size` being that of its parts; −∞ where the
/// type does not reach.
fn lowered<T: Real>(bound: f64, size: f64) -> T {
    let bound = bound - 8.0 * T::EPSILON * size - 8.0 * T::RANGE.0;
    if bound > -T::RANGE.1 { T::from_f64(bound) } else { T::NEG_INFINITY }
}

/// `base^power`, exactly rounded where that is a product.
fn to_the(base: f64, power: f64) -> f64 {
    if power == 1.0 {
        base
    } else if power == 2.0 {
        base * base
    } else if power == 1.5 {
        base * base.sqrt()
    } else {
        libm::pow(base, power)
    }
}
