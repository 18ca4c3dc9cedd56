//! What a layer is called with, held against the layer: shapes that fit each other, and numbers that are finite.
//!
//! Not here: what becomes of the inputs.

use std::ops::Range;

use ndarray::{CowArray, Ix3};

use super::forward::{Inputs, Layer};
use super::masks::Places;
use super::parameters::{Linear, Parameters};
use crate::error::{Error, Result};
use crate::kernel::real::Real;

/// Inputs in one piece, whose shapes fit each other and the layer.
pub(super) struct Fitted<'a, T: Real> {
    pub(super) places: Places,
    pub(super) sets: Vec<Range<usize>>,
    /// Samples that bring states of their own; 1 where they are shared.
    pub(super) state_batch: usize,
    pub(super) state_size: usize,
    pub(super) stored_size: usize,
    pub(super) projection_size: usize,
    pub(super) state: CowArray<'a, T, Ix3>,
    pub(super) stored: CowArray<'a, T, Ix3>,
    pub(super) projection: Option<CowArray<'a, T, Ix3>>,
}

impl<T: Real> Fitted<'_, T> {
    /// States of all samples.
    pub(super) fn rows(&self) -> usize {
        self.places.batch * self.places.states
    }

    /// The most stored patterns of any sample.
    pub(super) fn longest(&self) -> usize {
        self.sets.iter().map(ExactSizeIterator::len).max().unwrap_or(0)
    }
}

