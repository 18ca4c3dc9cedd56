//! Separations and similarities by name, and what they are said to mean.

use pyo3::prelude::*;

use super::error::exception;
use crate::modern::memory::Family;
use crate::modern::{Separation, Similarity};

/// A separation by name and parameter, and a similarity by name.
pub(super) fn family(py: Python, (name, parameter): &(String, Option<f64>), similarity: &str) -> PyResult<Family> {
    let of_names = || {
        let similarity: Similarity = similarity.parse()?;
        Ok((Separation::named(name, *parameter)?.with(similarity)?, similarity))
    };
    of_names().map_err(|error| exception(py, &error))
}

/// Refuses a separation and a similarity that mean nothing together.
#[pyfunction]
pub(super) fn check_family(py: Python, separation: (String, Option<f64>), similarity: &str) -> PyResult<()> {
    family(py, &separation, similarity).map(drop)
}

/// Of a separation: whether one walk over the memory is enough, the similarities with which it means something, and those
/// of them with which it has an energy.
#[pyfunction]
pub(super) fn separation_facts(
    py: Python,
    separation: (String, Option<f64>),
) -> PyResult<(bool, Vec<&'static str>, Vec<&'static str>)> {
    let (name, parameter) = separation;
    let separation = Separation::named(&name, parameter).map_err(|error| exception(py, &error))?;
    let having = |has: &dyn Fn(Similarity) -> bool| {
        let similarities = Similarity::NAMES.iter().filter_map(|name| name.parse().ok());
        similarities.filter(|&similarity| has(similarity)).map(Similarity::name).collect()
    };
    let meaning = having(&|similarity| separation.with(similarity).is_ok());
    Ok((separation.is_single_pass(), meaning, having(&|similarity| separation.has_energy(similarity))))
}
