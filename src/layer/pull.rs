//! The way back through a layer: from the gradient of a loss with respect to its output to those with respect to every
//! parameter and input.
//!
//! Not here: the gradients of single parts, which stand beside the parts.

use std::borrow::Cow;
use std::ops::Range;

use ndarray::{Array2, Array3, ArrayView3};

use super::folded::{Folded, OfFolded};
use super::forward::Layer;
use super::map::Map;
use super::masks::{Dropout, Masks, OwnMask, Places};
use super::matrix::{Blocks, add, column_sums, copied, times, weighed};
use super::norm::{Affine, Normalized};
use super::parameters::{Linear, Parameters};
use super::projected::{OfProjected, Projected};
use super::space::{Record, Settled, Space, Through};
use crate::error::{Error, Result, try_room};
use crate::kernel::real::Real;
use crate::par::Par;

/// All that a forward pass leaves for its gradient.
pub struct Tape<T: Real> {
    pub(super) layer: Layer,
    pub(super) parameters: Parameters<T>,
    pub(super) through: Through,
    pub(super) places: Places,
    pub(super) sets: Vec<Range<usize>>,
    /// Of the states and of the stored patterns.
    pub(super) shapes: [(usize, usize, usize); 2],
    pub(super) projection_shape: Option<(usize, usize, usize)>,
    pub(super) stored_mask: Option<Array2<bool>>,
    pub(super) association_mask: Option<OwnMask<T>>,
    pub(super) dropout: Option<Dropout>,
    pub(super) state: Normalized<T>,
    pub(super) stored: Normalized<T>,
    /// What values are made of, where it is not `stored`.
    pub(super) projection: Option<Normalized<T>>,
    /// Where states are normalised in Hopfield space.
    pub(super) query_space: Option<Normalized<T>>,
    pub(super) body: Body<T>,
    pub(super) settled: Option<Settled<T>>,
    pub(super) reading: Option<Record<T>>,
    /// What the heads read out, side by side.
    pub(super) read: Vec<T>,
    pub(super) output: Vec<T>,
}

/// What only one kind of space has.
pub(super) enum Body<T: Real> {
    Projected {
        key_space: Option<Normalized<T>>,
        keys: Blocks<T>,
        values: Blocks<T>,
        /// Projected inputs of the values, heads side by side, where they are connected.
        connected: Option<Vec<T>>,
    },
    Folded {
        /// The inputs of the values and a column of ones, where weights are dropped.
        with_ones: Option<Blocks<T>>,
    },
}

/// The space of a layer.
pub(super) enum Either<'a, T: Real> {
    Projected(&'a Projected<'a, T>),
    Folded(&'a Folded<'a, T>),
}

/// Gradients of a loss, each of the shape of what it belongs to.
#[derive(Clone, Debug)]
pub struct Gradients<T> {
    /// With respect to the states.
    pub state: Array3<T>,
    /// With respect to the stored patterns.
    pub stored: Array3<T>,
    /// With respect to what values are made of, where it was given; else it is part of `stored`.
    pub projection: Option<Array3<T>>,
    /// With respect to β of each head.
    pub beta: Vec<f64>,
    /// Gain and bias of each normalisation that has them.
    pub stored_norm: Option<(Vec<T>, Vec<T>)>,
    /// See `stored_norm`.
    pub state_norm: Option<(Vec<T>, Vec<T>)>,
    /// See `stored_norm`.
    pub projection_norm: Option<(Vec<T>, Vec<T>)>,
    /// See `stored_norm`.
    pub space_norm: Option<(Vec<T>, Vec<T>)>,
    /// Weights and biases of each projection that is there.
    pub query: Option<Linear<T>>,
    /// See `query`.
    pub key: Option<Linear<T>>,
    /// See `query`.
    pub value: Option<Linear<T>>,
    /// See `query`.
    pub output: Option<Linear<T>>,
}

/// Gradients on the side of the stored patterns.
struct OfStored<T> {
    /// With respect to raw stored patterns.
    stored: Vec<T>,
    /// With respect to the raw inputs of the values, where it is not part of `stored`.
    projection: Option<Vec<T>>,
    stored_norm: Option<Affine<T>>,
    projection_norm: Option<Affine<T>>,
    space_norm: Option<Affine<T>>,
    key: Option<Linear<T>>,
    value: Option<Linear<T>>,
}

