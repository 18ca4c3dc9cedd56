//! A layer and its forward pass.
//!
//! Not here: the way back (`pull`).

use std::ops::Range;

use ndarray::{Array3, Array4, ArrayBase, ArrayView2, ArrayView3, CowArray};

use super::folded::{Folded, Map};
use super::masks::{AssociationMask, Dropout, Masks, OwnMask, Places};
use super::matrix::{Blocks, copied, project};
use super::norm::{Normalization, Normalized};
use super::parameters::{Activation, Linear, Parameters, Separation};
use super::projected::Projected;
use super::pull::{Body, Tape};
use super::space::{Record, Settled, Space, Stops, Through, settle};
use crate::error::{Error, Result, area, try_vec};
use crate::kernel::real::Real;
use crate::par::Par;

/// A Hopfield layer without what it learns.
///
/// ```
/// use hopfield::{Par, layer::{Inputs, Layer, Parameters, Run}};
/// use ndarray::array;
///
/// let layer = Layer { beta: vec![8.0], ..Layer::plain(2) };
/// let patterns = array![[[1.0, -1.0], [1.0, 1.0]]];
/// let state = array![[[0.9, -0.8]]];
/// let inputs = Inputs::new(state.view(), patterns.view());
/// let (found, _) = layer.forward(&Parameters::default(), &inputs, &Run::default(), Par::default())?;
/// assert!((found.output[[0, 0, 1]] + 1.0_f64).abs() < 1e-5);
/// # Ok::<(), hopfield::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Layer {
    /// Parallel associations.
    pub heads: usize,
    /// Entries of a state in Hopfield space, of each head.
    pub hidden_size: usize,
    /// Entries of a value, of each head.
    pub pattern_size: usize,
    /// Inverse temperatures, one a head; any real numbers.
    pub beta: Vec<f64>,
    /// Updates that a state may take before it reads the values out, one entry a head.
    pub max_updates: Vec<usize>,
    /// A state stops when it moves no further than this, one entry a head.
    pub tolerance: Vec<f64>,
    /// How scores become weights.
    pub separation: Separation,
    /// A stored pattern of zeros with a value of zeros is seen beside the others.
    pub zero_association: bool,
    /// Values are projected from projected stored patterns.
    pub connected: bool,
    /// The share of weights that is dropped in training.
    pub dropout: f64,
    /// Of the output.
    pub activation: Option<Activation>,
    /// Few states look into many stored patterns: projections are folded into the states where that is less work.
    pub pooling: bool,
}

impl Layer {
    /// One head that takes patterns of `width` entries as they are, with β = 1 and no update before the readout.
    #[must_use]
    pub fn plain(width: usize) -> Self {
        Self {
            heads: 1,
            hidden_size: width,
            pattern_size: width,
            beta: vec![1.0],
            max_updates: vec![0],
            tolerance: vec![1e-4],
            separation: Separation::Softmax,
            zero_association: false,
            connected: false,
            dropout: 0.0,
            activation: None,
            pooling: false,
        }
    }
}

/// What a layer is given: `B` samples of `L` states and `S` stored patterns.
#[derive(Clone, Debug)]
pub struct Inputs<'a, T> {
    /// `(B, L, D)`, or `(1, L, D)` for states that all samples share.
    pub state: ArrayView3<'a, T>,
    /// `(B, S, Ds)`, or `(1, S, Ds)` for stored patterns that all samples share; nothing is repeated.
    pub stored: ArrayView3<'a, T>,
    /// What values are made of, as many rows; the stored patterns unless given.
    pub projection: Option<ArrayView3<'a, T>>,
    /// Stored patterns of each sample, one after the other in `(1, ΣS, Ds)`: bags without padding.
    pub lengths: Option<&'a [usize]>,
    /// `(B, S)`: `true` where a stored pattern takes part.
    pub stored_mask: Option<ArrayView2<'a, bool>>,
    /// For each state and stored pattern.
    pub association_mask: Option<AssociationMask<'a, T>>,
}

