//! What integer fields are compared with: thresholds and crossings made of the bias, an external field and the tie rule.

use ndarray::{CowArray, Ix2};

use super::local::Local;
use super::options::ClassicalOptions;
use super::units::Units;
use crate::binary::{Temperature, Tie};
use crate::error::Result;
use crate::kernel::bits::{Crossing, Stable, Sway};

/// The thresholds and crossings of one cue.
#[derive(Debug, Default)]
pub(super) struct Limits {
    /// None at all for zeros.
    thresholds: Vec<i64>,
    /// Where the fields cross zero; none at all for zeros, or if nothing is left to chance.
    crossings: Vec<Crossing>,
}

/// A cue, and its limits if each cue has its own.
#[derive(Debug, Default)]
pub(super) struct Place {
    cue: usize,
    limits: Limits,
}

/// What a retrieval adds to the fields, and what its updates compare them with.
pub(super) struct Surroundings<'a> {
    options: &'a ClassicalOptions,
    n: usize,
    denominator: u64,
    /// One row a cue, or one for all.
    external: Option<&'a CowArray<'a, f64, Ix2>>,
    /// Those of all cues, unless each has its own.
    limits: Option<Limits>,
    /// Whether any update is left to chance.
    hot: bool,
}

impl<'a> Surroundings<'a> {
    /// For a network of `n` neurons with `denominator` units in a unit of the field.
    pub(super) fn new(
        options: &'a ClassicalOptions,
        n: usize,
        denominator: u64,
        external: Option<&'a CowArray<'a, f64, Ix2>>,
        temperature: Temperature,
    ) -> Result<Self> {
        let hot = temperature != Temperature::default();
        let mut surroundings = Self { options, n, denominator, external, limits: None, hot };
        if external.is_none_or(|field| field.nrows() == 1) {
            surroundings.limits = Some(surroundings.limits_of(0)?);
        }
        Ok(surroundings)
    }

    pub(super) fn tie(&self) -> Tie {
        self.options.tie
    }

    /// Turns to a cue.
    pub(super) fn turn(&self, place: &mut Place, cue: usize) -> Result<()> {
        place.cue = cue;
        if self.limits.is_none() {
            place.limits = self.limits_of(cue)?;
        }
        Ok(())
    }

    /// The units with the bias and the external field of the cue.
    pub(super) fn units(&self, place: &Place) -> Units<'_> {
        self.units_of(place.cue)
    }

    /// When neurons are content.
    pub(super) fn stable<'b>(&'b self, place: &'b Place, ties_hold: bool) -> Stable<'b> {
        Stable { thresholds: &self.limits(place).thresholds, ties_hold: ties_hold || self.tie() != Tie::Random }
    }

    /// What chance makes of fields.
    pub(super) fn sway<'b>(&'b self, place: &'b Place, noise: &'b [f64]) -> Sway<'b> {
        Sway { crossings: &self.limits(place).crossings, scale: self.denominator as f64, noise }
    }

    fn units_of(&self, cue: usize) -> Units<'_> {
        let row = |field: &'a CowArray<'a, f64, Ix2>| {
            let (rows, n) = field.dim();
            field.as_slice().map_or(&[][..], |values| &values[if rows == 1 { 0 } else { cue * n }..][..n])
        };
        let local = Local::new(&self.options.bias, self.external.map_or(&[], row));
        Units { denominator: self.denominator, local }
    }

    fn limits_of(&self, cue: usize) -> Result<Limits> {
        let crossings = self.units_of(cue).crossings(self.n)?;
        let thresholds = Units::thresholds(self.n, &crossings, self.tie())?;
        Ok(Limits { thresholds, crossings: if self.hot { crossings } else { Vec::new() } })
    }

    fn limits<'b>(&'b self, place: &'b Place) -> &'b Limits {
        self.limits.as_ref().unwrap_or(&place.limits)
    }
}
