//! Signs of sums of large powers: in floating point where a bound on the error allows it, else as natural numbers.
//!
//! A neuron's field is half of `Σ_c d_c G(c)`, with `G(c) = F(c + 1) − F(c − 1)` and `d_c` how many more patterns are +1
//! there than −1 among those whose overlap without it is `c`. `G` is even for odd degrees and odd for even ones, so the
//! counts of `c` and `−c` are put together first, and what cancels is gone: a tie of two patterns is found at once, and
//! the natural numbers are needed only for sums that are small and not 0.

use super::natural::Natural;
use super::tally::{Spread, Tally};
use crate::error::{Result, try_vec};
use crate::kernel::bits::Power;

/// Bits below the point of exact sums: more than any float64 has.
const POINT: usize = 64 * POINT_WORDS;
const POINT_WORDS: usize = 17;

/// `mantissa · 2^exponent`: powers that float64 cannot hold.
#[derive(Clone, Copy, Debug, Default)]
struct Scaled {
    mantissa: f64,
    exponent: i32,
}

/// `F` of every overlap, approximately, and the exact sums where that is not enough.
#[derive(Debug)]
pub(super) struct Powers {
    power: Power,
    /// `z^degree` for `z = 0 … n + 1`.
    table: Vec<Scaled>,
}

/// A sum without rounding: what is added and what is taken away, times `2^POINT`.
#[derive(Clone, Debug, Default)]
pub(super) struct Balance {
    up: Natural,
    down: Natural,
}

impl Balance {
    pub(super) fn add_whole(&mut self, magnitude: &Natural, count: i64) {
        let side = if count < 0 { &mut self.down } else { &mut self.up };
        side.add(&magnitude.times(count.unsigned_abs()), POINT_WORDS);
    }

    /// Adds `value · 2^doublings`.
    pub(super) fn add(&mut self, value: f64, doublings: usize) {
        let bits = value.to_bits();
        let exponent = (bits >> 52 & 0x7FF) as usize;
        let fraction = bits & ((1 << 52) - 1);
        let mantissa = if exponent == 0 { fraction } else { fraction | 1 << 52 };
        let magnitude = Natural::shifted(mantissa, exponent.max(1) - 1 + POINT - 1074 + doublings);
        if value < 0.0 { self.down.add(&magnitude, 0) } else { self.up.add(&magnitude, 0) }
    }

    /// Adds another one, or takes it away.
    pub(super) fn add_all(&mut self, other: &Self, negate: bool) {
        let (up, down) = if negate { (&other.down, &other.up) } else { (&other.up, &other.down) };
        self.up.add(up, 0);
        self.down.add(down, 0);
    }

    pub(super) fn sign(&self) -> i8 {
        self.up.cmp(&self.down) as i8
    }

    /// The sum over `2^halvings`, rounded once.
    pub(super) fn value(&self, halvings: usize) -> f64 {
        let size = self.up.distance(&self.down).value(POINT + halvings);
        if self.up < self.down { -size } else { size }
    }
}

impl Scaled {
    fn times(self, other: Self) -> Self {
        let (mantissa, exponent) = libm::frexp(self.mantissa * other.mantissa);
        Self { mantissa, exponent: self.exponent + other.exponent + exponent }
    }
}

impl Powers {
    /// The table is for sums that do not fit an integer; without it every sum is taken exactly.
    pub(super) fn new(power: Power, n: usize, with_table: bool) -> Result<Self> {
        let mut table = try_vec(if with_table { n + 2 } else { 0 }, Scaled::default(), "powers of overlaps")?;
        for (z, entry) in table.iter_mut().enumerate().skip(1) {
            let base = Scaled { mantissa: z as f64, exponent: 0 };
            *entry = (0..power.degree.ilog2()).rev().fold(base, |result, bit| {
                let square = result.times(result);
                if power.degree >> bit & 1 == 1 { square.times(base) } else { square }
            });
        }
        Ok(Self { power, table })
    }

    pub(super) fn power(&self) -> Power {
        self.power
    }