impl<'a, T> Inputs<'a, T> {
    /// States and stored patterns, all of which take part.
    #[must_use]
    pub fn new(state: ArrayView3<'a, T>, stored: ArrayView3<'a, T>) -> Self {
        Self { state, stored, projection: None, lengths: None, stored_mask: None, association_mask: None }
    }
}

/// What a forward pass shall do besides.
#[derive(Clone, Debug, Default)]
pub struct Run {
    /// The seed of dropout: training. None drops nothing.
    pub seed: Option<u64>,
    /// Keep a tape, to pull gradients back through the updates or from the fixed point.
    pub tape: Option<Through>,
    /// Return the association matrix.
    pub association: bool,
}

/// What a layer gives.
#[derive(Clone, Debug)]
pub struct Outcome<T> {
    /// `(B, L, outputs)`.
    pub output: Array3<T>,
    /// `(B, H, L)`: `−Ω*(z)/β + ½ q·q` of the states that read out, `Ω* = ln Σ e^z` for softmax; NaN at β = 0.
    pub energy: Array3<f64>,
    /// `(B, H, L)`: updates before the readout.
    pub steps: Array3<i64>,
    /// `(B, H, L)`: whether the last update moved a state no further than the tolerance.
    pub converged: Array3<bool>,
    /// `(B, H, L, S)`, the weights before dropout, if asked for.
    pub association: Option<Array4<T>>,
}

/// Inputs in one piece, whose shapes fit each other and the layer.
pub(super) struct Fitted<'a, T: Real> {
    pub(super) places: Places,
    pub(super) sets: Vec<Range<usize>>,
    /// Samples that bring states of their own; 1 where they are shared.
    pub(super) state_batch: usize,
    pub(super) state_size: usize,
    pub(super) stored_size: usize,
    pub(super) projection_size: usize,
    state: CowArray<'a, T, ndarray::Ix3>,
    stored: CowArray<'a, T, ndarray::Ix3>,
    projection: Option<CowArray<'a, T, ndarray::Ix3>>,
}

