//! The perceptron rule, in integers: weights are `1/n` times whole numbers of corrections.
//!
//! Neurons that learn independently never look at their weights while they do. With `Q^νμ = Σ_j ξ_j^ν ξ_j^μ` a correction
//! by pattern `ν` changes the fields that neuron `i` has in all patterns by `ξ_i^ν Q^νμ − ξ_i^μ` (in units of `1/n`), so a
//! pattern that is stable costs a comparison, and a correction `k` additions. The symmetric rule, where a correction of
//! one neuron moves all, keeps the weights themselves.

use super::{Epochs, Perceptron};
use crate::binary::workers;
use crate::classical::options::Bias;
use crate::classical::weighted::Weights;
use crate::error::{Result, area, try_vec};
use crate::kernel::Available;
use crate::kernel::bits::{Agreements, Columns, Crossing};
use crate::kernel::correct::{perceptron_fields, perceptron_row};
use crate::kernel::linear::{add_signs, signed_sum};
use crate::par::{Par, Watch};

/// Rows of weights in one piece of work.
const ROWS: usize = 16;
/// Corrections between two looks at whether to go on.
const CHECK_EVERY: usize = 256;
/// Beyond this squared length of a neuron's weights learning is given up: sums would no longer fit.
const LONGEST: i64 = 1 << 60;
/// What the memory is for, in errors.
const PURPOSE: &str = "products of patterns";

/// What one neuron asks of its fields.
struct Demand {
    margin: f64,
    crossing: Crossing,
}

impl Demand {
    fn new(rule: Perceptron, bias: &Bias, i: usize, n: usize) -> Self {
        Self { margin: rule.margin, crossing: Crossing::of([bias.of(i), 0.0], n as u64) }
    }

    /// Whether a field, in units of `1/n` and without the bias, is on the side of `sign` and far enough from 0 for weights
    /// of this squared length.
    fn met(&self, sign: i8, field: i64, squares: i64) -> bool {
        let stability = f64::from(sign) * ((field - self.crossing.whole) as f64 - self.crossing.part);
        stability > 0.0 && stability >= self.margin * libm::sqrt(squares as f64)
    }
}

/// The weights, and how learning ended.
pub(super) fn perceptron(
    rule: Perceptron,
    bias: &Bias,
    columns: &Columns,
    set: Available,
    par: Par,
) -> Result<(Weights, Epochs)> {
    let (n, k) = (columns.n(), columns.k());
    let mut rows = try_vec(area(k, n, "patterns")?, 0, "patterns")?;
    columns.unpack(&mut rows, set, par)?;
    if rule.symmetric {
        symmetric(rule, bias, &rows, n, set, par)
    } else {
        independent(rule, bias, columns, &rows, set, par)
    }
}

/// Each neuron for itself.
fn independent(
    rule: Perceptron,
    bias: &Bias,
    columns: &Columns,
    rows: &[i8],
    set: Available,
    par: Par,
) -> Result<(Weights, Epochs)> {
    let (n, k) = (columns.n(), columns.k());
    let products = products(columns, rows, set, par)?;
    let mut weights = Weights { symmetric: false, ..Weights::zeros(n, n as u64)? };
    let mut ends = try_vec(n, Epochs::default(), "epochs")?;
    let items = weights.sent.chunks_exact_mut(n).zip(&mut ends).enumerate();
    par.each(
        workers(n, k * 8 + n),
        items,
        || Student::new(k),
        |watch, student, (i, (row, end))| {
            for (mu, sign) in student.signs.iter_mut().enumerate() {
                *sign = rows[mu * n + i];
            }
            *end = student.learn(rule, &Demand::new(rule, bias, i, n), n, &products, set, watch)?;
            for ((count, sign), pattern) in student.corrections.iter().zip(&student.signs).zip(rows.chunks_exact(n)) {
                if *count > 0 {
                    add_signs(set, row, pattern, i64::from(*count) * i64::from(*sign));
                }
            }
            row[i] = 0;
            Ok(())
        },
    )?;
    // Rows of what neurons receive become rows of what they send.
    for i in 0..n {
        if i % CHECK_EVERY == 0 {
            par.check()?;
        }
        for j in 0..i {
            weights.sent.swap(i * n + j, j * n + i);
        }
    }
    let all = Epochs { n: 0, converged: true };
    let end =
        ends.iter().fold(all, |all, one| Epochs { n: all.n.max(one.n), converged: all.converged && one.converged });
    Ok((weights, end))
}

