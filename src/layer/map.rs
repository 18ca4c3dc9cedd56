//! The way from raw patterns to those of a head, for a few means of raw patterns instead of all patterns: and its
//! transpose, for queries.
//!
//! ```text
//! Σ p k = W (γ∘(Σ p x) + b Σ p) + b_k Σ p        q·k = (γ∘Wᵀq)·x + q·(W b + b_k)
//! ```
//!
//! Not here: who takes which way (`folded`).

use super::gradient::dot;
use super::matrix::{Blocks, add, copied, project, times, weighed};
use super::norm::Normalization;
use super::parameters::Linear;
use crate::error::{Result, try_vec};
use crate::kernel::real::Real;
use crate::par::Par;

/// From raw patterns to those of a head: a gain and a bias of the normalisation, then a projection; each may be absent.
#[derive(Clone, Copy)]
pub(super) struct Map<'a, T> {
    /// Entries of a raw pattern.
    pub(super) inputs: usize,
    /// Entries of a head's pattern.
    pub(super) outputs: usize,
    pub(super) affine: Option<(&'a [T], &'a [T])>,
    pub(super) linear: Option<&'a Linear<T>>,
}

/// Gradients of a map.
#[derive(Clone, Debug)]
pub(super) struct OfMap<T> {
    pub(super) gain: Vec<T>,
    pub(super) shift: Vec<T>,
    pub(super) weight: Vec<T>,
    pub(super) bias: Vec<T>,
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

