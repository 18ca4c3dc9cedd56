//! The memory on its way: which neuron an update might change, and what a change does to the overlaps.
//!
//! Not here: the walk, and how a field is found.

use ndarray::{CowArray, Ix2};

use super::field::Force;
use super::overlaps::{Overlaps, weights_fit};
use super::powers::{Balance, Powers};
use super::{DenseAssociativeMemory, Interaction, exponentials};
use crate::binary::{Network, OneByOne, Tie, Visit, change_in_turn};
use crate::error::Result;
use crate::kernel::Available;
use crate::kernel::bits::{Columns, Power};
use crate::par::Watch;

/// Changes between two looks at whether to go on.
const CHECK_EVERY: usize = 64;

/// What all cues share.
pub(super) struct Walked<'a> {
    memory: &'a DenseAssociativeMemory,
    /// One row a cue, or one for all.
    external: Option<&'a CowArray<'a, f64, Ix2>>,
    force: Force,
    /// Words that a visit reads.
    words: usize,
    /// Whether bounds may settle signs; tests compare with all sums taken in full.
    certifies: bool,
    set: Available,
}

impl<'a> Walked<'a> {
    pub(super) fn new(
        memory: &'a DenseAssociativeMemory,
        external: Option<&'a CowArray<'a, f64, Ix2>>,
    ) -> Result<Self> {
        let (n, k) = (memory.stored.n(), memory.stored.k());
        let (power, words) = match memory.options.interaction {
            Interaction::Polynomial(degree) => (Some(Power { degree, rectified: false }), k),
            Interaction::Rectified(degree) => (Some(Power { degree, rectified: true }), k),
            Interaction::Exponential => (None, 2 * k),
        };
        let force = match power {
            Some(power) => Force::Powers(Powers::new(power, n, !weights_fit(power, n, k))?),
            None => Force::Exponential,
        };
        Ok(Self { memory, external, force, words, certifies: true, set: memory.stored.available() })
    }

    /// The same, with every sum taken in full.
    #[cfg(test)]
    pub(super) fn in_full(self) -> Self {
        Self { certifies: false, ..self }
    }

    pub(super) fn patterns(&self) -> &'a Columns {
        self.memory.stored.columns()
    }

    pub(super) fn force(&self) -> &Force {
        &self.force
    }

    pub(super) fn certifies(&self) -> bool {
        self.certifies
    }

    pub(super) fn set(&self) -> Available {
        self.set
    }

    /// The external field of a cue at neuron `i`.
    pub(super) fn external(&self, cue: usize, i: usize) -> f64 {
        self.external.map_or(0.0, |field| field[[if field.nrows() == 1 { 0 } else { cue }, i]])
    }
}

/// One cue's overlaps.
#[derive(Debug)]
pub(super) struct Track {
    pub cue: usize,
    pub overlaps: Overlaps,
}

impl Network for Walked<'_> {
    type Track = Track;
    type Field = ();

    fn columns(&self) -> &Columns {
        self.patterns()
    }

    fn tie(&self) -> Tie {
        self.memory.options.tie
    }

    fn words_a_visit(&self) -> usize {
        self.words
    }

    fn track(&self) -> Result<Track> {
        let power = match &self.force {
            Force::Powers(powers) => Some(powers.power()),
            Force::Exponential => None,
        };
        Ok(Track { cue: 0, overlaps: Overlaps::new(self.patterns(), power)? })
    }

    fn begin(&self, track: &mut Track, cue: usize, state: &[i8], watch: &Watch) -> Result<()> {
        track.cue = cue;
        track.overlaps.count(self.patterns(), state, self.set, watch)
    }

    fn first_unstable(&self, track: &mut Track, state: &[i8], list: &[u32], ties_hold: bool) -> Option<Visit<()>> {
        list.iter().enumerate().find_map(|(place, i)| {
            let i = *i as usize;
            let lean = self.sign(track, state, i);
            (!self.tie().content(state[i], lean, ties_hold)).then_some(Visit { place, lean, field: () })
        })
    }

    fn leans(&self, track: &mut Track, state: &[i8], first: usize, noise: &[f64], out: &mut [i8]) {
        for (j, lean) in out.iter_mut().enumerate() {
            *lean = match noise.get(j) {
                Some(noise) => self.swayed(track, state, first + j, *noise),
                None => self.sign(track, state, first + j),
            };
        }
    }

    fn change_all(&self, track: &mut Track, state: &mut [i8], wanted: &[i8], watch: &Watch) -> Result<usize> {
        change_in_turn(self, track, state, wanted, (), CHECK_EVERY, watch)
    }

    fn is_memory(&self, track: &mut Track, state: &[i8]) -> bool {
        track.overlaps.any(self.patterns(), state.len() as i64, self.set)
    }

    fn overlaps(&self, track: &mut Track, _state: &[i8], out: &mut [i64]) {
        for (out, a) in out.iter_mut().zip(track.overlaps.all(self.patterns(), self.set)) {
            *out = i64::from(*a);
        }
    }

    fn energy(&self, track: &mut Track, state: &[i8]) -> f64 {
        let mut linear = Balance::default();
        if self.external.is_some() {
            for (i, x) in state.iter().enumerate().filter(|(_, x)| **x != 0) {
                linear.add(f64::from(*x) * self.external(track.cue, i), 0);
            }
        }
        let tally = track.overlaps.tally(self.patterns(), self.set);
        // Not −0.
        match &self.force {
            Force::Powers(powers) => {
                linear.add_all(&powers.sum(tally), false);
                0.0 - linear.value(0)
            }
            Force::Exponential => 0.0 + exponentials::energy(tally) - linear.value(0),
        }
    }
}