impl<T: Real> Tape<T> {
    /// The shape of the output, and of the gradient that [`Self::pull`] takes.
    #[must_use]
    pub fn output_shape(&self) -> (usize, usize, usize) {
        (self.places.batch, self.places.states, self.layer.outputs(&self.parameters))
    }

    /// Gradients with respect to parameters and inputs, given the `gradient` with respect to the output.
    ///
    /// # Errors
    /// Another shape than that of the output, and states that are no stable fixed points where the gradient is taken from
    /// there.
    pub fn pull(&self, gradient: ArrayView3<T>, par: Par) -> Result<Gradients<T>> {
        let (batch, states, width) = self.output_shape();
        if gradient.dim() != (batch, states, width) {
            return Err(Error::Shape {
                argument: "grad_output",
                expected: format!("({batch}, {states}, {width})"),
                reason: "that of the output",
                found: format!("{:?}", gradient.dim()),
            });
        }
        let gradient = gradient.as_standard_layout();
        let mut of_output = copied(gradient.as_slice().unwrap_or_default())?;
        if let Some(activation) = self.layer.activation {
            for (entry, &y) in of_output.iter_mut().zip(&self.output) {
                *entry = entry.times(activation.slope(y));
            }
        }
        let inner = self.layer.heads * self.layer.pattern_size;
        let (of_read, output) = match &self.parameters.output {
            None => (of_output, None),
            Some(linear) => {
                let of_output = Blocks::whole(of_output, width);
                let (of_read, of_linear) = pull_linear(&of_output, linear, &self.read, inner, par)?;
                (of_read, Some(of_linear))
            }
        };
        let of_read = Blocks::cut(&of_read, self.layer.heads, self.layer.pattern_size)?.data;
        let masks = Masks::new(self.places, self.stored_mask.as_ref(), self.association_mask.as_ref());
        let (of_queries, beta, of_stored) = self.with_space(masks, |space| match space {
            Either::Projected(space) => {
                let mut into = OfProjected::zeros(space, self.layer.heads)?;
                let of_states = self.pull_states(space, &of_read, &mut into, par)?;
                let beta = std::mem::take(&mut into.beta);
                Ok((of_states, beta, self.pull_projected(into, par)?))
            }
            Either::Folded(space) => {
                let mut into = OfFolded::zeros(space)?;
                let of_states = self.pull_states(space, &of_read, &mut into, par)?;
                let beta = std::mem::take(&mut into.beta);
                Ok((of_states, beta, self.pull_folded(into, par)?))
            }
        })?;
        let (state, state_norm, query_space, query) = self.pull_queries(of_queries, par)?;
        let mut stored = of_stored.stored;
        let mut projection = None;
        match (self.projection_shape, of_stored.projection) {
            (Some(shape), Some(given)) => projection = Some(shaped(shape, given)?),
            (None, Some(more)) => add(&mut stored, &more),
            (_, None) => {}
        }
        Ok(Gradients {
            state: shaped(self.shapes[0], state)?,
            stored: shaped(self.shapes[1], stored)?,
            projection,
            beta,
            stored_norm: of_stored.stored_norm,
            state_norm,
            projection_norm: of_stored.projection_norm,
            space_norm: both(query_space, of_stored.space_norm),
            query,
            key: of_stored.key,
            value: of_stored.value,
            output,
        })
    }

    /// Calls `then` with the space that states moved in.
    pub(super) fn with_space<R>(&self, masks: Masks<T>, then: impl FnOnce(Either<T>) -> Result<R>) -> Result<R> {
        let (layer, parameters) = (&self.layer, &self.parameters);
        let (sets, beta, null, dropout) = (&self.sets[..], &layer.beta[..], layer.zero_association, self.dropout);
        match &self.body {
            Body::Projected { keys, values, .. } => then(Either::Projected(&Projected {
                keys,
                values,
                sets,
                masks,
                beta,
                null,
                dropout,
                separation: layer.separation,
            })),
            Body::Folded { with_ones } => {
                let of_values = self.projection.as_ref().map(|projection| &projection.rows);
                let width = of_values.unwrap_or(&self.stored.rows).width;
                then(Either::Folded(&Folded {
                    keys: &self.stored.rows,
                    values: with_ones.as_ref().or(of_values),
                    key_map: Map::new(
                        &parameters.stored_norm,
                        parameters.key.as_ref(),
                        self.stored.rows.width,
                        layer.hidden_size,
                    ),
                    value_map: Map::new(
                        &parameters.projection_norm,
                        parameters.value.as_ref(),
                        width,
                        layer.pattern_size,
                    ),
                    sets,
                    masks,
                    beta,
                    null,
                    dropout,
                    separation: layer.separation,
                }))
            }
        }
    }

