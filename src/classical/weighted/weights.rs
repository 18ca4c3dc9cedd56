//! Dense weights: integers in units of one small power of two (or of `1/n`), so that fields are exact however they are
//! added up.
//!
//! A rule computes weights in float64 and rounds them to multiples of a unit that is near its own rounding errors. From
//! then on nothing is rounded: a field is an integer that follows each change of a neuron, never drifts, and is the one
//! that a look from scratch would find; ties are real ties.

use super::coupling::Coupling;
use crate::error::{Result, area, try_vec};
use crate::kernel::Available;
use crate::kernel::linear::{add_integers, signed_sum};
use crate::par::Watch;

/// A weight fits the 53 bits of a float64, so that it is reported as it is.
pub(in crate::classical) const LARGEST: i64 = 1 << 53;
/// Sums of a neuron's weights, doubled, fit in 64 bits.
pub(in crate::classical) const LARGEST_SUM: i64 = 1 << 58;
/// What the memory is for, in errors.
const PURPOSE: &str = "weights";
/// Changes between two looks at whether to go on.
const CHECK_EVERY: usize = 64;

/// Weights `W_ij = q_ij / denominator`.
#[derive(Clone, Debug)]
pub(in crate::classical) struct Weights {
    /// `q_ij`, those by which neuron `j` moves others side by side: entry `j n + i`.
    pub sent: Vec<i64>,
    pub n: usize,
    pub denominator: u64,
    pub symmetric: bool,
}

impl Weights {
    /// Weights of 0.
    pub(in crate::classical) fn zeros(n: usize, denominator: u64) -> Result<Self> {
        Ok(Self { sent: try_vec(area(n, n, PURPOSE)?, 0, PURPOSE)?, n, denominator, symmetric: true })
    }

    /// A copy, if there is memory for it.
    pub(in crate::classical) fn copied(&self) -> Result<Self> {
        let mut copy = Self { symmetric: self.symmetric, ..Self::zeros(self.n, self.denominator)? };
        copy.sent.copy_from_slice(&self.sent);
        Ok(copy)
    }

    pub(in crate::classical) fn sent_by(&self, j: usize) -> &[i64] {
        &self.sent[j * self.n..][..self.n]
    }
}

impl Coupling for Weights {
    /// The integer fields of all neurons.
    type Sums = Vec<i64>;

    fn denominator(&self) -> u64 {
        self.denominator
    }

    fn is_symmetric(&self) -> bool {
        self.symmetric
    }

    fn words_a_visit(&self) -> usize {
        // What the first sum and the changes read comes to some words a visit.
        self.n
    }

    fn sums(&self) -> Result<Vec<i64>> {
        try_vec(self.n, 0, "fields")
    }

    fn sum(&self, fields: &mut Vec<i64>, state: &[i8], set: Available, watch: &Watch) -> Result<()> {
        if self.symmetric {
            for (j, field) in fields.iter_mut().enumerate() {
                if j % CHECK_EVERY == 0 {
                    watch.check()?;
                }
                *field = signed_sum(set, self.sent_by(j), state);
            }
            return Ok(());
        }
        fields.fill(0);
        for (j, x) in state.iter().enumerate() {
            if j % CHECK_EVERY == 0 {
                watch.check()?;
            }
            if *x != 0 {
                add_integers(set, fields, self.sent_by(j), i64::from(*x));
            }
        }
        Ok(())
    }

    fn field(&self, fields: &Vec<i64>, _state: &[i8], i: usize, _set: Available) -> i64 {
        fields[i]
    }

    fn follow(&self, fields: &mut Vec<i64>, j: usize, step: i8, set: Available) {
        add_integers(set, fields, self.sent_by(j), step.into());
    }

    fn pairs(&self, fields: &Vec<i64>, state: &[i8], _set: Available) -> i128 {
        state.iter().zip(fields).map(|(x, field)| i128::from(*x) * i128::from(*field)).sum()
    }

    fn length(&self, i: usize) -> f64 {
        let squares = |q: &i64| *q as f64 * *q as f64;
        libm::sqrt(if self.symmetric {
            self.sent_by(i).iter().map(squares).sum()
        } else {
            self.sent.iter().skip(i).step_by(self.n).map(squares).sum()
        })
    }

    fn receive(&self, i: usize, row: &mut [i64], _set: Available) {
        for (j, weight) in row.iter_mut().enumerate() {
            *weight = self.sent[j * self.n + i];
        }
    }
}
