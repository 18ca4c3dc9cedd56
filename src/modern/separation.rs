//! How scores become weights: the family of separations.
//!
//! With `s` the scores of a query and `z = β s`, over the patterns that take part:
//!
//! | separation | weights | `Ω*(z)`, of which the energy is made | a walk over the memory |
//! |---|---|---|---|
//! | `Softmax` | `e^z / Σ e^z` | `ln Σ e^z` | one |
//! | `Softmax1` | `e^z / (e^{z₀} + Σ e^z)`, `z₀ = β · null_score` | `ln (e^{z₀} + Σ e^z)` | one |
//! | `Sparsemax`, `Entmax` | `[(α−1) z − τ]_+^{1/(α−1)}`, τ so that they sum to 1; α = 2 for sparsemax | `Σ p z + Σ (p − p^α) / (α (α−1))` | one, or two |
//! | `TopK` | softmax over the `count` largest, of equal ones the lowest index | `ln Σ e^z` over them | one, or two |
//! | `Max` | equal ones for all that have the largest score | `max z` | one, or two |
//! | `Linear`, `Polynomial` | `relu(s)^q / Σ relu(s)^q`; q = 1 for linear | none | one |
//! | `Epanechnikov` | equal ones for all with `z ≥ −1`: a ball of radius `√(2/β)` | `ln (ε + Σ relu(1 + z))` | one, or two |
//!
//! Those with "or two" have true zeros, and keep the few patterns with weight while they walk; where these are more than
//! a fixed number, a second walk takes the query by itself ([`Separation::is_single_pass`]).
//!
//! Which to use: softmax by default; sparsemax or entmax to retrieve patterns exactly, in one step, once the best score is
//! `1/((α−1)β)` ahead; `TopK` to bound how many patterns mix; `Max` for the nearest pattern; softmax1 to let a query
//! match nothing; linear and polynomial as the older networks had them; Epanechnikov for memories that are exact and yet
//! make new minima (Hoover et al. 2025).
//!
//! Not here: where scores come from ([`super::Similarity`]), and which pairs have an energy ([`super::energy`]).

use super::cut::{Cutting, Rule};
use super::similarity::Similarity;
use crate::error::{Error, Result};
use crate::kernel::powers::{exponent, power, scale_to};
use crate::kernel::readout::{scale, weigh};
use crate::kernel::real::Real;

/// How scores become weights; see the [module](self).
///
/// ```
/// use hopfield::modern::Separation;
///
/// let mut weights = [0.0; 3];
/// Separation::Sparsemax.weights(&[1.0, 0.8, -0.5], 1.0, &mut weights);
/// assert_eq!(weights.map(|weight: f64| (weight * 10.0).round() / 10.0), [0.6, 0.4, 0.0]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub enum Separation {
    /// `e^z / Σ e^z` (Ramsauer et al. 2020).
    #[default]
    Softmax,
    /// Softmax with one pattern more, which retrieves nothing (Miller 2023).
    Softmax1 {
        /// Its score: 0 unless given under dot and cosine, needed under the others.
        null_score: Option<f64>,
    },
    /// The Euclidean projection onto the simplex (Martins & Astudillo 2016).
    Sparsemax,
    /// Between softmax (α → 1) and sparsemax (α = 2), and beyond (Peters et al. 2019).
    Entmax {
        /// The exponent of Tsallis' entropy, above 1.
        alpha: f64,
    },
    /// Softmax over the largest scores alone.
    TopK {
        /// How many, at least one; all, if there are fewer.
        count: usize,
    },
    /// The pattern of the largest score, or the mean of those that share it: β → ∞.
    Max,
    /// `relu(s) / Σ relu(s)`.
    Linear,
    /// `relu(s)^q / Σ relu(s)^q`.
    Polynomial {
        /// The power, from 1 to 64: what the range of `f32` leaves room for.
        degree: u32,
    },
    /// The patterns within a ball, alike (Hoover et al. 2025).
    Epanechnikov {
        /// Added to the sum in the energy, which without it is +∞ outside of all balls.
        epsilon: f64,
    },
}

/// The largest power: weights are relative to a power of two at most twice the largest score, so that the largest one is
/// `2^−64` at least, and half the exponents of `f32` are left for smaller ones.
const LARGEST_DEGREE: u32 = 64;

