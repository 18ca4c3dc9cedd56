//! Vectors of AVX2 with FMA and of AVX-512. What each adds to the portable lanes is the instruction for every word.
//!
//! They are here because a baseline build has no fused multiply-add but in software. What each path is worth on a
//! machine, `HOPFIELD_INSTRUCTION_SET=avx2 cargo bench --bench retrieval -- --table` shows, and likewise for the others.

#[allow(clippy::wildcard_imports, reason = "some eighty instructions, each named where it is used")]
use std::arch::x86_64::*;

use super::lanes::Lanes;

/// Checks, in builds with debug assertions, the promise that loads and stores rest on.
macro_rules! inside {
    ($slice:expr, $at:expr, $count:expr) => {
        debug_assert!($at + $count <= $slice.len(), "{} + {} is beyond {}", $at, $count, $slice.len())
    };
}

macro_rules! lanes {
    ($name:ident, $vector:ty, $real:ty, $count:literal,
     $splat:ident, $load:ident, $store:ident, $fused:ident, $plus:ident, $minus:ident, $times:ident, $max:ident,
     $($special:item)*) => {
        #[derive(Clone, Copy)]
        pub(crate) struct $name(pub(super) $vector);

        // SAFETY of all methods: the trait's promise, that the processor has these instructions and that the slice
        // holds the entries, which `inside!` checks in tests.
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
            unsafe fn store(self, into: &mut [$real], at: usize) {
                inside!(into, at, $count);
                // SAFETY: above.
                unsafe { $store(into.as_mut_ptr().add(at), self.0) }
            }
            #[inline(always)]
            unsafe fn fused(self, factor: Self, addend: Self) -> Self {
                // SAFETY: above.
                unsafe { Self($fused(self.0, factor.0, addend.0)) }
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
                // SAFETY: above. The instruction returns its second operand when either is NaN, as the trait asks.
                unsafe { Self($max(self.0, other.0)) }
            }
            #[inline(always)]
            unsafe fn prefetch(from: &[$real], at: usize) {
                // SAFETY: above; a prefetch of any address is harmless.
                unsafe { _mm_prefetch::<_MM_HINT_T0>(from.as_ptr().wrapping_add(at).cast()) }
            }
            $($special)*
        }
    };
}

