//! The few patterns of largest overlap, which settle most signs of an exponential network by themselves.
//!
//! All other patterns together weigh less than their number times the largest of them, so where the sum over the few is
//! larger than that, the sign is theirs: a visit reads some dozens of overlaps instead of all, and a change of a neuron
//! moves those alone. The overlaps of the others move by one for each change that they have not followed yet, which
//! widens the bound until it no longer settles anything; then all are brought up to date and the few are chosen anew.
//!
//! Not here: what happens where the bound does not settle the sign. No answer depends on whether it does.

use crate::error::{Result, try_vec};
use crate::kernel::bits::Columns;

/// Patterns that are kept, at most.
const MOST: usize = 64;
/// Overlaps below the largest that weigh anything.
const REACH: usize = 64;
/// How far below the largest overlap, in steps of two, they are looked for.
const DEPTH: usize = 24;
/// More than the relative error of the sums.
const ERROR: f64 = 1e-12;

/// The few patterns.
#[derive(Debug)]
pub(super) struct Head {
    members: Vec<(u32, i32)>,
    /// No other pattern has a larger overlap.
    rest: i64,
    /// The number of those others.
    others: f64,
    /// `e^(1 − j)`; the ones after the last are nothing beside the first.
    exponentials: [f64; REACH],
}

impl Head {
    pub(super) fn new() -> Result<Self> {
        let mut members = try_vec(MOST, (0, 0), "the largest overlaps")?;
        members.clear();
        let exponentials = std::array::from_fn(|j| libm::exp(1.0 - j as f64));
        Ok(Self { members, rest: 0, others: 0.0, exponentials })
    }

    /// Chooses the patterns anew; `top` is the largest overlap.
    pub(super) fn choose(&mut self, lanes: &[i32], top: i32) {
        let depth = |a: i32| (top - a) as usize / 2;
        let mut counts = [0; DEPTH];
        for a in lanes {
            if let Some(count) = counts.get_mut(depth(*a)) {
                *count += 1;
            }
        }
        let mut left = MOST;
        let deep = counts.iter().take_while(|count| {
            let fits = **count <= left;
            left = left.saturating_sub(**count);
            fits
        });
        let deep = deep.count();
        self.members.clear();
        self.members.extend((0..).zip(lanes).filter(|(_, a)| depth(**a) < deep).map(|(mu, a)| (mu, *a)));
        self.rest = i64::from(top) - 2 * deep as i64;
        self.others = (lanes.len() - self.members.len()) as f64;
    }

    /// Follows a change of neuron `i`.
    pub(super) fn follow(&mut self, columns: &Columns, i: usize, step: i8) {
        let column = columns.column(i);
        for (mu, a) in &mut self.members {
            *a += i32::from(sign(column, *mu) * step);
        }
        self.rest += i64::from(step.abs());
    }

    /// The sign of the field of neuron `i`, whose value is `x`, if the few settle it.
    pub(super) fn sign(&self, columns: &Columns, i: usize, x: i8) -> Option<i8> {
        let column = columns.column(i);
        let top = self.members.iter().map(|(_, a)| *a).max()?;
        let (mut sum, mut size) = (0.0, 0.0);
        for (mu, a) in &self.members {
            let sign = sign(column, *mu);
            let weight = self.exponentials.get((top + 1 - (a - i32::from(sign * x))) as usize).copied().unwrap_or(0.0);
            sum += f64::from(sign) * weight;
            size += weight;
        }
        let rest = self.others * libm::exp((self.rest + 1 - i64::from(top)) as f64);
        (f64::abs(sum) > (1.0 + ERROR) * rest + ERROR * size).then_some(if sum > 0.0 { 1 } else { -1 })
    }

    /// Whether a pattern has this overlap, if that can be said.
    pub(super) fn any(&self, overlap: i64) -> Option<bool> {
        let found = self.members.iter().any(|(_, a)| i64::from(*a) == overlap);
        (found || self.rest < overlap).then_some(found)
    }
}

/// The value of a pattern at a column's neuron.
fn sign(column: &[u64], mu: u32) -> i8 {
    2 * ((column[mu as usize / 64] >> (mu % 64) & 1) as i8) - 1
}
