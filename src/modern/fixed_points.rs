//! Where states can settle: the distinct fixed points that many starts lead to.
//!
//! The rule of what is distinct: starts are taken in order, and a settled state is the first of the fixed points found so
//! far that lies within a distance of it, else a new one. So the answer is the same for any number of threads. A fixed
//! point counts as stable if a state that is moved away from it by that distance, in a direction drawn at random, comes
//! back: on a saddle, which a start of exact symmetry can reach, nearly every direction leads away.
//!
//! Not here: a search that is sure to find all of them.

use ndarray::{Array1, Array2, ArrayView2};

use super::diagnose::Kind;
use super::memory::ModernHopfield;
use super::retrieve::{Cue, Reason, Retrieval, Stop};
use crate::error::{Error, Result, area, table, try_vec};
use crate::input::real::distance_squared;
use crate::kernel::real::Real;
use crate::par::Par;
use crate::rng::Stream;

/// How fixed points are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub struct Search {
    /// When a state has settled.
    pub stop: Stop,
    /// Settled states within this distance are one fixed point; a thousandth of the largest norm unless given.
    pub distance: Option<f64>,
}

/// The fixed points that were found, the deepest first.
#[derive(Clone, Debug)]
pub struct FixedPoints<T> {
    /// Their states, `(f, d)`.
    pub states: Array2<T>,
    /// Their energies, with constants; in this order, and equal ones in the order in which they were found.
    pub energy: Array1<f64>,
    /// How many starts led to each.
    pub basin: Array1<i64>,
    /// What each is near.
    pub kind: Vec<Kind>,
    /// The least number of patterns that hold 90 % of the weight.
    pub size: Array1<i64>,
    /// The pattern of largest weight.
    pub pattern: Array1<i64>,
    /// Whether a state beside it comes back.
    pub stable: Array1<bool>,
    /// The fixed point that each start led to, `(m,)`; −1 of one that did not settle.
    pub reached: Array1<i64>,
}

impl<T: Real> ModernHopfield<'_, T> {
    /// The distinct fixed points that `starts` `(m, d)` lead to.
    ///
    /// ```
    /// use hopfield::{Par, modern::{ModernHopfield, Search}};
    /// use ndarray::array;
    ///
    /// let memory = ModernHopfield::new(array![[1.0, 0.0], [0.0, 1.0]], 8.0, Par::serial())?;
    /// let starts = array![[0.9, 0.2], [1.0, 0.0], [0.1, 0.7], [0.5, 0.5]];
    /// let found = memory.fixed_points(starts.view(), &Search::default(), Par::serial())?;
    /// assert_eq!(found.basin.to_vec(), [2, 1, 1]);
    /// assert_eq!(found.stable.to_vec(), [true, true, false]);
    /// # Ok::<(), hopfield::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Self::retrieve`], and a `distance` that is not positive and finite.
    pub fn fixed_points(&self, starts: ArrayView2<T>, search: &Search, par: Par) -> Result<FixedPoints<T>> {
        let distance = search.distance.unwrap_or(1e-3 * self.largest_norm().max(f64::MIN_POSITIVE));
        if !(distance > 0.0 && distance.is_finite()) {
            return Err(Error::Range { argument: "distance", rule: "positive and finite", value: distance });
        }
        let settled = self.retrieve(starts, &Cue::default(), &search.stop, par)?;
        let (found, mut reached) = distinct(&settled, distance, par)?;
        let mut order: Vec<usize> = (0..found.len()).collect();
        order.sort_by(|&one, &other| settled.energy[found[one]].total_cmp(&settled.energy[found[other]]));
        let mut place = try_vec(found.len(), 0_i64, "fixed points")?;
        for (rank, &number) in order.iter().enumerate() {
            place[number] = rank as i64;
        }
        let mut basin = Array1::zeros(found.len());
        for slot in reached.iter_mut().filter(|slot| **slot >= 0) {
            *slot = place[*slot as usize];
            basin[*slot as usize] += 1;
        }
        let first: Vec<usize> = order.iter().map(|&number| found[number]).collect();
        let states = settled.states.select(ndarray::Axis(0), &first);
        let diagnoses = self.diagnose(states.view(), par)?;
        Ok(FixedPoints {
            energy: first.iter().map(|&start| settled.energy[start]).collect(),
            basin,
            kind: diagnoses.iter().map(|diagnosis| diagnosis.kind).collect(),
            size: diagnoses.iter().map(|diagnosis| diagnosis.size as i64).collect(),
            pattern: first.iter().map(|&start| settled.pattern[start]).collect(),
            stable: self.come_back(&states, &search.stop, distance, par)?,
            states,
            reached,
        })
    }

    /// Whether states that are moved by `distance` settle within it again.
    fn come_back(&self, states: &Array2<T>, stop: &Stop, distance: f64, par: Par) -> Result<Array1<bool>> {
        let (count, d) = states.dim();
        let mut moved = try_vec(area(count, d, "moved states")?, T::ZERO, "moved states")?;
        for (number, (row, state)) in moved.chunks_exact_mut(d).zip(states.rows()).enumerate() {
            let mut stream = Stream::new(0, number as u64);
            let direction: Vec<f64> = (0..d).map(|_| stream.below(1 << 24) as f64 - f64::from(1 << 23) + 0.5).collect();
            let length = direction.iter().map(|entry| entry * entry).sum::<f64>().sqrt();
            for ((slot, &entry), along) in row.iter_mut().zip(state).zip(direction) {
                *slot = T::from_f64(Into::<f64>::into(entry) + distance * along / length);
            }
        }
        let settled = self.retrieve(table(count, d, moved)?.view(), &Cue::default(), stop, par)?;
        let back = settled.states.rows().into_iter().zip(states.rows()).zip(&settled.converged);
        Ok(back
            .map(|((row, state), &converged)| converged && apart(row.as_slice(), state.as_slice()) <= distance)
            .collect())
    }
}

fn apart<T: Real>(left: Option<&[T]>, right: Option<&[T]>) -> f64 {
    distance_squared(left.unwrap_or_default(), right.unwrap_or_default()).sqrt()
}

/// The first start that led to each fixed point, and for each start the number of its fixed point.
fn distinct<T: Real>(settled: &Retrieval<T>, distance: f64, par: Par) -> Result<(Vec<usize>, Array1<i64>)> {
    let (mut found, mut reached) = (Vec::new(), Array1::from_elem(settled.reason.len(), -1));
    let row = |start| settled.states.row(start).to_slice();
    for (start, reason) in settled.reason.iter().enumerate() {
        if *reason != Reason::Tolerance {
            continue;
        }
        if start.is_multiple_of(64) {
            par.check()?;
        }
        let known = found.iter().position(|&other| apart(row(start), row(other)) <= distance);
        reached[start] = known.unwrap_or(found.len()) as i64;
        if known.is_none() {
            found.push(start);
        }
    }
    Ok((found, reached))
}
