//! The modern network over NumPy's memory: one dtype decision, then the crate's functions.

use numpy::{
    Element, IntoPyArray, PyArray1, PyArray2, PyArray3, PyArrayDescrMethods, PyArrayMethods, PyReadonlyArray2,
    PyReadonlyArray3, PyUntypedArray, PyUntypedArrayMethods,
};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::array::flags;
use super::error::exception;
use super::family::family;
use super::rounded::RoundedPatterns;
use super::run::Call;
use super::store::Store;
use crate::input::real::Finite;
use crate::kernel::real::Real;
use crate::modern::memory::Family;
use crate::modern::similarity::to_unit_rows;
use crate::modern::{
    self, Constants, Criterion, Cue, Kind, RamsauerClass, Reason, Search, Separation, Similarity, Stop,
};

enum Typed {
    F32(Store<f32>),
    F64(Store<f64>),
}

/// A modern Hopfield network over arrays that it shares with its face.
#[pyclass(frozen, module = "hopfield._core")]
pub(super) struct ModernHopfield {
    typed: Typed,
    family: Family,
}

/// Calls a generic function with the store, whatever its dtype.
macro_rules! typed {
    ($self:ident, $store:ident => $body:expr) => {
        match &$self.typed {
            Typed::F32($store) => $body,
            Typed::F64($store) => $body,
        }
    };
}

/// What belongs to the queries of a call, as the face hands it over.
type Flags<'py> = Option<PyReadonlyArray2<'py, bool>>;

#[pymethods]
impl ModernHopfield {
    #[new]
    fn new(
        py: Python,
        patterns: &Bound<PyAny>,
        values: Option<&Bound<PyUntypedArray>>,
        separation: (String, Option<f64>),
        similarity: &str,
        check_finite: bool,
        n_threads: Option<usize>,
    ) -> PyResult<Self> {
        let call = Call::new(py, n_threads);
        let family = family(py, &separation, similarity)?;
        if let Ok(rounded) = patterns.cast::<RoundedPatterns>() {
            let store = Store::of_rounded(call, rounded.get().rows(), values, finite(check_finite))?;
            return Ok(Self { typed: Typed::F32(store), family });
        }
        let patterns = patterns.cast::<PyUntypedArray>()?;
        let typed = if patterns.dtype().is_equiv_to(&numpy::dtype::<f32>(py)) {
            Typed::F32(Store::new(call, patterns, values, finite(check_finite))?)
        } else {
            Typed::F64(Store::new(call, patterns, values, finite(check_finite))?)
        };
        Ok(Self { typed, family })
    }

    /// Refuses a β that is not positive and finite, or under which scores go beyond the dtype.
    fn validate(&self, py: Python, beta: f64) -> PyResult<()> {
        typed!(self, store => store.with(Call::new(py, Some(1)), (beta, self.family), |_, _| Ok(())))
    }

    /// β for a wanted error, the share of sampled patterns that no β retrieves, and whether that changed β.
    fn calibrate(&self, py: Python, error: f64, n_threads: Option<usize>) -> PyResult<(f64, f64, bool)> {
        let found = typed!(self, store => store.calibrate(Call::new(py, n_threads), self.family, error))?;
        Ok((found.beta, found.unretrievable, found.fell_back))
    }

