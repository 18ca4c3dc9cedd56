//! Lists of neurons with AVX-512, which moves the numbers of those that are meant together: a third of the time that looking
//! them up takes.
//!
//! Not here: which neurons are meant.

use std::arch::x86_64::{
    __m512i, _mm512_add_epi32, _mm512_castsi512_si128, _mm512_cmpeq_epi8_mask, _mm512_cvtepu8_epi32,
    _mm512_extracti32x4_epi32, _mm512_loadu_si512, _mm512_maskz_compress_epi8, _mm512_maskz_loadu_epi8,
    _mm512_set1_epi8, _mm512_set1_epi32, _mm512_storeu_si512,
};

/// Neurons of a word.
const WORD: usize = 64;
/// Numbers of 32 bits in a register.
const SIDE: usize = 16;

#[target_feature(enable = "avx512f,avx512bw,avx512vbmi2")]
pub(super) fn list_value(state: &[i8], first: usize, value: i8, out: &mut Vec<u32>) {
    for (word, state) in state.chunks(WORD).enumerate() {
        let (x, all) = load(state);
        list(_mm512_cmpeq_epi8_mask(x, _mm512_set1_epi8(value)) & all, first + WORD * word, out);
    }
}

#[target_feature(enable = "avx512f,avx512bw,avx512vbmi2")]
pub(super) fn list_turns(state: &[i8], wanted: &[i8], first: usize, from: i8, to: i8, out: &mut Vec<u32>) {
    for (word, (state, wanted)) in state.chunks(WORD).zip(wanted.chunks(WORD)).enumerate() {
        let ((x, all), (y, _)) = (load(state), load(wanted));
        let was = _mm512_cmpeq_epi8_mask(x, _mm512_set1_epi8(from)) & all;
        list(was & _mm512_cmpeq_epi8_mask(y, _mm512_set1_epi8(to)), first + WORD * word, out);
    }
}

/// Up to 64 values, and a bit for each of them.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn load(state: &[i8]) -> (__m512i, u64) {
    let all = u64::MAX >> (WORD - state.len().min(WORD));
    // SAFETY: as many values are read as there are.
    (unsafe { _mm512_maskz_loadu_epi8(all, state.as_ptr()) }, all)
}

/// Lists the neurons whose bit is set.
#[inline]
#[target_feature(enable = "avx512f,avx512vbmi2")]
fn list(bits: u64, first: usize, out: &mut Vec<u32>) {
    let (count, filled) = (bits.count_ones() as usize, out.len());
    let together = _mm512_maskz_compress_epi8(bits, ascending());
    let quarters = [
        _mm512_castsi512_si128(together),
        _mm512_extracti32x4_epi32::<1>(together),
        _mm512_extracti32x4_epi32::<2>(together),
        _mm512_extracti32x4_epi32::<3>(together),
    ];
    // There is that much already.
    out.reserve(WORD);
    // Few or many: how many exactly is not foreseen, and all are soon written.
    for (place, quarter) in quarters.into_iter().enumerate().take(if count <= SIDE { 1 } else { 4 }) {
        let neurons = _mm512_add_epi32(_mm512_set1_epi32(first as i32), _mm512_cvtepu8_epi32(quarter));
        // SAFETY: four quarters of a word have been reserved, and no alignment is asked for.
        unsafe { _mm512_storeu_si512(out.as_mut_ptr().add(filled + SIDE * place).cast(), neurons) };
    }
    // SAFETY: so many were written, at most a word.
    unsafe { out.set_len(filled + count) };
}

/// The numbers of 64 bytes.
#[inline]
#[target_feature(enable = "avx512f")]
fn ascending() -> __m512i {
    const NUMBERS: [u8; WORD] = {
        let mut numbers = [0; WORD];
        let mut i = 0;
        while i < WORD {
            numbers[i] = i as u8;
            i += 1;
        }
        numbers
    };
    // SAFETY: 64 bytes, and no alignment is asked for.
    unsafe { _mm512_loadu_si512(NUMBERS.as_ptr().cast()) }
}
