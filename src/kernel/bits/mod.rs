//! Packed ±1 rows, kept as columns: one bit a row (set for +1), one column a neuron, so that whatever a neuron needs of
//! all rows is a few words side by side.
//!
//! A row is a *lane*: lane `r` is bit `r % 64` of word `r / 64` of every column. Columns are padded with zero bits to a
//! whole number of 256-bit blocks and start at multiples of half a cache line. `agree` counts, lane by lane, how well
//! the rows agree with a state.
//!
//! Not here: what a row, a field or a threshold means to a network.

mod agree;
mod census;
mod count;
#[cfg(target_arch = "x86_64")]
mod count_x86;
mod due;
#[cfg(target_arch = "x86_64")]
mod due_x86;
mod indices;
mod lists;
#[cfg(target_arch = "x86_64")]
mod lists_x86;
mod lookup;
#[cfg(target_arch = "x86_64")]
mod lookup_x86;
mod plain;
#[cfg(target_arch = "x86_64")]
mod plain_x86;
mod short;
#[cfg(target_arch = "x86_64")]
mod short_avx2;
mod sums;
mod visit;

use std::sync::{Arc, OnceLock};

use crate::error::{Error, Result};
use crate::kernel::Available;
use crate::kernel::pages::zeroed;
use crate::par::Par;

pub(crate) use agree::Agreements;
pub(crate) use census::add_overlaps;
pub(crate) use due::Due;
pub(crate) use indices::Indices;
pub(crate) use lists::Signed;
pub(crate) use lookup::Tables;
pub(crate) use plain::{Power, Slopes, extremes, shift_all, sum, tally, weigh};
pub(crate) use short::{MOST_SHORT, follow, shorten, squares};
pub(crate) use sums::Sums;
pub(crate) use visit::{Crossing, Stable, Sway, first_differing};

