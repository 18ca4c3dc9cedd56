//! The Cholesky factor of the patterns' products, in panels of columns: what is left of the matrix after a panel, and of a
//! right-hand side, is changed by products of 64 terms at a time, as the kernels of the modern network take them. The
//! order of all operations is fixed by the place of an entry alone.
//!
//! Not here: what is factored and solved for.

use crate::error::{Result, area, try_vec};
use crate::kernel::compare::Comparison;
use crate::kernel::linear::{add_row, dot, eliminate, substitute};
use crate::kernel::narrow::Entries;
use crate::kernel::real::Arithmetic;
use crate::kernel::{Available, BLOCK, Kernels, MOST_VECTORS, Shape, TILE};
use crate::par::Par;

/// Columns of a panel.
const PANEL: usize = BLOCK;
/// Rows of a matrix in one piece of work.
const ROWS: usize = 64;
/// How right-hand sides lie in memory.
const SHAPE: Shape = Shape::Lanes(MOST_VECTORS);
/// What the memory is for, in errors.
const PURPOSE: &str = "products of patterns";

/// Products of rows of float64 numbers with tiles of as many others as the registers like best.
#[derive(Clone, Copy)]
pub(super) struct Tiles {
    kernels: &'static Kernels<f64>,
    set: Available,
}

impl Tiles {
    pub(super) fn new(set: Available) -> Self {
        Self { kernels: f64::kernels(set), set }
    }

    pub(super) fn set(&self) -> Available {
        self.set
    }

    /// Rows in a tile.
    pub(super) fn width(&self) -> usize {
        self.kernels.width(SHAPE)
    }

    /// Room for the products with a tile.
    pub(super) fn scratch(&self) -> Result<Vec<f64>> {
        try_vec(self.kernels.scores_len(SHAPE), 0.0, PURPOSE)
    }

    /// `rows` of `d` entries as tiles, entry by entry; lanes beyond the last row are 0.
    pub(super) fn of(&self, rows: &[f64], d: usize, par: Par) -> Result<Vec<f64>> {
        let width = self.width();
        let count = (rows.len() / d).div_ceil(width);
        let mut tiles = try_vec(area(count * width, d, PURPOSE)?, 0.0, PURPOSE)?;
        let items = tiles.chunks_exact_mut(width * d).zip(rows.chunks(width * d));
        par.each(
            count,
            items,
            || Ok(()),
            |_, (), (tile, rows)| {
                self.kernels.pack(SHAPE, rows, d, tile);
                Ok(())
            },
        )?;
        Ok(tiles)
    }

    /// The products of `rows` of `d` entries, [`TILE`] at most, with those of a tile: a row of them for each.
    pub(super) fn products(&self, rows: &[f64], d: usize, tile: &[f64], products: &mut [f64]) {
        self.kernels.score(SHAPE, Comparison::Product, Entries::Wide(rows), d, tile, products);
    }

    /// The rows that make up the beginning of a tile.
    pub(super) fn rows(&self, tile: &[f64], d: usize, rows: &mut [f64]) {
        self.kernels.unpack(SHAPE, tile, d, rows);
    }
}

/// `L` with `L Lᵀ` a given matrix.
pub(super) struct Factor {
    /// Panel by panel, the entries of `L` in its columns, from the diagonal down.
    panels: Vec<f64>,
    k: usize,
    /// The smallest pivot, that is, squared entry of the diagonal.
    pub smallest: f64,
}

impl Factor {
    /// The factor of a symmetric matrix, `k` entries a row, which is lost; or the first row whose pivot is not above
    /// `floor`.
    pub(super) fn of(
        matrix: &mut [f64],
        k: usize,
        floor: f64,
        tiles: Tiles,
        par: Par,
    ) -> Result<std::result::Result<Self, usize>> {
        let lengths = (0..k).step_by(PANEL).map(|from| (k - from) * PANEL.min(k - from));
        let mut panels = try_vec(lengths.sum(), 0.0, PURPOSE)?;
        let (mut smallest, mut unfilled) = (f64::INFINITY, &mut panels[..]);
        for from in (0..k).step_by(PANEL) {
            let columns = PANEL.min(k - from);
            let (panel, others) = std::mem::take(&mut unfilled).split_at_mut((k - from) * columns);
            unfilled = others;
            for (to, row) in panel.chunks_exact_mut(columns).zip(matrix[from * k..].chunks_exact(k)) {
                to.copy_from_slice(&row[from..from + columns]);
            }
            for i in 0..columns {
                let (above, rest) = panel.split_at_mut(i * columns);
                let row = &mut rest[..columns];
                eliminate(tiles.set, row, above, i);
                let pivot = row[i] - dot(tiles.set, &row[..i], &row[..i]);
                if pivot <= floor {
                    return Ok(Err(from + i));
                }
                smallest = smallest.min(pivot);
                row[i] = libm::sqrt(pivot);
            }
            let (diagonal, below) = panel.split_at_mut(columns * columns);
            let diagonal = &*diagonal;
            par.each(
                below.len() / (ROWS * columns),
                below.chunks_mut(ROWS * columns),
                || Ok(()),
                |_, (), rows| {
                    for row in rows.chunks_exact_mut(columns) {
                        eliminate(tiles.set, row, diagonal, columns);
                    }
                    Ok(())
                },
            )?;
            let to = from + columns;
            reduce(&mut matrix[to * k..], k, (to, below), columns, tiles, par)?;
        }
        Ok(Ok(Self { panels, k, smallest }))
    }

    /// Solves `L Y = B` for a tile of right-hand sides, in place.
    pub(super) fn solve(&self, tile: &mut [f64], products: &mut [f64], tiles: Tiles) {
        let width = tile.len() / self.k;
        let (mut panels, mut rest) = (&self.panels[..], tile);
        while !rest.is_empty() {
            let rows = rest.len() / width;
            let columns = PANEL.min(rows);
            let (panel, others) = panels.split_at(rows * columns);
            let (diagonal, below) = panel.split_at(columns * columns);
            let (solved, unsolved) = rest.split_at_mut(columns * width);
            substitute(tiles.set, diagonal, solved, width);
            for (below, unsolved) in below.chunks(TILE * columns).zip(unsolved.chunks_mut(TILE * width)) {
                tiles.products(below, columns, solved, products);
                add_row(tiles.set, unsolved, products, -1.0);
            }
            (panels, rest) = (others, unsolved);
        }
    }
}

/// Takes the products of a panel's rows away from what is left of the matrix, up to the diagonal; `first` is the number of
/// the first of these rows and columns.
fn reduce(
    matrix: &mut [f64],
    k: usize,
    (first, panel): (usize, &[f64]),
    columns: usize,
    tiles: Tiles,
    par: Par,
) -> Result<()> {
    let (width, packed) = (tiles.width(), tiles.of(panel, columns, par)?);
    let items = matrix.chunks_mut(ROWS * k).zip(panel.chunks(ROWS * columns)).enumerate();
    par.each(
        panel.len() / (ROWS * columns),
        items,
        || tiles.scratch(),
        |_, products, (piece, (rows, panel))| {
            let end = piece * ROWS + rows.len() / k;
            for (number, tile) in packed.chunks_exact(width * columns).take(end.div_ceil(width)).enumerate() {
                tiles.products(panel, columns, tile, products);
                let from = first + number * width;
                for (row, products) in rows.chunks_exact_mut(k).zip(products.chunks_exact(width)) {
                    let row = &mut row[from..k.min(from + width)];
                    add_row(tiles.set, row, products, -1.0);
                }
            }
            Ok(())
        },
    )
}
