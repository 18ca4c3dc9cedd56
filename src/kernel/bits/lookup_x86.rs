//! Looking sums up with AVX-512: a permutation of bytes is 64 lookups, and a dot product adds four of them to each neuron.
//!
//! Not here: what tables hold.

use std::arch::x86_64::{
    __m512i, _mm_cvtsi32_si128, _mm_mask_set1_epi8, _mm_mask_storeu_epi8, _mm_maskz_loadu_epi8, _mm_maskz_set1_epi8,
    _mm256_storeu_si256, _mm512_add_epi16, _mm512_add_epi32, _mm512_cmpgt_epi32_mask, _mm512_cmplt_epi32_mask,
    _mm512_cvtepi8_epi32, _mm512_cvtepi16_epi8, _mm512_dpbusd_epi32, _mm512_load_si512, _mm512_mask_add_epi16,
    _mm512_mask_add_epi32, _mm512_mask_blend_epi16, _mm512_mullo_epi32, _mm512_permutexvar_epi8, _mm512_set1_epi8,
    _mm512_set1_epi16, _mm512_set1_epi32, _mm512_setzero_si512, _mm512_sll_epi16, _mm512_sll_epi32, _mm512_sra_epi16,
    _mm512_storeu_si512, _mm512_sub_epi16, _mm512_sub_epi32, _mm512_test_epi32_mask,
};

use super::indices::{CHOSEN, ENTRIES, GROUP, LINE, LINES, Line, TILE, place_of};
use super::lookup::Tables;

/// Sums that are kept apart, because adding to one takes longer than a lookup.
const APART: usize = 4;

