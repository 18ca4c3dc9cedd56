//! The Hebbian network in synchronous steps of many cues, where single visits never happen: overlaps with all patterns as
//! plain integers, and the fields of all neurons looked up.
//!
//! A cue's first overlaps are counted along the patterns' rows, several cues at a time; the neurons that a step turns then
//! change them column by column. Everything is an integer, so answers are those of [`Packed`], which does the same for
//! few cues, other instruction sets and small networks: both layouts of the patterns that this one needs take as long to
//! make as a few steps.
//!
//! One step of 256 cues, n = 10 000, k = 1000, on two cores of a Xeon with AVX-512: 33 ms on one thread and 19 ms on two, where
//! [`Packed`] takes 91 ms and 45 ms (`cargo bench --bench recall synchronous`).
//!
//! Not here: the walk, and visits of single neurons.

use super::packed::{Limits, Packed};
use super::units::{Energy, hebbian_pairs};
use crate::binary::{Network, Tie, Visit};
use crate::error::{Result, try_vec};
use crate::kernel::bits::{Columns, Indices, Rows, StateBits, Tables, add_overlaps, signs};
use crate::par::{Par, Watch};

/// Cues for which it pays to put the patterns' bits in another order.
const WORTH_IT: usize = 4;
/// Neurons whose integer fields are held at once: whole tiles of the tables.
const PIECE: usize = 512;
/// Changes that are made at once.
const MOST_CHANGED: usize = 2048;

/// What all cues share.
pub(super) struct InStep<'a> {
    packed: &'a Packed<'a>,
    rows: Rows,
    indices: Indices,
    /// Cues that are met at once.
    at_once: usize,
}

impl<'a> InStep<'a> {
    /// Whether it pays for so many cues.
    pub(super) fn pays(packed: &Packed, cues: usize) -> bool {
        cues >= WORTH_IT && Indices::pay(packed.columns(), packed.set())
    }

    /// The same network, made ready for so many cues.
    pub(super) fn of(packed: &'a Packed<'a>, cues: usize, par: Par) -> Result<Self> {
        let rows = Rows::of(packed.columns(), packed.set(), par)?;
        let indices = Indices::of(packed.columns(), par)?;
        let at_once = cues.div_ceil(par.threads()).clamp(1, Rows::MOST_STATES);
        Ok(Self { packed, rows, indices, at_once })
    }

    /// Numbers of a cue's overlaps: one for each lane of whole words.
    fn lanes(&self) -> usize {
        self.columns().k().next_multiple_of(64)
    }

    /// Writes the signs of the fields of a cue that starts with these limits of its own, from neuron `first` on.
    fn signs(&self, limits: &Limits, first: usize, fields: &[i64], out: &mut [i8]) {
        let thresholds = self.packed.stable_in(limits, true).thresholds.get(first..).unwrap_or_default();
        signs(self.packed.set(), fields, thresholds, out);
    }

    /// Writes the integer fields of the neurons from `first` on, whose values are at the start of `state`.
    fn fields(&self, track: &mut Track, state: &[i8], first: usize, out: &mut [i64]) {
        if !track.looked_up {
            track.tables.fill(&track.overlaps[..self.columns().k()], self.packed.set());
            track.looked_up = true;
        }
        track.tables.fields(&self.indices, state, first, out, self.packed.set());
    }

    /// Writes the leans of some neurons of a piece, all that `out` has room for.
    fn lean(&self, track: &mut Track, state: &[i8], first: usize, out: &mut [i8]) {
        if track.as_met {
            let place = (track.cue - track.met.first) * self.columns().n();
            return out.copy_from_slice(&track.met.signs[place + first..][..out.len()]);
        }
        let mut fields = [0; PIECE];
        let fields = &mut fields[..out.len()];
        self.fields(track, state, first, fields);
        self.signs(&track.limits, first, fields, out);
    }
}

/// What is known of cues that are met at once, from number `first` on.
#[derive(Debug)]
struct Met {
    first: usize,
    bits: StateBits,
    overlaps: Vec<i32>,
    tables: Vec<Tables>,
    /// The signs of all fields.
    signs: Vec<i8>,
}

/// One cue's overlaps and energy.
#[derive(Debug)]
pub(super) struct Track {
    met: Met,
    cue: usize,
    /// Whether the cue is as it was met, and its signs are known.
    as_met: bool,
    overlaps: Vec<i32>,
    tables: Tables,
    /// Whether the tables stand for the overlaps.
    looked_up: bool,
    /// The part that is linear in the state; the other follows from the overlaps.
    energy: Energy,
    /// Of this cue, if each has its own.
    limits: Limits,
    /// Neurons that a step changes by so much, at 1 and at 2.
    changed: [Vec<(u32, i8)>; 2],
}

