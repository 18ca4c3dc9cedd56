//! Errors of the crate as exceptions of `hopfield.errors`: one match, at the edge.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyType;

use crate::Error;

/// Makes the exception that says what the error says.
pub(super) fn exception(py: Python, error: &Error) -> PyErr {
    let class = match error {
        Error::Width { .. }
        | Error::Shape { .. }
        | Error::NoPatterns { .. }
        | Error::EmptyMemory { .. }
        | Error::NotFinite { .. }
        | Error::NotSpin { .. }
        | Error::Range { .. }
        | Error::UnknownName { .. }
        | Error::Options { .. }
        | Error::Index { .. }
        | Error::NotStored { .. }
        | Error::Dependent { .. }
        | Error::Diverged { .. }
        | Error::Asymmetric { .. }
        | Error::Top { .. }
        | Error::TooLong { .. }
        | Error::TooLarge { .. }
        | Error::BetaRange { .. }
        | Error::NotSettled { .. }
        | Error::NotStable { .. }
        | Error::Overflow { .. }
        | Error::Pair { .. }
        | Error::NoEnergy { .. }
        | Error::NoTheory { .. }
        | Error::NoDirection { .. }
        | Error::NotCalibratable { .. } => class(py, &INVALID, "InvalidInputError"),
        Error::OutOfMemory { .. } => class(py, &MEMORY, "OutOfMemoryError"),
        // Without an exception of its own: the interrupt came from elsewhere.
        Error::Interrupted => return pyo3::exceptions::PyKeyboardInterrupt::new_err(()),
    };
    match class {
        Ok(class) => PyErr::from_type(class.clone(), error.to_string()),
        Err(failure) => failure,
    }
}

/// The exception for a panic that was caught: a defect of this package.
pub(super) fn internal(py: Python, message: &str) -> PyErr {
    match class(py, &INTERNAL, "InternalError") {
        Ok(class) => PyErr::from_type(
            class.clone(),
            format!("internal error, please report it with the call that caused it: {message}"),
        ),
        Err(failure) => failure,
    }
}

static INVALID: PyOnceLock<Py<PyType>> = PyOnceLock::new();
static MEMORY: PyOnceLock<Py<PyType>> = PyOnceLock::new();
static INTERNAL: PyOnceLock<Py<PyType>> = PyOnceLock::new();

fn class<'py>(py: Python<'py>, cell: &'static PyOnceLock<Py<PyType>>, name: &str) -> PyResult<&'py Bound<'py, PyType>> {
    cell.import(py, "hopfield.errors", name)
}
