//! States that move in Hopfield space until they settle, and the gradient of where they end: unrolled, or implicit.
//!
//! What a state sees is a [`Space`]: stored patterns that were projected into it ([`super::projected`]), or patterns as
//! they came with the projections folded into the queries ([`super::folded`]).
//!
//! Not here: a gradient of the rule by which states stop.

use super::association::Answers;
use super::gradient::dot;
use super::masks::Places;
use super::matrix::{copied, per_row};
use crate::error::{Error, Result, try_room, try_vec};
use crate::input::real::{distance_squared, norm_squared};
use crate::kernel::real::Real;
use crate::par::Par;

/// What happened to some states at once, for the gradient.
pub(super) struct Record<T> {
    /// The places of the states, in order.
    pub(super) ids: Vec<usize>,
    /// The states as they were, one a row.
    pub(super) states: Vec<T>,
    /// The queries that they asked, in the order of the space.
    pub(super) queries: Vec<T>,
    /// What those read out, in the order of the space.
    pub(super) answers: Answers<T>,
    /// What that is for each state, where it is not the readouts as they are.
    pub(super) mapped: Option<Vec<T>>,
    /// `Ω*(z)` of each state.
    pub(super) conjugates: Vec<f64>,
}

impl<T> Record<T> {
    /// What the states found, one row a state.
    pub(super) fn found(&self) -> &[T] {
        self.mapped.as_ref().unwrap_or(&self.answers.means)
    }

    /// The same, when nothing else is wanted.
    fn into_found(self) -> Vec<T> {
        self.mapped.unwrap_or(self.answers.means)
    }
}

/// Where states move.
pub(super) trait Space<T: Real> {
    /// Gradients of all that the space is made of.
    type Gradient;

    /// The states find where they go.
    fn update(&self, ids: Vec<usize>, states: Vec<T>, par: Par) -> Result<Record<T>>;

    /// The gradient with respect to the states, given that with respect to where they went; the space's own is added.
    fn pull_update(
        &self,
        record: &Record<T>,
        gradient: &[T],
        into: Option<&mut Self::Gradient>,
        par: Par,
    ) -> Result<Vec<T>>;

    /// The states find what they read out.
    fn read(&self, ids: Vec<usize>, states: Vec<T>, par: Par) -> Result<Record<T>>;

    /// As [`Self::pull_update`], for what was read out.
    fn pull_read(&self, record: &Record<T>, gradient: &[T], into: &mut Self::Gradient, par: Par) -> Result<Vec<T>>;

    /// Calls `each` with the place of a state that read, the number of a stored pattern, and the weights from it on.
    fn weights(&self, record: &Record<T>, par: Par, each: impl FnMut(usize, usize, &[T])) -> Result<()>;
}

/// When states stop, one entry a head.
#[derive(Clone, Debug)]
pub(super) struct Stops {
    pub(super) max_updates: Vec<usize>,
    pub(super) tolerance: Vec<f64>,
}

/// How the gradient of settled states is had.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Through {
    /// Back through every update; all states on the way are kept.
    #[default]
    Updates,
    /// From the fixed point alone: `λ = g + Jᵀ λ`; every state must have settled.
    FixedPoint,
}

/// How states settled, or ran out of updates; one entry a place.
pub(super) struct Settled<T> {
    pub(super) updates: Vec<usize>,
    pub(super) converged: Vec<bool>,
    records: Vec<Record<T>>,
}

/// Moves each state until a move is no longer than the tolerance of its head, or its updates are used up: where it is
/// then, one row a place.
pub(super) fn settle<T: Real>(
    space: &impl Space<T>,
    mut states: Vec<T>,
    width: usize,
    places: Places,
    (stops, keep): (&Stops, bool),
    par: Par,
) -> Result<(Vec<T>, Settled<T>)> {
    let mut updates = try_vec(places.len(), 0, "counts")?;
    let mut converged = try_vec(places.len(), false, "flags")?;
    let mut records = Vec::new();
    loop {
        let moving: Vec<usize> = (0..places.len())
            .filter(|&id| !converged[id] && updates[id] < stops.max_updates[places.head(id)])
            .collect();
        if moving.is_empty() {
            return Ok((states, Settled { updates, converged, records }));
        }
        let all = moving.len() == places.len();
        let before = if all { std::mem::take(&mut states) } else { gathered(&states, width, &moving)? };
        let record = space.update(moving, before, par)?;
        let found = record.found();
        let moves = per_row(&record.states, width, par, |row, before| {
            distance_squared(before, &found[row * width..][..width]).sqrt()
        })?;
        for (length, &id) in moves.into_iter().zip(&record.ids) {
            // NaN has not settled.
            converged[id] = length <= stops.tolerance[places.head(id)];
            updates[id] += 1;
        }
        if !all {
            for (found, &id) in found.chunks_exact(width).zip(&record.ids) {
                states[id * width..][..width].copy_from_slice(found);
            }
        } else if keep {
            states = copied(found)?;
        } else {
            states = record.into_found();
            continue;
        }
        if keep {
            records.push(record);
        }
    }
}

