//! ±1 rows: patterns, states, and cues of which some neurons may be unknown. Contiguous, of the right width, every value
//! checked.

use std::borrow::Cow;
use std::sync::atomic::{AtomicUsize, Ordering};

use ndarray::ArrayView2;

use crate::error::{Error, Result, area, try_vec};
use crate::par::Par;

/// Rows of −1 and +1, or 0 where a neuron is unknown, one after the other in memory.
#[derive(Clone, Debug)]
pub(crate) struct Spins<'a> {
    rows: usize,
    width: usize,
    values: Cow<'a, [i8]>,
}

impl<'a> Spins<'a> {
    /// Patterns: at least one row of at least one neuron.
    pub(crate) fn patterns(view: ArrayView2<'a, i8>, par: Par) -> Result<Self> {
        let (rows, columns) = view.dim();
        if rows == 0 || columns == 0 {
            return Err(Error::NoPatterns { argument: "patterns", rows, columns });
        }
        Self::new("patterns", view, par)
    }

    /// Rows of the stored patterns' width; there may be none.
    pub(crate) fn of_width(
        argument: &'static str,
        view: ArrayView2<'a, i8>,
        expected: usize,
        par: Par,
    ) -> Result<Self> {
        fits(argument, view, expected)?;
        Self::new(argument, view, par)
    }

    /// Rows that become 0 where `known` is false, whatever they hold there; `known` has one row for each, or one for all.
    pub(crate) fn where_known(
        argument: &'static str,
        view: ArrayView2<'_, i8>,
        expected: usize,
        known: ArrayView2<'_, bool>,
        par: Par,
    ) -> Result<Self> {
        fits(argument, view, expected)?;
        let (rows, width) = view.dim();
        let known = known.broadcast((rows, width)).ok_or_else(|| Error::Shape {
            argument: "known",
            expected: format!("({width},) or ({rows}, {width})"),
            reason: "one entry for each neuron, or for each neuron of each cue",
            found: format!("{:?}", known.dim()),
        })?;
        let mut values = try_vec(area(rows, width, "cues")?, 0, "cues")?;
        for ((value, given), known) in values.iter_mut().zip(view).zip(known) {
            *value = if *known { *given } else { 0 };
        }
        // A 0 that came where a neuron is known is a wrong value; a 0 put in for an unknown one is not.
        let zero = view.iter().zip(known).position(|(value, known)| *known && *value == 0);
        if let Some(at) = first_wrong(&values, |value| (-1..=1).contains(&value), par)?.into_iter().chain(zero).min() {
            return Err(not_spin(argument, at, width, view.iter().nth(at).copied()));
        }
        Ok(Self { rows, width, values: values.into() })
    }

    fn new(argument: &'static str, view: ArrayView2<'a, i8>, par: Par) -> Result<Self> {
        let (rows, width) = view.dim();
        let values = if let Some(slice) = view.to_slice() {
            Cow::Borrowed(slice)
        } else {
            let mut copy = try_vec(area(rows, width, "a contiguous copy")?, 0, "a contiguous copy")?;
            for (copy, value) in copy.iter_mut().zip(view) {
                *copy = *value;
            }
            Cow::Owned(copy)
        };
        match first_wrong(&values, |value| value == 1 || value == -1, par)? {
            Some(at) => Err(not_spin(argument, at, width, values.get(at).copied())),
            None => Ok(Self { rows, width, values }),
        }
    }

    /// The number of rows.
    pub(crate) fn len(&self) -> usize {
        self.rows
    }

    /// Neurons of a row.
    pub(crate) fn width(&self) -> usize {
        self.width
    }

    /// All values, row after row.
    pub(crate) fn as_slice(&self) -> &[i8] {
        &self.values
    }

    /// One row.
    pub(crate) fn row(&self, row: usize) -> &[i8] {
        &self.values[row * self.width..][..self.width]
    }
}

/// Whether rows have the stored patterns' width.
fn fits(argument: &'static str, view: ArrayView2<'_, i8>, expected: usize) -> Result<()> {
    let (rows, columns) = view.dim();
    if columns == expected { Ok(()) } else { Err(Error::Width { argument, expected, rows, columns }) }
}

/// The first value that is not allowed; whole pages are judged at once, so that good data costs little.
fn first_wrong(values: &[i8], allowed: impl Fn(i8) -> bool + Sync, par: Par) -> Result<Option<usize>> {
    const PAGE: usize = 1 << 12;
    const PIECE: usize = 1 << 18;
    let wrong = |page: &[i8]| page.iter().fold(false, |wrong, value| wrong | !allowed(*value));
    let first = AtomicUsize::new(usize::MAX);
    let pieces = values.chunks(PIECE).enumerate();
    par.each(
        values.len() / PIECE,
        pieces,
        || Ok(()),
        |_, (), (piece, values)| {
            if let Some(page) = values.chunks(PAGE).position(wrong)
                && let Some(place) = values[page * PAGE..].iter().position(|value| !allowed(*value))
            {
                first.fetch_min(piece * PIECE + page * PAGE + place, Ordering::Relaxed);
            }
            Ok(())
        },
    )?;
    let first = first.into_inner();
    Ok((first != usize::MAX).then_some(first))
}

fn not_spin(argument: &'static str, at: usize, width: usize, value: Option<i8>) -> Error {
    Error::NotSpin { argument, row: at / width, column: at % width, value: value.unwrap_or(0).into() }
}

#[cfg(test)]
mod tests {
    use ndarray::{arr2, s};

    use super::*;

    #[test]
    fn any_layout_gives_the_same_rows() {
        let values = arr2(&[[1_i8, -1, 1], [-1, -1, 1]]);
        let plain = Spins::patterns(values.view(), Par::serial()).unwrap();
        assert_eq!(plain.as_slice(), [1, -1, 1, -1, -1, 1]);
        let turned = values.t().as_standard_layout().into_owned();
        let turned = Spins::patterns(turned.t(), Par::serial()).unwrap();
        assert_eq!(turned.as_slice(), plain.as_slice());
        let backwards = Spins::patterns(values.slice(s![..;-1, ..]), Par::serial()).unwrap();
        assert_eq!(backwards.row(1), plain.row(0));
    }

    #[test]
    fn the_first_wrong_value_is_named() {
        let mut values = ndarray::Array2::from_elem((300, 5000), 1_i8);
        values[[201, 4321]] = 0;
        values[[202, 0]] = 7;
        values[[299, 0]] = 7;
        let error = Spins::of_width("cues", values.view(), 5000, Par::with_threads(2)).unwrap_err();
        assert_eq!(error, Error::NotSpin { argument: "cues", row: 201, column: 4321, value: 0.0 });
    }

    #[test]
    fn unknown_values_are_not_read() {
        let values = arr2(&[[1_i8, 99, -1], [0, 1, -1]]);
        let known = arr2(&[[true, false, true], [false, true, true]]);
        let cues = Spins::where_known("cues", values.view(), 3, known.view(), Par::serial()).unwrap();
        assert_eq!(cues.as_slice(), [1, 0, -1, 0, 1, -1]);
        let all = arr2(&[[true, false, true]]);
        let error = Spins::where_known("cues", values.view(), 3, all.view(), Par::serial()).unwrap_err();
        assert_eq!(error, Error::NotSpin { argument: "cues", row: 1, column: 0, value: 0.0 });
    }
}
