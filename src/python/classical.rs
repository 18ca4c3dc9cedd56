//! The classical network over NumPy's memory. A call computes with the network as it was when the call began.

use std::sync::{Mutex, PoisonError, RwLock};

use ndarray::{Array1, Array2};
use numpy::{IntoPyArray, PyArray1, PyArray2, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::array::column;
use super::error::exception;
use super::run::Call;
use crate::Result;
use crate::classical::{
    self, Bias, BinaryRetrieval, ClassicalOptions, Known, Outcome, Reason, Recall, Report, Retrieve, Seeds, Stop,
    Update,
};
use crate::par::Par;

/// A classical Hopfield network whose patterns can be changed while others read it.
#[pyclass(frozen, module = "hopfield._core")]
pub(super) struct ClassicalHopfield {
    network: RwLock<classical::ClassicalHopfield>,
    /// Changes take turns. Waited for without the interpreter lock, which the one whose turn it is may need.
    turn: Mutex<()>,
}

/// One number for all neurons, or one for each.
#[derive(FromPyObject)]
enum Field<'py> {
    Each(PyReadonlyArray1<'py, f64>),
    Same(f64),
}

/// One seed for the batch, or one for each cue.
#[derive(FromPyObject)]
enum Rng<'py> {
    Each(PyReadonlyArray1<'py, u64>),
    Batch(u64),
}

type Rows<'py> = PyReadonlyArray2<'py, i8>;

#[pymethods]
impl ClassicalHopfield {
    #[new]
    fn new(
        py: Python,
        n_neurons: Option<usize>,
        rule: &str,
        normalization: &str,
        bias: Option<Field>,
        is_threshold: bool,
        tie: &str,
    ) -> PyResult<Self> {
        let bias = match bias {
            None => Bias::None,
            Some(Field::Same(value)) => Bias::Same(value),
            Some(Field::Each(values)) => Bias::Each(values.as_array().to_vec()),
        };
        let bias = if is_threshold { bias.negated() } else { bias };
        let network = || -> Result<_> {
            let (rule, normalization, tie) = (rule.parse()?, normalization.parse()?, tie.parse()?);
            classical::ClassicalHopfield::with(ClassicalOptions { n_neurons, rule, normalization, bias, tie })
        };
        let network = network().map_err(|error| exception(py, &error))?;
        Ok(Self { network: RwLock::new(network), turn: Mutex::new(()) })
    }

    fn store(&self, py: Python, patterns: Rows) -> PyResult<()> {
        let patterns = patterns.as_array();
        self.change(py, |network, par| network.store(patterns, par))
    }

    fn forget(&self, py: Python, patterns: Rows) -> PyResult<()> {
        let patterns = patterns.as_array();
        self.change(py, |network, par| network.forget(patterns, par))
    }

    fn patterns<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray2<i8>>> {
        let patterns = self.read(py, classical::ClassicalHopfield::patterns)?;
        Ok(patterns.into_pyarray(py))
    }

    #[getter]
    fn n_neurons(&self) -> Option<usize> {
        self.current().n_neurons()
    }

    #[getter]
    fn n_patterns(&self) -> usize {
        self.current().n_patterns()
    }

    /// The fields of a `BinaryRetrieval`, with reasons and outcomes as codes.
    #[allow(clippy::too_many_arguments)]
    fn retrieve<'py>(
        &self,
        py: Python<'py>,
        cues: Rows,
        update: &str,
        order: &str,
        max_sweeps: u64,
        max_updates: Option<u64>,
        patience: Option<u64>,
        stop_at_memory: bool,
        target_energy: Option<f64>,
        targets: Option<PyReadonlyArray1<i64>>,
        near_overlap: f64,
        known: Option<PyReadonlyArray2<bool>>,
        clamp: bool,
        rng: Rng,
        trace: bool,
        n_threads: Option<usize>,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let targets = targets.as_ref().map(PyReadonlyArray1::as_slice).transpose()?;
        let options = Retrieve {
            update: Update::from_names(update, order).map_err(|error| exception(py, &error))?,
            stop: Stop { max_sweeps, max_updates, patience, stop_at_memory, target_energy },
            known: known.as_ref().map(|mask| Known { mask: mask.as_array(), clamp }),
            seeds: match &rng {
                Rng::Batch(seed) => Seeds::Batch(*seed),
                Rng::Each(seeds) => Seeds::Each(seeds.as_slice()?),
            },
            report: Report { targets, near_overlap, trace },
        };
        let (network, cues) = (self.current(), cues.as_array());
        let call = Call { py, n_threads, progress };
        let answer = call.run(|par| network.retrieve(cues, &options, par))?;
        columns(py, answer, targets.is_some())
    }

    fn energy<'py>(&self, py: Python<'py>, states: Rows) -> PyResult<Bound<'py, PyArray1<f64>>> {
        let states = states.as_array();
        let energies: Array1<f64> = self.read(py, |network, par| network.energy(states, par))?;
        Ok(energies.into_pyarray(py))
    }

    fn field<'py>(&self, py: Python<'py>, states: Rows) -> PyResult<Bound<'py, PyArray2<f64>>> {
        let states = states.as_array();
        let fields: Array2<f64> = self.read(py, |network, par| network.field(states, par))?;
        Ok(fields.into_pyarray(py))
    }

    fn overlap<'py>(&self, py: Python<'py>, states: Rows) -> PyResult<Bound<'py, PyArray2<f64>>> {
        let states = states.as_array();
        let overlaps = self.read(py, |network, par| network.overlap(states, par))?;
        Ok(overlaps.into_pyarray(py))
    }

    fn hamming<'py>(&self, py: Python<'py>, states: Rows) -> PyResult<Bound<'py, PyArray2<i64>>> {
        let states = states.as_array();
        let distances = self.read(py, |network, par| network.hamming(states, par))?;
        Ok(distances.into_pyarray(py))
    }

    fn is_fixed_point<'py>(&self, py: Python<'py>, states: Rows) -> PyResult<Bound<'py, PyArray1<bool>>> {
        let states = states.as_array();
        let fixed = self.read(py, |network, par| network.is_fixed_point(states, par))?;
        Ok(fixed.into_pyarray(py))
    }

    fn weight_matrix<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray2<f64>>> {
        let weights = self.read(py, classical::ClassicalHopfield::weight_matrix)?;
        Ok(weights.into_pyarray(py))
    }

    /// The names that the codes of reasons stand for.
    #[classattr]
    const REASONS: &'static [&'static str] = Reason::NAMES;

    /// The names that the codes of outcomes stand for.
    #[classattr]
    const OUTCOMES: &'static [&'static str] = Outcome::NAMES;
}