// SAFETY of all functions: as in the macro, the promise of `Lanes`.
lanes! {
    F32x16, __m512, f32, 16,
    _mm512_set1_ps, _mm512_loadu_ps, _mm512_storeu_ps,
    _mm512_fmadd_ps, _mm512_add_ps, _mm512_sub_ps, _mm512_mul_ps, _mm512_max_ps,
    #[inline(always)]
    unsafe fn load_part(from: &[f32], at: usize, count: usize) -> Self {
        inside!(from, at, count);
        // SAFETY: above; masked lanes are not read.
        unsafe { Self(_mm512_maskz_loadu_ps(((1_u32 << count) - 1) as u16, from.as_ptr().add(at))) }
    }
    #[inline(always)]
    unsafe fn greater(self, other: Self, yes: Self, no: Self) -> Self {
        // SAFETY: above.
        unsafe { Self(_mm512_mask_blend_ps(_mm512_cmp_ps_mask::<_CMP_GT_OQ>(self.0, other.0), no.0, yes.0)) }
    }
    #[inline(always)]
    unsafe fn above(self, other: Self) -> u32 {
        // SAFETY: above.
        unsafe { u32::from(_mm512_cmp_ps_mask::<_CMP_GT_OQ>(self.0, other.0)) }
    }
    #[inline(always)]
    unsafe fn magnitude(self) -> Self {
        // SAFETY: above.
        unsafe { Self(_mm512_abs_ps(self.0)) }
    }
    #[inline(always)]
    unsafe fn nearest(self) -> Self {
        // SAFETY: above. 8: to nearest, no exception.
        unsafe { Self(_mm512_roundscale_ps::<8>(self.0)) }
    }
    #[inline(always)]
    unsafe fn scaled(self, exponent: Self, lowest: Self) -> Self {
        // SAFETY: above.
        unsafe {
            let keep = _mm512_cmp_ps_mask::<_CMP_GE_OQ>(exponent.0, lowest.0);
            Self(_mm512_maskz_scalef_ps(keep, self.0, exponent.0))
        }
    }
    #[inline(always)]
    unsafe fn transpose(rows: &mut [Self; 16]) {
        // SAFETY: above.
        unsafe {
            // Rows 4q … 4q + 3 become, for each quarter of 4 lanes, 4 columns of 4 entries.
            let mut quads = [_mm512_setzero_ps(); 16];
            for quad in 0..4 {
                let row = [0, 1, 2, 3].map(|r| rows[4 * quad + r].0);
                let columns = quads_of([row[0], row[1], row[2], row[3]]);
                quads[4 * quad..4 * quad + 4].copy_from_slice(&columns);
            }
            // Then whole quarters move: column c of quarter q comes from quad rows 0 … 3.
            for c in 0..4 {
                let low = _mm512_shuffle_f32x4::<0x88>(quads[c], quads[4 + c]);
                let high = _mm512_shuffle_f32x4::<0xdd>(quads[c], quads[4 + c]);
                let low_next = _mm512_shuffle_f32x4::<0x88>(quads[8 + c], quads[12 + c]);
                let high_next = _mm512_shuffle_f32x4::<0xdd>(quads[8 + c], quads[12 + c]);
                rows[c].0 = _mm512_shuffle_f32x4::<0x88>(low, low_next);
                rows[8 + c].0 = _mm512_shuffle_f32x4::<0xdd>(low, low_next);
                rows[4 + c].0 = _mm512_shuffle_f32x4::<0x88>(high, high_next);
                rows[12 + c].0 = _mm512_shuffle_f32x4::<0xdd>(high, high_next);
            }
        }
    }
    #[inline(always)]
    unsafe fn columns(from: &[f32], at: usize, stride: usize) -> [Self; 16] {
        inside!(from, at + 15 * stride, 16);
        // SAFETY: above. Half rows i and i + 4 meet in one register on load, which saves a quarter of the shuffles.
        unsafe {
            let mut columns = [Self(_mm512_setzero_ps()); 16];
            for half in 0..2 {
                let mut quads = [_mm512_setzero_ps(); 8];
                for group in 0..2 {
                    let row: [__m512; 4] = std::array::from_fn(|i| {
                        let first = from.as_ptr().add(at + (8 * group + i) * stride + 8 * half);
                        let second = first.add(4 * stride);
                        let low = _mm512_castps256_ps512(_mm256_loadu_ps(first));
                        let high = _mm256_castps_pd(_mm256_loadu_ps(second));
                        _mm512_castpd_ps(_mm512_insertf64x4::<1>(_mm512_castps_pd(low), high))
                    });
                    quads[4 * group..4 * group + 4].copy_from_slice(&quads_of(row));
                }
                for c in 0..4 {
                    columns[8 * half + c].0 = _mm512_shuffle_f32x4::<0x88>(quads[c], quads[4 + c]);
                    columns[8 * half + 4 + c].0 = _mm512_shuffle_f32x4::<0xdd>(quads[c], quads[4 + c]);
                }
            }
            columns
        }
    }
}

/// Transposes the 4 × 4 blocks that four vectors hold in each of their quarters.
///
/// # Safety
/// Needs AVX-512 F.
#[inline(always)]
unsafe fn quads_of(row: [__m512; 4]) -> [__m512; 4] {
    // SAFETY: registers only.
    unsafe {
        let pairs = [
            _mm512_castps_pd(_mm512_unpacklo_ps(row[0], row[1])),
            _mm512_castps_pd(_mm512_unpackhi_ps(row[0], row[1])),
            _mm512_castps_pd(_mm512_unpacklo_ps(row[2], row[3])),
            _mm512_castps_pd(_mm512_unpackhi_ps(row[2], row[3])),
        ];
        [
            _mm512_castpd_ps(_mm512_unpacklo_pd(pairs[0], pairs[2])),
            _mm512_castpd_ps(_mm512_unpackhi_pd(pairs[0], pairs[2])),
            _mm512_castpd_ps(_mm512_unpacklo_pd(pairs[1], pairs[3])),
            _mm512_castpd_ps(_mm512_unpackhi_pd(pairs[1], pairs[3])),
        ]
    }
}

