//! Visits that need not be made: neurons that cannot have changed their mind.
//!
//! Let `x_i` be content by a margin `m = x_i (2 H_i − t_i) ≥ 1`, seen at some time. While `x_i` stays as it is,
//! `H_i = Σ_μ ξ_i^μ a^μ − k x_i` moves as the overlaps move, so that it is content still as long as
//!
//! ```text
//! 2 |H_i(now) − H_i(then)|  ≤  2 Σ_μ |a^μ(now) − a^μ(then)|  <  m
//! ```
//!
//! One change moves each overlap by 2 at most: after `c` changes the sum is at most `2 k c`. That is seldom reached, since
//! changes of unrelated neurons cancel: the sum grows like `k √c`. So it is taken between points in time, by the triangle
//! inequality: from *then* to a point, about the start of a sweep, and from there to *now*. The last changes are
//! remembered, and at each point the way back is walked; from it on the overlaps are followed. Walked, it leaves one number a
//! neuron, its limit: until the overlaps are so far from the point, the neuron is passed over. Those that are not are
//! sifted out before any of them is visited, because a branch at each neuron cannot be foreseen and costs half a visit.
//!
//! What it gains (one cue of 10 000 neurons and 1000 patterns, four sweeps of which one only certifies, a Xeon of 2.1 GHz):
//! 0.82 to 0.68 ms; with a test before each visit instead, to 0.73 ms.
//!
//! Not here: neurons that change at a temperature, where chance has no margin.

#[cfg(target_arch = "x86_64")]
use super::due_x86;
use super::plain::{LANES, shift_all};
use super::{Columns, for_every_set};
use crate::error::{Result, try_vec};
use crate::kernel::Available;

/// Changes that are remembered.
const REMEMBERED: usize = 256;
/// Neurons up to which what is known of them stays in the second-level cache; beyond, it costs what it saves.
const MOST: usize = 1 << 17;

/// Which neurons are known to be content; nobody is where it has no room.
#[derive(Debug, Default)]
pub(crate) struct Due {
    /// By how much each neuron was content at its last visit (0: nothing is known),
    margins: Vec<u32>,
    /// after so many changes,
    ats: Vec<u32>,
    /// and so how far the overlaps may be from the point, twice, for it to be content still: anywhere below.
    limits: Vec<u32>,
    /// The last changes, each at its number modulo their number: the neuron, and by how much it changed.
    changed: Vec<(u32, i8)>,
    changes: u32,
    /// The changes at the point.
    point: u32,
    /// Twice the way of the overlaps from the point to now, or [`FAR`].
    ahead: u32,
    /// The overlaps' moves, from the point on.
    moves: Vec<i32>,
    /// Visits since the point.
    visits: usize,
    k: usize,
}

/// A way that is no longer followed.
const FAR: u32 = u32::MAX;

/// Twice the way of the overlaps from a point back by so many changes; [`FAR`] at the end.
type Back = [u32; REMEMBERED + 2];

impl Due {
    /// For visits of networks with these `columns`.
    pub(crate) fn new(columns: &Columns) -> Result<Self> {
        let (n, k) = (columns.n, columns.k);
        if n > MOST {
            return Ok(Self::default());
        }
        Ok(Self {
            margins: try_vec(n, 0, "visits")?,
            ats: try_vec(n, 0, "visits")?,
            limits: try_vec(n, 0, "visits")?,
            changed: try_vec(REMEMBERED, (0, 0), "visits")?,
            ahead: FAR,
            moves: try_vec(k.next_multiple_of(LANES), 0, "visits")?,
            k,
            ..Self::default()
        })
    }

    /// Forgets everything.
    pub(crate) fn reset(&mut self) {
        self.margins.fill(0);
        (self.changes, self.point, self.ahead, self.visits) = (0, 0, FAR, 0);
    }

