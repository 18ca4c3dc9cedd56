//! How many patterns have which overlap, and what that says of one neuron.
//!
//! All overlaps of a state have the parity of its decided neurons, so one count stands for two integers. Of a neuron of
//! value `x`, `c^μ = a^μ − ξ_i^μ x` is the overlap without it; the field depends on how many patterns that are +1 there
//! have which `c`, less how many that are −1. Where those are equal they cancel, before anything is computed.

use crate::error::{Result, try_vec};
use crate::kernel::Available;
use crate::kernel::bits::{Columns, extremes, tally};

/// The number of patterns for each overlap.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// The lowest overlap.
    least: i32,
    /// Of all patterns, from the lowest overlap on, in steps of two.
    all: Vec<u32>,
    /// Of the patterns that are +1 at the neuron looked at.
    up: Vec<u32>,
    /// Counts in use, of both.
    len: usize,
}

impl Tally {
    pub(super) fn new(n: usize) -> Result<Self> {
        let counts = || try_vec(n + 1, 0, "counts of overlaps");
        Ok(Self { all: counts()?, up: counts()?, ..Default::default() })
    }

    /// Counts the overlaps of all `k` patterns anew.
    pub(super) fn count(&mut self, lanes: &[i32], k: usize, set: Available) {
        let (least, most) = extremes(set, &lanes[..k]);
        self.least = least;
        self.len = (most - least) as usize / 2 + 1;
        let words = (0..k.div_ceil(64)).map(|w| if k - 64 * w < 64 { (1 << (k - 64 * w)) - 1 } else { !0 });
        self.all[..self.len].fill(0);
        tally(words, lanes, least, &mut self.all);
    }

    /// What the overlaps say of neuron `i`, whose value is `x`.
    pub(super) fn of(&mut self, columns: &Columns, lanes: &[i32], i: usize, x: i8) -> Spread<'_> {
        self.up[..self.len].fill(0);
        tally(columns.column(i).iter().copied(), lanes, self.least, &mut self.up);
        Spread { least: self.least, all: &self.all[..self.len], up: &self.up[..self.len], x }
    }

    /// How many patterns have each overlap, from the lowest on.
    pub(super) fn counts(&self) -> &[u32] {
        &self.all[..self.len]
    }

    /// Overlap number `j`.
    pub(super) fn overlap(&self, j: usize) -> i32 {
        self.least + 2 * j as i32
    }
}

/// The overlaps without one neuron, of the patterns that are +1 there and of those that are −1.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spread<'a> {
    least: i32,
    all: &'a [u32],
    up: &'a [u32],
    x: i8,
}

impl Spread<'_> {
    /// The number of different overlaps without the neuron, at most.
    pub(super) fn len(self) -> usize {
        self.all.len() + usize::from(self.x != 0)
    }

    /// Overlap number `j` without the neuron.
    pub(super) fn overlap(self, j: usize) -> i32 {
        self.least - i32::from(self.x != 0) + 2 * j as i32
    }

    /// How many patterns with that one are +1 at the neuron, and how many are −1.
    pub(super) fn counts(self, j: usize) -> (u32, u32) {
        // With x = +1 a pattern that agrees loses one, and one that does not gains one; with x = −1 the other way.
        let up = j.wrapping_sub(usize::from(self.x < 0));
        let down = j.wrapping_sub(usize::from(self.x > 0));
        let at = |counts: &[u32], j: usize| counts.get(j).copied().unwrap_or(0);
        (at(self.up, up), at(self.all, down) - at(self.up, down))
    }

    /// How many more are +1 than −1.
    pub(super) fn difference(self, j: usize) -> i64 {
        let (up, down) = self.counts(j);
        i64::from(up) - i64::from(down)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::par::Par;
    use crate::rng::Stream;

    #[test]
    fn a_neuron_is_taken_out_of_every_overlap() {
        let mut stream = Stream::new(3, 0);
        let (n, k) = (9, 70);
        let rows: Vec<i8> = (0..n * k).map(|_| if stream.coin() { 1 } else { -1 }).collect();
        let columns = Columns::default().appended(&rows, n, Available::in_use(), Par::serial()).unwrap();
        for x in [-1, 0, 1] {
            let mut state = vec![1; n];
            state[4] = x;
            let overlap = |row: &[i8]| row.iter().zip(&state).map(|(a, b)| i32::from(a * b)).sum::<i32>();
            let mut lanes: Vec<i32> = rows.chunks(n).map(overlap).collect();
            lanes.resize(k.next_multiple_of(64), 0);
            let mut tally = Tally::new(n).unwrap();
            tally.count(&lanes, k, Available::in_use());
            assert_eq!(tally.counts().iter().sum::<u32>(), k as u32);
            let spread = tally.of(&columns, &lanes, 4, x);
            let mut found = 0;
            for j in 0..spread.len() {
                let with = |sign: i8| {
                    let without =
                        |row: &&[i8]| row[4] == sign && overlap(row) - i32::from(sign * x) == spread.overlap(j);
                    rows.chunks(n).filter(without).count() as u32
                };
                assert_eq!(spread.counts(j), (with(1), with(-1)), "{x} {j}");
                found += with(1) + with(-1);
            }
            assert_eq!(found, k as u32);
        }
    }
}