impl<T: Real> Settled<T> {
    /// The gradient with respect to the first states, given that with respect to the settled ones, `states`.
    pub(super) fn pull<S: Space<T>>(
        &self,
        space: &S,
        (states, width): (&[T], usize),
        mut gradient: Vec<T>,
        through: Through,
        into: &mut S::Gradient,
        par: Par,
    ) -> Result<Vec<T>> {
        match through {
            Through::Updates => {
                for record in self.records.iter().rev() {
                    if record.ids.len() == self.updates.len() {
                        gradient = space.pull_update(record, &gradient, Some(into), par)?;
                        continue;
                    }
                    let after = gathered(&gradient, width, &record.ids)?;
                    let before = space.pull_update(record, &after, Some(into), par)?;
                    for (row, &id) in record.ids.iter().enumerate() {
                        gradient[id * width..][..width].copy_from_slice(&before[row * width..][..width]);
                    }
                }
            }
            Through::FixedPoint => {
                let moved: Vec<usize> = (0..self.updates.len()).filter(|&id| self.updates[id] > 0).collect();
                if moved.is_empty() {
                    return Ok(gradient);
                }
                let wanted = gathered(&gradient, width, &moved)?;
                for &id in &moved {
                    // Where a state began does not change where it settles.
                    gradient[id * width..][..width].fill(T::ZERO);
                }
                let states = gathered(states, width, &moved)?;
                let record = space.update(moved, states, par)?;
                let adjoint = solve(space, &record, wanted, width, par)?;
                space.pull_update(&record, &adjoint, Some(into), par)?;
            }
        }
        Ok(gradient)
    }

    /// States that moved and have not settled.
    pub(super) fn unsettled(&self) -> usize {
        self.updates.iter().zip(&self.converged).filter(|&(&updates, &converged)| updates > 0 && !converged).count()
    }
}

/// Solves `(I − J) λ = g` for each state by conjugate gradients: `J` is symmetric, and below 1 where a state is stable.
fn solve<T: Real, S: Space<T>>(
    space: &S,
    record: &Record<T>,
    wanted: Vec<T>,
    width: usize,
    par: Par,
) -> Result<Vec<T>> {
    let count = record.ids.len();
    let mut solution = try_vec(wanted.len(), T::ZERO, "an adjoint")?;
    let mut direction = copied(&wanted)?;
    let mut rest = wanted;
    let norms: Vec<f64> = rest.chunks_exact(width).map(norm_squared).collect();
    let mut squares = norms.clone();
    // In exact arithmetic `width` rounds are enough.
    for _ in 0..4 * width {
        if squares.iter().zip(&norms).all(|(square, norm)| square.sqrt() <= T::EPSILON * norm.sqrt()) {
            return Ok(solution);
        }
        let moved = space.pull_update(record, &direction, None, par)?;
        for row in 0..count {
            if squares[row].sqrt() <= T::EPSILON * norms[row].sqrt() {
                continue;
            }
            let range = row * width..(row + 1) * width;
            let direction = &mut direction[range.clone()];
            let curvature = norm_squared(direction) - dot(direction, &moved[range.clone()]);
            if curvature <= 0.0 || curvature.is_nan() {
                return Err(Error::NotStable { state: record.ids[row] });
            }
            let step = T::from_f64(squares[row] / curvature);
            let (solution, rest) = (&mut solution[range.clone()], &mut rest[range.clone()]);
            for (j, &moved) in moved[range].iter().enumerate() {
                solution[j] = solution[j].plus(step.times(direction[j]));
                rest[j] = rest[j].minus(step.times(direction[j].minus(moved)));
            }
            let square = norm_squared(rest);
            let turn = T::from_f64(square / squares[row]);
            for (direction, &rest) in direction.iter_mut().zip(&*rest) {
                *direction = rest.plus(turn.times(*direction));
            }
            squares[row] = square;
        }
    }
    Ok(solution)
}

/// The rows of `ids`.
pub(super) fn gathered<T: Real>(rows: &[T], width: usize, ids: &[usize]) -> Result<Vec<T>> {
    let mut some = try_room(ids.len() * width, "states")?;
    for &id in ids {
        some.extend_from_slice(&rows[id * width..][..width]);
    }
    Ok(some)
}
