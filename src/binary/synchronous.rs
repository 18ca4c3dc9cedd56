//! All neurons at once (Little 1974), and how a state that comes back is noticed.
//!
//! With symmetric weights, synchronous updates end in a fixed point or alternate between two states: `−xᵀ(t) W x(t−1) −
//! bᵀ(x(t) + x(t−1))` never rises, and where it stays each neuron either has its value of two steps ago or, at a tie,
//! its last one — and then keeps it for good. So a look two steps back finds every cycle at its first return.
//!
//! Other networks can have cycles of any length. Brent (1980) finds those with one state remembered: the landmark is the
//! state after 1, 3, 7, … steps, each time for twice as many steps, and a step that reaches it closes a cycle. A cycle
//! of two is still noticed two steps back. Where temperatures come first, all this counts from the first step at 0 with
//! none but zeros to follow: what chance brings back proves nothing.

use super::asynchronous::noise;
use super::network::Network;
use super::options::Tie;
use super::outcome::Reason;
use super::walk::{Walk, Workspace};
use crate::error::Result;

impl<N: Network> Walk<'_, '_, N> {
    pub(super) fn synchronously(&mut self) -> Result<Reason> {
        let temperature = self.options.temperature;
        let mut cycle = Detector::default();
        for step in 1..=self.options.stop.max_sweeps {
            self.n_sweeps = step;
            let frozen = temperature.frozen(step);
            let returned = self.step(temperature.of(step))?;
            self.record()?;
            if let Some(reached) = self.goal() {
                return Ok(reached);
            }
            if frozen {
                if self.settled()? {
                    self.n_sweeps = step + 1;
                    return Ok(Reason::FixedPoint);
                }
                // With random ties a state that comes back proves nothing.
                if cycle.closes(self.state, returned, &mut self.space.landmark) && self.network.tie() != Tie::Random {
                    return Ok(Reason::Cycle);
                }
            }
            if let Some(spent) = self.out_of_updates() {
                return Ok(spent);
            }
            if temperature.ends_with(step) {
                return Ok(Reason::ScheduleEnd);
            }
        }
        Ok(Reason::MaxSweeps)
    }

    /// Sets all free neurons from the fields of the same state; whether the state is that of two steps ago.
    fn step(&mut self, temperature: f64) -> Result<bool> {
        let n = self.state.len();
        let Workspace { track, free, leans, noise: numbers, .. } = &mut *self.space;
        numbers.clear();
        if temperature > 0.0 {
            numbers.resize(n, 0.0);
            for i in free {
                numbers[*i as usize] = noise(&mut self.stream, temperature);
            }
        }
        for first in (0..n).step_by(self.stretch) {
            let end = n.min(first + self.stretch);
            let numbers = numbers.get(first..end).unwrap_or_default();
            self.network.leans(track, self.state, first, numbers, &mut leans[first..end]);
            self.watch.check()?;
        }
        self.want_values();
        let Workspace { track, leans: wanted, before, free, .. } = &mut *self.space;
        self.n_updates += free.len() as u64;
        let returned = wanted == before;
        before.copy_from_slice(self.state);
        self.n_flips += self.network.change_all(track, self.state, wanted, self.watch)? as u64;
        self.undecided = 0;
        Ok(returned)
    }
}

impl<N: Network> Walk<'_, '_, N> {
    /// Turns the leans of all neurons into the values that they are to have: ties are decided, and what is not free stays.
    fn want_values(&mut self) {
        let (tie, n) = (self.network.tie(), self.state.len());
        let Workspace { leans, free, .. } = &mut *self.space;
        if tie == Tie::Random {
            for i in &*free {
                let lean = &mut leans[*i as usize];
                if *lean == 0 {
                    *lean = 2 * i8::from(self.stream.coin()) - 1;
                }
            }
        }
        let (keep, other) = (tie == Tie::Keep, if tie == Tie::Minus { -1 } else { 1 });
        for (lean, x) in leans.iter_mut().zip(&*self.state) {
            let at_tie = if keep && *x != 0 { *x } else { other };
            *lean = if *lean == 0 { at_tie } else { *lean };
        }
        if free.len() < n {
            let mut next = 0;
            for i in free.iter().map(|i| *i as usize).chain([n]) {
                leans[next..i].copy_from_slice(&self.state[next..i]);
                next = i + 1;
            }
        }
    }
}

/// Notices a state that comes back, looking two steps back and at a landmark.
#[derive(Default)]
struct Detector {
    steps: u64,
    /// Steps since the landmark was set, and how many it is to stay.
    since: u64,
    power: u64,
}

impl Detector {
    /// Whether the step just made came back to an earlier state; `returned` says so of that of two steps ago. The first
    /// of the steps that count cannot: neither that state nor the landmark is one of theirs yet.
    fn closes(&mut self, state: &[i8], returned: bool, landmark: &mut [i8]) -> bool {
        self.steps += 1;
        if self.steps >= 2 && (returned || state == landmark) {
            return true;
        }
        self.since += 1;
        if self.since >= self.power {
            landmark.copy_from_slice(state);
            (self.power, self.since) = (self.power.max(1).saturating_mul(2), 0);
        }
        false
    }
}
