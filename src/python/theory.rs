//! What the modern network says of itself: bounds, novelty, fixed points.

use numpy::{Element, IntoPyArray, PyArray1, PyArray2, PyArrayMethods, PyUntypedArray};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::array::column;
use super::run::Call;
use super::store::{Rules, Store};
use crate::kernel::real::Real;
use crate::modern::memory::Family;
use crate::modern::pattern_separation::pattern_separation;
use crate::modern::{Search, Theory};

type Column<'py> = Bound<'py, PyArray1<f64>>;

impl<T: Real + Element> Store<T> {
    pub(super) fn pattern_separation<'py>(&self, call: Call<'py>, family: Family) -> PyResult<Column<'py>> {
        let py = call.py;
        Ok(PyArray1::from_vec(
            py,
            self.with_rows(call, |patterns, _, par| pattern_separation(&patterns, family.1, par))?,
        ))
    }

    pub(super) fn error_bound<'py>(
        &self,
        call: Call<'py>,
        rules: Rules,
        distance: f64,
    ) -> PyResult<Bound<'py, PyDict>> {
        let py = call.py;
        let (theory, separations, jacobian) = self.with(call, rules, |memory, par| {
            Ok((memory.theory()?, memory.pattern_separation(par)?, memory.jacobian_bound(par)?))
        })?;
        let each = |of: fn(&Theory, f64, f64) -> f64| separations.mapv(|separation| of(&theory, separation, distance));
        let columns = PyDict::new(py);
        columns.set_item("well_separated", separations.mapv(|it| theory.is_well_separated(it)).into_pyarray(py))?;
        columns.set_item("one_step", each(Theory::one_step_error).into_pyarray(py))?;
        columns.set_item("fixed_point", separations.mapv(|it| theory.fixed_point_error(it)).into_pyarray(py))?;
        columns.set_item("contraction", each(Theory::contraction).into_pyarray(py))?;
        columns.set_item("separation", separations.into_pyarray(py))?;
        columns.set_item("needed_separation", theory.needed_separation())?;
        columns.set_item("radius", theory.radius())?;
        columns.set_item("jacobian", jacobian)?;
        columns.set_item("largest_norm", theory.largest_norm)?;
        Ok(columns)
    }

    pub(super) fn step_error<'py>(
        &self,
        call: Call<'py>,
        rules: Rules,
        queries: &Bound<'py, PyUntypedArray>,
    ) -> PyResult<Column<'py>> {
        let (py, queries) = (call.py, queries.cast::<PyArray2<T>>()?.try_readonly()?);
        let queries = queries.as_array();
        Ok(self.with(call, rules, |memory, par| memory.step_error(queries, par))?.into_pyarray(py))
    }

    pub(super) fn needed_beta<'py>(
        &self,
        call: Call<'py>,
        family: Family,
        error: f64,
        distance: f64,
    ) -> PyResult<Column<'py>> {
        let py = call.py;
        let needed = self.with_rows(call, |patterns, _, par| {
            let theory = Theory::of(&patterns, 1.0, family)?;
            let separations = pattern_separation(&patterns, family.1, par)?;
            separations.iter().map(|&separation| theory.needed_beta(error, separation, distance)).collect()
        });
        Ok(PyArray1::from_vec(py, needed?))
    }

    pub(super) fn novelty<'py>(
        &self,
        call: Call<'py>,
        rules: Rules,
        queries: &Bound<'py, PyUntypedArray>,
    ) -> PyResult<Column<'py>> {
        let (py, queries) = (call.py, queries.cast::<PyArray2<T>>()?.try_readonly()?);
        let queries = queries.as_array();
        Ok(self.with(call, rules, |memory, par| memory.novelty(queries, par))?.into_pyarray(py))
    }

    pub(super) fn fixed_points<'py>(
        &self,
        call: Call<'py>,
        rules: Rules,
        starts: &Bound<'py, PyUntypedArray>,
        search: &Search,
    ) -> PyResult<Bound<'py, PyDict>> {
        let (py, starts) = (call.py, starts.cast::<PyArray2<T>>()?.try_readonly()?);
        let starts = starts.as_array();
        let found = self.with(call, rules, |memory, par| memory.fixed_points(starts, search, par))?;
        let columns = PyDict::new(py);
        columns.set_item("states", found.states.into_pyarray(py))?;
        columns.set_item("energy", found.energy.into_pyarray(py))?;
        columns.set_item("basin", found.basin.into_pyarray(py))?;
        columns.set_item("kind", column(py, &found.kind, |&kind| kind as i8))?;
        columns.set_item("size", found.size.into_pyarray(py))?;
        columns.set_item("pattern", found.pattern.into_pyarray(py))?;
        columns.set_item("stable", found.stable.into_pyarray(py))?;
        columns.set_item("reached", found.reached.into_pyarray(py))?;
        Ok(columns)
    }
}
