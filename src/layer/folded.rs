//! Stored patterns as they came, with the projections folded into the queries: what a state sees in a pooling layer.
//!
//! With `x` a normalised stored pattern, `k = W_k (γ∘x + b) + b_k` and a query `q` of the head,
//!
//! ```text
//! β q·k = (β γ∘W_kᵀq)·x + β q·(W_k b + b_k)        Σ p k = W_k (γ∘(Σ p x) + b Σ p) + b_k Σ p
//! ```
//!
//! so queries walk over the raw patterns once, for all heads together, and no pattern is projected. The constant
//! moves no weight, but it does against a stored pattern of zeros, whose score is then minus the constant.
//!
//! Not here: normalisation in Hopfield space, connected projections, and separations by head.

use std::ops::Range;

use super::association::{Association, Batch, Problem};
use super::gradient::{Stored, dot};
use super::map::{Map, OfMap};
use super::masks::{Dropout, Masks};
use super::matrix::{Blocks, copied};
use super::parameters::Separation;
use super::space::{Record, Space, gathered};
use crate::error::{Result, try_vec};
use crate::kernel::real::Real;
use crate::par::Par;

/// Raw patterns, and the maps that make keys and values of them.
pub(super) struct Folded<'a, T: Real> {
    /// Normalised stored patterns, in one block.
    pub(super) keys: &'a Blocks<T>,
    /// Normalised inputs of the values, as many rows, where they are not the stored patterns. With dropout, a column of
    /// ones follows theirs, by which the weights that are left are summed.
    pub(super) values: Option<&'a Blocks<T>>,
    pub(super) key_map: Map<'a, T>,
    pub(super) value_map: Map<'a, T>,
    /// One set for all samples, or one a sample.
    pub(super) sets: &'a [Range<usize>],
    pub(super) masks: Masks<'a, T>,
    pub(super) beta: &'a [f64],
    /// A stored pattern of zeros is seen beside the others.
    pub(super) null: bool,
    pub(super) dropout: Option<Dropout>,
    pub(super) separation: Separation,
}

/// Gradients of all that a [`Folded`] space is made of.
pub(super) struct OfFolded<T> {
    pub(super) keys: Blocks<T>,
    pub(super) values: Option<Blocks<T>>,
    pub(super) key_map: OfMap<T>,
    pub(super) value_map: OfMap<T>,
    pub(super) beta: Vec<f64>,
}

impl<T: Real> OfFolded<T> {
    /// Zeros over `space`.
    pub(super) fn zeros(space: &Folded<T>) -> Result<Self> {
        let like = |blocks: &Blocks<T>| Blocks::zeros(1, blocks.rows, blocks.width);
        Ok(Self {
            keys: like(space.keys)?,
            values: space.values.map(like).transpose()?,
            key_map: space.key_map.zeros()?,
            value_map: space.value_map.zeros()?,
            beta: vec![0.0; space.beta.len()],
        })
    }
}

/// What is read: the stored patterns for an update, the values at the end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Read {
    Stored,
    Values,
}

