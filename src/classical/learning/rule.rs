//! How patterns become weights: every choice by name.

use crate::error::{Error, Result};

/// A learning rule.
///
/// ```
/// use hopfield::classical::{Perceptron, Rule};
/// assert_eq!("storkey".parse::<Rule>()?, Rule::Storkey);
/// assert_eq!(Rule::Perceptron(Perceptron { margin: 0.5, ..Default::default() }).name(), "perceptron");
/// assert!("hebb".parse::<Rule>().is_err());
/// # Ok::<(), hopfield::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub enum Rule {
    /// `W = c Σ_μ ξ^μ ξ^μᵀ` with `W_ii = 0` (Hopfield 1982, eq. 2).
    #[default]
    Hebbian,
    /// Pattern by pattern `ΔW_ij = (ξ_i ξ_j − ξ_i h_ji − h_ij ξ_j) / n` with `h_ij = Σ_{l≠i,j} W_il ξ_l`, all from the
    /// weights before that pattern, and `W_ii = 0` (Storkey 1997).
    Storkey,
    /// The projection onto the patterns.
    PseudoInverse(PseudoInverse),
    /// Corrections until every pattern is stable.
    Perceptron(Perceptron),
}

/// `W = Xᵀ (X Xᵀ)⁻¹ X`, the projection onto the space that the patterns, the rows of `X`, span (Personnaz, Guyon & Dreyfus
/// 1986). Every pattern is a fixed point as long as they are linearly independent.
///
/// ```
/// use hopfield::classical::PseudoInverse;
/// assert!(PseudoInverse::default().zero_diagonal);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PseudoInverse {
    /// Whether `W_ii` is set to 0 (Kanter & Sompolinsky 1987), which widens the basins of attraction.
    pub zero_diagonal: bool,
    /// Whether to keep the patterns in an orthonormal basis, `(k, n)` numbers, and never `(n, n)` weights. A visit then
    /// costs `k` multiply-adds. Unless given, for `4 k ≤ n`.
    pub implicit: Option<bool>,
}

impl Default for PseudoInverse {
    fn default() -> Self {
        Self { zero_diagonal: true, implicit: None }
    }
}

/// Starting from no weights, `ΔW_ij = ξ_i ξ_j / n` for every neuron `i` and pattern with `ξ_i h_i ≤ 0` or `ξ_i h_i <
/// margin · ‖W_i‖₂`, epoch by epoch, with `W_ii = 0` (Gardner 1988; Diederich & Opper 1987). It ends after an epoch
/// without a correction, which it reaches if weights of a larger margin exist, or gives up.
///
/// ```
/// use hopfield::classical::Perceptron;
/// assert_eq!((Perceptron::default().margin, Perceptron::default().max_epochs), (0.0, 1000));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Perceptron {
    /// `κ`, at least 0: the stability `ξ_i h_i / ‖W_i‖₂` that every neuron of every pattern shall have.
    pub margin: f64,
    /// Whether `W` shall be symmetric. Then all neurons `i` of a pattern are judged at once, with `e_i = 1` for those that
    /// want a correction, and `ΔW_ij = (e_i + e_j) ξ_i ξ_j / n`. Otherwise neurons learn independently, patterns in
    /// order.
    pub symmetric: bool,
    /// Epochs at most; an epoch shows every pattern once.
    pub max_epochs: u32,
}

impl Default for Perceptron {
    fn default() -> Self {
        Self { margin: 0.0, symmetric: false, max_epochs: 1000 }
    }
}

impl Rule {
    /// The name that stands for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Hebbian => "hebbian",
            Self::Storkey => "storkey",
            Self::PseudoInverse(_) => "pseudo_inverse",
            Self::Perceptron(_) => "perceptron",
        }
    }

    pub(in super::super) fn check(self) -> Result<()> {
        if let Self::Perceptron(Perceptron { margin, max_epochs, .. }) = self {
            if !(margin >= 0.0 && margin.is_finite()) {
                return Err(Error::Range { argument: "margin", rule: "at least 0 and finite", value: margin });
            }
            if max_epochs == 0 {
                return Err(Error::Range { argument: "max_epochs", rule: "at least 1", value: 0.0 });
            }
        }
        Ok(())
    }
}

impl std::str::FromStr for Rule {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let perceptron = Self::Perceptron(Perceptron::default());
        let all = [Self::Hebbian, Self::Storkey, Self::PseudoInverse(PseudoInverse::default()), perceptron];
        all.into_iter().find(|rule| rule.name() == name).ok_or_else(|| Error::UnknownName {
            argument: "rule",
            valid: "'hebbian', 'storkey', 'pseudo_inverse', 'perceptron'",
            value: name.to_owned(),
        })
    }
}
