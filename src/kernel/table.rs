//! The kernels of each instruction set, behind checks of every length: where safe code enters.

use super::compare::Comparison;
use super::instruction_set::Available;
use super::lanes::Lanes;
use super::narrow::{Entries, Narrow};
use super::real::{Arithmetic, Real};
use super::table_narrow::{NarrowKernels, in_words};
use super::{MOST_FEW, MOST_VECTORS, TILE, ceiling};

/// How a tile of queries lies in memory, and so which kernels walk it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Queries in lanes: this many vectors, from 1 to [`MOST_VECTORS`].
    Lanes(usize),
    /// Queries as rows, patterns in lanes: this many queries, from 1 to [`MOST_FEW`].
    Rows(usize),
}

type Score<T> = unsafe fn(&[T], usize, usize, &[T], &mut [T]);
type Best<T> = unsafe fn(&[T], usize, &mut [T], &mut [T]);
type Greatest<T> = unsafe fn(&[T], usize, &mut [T], &mut [T]);
type FoldMany<T> = unsafe fn(&mut [T], usize, [T; 2], &mut [T], &mut [T], &mut [T]);
type FoldFew<T> = unsafe fn(&mut [T], usize, [T; 2], &mut T, &mut T, &mut T);
type Read<T> = unsafe fn(&[T], usize, usize, &[T], &mut [T], &[T]);
type Hide<T> = unsafe fn(&mut [T], bool, &[&[bool]], usize);
type Rounds<T> = unsafe fn(usize) -> T;
type ReadAll<T> = unsafe fn(&[T]) -> T;
type Transpose<T> = unsafe fn(&[T], usize, (usize, usize), &mut [T], usize);
type Widen<T> = unsafe fn(Narrow, usize, &mut [T]);
type Normalize<T> = unsafe fn(&[T], usize, f64, &mut [T], &mut [T]);
type PullNormal<T> = unsafe fn(&mut [T], &[T], &[T], usize);
type Blend<T> = unsafe fn(&mut [T], &[T], &[T], &[T], bool);
type Lower<T> = unsafe fn(&mut [T], &[T], bool, usize);
type Tops<T> = unsafe fn(&[T], usize, usize, bool, &mut [T]);
type Above<T> = unsafe fn(&[T], usize, usize, bool, &[T], &mut [u32]) -> usize;
type Raise<T> = unsafe fn(&mut [T], usize, usize, bool, (&[T], u32), &mut [T]);
type Gather<T> = unsafe fn(&[T], usize, &[usize], &[T], &mut [T]);

/// One instruction set's kernels, behind checks of every length.
pub struct Kernels<T: 'static> {
    lanes: usize,
    score_many: [Score<T>; MOST_VECTORS],
    best_many: [Best<T>; MOST_VECTORS],
    greatest_many: [Greatest<T>; MOST_VECTORS],
    fold_many: [FoldMany<T>; MOST_VECTORS],
    read_many: [Read<T>; MOST_VECTORS],
    score_few: [Score<T>; MOST_FEW],
    squares_many: [Score<T>; MOST_VECTORS],
    squares_one: Score<T>,
    distances_many: [Score<T>; MOST_VECTORS],
    distances_one: Score<T>,
    lower: Lower<T>,
    fold_few: FoldFew<T>,
    read_few: [Read<T>; MOST_FEW],
    widen: Widen<T>,
    narrow: Option<&'static NarrowKernels<T>>,
    blend: Blend<T>,
    normalize: Normalize<T>,
    pull_normal: PullNormal<T>,
    tops: Tops<T>,
    above: Above<T>,
    raise: Raise<T>,
    gather: Gather<T>,
    hide: Hide<T>,
    transpose: Transpose<T>,
    multiply_add: Rounds<T>,
    read_all: ReadAll<T>,
}

