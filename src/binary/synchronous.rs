//! All neurons at once (Little 1974), and how a state that comes back is noticed.
//!
//! With symmetric weights, synchronous updates end in a fixed point or alternate between two states: `−xᵀ(t) W x(t−1) −
//! bᵀ(x(t) + x(t−1))` never rises, and where it stays each neuron either has its value of two steps ago or, at a tie,
//! its last one — and then keeps it for good. So a look two steps back finds every cycle at its first return, and costs
//! nothing: two steps that change the same neurons lead back.
//!
//! Other networks can have cycles of any length. Brent (1980) finds those with one state remembered: the landmark is the
//! state after 0, 1, 3, 7, … steps, each time for twice as many steps, and a step that reaches it closes a cycle. A cycle
//! of two is still noticed two steps back, one of `l > 2` at the first step `t` at which the landmark's state returns.

use super::network::Network;
use super::options::Tie;
use super::outcome::Reason;
use super::walk::Walk;
use crate::error::Result;

impl<N: Network> Walk<'_, '_, N> {
    pub(super) fn synchronously(&mut self) -> Result<Reason> {
        // Two steps that change the same neurons lead back, unless to a state with undecided neurons.
        let first_return = if self.undecided == 0 { 2 } else { 3 };
        let (mut power, mut since) = (1_u64, 0);
        self.space.landmark.copy_from_slice(self.state);
        for step in 1..=self.options.stop.max_sweeps {
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
            let [now, before] = &self.space.changes;
            let alternates = step >= first_return && now.iter().map(|(i, _)| i).eq(before.iter().map(|(i, _)| i));
            // With random ties a state that comes back proves nothing.
            if (alternates || *self.state == *self.space.landmark) && self.network.tie() != Tie::Random {
                return Ok(Reason::Cycle);
            }
            since += 1;
            if since == power {
                self.space.landmark.copy_from_slice(self.state);
                (power, since) = (2 * power, 0);
            }
            if let Some(spent) = self.out_of_updates() {
                return Ok(spent);
            }
        }
        Ok(Reason::MaxSweeps)
    }

    /// Sets all free neurons from the fields of the same state.
    fn step(&mut self) -> Result<()> {
        let n = self.state.len();
        for first in (0..n).step_by(self.stretch) {
            let out = &mut self.space.leans[first..n.min(first + self.stretch)];
            self.network.leans(&mut self.space.track, self.state, first, out);
            self.watch.check()?;
        }
        self.space.changes.swap(0, 1);
        self.space.changes[0].clear();
        for place in 0..self.space.free.len() {
            let neuron = self.space.free[place];
            let (from, lean) = (self.state[neuron as usize], self.space.leans[neuron as usize]);
            let to = self.decide(from, lean);
            if to != from {
                self.space.changes[0].push((neuron, to));
                self.undecided -= usize::from(from == 0);
                self.n_flips += 1;
            }
        }
        self.n_updates += self.space.free.len() as u64;
        let (track, changes) = (&mut self.space.track, &self.space.changes[0]);
        self.network.change_all(track, self.state, changes, self.watch)
    }
}
