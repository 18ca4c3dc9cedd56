//! The modern network over NumPy's memory: one dtype decision, then the crate's functions.

use std::sync::Arc;

use ndarray::CowArray;
use numpy::{
    Element, IntoPyArray, PyArray1, PyArray2, PyArray3, PyArrayDescrMethods, PyArrayMethods, PyReadonlyArray2,
    PyReadonlyArray3, PyUntypedArray, PyUntypedArrayMethods,
};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use super::array::{column, flags};
use super::error::exception;
use super::rounded::RoundedPatterns;
use super::run::Call;
use crate::input::patterns::Patterns;
use crate::input::real::{Finite, Norms, Rows};
use crate::input::rounded::Rounded;
use crate::kernel::real::Real;
use crate::modern::memory::Family;
use crate::modern::similarity::to_unit_rows;
use crate::modern::{
    self, Constants, Criterion, Cue, Kind, RamsauerClass, Reason, Search, Separation, Similarity, Stop,
};
use crate::par::Par;

/// Patterns and values in arrays that nobody writes to, and what is known of them.
pub(super) struct Store<T: Element> {
    patterns: Stored<T>,
    values: Option<(Py<PyArray2<T>>, Arc<Norms>)>,
}

pub(super) enum Stored<T: Element> {
    Array(Py<PyArray2<T>>, Arc<Norms>),
    Rounded(Arc<Rounded>),
}

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

/// The inverse temperature, and how scores become weights and what they compare.
pub(super) type Rules = (f64, Family);

