//! A layer and its forward pass.
//!
//! Not here: the way back (`pull`).

use ndarray::{Array3, Array4, ArrayBase, ArrayView2, ArrayView3};

use super::fit::Fitted;
use super::masks::{AssociationMask, Dropout, Masks, OwnMask, Places};
use super::matrix::{Blocks, copied, per_row, project};
use super::parameters::{Activation, Kind, Parameters, Separation};
use super::pull::{Either, Tape};
use super::space::{Record, Settled, Space, Stops, Through, settle};
use super::way_in::{expanded, folded_body, normalized};
use crate::error::{Error, Result, area, try_vec};
use crate::input::real::norm_squared;
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
    /// What decides, with the sizes, whether projections are folded into the states.
    pub kind: Kind,
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
            kind: Kind::Association,
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
        let initial = expanded(queries, fitted.places, fitted.state_batch)?;

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
        let (settled, record, association) = tape.with_space(masks, |space| match space {
            Either::Projected(space) => self.walk(space, initial, keep, run, &fitted, par),
            Either::Folded(space) => self.walk(space, initial, keep, run, &fitted, par),
        })?;
        if run.tape == Some(Through::FixedPoint) && settled.unsettled() > 0 {
            return Err(Error::NotSettled { unsettled: settled.unsettled() });
        }
        let read = copied(record.found())?;
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
        tape.output = if run.tape.is_some() { copied(&output)? } else { Vec::new() };
        let outcome = self.outcome((output, width), &settled, &record, association, (fitted.places, par))?;
        let tape = run.tape.map(|_| Tape {
            stored_mask,
            association_mask,
            settled: Some(settled),
            reading: Some(record),
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
        space: &impl Space<T>,
        initial: Vec<T>,
        keep: bool,
        run: &Run,
        fitted: &Fitted<T>,
        par: Par,
    ) -> Result<(Settled<T>, Record<T>, Option<Vec<T>>)> {
        let places = fitted.places;
        let stops = Stops { max_updates: self.max_updates.clone(), tolerance: self.tolerance.clone() };
        let (states, settled) = settle(space, initial, self.hidden_size, places, (&stops, keep), par)?;
        let record = space.read((0..places.len()).collect(), states, par)?;
        let mut association = None;
        if run.association {
            let longest = fitted.longest();
            let mut matrix = try_vec(area(places.len(), longest, "associations")?, T::ZERO, "associations")?;
            space.weights(&record, par, |id, first, weights| {
                matrix[places.by_sample(id) * longest + first..][..weights.len()].copy_from_slice(weights);
            })?;
            association = Some(matrix);
        }
        Ok((settled, record, association))
    }

    fn outcome<T: Real>(
        &self,
        (output, width): (Vec<T>, usize),
        settled: &Settled<T>,
        record: &Record<T>,
        association: Option<Vec<T>>,
        (places, par): (Places, Par),
    ) -> Result<Outcome<T>> {
        let (heads, batch, states) = (places.heads, places.batch, places.states);
        let mut energy = try_vec(places.len(), f64::NAN, "energies")?;
        let mut steps = try_vec(places.len(), 0, "counts")?;
        let mut converged = try_vec(places.len(), false, "flags")?;
        let squares = per_row(&record.states, self.hidden_size, par, |_, state| norm_squared(state))?;
        for (id, square) in squares.into_iter().enumerate() {
            let (at, beta) = (places.by_sample(id), self.beta[places.head(id)]);
            if beta != 0.0 {
                energy[at] = square / 2.0 - record.conjugates[id] / beta;
            }
            steps[at] = settled.updates[id] as i64;
            converged[at] = settled.converged[id];
        }
        let length = association.as_ref().map_or(0, |matrix| matrix.len().checked_div(places.len()).unwrap_or(0));
        Ok(Outcome {
            output: shaped((batch, states, width), output)?,
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
}

fn shaped<T>(shape: (usize, usize, usize), data: Vec<T>) -> Result<Array3<T>> {
    let bytes = data.len() as u128 * size_of::<T>() as u128;
    Array3::from_shape_vec(shape, data).map_err(|_| Error::OutOfMemory { bytes, purpose: "an array" })
}
