//! The classical Hopfield network: states of −1 and +1, patterns as memories, exact integer dynamics.
//!
//! `W = c Σ_μ ξ^μ ξ^μᵀ` with zero diagonal, field `h = W x + b`, energy `E(x) = −½ xᵀW x − bᵀx` (Hopfield 1982). `W` is
//! never formed unless [`ClassicalHopfield::weight_matrix`] asks for it: patterns are kept as bits, one column a neuron,
//! and a field is a few popcounts. Signs, ties and fixed points are decided in integers, a real bias included; reported
//! energies and fields are the exact values rounded once.
//!
//! Other [learning rules](Rule) form weights, as integers in units so small that they matter no more than the rounding of
//! the rule itself; from there on nothing is rounded either.
//!
//! Not here: gradients, and rules for states that are not ±1.

mod dominance;
mod evaluate;
mod greedy;
mod in_step;
mod learning;
mod limits;
mod local;
mod met;
mod options;
mod packed;
mod sparse;
mod store;
mod units;
mod weighted;

use std::sync::Arc;

use ndarray::{ArrayView2, CowArray, Ix2};

pub use crate::binary::{
    BinaryRetrieval, Known, Mixture, Order, Outcome, Reason, Recall, Report, Retrieve, Seeds, Stop, Temperature, Tie,
    Update,
};
pub use evaluate::Learning;
pub use learning::{Perceptron, PseudoInverse, Rule};
pub use options::{Bias, ClassicalOptions, Normalization};
pub use sparse::{SparseHopfield, SparseOptions};

use crate::binary::{self, Stored};
use crate::error::{Error, Result};
use crate::kernel::InstructionSet;
use crate::par::Par;
use in_step::InStep;
use learning::{Coupled, Learnt};
use local::Local;
use packed::Packed;
use units::Units;
use weighted::{Answers, Weighted};

/// A network of ±1 neurons that recalls the patterns stored in it.
///
/// Cloning is cheap: clones share the stored patterns until one of them stores or forgets.
///
/// ```
/// use hopfield::Par;
/// use hopfield::classical::{ClassicalHopfield, Outcome, Retrieve};
/// use ndarray::array;
///
/// let patterns = array![[1, 1, 1, 1, -1, -1, -1, -1], [1, -1, 1, -1, 1, -1, 1, -1]];
/// let net = ClassicalHopfield::new(patterns.view())?;
/// let cue = array![[1, 1, 1, -1, -1, -1, -1, -1]];
/// let answer = net.retrieve(cue.view(), &Retrieve::default(), Par::default())?;
/// assert_eq!(answer.states.row(0), patterns.row(0));
/// assert_eq!(answer.recalls[0].outcome, Outcome::Memory);
/// # Ok::<(), hopfield::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct ClassicalHopfield {
    stored: Stored,
    learnt: Learnt,
    options: Arc<ClassicalOptions>,
}

impl ClassicalHopfield {
    /// A network with default options that stores `patterns` `(k, n)`.
    ///
    /// # Errors
    /// As [`store`](Self::store).
    pub fn new(patterns: ArrayView2<'_, i8>) -> Result<Self> {
        let mut net = Self::with(ClassicalOptions::default())?;
        net.store(patterns, Par::default())?;
        Ok(net)
    }

    /// A network that stores nothing yet.
    ///
    /// # Errors
    /// A bias that is not finite, or not one for each of `n_neurons`; `n_neurons` of 0; a margin or epochs out of range; a
    /// normalization for another rule than Hebb's.
    pub fn with(options: ClassicalOptions) -> Result<Self> {
        if options.n_neurons == Some(0) {
            return Err(Error::Range { argument: "n_neurons", rule: "at least 1", value: 0.0 });
        }
        options.bias.check(options.n_neurons)?;
        options.rule.check()?;
        if options.rule != Rule::Hebbian && options.normalization != Normalization::default() {
            return Err(Error::Options {
                rule: "`normalization` scales Hebb's rule alone: leave it out, or use `rule` 'hebbian'",
            });
        }
        Ok(Self { stored: Stored::default(), learnt: Learnt::default(), options: Arc::new(options) })
    }