impl<'a, T: Real> Folded<'a, T> {
    fn values_for(&self, read: Read) -> &'a Blocks<T> {
        match read {
            Read::Stored => self.keys,
            Read::Values => self.values.unwrap_or(self.keys),
        }
    }

    fn map_for(&self, read: Read) -> &Map<'a, T> {
        match read {
            Read::Stored => &self.key_map,
            Read::Values => &self.value_map,
        }
    }

    /// The weights left by dropout are summed by a column of the values.
    fn is_thinned(&self, read: Read) -> bool {
        self.dropout.is_some() && read == Read::Values
    }

    /// The order of the queries: the position in `ids` of each, sample by sample.
    fn order(&self, ids: &[usize]) -> Vec<usize> {
        let mut order: Vec<usize> = (0..ids.len()).collect();
        order.sort_by_key(|&at| self.masks.places.by_sample(ids[at]));
        order
    }

    /// Ranges of each head in `ids`.
    fn heads(&self, ids: &[usize]) -> Vec<(usize, Range<usize>)> {
        let mut at = 0;
        (0..self.masks.places.heads)
            .map(|head| {
                let end = at + ids[at..].partition_point(|&id| self.masks.places.head(id) == head);
                (head, std::mem::replace(&mut at, end)..end)
            })
            .filter(|(_, range)| !range.is_empty())
            .collect()
    }

    /// Raw queries, without gain and β, and the constants of their scores, in the order of `ids`.
    fn folded(&self, ids: &[usize], states: &[T], par: Par) -> Result<(Vec<T>, Vec<T>)> {
        let mut all = (Vec::new(), Vec::new());
        for (head, range) in self.heads(ids) {
            let width = self.key_map.outputs;
            let (back, constants) = self.key_map.fold(head, &states[range.start * width..range.end * width], par)?;
            all.0.extend(back);
            all.1.extend(constants);
        }
        Ok(all)
    }

    fn beta_of(&self, id: usize) -> T {
        T::from_f64(self.beta[self.masks.places.head(id)])
    }

    /// Calls `then` with the association, and the batch and the scores of null patterns in the order of the samples.
    fn looking<R>(
        &self,
        ids: &[usize],
        (queries, nulls): (&[T], &[T]),
        read: Read,
        then: impl FnOnce(&Association<T>, &Batch<T>) -> Result<R>,
    ) -> Result<R> {
        let dropout = self.dropout.filter(|_| self.is_thinned(read));
        let (keys, values) = (self.keys, self.values_for(read));
        let association =
            Association { keys, values, sets: self.sets, masks: self.masks, dropout, separation: self.separation };
        let mut at = 0;
        let mut problems = Vec::with_capacity(self.sets.len());
        for set in 0..self.sets.len() {
            let mine = |&id: &usize| self.sets.len() == 1 || self.masks.places.sample(id) == set;
            let end = at + ids[at..].partition_point(mine);
            problems.push(Problem { head: 0, set, queries: at..end });
            at = end;
        }
        then(&association, &Batch { problems: &problems, ids, queries, null: self.null.then_some(nulls) })
    }

    fn ask(&self, ids: Vec<usize>, states: Vec<T>, read: Read, par: Par) -> Result<Record<T>> {
        let inputs = self.key_map.inputs;
        let (back, constants) = self.folded(&ids, &states, par)?;
        let order = self.order(&ids);
        let places: Vec<usize> = order.iter().map(|&at| ids[at]).collect();
        let mut queries = gathered(&back, inputs, &order)?;
        let nulls = self.nulls(&ids, &order, &constants);
        for (query, &id) in queries.chunks_exact_mut(inputs).zip(&places) {
            let beta = self.beta_of(id);
            for (j, entry) in query.iter_mut().enumerate() {
                let gain = self.key_map.affine.map_or(T::ONE, |(gain, _)| gain[j]);
                *entry = entry.times(gain).times(beta);
            }
        }
        let answers =
            self.looking(&places, (&queries, &nulls), read, |association, batch| association.read(batch, par))?;
        let mut conjugates = try_vec(ids.len(), 0.0, "energies")?;
        for (row, &at) in order.iter().enumerate() {
            let null: f64 = nulls[row].into();
            conjugates[at] = answers.conjugates[row] - null;
        }
        let mut record = Record { ids, states, queries, answers, mapped: None, conjugates };
        let (means, mass) = self.means_and_mass(&record, &order, read)?;
        let (inputs, map) = (self.map_for(read).inputs, self.map_for(read));
        let mut mapped = Vec::new();
        for (head, range) in self.heads(&record.ids) {
            let means = &means[range.start * inputs..range.end * inputs];
            mapped.extend(map.apply(head, means, &mass[range], par)?);
        }
        record.mapped = Some(mapped);
        Ok(record)
    }

    /// Means of raw patterns and the sums of their weights, in the order of the ids.
    fn means_and_mass(&self, record: &Record<T>, order: &[usize], read: Read) -> Result<(Vec<T>, Vec<T>)> {
        let (inputs, width) = (self.map_for(read).inputs, self.values_for(read).width);
        let mut means = try_vec(order.len() * inputs, T::ZERO, "means")?;
        let mut mass = try_vec(order.len(), T::ZERO, "sums")?;
        for ((row, &at), found) in order.iter().enumerate().zip(record.answers.means.chunks_exact(width)) {
            means[at * inputs..][..inputs].copy_from_slice(&found[..inputs]);
            mass[at] = if self.is_thinned(read) { found[inputs] } else { record.answers.masses[row] };
        }
        Ok((means, mass))
    }

    fn pull(
        &self,
        record: &Record<T>,
        gradient: &[T],
        read: Read,
        into: Option<&mut OfFolded<T>>,
        par: Par,
    ) -> Result<Vec<T>> {
        let mut unwanted;
        let (into, wanted) = if let Some(into) = into {
            (into, true)
        } else {
            // What the gradient of the states alone passes on the way is thrown away.
            unwanted = OfFolded {
                keys: Blocks::zeros(1, 0, self.keys.width)?,
                values: None,
                key_map: self.key_map.zeros()?,
                value_map: self.value_map.zeros()?,
                beta: vec![0.0; self.beta.len()],
            };
            (&mut unwanted, false)
        };
        let order = self.order(&record.ids);
        let places: Vec<usize> = order.iter().map(|&at| record.ids[at]).collect();
        let (back, constants) = self.folded(&record.ids, &record.states, par)?;
        let nulls = self.nulls(&record.ids, &order, &constants);
        let (means, mass) = self.means_and_mass(record, &order, read)?;

        // Through the map of what was read.
        let map = self.map_for(read);
        let (mut of_means, mut of_mass) = (Vec::new(), Vec::new());
        for (head, range) in self.heads(&record.ids) {
            let of_map = if read == Read::Values { &mut into.value_map } else { &mut into.key_map };
            let means = &means[range.start * map.inputs..range.end * map.inputs];
            let gradient = &gradient[range.start * map.outputs..range.end * map.outputs];
            let (more, mass) = map.pull(head, (means, &mass[range]), gradient, of_map, par)?;
            of_means.extend(more);
            of_mass.extend(mass);
        }

        // Through the association.
        let width = self.values_for(read).width;
        let mut asked = try_vec(order.len() * width, T::ZERO, "gradients")?;
        let mut of_masses = try_vec(order.len(), T::ZERO, "gradients")?;
        for (row, &at) in order.iter().enumerate() {
            asked[row * width..][..map.inputs].copy_from_slice(&of_means[at * map.inputs..][..map.inputs]);
            if self.is_thinned(read) {
                asked[row * width + map.inputs] = of_mass[at];
            } else {
                of_masses[row] = of_mass[at];
            }
        }
        let stored = wanted.then_some(Stored {
            keys: &mut into.keys,
            values: if read == Read::Values { into.values.as_mut() } else { None },
        });
        let pulled = self.looking(&places, (&record.queries, &nulls), read, |association, batch| {
            association.pull(batch, &record.answers, (&asked, Some(&of_masses)), stored, par)
        })?;

        // Through gain, β and the fold.
        let inputs = self.key_map.inputs;
        let mut of_back = try_vec(back.len(), T::ZERO, "gradients")?;
        let mut of_constants = try_vec(order.len(), T::ZERO, "gradients")?;
        for (row, (&at, of_query)) in order.iter().zip(pulled.queries.chunks_exact(inputs)).enumerate() {
            let id = record.ids[at];
            let (beta, back) = (self.beta_of(id), &back[at * inputs..][..inputs]);
            // The score of the null pattern is minus the constant.
            let of_constant = T::ZERO.minus(pulled.nulls[row]);
            let gained = |j: usize| self.key_map.affine.map_or(back[j], |(gain, _)| back[j].times(gain[j]));
            let gained: Vec<T> = (0..inputs).map(gained).collect();
            into.beta[self.masks.places.head(id)] += dot(of_query, &gained) + dot(&[of_constant], &[constants[at]]);
            for (entry, &of_query) in of_back[at * inputs..][..inputs].iter_mut().zip(of_query) {
                *entry = of_query.times(beta);
            }
            of_constants[at] = of_constant.times(beta);
        }
        let mut of_states = Vec::new();
        for (head, range) in self.heads(&record.ids) {
            let width = self.key_map.outputs;
            let states = &record.states[range.start * width..range.end * width];
            let of_back = copied(&of_back[range.start * inputs..range.end * inputs])?;
            let gradient = (of_back, &of_constants[range]);
            of_states.extend(self.key_map.pull_fold(head, states, gradient, &mut into.key_map, par)?);
        }
        Ok(of_states)
    }

    /// The scores of null patterns, in the order of the samples: minus the constants.
    fn nulls(&self, ids: &[usize], order: &[usize], constants: &[T]) -> Vec<T> {
        order.iter().map(|&at| T::ZERO.minus(constants[at].times(self.beta_of(ids[at])))).collect()
    }
}

