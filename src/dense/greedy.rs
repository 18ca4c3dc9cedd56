//! Greedy visits: the neuron of largest instability next. Fields are found anew for each, but for those
//! of exponential networks that a bound shows to be content.

use std::cmp::Ordering;

use super::walked::{Track, Walked};
use crate::binary::{Network, Visit};
use crate::error::Result;
use crate::par::Watch;

/// A neuron that is not content, which way it wants to go (0: a tie), and what its instability is between.
#[derive(Clone, Copy)]
struct Candidate {
    visit: Visit<()>,
    i: usize,
    towards: i8,
    least: f64,
    most: f64,
}

impl Walked<'_> {
    /// The free neuron of largest instability among those that are not content, the first of equal ones.
    pub(super) fn least_content(
        &self,
        track: &mut Track,
        state: &[i8],
        free: &[u32],
        watch: &Watch,
    ) -> Result<Option<Visit<()>>> {
        let mut worst: Option<Candidate> = None;
        for (place, i) in free.iter().enumerate() {
            let i = *i as usize;
            let next = self.candidate(track, state, place, i);
            if let Some(next) = next
                && worst.is_none_or(|worst| self.exceeds(track, state, next, worst))
            {
                worst = Some(next);
            }
            watch.check()?;
        }
        Ok(worst.map(|worst| worst.visit))
    }

    /// Neuron `i`, unless it is content.
    fn candidate(&self, track: &mut Track, state: &[i8], place: usize, i: usize) -> Option<Candidate> {
        let x = state[i];
        if self.settled(track, state, i).is_some_and(|lean| self.tie().content(x, lean, true)) {
            return None;
        }
        let (field, error) = self.near_field(track, state, i);
        let lean = match field {
            _ if field > error => 1,
            _ if field < -error => -1,
            _ => self.sign(track, state, i),
        };
        if self.tie().content(x, lean, true) {
            return None;
        }
        // A decided neuron wants to turn, even if only the tie rule wants it.
        let towards = if x == 0 { lean } else { -x };
        let value = f64::from(towards) * field;
        let known = (field.abs() + error).is_finite();
        let (least, most) = if known { (value - error, value + error) } else { (f64::NEG_INFINITY, f64::INFINITY) };
        Some(Candidate { visit: Visit { place, lean, field: () }, i, towards, least, most })
    }

    /// Whether one is more unstable than another.
    fn exceeds(&self, track: &mut Track, state: &[i8], one: Candidate, other: Candidate) -> bool {
        if one.least > other.most || one.most < other.least {
            return one.least > other.most;
        }
        self.compare(track, state, (one.i, one.towards), (other.i, other.towards)) == Ordering::Greater
    }
}
