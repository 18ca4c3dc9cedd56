//! The classical network over NumPy's memory.

use numpy::{IntoPyArray, PyArray1, PyArray2, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::binary::Request;
use super::error::exception;
use super::network::{Shared, network_methods};
use crate::Result;
use crate::classical::{self, Bias, ClassicalOptions, Perceptron, PseudoInverse, Rule};

/// A classical Hopfield network whose patterns can be changed while others read it.
#[pyclass(frozen, module = "hopfield._core")]
pub(super) struct ClassicalHopfield(Shared<classical::ClassicalHopfield>);

/// One number for all neurons, or one for each.
#[derive(FromPyObject)]
pub(super) enum Field<'py> {
    Each(PyReadonlyArray1<'py, f64>),
    Same(f64),
}

/// A rule by name, with the choices of all rules.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
struct RuleRequest {
    name: String,
    #[pyo3(default)]
    zero_diagonal: bool,
    #[pyo3(default)]
    implicit: Option<bool>,
    #[pyo3(default)]
    margin: f64,
    #[pyo3(default)]
    symmetric: bool,
    #[pyo3(default)]
    max_epochs: u32,
}

impl RuleRequest {
    fn parse(&self) -> Result<Rule> {
        let Self { zero_diagonal, implicit, margin, symmetric, max_epochs, .. } = *self;
        Ok(match self.name.parse()? {
            Rule::PseudoInverse(_) => Rule::PseudoInverse(PseudoInverse { zero_diagonal, implicit }),
            Rule::Perceptron(_) => Rule::Perceptron(Perceptron { margin, symmetric, max_epochs }),
            rule => rule,
        })
    }
}

impl From<Field<'_>> for Bias {
    fn from(field: Field) -> Self {
        match field {
            Field::Same(value) => Self::Same(value),
            Field::Each(values) => Self::Each(values.as_array().to_vec()),
        }
    }
}

network_methods! { ClassicalHopfield of classical::ClassicalHopfield, i8;
    #[new]
    fn new(
        py: Python,
        n_neurons: Option<usize>,
        rule: RuleRequest,
        normalization: &str,
        bias: Option<Field>,
        is_threshold: bool,
        tie: &str,
    ) -> PyResult<Self> {
        let bias = bias.map_or(Bias::None, Bias::from);
        let bias = if is_threshold { bias.negated() } else { bias };
        let network = || -> Result<_> {
            let (rule, normalization, tie) = (rule.parse()?, normalization.parse()?, tie.parse()?);
            classical::ClassicalHopfield::with(ClassicalOptions { n_neurons, rule, normalization, bias, tie })
        };
        let network = network().map_err(|error| exception(py, &error))?;
        Ok(Self(Shared::new(network)))
    }

    fn weight_matrix<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray2<f64>>> {
        Ok(self.0.read(py, classical::ClassicalHopfield::weight_matrix)?.into_pyarray(py))
    }

    /// Whether learning converged, its epochs, and the least margin.
    fn learning(&self, py: Python) -> PyResult<(bool, Option<u32>, f64)> {
        let learning = self.0.read(py, classical::ClassicalHopfield::learning)?;
        Ok((learning.converged, learning.n_epochs, learning.margin))
    }

    /// Whether learning converged, as far as that is known without looking.
    #[getter]
    fn has_converged(&self) -> bool {
        self.0.current().has_converged()
    }
}