/// `Q^νμ`.
fn products(columns: &Columns, rows: &[i8], set: Available, par: Par) -> Result<Vec<i32>> {
    let (n, k) = (columns.n(), columns.k());
    let mut products = try_vec(area(k, k, PURPOSE)?, 0, PURPOSE)?;
    let scratch = || Ok((Agreements::new(columns)?, try_vec(k, 0, "overlaps")?));
    let items = products.chunks_exact_mut(k).zip(rows.chunks_exact(n));
    par.each(workers(k, n * k.div_ceil(64)), items, scratch, |watch, (agreements, overlaps), (row, pattern)| {
        agreements.count(columns, pattern, set, watch)?;
        agreements.overlaps(overlaps);
        for (product, overlap) in row.iter_mut().zip(overlaps) {
            *product = *overlap as i32;
        }
        Ok(())
    })?;
    Ok(products)
}

/// One neuron after the other: its value in every pattern, its fields there, and how often each was corrected.
struct Student {
    signs: Vec<i8>,
    fields: Vec<i64>,
    corrections: Vec<u32>,
}

impl Student {
    fn new(k: usize) -> Result<Self> {
        Ok(Self {
            signs: try_vec(k, 0, "patterns")?,
            fields: try_vec(k, 0, "fields")?,
            corrections: try_vec(k, 0, "corrections")?,
        })
    }

    fn learn(
        &mut self,
        rule: Perceptron,
        demand: &Demand,
        n: usize,
        products: &[i32],
        set: Available,
        watch: &Watch,
    ) -> Result<Epochs> {
        let k = self.signs.len();
        self.fields.fill(0);
        self.corrections.fill(0);
        let (mut squares, mut made) = (0, 0_usize);
        for epoch in 1..=rule.max_epochs {
            let before = made;
            for (nu, sign) in self.signs.iter().enumerate() {
                if demand.met(*sign, self.fields[nu], squares) {
                    continue;
                }
                squares += 2 * i64::from(*sign) * self.fields[nu] + n as i64 - 1;
                perceptron_fields(set, &mut self.fields, &products[nu * k..][..k], &self.signs, *sign);
                self.corrections[nu] += 1;
                made += 1;
                if made % CHECK_EVERY == 0 {
                    watch.check()?;
                }
                if squares > LONGEST {
                    return Ok(Epochs { n: epoch, converged: false });
                }
            }
            if made == before {
                return Ok(Epochs { n: epoch, converged: true });
            }
        }
        Ok(Epochs { n: rule.max_epochs, converged: false })
    }
}

/// All neurons together, so that `W_ij = W_ji`.
fn symmetric(
    rule: Perceptron,
    bias: &Bias,
    rows: &[i8],
    n: usize,
    set: Available,
    par: Par,
) -> Result<(Weights, Epochs)> {
    let mut weights = Weights::zeros(n, n as u64)?;
    let (mut squares, mut wants) = (try_vec(n, 0_i64, "lengths")?, try_vec(n, 0_i8, "corrections")?);
    for epoch in 1..=rule.max_epochs {
        let mut settled = true;
        for pattern in rows.chunks_exact(n) {
            let items = wants.chunks_mut(ROWS).zip(weights.sent.chunks(ROWS * n)).enumerate();
            par.each(
                workers(n, n),
                items,
                || Ok(()),
                |_, (), (piece, (wants, rows))| {
                    for (r, (want, row)) in wants.iter_mut().zip(rows.chunks_exact(n)).enumerate() {
                        let i = piece * ROWS + r;
                        let field = signed_sum(set, row, pattern);
                        *want = i8::from(!Demand::new(rule, bias, i, n).met(pattern[i], field, squares[i]));
                    }
                    Ok(())
                },
            )?;
            if wants.iter().all(|want| *want == 0) {
                continue;
            }
            settled = false;
            let items = squares.chunks_mut(ROWS).zip(weights.sent.chunks_mut(ROWS * n)).enumerate();
            par.each(
                workers(n, n),
                items,
                || Ok(()),
                |_, (), (piece, (squares, rows))| {
                    for (r, (square, row)) in squares.iter_mut().zip(rows.chunks_exact_mut(n)).enumerate() {
                        *square += perceptron_row(set, row, piece * ROWS + r, pattern, &wants);
                    }
                    Ok(())
                },
            )?;
            if squares.iter().any(|square| *square > LONGEST) {
                return Ok((weights, Epochs { n: epoch, converged: false }));
            }
        }
        if settled {
            return Ok((weights, Epochs { n: epoch, converged: true }));
        }
    }
    Ok((weights, Epochs { n: rule.max_epochs, converged: false }))
}