/// Writes the sums of what a tile's indices choose from all tables of one byte.
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi,avx512vnni")]
pub(super) fn choose(tile: &[Line], tables: &[Line], sums: &mut [i32; TILE]) {
    for (sums, total) in sums.as_chunks_mut::<LINE>().0.iter_mut().zip(chosen(tile, tables)) {
        // SAFETY: sixteen numbers of 32 bits are 64 bytes, and no alignment is asked for.
        unsafe { _mm512_storeu_si512(sums.as_mut_ptr().cast(), total) };
    }
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi,avx512vnni")]
fn chosen(tile: &[Line], tables: &[Line]) -> [__m512i; LINES] {
    let mut sums = [_mm512_setzero_si512(); LINES];
    for (lines, table) in tile.as_chunks::<LINES>().0.iter().zip(tables) {
        let table = load(table);
        for l in 0..LINES {
            sums[l] = add_chosen(sums[l], &lines[l], table);
        }
    }
    sums
}

/// The same of one line.
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi,avx512vnni")]
fn chosen_of_line(tile: &[Line], line: usize, tables: &[Line]) -> __m512i {
    let mut sums = [_mm512_setzero_si512(); APART];
    let (lines, rest) = tile.as_chunks::<LINES>().0.as_chunks::<APART>();
    let (tables, last) = tables.as_chunks::<APART>();
    for (lines, tables) in lines.iter().zip(tables) {
        for l in 0..APART {
            sums[l] = add_chosen(sums[l], &lines[l][line], load(&tables[l]));
        }
    }
    for (lines, table) in rest.iter().zip(last) {
        sums[0] = add_chosen(sums[0], &lines[line], load(table));
    }
    let [a, b, c, d] = sums;
    _mm512_add_epi32(_mm512_add_epi32(a, b), _mm512_add_epi32(c, d))
}

/// Adds what four bytes choose to each of sixteen sums.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi,avx512vnni")]
fn add_chosen(sums: __m512i, line: &Line, table: __m512i) -> __m512i {
    // The first factor is unsigned, the second signed.
    _mm512_dpbusd_epi32(sums, _mm512_set1_epi8(1), _mm512_permutexvar_epi8(load(line), table))
}

/// Writes the signs of a tile's fields, which fit in 32 bits: where the coarse bytes do not tell one, its line is looked up in
/// the fine ones.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vnni")]
pub(super) fn signs(tables: &Tables, tile: &[Line], state: &[i8], k: usize, out: &mut [i8]) {
    let groups = tile.len() / LINES;
    let (shift, left_out) = (_mm_cvtsi32_si128(tables.shift as i32), _mm512_set1_epi32(tables.left_out as i32));
    let (slack, k) = (_mm512_set1_epi32(tables.slack), _mm512_set1_epi32(k as i32));
    let sums = chosen(tile, &tables.coarse[..groups]);
    let lines = state.chunks(LINE).zip(out.chunks_mut(LINE));
    for (line, (sum, (state, out))) in sums.into_iter().zip(lines).enumerate() {
        let mut sum = _mm512_sub_epi32(_mm512_sll_epi32(sum, shift), left_out);
        for (mu, a) in &tables.beyond {
            let (group, bit) = place_of(*mu);
            let plus = _mm512_test_epi32_mask(load(&tile[group * LINES + line]), _mm512_set1_epi32(bit as i32));
            sum = _mm512_mask_add_epi32(sum, plus, sum, _mm512_set1_epi32(2 * a));
        }
        let all = u16::MAX >> (LINE - out.len().min(state.len()));
        // SAFETY: as many values are read as there are.
        let x = _mm512_cvtepi8_epi32(unsafe { _mm_maskz_loadu_epi8(all, state.as_ptr()) });
        let mut field = _mm512_sub_epi32(sum, _mm512_mullo_epi32(k, x));
        let mut plus = _mm512_cmpgt_epi32_mask(field, slack);
        let mut minus = _mm512_cmpgt_epi32_mask(_mm512_sub_epi32(_mm512_setzero_si512(), field), slack);
        if (plus | minus) & all != all {
            field = _mm512_add_epi32(field, chosen_of_line(tile, line, &tables.fine[..groups]));
            plus = _mm512_cmpgt_epi32_mask(field, _mm512_setzero_si512());
            minus = _mm512_cmplt_epi32_mask(field, _mm512_setzero_si512());
        }
        let signs = _mm_mask_set1_epi8(_mm_maskz_set1_epi8(plus, 1), minus, -1);
        // SAFETY: as many signs are written as there are.
        unsafe { _mm_mask_storeu_epi8(out.as_mut_ptr(), all, signs) };
    }
}

/// One bit for each entry of a byte that is to have the sign of the first of four overlaps, of the second, and so on.
const CHOICES: [u32; CHOSEN] = [0xAAAA, 0xCCCC, 0xF0F0, 0xFF00];

/// Writes the tables of what each group holds.
#[target_feature(enable = "avx512f,avx512bw")]
pub(super) fn write(held: &[[i16; GROUP]], shift: u32, coarse: &mut [Line], fine: &mut [Line]) {
    let (half, count) = (_mm512_set1_epi16(1 << shift >> 1), _mm_cvtsi32_si128(shift as i32));
    for (held, (coarse, fine)) in held.iter().zip(coarse.iter_mut().zip(fine)) {
        let halves = coarse.0.as_chunks_mut::<{ ENTRIES / 2 }>().0.iter_mut();
        let halves = halves.zip(fine.0.as_chunks_mut::<{ ENTRIES / 2 }>().0);
        for (held, (coarse, fine)) in held.as_chunks::<{ GROUP / 2 }>().0.iter().zip(halves) {
            let mut sums = _mm512_setzero_si512();
            for (bit, choices) in CHOICES.into_iter().enumerate() {
                // Sixteen entries for each of two bytes.
                let (this, next) = (_mm512_set1_epi16(held[bit]), _mm512_set1_epi16(held[CHOSEN + bit]));
                let overlaps = _mm512_mask_blend_epi16(0xFFFF_0000, this, next);
                let negative = _mm512_sub_epi16(sums, overlaps);
                sums = _mm512_mask_add_epi16(negative, choices << 16 | choices, sums, overlaps);
            }
            let nearest = _mm512_sra_epi16(_mm512_add_epi16(sums, half), count);
            let rest = _mm512_sub_epi16(sums, _mm512_sll_epi16(nearest, count));
            // SAFETY: 32 bytes, and no alignment is asked for.
            unsafe { _mm256_storeu_si256(coarse.as_mut_ptr().cast(), _mm512_cvtepi16_epi8(nearest)) };
            // SAFETY: as above.
            unsafe { _mm256_storeu_si256(fine.as_mut_ptr().cast(), _mm512_cvtepi16_epi8(rest)) };
        }
    }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn load(line: &Line) -> __m512i {
    // SAFETY: a line is 64 bytes that start at a multiple of 64.
    unsafe { _mm512_load_si512((&raw const *line).cast()) }
}
