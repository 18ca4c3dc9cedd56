//! One cue's way through its states: visits, sweeps, and the tests that end it.
//!
//! Updates are made in `asynchronous` and `synchronous`; here is what both need. A trajectory is a function of network,
//! cue, options and seed alone.

use super::network::{Network, OneByOne};
use super::options::{Retrieve, Seeds, Tie, Update};
use super::outcome::{Reason, Recall, Slot, judge};
use crate::error::{Error, Result, try_vec};
use crate::kernel::bits::decided;
use crate::par::Watch;
use crate::rng::Stream;

/// Visits between two looks at whether to go on, at most; some tens of microseconds.
pub(super) const CHECK_EVERY: usize = 512;
/// Words that those visits read, at most; a few milliseconds.
const CHECK_WORDS: usize = 1 << 22;
/// What the memory is for, in errors.
const PURPOSE: &str = "a cue's workspace";

/// What all cues of a retrieval share.
pub(super) struct Problem<'a, 'o, N: Network> {
    pub network: &'a N,
    pub options: &'a Retrieve<'o>,
    pub updates: Updates<N>,
}

/// How a walk goes on until it stops, and says why.
pub(super) type Updates<N> = fn(&mut Walk<'_, '_, N>) -> Result<Reason>;

/// By whatever updates are asked for.
pub(super) fn as_asked<N: OneByOne>(walk: &mut Walk<'_, '_, N>) -> Result<Reason> {
    match walk.options.update {
        Update::Asynchronous(_) | Update::Listed(_) => walk.asynchronously(),
        Update::Synchronous => walk.synchronously(),
    }
}

/// By synchronous updates, whatever is asked for.
pub(super) fn in_step<N: Network>(walk: &mut Walk<'_, '_, N>) -> Result<Reason> {
    walk.synchronously()
}

/// Memory that a worker uses for one cue after another.
pub(super) struct Workspace<N: Network> {
    pub track: N::Track,
    overlaps: Vec<i64>,
    /// The neurons that may be visited, ascending.
    pub free: Vec<u32>,
    /// Those of them that a given order lists, in its order.
    pub listed: Vec<u32>,
    /// The neurons to visit next.
    pub order: Vec<u32>,
    /// What chance compares their fields with: of a block of visits, or of all neurons in a synchronous step.
    pub noise: Vec<f64>,
    /// All neurons' leans; synchronous updates only.
    pub leans: Vec<i8>,
    /// The state before the last step; synchronous updates only.
    pub before: Vec<i8>,
    /// An earlier state to come back to; synchronous updates only.
    pub landmark: Vec<i8>,
}

impl<N: Network> Workspace<N> {
    pub(super) fn new(problem: &Problem<N>) -> Result<Self> {
        let (n, k) = (problem.network.columns().n(), problem.network.columns().k());
        let synchronous = if problem.options.update == Update::Synchronous { n } else { 0 };
        Ok(Self {
            track: problem.network.track()?,
            overlaps: try_vec(k, 0, PURPOSE)?,
            free: room(n)?,
            listed: room(if let Update::Listed(neurons) = problem.options.update { neurons.len() } else { 0 })?,
            order: room(n)?,
            noise: room(synchronous.max(CHECK_EVERY))?,
            leans: try_vec(synchronous, 0, PURPOSE)?,
            before: try_vec(synchronous, 0, PURPOSE)?,
            landmark: try_vec(synchronous, 0, PURPOSE)?,
        })
    }
}

/// An empty vector with room for `len` values.
fn room<T: Clone + Default>(len: usize) -> Result<Vec<T>> {
    let mut vec = try_vec(len, T::default(), PURPOSE)?;
    vec.clear();
    Ok(vec)
}

/// Retrieves cue number `index`; `state` comes as the cue (0: unknown) and becomes the final state.
pub(super) fn run<N: Network>(
    problem: &Problem<N>,
    space: &mut Workspace<N>,
    watch: &Watch,
    index: usize,
    state: &mut [i8],
    slot: &mut Slot,
) -> Result<()> {
    let clamp = problem.options.known.is_some_and(|known| known.clamp);
    if clamp {
        space.free.clear();
        space.free.extend((0_u32..).zip(&*state).filter(|(_, x)| **x == 0).map(|(i, _)| i));
    } else {
        // Listed once: they are the same for all cues.
        space.free.extend((0_u32..).take(state.len()).skip(space.free.len()));
    }
    space.listed.clear();
    if let Update::Listed(neurons) = problem.options.update {
        let neurons = neurons.iter().map(|i| *i as u32).filter(|i| !clamp || state[*i as usize] == 0);
        space.listed.extend(neurons);
    }
    problem.network.begin(&mut space.track, index, state, watch)?;
    let stream = match problem.options.seeds {
        Seeds::Batch(seed) => Stream::new(seed, index as u64),
        Seeds::Each(seeds) => Stream::new(seeds[index], 0),
    };
    let mut walk = Walk {
        network: problem.network,
        options: problem.options,
        watch,
        undecided: state.len() - decided(state),
        state,
        space,
        stream,
        trace: &mut slot.trace,
        n_sweeps: 0,
        n_updates: 0,
        n_flips: 0,
        unchecked: 0,
        restless_at: None,
        stretch: (CHECK_WORDS / problem.network.words_a_visit().max(1)).clamp(1, CHECK_EVERY),
    };
    let reason = walk.finish(problem.updates)?;
    slot.recall = Some(walk.recall(reason, index)?);
    Ok(())
}

