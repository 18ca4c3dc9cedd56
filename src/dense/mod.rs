//! Dense associative memories: states of −1 and +1, and energies that are sharper than squares of overlaps.
//!
//! `E(x) = −Σ_μ F(ξ^μ·x) − bᵀx` with `F(z) = z^p`, the same for positive `z` only (Krotov & Hopfield 2016), or `e^z`
//! (Demircigil et al. 2017), whose energy is taken as `−ln Σ_μ e^(ξ^μ·x) − bᵀx`. The field of a neuron is half of what
//! its energy at −1 is above that at +1, so an update is the sign of the field, an external field `b` adds to it, and a
//! temperature has its units. With `p = 2` fields and energies are twice those of the Hebbian network with weights
//! `Σ_μ ξ^μ ξ^μᵀ` (`normalization = "none"`), plus a constant, and the trajectories are the same.
//!
//! Signs, ties and fixed points are exact for all interactions, degrees and sizes, an external field included: integers
//! where they fit, and else floating point with a bound on its error, and as many digits as it takes where that does not
//! settle the sign. Patterns with equal overlaps cancel before anything is computed, so a tie is a tie. Fields and
//! energies of powers are the exact values rounded once, infinite beyond float64. There is no weight matrix.
//!
//! Not here: capacities, which are in [`capacity`](crate::capacity).

mod cubes;
mod evaluate;
mod exponentials;
mod field;
mod greedy;
mod head;
mod natural;
mod options;
mod overlaps;
mod powers;
mod store;
mod tally;
mod walked;

use ndarray::ArrayView2;

pub use crate::binary::{
    BinaryRetrieval, Known, Mixture, Order, Outcome, Reason, Recall, Report, Retrieve, Seeds, Stop, Temperature, Tie,
    Update,
};
pub use options::{DenseOptions, Interaction};

use crate::binary::{self, Stored};
use crate::error::Result;
use crate::kernel::InstructionSet;
use crate::par::Par;
use walked::Walked;

/// A network of ±1 neurons that recalls many more patterns than it has neurons.
///
/// Cloning is cheap: clones share the stored patterns until one of them stores or forgets.
///
/// ```
/// use hopfield::Par;
/// use hopfield::dense::{DenseAssociativeMemory, DenseOptions, Interaction, Outcome, Retrieve};
/// use ndarray::array;
///
/// let patterns = array![[1, 1, 1, 1, -1, -1, -1, -1], [1, -1, 1, -1, 1, -1, 1, -1]];
/// let mut net = DenseAssociativeMemory::with(DenseOptions { interaction: Interaction::Exponential, ..Default::default() })?;
/// net.store(patterns.view(), Par::default())?;
/// let cue = array![[1, 1, 1, -1, -1, -1, -1, -1]];
/// let answer = net.retrieve(cue.view(), &Retrieve::default(), Par::default())?;
/// assert_eq!(answer.states.row(0), patterns.row(0));
/// assert_eq!(answer.recalls[0].outcome, Outcome::Memory);
/// # Ok::<(), hopfield::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct DenseAssociativeMemory {
    stored: Stored,
    options: DenseOptions,
}

impl DenseAssociativeMemory {
    /// A memory with default options, `F(z) = z³`, that stores `patterns` `(k, n)`.
    ///
    /// # Errors
    /// As [`store`](Self::store).
    pub fn new(patterns: ArrayView2<'_, i8>) -> Result<Self> {
        let mut net = Self::with(DenseOptions::default())?;
        net.store(patterns, Par::default())?;
        Ok(net)
    }

    /// A memory that stores nothing yet.
    ///
    /// # Errors
    /// A degree out of its range.
    pub fn with(options: DenseOptions) -> Result<Self> {
        options.interaction.check()?;
        Ok(Self { stored: Stored::default(), options })
    }

    /// The same memory computed with another instruction set (the portable one if the processor lacks it). No answer
    /// depends on it.
    ///
    /// ```
    /// use hopfield::{InstructionSet, dense::DenseAssociativeMemory};
    /// let net = DenseAssociativeMemory::new(ndarray::array![[1, -1, 1]].view())?;
    /// let (portable, par) = (net.clone().on(InstructionSet::Portable), Default::default());
    /// assert_eq!(portable.patterns(par)?, net.patterns(par)?);
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
        Some(self.stored.n()).filter(|n| *n > 0)
    }

    /// The number of stored patterns.
    #[must_use]
    pub fn n_patterns(&self) -> usize {
        self.stored.k()
    }

    /// What the memory was told when it was made.
    #[must_use]
    pub fn options(&self) -> &DenseOptions {
        &self.options
    }

    /// Starts from each of the `cues` `(m, n)` and updates neurons until a fixed point, or until `options` say to stop.
    /// Every cue is retrieved by itself: its answer does not depend on the others, nor on the number of threads.
    ///
    /// # Errors
    /// An empty memory; cues of another width or with values other than −1 and +1 where they are known; budgets
    /// below 1; targets that are not stored; lists that do not have one entry for each cue.
    pub fn retrieve(&self, cues: ArrayView2<'_, i8>, options: &Retrieve<'_>, par: Par<'_>) -> Result<BinaryRetrieval> {
        self.stored.learnt("a retrieval")?;
        let external = options.external_field(cues.nrows(), self.stored.n())?;
        binary::retrieve(&Walked::new(self, external.as_ref())?, cues, options, par)
    }
}
