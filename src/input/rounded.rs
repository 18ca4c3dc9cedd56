//! Patterns rounded into fewer bits: bfloat16 and float16 to the nearest number, ties to even; eight bits with a scale.
//!
//! Each entry is rounded once, straight from the number that came. Not here: widening, which is the kernels'.

use super::name::named;
use super::real::{Norms, Rows, joined, norm_squared, picked};
use crate::error::{Error, Result, try_vec};
use crate::kernel::Kernels;
use crate::kernel::narrow::Narrow;
use crate::kernel::real::Real;
use crate::par::Par;

named! {
    /// In what a memory keeps its patterns, where that is less than it computes in.
    ///
    /// Patterns are rounded when they come in, and every answer is, bit for bit, that of a memory of the rounded patterns.
    /// With eight bits, each pattern `x` has a scale `s = max |x_j| / 127` and entries `q_j = round(x_j / s)`, so that
    /// `|x_j − s q_j| ≤ s / 2`; what is computed with is `s q_j`, rounded to `f32`. A score `x·ξ` is then off by at most
    /// `(s / 2) ‖ξ‖₁ ≤ (s / 2) √d ‖ξ‖₂`, but for that last rounding.
    pub enum Storage for "dtype" {
        /// Eight significant bits, the range of `f32`, two bytes an entry.
        Bfloat16 = "bfloat16",
        /// Eleven significant bits up to 65504, two bytes an entry.
        Float16 = "float16",
        /// Whole numbers from −127 to 127 and a scale for each pattern, one byte an entry.
        Int8 = "int8",
    }
}

/// Patterns in fewer bits, with the norms of what they stand for. Of the vectors only those of the storage are not empty.
#[derive(Clone, Debug)]
pub(crate) struct Rounded {
    storage: Storage,
    halves: Vec<u16>,
    bytes: Vec<i8>,
    scales: Vec<f32>,
    columns: usize,
    norms: Norms,
}

/// A binary floating-point format of sixteen bits.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Format {
    /// Bits of the fraction.
    fraction: i32,
    /// The exponent of the smallest normal number.
    lowest: i32,
    /// The bits of infinity.
    infinite: u16,
    /// The largest finite number.
    largest: f64,
}

const BFLOAT16: Format = Format { fraction: 7, lowest: -126, infinite: 0x7f80, largest: 3.389_531_389_251_535_5e38 };
const FLOAT16: Format = Format { fraction: 10, lowest: -14, infinite: 0x7c00, largest: 65_504.0 };

/// Rows that one ticket covers.
const ROWS_AT_ONCE: usize = 1024;

impl Rounded {
    /// Rounds rows that were checked before; they have entries.
    ///
    /// # Errors
    /// A finite number that is beyond the narrower type.
    pub(crate) fn new<S: Real>(rows: &Rows<S>, storage: Storage, par: Par) -> Result<Self> {
        let (halves, bytes, scales) = match storage {
            Storage::Bfloat16 => (BFLOAT16.round_all(rows, storage, par)?, Vec::new(), Vec::new()),
            Storage::Float16 => (FLOAT16.round_all(rows, storage, par)?, Vec::new(), Vec::new()),
            Storage::Int8 => {
                let (bytes, scales) = round_to_bytes(rows, par)?;
                (Vec::new(), bytes, scales)
            }
        };
        let rounded = Self { storage, halves, bytes, scales, columns: rows.width(), norms: Vec::new().into() };
        let norms = rounded.norms_squared(rows.len(), par)?.into();
        Ok(Self { norms, ..rounded })
    }

    /// Of what the rows stand for.
    fn norms_squared(&self, rows: usize, par: Par) -> Result<Vec<f64>> {
        let (kernels, columns) = (Kernels::<f32>::in_use(), self.columns);
        let mut squared = try_vec(rows, 0.0, "norms")?;
        par.each(
            workers(rows * columns, par),
            squared.chunks_mut(ROWS_AT_ONCE).enumerate(),
            || try_vec(columns, 0.0_f32, "a widened pattern"),
            |_, wide, (piece, squared)| {
                for (row, norm) in squared.iter_mut().enumerate() {
                    kernels.widen(self.entries().rows(piece * ROWS_AT_ONCE + row, 1, columns), columns, wide);
                    *norm = norm_squared(wide);
                }
                Ok(())
            },
        )?;
        Ok(squared)
    }

