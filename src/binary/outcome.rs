//! What came out of a retrieval: why it stopped, and what the final state is to the stored patterns.

use ndarray::Array2;

use super::Retrieve;
use super::mixture::Mixture;
use crate::error::{Result, area, try_vec};
use crate::input::name::named;
use crate::kernel::bits::Columns;

named! {
    /// Why a retrieval stopped.
    ///
    /// ```
    /// use hopfield::classical::Reason;
    /// assert_eq!(Reason::FixedPoint.name(), "fixed_point");
    /// ```
    #[non_exhaustive]
    pub enum Reason for "reason" {
        /// Every free neuron satisfies its update: the only reason that is converged.
        FixedPoint = "fixed_point",
        /// A state came back under synchronous updates.
        Cycle = "cycle",
        /// The state equals a stored pattern, and that was asked for.
        Memory = "memory",
        /// The energy is at most the target.
        Energy = "energy",
        /// So many successive visits changed nothing.
        Patience = "patience",
        /// The budget of sweeps is spent.
        MaxSweeps = "max_sweeps",
        /// The budget of updates is spent.
        MaxUpdates = "max_updates",
        /// The last temperature of the schedule had its sweep.
        ScheduleEnd = "schedule_end",
    }
}

named! {
    /// What the final state is: the first of these that holds.
    ///
    /// ```
    /// use hopfield::classical::Outcome;
    /// assert_eq!(Outcome::NearMemory.name(), "near_memory");
    /// ```
    #[non_exhaustive]
    pub enum Outcome for "outcome" {
        /// One of the states that follow each other for ever.
        Cycle = "cycle",
        /// Equal to a stored pattern.
        Memory = "memory",
        /// Equal to the negative of a stored pattern.
        Antipattern = "antipattern",
        /// A fixed point that is the sign of a signed sum of three or five patterns.
        Mixture = "mixture",
        /// A fixed point whose overlap with a pattern, or its negative, reaches `near_overlap`.
        NearMemory = "near_memory",
        /// Any other fixed point.
        Spurious = "spurious",
        /// Not a fixed point.
        Unsettled = "unsettled",
    }
}

/// What is reported of one cue.
///
/// ```
/// use hopfield::{Par, classical::{ClassicalHopfield, Outcome, Reason, Retrieve}};
/// use ndarray::array;
/// let net = ClassicalHopfield::new(array![[1, -1, 1, 1, -1]].view())?;
/// let answer = net.retrieve(array![[-1, -1, 1, 1, -1]].view(), &Retrieve::default(), Par::default())?;
/// let recall = answer.recalls[0];
/// assert!(recall.converged() && recall.reason == Reason::FixedPoint);
/// assert_eq!((recall.outcome, recall.pattern, recall.n_flips), (Outcome::Memory, Some(0), 1));
/// # Ok::<(), hopfield::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Recall {
    /// Why it stopped.
    pub reason: Reason,
    /// Whether every free neuron satisfies its update at the end, whatever the reason.
    pub is_fixed_point: bool,
    /// Sweeps begun; the test that certifies a fixed point counts as one.
    pub n_sweeps: u64,
    /// Updates of single neurons.
    pub n_updates: u64,
    /// Updates that changed the neuron.
    pub n_flips: u64,
    /// The energy of the final state; NaN where weights are not symmetric, which have none.
    pub energy: f64,
    /// What the final state is.
    pub outcome: Outcome,
    /// The pattern that the outcome speaks of, if it speaks of one.
    pub pattern: Option<usize>,
    /// +1 for that pattern, −1 for its negative, 0 without one.
    pub sign: i8,
    /// The patterns that a mixture mixes.
    pub mixture: Option<Mixture>,
    /// The signed overlap with the pattern of largest |overlap|.
    pub overlap: f64,
    /// Whether the final state equals the target, if there was one.
    pub hit: Option<bool>,
}

impl Recall {
    /// Whether a fixed point ended the retrieval.
    #[must_use]
    pub fn converged(&self) -> bool {
        self.reason == Reason::FixedPoint
    }
}

