//! A binary network as a Python class: shared, so that it may change while others read it, and the methods that all such
//! networks have.

use std::sync::{Mutex, PoisonError, RwLock};

use ndarray::{Array, ArrayView2, Dimension};
use numpy::{Element, IntoPyArray, PyArray, PyReadonlyArray2};
use pyo3::prelude::*;

use super::run::Call;
use crate::Result;
use crate::par::Par;

/// A network that can be changed while others read it. A call computes with the network as it was when the call began.
pub(super) struct Shared<N> {
    network: RwLock<N>,
    /// Changes take turns. Waited for without the interpreter lock, which the one whose turn it is may need.
    turn: Mutex<()>,
}

impl<N: Clone + Send + Sync> Shared<N> {
    pub(super) fn new(network: N) -> Self {
        Self { network: RwLock::new(network), turn: Mutex::new(()) }
    }

    /// The network as it is now.
    pub(super) fn current(&self) -> N {
        self.network.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Runs `work` on it without the interpreter lock.
    pub(super) fn read<R: Send>(&self, py: Python, work: impl FnOnce(&N, Par) -> Result<R> + Send) -> PyResult<R> {
        let network = self.current();
        Call::new(py, None).run(|par| work(&network, par))
    }

    /// What `work` says of `states`, as an array.
    pub(super) fn say<'py, S: Element + Sync, T: Element + Send, D: Dimension + Send>(
        &self,
        py: Python<'py>,
        states: PyReadonlyArray2<S>,
        work: impl FnOnce(&N, ArrayView2<S>, Par) -> Result<Array<T, D>> + Send,
    ) -> PyResult<Bound<'py, PyArray<T, D>>> {
        let states = states.as_array();
        Ok(self.read(py, |network, par| work(network, states, par))?.into_pyarray(py))
    }

    /// Replaces it by what `work` makes of it, if that succeeds.
    pub(super) fn change(&self, py: Python, work: impl FnOnce(&mut N, Par) -> Result<()> + Send) -> PyResult<()> {
        Call::new(py, None).run(|par| {
            let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
            let mut network = self.current();
            work(&mut network, par)?;
            *self.network.write().unwrap_or_else(PoisonError::into_inner) = network;
            Ok(())
        })
    }
}

/// The methods of a class around a `Shared` network whose states are rows of `$value`, and those that it alone has: a
/// class takes all its methods from one block.
macro_rules! network_methods {
    ($class:ident of $network:ty, $value:ty; $($own:tt)*) => {
        #[pyo3::pymethods]
        impl $class {
            fn store(&self, py: Python, patterns: PyReadonlyArray2<$value>) -> PyResult<()> {
                let patterns = patterns.as_array();
                self.0.change(py, |network, par| network.store(patterns, par))
            }

            fn forget(&self, py: Python, patterns: PyReadonlyArray2<$value>) -> PyResult<()> {
                let patterns = patterns.as_array();
                self.0.change(py, |network, par| network.forget(patterns, par))
            }

            fn patterns<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray2<$value>>> {
                Ok(self.0.read(py, <$network>::patterns)?.into_pyarray(py))
            }

            #[getter]
            fn n_neurons(&self) -> Option<usize> {
                self.0.current().n_neurons()
            }

            #[getter]
            fn n_patterns(&self) -> usize {
                self.0.current().n_patterns()
            }

            fn retrieve<'py>(
                &self,
                py: Python<'py>,
                cues: PyReadonlyArray2<$value>,
                request: Request<'py>,
            ) -> PyResult<Bound<'py, PyDict>> {
                let (network, cues) = (self.0.current(), cues.as_array());
                request.answer(py, |options, par| network.retrieve(cues, options, par))
            }

            fn energy<'py>(
                &self,
                py: Python<'py>,
                states: PyReadonlyArray2<$value>,
            ) -> PyResult<Bound<'py, PyArray1<f64>>> {
                self.0.say(py, states, <$network>::energy)
            }

            fn field<'py>(
                &self,
                py: Python<'py>,
                states: PyReadonlyArray2<$value>,
            ) -> PyResult<Bound<'py, PyArray2<f64>>> {
                self.0.say(py, states, <$network>::field)
            }

            fn overlap<'py>(
                &self,
                py: Python<'py>,
                states: PyReadonlyArray2<$value>,
            ) -> PyResult<Bound<'py, PyArray2<f64>>> {
                self.0.say(py, states, <$network>::overlap)
            }

            fn hamming<'py>(
                &self,
                py: Python<'py>,
                states: PyReadonlyArray2<$value>,
            ) -> PyResult<Bound<'py, PyArray2<i64>>> {
                self.0.say(py, states, <$network>::hamming)
            }

            fn is_fixed_point<'py>(
                &self,
                py: Python<'py>,
                states: PyReadonlyArray2<$value>,
            ) -> PyResult<Bound<'py, PyArray1<bool>>> {
                self.0.say(py, states, <$network>::is_fixed_point)
            }

            /// The names that the codes of reasons stand for.
            #[classattr]
            const REASONS: &'static [&'static str] = crate::binary::Reason::NAMES;

            /// The names that the codes of outcomes stand for.
            #[classattr]
            const OUTCOMES: &'static [&'static str] = crate::binary::Outcome::NAMES;

            $($own)*
        }
    };
}
pub(super) use network_methods;