    /// Follows a change of neuron `i` by `step`.
    pub(crate) fn follow(&mut self, columns: &Columns, i: usize, step: i8, set: Available) {
        let (Some(margin), Some(limit)) = (self.margins.get_mut(i), self.limits.get_mut(i)) else { return };
        (*margin, *limit) = (0, 0);
        let Some(changes) = self.changes.checked_add(1) else { return self.reset() };
        self.changed[self.changes as usize % REMEMBERED] = (i as u32, step);
        self.changes = changes;
        if self.ahead < FAR {
            self.ahead = self.go(columns, i, step, set);
        }
    }

    /// Moves the overlaps; twice their way so far, as long as that is less than a usual margin.
    fn go(&mut self, columns: &Columns, i: usize, step: i8, set: Available) -> u32 {
        shift_all(set, std::iter::once((columns.column(i), step.into())), &mut self.moves);
        let way = 2 * way(set, &self.moves[..self.k]);
        // Fields are of the order of n where a pattern is found, and margins twice that.
        if way < 2 * columns.n as u64 { way as u32 } else { FAR }
    }

    /// Counts visits.
    pub(super) fn pass(&mut self, visits: usize) {
        self.visits += visits;
    }

    /// Sets a point, if since the last one there have been as many visits as a sweep has.
    pub(super) fn look_back(&mut self, columns: &Columns, set: Available) {
        if self.visits < columns.n || self.limits.is_empty() {
            return;
        }
        (self.point, self.visits, self.ahead) = (self.changes, 0, 0);
        self.moves.fill(0);
        let mut back = [FAR; REMEMBERED + 2];
        back[0] = 0;
        for (number, back) in (0..self.changes).rev().zip(&mut back[1..=REMEMBERED]) {
            let (i, step) = self.changed[number as usize % REMEMBERED];
            *back = self.go(columns, i as usize, step, set);
            if *back == FAR {
                break;
            }
        }
        self.moves.fill(0);
        look_back(set, self.point, &back, &self.margins, &self.ats, &mut self.limits);
    }

    /// Whether nothing is known of any neuron.
    pub(super) fn is_blind(&self) -> bool {
        self.limits.is_empty() || self.ahead == FAR
    }

    /// Writes the neurons that `order` lists of which nothing is known, at most as many as there is room for, and their
    /// places in it; how many.
    pub(super) fn sift(&self, order: &[u32], neurons: &mut Sifted, places: &mut Sifted, set: Available) -> usize {
        match set.set() {
            // SAFETY: an `Available` is made only after `InstructionSet::is_available` found these features.
            #[cfg(target_arch = "x86_64")]
            crate::InstructionSet::Avx512 => unsafe { due_x86::sift(order, &self.limits, self.ahead, neurons, places) },
            _ => sift(set, order, &self.limits, self.ahead, neurons, places),
        }
    }

    /// Learns that neuron `i` is content by a positive `margin`.
    #[inline(always)]
    pub(super) fn learn(&mut self, i: usize, margin: i64) {
        if i < self.margins.len() && i < self.ats.len() && i < self.limits.len() {
            let margin = margin.min(i64::from(u32::MAX)) as u32;
            self.margins[i] = margin;
            self.ats[i] = self.changes;
            self.limits[i] = margin.saturating_sub(self.ahead);
        }
    }
}

/// Neurons that are sifted at once.
pub(super) const SIFTED: usize = 256;
pub(super) type Sifted = [u32; SIFTED];