impl Layer {
    /// The output for `inputs`, and the tape if it is wanted.
    ///
    /// # Errors
    /// Shapes that do not fit, NaN or infinity; and for gradients from the fixed point, states that have not settled.
    pub fn forward<T: Real>(
        &self,
        parameters: &Parameters<T>,
        inputs: &Inputs<T>,
        run: &Run,
        par: Par,
    ) -> Result<(Outcome<T>, Option<Tape<T>>)> {
        let fitted = self.fit(parameters, inputs)?;
        let stored_mask = inputs.stored_mask.map(|mask| mask.as_standard_layout().into_owned());
        let association_mask = inputs.association_mask.as_ref().map(OwnMask::new);
        let masks = Masks::new(fitted.places, stored_mask.as_ref(), association_mask.as_ref());
        let dropout = run.seed.filter(|_| self.dropout > 0.0).map(|seed| Dropout { rate: self.dropout, seed });

        let state = normalized(&fitted.state, fitted.state_size, &parameters.state_norm, par)?;
        let stored = normalized(&fitted.stored, fitted.stored_size, &parameters.stored_norm, par)?;
        let same = parameters.stored_norm.epsilon() == parameters.projection_norm.epsilon();
        let projection = match &fitted.projection {
            None if same => None,
            None => Some(normalized(&fitted.stored, fitted.stored_size, &parameters.projection_norm, par)?),
            Some(given) => Some(normalized(given, fitted.projection_size, &parameters.projection_norm, par)?),
        };

        let queries = self.in_space((&state, &parameters.state_norm), parameters.query.as_ref(), par)?;
        let (query_space, queries) = self.normalized_space(queries, &parameters.space_norm, par)?;
        let initial = expanded(&queries, fitted.places, fitted.state_batch)?;

        let body = if self.folds(parameters, &fitted) {
            folded_body(projection.as_ref().unwrap_or(&stored), dropout)?
        } else {
            self.projected_body(parameters, &fitted, (&stored, projection.as_ref()), par)?
        };
        let mut tape = Tape {
            layer: self.clone(),
            parameters: parameters.clone(),
            through: run.tape.unwrap_or_default(),
            places: fitted.places,
            sets: fitted.sets.clone(),
            shapes: [fitted.state.dim(), fitted.stored.dim()],
            projection_shape: fitted.projection.as_ref().map(ArrayBase::dim),
            stored_mask: None,
            association_mask: None,
            dropout,
            state,
            stored,
            projection,
            query_space,
            body,
            settled: None,
            reading: None,
            read: Vec::new(),
            output: Vec::new(),
        };
        let keep = run.tape == Some(Through::Updates);
        let (settled, read, record, association) = tape.with_space(masks, |space| match space {
            super::pull::Either::Projected(space) => self.walk(space, initial, keep, run, &fitted, par),
            super::pull::Either::Folded(space) => self.walk(space, initial, keep, run, &fitted, par),
        })?;
        if run.tape == Some(Through::FixedPoint) && settled.unsettled() > 0 {
            return Err(Error::NotSettled { unsettled: settled.unsettled() });
        }
        tape.read = Blocks { data: read, count: self.heads, rows: fitted.rows(), width: self.pattern_size }.joined()?;
        let inner = self.heads * self.pattern_size;
        let mut output = match &parameters.output {
            Some(linear) => project(&tape.read, inner, (&linear.weight, linear.bias.as_deref()), 1, par)?.data,
            None => copied(&tape.read)?,
        };
        if let Some(activation) = self.activation {
            for entry in &mut output {
                *entry = activation.apply(*entry);
            }
        }
        let width = self.outputs(parameters);
        let outcome = self.outcome((&output, width), &settled, &record, association, fitted.places)?;
        let tape = run.tape.map(|_| Tape {
            stored_mask,
            association_mask,
            settled: Some(settled),
            reading: Some(record),
            output,
            ..tape
        });
        Ok((outcome, tape))
    }

    /// Entries of an output.
    pub(super) fn outputs<T>(&self, parameters: &Parameters<T>) -> usize {
        let inner = self.heads * self.pattern_size;
        parameters.output.as_ref().map_or(inner, |linear| linear.weight.len() / inner)
    }

    /// Lets states settle and read out; the association matrix `(B, H, L, S)` if it is asked for.
    #[allow(clippy::type_complexity)]
    fn walk<T: Real>(
        &self,
        space: &(impl Space<T> + Weights<T>),
        initial: Vec<T>,
        keep: bool,
        run: &Run,
        fitted: &Fitted<T>,
        par: Par,
    ) -> Result<(Settled<T>, Vec<T>, Record<T>, Option<Vec<T>>)> {
        let places = fitted.places;
        let stops = Stops { max_updates: self.max_updates.clone(), tolerance: self.tolerance.clone() };
        let settled = settle(space, initial, self.hidden_size, places, (&stops, keep), par)?;
        let (read, record) = space.read((0..places.len()).collect(), copied(&settled.states)?, par)?;
        let mut association = None;
        if run.association {
            let longest = fitted.longest();
            let mut matrix = try_vec(area(places.len(), longest, "associations")?, T::ZERO, "associations")?;
            space.weights(&record, par, |id, first, weights| {
                matrix[places.by_sample(id) * longest + first..][..weights.len()].copy_from_slice(weights);
            })?;
            association = Some(matrix);
        }
        Ok((settled, read, record, association))
    }

