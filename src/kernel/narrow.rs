//! Patterns in fewer bits than they are computed in: bfloat16, float16, or whole numbers of eight bits and a scale.
//!
//! A tile of them is widened once, for all queries that walk the memory together, and the kernels never know. Widening
//! is exact but for the one product of an 8-bit entry, so answers are, bit for bit, those of the widened patterns. Each
//! entry is widened by itself in plain loops, which the compiler turns into vectors of whatever instruction set the entry
//! point allows; all of them do the same operations.
//!
//! Not here: the rounding on the way in (`input::rounded`).

use super::aligned::Aligned;
use super::compare::Comparison;
use super::real::Real;
use super::{Kernels, Shape, TILE};
use crate::error::Result;

/// Rows in fewer bits, one after the other.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Narrow<'a> {
    /// The upper halves of `f32`s.
    Bfloat16(&'a [u16]),
    /// IEEE 754 binary16.
    Float16(&'a [u16]),
    /// `scale · entry`, one scale a row.
    Int8(&'a [i8], &'a [f32]),
}

impl Narrow<'_> {
    /// Entries of all rows.
    pub(crate) fn len(self) -> usize {
        match self {
            Self::Bfloat16(entries) | Self::Float16(entries) => entries.len(),
            Self::Int8(entries, _) => entries.len(),
        }
    }

    /// `count` rows of `columns` entries, from row `first` on.
    pub(crate) fn rows(self, first: usize, count: usize, columns: usize) -> Self {
        let range = first * columns..(first + count) * columns;
        match self {
            Self::Bfloat16(entries) => Self::Bfloat16(&entries[range]),
            Self::Float16(entries) => Self::Float16(&entries[range]),
            Self::Int8(entries, scales) => Self::Int8(&entries[range], &scales[first..first + count]),
        }
    }
}

/// The number that bits of bfloat16 stand for.
#[inline(always)]
fn of_bfloat16(bits: u16) -> f32 {
    f32::from_bits(u32::from(bits) << 16)
}

/// The number that bits of float16 stand for.
#[inline(always)]
fn of_float16(bits: u16) -> f32 {
    // Exponents are biased by 15 there and by 127 here.
    const REBIAS: u32 = (127 - 15) << 23;
    const SMALLEST_NORMAL: u32 = REBIAS + (1 << 23);
    let (sign, magnitude) = (u32::from(bits & 0x8000) << 16, u32::from(bits & 0x7fff) << 13);
    let subnormal = f32::from_bits(magnitude + SMALLEST_NORMAL) - f32::from_bits(SMALLEST_NORMAL);
    let rest = match bits & 0x7c00 {
        0 => subnormal.to_bits(),
        0x7c00 => magnitude + 2 * REBIAS,
        _ => magnitude + REBIAS,
    };
    f32::from_bits(sign | rest)
}

/// Widens rows of `columns` entries, which `into` has room for.
#[inline(always)]
pub(crate) fn widen<T: Real>(rows: Narrow, columns: usize, into: &mut [T]) {
    match rows {
        Narrow::Bfloat16(entries) => {
            for (slot, &entry) in into.iter_mut().zip(entries) {
                *slot = of_bfloat16(entry).into();
            }
        }
        Narrow::Float16(entries) => {
            for (slot, &entry) in into.iter_mut().zip(entries) {
                *slot = of_float16(entry).into();
            }
        }
        Narrow::Int8(entries, scales) => {
            let rows = into.chunks_exact_mut(columns).zip(entries.chunks_exact(columns));
            for ((into, entries), &scale) in rows.zip(scales) {
                for (slot, &entry) in into.iter_mut().zip(entries) {
                    *slot = (scale * f32::from(entry)).into();
                }
            }
        }
    }
}

/// Patterns as they lie in memory, row after row.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Entries<'a, T> {
    /// Ready to compute with.
    Wide(&'a [T]),
    /// To be widened first.
    Narrow(Narrow<'a>),
}

impl<T: Real> Entries<'_, T> {
    /// Entries of all rows.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Wide(entries) => entries.len(),
            Self::Narrow(entries) => entries.len(),
        }
    }

    /// What [`Self::tile`] needs for tiles of rows of `columns` entries that are compared with queries of these shapes.
    pub(crate) fn scratch(
        &self,
        kernels: &Kernels<T>,
        columns: usize,
        comparison: Comparison,
        shapes: impl IntoIterator<Item = Shape>,
    ) -> Result<Aligned<T>> {
        let taken = |rows, shape| !comparison.is_difference() && kernels.takes(shape, rows, columns);
        match *self {
            Self::Narrow(rows) if !shapes.into_iter().all(|shape| taken(rows, shape)) => {
                Aligned::new((TILE * columns).min(rows.len()), T::ZERO, "widened patterns")
            }
            _ => Ok(Aligned::default()),
        }
    }

    /// The `count` rows from `first` on, a tile at most; widened if there is `scratch` to do so.
    pub(crate) fn tile<'b>(
        &'b self,
        kernels: &Kernels<T>,
        (first, count): (usize, usize),
        columns: usize,
        scratch: &'b mut [T],
    ) -> Entries<'b, T> {
        match self {
            Self::Wide(entries) => Entries::Wide(&entries[first * columns..][..count * columns]),
            Self::Narrow(entries) if scratch.is_empty() => Entries::Narrow(entries.rows(first, count, columns)),
            Self::Narrow(entries) => {
                let tile = &mut scratch[..count * columns];
                kernels.widen(entries.rows(first, count, columns), columns, tile);
                Entries::Wide(tile)
            }
        }
    }

    /// One row, widened.
    pub(crate) fn row(&self, kernels: &Kernels<T>, row: usize, into: &mut [T]) {
        match self {
            Self::Wide(entries) => into.copy_from_slice(&entries[row * into.len()..][..into.len()]),
            Self::Narrow(entries) => kernels.widen(entries.rows(row, 1, into.len()), into.len(), into),
        }
    }
}
