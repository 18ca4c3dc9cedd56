//! The pseudo-inverse rule by a Cholesky factor of the patterns' products: `X Xᵀ = L Lᵀ`, `Y = L⁻¹ X`, `W = Yᵀ Y`.
//!
//! The products are exact integers. A pattern that depends on those before it shows as a pivot of 0, which is `n` times the
//! squared sine of its angle to the space that they span. Weights are rounded to a unit near the rounding errors of all
//! this, so that what is 0 becomes 0: a neuron that its diagonal weight alone speaks for has no field without it.

use super::{Coupled, PseudoInverse};
use crate::classical::weighted::Projection;
use crate::classical::weighted::Weights;
use crate::error::{Error, Result, area, try_vec};
use crate::kernel::Available;
use crate::kernel::bits::{Agreements, Columns};
use crate::kernel::linear::{TOGETHER, dot, eliminate, rounded_products, substitute};
use crate::par::Par;

use std::sync::Arc;

/// Rows that are eliminated together, and rows of weights in one piece of work.
const PANEL: usize = 64;
const ROWS: usize = 16;
/// A pivot below this share of `n` counts as 0.
const DEPENDENT: f64 = 1.0 / (1_u64 << 32) as f64;
/// No unit is finer than `2^−FINEST`: sums over as many neurons as there may be stay below 2⁵⁸.
const FINEST: i32 = 46;
/// What the memory is for, in errors.
const PURPOSE: &str = "products of patterns";

/// The projection onto the patterns; `first` is the number of the first that the caller gave.
pub(super) fn pseudo_inverse(
    rule: PseudoInverse,
    columns: &Columns,
    first: usize,
    set: Available,
    par: Par,
) -> Result<Coupled> {
    let (n, k) = (columns.n(), columns.k());
    let dependent = |mu: usize| Error::Dependent { row: mu.saturating_sub(first), n };
    // Of more than n patterns one of the first n + 1 depends on those before it.
    let rows = k.min(n + 1);
    let mut lower = products(columns, rows, set, par)?;
    let smallest = factor(&mut lower, rows, n, set, par)?.map_err(dependent)?;
    if k > n {
        return Err(dependent(n));
    }
    let basis = basis(&lower, columns, set, par)?;
    // How far rounding may move a weight, about; and, of a field of the implicit form, √n times that.
    let noise = 8.0 * k as f64 * f64::EPSILON * (n as f64 / smallest);
    let implicit = rule.implicit.unwrap_or(4 * k <= n);
    let noise = if implicit { noise * libm::sqrt(n as f64) } else { noise };
    let denominator = 1_u64 << (-libm::ilogb(noise) - 1).clamp(1, FINEST);
    if implicit {
        let projection = implicitly(rule, basis, k, denominator, set);
        return Ok(Coupled::Projection(Arc::new(projection?)));
    }
    let mut weights = Weights::zeros(n, denominator)?;
    let pieces = weights.sent.chunks_mut(ROWS * n).zip(basis.chunks(ROWS * k)).enumerate();
    par.each(
        n.div_ceil(ROWS),
        pieces,
        || Ok(()),
        |_, (), (piece, (rows, some))| {
            rounded_products(set, some, &basis, k, denominator as f64, rows);
            if rule.zero_diagonal {
                for (r, row) in rows.chunks_exact_mut(n).enumerate() {
                    row[piece * ROWS + r] = 0;
                }
            }
            Ok(())
        },
    )?;
    Ok(Coupled::Weights(Arc::new(weights)))
}

