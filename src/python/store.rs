//! Patterns and values in NumPy's memory, and a memory of them for the time of a call.

use std::sync::Arc;

use ndarray::CowArray;
use numpy::{Element, IntoPyArray, PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray2, PyUntypedArray};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use super::array::column;
use super::error::exception;
use super::run::Call;
use crate::input::patterns::Patterns;
use crate::input::real::{Finite, Norms, Rows};
use crate::input::rounded::Rounded;
use crate::kernel::real::Real;
use crate::modern::memory::Family;
use crate::modern::{self, Constants, Cue, Stop};
use crate::par::Par;

/// Patterns and values in arrays that nobody writes to, and what is known of them.
pub(super) struct Store<T: Element> {
    patterns: Stored<T>,
    values: Option<(Py<PyArray2<T>>, Arc<Norms>)>,
}

pub(super) enum Stored<T: Element> {
    Array(Py<PyArray2<T>>, Arc<Norms>),
    Rounded(Arc<Rounded>),
}

/// The inverse temperature, and how scores become weights and what they compare.
pub(super) type Rules = (f64, Family);

impl<T: Real + Element> Store<T> {
    pub(super) fn new(
        call: Call,
        patterns: &Bound<PyUntypedArray>,
        values: Option<&Bound<PyUntypedArray>>,
        finite: Finite,
    ) -> PyResult<Self> {
        let patterns = patterns.cast::<PyArray2<T>>()?.clone();
        let patterns_in = patterns.try_readonly()?;
        let rows = patterns_in.as_array();
        let (norms, values) = Self::with_values(call, values, finite, |par| {
            let rows = Rows::patterns(CowArray::from(rows), finite, par)?;
            Ok((rows.len(), Arc::clone(rows.norms())))
        })?;
        Ok(Self { patterns: Stored::Array(patterns.clone().unbind(), norms), values })
    }

    pub(super) fn of_rounded(
        call: Call,
        rounded: Arc<Rounded>,
        values: Option<&Bound<PyUntypedArray>>,
        finite: Finite,
    ) -> PyResult<Self> {
        let (patterns, values) = Self::with_values(call, values, finite, |_| Ok((rounded.len(), rounded)))?;
        Ok(Self { patterns: Stored::Rounded(patterns), values })
    }

    /// Checks patterns, which are counted, and values for them, in this order.
    #[allow(clippy::type_complexity, reason = "the patterns, and the values as a store has them")]
    fn with_values<P: Send>(
        call: Call,
        values: Option<&Bound<PyUntypedArray>>,
        finite: Finite,
        check_patterns: impl FnOnce(Par) -> crate::Result<(usize, P)> + Send,
    ) -> PyResult<(P, Option<(Py<PyArray2<T>>, Arc<Norms>)>)> {
        let values = values.map(|values| values.cast::<PyArray2<T>>().cloned()).transpose()?;
        let values_in = values.as_ref().map(PyArrayMethods::try_readonly).transpose()?;
        let rows = values_in.as_ref().map(PyReadonlyArray2::as_array);
        let (patterns, norms) = call.run(|par| {
            let (count, patterns) = check_patterns(par)?;
            let rows = rows.map(|rows| Rows::values(CowArray::from(rows), count, finite, par)).transpose()?;
            Ok((patterns, rows.map(|rows| Arc::clone(rows.norms()))))
        })?;
        let values = values.as_ref().map(|values| values.clone().unbind()).zip(norms);
        Ok((patterns, values))
    }

    pub(super) fn calibrate(&self, call: Call, family: Family, error: f64) -> PyResult<modern::Calibration> {
        self.with_rows(call, |patterns, _, par| modern::calibrate::of_patterns(&patterns, family, error, par))
    }

    /// Runs `work` on the memory that the arrays, the inverse temperature and the family make.
    pub(super) fn with<R: Send>(
        &self,
        call: Call,
        (beta, family): Rules,
        work: impl FnOnce(&modern::ModernHopfield<T>, Par) -> crate::Result<R> + Send,
    ) -> PyResult<R> {
        self.with_rows(call, |patterns, values, par| {
            work(&modern::ModernHopfield::assemble(patterns, values, beta, family)?, par)
        })
    }

    /// Runs `work` on the patterns and the values.
    pub(super) fn with_rows<R: Send>(
        &self,
        call: Call,
        work: impl for<'a> FnOnce(Patterns<'a, T>, Option<Rows<'a, T>>, Par) -> crate::Result<R> + Send,
    ) -> PyResult<R> {
        let py = call.py;
        let refused = |error| exception(py, &error);
        let (array, array_of_values);
        let patterns = match &self.patterns {
            Stored::Array(patterns, norms) => {
                array = patterns.bind(py).try_readonly()?;
                Patterns::Wide(Rows::trusted(array.as_array(), norms).map_err(refused)?)
            }
            Stored::Rounded(rounded) => Patterns::Rounded(Arc::clone(rounded)),
        };
        let values = match &self.values {
            Some((values, norms)) => {
                array_of_values = values.bind(py).try_readonly()?;
                Some(Rows::trusted(array_of_values.as_array(), norms).map_err(refused)?)
            }
            None => None,
        };
        call.run(|par| work(patterns, values, par))
    }

