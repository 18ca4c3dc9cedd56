//! The dense associative memory over NumPy's memory.

use numpy::{IntoPyArray, PyArray1, PyArray2, PyReadonlyArray2};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::binary::Request;
use super::error::exception;
use super::network::{Shared, network_methods};
use crate::Result;
use crate::dense::{self, DenseOptions, Interaction};

/// A dense associative memory whose patterns can be changed while others read it.
#[pyclass(frozen, module = "hopfield._core")]
pub(super) struct DenseAssociativeMemory(Shared<dense::DenseAssociativeMemory>);

network_methods! { DenseAssociativeMemory of dense::DenseAssociativeMemory, i8;
    #[new]
    fn new(py: Python, interaction: &str, degree: u64, tie: &str) -> PyResult<Self> {
        let network = || -> Result<_> {
            // A degree beyond the range of this type is beyond that of all interactions as well.
            let interaction = Interaction::from_name(interaction, u32::try_from(degree).unwrap_or(u32::MAX))?;
            dense::DenseAssociativeMemory::with(DenseOptions { interaction, tie: tie.parse()? })
        };
        Ok(Self(Shared::new(network().map_err(|error| exception(py, &error))?)))
    }
}
