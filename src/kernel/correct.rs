//! Steps of learning rules in integers: what one pattern changes in one row of weights, or in the fields of all patterns.
//!
//! Not here: which rows need it, and when to stop.

use super::bits::for_every_set;
use super::linear::signed;

/// See [`storkey_row`]: the part of a row that `pattern` and `fields` are the neurons of; `own` is `(ξ_i, unit ξ_i − H_i)`.
#[inline(always)]
fn storkey_part(
    row: &mut [i64],
    pattern: &[i8],
    fields: &[i64],
    own: (i8, i64),
    n: f64,
    size: (i64, i64),
) -> (i64, i64) {
    let ((sign, share), (mut largest, mut sum)) = (own, size);
    for (q, (x, field)) in row.iter_mut().zip(pattern.iter().zip(fields)) {
        let step = (signed(share, *x) - signed(*field, sign) + 2 * *q) as f64 / n;
        *q += whole(step.round_ties_even());
        largest = largest.max(q.abs());
        sum += q.abs();
    }
    (largest, sum)
}

/// The integer that a number is, cut at 2⁶².
#[inline(always)]
#[allow(clippy::manual_clamp, reason = "`clamp` would let a NaN pass")]
fn whole(x: f64) -> i64 {
    const MOST: f64 = (1_u64 << 62) as f64;
    // The check that a cast makes by itself is not compiled to vectors.
    // SAFETY: what is too large is cut, and a NaN becomes the least that is not.
    unsafe { x.max(-MOST).min(MOST).to_int_unchecked() }
}

for_every_set! {
    /// One row of Storkey's rule in units of `1 / unit`: `q_j += (unit ξ_i ξ_j − ξ_i H_j − H_i ξ_j + 2 q_j) / n`, each
    /// rounded to the nearest integer, but for `q_i = 0`. `H` are the fields of the weights before. The largest `|q_j|` and
    /// their sum come back.
    pub(crate) fn storkey_row(
        row: &mut [i64],
        i: usize,
        pattern: &[i8],
        fields: &[i64],
        unit: i64,
    ) -> (i64, i64) {
        let (own, n) = ((pattern[i], signed(unit, pattern[i]) - fields[i]), pattern.len() as f64);
        let size = storkey_part(&mut row[..i], &pattern[..i], &fields[..i], own, n, (0, 0));
        storkey_part(&mut row[i + 1..], &pattern[i + 1..], &fields[i + 1..], own, n, size)
    }

    /// Follows one correction of the perceptron in the fields that all patterns have at one neuron: `h^μ += ξ^ν Q^νμ − ξ^μ`,
    /// where `sign` is `ξ^ν` and `products` are `Q^νμ = Σ_j ξ_j^ν ξ_j^μ`.
    pub(crate) fn perceptron_fields(fields: &mut [i64], products: &[i32], signs: &[i8], sign: i8) {
        for (field, (product, x)) in fields.iter_mut().zip(products.iter().zip(signs)) {
            *field += signed((*product).into(), sign) - i64::from(*x);
        }
    }

    /// One row of the symmetric perceptron: `q_j += (e_i + e_j) ξ_i ξ_j`, but not its own entry `i`. By how much `Σ_j q_j²`
    /// grows comes back.
    pub(crate) fn perceptron_row(row: &mut [i64], i: usize, pattern: &[i8], wants: &[i8]) -> i64 {
        let (sign, want) = (pattern[i], wants[i]);
        let kept = row[i];
        row[i] = 0;
        let mut growth = 0;
        for (q, (x, other)) in row.iter_mut().zip(pattern.iter().zip(wants)) {
            let step = i64::from((want + other) * x * sign);
            growth += step * (2 * *q + step);
            *q += step;
        }
        let own = row[i];
        row[i] = kept;
        growth - own * own
    }
}