    fn weight(&self, head: usize) -> Option<&'a [T]> {
        let len = self.outputs * self.inputs;
        self.linear.map(|linear| &linear.weight[head * len..][..len])
    }

    fn bias(&self, head: usize) -> Option<&'a [T]> {
        self.linear?.bias.as_ref().map(|bias| &bias[head * self.outputs..][..self.outputs])
    }

    pub(super) fn zeros(&self) -> Result<OfMap<T>> {
        let zeros = |wanted: bool, len: usize| try_vec(if wanted { len } else { 0 }, T::ZERO, "gradients");
        Ok(OfMap {
            gain: zeros(self.affine.is_some(), self.inputs)?,
            shift: zeros(self.affine.is_some(), self.inputs)?,
            weight: zeros(true, self.linear.map_or(0, |linear| linear.weight.len()))?,
            bias: zeros(true, self.linear.and_then(|linear| linear.bias.as_ref()).map_or(0, Vec::len))?,
        })
    }

    /// The map of means of raw patterns under weights that sum to `mass`, for one head.
    pub(super) fn apply(&self, head: usize, means: &[T], mass: &[T], par: Par) -> Result<Vec<T>> {
        let moved = self.moved(means, mass)?;
        let mut mapped = match self.weight(head) {
            Some(weight) => project(&moved, self.inputs, (weight, None), 1, par)?.data,
            None => moved,
        };
        if let Some(bias) = self.bias(head) {
            for (row, &mass) in mapped.chunks_exact_mut(self.outputs).zip(mass) {
                row.iter_mut().zip(bias).for_each(|(entry, &bias)| *entry = entry.plus(bias.times(mass)));
            }
        }
        Ok(mapped)
    }

    /// `γ∘mean + b·mass`.
    fn moved(&self, means: &[T], mass: &[T]) -> Result<Vec<T>> {
        let mut moved = copied(means)?;
        if let Some((gain, shift)) = self.affine {
            for (row, &mass) in moved.chunks_exact_mut(self.inputs).zip(mass) {
                for (j, entry) in row.iter_mut().enumerate() {
                    *entry = entry.times(gain[j]).plus(shift[j].times(mass));
                }
            }
        }
        Ok(moved)
    }

    /// The gradients with respect to means and mass.
    pub(super) fn pull(
        &self,
        head: usize,
        (means, mass): (&[T], &[T]),
        gradient: &[T],
        into: &mut OfMap<T>,
        par: Par,
    ) -> Result<(Vec<T>, Vec<T>)> {
        let mut of_mass = try_vec(mass.len(), T::ZERO, "gradients")?;
        if let Some(bias) = self.bias(head) {
            let of_bias = &mut into.bias[head * self.outputs..][..self.outputs];
            for ((row, &mass), of_mass) in gradient.chunks_exact(self.outputs).zip(mass).zip(&mut of_mass) {
                *of_mass = of_mass.plus(T::from_f64(dot(row, bias)));
                of_bias.iter_mut().zip(row).for_each(|(sum, &entry)| *sum = sum.plus(entry.times(mass)));
            }
        }
        let mut of_means = match self.weight(head) {
            Some(weight) => {
                let gradient = Blocks::whole(copied(gradient)?, self.outputs);
                let more = weighed(&gradient, &self.moved(means, mass)?, self.inputs, par)?;
                add(&mut into.weight[head * more.len()..][..more.len()], &more);
                times(&gradient, weight, self.inputs, par)?
            }
            None => copied(gradient)?,
        };
        if let Some((gain, shift)) = self.affine {
            let rows = of_means.chunks_exact_mut(self.inputs).zip(means.chunks_exact(self.inputs));
            for (((row, mean), &mass), of_mass) in rows.zip(mass).zip(&mut of_mass) {
                *of_mass = of_mass.plus(T::from_f64(dot(row, shift)));
                for (j, entry) in row.iter_mut().enumerate() {
                    into.gain[j] = into.gain[j].plus(entry.times(mean[j]));
                    into.shift[j] = into.shift[j].plus(entry.times(mass));
                    *entry = entry.times(gain[j]);
                }
            }
        }
        Ok((of_means, of_mass))
    }

    /// For queries of one head: `W_kᵀ q`, and what the map's biases add to every score, `q·(W_k b + b_k)`.
    pub(super) fn fold(&self, head: usize, queries: &[T], par: Par) -> Result<(Vec<T>, Vec<T>)> {
        let back = match self.weight(head) {
            Some(weight) => times(&Blocks::whole(copied(queries)?, self.outputs), weight, self.inputs, par)?,
            None => copied(queries)?,
        };
        let mut constants = try_vec(queries.len() / self.outputs, T::ZERO, "constants")?;
        let rows = back.chunks_exact(self.inputs).zip(queries.chunks_exact(self.outputs));
        for (constant, (back, query)) in constants.iter_mut().zip(rows) {
            let shift = self.affine.map_or(0.0, |(_, shift)| dot(back, shift));
            *constant = T::from_f64(shift + self.bias(head).map_or(0.0, |bias| dot(query, bias)));
        }
        Ok((back, constants))
    }

    /// The gradient with respect to the queries of one head, given those of `γ∘W_kᵀ q` and of the constants.
    pub(super) fn pull_fold(
        &self,
        head: usize,
        queries: &[T],
        (mut gradient, of_constants): (Vec<T>, &[T]),
        into: &mut OfMap<T>,
        par: Par,
    ) -> Result<Vec<T>> {
        let (back, _) = self.fold(head, queries, par)?;
        if let Some((gain, shift)) = self.affine {
            let rows = gradient.chunks_exact_mut(self.inputs).zip(back.chunks_exact(self.inputs));
            for ((row, back), &constant) in rows.zip(of_constants) {
                for (j, entry) in row.iter_mut().enumerate() {
                    into.gain[j] = into.gain[j].plus(entry.times(back[j]));
                    into.shift[j] = into.shift[j].plus(constant.times(back[j]));
                    *entry = entry.times(gain[j]).plus(constant.times(shift[j]));
                }
            }
        }
        let mut of_queries = match self.weight(head) {
            Some(weight) => {
                let more = weighed(&Blocks::whole(copied(queries)?, self.outputs), &gradient, self.inputs, par)?;
                add(&mut into.weight[head * more.len()..][..more.len()], &more);
                project(&gradient, self.inputs, (weight, None), 1, par)?.data
            }
            None => gradient,
        };
        if let Some(bias) = self.bias(head) {
            let of_bias = &mut into.bias[head * self.outputs..][..self.outputs];
            let rows = of_queries.chunks_exact_mut(self.outputs).zip(queries.chunks_exact(self.outputs));
            for ((row, query), &constant) in rows.zip(of_constants) {
                for (j, entry) in row.iter_mut().enumerate() {
                    *entry = entry.plus(constant.times(bias[j]));
                    of_bias[j] = of_bias[j].plus(constant.times(query[j]));
                }
            }
        }
        Ok(of_queries)
    }
}
