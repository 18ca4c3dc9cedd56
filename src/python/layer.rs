//! Layers over NumPy's memory: parameters and inputs by name, and a tape that gives gradients by the same names.

use numpy::{
    Element, IntoPyArray, PyArray1, PyArray2, PyArray3, PyArrayDescrMethods, PyArrayMethods, PyReadonlyArray2,
    PyReadonlyArray3, PyUntypedArray, PyUntypedArrayMethods,
};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::error::exception;
use super::run::Call;
use crate::kernel::real::Real;
use crate::layer::{
    self, AssociationMask, Gradients, Inputs, Linear, Normalization, Outcome, Parameters, Run, Separation, Through,
};

/// What a layer is, apart from what it learns.
#[pyclass(frozen, module = "hopfield._core")]
pub(super) struct Layer {
    layer: layer::Layer,
    /// What is added to variances: of stored patterns, states, inputs of values, and in Hopfield space.
    epsilons: [Option<f64>; 4],
}

/// The options of a layer, by name.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
struct Options {
    heads: usize,
    hidden_size: usize,
    pattern_size: usize,
    beta: Vec<f64>,
    max_updates: Vec<usize>,
    tolerance: Vec<f64>,
    /// α of entmax; none for softmax.
    alpha: Option<f64>,
    zero_association: bool,
    connected: bool,
    dropout: f64,
    activation: Option<String>,
    kind: String,
    epsilons: [Option<f64>; 4],
}

const NORMS: [&str; 4] = ["stored_norm", "state_norm", "projection_norm", "space_norm"];
const LINEARS: [&str; 4] = ["query", "key", "value", "output"];

#[pymethods]
impl Layer {
    #[new]
    fn new(py: Python, options: Options) -> PyResult<Self> {
        let activation = options.activation.map(|name| name.parse()).transpose();
        let activation = activation.map_err(|error| exception(py, &error))?;
        let kind = options.kind.parse().map_err(|error| exception(py, &error))?;
        let layer = layer::Layer {
            heads: options.heads,
            hidden_size: options.hidden_size,
            pattern_size: options.pattern_size,
            beta: options.beta,
            max_updates: options.max_updates,
            tolerance: options.tolerance,
            separation: options.alpha.map_or(Separation::Softmax, |alpha| Separation::Entmax { alpha }),
            zero_association: options.zero_association,
            connected: options.connected,
            dropout: options.dropout,
            activation,
            kind,
        };
        Ok(Self { layer, epsilons: options.epsilons })
    }

    /// The columns of an outcome by name, and a tape if `through` names the way back.
    #[allow(clippy::too_many_arguments)]
    fn forward<'py>(
        &self,
        py: Python<'py>,
        parameters: &Bound<'py, PyDict>,
        state: &Bound<'py, PyUntypedArray>,
        stored: &Bound<'py, PyUntypedArray>,
        projection: Option<&Bound<'py, PyUntypedArray>>,
        lengths: Option<Vec<usize>>,
        stored_mask: Option<PyReadonlyArray2<'py, bool>>,
        association_mask: Option<&Bound<'py, PyUntypedArray>>,
        seed: Option<u64>,
        through: Option<&str>,
        association: bool,
    ) -> PyResult<(Bound<'py, PyDict>, Option<Tape>)> {
        let given = Given { parameters, state, stored, projection, lengths, stored_mask, association_mask };
        let through = through.map(|name| if name == "implicit" { Through::FixedPoint } else { Through::Updates });
        let run = Run { seed, tape: through, association };
        if state.dtype().is_equiv_to(&numpy::dtype::<f32>(py)) {
            let (outcome, tape) = self.forward_in::<f32>(py, &given, &run)?;
            Ok((outcome, tape.map(|tape| Tape(Typed::F32(tape)))))
        } else {
            let (outcome, tape) = self.forward_in::<f64>(py, &given, &run)?;
            Ok((outcome, tape.map(|tape| Tape(Typed::F64(tape)))))
        }
    }
}

/// The arrays of a call.
struct Given<'a, 'py> {
    parameters: &'a Bound<'py, PyDict>,
    state: &'a Bound<'py, PyUntypedArray>,
    stored: &'a Bound<'py, PyUntypedArray>,
    projection: Option<&'a Bound<'py, PyUntypedArray>>,
    lengths: Option<Vec<usize>>,
    stored_mask: Option<PyReadonlyArray2<'py, bool>>,
    association_mask: Option<&'a Bound<'py, PyUntypedArray>>,
}