/// One cue on its way.
pub(super) struct Walk<'a, 'o, N: Network> {
    pub network: &'a N,
    pub options: &'a Retrieve<'o>,
    pub watch: &'a Watch<'a>,
    pub state: &'a mut [i8],
    pub space: &'a mut Workspace<N>,
    pub stream: Stream,
    trace: &'a mut Vec<f64>,
    /// Neurons that are 0.
    pub undecided: usize,
    pub n_sweeps: u64,
    pub n_updates: u64,
    pub n_flips: u64,
    /// Visits since the last look at whether to go on.
    unchecked: usize,
    /// Visits between two such looks.
    pub stretch: usize,
    /// The number of flips after which a free neuron was found not to satisfy its update.
    restless_at: Option<u64>,
}

impl<N: Network> Walk<'_, '_, N> {
    fn finish(&mut self, updates: Updates<N>) -> Result<Reason> {
        self.record()?;
        if let Some(reached) = self.goal() {
            return Ok(reached);
        }
        if self.options.temperature.frozen(1) && self.settled()? {
            self.n_sweeps = 1;
            return Ok(Reason::FixedPoint);
        }
        updates(self)
    }

    /// The value that an update gives a neuron of value `x` with this lean.
    pub(super) fn decide(&mut self, x: i8, lean: i8) -> i8 {
        match (lean, self.network.tie()) {
            (0, Tie::Random) => 2 * i8::from(self.stream.coin()) - 1,
            // An undecided neuron has nothing to keep.
            (0, Tie::Keep) if x != 0 => x,
            (0, Tie::Minus) => -1,
            (0, _) => 1,
            _ => lean,
        }
    }

    /// The goals that a state without undecided neurons can reach.
    pub(super) fn goal(&mut self) -> Option<Reason> {
        let (stop, track) = (&self.options.stop, &mut self.space.track);
        if self.undecided > 0 {
            None
        } else if stop.stop_at_memory && self.network.is_memory(track, self.state) {
            Some(Reason::Memory)
        } else if stop.target_energy.is_some_and(|target| self.network.energy(track, self.state) <= target) {
            Some(Reason::Energy)
        } else {
            None
        }
    }

    /// Whether every free neuron satisfies its update.
    pub(super) fn settled(&mut self) -> Result<bool> {
        if self.restless_at == Some(self.n_flips) {
            return Ok(false);
        }
        let Workspace { free, track, .. } = &mut *self.space;
        for neurons in free.chunks(self.stretch) {
            if self.network.first_unstable(track, self.state, neurons, true).is_some() {
                self.restless_at = Some(self.n_flips);
                return Ok(false);
            }
            self.watch.check()?;
        }
        Ok(true)
    }

    pub(super) fn out_of_updates(&self) -> Option<Reason> {
        self.options.stop.max_updates.is_some_and(|most| self.n_updates >= most).then_some(Reason::MaxUpdates)
    }

    /// Looks whether to go on every few hundred visits.
    pub(super) fn look_up_after(&mut self, visits: usize) -> Result<()> {
        self.unchecked += visits;
        if self.unchecked < self.stretch {
            return Ok(());
        }
        self.unchecked = 0;
        self.watch.check()
    }

    /// One more energy of the trace.
    pub(super) fn record(&mut self) -> Result<()> {
        if self.options.report.trace {
            let bytes = (self.trace.len() + 1) as u128 * 8;
            self.trace.try_reserve(1).map_err(|_| Error::OutOfMemory { bytes, purpose: "trace" })?;
            self.trace.push(self.network.energy(&mut self.space.track, self.state));
        }
        Ok(())
    }

    fn recall(&mut self, reason: Reason, index: usize) -> Result<Recall> {
        let is_fixed_point = reason == Reason::FixedPoint || self.settled()?;
        let Workspace { track, overlaps, .. } = &mut *self.space;
        self.network.overlaps(track, self.state, overlaps);
        let (n, report) = (self.state.len(), &self.options.report);
        let columns = self.network.columns();
        let judged = judge(columns, self.state, overlaps, reason, is_fixed_point, report.near_overlap);
        Ok(Recall {
            reason,
            is_fixed_point,
            n_sweeps: self.n_sweeps,
            n_updates: self.n_updates,
            n_flips: self.n_flips,
            energy: self.network.energy(track, self.state),
            outcome: judged.outcome,
            pattern: judged.pattern,
            sign: judged.sign,
            mixture: judged.mixture,
            overlap: judged.overlap,
            hit: report.targets.map(|targets| overlaps[targets[index] as usize] == n as i64),
        })
    }
}
