//! Signs of sums of exponentials of integers: in floating point where a bound on the error allows it, else to as many
//! digits as it takes.
//!
//! Exponentials of different rational numbers, times integers, never cancel (Lindemann and Weierstrass). So a sum is 0
//! exactly when the integer of every exponent is, which needs no arithmetic with `e`; and what is not 0 shows its sign at
//! some precision. A field in units of the energy `−ln Σ_μ e^(a^μ)` is
//!
//! ```text
//! h = ½ ln(Z₊/Z₋) + b = artanh(tanh(1) r) + b     r = Σ_c (u_c − d_c) e^c / Σ_c (u_c + d_c) e^c
//! ```
//!
//! with `Z₊` and `Z₋` the sums with the neuron at +1 and −1, and `u_c` (`d_c`) the number of patterns that are +1 (−1)
//! there among those whose overlap without it is `c`. It lies within ±1 of the external field `b`.

use std::cmp::Ordering;

use super::natural::Natural;
use super::tally::{Spread, Tally};

/// `e^−2`, from one overlap to the next.
const STEP: f64 = 0.135_335_283_236_612_7;
/// `tanh 1`.
const TANH_ONE: f64 = 0.761_594_155_955_764_9;
/// Overlaps below the largest that are added up; the patterns of all lower ones weigh less than `BELOW` each.
const REACH: usize = 40;
const BELOW: f64 = 3e-36;
/// More than the relative error of a sum over `REACH` overlaps: three roundings each.
const ERROR: f64 = 1e-13;

/// `Σ_j counts(j) e^(2 j)` of the overlaps up to the last, in units of that one's exponential.
fn sum(last: usize, counts: impl Fn(usize) -> f64) -> f64 {
    (last.saturating_sub(REACH)..=last).fold(0.0, |sum, j| sum * STEP + counts(j))
}

/// The sign of the neuron's field without an external one.
pub(super) fn sign(spread: Spread, k: usize) -> i8 {
    let Some(last) = (0..spread.len()).rev().find(|j| spread.difference(*j) != 0) else { return 0 };
    let value = sum(last, |j| spread.difference(j) as f64);
    let size = sum(last, |j| spread.difference(j).unsigned_abs() as f64);
    let error = ERROR * size + if last > REACH { BELOW * k as f64 } else { 0.0 };
    if value.abs() > error {
        return if value > 0.0 { 1 } else { -1 };
    }
    Ratio::of(spread).cmp_with(0.0, 0.0) as i8
}

/// The neuron's field in an external one, and how far from it that may be.
pub(super) fn near_field(spread: Spread, k: usize, external: f64) -> (f64, f64) {
    let last = (0..spread.len()).rev().find(|j| spread.counts(*j) != (0, 0)).unwrap_or(0);
    let value = sum(last, |j| spread.difference(j) as f64);
    let size = sum(last, |j| {
        let (up, down) = spread.counts(j);
        f64::from(up) + f64::from(down)
    });
    let below = if last > REACH { BELOW * k as f64 } else { 0.0 };
    let field = libm::atanh(TANH_ONE * (value / size).clamp(-1.0, 1.0)) + external;
    // The slope of artanh(tanh(1) r) is below 2; the size is at least 1.
    (field, 4.0 * (ERROR + below) + 4.0 * f64::EPSILON * field.abs())
}

/// The sign of the neuron's field in an external one.
pub(super) fn sign_in(spread: Spread, k: usize, external: f64) -> i8 {
    if external == 0.0 {
        return sign(spread, k);
    }
    let (field, error) = near_field(spread, k, external);
    match field {
        _ if field > error => 1,
        _ if field < -error => -1,
        _ => Ratio::of(spread).cmp_with(external, 0.0) as i8,
    }
}

/// `−ln Σ_μ e^(a^μ)`.
pub(super) fn energy(tally: &Tally) -> f64 {
    let counts = tally.counts();
    let last = counts.iter().rposition(|count| *count > 0).unwrap_or(0);
    -(f64::from(tally.overlap(last)) + libm::log(sum(last, |j| counts[j].into())))
}

/// The quotient of two sums of exponentials: of each exponent, in steps of 1, how often it is in the one and the other.
#[derive(Clone, Debug)]
pub(super) struct Ratio {
    above: Vec<i64>,
    below: Vec<i64>,
}

impl Ratio {
    /// `Z₊/Z₋`.
    pub(super) fn of(spread: Spread) -> Self {
        let mut ratio = Self { above: vec![0; 2 * spread.len() + 1], below: vec![0; 2 * spread.len() + 1] };
        for j in 0..spread.len() {
            let (up, down) = spread.counts(j);
            for (side, less, more) in [(&mut ratio.above, down, up), (&mut ratio.below, up, down)] {
                side[2 * j] += i64::from(less);
                side[2 * j + 2] += i64::from(more);
            }
        }
        ratio
    }

