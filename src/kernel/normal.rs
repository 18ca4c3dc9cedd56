//! Layer normalisation of rows and its gradient: plain loops, which the compiler turns into vectors of whatever instruction
//! set the entry point allows. Sums go by index mod 16, then a tree; all sets do the same operations.
//!
//! Not here: gains and biases, which are elementwise.

use super::real::Real;

/// Sums that a row is added up in.
const SUMS: usize = 16;

/// Writes each row of `width` entries less its mean and times `1/√(variance + epsilon)`, which goes to `scales`.
#[inline(always)]
pub(crate) fn normalize<T: Real>(x: &[T], width: usize, epsilon: f64, rows: &mut [T], scales: &mut [T]) {
    let share = T::ONE.over(T::from_f64(width as f64));
    for ((x, row), slot) in x.chunks_exact(width).zip(rows.chunks_exact_mut(width)).zip(scales) {
        let mean = sum(x, x, |entry, _| entry).times(share);
        for (entry, &x) in row.iter_mut().zip(x) {
            *entry = x.minus(mean);
        }
        let variance: f64 = sum(row, row, T::times).times(share).into();
        let scale = T::from_f64(1.0 / (variance + epsilon).sqrt());
        for entry in row {
            *entry = entry.times(scale);
        }
        *slot = scale;
    }
}

/// Turns the gradient with respect to normalised `rows` into that with respect to the raw ones.
#[inline(always)]
pub(crate) fn pull<T: Real>(gradient: &mut [T], rows: &[T], scales: &[T], width: usize) {
    let share = T::ONE.over(T::from_f64(width as f64));
    for ((gradient, x), &scale) in gradient.chunks_exact_mut(width).zip(rows.chunks_exact(width)).zip(scales) {
        let mean = sum(gradient, gradient, |entry, _| entry).times(share);
        let along = sum(gradient, x, T::times).times(share);
        for (entry, &x) in gradient.iter_mut().zip(x) {
            *entry = entry.minus(mean).minus(x.times(along)).times(scale);
        }
    }
}

/// The sum of `term` over two rows of the same length.
#[inline(always)]
fn sum<T: Real>(left: &[T], right: &[T], term: impl Fn(T, T) -> T) -> T {
    let (lefts, left_rest) = left.as_chunks::<SUMS>();
    let (rights, right_rest) = right.as_chunks::<SUMS>();
    let mut sums = [T::ZERO; SUMS];
    for (left, right) in lefts.iter().zip(rights) {
        for i in 0..SUMS {
            sums[i] = sums[i].plus(term(left[i], right[i]));
        }
    }
    for (slot, (&left, &right)) in sums.iter_mut().zip(left_rest.iter().zip(right_rest)) {
        *slot = slot.plus(term(left, right));
    }
    for half in [8, 4, 2, 1] {
        for i in 0..half {
            sums[i] = sums[i].plus(sums[i + half]);
        }
    }
    sums[0]
}
