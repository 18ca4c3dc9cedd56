//! What a layer learns, and what is decided when it is made.
//!
//! Not here: initial values, which the callers draw.

use super::norm::Normalization;
use crate::input::name::named;
use crate::kernel::real::Real;

/// A linear map with one row of weights an output: `x Wᵀ + b`.
#[derive(Clone, Debug, Default)]
pub struct Linear<T> {
    /// `(outputs, inputs)`, row after row.
    pub weight: Vec<T>,
    /// One entry an output.
    pub bias: Option<Vec<T>>,
}

/// All that a layer may learn; what is absent is not applied.
#[derive(Clone, Debug)]
pub struct Parameters<T> {
    /// Of stored patterns, before they are projected.
    pub stored_norm: Normalization<T>,
    /// Of states, before they are projected.
    pub state_norm: Normalization<T>,
    /// Of what the values are made of.
    pub projection_norm: Normalization<T>,
    /// Of states and stored patterns in Hopfield space, before the first association, the same for all heads.
    pub space_norm: Normalization<T>,
    /// States into Hopfield space, the rows of one head after another; none leaves them as they are, for every head.
    pub query: Option<Linear<T>>,
    /// Stored patterns into Hopfield space.
    pub key: Option<Linear<T>>,
    /// Values.
    pub value: Option<Linear<T>>,
    /// What the heads read out, side by side, into the output.
    pub output: Option<Linear<T>>,
}

impl<T> Default for Parameters<T> {
    fn default() -> Self {
        Self {
            stored_norm: Normalization::Off,
            state_norm: Normalization::Off,
            projection_norm: Normalization::Off,
            space_norm: Normalization::Off,
            query: None,
            key: None,
            value: None,
            output: None,
        }
    }
}

/// How scores become weights.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Separation {
    /// `e^z / Σ e^z`.
    #[default]
    Softmax,
    /// `[(α−1) z − τ]₊^{1/(α−1)}`, with sparsemax at α = 2.
    Entmax {
        /// Above 1.
        alpha: f64,
    },
}

named! {
    /// Which states look into which stored patterns: what decides whether projections are folded into the states.
    pub enum Kind for "kind" {
        /// Each sample's states into its own stored patterns.
        Association = "association",
        /// Few states into many stored patterns of each sample.
        Pooling = "pooling",
        /// Every sample's states into stored patterns that all share.
        Lookup = "lookup",
    }
}

named! {
    /// What is applied to the output, entry by entry.
    pub enum Activation for "association_activation" {
        /// `max(x, 0)`.
        Relu = "relu",
        /// `1 / (1 + e^−x)`.
        Sigmoid = "sigmoid",
        /// The hyperbolic tangent.
        Tanh = "tanh",
    }
}

impl Activation {
    pub(super) fn apply<T: Real>(self, x: T) -> T {
        let wide: f64 = x.into();
        match self {
            Self::Relu if wide <= 0.0 => T::ZERO,
            Self::Relu => x,
            Self::Tanh => T::from_f64(libm::tanh(wide)),
            Self::Sigmoid => T::from_f64(1.0 / (1.0 + libm::exp(-wide))),
        }
    }

    /// The slope at the place that gave `y`.
    pub(super) fn slope<T: Real>(self, y: T) -> T {
        match self {
            Self::Relu if y > T::ZERO => T::ONE,
            Self::Relu => T::ZERO,
            Self::Tanh => T::ONE.minus(y.times(y)),
            Self::Sigmoid => y.times(T::ONE.minus(y)),
        }
    }
}
