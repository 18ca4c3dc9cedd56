//! What weights that are not Hebb's must be able to say, so that [`Weighted`](super::Weighted) can walk with
//! them: exact integer fields in units of `1 / denominator`.

use crate::error::Result;
use crate::kernel::Available;
use crate::par::Watch;

/// The weights among the neurons of a network. What they say of a state depends on that state alone, not on how it came
/// about.
pub(in crate::classical) trait Coupling: Send + Sync {
    /// What follows a state and saves work.
    type Sums: Send;

    /// Whether neurons are 1 and 0 rather than ±1: +1 stands for 1, and −1, like a neuron still undecided, for 0.
    const ACTIVE: bool = false;

    /// Units in a unit of the field; at most 2⁵³.
    fn denominator(&self) -> u64;

    /// Whether `W_ij = W_ji`, so that there is an energy.
    fn is_symmetric(&self) -> bool;

    /// Words of memory that a visit reads, roughly.
    fn words_a_visit(&self) -> usize;

    /// Room for the sums.
    fn sums(&self) -> Result<Self::Sums>;

    /// Turns the sums to a state, whose neurons may be 0.
    fn sum(&self, sums: &mut Self::Sums, state: &[i8], set: Available, watch: &Watch) -> Result<()>;

    /// `Σ_j W_ij x_j` of neuron `i`, below 2⁵⁸.
    fn field(&self, sums: &Self::Sums, state: &[i8], i: usize, set: Available) -> i64;

    /// Follows a change of neuron `j` by `step`, ±1 or ±2.
    fn follow(&self, sums: &mut Self::Sums, j: usize, step: i8, set: Available);

    /// `Σ_ij x_i W_ij x_j`.
    fn pairs(&self, sums: &Self::Sums, state: &[i8], set: Available) -> i128;

    /// `‖W_i‖₂`, the length of the weights by which neuron `i` is moved.
    fn length(&self, i: usize) -> f64;

    /// Writes those weights.
    fn receive(&self, i: usize, row: &mut [i64], set: Available);
}
