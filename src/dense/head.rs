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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Available;
    use crate::par::Par;
    use crate::rng::Stream;

    const N: usize = 24;

    /// The sign of `Σ_μ ξ_i^μ e^(a^μ − ξ_i^μ x_i)` of patterns that occur so often, and whether rounding leaves no doubt.
    fn in_full(crowd: &[([i8; N], u32)], state: &[i8], i: usize) -> (i8, bool) {
        let (mut sum, mut size) = (0.0, 0.0);
        for (pattern, times) in crowd {
            let a: i32 = pattern.iter().zip(state).map(|(a, b)| i32::from(a * b)).sum();
            let weight = f64::from(*times) * libm::exp(f64::from(a - i32::from(pattern[i] * state[i]) - N as i32));
            sum += f64::from(pattern[i]) * weight;
            size += weight;
        }
        (if sum > 0.0 { 1 } else { -1 }, f64::abs(sum) > 1e-9 * size)
    }

    /// One pattern, and crowds of others that differ from it in few neurons: each outweighs it when the state has gone
    /// part of the way to them. None of them is among the few, as a crowd is too large for that.
    #[test]
    fn signs_that_are_settled_are_right() {
        let mut stream = Stream::new(1, 0);
        let (mut settled, mut open) = (0, 0);
        for round in 0..300 {
            let first: [i8; N] = std::array::from_fn(|_| if stream.coin() { 1 } else { -1 });
            let mut crowd = vec![(first, 1 + stream.below(10) as u32)];
            for _ in 0..=round % 3 {
                let apart = 1 + stream.below(8) as usize;
                let mut other = first;
                (0..apart).for_each(|_| other[stream.below(N as u64) as usize] *= -1);
                crowd.push((other, 65 + stream.below(2000) as u32));
            }
            let rows: Vec<i8> = crowd.iter().flat_map(|(row, times)| row.repeat(*times as usize)).collect();
            let columns = Columns::default().appended(&rows, N, Available::in_use(), Par::serial()).unwrap();
            let mut state = first.to_vec();
            let overlap = |row: &[i8]| row.iter().zip(&state).map(|(a, b)| i32::from(a * b)).sum();
            let lanes: Vec<i32> = rows.chunks(N).map(overlap).collect();
            let mut head = Head::new().unwrap();
            head.choose(&lanes, N as i32);
            // Towards the last crowd, neuron by neuron.
            let last = crowd[crowd.len() - 1].0;
            let differing: Vec<usize> = (0..N).filter(|i| first[*i] != last[*i]).collect();
            for change in differing.iter().map(Some).chain([None]) {
                for i in 0..N {
                    match (head.sign(&columns, i, state[i]), in_full(&crowd, &state, i)) {
                        (Some(sign), (full, certain)) => {
                            assert!(certain && sign == full, "round {round}, neuron {i}");
                            settled += 1;
                        }
                        (None, _) => open += 1,
                    }
                }
                if let Some(i) = change {
                    head.follow(&columns, *i, last[*i] - state[*i]);
                    state[*i] = last[*i];
                }
            }
        }
        assert!(settled > 1000 && open > 1000, "{settled} settled, {open} open");
    }
}
