//! What turns scores into weights, for one separation and inverse temperature, once a walk over the memory is done.

use super::cut::{Cut, Cutting};
use super::separation::Separation;
use crate::kernel::powers::power;
use crate::kernel::readout::{self, Weighing, power_scale, scale};
use crate::kernel::real::Real;

/// A separation under an inverse temperature.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Weights<T> {
    pub(super) separation: Separation,
    pub(super) beta: f64,
    /// β·log₂e in two words.
    scale: [T; 2],
    /// How it cuts, if it is one of those that do.
    pub(super) cutting: Option<Cutting>,
}

/// What a walk found out about one query's weights.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Normalizer<T> {
    /// The sum of all of them.
    Sum(readout::Normalizer<T>),
    /// Where scores are cut.
    Cut(Cut),
}

impl<T: Real> Normalizer<T> {
    /// Of no pattern at all.
    pub(super) const NOTHING: Self = Self::Sum(readout::Normalizer { maximum: T::NEG_INFINITY, sum: T::ZERO });

    /// Whether no pattern has weight.
    pub(super) fn is_nothing(&self) -> bool {
        match self {
            Self::Sum(normalizer) => normalizer.sum == T::ZERO,
            Self::Cut(cut) => cut.sum == 0.0,
        }
    }
}

impl<T: Real> Weights<T> {
    pub(crate) fn new(separation: Separation, beta: f64) -> Self {
        Self { separation, beta, scale: scale(beta), cutting: separation.cutting(beta) }
    }

    /// How one walk adds weights up; not for those that cut.
    pub(super) fn weighing(&self) -> Weighing<T> {
        self.separation.degree().map_or(Weighing::Exponential(self.scale), Weighing::Power)
    }

    /// The score of the pattern that stands for no match, and the scale for it.
    pub(super) fn nothing(&self) -> Option<(T, [T; 2])> {
        self.separation.null_score().map(|score| (T::from_f64(score), self.scale))
    }

    /// The weight of a pattern.
    pub(super) fn weight(&self, normalizer: &Normalizer<T>, score: T, index: usize) -> T {
        match (normalizer, self.cutting, self.separation.degree()) {
            (Normalizer::Cut(cut), Some(cutting), _) => cutting.weight(cut, score, index),
            (Normalizer::Sum(normalizer), _, Some(degree)) => {
                if normalizer.sum == T::ZERO {
                    return T::ZERO;
                }
                power(score, power_scale(normalizer.maximum, degree), degree).over(normalizer.sum)
            }
            (Normalizer::Sum(normalizer), ..) => normalizer.weight(score, self.scale),
            (Normalizer::Cut(_), None, _) => T::ZERO,
        }
    }

    /// `Ω*(z)`; −∞ if no pattern took part, NaN for those that have none.
    pub(super) fn conjugate(&self, normalizer: &Normalizer<T>) -> f64 {
        match normalizer {
            Normalizer::Cut(cut) => cut.conjugate,
            Normalizer::Sum(_) if self.separation.degree().is_some() => f64::NAN,
            Normalizer::Sum(normalizer) => normalizer.log_sum_exp(),
        }
    }

    /// `Ω*` of `patterns` scores of zero: the most that it is for scores that are not positive.
    pub(super) fn most(&self, patterns: usize) -> f64 {
        match (self.cutting, self.separation.null_score()) {
            (Some(cutting), _) => cutting.most(patterns),
            (None, Some(_)) => libm::log((patterns + 1) as f64),
            (None, None) => libm::log(patterns as f64),
        }
    }
}
