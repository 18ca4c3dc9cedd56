//! A network of given weights on its way: integer fields of the weights, compared with thresholds that know the bias, the
//! external field and the tie rule, as those of Hebb's rule are.
//!
//! Not here: the walk, and how weights come about.

mod coupling;
mod evaluate;
mod projection;
mod weights;

use ndarray::{CowArray, Ix2};

pub(super) use coupling::Coupling;
pub(super) use evaluate::{Answers, stability};
pub(super) use projection::Projection;
pub(super) use weights::{LARGEST, LARGEST_SUM, Weights};

use super::greedy::least_content;
use super::limits::{Place, Surroundings};
use super::options::ClassicalOptions;
use super::units::Energy;
use crate::binary::{Network, OneByOne, Stored, Temperature, Tie, Visit, change_in_turn};
use crate::error::{Result, try_vec};
use crate::kernel::Available;
use crate::kernel::bits::{Agreements, Columns};
use crate::par::Watch;

/// Changes between two looks at whether to go on.
const CHECK_EVERY: usize = 64;
/// Neurons whose fields are worked out between two such looks.
const PIECE: usize = 512;

/// What all cues share.
pub(super) struct Weighted<'a, C> {
    columns: &'a Columns,
    coupling: &'a C,
    surroundings: Surroundings<'a>,
    set: Available,
}

impl<'a, C: Coupling> Weighted<'a, C> {
    pub(super) fn new(
        stored: &'a Stored,
        options: &'a ClassicalOptions,
        coupling: &'a C,
        external: Option<&'a CowArray<'a, f64, Ix2>>,
        temperature: Temperature,
    ) -> Result<Self> {
        let surroundings = Surroundings::new(options, stored.n(), coupling.denominator(), external, temperature)?;
        Ok(Self { columns: stored.columns(), coupling, surroundings, set: stored.available() })
    }
}

/// One cue's sums.
pub(super) struct Track<S> {
    place: Place,
    sums: S,
    /// How well the patterns agree with the state.
    agreements: Agreements,
    energy: Energy,
    /// All fields; greedy visits only.
    fields: Vec<i64>,
}

impl<C: Coupling> Network for Weighted<'_, C> {
    type Track = Track<C::Sums>;
    type Field = i64;

    fn columns(&self) -> &Columns {
        self.columns
    }

    fn tie(&self) -> Tie {
        self.surroundings.tie()
    }

    fn words_a_visit(&self) -> usize {
        self.coupling.words_a_visit()
    }

    fn track(&self) -> Result<Self::Track> {
        Ok(Track {
            place: Place::default(),
            sums: self.coupling.sums()?,
            agreements: Agreements::new(self.columns)?,
            energy: Energy::default(),
            fields: Vec::new(),
        })
    }

    fn begin(&self, track: &mut Self::Track, cue: usize, state: &[i8], watch: &Watch) -> Result<()> {
        self.surroundings.turn(&mut track.place, cue)?;
        self.coupling.sum(&mut track.sums, state, self.set, watch)?;
        track.agreements.count(self.columns, state, self.set, watch)?;
        track.energy = self.surroundings.units(&track.place).energy(state.iter().copied(), 0);
        Ok(())
    }

    fn first_unstable(
        &self,
        track: &mut Self::Track,
        state: &[i8],
        list: &[u32],
        ties_hold: bool,
    ) -> Option<Visit<i64>> {
        let (stable, tie) = (self.surroundings.stable(&track.place, ties_hold), self.tie());
        list.iter().enumerate().find_map(|(place, neuron)| {
            let i = *neuron as usize;
            let field = self.coupling.field(&track.sums, state, i, self.set);
            let lean = stable.margin(i, field).signum() as i8;
            (!tie.content(state[i], lean, stable.ties_hold)).then_some(Visit { place, lean, field })
        })
    }

    fn leans(&self, track: &mut Self::Track, state: &[i8], first: usize, noise: &[f64], out: &mut [i8]) {
        let stable = self.surroundings.stable(&track.place, true);
        let sway = self.surroundings.sway(&track.place, noise);
        for (j, lean) in out.iter_mut().enumerate() {
            let i = first + j;
            let field = self.coupling.field(&track.sums, state, i, self.set);
            *lean = if noise.is_empty() { stable.margin(i, field).signum() as i8 } else { sway.lean(i, j, field) };
        }
    }

    fn change_all(&self, track: &mut Self::Track, state: &mut [i8], wanted: &[i8], watch: &Watch) -> Result<usize> {
        change_in_turn(self, track, state, wanted, 0, CHECK_EVERY, watch)
    }

    fn is_memory(&self, track: &mut Self::Track, state: &[i8]) -> bool {
        track.agreements.first_lane(state.len()).is_some()
    }

    fn overlaps(&self, track: &mut Self::Track, _state: &[i8], out: &mut [i64]) {
        track.agreements.overlaps(out);
    }

    /// NaN for weights that are not symmetric.
    fn energy(&self, track: &mut Self::Track, state: &[i8]) -> f64 {
        if !self.coupling.is_symmetric() {
            return f64::NAN;
        }
        let (pairs, units) = (self.coupling.pairs(&track.sums, state, self.set), self.surroundings.units(&track.place));
        if C::ACTIVE {
            return units.energy(state.iter().map(|x| (*x).max(0)), pairs).value(&units);
        }
        track.energy.pairs = pairs;
        track.energy.value(&units)
    }
}

impl<C: Coupling> OneByOne for Weighted<'_, C> {
    fn first_swayed(&self, track: &mut Self::Track, state: &[i8], list: &[u32], noise: &[f64]) -> Option<Visit<i64>> {
        let sway = self.surroundings.sway(&track.place, noise);
        list.iter().enumerate().find_map(|(place, neuron)| {
            let i = *neuron as usize;
            let field = self.coupling.field(&track.sums, state, i, self.set);
            let lean = sway.lean(i, place, field);
            (lean != state[i]).then_some(Visit { place, lean, field })
        })
    }

    fn most_unstable(
        &self,
        track: &mut Self::Track,
        state: &[i8],
        free: &[u32],
        watch: &Watch,
    ) -> Result<Option<Visit<i64>>> {
        if track.fields.len() != state.len() {
            track.fields = try_vec(state.len(), 0, "fields")?;
        }
        for (piece, fields) in track.fields.chunks_mut(PIECE).enumerate() {
            for (j, field) in fields.iter_mut().enumerate() {
                *field = self.coupling.field(&track.sums, state, piece * PIECE + j, self.set);
            }
            watch.check()?;
        }
        let (units, stable) = (self.surroundings.units(&track.place), self.surroundings.stable(&track.place, true));
        Ok(least_content(&units, stable, self.tie(), state, free, &track.fields))
    }

    fn change(&self, track: &mut Self::Track, state: &mut [i8], i: usize, to: i8, _field: i64) {
        track.energy.shift(&self.surroundings.units(&track.place), i, state[i], to);
        track.agreements.replace(self.columns, i, state[i], to, self.set);
        self.coupling.follow(&mut track.sums, i, to - state[i], self.set);
        state[i] = to;
    }
}