/// The answer to a batch of cues.
///
/// ```
/// use hopfield::{Par, classical::{ClassicalHopfield, Report, Retrieve}};
/// use ndarray::array;
/// let net = ClassicalHopfield::new(array![[1, -1, 1]].view())?;
/// let options = Retrieve { report: Report { trace: true, ..Default::default() }, ..Default::default() };
/// let answer = net.retrieve(array![[1, 1, 1], [1, -1, 1]].view(), &options, Par::default())?;
/// assert_eq!((answer.states.dim(), answer.recalls.len()), ((2, 3), 2));
/// assert_eq!(answer.trace.expect("asked for")[[1, 0]], -1.0);
/// # Ok::<(), hopfield::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct BinaryRetrieval {
    /// `(m, n)`: the final states, ±1 (0: an unknown neuron that the budget never reached).
    pub states: Array2<i8>,
    /// `(m,)`: what is reported of each cue.
    pub recalls: Vec<Recall>,
    /// `(m, T + 1)`: the energies at the start and after each of up to `T` sweeps, NaN where a cue made fewer.
    pub trace: Option<Array2<f64>>,
}

/// The final state's overlaps and lookup among the patterns.
pub(super) struct Judged {
    pub outcome: Outcome,
    pub pattern: Option<usize>,
    pub sign: i8,
    pub mixture: Option<Mixture>,
    pub overlap: f64,
}

/// Names the final state. `overlaps` are those with every pattern; they decide nearly everything, because only a
/// pattern itself has overlap `n` and only its negative `−n`.
pub(super) fn judge(
    columns: &Columns,
    state: &[i8],
    overlaps: &[i64],
    reason: Reason,
    is_fixed_point: bool,
    near_overlap: f64,
) -> Judged {
    let whole = state.len() as i64;
    let size = overlaps.iter().map(|a| a.abs()).max().unwrap_or(0);
    let nearest = overlaps.iter().position(|a| a.abs() == size).unwrap_or(0);
    let largest = overlaps.get(nearest).copied().unwrap_or(0);
    let overlap = largest as f64 / whole as f64;
    let of = |outcome, pattern: Option<usize>, sign: i64| Judged {
        outcome,
        pattern,
        sign: sign as i8,
        mixture: None,
        overlap,
    };
    let none = |outcome| of(outcome, None, 0);
    if reason == Reason::Cycle {
        return none(Outcome::Cycle);
    }
    // A pattern and the negative of another can both equal the state; the pattern has the say.
    for (outcome, sign) in [(Outcome::Memory, 1), (Outcome::Antipattern, -1)] {
        if largest.abs() == whole
            && let Some(mu) = overlaps.iter().position(|a| *a == sign * whole)
        {
            return of(outcome, Some(mu), sign);
        }
    }
    if !is_fixed_point {
        return none(Outcome::Unsettled);
    }
    let mixture = Mixture::of(columns, state, overlaps);
    if mixture.is_some() {
        return Judged { mixture, ..none(Outcome::Mixture) };
    }
    if overlap.abs() >= near_overlap {
        of(Outcome::NearMemory, Some(nearest), largest.signum())
    } else {
        none(Outcome::Spurious)
    }
}

/// One cue's place in a batch's answer.
#[derive(Clone, Debug, Default)]
pub(super) struct Slot {
    pub recall: Option<Recall>,
    pub trace: Vec<f64>,
}

/// Puts the answers to all cues together.
pub(super) fn assemble(states: Array2<i8>, slots: Vec<Slot>, options: &Retrieve) -> Result<BinaryRetrieval> {
    let trace = if options.report.trace {
        let length = slots.iter().map(|slot| slot.trace.len()).max().unwrap_or(1);
        let mut energies = try_vec(area(slots.len(), length, "trace")?, f64::NAN, "trace")?;
        for (row, slot) in energies.chunks_mut(length).zip(&slots) {
            row[..slot.trace.len()].copy_from_slice(&slot.trace);
        }
        Array2::from_shape_vec((slots.len(), length), energies).ok()
    } else {
        None
    };
    let recalls = slots.into_iter().filter_map(|slot| slot.recall).collect();
    Ok(BinaryRetrieval { states, recalls, trace })
}
