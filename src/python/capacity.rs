//! Bounds and mean-field solutions number by number, and the random problems of scans.

use numpy::{IntoPyArray, PyArray1, PyArray2};
use pyo3::prelude::*;

use super::error::exception;
use super::run::Call;
use crate::Result;
use crate::capacity::{self, Trial};

/// The answer, or the exception that says why there is none.
fn said<T>(py: Python, answer: Result<T>) -> PyResult<T> {
    answer.map_err(|error| exception(py, &error))
}

/// A degree as the crate takes it; one beyond its range is beyond all rules as well.
fn narrow(degree: u64) -> u32 {
    u32::try_from(degree).unwrap_or(u32::MAX)
}

#[pyfunction]
pub(super) fn mceliece(py: Python, n: u64, recalled: &str) -> PyResult<f64> {
    said(py, recalled.parse().and_then(|recalled| capacity::mceliece(n, recalled)))
}

#[pyfunction]
pub(super) fn stable_probability(py: Python, n: u64, k: f64, recalled: &str) -> PyResult<f64> {
    said(py, recalled.parse().and_then(|recalled| capacity::stable_probability(n, k, recalled)))
}

#[pyfunction]
pub(super) fn one_step_error(py: Python, alpha: f64) -> PyResult<f64> {
    said(py, capacity::one_step_error(alpha))
}

#[pyfunction]
pub(super) fn load_at_error(py: Python, error: f64) -> PyResult<f64> {
    said(py, capacity::load_at_error(error))
}

#[pyfunction]
pub(super) fn first_step_overlap(py: Python, overlap: f64, alpha: f64) -> PyResult<f64> {
    said(py, capacity::first_step_overlap(overlap, alpha))
}

#[pyfunction]
pub(super) fn storkey(py: Python, n: u64) -> PyResult<f64> {
    said(py, capacity::storkey(n))
}

#[pyfunction]
pub(super) fn pseudo_inverse(py: Python, n: u64) -> PyResult<f64> {
    said(py, capacity::pseudo_inverse(n))
}

#[pyfunction]
pub(super) fn gardner(py: Python, kappa: f64) -> PyResult<f64> {
    said(py, capacity::gardner(kappa))
}

#[pyfunction]
pub(super) fn krotov_hopfield(py: Python, n: u64, degree: u64, error: f64) -> PyResult<f64> {
    said(py, capacity::krotov_hopfield(n, narrow(degree), error))
}

#[pyfunction]
pub(super) fn krotov_hopfield_load(py: Python, degree: u64, error: f64) -> PyResult<f64> {
    said(py, capacity::krotov_hopfield_load(narrow(degree), error))
}

#[pyfunction]
pub(super) fn krotov_hopfield_error(py: Python, n: u64, k: f64, degree: u64) -> PyResult<f64> {
    said(py, capacity::krotov_hopfield_error(n, k, narrow(degree)))
}

#[pyfunction]
pub(super) fn krotov_hopfield_error_free(py: Python, n: u64, degree: u64, recalled: &str) -> PyResult<f64> {
    said(py, recalled.parse().and_then(|recalled| capacity::krotov_hopfield_error_free(n, narrow(degree), recalled)))
}

#[pyfunction]
pub(super) fn demircigil(py: Python, n: u64, corruption: f64) -> PyResult<f64> {
    said(py, capacity::demircigil(n, corruption))
}

#[pyfunction]
pub(super) fn demircigil_rate(py: Python, corruption: f64) -> PyResult<f64> {
    said(py, capacity::demircigil_rate(corruption))
}

/// The fields of a `RamsauerBound`.
#[pyfunction]
pub(super) fn ramsauer(
    py: Python,
    d: u64,
    beta: f64,
    radius: f64,
    failure: f64,
) -> PyResult<(f64, f64, f64, f64, f64, bool)> {
    let bound = said(py, capacity::ramsauer(d, beta, radius, failure))?;
    Ok((bound.a, bound.b, bound.c, bound.least_c, bound.patterns, bound.applies()))
}

#[pyfunction]
pub(super) fn lucibello_mezard(py: Python, beta: f64, ensemble: &str) -> PyResult<f64> {
    said(py, ensemble.parse().and_then(|ensemble| capacity::lucibello_mezard(beta, ensemble)))
}

#[pyfunction]
pub(super) fn critical_load(py: Python, temperature: f64) -> PyResult<f64> {
    Call::new(py, None).run(|_| capacity::critical_load(temperature))
}

#[pyfunction]
pub(super) fn globally_stable_load() -> f64 {
    capacity::globally_stable_load()
}

/// The fields of a `MeanField`.
#[pyfunction]
pub(super) fn mean_field(
    py: Python,
    alpha: f64,
    temperature: f64,
    solution: &str,
) -> PyResult<(f64, f64, f64, f64, f64, f64)> {
    let solution = said(py, solution.parse())?;
    let found = Call::new(py, None).run(|_| capacity::mean_field(alpha, temperature, solution))?;
    Ok((found.overlap, found.error, found.edwards_anderson, found.noise, found.susceptibility, found.energy))
}

type Spins<'py> = (Bound<'py, PyArray2<i8>>, Bound<'py, PyArray1<u32>>, u64);
type Reals<'py> = (Bound<'py, PyArray2<f64>>, Bound<'py, PyArray1<f64>>, u64);

/// The fields of a `SpinTrial`.
#[pyfunction]
pub(super) fn spin_trial(py: Python, seed: u64, n: usize, k: usize, number: u64) -> PyResult<Spins> {
    let trial = Call::new(py, None).run(|par| Trial { seed, n, k, number }.spins(par))?;
    Ok((trial.patterns.into_pyarray(py), trial.order.into_pyarray(py), trial.seed))
}

/// The fields of a `RealTrial`.
#[pyfunction]
pub(super) fn real_trial<'py>(
    py: Python<'py>,
    seed: u64,
    n: usize,
    k: usize,
    number: u64,
    ensemble: &str,
) -> PyResult<Reals<'py>> {
    let ensemble = said(py, ensemble.parse())?;
    let trial = Call::new(py, None).run(|par| Trial { seed, n, k, number }.reals(ensemble, par))?;
    Ok((trial.patterns.into_pyarray(py), trial.noise.into_pyarray(py), trial.seed))
}
