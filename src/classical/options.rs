//! What a classical network is told when it is made: every choice by name.
//!
//! Not here: what a retrieval is asked for.

use super::learning::Rule;
use crate::binary::Tie;
use crate::error::{Error, Result};
use crate::input::name::named;

named! {
    /// The factor `c` of the Hebbian sum.
    ///
    /// ```
    /// use hopfield::classical::Normalization;
    /// assert_eq!(Normalization::default().name(), "neurons");
    /// ```
    #[derive(Default)]
    pub enum Normalization for "normalization" {
        /// `c = 1/n`.
        #[default]
        Neurons = "neurons",
        /// `c = 1/k`.
        Patterns = "patterns",
        /// `c = 1`.
        None = "none",
    }
}

/// What the bias is called in errors; Python users may have given either.
const BIAS: &str = "bias` or `threshold";

/// The constant part `b` of every neuron's field `h = W x + b`. A threshold is a bias of the other sign.
///
/// ```
/// use hopfield::classical::Bias;
/// assert_eq!(Bias::Same(0.5).negated(), Bias::Same(-0.5));
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Bias {
    /// 0 for every neuron.
    #[default]
    None,
    /// The same for every neuron.
    Same(f64),
    /// One for each neuron.
    Each(Vec<f64>),
}

impl Bias {
    /// The bias that a threshold stands for.
    #[must_use]
    pub fn negated(self) -> Self {
        match self {
            Self::None => Self::None,
            Self::Same(value) => Self::Same(-value),
            Self::Each(values) => Self::Each(values.into_iter().map(|value| -value).collect()),
        }
    }

    /// The value of neuron `i`.
    pub(super) fn of(&self, i: usize) -> f64 {
        match self {
            Self::None => 0.0,
            Self::Same(value) => *value,
            Self::Each(values) => values.get(i).copied().unwrap_or(0.0),
        }
    }

    /// Whether every neuron has a finite one.
    pub(super) fn check(&self, n: Option<usize>) -> Result<()> {
        let values = match self {
            Self::None => return Ok(()),
            Self::Same(value) => std::slice::from_ref(value),
            Self::Each(values) => values,
        };
        if let Some(column) = values.iter().position(|value| !value.is_finite()) {
            return Err(Error::NotFinite { argument: BIAS, row: 0, column, value: values[column] });
        }
        match (self, n) {
            (Self::Each(values), Some(n)) if values.len() != n => Err(Error::Shape {
                argument: BIAS,
                expected: format!("({n},)"),
                reason: "one value for each neuron, or be one number",
                found: format!("({},)", values.len()),
            }),
            _ => Ok(()),
        }
    }
}

/// What a network is told when it is made.
///
/// ```
/// use hopfield::classical::{ClassicalHopfield, ClassicalOptions, Tie};
/// let net = ClassicalHopfield::with(ClassicalOptions { tie: Tie::Plus, ..Default::default() })?;
/// assert_eq!(net.n_patterns(), 0);
/// # Ok::<(), hopfield::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClassicalOptions {
    /// The number of neurons, if it shall not follow from the first patterns.
    pub n_neurons: Option<usize>,
    /// How patterns become weights.
    pub rule: Rule,
    /// The factor of the Hebbian sum; other rules have none.
    pub normalization: Normalization,
    /// The constant part of the fields.
    pub bias: Bias,
    /// What a visit does where the field is exactly 0.
    pub tie: Tie,
}