impl Layer {
    #[allow(clippy::type_complexity)]
    fn forward_in<'py, T: Real + Element>(
        &self,
        py: Python<'py>,
        given: &Given<'_, 'py>,
        run: &Run,
    ) -> PyResult<(Bound<'py, PyDict>, Option<layer::Tape<T>>)> {
        let parameters = self.parameters::<T>(given.parameters)?;
        let state = given.state.cast::<PyArray3<T>>()?.try_readonly()?;
        let stored = given.stored.cast::<PyArray3<T>>()?.try_readonly()?;
        let projection =
            given.projection.map(|array| PyResult::Ok(array.cast::<PyArray3<T>>()?.try_readonly()?)).transpose()?;
        let mask = given.association_mask.map(|mask| Mask::<T>::new(mask)).transpose()?;
        let inputs = Inputs {
            state: state.as_array(),
            stored: stored.as_array(),
            projection: projection.as_ref().map(|array| array.as_array()),
            lengths: given.lengths.as_deref(),
            stored_mask: given.stored_mask.as_ref().map(PyReadonlyArray2::as_array),
            association_mask: mask.as_ref().map(Mask::view),
        };
        let (outcome, tape) = Call::new(py, None).run(|par| self.layer.forward(&parameters, &inputs, run, par))?;
        Ok((columns(py, outcome)?, tape))
    }

    fn parameters<T: Real + Element>(&self, given: &Bound<PyDict>) -> PyResult<Parameters<T>> {
        let vector = |name: &str| -> PyResult<Option<Vec<T>>> {
            let Some(array) = given.get_item(name)? else { return Ok(None) };
            if let Ok(table) = array.cast::<PyArray2<T>>() {
                return Ok(Some(table.try_readonly()?.as_array().iter().copied().collect()));
            }
            Ok(Some(array.cast::<PyArray1<T>>()?.try_readonly()?.as_array().to_vec()))
        };
        let linear = |name: &str| -> PyResult<Option<Linear<T>>> {
            let Some(weight) = vector(&format!("{name}.weight"))? else { return Ok(None) };
            Ok(Some(Linear { weight, bias: vector(&format!("{name}.bias"))? }))
        };
        let norm = |number: usize| -> PyResult<Normalization<T>> {
            let Some(epsilon) = self.epsilons[number] else { return Ok(Normalization::Off) };
            let name = NORMS[number];
            Ok(match (vector(&format!("{name}.weight"))?, vector(&format!("{name}.bias"))?) {
                (Some(gain), Some(bias)) => Normalization::Affine { epsilon, gain, bias },
                _ => Normalization::Plain { epsilon },
            })
        };
        Ok(Parameters {
            stored_norm: norm(0)?,
            state_norm: norm(1)?,
            projection_norm: norm(2)?,
            space_norm: norm(3)?,
            query: linear(LINEARS[0])?,
            key: linear(LINEARS[1])?,
            value: linear(LINEARS[2])?,
            output: linear(LINEARS[3])?,
        })
    }
}

/// An association mask as it came.
enum Mask<'py, T: Element> {
    Allowed(PyReadonlyArray3<'py, bool>),
    Added(PyReadonlyArray3<'py, T>),
}

impl<'py, T: Element> Mask<'py, T> {
    fn new(array: &Bound<'py, PyUntypedArray>) -> PyResult<Self> {
        if let Ok(flags) = array.cast::<PyArray3<bool>>() {
            return Ok(Self::Allowed(flags.try_readonly()?));
        }
        Ok(Self::Added(array.cast::<PyArray3<T>>()?.try_readonly()?))
    }

    fn view(&self) -> AssociationMask<'_, T> {
        match self {
            Self::Allowed(mask) => AssociationMask::Allowed(mask.as_array()),
            Self::Added(mask) => AssociationMask::Added(mask.as_array()),
        }
    }
}

fn columns<T: Real + Element>(py: Python, outcome: Outcome<T>) -> PyResult<Bound<PyDict>> {
    let columns = PyDict::new(py);
    columns.set_item("output", outcome.output.into_pyarray(py))?;
    columns.set_item("energy", outcome.energy.into_pyarray(py))?;
    columns.set_item("steps", outcome.steps.into_pyarray(py))?;
    columns.set_item("converged", outcome.converged.into_pyarray(py))?;
    columns.set_item("association", outcome.association.map(|matrix| matrix.into_pyarray(py)))?;
    Ok(columns)
}

enum Typed {
    F32(layer::Tape<f32>),
    F64(layer::Tape<f64>),
}

/// What a forward pass left for its gradient.
#[pyclass(frozen, module = "hopfield._core")]
pub(super) struct Tape(Typed);

#[pymethods]
impl Tape {
    /// Gradients by the names of inputs and parameters, given that with respect to the output.
    fn pull<'py>(&self, py: Python<'py>, gradient: &Bound<'py, PyUntypedArray>) -> PyResult<Bound<'py, PyDict>> {
        match &self.0 {
            Typed::F32(tape) => pull(py, tape, gradient),
            Typed::F64(tape) => pull(py, tape, gradient),
        }
    }
}

fn pull<'py, T: Real + Element>(
    py: Python<'py>,
    tape: &layer::Tape<T>,
    gradient: &Bound<'py, PyUntypedArray>,
) -> PyResult<Bound<'py, PyDict>> {
    let gradient = gradient.cast::<PyArray3<T>>()?.try_readonly()?;
    let gradient = gradient.as_array();
    let found = Call::new(py, None).run(|par| tape.pull(gradient, par))?;
    let named = PyDict::new(py);
    let Gradients { state, stored, projection, beta, .. } = found;
    named.set_item("state", state.into_pyarray(py))?;
    named.set_item("stored", stored.into_pyarray(py))?;
    named.set_item("projection", projection.map(|array| array.into_pyarray(py)))?;
    named.set_item("beta", beta.into_pyarray(py))?;
    let norms = [found.stored_norm, found.state_norm, found.projection_norm, found.space_norm];
    for (name, norm) in NORMS.into_iter().zip(norms) {
        if let Some((gain, bias)) = norm {
            named.set_item(format!("{name}.weight"), gain.into_pyarray(py))?;
            named.set_item(format!("{name}.bias"), bias.into_pyarray(py))?;
        }
    }
    for (name, linear) in LINEARS.into_iter().zip([found.query, found.key, found.value, found.output]) {
        if let Some(Linear { weight, bias }) = linear {
            named.set_item(format!("{name}.weight"), weight.into_pyarray(py))?;
            if let Some(bias) = bias {
                named.set_item(format!("{name}.bias"), bias.into_pyarray(py))?;
            }
        }
    }
    Ok(named)
}