    /// Whether folding the projections into the states is possible and less work than projecting stored patterns.
    fn folds<T: Real>(&self, parameters: &Parameters<T>, fitted: &Fitted<T>) -> bool {
        let (raw, hidden) = (fitted.stored_size + fitted.projection_size, self.hidden_size + self.pattern_size);
        let projecting = parameters.key.as_ref().map_or(0, |_| fitted.stored_size * self.hidden_size)
            + parameters.value.as_ref().map_or(0, |_| fitted.projection_size * self.pattern_size);
        self.pooling
            && fitted.sets.len() == fitted.places.batch
            && !self.connected
            && parameters.space_norm.epsilon().is_none()
            && fitted.places.states * raw < projecting + fitted.places.states * hidden
    }

    fn projected_body<T: Real>(
        &self,
        parameters: &Parameters<T>,
        fitted: &Fitted<T>,
        (stored, projection): (&Normalized<T>, Option<&Normalized<T>>),
        par: Par,
    ) -> Result<Body<T>> {
        let keys = self.in_space((stored, &parameters.stored_norm), parameters.key.as_ref(), par)?;
        let (key_space, keys) = self.normalized_space(keys, &parameters.space_norm, par)?;
        let inputs = (projection.unwrap_or(stored), &parameters.projection_norm);
        let (values, connected) = match parameters.key.as_ref().filter(|_| self.connected) {
            None => (self.in_space(inputs, parameters.value.as_ref(), par)?, None),
            Some(key) => {
                let rows = inputs.0.gaining(inputs.1.affine());
                let through = project(rows, fitted.projection_size, (&key.weight, key.bias.as_deref()), 1, par)?;
                let values = match &parameters.value {
                    None => Blocks::whole(copied(&through.data)?, through.width),
                    Some(value) => {
                        let linear = (&value.weight[..], value.bias.as_deref());
                        project(&through.data, through.width, linear, self.heads, par)?
                    }
                };
                (values, Some(through.data))
            }
        };
        Ok(Body::Projected { key_space, keys, values, connected })
    }

    /// Normalised rows after gain and bias, projected to one block a head, or as they are for all heads.
    fn in_space<T: Real>(
        &self,
        (rows, norm): (&Normalized<T>, &Normalization<T>),
        linear: Option<&Linear<T>>,
        par: Par,
    ) -> Result<Blocks<T>> {
        let width = rows.rows.width;
        match linear {
            Some(linear) => {
                let rows = rows.gaining(norm.affine());
                project(rows, width, (&linear.weight, linear.bias.as_deref()), self.heads, par)
            }
            None => Ok(Blocks::whole(rows.with(norm.affine(), par)?.into_owned(), width)),
        }
    }

    /// Rows in Hopfield space normalised there, and what the gradient needs of that; nothing is copied where they are not.
    fn normalized_space<T: Real>(
        &self,
        rows: Blocks<T>,
        norm: &Normalization<T>,
        par: Par,
    ) -> Result<(Option<Normalized<T>>, Blocks<T>)> {
        if norm.epsilon().is_none() {
            return Ok((None, rows));
        }
        let normalized = Normalized::new(&rows.data, self.hidden_size, norm.epsilon(), par)?;
        let data = normalized.with(norm.affine(), par)?.into_owned();
        Ok((Some(normalized), Blocks { data, ..rows }))
    }