    /// The same network computed with another instruction set (the portable one if the processor lacks it). No answer
    /// depends on it.
    ///
    /// ```
    /// use hopfield::{InstructionSet, classical::ClassicalHopfield};
    /// let net = ClassicalHopfield::new(ndarray::array![[1, -1, 1]].view())?;
    /// let portable = net.clone().on(InstructionSet::Portable);
    /// assert_eq!(portable.weight_matrix(Default::default())?, net.weight_matrix(Default::default())?);
    /// # Ok::<(), hopfield::Error>(())
    /// ```
    #[must_use]
    pub fn on(mut self, set: InstructionSet) -> Self {
        self.stored = self.stored.on(set);
        self
    }

    /// The number of neurons, once it is known.
    #[must_use]
    pub fn n_neurons(&self) -> Option<usize> {
        match self.stored.n() {
            0 => self.options.n_neurons,
            n => Some(n),
        }
    }

    /// The number of stored patterns.
    #[must_use]
    pub fn n_patterns(&self) -> usize {
        self.stored.k()
    }

    /// Whether the rule came to its end, which only the perceptron may not; true while nothing is stored.
    #[must_use]
    pub fn has_converged(&self) -> bool {
        self.learnt.epochs.is_none_or(|epochs| epochs.converged)
    }

    /// What the network was told when it was made.
    #[must_use]
    pub fn options(&self) -> &ClassicalOptions {
        &self.options
    }

    /// Starts from each of the `cues` `(m, n)` and updates neurons until a fixed point, or until `options` say to stop.
    /// Every cue is retrieved by itself: its answer does not depend on the others, nor on the number of threads.
    ///
    /// # Errors
    /// An empty network; cues of another width or with values other than −1 and +1 where they are known; budgets
    /// below 1; targets that are not stored; lists that do not have one entry for each cue; a target or a trace of the
    /// energy where weights are not symmetric, and so have none (the energies reported are then NaN).
    pub fn retrieve(&self, cues: ArrayView2<'_, i8>, options: &Retrieve<'_>, par: Par<'_>) -> Result<BinaryRetrieval> {
        self.stored.learnt("a retrieval")?;
        let external = options.external_field(cues.nrows(), self.stored.n())?;
        if let Some(network) = self.weighted(external.as_ref(), options.temperature)? {
            return network.retrieve(cues, options, par);
        }
        let mut network = Packed::new(self, external.as_ref(), options.temperature)?;
        match options.update {
            Update::Synchronous if InStep::pays(&network, cues.nrows()) => {
                let network = InStep::of(&network, cues.nrows(), par)?;
                return binary::retrieve_in_step(&network, cues, options, par);
            }
            Update::Synchronous | Update::Asynchronous(Order::Greedy) => {}
            Update::Asynchronous(_) | Update::Listed(_) => network = network.in_turn(&options.stop),
        }
        binary::retrieve(&network, cues, options, par)
    }

    /// The network of the weights that a rule other than Hebb's has learnt.
    fn weighted<'a>(
        &'a self,
        external: Option<&'a CowArray<'a, f64, Ix2>>,
        temperature: Temperature<'_>,
    ) -> Result<Option<Box<dyn Answers + 'a>>> {
        Ok(match &self.learnt.coupled {
            Coupled::Hebbian => None,
            Coupled::Weights(weights) => {
                Some(Box::new(Weighted::new(&self.stored, &self.options, &**weights, external, temperature)?))
            }
            Coupled::Projection(basis) => {
                Some(Box::new(Weighted::new(&self.stored, &self.options, &**basis, external, temperature)?))
            }
        })
    }

    /// Hebb's rule in integers.
    fn rule(&self) -> Units<'_> {
        self.rule_in(&[])
    }

    /// The same in an external field, if that is not empty.
    fn rule_in<'a>(&'a self, field: &'a [f64]) -> Units<'a> {
        let denominator = match self.options.normalization {
            Normalization::Neurons => self.stored.n() as u64,
            Normalization::Patterns => self.stored.k() as u64,
            Normalization::None => 1,
        };
        Units { denominator, local: Local::new(&self.options.bias, field) }
    }
}
