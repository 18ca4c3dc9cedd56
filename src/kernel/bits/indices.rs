//! The bits of all columns in another order: what one neuron looks up with, side by side with what its neighbours do.
//!
//! Sixteen patterns are one index of four bytes a neuron, four patterns a byte. Above its four bits a byte says which of the
//! four it is, so that each finds its own part of a table.
//!
//! Not here: the tables (`lookup`).

use super::{Columns, PIECE, Signed, Sums, for_every_set};
use crate::InstructionSet;
use crate::error::{Result, try_vec};
use crate::kernel::Available;
use crate::kernel::pages::{Plain, zeroed};
use crate::par::{Par, Watch};

/// Patterns of a byte of an index,
pub(super) const CHOSEN: usize = 4;
/// bytes of an index,
pub(super) const BYTES: usize = 4;
/// and patterns of an index.
pub(super) const GROUP: usize = CHOSEN * BYTES;
/// Neurons of a line: one register of indices.
pub(super) const LINE: usize = 16;
/// Lines that share one load of the tables.
pub(super) const LINES: usize = 8;
/// Neurons of a tile, whose indices and a state's tables share the first-level cache.
pub(super) const TILE: usize = LINE * LINES;
/// Bytes of a register, entries of a table.
pub(super) const ENTRIES: usize = 64;
/// Patterns for which 32 bits hold all sums.
const MOST_PATTERNS: usize = 1 << 18;
/// Neurons for which 32 bits hold an overlap, with a bit to spare.
const MOST_NEURONS: usize = 1 << 30;
/// Neurons from which on tables pay.
const LEAST_NEURONS: usize = 512;
/// One register.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub(super) struct Line(pub [u8; ENTRIES]);

pub(super) const ZEROS: Line = Line([0; ENTRIES]);

// SAFETY: bytes that are 0 are bytes.
unsafe impl Plain for Line {}

/// The bits of all columns: tile by tile, of a tile group by group, of a group its lines.
#[derive(Debug)]
pub(crate) struct Indices {
    lines: Vec<Line>,
    /// Each pattern's sum over all neurons, one a lane of whole words.
    totals: Vec<i32>,
    pub(super) groups: usize,
    pub(super) k: usize,
}

impl Indices {
    /// Neurons whose fields are looked up at once.
    pub(crate) const TILE: usize = TILE;
    /// Bytes up to which they stay with their columns.
    pub(crate) const MOST_KEPT: usize = 64 << 20;

    /// Whether tables pay; elsewhere they need not even hold the overlaps.
    pub(crate) fn pay(columns: &Columns, set: Available) -> bool {
        let fits = columns.k <= MOST_PATTERNS && columns.n <= MOST_NEURONS;
        set.set() == InstructionSet::Avx512 && columns.n >= LEAST_NEURONS && fits
    }

    /// Those of `columns`.
    pub(super) fn of(columns: &Columns, set: Available, par: Par) -> Result<Self> {
        let (n, k) = (columns.n, columns.k);
        let groups = k.div_ceil(GROUP);
        let tile = groups * LINES;
        let mut lines = zeroed(n.div_ceil(TILE) * tile, "packed patterns")?;
        let pieces = lines.chunks_mut(PIECE / TILE * tile).enumerate();
        par.each(
            n.div_ceil(PIECE),
            pieces,
            || Ok(()),
            |_, (), (piece, lines)| {
                index(set, columns, piece * PIECE, lines);
                Ok(())
            },
        )?;
        let mut totals = try_vec(k.next_multiple_of(64), 0, "overlaps")?;
        par.each(1, std::iter::once(&mut totals), || Ok(()), |watch, (), totals| sum_all(columns, totals, set, watch))?;
        Ok(Self { lines, totals, groups, k })
    }

    /// Each pattern's sum over all neurons, one a lane of whole words.
    pub(crate) fn totals(&self) -> &[i32] {
        &self.totals
    }

    /// The memory that they take.
    pub(super) fn bytes(&self) -> usize {
        size_of_val(self.lines.as_slice()) + size_of_val(self.totals.as_slice())
    }

    /// The lines of the neurons from `first` on.
    pub(super) fn tile(&self, first: usize) -> &[Line] {
        debug_assert!(first.is_multiple_of(TILE), "whole tiles");
        &self.lines[first / TILE * self.groups * LINES..][..self.groups * LINES]
    }
}

/// Writes the sums of all columns.
fn sum_all(columns: &Columns, out: &mut [i32], set: Available, watch: &Watch) -> Result<()> {
    let (mut sums, mut listed) = (Sums::new(columns)?, Signed::new(PIECE)?);
    for first in (0..columns.n).step_by(PIECE) {
        listed.list_plus(&[1; PIECE][..(columns.n - first).min(PIECE)], first, set);
        sums.count(columns, &listed, set);
        watch.check()?;
    }
    sums.take(columns, 1, out, set);
    Ok(())
}

/// The group of a pattern, and its bit in an index.
#[inline]
pub(super) fn place_of(mu: usize) -> (usize, u32) {
    let bit = mu % GROUP;
    (mu / GROUP, 1 << (8 * (bit / CHOSEN) + bit % CHOSEN))
}

for_every_set! {
    /// Writes the lines of the neurons from `i0` on, whole tiles.
    fn index(columns: &Columns, i0: usize, lines: &mut [Line]) {
        let groups = columns.k.div_ceil(GROUP);
        for (tile, lines) in lines.chunks_exact_mut(groups * LINES).enumerate() {
            for line in 0..LINES {
                let first = i0 + tile * TILE + line * LINE;
                let mut words = [0; LINE];
                for (group, lines) in lines.chunks_exact_mut(LINES).enumerate() {
                    let (word, shift) = (group * GROUP / 64, group * GROUP % 64);
                    if shift == 0 {
                        for (j, word_of_j) in words.iter_mut().enumerate().take(columns.n.saturating_sub(first)) {
                            *word_of_j = columns.column(first + j)[word];
                        }
                    }
                    for (bytes, word) in lines[line].0.as_chunks_mut::<BYTES>().0.iter_mut().zip(words) {
                        let bits = (word >> shift) as u32;
                        // A nibble a byte, and above it which byte that is.
                        let spread = bits & 0xF | (bits & 0xF0) << 4 | (bits & 0xF00) << 8 | (bits & 0xF000) << 12;
                        *bytes = (spread | 0x3020_1000).to_le_bytes();
                    }
                }
            }
        }
    }
}