    fn outcome<T: Real>(
        &self,
        (output, width): (&[T], usize),
        settled: &Settled<T>,
        record: &Record<T>,
        association: Option<Vec<T>>,
        places: Places,
    ) -> Result<Outcome<T>> {
        let (heads, batch, states) = (places.heads, places.batch, places.states);
        let mut energy = try_vec(places.len(), f64::NAN, "energies")?;
        let mut steps = try_vec(places.len(), 0, "counts")?;
        let mut converged = try_vec(places.len(), false, "flags")?;
        for (id, state) in settled.states.chunks_exact(self.hidden_size).enumerate() {
            let (at, beta) = (places.by_sample(id), self.beta[places.head(id)]);
            if beta != 0.0 {
                energy[at] = crate::input::real::norm_squared(state) / 2.0 - record.conjugates[id] / beta;
            }
            steps[at] = settled.updates[id] as i64;
            converged[at] = settled.converged[id];
        }
        let length = association.as_ref().map_or(0, |matrix| matrix.len().checked_div(places.len()).unwrap_or(0));
        Ok(Outcome {
            output: shaped((batch, states, width), copied(output)?)?,
            energy: shaped((batch, heads, states), energy)?,
            steps: shaped((batch, heads, states), steps)?,
            converged: shaped((batch, heads, states), converged)?,
            association: association
                .map(|matrix| {
                    let bytes = matrix.len() as u128 * size_of::<T>() as u128;
                    Array4::from_shape_vec((batch, heads, states, length), matrix)
                        .map_err(|_| Error::OutOfMemory { bytes, purpose: "associations" })
                })
                .transpose()?,
        })
    }

