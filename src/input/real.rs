//! Real-valued rows: patterns, values, queries. Contiguous, of the right width, finite, and within reach of the exponent.

use std::sync::Arc;

use ndarray::{ArrayView2, CowArray, Ix2};

use crate::error::{Error, Result, table, try_vec};
use crate::kernel::real::Real;
use crate::par::Par;

/// Whether NaN and infinity are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Finite {
    /// Look, and refuse them with their place.
    #[default]
    Check,
    /// Trust the caller. NaN then stays with its own query.
    Assume,
}

/// Rows in one piece of memory, with their squared Euclidean norms.
#[derive(Clone, Debug)]
pub(crate) struct Rows<'a, T: Real> {
    data: CowArray<'a, T, Ix2>,
    norms: Arc<Norms>,
}

/// What is worth knowing about rows and costs a walk over them.
#[derive(Clone, Debug)]
pub(crate) struct Norms {
    /// The squared Euclidean norm of each row.
    squared: Vec<f64>,
    /// The row of greatest norm, and that norm; `None` without rows. NaN counts as nothing.
    longest: Option<(usize, f64)>,
}

impl From<Vec<f64>> for Norms {
    fn from(squared: Vec<f64>) -> Self {
        let mut longest = None;
        for (row, &norm) in squared.iter().enumerate() {
            if !norm.is_nan() && longest.is_none_or(|(_, most)| norm > most) {
                longest = Some((row, norm));
            }
        }
        Self { longest: longest.map(|(row, norm)| (row, norm.sqrt())), squared }
    }
}

impl Norms {
    /// The squared norm of each row.
    pub(crate) fn squared(&self) -> &[f64] {
        &self.squared
    }

    /// The row of greatest norm, and that norm; `None` without rows. NaN counts as nothing.
    pub(crate) fn longest(&self) -> Option<(usize, f64)> {
        self.longest
    }
}

/// Refuses a row of norm `norm` whose scores can be as large as `reach` if the number type cannot hold them, or not resolve
/// them under `beta`.
pub(crate) fn within_reach<T: Real>(
    argument: &'static str,
    (row, norm): (usize, f64),
    beta: f64,
    reach: f64,
) -> Result<()> {
    let (limit, dtype) = (T::EXPONENT_LIMIT * std::f64::consts::LN_2, T::NAME);
    if reach > T::RANGE.1 {
        Err(Error::TooLong { argument, row, norm, reach, dtype })
    } else if beta * reach > limit {
        Err(Error::Overflow { argument, row, norm, reach: beta * reach, limit, dtype })
    } else {
        Ok(())
    }
}

impl<'a, T: Real> Rows<'a, T> {
    /// Patterns: at least one row of at least one entry.
    pub(crate) fn patterns(data: CowArray<'a, T, Ix2>, finite: Finite, par: Par) -> Result<Self> {
        let (rows, columns) = data.dim();
        if rows == 0 || columns == 0 {
            return Err(Error::NoPatterns { argument: "patterns", rows, columns });
        }
        Self::new("patterns", data, finite, par)
    }

    /// Rows of the stored patterns' width; there may be none.
    pub(crate) fn queries(
        argument: &'static str,
        data: ArrayView2<'a, T>,
        expected: usize,
        finite: Finite,
        par: Par,
    ) -> Result<Self> {
        let (rows, columns) = data.dim();
        if columns != expected {
            return Err(Error::Width { argument, expected, rows, columns });
        }
        Self::new(argument, data.into(), finite, par)
    }

    /// One row a pattern, of any width.
    pub(crate) fn values(data: CowArray<'a, T, Ix2>, patterns: usize, finite: Finite, par: Par) -> Result<Self> {
        let (rows, columns) = data.dim();
        if rows != patterns || columns == 0 {
            return Err(Error::Shape {
                argument: "values",
                expected: format!("({patterns}, at least 1)"),
                reason: "one row for each pattern",
                found: format!("({rows}, {columns})"),
            });
        }
        Self::new("values", data, finite, par)
    }

