//! Attention with a hidden state (Masumura & Taki 2025): exponents that carry over from layer to layer.
//!
//! ```text
//! h' = α' h + (1 − α') β q kᵀ          x' = α x + (1 − α) softmax(h') v
//! ```
//!
//! With α' = 0 it is attention with a residual mix. The hidden state is of the size of queries × keys, and kept as a whole:
//! it is what the caller asks for. For α' > 0 no energy is known to descend.
//!
//! Not here: masks, and separations other than softmax.

use super::matrix::{Blocks, add, column_sums, copied, project, times, weighed};
use super::parameters::Linear;
use crate::error::{Error, Result, area, try_vec};
use crate::kernel::real::Real;
use crate::modern::Separation;
use crate::par::Par;

/// The three numbers of the update.
#[derive(Clone, Copy, Debug)]
pub struct Mixing {
    /// The share of the state that stays, from 0 to 1.
    pub alpha: f64,
    /// The share of the hidden state that stays, from 0 to 1.
    pub alpha_hidden: f64,
    /// The inverse temperature.
    pub beta: f64,
}

/// One head of one sample, row after row.
#[derive(Clone, Copy)]
struct Problem<'a, T> {
    queries: &'a [T],
    keys: &'a [T],
    values: &'a [T],
    d: usize,
    columns: usize,
}

/// Sizes of a batch of problems: how many, queries, keys, and the widths of queries and values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// Problems.
    pub problems: usize,
    /// Queries of each.
    pub queries: usize,
    /// Keys of each.
    pub keys: usize,
    /// Entries of a query and of a key.
    pub d: usize,
    /// Entries of a value and of a state.
    pub columns: usize,
}

/// `(x', h')` for each problem: queries `(P, L, d)`, keys `(P, S, d)`, values `(P, S, dv)`, states `(P, L, dv)` and, unless
/// it is zero, the hidden state `(P, L, S)`, all row after row.
///
/// # Errors
/// Lengths that do not fit the sizes.
pub fn hidden_state_attention<T: Real>(
    [queries, keys, values, states]: [&[T]; 4],
    hidden: Option<&[T]>,
    sizes: Sizes,
    mixing: Mixing,
    par: Par,
) -> Result<(Vec<T>, Vec<T>)> {
    let Sizes { problems, queries: l, keys: s, d, columns } = sizes;
    let fits = queries.len() == problems * l * d && keys.len() == problems * s * d;
    let fits = fits && values.len() == problems * s * columns && states.len() == problems * l * columns;
    if !fits || hidden.is_some_and(|hidden| hidden.len() != problems * l * s) || d == 0 {
        return Err(Error::Options { rule: "arrays must have the lengths that their sizes say" });
    }
    let mut after = copied(states)?;
    let mut carried = try_vec(area(problems * l, s, "hidden states")?, T::ZERO, "hidden states")?;
    if let Some(hidden) = hidden {
        carried.copy_from_slice(hidden);
    }
    for problem in 0..problems {
        let one = Problem {
            queries: &queries[problem * l * d..][..l * d],
            keys: &keys[problem * s * d..][..s * d],
            values: &values[problem * s * columns..][..s * columns],
            d,
            columns,
        };
        let hidden = &mut carried[problem * l * s..][..l * s];
        attend(&one, hidden, &mut after[problem * l * columns..][..l * columns], mixing, par)?;
    }
    Ok((after, carried))
}

/// Moves the hidden state and then the state of one problem; returns the weights.
fn attend<T: Real>(
    problem: &Problem<T>,
    hidden: &mut [T],
    state: &mut [T],
    mixing: Mixing,
    par: Par,
) -> Result<Blocks<T>> {
    let scores = project(problem.queries, problem.d, (problem.keys, None), 1, par)?;
    let [keep, take] = [mixing.alpha_hidden, (1.0 - mixing.alpha_hidden) * mixing.beta].map(T::from_f64);
    for (entry, &score) in hidden.iter_mut().zip(&scores.data) {
        *entry = entry.times(keep).plus(score.times(take));
    }
    let mut weights = scores;
    if weights.width > 0 {
        for (row, weights) in hidden.chunks_exact(weights.width).zip(weights.data.chunks_exact_mut(weights.width)) {
            Separation::Softmax.weights(row, 1.0, weights);
        }
    }
    let read = times(&weights, problem.values, problem.columns, par)?;
    let [keep, take] = [mixing.alpha, 1.0 - mixing.alpha].map(T::from_f64);
    for (entry, &read) in state.iter_mut().zip(&read) {
        *entry = entry.times(keep).plus(read.times(take));
    }
    Ok(weights)
}