    /// Refuses what does not fit.
    fn fit<'a, T: Real>(&self, parameters: &Parameters<T>, inputs: &'a Inputs<T>) -> Result<Fitted<'a, T>> {
        let (state_batch, states, state_size) = inputs.state.dim();
        let (stored_batch, stored, stored_size) = inputs.stored.dim();
        let batch = match inputs.lengths {
            Some(lengths) => {
                if stored_batch != 1 || lengths.iter().copied().try_fold(0, usize::checked_add) != Some(stored) {
                    return Err(Error::Shape {
                        argument: "lengths",
                        expected: format!("with a sum of {stored}"),
                        reason: "one length for each bag, the rows of `stored_pattern` in all",
                        found: format!("{lengths:?}"),
                    });
                }
                lengths.len()
            }
            None if state_batch == 1 => stored_batch,
            None => state_batch,
        };
        let text = |(b, rows, columns): (usize, usize, usize)| format!("({b}, {rows}, {columns})");
        if ![1, batch].contains(&state_batch) || ![1, batch].contains(&stored_batch) {
            return Err(Error::Shape {
                argument: "state_pattern",
                expected: format!("({stored_batch}, L, D)"),
                reason: "as many samples as `stored_pattern`",
                found: text(inputs.state.dim()),
            });
        }
        let projection_size = inputs.projection.map_or(stored_size, |projection| projection.dim().2);
        if let Some(projection) = inputs.projection
            && (projection.dim().0, projection.dim().1) != (stored_batch, stored)
        {
            return Err(Error::Shape {
                argument: "pattern_projection",
                expected: format!("({stored_batch}, {stored}, Dv)"),
                reason: "one row for each stored pattern",
                found: text(projection.dim()),
            });
        }
        self.fit_parameters(parameters, (state_size, stored_size, projection_size))?;
        let places = Places { heads: self.heads, batch, states };
        let sets: Vec<Range<usize>> = match inputs.lengths {
            Some(lengths) => lengths
                .iter()
                .scan(0, |end, &length| {
                    *end += length;
                    Some(*end - length..*end)
                })
                .collect(),
            None => (0..stored_batch).map(|sample| sample * stored..(sample + 1) * stored).collect(),
        };
        if let Some(mask) = &inputs.stored_mask
            && mask.dim() != (batch, stored)
        {
            return Err(Error::Shape {
                argument: "stored_pattern_padding_mask",
                expected: format!("({batch}, {stored})"),
                reason: "one entry for each sample and stored pattern",
                found: format!("{:?}", mask.dim()),
            });
        }
        if let Some(mask) = &inputs.association_mask {
            let found = mask.dim();
            if ![(1, states, stored), (batch * self.heads, states, stored)].contains(&found) {
                return Err(Error::Shape {
                    argument: "association_mask",
                    expected: format!("({states}, {stored}) or ({}, {states}, {stored})", batch * self.heads),
                    reason: "one entry for each state and stored pattern, for all or for each sample and head",
                    found: if found.0 == 1 { format!("({}, {})", found.1, found.2) } else { text(found) },
                });
            }
        }
        if inputs.lengths.is_some() && (inputs.stored_mask.is_some() || inputs.association_mask.is_some()) {
            return Err(Error::Options { rule: "give bags by `lengths`, or masks, not both" });
        }
        let fitted = Fitted {
            places,
            sets,
            state_batch,
            state_size,
            stored_size,
            projection_size,
            state: inputs.state.as_standard_layout(),
            stored: inputs.stored.as_standard_layout(),
            projection: inputs.projection.as_ref().map(|projection| projection.as_standard_layout()),
        };
        finite("state_pattern", &fitted.state)?;
        finite("stored_pattern", &fitted.stored)?;
        if let Some(projection) = &fitted.projection {
            finite("pattern_projection", projection)?;
        }
        Ok(fitted)
    }

    /// Refuses parameters that do not fit the layer or the widths of its inputs.
    fn fit_parameters<T: Real>(
        &self,
        parameters: &Parameters<T>,
        (state, stored, projection): (usize, usize, usize),
    ) -> Result<()> {
        let (hidden, values) = (self.heads * self.hidden_size, self.heads * self.pattern_size);
        let through = if self.connected && parameters.key.is_some() { hidden } else { projection };
        let fits = |argument: &'static str, width: usize, expected: usize, reason: &'static str| {
            if width == expected && width > 0 {
                return Ok(());
            }
            Err(Error::Shape {
                argument, expected: format!("(…, {expected})"), reason, found: format!("(…, {width})")
            })
        };
        let wide = |argument: &'static str, linear: Option<&Linear<T>>, inputs: usize, outputs: usize, own: usize| {
            match linear {
                None => fits(argument, inputs, own, "the width in Hopfield space, as it is not projected"),
                Some(linear) if inputs > 0 && linear.weight.len() == outputs * inputs => Ok(()),
                Some(linear) => {
                    let expected = linear.weight.len().checked_div(outputs).unwrap_or(0);
                    fits(argument, inputs, expected, "as wide as the layer's weights")
                }
            }
        };
        wide("state_pattern", parameters.query.as_ref(), state, hidden, self.hidden_size)?;
        wide("stored_pattern", parameters.key.as_ref(), stored, hidden, self.hidden_size)?;
        wide("pattern_projection", parameters.value.as_ref(), through, values, self.pattern_size)?;
        for (argument, norm, width) in [
            ("state_pattern", &parameters.state_norm, state),
            ("stored_pattern", &parameters.stored_norm, stored),
            ("pattern_projection", &parameters.projection_norm, projection),
        ] {
            if let Some((gain, _)) = norm.affine() {
                fits(argument, width, gain.len(), "as wide as its normalisation")?;
            }
        }
        let per_head = [self.beta.len(), self.max_updates.len(), self.tolerance.len()];
        if self.heads == 0 || per_head.iter().any(|&len| len != self.heads) {
            return Err(Error::Shape {
                argument: "scaling",
                expected: format!("({},)", self.heads),
                reason: "one entry a head, for the tolerances and numbers of updates too",
                found: format!("{per_head:?}"),
            });
        }
        Ok(())
    }
}

/// Where weights are dropped, the inputs of the values get a column of ones.
fn folded_body<T: Real>(of_values: &Normalized<T>, dropout: Option<Dropout>) -> Result<Body<T>> {
    if dropout.is_none() {
        return Ok(Body::Folded { with_ones: None });
    }
    let (rows, width) = (of_values.rows.rows, of_values.rows.width);
    let mut with_ones = Blocks::zeros(1, rows, width + 1)?;
    let from = of_values.rows.data.chunks_exact(width);
    for (row, from) in with_ones.data.chunks_exact_mut(width + 1).zip(from) {
        row[..width].copy_from_slice(from);
        row[width] = T::ONE;
    }
    Ok(Body::Folded { with_ones: Some(with_ones) })
}

