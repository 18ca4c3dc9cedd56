//! One neuron at a time (Hopfield 1982), in any order and at any temperature.
//!
//! Chance at a temperature `T` is a threshold: with `u` uniform on [0, 1), `u < 1 / (1 + exp(−2 h / T))` says the same as
//! `h > (T/2) ln(u / (1 − u))`. The right-hand side knows nothing of the network, so it is drawn ahead, a block of visits
//! at once, and a visit stays a comparison of its field with a number.

use super::network::{OneByOne, Visit};
use super::options::{Order, Tie, Update};
use super::outcome::Reason;
use super::walk::{CHECK_EVERY, Walk, Workspace};
use crate::error::Result;
use crate::rng::Stream;

/// What an update at this temperature compares the field with: one draw.
pub(super) fn noise(stream: &mut Stream, temperature: f64) -> f64 {
    let u = stream.unit();
    temperature / 2.0 * libm::log(u / (1.0 - u))
}

impl<N: OneByOne> Walk<'_, '_, N> {
    pub(super) fn asynchronously(&mut self) -> Result<Reason> {
        let (stop, temperature) = (self.options.stop, self.options.temperature);
        let mut unchanged = 0;
        for sweep in 1..=stop.max_sweeps {
            self.n_sweeps = sweep;
            let (ended, whole) = match self.options.update {
                Update::Asynchronous(Order::Greedy) => self.greedy_sweep()?,
                _ => self.sweep(temperature.of(sweep), &mut unchanged)?,
            };
            self.record()?;
            if let Some(reason @ (Reason::Memory | Reason::Energy)) = ended {
                return Ok(reason);
            }
            // At the end of a sweep a fixed point says more than a spent budget.
            if whole && temperature.frozen(sweep) && self.settled()? {
                self.n_sweeps = sweep + 1;
                return Ok(Reason::FixedPoint);
            }
            if let Some(reason) = ended {
                return Ok(reason);
            }
            if temperature.ends_with(sweep) {
                return Ok(Reason::ScheduleEnd);
            }
        }
        Ok(Reason::MaxSweeps)
    }

    /// As many visits as there are neurons to visit, unless something ends them; what did, and whether all were made.
    fn sweep(&mut self, temperature: f64, unchanged: &mut u64) -> Result<(Option<Reason>, bool)> {
        let stop = self.options.stop;
        let mut left = match self.options.update {
            Update::Listed(_) => self.space.listed.len(),
            _ => self.space.free.len(),
        };
        let mut next = 0;
        self.space.order.clear();
        self.space.noise.clear();
        while left > 0 {
            if next == self.space.order.len() {
                self.draw(left, temperature);
                next = 0;
            }
            // Numbers are drawn for a block of visits, from `start` of the list on.
            let start = next / CHECK_EVERY * CHECK_EVERY;
            if temperature > 0.0 && next == start && !self.draws_in_turn() {
                let block = self.space.order.len().min(start + CHECK_EVERY) - start;
                let stream = &mut self.stream;
                self.space.noise.clear();
                self.space.noise.extend(std::iter::repeat_with(|| noise(stream, temperature)).take(block));
            }
            let room =
                [stop.patience.map(|most| most - *unchanged), stop.max_updates.map(|most| most - self.n_updates)]
                    .into_iter()
                    .flatten()
                    .fold(self.stretch, |room, most| room.min(usize::try_from(most).unwrap_or(self.stretch)));
            let end = self.space.order.len().min(next + room).min(start + CHECK_EVERY);
            let (visits, changed) = self.visit(next, end, temperature > 0.0);
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

    /// Whether each visit draws its neuron and then its chance, so that neither can be drawn ahead of the other.
    fn draws_in_turn(&self) -> bool {
        self.options.update == Update::Asynchronous(Order::Random)
    }

    /// Lists the neurons to visit next, of which a sweep has `left`.
    fn draw(&mut self, left: usize, temperature: f64) {
        let Workspace { free, listed, order: list, noise: numbers, .. } = &mut *self.space;
        list.clear();
        match self.options.update {
            Update::Listed(_) => list.extend_from_slice(listed),
            Update::Asynchronous(Order::Permutation) => {
                list.extend_from_slice(free);
                self.stream.shuffle(list);
            }
            Update::Asynchronous(Order::Random) => {
                // A coin at a tie comes between the draws of two neurons, so those must not be drawn ahead of it.
                let coins = temperature == 0.0 && self.network.tie() == Tie::Random;
                numbers.clear();
                for _ in 0..left.min(if coins { 1 } else { self.stretch }) {
                    list.push(free[self.stream.below(free.len() as u64) as usize]);
                    if temperature > 0.0 {
                        numbers.push(noise(&mut self.stream, temperature));
                    }
                }
            }
            Update::Asynchronous(Order::Sequential | Order::Greedy) | Update::Synchronous => {
                list.extend_from_slice(free);
            }
        }
    }

    /// Visits listed neurons up to the first that is not content; how many, and whether the last one changed.
    fn visit(&mut self, next: usize, end: usize, hot: bool) -> (usize, bool) {
        let Workspace { track, order, noise, .. } = &mut *self.space;
        let list = &order[next..end];
        let found = if hot {
            let start = next / CHECK_EVERY * CHECK_EVERY;
            self.network.first_swayed(track, self.state, list, &noise[next - start..end - start])
        } else {
            self.network.first_unstable(track, self.state, list, false)
        };
        match found {
            Some(visit) => {
                let i = list[visit.place] as usize;
                (visit.place + 1, self.turn(i, visit))
            }
            None => (end - next, false),
        }
    }

    /// Ends a visit of neuron `i`; whether it changed.
    fn turn(&mut self, i: usize, visit: Visit<N::Field>) -> bool {
        let from = self.state[i];
        let to = self.decide(from, visit.lean);
        if from != to {
            self.network.change(&mut self.space.track, self.state, i, to, visit.field);
            self.undecided -= usize::from(from == 0);
            self.n_flips += 1;
        }
        from != to
    }

    /// Visits of the most unstable neuron as long as there is one, at most as many as a sweep has; what ended them, and
    /// whether that is a sweep.
    fn greedy_sweep(&mut self) -> Result<(Option<Reason>, bool)> {
        for left in (0..self.space.free.len()).rev() {
            let Workspace { track, free, .. } = &mut *self.space;
            let Some(visit) = self.network.most_unstable(track, self.state, free, self.watch)? else {
                break;
            };
            let i = free[visit.place] as usize;
            self.n_updates += 1;
            let changed = self.turn(i, visit);
            debug_assert!(changed, "a neuron that is not content changes");
            let ended = self.goal().or_else(|| self.out_of_updates());
            if ended.is_some() {
                return Ok((ended, left == 0));
            }
            self.watch.check()?;
        }
        Ok((None, true))
    }
}
