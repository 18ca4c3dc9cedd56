//! Which pairs of separation and similarity have an energy, and what it is made of.
//!
//! | similarity | energy | with constants | for |
//! |---|---|---|---|
//! | dot | `−Ω*(z)/β + ½ ξ·ξ` | `+ Ω*(0)/β + ½ M²` | softmax, softmax1, sparsemax, entmax, `top_k`, max |
//! | cosine | the same, at norm 1 | the same | softmax |
//! | euclidean | `−Ω*(z)/β` | `+ Ω*(0)/β` | softmax, sparsemax, entmax, epanechnikov |
//!
//! `Ω*` is that of [`super::separation`], `M` the largest norm of a pattern, and `Ω*(0)` that of as many scores of zero as
//! there are patterns (`ln k` for softmax, `ln (k + 1)` for softmax1). With the constants an energy is not negative, but
//! for softmax1 with a null score above zero. None of these rises in an update. For softmax with dot it is the
//! energy of Ramsauer et al. 2020, eq. 2; with euclidean, that of a Gaussian kernel's density.

use super::separation::Separation;
use super::similarity::Similarity;
use super::weights::{Normalizer, Weights};
use crate::error::{Error, Result};
use crate::kernel::compare::Comparison;
use crate::kernel::real::Real;

impl Separation {
    /// Whether updates with this similarity descend an energy.
    #[must_use]
    pub fn has_energy(self, similarity: Similarity) -> bool {
        match similarity {
            Similarity::Dot => !matches!(self, Self::Linear | Self::Polynomial { .. } | Self::Epanechnikov { .. }),
            Similarity::Cosine => self == Self::Softmax,
            Similarity::Euclidean => {
                matches!(self, Self::Softmax | Self::Sparsemax | Self::Entmax { .. } | Self::Epanechnikov { .. })
            }
            Similarity::Manhattan => false,
        }
    }
}

/// The energy of a pair.
#[derive(Clone, Copy)]
pub(super) struct Energy<T> {
    weights: Weights<T>,
    similarity: Similarity,
}

impl<T: Real> Energy<T> {
    pub(super) fn new(weights: Weights<T>, similarity: Similarity) -> Self {
        Self { weights, similarity }
    }

    /// Refuses a pair without one.
    pub(super) fn exists(&self) -> Result<()> {
        if self.weights.separation.has_energy(self.similarity) {
            return Ok(());
        }
        Err(Error::NoEnergy { separation: self.weights.separation.name(), similarity: self.similarity.name() })
    }

    /// `Ω*(0)/β`, and `½ M²` where norms count, for the patterns that take part.
    pub(super) fn constants(&self, patterns: usize, largest_norm: f64) -> f64 {
        let most = self.weights.most(patterns) / self.weights.beta;
        match self.similarity {
            Similarity::Dot | Similarity::Cosine => most + 0.5 * largest_norm * largest_norm,
            Similarity::Euclidean | Similarity::Manhattan => most,
        }
    }

    /// The energy of a state of this squared norm, whose scores were `comparison`; NaN if there is none.
    pub(super) fn of(
        &self,
        normalizer: &Normalizer<T>,
        norm_squared: f64,
        comparison: Comparison,
        constants: f64,
    ) -> f64 {
        if self.exists().is_err() {
            return f64::NAN;
        }
        // Differences have the half norm in them.
        let half_norm = if comparison.is_difference() { 0.0 } else { 0.5 * norm_squared };
        (half_norm - self.weights.conjugate(normalizer) / self.weights.beta) + constants
    }
}

/// Whether an energy includes its constants, with which it is never negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Constants {
    /// With them.
    #[default]
    Include,
    /// Without.
    Drop,
}