    /// Rows of whatever width.
    pub(crate) fn new(argument: &'static str, data: CowArray<'a, T, Ix2>, finite: Finite, par: Par) -> Result<Self> {
        let data = in_one_piece(data)?;
        let squared = norms_squared(&data, par)?;
        if finite == Finite::Check
            && let Some(row) = squared.iter().position(|norm| !norm.is_finite())
            // A norm beyond f64 is no reason to refuse by itself: the entries decide.
            && let Some((row, column)) = first_not_finite(&data, row)
        {
            return Err(Error::NotFinite { argument, row, column, value: data[[row, column]].into() });
        }
        Ok(Self { data, norms: Arc::new(squared.into()) })
    }

    /// These rows in memory of their own, changed by `change`, which is given their entries.
    pub(crate) fn changed<'b>(&self, change: impl FnOnce(&mut [T]) -> Result<()>, par: Par) -> Result<Rows<'b, T>> {
        let mut entries = Vec::new();
        reserve(&mut entries, self.as_slice().len())?;
        entries.extend_from_slice(self.as_slice());
        change(&mut entries)?;
        let data = table(self.len(), self.width(), entries)?.into();
        let norms = norms_squared(&data, par)?;
        Ok(Rows { data, norms: Arc::new(norms.into()) })
    }

    /// The same rows, checked before, seen through another view.
    #[cfg(feature = "python")]
    pub(crate) fn trusted(data: ArrayView2<'a, T>, norms: &Arc<Norms>) -> Result<Self> {
        Ok(Self { data: in_one_piece(data.into())?, norms: Arc::clone(norms) })
    }

    /// The number of rows.
    pub(crate) fn len(&self) -> usize {
        self.data.nrows()
    }

    /// Entries of a row.
    pub(crate) fn width(&self) -> usize {
        self.data.ncols()
    }

    /// All entries, row after row.
    pub(crate) fn as_slice(&self) -> &[T] {
        self.data.as_slice().unwrap_or_default()
    }

    /// One row.
    pub(crate) fn row(&self, row: usize) -> &[T] {
        &self.as_slice()[row * self.width()..][..self.width()]
    }

    /// The rows as an array.
    pub(crate) fn view(&self) -> ArrayView2<'_, T> {
        self.data.view()
    }

    /// The squared norm of each row.
    pub(crate) fn norms_squared(&self) -> &[f64] {
        self.norms.squared()
    }

    /// What is known of the rows.
    pub(crate) fn norms(&self) -> &Arc<Norms> {
        &self.norms
    }

    /// Refuses rows that are out of reach, `reach` being that of a norm; where numbers are taken on trust, rows without a
    /// finite norm have only themselves to spoil.
    pub(crate) fn within_reach(
        &self,
        argument: &'static str,
        finite: Finite,
        beta: f64,
        reach: impl Fn(f64) -> f64,
    ) -> Result<()> {
        for (row, &norm) in self.norms_squared().iter().enumerate() {
            if finite == Finite::Check || norm.is_finite() {
                within_reach::<T>(argument, (row, norm.sqrt()), beta, reach(norm.sqrt()))?;
            }
        }
        Ok(())
    }

    /// These rows and those of `more`, in memory of their own.
    pub(crate) fn append(&self, more: &Rows<T>) -> Result<Rows<'static, T>> {
        let (rows, columns) = (self.len() + more.len(), self.width());
        let norms = joined(self.norms_squared(), more.norms_squared())?;
        let data = table(rows, columns, joined(self.as_slice(), more.as_slice())?)?.into();
        Ok(Rows { data, norms: Arc::new(norms.into()) })
    }

    /// The rows for which `keep` holds, in memory of their own.
    pub(crate) fn select(&self, keep: impl Fn(usize) -> bool + Copy) -> Result<Rows<'static, T>> {
        let norms = picked(self.norms_squared(), 1, keep)?;
        let data = table(norms.len(), self.width(), picked(self.as_slice(), self.width(), keep)?)?.into();
        Ok(Rows { data, norms: Arc::new(norms.into()) })
    }
}

/// The entries of both, in memory of their own.
pub(crate) fn joined<C: Copy>(first: &[C], then: &[C]) -> Result<Vec<C>> {
    let mut all = Vec::new();
    reserve(&mut all, first.len() + then.len())?;
    all.extend_from_slice(first);
    all.extend_from_slice(then);
    Ok(all)
}

