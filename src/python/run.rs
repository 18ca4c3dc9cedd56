//! The one door into the crate: the interpreter lock released, signals polled, panics caught, errors translated.

use std::cell::{Cell, RefCell};
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use pyo3::prelude::*;

use super::error::{exception, internal};
use crate::par::{Observer, Par};
use crate::{Error, Result};

/// How a call shall run.
pub(super) struct Call<'py> {
    pub(super) py: Python<'py>,
    pub(super) n_threads: Option<usize>,
    /// Called with the number of cues or queries done, now and then.
    pub(super) progress: Option<Py<PyAny>>,
}

impl<'py> Call<'py> {
    /// A call without a progress callback.
    pub(super) fn new(py: Python<'py>, n_threads: Option<usize>) -> Self {
        Self { py, n_threads, progress: None }
    }

    /// Runs `work` without the interpreter lock.
    pub(super) fn run<R: Send>(self, work: impl FnOnce(Par) -> Result<R> + Send) -> PyResult<R> {
        let Self { py, n_threads, progress } = self;
        let outcome = py.detach(|| {
            let listener = Listener { progress, raised: RefCell::new(None), last: Cell::new(Instant::now()) };
            let par = n_threads.map_or_else(Par::default, Par::with_threads).observed_by(&listener);
            let outcome = catch_unwind(AssertUnwindSafe(|| work(par)));
            (outcome, listener.raised.into_inner())
        });
        match outcome {
            // What was raised on the way is what the caller shall see, even if the work ended all the same.
            (Ok(Ok(_) | Err(Error::Interrupted)), Some(raised)) => Err(raised),
            (Ok(Ok(result)), None) => Ok(result),
            (Ok(Err(error)), _) => Err(exception(py, &error)),
            (Err(panic), _) => {
                let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
                let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
                Err(internal(py, &text.unwrap_or_else(|| "no message".to_owned())))
            }
        }
    }
}

/// Passes on progress, and an interrupt the other way.
struct Listener {
    progress: Option<Py<PyAny>>,
    raised: RefCell<Option<PyErr>>,
    /// When it last asked the interpreter; kept over all runs of the call, however short each is.
    last: Cell<Instant>,
}

/// Time between two questions to the interpreter: a fraction of the 50 ms within which an interrupt shall be honoured.
const ASK_EVERY: Duration = Duration::from_millis(20);

impl Observer for Listener {
    fn observe(&self, done: usize) -> ControlFlow<()> {
        if self.last.get().elapsed() < ASK_EVERY {
            return ControlFlow::Continue(());
        }
        let heard = Python::attach(|py| {
            py.check_signals()?;
            match &self.progress {
                Some(progress) => progress.call1(py, (done,)).map(drop),
                None => Ok(()),
            }
        });
        self.last.set(Instant::now());
        match heard {
            Ok(()) => ControlFlow::Continue(()),
            Err(raised) => {
                *self.raised.borrow_mut() = Some(raised);
                ControlFlow::Break(())
            }
        }
    }
}