    pub(super) fn step<'py>(
        &self,
        call: Call<'py>,
        rules: Rules,
        queries: &Bound<'py, PyUntypedArray>,
        cue: &Cue,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (py, queries) = (call.py, queries.cast::<PyArray2<T>>()?.try_readonly()?);
        let queries = queries.as_array();
        Ok(self.with(call, rules, |memory, par| memory.step(queries, cue, par))?.into_pyarray(py).into_any())
    }

    pub(super) fn retrieve<'py>(
        &self,
        call: Call<'py>,
        rules: Rules,
        queries: &Bound<'py, PyUntypedArray>,
        cue: &Cue,
        stop: &Stop,
    ) -> PyResult<Bound<'py, PyDict>> {
        let (py, queries) = (call.py, queries.cast::<PyArray2<T>>()?.try_readonly()?);
        let queries = queries.as_array();
        let found = self.with(call, rules, |memory, par| memory.retrieve(queries, cue, stop, par))?;
        let columns = PyDict::new(py);
        columns.set_item("states", found.states.into_pyarray(py))?;
        columns.set_item("output", found.output.map(|output| output.into_pyarray(py)))?;
        columns.set_item("converged", found.converged.into_pyarray(py))?;
        columns.set_item("reason", column(py, &found.reason, |&reason| reason as i8))?;
        columns.set_item("n_steps", found.n_steps.into_pyarray(py))?;
        columns.set_item("residual", found.residual.into_pyarray(py))?;
        columns.set_item("energy", found.energy.into_pyarray(py))?;
        columns.set_item("pattern", found.pattern.into_pyarray(py))?;
        columns.set_item("weight", found.weight.into_pyarray(py))?;
        columns.set_item("trace", found.trace.map(|trace| trace.into_pyarray(py)))?;
        Ok(columns)
    }

    pub(super) fn energy<'py>(
        &self,
        call: Call<'py>,
        rules: Rules,
        states: &Bound<'py, PyUntypedArray>,
        constants: Constants,
    ) -> PyResult<Bound<'py, PyArray1<f64>>> {
        let (py, states) = (call.py, states.cast::<PyArray2<T>>()?.try_readonly()?);
        let states = states.as_array();
        Ok(self.with(call, rules, |memory, par| memory.energy(states, constants, par))?.into_pyarray(py))
    }

    pub(super) fn association<'py>(
        &self,
        call: Call<'py>,
        rules: Rules,
        queries: &Bound<'py, PyUntypedArray>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (py, queries) = (call.py, queries.cast::<PyArray2<T>>()?.try_readonly()?);
        let queries = queries.as_array();
        Ok(self.with(call, rules, |memory, par| memory.association(queries, par))?.into_pyarray(py).into_any())
    }

    pub(super) fn association_top<'py>(
        &self,
        call: Call<'py>,
        rules: Rules,
        queries: &Bound<'py, PyUntypedArray>,
        top: usize,
    ) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyArray2<i64>>)> {
        let (py, queries) = (call.py, queries.cast::<PyArray2<T>>()?.try_readonly()?);
        let queries = queries.as_array();
        let (weights, indices) = self.with(call, rules, |memory, par| memory.association_top(queries, top, par))?;
        Ok((weights.into_pyarray(py).into_any(), indices.into_pyarray(py)))
    }

    pub(super) fn diagnose<'py>(
        &self,
        call: Call<'py>,
        rules: Rules,
        states: &Bound<'py, PyUntypedArray>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let (py, states) = (call.py, states.cast::<PyArray2<T>>()?.try_readonly()?);
        let states = states.as_array();
        let found = self.with(call, rules, |memory, par| memory.diagnose(states, par))?;
        let indices = |found: &modern::Diagnosis| {
            found.patterns.iter().map(|&index| index as i64).collect::<Vec<_>>().into_pyarray(py)
        };
        let columns = PyDict::new(py);
        columns.set_item("kind", column(py, &found, |found| found.kind as i8))?;
        columns.set_item("size", column(py, &found, |found| found.size as i64))?;
        columns.set_item("patterns", PyList::new(py, found.iter().map(indices))?)?;
        columns.set_item("entropy", column(py, &found, |found| found.entropy))?;
        columns.set_item("participation", column(py, &found, |found| found.participation))?;
        columns.set_item("ramsauer_class", column(py, &found, |found| found.ramsauer_class as i8))?;
        Ok(columns)
    }
}