    /// The number of rows.
    pub(crate) fn len(&self) -> usize {
        self.norms.squared().len()
    }

    /// Entries of a row.
    pub(crate) fn width(&self) -> usize {
        self.columns
    }

    /// What is known of the rows that these stand for.
    pub(crate) fn norms(&self) -> &Norms {
        &self.norms
    }

    /// The rows as kernels read them.
    pub(crate) fn entries(&self) -> Narrow<'_> {
        match self.storage {
            Storage::Bfloat16 => Narrow::Bfloat16(&self.halves),
            Storage::Float16 => Narrow::Float16(&self.halves),
            Storage::Int8 => Narrow::Int8(&self.bytes, &self.scales),
        }
    }

    /// Bytes that entries and scales take.
    #[cfg(feature = "python")]
    pub(crate) fn bytes(&self) -> usize {
        size_of_val(&self.halves[..]) + size_of_val(&self.bytes[..]) + size_of_val(&self.scales[..])
    }

    /// Rounds `rows` as these were.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub(crate) fn likewise<S: Real>(&self, rows: &Rows<S>, par: Par) -> Result<Self> {
        Self::new(rows, self.storage, par)
    }

    /// These rows and those of `more`, which are as wide and were rounded likewise.
    pub(crate) fn append(&self, more: &Self) -> Result<Self> {
        Ok(Self {
            storage: self.storage,
            halves: joined(&self.halves, &more.halves)?,
            bytes: joined(&self.bytes, &more.bytes)?,
            scales: joined(&self.scales, &more.scales)?,
            columns: self.columns,
            norms: joined(self.norms.squared(), more.norms.squared())?.into(),
        })
    }

    /// The rows for which `keep` holds.
    pub(crate) fn select(&self, keep: impl Fn(usize) -> bool + Copy) -> Result<Self> {
        Ok(Self {
            storage: self.storage,
            halves: picked(&self.halves, self.columns, keep)?,
            bytes: picked(&self.bytes, self.columns, keep)?,
            scales: picked(&self.scales, 1, keep)?,
            columns: self.columns,
            norms: picked(self.norms.squared(), 1, keep)?.into(),
        })
    }
}

/// Threads for a walk over `entries`.
fn workers(entries: usize, par: Par) -> usize {
    if entries < 1 << 16 { 1 } else { par.threads() }
}

impl Format {
    /// Rounds every entry.
    fn round_all<S: Real>(&self, rows: &Rows<S>, storage: Storage, par: Par) -> Result<Vec<u16>> {
        let (entries, columns) = (rows.as_slice(), rows.width());
        let mut halves = try_vec(entries.len(), 0_u16, "patterns")?;
        let pieces = halves.chunks_mut(ROWS_AT_ONCE * columns).zip(entries.chunks(ROWS_AT_ONCE * columns));
        par.each(
            workers(entries.len(), par),
            pieces,
            || Ok(()),
            |_, (), (halves, entries)| {
                for (half, &entry) in halves.iter_mut().zip(entries) {
                    *half = self.round(entry.into());
                }
                Ok(())
            },
        )?;
        // Infinities that came as such were let in before.
        let lost = |(&half, &entry): (&u16, &S)| half & 0x7fff == self.infinite && entry.finite();
        match halves.iter().zip(entries).position(lost) {
            Some(place) => Err(too_large(rows, place / columns, place % columns, storage, self.largest)),
            None => Ok(halves),
        }
    }

    /// The bits of the number nearest to `value`, ties to even; of an infinity beyond the largest one.
    fn round(&self, value: f64) -> u16 {
        let sign = if value.is_sign_negative() { 0x8000 } else { 0 };
        let magnitude = value.abs();
        let exponent = ((magnitude.to_bits() >> 52) as i32 - 1023).max(self.lowest);
        if exponent > 1023 {
            return sign | self.infinite | if value.is_nan() { self.infinite >> 1 & !self.infinite } else { 0 };
        }
        // Counted in units of the last place; a sum that reaches the next power of two carries into the exponent.
        let units = nearest(magnitude * power_of_two(self.fraction - exponent)) as i32;
        let bits = ((exponent - self.lowest) << self.fraction) + units;
        sign | bits.min(i32::from(self.infinite)) as u16
    }
}

