//! Vectors of NEON, which every 64-bit ARM processor has. Compiled and tested by the public CI on such machines.

// Where NEON is part of the target its intrinsics are safe to call; the trait's methods stay unsafe for the others.
#![allow(unused_unsafe)]

#[allow(clippy::wildcard_imports, reason = "each instruction is named where it is used")]
use std::arch::aarch64::*;

use super::lanes::Lanes;

/// Checks, in builds with debug assertions, the promise that loads and stores rest on.
macro_rules! inside {
    ($slice:expr, $at:expr, $count:expr) => {
        debug_assert!($at + $count <= $slice.len(), "{} + {} is beyond {}", $at, $count, $slice.len())
    };
}

macro_rules! lanes {
    ($name:ident, $vector:ty, $real:ty, $count:literal, $bias:literal, $mantissa:literal,
     $splat:ident, $load:ident, $store:ident, $fused:ident, $plus:ident, $minus:ident, $times:ident,
     $above:ident, $at_least:ident, $select:ident, $nearest:ident,
     $to_integer:ident, $add_integer:ident, $splat_integer:ident, $shift:ident, $from_bits:ident,
     $transpose:item) => {
        #[derive(Clone, Copy)]
        pub(crate) struct $name($vector);

        // SAFETY of all methods: the trait's promise that the slice holds the entries, which `inside!` checks in tests.
        impl Lanes for $name {
            type Real = $real;
            const COUNT: usize = $count;

            #[inline(always)]
            unsafe fn splat(value: $real) -> Self {
                // SAFETY: above.
                unsafe { Self($splat(value)) }
            }
            #[inline(always)]
            unsafe fn load(from: &[$real], at: usize) -> Self {
                inside!(from, at, $count);
                // SAFETY: above.
                unsafe { Self($load(from.as_ptr().add(at))) }
            }
            #[inline(always)]
            unsafe fn load_part(from: &[$real], at: usize, count: usize) -> Self {
                let mut part = [0.0; $count];
                part[..count].copy_from_slice(&from[at..at + count]);
                // SAFETY: the array has as many entries as the vector.
                unsafe { Self($load(part.as_ptr())) }
            }
            #[inline(always)]
            unsafe fn store(self, into: &mut [$real], at: usize) {
                inside!(into, at, $count);
                // SAFETY: above.
                unsafe { $store(into.as_mut_ptr().add(at), self.0) }
            }
            #[inline(always)]
            unsafe fn fused(self, factor: Self, addend: Self) -> Self {
                // SAFETY: above. The instruction takes the addend first.
                unsafe { Self($fused(addend.0, self.0, factor.0)) }
            }
            #[inline(always)]
            unsafe fn plus(self, other: Self) -> Self {
                // SAFETY: above.
                unsafe { Self($plus(self.0, other.0)) }
            }
            #[inline(always)]
            unsafe fn minus(self, other: Self) -> Self {
                // SAFETY: above.
                unsafe { Self($minus(self.0, other.0)) }
            }
            #[inline(always)]
            unsafe fn times(self, other: Self) -> Self {
                // SAFETY: above.
                unsafe { Self($times(self.0, other.0)) }
            }
            #[inline(always)]
            unsafe fn max(self, other: Self) -> Self {
                // SAFETY: above. A selection, since the maximum instruction would pass on a NaN.
                unsafe { Self($select($above(self.0, other.0), self.0, other.0)) }
            }
            #[inline(always)]
            unsafe fn greater(self, other: Self, yes: Self, no: Self) -> Self {
                // SAFETY: above.
                unsafe { Self($select($above(self.0, other.0), yes.0, no.0)) }
            }
            #[inline(always)]
            unsafe fn nearest(self) -> Self {
                // SAFETY: above. Ties go to even.
                unsafe { Self($nearest(self.0)) }
            }
            #[inline(always)]
            unsafe fn scaled(self, exponent: Self, lowest: Self) -> Self {
                // SAFETY: above. 2^exponent is made from its bits, which are right wherever the lane is kept.
                unsafe {
                    let biased = $add_integer($to_integer(exponent.0), $splat_integer($bias));
                    let power = $from_bits($shift::<$mantissa>(biased));
                    let keep = $at_least(exponent.0, lowest.0);
                    Self($select(keep, $times(self.0, power), $splat(0.0)))
                }
            }
            $transpose
        }
    };
}

lanes! {
    F32x4, float32x4_t, f32, 4, 127, 23,
    vdupq_n_f32, vld1q_f32, vst1q_f32, vfmaq_f32, vaddq_f32, vsubq_f32, vmulq_f32,
    vcgtq_f32, vcgeq_f32, vbslq_f32, vrndnq_f32,
    vcvtnq_s32_f32, vaddq_s32, vdupq_n_s32, vshlq_n_s32, vreinterpretq_f32_s32,
    // SAFETY: as for the other methods.
    #[inline(always)]
    unsafe fn transpose(rows: &mut [Self; 16]) {
        // SAFETY: registers only.
        unsafe {
            // Pairs of entries of two rows each, then pairs of pairs.
            let even = [vtrn1q_f32(rows[0].0, rows[1].0), vtrn1q_f32(rows[2].0, rows[3].0)];
            let odd = [vtrn2q_f32(rows[0].0, rows[1].0), vtrn2q_f32(rows[2].0, rows[3].0)];
            let [even_low, even_high] = even.map(|pairs| vreinterpretq_f64_f32(pairs));
            let [odd_low, odd_high] = odd.map(|pairs| vreinterpretq_f64_f32(pairs));
            rows[0].0 = vreinterpretq_f32_f64(vtrn1q_f64(even_low, even_high));
            rows[1].0 = vreinterpretq_f32_f64(vtrn1q_f64(odd_low, odd_high));
            rows[2].0 = vreinterpretq_f32_f64(vtrn2q_f64(even_low, even_high));
            rows[3].0 = vreinterpretq_f32_f64(vtrn2q_f64(odd_low, odd_high));
        }
    }
}

lanes! {
    F64x2, float64x2_t, f64, 2, 1023, 52,
    vdupq_n_f64, vld1q_f64, vst1q_f64, vfmaq_f64, vaddq_f64, vsubq_f64, vmulq_f64,
    vcgtq_f64, vcgeq_f64, vbslq_f64, vrndnq_f64,
    vcvtnq_s64_f64, vaddq_s64, vdupq_n_s64, vshlq_n_s64, vreinterpretq_f64_s64,
    // SAFETY: as for the other methods.
    #[inline(always)]
    unsafe fn transpose(rows: &mut [Self; 16]) {
        // SAFETY: registers only.
        unsafe {
            let (first, second) = (vtrn1q_f64(rows[0].0, rows[1].0), vtrn2q_f64(rows[0].0, rows[1].0));
            rows[0].0 = first;
            rows[1].0 = second;
        }
    }
}
