//! The way into Hopfield space: inputs are normalised, and either projected or left as they are for the projections to be
//! folded into the states.
//!
//! Not here: what states do there.

use ndarray::{CowArray, Ix3};

use super::fit::Fitted;
use super::forward::Layer;
use super::masks::{Dropout, Places};
use super::matrix::{Blocks, copied, project};
use super::norm::{Normalization, Normalized};
use super::parameters::{Kind, Linear, Parameters};
use super::pull::Body;
use crate::error::{Result, area, try_room};
use crate::kernel::real::Real;
use crate::par::Par;

/// Stored patterns for each entry of them from which folding costs a lookup next to nothing, however many states come.
const PATTERNS_AN_ENTRY: usize = 4;

impl Layer {
    /// Whether folding the projections into the states is possible and less work than projecting stored patterns.
    ///
    /// The answer must not depend on the company of a sample, nor that for a sample on the number of its stored patterns.
    pub(super) fn folds<T: Real>(&self, parameters: &Parameters<T>, fitted: &Fitted<T>) -> bool {
        let (raw, hidden) = (fitted.stored_size + fitted.projection_size, self.hidden_size + self.pattern_size);
        // Multiply-adds for a stored pattern and head: of the projections, and of a state that looks.
        let projecting = parameters.key.as_ref().map_or(0, |_| fitted.stored_size * self.hidden_size)
            + parameters.value.as_ref().map_or(0, |_| fitted.projection_size * self.pattern_size);
        let (sets, states) = (fitted.sets.len(), fitted.places.states);
        let pays = match self.kind {
            Kind::Association => false,
            Kind::Pooling => sets == fitted.places.batch && states * raw < projecting + states * hidden,
            Kind::Lookup => {
                let stored = fitted.sets.first().map_or(0, ExactSizeIterator::len);
                sets == 1 && projecting > 0 && raw <= hidden && stored >= PATTERNS_AN_ENTRY * raw
            }
        };
        pays && !self.connected && parameters.space_norm.epsilon().is_none()
    }

    pub(super) fn projected_body<T: Real>(
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
    pub(super) fn in_space<T: Real>(
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
    pub(super) fn normalized_space<T: Real>(
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
}

/// Where weights are dropped, the inputs of the values get a column of ones.
pub(super) fn folded_body<T: Real>(of_values: &Normalized<T>, dropout: Option<Dropout>) -> Result<Body<T>> {
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

pub(super) fn normalized<T: Real>(
    rows: &CowArray<T, Ix3>,
    width: usize,
    norm: &Normalization<T>,
    par: Par,
) -> Result<Normalized<T>> {
    Normalized::new(rows.as_slice().unwrap_or_default(), width, norm.epsilon(), par)
}

/// One row a place: each head's block, repeated for samples that share it.
pub(super) fn expanded<T: Real>(rows: Blocks<T>, places: Places, batch: usize) -> Result<Vec<T>> {
    if rows.count == places.heads && batch == places.batch {
        return Ok(rows.data);
    }
    let mut all = try_room(area(places.len(), rows.width, "states")?, "states")?;
    for head in 0..places.heads {
        let block = rows.block(if rows.count == 1 { 0 } else { head });
        for _ in 0..if batch == places.batch { 1 } else { places.batch } {
            all.extend_from_slice(block);
        }
    }
    Ok(all)
}
