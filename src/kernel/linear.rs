//! Rows of numbers: float64 dot products in one fixed order, the two halves of a Cholesky solution, and integers that
//! are added without rounding.
//!
//! A dot product has sixteen fused chains, entry `j` in chain `j mod 16`, and a tree that adds chain `c + 8` to `c`, then
//! `c + 4`, `c + 2`, `c + 1`. It is the same on every instruction set, and does not know which factor came first.
//!
//! Not here: threads, and what the rows mean.

use super::bits::for_every_set;

/// Chains of a dot product.
const CHAINS: usize = 16;

#[inline(always)]
fn dot_of(a: &[f64], b: &[f64]) -> f64 {
    let ((some, rest), (others, other_rest)) = (a.as_chunks::<CHAINS>(), b.as_chunks::<CHAINS>());
    let mut chains = [0.0; CHAINS];
    for (some, others) in some.iter().zip(others) {
        for c in 0..CHAINS {
            chains[c] = some[c].mul_add(others[c], chains[c]);
        }
    }
    for (chain, (a, b)) in chains.iter_mut().zip(rest.iter().zip(other_rest)) {
        *chain = a.mul_add(*b, *chain);
    }
    for half in [8, 4, 2, 1] {
        for c in 0..half {
            chains[c] += chains[c + half];
        }
    }
    chains[0]
}

#[inline(always)]
fn nearest(x: f64) -> i64 {
    x.round_ties_even() as i64
}

/// See [`substitute`]; the width is that of a tile.
#[inline(always)]
fn substitute_of<const WIDTH: usize>(lower: &[f64], columns: &mut [f64]) {
    let (rows, _) = columns.as_chunks_mut::<WIDTH>();
    for (mu, row) in lower.chunks_exact(rows.len()).enumerate() {
        let (done, rest) = rows.split_at_mut(mu);
        let mut sums = rest[0];
        for (l, y) in row.iter().zip(done) {
            for t in 0..WIDTH {
                sums[t] = (-l).mul_add(y[t], sums[t]);
            }
        }
        rest[0] = sums.map(|sum| sum / row[mu]);
    }
}

for_every_set! {
    /// `Σ_j a_j b_j`.
    pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
        dot_of(a, b)
    }

    /// The nearest integers (ties to even) to `scale` times the numbers.
    pub(crate) fn rounded(out: &mut [i64], numbers: &[f64], scale: f64) {
        for (out, number) in out.iter_mut().zip(numbers) {
            *out = nearest(scale * number);
        }
    }

    /// The same for the products of `one` with each of `rows`, which are as long.
    pub(crate) fn rounded_products(one: &[f64], rows: &[f64], scale: f64, out: &mut [i64]) {
        for (out, row) in out.iter_mut().zip(rows.chunks_exact(one.len())) {
            *out = nearest(scale * dot_of(one, row));
        }
    }

    /// The first `to` entries of a row of the Cholesky factor, from that row of the matrix: `above` holds the rows of the
    /// factor that end with row `to − 1`, as long as this one.
    pub(crate) fn eliminate(row: &mut [f64], above: &[f64], to: usize) {
        for (j, factor) in above.chunks_exact(row.len()).enumerate().take(to) {
            let (done, rest) = row.split_at_mut(j);
            rest[0] = (rest[0] - dot_of(done, &factor[..j])) / factor[j];
        }
    }

    /// Solves `L Y = B` in place, for `width` columns of `B`; `lower` holds the rows of `L`, as many entries each as there
    /// are rows.
    pub(crate) fn substitute(lower: &[f64], columns: &mut [f64], width: usize) {
        match width {
            24 => substitute_of::<24>(lower, columns),
            12 => substitute_of::<12>(lower, columns),
            6 => substitute_of::<6>(lower, columns),
            _ => unreachable!("tiles are three vectors of two, four or eight numbers wide"),
        }
    }

    /// Adds `step · row` to `sums`; `step` is ±1 or ±2, and nothing is rounded.
    pub(crate) fn add_row(sums: &mut [f64], row: &[f64], step: f64) {
        for (sum, entry) in sums.iter_mut().zip(row) {
            *sum += step * entry;
        }
    }

    /// The same in integers.
    pub(crate) fn add_integers(sums: &mut [i64], row: &[i64], step: i64) {
        // As shift and sign: not every instruction set multiplies 64-bit integers.
        let (shift, negative) = (u32::from(step.unsigned_abs() > 1), step >> 63);
        for (sum, entry) in sums.iter_mut().zip(row) {
            *sum += ((entry << shift) ^ negative) - negative;
        }
    }

    /// Adds `value · signs` to `sums`.
    pub(crate) fn add_signs(sums: &mut [i64], signs: &[i8], value: i64) {
        for (sum, sign) in sums.iter_mut().zip(signs) {
            *sum += signed(value, *sign);
        }
    }

    /// `Σ_j row_j x_j` for `x_j ∈ {−1, 0, +1}`.
    pub(crate) fn signed_sum(row: &[i64], x: &[i8]) -> i64 {
        let mut sum = 0;
        for (entry, x) in row.iter().zip(x) {
            let (negative, present) = (i64::from(*x) >> 63, -(i64::from(*x) & 1));
            sum += ((entry & present) ^ negative) - negative;
        }
        sum
    }
}

/// `value · sign`, of a sign that is not 0.
#[inline(always)]
pub(crate) fn signed(value: i64, sign: i8) -> i64 {
    let negative = i64::from(sign) >> 63;
    (value ^ negative) - negative
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::{Available, InstructionSet};
    use crate::rng::Stream;

    fn sets() -> impl Iterator<Item = Available> {
        InstructionSet::ALL.into_iter().filter(|set| set.is_available()).map(Available::or_portable)
    }

    #[test]
    fn every_set_gives_the_same_bits() {
        let mut stream = Stream::new(3, 0);
        for len in [0, 1, 15, 16, 17, 47, 100] {
            let a: Vec<f64> = (0..len).map(|_| stream.unit() - 0.5).collect();
            let b: Vec<f64> = (0..len).map(|_| stream.unit() - 0.5).collect();
            let plain: f64 = a.iter().zip(&b).map(|(a, b)| a * b).sum();
            let products: Vec<u64> = sets().map(|set| dot(set, &a, &b).to_bits()).collect();
            assert!(products.iter().all(|bits| *bits == dot(Available::in_use(), &b, &a).to_bits()));
            assert!((f64::from_bits(products[0]) - plain).abs() < 1e-14);
        }
    }

    #[test]
    fn integers_are_added_exactly() {
        for set in sets() {
            let (mut sums, row) = ([1, -2, 3], [1 << 57, -5, 0]);
            add_integers(set, &mut sums, &row, -2);
            assert_eq!(sums, [1 - (1 << 58), 8, 3]);
            add_integers(set, &mut sums, &row, 1);
            assert_eq!(sums, [1 - (1 << 57), 3, 3]);
            assert_eq!(signed_sum(set, &sums, &[1, -1, 0]), 1 - (1 << 57) - 3);
        }
    }
}