    /// From what was read to the states before their first update.
    fn pull_states<S: Space<T>>(&self, space: &S, of_read: &[T], into: &mut S::Gradient, par: Par) -> Result<Vec<T>> {
        let (Some(reading), Some(settled)) = (&self.reading, &self.settled) else { return Ok(Vec::new()) };
        let of_states = space.pull_read(reading, of_read, into, par)?;
        settled.pull(space, (&reading.states, self.layer.hidden_size), of_states, self.through, into, par)
    }

    /// From the first states to the raw ones.
    #[allow(clippy::type_complexity)]
    fn pull_queries(
        &self,
        of_states: Vec<T>,
        par: Par,
    ) -> Result<(Vec<T>, Option<Affine<T>>, Option<Affine<T>>, Option<Linear<T>>)> {
        let hidden = self.layer.hidden_size;
        let rows = self.shapes[0].0 * self.shapes[0].1;
        // One block a head; samples that share their states add up.
        let mut of_queries = Blocks::zeros(self.layer.heads, rows, hidden)?;
        let (len, all) = (rows * hidden, of_states.len() / self.layer.heads);
        if len > 0 {
            for (into, block) in of_queries.data.chunks_exact_mut(len).zip(of_states.chunks_exact(all)) {
                block.chunks_exact(len).for_each(|sample| add(into, sample));
            }
        }
        if self.parameters.query.is_none() {
            of_queries = of_queries.summed();
        }
        let (of_queries, space_norm) = self.pull_space(of_queries, self.query_space.as_ref(), par)?;
        let (of_rows, query) = pull_into(
            of_queries,
            self.parameters.query.as_ref(),
            || self.state.with(self.parameters.state_norm.affine(), par),
            self.shapes[0].2,
            par,
        )?;
        let (state, state_norm) = self.state.pull(of_rows, self.parameters.state_norm.affine(), par)?;
        Ok((state, state_norm, space_norm, query))
    }

    /// Through the normalisation in Hopfield space, if there is one.
    fn pull_space(
        &self,
        gradient: Blocks<T>,
        space: Option<&Normalized<T>>,
        par: Par,
    ) -> Result<(Blocks<T>, Option<Affine<T>>)> {
        let Some(space) = space else { return Ok((gradient, None)) };
        let Blocks { data, count, rows, width } = gradient;
        let (data, affine) = space.pull(data, self.parameters.space_norm.affine(), par)?;
        Ok((Blocks { data, count, rows, width }, affine))
    }

    fn pull_projected(&self, into: OfProjected<T>, par: Par) -> Result<OfStored<T>> {
        let Body::Projected { key_space, connected, .. } = &self.body else {
            return Err(Error::Options { rule: "a projected gradient needs a projected space" });
        };
        let parameters = &self.parameters;
        let of_keys = if parameters.key.is_none() { into.keys.summed() } else { into.keys };
        let (of_keys, space_norm) = self.pull_space(of_keys, key_space.as_ref(), par)?;
        let width = self.stored.rows.width;
        let (of_rows, mut key) = pull_into(
            of_keys,
            parameters.key.as_ref(),
            || self.stored.with(parameters.stored_norm.affine(), par),
            width,
            par,
        )?;
        let (stored, stored_norm) = self.stored.pull(of_rows, parameters.stored_norm.affine(), par)?;

        let inputs = self.projection.as_ref().unwrap_or(&self.stored);
        let rows = || inputs.with(parameters.projection_norm.affine(), par);
        let of_values = if parameters.value.is_none() { into.values.summed() } else { into.values };
        let (mut of_rows, value) = match connected {
            None => pull_into(of_values, parameters.value.as_ref(), rows, inputs.rows.width, par)?,
            Some(through) => {
                let hidden = self.layer.heads * self.layer.hidden_size;
                pull_into(of_values, parameters.value.as_ref(), || Ok(Cow::Borrowed(&through[..])), hidden, par)?
            }
        };
        if let (Some(_), Some(linear)) = (connected, &parameters.key) {
            let hidden = self.layer.heads * self.layer.hidden_size;
            let of_through = Blocks::whole(of_rows, hidden);
            let (back, more) = pull_linear(&of_through, linear, &rows()?, inputs.rows.width, par)?;
            of_rows = back;
            if let Some(key) = &mut key {
                add(&mut key.weight, &more.weight);
                if let (Some(bias), Some(more)) = (&mut key.bias, &more.bias) {
                    add(bias, more);
                }
            }
        }
        let (projection, projection_norm) = inputs.pull(of_rows, parameters.projection_norm.affine(), par)?;
        Ok(OfStored { stored, projection: Some(projection), stored_norm, projection_norm, space_norm, key, value })
    }

