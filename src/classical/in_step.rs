//! The Hebbian network in synchronous steps of many cues, where single visits never happen: overlaps with all patterns as
//! plain integers, and the fields of all neurons looked up.
//!
//! Some cues are met at once ([`Met`]), which finds all that their first step needs. From there on each goes by itself: the
//! neurons that a step turns change overlaps as a sum of their columns, and fields are looked up. Everything is an integer,
//! so answers are those of [`Packed`], which does the same with other instruction sets, in small networks, and for few cues
//! while there are no indices: they take as long to make as some steps.
//!
//! One step of 256 cues, n = 10 000, k = 1000, on two threads of a Xeon of 2.1 GHz: 10 to 13 ms, where [`Packed`] takes 45 ms
//! (`cargo bench --bench recall synchronous`).
//!
//! Not here: the walk, and visits of single neurons.

use super::met::{Met, Patterns};
use super::packed::{Limits, Packed};
use super::units::{Energy, hebbian_pairs};
use crate::binary::{Network, Tie, Visit};
use crate::error::{Result, try_vec};
use crate::kernel::bits::{Columns, Indices, Signed, Sums, Tables, decided};
use crate::par::{Par, Watch};

/// Cues for which it pays to put the patterns' bits in another order, where that has not been done.
const WORTH_IT: usize = 4;
/// Neurons whose fields are looked up at once.
const PIECE: usize = Indices::TILE;
/// Neurons whose changes are made at once, at most,
const MOST_CHANGED: usize = 1 << 15;
/// and words of their columns.
const MOST_WORDS: usize = 1 << 20;

/// What all cues share.
pub(super) struct InStep<'a> {
    packed: &'a Packed<'a>,
    patterns: Patterns<'a>,
    /// Cues that are met at once.
    at_once: usize,
}

impl<'a> InStep<'a> {
    /// Whether it pays for so many cues.
    pub(super) fn pays(packed: &Packed, cues: usize) -> bool {
        let columns = packed.columns();
        (cues >= WORTH_IT || columns.has_indices()) && Indices::pay(columns, packed.set())
    }

    /// The same network, made ready for so many cues.
    pub(super) fn of(packed: &'a Packed<'a>, cues: usize, par: Par) -> Result<Self> {
        let patterns = Patterns::new(packed.columns(), packed.set(), par)?;
        Ok(Self { packed, patterns, at_once: Met::at_once(packed.columns(), cues, par) })
    }

    /// Neurons whose changes are made at once.
    fn changed_at_once(&self) -> usize {
        (MOST_WORDS / self.words_a_visit()).min(MOST_CHANGED)
    }

    /// Makes the tables stand for the overlaps.
    fn look_up(&self, track: &mut Track) {
        if !track.looked_up {
            track.tables.fill(&track.overlaps[..self.columns().k()], self.packed.set());
            track.looked_up = true;
        }
    }

    /// The leans of a piece of neurons; `piece` has room for those that must be looked up.
    fn lean<'b>(&self, track: &'b mut Track, state: &[i8], first: usize, piece: &'b mut [i8]) -> &'b [i8] {
        if track.as_met {
            return &track.met.signs(track.cue)[first..][..piece.len()];
        }
        self.look_up(track);
        let thresholds = self.packed.stable_in(&track.limits, true).thresholds;
        track.tables.signs(&self.patterns.indices, state, first, thresholds, piece, self.packed.set());
        piece
    }
}

