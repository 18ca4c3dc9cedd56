//! The dense associative memory over NumPy's memory.

use numpy::{IntoPyArray, PyArray1, PyArray2};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::binary::{self, Request, Rows, Shared};
use super::error::exception;
use crate::Result;
use crate::dense::{self, DenseOptions, Interaction};

/// A dense associative memory whose patterns can be changed while others read it.
#[pyclass(frozen, module = "hopfield._core")]
pub(super) struct DenseAssociativeMemory(Shared<dense::DenseAssociativeMemory>);

#[pymethods]
impl DenseAssociativeMemory {
    #[new]
    fn new(py: Python, interaction: &str, degree: u64, tie: &str) -> PyResult<Self> {
        let network = || -> Result<_> {
            // A degree beyond the range of this type is beyond that of all interactions as well.
            let interaction = Interaction::from_name(interaction, u32::try_from(degree).unwrap_or(u32::MAX))?;
            dense::DenseAssociativeMemory::with(DenseOptions { interaction, tie: tie.parse()? })
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

    fn patterns<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray2<i8>>> {
        let patterns = self.0.read(py, dense::DenseAssociativeMemory::patterns)?;
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

    fn retrieve<'py>(&self, py: Python<'py>, cues: Rows, request: Request<'py>) -> PyResult<Bound<'py, PyDict>> {
        let (network, cues) = (self.0.current(), cues.as_array());
        request.answer(py, |options, par| network.retrieve(cues, options, par))
    }

    fn energy<'py>(&self, py: Python<'py>, states: Rows) -> PyResult<Bound<'py, PyArray1<f64>>> {
        self.0.say(py, states, dense::DenseAssociativeMemory::energy)
    }

    fn field<'py>(&self, py: Python<'py>, states: Rows) -> PyResult<Bound<'py, PyArray2<f64>>> {
        self.0.say(py, states, dense::DenseAssociativeMemory::field)
    }

    fn overlap<'py>(&self, py: Python<'py>, states: Rows) -> PyResult<Bound<'py, PyArray2<f64>>> {
        self.0.say(py, states, dense::DenseAssociativeMemory::overlap)
    }

    fn hamming<'py>(&self, py: Python<'py>, states: Rows) -> PyResult<Bound<'py, PyArray2<i64>>> {
        self.0.say(py, states, dense::DenseAssociativeMemory::hamming)
    }

    fn is_fixed_point<'py>(&self, py: Python<'py>, states: Rows) -> PyResult<Bound<'py, PyArray1<bool>>> {
        self.0.say(py, states, dense::DenseAssociativeMemory::is_fixed_point)
    }

    #[classattr]
    const REASONS: &'static [&'static str] = binary::REASONS;

    #[classattr]
    const OUTCOMES: &'static [&'static str] = binary::OUTCOMES;
}
