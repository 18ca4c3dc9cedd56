//! Attention with a hidden state over NumPy's memory.

use numpy::{
    Element, IntoPyArray, PyArray1, PyArray2, PyArray3, PyArray4, PyArrayDescrMethods, PyArrayMethods, PyUntypedArray,
    PyUntypedArrayMethods,
};
use pyo3::prelude::*;

use super::error::exception;
use super::run::Call;
use crate::error::Error;
use crate::kernel::real::Real;
use crate::layer::{self, HiddenStateLayer, HiddenStateTape, Linear, Mixing, Sizes};

/// States and hidden states, and what they were computed with.
type Pair<'py> = (Bound<'py, PyAny>, Bound<'py, PyAny>);

fn refused<T>(py: Python, rule: &'static str) -> PyResult<T> {
    Err(exception(py, &Error::Options { rule }))
}

/// A contiguous array's entries, copied so that the interpreter lock can be released.
fn entries<T: Element + Copy>(array: &Bound<PyUntypedArray>) -> PyResult<Vec<T>> {
    Ok(array.cast::<numpy::PyArrayDyn<T>>()?.try_readonly()?.as_array().iter().copied().collect())
}

/// `(x', h')` for each problem; arrays of three axes.
#[pyfunction]
pub(super) fn hidden_state_attention<'py>(
    py: Python<'py>,
    arrays: [Bound<'py, PyUntypedArray>; 4],
    hidden: Option<Bound<'py, PyUntypedArray>>,
    mixing: (f64, f64, f64),
) -> PyResult<Pair<'py>> {
    fn typed<'py, T: Real + Element>(
        py: Python<'py>,
        arrays: &[Bound<'py, PyUntypedArray>; 4],
        hidden: Option<&Bound<'py, PyUntypedArray>>,
        mixing: Mixing,
    ) -> PyResult<Pair<'py>> {
        let (shape, values) = (arrays[0].shape(), arrays[2].shape());
        let [&problems, &queries, &d] = [&shape[0], &shape[1], &shape[2]];
        let sizes = Sizes { problems, queries, keys: values[1], d, columns: values[2] };
        let given = [entries::<T>(&arrays[0])?, entries(&arrays[1])?, entries(&arrays[2])?, entries(&arrays[3])?];
        let hidden = hidden.map(entries::<T>).transpose()?;
        let (state, hidden) = Call::new(py, None).run(|par| {
            let given = [&given[0][..], &given[1], &given[2], &given[3]];
            layer::hidden_state_attention(given, hidden.as_deref(), sizes, mixing, par)
        })?;
        let state = state.into_pyarray(py).reshape([problems, queries, sizes.columns])?;
        Ok((state.into_any(), hidden.into_pyarray(py).reshape([problems, queries, sizes.keys])?.into_any()))
    }
    let mixing = Mixing { alpha: mixing.0, alpha_hidden: mixing.1, beta: mixing.2 };
    if arrays.iter().any(|array| array.ndim() != 3) {
        return refused(py, "queries, keys, values and states must have three axes");
    }
    if arrays[0].dtype().is_equiv_to(&numpy::dtype::<f32>(py)) {
        typed::<f32>(py, &arrays, hidden.as_ref(), mixing)
    } else {
        typed::<f64>(py, &arrays, hidden.as_ref(), mixing)
    }
}

enum Typed {
    F32(HiddenStateTape<f32>),
    F64(HiddenStateTape<f64>),
}

/// What a forward pass of a layer with hidden states left for its gradient.
#[pyclass(frozen, module = "hopfield._core")]
pub(super) struct HiddenTape(Typed);

