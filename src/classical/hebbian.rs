//! The Hebbian network on its way: agreements of the state with all patterns, and exact integers from there on.
//!
//! A field is `c H_i + b_i` with an integer `H_i`, so its sign is that of `2 H_i − t_i` with an integer threshold `t_i`
//! that knows the bias and the tie rule. Nothing is rounded: trajectories are those of the definition.
//!
//! Not here: the walk, and the popcounts.

use super::learning::{Energy, Hebbian};
use crate::binary::{Network, Tie, Visit};
use crate::error::{Result, try_vec};
use crate::kernel::Available;
use crate::kernel::bits::{Agreements, Columns, Stable};
use crate::par::Watch;

/// Changes between two looks at whether to go on.
const CHECK_EVERY: usize = 512;
/// Neurons whose integer fields are held at once.
const PIECE: usize = 512;

/// What all cues share.
pub(super) struct Packed<'a> {
    columns: &'a Columns,
    rule: Hebbian<'a>,
    tie: Tie,
    /// From the rule and the tie; none at all for zeros.
    thresholds: Vec<i64>,
    set: Available,
}

impl<'a> Packed<'a> {
    pub(super) fn new(columns: &'a Columns, rule: Hebbian<'a>, tie: Tie, set: Available) -> Result<Self> {
        Ok(Self { columns, rule, tie, thresholds: rule.thresholds(columns.n(), tie)?, set })
    }

    fn stable(&self, ties_hold: bool) -> Stable<'_> {
        Stable { thresholds: &self.thresholds, ties_hold: ties_hold || self.tie != Tie::Random }
    }
}

/// One cue's agreements and energy.
pub(super) struct Track<'a> {
    agreements: Agreements,
    overlaps: Vec<i64>,
    energy: Energy<'a>,
}

impl<'a> Network for Packed<'a> {
    type Track = Track<'a>;
    type Field = i64;

    fn columns(&self) -> &Columns {
        self.columns
    }

    fn tie(&self) -> Tie {
        self.tie
    }

    fn words_a_visit(&self) -> usize {
        self.columns.k().div_ceil(64)
    }

    fn track(&self) -> Result<Track<'a>> {
        Ok(Track {
            agreements: Agreements::new(self.columns)?,
            overlaps: try_vec(self.columns.k(), 0, "overlaps")?,
            energy: self.rule.energy(&[], &[]),
        })
    }

    fn begin(&self, track: &mut Track<'a>, _cue: usize, state: &[i8], _watch: &Watch) -> Result<()> {
        track.agreements.count(self.columns, state, self.set);
        track.agreements.overlaps(&mut track.overlaps);
        track.energy = self.rule.energy(state, &track.overlaps);
        Ok(())
    }

    fn first_unstable(&self, track: &mut Track<'a>, state: &[i8], list: &[u32], ties_hold: bool) -> Option<Visit<i64>> {
        let stable = self.stable(ties_hold);
        let (place, field) = track.agreements.first_unstable(self.columns, state, stable, list, self.set)?;
        Some(Visit { place, lean: stable.margin(list[place] as usize, field).signum() as i8, field })
    }

    fn leans(&self, track: &mut Track<'a>, state: &[i8], first: usize, out: &mut [i8]) {
        let (mut fields, stable) = ([0; PIECE], self.stable(true));
        for (piece, out) in out.chunks_mut(PIECE).enumerate() {
            let (first, fields) = (first + piece * PIECE, &mut fields[..out.len()]);
            track.agreements.fields(self.columns, state, first, fields, self.set);
            for (j, (lean, field)) in out.iter_mut().zip(fields).enumerate() {
                *lean = stable.margin(first + j, *field).signum() as i8;
            }
        }
    }

    fn change(&self, track: &mut Track<'a>, state: &mut [i8], i: usize, to: i8, field: i64) {
        track.energy.change(i, state[i], to, field);
        track.agreements.replace(self.columns, i, state[i], to, self.set);
        state[i] = to;
    }

    fn change_all(&self, track: &mut Track<'a>, state: &mut [i8], changes: &[(u32, i8)], watch: &Watch) -> Result<()> {
        for some in changes.chunks(CHECK_EVERY) {
            for &(neuron, to) in some {
                let i = neuron as usize;
                track.energy.shift(i, state[i], to);
                track.agreements.replace(self.columns, i, state[i], to, self.set);
                state[i] = to;
            }
            watch.check()?;
        }
        track.agreements.overlaps(&mut track.overlaps);
        track.energy.recount(state, &track.overlaps);
        Ok(())
    }

    fn is_memory(&self, track: &mut Track<'a>, state: &[i8]) -> bool {
        track.agreements.first_lane(state.len()).is_some()
    }

    fn overlaps(&self, track: &mut Track<'a>, _state: &[i8], out: &mut [i64]) {
        track.agreements.overlaps(out);
    }

    fn energy(&self, track: &mut Track<'a>, _state: &[i8]) -> f64 {
        track.energy.value()
    }
}