    #[allow(clippy::too_many_arguments)]
    fn step<'py>(
        &self,
        py: Python<'py>,
        beta: f64,
        queries: &Bound<'py, PyUntypedArray>,
        known: Flags<'py>,
        mask: Flags<'py>,
        n_threads: Option<usize>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let cue = cue(&known, false, &mask, true);
        typed!(self, store => store.step(Call::new(py, n_threads), (beta, self.family), queries, &cue))
    }

    /// The columns of a retrieval by the names of the result's fields; reasons as codes, no output without values.
    #[allow(clippy::too_many_arguments)]
    fn retrieve<'py>(
        &self,
        py: Python<'py>,
        beta: f64,
        queries: &Bound<'py, PyUntypedArray>,
        max_steps: usize,
        tol: f64,
        criterion: &str,
        known: Flags<'py>,
        clamp: bool,
        mask: Flags<'py>,
        trace: bool,
        check_finite: bool,
        n_threads: Option<usize>,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let criterion: Criterion = criterion.parse().map_err(|error| exception(py, &error))?;
        let stop = Stop { max_steps, tol, criterion, trace };
        let cue = cue(&known, clamp, &mask, check_finite);
        let call = Call { py, n_threads, progress };
        typed!(self, store => store.retrieve(call, (beta, self.family), queries, &cue, &stop))
    }

    fn energy<'py>(
        &self,
        py: Python<'py>,
        beta: f64,
        states: &Bound<'py, PyUntypedArray>,
        constants: bool,
        n_threads: Option<usize>,
    ) -> PyResult<Bound<'py, PyArray1<f64>>> {
        let constants = if constants { Constants::Include } else { Constants::Drop };
        typed!(self, store => store.energy(Call::new(py, n_threads), (beta, self.family), states, constants))
    }

    fn association<'py>(
        &self,
        py: Python<'py>,
        beta: f64,
        queries: &Bound<'py, PyUntypedArray>,
        n_threads: Option<usize>,
    ) -> PyResult<Bound<'py, PyAny>> {
        typed!(self, store => store.association(Call::new(py, n_threads), (beta, self.family), queries))
    }

    fn association_top<'py>(
        &self,
        py: Python<'py>,
        beta: f64,
        queries: &Bound<'py, PyUntypedArray>,
        top: usize,
        n_threads: Option<usize>,
    ) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyArray2<i64>>)> {
        typed!(self, store => store.association_top(Call::new(py, n_threads), (beta, self.family), queries, top))
    }

    /// The columns of diagnoses by the names of the result's fields; kinds and classes as codes.
    fn diagnose<'py>(
        &self,
        py: Python<'py>,
        beta: f64,
        states: &Bound<'py, PyUntypedArray>,
        n_threads: Option<usize>,
    ) -> PyResult<Bound<'py, PyDict>> {
        typed!(self, store => store.diagnose(Call::new(py, n_threads), (beta, self.family), states))
    }

    fn pattern_separation<'py>(
        &self,
        py: Python<'py>,
        n_threads: Option<usize>,
    ) -> PyResult<Bound<'py, PyArray1<f64>>> {
        typed!(self, store => store.pattern_separation(Call::new(py, n_threads), self.family))
    }

    /// The columns of an `ErrorBound` by the names of its fields, at a distance from each pattern.
    fn error_bound<'py>(
        &self,
        py: Python<'py>,
        beta: f64,
        distance: f64,
        n_threads: Option<usize>,
    ) -> PyResult<Bound<'py, PyDict>> {
        typed!(self, store => store.error_bound(Call::new(py, n_threads), (beta, self.family), distance))
    }

    fn step_error<'py>(
        &self,
        py: Python<'py>,
        beta: f64,
        queries: &Bound<'py, PyUntypedArray>,
        n_threads: Option<usize>,
    ) -> PyResult<Bound<'py, PyArray1<f64>>> {
        typed!(self, store => store.step_error(Call::new(py, n_threads), (beta, self.family), queries))
    }

    fn needed_beta<'py>(
        &self,
        py: Python<'py>,
        error: f64,
        distance: f64,
        n_threads: Option<usize>,
    ) -> PyResult<Bound<'py, PyArray1<f64>>> {
        typed!(self, store => store.needed_beta(Call::new(py, n_threads), self.family, error, distance))
    }

    fn novelty<'py>(
        &self,
        py: Python<'py>,
        beta: f64,
        queries: &Bound<'py, PyUntypedArray>,
        n_threads: Option<usize>,
    ) -> PyResult<Bound<'py, PyArray1<f64>>> {
        typed!(self, store => store.novelty(Call::new(py, n_threads), (beta, self.family), queries))
    }

    /// The columns of `FixedPoints` by the names of its fields; kinds as codes.
    #[allow(clippy::too_many_arguments)]
    fn fixed_points<'py>(
        &self,
        py: Python<'py>,
        beta: f64,
        starts: &Bound<'py, PyUntypedArray>,
        max_steps: usize,
        tol: f64,
        distance: Option<f64>,
        n_threads: Option<usize>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let search = Search { stop: Stop { max_steps, tol, ..Stop::default() }, distance };
        typed!(self, store => store.fixed_points(Call::new(py, n_threads), (beta, self.family), starts, &search))
    }

    /// The names that the codes of reasons stand for.
    #[classattr]
    const REASONS: &'static [&'static str] = Reason::NAMES;

    /// The names that the codes of kinds stand for.
    #[classattr]
    const KINDS: &'static [&'static str] = Kind::NAMES;

    /// The names that the codes of classes stand for.
    #[classattr]
    const CLASSES: &'static [&'static str] = RamsauerClass::NAMES;
}

