//! The Hebbian rule in exact integers: what its factor `c` makes of integer fields, thresholds and energies.
//!
//! With `H_i = Σ_μ ξ_i^μ a^μ − k x_i` the field is `h_i = c H_i + b_i` and the energy
//! `E = −(c/2) (Σ_μ (a^μ)² − k Σ_i x_i²) − Σ_i b_i x_i` (Hopfield 1982, eq. 7, with `W_ii = 0`). `c` is one over an
//! integer, so a sign needs no floating point and a reported number is the exact value rounded once.
//!
//! Not here: the sums over patterns, which the packed kernels take.

use super::options::{Bias, Normalization};
use crate::binary::{Exact, Tie, ratio};
use crate::error::{Result, try_vec};

/// `c` and `b` for a network with patterns.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hebbian<'a> {
    /// `1/c`.
    denominator: u64,
    bias: &'a Bias,
    k: i128,
}

impl<'a> Hebbian<'a> {
    pub(super) fn new(normalization: Normalization, bias: &'a Bias, n: usize, k: usize) -> Self {
        let denominator = match normalization {
            Normalization::Neurons => n as u64,
            Normalization::Patterns => k as u64,
            Normalization::None => 1,
        };
        Self { denominator, bias, k: k as i128 }
    }

    /// `h_i` from `H_i`.
    pub(super) fn field(&self, i: usize, integer: i64) -> f64 {
        match self.bias {
            Bias::None => ratio(integer.into(), self.denominator),
            bias => {
                let mut exact = Exact::zero();
                exact.add(bias.of(i), false);
                exact.plus_ratio(integer.into(), self.denominator)
            }
        }
    }

    /// A weight from its sum over patterns.
    pub(super) fn weight(&self, sum: f64) -> f64 {
        sum / self.denominator as f64
    }

    /// For each neuron the integer `t` such that `2 H_i − t` has the sign that a visit gives the neuron, and is 0 where
    /// the `tie` rule looks at the neuron's value or tosses a coin. Empty if all are 0.
    pub(super) fn thresholds(&self, n: usize, tie: Tie) -> Result<Vec<i64>> {
        if *self.bias == Bias::None && matches!(tie, Tie::Keep | Tie::Random) {
            return Ok(Vec::new());
        }
        let mut thresholds = try_vec(n, 0, "thresholds")?;
        for (i, threshold) in thresholds.iter_mut().enumerate() {
            let (twice, exact) = twice_crossing(self.bias.of(i), self.denominator);
            // One less turns a tie into a positive field, one more into a negative one; nothing else changes sign.
            *threshold = match tie {
                Tie::Plus if exact => twice - 1,
                Tie::Minus if exact => twice + 1,
                _ => twice,
            };
        }
        Ok(thresholds)
    }

    /// The energy of a state, from scratch.
    pub(super) fn energy(&self, state: &[i8], overlaps: &[i64]) -> Energy<'a> {
        let mut energy = Energy { rule: *self, pairs: 0, linear: Exact::zero() };
        energy.recount(state, overlaps);
        if *self.bias != Bias::None {
            for (i, x) in state.iter().enumerate() {
                if *x != 0 {
                    energy.linear.add(self.bias.of(i), *x < 0);
                }
            }
        }
        energy
    }
}

/// Where the field crosses zero, `H = −b/c`: twice that if it is an integer (and true), else the odd number between the
/// even ones on either side (and false). Far beyond any field it stops growing.
fn twice_crossing(bias: f64, denominator: u64) -> (i64, bool) {
    const FAR: u128 = 1 << 59;
    let bits = bias.to_bits();
    let exponent = (bits >> 52 & 0x7FF) as i32;
    let fraction = bits & ((1 << 52) - 1);
    let (mantissa, exponent) = if exponent == 0 { (fraction, -1074) } else { (fraction | 1 << 52, exponent - 1075) };
    let product = u128::from(mantissa) * u128::from(denominator);
    let (whole, rest) = if exponent >= 0 {
        (if product > FAR >> exponent.min(60) { FAR } else { product << exponent.min(60) }, false)
    } else if exponent > -128 {
        (product >> -exponent, product & ((1 << -exponent) - 1) != 0)
    } else {
        (0, product != 0)
    };
    let twice = 2 * whole.min(FAR) as i64 + i64::from(rest);
    (if bias > 0.0 { -twice } else { twice }, !rest)
}

/// The energy of a state that changes, kept exactly.
#[derive(Clone, Debug)]
pub(super) struct Energy<'a> {
    rule: Hebbian<'a>,
    /// `Σ_{i≠j} Σ_μ ξ_i^μ ξ_j^μ x_i x_j = Σ_μ (a^μ)² − k Σ_i x_i²`, always even.
    pairs: i128,
    /// `Σ_i b_i x_i`.
    linear: Exact,
}

impl Energy<'_> {
    /// Follows the change of one neuron whose integer field was `field`.
    pub(super) fn change(&mut self, i: usize, from: i8, to: i8, field: i64) {
        self.pairs += 2 * i128::from(to - from) * i128::from(field);
        self.shift(i, from, to);
    }

    /// Follows the part of a change that the bias sees.
    pub(super) fn shift(&mut self, i: usize, from: i8, to: i8) {
        if *self.rule.bias != Bias::None {
            for _ in 0..(to - from).abs() {
                self.linear.add(self.rule.bias.of(i), to < from);
            }
        }
    }

    /// Takes the part of the pairs anew.
    pub(super) fn recount(&mut self, state: &[i8], overlaps: &[i64]) {
        let decided = state.iter().filter(|x| **x != 0).count() as i128;
        let squares: i128 = overlaps.iter().map(|a| i128::from(*a) * i128::from(*a)).sum();
        self.pairs = squares - self.rule.k * decided;
    }

    /// The energy, rounded once.
    pub(super) fn value(&self) -> f64 {
        let half = self.pairs / 2;
        let magnitude = match self.rule.bias {
            Bias::None => ratio(half, self.rule.denominator),
            _ => self.linear.plus_ratio(half, self.rule.denominator),
        };
        // Not −0.
        0.0 - magnitude
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crossing_is_found_without_rounding() {
        // b = −0.3 as a float64 is a little above −3/10: times 10 it is not an integer.
        assert_eq!(twice_crossing(-0.3, 10), (5, false));
        assert_eq!(twice_crossing(0.5, 10), (-10, true));
        assert_eq!(twice_crossing(-0.25, 10), (5, false));
        assert_eq!(twice_crossing(0.0, 7), (0, true));
        assert_eq!(twice_crossing(-0.0, 7), (0, true));
        assert_eq!(twice_crossing(5e-324, 3), (-1, false));
        assert_eq!(twice_crossing(-1e300, 3), (1 << 60, true));
        assert_eq!(twice_crossing(3.0, 1 << 40), (-6 << 40, true));
    }
}
