//! The pseudo-inverse rule by a Cholesky factor of the patterns' products: `X Xᵀ = L Lᵀ`, `Y = L⁻¹ X`, `W = Yᵀ Y`.
//!
//! The products are exact integers. A pattern that depends on those before it shows as a pivot of 0, which is `n` times the
//! squared sine of its angle to the space that they span. Weights are rounded to a unit near the rounding errors of all
//! this, so that what is 0 becomes 0: a neuron that its diagonal weight alone speaks for has no field without it.

use super::factor::{Factor, Tiles};
use super::{Coupled, PseudoInverse};
use crate::classical::weighted::Projection;
use crate::classical::weighted::Weights;
use crate::error::{Error, Result, area, try_vec};
use crate::kernel::Available;
use crate::kernel::bits::{Agreements, Columns};
use crate::kernel::linear::{dot, rounded};
use crate::par::Par;

use std::sync::Arc;

/// Rows of weights in one piece of work.
const ROWS: usize = 64;
/// Weights in a line of memory.
const LINE: usize = 8;
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
    let tiles = Tiles::new(set);
    let mut matrix = products(columns, rows, set, par)?;
    let factor = Factor::of(&mut matrix, rows, DEPENDENT * n as f64, tiles, par)?.map_err(dependent)?;
    if k > n {
        return Err(dependent(n));
    }
    drop(matrix);
    let basis = basis(&factor, columns, tiles, par)?;
    // How far rounding may move a weight, about; and, of a field of the implicit form, √n times that.
    let noise = 8.0 * k as f64 * f64::EPSILON * (n as f64 / factor.smallest);
    let implicit = rule.implicit.unwrap_or(4 * k <= n);
    let noise = if implicit { noise * libm::sqrt(n as f64) } else { noise };
    let denominator = 1_u64 << (-libm::ilogb(noise) - 1).clamp(1, FINEST);
    if implicit {
        let projection = implicitly(rule, basis, k, denominator, set);
        return Ok(Coupled::Projection(Arc::new(projection?)));
    }
    Ok(Coupled::Weights(Arc::new(weights(rule, &basis, k, denominator, tiles, par)?)))
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

/// The columns of `Y = L⁻¹ X`, `k` numbers a neuron.
fn basis(factor: &Factor, columns: &Columns, tiles: Tiles, par: Par) -> Result<Vec<f64>> {
    let (n, k, width) = (columns.n(), columns.k(), tiles.width());
    let mut basis = try_vec(area(n, k, "a basis")?, 0.0, "a basis")?;
    let items = basis.chunks_mut(width * k).enumerate();
    par.each(
        n.div_ceil(width),
        items,
        || Ok((try_vec(width * k, 0.0, "a basis")?, tiles.scratch()?)),
        |_, (tile, products), (piece, basis)| {
            for t in 0..basis.len() / k {
                let column = columns.column(piece * width + t);
                for (mu, row) in tile.chunks_exact_mut(width).enumerate() {
                    row[t] = if column[mu / 64] >> (mu % 64) & 1 == 1 { 1.0 } else { -1.0 };
                }
            }
            factor.solve(tile, products, tiles);
            tiles.rows(tile, k, basis);
            Ok(())
        },
    )?;
    Ok(basis)
}

/// `Yᵀ Y` in units, rounded: one half of it is worked out, which is the other's mirror image to the last bit.
fn weights(rule: PseudoInverse, basis: &[f64], k: usize, denominator: u64, tiles: Tiles, par: Par) -> Result<Weights> {
    let (n, width) = (basis.len() / k, tiles.width());
    let packed = tiles.of(basis, k, par)?;
    let mut weights = Weights::zeros(n, denominator)?;
    let items = weights.sent.chunks_mut(ROWS * n).zip(basis.chunks(ROWS * k)).enumerate();
    par.each(
        n.div_ceil(ROWS),
        items,
        || tiles.scratch(),
        |watch, products, (piece, (rows, some))| {
            let count = rows.len() / n;
            for (number, tile) in packed.chunks_exact(width * k).enumerate() {
                let from = number * width;
                if from >= piece * ROWS + count {
                    break;
                }
                watch.check()?;
                tiles.products(some, k, tile, products);
                for (row, products) in rows.chunks_exact_mut(n).zip(products.chunks_exact(width)) {
                    rounded(tiles.set(), &mut row[from..n.min(from + width)], products, denominator as f64);
                }
            }
            Ok(())
        },
    )?;
    mirror(&mut weights.sent, n, par)?;
    if rule.zero_diagonal {
        weights.sent.iter_mut().step_by(n + 1).for_each(|own| *own = 0);
    }
    Ok(weights)
}

/// Copies what is below the diagonal to where it is mirrored.
fn mirror(matrix: &mut [i64], n: usize, par: Par) -> Result<()> {
    for from in (0..n).step_by(ROWS) {
        let (above, below) = matrix.split_at_mut(n.min(from + ROWS) * n);
        let (below, rows) = (&*below, &mut above[from * n..]);
        let first = n - below.len() / n;
        // As many rows as have their entries below in one line of memory.
        par.each(
            ROWS / LINE,
            rows.chunks_mut(LINE * n).enumerate(),
            || Ok(()),
            |_, (), (piece, rows)| {
                for (j, line) in below.chunks_exact(n).enumerate() {
                    for (row, entry) in rows.chunks_exact_mut(n).zip(&line[from + piece * LINE..]) {
                        row[first + j] = *entry;
                    }
                }
                Ok(())
            },
        )?;
    }
    Ok(())
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
