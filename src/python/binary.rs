//! What a retrieval of a binary network is asked for, and its answer as columns.

use ndarray::Array2;
use numpy::{IntoPyArray, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::array::column;
use super::error::exception;
use super::run::Call;
use crate::Result;
use crate::binary::{BinaryRetrieval, Known, Mixture, Recall, Report, Retrieve, Seeds, Stop, Temperature, Update};
use crate::par::Par;

/// One seed for the batch, or one for each cue.
#[derive(FromPyObject)]
enum Rng<'py> {
    Each(PyReadonlyArray1<'py, u64>),
    Batch(u64),
}

/// One temperature for all sweeps, or one for each.
#[derive(FromPyObject)]
enum Heat<'py> {
    Schedule(PyReadonlyArray1<'py, f64>),
    Constant(f64),
}

/// An order by name, or the neurons to visit.
#[derive(FromPyObject)]
enum Order<'py> {
    Listed(PyReadonlyArray1<'py, i64>),
    Named(String),
}

/// What a retrieval is asked for: a dictionary with an entry for each field.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(super) struct Request<'py> {
    update: String,
    order: Order<'py>,
    max_sweeps: u64,
    max_updates: Option<u64>,
    patience: Option<u64>,
    stop_at_memory: bool,
    target_energy: Option<f64>,
    targets: Option<PyReadonlyArray1<'py, i64>>,
    near_overlap: f64,
    known: Option<PyReadonlyArray2<'py, bool>>,
    clamp: bool,
    field: Option<PyReadonlyArray2<'py, f64>>,
    temperature: Heat<'py>,
    rng: Rng<'py>,
    trace: bool,
    n_threads: Option<usize>,
    progress: Option<Py<PyAny>>,
}

impl<'py> Request<'py> {
    /// Retrieves; the fields of a `BinaryRetrieval`, with reasons and outcomes as codes.
    pub(super) fn answer(
        self,
        py: Python<'py>,
        retrieve: impl FnOnce(&Retrieve, Par) -> Result<BinaryRetrieval> + Send,
    ) -> PyResult<Bound<'py, PyDict>> {
        let targets = self.targets.as_ref().map(PyReadonlyArray1::as_slice).transpose()?;
        let options = Retrieve {
            update: match &self.order {
                Order::Listed(neurons) => Update::listed(&self.update, neurons.as_slice()?),
                Order::Named(order) => Update::from_names(&self.update, order),
            }
            .map_err(|error| exception(py, &error))?,
            temperature: match &self.temperature {
                Heat::Schedule(each) => Temperature::Schedule(each.as_slice()?),
                Heat::Constant(temperature) => Temperature::Constant(*temperature),
            },
            field: self.field.as_ref().map(PyReadonlyArray2::as_array),
            stop: Stop {
                max_sweeps: self.max_sweeps,
                max_updates: self.max_updates,
                patience: self.patience,
                stop_at_memory: self.stop_at_memory,
                target_energy: self.target_energy,
            },
            known: self.known.as_ref().map(|mask| Known { mask: mask.as_array(), clamp: self.clamp }),
            seeds: match &self.rng {
                Rng::Batch(seed) => Seeds::Batch(*seed),
                Rng::Each(seeds) => Seeds::Each(seeds.as_slice()?),
            },
            report: Report { targets, near_overlap: self.near_overlap, trace: self.trace },
        };
        let call = Call { py, n_threads: self.n_threads, progress: self.progress };
        let answer = call.run(|par| retrieve(&options, par))?;
        columns(py, answer, targets.is_some())
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
    let (mixture, signs) = mixtures(recalls);
    columns.set_item("mixture", mixture.into_pyarray(py))?;
    columns.set_item("mixture_signs", signs.into_pyarray(py))?;
    columns.set_item("overlap", column(py, recalls, |recall| recall.overlap))?;
    columns.set_item("hit", with_targets.then(|| column(py, recalls, |recall| recall.hit == Some(true))))?;
    columns.set_item("trace", answer.trace.map(|trace| trace.into_pyarray(py)))?;
    Ok(columns)
}

/// The patterns of each mixture, −1 behind the last, and their signs, 0 there.
fn mixtures(recalls: &[Recall]) -> (Array2<i64>, Array2<i8>) {
    let shape = (recalls.len(), Mixture::MOST_TERMS);
    let (mut patterns, mut signs) = (Array2::from_elem(shape, -1), Array2::zeros(shape));
    for (cue, recall) in recalls.iter().enumerate() {
        for (term, (pattern, sign)) in recall.mixture.iter().flat_map(Mixture::terms).enumerate() {
            patterns[[cue, term]] = pattern as i64;
            signs[[cue, term]] = sign;
        }
    }
    (patterns, signs)
}
