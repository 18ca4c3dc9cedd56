//! Products of tables of rows, in the canonical order of the kernels: what projections and their gradients are made of.
//!
//! Each entry of a product is one chain of fused multiply-adds over blocks (64 entries where rows are multiplied by rows,
//! 128 rows where they are summed over), whatever the number of threads, the company of a row, or the instruction set.
//! Sums over the rows of a batch are cut into [`PART`]s of fixed length, which are added in order.
//!
//! Not here: any product that would need both tables repacked.

use crate::error::{Result, area, try_room, try_vec};
use crate::kernel::aligned::Aligned;
use crate::kernel::compare::Comparison;
use crate::kernel::narrow::Entries;
use crate::kernel::real::Real;
use crate::kernel::{Kernels, MOST_VECTORS, Shape, TILE};
use crate::modern::pass::WORTH_A_THREAD;
use crate::par::Par;

/// Rows that one ticket covers: four of the widest tiles.
const ROWS_AT_ONCE: usize = 192;
/// Rows that are summed from zero before they join the total.
const PART: usize = 2048;

/// A table of rows, cut into blocks of columns that lie one after the other: those of one head are in one piece.
#[derive(Clone, Debug, Default)]
pub(super) struct Blocks<T> {
    pub(super) data: Vec<T>,
    pub(super) count: usize,
    pub(super) rows: usize,
    pub(super) width: usize,
}

impl<T: Real> Blocks<T> {
    pub(super) fn zeros(blocks: usize, rows: usize, width: usize) -> Result<Self> {
        let len = area(blocks, area(rows, width, "a table")?, "a table")?;
        Ok(Self { data: try_vec(len, T::ZERO, "a table")?, count: blocks, rows, width })
    }

    /// A table in one block.
    pub(super) fn whole(data: Vec<T>, width: usize) -> Self {
        let rows = data.len().checked_div(width).unwrap_or(0);
        Self { data, count: 1, rows, width }
    }

    /// The rows of one block.
    pub(super) fn block(&self, block: usize) -> &[T] {
        let len = self.rows * self.width;
        &self.data[block * len..][..len]
    }

    /// The same rows with their blocks side by side.
    pub(super) fn joined(self) -> Result<Vec<T>> {
        if self.count == 1 {
            return Ok(self.data);
        }
        let mut rows = try_room(self.data.len(), "a table")?;
        for row in 0..self.rows {
            for block in 0..self.count {
                rows.extend_from_slice(&self.block(block)[row * self.width..][..self.width]);
            }
        }
        Ok(rows)
    }

    /// Rows cut into `blocks` blocks.
    pub(super) fn cut(rows: &[T], blocks: usize, width: usize) -> Result<Self> {
        let mut data = try_room(rows.len(), "a table")?;
        for block in 0..blocks {
            for row in rows.chunks_exact((blocks * width).max(1)) {
                data.extend_from_slice(&row[block * width..][..width]);
            }
        }
        Ok(Self { data, count: blocks, rows: rows.len().checked_div(blocks * width).unwrap_or(0), width })
    }

    /// The sum of all blocks, in order.
    pub(super) fn summed(mut self) -> Self {
        let len = self.rows * self.width;
        if self.count > 1 {
            let (first, others) = self.data.split_at_mut(len);
            for block in others.chunks_exact(len.max(1)) {
                add(first, block);
            }
            self.data.truncate(len);
            self.count = 1;
        }
        self
    }
}

/// A copy, or [`crate::Error::OutOfMemory`].
pub(super) fn copied<T: Real>(from: &[T]) -> Result<Vec<T>> {
    let mut copy = try_room(from.len(), "a copy")?;
    copy.extend_from_slice(from);
    Ok(copy)
}

/// `into += more`.
pub(super) fn add<T: Real>(into: &mut [T], more: &[T]) {
    for (into, &more) in into.iter_mut().zip(more) {
        *into = into.plus(more);
    }
}

/// Rows that take a gain and a bias, one entry a column, on their way into a product.
#[derive(Clone, Copy)]
pub(super) struct Rows<'a, T> {
    pub(super) data: &'a [T],
    pub(super) affine: Option<(&'a [T], &'a [T])>,
}

impl<'a, T> From<&'a [T]> for Rows<'a, T> {
    fn from(data: &'a [T]) -> Self {
        Self { data, affine: None }
    }
}

impl<'a, T> From<&'a Vec<T>> for Rows<'a, T> {
    fn from(data: &'a Vec<T>) -> Self {
        Self { data, affine: None }
    }
}