for_every_set! {
    /// Writes how far the overlaps may be from the `point`.
    fn look_back(point: u32, back: &Back, margins: &[u32], ats: &[u32], limits: &mut [u32]) {
        for ((limit, margin), at) in limits.iter_mut().zip(margins).zip(ats) {
            *limit = margin.saturating_sub(back[point.wrapping_sub(*at).min(REMEMBERED as u32 + 1) as usize]);
        }
    }

    fn sift(order: &[u32], limits: &[u32], ahead: u32, neurons: &mut Sifted, places: &mut Sifted) -> usize {
        let mut count = 0;
        for (place, i) in order.iter().enumerate().take(SIFTED) {
            neurons[count % SIFTED] = *i;
            places[count % SIFTED] = place as u32;
            count += usize::from(limits[*i as usize] <= ahead);
        }
        count
    }

    /// The sum of the sizes of moves of a few hundred changes.
    fn way(moves: &[i32]) -> u64 {
        let mut way = 0;
        for lanes in moves.chunks(LANES) {
            let mut sum = 0;
            for move_ in lanes {
                sum += move_.unsigned_abs();
            }
            way += u64::from(sum);
        }
        way
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::InstructionSet;
    use crate::kernel::bits::Agreements;
    use crate::par::Par;
    use crate::rng::Stream;

    impl Due {
        /// The neurons of `order` that are known to be content, by their places.
        fn passed_over(&self, order: &[u32], set: Available) -> Vec<usize> {
            let mut passed = Vec::new();
            for (chunk, order) in order.chunks(SIFTED).enumerate() {
                let (mut neurons, mut places) = ([0; SIFTED], [0; SIFTED]);
                let count = self.sift(order, &mut neurons, &mut places, set);
                assert!((0..count).all(|j| neurons[j] == order[places[j] as usize]) && places[..count].is_sorted());
                passed.extend(
                    (0..order.len()).filter(|j| !places[..count].contains(&(*j as u32))).map(|j| chunk * SIFTED + j),
                );
            }
            passed
        }
    }

    /// Visits and changes at random, most of them against the field: whoever is passed over is content, on every
    /// instruction set, and the way of the overlaps tells it of neurons seen before the last changes.
    #[test]
    fn who_is_passed_over_is_content() {
        for set in InstructionSet::ALL.into_iter().filter(|set| set.is_available()).map(Available::or_portable) {
            for (n, k) in [(300, 3), (400, 40), (700, 100)] {
                let mut stream = Stream::new(n as u64, 0);
                let rows: Vec<i8> = (0..n * k).map(|_| if stream.coin() { 1 } else { -1 }).collect();
                let columns = Columns::default().appended(&rows, n, set, Par::serial()).unwrap();
                let mut state = rows[..n].to_vec();
                state[7] = 0;
                let (mut agreements, mut due) = (Agreements::new(&columns).unwrap(), Due::new(&columns).unwrap());
                let counting = std::sync::Mutex::new(&mut agreements);
                Par::serial().run(1, |watch| counting.lock().unwrap().count(&columns, &state, set, watch)).unwrap();
                let (mut fields, mut after_changes, mut turned) = (vec![0; n], 0, Vec::new());
                let mut order: Vec<u32> = (0..n as u32).collect();
                for round in 0..400 {
                    agreements.fields(&columns, &state, 0, &mut fields, set);
                    let margin = |i: usize| 2 * i64::from(state[i]) * fields[i];
                    stream.shuffle(&mut order);
                    let passed: Vec<usize> =
                        due.passed_over(&order, set).into_iter().map(|place| order[place] as usize).collect();
                    for &i in &passed {
                        assert!(margin(i) > 0, "{set:?} {n} {k} {round} {i}");
                        after_changes += usize::from(due.ats[i] < due.changes);
                    }
                    for i in (0..n).filter(|i| !passed.contains(i) && margin(*i) > 0) {
                        if stream.below(3) > 0 {
                            due.learn(i, margin(i));
                        }
                    }
                    // Now and then a few changes, most of them soon taken back; now and then a sweep.
                    if round % 4 == 0 {
                        turned = (0..stream.below(9)).map(|_| stream.below(n as u64) as usize).collect();
                    }
                    for &i in if round % 2 == 0 { &turned[..] } else { &[] } {
                        let to = if state[i] == 0 { 1 } else { -state[i] };
                        agreements.replace(&columns, i, state[i], to, set);
                        due.follow(&columns, i, to - state[i], set);
                        state[i] = to;
                    }
                    due.pass(n / if round < 200 { 2 } else { 60 });
                    due.look_back(&columns, set);
                }
                assert!(after_changes > 0, "{set:?} {n} {k}");
            }
        }
    }
}
