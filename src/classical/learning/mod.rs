//! From patterns to weights: what each learning rule makes of them.
//!
//! Not here: Hebb's rule, whose weights are never formed.

mod factor;
mod perceptron;
mod pseudo_inverse;
mod rule;
mod storkey;

use std::sync::Arc;

pub use rule::{Perceptron, PseudoInverse, Rule};

use super::options::ClassicalOptions;
use super::weighted::Projection;
use super::weighted::Weights;
use crate::error::Result;
use crate::kernel::Available;
use crate::kernel::bits::Columns;
use crate::par::Par;

/// How the neurons are coupled.
#[derive(Clone, Debug, Default)]
pub(super) enum Coupled {
    /// By Hebb's rule: the patterns say it all.
    #[default]
    Hebbian,
    Weights(Arc<Weights>),
    Projection(Arc<Projection>),
}

/// How a rule that learns by epochs ended.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Epochs {
    /// Those it took, the one without corrections included.
    pub n: u32,
    pub converged: bool,
}

/// What a network has learnt.
#[derive(Clone, Debug, Default)]
pub(super) struct Learnt {
    pub coupled: Coupled,
    pub epochs: Option<Epochs>,
}

impl Learnt {
    /// From all patterns; `self` is what was learnt from those before number `first`.
    pub(super) fn extended(
        &self,
        options: &ClassicalOptions,
        columns: &Columns,
        first: usize,
        set: Available,
        par: Par,
    ) -> Result<Self> {
        let k = columns.k();
        let coupled = match options.rule {
            _ if k == 0 => Coupled::Hebbian,
            Rule::Hebbian => Coupled::Hebbian,
            Rule::Storkey => {
                let before = if let Coupled::Weights(weights) = &self.coupled { Some(&**weights) } else { None };
                Coupled::Weights(Arc::new(storkey::storkey(before, columns, first, set, par)?))
            }
            Rule::PseudoInverse(rule) => pseudo_inverse::pseudo_inverse(rule, columns, first, set, par)?,
            Rule::Perceptron(rule) => {
                let (weights, epochs) = perceptron::perceptron(rule, &options.bias, columns, set, par)?;
                return Ok(Self { coupled: Coupled::Weights(Arc::new(weights)), epochs: Some(epochs) });
            }
        };
        Ok(Self { coupled, epochs: None })
    }
}
