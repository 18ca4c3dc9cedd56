//! Sums of floating-point numbers without rounding, so that an energy or a field with a bias is the exact value rounded
//! once.
//!
//! A float64 is an integer multiple of 2⁻¹⁰⁷⁴ below 2¹⁰²⁴; a fixed-point number that spans all of that (Kulisch 1971)
//! adds them as integers. `n·k` and the count of terms are below 2⁵⁸, for which the top words leave room.
//!
//! Not here: speed beyond a few dozen words a sum; without a bias none of this runs.

use std::cmp::Ordering;

/// The exponent of the lowest bit, negated.
const POINT: usize = 1074;
/// Words: 1074 bits below the point, 1024 above, 58 for many terms, 58 for a common denominator, and the sign.
const WORDS: usize = 36;

/// A sum of float64 values, in two's complement, lowest word first.
#[derive(Clone, Debug)]
pub(crate) struct Exact([u64; WORDS]);

impl Default for Exact {
    fn default() -> Self {
        Self::zero()
    }
}

impl Exact {
    pub(crate) fn zero() -> Self {
        Self([0; WORDS])
    }

    /// Adds a finite value, or takes it away.
    pub(crate) fn add(&mut self, value: f64, negate: bool) {
        let bits = value.to_bits();
        let exponent = (bits >> 52 & 0x7FF) as usize;
        let fraction = bits & ((1 << 52) - 1);
        let mantissa = if exponent == 0 { fraction } else { fraction | 1 << 52 };
        let places = exponent.saturating_sub(1);
        self.accumulate(u128::from(mantissa), places, value.is_sign_negative() != negate);
    }

    /// Adds or takes away `magnitude · 2^(places − 1074)`.
    fn accumulate(&mut self, magnitude: u128, places: usize, negative: bool) {
        let (word, bits) = (places / 64, places % 64);
        let low = magnitude << bits;
        let high = if bits == 0 { 0 } else { (magnitude >> (128 - bits)) as u64 };
        let mut carry = false;
        for (at, word) in self.0[word..].iter_mut().enumerate() {
            let addend = match at {
                0 => low as u64,
                1 => (low >> 64) as u64,
                2 => high,
                _ if !carry => break,
                _ => 0,
            };
            let step = if negative { u64::overflowing_sub } else { u64::overflowing_add };
            let (sum, first) = step(*word, addend);
            let (sum, second) = step(sum, carry.into());
            (*word, carry) = (sum, first | second);
        }
    }

    /// `whole / denominator + self`, rounded once to the nearest float64 (ties to even); a sum beyond them is infinite.
    pub(crate) fn plus_ratio(&self, whole: i128, denominator: u64) -> f64 {
        // Over the common denominator: (whole + denominator · self) / denominator.
        let mut numerator = self.clone();
        numerator.multiply(denominator);
        numerator.accumulate(whole.unsigned_abs(), POINT, whole < 0);
        let negative = numerator.0[WORDS - 1] >> 63 == 1;
        if negative {
            numerator.negate();
        }
        let remainder = numerator.divide(denominator);
        let magnitude = numerator.round(remainder, denominator);
        if negative { -magnitude } else { magnitude }
    }

    /// The sign of `whole / denominator + self`.
    pub(crate) fn sign_with(&self, whole: i128, denominator: u64) -> Ordering {
        let mut numerator = self.clone();
        numerator.multiply(denominator);
        numerator.accumulate(whole.unsigned_abs(), POINT, whole < 0);
        match numerator.0 {
            words if words[WORDS - 1] >> 63 == 1 => Ordering::Less,
            words if words.iter().all(|word| *word == 0) => Ordering::Equal,
            _ => Ordering::Greater,
        }
    }

    /// `self · factor`: whether it is negative and, of its magnitude, the nearest integer and the rest, rounded once. An
    /// integer from `far` on is cut to that, and the rest takes over.
    pub(crate) fn split(&self, factor: u64, far: u64) -> (bool, u64, f64) {
        let mut product = self.clone();
        product.multiply(factor);
        let negative = product.0[WORDS - 1] >> 63 == 1;
        if negative {
            product.negate();
        }
        let (word, bits) = (POINT / 64, POINT % 64);
        let low = product.0[word] >> bits | product.0[word + 1] << (64 - bits);
        let beyond = product.0[word + 1] >> bits != 0 || product.0[word + 2..].iter().any(|word| *word != 0);
        if beyond || low >= far {
            product.accumulate(far.into(), POINT, true);
            return (negative, far, product.round(0, 1));
        }
        let half = product.0[(POINT - 1) / 64] >> ((POINT - 1) % 64) & 1;
        let whole = low + half;
        product.accumulate(whole.into(), POINT, true);
        if half == 1 {
            product.negate();
        }
        let rest = product.round(0, 1);
        (negative, whole, if half == 1 { -rest } else { rest })
    }

    /// Two's complement multiplies like unsigned numbers, modulo the width.
    fn multiply(&mut self, factor: u64) {
        let mut carry = 0;
        for word in &mut self.0 {
            let product = u128::from(*word) * u128::from(factor) + carry;
            *word = product as u64;
            carry = product >> 64;
        }
    }