/// Scales the rows of an array that nobody else has to norm 1, in place; a row of zeros is refused.
#[pyfunction]
pub(super) fn scale_to_unit(py: Python, rows: &Bound<PyUntypedArray>) -> PyResult<()> {
    fn typed<T: Real + Element>(py: Python, rows: &Bound<PyUntypedArray>) -> PyResult<()> {
        let mut rows = rows.cast::<PyArray2<T>>()?.try_readwrite()?;
        let mut rows = rows.as_array_mut();
        let columns = rows.ncols().max(1);
        let entries = rows.as_slice_mut().unwrap_or_default();
        Call::new(py, Some(1)).run(|par| to_unit_rows("patterns", entries, columns, par))
    }
    if rows.dtype().is_equiv_to(&numpy::dtype::<f32>(py)) { typed::<f32>(py, rows) } else { typed::<f64>(py, rows) }
}

fn finite(check: bool) -> Finite {
    if check { Finite::Check } else { Finite::Assume }
}

fn cue<'a>(known: &'a Flags, clamp: bool, mask: &'a Flags, check_finite: bool) -> Cue<'a> {
    Cue { mask: flags(mask.as_ref()), known: flags(known.as_ref()), clamp, finite: finite(check_finite) }
}

/// Attention over a batch: `(b, m, d)`, `(b, k, d)`, `(b, k, dv)`, mask `(b, m, k)`.
#[pyfunction]
pub(super) fn attention<'py>(
    py: Python<'py>,
    queries: &Bound<'py, PyUntypedArray>,
    keys: &Bound<'py, PyUntypedArray>,
    values: &Bound<'py, PyUntypedArray>,
    beta: Option<f64>,
    mask: Option<PyReadonlyArray3<'py, bool>>,
    separation: (String, Option<f64>),
) -> PyResult<Bound<'py, PyAny>> {
    fn typed<'py, T: Real + Element>(
        py: Python<'py>,
        arrays: [&Bound<'py, PyUntypedArray>; 3],
        beta: Option<f64>,
        mask: Option<&PyReadonlyArray3<'py, bool>>,
        separation: Separation,
    ) -> PyResult<Bound<'py, PyAny>> {
        let [queries, keys, values] = arrays.map(|array| array.cast::<PyArray3<T>>());
        let (queries, keys, values) = (queries?.try_readonly()?, keys?.try_readonly()?, values?.try_readonly()?);
        let (queries, keys, values) = (queries.as_array(), keys.as_array(), values.as_array());
        let mask = mask.map(PyReadonlyArray3::as_array);
        let output =
            Call::new(py, None).run(|par| modern::attention(queries, keys, values, beta, mask, separation, par))?;
        Ok(output.into_pyarray(py).into_any())
    }
    let (separation, _) = family(py, &separation, Similarity::Dot.name())?;
    if queries.dtype().is_equiv_to(&numpy::dtype::<f32>(py)) {
        typed::<f32>(py, [queries, keys, values], beta, mask.as_ref(), separation)
    } else {
        typed::<f64>(py, [queries, keys, values], beta, mask.as_ref(), separation)
    }
}
