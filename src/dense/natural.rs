//! Natural numbers of any size, for what no machine number holds: powers of degree 200, exponentials to any precision.
//!
//! Signed sums are two of them, what is added and what is taken away. Not here: speed; nothing asks for these numbers
//! where floating point with a bound on its error has the answer.

use std::cmp::Ordering;

/// Words, the lowest first, the highest not 0.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Natural(Vec<u64>);

impl From<u64> for Natural {
    fn from(value: u64) -> Self {
        Self(vec![value]).trimmed()
    }
}

impl Ord for Natural {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_length = self.0.len().cmp(&other.0.len());
        by_length.then_with(|| self.0.iter().rev().cmp(other.0.iter().rev()))
    }
}

impl PartialOrd for Natural {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Natural {
    /// `value · 2^bits`.
    pub(super) fn shifted(value: u64, bits: usize) -> Self {
        let mut words = vec![0; bits / 64];
        let wide = u128::from(value) << (bits % 64);
        words.extend([wide as u64, (wide >> 64) as u64]);
        Self(words).trimmed()
    }

    pub(super) fn is_zero(&self) -> bool {
        self.0.is_empty()
    }

    fn trimmed(mut self) -> Self {
        while self.0.last() == Some(&0) {
            self.0.pop();
        }
        self
    }

    /// Adds `other · 2^(64 words)`.
    pub(super) fn add(&mut self, other: &Self, words: usize) {
        if other.is_zero() {
            return;
        }
        if self.0.len() < other.0.len() + words {
            self.0.resize(other.0.len() + words, 0);
        }
        let mut carry = false;
        for (at, word) in self.0.iter_mut().skip(words).enumerate() {
            if at >= other.0.len() && !carry {
                break;
            }
            let (sum, first) = word.overflowing_add(other.0.get(at).copied().unwrap_or(0));
            let (sum, second) = sum.overflowing_add(carry.into());
            (*word, carry) = (sum, first | second);
        }
        if carry {
            self.0.push(1);
        }
    }

    /// `|self − other|`.
    pub(super) fn distance(&self, other: &Self) -> Self {
        let (larger, smaller) = if self < other { (other, self) } else { (self, other) };
        let mut words = larger.0.clone();
        let mut borrow = false;
        for (at, word) in words.iter_mut().enumerate() {
            let (rest, first) = word.overflowing_sub(smaller.0.get(at).copied().unwrap_or(0));
            let (rest, second) = rest.overflowing_sub(borrow.into());
            (*word, borrow) = (rest, first | second);
        }
        Self(words).trimmed()
    }

    pub(super) fn times(&self, factor: u64) -> Self {
        self.product(&Self::from(factor))
    }

    pub(super) fn product(&self, other: &Self) -> Self {
        let mut words = vec![0; self.0.len() + other.0.len()];
        for (at, a) in self.0.iter().enumerate() {
            let mut carry = 0_u128;
            for (word, b) in words[at..].iter_mut().zip(other.0.iter().chain(std::iter::once(&0))) {
                carry += u128::from(*word) + u128::from(*a) * u128::from(*b);
                *word = carry as u64;
                carry >>= 64;
            }
        }
        Self(words).trimmed()
    }

    /// `self^degree`, of which there are few hundred words at most.
    pub(super) fn power(&self, degree: u32) -> Self {
        let mut result = Self::from(1);
        for bit in (0..u32::BITS - degree.leading_zeros()).rev() {
            result = result.product(&result);
            if degree >> bit & 1 == 1 {
                result = result.product(self);
            }
        }
        result
    }

    /// The quotient by a small number, rounded down.
    pub(super) fn over(&self, divisor: u64) -> Self {
        let mut words = self.0.clone();
        let mut remainder = 0;
        for word in words.iter_mut().rev() {
            let dividend = remainder << 64 | u128::from(*word);
            *word = (dividend / u128::from(divisor)) as u64;
            remainder = dividend % u128::from(divisor);
        }
        Self(words).trimmed()
    }

    /// Without the lowest words.
    pub(super) fn without(mut self, words: usize) -> Self {
        self.0.drain(..words.min(self.0.len()));
        self
    }

    /// `self · 2^−point`, rounded once to the nearest float64 (ties to even); infinite beyond them.
    pub(super) fn value(&self, point: usize) -> f64 {
        let Some((top, lower)) = self.0.split_last() else { return 0.0 };
        let zeros = top.leading_zeros() as usize;
        let mut leading = top << zeros;
        let mut rest = lower;
        if let Some((next, others)) = lower.split_last() {
            if zeros > 0 {
                leading |= next >> (64 - zeros);
                // What the shift has left of the next word joins the others below.
                leading |= u64::from(next << zeros != 0);
            } else {
                leading |= u64::from(*next != 0);
            }
            rest = others;
        }
        // A bit for all that is below rounds like all of it: float64 takes 53 of these 64.
        leading |= u64::from(rest.iter().any(|word| *word != 0));
        let exponent = (64 * lower.len()) as i64 - zeros as i64 - point as i64;
        libm::scalbn(leading as f64, exponent.clamp(-5000, 5000) as i32)
    }
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "rounded once means equal")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn large_powers_round_once() {
        let ten = Natural::from(10);
        assert_eq!(ten.power(0).value(0), 1.0);
        assert_eq!(ten.power(22).value(0), 1e22);
        assert_eq!(ten.power(300).value(0), 1e300);
        assert_eq!(ten.power(309).value(0), f64::INFINITY);
        assert_eq!(ten.power(309).value(64), 5.421_010_862_427_522e289);
        assert_eq!(Natural::default().value(3), 0.0);
        assert_eq!(Natural::shifted(3, 200).value(201), 1.5);
        let mut nothing = Natural::default();
        nothing.add(&ten.times(0), 5);
        assert_eq!(nothing, Natural::default());
        assert_eq!(Natural::shifted(1, 14).value(1088), 5e-324);
        let mut odd = Natural::shifted(1, 53 + 640);
        odd.add(&Natural::shifted(1, 640), 0);
        assert_eq!(odd.value(640), 9_007_199_254_740_992.0);
        odd.add(&Natural::from(1), 0);
        assert_eq!(odd.value(640), 9_007_199_254_740_994.0);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

        #[test]
        fn arithmetic_is_that_of_wide_integers(a in any::<u64>(), b in any::<u64>(), c in 1..=u64::MAX) {
            let wide = |value: u128| {
                let mut sum = Natural::from(value as u64);
                sum.add(&Natural::from((value >> 64) as u64), 1);
                sum
            };
            let product = u128::from(a) * u128::from(b);
            prop_assert_eq!(Natural::from(a).product(&Natural::from(b)), wide(product));
            prop_assert_eq!(wide(product).over(c), wide(product / u128::from(c)));
            prop_assert_eq!(wide(product).distance(&Natural::from(c)), wide(product.abs_diff(c.into())));
            prop_assert_eq!(wide(product).cmp(&Natural::from(c)), product.cmp(&c.into()));
            prop_assert_eq!(wide(product).value(0), product as f64);
            prop_assert_eq!(wide(product).without(1), Natural::from((product >> 64) as u64));
        }
    }
}
