//! NumPy arrays as views and results as NumPy arrays. The faces hand over aligned, C-contiguous arrays.

use ndarray::{CowArray, Ix2};
use numpy::{PyArray1, PyReadonlyArray2, ToPyArray};
use pyo3::prelude::*;

/// A boolean array as the crate takes it, or none.
pub(super) fn flags<'a>(array: Option<&'a PyReadonlyArray2<bool>>) -> Option<CowArray<'a, bool, Ix2>> {
    array.map(|array| array.as_array().into())
}

/// Small codes, such as those of reasons, one a row.
pub(super) fn codes<'py>(py: Python<'py>, codes: impl Iterator<Item = i8>) -> Bound<'py, PyArray1<i8>> {
    codes.collect::<Vec<_>>().to_pyarray(py)
}
