//! The kernels compiled for each instruction set: the tables behind [`super::Kernels`].
//!
//! Not here: any arithmetic; the checks of lengths that the entry points rely on, which are those of the table's methods.

/// Entry points that allow one instruction set; the kernels' bodies are inlined into them.
///
/// The numbers are rows of a tile that fill the registers: patterns (`wide`) beside two or three vectors of queries;
/// columns beside three vectors in the readout (`three`: with four in AVX2's sixteen registers the compiler spills one in
/// the innermost loop, which takes three times as long); columns beside one vector (`tall`); vectors of columns beside one
/// query (`few`).
macro_rules! instruction_set {
    ($module:ident, [$($features:literal)?], $f32:ty, $f64:ty,
     $wide:literal, $three:literal, $tall:literal, $few:literal, $narrow:expr) => {
        pub(crate) mod $module {
            use crate::kernel::compare::{self, Compare, Distances, Product, Squares};
            use crate::kernel::lanes::Lanes;
            use crate::kernel::narrow::{self, Narrow};
            use crate::kernel::table::Kernels;
            use crate::kernel::table_narrow::NarrowKernels;
            use crate::kernel::{TILE, blend, ceiling, collect, few, greatest, hide, many, normal, transpose};

            // SAFETY of all entry points: the callee's promises, passed on to the caller, and the instruction set,
            // which an `Available` proves.
            $(#[target_feature(enable = $features)])?
            unsafe fn score_many<L: Lanes, C: Compare, const ROWS: usize, const VECTORS: usize>(
                x: &[L::Real], rows: usize, d: usize, queries: &[L::Real], scores: &mut [L::Real],
            ) {
                // SAFETY: above.
                unsafe { many::score::<L, C, ROWS, VECTORS>(x, rows, d, queries, scores) }
            }
            $(#[target_feature(enable = $features)])?
            unsafe fn best_many<L: Lanes, const VECTORS: usize>(
                scores: &[L::Real], rows: usize, best: &mut [L::Real], row_of: &mut [L::Real],
            ) {
                // SAFETY: above.
                unsafe { many::best::<L, VECTORS>(scores, rows, best, row_of) }
            }
            $(#[target_feature(enable = $features)])?
            unsafe fn greatest_many<L: Lanes, const VECTORS: usize>(
                scores: &[L::Real], rows: usize, of_query: &mut [L::Real], of_row: &mut [L::Real],
            ) {
                // SAFETY: above.
                unsafe { greatest::greatest::<L, VECTORS>(scores, rows, of_query, of_row) }
            }
            $(#[target_feature(enable = $features)])?
            unsafe fn fold_many<L: Lanes, const VECTORS: usize>(
                scores: &mut [L::Real], rows: usize, scale: [L::Real; 2],
                maximum: &mut [L::Real], sum: &mut [L::Real], factor: &mut [L::Real],
            ) {
                // SAFETY: above.
                unsafe { many::fold::<L, VECTORS>(scores, rows, scale, maximum, sum, factor) }
            }
            $(#[target_feature(enable = $features)])?
            unsafe fn read_many<L: Lanes, const ROWS: usize, const VECTORS: usize>(
                values: &[L::Real], rows: usize, columns: usize,
                weights: &[L::Real], acc: &mut [L::Real], factor: &[L::Real],
            ) {
                // SAFETY: above.
                unsafe { many::read::<L, ROWS, VECTORS>(values, rows, columns, weights, acc, factor) }
            }
            $(#[target_feature(enable = $features)])?
            unsafe fn score_few<L: Lanes, C: Compare, const QUERIES: usize, const GROUPS: usize>(
                x: &[L::Real], rows: usize, d: usize, queries: &[L::Real], scores: &mut [L::Real],
            ) {
                // SAFETY: above.
                unsafe { few::score::<L, C, QUERIES, GROUPS>(x, rows, d, queries, scores) }
            }
            $(#[target_feature(enable = $features)])?
            unsafe fn fold_few<L: Lanes>(
                scores: &mut [L::Real], rows: usize, scale: [L::Real; 2],
                maximum: &mut L::Real, sum: &mut L::Real, factor: &mut L::Real,
            ) {
                // SAFETY: above.
                unsafe { few::fold::<L>(scores, rows, scale, maximum, sum, factor) }
            }
            $(#[target_feature(enable = $features)])?
            unsafe fn read_few<L: Lanes, const QUERIES: usize, const VECTORS: usize>(
                values: &[L::Real], rows: usize, columns: usize,
                weights: &[L::Real], acc: &mut [L::Real], factor: &[L::Real],
            ) {
                // SAFETY: above.
                unsafe { few::read::<L, QUERIES, VECTORS>(values, rows, columns, weights, acc, factor) }
            }
            $(#[target_feature(enable = $features)])?
            unsafe fn blend<L: Lanes>(
                total: &mut [L::Real], part: &[L::Real], keep: &[L::Real], with: &[L::Real], in_lanes: bool,
            ) {
                // SAFETY: above.
                unsafe { blend::blend::<L>(total, part, keep, with, in_lanes) }
            }

            // SAFETY: above; the callee is safe.
            $(#[target_feature(enable = $features)])?
            unsafe fn lower<L: Lanes>(scores: &mut [L::Real], halves: &[L::Real], in_lanes: bool, width: usize) {
                compare::lower(scores, halves, in_lanes, width, TILE);
            }
            $(#[target_feature(enable = $features)])?
            unsafe fn tops<L: Lanes>(
                scores: &[L::Real], rows: usize, width: usize, in_lanes: bool, tops: &mut [L::Real],
            ) {
                // SAFETY: above.
                unsafe { collect::tops::<L>(scores, rows, width, in_lanes, tops) }
            }
            $(#[target_feature(enable = $features)])?
            unsafe fn above<L: Lanes>(
                scores: &[L::Real], rows: usize, width: usize, in_lanes: bool, floors: &[L::Real], places: &mut [u32],
            ) -> usize {
                // SAFETY: above.
                unsafe { collect::above::<L>(scores, rows, width, in_lanes, floors, places) }
            }
            $(#[target_feature(enable = $features)])?
            unsafe fn raise<L: Lanes>(
                scores: &mut [L::Real], rows: usize, width: usize, in_lanes: bool,
                power: (&[L::Real], u32), sums: &mut [L::Real],
            ) {
                // SAFETY: above.
                unsafe { collect::raise::<L>(scores, rows, width, in_lanes, power, sums) }
            }
            $(#[target_feature(enable = $features)])?
            unsafe fn gather<L: Lanes>(
                values: &[L::Real], columns: usize, rows: &[usize], weights: &[L::Real], sums: &mut [L::Real],
            ) {
                // SAFETY: above.
                unsafe { collect::gather::<L>(values, columns, rows, weights, sums) }
            }
            // SAFETY: above; the callee is safe.
            $(#[target_feature(enable = $features)])?
            unsafe fn normalize<L: Lanes>(
                x: &[L::Real], width: usize, epsilon: f64, rows: &mut [L::Real], scales: &mut [L::Real],
            ) {
                normal::normalize(x, width, epsilon, rows, scales);
            }
            // SAFETY: above; the callee is safe.
            $(#[target_feature(enable = $features)])?
            unsafe fn pull_normal<L: Lanes>(
                gradient: &mut [L::Real], rows: &[L::Real], scales: &[L::Real], width: usize,
            ) {
                normal::pull(gradient, rows, scales, width);
            }
            // SAFETY: above; the callee is safe.
            $(#[target_feature(enable = $features)])?
            unsafe fn widen<L: Lanes>(rows: Narrow, columns: usize, into: &mut [L::Real]) {
                narrow::widen(rows, columns, into);
            }

            // SAFETY: above; the callee is safe.
            $(#[target_feature(enable = $features)])?
            unsafe fn hide<L: Lanes>(scores: &mut [L::Real], in_lanes: bool, allowed: &[&[bool]], width: usize) {
                hide::hide(scores, in_lanes, allowed, width);
            }
            $(#[target_feature(enable = $features)])?
            unsafe fn transpose<L: Lanes>(
                from: &[L::Real], stride: usize, size: (usize, usize), into: &mut [L::Real], into_stride: usize,
            ) {
                // SAFETY: above.
                unsafe { transpose::transpose::<L>(from, stride, size, into, into_stride) }
            }
            $(#[target_feature(enable = $features)])?
            unsafe fn multiply_add<L: Lanes>(rounds: usize) -> L::Real {
                // SAFETY: above.
                unsafe { ceiling::multiply_add::<L>(rounds) }
            }
            $(#[target_feature(enable = $features)])?
            unsafe fn read_all<L: Lanes>(from: &[L::Real]) -> L::Real {
                // SAFETY: above.
                unsafe { ceiling::read::<L>(from) }
            }

            const fn table<L: Lanes>(narrow: Option<&'static NarrowKernels<L::Real>>) -> Kernels<L::Real> {
                Kernels {
                    lanes: L::COUNT,
                    score_many: [
                        score_many::<L, Product, $wide, 1>, score_many::<L, Product, $wide, 2>,
                        score_many::<L, Product, $wide, 3>,
                    ],
                    squares_many: [
                        score_many::<L, Squares, $wide, 1>, score_many::<L, Squares, $wide, 2>,
                        score_many::<L, Squares, $wide, 3>,
                    ],
                    squares_one: score_few::<L, Squares, 1, 2>,
                    distances_many: [
                        score_many::<L, Distances, $wide, 1>, score_many::<L, Distances, $wide, 2>,
                        score_many::<L, Distances, $wide, 3>,
                    ],
                    distances_one: score_few::<L, Distances, 1, 2>,
                    lower: lower::<L>,
                    best_many: [best_many::<L, 1>, best_many::<L, 2>, best_many::<L, 3>],
                    greatest_many: [greatest_many::<L, 1>, greatest_many::<L, 2>, greatest_many::<L, 3>],
                    fold_many: [fold_many::<L, 1>, fold_many::<L, 2>, fold_many::<L, 3>],
                    read_many: [read_many::<L, $tall, 1>, read_many::<L, $wide, 2>, read_many::<L, $three, 3>],
                    score_few: [
                        score_few::<L, Product, 1, 2>, score_few::<L, Product, 2, 1>, score_few::<L, Product, 3, 1>, score_few::<L, Product, 4, 1>,
                        score_few::<L, Product, 5, 1>, score_few::<L, Product, 6, 1>, score_few::<L, Product, 7, 1>, score_few::<L, Product, 8, 1>,
                    ],
                    fold_few: fold_few::<L>,
                    read_few: [
                        read_few::<L, 1, $few>, read_few::<L, 2, 4>, read_few::<L, 3, 4>, read_few::<L, 4, 4>,
                        read_few::<L, 5, 4>, read_few::<L, 6, 2>, read_few::<L, 7, 2>, read_few::<L, 8, 2>,
                    ],
                    widen: widen::<L>,
                    narrow,
                    blend: blend::<L>,
                    normalize: normalize::<L>,
                    pull_normal: pull_normal::<L>,
                    tops: tops::<L>,
                    above: above::<L>,
                    raise: raise::<L>,
                    gather: gather::<L>,
                    hide: hide::<L>,
                    transpose: transpose::<L>,
                    multiply_add: multiply_add::<L>,
                    read_all: read_all::<L>,
                }
            }

            pub(crate) fn f32_kernels() -> &'static Kernels<f32> {
                static TABLE: Kernels<f32> = table::<$f32>($narrow);
                &TABLE
            }

            pub(crate) fn f64_kernels() -> &'static Kernels<f64> {
                static TABLE: Kernels<f64> = table::<$f64>(None);
                &TABLE
            }
        }
    };
}

instruction_set!(
    portable,
    [],
    crate::kernel::lanes::Portable<f32>,
    crate::kernel::lanes::Portable<f64>,
    4,
    4,
    4,
    4,
    None
);
#[cfg(target_arch = "aarch64")]
instruction_set!(neon_paths, ["neon"], crate::kernel::neon::F32x4, crate::kernel::neon::F64x2, 8, 8, 16, 8, None);
#[cfg(target_arch = "x86_64")]
instruction_set!(
    avx2,
    ["avx2,fma,f16c"],
    crate::kernel::x86::F32x8,
    crate::kernel::x86::F64x4,
    4,
    3,
    8,
    8,
    Some(&crate::kernel::table_narrow::avx2::KERNELS)
);
#[cfg(target_arch = "x86_64")]
instruction_set!(
    avx512,
    ["avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,f16c"],
    crate::kernel::x86::F32x16,
    crate::kernel::x86::F64x8,
    8,
    8,
    16,
    8,
    Some(&crate::kernel::table_narrow::avx512::KERNELS)
);