impl<T: Real> Space<T> for Folded<'_, T> {
    type Gradient = OfFolded<T>;

    fn update(&self, ids: Vec<usize>, states: Vec<T>, par: Par) -> Result<Record<T>> {
        self.ask(ids, states, Read::Stored, par)
    }

    fn pull_update(
        &self,
        record: &Record<T>,
        gradient: &[T],
        into: Option<&mut OfFolded<T>>,
        par: Par,
    ) -> Result<Vec<T>> {
        self.pull(record, gradient, Read::Stored, into, par)
    }

    fn read(&self, ids: Vec<usize>, states: Vec<T>, par: Par) -> Result<Record<T>> {
        self.ask(ids, states, Read::Values, par)
    }

    fn pull_read(&self, record: &Record<T>, gradient: &[T], into: &mut OfFolded<T>, par: Par) -> Result<Vec<T>> {
        self.pull(record, gradient, Read::Values, Some(into), par)
    }

    fn weights(&self, record: &Record<T>, par: Par, mut each: impl FnMut(usize, usize, &[T])) -> Result<()> {
        let order = self.order(&record.ids);
        let places: Vec<usize> = order.iter().map(|&at| record.ids[at]).collect();
        let (_, constants) = self.folded(&record.ids, &record.states, par)?;
        let nulls = self.nulls(&record.ids, &order, &constants);
        self.looking(&places, (&record.queries, &nulls), Read::Values, |association, batch| {
            association.weights(batch, &record.answers.normalizers, par, |at, first, weights| {
                each(places[at], first, weights);
            })
        })
    }
}