// SAFETY of all functions: as in the macro, the promise of `Lanes`.
lanes! {
    F64x8, __m512d, f64, 8,
    _mm512_set1_pd, _mm512_loadu_pd, _mm512_storeu_pd,
    _mm512_fmadd_pd, _mm512_add_pd, _mm512_sub_pd, _mm512_mul_pd, _mm512_max_pd,
    #[inline(always)]
    unsafe fn load_part(from: &[f64], at: usize, count: usize) -> Self {
        inside!(from, at, count);
        // SAFETY: above; masked lanes are not read.
        unsafe { Self(_mm512_maskz_loadu_pd(((1_u32 << count) - 1) as u8, from.as_ptr().add(at))) }
    }
    #[inline(always)]
    unsafe fn greater(self, other: Self, yes: Self, no: Self) -> Self {
        // SAFETY: above.
        unsafe { Self(_mm512_mask_blend_pd(_mm512_cmp_pd_mask::<_CMP_GT_OQ>(self.0, other.0), no.0, yes.0)) }
    }
    #[inline(always)]
    unsafe fn above(self, other: Self) -> u32 {
        // SAFETY: above.
        unsafe { u32::from(_mm512_cmp_pd_mask::<_CMP_GT_OQ>(self.0, other.0)) }
    }
    #[inline(always)]
    unsafe fn magnitude(self) -> Self {
        // SAFETY: above.
        unsafe { Self(_mm512_abs_pd(self.0)) }
    }
    #[inline(always)]
    unsafe fn nearest(self) -> Self {
        // SAFETY: above. 8: to nearest, no exception.
        unsafe { Self(_mm512_roundscale_pd::<8>(self.0)) }
    }
    #[inline(always)]
    unsafe fn scaled(self, exponent: Self, lowest: Self) -> Self {
        // SAFETY: above.
        unsafe {
            let keep = _mm512_cmp_pd_mask::<_CMP_GE_OQ>(exponent.0, lowest.0);
            Self(_mm512_maskz_scalef_pd(keep, self.0, exponent.0))
        }
    }
    #[inline(always)]
    unsafe fn transpose(rows: &mut [Self; 16]) {
        // SAFETY: above.
        unsafe {
            // pairs[2i + b] holds, in quarter q, column 2q + b of rows 2i and 2i + 1.
            let mut pairs = [_mm512_setzero_pd(); 8];
            for i in 0..4 {
                pairs[2 * i] = _mm512_unpacklo_pd(rows[2 * i].0, rows[2 * i + 1].0);
                pairs[2 * i + 1] = _mm512_unpackhi_pd(rows[2 * i].0, rows[2 * i + 1].0);
            }
            for b in 0..2 {
                let even = _mm512_shuffle_f64x2::<0x88>(pairs[b], pairs[2 + b]);
                let odd = _mm512_shuffle_f64x2::<0xdd>(pairs[b], pairs[2 + b]);
                let even_next = _mm512_shuffle_f64x2::<0x88>(pairs[4 + b], pairs[6 + b]);
                let odd_next = _mm512_shuffle_f64x2::<0xdd>(pairs[4 + b], pairs[6 + b]);
                rows[b].0 = _mm512_shuffle_f64x2::<0x88>(even, even_next);
                rows[4 + b].0 = _mm512_shuffle_f64x2::<0xdd>(even, even_next);
                rows[2 + b].0 = _mm512_shuffle_f64x2::<0x88>(odd, odd_next);
                rows[6 + b].0 = _mm512_shuffle_f64x2::<0xdd>(odd, odd_next);
            }
        }
    }
}

