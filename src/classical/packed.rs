//! The Hebbian network on its way: agreements of the state with all patterns, and exact integers from there on.
//!
//! A field is `c H_i + b_i` with an integer `H_i`, so its sign is that of `2 H_i − t_i` with an integer threshold `t_i`
//! that knows the bias and the tie rule. Nothing is rounded: trajectories are those of the definition. Where chance
//! pulls, `H_i` is compared with a real number; that rounds, but only numbers that chance has drawn.
//!
//! Not here: the walk, and the popcounts.

use ndarray::{CowArray, Ix2};

use super::ClassicalHopfield;
use super::dominance::Dominance;
use super::greedy::Instability;
use super::units::{Energy, Units, hebbian_pairs};
use crate::binary::{Network, OneByOne, Stop, Temperature, Tie, Visit};
use crate::error::{Result, try_vec};
use crate::kernel::Available;
use crate::kernel::bits::{Agreements, Columns, Crossing, Due, Stable, Sway};
use crate::par::Watch;

/// Neurons that may change between two looks at whether to go on.
const CHECK_EVERY: usize = 512;
/// Neurons whose integer fields are held at once.
const PIECE: usize = 512;

/// What all cues share.
pub(super) struct Packed<'a> {
    memory: &'a ClassicalHopfield,
    /// One row a cue, or one for all.
    external: Option<&'a CowArray<'a, f64, Ix2>>,
    /// Those of all cues, unless each has its own.
    limits: Option<Limits>,
    /// Whether any update is left to chance.
    hot: bool,
    /// Whether visits may be saved where their end is certain,
    foresees: bool,
    /// and those of all neurons where one pattern has the say.
    certifies: bool,
    set: Available,
}

/// What the integer fields are compared with.
#[derive(Debug, Default)]
pub(super) struct Limits {
    /// None at all for zeros.
    thresholds: Vec<i64>,
    /// Where the fields cross zero; none at all for zeros, or if nothing is left to chance.
    crossings: Vec<Crossing>,
}

impl<'a> Packed<'a> {
    pub(super) fn new(
        memory: &'a ClassicalHopfield,
        external: Option<&'a CowArray<'a, f64, Ix2>>,
        temperature: Temperature,
    ) -> Result<Self> {
        let hot = temperature != Temperature::default();
        let set = memory.stored.available();
        let mut packed = Self { memory, external, limits: None, hot, foresees: false, certifies: false, set };
        if external.is_none_or(|field| field.nrows() == 1) {
            packed.limits = Some(packed.limits_of(0)?);
        }
        Ok(packed)
    }

    /// The same, made ready for visits of one neuron after another in an order that does not look at the fields.
    pub(super) fn in_turn(mut self, stop: &Stop) -> Self {
        self.foresees = !self.hot;
        self.certifies = !self.hot && stop.target_energy.is_none();
        self
    }

    /// The rule with the bias and the external field of a cue.
    pub(super) fn rule(&self, cue: usize) -> Units<'_> {
        let row = |field: &'a CowArray<'a, f64, Ix2>| {
            let (rows, n) = field.dim();
            field.as_slice().map_or(&[][..], |values| &values[if rows == 1 { 0 } else { cue * n }..][..n])
        };
        self.memory.rule_in(self.external.map_or(&[], row))
    }

    /// Whether all cues have the same limits, and none is left to chance.
    pub(super) fn is_same_for_all(&self) -> bool {
        self.limits.is_some() && !self.hot
    }

    /// Those of a cue, unless all cues have the same.
    pub(super) fn own_limits(&self, cue: usize) -> Result<Limits> {
        if self.limits.is_some() { Ok(Limits::default()) } else { self.limits_of(cue) }
    }

    fn limits_of(&self, cue: usize) -> Result<Limits> {
        let n = self.memory.stored.n();
        let crossings = self.rule(cue).crossings(n)?;
        let thresholds = Units::thresholds(n, &crossings, self.tie())?;
        Ok(Limits { thresholds, crossings: if self.hot { crossings } else { Vec::new() } })
    }

    /// What the fields of a cue with these limits of its own are compared with.
    pub(super) fn stable_in<'b>(&'b self, own: &'b Limits, ties_hold: bool) -> Stable<'b> {
        let limits = self.limits.as_ref().unwrap_or(own);
        Stable { thresholds: &limits.thresholds, ties_hold: ties_hold || self.tie() != Tie::Random }
    }

    /// The same where chance pulls.
    pub(super) fn sway_in<'b>(&'b self, own: &'b Limits, cue: usize, noise: &'b [f64]) -> Sway<'b> {
        let limits = self.limits.as_ref().unwrap_or(own);
        Sway { crossings: &limits.crossings, scale: self.rule(cue).denominator as f64, noise }
    }

    pub(super) fn stable<'b>(&'b self, track: &'b Track, ties_hold: bool) -> Stable<'b> {
        self.stable_in(&track.limits, ties_hold)
    }

    pub(super) fn set(&self) -> Available {
        self.set
    }
}

/// One cue's agreements and energy.
#[derive(Debug, Default)]
pub(super) struct Track {
    cue: usize,
    pub agreements: Agreements,
    pub overlaps: Vec<i64>,
    pub energy: Energy,
    pub due: Due,
    pub dominance: Dominance,
    /// Of this cue, if each has its own.
    limits: Limits,
    pub instability: Instability,
}

impl Track {
    pub(super) fn cue(&self) -> usize {
        self.cue
    }
}

