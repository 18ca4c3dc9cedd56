//! The field of one neuron: its sign, its value, and how it compares with another's.
//!
//! Integers where the weights of patterns fit them; else, and for a neuron that is still undecided, from the counts of
//! equal overlaps.

use std::cmp::Ordering;

use super::exponentials::{self, Ratio};
use super::natural::Natural;
use super::powers::{Balance, Powers};
use super::walked::{Track, Walked};

/// The function `F` with what its sums need.
#[derive(Debug)]
pub(super) enum Force {
    Powers(Powers),
    Exponential,
}

/// The sign of `twice / 2 + external`.
fn sign_of(twice: i64, external: f64) -> i8 {
    let crossing = -2.0 * external;
    // Outside of all integers the crossing decides, and inside its whole part is one.
    if crossing >= 2.0_f64.powi(63) {
        -1
    } else if crossing < -(2.0_f64.powi(63)) {
        1
    } else {
        let whole = crossing.floor();
        let below = Ordering::Less as i8 * i8::from(whole < crossing);
        twice.cmp(&(whole as i64)).then(below.cmp(&0)) as i8
    }
}

impl Walked<'_> {
    /// The sign of the field of neuron `i`, exactly.
    pub(super) fn sign(&self, track: &mut Track, state: &[i8], i: usize) -> i8 {
        let (columns, set, x, external) = (self.patterns(), self.set(), state[i], self.external(track.cue, i));
        match self.force() {
            Force::Powers(powers) => match track.overlaps.twice_field(columns, powers.power(), i, x, set) {
                Some(twice) => sign_of(twice, external),
                None => powers.sign(track.overlaps.spread(columns, i, x, set), external),
            },
            Force::Exponential => {
                if let Some(sign) = self.settled(track, state, i) {
                    return sign;
                }
                exponentials::sign_in(track.overlaps.spread(columns, i, x, set), columns.k(), external)
            }
        }
    }

    /// The same, if the few patterns of largest overlap settle it.
    pub(super) fn settled(&self, track: &mut Track, state: &[i8], i: usize) -> Option<i8> {
        let can = matches!(self.force(), Force::Exponential) && self.certifies() && self.external(track.cue, i) == 0.0;
        if can { track.overlaps.settled_sign(self.patterns(), i, state[i], self.set()) } else { None }
    }

    /// The field of neuron `i`, and how far from it that may be.
    pub(super) fn near_field(&self, track: &mut Track, state: &[i8], i: usize) -> (f64, f64) {
        let (columns, set, x, external) = (self.patterns(), self.set(), state[i], self.external(track.cue, i));
        match self.force() {
            Force::Powers(powers) => match track.overlaps.twice_field(columns, powers.power(), i, x, set) {
                Some(twice) => {
                    let field = twice as f64 / 2.0;
                    (field + external, 2.0 * f64::EPSILON * (field.abs() + external.abs()))
                }
                None => powers.near_field(track.overlaps.spread(columns, i, x, set), external),
            },
            Force::Exponential => {
                exponentials::near_field(track.overlaps.spread(columns, i, x, set), columns.k(), external)
            }
        }
    }

    /// The field of neuron `i` without an external one: of powers rounded once.
    pub(super) fn field(&self, track: &mut Track, state: &[i8], i: usize) -> f64 {
        let (columns, set, x) = (self.patterns(), self.set(), state[i]);
        match self.force() {
            Force::Powers(powers) => match track.overlaps.twice_field(columns, powers.power(), i, x, set) {
                Some(twice) => twice as f64 / 2.0,
                None => powers.field(track.overlaps.spread(columns, i, x, set)),
            },
            Force::Exponential => self.near_field(track, state, i).0,
        }
    }

    /// Compares `towards · field` of two neurons, each given with its direction, exactly.
    pub(super) fn compare(&self, track: &mut Track, state: &[i8], one: (usize, i8), other: (usize, i8)) -> Ordering {
        match self.force() {
            Force::Powers(powers) => {
                let mut difference = Balance::default();
                for ((i, towards), negate) in [(one, false), (other, true)] {
                    if towards != 0 {
                        let twice = self.twice_field(powers, track, state, i);
                        difference.add_all(&twice, negate != (towards < 0));
                    }
                }
                difference.sign().cmp(&0)
            }
            Force::Exponential => {
                let mut side = |(i, towards): (usize, i8)| {
                    let spread = track.overlaps.spread(self.patterns(), i, state[i], self.set());
                    match towards {
                        1 => Ratio::of(spread),
                        0 => Ratio::one(),
                        _ => Ratio::of(spread).inverse(),
                    }
                };
                let ratio = side(one).over(&side(other));
                let shift = |(i, towards): (usize, i8)| f64::from(towards) * self.external(track.cue, i);
                let (a, b) = (shift(one), -shift(other));
                // Knuth's two-sum: what rounding the sum loses.
                let sum = a + b;
                let part = sum - a;
                ratio.cmp_with(sum, (a - (sum - part)) + (b - part))
            }
        }
    }

    /// Twice the field of neuron `i`, the external one included.
    fn twice_field(&self, powers: &Powers, track: &mut Track, state: &[i8], i: usize) -> Balance {
        let (columns, set, x) = (self.patterns(), self.set(), state[i]);
        let mut twice = match track.overlaps.twice_field(columns, powers.power(), i, x, set) {
            Some(whole) => {
                let mut sum = Balance::default();
                sum.add_whole(&Natural::from(whole.unsigned_abs()), whole.signum());
                sum
            }
            None => powers.exact(track.overlaps.spread(columns, i, x, set)),
        };
        twice.add(self.external(track.cue, i), 1);
        twice
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_external_field_is_compared_exactly() {
        for (twice, external, expected) in [
            (0, 0.0, 0),
            (3, -1.5, 0),
            (3, -1.500_000_000_000_000_2, -1),
            (3, -1.499_999_999_999_999_8, 1),
            (-3, 1.5, 0),
            (-3, 1.499_999_999_999_999_8, -1),
            (0, 5e-324, 1),
            (0, -5e-324, -1),
            (i64::MAX, -1e300, -1),
            (i64::MIN, f64::MAX, 1),
            ((1 << 53) + 1, -(2.0_f64.powi(52)), 1),
        ] {
            assert_eq!(sign_of(twice, external), expected, "{twice} {external}");
        }
    }
}