    /// The overlaps `c ≥ 0` without the neuron whose `G` counts, and how often, from the highest down.
    fn terms<'a>(&self, spread: Spread<'a>) -> impl Iterator<Item = (usize, i64)> + use<'a> {
        let mirrored = self.mirror();
        let low = spread.overlap(0);
        let high = spread.overlap(spread.len() - 1).max(-low * i32::abs(mirrored));
        let at = move |c: i32| if c < low { 0 } else { spread.difference((c - low) as usize / 2) };
        let count = move |c: i32| at(c) + if c == 0 { 0 } else { i64::from(mirrored) * at(-c) };
        // In steps of two, as the overlaps go.
        let overlaps = (0..=high).rev().skip((high - low).rem_euclid(2) as usize).step_by(2);
        overlaps.map(move |c| (c as usize, count(c))).filter(|(_, count)| *count != 0)
    }

    /// What `G(−c)` is in units of `G(c)`, and `−F(−c)` in units of `F(c)`, for `c > 0`.
    fn mirror(&self) -> i32 {
        match self.power {
            Power { rectified: true, .. } => 0,
            Power { degree, .. } if degree.is_multiple_of(2) => -1,
            _ => 1,
        }
    }

    /// A value, an error and an exponent: `Σ_c d_c G(c)` is within the error of the value, both times `2^exponent`.
    fn approximate(&self, spread: Spread) -> (f64, f64, i32) {
        if self.table.is_empty() {
            return (0.0, f64::INFINITY, 0);
        }
        let mut exponent = None;
        let (mut value, mut size, mut n_terms) = (0.0, 0.0, 0);
        for (c, count) in self.terms(spread) {
            let above = self.table[c + 1];
            // The first term has the largest power.
            let exponent = *exponent.get_or_insert(above.exponent);
            let f = |entry: Scaled| entry.mantissa * libm::scalbn(1.0, (entry.exponent - exponent).max(-1000));
            let below = match c {
                0 => -f64::from(self.mirror()) * f(self.table[1]),
                _ => f(self.table[c - 1]),
            };
            let (above, count) = (f(above), count as f64);
            value += count * (above - below);
            size += count.abs() * (above + below.abs());
            n_terms += 1;
        }
        // Each power has one rounding a degree; a term has four more, and joins a sum of so many.
        let roundings = f64::from(self.power.degree) + 8.0 + f64::from(n_terms);
        (value, 1.01 * roundings * f64::EPSILON * size, exponent.unwrap_or(0))
    }

    /// `Σ_c d_c G(c)`.
    pub(super) fn exact(&self, spread: Spread) -> Balance {
        let mut sum = Balance::default();
        for (c, count) in self.terms(spread) {
            sum.add_whole(&Natural::from(c as u64 + 1).power(self.power.degree), count);
            match c {
                0 => sum.add_whole(&Natural::from(1), count * i64::from(self.mirror())),
                _ => sum.add_whole(&Natural::from(c as u64 - 1).power(self.power.degree), -count),
            }
        }
        sum
    }

    /// The sign of the neuron's field in an external one.
    pub(super) fn sign(&self, spread: Spread, external: f64) -> i8 {
        let (value, error, exponent) = self.approximate(spread);
        let both = value + libm::scalbn(external, 1 - exponent);
        // The external field may be too small for that scale, and the sum has a rounding of its own.
        if both.abs() > error + 4.0 * f64::EPSILON * (both.abs() + value.abs()) + f64::MIN_POSITIVE {
            return if both > 0.0 { 1 } else { -1 };
        }
        let mut sum = self.exact(spread);
        sum.add(external, 1);
        sum.sign()
    }

    /// The neuron's field in an external one, and how far from it that may be.
    pub(super) fn near_field(&self, spread: Spread, external: f64) -> (f64, f64) {
        if self.table.is_empty() {
            let mut sum = self.exact(spread);
            sum.add(external, 1);
            let field = sum.value(1);
            return (field, f64::EPSILON * field.abs());
        }
        let (value, error, exponent) = self.approximate(spread);
        let scale = |x: f64| libm::scalbn(x, exponent - 1);
        let field = scale(value) + external;
        (field, scale(error) + 4.0 * f64::EPSILON * (field.abs() + external.abs()))
    }

    /// The neuron's field, rounded once.
    pub(super) fn field(&self, spread: Spread) -> f64 {
        self.exact(spread).value(1)
    }

    /// `Σ_μ F(a^μ)`.
    pub(super) fn sum(&self, tally: &Tally) -> Balance {
        let mut sum = Balance::default();
        for (j, count) in tally.counts().iter().enumerate().filter(|(_, count)| **count > 0) {
            let a = tally.overlap(j);
            // What F(a) is in units of F(|a|).
            let sign = if a < 0 { -self.mirror() } else { 1 };
            let magnitude = Natural::from(u64::from(a.unsigned_abs())).power(self.power.degree);
            sum.add_whole(&magnitude, i64::from(sign) * i64::from(*count));
        }
        sum
    }
}