impl Network for InStep<'_> {
    type Track = Track;
    type Field = ();

    fn columns(&self) -> &Columns {
        self.packed.columns()
    }

    fn tie(&self) -> Tie {
        self.packed.tie()
    }

    fn words_a_visit(&self) -> usize {
        self.packed.words_a_visit()
    }

    fn track(&self) -> Result<Track> {
        let (n, lanes) = (self.columns().n(), self.lanes());
        let at_once = if self.packed.is_same_for_all() { self.at_once } else { 0 };
        let met = Met {
            first: 0,
            bits: StateBits::new(self.at_once, n)?,
            overlaps: try_vec(self.at_once * lanes, 0, "overlaps")?,
            tables: (0..at_once).map(|_| Tables::new(&self.indices, n)).collect::<Result<_>>()?,
            signs: try_vec(at_once * n, 0, "signs")?,
        };
        Ok(Track {
            met,
            cue: 0,
            as_met: false,
            overlaps: try_vec(lanes, 0, "overlaps")?,
            tables: Tables::new(&self.indices, n)?,
            looked_up: false,
            energy: Energy::default(),
            limits: Limits::default(),
            changed: [try_vec(MOST_CHANGED, (0, 0), "changes")?, try_vec(MOST_CHANGED, (0, 0), "changes")?],
        })
    }

    fn cues_at_once(&self) -> usize {
        self.at_once
    }

    fn meet(&self, track: &mut Track, first: usize, states: &[i8], watch: &Watch) -> Result<()> {
        let (n, k, lanes, set) = (self.columns().n(), self.columns().k(), self.lanes(), self.packed.set());
        track.met.first = first;
        let Met { bits, overlaps, tables, signs, .. } = &mut track.met;
        let overlaps = &mut overlaps[..states.len() / n * lanes];
        self.rows.overlaps(states, bits, overlaps, lanes, set, watch)?;
        for (tables, overlaps) in tables.iter_mut().zip(overlaps.chunks_exact(lanes)) {
            tables.fill(&overlaps[..k], set);
        }
        // Piece by piece, so that the indices of one serve all cues.
        for first in (0..n).step_by(PIECE) {
            let mut fields = [0; PIECE];
            let here = first..n.min(first + PIECE);
            let fields = &mut fields[..here.len()];
            for ((tables, state), signs) in tables.iter().zip(states.chunks_exact(n)).zip(signs.chunks_exact_mut(n)) {
                tables.fields(&self.indices, &state[first..], first, fields, set);
                self.signs(&Limits::default(), first, fields, &mut signs[here.clone()]);
            }
            watch.check()?;
        }
        Ok(())
    }

    fn begin(&self, track: &mut Track, cue: usize, state: &[i8], _watch: &Watch) -> Result<()> {
        track.cue = cue;
        track.limits = self.packed.own_limits(cue)?;
        track.overlaps.copy_from_slice(&track.met.overlaps[(cue - track.met.first) * self.lanes()..][..self.lanes()]);
        (track.looked_up, track.as_met) = (false, self.packed.is_same_for_all());
        track.energy = self.packed.rule(cue).energy(state.iter().copied(), 0);
        Ok(())
    }

    fn first_unstable(&self, track: &mut Track, state: &[i8], list: &[u32], ties_hold: bool) -> Option<Visit<()>> {
        let mut leans = [0; PIECE];
        let mut place = 0;
        while let Some(neuron) = list.get(place) {
            // The list ascends: all of it that lies in one piece.
            let first = *neuron as usize / PIECE * PIECE;
            let state = &state[first..state.len().min(first + PIECE)];
            let leans = &mut leans[..state.len()];
            self.lean(track, state, first, leans);
            let here = &list[place..];
            let here = &here[..here.partition_point(|i| (*i as usize) < first + state.len())];
            // Most pieces are content as a whole.
            if leans != state || state.contains(&0) {
                let restless = here.iter().position(|i| {
                    let j = *i as usize - first;
                    !self.tie().content(state[j], leans[j], ties_hold)
                });
                if let Some(at) = restless {
                    return Some(Visit { place: place + at, lean: leans[here[at] as usize - first], field: () });
                }
            }
            place += here.len();
        }
        None
    }

    fn leans(&self, track: &mut Track, state: &[i8], first: usize, noise: &[f64], out: &mut [i8]) {
        for (piece, out) in out.chunks_mut(PIECE).enumerate() {
            let skipped = piece * PIECE;
            let first = first + skipped;
            if noise.is_empty() {
                self.lean(track, &state[first..], first, out);
                continue;
            }
            let mut fields = [0; PIECE];
            let fields = &mut fields[..out.len()];
            self.fields(track, &state[first..], first, fields);
            let sway = self.packed.sway_in(&track.limits, track.cue, noise);
            for (j, (lean, field)) in out.iter_mut().zip(fields).enumerate() {
                *lean = sway.lean(first + j, skipped + j, *field);
            }
        }
    }

    fn change_all(&self, track: &mut Track, state: &mut [i8], changes: &[(u32, i8)], watch: &Watch) -> Result<()> {
        let rule = self.packed.rule(track.cue);
        for some in changes.chunks(MOST_CHANGED) {
            track.changed.iter_mut().for_each(Vec::clear);
            for &(neuron, to) in some {
                let x = &mut state[neuron as usize];
                track.energy.shift(&rule, neuron as usize, *x, to);
                track.changed[usize::from(*x != 0)].push((neuron, to));
                *x = to;
            }
            for (factor, changed) in (1..).zip(&track.changed) {
                if !changed.is_empty() {
                    add_overlaps(self.packed.set(), self.columns(), changed, factor, &mut track.overlaps);
                }
            }
            watch.check()?;
        }
        (track.looked_up, track.as_met) = (false, false);
        Ok(())
    }

    fn is_memory(&self, track: &mut Track, state: &[i8]) -> bool {
        track.overlaps[..self.columns().k()].contains(&(state.len() as i32))
    }

    fn overlaps(&self, track: &mut Track, _state: &[i8], out: &mut [i64]) {
        for (out, a) in out.iter_mut().zip(&track.overlaps) {
            *out = i64::from(*a);
        }
    }

    fn energy(&self, track: &mut Track, state: &[i8]) -> f64 {
        track.energy.pairs = hebbian_pairs(state, &track.overlaps[..self.columns().k()]);
        track.energy.value(&self.packed.rule(track.cue))
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, s};

    use super::*;
    use crate::InstructionSet;
    use crate::binary::{self, Known, Report, Retrieve, Seeds, Stop, Temperature, Update};
    use crate::classical::{Bias, ClassicalHopfield, ClassicalOptions};
    use crate::rng::Stream;

    fn signs(rows: usize, columns: usize, seed: u64) -> Array2<i8> {
        let mut stream = Stream::new(seed, 0);
        Array2::from_shape_simple_fn((rows, columns), || if stream.coin() { 1 } else { -1 })
    }

    /// Whatever is asked for, both networks give the same.
    #[test]
    fn steps_are_those_of_the_packed_network() {
        for (n, k, m, tie) in
            [(1, 1, 1, Tie::Keep), (70, 9, 13, Tie::Random), (515, 40, 9, Tie::Plus), (1100, 300, 5, Tie::Minus)]
        {
            let patterns = signs(k, n, 1);
            let mut stream = Stream::new(2, 0);
            let cues = Array2::from_shape_fn((m, n), |(cue, i)| match stream.below(4) {
                0 => -patterns[[cue % k, i]],
                _ => patterns[[cue % k, i]],
            });
            let mask = Array2::from_shape_fn((m, n), |(cue, i)| !(i + cue).is_multiple_of(4));
            let known = |clamp| Some(Known { mask: mask.view(), clamp });
            let field = Array2::from_shape_fn((m, n), |(cue, i)| 0.01 * ((7 * cue + i) % 13) as f64 - 0.05);
            let plain = Retrieve {
                update: Update::Synchronous,
                report: Report { trace: true, ..Default::default() },
                seeds: Seeds::Batch(5),
                ..Default::default()
            };
            let stop = Stop { max_sweeps: 3, ..Default::default() };
            let asked = [
                plain,
                Retrieve { stop, ..plain },
                Retrieve { known: known(false), ..plain },
                Retrieve { known: known(true), field: Some(field.view()), ..plain },
                Retrieve { field: Some(field.slice(s![..1, ..])), stop, ..plain },
                Retrieve { temperature: Temperature::Schedule(&[0.5, 0.1, 0.0, 0.0, 0.0]), ..plain },
                Retrieve { temperature: Temperature::Constant(0.2), known: known(true), stop, ..plain },
                Retrieve { stop: Stop { stop_at_memory: true, ..Default::default() }, ..plain },
                Retrieve { stop: Stop { target_energy: Some(-0.2 * n as f64), ..Default::default() }, ..plain },
            ];
            for bias in [Bias::None, Bias::Same(-0.125)] {
                let mut net = ClassicalHopfield::with(ClassicalOptions { bias, tie, ..Default::default() }).unwrap();
                net.store(patterns.view(), Par::serial()).unwrap();
                for set in InstructionSet::ALL.into_iter().filter(|set| set.is_available()) {
                    let net = net.clone().on(set);
                    for options in &asked {
                        let external = options.external_field(m, n).unwrap();
                        let packed = Packed::new(&net, external.as_ref(), options.temperature).unwrap();
                        let expected = binary::retrieve(&packed, cues.view(), options, Par::serial()).unwrap();
                        for threads in [1, 3] {
                            let par = Par::with_threads(threads);
                            let network = InStep::of(&packed, m, par).unwrap();
                            let found = binary::retrieve_in_step(&network, cues.view(), options, par).unwrap();
                            assert_eq!(
                                (&found.states, &found.recalls),
                                (&expected.states, &expected.recalls),
                                "{set:?}"
                            );
                            // The trace is padded with NaN, which does not equal itself.
                            assert_eq!(format!("{:?}", found.trace), format!("{:?}", expected.trace), "{set:?} {n}");
                        }
                    }
                }
            }
        }
    }
}