/// Rows times the gain plus the bias.
pub(super) fn gained<T: Real>(rows: &[T], (gain, bias): (&[T], &[T]), into: &mut [T]) {
    for (into, row) in into.chunks_exact_mut(gain.len()).zip(rows.chunks_exact(gain.len())) {
        for ((into, &entry), (&gain, &bias)) in into.iter_mut().zip(row).zip(gain.iter().zip(bias)) {
            *into = entry.times(gain).plus(bias);
        }
    }
}

/// The vectors of the next tile of rows, and how many rows it takes.
pub(super) fn tile(rest: usize, lanes: usize) -> (usize, usize) {
    let vectors = match rest.div_ceil(lanes) {
        4 => 2,
        vectors => vectors.min(MOST_VECTORS),
    };
    (vectors, rest.min(vectors * lanes))
}

/// Threads for so many multiply-adds.
pub(super) fn workers(work: usize, par: Par) -> usize {
    if work < WORTH_A_THREAD { 1 } else { par.threads() }
}

/// A number for each row of `width` entries.
pub(super) fn per_row<T: Real>(
    rows: &[T],
    width: usize,
    par: Par,
    number: impl Fn(usize, &[T]) -> f64 + Sync,
) -> Result<Vec<f64>> {
    let mut numbers = try_vec(rows.len() / width, 0.0, "numbers")?;
    let pieces = numbers.chunks_mut(ROWS_AT_ONCE).zip(rows.chunks(ROWS_AT_ONCE * width));
    par.each(
        workers(rows.len(), par),
        pieces.enumerate(),
        || Ok(()),
        |_, (), (piece, (numbers, rows))| {
            for (at, (slot, row)) in numbers.iter_mut().zip(rows.chunks_exact(width)).enumerate() {
                *slot = number(piece * ROWS_AT_ONCE + at, row);
            }
            Ok(())
        },
    )?;
    Ok(numbers)
}

/// `X Wᵀ + b`, in `blocks` blocks: rows `x` of `d` entries, one row of `weight` (and one entry of `bias`) an output.
pub(super) fn project<'a, T: Real>(
    x: impl Into<Rows<'a, T>>,
    d: usize,
    (weight, bias): (&[T], Option<&[T]>),
    blocks: usize,
    par: Par,
) -> Result<Blocks<T>> {
    let Rows { data: x, affine } = x.into();
    let (rows, outputs) = (x.len() / d, weight.len() / d);
    let width = outputs / blocks;
    let mut product = Blocks::zeros(blocks, rows, width)?;
    if rows == 0 || width == 0 {
        return Ok(product);
    }
    let kernels = Kernels::in_use();
    let widest = MOST_VECTORS * kernels.lanes();
    let mut pieces: Vec<Vec<&mut [T]>> = Vec::new();
    pieces.resize_with(rows.div_ceil(ROWS_AT_ONCE), || Vec::with_capacity(blocks));
    for block in product.data.chunks_exact_mut(rows * width) {
        for (piece, rows) in pieces.iter_mut().zip(block.chunks_mut(ROWS_AT_ONCE * width)) {
            piece.push(rows);
        }
    }
    par.each(
        workers(x.len().saturating_mul(outputs), par),
        x.chunks(ROWS_AT_ONCE * d).zip(pieces),
        || {
            let moved = try_vec(if affine.is_some() { d * widest } else { 0 }, T::ZERO, "rows")?;
            let packed = Aligned::new(d * widest, T::ZERO, "packed rows")?;
            Ok((moved, packed, Aligned::new(TILE * widest, T::ZERO, "products")?))
        },
        |watch, (moved, packed, products), (x, mut into)| {
            let (count, mut at) = (x.len() / d, 0);
            while at < count {
                watch.check()?;
                let (vectors, taken) = tile(count - at, kernels.lanes());
                let lanes = vectors * kernels.lanes();
                let mut rows = &x[at * d..][..taken * d];
                if let Some(affine) = affine {
                    gained(rows, affine, moved);
                    rows = &moved[..taken * d];
                }
                kernels.pack(Shape::Lanes(vectors), rows, d, &mut packed[..d * lanes]);
                for first in (0..outputs).step_by(TILE) {
                    let last = outputs.min(first + TILE);
                    let rows = Entries::Wide(&weight[first * d..last * d]);
                    kernels.score(Shape::Lanes(vectors), Comparison::Product, rows, d, &packed[..d * lanes], products);
                    if let Some(bias) = bias {
                        for (products, &bias) in products.chunks_exact_mut(lanes).zip(&bias[first..last]) {
                            for product in products {
                                *product = product.plus(bias);
                            }
                        }
                    }
                    let mut output = first;
                    while output < last {
                        let (block, column) = (output / width, output % width);
                        let columns = (width - column).min(last - output);
                        kernels.unpack_apart(
                            vectors,
                            &products[(output - first) * lanes..],
                            (columns, taken),
                            &mut into[block][at * width + column..],
                            width,
                        );
                        output += columns;
                    }
                }
                at += taken;
            }
            Ok(())
        },
    )?;
    Ok(product)
}