impl OneByOne for Walked<'_> {
    fn first_swayed(&self, track: &mut Track, state: &[i8], list: &[u32], noise: &[f64]) -> Option<Visit<()>> {
        list.iter().zip(noise).enumerate().find_map(|(place, (i, noise))| {
            let lean = self.swayed(track, state, *i as usize, *noise);
            (lean != state[*i as usize]).then_some(Visit { place, lean, field: () })
        })
    }

    fn most_unstable(&self, track: &mut Track, state: &[i8], free: &[u32], watch: &Watch) -> Result<Option<Visit<()>>> {
        self.least_content(track, state, free, watch)
    }

    fn change(&self, track: &mut Track, state: &mut [i8], i: usize, to: i8, _field: ()) {
        track.overlaps.follow(self.patterns(), i, to - state[i], self.set);
        state[i] = to;
    }
}

impl Walked<'_> {
    /// The value that an update gives neuron `i` where chance pulls.
    fn swayed(&self, track: &mut Track, state: &[i8], i: usize, noise: f64) -> i8 {
        if self.near_field(track, state, i).0 > noise { 1 } else { -1 }
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, ArrayView2, s};

    use super::*;
    use crate::binary::{self, BinaryRetrieval, Known, Order, Report, Retrieve, Stop, Temperature, Update};
    use crate::dense::DenseOptions;
    use crate::par::Par;
    use crate::rng::Stream;

    fn signs(rows: usize, columns: usize, seed: u64) -> Array2<i8> {
        let mut stream = Stream::new(seed, 0);
        Array2::from_shape_simple_fn((rows, columns), || if stream.coin() { 1 } else { -1 })
    }

    /// What a retrieval with bounds gives, which is that with all sums in full.
    fn both(net: &DenseAssociativeMemory, cues: ArrayView2<'_, i8>, options: &Retrieve) -> BinaryRetrieval {
        let external = options.external_field(cues.nrows(), cues.ncols()).unwrap();
        let network = || Walked::new(net, external.as_ref()).unwrap();
        let found = binary::retrieve(&network(), cues, options, Par::serial()).unwrap();
        let full = binary::retrieve(&network().in_full(), cues, options, Par::serial()).unwrap();
        // The trace is padded with NaN, which does not equal itself.
        assert_eq!((&found.states, &found.recalls), (&full.states, &full.recalls));
        assert_eq!(format!("{:?}", found.trace), format!("{:?}", full.trace));
        found
    }

    #[test]
    fn bounds_change_nothing() {
        for (n, k, seed) in [(60, 700, 1), (61, 40, 2), (12, 3000, 3), (200, 65, 4)] {
            let patterns = signs(k, n, seed);
            let mut net =
                DenseAssociativeMemory::with(DenseOptions { interaction: Interaction::Exponential, tie: Tie::Random })
                    .unwrap();
            net.store(patterns.view(), Par::serial()).unwrap();
            let mut stream = Stream::new(seed, 1);
            let cues = patterns.slice(s![..7, ..]).mapv(|x| if stream.below(3) == 0 { -x } else { x });
            let mask = Array2::from_shape_fn(cues.dim(), |(cue, i)| !(i + cue).is_multiple_of(4));
            let known = Some(Known { mask: mask.view(), clamp: false });
            let report = Report { trace: true, ..Default::default() };
            let stop = Stop { max_sweeps: 4, ..Default::default() };
            let memory = Stop { stop_at_memory: true, ..stop };
            let orders = [Order::Permutation, Order::Random, Order::Greedy].map(Update::Asynchronous);
            for update in orders.into_iter().chain([Update::Synchronous]) {
                for (known, stop) in [(None, stop), (known, stop), (None, memory)] {
                    both(&net, cues.view(), &Retrieve { update, stop, known, report, ..Default::default() });
                }
            }
            let temperature = Temperature::Schedule(&[0.5, 0.1, 0.0, 0.0]);
            both(&net, cues.view(), &Retrieve { temperature, report, ..Default::default() });
            let field = Array2::from_elem((1, n), 0.25);
            both(&net, cues.view(), &Retrieve { field: Some(field.view()), report, ..Default::default() });
        }
    }

    #[test]
    fn bounds_settle_most_signs_near_a_pattern() {
        let patterns = signs(5000, 300, 5);
        let mut net =
            DenseAssociativeMemory::with(DenseOptions { interaction: Interaction::Exponential, ..Default::default() })
                .unwrap();
        net.store(patterns.view(), Par::serial()).unwrap();
        let state: Vec<i8> = (0..300).map(|i| if i % 5 == 0 { -patterns[[0, i]] } else { patterns[[0, i]] }).collect();
        let (columns, set) = (net.stored.columns(), net.stored.available());
        let checked = Par::serial().run(1, |watch| {
            let mut overlaps = Overlaps::new(columns, None)?;
            overlaps.count(columns, &state, set, watch)?;
            for i in 0..300 {
                let settled = overlaps.settled_sign(columns, i, state[i], set);
                assert_eq!(settled, Some(patterns[[0, i]]), "the pattern's own value");
                assert_eq!(
                    exponentials::sign_in(overlaps.spread(columns, i, state[i], set), 5000, 0.0),
                    patterns[[0, i]]
                );
            }
            Ok(())
        });
        assert_eq!(checked, Ok(()));
    }
}
