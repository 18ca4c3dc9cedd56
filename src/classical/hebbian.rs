//! The Hebbian rule in exact integers: what its factor `c` makes of integer fields, thresholds and energies.
//!
//! With `H_i = Σ_μ ξ_i^μ a^μ − k x_i` the field is `h_i = c H_i + b_i` and the energy
//! `E = −(c/2) (Σ_μ (a^μ)² − k Σ_i x_i²) − Σ_i b_i x_i` (Hopfield 1982, eq. 7, with `W_ii = 0`). `c` is one over an
//! integer, so a sign needs no floating point and a reported number is the exact value rounded once.
//!
//! Not here: the sums over patterns, which the packed kernels take.

use super::local::Local;
use super::options::Normalization;
use crate::binary::{Exact, Tie, ratio};
use crate::error::{Result, try_vec};
use crate::kernel::bits::Crossing;

/// `c` and `b` for a network with patterns.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hebbian<'a> {
    /// `1/c`.
    pub denominator: u64,
    /// `b`.
    pub local: Local<'a>,
    k: i128,
}

impl<'a> Hebbian<'a> {
    pub(super) fn new(normalization: Normalization, local: Local<'a>, n: usize, k: usize) -> Self {
        let denominator = match normalization {
            Normalization::Neurons => n as u64,
            Normalization::Patterns => k as u64,
            Normalization::None => 1,
        };
        Self { denominator, local, k: k as i128 }
    }

    /// `h_i` from `H_i`.
    pub(super) fn field(&self, i: usize, integer: i64) -> f64 {
        if self.local.is_zero() {
            return ratio(integer.into(), self.denominator);
        }
        let mut exact = Exact::zero();
        self.local.add_to(&mut exact, i, false);
        exact.plus_ratio(integer.into(), self.denominator)
    }

    /// A weight from its sum over patterns.
    pub(super) fn weight(&self, sum: f64) -> f64 {
        sum / self.denominator as f64
    }

    /// Where the fields of the neurons cross zero; none at all if all do at `H = 0`.
    pub(super) fn crossings(&self, n: usize) -> Result<Vec<Crossing>> {
        if self.local.is_zero() {
            return Ok(Vec::new());
        }
        let mut crossings = try_vec(n, Crossing::default(), "thresholds")?;
        for (i, crossing) in crossings.iter_mut().enumerate() {
            *crossing = Crossing::of(self.local.terms(i), self.denominator);
        }
        Ok(crossings)
    }

    /// For each neuron the integer `t` such that `2 H_i − t` has the sign that a visit gives the neuron, and is 0 where
    /// the `tie` rule looks at the neuron's value or tosses a coin. Empty if all are 0.
    pub(super) fn thresholds(n: usize, crossings: &[Crossing], tie: Tie) -> Result<Vec<i64>> {
        if crossings.is_empty() && matches!(tie, Tie::Keep | Tie::Random) {
            return Ok(Vec::new());
        }
        let mut thresholds = try_vec(n, 0, "thresholds")?;
        for (i, threshold) in thresholds.iter_mut().enumerate() {
            let crossing = crossings.get(i).copied().unwrap_or_default();
            let exact = crossing.part == 0.0;
            // One less turns a tie into a positive field, one more into a negative one; nothing else changes sign.
            *threshold = match tie {
                Tie::Plus if exact => crossing.twice() - 1,
                Tie::Minus if exact => crossing.twice() + 1,
                _ => crossing.twice(),
            };
        }
        Ok(thresholds)
    }

    /// The energy of a state, from scratch.
    pub(super) fn energy(&self, state: &[i8], overlaps: &[i64]) -> Energy {
        let mut energy = Energy::default();
        energy.recount(self, state, overlaps);
        if !self.local.is_zero() {
            for (i, x) in state.iter().enumerate() {
                if *x != 0 {
                    self.local.add_to(&mut energy.linear, i, *x < 0);
                }
            }
        }
        energy
    }
}

/// The energy of a state that changes under one rule, kept exactly.
#[derive(Clone, Debug, Default)]
pub(super) struct Energy {
    /// `Σ_{i≠j} Σ_μ ξ_i^μ ξ_j^μ x_i x_j = Σ_μ (a^μ)² − k Σ_i x_i²`, always even.
    pairs: i128,
    /// `Σ_i b_i x_i`.
    linear: Exact,
}

impl Energy {
    /// Follows the change of one neuron whose integer field was `field`.
    pub(super) fn change(&mut self, rule: &Hebbian, i: usize, from: i8, to: i8, field: i64) {
        self.pairs += 2 * i128::from(to - from) * i128::from(field);
        self.shift(rule, i, from, to);
    }

    /// Follows the part of a change that the constant part of the field sees.
    pub(super) fn shift(&mut self, rule: &Hebbian, i: usize, from: i8, to: i8) {
        if !rule.local.is_zero() {
            for _ in 0..(to - from).abs() {
                rule.local.add_to(&mut self.linear, i, to < from);
            }
        }
    }

    /// Takes the part of the pairs anew.
    pub(super) fn recount(&mut self, rule: &Hebbian, state: &[i8], overlaps: &[i64]) {
        let decided = state.iter().filter(|x| **x != 0).count() as i128;
        let squares: i128 = overlaps.iter().map(|a| i128::from(*a) * i128::from(*a)).sum();
        self.pairs = squares - rule.k * decided;
    }

    /// The energy, rounded once.
    pub(super) fn value(&self, rule: &Hebbian) -> f64 {
        let half = self.pairs / 2;
        let magnitude = if rule.local.is_zero() {
            ratio(half, rule.denominator)
        } else {
            self.linear.plus_ratio(half, rule.denominator)
        };
        // Not −0.
        0.0 - magnitude
    }
}
