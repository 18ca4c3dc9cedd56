//! Integer fields: what their unit, the bias and an external field make of thresholds, energies and reported numbers.
//!
//! With an integer `H_i` the field is `h_i = c H_i + b_i`, and the energy `E = −(c/2) Σ_i x_i H_i − Σ_i b_i x_i` (Hopfield
//! 1982, eq. 7). `c` is one over an integer, so a sign needs no floating point and a reported number is the exact value
//! rounded once. Under Hebb's rule `H_i = Σ_μ ξ_i^μ a^μ − k x_i`, and `Σ_i x_i H_i = Σ_μ (a^μ)² − k Σ_i x_i²`.
//!
//! Not here: the sums over patterns or neurons, which kernels take.

use super::local::Local;
use crate::binary::{Exact, Tie, ratio};
use crate::error::{Result, try_vec};
use crate::kernel::bits::{Crossing, decided};

/// `c` and `b`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Units<'a> {
    /// `1/c`.
    pub denominator: u64,
    /// `b`.
    pub local: Local<'a>,
}

impl Units<'_> {
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

    /// The energy of a state, from `Σ_i x_i H_i`.
    pub(super) fn energy(&self, state: impl Iterator<Item = i8>, pairs: i128) -> Energy {
        let mut energy = Energy { pairs, ..Energy::default() };
        if !self.local.is_zero() {
            for (i, x) in state.enumerate() {
                if x != 0 {
                    self.local.add_to(&mut energy.linear, i, x < 0);
                }
            }
        }
        energy
    }
}

/// `Σ_i x_i H_i` under Hebb's rule: `Σ_{i≠j} Σ_μ ξ_i^μ ξ_j^μ x_i x_j = Σ_μ (a^μ)² − k Σ_i x_i²`.
pub(super) fn hebbian_pairs<A: Copy + Into<i64>>(state: &[i8], overlaps: &[A]) -> i128 {
    let n = state.len() as u128;
    let squares = if n * n * overlaps.len() as u128 <= i64::MAX as u128 {
        i128::from(overlaps.iter().map(|a| (*a).into()).map(|a: i64| a * a).sum::<i64>())
    } else {
        overlaps.iter().map(|a| (*a).into()).map(|a: i64| i128::from(a) * i128::from(a)).sum()
    };
    squares - (overlaps.len() * decided(state)) as i128
}

/// The energy of a state that changes, kept exactly.
#[derive(Clone, Debug, Default)]
pub(super) struct Energy {
    /// `Σ_i x_i H_i`.
    pub pairs: i128,
    /// `Σ_i b_i x_i`.
    linear: Exact,
}

impl Energy {
    /// Follows the change of one neuron whose integer field, without a share of its own, was `field`.
    pub(super) fn change(&mut self, units: &Units, i: usize, from: i8, to: i8, field: i64) {
        self.pairs += 2 * i128::from(to - from) * i128::from(field);
        self.shift(units, i, from, to);
    }

    /// Follows the part of a change that the constant part of the field sees.
    pub(super) fn shift(&mut self, units: &Units, i: usize, from: i8, to: i8) {
        if !units.local.is_zero() {
            for _ in 0..(to - from).abs() {
                units.local.add_to(&mut self.linear, i, to < from);
            }
        }
    }

    /// The energy, rounded once.
    pub(super) fn value(&self, units: &Units) -> f64 {
        // Half of it over the denominator, whose double fits.
        let magnitude = if units.local.is_zero() {
            ratio(self.pairs, 2 * units.denominator)
        } else {
            self.linear.plus_ratio(self.pairs, 2 * units.denominator)
        };
        // Not −0.
        0.0 - magnitude
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn squares_that_need_more_than_64_bits_are_exact() {
        let (n, k) = (1_usize << 22, (1 << 19) + 1);
        let pairs = hebbian_pairs(&vec![1; n], &vec![n as i64; k]);
        assert_eq!(pairs, (n * n) as i128 * k as i128 - (n * k) as i128);
    }
}