impl Layer {
    /// Refuses what does not fit.
    pub(super) fn fit<'a, T: Real>(&self, parameters: &Parameters<T>, inputs: &'a Inputs<T>) -> Result<Fitted<'a, T>> {
        let (state_batch, states, state_size) = inputs.state.dim();
        let (stored_batch, stored, stored_size) = inputs.stored.dim();
        let batch = match inputs.lengths {
            Some(lengths) => {
                if stored_batch != 1 || lengths.iter().copied().try_fold(0, usize::checked_add) != Some(stored) {
                    return Err(Error::Shape {
                        argument: "lengths",
                        expected: format!("with a sum of {stored}"),
                        reason: "one length for each bag, the rows of `stored_pattern` in all",
                        found: format!("{lengths:?}"),
                    });
                }
                lengths.len()
            }
            None if state_batch == 1 => stored_batch,
            None => state_batch,
        };
        let text = |(b, rows, columns): (usize, usize, usize)| format!("({b}, {rows}, {columns})");
        if ![1, batch].contains(&state_batch) || ![1, batch].contains(&stored_batch) {
            return Err(Error::Shape {
                argument: "state_pattern",
                expected: format!("({stored_batch}, L, D)"),
                reason: "as many samples as `stored_pattern`",
                found: text(inputs.state.dim()),
            });
        }
        let projection_size = inputs.projection.map_or(stored_size, |projection| projection.dim().2);
        if let Some(projection) = inputs.projection
            && (projection.dim().0, projection.dim().1) != (stored_batch, stored)
        {
            return Err(Error::Shape {
                argument: "pattern_projection",
                expected: format!("({stored_batch}, {stored}, Dv)"),
                reason: "one row for each stored pattern",
                found: text(projection.dim()),
            });
        }
        self.fit_parameters(parameters, (state_size, stored_size, projection_size))?;
        let places = Places { heads: self.heads, batch, states };
        let sets: Vec<Range<usize>> = match inputs.lengths {
            Some(lengths) => lengths
                .iter()
                .scan(0, |end, &length| {
                    *end += length;
                    Some(*end - length..*end)
                })
                .collect(),
            None => (0..stored_batch).map(|sample| sample * stored..(sample + 1) * stored).collect(),
        };
        if let Some(mask) = &inputs.stored_mask
            && mask.dim() != (batch, stored)
        {
            return Err(Error::Shape {
                argument: "stored_pattern_padding_mask",
                expected: format!("({batch}, {stored})"),
                reason: "one entry for each sample and stored pattern",
                found: format!("{:?}", mask.dim()),
            });
        }
        if let Some(mask) = &inputs.association_mask {
            let found = mask.dim();
            if ![(1, states, stored), (batch * self.heads, states, stored)].contains(&found) {
                return Err(Error::Shape {
                    argument: "association_mask",
                    expected: format!("({states}, {stored}) or ({}, {states}, {stored})", batch * self.heads),
                    reason: "one entry for each state and stored pattern, for all or for each sample and head",
                    found: if found.0 == 1 { format!("({}, {})", found.1, found.2) } else { text(found) },
                });
            }
        }
        if inputs.lengths.is_some() && (inputs.stored_mask.is_some() || inputs.association_mask.is_some()) {
            return Err(Error::Options { rule: "give bags by `lengths`, or masks, not both" });
        }
        let fitted = Fitted {
            places,
            sets,
            state_batch,
            state_size,
            stored_size,
            projection_size,
            state: inputs.state.as_standard_layout(),
            stored: inputs.stored.as_standard_layout(),
            projection: inputs.projection.as_ref().map(|projection| projection.as_standard_layout()),
        };
        finite("state_pattern", &fitted.state)?;
        finite("stored_pattern", &fitted.stored)?;
        if let Some(projection) = &fitted.projection {
            finite("pattern_projection", projection)?;
        }
        Ok(fitted)
    }

    /// Refuses parameters that do not fit the layer or the widths of its inputs.
    fn fit_parameters<T: Real>(
        &self,
        parameters: &Parameters<T>,
        (state, stored, projection): (usize, usize, usize),
    ) -> Result<()> {
        let (hidden, values) = (self.heads * self.hidden_size, self.heads * self.pattern_size);
        let through = if self.connected && parameters.key.is_some() { hidden } else { projection };
        let fits = |argument: &'static str, width: usize, expected: usize, reason: &'static str| {
            if width == expected && width > 0 {
                return Ok(());
            }
            Err(Error::Shape {
                argument, expected: format!("(…, {expected})"), reason, found: format!("(…, {width})")
            })
        };
        let wide = |argument: &'static str, linear: Option<&Linear<T>>, inputs: usize, outputs: usize, own: usize| {
            match linear {
                None => fits(argument, inputs, own, "the width in Hopfield space, as it is not projected"),
                Some(linear) if inputs > 0 && linear.weight.len() == outputs * inputs => Ok(()),
                Some(linear) => {
                    let expected = linear.weight.len().checked_div(outputs).unwrap_or(0);
                    fits(argument, inputs, expected, "as wide as the layer's weights")
                }
            }
        };
        wide("state_pattern", parameters.query.as_ref(), state, hidden, self.hidden_size)?;
        wide("stored_pattern", parameters.key.as_ref(), stored, hidden, self.hidden_size)?;
        wide("pattern_projection", parameters.value.as_ref(), through, values, self.pattern_size)?;
        for (argument, norm, width) in [
            ("state_pattern", &parameters.state_norm, state),
            ("stored_pattern", &parameters.stored_norm, stored),
            ("pattern_projection", &parameters.projection_norm, projection),
        ] {
            if let Some((gain, _)) = norm.affine() {
                fits(argument, width, gain.len(), "as wide as its normalisation")?;
            }
        }
        let per_head = [self.beta.len(), self.max_updates.len(), self.tolerance.len()];
        if self.heads == 0 || per_head.iter().any(|&len| len != self.heads) {
            return Err(Error::Shape {
                argument: "scaling",
                expected: format!("({},)", self.heads),
                reason: "one entry a head, for the tolerances and numbers of updates too",
                found: format!("{per_head:?}"),
            });
        }
        Ok(())
    }
}

/// Refuses NaN and infinity, with the first row (of all samples') and column.
fn finite<T: Real>(argument: &'static str, rows: &CowArray<T, Ix3>) -> Result<()> {
    let (columns, entries) = (rows.dim().2, rows.as_slice().unwrap_or_default());
    // Whole pieces at a time, which the compiler turns into vectors.
    let fine = |piece: &[T]| piece.iter().fold(true, |fine, entry| fine & entry.finite());
    if entries.chunks(1024).all(fine) {
        return Ok(());
    }
    match entries.iter().enumerate().find(|(_, entry)| !entry.finite()) {
        Some((at, &value)) => {
            Err(Error::NotFinite { argument, row: at / columns, column: at % columns, value: value.into() })
        }
        None => Ok(()),
    }
}
