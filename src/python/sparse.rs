//! The network of neurons of 0 and 1 over NumPy's memory.

use numpy::{IntoPyArray, PyArray1, PyArray2, PyReadonlyArray2};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::binary::Request;
use super::classical::Field;
use super::error::exception;
use super::network::{Shared, network_methods};
use crate::Result;
use crate::classical::{self, SparseOptions};

/// A network of neurons of 0 and 1 whose patterns can be changed while others read it.
#[pyclass(frozen, module = "hopfield._core")]
pub(super) struct SparseHopfield(Shared<classical::SparseHopfield>);

network_methods! { SparseHopfield of classical::SparseHopfield, bool;
    #[new]
    fn new(py: Python, activity: Option<f64>, threshold: Option<Field>, tie: &str) -> PyResult<Self> {
        let threshold = threshold.map(Into::into);
        let network = || -> Result<_> {
            classical::SparseHopfield::with(SparseOptions { activity, threshold, tie: tie.parse()? })
        };
        Ok(Self(Shared::new(network().map_err(|error| exception(py, &error))?)))
    }

    #[getter]
    fn activity(&self) -> Option<f64> {
        self.0.current().activity()
    }

    fn weight_matrix<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray2<f64>>> {
        Ok(self.0.read(py, classical::SparseHopfield::weight_matrix)?.into_pyarray(py))
    }
}