/// One cue's overlaps and energy.
#[derive(Debug)]
pub(super) struct Track {
    met: Met,
    cue: usize,
    /// Whether the cue is as it was met, and its signs are known.
    as_met: bool,
    overlaps: Vec<i32>,
    sums: Sums,
    tables: Tables,
    /// Whether the tables stand for the overlaps.
    looked_up: bool,
    /// The part that is linear in the state; the other follows from the overlaps.
    energy: Energy,
    /// Of this cue, if each has its own.
    limits: Limits,
    /// Neurons that a step changes.
    changed: Signed,
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
        let (columns, n) = (self.columns(), self.columns().n());
        Ok(Track {
            met: Met::new(&self.patterns, self.at_once, self.packed.is_same_for_all())?,
            cue: 0,
            as_met: false,
            overlaps: try_vec(self.patterns.lanes(), 0, "overlaps")?,
            sums: Sums::new(columns)?,
            tables: Tables::new(&self.patterns.indices, n)?,
            looked_up: false,
            energy: Energy::default(),
            limits: Limits::default(),
            changed: Signed::new(self.changed_at_once().min(n))?,
        })
    }

    fn cues_at_once(&self) -> usize {
        self.at_once
    }

    fn meet(&self, track: &mut Track, first: usize, states: &[i8], watch: &Watch) -> Result<()> {
        track.met.count(&self.patterns, first, states, watch)?;
        if self.packed.is_same_for_all() {
            let thresholds = self.packed.stable_in(&track.limits, true).thresholds;
            track.met.find_signs(&self.patterns, states, thresholds, watch)?;
        }
        Ok(())
    }

    fn begin(&self, track: &mut Track, cue: usize, state: &[i8], _watch: &Watch) -> Result<()> {
        track.cue = cue;
        track.limits = self.packed.own_limits(cue)?;
        track.overlaps.copy_from_slice(track.met.overlaps(cue));
        (track.looked_up, track.as_met) = (false, self.packed.is_same_for_all());
        track.energy = self.packed.rule(cue).energy(state.iter().copied(), 0);
        Ok(())
    }

    fn first_unstable(&self, track: &mut Track, state: &[i8], list: &[u32], ties_hold: bool) -> Option<Visit<()>> {
        let mut room = [0; PIECE];
        let mut place = 0;
        while let Some(neuron) = list.get(place) {
            // The list ascends: all of it that lies in one piece.
            let first = *neuron as usize / PIECE * PIECE;
            let state = &state[first..state.len().min(first + PIECE)];
            let leans = self.lean(track, state, first, &mut room[..state.len()]);
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
        if track.as_met {
            return out.copy_from_slice(&track.met.signs(track.cue)[first..][..out.len()]);
        }
        self.look_up(track);
        for (piece, out) in out.chunks_mut(PIECE).enumerate() {
            let skipped = piece * PIECE;
            let first = first + skipped;
            let state = &state[first..][..out.len()];
            if noise.is_empty() {
                self.lean(track, state, first, out);
                continue;
            }
            let mut fields = [0; PIECE];
            let fields = &mut fields[..out.len()];
            track.tables.fields(&self.patterns.indices, state, first, fields, self.packed.set());
            let sway = self.packed.sway_in(&track.limits, track.cue, noise);
            for (j, (lean, field)) in out.iter_mut().zip(fields).enumerate() {
                *lean = sway.lean(first + j, skipped + j, *field);
            }
        }
    }

    fn change_all(&self, track: &mut Track, state: &mut [i8], wanted: &[i8], watch: &Watch) -> Result<usize> {
        let (rule, set, at_once) = (self.packed.rule(track.cue), self.packed.set(), self.changed_at_once());
        if !rule.local.is_zero() {
            for (i, (x, to)) in state.iter().zip(wanted).enumerate() {
                track.energy.shift(&rule, i, *x, *to);
            }
        }
        let mut changed = 0;
        // A neuron that is undecided changes by 1, another by 2.
        for factor in if decided(state) < state.len() { 1..=2 } else { 2..=2 } {
            for (piece, (state, wanted)) in state.chunks(at_once).zip(wanted.chunks(at_once)).enumerate() {
                track.changed.list_changes(state, wanted, piece * at_once, factor == 2, set);
                changed += track.changed.plus().len() + track.changed.minus().len();
                track.sums.count(self.columns(), &track.changed, set);
                watch.check()?;
            }
            track.sums.take(self.columns(), factor, &mut track.overlaps, set);
        }
        state.copy_from_slice(wanted);
        (track.looked_up, track.as_met) = (false, false);
        Ok(changed)
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