    fn negate(&mut self) {
        let mut carry = true;
        for word in &mut self.0 {
            (*word, carry) = (!*word).overflowing_add(u64::from(carry));
        }
    }

    /// The remainder of a division that leaves the quotient here.
    fn divide(&mut self, divisor: u64) -> u64 {
        let mut remainder = 0;
        for word in self.0.iter_mut().rev() {
            let dividend = u128::from(remainder) << 64 | u128::from(*word);
            if dividend != 0 {
                *word = (dividend / u128::from(divisor)) as u64;
                remainder = (dividend % u128::from(divisor)) as u64;
            }
        }
        remainder
    }

    /// The nearest float64 to `(self + remainder / divisor) · 2⁻¹⁰⁷⁴`.
    fn round(&self, remainder: u64, divisor: u64) -> f64 {
        let top = self.0.iter().rposition(|word| *word != 0).map_or(0, |w| 64 * w + self.0[w].ilog2() as usize);
        // A float64 has 53 bits; those below 2⁻¹⁰⁷⁴ are all in the remainder.
        let shift = top.saturating_sub(52);
        let mantissa = self.bits(shift);
        let (half, rest) = if shift == 0 {
            let twice = 2 * u128::from(remainder);
            (twice >= u128::from(divisor), twice > u128::from(divisor))
        } else {
            (self.0[(shift - 1) / 64] >> ((shift - 1) % 64) & 1 == 1, remainder != 0 || self.any_below(shift - 1))
        };
        let up = half && (rest || mantissa & 1 == 1);
        if shift >= 2046 {
            return f64::INFINITY;
        }
        // The leading bit of the mantissa adds one to the exponent, and so does a carry out of it.
        f64::from_bits(((shift as u64) << 52) + mantissa + u64::from(up))
    }

    /// The 53 bits from `shift` up.
    fn bits(&self, shift: usize) -> u64 {
        let (word, bits) = (shift / 64, shift % 64);
        let high = self.0.get(word + 1).copied().unwrap_or(0);
        let pair = u128::from(high) << 64 | u128::from(self.0[word]);
        (pair >> bits) as u64 & ((1 << 53) - 1)
    }

    /// Whether a bit below `end` is set.
    fn any_below(&self, end: usize) -> bool {
        let (word, bits) = (end / 64, end % 64);
        self.0[..word].iter().any(|word| *word != 0) || self.0[word] & ((1 << bits) - 1) != 0
    }
}

/// `whole / denominator`, rounded once.
pub(crate) fn ratio(whole: i128, denominator: u64) -> f64 {
    const EXACT: i128 = 1 << 53;
    if (-EXACT..=EXACT).contains(&whole) && i128::from(denominator) <= EXACT {
        whole as f64 / denominator as f64
    } else {
        Exact::zero().plus_ratio(whole, denominator)
    }
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "rounded once means equal")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sum(values: &[f64]) -> Exact {
        let mut sum = Exact::zero();
        for value in values {
            sum.add(*value, false);
        }
        sum
    }

    #[test]
    fn cancellation_loses_nothing() {
        assert_eq!(sum(&[1e308, 5e-324, -1e308]).plus_ratio(0, 1), 5e-324);
        assert_eq!(sum(&[1e16, 1.0, -1e16]).plus_ratio(0, 1), 1.0);
        assert_eq!(sum(&[0.1; 10]).plus_ratio(0, 1), 1.0);
        assert_eq!(sum(&[f64::MAX, f64::MAX]).plus_ratio(0, 1), f64::INFINITY);
        assert_eq!(sum(&[f64::MAX, f64::MAX, -f64::MAX]).plus_ratio(0, 1), f64::MAX);
        assert_eq!(Exact::zero().plus_ratio(-1, 3), -1.0 / 3.0);
        assert_eq!(Exact::zero().plus_ratio(0, 3).to_bits(), 0);
    }

    #[test]
    fn ties_go_to_even() {
        let half_up = (1_i128 << 54) + 2;
        assert_eq!(ratio(half_up, 1), (1_i128 << 54) as f64);
        assert_eq!(ratio(half_up + 1, 1), ((1_i128 << 54) + 4) as f64);
        assert_eq!(ratio((1 << 54) + 6, 1), ((1_i128 << 54) + 8) as f64);
        assert_eq!(ratio(-half_up, 1), -((1_i128 << 54) as f64));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

        #[test]
        fn two_terms_round_as_the_processor_does(a in any::<f64>(), b in any::<f64>()) {
            prop_assume!(a.is_finite() && b.is_finite());
            prop_assert_eq!(sum(&[a, b]).plus_ratio(0, 1), a + b);
            let mut difference = sum(&[a]);
            difference.add(b, true);
            prop_assert_eq!(difference.plus_ratio(0, 1), a - b);
        }

        #[test]
        fn ratios_round_as_the_processor_does(whole in -(1_i64 << 53)..1 << 53, denominator in 1_u64..1 << 53) {
            let expected = whole as f64 / denominator as f64;
            prop_assert_eq!(Exact::zero().plus_ratio(whole.into(), denominator), expected);
        }

        #[test]
        fn wide_integers_round_as_a_cast_does(whole in any::<i64>()) {
            prop_assert_eq!(ratio(whole.into(), 1), whole as f64);
        }
    }
}