/// Gradients with respect to queries, keys, values, states and hidden states, of one problem.
struct Pulled<T> {
    queries: Vec<T>,
    keys: Vec<T>,
    values: Vec<T>,
    states: Vec<T>,
    hidden: Vec<T>,
}

/// Given the gradients with respect to `x'` and `h'`.
fn pull<T: Real>(
    problem: &Problem<T>,
    weights: &Blocks<T>,
    (of_state, of_hidden): (&[T], &[T]),
    mixing: Mixing,
    par: Par,
) -> Result<Pulled<T>> {
    let scaled = |rows: &[T], factor: f64| -> Result<Vec<T>> {
        let (mut rows, factor) = (copied(rows)?, T::from_f64(factor));
        for entry in &mut rows {
            *entry = entry.times(factor);
        }
        Ok(rows)
    };
    let of_read = scaled(of_state, 1.0 - mixing.alpha)?;
    let values = weighed(weights, &of_read, problem.columns, par)?;
    let mut slopes = project(&of_read, problem.columns, (problem.values, None), 1, par)?;
    if slopes.width > 0 {
        let rows = slopes.data.chunks_exact_mut(slopes.width).zip(weights.data.chunks_exact(slopes.width));
        for (slopes, weights) in rows {
            let mean = T::from_f64(super::gradient::dot(slopes, weights));
            for (slope, &weight) in slopes.iter_mut().zip(weights) {
                *slope = weight.times(slope.minus(mean));
            }
        }
    }
    add(&mut slopes.data, of_hidden);
    let hidden = scaled(&slopes.data, mixing.alpha_hidden)?;
    let data = scaled(&slopes.data, (1.0 - mixing.alpha_hidden) * mixing.beta)?;
    let of_scores = Blocks { data, ..slopes };
    Ok(Pulled {
        queries: times(&of_scores, problem.keys, problem.d, par)?,
        keys: weighed(&of_scores, problem.queries, problem.d, par)?,
        values,
        states: scaled(of_state, mixing.alpha)?,
        hidden,
    })
}

/// A layer around it: every sample attends to itself, with projections of its states for each head.
#[derive(Clone, Debug)]
pub struct HiddenStateLayer<T> {
    /// Heads, between which the columns of a state are divided.
    pub heads: usize,
    /// `(3 D, D)`: queries, keys and values, the rows of one head after another.
    pub projection: Linear<T>,
    /// The numbers of the update.
    pub mixing: Mixing,
}

/// What a forward pass of a [`HiddenStateLayer`] leaves for its gradient.
pub struct HiddenStateTape<T> {
    layer: HiddenStateLayer<T>,
    states: Vec<T>,
    projected: Blocks<T>,
    /// Of each sample and head.
    weights: Vec<Blocks<T>>,
    /// Samples, states of each, entries of a state.
    shape: (usize, usize, usize),
}