/// The largest `count` that a walk keeps.
pub(super) const MOST_LARGEST: usize = 128;

impl Separation {
    /// The names of all of them.
    pub const NAMES: &'static str =
        "'softmax', 'softmax1', 'sparsemax', 'entmax', 'top_k', 'max', 'linear', 'polynomial', 'epanechnikov'";

    /// The separation of a name and, for those that have one, a parameter; unless it is given, α is 1.5, and ε is 0.
    ///
    /// # Errors
    /// A name that is none of [`Self::NAMES`], or a parameter outside its range.
    pub fn named(name: &str, parameter: Option<f64>) -> Result<Self> {
        let whole = |number: f64| if number >= 1.0 { number as usize } else { 0 };
        let found = match name {
            "softmax" => Self::Softmax,
            "softmax1" => Self::Softmax1 { null_score: parameter },
            "sparsemax" => Self::Sparsemax,
            "entmax" => Self::Entmax { alpha: parameter.unwrap_or(1.5) },
            "top_k" => Self::TopK { count: parameter.map_or(0, whole) },
            "max" => Self::Max,
            "linear" => Self::Linear,
            "polynomial" => Self::Polynomial { degree: parameter.map_or(0, whole).try_into().unwrap_or(u32::MAX) },
            "epanechnikov" => Self::Epanechnikov { epsilon: parameter.unwrap_or(0.0) },
            _ => {
                return Err(Error::UnknownName { argument: "separation", valid: Self::NAMES, value: name.to_owned() });
            }
        };
        found.validated()
    }

