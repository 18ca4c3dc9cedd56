//! Patterns rounded into fewer bits, held for the face as an array would be.

use std::sync::Arc;

use ndarray::CowArray;
use numpy::{
    Element, IntoPyArray, PyArray2, PyArrayDescrMethods, PyArrayMethods, PyReadonlyArray1, PyUntypedArray,
    PyUntypedArrayMethods,
};
use pyo3::prelude::*;

use super::error::exception;
use super::run::Call;
use crate::input::patterns::Patterns;
use crate::input::real::{Finite, Rows};
use crate::input::rounded::{Rounded, Storage};
use crate::kernel::real::Real;

/// Rows that were rounded when they came in; never changed.
#[pyclass(frozen, module = "hopfield._core")]
pub(super) struct RoundedPatterns(Arc<Rounded>);

#[pymethods]
impl RoundedPatterns {
    /// Rounds `patterns`, of either number type, to the type of that name.
    #[new]
    fn new(py: Python, patterns: &Bound<PyUntypedArray>, dtype: &str, check_finite: bool) -> PyResult<Self> {
        let storage: Storage = dtype.parse().map_err(|error| exception(py, &error))?;
        let finite = if check_finite { Finite::Check } else { Finite::Assume };
        if patterns.dtype().is_equiv_to(&numpy::dtype::<f32>(py)) {
            rounded::<f32>(py, patterns, storage, finite)
        } else {
            rounded::<f64>(py, patterns, storage, finite)
        }
    }

    /// These rows and `more`, which are as wide and were rounded likewise.
    fn append(&self, py: Python, more: &Self) -> PyResult<Self> {
        Call::new(py, Some(1)).run(|_| Ok(Self(Arc::new(self.0.append(&more.0)?))))
    }

    /// The rows that are `kept`.
    fn select(&self, py: Python, kept: PyReadonlyArray1<bool>) -> PyResult<Self> {
        let kept = kept.as_array();
        Call::new(py, Some(1)).run(|_| Ok(Self(Arc::new(self.0.select(|row| kept[row])?))))
    }

    /// What is computed with, in a new array.
    fn widened<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray2<f32>>> {
        let patterns = Patterns::Rounded(Arc::clone(&self.0));
        let wide = Call::new(py, Some(1)).run(|_| Ok(patterns.widened()?.into_owned()))?;
        Ok(wide.into_pyarray(py))
    }

    /// The numbers of rows and columns.
    #[getter]
    fn shape(&self) -> (usize, usize) {
        (self.0.len(), self.0.width())
    }

    /// Bytes that entries and scales take.
    #[getter]
    fn nbytes(&self) -> usize {
        self.0.bytes()
    }
}

impl RoundedPatterns {
    /// The rows, shared.
    pub(super) fn rows(&self) -> Arc<Rounded> {
        Arc::clone(&self.0)
    }
}

fn rounded<T: Real + Element>(
    py: Python,
    patterns: &Bound<PyUntypedArray>,
    storage: Storage,
    finite: Finite,
) -> PyResult<RoundedPatterns> {
    let patterns = patterns.cast::<PyArray2<T>>()?.try_readonly()?;
    let rows = patterns.as_array();
    Call::new(py, None).run(|par| {
        let rounded = Rounded::new(&Rows::patterns(CowArray::from(rows), finite, par)?, storage, par)?;
        Ok(RoundedPatterns(Arc::new(rounded)))
    })
}