impl<T: Real> HiddenStateLayer<T> {
    /// `(x', h')` and the tape: states `(B, L, D)`, hidden states `(B, H, L, L)` unless they are zero.
    ///
    /// # Errors
    /// Lengths that do not fit.
    pub fn forward(
        &self,
        states: &[T],
        (batch, length, width): (usize, usize, usize),
        hidden: Option<&[T]>,
        par: Par,
    ) -> Result<(Vec<T>, Vec<T>, HiddenStateTape<T>)> {
        let (heads, square) = (self.heads, length * length);
        let fits = width > 0 && width.is_multiple_of(heads) && self.projection.weight.len() == 3 * width * width;
        if !fits || states.len() != batch * length * width {
            return Err(Error::Options {
                rule: "states must be as wide as the projection and a multiple of the heads",
            });
        }
        let mut carried = try_vec(area(batch * heads, square, "hidden states")?, T::ZERO, "hidden states")?;
        if let Some(hidden) = hidden {
            if hidden.len() != carried.len() {
                return Err(Error::Options { rule: "`hidden` must have one entry for each head and pair of states" });
            }
            carried.copy_from_slice(hidden);
        }
        let d = width / heads;
        let linear = (&self.projection.weight[..], self.projection.bias.as_deref());
        let projected = project(states, width, linear, 3 * heads, par)?;
        let mut after = Blocks::cut(states, heads, d)?;
        let mut weights = Vec::with_capacity(batch * heads);
        for sample in 0..batch {
            for head in 0..heads {
                let problem = of_head(&projected, heads, head, (sample, length));
                let hidden = &mut carried[(sample * heads + head) * square..][..square];
                let state = &mut after.data[(head * batch + sample) * length * d..][..length * d];
                weights.push(attend(&problem, hidden, state, self.mixing, par)?);
            }
        }
        let tape = HiddenStateTape {
            layer: self.clone(),
            states: copied(states)?,
            projected,
            weights,
            shape: (batch, length, width),
        };
        Ok((after.joined()?, carried, tape))
    }
}

impl<T: Real> HiddenStateTape<T> {
    /// The shape of the states.
    #[must_use]
    pub fn shape(&self) -> (usize, usize, usize) {
        self.shape
    }

    /// Gradients with respect to states, hidden states and the projection, given those with respect to `x'` and `h'`.
    ///
    /// # Errors
    /// Lengths that do not fit.
    pub fn pull(&self, of_states: &[T], of_hidden: &[T], par: Par) -> Result<(Vec<T>, Vec<T>, Linear<T>)> {
        let ((batch, length, width), heads) = (self.shape, self.layer.heads);
        let (d, square) = (width / heads, length * length);
        if of_states.len() != batch * length * width || of_hidden.len() != batch * heads * square {
            return Err(Error::Options { rule: "gradients must have the shapes of the states and hidden states" });
        }
        let asked = Blocks::cut(of_states, heads, d)?;
        let mut states = Blocks::zeros(heads, batch * length, d)?;
        let mut projected = Blocks::zeros(3 * heads, batch * length, d)?;
        let mut hidden = Vec::with_capacity(of_hidden.len());
        let len = length * d;
        for sample in 0..batch {
            for head in 0..heads {
                let number = sample * heads + head;
                let problem = of_head(&self.projected, heads, head, (sample, length));
                let at = (head * batch + sample) * len;
                let asked = (&asked.data[at..][..len], &of_hidden[number * square..][..square]);
                let pulled = pull(&problem, &self.weights[number], asked, self.layer.mixing, par)?;
                states.data[at..][..len].copy_from_slice(&pulled.states);
                hidden.extend(pulled.hidden);
                for (part, rows) in [pulled.queries, pulled.keys, pulled.values].iter().enumerate() {
                    let at = ((part * heads + head) * batch + sample) * len;
                    projected.data[at..][..len].copy_from_slice(rows);
                }
            }
        }
        let linear = &self.layer.projection;
        let mut of_rows = times(&projected, &linear.weight, width, par)?;
        add(&mut of_rows, &states.joined()?);
        let weight = weighed(&projected, &self.states, width, par)?;
        let bias = linear.bias.as_ref().map(|_| column_sums(&projected, par)).transpose()?;
        Ok((of_rows, hidden, Linear { weight, bias }))
    }
}

fn of_head<T: Real>(
    projected: &Blocks<T>,
    heads: usize,
    head: usize,
    (sample, length): (usize, usize),
) -> Problem<'_, T> {
    let d = projected.width;
    let rows = |part: usize| &projected.block(part * heads + head)[sample * length * d..][..length * d];
    Problem { queries: rows(0), keys: rows(1), values: rows(2), d, columns: d }
}