    /// 1.
    pub(super) fn one() -> Self {
        Self { above: vec![1], below: vec![1] }
    }

    pub(super) fn inverse(self) -> Self {
        Self { above: self.below, below: self.above }
    }

    /// The quotient of two of them.
    pub(super) fn over(&self, other: &Self) -> Self {
        let product = |one: &[i64], other: &[i64]| {
            let mut product = vec![0; one.len() + other.len()];
            for (i, a) in one.iter().enumerate().filter(|(_, a)| **a != 0) {
                for (j, b) in other.iter().enumerate() {
                    product[i + j] += a * b;
                }
            }
            product
        };
        Self { above: product(&self.above, &other.below), below: product(&self.below, &other.above) }
    }

    /// The sign of `½ ln(self) + shift + rest`, of which `rest` is what rounding the shift has lost.
    pub(super) fn cmp_with(&self, shift: f64, rest: f64) -> Ordering {
        if shift.abs() > 3.0 {
            // A field is within ±1 of the external one, and the difference of two within ±2.
            return if shift > 0.0 { Ordering::Greater } else { Ordering::Less };
        }
        let twice = 2.0 * shift;
        if rest == 0.0 && twice % 1.0 == 0.0 {
            let by = |places: f64| vec![0; places.max(0.0) as usize];
            let above = [by(twice), self.above.clone()].concat();
            let below = [by(-twice), self.below.clone()].concat();
            let at = |counts: &[i64], j: usize| counts.get(j).copied().unwrap_or(0);
            let left: Vec<i64> = (0..above.len().max(below.len())).map(|j| at(&above, j) - at(&below, j)).collect();
            if left.iter().all(|count| *count == 0) {
                return Ordering::Equal;
            }
            let side = |sign: i64| left.iter().map(|count| (sign * count).max(0)).collect();
            return Self { above: side(1), below: side(-1) }.decide(0.0, 0.0);
        }
        self.decide(twice, 2.0 * rest)
    }

    /// Compares the two sums, the upper one times `e^(shift + rest)`, at growing precision until they are told apart.
    fn decide(&self, shift: f64, rest: f64) -> Ordering {
        let total: i64 = self.above.iter().chain(&self.below).sum();
        let mut words = 4;
        loop {
            let step = exponential(&Natural::shifted(1, 64 * (words + 1)), words);
            let len = self.above.len().max(self.below.len());
            // Horner's rule from the lowest exponent: what it loses at each step is multiplied by e^−1 at the next.
            let evaluate = |counts: &[i64]| {
                (0..len).fold(Natural::default(), |sum, j| {
                    let mut sum = sum.product(&step).without(words);
                    sum.add(&Natural::from(counts.get(j).copied().unwrap_or(0).unsigned_abs()), words);
                    sum
                })
            };
            let (mut above, mut below) = (evaluate(&self.above), evaluate(&self.below));
            let size = fixed(shift, words + 1).signed_sum(&fixed(rest, words + 1));
            let factor = exponential(&size.0, words);
            let side = if size.1 { &mut above } else { &mut below };
            *side = side.product(&factor).without(words);
            // In units of the last place: fewer than 8 for each pattern.
            let error = Natural::from(total.unsigned_abs() + 1).times(8);
            if above.distance(&below) > error {
                return above.cmp(&below);
            }
            words *= 2;
        }
    }
}

/// A magnitude, and whether it is negative.
struct Signed(Natural, bool);

/// `value · 2^(64 words)`, rounded towards 0.
fn fixed(value: f64, words: usize) -> Signed {
    let bits = value.to_bits();
    let exponent = (bits >> 52 & 0x7FF) as usize;
    let fraction = bits & ((1 << 52) - 1);
    let mantissa = if exponent == 0 { fraction } else { fraction | 1 << 52 };
    // With 17 words more, no bit of a float64 is below the point.
    let magnitude = Natural::shifted(mantissa, exponent.max(1) - 1 + 64 * (words + 17) - 1074).without(17);
    Signed(magnitude, value < 0.0)
}

impl Signed {
    fn signed_sum(self, other: &Self) -> Self {
        if self.1 == other.1 {
            let mut sum = self.0;
            sum.add(&other.0, 0);
            Self(sum, self.1)
        } else {
            let negative = if self.0 < other.0 { other.1 } else { self.1 };
            Self(self.0.distance(&other.0), negative)
        }
    }
}

/// `e^−x` times `2^(64 words)`, to two units of the last place, from `x` with a word more.
fn exponential(x: &Natural, words: usize) -> Natural {
    let guarded = words + 1;
    let (mut up, mut down) = (Natural::default(), Natural::default());
    let mut term = Natural::shifted(1, 64 * guarded);
    let mut number = 0;
    while !term.is_zero() {
        let side = if number % 2 == 0 { &mut up } else { &mut down };
        side.add(&term, 0);
        number += 1;
        term = term.product(x).without(guarded).over(number);
    }
    up.distance(&down).without(1)
}