    /// The name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Softmax => "softmax",
            Self::Softmax1 { .. } => "softmax1",
            Self::Sparsemax => "sparsemax",
            Self::Entmax { .. } => "entmax",
            Self::TopK { .. } => "top_k",
            Self::Max => "max",
            Self::Linear => "linear",
            Self::Polynomial { .. } => "polynomial",
            Self::Epanechnikov { .. } => "epanechnikov",
        }
    }

    /// The same, if its parameter is within its range.
    ///
    /// # Errors
    /// A parameter that is not.
    pub fn validated(self) -> Result<Self> {
        let range = |argument, rule, value| Err(Error::Range { argument, rule, value });
        match self {
            Self::Softmax1 { null_score: Some(value) } if !value.is_finite() => range("null_score", "finite", value),
            Self::Entmax { alpha } if !(alpha > 1.0 && alpha.is_finite()) => {
                range("alpha", "above 1 and finite (at 1 it is softmax)", alpha)
            }
            Self::TopK { count: 0 } => range("count", "at least 1", 0.0),
            Self::Polynomial { degree } if !(1..=LARGEST_DEGREE).contains(&degree) => {
                range("degree", "from 1 to 64 (use 'max' for a steeper one)", degree.into())
            }
            Self::Epanechnikov { epsilon } if !(epsilon >= 0.0 && epsilon.is_finite()) => {
                range("epsilon", "zero or positive, and finite", epsilon)
            }
            _ => Ok(self),
        }
    }

    /// Whether one walk over the memory is enough for every query. Where not, it is for queries of which at most 512
    /// patterns are near enough to have weight.
    #[must_use]
    pub fn is_single_pass(self) -> bool {
        match self {
            Self::Softmax | Self::Softmax1 { .. } | Self::Linear | Self::Polynomial { .. } => true,
            Self::TopK { count } => count <= MOST_LARGEST,
            Self::Sparsemax | Self::Entmax { .. } | Self::Max | Self::Epanechnikov { .. } => false,
        }
    }

    /// The same, if it means something with a similarity.
    ///
    /// # Errors
    /// A pair that means nothing; a parameter outside its range.
    pub fn with(self, similarity: Similarity) -> Result<Self> {
        use Similarity::{Cosine, Dot, Euclidean, Manhattan};
        let pair = |rule| Err(Error::Pair { separation: self.name(), similarity: similarity.name(), rule });
        match (self.validated()?, similarity) {
            (Self::Softmax1 { null_score: None }, Euclidean | Manhattan) => {
                pair("needs `null_score`, since no distance stands for a match of nothing by itself")
            }
            (Self::Linear | Self::Polynomial { .. }, Euclidean | Manhattan) => {
                pair("needs similarity 'dot' or 'cosine', since a distance is never a positive score")
            }
            (Self::Epanechnikov { .. }, Dot | Cosine | Manhattan) => {
                pair("needs similarity 'euclidean', in which it is a ball")
            }
            _ => Ok(self),
        }
    }

    /// Whether weights depend on the inverse temperature.
    #[must_use]
    pub fn uses_beta(self) -> bool {
        !matches!(self, Self::Max | Self::Linear | Self::Polynomial { .. })
    }

    /// How it cuts, if it is one of those that do.
    pub(super) fn cutting(self, beta: f64) -> Option<Cutting> {
        let rule = match self {
            Self::Sparsemax => Rule::Entmax(2.0),
            Self::Entmax { alpha } => Rule::Entmax(alpha),
            Self::TopK { count } => Rule::Largest(count),
            Self::Max => Rule::Max,
            Self::Epanechnikov { epsilon } => Rule::Ball { epsilon },
            Self::Softmax | Self::Softmax1 { .. } | Self::Linear | Self::Polynomial { .. } => return None,
        };
        Some(Cutting { rule, beta })
    }

    /// The power of those that are one.
    pub(super) fn degree(self) -> Option<u32> {
        match self {
            Self::Linear => Some(1),
            Self::Polynomial { degree } => Some(degree),
            _ => None,
        }
    }

    /// The score of the pattern that stands for no match, if there is one.
    pub(super) fn null_score(self) -> Option<f64> {
        match self {
            Self::Softmax1 { null_score } => Some(null_score.unwrap_or(0.0)),
            _ => None,
        }
    }

    /// Writes the weights of a row of scores, and returns `Ω*(β s)` in `f64`: NaN for those that have none.
    ///
    /// A score of −∞ is that of a pattern that takes no part. Without any that has weight all are zero.
    ///
    /// # Panics
    /// If there are not as many weights as scores.
    pub fn weights<T: Real>(self, scores: &[T], beta: f64, weights: &mut [T]) -> f64 {
        assert_eq!(scores.len(), weights.len(), "a weight for each score");
        if let Some(cutting) = self.cutting(beta) {
            let candidates: Vec<_> = (0..scores.len())
                .map(|index| (scores[index], index))
                .filter(|(score, _)| *score > T::NEG_INFINITY)
                .collect();
            let cut = cutting.cut(&candidates, &mut Vec::new());
            weights.fill(T::ZERO);
            for (score, index) in candidates {
                weights[index] = cutting.weight(&cut, score, index);
            }
            return cut.conjugate;
        }
        let top = scores.iter().fold(T::NEG_INFINITY, |top, &score| if score > top { score } else { top });
        let Some(degree) = self.degree() else {
            return softmax(scores, beta, self.null_score().map(T::from_f64), top, weights);
        };
        let scale = exponent(top).map_or(T::ZERO, scale_to);
        for (slot, &score) in weights.iter_mut().zip(scores) {
            *slot = power(score, scale, degree);
        }
        divide(weights, sum(weights));
        f64::NAN
    }
}

/// Softmax with or without a null pattern.
fn softmax<T: Real>(scores: &[T], beta: f64, null: Option<T>, top: T, weights: &mut [T]) -> f64 {
    let scale = scale(beta);
    let top = null.map_or(top, |null| if null > top { null } else { top });
    let maximum = top.times(scale[0]).nearest();
    for (slot, &score) in weights.iter_mut().zip(scores) {
        *slot = weigh(score, scale, maximum);
    }
    let sum = sum(weights) + null.map_or(0.0, |null| weigh(null, scale, maximum).into());
    divide(weights, sum);
    let maximum: f64 = maximum.into();
    maximum * std::f64::consts::LN_2 + libm::log(sum)
}

fn sum<T: Real>(weights: &[T]) -> f64 {
    weights.iter().fold(0.0, |sum, &weight| sum + weight.into())
}

/// Leaves zeros where the sum is zero.
fn divide<T: Real>(weights: &mut [T], sum: f64) {
    if sum > 0.0 {
        for weight in weights {
            let unscaled: f64 = (*weight).into();
            *weight = T::from_f64(unscaled / sum);
        }
    }
}
