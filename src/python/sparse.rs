//! The network of neurons of 0 and 1 over NumPy's memory.

use numpy::{IntoPyArray, PyArray1, PyArray2, PyReadonlyArray2};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::binary::{self, Request, Shared};
use super::classical::Field;
use super::error::exception;
use crate::Result;
use crate::classical::{self, SparseOptions};

/// A network of neurons of 0 and 1 whose patterns can be changed while others read it.
#[pyclass(frozen, module = "hopfield._core")]
pub(super) struct SparseHopfield(Shared<classical::SparseHopfield>);

type Rows<'py> = PyReadonlyArray2<'py, bool>;

#[pymethods]
impl SparseHopfield {
    #[new]
    fn new(py: Python, activity: Option<f64>, threshold: Option<Field>, tie: &str) -> PyResult<Self> {
        let threshold = threshold.map(Into::into);
        let network = || -> Result<_> {
            classical::SparseHopfield::with(SparseOptions { activity, threshold, tie: tie.parse()? })
        };
        Ok(Self(Shared::new(network().map_err(|error| exception(py, &error))?)))
    }

    fn store(&self, py: Python, patterns: Rows) -> PyResult<()> {
        let patterns = patterns.as_array();
        self.0.change(py, |network, par| network.store(patterns, par))
    }

    fn forget(&self, py: Python, patterns: Rows) -> PyResult<()> {
        let patterns = patterns.as_array();
        self.0.change(py, |network, par| network.forget(patterns, par))
    }

    fn patterns<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray2<bool>>> {
        let patterns = self.0.read(py, classical::SparseHopfield::patterns)?;
        Ok(patterns.into_pyarray(py))
    }

    #[getter]
    fn n_neurons(&self) -> Option<usize> {
        self.0.current().n_neurons()
    }

    #[getter]
    fn n_patterns(&self) -> usize {
        self.0.current().n_patterns()
    }

    #[getter]
    fn activity(&self) -> Option<f64> {
        self.0.current().activity()
    }

    fn retrieve<'py>(&self, py: Python<'py>, cues: Rows, request: Request<'py>) -> PyResult<Bound<'py, PyDict>> {
        let (network, cues) = (self.0.current(), cues.as_array());
        request.answer(py, |options, par| network.retrieve(cues, options, par))
    }

    fn energy<'py>(&self, py: Python<'py>, states: Rows) -> PyResult<Bound<'py, PyArray1<f64>>> {
        let states = states.as_array();
        let energies = self.0.read(py, |network, par| network.energy(states, par))?;
        Ok(energies.into_pyarray(py))
    }

    fn field<'py>(&self, py: Python<'py>, states: Rows) -> PyResult<Bound<'py, PyArray2<f64>>> {
        let states = states.as_array();
        let fields = self.0.read(py, |network, par| network.field(states, par))?;
        Ok(fields.into_pyarray(py))
    }

    fn overlap<'py>(&self, py: Python<'py>, states: Rows) -> PyResult<Bound<'py, PyArray2<f64>>> {
        let states = states.as_array();
        let overlaps = self.0.read(py, |network, par| network.overlap(states, par))?;
        Ok(overlaps.into_pyarray(py))
    }

    fn hamming<'py>(&self, py: Python<'py>, states: Rows) -> PyResult<Bound<'py, PyArray2<i64>>> {
        let states = states.as_array();
        let distances = self.0.read(py, |network, par| network.hamming(states, par))?;
        Ok(distances.into_pyarray(py))
    }

    fn is_fixed_point<'py>(&self, py: Python<'py>, states: Rows) -> PyResult<Bound<'py, PyArray1<bool>>> {
        let states = states.as_array();
        let fixed = self.0.read(py, |network, par| network.is_fixed_point(states, par))?;
        Ok(fixed.into_pyarray(py))
    }

    fn weight_matrix<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray2<f64>>> {
        let weights = self.0.read(py, classical::SparseHopfield::weight_matrix)?;
        Ok(weights.into_pyarray(py))
    }

    #[classattr]
    const REASONS: &'static [&'static str] = binary::REASONS;

    #[classattr]
    const OUTCOMES: &'static [&'static str] = binary::OUTCOMES;
}
