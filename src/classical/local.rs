//! The constant part of a neuron's field: the network's bias and what a call adds to it, kept apart so that their sum is
//! never rounded.

use super::options::Bias;
use crate::binary::Exact;
use crate::kernel::bits::Crossing;

/// What adds to the fields of one cue's neurons.
#[derive(Clone, Copy, Debug)]
pub(super) struct Local<'a> {
    bias: &'a Bias,
    /// One value a neuron, or none at all for zeros.
    field: &'a [f64],
}

impl<'a> Local<'a> {
    pub(super) fn new(bias: &'a Bias, field: &'a [f64]) -> Self {
        Self { bias, field }
    }

    /// Whether it is 0 for every neuron.
    pub(super) fn is_zero(self) -> bool {
        *self.bias == Bias::None && self.field.is_empty()
    }

    /// The two terms for neuron `i`.
    pub(super) fn terms(self, i: usize) -> [f64; 2] {
        [self.bias.of(i), self.field.get(i).copied().unwrap_or(0.0)]
    }

    /// Adds it to a sum, or takes it away.
    pub(super) fn add_to(self, sum: &mut Exact, i: usize, negate: bool) {
        sum.add(self.bias.of(i), negate);
        if let Some(value) = self.field.get(i) {
            sum.add(*value, negate);
        }
    }
}

/// Beyond any integer field: there the integer stops growing and the part takes over.
const FAR: u64 = 1 << 59;

impl Crossing {
    /// The `H` at which `H / denominator` and the sum of the terms cancel.
    pub(super) fn of([bias, field]: [f64; 2], denominator: u64) -> Self {
        let sum = bias + field;
        // Knuth's two-sum: what rounding the sum lost.
        let other = sum - bias;
        let lost = (bias - (sum - other)) + (field - other);
        if sum.is_finite() && lost == 0.0 {
            return Self::of_one(-sum, denominator);
        }
        let mut exact = Exact::zero();
        exact.add(bias, true);
        exact.add(field, true);
        let (negative, whole, part) = exact.split(denominator, FAR);
        Self::signed(negative, whole, part)
    }

    /// `value · denominator`.
    fn of_one(value: f64, denominator: u64) -> Self {
        let bits = value.to_bits();
        let exponent = (bits >> 52 & 0x7FF) as i32;
        let fraction = bits & ((1 << 52) - 1);
        let (mantissa, exponent) =
            if exponent == 0 { (fraction, -1074) } else { (fraction | 1 << 52, exponent - 1075) };
        let product = u128::from(mantissa) * u128::from(denominator);
        let (whole, part) = if exponent <= -128 {
            // Below one half; two factors, because the power alone may not be a normal number.
            let part = product as f64 * power_of_two(-537) * power_of_two(exponent + 537);
            (0, if product == 0 { 0.0 } else { part.max(f64::MIN_POSITIVE) })
        } else if exponent < 0 {
            let (whole, rest) = (product >> -exponent, product & ((1 << -exponent) - 1));
            let above = rest >= 1 << (-exponent - 1);
            let part = if above { -(((1 << -exponent) - rest) as f64) } else { rest as f64 };
            (whole + u128::from(above), part * power_of_two(exponent))
        } else {
            (product.saturating_mul(1 << exponent.min(64)), 0.0)
        };
        let far = u128::from(FAR);
        if whole < far {
            Self::signed(value < 0.0, whole as u64, part)
        } else {
            Self::signed(value < 0.0, FAR, value.abs() * denominator as f64 - FAR as f64)
        }
    }

    fn signed(negative: bool, whole: u64, part: f64) -> Self {
        if negative { Self { whole: -(whole as i64), part: -part } } else { Self { whole: whole as i64, part } }
    }

    /// Twice the crossing, if it is an integer; else the odd number between the even ones on either side.
    pub(super) fn twice(self) -> i64 {
        2 * self.whole + i64::from(self.part > 0.0) - i64::from(self.part < 0.0)
    }
}

/// `2^exponent`, of a normal number.
fn power_of_two(exponent: i32) -> f64 {
    f64::from_bits(((exponent + 1023) as u64) << 52)
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "rounded once means equal")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn crossing(bias: f64, denominator: u64) -> Crossing {
        Crossing::of([bias, 0.0], denominator)
    }

    #[test]
    fn a_crossing_is_found_without_rounding() {
        // b = −0.3 as a float64 is a little above −3/10: times 10 it is not an integer.
        let near_three = crossing(-0.3, 10);
        assert!(near_three.whole == 3 && near_three.part < 0.0 && near_three.part > -1e-15);
        assert_eq!(near_three.twice(), 5);
        assert_eq!(crossing(0.5, 10), Crossing { whole: -5, part: 0.0 });
        assert_eq!(crossing(-0.25, 10).twice(), 5);
        assert_eq!(crossing(0.0, 7), Crossing::default());
        assert_eq!(crossing(-0.0, 7), Crossing::default());
        assert_eq!(crossing(5e-324, 3).twice(), -1);
        assert_eq!(crossing(-1e300, 3).whole, 1 << 59);
        assert_eq!(crossing(-1e300, 3).part, 3e300);
        assert_eq!(crossing(3.0, 1 << 40), Crossing { whole: -3 << 40, part: 0.0 });
        assert_eq!(Crossing::of([1e300, -1e300], 3), Crossing::default());
        assert_eq!(Crossing::of([1e16, 1.0], 1), Crossing { whole: -10_000_000_000_000_001, part: 0.0 });
        assert_eq!(Crossing::of([f64::MAX, f64::MAX], 1).whole, -1 << 59);
        let tiny = Crossing::of([0.5, 1e-300], 2);
        assert!(tiny.whole == -1 && tiny.part < 0.0 && tiny.part > -1e-299);
    }

    /// Compares the short way for one term with the exact sum.
    fn one_term_and_two_agree(bias: f64, scale: i32, denominator: u64) {
        let bias = bias * 2.0_f64.powi(scale);
        let exact = {
            let mut sum = Exact::zero();
            sum.add(bias, true);
            let (negative, whole, part) = sum.split(denominator, FAR);
            Crossing::signed(negative, whole, part)
        };
        let found = Crossing::of_one(-bias, denominator);
        assert_eq!(found.whole, exact.whole);
        assert_eq!(found.twice(), exact.twice());
        // Far out the part is rounded as the whole value is.
        let size = exact.part.abs() + if exact.whole.unsigned_abs() == FAR { FAR as f64 } else { 0.0 };
        assert!((found.part - exact.part).abs() <= 1e-15 * size, "{} {}", found.part, exact.part);
    }

    #[test]
    fn far_out_one_term_and_two_agree() {
        one_term_and_two_agree(3.467_068_707_686_153_6e17, -17, 217_931);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

        #[test]
        fn one_term_and_two_agree_anywhere(
            bias in -1e18_f64..1e18,
            scale in -70_i32..10,
            denominator in 1_u64..1 << 20,
        ) {
            one_term_and_two_agree(bias, scale, denominator);
        }
    }
}