/// The products `X Xᵀ` of the first `rows` patterns.
fn products(columns: &Columns, rows: usize, set: Available, par: Par) -> Result<Vec<f64>> {
    let (n, k) = (columns.n(), columns.k());
    let mut patterns = try_vec(area(k, n, "patterns")?, 0, "patterns")?;
    columns.unpack(&mut patterns, set, par)?;
    let mut products = try_vec(area(rows, rows, PURPOSE)?, 0.0, PURPOSE)?;
    let items = products.chunks_exact_mut(rows).zip(patterns.chunks_exact(n));
    let scratch = || Ok((Agreements::new(columns)?, try_vec(k, 0, "overlaps")?));
    par.each(rows, items, scratch, |watch, (agreements, overlaps), (row, pattern)| {
        agreements.count(columns, pattern, set, watch)?;
        agreements.overlaps(overlaps);
        for (product, overlap) in row.iter_mut().zip(overlaps) {
            *product = *overlap as f64;
        }
        Ok(())
    })?;
    Ok(products)
}

/// Makes the Cholesky factor of `matrix` in its place, the entries above the diagonal apart; the smallest pivot, or the
/// first row that depends on those before it.
fn factor(matrix: &mut [f64], k: usize, n: usize, set: Available, par: Par) -> Result<std::result::Result<f64, usize>> {
    let mut smallest = f64::INFINITY;
    for from in (0..k).step_by(PANEL) {
        let to = k.min(from + PANEL);
        for i in from..to {
            let (above, rest) = matrix.split_at_mut(i * k);
            let row = &mut rest[..k];
            eliminate(set, row, above, from, i);
            let pivot = row[i] - dot(set, &row[..i], &row[..i]);
            if pivot <= DEPENDENT * n as f64 {
                return Ok(Err(i));
            }
            smallest = smallest.min(pivot);
            row[i] = libm::sqrt(pivot);
        }
        let (above, below) = matrix.split_at_mut(to * k);
        let above = &*above;
        par.each(
            below.len() / k,
            below.chunks_mut(ROWS * k),
            || Ok(()),
            |_, (), rows| {
                for row in rows.chunks_exact_mut(k) {
                    eliminate(set, row, above, from, to);
                }
                Ok(())
            },
        )?;
    }
    Ok(Ok(smallest))
}

/// The columns of `Y = L⁻¹ X`, `k` numbers a neuron.
fn basis(lower: &[f64], columns: &Columns, set: Available, par: Par) -> Result<Vec<f64>> {
    let (n, k) = (columns.n(), columns.k());
    let mut basis = try_vec(area(n, k, "a basis")?, 0.0, "a basis")?;
    let items = basis.chunks_mut(TOGETHER * k).enumerate();
    par.each(
        n.div_ceil(TOGETHER),
        items,
        || try_vec(k, [0.0; TOGETHER], "a basis"),
        |_, solved, (piece, basis)| {
            let neurons = basis.len() / k;
            for t in 0..neurons {
                let column = columns.column(piece * TOGETHER + t);
                for (mu, row) in solved.iter_mut().enumerate() {
                    row[t] = if column[mu / 64] >> (mu % 64) & 1 == 1 { 1.0 } else { -1.0 };
                }
            }
            substitute(set, lower, solved);
            for (t, basis) in basis.chunks_exact_mut(k).enumerate() {
                for (y, row) in basis.iter_mut().zip(&*solved) {
                    *y = row[t];
                }
            }
            Ok(())
        },
    )?;
    Ok(basis)
}

/// The implicit form. The rows of `Y` have length 1, so sums of the entries of one, with any signs, stay below `√n`.
fn implicitly(
    rule: PseudoInverse,
    mut basis: Vec<f64>,
    k: usize,
    denominator: u64,
    set: Available,
) -> Result<Projection> {
    let n = basis.len() / k;
    let digits = 51 - n.ilog2() as i32 / 2 - 1;
    let scale = (1_u64 << digits) as f64;
    for y in &mut basis {
        *y = (*y * scale).round_ties_even() / scale;
    }
    let mut diagonal = try_vec(if rule.zero_diagonal { n } else { 0 }, 0, "weights")?;
    for (own, y) in diagonal.iter_mut().zip(basis.chunks_exact(k)) {
        *own = (denominator as f64 * dot(set, y, y)).round_ties_even() as i64;
    }
    Ok(Projection { columns: basis, diagonal, k, denominator })
}
