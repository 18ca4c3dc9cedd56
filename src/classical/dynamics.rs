//! One cue's way through its states: visits, sweeps, and the tests that end it.
//!
//! Asynchronous updates follow Hopfield (1982), synchronous ones Little (1974). Every test is on exact integers, so the
//! trajectory is a function of patterns, cue, options and seed alone.
//!
//! Synchronous updates of symmetric weights end in a fixed point or alternate between two states: `−xᵀ(t) W x(t−1) −
//! bᵀ(x(t) + x(t−1))` never rises, and where it stays each neuron either has its value of two steps ago or, at a tie,
//! its last one — and then keeps it for good. So a look two steps back finds every cycle.

use super::learning::{Energy, Hebbian};
use super::options::{Order, Report, Seeds, Stop, Tie, Update};
use super::outcome::{Reason, Recall, Slot, judge};
use crate::error::{Error, Result, try_vec};
use crate::kernel::Available;
use crate::kernel::bits::{Agreements, Columns, Stable};
use crate::par::Watch;
use crate::rng::Stream;

/// Visits between two looks at whether to go on; some tens of microseconds.
const CHECK_EVERY: usize = 512;
/// What the memory is for, in errors.
const PURPOSE: &str = "a cue's workspace";

/// What all cues of a retrieval share.
pub(super) struct Problem<'a> {
    pub columns: &'a Columns,
    pub rule: Hebbian<'a>,
    pub tie: Tie,
    /// From the rule and the tie.
    pub thresholds: &'a [i64],
    pub update: Update,
    pub stop: Stop,
    pub seeds: Seeds<'a>,
    pub report: Report<'a>,
    /// Known neurons are not visited.
    pub clamp: bool,
    pub set: Available,
}

impl Problem<'_> {
    /// The test of one visit: the tie rule may toss a coin.
    fn visit(&self) -> Stable<'_> {
        Stable { thresholds: self.thresholds, ties_hold: self.tie != Tie::Random }
    }

    /// The test of a fixed point: a tie that may fall either way disturbs nothing.
    fn rest(&self) -> Stable<'_> {
        Stable { thresholds: self.thresholds, ties_hold: true }
    }

    /// The value that a visit gives neuron `i`, now `x`, in an integer field.
    fn decide(&self, i: usize, x: i8, field: i64, stream: &mut Stream) -> i8 {
        match (self.visit().margin(i, field), self.tie) {
            (1.., _) => 1,
            (..0, _) => -1,
            (0, Tie::Random) => 2 * i8::from(stream.coin()) - 1,
            // The thresholds leave the other ties to `Keep`; an undecided neuron has nothing to keep.
            (0, _) => {
                if x == 0 {
                    1
                } else {
                    x
                }
            }
        }
    }
}

/// Memory that a worker uses for one cue after another.
pub(super) struct Workspace {
    agreements: Agreements,
    overlaps: Vec<i64>,
    /// The neurons that may be visited, ascending.
    free: Vec<u32>,
    /// The neurons to visit next.
    order: Vec<u32>,
    /// All neurons' integer fields; synchronous updates only.
    fields: Vec<i64>,
    /// The neurons that this step and the last one changed; synchronous updates only.
    changed: [Vec<u32>; 2],
    /// What this step changed them to.
    values: Vec<i8>,
}