/// One layer: states, hidden states and the tape.
#[pyfunction]
pub(super) fn hidden_state_layer<'py>(
    py: Python<'py>,
    states: Bound<'py, PyUntypedArray>,
    hidden: Option<Bound<'py, PyUntypedArray>>,
    weight: Bound<'py, PyUntypedArray>,
    bias: Option<Bound<'py, PyUntypedArray>>,
    heads: usize,
    mixing: (f64, f64, f64),
) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>, HiddenTape)> {
    #[allow(clippy::type_complexity)]
    fn typed<'py, T: Real + Element>(
        py: Python<'py>,
        states: &Bound<'py, PyUntypedArray>,
        hidden: Option<&Bound<'py, PyUntypedArray>>,
        (weight, bias): (&Bound<'py, PyUntypedArray>, Option<&Bound<'py, PyUntypedArray>>),
        heads: usize,
        mixing: Mixing,
    ) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>, HiddenStateTape<T>)> {
        let shape = states.shape();
        let (batch, length, width) = (shape[0], shape[1], shape[2]);
        let projection = Linear { weight: entries::<T>(weight)?, bias: bias.map(entries).transpose()? };
        let layer = HiddenStateLayer { heads, projection, mixing };
        let (given, hidden) = (entries::<T>(states)?, hidden.map(entries::<T>).transpose()?);
        let (state, hidden, tape) =
            Call::new(py, None).run(|par| layer.forward(&given, (batch, length, width), hidden.as_deref(), par))?;
        let state = state.into_pyarray(py).reshape([batch, length, width])?;
        Ok((state.into_any(), hidden.into_pyarray(py).reshape([batch, heads, length, length])?.into_any(), tape))
    }
    let mixing = Mixing { alpha: mixing.0, alpha_hidden: mixing.1, beta: mixing.2 };
    if states.ndim() != 3 {
        return refused(py, "states must have three axes");
    }
    let projection = (&weight, bias.as_ref());
    if states.dtype().is_equiv_to(&numpy::dtype::<f32>(py)) {
        let (state, hidden, tape) = typed::<f32>(py, &states, hidden.as_ref(), projection, heads, mixing)?;
        Ok((state, hidden, HiddenTape(Typed::F32(tape))))
    } else {
        let (state, hidden, tape) = typed::<f64>(py, &states, hidden.as_ref(), projection, heads, mixing)?;
        Ok((state, hidden, HiddenTape(Typed::F64(tape))))
    }
}

/// Gradients with respect to states, hidden states, weights and bias.
type Pulled<'py> = (Bound<'py, PyAny>, Bound<'py, PyAny>, Bound<'py, PyAny>, Option<Bound<'py, PyAny>>);

#[pymethods]
impl HiddenTape {
    /// Gradients, given those with respect to states and hidden states.
    fn pull<'py>(
        &self,
        py: Python<'py>,
        states: Bound<'py, PyUntypedArray>,
        hidden: Bound<'py, PyUntypedArray>,
    ) -> PyResult<Pulled<'py>> {
        match &self.0 {
            Typed::F32(tape) => pull(py, tape, &states, &hidden),
            Typed::F64(tape) => pull(py, tape, &states, &hidden),
        }
    }
}

fn pull<'py, T: Real + Element>(
    py: Python<'py>,
    tape: &HiddenStateTape<T>,
    states: &Bound<'py, PyUntypedArray>,
    hidden: &Bound<'py, PyUntypedArray>,
) -> PyResult<Pulled<'py>> {
    let (of_states, of_hidden) = (entries::<T>(states)?, entries::<T>(hidden)?);
    let shape = hidden.shape().to_vec();
    let (states, hidden, Linear { weight, bias }) =
        Call::new(py, None).run(|par| tape.pull(&of_states, &of_hidden, par))?;
    let (batch, length, width) = tape.shape();
    let states: Bound<PyArray3<T>> = states.into_pyarray(py).reshape([batch, length, width])?;
    let hidden: Bound<PyArray4<T>> = hidden.into_pyarray(py).reshape([shape[0], shape[1], shape[2], shape[3]])?;
    let weight: Bound<PyArray2<T>> = weight.into_pyarray(py).reshape([3 * width, width])?;
    let bias: Option<Bound<PyArray1<T>>> = bias.map(|bias| bias.into_pyarray(py));
    Ok((states.into_any(), hidden.into_any(), weight.into_any(), bias.map(Bound::into_any)))
}
