//! The few pieces of numerical analysis that the formulas need: a root, a maximum, an average over a Gaussian, and two
//! special functions that `libm` lacks.
//!
//! Not here: anything adaptive. Brackets come from inequalities, panels from the scales of the integrand.

use std::f64::consts::{FRAC_1_SQRT_2, SQRT_2};

/// `1 / sqrt(2 pi)`.
pub(super) const FRAC_1_SQRT_2PI: f64 = 0.398_942_280_401_432_7;
/// `2 / sqrt(pi)`.
pub(super) const FRAC_2_SQRT_PI: f64 = std::f64::consts::FRAC_2_SQRT_PI;

/// The probability that a standard normal number is above `z`.
pub(super) fn normal_tail(z: f64) -> f64 {
    0.5 * libm::erfc(z * FRAC_1_SQRT_2)
}

/// The `z` with `normal_tail(z) == p`, for `p` in (0, 1/2).
pub(super) fn normal_tail_inverse(p: f64) -> f64 {
    // Beyond 39 the tail is below the smallest number.
    SQRT_2 * root(0.0, 39.0 * FRAC_1_SQRT_2, |x| 0.5 * libm::erfc(x) - p)
}

/// The principal `W` of Lambert at `e^x`: the `w` with `w + ln w = x`.
pub(super) fn lambert_w_of_exp(x: f64) -> f64 {
    // With t = ln w: where x <= 1, t <= x and so t = x - e^t >= x - e^x; above, x - ln x <= w <= x.
    let (low, high) = if x <= 1.0 { (x - libm::exp(x), x) } else { (libm::log(x - libm::log(x)), libm::log(x)) };
    let w = libm::exp(root(low, high, |t| t + libm::exp(t) - x));
    // A step of Newton's method for what the exponential lost of a large t.
    w * (1.0 + x - libm::log(w)) / (1.0 + w)
}

/// The root of a continuous function between two places where it has opposite signs (or is 0), to the last bits:
/// inverse quadratic interpolation where that is safe, else bisection (Chandrupatla 1997).
///
/// If the signs do not differ, rounding has moved the root out of the bracket: the end with the smaller value.
pub(super) fn root(low: f64, high: f64, f: impl Fn(f64) -> f64) -> f64 {
    let (mut a, mut b) = (high, low);
    let (mut fa, mut fb) = (f(a), f(b));
    if (fa > 0.0) == (fb > 0.0) {
        return if fa.abs() < fb.abs() { a } else { b };
    }
    let mut t = 0.5;
    // Bisection alone halves the bracket a thousand times at most.
    for _ in 0..2000 {
        let x = a + t * (b - a);
        let fx = f(x);
        // The new bracket is from x to b, and c the place it left.
        let (c, fc);
        if (fx > 0.0) == (fa > 0.0) {
            (c, fc) = (a, fa);
        } else {
            (c, fc, b, fb) = (b, fb, a, fa);
        }
        (a, fa) = (x, fx);
        let (best, value) = if fa.abs() < fb.abs() { (a, fa) } else { (b, fb) };
        let resolution = f64::EPSILON * best.abs() + f64::MIN_POSITIVE;
        let least = resolution / (b - a).abs();
        if value == 0.0 || least > 0.5 {
            return best;
        }
        let xi = (a - b) / (c - b);
        let phi = (fa - fb) / (fc - fb);
        let quadratic = phi * phi < xi && (1.0 - phi) * (1.0 - phi) < 1.0 - xi;
        t = if quadratic {
            fa / (fb - fa) * (fc / (fb - fc)) + (c - a) / (b - a) * (fa / (fc - fa)) * (fb / (fc - fb))
        } else {
            0.5
        };
        t = t.clamp(least, 1.0 - least);
    }
    a
}

/// The place and the value of the maximum of a function with only one, by golden sections. The value is good to the
/// last bits, the place to half as many digits.
pub(super) fn maximum(low: f64, high: f64, f: impl Fn(f64) -> f64) -> (f64, f64) {
    const SECTION: f64 = 0.618_033_988_749_894_9;
    let (mut low, mut high) = (low, high);
    let mut left = high - SECTION * (high - low);
    let mut right = low + SECTION * (high - low);
    let (mut f_left, mut f_right) = (f(left), f(right));
    while high - low > 1e-9 * high {
        if f_left > f_right {
            (high, right, f_right) = (right, left, f_left);
            left = high - SECTION * (high - low);
            f_left = f(left);
        } else {
            (low, left, f_left) = (left, right, f_right);
            right = low + SECTION * (high - low);
            f_right = f(right);
        }
    }
    if f_left > f_right { (left, f_left) } else { (right, f_right) }
}

/// Nodes in (0, 1) and weights of Gauss–Legendre quadrature with 16 nodes on [−1, 1]; the others mirror them.
const GAUSS: [(f64, f64); 8] = [
    (0.095_012_509_837_637_44, 0.189_450_610_455_068_5),
    (0.281_603_550_779_258_9, 0.182_603_415_044_923_6),
    (0.458_016_777_657_227_4, 0.169_156_519_395_002_54),
    (0.617_876_244_402_643_7, 0.149_595_988_816_576_73),
    (0.755_404_408_355_003, 0.124_628_971_255_533_87),
    (0.865_631_202_387_831_7, 0.095_158_511_682_492_78),
    (0.944_575_023_073_232_6, 0.062_253_523_938_647_89),
    (0.989_400_934_991_649_9, 0.027_152_459_411_754_095),
];
/// Beyond, a standard normal number is less often than one time in 10^18.
const REACH: f64 = 9.0;
/// Beyond, its density is below the smallest number.
const FARTHEST: f64 = 39.0;
/// Panels end at these distances from a step, in units of its width; beyond the last, a tanh is ±1 to the last bit.
const STEPS: [f64; 4] = [2.0, 5.0, 10.0, 20.0];