/// Who can show all weights.
pub(super) trait Weights<T: Real> {
    /// Calls `each` with the place of a query, the number of a stored pattern, and the weights from it on.
    fn weights(&self, record: &Record<T>, par: Par, each: impl FnMut(usize, usize, &[T])) -> Result<()>;
}

impl<T: Real> Fitted<'_, T> {
    /// States of all samples.
    pub(super) fn rows(&self) -> usize {
        self.places.batch * self.places.states
    }

    /// The most stored patterns of any sample.
    fn longest(&self) -> usize {
        self.sets.iter().map(ExactSizeIterator::len).max().unwrap_or(0)
    }
}

fn normalized<T: Real>(
    rows: &CowArray<T, ndarray::Ix3>,
    width: usize,
    norm: &Normalization<T>,
    par: Par,
) -> Result<Normalized<T>> {
    Normalized::new(rows.as_slice().unwrap_or_default(), width, norm.epsilon(), par)
}

/// One row a place: each head's block, repeated for samples that share it.
fn expanded<T: Real>(rows: &Blocks<T>, places: Places, batch: usize) -> Result<Vec<T>> {
    let len = area(places.len(), rows.width, "states")?;
    let mut all = try_vec(len, T::ZERO, "states")?;
    if len > 0 {
        for (head, into) in all.chunks_exact_mut(len / places.heads).enumerate() {
            let block = rows.block(if rows.count == 1 { 0 } else { head });
            if batch == places.batch {
                into.copy_from_slice(block);
            } else {
                into.chunks_exact_mut(block.len()).for_each(|sample| sample.copy_from_slice(block));
            }
        }
    }
    Ok(all)
}

fn shaped<T>(shape: (usize, usize, usize), data: Vec<T>) -> Result<Array3<T>> {
    let bytes = data.len() as u128 * size_of::<T>() as u128;
    Array3::from_shape_vec(shape, data).map_err(|_| Error::OutOfMemory { bytes, purpose: "an array" })
}

/// Refuses NaN and infinity, with the first row (of all samples') and column.
fn finite<T: Real>(argument: &'static str, rows: &CowArray<T, ndarray::Ix3>) -> Result<()> {
    let (columns, entries) = (rows.dim().2, rows.as_slice().unwrap_or_default());
    // Whole pieces at a time, which the compiler turns into vectors.
    let fine = |piece: &[T]| piece.iter().fold(true, |fine, entry| fine & entry.finite());
    if entries.chunks(1024).all(fine) {
        return Ok(());
    }
    match entries.iter().enumerate().find(|(_, entry)| !entry.finite()) {
        Some((at, &value)) => {
            Err(Error::NotFinite { argument, row: at / columns, column: at % columns, value: value.into() })
        }
        None => Ok(()),
    }
}

impl<'a, T: Real> Map<'a, T> {
    /// The map that a layer applies to raw patterns.
    pub(super) fn new(
        norm: &'a Normalization<T>,
        linear: Option<&'a Linear<T>>,
        inputs: usize,
        outputs: usize,
    ) -> Self {
        Self { inputs, outputs, affine: norm.affine(), linear }
    }
}

impl<T: Real> Weights<T> for Folded<'_, T> {
    fn weights(&self, record: &Record<T>, par: Par, each: impl FnMut(usize, usize, &[T])) -> Result<()> {
        Folded::weights(self, record, par, each)
    }
}

impl<T: Real> Weights<T> for Projected<'_, T> {
    fn weights(&self, record: &Record<T>, par: Par, mut each: impl FnMut(usize, usize, &[T])) -> Result<()> {
        self.looking(&record.ids, &record.queries, self.values, |association, batch| {
            association.weights(batch, &record.answers.normalizers, par, |at, first, weights| {
                each(record.ids[at], first, weights);
            })
        })
    }
}