/// `Y W`, rows of `d` entries: the blocks of `y` side by side, times `weight`, one row of `d` entries a column of `y`.
pub(super) fn times<T: Real>(y: &Blocks<T>, weight: &[T], d: usize, par: Par) -> Result<Vec<T>> {
    let (rows, width) = (y.rows, y.width);
    let inner = y.count * width;
    let mut product = try_vec(area(rows, d, "a product")?, T::ZERO, "a product")?;
    if product.is_empty() || inner == 0 {
        return Ok(product);
    }
    let kernels = Kernels::in_use();
    let widest = MOST_VECTORS * kernels.lanes();
    let ones = vec![T::ONE; widest];
    par.each(
        workers(product.len().saturating_mul(inner), par),
        product.chunks_mut(ROWS_AT_ONCE * d).enumerate(),
        || {
            let packed = Aligned::new(inner.next_multiple_of(TILE) * widest, T::ZERO, "packed rows")?;
            Ok((packed, Aligned::new(d * widest, T::ZERO, "products")?))
        },
        |watch, (packed, acc), (piece, into)| {
            let (count, mut at) = (into.len() / d, 0);
            while at < count {
                watch.check()?;
                let (vectors, taken) = tile(count - at, kernels.lanes());
                let lanes = vectors * kernels.lanes();
                let first = piece * ROWS_AT_ONCE + at;
                for block in 0..y.count {
                    let rows = &y.block(block)[first * width..][..taken * width];
                    let packed = &mut packed[block * width * lanes..];
                    kernels.pack_apart(vectors, rows, width, (width, taken), packed);
                }
                let acc = &mut acc[..d * lanes];
                acc.fill(T::ZERO);
                for row in (0..inner).step_by(TILE) {
                    let values = Entries::Wide(&weight[row * d..inner.min(row + TILE) * d]);
                    kernels.read(Shape::Lanes(vectors), values, d, &packed[row * lanes..], acc, &ones[..lanes]);
                }
                kernels.unpack(Shape::Lanes(vectors), acc, d, &mut into[at * d..][..taken * d]);
                at += taken;
            }
            Ok(())
        },
    )?;
    Ok(product)
}

/// `Yᵀ X`: for each column of `y` (block after block), the sum of the rows of `x` that it weighs; rows of `d` entries.
pub(super) fn weighed<T: Real>(y: &Blocks<T>, x: &[T], d: usize, par: Par) -> Result<Vec<T>> {
    let (rows, width) = (y.rows, y.width);
    let len = area(y.count * width, d, "a gradient")?;
    let kernels = Kernels::in_use();
    let widest = MOST_VECTORS * kernels.lanes();
    let ones = vec![T::ONE; widest];
    in_parts(rows, len, rows.saturating_mul(len), par, |(from, to), sums| {
        let mut tile_of_y = Aligned::new(TILE * widest, T::ZERO, "packed rows")?;
        let mut acc = Aligned::new(d * widest, T::ZERO, "a gradient")?;
        for block in 0..y.count {
            let mut column = 0;
            while column < width {
                let (vectors, taken) = tile(width - column, kernels.lanes());
                let lanes = vectors * kernels.lanes();
                let acc = &mut acc[..d * lanes];
                acc.fill(T::ZERO);
                tile_of_y.fill(T::ZERO);
                for first in (from..to).step_by(TILE) {
                    let last = to.min(first + TILE);
                    let y = y.block(block)[first * width..last * width].chunks_exact(width);
                    for (lanes, y) in tile_of_y.chunks_exact_mut(lanes).zip(y) {
                        lanes[..taken].copy_from_slice(&y[column..column + taken]);
                    }
                    let values = Entries::Wide(&x[first * d..last * d]);
                    kernels.read(Shape::Lanes(vectors), values, d, &tile_of_y, acc, &ones[..lanes]);
                }
                let into = &mut sums[(block * width + column) * d..][..taken * d];
                kernels.unpack(Shape::Lanes(vectors), acc, d, into);
                column += taken;
            }
        }
        Ok(())
    })
}

