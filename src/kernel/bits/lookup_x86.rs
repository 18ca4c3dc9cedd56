//! Looking sums up with AVX-512: a permutation of bytes is 64 lookups, and a dot product adds four of them to each neuron.
//!
//! Not here: what tables hold.

use std::arch::x86_64::{
    __m512i, _mm256_storeu_si256, _mm512_add_epi32, _mm512_cvtepi16_epi8, _mm512_dpbusd_epi32, _mm512_load_si512,
    _mm512_mask_add_epi16, _mm512_permutexvar_epi8, _mm512_set1_epi8, _mm512_set1_epi16, _mm512_setzero_si512,
    _mm512_slli_epi32, _mm512_srli_epi16, _mm512_storeu_si512,
};

use super::indices::{CHOSEN, ENTRIES, GROUP, LINE, LINES, Line, TILE};
use super::lookup::Table;

#[target_feature(enable = "avx512f,avx512bw,avx512vbmi,avx512vnni")]
pub(super) fn chosen(tile: &[Line], tables: &[Table]) -> [i32; TILE] {
    let ones = _mm512_set1_epi8(1);
    let (mut lows, mut highs) = ([_mm512_setzero_si512(); LINES], [_mm512_setzero_si512(); LINES]);
    for (lines, table) in tile.as_chunks::<LINES>().0.iter().zip(tables) {
        let (low, high) = (load(&table.low), load(&table.high));
        for l in 0..LINES {
            let index = load(&lines[l]);
            // The first factor is unsigned, the second signed.
            lows[l] = _mm512_dpbusd_epi32(lows[l], _mm512_permutexvar_epi8(index, low), ones);
            highs[l] = _mm512_dpbusd_epi32(highs[l], ones, _mm512_permutexvar_epi8(index, high));
        }
    }
    let mut sums = [0; TILE];
    for ((sums, low), high) in sums.as_chunks_mut::<LINE>().0.iter_mut().zip(lows).zip(highs) {
        let sum = _mm512_add_epi32(low, _mm512_slli_epi32::<8>(high));
        // SAFETY: sixteen numbers of 32 bits are 64 bytes, and no alignment is asked for.
        unsafe { _mm512_storeu_si512(sums.as_mut_ptr().cast(), sum) };
    }
    sums
}

/// One bit for each entry of a byte that chooses the first of four overlaps, the second, and so on.
const CHOICES: [u32; CHOSEN] = [0xAAAA, 0xCCCC, 0xF0F0, 0xFF00];

/// Writes the tables of what each group holds.
#[target_feature(enable = "avx512f,avx512bw")]
pub(super) fn write(tables: &mut [Table], held: &[[i16; GROUP]]) {
    for (table, held) in tables.iter_mut().zip(held) {
        let lows = table.low.0.as_chunks_mut::<{ ENTRIES / 2 }>().0;
        let halves = lows.iter_mut().zip(table.high.0.as_chunks_mut::<{ ENTRIES / 2 }>().0);
        for (held, (low, high)) in held.as_chunks::<{ GROUP / 2 }>().0.iter().zip(halves) {
            let mut sums = _mm512_setzero_si512();
            for (bit, choices) in CHOICES.into_iter().enumerate() {
                let (this, next) = (_mm512_set1_epi16(held[bit]), _mm512_set1_epi16(held[CHOSEN + bit]));
                sums = _mm512_mask_add_epi16(sums, choices, sums, this);
                sums = _mm512_mask_add_epi16(sums, choices << 16, sums, next);
            }
            // SAFETY: 32 bytes, and no alignment is asked for.
            unsafe { _mm256_storeu_si256(low.as_mut_ptr().cast(), _mm512_cvtepi16_epi8(sums)) };
            let highs = _mm512_cvtepi16_epi8(_mm512_srli_epi16::<8>(sums));
            // SAFETY: as above.
            unsafe { _mm256_storeu_si256(high.as_mut_ptr().cast(), highs) };
        }
    }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn load(line: &Line) -> __m512i {
    // SAFETY: a line is 64 bytes that start at a multiple of 64.
    unsafe { _mm512_load_si512((&raw const *line).cast()) }
}
