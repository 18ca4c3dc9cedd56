//! Sums of squares and moving lanes with AVX-512: bits of a column are the mask of a vector.
//!
//! The compiler makes gathers of the portable loops. With 100 000 lanes in the second-level cache, on Zen 5, following a
//! changed neuron takes 9 µs instead of 80, and a masked sum some 3 µs. Not here: sums in 64 bits.

use std::arch::x86_64::{
    __m512i, __mmask16, __mmask32, _mm512_add_epi32, _mm512_add_epi64, _mm512_castsi512_si256, _mm512_cvtepi32_epi64,
    _mm512_extracti64x4_epi64, _mm512_loadu_si512, _mm512_madd_epi16, _mm512_mask_add_epi32, _mm512_maskz_mov_epi16,
    _mm512_reduce_add_epi64, _mm512_set1_epi32, _mm512_setzero_si512, _mm512_storeu_si512,
};

use super::plain::{LANES, SIDE};

/// Lanes of 16 bits in a vector.
const SHORT: usize = 2 * SIDE;

/// Adds sixteen numbers to eight sums.
#[target_feature(enable = "avx512f")]
fn widen(total: __m512i, numbers: __m512i) -> __m512i {
    let low = _mm512_cvtepi32_epi64(_mm512_castsi512_si256(numbers));
    let high = _mm512_cvtepi32_epi64(_mm512_extracti64x4_epi64::<1>(numbers));
    _mm512_add_epi64(total, _mm512_add_epi64(low, high))
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
pub(super) fn squares(column: &[u64], lanes: &[i16], run: usize) -> i64 {
    let mut total = _mm512_setzero_si512();
    for (column, lanes) in column.chunks(run).zip(lanes.chunks(run * LANES)) {
        let mut sums = [_mm512_setzero_si512(); LANES / SHORT];
        for (word, lanes) in column.iter().zip(lanes.as_chunks::<LANES>().0) {
            for (half, lanes) in lanes.as_chunks::<SHORT>().0.iter().enumerate() {
                // SAFETY: the array has the 32 numbers that are read, and no alignment is asked for.
                let lanes = unsafe { _mm512_loadu_si512(lanes.as_ptr().cast()) };
                let set = _mm512_maskz_mov_epi16((word >> (SHORT * half)) as __mmask32, lanes);
                sums[half] = _mm512_add_epi32(sums[half], _mm512_madd_epi16(set, lanes));
            }
        }
        for sum in sums {
            total = widen(total, sum);
        }
    }
    _mm512_reduce_add_epi64(total)
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
pub(super) fn shift(column: &[u64], step: i32, lanes: &mut [i32]) {
    let (down, twice) = (_mm512_set1_epi32(-step), _mm512_set1_epi32(2 * step));
    for (word, lanes) in column.iter().zip(lanes.as_chunks_mut::<LANES>().0) {
        for (vector, lanes) in lanes.as_chunks_mut::<SIDE>().0.iter_mut().enumerate() {
            let bits = (word >> (SIDE * vector)) as __mmask16;
            // SAFETY: the array has the sixteen numbers that are read, and no alignment is asked for.
            let lower = _mm512_add_epi32(unsafe { _mm512_loadu_si512(lanes.as_ptr().cast()) }, down);
            let moved = _mm512_mask_add_epi32(lower, bits, lower, twice);
            // SAFETY: as above, of those that are written.
            unsafe { _mm512_storeu_si512(lanes.as_mut_ptr().cast(), moved) };
        }
    }
}