/// A separation by name and parameter, and a similarity by name.
fn family(py: Python, (name, parameter): &(String, Option<f64>), similarity: &str) -> PyResult<Family> {
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

impl<T: Real + Element> Store<T> {
    fn new(
        call: Call,
        patterns: &Bound<PyUntypedArray>,
        values: Option<&Bound<PyUntypedArray>>,
        finite: Finite,
    ) -> PyResult<Self> {
        let patterns = patterns.cast::<PyArray2<T>>()?.clone();
        let patterns_in = patterns.try_readonly()?;
        let rows = patterns_in.as_array();
        let (norms, values) = Self::with_values(call, values, finite, |par| {
            let rows = Rows::patterns(CowArray::from(rows), finite, par)?;
            Ok((rows.len(), Arc::clone(rows.norms())))
        })?;
        Ok(Self { patterns: Stored::Array(patterns.clone().unbind(), norms), values })
    }

    fn of_rounded(
        call: Call,
        rounded: Arc<Rounded>,
        values: Option<&Bound<PyUntypedArray>>,
        finite: Finite,
    ) -> PyResult<Self> {
        let (patterns, values) = Self::with_values(call, values, finite, |_| Ok((rounded.len(), rounded)))?;
        Ok(Self { patterns: Stored::Rounded(patterns), values })
    }

    /// Checks patterns, which are counted, and values for them, in this order.
    #[allow(clippy::type_complexity, reason = "the patterns, and the values as a store has them")]
    fn with_values<P: Send>(
        call: Call,
        values: Option<&Bound<PyUntypedArray>>,
        finite: Finite,
        check_patterns: impl FnOnce(Par) -> crate::Result<(usize, P)> + Send,
    ) -> PyResult<(P, Option<(Py<PyArray2<T>>, Arc<Norms>)>)> {
        let values = values.map(|values| values.cast::<PyArray2<T>>().cloned()).transpose()?;
        let values_in = values.as_ref().map(PyArrayMethods::try_readonly).transpose()?;
        let rows = values_in.as_ref().map(PyReadonlyArray2::as_array);
        let (patterns, norms) = call.run(|par| {
            let (count, patterns) = check_patterns(par)?;
            let rows = rows.map(|rows| Rows::values(CowArray::from(rows), count, finite, par)).transpose()?;
            Ok((patterns, rows.map(|rows| Arc::clone(rows.norms()))))
        })?;
        let values = values.as_ref().map(|values| values.clone().unbind()).zip(norms);
        Ok((patterns, values))
    }

    fn calibrate(&self, call: Call, family: Family, error: f64) -> PyResult<modern::Calibration> {
        self.with_rows(call, |patterns, _, par| modern::calibrate::of_patterns(&patterns, family, error, par))
    }

    /// Runs `work` on the memory that the arrays, the inverse temperature and the family make.
    pub(super) fn with<R: Send>(
        &self,
        call: Call,
        (beta, family): Rules,
        work: impl FnOnce(&modern::ModernHopfield<T>, Par) -> crate::Result<R> + Send,
    ) -> PyResult<R> {
        self.with_rows(call, |patterns, values, par| {
            work(&modern::ModernHopfield::assemble(patterns, values, beta, family)?, par)
        })
    }

    /// Runs `work` on the patterns and the values.
    pub(super) fn with_rows<R: Send>(
        &self,
        call: Call,
        work: impl for<'a> FnOnce(Patterns<'a, T>, Option<Rows<'a, T>>, Par) -> crate::Result<R> + Send,
    ) -> PyResult<R> {
        let py = call.py;
        let refused = |error| exception(py, &error);
        let (array, array_of_values);
        let patterns = match &self.patterns {
            Stored::Array(patterns, norms) => {
                array = patterns.bind(py).try_readonly()?;
                Patterns::Wide(Rows::trusted(array.as_array(), norms).map_err(refused)?)
            }
            Stored::Rounded(rounded) => Patterns::Rounded(Arc::clone(rounded)),
        };
        let values = match &self.values {
            Some((values, norms)) => {
                array_of_values = values.bind(py).try_readonly()?;
                Some(Rows::trusted(array_of_values.as_array(), norms).map_err(refused)?)
            }
            None => None,
        };
        call.run(|par| work(patterns, values, par))
    }

    fn step<'py>(
        &self,
        call: Call<'py>,
        rules: Rules,
        queries: &Bound<'py, PyUntypedArray>,
        cue: &Cue,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (py, queries) = (call.py, queries.cast::<PyArray2<T>>()?.try_readonly()?);
        let queries = queries.as_array();
        Ok(self.with(call, rules, |memory, par| memory.step(queries, cue, par))?.into_pyarray(py).into_any())
    }

    fn retrieve<'py>(
        &self,
        call: Call<'py>,
        rules: Rules,
        queries: &Bound<'py, PyUntypedArray>,
        cue: &Cue,
        stop: &Stop,
    ) -> PyResult<Bound<'py, PyDict>> {
        let (py, queries) = (call.py, queries.cast::<PyArray2<T>>()?.try_readonly()?);
        let queries = queries.as_array();
        let found = self.with(call, rules, |memory, par| memory.retrieve(queries, cue, stop, par))?;
        let columns = PyDict::new(py);
        columns.set_item("states", found.states.into_pyarray(py))?;
        columns.set_item("output", found.output.map(|output| output.into_pyarray(py)))?;
        columns.set_item("converged", found.converged.into_pyarray(py))?;
        columns.set_item("reason", column(py, &found.reason, |&reason| reason as i8))?;
        columns.set_item("n_steps", found.n_steps.into_pyarray(py))?;
        columns.set_item("residual", found.residual.into_pyarray(py))?;
        columns.set_item("energy", found.energy.into_pyarray(py))?;
        columns.set_item("pattern", found.pattern.into_pyarray(py))?;
        columns.set_item("weight", found.weight.into_pyarray(py))?;
        columns.set_item("trace", found.trace.map(|trace| trace.into_pyarray(py)))?;
        Ok(columns)
    }

    fn energy<'py>(
        &self,
        call: Call<'py>,
        rules: Rules,
        states: &Bound<'py, PyUntypedArray>,
        constants: Constants,
    ) -> PyResult<Bound<'py, PyArray1<f64>>> {
        let (py, states) = (call.py, states.cast::<PyArray2<T>>()?.try_readonly()?);
        let states = states.as_array();
        Ok(self.with(call, rules, |memory, par| memory.energy(states, constants, par))?.into_pyarray(py))
    }

    fn association<'py>(
        &self,
        call: Call<'py>,
        rules: Rules,
        queries: &Bound<'py, PyUntypedArray>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (py, queries) = (call.py, queries.cast::<PyArray2<T>>()?.try_readonly()?);
        let queries = queries.as_array();
        Ok(self.with(call, rules, |memory, par| memory.association(queries, par))?.into_pyarray(py).into_any())
    }

    fn association_top<'py>(
        &self,
        call: Call<'py>,
        rules: Rules,
        queries: &Bound<'py, PyUntypedArray>,
        top: usize,
    ) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyArray2<i64>>)> {
        let (py, queries) = (call.py, queries.cast::<PyArray2<T>>()?.try_readonly()?);
        let queries = queries.as_array();
        let (weights, indices) = self.with(call, rules, |memory, par| memory.association_top(queries, top, par))?;
        Ok((weights.into_pyarray(py).into_any(), indices.into_pyarray(py)))
    }

    fn diagnose<'py>(
        &self,
        call: Call<'py>,
        rules: Rules,
        states: &Bound<'py, PyUntypedArray>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let (py, states) = (call.py, states.cast::<PyArray2<T>>()?.try_readonly()?);
        let states = states.as_array();
        let found = self.with(call, rules, |memory, par| memory.diagnose(states, par))?;
        let indices = |found: &modern::Diagnosis| {
            found.patterns.iter().map(|&index| index as i64).collect::<Vec<_>>().into_pyarray(py)
        };
        let columns = PyDict::new(py);
        columns.set_item("kind", column(py, &found, |found| found.kind as i8))?;
        columns.set_item("size", column(py, &found, |found| found.size as i64))?;
        columns.set_item("patterns", PyList::new(py, found.iter().map(indices))?)?;
        columns.set_item("entropy", column(py, &found, |found| found.entropy))?;
        columns.set_item("participation", column(py, &found, |found| found.participation))?;
        columns.set_item("ramsauer_class", column(py, &found, |found| found.ramsauer_class as i8))?;
        Ok(columns)
    }
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
