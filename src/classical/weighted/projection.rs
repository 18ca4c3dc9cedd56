//! The pseudo-inverse rule without its weights: an orthonormal basis of the space that the patterns span.
//!
//! With `X Xᵀ = L Lᵀ` and `Y = L⁻¹ X` the weights are `Yᵀ Y`. Kept are the columns `y_i` of `Y`, one a neuron, and of a
//! state `u = Y x`, so that `Σ_j W_ij x_j = y_i·u`: `k` multiply-adds a visit, and as many a change. Entries of `Y` are
//! rounded to multiples of a power of two for which sums over neurons are exact, so `u` never drifts, and a field, rounded
//! to the unit of the weights, depends on the state alone.

use super::coupling::Coupling;
use crate::error::{Result, try_vec};
use crate::kernel::Available;
use crate::kernel::linear::{add_row, dot, rounded_products};
use crate::par::Watch;

/// Neurons between two looks at whether to go on.
const CHECK_EVERY: usize = 512;

/// An orthonormal basis.
#[derive(Clone, Debug)]
pub(in crate::classical) struct Projection {
    /// `y_i`, `k` numbers a neuron.
    pub columns: Vec<f64>,
    /// `W_ii` in units, to be taken away; none at all if they stay.
    pub diagonal: Vec<i64>,
    pub k: usize,
    pub denominator: u64,
}

impl Projection {
    fn column(&self, i: usize) -> &[f64] {
        &self.columns[i * self.k..][..self.k]
    }
}

impl Coupling for Projection {
    /// `u`.
    type Sums = Vec<f64>;

    fn denominator(&self) -> u64 {
        self.denominator
    }

    fn is_symmetric(&self) -> bool {
        true
    }

    fn words_a_visit(&self) -> usize {
        self.k
    }

    fn sums(&self) -> Result<Vec<f64>> {
        try_vec(self.k, 0.0, "coordinates")
    }

    fn sum(&self, u: &mut Vec<f64>, state: &[i8], set: Available, watch: &Watch) -> Result<()> {
        u.fill(0.0);
        for (j, x) in state.iter().enumerate() {
            if j % CHECK_EVERY == 0 {
                watch.check()?;
            }
            if *x != 0 {
                add_row(set, u, self.column(j), (*x).into());
            }
        }
        Ok(())
    }

    fn field(&self, u: &Vec<f64>, state: &[i8], i: usize, set: Available) -> i64 {
        let field = (self.denominator as f64 * dot(set, self.column(i), u)).round_ties_even() as i64;
        field - self.diagonal.get(i).map_or(0, |own| own * i64::from(state[i]))
    }

    fn follow(&self, u: &mut Vec<f64>, j: usize, step: i8, set: Available) {
        add_row(set, u, self.column(j), step.into());
    }

    fn pairs(&self, u: &Vec<f64>, state: &[i8], set: Available) -> i128 {
        let whole = (self.denominator as f64 * dot(set, u, u)).round_ties_even() as i128;
        let own = self.diagonal.iter().zip(state).filter(|(_, x)| **x != 0).map(|(own, _)| i128::from(*own));
        whole - own.sum::<i128>()
    }

    /// The rows of a projection are as long as the roots of its diagonal.
    fn length(&self, i: usize) -> f64 {
        let own: f64 = self.column(i).iter().map(|y| y * y).sum();
        let rest = if self.diagonal.is_empty() { 1.0 } else { 1.0 - own };
        self.denominator as f64 * libm::sqrt(own * rest.max(0.0))
    }

    fn receive(&self, i: usize, row: &mut [i64], set: Available) {
        rounded_products(set, self.column(i), &self.columns, self.denominator as f64, row);
        if !self.diagonal.is_empty() {
            row[i] = 0;
        }
    }
}