impl<T: Real> Kernels<T> {
    /// The kernels of the instruction set in use.
    pub(crate) fn in_use() -> &'static Self {
        T::kernels(Available::in_use())
    }

    /// Numbers in a vector.
    pub(crate) fn lanes(&self) -> usize {
        self.lanes
    }

    /// Queries that a tile of this shape has room for.
    pub(crate) fn width(&self, shape: Shape) -> usize {
        match shape {
            Shape::Lanes(vectors) => vectors * self.lanes,
            Shape::Rows(queries) => queries,
        }
    }

    /// Entries of scratch that the scores of a tile need.
    pub(crate) fn scores_len(&self, shape: Shape) -> usize {
        TILE * self.width(shape)
    }

    /// Scores of the patterns `x`, rows of `d` entries, against the packed and prepared `queries`.
    pub(crate) fn score(
        &self,
        shape: Shape,
        comparison: Comparison,
        x: Entries<T>,
        d: usize,
        queries: &[T],
        scores: &mut [T],
    ) {
        match comparison {
            Comparison::Product => self.products(shape, x, d, queries, scores),
            Comparison::ProductLess(norms) => {
                self.products(shape, x, d, queries, scores);
                let mut halves = [T::ZERO; TILE];
                for (half, &norm) in halves.iter_mut().zip(norms) {
                    *half = T::from_f64(0.5 * norm);
                }
                let halves = &halves[..norms.len().min(TILE)];
                // SAFETY: the loop checks its bounds; the table is had only for an `Available` set.
                unsafe { (self.lower)(scores, halves, matches!(shape, Shape::Lanes(_)), self.width(shape)) }
            }
            Comparison::Squares => {
                self.differences(shape, (&self.squares_many, self.squares_one), (x, d), queries, scores);
            }
            Comparison::Distances => {
                self.differences(shape, (&self.distances_many, self.distances_one), (x, d), queries, scores);
            }
        }
    }

    /// Scores of differences, by kernels for queries in lanes and for one query.
    fn differences(
        &self,
        shape: Shape,
        (many, one): (&[Score<T>; MOST_VECTORS], Score<T>),
        (x, d): (Entries<T>, usize),
        queries: &[T],
        scores: &mut [T],
    ) {
        let (rows, width) = (x.len() / d, self.width(shape));
        let Entries::Wide(x) = x else { unreachable!("patterns in fewer bits are widened before they are subtracted") };
        assert!(x.len() == rows * d && (1..=TILE).contains(&rows) && queries.len() == d * width);
        assert!(scores.len() >= TILE * width);
        // SAFETY: the lengths are as the kernels ask: asserted above; the table is had only for an `Available` set.
        unsafe {
            match shape {
                Shape::Lanes(vectors) => many[vectors - 1](x, rows, d, queries, scores),
                Shape::Rows(_) => {
                    for (query, scores) in queries.chunks_exact(d).zip(scores.chunks_exact_mut(TILE)) {
                        one(x, rows, d, query, scores);
                    }
                }
            }
        }
    }

    /// Dot products of the patterns `x`, rows of `d` entries, with the packed `queries`.
    fn products(&self, shape: Shape, x: Entries<T>, d: usize, queries: &[T], scores: &mut [T]) {
        let (rows, width) = (x.len() / d, self.width(shape));
        assert!(x.len() == rows * d && (1..=TILE).contains(&rows) && queries.len() == d * width);
        assert!(scores.len() >= TILE * width);
        // SAFETY: the lengths are as the kernels ask: asserted above; the table is had only for an `Available` set.
        unsafe {
            match (shape, x) {
                (Shape::Lanes(vectors), Entries::Wide(x)) => {
                    self.score_many[vectors - 1](x, rows, d, queries, scores);
                }
                (Shape::Rows(queries_in), Entries::Wide(x)) => {
                    self.score_few[queries_in - 1](x, rows, d, queries, scores);
                }
                (_, Entries::Narrow(x)) => self.narrow(shape, x, d).score[width - 1](x, rows, d, queries, scores),
            }
        }
    }

    /// Whether tiles of this shape take rows of `columns` entries as they are stored, to multiply them; else they must
    /// be widened first.
    pub(crate) fn takes(&self, shape: Shape, rows: Narrow, columns: usize) -> bool {
        matches!(shape, Shape::Rows(_)) && self.narrow.is_some() && in_words(rows, columns)
    }

    fn narrow(&self, shape: Shape, rows: Narrow, columns: usize) -> &'static NarrowKernels<T> {
        let kernels = self.narrow.filter(|_| self.takes(shape, rows, columns));
        kernels.expect("rows that kernels do not take as they are stored are widened first")
    }

    /// The greatest score of each query among the tile's `rows`, and the first row that has it.
    pub(crate) fn best(&self, shape: Shape, scores: &[T], rows: usize, best: &mut [T], row_of: &mut [T]) {
        let width = self.width(shape);
        assert!(rows <= TILE && scores.len() >= TILE * width && best.len() == width && row_of.len() == width);
        match shape {
            // SAFETY: the lengths are as the kernel asks: asserted above; the table is had only for an `Available` set.
            Shape::Lanes(vectors) => unsafe { self.best_many[vectors - 1](scores, rows, best, row_of) },
            Shape::Rows(queries) => {
                for query in 0..queries {
                    let (mut top, mut top_row) = (T::NEG_INFINITY, 0);
                    for (row, &score) in scores[query * TILE..][..rows].iter().enumerate() {
                        if score > top {
                            (top, top_row) = (score, row);
                        }
                    }
                    best[query] = top;
                    row_of[query] = T::from_f64(top_row as f64);
                }
            }
        }
    }

    /// Raises the greatest score of each of `vectors` vectors of queries, and of each of the tile's `rows` in as many
    /// parts as there are lanes; see [`super::greatest`].
    pub(crate) fn greatest(&self, vectors: usize, scores: &[T], rows: usize, of_query: &mut [T], of_row: &mut [T]) {
        let width = self.width(Shape::Lanes(vectors));
        assert!(rows <= TILE && scores.len() >= TILE * width);
        assert!(of_query.len() == width && of_row.len() >= rows * self.lanes);
        // SAFETY: the lengths are as the kernel asks: asserted above; the table is had only for an `Available` set.
        unsafe { self.greatest_many[vectors - 1](scores, rows, of_query, of_row) }
    }

    /// Turns the tile's scores into weights, and folds them into `maximum` and `sum`; see the canonical order, *tile*.
    pub(crate) fn fold(
        &self,
        shape: Shape,
        scores: &mut [T],
        rows: usize,
        scale: [T; 2],
        [maximum, sum, factor]: [&mut [T]; 3],
    ) {
        let width = self.width(shape);
        assert!((1..=TILE).contains(&rows) && scores.len() >= TILE * width);
        assert!(maximum.len() == width && sum.len() == width && factor.len() == width);
        // SAFETY: the lengths are as the kernels ask: asserted above; the table is had only for an `Available` set.
        unsafe {
            match shape {
                Shape::Lanes(vectors) => self.fold_many[vectors - 1](scores, rows, scale, maximum, sum, factor),
                Shape::Rows(queries) => {
                    for q in 0..queries {
                        let scores = &mut scores[q * TILE..][..TILE];
                        (self.fold_few)(scores, rows, scale, &mut maximum[q], &mut sum[q], &mut factor[q]);
                    }
                }
            }
        }
    }

    /// Adds the weighted `values`, rows of `columns` entries, to the rescaled accumulators.
    pub(crate) fn read(
        &self,
        shape: Shape,
        values: Entries<T>,
        columns: usize,
        weights: &[T],
        acc: &mut [T],
        factor: &[T],
    ) {
        let (rows, width) = (values.len() / columns, self.width(shape));
        assert!(values.len() == rows * columns && (1..=TILE).contains(&rows));
        assert!(weights.len() >= TILE * width && acc.len() == columns * width && factor.len() == width);
        // SAFETY: the lengths are as the kernels ask: asserted above; the table is had only for an `Available` set.
        unsafe {
            match (shape, values) {
                (Shape::Lanes(vectors), Entries::Wide(values)) => {
                    self.read_many[vectors - 1](values, rows, columns, weights, acc, factor);
                }
                (Shape::Rows(queries), Entries::Wide(values)) => {
                    self.read_few[queries - 1](values, rows, columns, weights, acc, factor);
                }
                (_, Entries::Narrow(values)) => {
                    let kernels = self.narrow(shape, values, columns);
                    kernels.read[width - 1](values, rows, columns, weights, acc, factor);
                }
            }
        }
    }

    /// Puts −∞ over the scores of patterns that take no part: `allowed[query][row]` says which do, for the first queries.
    pub(crate) fn hide(&self, shape: Shape, scores: &mut [T], allowed: &[&[bool]]) {
        let width = self.width(shape);
        assert!(allowed.len() <= width && scores.len() >= TILE * width);
        assert!(allowed.iter().all(|row| row.len() <= TILE));
        // SAFETY: the loops check their bounds; the table is had only for an `Available` set.
        unsafe { (self.hide)(scores, matches!(shape, Shape::Lanes(_)), allowed, width) }
    }

    /// Queries, rows of `d` entries, as a tile of this shape wants them: as they are, or entry by entry with the lanes
    /// beyond the last query left alone.
    pub(crate) fn pack(&self, shape: Shape, queries: &[T], d: usize, packed: &mut [T]) {
        let (count, width) = (queries.len() / d, self.width(shape));
        assert!(queries.len() == count * d && count <= width && packed.len() == d * width);
        match shape {
            // SAFETY: the lengths are as the kernel asks: asserted above; the table is had only for an `Available` set.
            Shape::Lanes(_) => unsafe { (self.transpose)(queries, d, (count, d), packed, width) },
            Shape::Rows(_) => packed[..queries.len()].copy_from_slice(queries),
        }
    }

    /// The reverse for the first rows of accumulators: rows of `columns` entries, as many as `rows` has room for.
    pub(crate) fn unpack(&self, shape: Shape, acc: &[T], columns: usize, rows: &mut [T]) {
        let (count, width) = (rows.len() / columns, self.width(shape));
        assert!(rows.len() == count * columns && count <= width && acc.len() == columns * width);
        match shape {
            // SAFETY: as above.
            Shape::Lanes(_) => unsafe { (self.transpose)(acc, width, (columns, count), rows, columns) },
            Shape::Rows(_) => rows.copy_from_slice(&acc[..rows.len()]),
        }
    }

    /// The first `count` lanes of `columns` rows of lanes, each as `columns` entries in a row, `stride` apart.
    pub(crate) fn unpack_apart(
        &self,
        vectors: usize,
        lanes: &[T],
        (columns, count): (usize, usize),
        into: &mut [T],
        stride: usize,
    ) {
        let width = vectors * self.lanes;
        assert!(count <= width && lanes.len() >= columns * width && columns <= stride);
        assert!(count == 0 || into.len() >= (count - 1) * stride + columns);
        // SAFETY: as above.
        unsafe { (self.transpose)(lanes, width, (columns, count), into, stride) }
    }

    /// The reverse: `count` rows of `columns` entries, `stride` apart, as `columns` rows of lanes.
    pub(crate) fn pack_apart(
        &self,
        vectors: usize,
        rows: &[T],
        stride: usize,
        (columns, count): (usize, usize),
        lanes: &mut [T],
    ) {
        let width = vectors * self.lanes;
        assert!(count <= width && lanes.len() >= columns * width && columns <= stride);
        assert!(count == 0 || rows.len() >= (count - 1) * stride + columns);
        // SAFETY: as above.
        unsafe { (self.transpose)(rows, stride, (count, columns), lanes, width) }
    }

    /// The greatest score of each query among the tile's `rows`; −∞ where there is none.
    pub(crate) fn tops(&self, shape: Shape, scores: &[T], rows: usize, tops: &mut [T]) {
        let width = self.width(shape);
        assert!((1..=TILE).contains(&rows) && scores.len() >= TILE * width && tops.len() == width);
        // SAFETY: the lengths are as the kernel asks: asserted above; the table is had only for an `Available` set.
        unsafe { (self.tops)(scores, rows, width, matches!(shape, Shape::Lanes(_)), tops) }
    }

    /// Calls `visit(query, row, score)` for the tile's scores above the floor of their query.
    pub(crate) fn above(
        &self,
        shape: Shape,
        scores: &[T],
        rows: usize,
        floors: &[T],
        places: &mut [u32],
        mut visit: impl FnMut(usize, usize, T),
    ) {
        let width = self.width(shape);
        assert!((1..=TILE).contains(&rows) && scores.len() >= TILE * width && floors.len() == width);
        assert!(places.len() >= TILE * width);
        let in_lanes = matches!(shape, Shape::Lanes(_));
        // SAFETY: the lengths are as the kernel asks: asserted above; the table is had only for an `Available` set.
        let count = unsafe { (self.above)(scores, rows, width, in_lanes, floors, places) };
        for &place in &places[..count] {
            let place = place as usize;
            let (row, query) = if in_lanes { (place / width, place % width) } else { (place % TILE, place / TILE) };
            visit(query, row, scores[place]);
        }
    }

    /// Turns the tile's scores into powers, and writes their sums.
    pub(crate) fn raise(&self, shape: Shape, scores: &mut [T], rows: usize, power: (&[T], u32), sums: &mut [T]) {
        let width = self.width(shape);
        assert!((1..=TILE).contains(&rows) && scores.len() >= TILE * width);
        assert!(power.0.len() == width && sums.len() == width && power.1 > 0);
        // SAFETY: the lengths are as the kernel asks: asserted above; the table is had only for an `Available` set.
        unsafe { (self.raise)(scores, rows, width, matches!(shape, Shape::Lanes(_)), power, sums) }
    }

    /// `sums = Σ weights[i] · values[rows[i]]` for rows of `columns` entries, in this order.
    pub(crate) fn gather(&self, values: &[T], columns: usize, rows: &[usize], weights: &[T], sums: &mut [T]) {
        assert!(sums.len() == columns && rows.len() == weights.len());
        assert!(rows.iter().all(|&row| row < values.len() / columns));
        // SAFETY: the lengths are as the kernel asks: asserted above; the table is had only for an `Available` set.
        unsafe { (self.gather)(values, columns, rows, weights, sums) }
    }

    /// Rows of `width` entries less their mean and times one over their deviation, which goes to `scales`.
    pub(crate) fn normalize(&self, x: &[T], width: usize, epsilon: f64, rows: &mut [T], scales: &mut [T]) {
        // SAFETY: the loops check their bounds; the table is had only for an `Available` set.
        unsafe { (self.normalize)(x, width, epsilon, rows, scales) }
    }

    /// The gradient with respect to raw rows, from that with respect to normalised ones.
    pub(crate) fn pull_normal(&self, gradient: &mut [T], rows: &[T], scales: &[T], width: usize) {
        // SAFETY: as above.
        unsafe { (self.pull_normal)(gradient, rows, scales, width) }
    }

    /// Makes `rounds` rounds of fused multiply-adds in registers alone.
    pub(crate) fn multiply_add(&self, rounds: usize) -> T {
        // SAFETY: nothing but the instruction set, and the table is had only for an `Available` one.
        unsafe { (self.multiply_add)(rounds) }
    }

    /// How many multiply-adds a round has.
    pub(crate) fn multiply_adds_per_round(&self) -> usize {
        ceiling::per_round(self.lanes)
    }

    /// Reads all entries, as fast as they come.
    pub(crate) fn read_all(&self, from: &[T]) -> T {
        // SAFETY: as above.
        unsafe { (self.read_all)(from) }
    }

    /// Widens rows of `columns` entries.
    pub(crate) fn widen(&self, rows: Narrow, columns: usize, into: &mut [T]) {
        assert!(rows.len() == into.len() && into.len().is_multiple_of(columns));
        // SAFETY: the loop checks its bounds; the table is had only for an `Available` set.
        unsafe { (self.widen)(rows, columns, into) }
    }

    /// `total = fma(part, with, total · keep)`, the factors one a query; see the canonical order, *group*.
    pub(crate) fn blend(&self, shape: Shape, total: &mut [T], part: &[T], keep: &[T], with: &[T]) {
        let width = self.width(shape);
        assert!(total.len() == part.len() && keep.len() == width && with.len() == width);
        assert!(total.len().is_multiple_of(width));
        // SAFETY: the lengths are as the kernel asks: asserted above; the table is had only for an `Available` set.
        unsafe { (self.blend)(total, part, keep, with, matches!(shape, Shape::Lanes(_))) }
    }
}