// SAFETY of all functions: as in the macro, the promise of `Lanes`.
lanes! {
    F32x8, __m256, f32, 8,
    _mm256_set1_ps, _mm256_loadu_ps, _mm256_storeu_ps,
    _mm256_fmadd_ps, _mm256_add_ps, _mm256_sub_ps, _mm256_mul_ps, _mm256_max_ps,
    #[inline(always)]
    unsafe fn load_part(from: &[f32], at: usize, count: usize) -> Self {
        inside!(from, at, count);
        // SAFETY: above; masked lanes are not read.
        unsafe {
            let lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
            let keep = _mm256_cmpgt_epi32(_mm256_set1_epi32(count as i32), lane);
            Self(_mm256_maskload_ps(from.as_ptr().add(at), keep))
        }
    }
    #[inline(always)]
    unsafe fn greater(self, other: Self, yes: Self, no: Self) -> Self {
        // SAFETY: above.
        unsafe { Self(_mm256_blendv_ps(no.0, yes.0, _mm256_cmp_ps::<_CMP_GT_OQ>(self.0, other.0))) }
    }
    #[inline(always)]
    unsafe fn above(self, other: Self) -> u32 {
        // SAFETY: above.
        unsafe { _mm256_movemask_ps(_mm256_cmp_ps::<_CMP_GT_OQ>(self.0, other.0)) as u32 }
    }
    #[inline(always)]
    unsafe fn magnitude(self) -> Self {
        // SAFETY: above.
        unsafe { Self(_mm256_andnot_ps(_mm256_set1_ps(-0.0), self.0)) }
    }
    #[inline(always)]
    unsafe fn nearest(self) -> Self {
        // SAFETY: above. 8: to nearest, no exception.
        unsafe { Self(_mm256_round_ps::<8>(self.0)) }
    }
    #[inline(always)]
    unsafe fn scaled(self, exponent: Self, lowest: Self) -> Self {
        // SAFETY: above. 2^exponent is made from its bits, which are right wherever the lane is kept.
        unsafe {
            let biased = _mm256_add_epi32(_mm256_cvtps_epi32(exponent.0), _mm256_set1_epi32(127));
            let power = _mm256_castsi256_ps(_mm256_slli_epi32::<23>(biased));
            let keep = _mm256_cmp_ps::<_CMP_GE_OQ>(exponent.0, lowest.0);
            Self(_mm256_and_ps(_mm256_mul_ps(self.0, power), keep))
        }
    }
    #[inline(always)]
    unsafe fn transpose(rows: &mut [Self; 16]) {
        // SAFETY: above.
        unsafe {
            // quads[4h + c]: column c of each half, of rows 4h … 4h + 3.
            let mut quads = [_mm256_setzero_ps(); 8];
            for h in 0..2 {
                let row = [0, 1, 2, 3].map(|r| rows[4 * h + r].0);
                let pairs = [
                    _mm256_castps_pd(_mm256_unpacklo_ps(row[0], row[1])),
                    _mm256_castps_pd(_mm256_unpackhi_ps(row[0], row[1])),
                    _mm256_castps_pd(_mm256_unpacklo_ps(row[2], row[3])),
                    _mm256_castps_pd(_mm256_unpackhi_ps(row[2], row[3])),
                ];
                quads[4 * h] = _mm256_castpd_ps(_mm256_unpacklo_pd(pairs[0], pairs[2]));
                quads[4 * h + 1] = _mm256_castpd_ps(_mm256_unpackhi_pd(pairs[0], pairs[2]));
                quads[4 * h + 2] = _mm256_castpd_ps(_mm256_unpacklo_pd(pairs[1], pairs[3]));
                quads[4 * h + 3] = _mm256_castpd_ps(_mm256_unpackhi_pd(pairs[1], pairs[3]));
            }
            for c in 0..4 {
                rows[c].0 = _mm256_permute2f128_ps::<0x20>(quads[c], quads[4 + c]);
                rows[4 + c].0 = _mm256_permute2f128_ps::<0x31>(quads[c], quads[4 + c]);
            }
        }
    }
}