/// The averages of `N` functions of a standard normal number `z` that are smooth but for a step at `centre` of the
/// given width. They are called with `u = (z − centre) / width`, in which the step is that of `tanh u`, and which is as
/// exact in a narrow step as elsewhere.
///
/// Panels are at most 2 wide, and shorter at the step: the poles of a tanh are then so far from each that 16 nodes leave
/// an error below rounding. They reach as far as `e^{2|u|}` can move the bulk of the Gaussian towards the step, so that
/// averages of `1 − tanh u` and `1 / cosh² u` are exact to rounding even where they are tiny.
pub(super) fn gaussian_average<const N: usize>(centre: f64, width: f64, f: impl Fn(f64) -> [f64; N]) -> [f64; N] {
    const EVEN: usize = FARTHEST as usize + 1;
    let reach = (REACH + centre.abs().min(2.0 / width)).min(FARTHEST);
    // Places are counted from the step if it is a narrow one within reach, else from 0, so that both `z` and `u` keep
    // their digits.
    let origin = if width < 1.0 && centre.abs() < reach + STEPS[3] { centre } else { 0.0 };
    let step = centre - origin;
    let mut ends = [step; EVEN + 1 + 2 * STEPS.len()];
    for (i, end) in ends[..EVEN].iter_mut().enumerate() {
        *end = (2 * i) as f64 - reach - origin;
    }
    for (pair, distance) in ends[EVEN + 1..].chunks_exact_mut(2).zip(STEPS) {
        pair.copy_from_slice(&[step - distance * width, step + distance * width]);
    }
    for end in &mut ends {
        *end = end.clamp(-reach - origin, reach - origin);
    }
    ends.sort_unstable_by(f64::total_cmp);
    let mut sums = [0.0; N];
    for panel in ends.windows(2).filter(|panel| panel[1] > panel[0]) {
        let (middle, half) = (0.5 * (panel[0] + panel[1]), 0.5 * (panel[1] - panel[0]));
        for (node, weight) in GAUSS {
            for place in [middle - half * node, middle + half * node] {
                let z = origin + place;
                let density = half * weight * FRAC_1_SQRT_2PI * libm::exp(-0.5 * z * z);
                for (sum, value) in sums.iter_mut().zip(f((place - step) / width)) {
                    *sum += density * value;
                }
            }
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(found: f64, expected: f64, tolerance: f64) {
        assert!((found - expected).abs() <= tolerance, "{found} is not {expected}");
    }

    #[test]
    fn roots_are_found_to_the_last_bits() {
        near(root(0.0, 2.0, |x| x * x - 2.0), SQRT_2, 2.3e-16);
        near(root(1e-300, 1e300, |x| x - 1.0), 1.0, 2.3e-16);
        near(root(-1.0, 3.0, |x| x * x * x), 0.0, 1e-100);
        // The signs agree: the end that is nearer to a root.
        assert!((root(1.0, 2.0, |x| x) - 1.0).abs() < f64::EPSILON);
    }

    #[test]
    fn the_only_maximum_is_found() {
        let (place, value) = maximum(0.0, 3.0, f64::sin);
        near(place, std::f64::consts::FRAC_PI_2, 1e-7);
        near(value, 1.0, 2.3e-16);
    }

    #[test]
    fn averages_of_powers_are_moments() {
        for (centre, width) in [(0.0, 1.0), (-3.0, 1e-9), (2.5, 40.0), (-1e6, 1e5)] {
            let [one, first, second, fourth] = gaussian_average(centre, width, |u| {
                let z = centre + u * width;
                [1.0, z, z * z, z.powi(4)]
            });
            // Of z itself, as this test computes it.
            let rounding = 1e-15 + f64::EPSILON * centre.abs();
            near(one, 1.0, 1e-15);
            near(first, 0.0, rounding);
            near(second, 1.0, 2.0 * rounding);
            near(fourth, 3.0, 12.0 * rounding);
        }
    }

    #[test]
    fn averages_of_steps_are_error_functions() {
        for width in [1e-12, 1e-5, 1e-2] {
            // A steep tanh is the sign, up to the square of its width.
            let [step] = gaussian_average(-0.7, width, |u| [libm::tanh(u)]);
            near(step, libm::erf(0.7 * FRAC_1_SQRT_2), 2e-15 + width * width);
            let [slope] = gaussian_average(-0.7, width, |u| [1.0 - libm::tanh(u) * libm::tanh(u)]);
            let density = FRAC_1_SQRT_2PI * libm::exp(-0.5 * 0.49);
            near(slope / (2.0 * width * density), 1.0, 1e-12 + width * width);
        }
    }

    #[test]
    fn special_functions_are_inverses() {
        for x in [-700.0, -5.0, -0.3, 0.9, 1.0, 1.1, 30.0, 1e9] {
            let w = lambert_w_of_exp(x);
            near(w + libm::log(w), x, 1e-15 * x.abs().max(1.0));
        }
        for p in [1e-300, 1e-20, 1e-3, 0.1, 0.499_999] {
            near(normal_tail(normal_tail_inverse(p)) / p, 1.0, 3e-13);
        }
    }
}
