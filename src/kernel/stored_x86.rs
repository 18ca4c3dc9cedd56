//! Rows in fewer bits, widened in registers by the instructions of AVX2 (with F16C) and AVX-512.

// The loads are of those that need no alignment.
#![allow(clippy::cast_ptr_alignment)]

#[allow(clippy::wildcard_imports, reason = "each instruction is named where it is used")]
use std::arch::x86_64::*;

use super::few_narrow::{Bfloat16, Float16, Int8, Stored};
use super::lanes::Lanes;
use super::x86::{F32x8, F32x16};

/// The first `count` of at most sixteen entries of a row, zeros behind them, as words.
///
/// # Safety
/// The slice holds `at + count` entries of `BYTES` bytes, two at most.
#[inline(always)]
unsafe fn part<const BYTES: usize>(from: &[f32], at: usize, count: usize) -> [f32; 8] {
    let mut words = [0.0; 8];
    // SAFETY: the caller's promise; sixteen entries fit into eight words.
    unsafe {
        let from = from.as_ptr().cast::<u8>().add(at * BYTES);
        std::ptr::copy_nonoverlapping(from, words.as_mut_ptr().cast(), count * BYTES);
    }
    words
}

macro_rules! stored {
    ($vector:ident, $shift_left:ident, $shift_right:ident, $and:ident, $set:ident, $bits:ident, $number:ident,
     $from_integer:ident, $load_halves:ident, $half_vector:ty, $load_bytes:ident, $byte_vector:ty,
     $from_halves:ident, $from_bytes:ident, $from_floats:ident, |$words:ident| $low_halves:expr) => {
        // SAFETY of all methods: the trait's promise, that the processor has these instructions and that the slice holds
        // the entries.
        impl Stored<$vector> for Bfloat16 {
            const PER_WORD: usize = 2;

            #[inline(always)]
            unsafe fn entry(words: $vector, part: usize, _scales: $vector) -> $vector {
                // SAFETY: above.
                unsafe {
                    let bits = $bits(words.0);
                    let upper =
                        if part == 0 { $shift_left::<16>(bits) } else { $and(bits, $set(0xffff_0000_u32 as i32)) };
                    $vector($number(upper))
                }
            }
            #[inline(always)]
            unsafe fn load(from: &[f32], at: usize, _scale: $vector) -> $vector {
                // SAFETY: above.
                unsafe {
                    let halves = $load_halves(from.as_ptr().cast::<u16>().add(at).cast::<$half_vector>());
                    $vector($number($shift_left::<16>($from_halves(halves))))
                }
            }
            #[inline(always)]
            unsafe fn load_part(from: &[f32], at: usize, count: usize, scale: $vector) -> $vector {
                // SAFETY: above.
                unsafe { <Self as Stored<$vector>>::load(&part::<2>(from, at, count), 0, scale) }
            }
        }

        // SAFETY of all methods: as above.
        impl Stored<$vector> for Float16 {
            const PER_WORD: usize = 2;

            #[inline(always)]
            unsafe fn entry(words: $vector, part: usize, _scales: $vector) -> $vector {
                // SAFETY: above.
                unsafe {
                    let bits = $bits(words.0);
                    let $words = if part == 0 { bits } else { $shift_right::<16>(bits) };
                    $vector($from_floats($low_halves))
                }
            }
            #[inline(always)]
            unsafe fn load(from: &[f32], at: usize, _scale: $vector) -> $vector {
                // SAFETY: above.
                unsafe {
                    $vector($from_floats($load_halves(from.as_ptr().cast::<u16>().add(at).cast::<$half_vector>())))
                }
            }
            #[inline(always)]
            unsafe fn load_part(from: &[f32], at: usize, count: usize, scale: $vector) -> $vector {
                // SAFETY: above.
                unsafe { <Self as Stored<$vector>>::load(&part::<2>(from, at, count), 0, scale) }
            }
        }

        // SAFETY of all methods: as above.
        impl Stored<$vector> for Int8 {
            const PER_WORD: usize = 4;

            #[inline(always)]
            unsafe fn entry(words: $vector, part: usize, scales: $vector) -> $vector {
                // SAFETY: above.
                unsafe {
                    let bits = $bits(words.0);
                    let upper = match part {
                        0 => $shift_left::<24>(bits),
                        1 => $shift_left::<16>(bits),
                        2 => $shift_left::<8>(bits),
                        _ => bits,
                    };
                    $vector($from_integer($shift_right::<24>(upper))).times(scales)
                }
            }
            #[inline(always)]
            unsafe fn load(from: &[f32], at: usize, scale: $vector) -> $vector {
                // SAFETY: above.
                unsafe {
                    let bytes = $load_bytes(from.as_ptr().cast::<i8>().add(at).cast::<$byte_vector>());
                    $vector($from_integer($from_bytes(bytes))).times(scale)
                }
            }
            #[inline(always)]
            unsafe fn load_part(from: &[f32], at: usize, count: usize, scale: $vector) -> $vector {
                // SAFETY: above.
                unsafe { <Self as Stored<$vector>>::load(&part::<1>(from, at, count), 0, scale) }
            }
        }
    };
}

stored! {
    F32x16, _mm512_slli_epi32, _mm512_srai_epi32, _mm512_and_si512, _mm512_set1_epi32,
    _mm512_castps_si512, _mm512_castsi512_ps,
    _mm512_cvtepi32_ps, _mm256_loadu_si256, __m256i, _mm_loadu_si128, __m128i,
    _mm512_cvtepu16_epi32, _mm512_cvtepi8_epi32, _mm512_cvtph_ps, |words| _mm512_cvtepi32_epi16(words)
}

stored! {
    F32x8, _mm256_slli_epi32, _mm256_srai_epi32, _mm256_and_si256, _mm256_set1_epi32,
    _mm256_castps_si256, _mm256_castsi256_ps,
    _mm256_cvtepi32_ps, _mm_loadu_si128, __m128i, _mm_loadl_epi64, __m128i,
    _mm256_cvtepu16_epi32, _mm256_cvtepi8_epi32, _mm256_cvtph_ps, |words| {
        // Words of sixteen bits, packed within each half of the vector; the halves then meet.
        let low = _mm256_and_si256(words, _mm256_set1_epi32(0xffff));
        _mm256_castsi256_si128(_mm256_permute4x64_epi64::<0b1000>(_mm256_packus_epi32(low, low)))
    }
}