// SAFETY of all functions: as in the macro, the promise of `Lanes`.
lanes! {
    F64x4, __m256d, f64, 4,
    _mm256_set1_pd, _mm256_loadu_pd, _mm256_storeu_pd,
    _mm256_fmadd_pd, _mm256_add_pd, _mm256_sub_pd, _mm256_mul_pd, _mm256_max_pd,
    #[inline(always)]
    unsafe fn load_part(from: &[f64], at: usize, count: usize) -> Self {
        inside!(from, at, count);
        // SAFETY: above; masked lanes are not read.
        unsafe {
            let lane = _mm256_setr_epi64x(0, 1, 2, 3);
            let keep = _mm256_cmpgt_epi64(_mm256_set1_epi64x(count as i64), lane);
            Self(_mm256_maskload_pd(from.as_ptr().add(at), keep))
        }
    }
    #[inline(always)]
    unsafe fn greater(self, other: Self, yes: Self, no: Self) -> Self {
        // SAFETY: above.
        unsafe { Self(_mm256_blendv_pd(no.0, yes.0, _mm256_cmp_pd::<_CMP_GT_OQ>(self.0, other.0))) }
    }
    #[inline(always)]
    unsafe fn above(self, other: Self) -> u32 {
        // SAFETY: above.
        unsafe { _mm256_movemask_pd(_mm256_cmp_pd::<_CMP_GT_OQ>(self.0, other.0)) as u32 }
    }
    #[inline(always)]
    unsafe fn magnitude(self) -> Self {
        // SAFETY: above.
        unsafe { Self(_mm256_andnot_pd(_mm256_set1_pd(-0.0), self.0)) }
    }
    #[inline(always)]
    unsafe fn nearest(self) -> Self {
        // SAFETY: above. 8: to nearest, no exception.
        unsafe { Self(_mm256_round_pd::<8>(self.0)) }
    }
    #[inline(always)]
    unsafe fn scaled(self, exponent: Self, lowest: Self) -> Self {
        // SAFETY: above. Adding 2^52 leaves the biased exponent in the low bits of the significand, from where it is
        // shifted into place; right wherever the lane is kept.
        unsafe {
            let biased = _mm256_add_pd(exponent.0, _mm256_set1_pd(1023.0 + 4_503_599_627_370_496.0));
            let power = _mm256_castsi256_pd(_mm256_slli_epi64::<52>(_mm256_castpd_si256(biased)));
            let keep = _mm256_cmp_pd::<_CMP_GE_OQ>(exponent.0, lowest.0);
            Self(_mm256_and_pd(_mm256_mul_pd(self.0, power), keep))
        }
    }
    #[inline(always)]
    unsafe fn transpose(rows: &mut [Self; 16]) {
        // SAFETY: above.
        unsafe {
            let pairs = [
                _mm256_unpacklo_pd(rows[0].0, rows[1].0),
                _mm256_unpackhi_pd(rows[0].0, rows[1].0),
                _mm256_unpacklo_pd(rows[2].0, rows[3].0),
                _mm256_unpackhi_pd(rows[2].0, rows[3].0),
            ];
            rows[0].0 = _mm256_permute2f128_pd::<0x20>(pairs[0], pairs[2]);
            rows[1].0 = _mm256_permute2f128_pd::<0x20>(pairs[1], pairs[3]);
            rows[2].0 = _mm256_permute2f128_pd::<0x31>(pairs[0], pairs[2]);
            rows[3].0 = _mm256_permute2f128_pd::<0x31>(pairs[1], pairs[3]);
        }
    }
}
