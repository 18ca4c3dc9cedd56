//! What the machine has to offer, for benches: they put their figures beside it. Not here: the timing of anything else.

use numpy::{PyArrayDescrMethods, PyReadonlyArray1, PyUntypedArray, PyUntypedArrayMethods};
use pyo3::prelude::*;

use super::run::Call;
use crate::machine;

/// Fused multiply-adds a second, in the dtype of an array.
#[pyfunction]
pub(super) fn multiply_adds_per_second(
    py: Python,
    like: &Bound<PyUntypedArray>,
    n_threads: Option<usize>,
) -> PyResult<f64> {
    let call = Call::new(py, n_threads);
    if like.dtype().is_equiv_to(&numpy::dtype::<f32>(py)) {
        call.run(machine::multiply_adds_per_second::<f32>)
    } else {
        call.run(machine::multiply_adds_per_second::<f64>)
    }
}

/// Bytes a second at which a float32 array is read once.
#[pyfunction]
pub(super) fn bytes_read_per_second(
    py: Python,
    data: PyReadonlyArray1<f32>,
    n_threads: Option<usize>,
) -> PyResult<f64> {
    let data = data.as_slice()?;
    Call::new(py, n_threads).run(|par| machine::bytes_read_per_second(data, par))
}
