//! The few vector words that kernels are written in, and their portable form, which is the reference.
//!
//! A kernel is generic over [`Lanes`]; its body is inlined into an entry point that allows the instructions of one set.
//! Every operation rounds exactly once, the same way on every path, so that all paths give the same bits.

use super::real::{Arithmetic, Real};

/// A vector of [`Lanes::COUNT`] numbers.
///
/// # Safety
/// Every method needs a processor with the instruction set of the implementing type. Loads and stores need
/// `at + COUNT` (or `at + count`) entries in the slice; builds with debug assertions, as tests are, check it.
pub(crate) trait Lanes: Copy {
    /// The number in each lane.
    type Real: Real;
    /// Lanes in the vector: 16 at most.
    const COUNT: usize;

    unsafe fn splat(value: Self::Real) -> Self;
    unsafe fn load(from: &[Self::Real], at: usize) -> Self;
    /// The first `count` lanes from the slice, zeros in the others.
    unsafe fn load_part(from: &[Self::Real], at: usize, count: usize) -> Self;
    unsafe fn store(self, into: &mut [Self::Real], at: usize);
    /// `self · factor + addend`, rounded once.
    unsafe fn fused(self, factor: Self, addend: Self) -> Self;
    unsafe fn plus(self, other: Self) -> Self;
    unsafe fn minus(self, other: Self) -> Self;
    unsafe fn times(self, other: Self) -> Self;
    /// `self` where it is greater, else `other`; so a NaN in `self` is passed over.
    unsafe fn max(self, other: Self) -> Self;
    /// Lane by lane `yes` where `self > other`, else `no`.
    unsafe fn greater(self, other: Self, yes: Self, no: Self) -> Self;
    unsafe fn nearest(self) -> Self;
    /// `|self|`, or a NaN of whatever sign.
    #[inline(always)]
    unsafe fn magnitude(self) -> Self {
        // SAFETY: the caller's promise.
        unsafe { self.max(Self::splat(Self::Real::ZERO).minus(self)) }
    }
    /// A bit for each lane, the first one the lowest: whether `self > other`.
    #[inline(always)]
    unsafe fn above(self, other: Self) -> u32 {
        let mut lanes = [Self::Real::ZERO; 16];
        // SAFETY: the caller's promise; no vector is longer.
        unsafe {
            let one = Self::splat(Self::Real::ONE);
            self.greater(other, one, Self::splat(Self::Real::ZERO)).store(&mut lanes, 0);
        }
        lanes.iter().enumerate().fold(0, |bits, (lane, &set)| bits | u32::from(set > Self::Real::ZERO) << lane)
    }
    /// `self · 2^exponent`, or zero where `exponent ≥ lowest` does not hold. Nothing below the normal numbers may
    /// come out: the caller's `lowest` sees to that.
    unsafe fn scaled(self, exponent: Self, lowest: Self) -> Self;
    /// Turns `COUNT` rows into `COUNT` columns, in place; the rest of the array is not touched.
    unsafe fn transpose(rows: &mut [Self; 16]);
    /// `COUNT` columns, starting at `at`, of `COUNT` rows that are `stride` apart.
    #[inline(always)]
    unsafe fn columns(from: &[Self::Real], at: usize, stride: usize) -> [Self; 16] {
        // SAFETY: as for `load`, for each row.
        unsafe {
            let mut rows = [Self::splat(Self::Real::ZERO); 16];
            for (row, slot) in rows.iter_mut().enumerate().take(Self::COUNT) {
                *slot = Self::load(from, at + row * stride);
            }
            Self::transpose(&mut rows);
            rows
        }
    }
    /// Asks for the line that holds entry `at`, which may lie outside; changes no result.
    #[inline(always)]
    unsafe fn prefetch(_from: &[Self::Real], _at: usize) {}
}