/// `2^exponent`, a normal number.
fn power_of_two(exponent: i32) -> f64 {
    f64::from_bits(((exponent + 1023) as u64) << 52)
}

/// The nearest whole number, ties to even, of numbers below 2^51: what does not fit behind the point is rounded off.
fn nearest(value: f64) -> f64 {
    const POINT: f64 = 6_755_399_441_055_744.0; // 1.5 · 2^52
    (value + POINT) - POINT
}

/// Entries and scales of eight bits.
fn round_to_bytes<S: Real>(rows: &Rows<S>, par: Par) -> Result<(Vec<i8>, Vec<f32>)> {
    let (entries, columns) = (rows.as_slice(), rows.width());
    let mut bytes = try_vec(entries.len(), 0_i8, "patterns")?;
    let mut scales = try_vec(rows.len(), 0.0_f32, "scales")?;
    let pieces = bytes.chunks_mut(ROWS_AT_ONCE * columns).zip(entries.chunks(ROWS_AT_ONCE * columns));
    par.each(
        workers(entries.len(), par),
        scales.chunks_mut(ROWS_AT_ONCE).zip(pieces),
        || Ok(()),
        |_, (), (scales, (bytes, entries))| {
            let rows = bytes.chunks_exact_mut(columns).zip(entries.chunks_exact(columns));
            for (scale, (bytes, entries)) in scales.iter_mut().zip(rows) {
                *scale = round_row(entries, bytes);
            }
            Ok(())
        },
    )?;
    match scales.iter().position(|scale| (127.0 * scale).is_infinite()) {
        Some(row) => {
            let largest = largest_magnitude(rows.row(row));
            let column = rows.row(row).iter().position(|&entry| magnitude(entry) >= largest);
            Err(too_large(rows, row, column.unwrap_or(0), Storage::Int8, f32::MAX.into()))
        }
        None => Ok((bytes, scales)),
    }
}

/// Rounds a row to eight bits and returns its scale: NaN for a row that is not finite.
fn round_row<S: Real>(entries: &[S], bytes: &mut [i8]) -> f32 {
    let largest = largest_magnitude(entries);
    if !largest.is_finite() {
        return f32::NAN;
    }
    let mut scale = (largest / 127.0) as f32;
    if largest > 0.0 && 127.5 * f64::from(scale) <= largest {
        // The nearest subnormal number can be so far off that 127 of them miss the largest entry.
        scale = scale.next_up();
    }
    let unit = f64::from(scale);
    for (byte, &entry) in bytes.iter_mut().zip(entries) {
        let entry: f64 = entry.into();
        let quotient = if entry == 0.0 { 0.0 } else { entry / unit };
        let mut whole = nearest(quotient);
        if (quotient - whole).abs() >= 0.5 {
            // The quotient may be a tie only because it was rounded: the remainder, which is exact, says so.
            let remainder = (-quotient).mul_add(unit, entry);
            if remainder != 0.0 {
                whole = quotient + 0.5_f64.copysign(remainder);
            }
        }
        *byte = whole as i8;
    }
    scale
}

fn magnitude<S: Real>(entry: S) -> f64 {
    let entry: f64 = entry.into();
    entry.abs()
}

/// NaN if any entry is.
fn largest_magnitude<S: Real>(entries: &[S]) -> f64 {
    let larger = |largest: f64, entry: f64| if entry > largest || entry.is_nan() { entry } else { largest };
    entries.iter().fold(0.0, |largest, &entry| larger(largest, magnitude(entry)))
}

fn too_large<S: Real>(rows: &Rows<S>, row: usize, column: usize, storage: Storage, largest: f64) -> Error {
    let (value, dtype) = (rows.row(row)[column].into(), storage.name());
    Error::TooLarge { argument: "patterns", row, column, value, largest, dtype }
}