/// The sum of the rows: one entry for each column, block after block.
pub(super) fn column_sums<T: Real>(y: &Blocks<T>, par: Par) -> Result<Vec<T>> {
    let (rows, width) = (y.rows, y.width);
    in_parts(rows, y.count * width, y.data.len(), par, |(from, to), sums| {
        for (block, sums) in sums.chunks_exact_mut(width.max(1)).enumerate() {
            for row in y.block(block)[from * width..to * width].chunks_exact(width) {
                add(sums, row);
            }
        }
        Ok(())
    })
}

/// Sums over rows: `sum` fills zeros with the sum over a range of rows; the parts are added in order.
pub(super) fn in_parts<T: Real>(
    rows: usize,
    len: usize,
    work: usize,
    par: Par,
    sum: impl Fn((usize, usize), &mut [T]) -> Result<()> + Sync,
) -> Result<Vec<T>> {
    let count = rows.div_ceil(PART).max(1);
    let mut parts = try_vec(area(count, len, "sums")?, T::ZERO, "sums")?;
    if len == 0 || rows == 0 {
        parts.truncate(len);
        return Ok(parts);
    }
    par.each(
        workers(work, par),
        parts.chunks_exact_mut(len).enumerate(),
        || Ok(()),
        |_, (), (part, sums)| sum((part * PART, rows.min((part + 1) * PART)), sums),
    )?;
    let (total, others) = parts.split_at_mut(len);
    others.chunks_exact(len).for_each(|part| add(total, part));
    parts.truncate(len);
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Stream;

    fn draw(stream: &mut Stream, len: usize) -> Vec<f64> {
        (0..len).map(|_| stream.unit() - 0.5).collect()
    }

    fn near(found: &[f64], expected: &[f64], terms: usize) {
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(expected) {
            // Terms are below 1/4, and each is rounded at most once a term.
            assert!((found - expected).abs() <= (terms * terms) as f64 * f64::EPSILON, "{found} {expected}");
        }
    }

    #[test]
    fn products_are_sums_of_products_for_any_number_of_threads() {
        let mut stream = Stream::new(3, 0);
        for (rows, d, blocks, width) in
            [(1, 1, 1, 1), (5, 3, 2, 7), (50, 70, 3, 50), (2100, 5, 1, 130), (300, 33, 4, 32)]
        {
            let outputs = blocks * width;
            let (x, weight) = (draw(&mut stream, rows * d), draw(&mut stream, outputs * d));
            let bias = draw(&mut stream, outputs);
            let y = Blocks { data: draw(&mut stream, rows * outputs), count: blocks, rows, width };
            let joined = y.clone().joined().unwrap();
            assert_eq!(Blocks::cut(&joined, blocks, width).unwrap().data, y.data);
            let mut forward = vec![0.0; rows * outputs];
            let (mut back, mut sums, mut columns) = (vec![0.0; rows * d], vec![0.0; outputs * d], vec![0.0; outputs]);
            for row in 0..rows {
                for output in 0..outputs {
                    let at = row * outputs + output;
                    forward[at] = bias[output] + (0..d).map(|j| x[row * d + j] * weight[output * d + j]).sum::<f64>();
                    columns[output] += joined[at];
                    for j in 0..d {
                        back[row * d + j] += joined[at] * weight[output * d + j];
                        sums[output * d + j] += joined[at] * x[row * d + j];
                    }
                }
            }
            let mut seen = None;
            for threads in [1, 2, 3] {
                let par = Par::with_threads(threads);
                let product = project(&x, d, (&weight, Some(&bias)), blocks, par).unwrap();
                near(&product.clone().joined().unwrap(), &forward, d + 1);
                let all = (
                    product.data,
                    times(&y, &weight, d, par).unwrap(),
                    weighed(&y, &x, d, par).unwrap(),
                    column_sums(&y, par).unwrap(),
                );
                near(&all.1, &back, outputs);
                near(&all.2, &sums, rows.min(300));
                near(&all.3, &columns, rows.min(300));
                assert_eq!(seen.get_or_insert_with(|| all.clone()), &all, "{threads} threads");
            }
        }
    }
}
