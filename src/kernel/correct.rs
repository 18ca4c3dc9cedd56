//! Steps of learning rules in integers: what one pattern changes in one row of weights, or in the fields of all patterns.
//!
//! Not here: which rows need it, and when to stop.

use super::bits::for_every_set;
use super::linear::signed;

for_every_set! {
    /// One row of Storkey's rule in units of `1 / unit`: `q_j += (unit ξ_i ξ_j − ξ_i H_j − H_i ξ_j + 2 q_j) / n`, each
    /// rounded to the nearest integer. `H` are the fields of the weights before, with `W_ii = 0`; `own` is `(ξ_i, H_i)`.
    /// The largest `|q_j|` and their sum, that of neuron `i` itself not counted, come back.
    pub(crate) fn storkey_row(
        row: &mut [i64],
        i: usize,
        pattern: &[i8],
        fields: &[i64],
        unit: i64,
    ) -> (i64, i64) {
        let (sign, share) = (pattern[i], signed(unit, pattern[i]) - fields[i]);
        let n = pattern.len() as f64;
        let (mut largest, mut sum) = (0, 0);
        row[i] = 0;
        for (j, (q, (x, field))) in row.iter_mut().zip(pattern.iter().zip(fields)).enumerate() {
            let step = (signed(share, *x) - signed(*field, sign) + 2 * *q) as f64 / n;
            *q += if j == i { 0 } else { step.round_ties_even() as i64 };
            largest = largest.max(q.abs());
            sum += q.abs();
        }
        (largest, sum)
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