impl ClassicalHopfield {
    fn current(&self) -> classical::ClassicalHopfield {
        self.network.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn read<R: Send>(
        &self,
        py: Python,
        work: impl FnOnce(&classical::ClassicalHopfield, Par) -> Result<R> + Send,
    ) -> PyResult<R> {
        let network = self.current();
        Call::new(py, None).run(|par| work(&network, par))
    }

    fn change(
        &self,
        py: Python,
        work: impl FnOnce(&mut classical::ClassicalHopfield, Par) -> Result<()> + Send,
    ) -> PyResult<()> {
        Call::new(py, None).run(|par| {
            let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
            let mut network = self.current();
            work(&mut network, par)?;
            *self.network.write().unwrap_or_else(PoisonError::into_inner) = network;
            Ok(())
        })
    }
}

/// The columns of a retrieval by the names of the result's fields; reasons and outcomes as codes.
fn columns(py: Python, answer: BinaryRetrieval, with_targets: bool) -> PyResult<Bound<PyDict>> {
    let recalls = &answer.recalls;
    let columns = PyDict::new(py);
    columns.set_item("states", answer.states.into_pyarray(py))?;
    columns.set_item("converged", column(py, recalls, Recall::converged))?;
    columns.set_item("is_fixed_point", column(py, recalls, |recall| recall.is_fixed_point))?;
    columns.set_item("reason", column(py, recalls, |recall| recall.reason as i8))?;
    columns.set_item("n_sweeps", column(py, recalls, |recall| recall.n_sweeps as i64))?;
    columns.set_item("n_updates", column(py, recalls, |recall| recall.n_updates as i64))?;
    columns.set_item("n_flips", column(py, recalls, |recall| recall.n_flips as i64))?;
    columns.set_item("energy", column(py, recalls, |recall| recall.energy))?;
    columns.set_item("outcome", column(py, recalls, |recall| recall.outcome as i8))?;
    columns.set_item("pattern", column(py, recalls, |recall| recall.pattern.map_or(-1, |pattern| pattern as i64)))?;
    columns.set_item("sign", column(py, recalls, |recall| recall.sign))?;
    columns.set_item("overlap", column(py, recalls, |recall| recall.overlap))?;
    columns.set_item("hit", with_targets.then(|| column(py, recalls, |recall| recall.hit == Some(true))))?;
    columns.set_item("trace", answer.trace.map(|trace| trace.into_pyarray(py)))?;
    Ok(columns)
}