/// Compiles one source for every instruction set; the function takes the set to use as its first argument.
macro_rules! for_every_set {
    ($($(#[$meta:meta])* $vis:vis fn $name:ident($($arg:ident: $type:ty),* $(,)?) $(-> $out:ty)? $body:block)*) => {$(
        $(#[$meta])*
        #[allow(clippy::too_many_arguments, reason = "the instruction set comes on top")]
        $vis fn $name(set: $crate::kernel::Available, $($arg: $type),*) $(-> $out)? {
            #[inline(always)]
            fn portable($($arg: $type),*) $(-> $out)? $body
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma,popcnt")]
            fn avx2($($arg: $type),*) $(-> $out)? {
                portable($($arg),*)
            }
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma,popcnt,avx512f,avx512bw,avx512dq,avx512vl,avx512vpopcntdq")]
            fn avx512($($arg: $type),*) $(-> $out)? {
                portable($($arg),*)
            }
            match set.set() {
                // SAFETY: an `Available` is made only after `InstructionSet::is_available` found these features.
                #[cfg(target_arch = "x86_64")]
                $crate::kernel::InstructionSet::Avx2 => unsafe { avx2($($arg),*) },
                // SAFETY: as above.
                #[cfg(target_arch = "x86_64")]
                $crate::kernel::InstructionSet::Avx512 => unsafe { avx512($($arg),*) },
                _ => portable($($arg),*),
            }
        }
    )*};
}
pub(super) use for_every_set;

/// Words of a block: one 512-bit register, one cache line.
const BLOCK: usize = 8;
/// Words of the block that ends a column when half of a full one is enough.
const HALF: usize = 4;
/// Neurons packed in one piece of work: long enough to read rows by the page, short enough that the columns stay in L2.
const PIECE: usize = 512;
/// What the memory is for, in errors.
const PURPOSE: &str = "packed patterns";

/// Words in memory that start at a cache line, so that no block straddles two.
#[derive(Debug, Default)]
pub(crate) struct Words {
    buffer: Vec<u64>,
    start: usize,
    len: usize,
}

impl Words {
    pub(crate) fn zeroed(len: usize, purpose: &'static str) -> Result<Self> {
        let buffer: Vec<u64> = zeroed(len.saturating_add(BLOCK - 1), purpose)?;
        let start = buffer.as_ptr().align_offset(64).min(BLOCK - 1);
        Ok(Self { buffer, start, len })
    }

    #[inline]
    pub(crate) fn as_slice(&self) -> &[u64] {
        &self.buffer[self.start..][..self.len]
    }

    pub(crate) fn as_mut_slice(&mut self) -> &mut [u64] {
        &mut self.buffer[self.start..][..self.len]
    }
}

/// `k` rows of `n` signs, as `n` columns of `k` bits.
#[derive(Debug, Default)]
pub(crate) struct Columns {
    bits: Words,
    n: usize,
    k: usize,
    /// Words from one column to the next.
    stride: usize,
    /// The same bits in another order, once somebody has asked for them, if they are not too many to be kept.
    indices: OnceLock<Arc<Indices>>,
}

/// Words of a column of `k` bits.
fn stride(k: usize) -> usize {
    k.div_ceil(64).next_multiple_of(HALF)
}

impl Columns {
    fn zeroed(n: usize, k: usize) -> Result<Self> {
        let stride = stride(k);
        // Every sum over lanes and neurons, doubled and shifted as the kernels do, must fit in an i64.
        let words = n.checked_mul(stride).filter(|_| n as u128 * k as u128 <= 1 << 58);
        let words = words.ok_or(Error::OutOfMemory { bytes: n as u128 * (k as u128).div_ceil(8), purpose: PURPOSE })?;
        Ok(Self { bits: Words::zeroed(words, PURPOSE)?, n, k, stride, indices: OnceLock::new() })
    }

    /// The number of columns.
    pub(crate) fn n(&self) -> usize {
        self.n
    }

    /// The number of rows, which is the number of lanes in use.
    pub(crate) fn k(&self) -> usize {
        self.k
    }

    /// The words of column `i`.
    #[inline(always)]
    pub(crate) fn column(&self, i: usize) -> &[u64] {
        &self.bits.as_slice()[i * self.stride..][..self.stride]
    }

    /// The indices by which fields are looked up. They take twice the memory of the columns, and as long to make as some
    /// steps: those of [`Indices::MOST_KEPT`] bytes and less are kept.
    pub(crate) fn indices(&self, set: Available, par: Par) -> Result<Arc<Indices>> {
        if let Some(kept) = self.indices.get() {
            return Ok(kept.clone());
        }
        let made = Arc::new(Indices::of(self, set, par)?);
        Ok(if made.bytes() <= Indices::MOST_KEPT { self.indices.get_or_init(|| made).clone() } else { made })
    }

    /// Whether they need not be made.
    pub(crate) fn has_indices(&self) -> bool {
        self.indices.get().is_some()
    }

    /// These rows and then `rows`, which are row-major, `n` signs each (`n` is free while there is no row).
    pub(crate) fn appended(&self, rows: &[i8], n: usize, set: Available, par: Par) -> Result<Self> {
        debug_assert!(self.k == 0 || n == self.n, "rows of one length");
        let mut columns = Self::zeroed(n, self.k + rows.len() / n)?;
        let (k, old, new) = (self.k, self.stride, columns.stride);
        let pieces = columns.bits.as_mut_slice().chunks_mut(PIECE * new).enumerate();
        par.each(
            n.div_ceil(PIECE),
            pieces,
            || Ok(()),
            |_, (), (piece, columns)| {
                let i0 = piece * PIECE;
                if k > 0 {
                    let kept = self.bits.as_slice()[i0 * old..].chunks_exact(old);
                    for (column, kept) in columns.chunks_exact_mut(new).zip(kept) {
                        column[..old].copy_from_slice(kept);
                    }
                }
                pack(set, rows, n, i0, k, columns, new);
                Ok(())
            },
        )?;
        Ok(columns)
    }

    /// The rows whose bit in `gone` is not set, in their order.
    pub(crate) fn without(&self, gone: &[u64], par: Par) -> Result<Self> {
        let left = self.k - gone.iter().map(|word| word.count_ones() as usize).sum::<usize>();
        let mut columns = Self::zeroed(self.n, left)?;
        let (old, new) = (self.stride, columns.stride);
        if left > 0 {
            let pieces = columns.bits.as_mut_slice().chunks_mut(PIECE * new).enumerate();
            par.each(
                self.n.div_ceil(PIECE),
                pieces,
                || Ok(()),
                |_, (), (piece, columns)| {
                    let kept = self.bits.as_slice()[piece * PIECE * old..].chunks_exact(old);
                    for (column, kept) in columns.chunks_exact_mut(new).zip(kept) {
                        squeeze(kept, gone, self.k, column);
                    }
                    Ok(())
                },
            )?;
        }
        Ok(columns)
    }

    /// Writes the rows as ±1, row-major.
    pub(crate) fn unpack(&self, rows: &mut [i8], set: Available, par: Par) -> Result<()> {
        let bands = rows.chunks_mut(64 * self.n.max(1)).enumerate();
        par.each(
            self.k.div_ceil(64),
            bands,
            || Ok(()),
            |_, (), (q, band)| {
                unpack(set, self, q, band);
                Ok(())
            },
        )
    }

    /// Adds `step · Σ_μ ξ_i^μ ξ_j^μ` for every `j` but `i` itself.
    pub(crate) fn add_correlations(&self, i: usize, step: i64, sums: &mut [i64], set: Available) {
        add_correlations(set, self, i, step, sums);
        sums[i] -= step * self.k as i64;
    }

    /// Writes `Σ_μ ξ_i^μ ξ_j^μ` for every `j` (exact: `k` is far below 2⁵³).
    pub(crate) fn correlate(&self, i: usize, sums: &mut [f64], set: Available) {
        correlate(set, self, i, sums);
    }
}

/// The number of neurons that are not 0.
pub(crate) fn decided(state: &[i8]) -> usize {
    // As many at a time as a byte can count.
    state.chunks(128).map(|some| usize::from(some.iter().map(|x| (*x & 1) as u8).sum::<u8>())).sum()
}

/// Moves the bits of `column` whose bit in `gone` is clear together.
fn squeeze(column: &[u64], gone: &[u64], k: usize, out: &mut [u64]) {
    let mut filled = 0;
    for (q, (&word, &gone)) in column.iter().zip(gone).enumerate().take(k.div_ceil(64)) {
        let (mut word, mut rest) = (word, gone);
        let kept = (k - 64 * q).min(64) - gone.count_ones() as usize;
        while rest != 0 {
            // From the highest: the bits above the one that goes move down by one.
            let below = (1 << rest.ilog2()) - 1;
            word = (word & below) | ((word >> 1) & !below);
            rest &= below;
        }
        out[filled / 64] |= word << (filled % 64);
        if filled % 64 + kept > 64 {
            out[filled / 64 + 1] |= word >> (64 - filled % 64);
        }
        filled += kept;
    }
}

for_every_set! {
    /// Sets the bits of `rows` (signs, row-major, `n` each) in lanes `k..` of the columns that start at neuron `i0`.
    fn pack(rows: &[i8], n: usize, i0: usize, k: usize, columns: &mut [u64], stride: usize) {
        let count = columns.len() / stride;
        let end = k + rows.len() / n;
        for q in k / 64..end.div_ceil(64) {
            let lanes = k.max(64 * q)..end.min(64 * q + 64);
            for j0 in (0..count).step_by(64) {
                let width = (count - j0).min(64);
                // Byte `s` of neuron `j` takes the lanes 8 s to 8 s + 7 of word `q`: eight rows at 64 signs a step.
                let mut bytes = [[0_u8; 64]; 8];
                for lane in lanes.clone() {
                    let row = &rows[(lane - k) * n + i0 + j0..][..width];
                    let (byte, mask) = (&mut bytes[lane % 64 / 8], 1 << (lane % 8));
                    if let Some(row) = row.first_chunk::<64>() {
                        for j in 0..64 {
                            byte[j] |= if row[j] > 0 { mask } else { 0 };
                        }
                    } else {
                        for (byte, sign) in byte.iter_mut().zip(row) {
                            *byte |= if *sign > 0 { mask } else { 0 };
                        }
                    }
                }
                let mut words = [0; 64];
                for j in 0..64 {
                    for (s, byte) in bytes.iter().enumerate() {
                        words[j] |= u64::from(byte[j]) << (8 * s);
                    }
                }
                for (column, word) in columns[j0 * stride..].chunks_exact_mut(stride).zip(&words[..width]) {
                    column[q] |= word;
                }
            }
        }
    }

    /// Writes the rows of word `q` as ±1.
    fn unpack(columns: &Columns, q: usize, band: &mut [i8]) {
        let n = columns.n;
        for i0 in (0..n).step_by(64) {
            let width = (n - i0).min(64);
            let mut words = [0; 64];
            for (j, word) in words[..width].iter_mut().enumerate() {
                *word = columns.column(i0 + j)[q];
            }
            for (lane, row) in band.chunks_exact_mut(n).enumerate() {
                for (sign, word) in row[i0..i0 + width].iter_mut().zip(&words) {
                    *sign = 2 * ((word >> lane & 1) as i8) - 1;
                }
            }
        }
    }

    fn add_correlations(columns: &Columns, i: usize, step: i64, sums: &mut [i64]) {
        let own = columns.column(i);
        for (j, sum) in sums.iter_mut().enumerate() {
            let mut unequal = 0;
            for (a, b) in own.iter().zip(columns.column(j)) {
                unequal += u64::from((a ^ b).count_ones());
            }
            *sum += step * (columns.k as i64 - 2 * unequal as i64);
        }
    }

    fn correlate(columns: &Columns, i: usize, sums: &mut [f64]) {
        let own = columns.column(i);
        for (j, sum) in sums.iter_mut().enumerate() {
            let mut unequal = 0;
            for (a, b) in own.iter().zip(columns.column(j)) {
                unequal += u64::from((a ^ b).count_ones());
            }
            *sum = (columns.k as i64 - 2 * unequal as i64) as f64;
        }
    }
}

#[cfg(test)]
mod tests;
