//! Greedy visits: the neuron of largest instability next.
//!
//! All integer fields are kept and follow each change, one correlation of two columns a neuron. Instabilities are
//! compared exactly: as integers without a bias; with one as float64, and as rational numbers where rounding leaves it
//! open.

use std::cmp::Ordering;

use super::packed::{Packed, Track};
use super::units::Units;
use crate::binary::{Exact, Network, Tie, Visit};
use crate::error::{Result, try_vec};
use crate::kernel::Available;
use crate::kernel::bits::{Columns, Stable};
use crate::par::Watch;

/// Neurons between two looks at whether to go on.
const CHECK_EVERY: usize = 512;
/// More than the relative error of an instability from its terms, of which there are three.
const ROUNDING: f64 = 8.0 * f64::EPSILON;

/// The integer fields of all neurons; nothing until the first greedy visit of a cue.
#[derive(Debug, Default)]
pub(super) struct Instability {
    fields: Vec<i64>,
    is_current: bool,
}

impl Instability {
    /// Forgets the cue.
    pub(super) fn reset(&mut self) {
        self.is_current = false;
    }

    /// Follows a change of neuron `i` by `step`.
    pub(super) fn follow(&mut self, columns: &Columns, i: usize, step: i8, set: Available) {
        if self.is_current {
            columns.add_correlations(i, step.into(), &mut self.fields, set);
        }
    }
}

/// A neuron that is not content, and which way it wants to go (0: a tie).
#[derive(Clone, Copy)]
struct Candidate {
    place: usize,
    i: usize,
    towards: i8,
    field: i64,
}

impl Candidate {
    /// How its instability compares with that of another, exactly.
    fn cmp(self, other: Self, rule: &Units) -> Ordering {
        let mut difference = Exact::zero();
        let signed = |one: Self| i128::from(one.towards) * i128::from(one.field);
        for (one, sign) in [(self, 1), (other, -1)] {
            if one.towards != 0 {
                rule.local.add_to(&mut difference, one.i, one.towards * sign < 0);
            }
        }
        difference.sign_with(signed(self) - signed(other), rule.denominator)
    }

    /// Its instability is between these two.
    fn bounds(self, rule: &Units) -> (f64, f64) {
        let quotient = self.field as f64 / rule.denominator as f64;
        let [bias, field] = rule.local.terms(self.i);
        let value = f64::from(self.towards) * (quotient + bias + field);
        let error = ROUNDING * (quotient.abs() + bias.abs() + field.abs());
        if (value + error).is_finite() && (value - error).is_finite() {
            (value - error, value + error)
        } else {
            (f64::NEG_INFINITY, f64::INFINITY)
        }
    }
}

impl Packed<'_> {
    /// The free neuron of largest instability among those that are not content, the first of equal ones.
    pub(super) fn least_content(
        &self,
        track: &mut Track,
        state: &[i8],
        free: &[u32],
        watch: &Watch,
    ) -> Result<Option<Visit<i64>>> {
        let n = state.len();
        if !track.instability.is_current {
            let mut fields = std::mem::take(&mut track.instability.fields);
            if fields.len() != n {
                fields = try_vec(n, 0, "fields")?;
            }
            for (piece, fields) in fields.chunks_mut(CHECK_EVERY).enumerate() {
                track.agreements.fields(self.columns(), state, piece * CHECK_EVERY, fields, self.set());
                watch.check()?;
            }
            track.instability = Instability { fields, is_current: true };
        }
        Ok(least_content(
            &self.rule(track.cue()),
            self.stable(track, true),
            self.tie(),
            state,
            free,
            &track.instability.fields,
        ))
    }
}

/// The free neuron of largest instability among those that are not content, the first of equal ones, from all integer
/// fields.
pub(super) fn least_content(
    rule: &Units,
    stable: Stable,
    tie: Tie,
    state: &[i8],
    free: &[u32],
    fields: &[i64],
) -> Option<Visit<i64>> {
    let restless = || {
        free.iter().enumerate().filter_map(|(place, neuron)| {
            let (i, x) = (*neuron as usize, state[*neuron as usize]);
            let field = fields[i];
            let lean = stable.margin(i, field).signum() as i8;
            // A decided neuron wants to turn, even if only the tie rule wants it.
            let towards = if x == 0 { lean } else { -x };
            let content = tie.content(x, lean, true);
            (!content).then_some((lean, Candidate { place, i, towards, field }))
        })
    };
    let worst = if rule.local.is_zero() {
        // The last of the maxima of the reversed list is the first one.
        restless().rev().max_by_key(|(_, one)| i64::from(one.towards) * one.field)
    } else {
        let least = restless().map(|(_, one)| one.bounds(rule).0).fold(f64::NEG_INFINITY, f64::max);
        let contenders = restless().filter(|(_, one)| one.bounds(rule).1 >= least);
        contenders.reduce(|best, next| if next.1.cmp(best.1, rule) == Ordering::Greater { next } else { best })
    };
    worst.map(|(lean, one)| Visit { place: one.place, lean, field: one.field })
}