impl Network for Packed<'_> {
    type Track = Track;
    type Field = i64;

    fn columns(&self) -> &Columns {
        self.memory.stored.columns()
    }

    fn tie(&self) -> Tie {
        self.memory.options.tie
    }

    fn words_a_visit(&self) -> usize {
        self.columns().k().div_ceil(64)
    }

    fn track(&self) -> Result<Track> {
        let (n, k) = (self.columns().n(), self.columns().k());
        Ok(Track {
            agreements: Agreements::new(self.columns())?,
            overlaps: try_vec(k, 0, "overlaps")?,
            due: if self.foresees { Due::new(self.columns())? } else { Due::default() },
            dominance: if self.certifies { Dominance::new(n, k)? } else { Dominance::default() },
            ..Default::default()
        })
    }

    fn begin(&self, track: &mut Track, cue: usize, state: &[i8], watch: &Watch) -> Result<()> {
        track.cue = cue;
        track.limits = self.own_limits(cue)?;
        track.agreements.count(self.columns(), state, self.set, watch)?;
        track.agreements.overlaps(&mut track.overlaps);
        track.energy = self.rule(cue).energy(state.iter().copied(), hebbian_pairs(state, &track.overlaps));
        track.instability.reset();
        track.due.reset();
        track.dominance.reset();
        Ok(())
    }

    fn first_unstable(&self, track: &mut Track, state: &[i8], list: &[u32], ties_hold: bool) -> Option<Visit<i64>> {
        self.look_for_dominance(track, state);
        if track.dominance.is_certain() {
            return self.first_wrong(track, state, list);
        }
        let stable = self.stable_in(&track.limits, ties_hold);
        let (place, field) =
            track.agreements.first_unstable(self.columns(), state, stable, list, &mut track.due, self.set)?;
        Some(Visit { place, lean: stable.margin(list[place] as usize, field).signum() as i8, field })
    }

    fn leans(&self, track: &mut Track, state: &[i8], first: usize, noise: &[f64], out: &mut [i8]) {
        let mut fields = [0; PIECE];
        let (stable, sway) = (self.stable(track, true), self.sway_in(&track.limits, track.cue, noise));
        for (piece, out) in out.chunks_mut(PIECE).enumerate() {
            let (skipped, fields) = (piece * PIECE, &mut fields[..out.len()]);
            track.agreements.fields(self.columns(), state, first + skipped, fields, self.set);
            for (j, (lean, field)) in out.iter_mut().zip(fields).enumerate() {
                let i = first + skipped + j;
                *lean = if noise.is_empty() {
                    stable.margin(i, *field).signum() as i8
                } else {
                    sway.lean(i, skipped + j, *field)
                };
            }
        }
    }

    fn change_all(&self, track: &mut Track, state: &mut [i8], wanted: &[i8], watch: &Watch) -> Result<usize> {
        let (rule, mut changed) = (self.rule(track.cue), 0);
        for (piece, (state, wanted)) in state.chunks_mut(CHECK_EVERY).zip(wanted.chunks(CHECK_EVERY)).enumerate() {
            for (i, (x, to)) in (piece * CHECK_EVERY..).zip(state.iter_mut().zip(wanted)) {
                if x != to {
                    track.energy.shift(&rule, i, *x, *to);
                    track.agreements.replace(self.columns(), i, *x, *to, self.set);
                    *x = *to;
                    changed += 1;
                }
            }
            watch.check()?;
        }
        track.agreements.overlaps(&mut track.overlaps);
        track.energy.pairs = hebbian_pairs(state, &track.overlaps);
        Ok(changed)
    }

    fn is_memory(&self, track: &mut Track, state: &[i8]) -> bool {
        if track.dominance.is_certain() {
            track.dominance.is_memory()
        } else {
            track.agreements.first_lane(state.len()).is_some()
        }
    }

    fn overlaps(&self, track: &mut Track, state: &[i8], out: &mut [i64]) {
        if track.dominance.is_certain() {
            self.follow_listed(track, state);
            out.copy_from_slice(&track.overlaps);
        } else {
            track.agreements.overlaps(out);
        }
    }

    fn energy(&self, track: &mut Track, state: &[i8]) -> f64 {
        if track.dominance.is_certain() {
            self.follow_listed(track, state);
            track.energy.pairs = hebbian_pairs(state, &track.overlaps);
        }
        track.energy.value(&self.rule(track.cue))
    }
}

impl OneByOne for Packed<'_> {
    fn first_swayed(&self, track: &mut Track, state: &[i8], list: &[u32], noise: &[f64]) -> Option<Visit<i64>> {
        let sway = self.sway_in(&track.limits, track.cue, noise);
        let (place, field) = track.agreements.first_swayed(self.columns(), state, sway, list, self.set)?;
        Some(Visit { place, lean: sway.lean(list[place] as usize, place, field), field })
    }

    fn most_unstable(
        &self,
        track: &mut Track,
        state: &[i8],
        free: &[u32],
        watch: &Watch,
    ) -> Result<Option<Visit<i64>>> {
        self.least_content(track, state, free, watch)
    }

    fn change(&self, track: &mut Track, state: &mut [i8], i: usize, to: i8, field: i64) {
        if track.dominance.is_certain() {
            track.energy.shift(&self.rule(track.cue), i, state[i], to);
            state[i] = to;
            self.list_change(track, state, i);
            return;
        }
        track.energy.change(&self.rule(track.cue), i, state[i], to, field);
        track.agreements.replace(self.columns(), i, state[i], to, self.set);
        track.instability.follow(self.columns(), i, to - state[i], self.set);
        track.due.follow(self.columns(), i, to - state[i], self.set);
        track.dominance.pass();
        state[i] = to;
    }
}
