//! Attention: one update with keys for patterns, over a batch of independent problems.

use ndarray::{Array3, ArrayView2, ArrayView3, Axis};

use super::mask::Mask;
use super::pass::{Answers, Pass};
use super::separation::Separation;
use super::similarity::Similarity;
use super::weights::Weights;
use crate::error::{Error, Result, area, try_vec};
use crate::input::real::{Finite, Rows, inverse_temperature};
use crate::kernel::Kernels;
use crate::kernel::compare::Comparison;
use crate::kernel::narrow::Entries;
use crate::kernel::real::Real;
use crate::par::Par;

/// `softmax(β Q Kᵀ) V`, or the same with another separation, for each of `b` problems: queries `(b, m, d)`, keys `(b, k, d)`, values `(b, k, dv)`, mask
/// `(b, m, k)` where `true` takes part; β is `1/√d` unless given. A fully masked query gets zeros.
///
/// ```
/// use hopfield::{Par, modern::{Separation, attention}};
/// use ndarray::array;
///
/// let keys = array![[[1.0, 0.0], [0.0, 1.0]]];
/// let queries = array![[[9.0, 0.0]]];
/// let softmax = Separation::Softmax;
/// let out = attention(queries.view(), keys.view(), keys.view(), Some(10.0), None, softmax, Par::serial())?;
/// assert!((out[[0, 0, 0]] - 1.0_f64).abs() < 1e-12);
/// # Ok::<(), hopfield::Error>(())
/// ```
///
/// # Errors
/// Shapes that do not fit, NaN or infinity, β not positive, or scores out of the number type's reach.
pub fn attention<T: Real>(
    queries: ArrayView3<T>,
    keys: ArrayView3<T>,
    values: ArrayView3<T>,
    beta: Option<f64>,
    mask: Option<ArrayView3<bool>>,
    separation: Separation,
    par: Par,
) -> Result<Array3<T>> {
    let (b, m, d) = queries.dim();
    let (k, dv) = (keys.dim().1, values.dim().2);
    fits("keys", keys.dim(), (b, k, d), "the batch and the width of `queries`")?;
    fits("values", values.dim(), (b, k, dv), "the batch and the length of `keys`")?;
    if let Some(mask) = mask {
        fits("mask", mask.dim(), (b, m, k), "one entry for each query and key")?;
    }
    if d == 0 {
        return Err(Error::NoPatterns { argument: "queries", rows: m, columns: d });
    }
    let beta = inverse_temperature::<T>(beta.unwrap_or_else(|| 1.0 / (d as f64).sqrt()))?;
    let weights = Weights::new(separation.with(Similarity::Dot)?, beta);
    let mut output = try_vec(area(b, area(m, dv, "the output")?, "the output")?, T::ZERO, "the output")?;
    if !output.is_empty() && k > 0 {
        for (problem, means) in output.chunks_exact_mut(m * dv).enumerate() {
            let queries = rows("queries", queries.index_axis(Axis(0), problem), par)?;
            let keys = rows("keys", keys.index_axis(Axis(0), problem), par)?;
            let values = rows("values", values.index_axis(Axis(0), problem), par)?;
            let longest = keys.norms().longest().map_or(0.0, |(_, norm)| norm);
            queries.within_reach("queries", Finite::Check, beta, |norm| longest * norm)?;
            let mask = mask.as_ref().map(|mask| mask.index_axis(Axis(0), problem));
            let mask = mask.as_ref().map(|mask| mask.as_standard_layout());
            let order: Vec<usize> = (0..m).collect();
            let pass = Pass {
                kernels: Kernels::in_use(),
                patterns: Entries::Wide(keys.as_slice()),
                d,
                values: Some(values.as_slice()),
                columns: dv,
                comparison: Comparison::Product,
                known: None,
                weights,
                mask: mask
                    .as_ref()
                    .and_then(|mask| mask.as_slice())
                    .map_or(Mask::None, |allowed| Mask::PerQuery { allowed, rows: &order }),
            };
            pass.run(queries.as_slice(), Answers { means, normalizers: &mut [], best: &mut [] }, par)?;
        }
    }
    let bytes = output.len() as u128 * size_of::<T>() as u128;
    Array3::from_shape_vec((b, m, dv), output).map_err(|_| Error::OutOfMemory { bytes, purpose: "the output" })
}

fn rows<'a, T: Real>(argument: &'static str, rows: ArrayView2<'a, T>, par: Par) -> Result<Rows<'a, T>> {
    let width = rows.ncols();
    Rows::queries(argument, rows, width, Finite::Check, par)
}

type Shape3 = (usize, usize, usize);

fn fits(argument: &'static str, found: Shape3, expected: Shape3, reason: &'static str) -> Result<()> {
    if found == expected {
        return Ok(());
    }
    let text = |(b, rows, columns): Shape3| format!("({b}, {rows}, {columns})");
    Err(Error::Shape { argument, expected: text(expected), reason, found: text(found) })
}
