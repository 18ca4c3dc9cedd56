//! Stored patterns that were projected into Hopfield space, one block a head: what a state sees in a `Hopfield` layer.
//!
//! Not here: the projections themselves.

use std::ops::Range;

use super::association::{Association, Batch, Problem};
use super::gradient::{Stored, dot};
use super::masks::{Dropout, Masks};
use super::matrix::{Blocks, per_row};
use super::parameters::Separation;
use super::space::{Record, Space};
use crate::error::{Result, try_room, try_vec};
use crate::kernel::real::Real;
use crate::par::Par;

/// Keys and values in Hopfield space.
pub(super) struct Projected<'a, T: Real> {
    pub(super) keys: &'a Blocks<T>,
    pub(super) values: &'a Blocks<T>,
    /// One set for all samples, or one a sample.
    pub(super) sets: &'a [Range<usize>],
    pub(super) masks: Masks<'a, T>,
    pub(super) beta: &'a [f64],
    /// A stored pattern of zeros is seen beside the others.
    pub(super) null: bool,
    pub(super) dropout: Option<Dropout>,
    pub(super) separation: Separation,
}

/// Gradients of keys and values, one block a head, and of β.
pub(super) struct OfProjected<T> {
    pub(super) keys: Blocks<T>,
    pub(super) values: Blocks<T>,
    pub(super) beta: Vec<f64>,
}

impl<T: Real> OfProjected<T> {
    /// Zeros for `heads` heads over `space`.
    pub(super) fn zeros(space: &Projected<T>, heads: usize) -> Result<Self> {
        Ok(Self {
            keys: Blocks::zeros(heads, space.keys.rows, space.keys.width)?,
            values: Blocks::zeros(heads, space.values.rows, space.values.width)?,
            beta: vec![0.0; heads],
        })
    }
}

impl<T: Real> Projected<'_, T> {
    /// Those that look into each head and set, head by head, among `ids`, which are in order.
    fn problems(&self, ids: &[usize]) -> Vec<Problem> {
        let places = self.masks.places;
        let (sets, mut at) = (self.sets.len(), 0);
        let mut problems = Vec::with_capacity(places.heads * sets);
        for head in 0..places.heads {
            for set in 0..sets {
                let mine = |&id: &usize| places.head(id) == head && (sets == 1 || places.sample(id) == set);
                let end = at + ids[at..].partition_point(mine);
                problems.push(Problem { head, set, queries: at..end });
                at = end;
            }
        }
        problems
    }

    fn ask(&self, ids: Vec<usize>, states: Vec<T>, values: &Blocks<T>, par: Par) -> Result<Record<T>> {
        let mut queries = try_room(states.len(), "queries")?;
        for (state, &id) in states.chunks_exact(self.keys.width).zip(&ids) {
            let beta = T::from_f64(self.beta[self.masks.places.head(id)]);
            queries.extend(state.iter().map(|entry| entry.times(beta)));
        }
        let mut answers = self.looking(&ids, &queries, values, |association, batch| association.read(batch, par))?;
        let conjugates = std::mem::take(&mut answers.conjugates);
        Ok(Record { ids, states, queries, answers, mapped: None, conjugates })
    }

    /// Calls `then` with the association and the batch that these queries are.
    pub(super) fn looking<R>(
        &self,
        ids: &[usize],
        queries: &[T],
        values: &Blocks<T>,
        then: impl FnOnce(&Association<T>, &Batch<T>) -> Result<R>,
    ) -> Result<R> {
        let zeros = try_vec(if self.null { ids.len() } else { 0 }, T::ZERO, "scores")?;
        // Updates take all weights; only what is read out at the end drops some.
        let dropout = self.dropout.filter(|_| std::ptr::eq(values, self.values));
        let association = Association {
            keys: self.keys,
            values,
            sets: self.sets,
            masks: self.masks,
            dropout,
            separation: self.separation,
        };
        let problems = self.problems(ids);
        then(&association, &Batch { problems: &problems, ids, queries, null: self.null.then_some(&zeros) })
    }

    fn pull(
        &self,
        record: &Record<T>,
        gradient: &[T],
        values: &Blocks<T>,
        (stored, beta): (Option<Stored<T>>, Option<&mut [f64]>),
        par: Par,
    ) -> Result<Vec<T>> {
        let mut pulled = self.looking(&record.ids, &record.queries, values, |association, batch| {
            association.pull(batch, &record.answers, (gradient, None), stored, par)
        })?;
        let (width, places) = (self.keys.width, self.masks.places);
        let along = per_row(&record.states, width, par, |row, state| dot(&pulled.queries[row * width..], state))?;
        let mut of_beta = vec![0.0; self.beta.len()];
        for ((query, along), &id) in pulled.queries.chunks_exact_mut(width).zip(along).zip(&record.ids) {
            let head = places.head(id);
            of_beta[head] += along;
            let beta = T::from_f64(self.beta[head]);
            for entry in query {
                *entry = entry.times(beta);
            }
        }
        for (beta, more) in beta.into_iter().flatten().zip(of_beta) {
            *beta += more;
        }
        Ok(pulled.queries)
    }
}

impl<T: Real> Space<T> for Projected<'_, T> {
    type Gradient = OfProjected<T>;

    fn update(&self, ids: Vec<usize>, states: Vec<T>, par: Par) -> Result<Record<T>> {
        self.ask(ids, states, self.keys, par)
    }

    fn pull_update(
        &self,
        record: &Record<T>,
        gradient: &[T],
        into: Option<&mut OfProjected<T>>,
        par: Par,
    ) -> Result<Vec<T>> {
        let into = match into {
            Some(OfProjected { keys, beta, .. }) => (Some(Stored { keys, values: None }), Some(&mut beta[..])),
            None => (None, None),
        };
        self.pull(record, gradient, self.keys, into, par)
    }

    fn read(&self, ids: Vec<usize>, states: Vec<T>, par: Par) -> Result<Record<T>> {
        self.ask(ids, states, self.values, par)
    }

    fn pull_read(&self, record: &Record<T>, gradient: &[T], into: &mut OfProjected<T>, par: Par) -> Result<Vec<T>> {
        let stored = Stored { keys: &mut into.keys, values: Some(&mut into.values) };
        self.pull(record, gradient, self.values, (Some(stored), Some(&mut into.beta)), par)
    }

    fn weights(&self, record: &Record<T>, par: Par, mut each: impl FnMut(usize, usize, &[T])) -> Result<()> {
        self.looking(&record.ids, &record.queries, self.values, |association, batch| {
            association.weights(batch, &record.answers.normalizers, par, |at, first, weights| {
                each(record.ids[at], first, weights);
            })
        })
    }
}
