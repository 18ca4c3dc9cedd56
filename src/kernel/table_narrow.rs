//! The kernels of few queries against rows in fewer bits, for the instruction sets that widen in registers.

use super::MOST_FEW;
use super::narrow::Narrow;

type Score<T> = unsafe fn(Narrow, usize, usize, &[T], &mut [T]);
type Read<T> = unsafe fn(Narrow, usize, usize, &[T], &mut [T], &[T]);

/// As `score_few` and `read_few` of [`super::Kernels`].
#[cfg_attr(not(target_arch = "x86_64"), allow(dead_code, reason = "no other set has them"))]
pub(super) struct NarrowKernels<T> {
    pub(super) score: [Score<T>; MOST_FEW],
    pub(super) read: [Read<T>; MOST_FEW],
}

/// Whether rows of `columns` entries can be read as words: each begins with one.
pub(super) fn in_words(rows: Narrow, columns: usize) -> bool {
    let (first, per_word) = match rows {
        Narrow::Bfloat16(entries) | Narrow::Float16(entries) => (entries.as_ptr().addr(), 2),
        Narrow::Int8(entries, _) => (entries.as_ptr().addr(), 4),
    };
    first.is_multiple_of(size_of::<f32>()) && columns.is_multiple_of(per_word)
}

/// Entry points that allow one instruction set.
#[cfg(target_arch = "x86_64")]
macro_rules! narrow {
    ($module:ident, $features:literal, $lanes:ident, $few:literal) => {
        pub(super) mod $module {
            use super::{Narrow, NarrowKernels};
            use crate::kernel::few_narrow::{self, Bfloat16, Float16, Int8, Words};
            use crate::kernel::x86::$lanes;

            // SAFETY of all entry points: the callee's promises, passed on to the caller, and the instruction set.
            #[target_feature(enable = $features)]
            unsafe fn score<const QUERIES: usize, const GROUPS: usize>(
                x: Narrow,
                rows: usize,
                d: usize,
                queries: &[f32],
                scores: &mut [f32],
            ) {
                // SAFETY: above.
                unsafe {
                    match x {
                        Narrow::Bfloat16(x) => few_narrow::score::<$lanes, Bfloat16, QUERIES, GROUPS>(
                            Words::new(x, &[]),
                            rows,
                            d,
                            queries,
                            scores,
                        ),
                        Narrow::Float16(x) => few_narrow::score::<$lanes, Float16, QUERIES, GROUPS>(
                            Words::new(x, &[]),
                            rows,
                            d,
                            queries,
                            scores,
                        ),
                        Narrow::Int8(x, scales) => few_narrow::score::<$lanes, Int8, QUERIES, GROUPS>(
                            Words::new(x, scales),
                            rows,
                            d,
                            queries,
                            scores,
                        ),
                    }
                }
            }
            #[target_feature(enable = $features)]
            unsafe fn read<const QUERIES: usize, const VECTORS: usize, const FEWER: usize>(
                values: Narrow,
                rows: usize,
                columns: usize,
                weights: &[f32],
                acc: &mut [f32],
                factor: &[f32],
            ) {
                // SAFETY: above.
                unsafe {
                    match values {
                        Narrow::Bfloat16(x) => few_narrow::read::<$lanes, Bfloat16, QUERIES, VECTORS, FEWER>(
                            Words::new(x, &[]),
                            rows,
                            columns,
                            weights,
                            acc,
                            factor,
                        ),
                        Narrow::Float16(x) => few_narrow::read::<$lanes, Float16, QUERIES, VECTORS, FEWER>(
                            Words::new(x, &[]),
                            rows,
                            columns,
                            weights,
                            acc,
                            factor,
                        ),
                        Narrow::Int8(x, scales) => few_narrow::read::<$lanes, Int8, QUERIES, VECTORS, FEWER>(
                            Words::new(x, scales),
                            rows,
                            columns,
                            weights,
                            acc,
                            factor,
                        ),
                    }
                }
            }

            pub(in crate::kernel) static KERNELS: NarrowKernels<f32> = NarrowKernels {
                score: [
                    score::<1, 2>,
                    score::<2, 2>,
                    score::<3, 2>,
                    score::<4, 2>,
                    score::<5, 1>,
                    score::<6, 1>,
                    score::<7, 1>,
                    score::<8, 1>,
                ],
                read: [
                    read::<1, $few, 4>,
                    read::<2, 4, 2>,
                    read::<3, 4, 2>,
                    read::<4, 4, 2>,
                    read::<5, 4, 2>,
                    read::<6, 2, 1>,
                    read::<7, 2, 1>,
                    read::<8, 2, 1>,
                ],
            };
        }
    };
}

#[cfg(target_arch = "x86_64")]
narrow!(avx2, "avx2,fma,f16c", F32x8, 8);
#[cfg(target_arch = "x86_64")]
narrow!(avx512, "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,f16c", F32x16, 8);
