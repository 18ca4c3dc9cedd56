//! Sums over lanes, and moving them, with AVX-512: the bits of a column are the mask of a vector.
//!
//! The compiler makes gathers, or one addition at a time, of the portable loops; `plain` and `short` say what this gains.
//! Not here: whatever the compiler does as well.

use std::arch::x86_64::{
    __m512i, __mmask8, __mmask16, __mmask32, _mm512_add_epi16, _mm512_add_epi32, _mm512_add_epi64,
    _mm512_castsi512_si256, _mm512_cvtepi32_epi64, _mm512_extracti64x4_epi64, _mm512_loadu_si512, _mm512_madd_epi16,
    _mm512_mask_add_epi16, _mm512_mask_add_epi32, _mm512_mask_add_epi64, _mm512_mask_sub_epi16,
    _mm512_reduce_add_epi64, _mm512_set1_epi16, _mm512_set1_epi32, _mm512_setzero_si512, _mm512_storeu_si512,
};

use super::plain::{LANES, SIDE};

/// Lanes of 16 bits in a vector of 512.
const SHORT: usize = 2 * SIDE;
/// Lanes of 64 bits in a vector of 512.
const LONG: usize = SIDE / 2;

#[inline]
#[target_feature(enable = "avx512f")]
fn load<T, const L: usize>(lanes: &[T; L]) -> __m512i {
    const { assert!(size_of::<[T; L]>() == size_of::<__m512i>()) };
    // SAFETY: the array is as large as what is read, and no alignment is asked for.
    unsafe { _mm512_loadu_si512(lanes.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn store<T, const L: usize>(lanes: &mut [T; L], numbers: __m512i) {
    const { assert!(size_of::<[T; L]>() == size_of::<__m512i>()) };
    // SAFETY: the array is as large as what is written, and no alignment is asked for.
    unsafe { _mm512_storeu_si512(lanes.as_mut_ptr().cast(), numbers) }
}

/// Adds sixteen numbers to eight sums.
#[inline]
#[target_feature(enable = "avx512f")]
fn widen(total: __m512i, numbers: __m512i) -> __m512i {
    let low = _mm512_cvtepi32_epi64(_mm512_castsi512_si256(numbers));
    let high = _mm512_cvtepi32_epi64(_mm512_extracti64x4_epi64::<1>(numbers));
    _mm512_add_epi64(total, _mm512_add_epi64(low, high))
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,popcnt")]
pub(super) fn squares(column: &[u64], lanes: &[i16], run: usize) -> (i64, i64) {
    let (mut total, mut ones) = (_mm512_setzero_si512(), 0);
    for (column, lanes) in column.chunks(run).zip(lanes.chunks(run * LANES)) {
        let mut sums = [_mm512_setzero_si512(); LANES / SHORT];
        for (word, lanes) in column.iter().zip(lanes.as_chunks::<LANES>().0) {
            for (half, lanes) in lanes.as_chunks::<SHORT>().0.iter().enumerate() {
                let lanes = load(lanes);
                let clear = !(word >> (SHORT * half)) as __mmask32;
                let signed = _mm512_mask_sub_epi16(lanes, clear, _mm512_setzero_si512(), lanes);
                sums[half] = _mm512_add_epi32(sums[half], _mm512_madd_epi16(signed, lanes));
            }
            ones += i64::from(word.count_ones());
        }
        for sum in sums {
            total = widen(total, sum);
        }
    }
    (_mm512_reduce_add_epi64(total), ones)
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,popcnt")]
pub(super) fn follow(column: &[u64], step: i16, lanes: &mut [i16]) -> i64 {
    let mut ones = 0;
    let (down, twice) = (_mm512_set1_epi16(-step), _mm512_set1_epi16(2 * step));
    for (word, lanes) in column.iter().zip(lanes.as_chunks_mut::<LANES>().0) {
        for (half, lanes) in lanes.as_chunks_mut::<SHORT>().0.iter_mut().enumerate() {
            let lower = _mm512_add_epi16(load(lanes), down);
            store(lanes, _mm512_mask_add_epi16(lower, (word >> (SHORT * half)) as __mmask32, lower, twice));
        }
        ones += i64::from(word.count_ones());
    }
    ones
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
pub(super) fn shift(column: &[u64], step: i32, lanes: &mut [i32]) {
    let (down, twice) = (_mm512_set1_epi32(-step), _mm512_set1_epi32(2 * step));
    for (word, lanes) in column.iter().zip(lanes.as_chunks_mut::<LANES>().0) {
        for (vector, lanes) in lanes.as_chunks_mut::<SIDE>().0.iter_mut().enumerate() {
            let lower = _mm512_add_epi32(load(lanes), down);
            store(lanes, _mm512_mask_add_epi32(lower, (word >> (SIDE * vector)) as __mmask16, lower, twice));
        }
    }
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
pub(super) fn sum(column: &[u64], weights: &[i64]) -> i64 {
    let mut sums = [_mm512_setzero_si512(); LANES / LONG];
    for (word, weights) in column.iter().zip(weights.as_chunks::<LANES>().0) {
        for (byte, weights) in weights.as_chunks::<LONG>().0.iter().enumerate() {
            let set = (word >> (LONG * byte)) as __mmask8;
            sums[byte] = _mm512_mask_add_epi64(sums[byte], set, sums[byte], load(weights));
        }
    }
    sums.into_iter().map(|sum| _mm512_reduce_add_epi64(sum)).sum()
}
