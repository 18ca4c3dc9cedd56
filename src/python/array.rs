//! NumPy arrays as views and results as NumPy arrays. The faces hand over aligned, C-contiguous arrays.

use ndarray::{CowArray, Ix2};
use numpy::{Element, IntoPyArray, PyArray1, PyReadonlyArray2};
use pyo3::prelude::*;

/// A boolean array as the crate takes it, or none.
pub(super) fn flags<'a>(array: Option<&'a PyReadonlyArray2<bool>>) -> Option<CowArray<'a, bool, Ix2>> {
    array.map(|array| array.as_array().into())
}

/// One entry of each row, as an array.
pub(super) fn column<'py, R, T: Element>(
    py: Python<'py>,
    rows: &[R],
    entry: impl Fn(&R) -> T,
) -> Bound<'py, PyArray1<T>> {
    rows.iter().map(entry).collect::<Vec<_>>().into_pyarray(py)
}