    fn pull_folded(&self, into: OfFolded<T>, par: Par) -> Result<OfStored<T>> {
        let parameters = &self.parameters;
        let OfFolded { keys, values, key_map, value_map, .. } = into;
        let mut stored = keys.data;
        let inputs = self.projection.as_ref().unwrap_or(&self.stored);
        let width = inputs.rows.width;
        // Gains are in the maps already, so what is left is the plain normalisation.
        self.stored.pull_plain(&mut stored, None, par)?;
        let mut projection = None;
        if let Some(values) = values {
            let mut rows = values.data;
            if values.width > width {
                // Without the column of ones.
                let mut others = try_room(inputs.rows.data.len(), "gradients")?;
                rows.chunks_exact(values.width).for_each(|row| others.extend_from_slice(&row[..width]));
                rows = others;
            }
            inputs.pull_plain(&mut rows, None, par)?;
            projection = Some(rows);
        }
        let affine = |there: bool, gain: Vec<T>, shift: Vec<T>| there.then_some((gain, shift));
        let linear = |linear: &Option<Linear<T>>, weight: Vec<T>, bias: Vec<T>| {
            linear.as_ref().map(|linear| Linear { weight, bias: linear.bias.as_ref().map(|_| bias) })
        };
        Ok(OfStored {
            stored,
            projection,
            stored_norm: affine(parameters.stored_norm.affine().is_some(), key_map.gain, key_map.shift),
            projection_norm: affine(parameters.projection_norm.affine().is_some(), value_map.gain, value_map.shift),
            space_norm: None,
            key: linear(&parameters.key, key_map.weight, key_map.bias),
            value: linear(&parameters.value, value_map.weight, value_map.bias),
        })
    }
}

/// Through a projection of `rows` of `width` entries, if there is one.
fn pull_into<'a, T: Real>(
    gradient: Blocks<T>,
    linear: Option<&Linear<T>>,
    rows: impl FnOnce() -> Result<Cow<'a, [T]>>,
    width: usize,
    par: Par,
) -> Result<(Vec<T>, Option<Linear<T>>)> {
    let Some(linear) = linear else { return Ok((gradient.data, None)) };
    let (of_rows, of_linear) = pull_linear(&gradient, linear, &rows()?, width, par)?;
    Ok((of_rows, Some(of_linear)))
}

/// Through `rows Wᵀ + b`: gradients with respect to the rows, of `width` entries, and to weights and bias.
fn pull_linear<T: Real>(
    gradient: &Blocks<T>,
    linear: &Linear<T>,
    rows: &[T],
    width: usize,
    par: Par,
) -> Result<(Vec<T>, Linear<T>)> {
    let weight = weighed(gradient, rows, width, par)?;
    let bias = linear.bias.as_ref().map(|_| column_sums(gradient, par)).transpose()?;
    Ok((times(gradient, &linear.weight, width, par)?, Linear { weight, bias }))
}

/// The sum of two gradients of the same gain and bias.
fn both<T: Real>(left: Option<Affine<T>>, right: Option<Affine<T>>) -> Option<Affine<T>> {
    match (left, right) {
        (Some((mut gain, mut bias)), Some((more_gain, more_bias))) => {
            add(&mut gain, &more_gain);
            add(&mut bias, &more_bias);
            Some((gain, bias))
        }
        (left, right) => left.or(right),
    }
}

fn shaped<T>(shape: (usize, usize, usize), data: Vec<T>) -> Result<Array3<T>> {
    let bytes = data.len() as u128 * size_of::<T>() as u128;
    Array3::from_shape_vec(shape, data).map_err(|_| Error::OutOfMemory { bytes, purpose: "a gradient" })
}