/// The rows of `columns` entries for which `keep` holds, in memory of their own.
pub(crate) fn picked<C: Copy>(entries: &[C], columns: usize, keep: impl Fn(usize) -> bool) -> Result<Vec<C>> {
    let rows = || entries.chunks_exact(columns).enumerate().filter(|&(row, _)| keep(row));
    let mut kept = Vec::new();
    reserve(&mut kept, rows().count() * columns)?;
    rows().for_each(|(_, row)| kept.extend_from_slice(row));
    Ok(kept)
}

fn reserve<T>(entries: &mut Vec<T>, more: usize) -> Result<()> {
    let bytes = more as u128 * size_of::<T>() as u128;
    entries.try_reserve(more).map_err(|_| Error::OutOfMemory { bytes, purpose: "patterns" })
}

/// Row-major contiguous, copied only if it is not.
fn in_one_piece<T: Real>(data: CowArray<'_, T, Ix2>) -> Result<CowArray<'_, T, Ix2>> {
    if data.is_standard_layout() && data.as_slice().is_some() {
        return Ok(data);
    }
    let (rows, columns) = data.dim();
    let mut entries = Vec::new();
    reserve(&mut entries, rows * columns)?;
    entries.extend(data.iter().copied());
    Ok(table(rows, columns, entries)?.into())
}

/// Rows that one ticket covers.
const ROWS_AT_ONCE: usize = 1024;

fn norms_squared<T: Real>(data: &CowArray<T, Ix2>, par: Par) -> Result<Vec<f64>> {
    let columns = data.ncols().max(1);
    let mut norms = try_vec(data.nrows(), 0.0, "norms")?;
    let rows = data.as_slice().unwrap_or_default().chunks(ROWS_AT_ONCE * columns);
    let workers = if data.len() < 1 << 18 { 1 } else { par.threads() };
    par.each(
        workers,
        norms.chunks_mut(ROWS_AT_ONCE).zip(rows),
        || Ok(()),
        |_, (), (norms, rows)| {
            for (norm, row) in norms.iter_mut().zip(rows.chunks_exact(columns)) {
                *norm = norm_squared(row);
            }
            Ok(())
        },
    )?;
    Ok(norms)
}

/// `Σ x²` in `f64`: eight sums by index mod 8, added as a tree, so that the order is the same everywhere.
pub(crate) fn norm_squared<T: Real>(row: &[T]) -> f64 {
    sum_of_squares(row.iter().map(|&entry| entry.into()))
}

/// `Σ (x − y)²` in the same order.
pub(crate) fn distance_squared<T: Real>(left: &[T], right: &[T]) -> f64 {
    sum_of_squares(left.iter().zip(right).map(|(&left, &right)| {
        let (left, right): (f64, f64) = (left.into(), right.into());
        left - right
    }))
}

/// `Σ x²` in that order.
#[inline]
pub(crate) fn sum_of_squares(mut entries: impl ExactSizeIterator<Item = f64>) -> f64 {
    let mut sums = [0.0; 8];
    while entries.len() >= 8 {
        for slot in &mut sums {
            let entry = entries.next().unwrap_or_default();
            *slot += entry * entry;
        }
    }
    for (slot, entry) in sums.iter_mut().zip(entries) {
        *slot += entry * entry;
    }
    ((sums[0] + sums[4]) + (sums[2] + sums[6])) + ((sums[1] + sums[5]) + (sums[3] + sums[7]))
}

fn first_not_finite<T: Real>(data: &CowArray<T, Ix2>, from_row: usize) -> Option<(usize, usize)> {
    let columns = data.ncols();
    let entries = &data.as_slice().unwrap_or_default()[from_row * columns..];
    let place = entries.iter().position(|entry| !entry.finite())?;
    Some((from_row + place / columns, place % columns))
}

/// An inverse temperature: positive, finite, and with its product with log₂e a normal number of the type.
pub(crate) fn inverse_temperature<T: Real>(beta: f64) -> Result<f64> {
    let (smallest, largest) = T::RANGE;
    if !(beta > 0.0 && beta.is_finite()) {
        Err(Error::Range { argument: "beta", rule: "positive and finite", value: beta })
    } else if beta < smallest || beta * std::f64::consts::LOG2_E > largest {
        Err(Error::BetaRange { beta, dtype: T::NAME })
    } else {
        Ok(beta)
    }
}