/// `total = fma(part, with, total · keep)` for accumulators with the queries in lanes or as rows.
///
/// # Safety
/// `total` and `part` are as long, a multiple of `keep` and `with`, which are as long; and as for [`Lanes`].
#[inline(always)]
unsafe fn blend<L: Lanes>(total: &mut [L::Real], part: &[L::Real], keep: &[L::Real], with: &[L::Real], in_lanes: bool) {
    let width = keep.len();
    // SAFETY: the caller's promise; queries in lanes fill whole vectors.
    unsafe {
        if in_lanes {
            for (total, part) in total.chunks_exact_mut(width).zip(part.chunks_exact(width)) {
                for at in (0..width).step_by(L::COUNT) {
                    let kept = L::load(total, at).times(L::load(keep, at));
                    L::load(part, at).fused(L::load(with, at), kept).store(total, at);
                }
            }
            return;
        }
        let columns = total.len() / width;
        for query in 0..width {
            let range = query * columns..(query + 1) * columns;
            let (total, part) = (&mut total[range.clone()], &part[range]);
            let whole = columns / L::COUNT * L::COUNT;
            for at in (0..whole).step_by(L::COUNT) {
                let kept = L::load(total, at).times(L::splat(keep[query]));
                L::load(part, at).fused(L::splat(with[query]), kept).store(total, at);
            }
            for (total, part) in total[whole..].iter_mut().zip(&part[whole..]) {
                *total = part.fused(with[query], total.times(keep[query]));
            }
        }
    }
}