/// A weight `2^(score·log₂e·β)` relative to the integer maximum, for each lane; see the canonical order, *weight*.
///
/// # Safety
/// As for [`Lanes`].
#[inline(always)]
pub(crate) unsafe fn weigh<L: Lanes>(score: L, scale: [L; 2], maximum: L) -> L {
    // SAFETY: no memory is touched; the instruction set is the caller's promise.
    unsafe {
        let integer = score.times(scale[0]).nearest();
        let fraction = score.fused(scale[1], score.fused(scale[0], L::splat(L::Real::ZERO).minus(integer)));
        let mut power = L::splat(L::Real::EXP2[0]);
        for &coefficient in &L::Real::EXP2[1..] {
            power = power.fused(fraction, L::splat(coefficient));
        }
        power.scaled(integer.minus(maximum), L::splat(L::Real::LOWEST_EXPONENT))
    }
}

/// `2^(from − to)` for integers, in each lane: the exact factor of a rescaling.
///
/// # Safety
/// As for [`Lanes`].
#[inline(always)]
pub(crate) unsafe fn rescale<L: Lanes>(from: L, to: L) -> L {
    // SAFETY: no memory is touched; the instruction set is the caller's promise.
    unsafe {
        let lowest = L::splat(L::Real::LOWEST_EXPONENT.minus(L::Real::ONE));
        L::splat(L::Real::ONE).scaled(from.minus(to), lowest)
    }
}

/// Eight numbers in an array: the reference, for any machine.
#[derive(Clone, Copy)]
pub(crate) struct Portable<T>([T; 8]);

impl<T: Real> Portable<T> {
    #[inline(always)]
    fn zip(self, other: Self, of: impl Fn(T, T) -> T) -> Self {
        Self(std::array::from_fn(|lane| of(self.0[lane], other.0[lane])))
    }
}

// SAFETY of all methods: they need nothing of the caller; slices are indexed with checks.
impl<T: Real> Lanes for Portable<T> {
    type Real = T;
    const COUNT: usize = 8;

    #[inline(always)]
    unsafe fn splat(value: T) -> Self {
        Self([value; 8])
    }
    #[inline(always)]
    unsafe fn load(from: &[T], at: usize) -> Self {
        Self(std::array::from_fn(|lane| from[at + lane]))
    }
    #[inline(always)]
    unsafe fn load_part(from: &[T], at: usize, count: usize) -> Self {
        Self(std::array::from_fn(|lane| if lane < count { from[at + lane] } else { T::ZERO }))
    }
    #[inline(always)]
    unsafe fn store(self, into: &mut [T], at: usize) {
        into[at..at + 8].copy_from_slice(&self.0);
    }
    #[inline(always)]
    unsafe fn fused(self, factor: Self, addend: Self) -> Self {
        Self(std::array::from_fn(|lane| self.0[lane].fused(factor.0[lane], addend.0[lane])))
    }
    #[inline(always)]
    unsafe fn plus(self, other: Self) -> Self {
        self.zip(other, T::plus)
    }
    #[inline(always)]
    unsafe fn minus(self, other: Self) -> Self {
        self.zip(other, T::minus)
    }
    #[inline(always)]
    unsafe fn times(self, other: Self) -> Self {
        self.zip(other, T::times)
    }
    #[inline(always)]
    unsafe fn max(self, other: Self) -> Self {
        self.zip(other, |left, right| if left > right { left } else { right })
    }
    #[inline(always)]
    unsafe fn greater(self, other: Self, yes: Self, no: Self) -> Self {
        Self(std::array::from_fn(|lane| if self.0[lane] > other.0[lane] { yes.0[lane] } else { no.0[lane] }))
    }
    #[inline(always)]
    unsafe fn nearest(self) -> Self {
        Self(self.0.map(T::nearest))
    }
    #[inline(always)]
    unsafe fn scaled(self, exponent: Self, lowest: Self) -> Self {
        Self(std::array::from_fn(|lane| {
            if exponent.0[lane] >= lowest.0[lane] {
                self.0[lane].times(exponent.0[lane].exp2_integer())
            } else {
                T::ZERO
            }
        }))
    }
    #[inline(always)]
    unsafe fn transpose(rows: &mut [Self; 16]) {
        for row in 0..8 {
            for column in 0..row {
                let below = rows[row].0[column];
                rows[row].0[column] = rows[column].0[row];
                rows[column].0[row] = below;
            }
        }
    }
}
