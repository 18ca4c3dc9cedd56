//! Sifting with AVX-512: sixteen neurons' limits are gathered at once, and those of whom nothing is known moved together.
//! One after another takes half as long again, and is a twentieth of a retrieval.
//!
//! Not here: what limits mean.

use std::arch::x86_64::{
    _mm512_add_epi32, _mm512_cmple_epu32_mask, _mm512_cmplt_epu32_mask, _mm512_mask_i32gather_epi32,
    _mm512_maskz_compress_epi32, _mm512_maskz_loadu_epi32, _mm512_set1_epi32, _mm512_setr_epi32, _mm512_setzero_si512,
    _mm512_storeu_si512,
};

use super::due::Sifted;

/// Numbers of 32 bits in a register.
const SIDE: usize = 16;

#[target_feature(enable = "avx512f")]
pub(super) fn sift(order: &[u32], limits: &[u32], ahead: u32, neurons: &mut Sifted, places: &mut Sifted) -> usize {
    let (ahead, n) = (_mm512_set1_epi32(ahead as i32), _mm512_set1_epi32(limits.len() as i32));
    let mut here = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    let mut count = 0;
    for some in order.chunks(SIDE) {
        let (Some(neurons), Some(places)) =
            (neurons[count..].first_chunk_mut::<SIDE>(), places[count..].first_chunk_mut::<SIDE>())
        else {
            break;
        };
        let all = u16::MAX >> (SIDE - some.len());
        // SAFETY: as many numbers are read as there are.
        let i = unsafe { _mm512_maskz_loadu_epi32(all, some.as_ptr().cast()) };
        let within = _mm512_cmplt_epu32_mask(i, n);
        // SAFETY: read is only what lies within the limits, and they are fewer than 2³¹.
        let limit =
            unsafe { _mm512_mask_i32gather_epi32::<4>(_mm512_setzero_si512(), within, i, limits.as_ptr().cast()) };
        let unknown = _mm512_cmple_epu32_mask(limit, ahead) & all;
        // SAFETY: sixteen numbers of 32 bits are 64 bytes, and no alignment is asked for.
        unsafe { _mm512_storeu_si512(neurons.as_mut_ptr().cast(), _mm512_maskz_compress_epi32(unknown, i)) };
        // SAFETY: as above.
        unsafe { _mm512_storeu_si512(places.as_mut_ptr().cast(), _mm512_maskz_compress_epi32(unknown, here)) };
        count += unknown.count_ones() as usize;
        here = _mm512_add_epi32(here, _mm512_set1_epi32(SIDE as i32));
    }
    count
}
