//! Overlaps kept for the third power: twice a field is `6 Σ_μ ξ_i^μ (a^μ)² − 12 x_i Σ_μ a^μ + (6 x_i² + 2) Σ_μ ξ_i^μ`.
//!
//! Not here: when they are brought up to date.

use crate::error::Result;
use crate::kernel::Available;
use crate::kernel::aligned::Aligned;
use crate::kernel::bits::{Columns, MOST_SHORT, follow, shorten, squares};

/// The overlaps in 16 bits.
#[derive(Debug)]
pub(super) struct Cubes {
    /// As many as the patterns, and 0 up to the end of a word.
    lanes: Aligned<i16>,
    total: i64,
}

impl Cubes {
    /// Whether overlaps of `n` neurons fit.
    pub(super) fn fit(n: usize) -> bool {
        n <= MOST_SHORT as usize
    }

    pub(super) fn new(k: usize, purpose: &'static str) -> Result<Self> {
        Ok(Self { lanes: Aligned::new(k.next_multiple_of(64), 0, purpose)?, total: 0 })
    }

    /// Takes all overlaps anew.
    pub(super) fn take(&mut self, lanes: &[i32], set: Available) {
        self.total = shorten(set, lanes, &mut self.lanes);
    }

    /// Follows changes of neurons, each with what was added to its value.
    pub(super) fn follow(&mut self, columns: &Columns, changes: &[(u32, i8)], set: Available) {
        let k = columns.k();
        for &(i, step) in changes {
            let column = columns.column(i as usize);
            let ones = follow(set, column, step, &mut self.lanes);
            self.total += i64::from(step) * (2 * ones - k as i64);
        }
        self.lanes[k..].fill(0);
    }

    /// Twice the field of neuron `i`, whose value is `x`.
    pub(super) fn twice_field(&self, columns: &Columns, i: usize, x: i8, set: Available) -> i64 {
        let (squares, ones) = squares(set, columns.column(i), &self.lanes, columns.n() as i32);
        let (x, sum) = (i64::from(x), 2 * ones - columns.k() as i64);
        6 * squares - 12 * x * self.total + (6 * x * x + 2) * sum
    }
}