/// See [`Kernels::hide`]. Flags of queries in lanes are turned into one word for each row first.
#[inline(always)]
fn hide<T: Real>(scores: &mut [T], in_lanes: bool, allowed: &[&[bool]], width: usize) {
    if !in_lanes {
        for (scores, allowed) in scores.chunks_exact_mut(TILE).zip(allowed) {
            for (score, &allowed) in scores.iter_mut().zip(*allowed) {
                *score = if allowed { *score } else { T::NEG_INFINITY };
            }
        }
        return;
    }
    let mut hidden = [0_u64; TILE];
    for (lane, allowed) in allowed.iter().enumerate() {
        for (word, &allowed) in hidden.iter_mut().zip(*allowed) {
            *word |= u64::from(!allowed) << lane;
        }
    }
    for (scores, &word) in scores.chunks_exact_mut(width).zip(&hidden) {
        if word != 0 {
            for (lane, score) in scores.iter_mut().enumerate() {
                *score = if word >> lane & 1 == 1 { T::NEG_INFINITY } else { *score };
            }
        }
    }
}

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
            use super::{Kernels, Narrow, NarrowKernels};
            use crate::kernel::lanes::Lanes;
            use crate::kernel::compare::{self, Compare, Distances, Product, Squares};
            use crate::kernel::{TILE, ceiling, collect, few, greatest, many, narrow, normal, transpose};

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
                unsafe { super::blend::<L>(total, part, keep, with, in_lanes) }
            }

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
            $(#[target_feature(enable = $features)])?
            unsafe fn normalize<L: Lanes>(
                x: &[L::Real], width: usize, epsilon: f64, rows: &mut [L::Real], scales: &mut [L::Real],
            ) {
                normal::normalize(x, width, epsilon, rows, scales);
            }
            $(#[target_feature(enable = $features)])?
            unsafe fn pull_normal<L: Lanes>(
                gradient: &mut [L::Real], rows: &[L::Real], scales: &[L::Real], width: usize,
            ) {
                normal::pull(gradient, rows, scales, width);
            }
            $(#[target_feature(enable = $features)])?
            unsafe fn widen<L: Lanes>(rows: Narrow, columns: usize, into: &mut [L::Real]) {
                narrow::widen(rows, columns, into);
            }

            $(#[target_feature(enable = $features)])?
            unsafe fn hide<L: Lanes>(scores: &mut [L::Real], in_lanes: bool, allowed: &[&[bool]], width: usize) {
                super::hide(scores, in_lanes, allowed, width);
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
