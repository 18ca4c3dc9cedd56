//! The kernels of each instruction set, behind checks of every length: where safe code enters.

use super::compare::Comparison;
use super::instruction_set::Available;
use super::narrow::{Entries, Narrow};
use super::real::Real;
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
    pub(super) lanes: usize,
    pub(super) score_many: [Score<T>; MOST_VECTORS],
    pub(super) best_many: [Best<T>; MOST_VECTORS],
    pub(super) greatest_many: [Greatest<T>; MOST_VECTORS],
    pub(super) fold_many: [FoldMany<T>; MOST_VECTORS],
    pub(super) read_many: [Read<T>; MOST_VECTORS],
    pub(super) score_few: [Score<T>; MOST_FEW],
    pub(super) squares_many: [Score<T>; MOST_VECTORS],
    pub(super) squares_one: Score<T>,
    pub(super) distances_many: [Score<T>; MOST_VECTORS],
    pub(super) distances_one: Score<T>,
    pub(super) lower: Lower<T>,
    pub(super) fold_few: FoldFew<T>,
    pub(super) read_few: [Read<T>; MOST_FEW],
    pub(super) widen: Widen<T>,
    pub(super) narrow: Option<&'static NarrowKernels<T>>,
    pub(super) blend: Blend<T>,
    pub(super) normalize: Normalize<T>,
    pub(super) pull_normal: PullNormal<T>,
    pub(super) tops: Tops<T>,
    pub(super) above: Above<T>,
    pub(super) raise: Raise<T>,
    pub(super) gather: Gather<T>,
    pub(super) hide: Hide<T>,
    pub(super) transpose: Transpose<T>,
    pub(super) multiply_add: Rounds<T>,
    pub(super) read_all: ReadAll<T>,
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