impl Workspace {
    pub(super) fn new(problem: &Problem) -> Result<Self> {
        let (n, k) = (problem.columns.n(), problem.columns.k());
        let synchronous = if problem.update == Update::Synchronous { n } else { 0 };
        Ok(Self {
            agreements: Agreements::new(problem.columns)?,
            overlaps: try_vec(k, 0, PURPOSE)?,
            free: room(n)?,
            order: room(n)?,
            fields: try_vec(synchronous, 0, PURPOSE)?,
            changed: [room(synchronous)?, room(synchronous)?],
            values: room(synchronous)?,
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
pub(super) fn run(
    problem: &Problem,
    space: &mut Workspace,
    watch: &Watch,
    index: usize,
    state: &mut [i8],
    slot: &mut Slot,
) -> Result<()> {
    let Problem { columns, set, .. } = *problem;
    space.free.clear();
    space.free.extend((0_u32..).zip(&*state).filter(|(_, x)| !problem.clamp || **x == 0).map(|(i, _)| i));
    space.agreements.count(columns, state, set);
    space.agreements.overlaps(&mut space.overlaps);
    let stream = match problem.seeds {
        Seeds::Batch(seed) => Stream::new(seed, index as u64),
        Seeds::Each(seeds) => Stream::new(seeds[index], 0),
    };
    let mut walk = Walk {
        problem,
        watch,
        undecided: state.iter().filter(|x| **x == 0).count(),
        energy: problem.rule.energy(state, &space.overlaps),
        state,
        space,
        stream,
        trace: &mut slot.trace,
        n_sweeps: 0,
        n_updates: 0,
        n_flips: 0,
        unchecked: 0,
    };
    let reason = walk.finish()?;
    slot.recall = Some(walk.recall(reason, index)?);
    Ok(())
}

/// One cue on its way.
struct Walk<'a> {
    problem: &'a Problem<'a>,
    watch: &'a Watch<'a>,
    state: &'a mut [i8],
    space: &'a mut Workspace,
    energy: Energy<'a>,
    stream: Stream,
    trace: &'a mut Vec<f64>,
    /// Neurons that are 0.
    undecided: usize,
    n_sweeps: u64,
    n_updates: u64,
    n_flips: u64,
    /// Visits since the last look at whether to go on.
    unchecked: usize,
}

impl Walk<'_> {
    fn finish(&mut self) -> Result<Reason> {
        self.record()?;
        if let Some(reached) = self.goal() {
            return Ok(reached);
        }
        if self.settled()? {
            self.n_sweeps = 1;
            return Ok(Reason::FixedPoint);
        }
        match self.problem.update {
            Update::Asynchronous(order) => self.asynchronously(order),
            Update::Synchronous => self.synchronously(),
        }
    }

    // ---- one neuron at a time ----

    fn asynchronously(&mut self, order: Order) -> Result<Reason> {
        let mut unchanged = 0;
        for sweep in 1..=self.problem.stop.max_sweeps {
            self.n_sweeps = sweep;
            let (ended, whole) = self.sweep(order, &mut unchanged)?;
            self.record()?;
            if let Some(reason @ (Reason::Memory | Reason::Energy)) = ended {
                return Ok(reason);
            }
            // At the end of a sweep a fixed point says more than a spent budget.
            if whole && self.settled()? {
                self.n_sweeps = sweep + 1;
                return Ok(Reason::FixedPoint);
            }
            if let Some(reason) = ended {
                return Ok(reason);
            }
        }
        Ok(Reason::MaxSweeps)
    }

    /// As many visits as there are free neurons, unless something ends them; what did, and whether all were made.
    fn sweep(&mut self, order: Order, unchanged: &mut u64) -> Result<(Option<Reason>, bool)> {
        let stop = self.problem.stop;
        let mut left = self.space.free.len();
        let mut next = 0;
        self.space.order.clear();
        while left > 0 {
            if next == self.space.order.len() {
                self.draw(order, left);
                next = 0;
            }
            let room =
                [stop.patience.map(|most| most - *unchanged), stop.max_updates.map(|most| most - self.n_updates)]
                    .into_iter()
                    .flatten()
                    .fold(CHECK_EVERY, |room, most| room.min(usize::try_from(most).unwrap_or(CHECK_EVERY)));
            let end = self.space.order.len().min(next + room);
            let (visits, changed) = self.visit(next, end);
            next += visits;
            left -= visits;
            self.n_updates += visits as u64;
            *unchanged = if changed { 0 } else { *unchanged + visits as u64 };
            let ended = if changed { self.goal() } else { None }
                .or_else(|| (stop.patience == Some(*unchanged)).then_some(Reason::Patience))
                .or_else(|| self.out_of_updates());
            if ended.is_some() {
                return Ok((ended, left == 0));
            }
            self.look_up_after(visits)?;
        }
        Ok((None, true))
    }

    /// Lists the neurons to visit next, of which a sweep has `left`.
    fn draw(&mut self, order: Order, left: usize) {
        let Workspace { free, order: list, .. } = &mut *self.space;
        list.clear();
        match order {
            Order::Sequential => list.extend_from_slice(free),
            Order::Permutation => {
                list.extend_from_slice(free);
                self.stream.shuffle(list);
            }
            Order::Random => {
                // A coin at a tie comes between the draws of two neurons, so those must not be drawn ahead of it.
                let ahead = if self.problem.tie == Tie::Random { 1 } else { CHECK_EVERY };
                let stream = &mut self.stream;
                let neuron = || free[stream.below(free.len() as u64) as usize];
                list.extend(std::iter::repeat_with(neuron).take(left.min(ahead)));
            }
        }
    }

    /// Visits listed neurons up to the first that is not content; how many, and whether the last one changed.
    fn visit(&mut self, next: usize, end: usize) -> (usize, bool) {
        let Self { problem, space, .. } = self;
        let Problem { columns, set, .. } = **problem;
        let list = &space.order[next..end];
        let Some((place, field)) = space.agreements.first_unstable(columns, self.state, problem.visit(), list, set)
        else {
            return (end - next, false);
        };
        let i = list[place] as usize;
        let (from, to) = (self.state[i], problem.decide(i, self.state[i], field, &mut self.stream));
        let changed = from != to;
        if changed {
            self.energy.change(i, from, to, field);
            self.replace(i, to);
        }
        (place + 1, changed)
    }

    // ---- all neurons at once ----

    fn synchronously(&mut self) -> Result<Reason> {
        // Two steps that change the same neurons lead back, unless to a state with undecided neurons.
        let first_return = if self.undecided == 0 { 2 } else { 3 };
        for step in 1..=self.problem.stop.max_sweeps {
            self.n_sweeps = step;
            self.step()?;
            self.record()?;
            if let Some(reached) = self.goal() {
                return Ok(reached);
            }
            if self.settled()? {
                self.n_sweeps = step + 1;
                return Ok(Reason::FixedPoint);
            }
            // With random ties a state that comes back proves nothing.
            let [now, before] = &self.space.changed;
            if step >= first_return && now == before && self.problem.tie != Tie::Random {
                return Ok(Reason::Cycle);
            }
            if let Some(spent) = self.out_of_updates() {
                return Ok(spent);
            }
        }
        Ok(Reason::MaxSweeps)
    }

    /// Sets all free neurons from the fields of the same state.
    fn step(&mut self) -> Result<()> {
        let Problem { columns, set, .. } = *self.problem;
        let n = columns.n();
        for first in (0..n).step_by(CHECK_EVERY) {
            let out = &mut self.space.fields[first..n.min(first + CHECK_EVERY)];
            self.space.agreements.fields(columns, self.state, first, out, set);
            self.watch.check()?;
        }
        self.space.changed.swap(0, 1);
        let Workspace { free, fields, changed: [changed, _], values, .. } = &mut *self.space;
        changed.clear();
        values.clear();
        for &neuron in &*free {
            let i = neuron as usize;
            let to = self.problem.decide(i, self.state[i], fields[i], &mut self.stream);
            if to != self.state[i] {
                changed.push(neuron);
                values.push(to);
            }
        }
        self.n_updates += free.len() as u64;
        for place in 0..self.space.changed[0].len() {
            let (i, to) = (self.space.changed[0][place] as usize, self.space.values[place]);
            self.energy.shift(i, self.state[i], to);
            self.replace(i, to);
            self.look_up_after(1)?;
        }
        self.space.agreements.overlaps(&mut self.space.overlaps);
        self.energy.recount(self.state, &self.space.overlaps);
        Ok(())
    }

    // ---- what both need ----

    fn replace(&mut self, i: usize, to: i8) {
        let Problem { columns, set, .. } = *self.problem;
        self.space.agreements.replace(columns, i, self.state[i], to, set);
        self.undecided -= usize::from(self.state[i] == 0);
        self.state[i] = to;
        self.n_flips += 1;
    }

    /// The goals that a state without undecided neurons can reach.
    fn goal(&self) -> Option<Reason> {
        let stop = &self.problem.stop;
        if self.undecided > 0 {
            None
        } else if stop.stop_at_memory && self.space.agreements.first_lane(self.state.len()).is_some() {
            Some(Reason::Memory)
        } else if stop.target_energy.is_some_and(|target| self.energy.value() <= target) {
            Some(Reason::Energy)
        } else {
            None
        }
    }

    /// Whether every free neuron satisfies its update.
    fn settled(&mut self) -> Result<bool> {
        let Problem { columns, set, .. } = *self.problem;
        for neurons in self.space.free.chunks(CHECK_EVERY) {
            let rest = self.problem.rest();
            if self.space.agreements.first_unstable(columns, self.state, rest, neurons, set).is_some() {
                return Ok(false);
            }
            self.watch.check()?;
        }
        Ok(true)
    }

    fn out_of_updates(&self) -> Option<Reason> {
        self.problem.stop.max_updates.is_some_and(|most| self.n_updates >= most).then_some(Reason::MaxUpdates)
    }

    /// Looks whether to go on every few hundred visits.
    fn look_up_after(&mut self, visits: usize) -> Result<()> {
        self.unchecked += visits;
        if self.unchecked < CHECK_EVERY {
            return Ok(());
        }
        self.unchecked = 0;
        self.watch.check()
    }

    /// One more energy of the trace.
    fn record(&mut self) -> Result<()> {
        if self.problem.report.trace {
            let bytes = (self.trace.len() + 1) as u128 * 8;
            self.trace.try_reserve(1).map_err(|_| Error::OutOfMemory { bytes, purpose: "trace" })?;
            self.trace.push(self.energy.value());
        }
        Ok(())
    }

    fn recall(&mut self, reason: Reason, index: usize) -> Result<Recall> {
        let is_fixed_point = reason == Reason::FixedPoint || self.settled()?;
        self.space.agreements.overlaps(&mut self.space.overlaps);
        let (overlaps, n) = (&self.space.overlaps, self.state.len());
        let report = &self.problem.report;
        let judged = judge(overlaps, n, reason, is_fixed_point, report.near_overlap);
        Ok(Recall {
            reason,
            is_fixed_point,
            n_sweeps: self.n_sweeps,
            n_updates: self.n_updates,
            n_flips: self.n_flips,
            energy: self.energy.value(),
            outcome: judged.outcome,
            pattern: judged.pattern,
            sign: judged.sign,
            overlap: judged.overlap,
            hit: report.targets.map(|targets| overlaps[targets[index] as usize] == n as i64),
        })
    }
}
