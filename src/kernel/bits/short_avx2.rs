//! The loops of `short` with AVX2: a column's bits are compared, sixteen at a time, to become the mask of a vector.
//!
//! Not here: lanes of 32 bits, which the compiler moves as well.

use std::arch::x86_64::{
    __m256i, _mm256_add_epi16, _mm256_add_epi32, _mm256_add_epi64, _mm256_and_si256, _mm256_castsi256_si128,
    _mm256_cmpeq_epi16, _mm256_cvtepi32_epi64, _mm256_extracti128_si256, _mm256_loadu_si256, _mm256_madd_epi16,
    _mm256_or_si256, _mm256_set1_epi16, _mm256_setzero_si256, _mm256_sign_epi16, _mm256_storeu_si256, _mm256_sub_epi16,
};

use super::plain::{LANES, SIDE};

/// Bit `l` of lane `l`.
const BITS: [u16; SIDE] = {
    let mut bits = [1; SIDE];
    let mut l = 1;
    while l < SIDE {
        bits[l] = 2 * bits[l - 1];
        l += 1;
    }
    bits
};

#[inline]
#[target_feature(enable = "avx2")]
fn load<T, const L: usize>(numbers: &[T; L]) -> __m256i {
    const { assert!(size_of::<[T; L]>() == size_of::<__m256i>()) };
    // SAFETY: the array is as large as what is read, and no alignment is asked for.
    unsafe { _mm256_loadu_si256(numbers.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx2")]
fn store<T, const L: usize>(numbers: &mut [T; L], vector: __m256i) {
    const { assert!(size_of::<[T; L]>() == size_of::<__m256i>()) };
    // SAFETY: the array is as large as what is written, and no alignment is asked for.
    unsafe { _mm256_storeu_si256(numbers.as_mut_ptr().cast(), vector) }
}

/// −1 in the lanes whose bit is set, else 0.
#[inline]
#[target_feature(enable = "avx2")]
fn spread(bits: u64) -> __m256i {
    let each = load(&BITS);
    _mm256_cmpeq_epi16(_mm256_and_si256(_mm256_set1_epi16(bits as i16), each), each)
}

#[target_feature(enable = "avx2,popcnt")]
pub(super) fn squares(column: &[u64], lanes: &[i16], run: usize) -> (i64, i64) {
    let one = _mm256_set1_epi16(1);
    let (mut total, mut ones) = (_mm256_setzero_si256(), 0);
    for (column, lanes) in column.chunks(run).zip(lanes.chunks(run * LANES)) {
        let mut sums = [_mm256_setzero_si256(); LANES / SIDE];
        for (word, lanes) in column.iter().zip(lanes.as_chunks::<LANES>().0) {
            for (q, lanes) in lanes.as_chunks::<SIDE>().0.iter().enumerate() {
                let (lanes, sign) = (load(lanes), _mm256_or_si256(spread(word >> (SIDE * q)), one));
                let negated = _mm256_sign_epi16(lanes, sign);
                sums[q] = _mm256_add_epi32(sums[q], _mm256_madd_epi16(negated, lanes));
            }
            ones += i64::from(word.count_ones());
        }
        for sum in sums {
            let low = _mm256_cvtepi32_epi64(_mm256_castsi256_si128(sum));
            let high = _mm256_cvtepi32_epi64(_mm256_extracti128_si256::<1>(sum));
            total = _mm256_add_epi64(total, _mm256_add_epi64(low, high));
        }
    }
    let mut each = [0_i64; 4];
    store(&mut each, total);
    (-each.iter().sum::<i64>(), ones)
}

#[target_feature(enable = "avx2,popcnt")]
pub(super) fn follow(column: &[u64], step: i16, lanes: &mut [i16]) -> i64 {
    let (up, twice) = (_mm256_set1_epi16(step), _mm256_set1_epi16(2 * step));
    let mut ones = 0;
    for (word, lanes) in column.iter().zip(lanes.as_chunks_mut::<LANES>().0) {
        for (q, lanes) in lanes.as_chunks_mut::<SIDE>().0.iter_mut().enumerate() {
            let step = _mm256_sub_epi16(_mm256_and_si256(spread(word >> (SIDE * q)), twice), up);
            store(lanes, _mm256_add_epi16(load(lanes), step));
        }
        ones += i64::from(word.count_ones());
    }
    ones
}
