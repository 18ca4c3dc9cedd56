//! Powers of scores: the weight of one, `relu(score · 2^−e)^degree`, under an exponent that keeps it within the type.

use super::real::Real;

/// The integer `e` with `2^(e−1) ≤ top < 2^e`; for a score below the normal numbers that of the smallest one. `None` if
/// `top` is not positive: nothing has weight.
pub(crate) fn exponent<T: Real>(top: T) -> Option<i32> {
    let (top, (smallest, _)): (f64, _) = (top.into(), T::RANGE);
    (top > 0.0).then(|| (top.max(smallest).to_bits() >> 52) as i32 - 1022)
}

/// `2^−exponent`.
pub(crate) fn scale_to<T: Real>(exponent: i32) -> T {
    T::from_f64(libm::ldexp(1.0, -exponent))
}

/// `relu(score · scale)^degree`, by squaring from the highest bit of the degree down.
#[inline(always)]
pub(crate) fn power<T: Real>(score: T, scale: T, degree: u32) -> T {
    let base = if score > T::ZERO { score.times(scale) } else { T::ZERO };
    let mut power = base;
    for bit in (0..degree.ilog2()).rev() {
        power = power.times(power);
        if degree >> bit & 1 == 1 {
            power = power.times(base);
        }
    }
    power
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "powers of two and small products are exact")]
mod tests {
    use super::*;

    #[test]
    fn an_exponent_is_just_above_its_number() {
        for (top, expected) in [(1.0, 1), (0.99, 0), (2.0, 2), (3.5, 2), (1e-300, -126), (f64::from(f32::MAX), 128)] {
            assert_eq!(exponent(top as f32), if top < 1e-200 { None } else { Some(expected) }, "{top}");
        }
        assert_eq!(exponent(f32::from_bits(1)), Some(-125));
        assert_eq!(exponent(-1.0), None);
        assert_eq!(exponent(f64::NAN), None);
        assert_eq!(scale_to::<f32>(128) * f32::MAX, 1.0 - f32::EPSILON / 2.0);
        assert_eq!(scale_to::<f64>(1024) * f64::MAX, 1.0 - f64::EPSILON / 2.0);
    }

    #[test]
    fn powers_are_products() {
        for degree in 1..40 {
            assert_eq!(power(1.5, 2.0, degree), 3.0_f64.powi(degree as i32));
        }
        assert_eq!(power(-1.0, 1.0, 3), 0.0);
        assert_eq!(power(f64::NAN, 1.0, 3), 0.0);
    }
}
