//! The fields of all neurons in one state, by looking sums of overlaps up instead of counting bits. It pays with AVX-512, where
//! a register is a table.
//!
//! A neuron has an index of four bytes for every sixteen patterns ([`Indices`], made once for many states). A table of 64
//! entries holds what every choice of those patterns' overlaps adds up to, sixteen entries for each byte of an index; its low
//! and its high bytes fill a register each ([`Tables`], one state's). One lookup serves 16 neurons, and one dot product adds
//! what the four bytes of each found.
//!
//! Sums are exact. Entries are 16-bit integers: what an overlap has beyond ±8191 is left to a list. Where the list would be
//! long, overlaps are split into digits of 13 bits, each looked up by itself.
//!
//! What did not help: entries of 16 bits looked up whole, five patterns a table. Inside the processor a permutation of words
//! is two instructions, one of bytes is one (a Xeon of 2.1 GHz, 10 000 neurons and 1000 patterns: 42 µs, or 37 where two states
//! share the indices, instead of 33).
//!
//! Not here: single neurons, and states that change between visits; a table takes as long as some hundred visits.

use std::ops::AddAssign;

use super::for_every_set;
use super::indices::{BYTES, CHOSEN, ENTRIES, GROUP, Indices, LINE, LINES, Line, TILE, ZEROS, bit_of};
#[cfg(target_arch = "x86_64")]
use super::lookup_x86;
use crate::InstructionSet;
use crate::error::{Result, try_room, try_vec};
use crate::kernel::Available;

/// The largest overlap that tables hold: four of them fit in 16 bits.
const MOST: i32 = 8191;
/// Overlaps beyond it that may go into the list.
const BEYOND: usize = 8;
/// Bits of a digit.
const DIGIT: u32 = 13;
/// What the memory is for, in errors.
const PURPOSE: &str = "tables of overlaps";

/// The sums of every choice of a group's overlaps.
#[derive(Clone, Copy, Debug)]
pub(super) struct Table {
    /// The low bytes of all entries, unsigned,
    pub low: Line,
    /// and the high ones, signed.
    pub high: Line,
}

/// What choices of a state's overlaps add up to.
#[derive(Debug, Default)]
pub(crate) struct Tables {
    /// Digit by digit, of a digit group by group.
    of_digits: Vec<Table>,
    /// What one digit's tables are made of, and what is left for the digits above.
    held: Vec<[i16; GROUP]>,
    rest: Vec<i32>,
    /// Digits in use, and those that there is room for.
    digits: usize,
    room: usize,
    /// Patterns with more than the tables hold, and how much more.
    beyond: Vec<(usize, i32)>,
    /// `Σ_μ a^μ`.
    total: i64,
    /// Whether fields, and what they are made of, fit in 32 bits.
    narrow: bool,
}

impl Tables {
    /// Room for the overlaps of states of `n` neurons with the patterns of `indices`.
    pub(crate) fn new(indices: &Indices, n: usize) -> Result<Self> {
        let mut room = 1;
        while (n >> (DIGIT * (room - 1))) as i64 >= i64::from(MOST) {
            room += 1;
        }
        let room = room as usize;
        Ok(Self {
            of_digits: try_vec(room * indices.groups, Table { low: ZEROS, high: ZEROS }, PURPOSE)?,
            held: try_vec(indices.groups, [0; GROUP], PURPOSE)?,
            rest: try_room(indices.k, PURPOSE)?,
            beyond: Vec::with_capacity(BEYOND),
            digits: 1,
            room,
            ..Self::default()
        })
    }

    /// Takes a state's `overlaps`.
    pub(crate) fn fill(&mut self, overlaps: &[i32], set: Available) {
        let (total, size, far) = hold(set, overlaps, &mut self.held);
        let listed = far <= BEYOND;
        self.total = total;
        self.digits = if listed { 1 } else { self.room };
        self.narrow = listed && 2 * size + overlaps.len() as i64 <= i64::from(i32::MAX);
        self.beyond.clear();
        if listed {
            write(set, &mut self.of_digits, &self.held);
            if far > 0 {
                let more = overlaps.iter().map(|a| a - a.clamp(&-MOST, &MOST)).enumerate();
                self.beyond.extend(more.filter(|(_, more)| *more != 0));
            }
            return;
        }
        self.rest.clear();
        self.rest.extend_from_slice(overlaps);
        for (digit, tables) in self.of_digits.chunks_exact_mut(self.held.len()).enumerate() {
            hold_digit(set, &mut self.rest, digit + 1 == self.room, &mut self.held);
            write(set, tables, &self.held);
        }
    }

    /// Writes `Σ_μ ξ_i^μ a^μ − k x_i` for the neurons from `first`, a multiple of 128, on; `state` are their values.
    pub(crate) fn fields(&self, indices: &Indices, state: &[i8], first: usize, out: &mut [i64], set: Available) {
        for (number, out) in out.chunks_mut(TILE).enumerate() {
            let tile = indices.tile(first + number * TILE);
            let mut sums = [0; TILE];
            for tables in self.of_digits.chunks_exact(indices.groups).take(self.digits).rev() {
                add_digit(set, &mut sums, &chosen(set, tile, tables));
            }
            for (mu, more) in &self.beyond {
                add_beyond(set, &mut sums, &tile[mu / GROUP * LINES..][..LINES], mu % GROUP, i64::from(*more));
            }
            complete(set, &sums, &state[number * TILE..], indices.k, self.total, out);
        }
    }

    /// Writes the signs of twice those fields less the thresholds, of which there are none at all if all are 0.
    pub(crate) fn signs(
        &self,
        indices: &Indices,
        state: &[i8],
        first: usize,
        thresholds: &[i64],
        out: &mut [i8],
        set: Available,
    ) {
        for (number, (out, state)) in out.chunks_mut(TILE).zip(state.chunks(TILE)).enumerate() {
            let first = first + number * TILE;
            if thresholds.is_empty() && self.narrow {
                let tile = indices.tile(first);
                let mut sums = chosen(set, tile, &self.of_digits[..indices.groups]);
                for (mu, more) in &self.beyond {
                    add_narrow_beyond(set, &mut sums, &tile[mu / GROUP * LINES..][..LINES], mu % GROUP, *more);
                }
                narrow_signs(set, &sums, state, indices.k as i32, self.total as i32, out);
            } else {
                let mut fields = [0; TILE];
                let fields = &mut fields[..out.len()];
                self.fields(indices, state, first, fields, set);
                signs(set, fields, thresholds.get(first..).unwrap_or_default(), out);
            }
        }
    }
}

/// Writes the tables of what each group holds.
fn write(set: Available, tables: &mut [Table], held: &[[i16; GROUP]]) {
    match set.set() {
        // SAFETY: an `Available` is made only after `InstructionSet::is_available` found these features.
        #[cfg(target_arch = "x86_64")]
        InstructionSet::Avx512 => unsafe { lookup_x86::write(tables, held) },
        _ => tables.iter_mut().zip(held).for_each(|(table, held)| plain_write(table, held)),
    }
}

/// The reference: one sum after another.
fn plain_write(table: &mut Table, held: &[i16; GROUP]) {
    const PART: usize = ENTRIES / BYTES;
    for entry in 0..ENTRIES {
        let held = &held[entry / PART * CHOSEN..][..CHOSEN];
        let chosen = held.iter().enumerate().filter(|(bit, _)| entry >> bit & 1 == 1);
        let sum: i16 = chosen.map(|(_, a)| a).sum();
        [table.low.0[entry], table.high.0[entry]] = sum.to_le_bytes();
    }
}

/// Adds `more` where the bit of an index is set.
#[inline(always)]
fn add_where<T: Copy + Default + AddAssign>(sums: &mut [T; TILE], lines: &[Line], bit: usize, more: T) {
    for (sums, line) in sums.as_chunks_mut::<LINE>().0.iter_mut().zip(lines) {
        for (neuron, sum) in sums.iter_mut().enumerate() {
            *sum += if bit_of(line, neuron, bit) { more } else { T::default() };
        }
    }
}

for_every_set! {
    /// Takes overlaps as they are, up to the most that tables hold; their sum, that of their sizes, and how many are larger.
    fn hold(overlaps: &[i32], held: &mut [[i16; GROUP]]) -> (i64, i64, usize) {
        let (mut total, mut size, mut far) = (0, 0, 0);
        for (overlaps, held) in overlaps.chunks(GROUP).zip(held) {
            let mut some = [0; GROUP];
            if let Some(all) = overlaps.first_chunk() {
                some = *all;
            } else {
                some[..overlaps.len()].copy_from_slice(overlaps);
            }
            for j in 0..GROUP {
                let a = some[j];
                total += i64::from(a);
                size += i64::from(a.unsigned_abs());
                far += usize::from(a.abs() > MOST);
                held[j] = a.clamp(-MOST, MOST) as i16;
            }
        }
        (total, size, far)
    }

    /// Takes the lowest digits of the overlaps, or what is left if these are the last, and leaves the nearest multiples to
    /// the digits above.
    fn hold_digit(rest: &mut [i32], last: bool, held: &mut [[i16; GROUP]]) {
        for (rest, held) in rest.iter_mut().zip(held.as_flattened_mut()) {
            let above = if last { 0 } else { (*rest + (1 << (DIGIT - 1))) >> DIGIT };
            *held = (*rest - (above << DIGIT)) as i16;
            *rest = above;
        }
    }

    /// Makes place for a digit below those that are summed, and adds it.
    fn add_digit(sums: &mut [i64; TILE], digit: &[i32; TILE]) {
        for (sum, digit) in sums.iter_mut().zip(digit) {
            *sum = (*sum << DIGIT) + i64::from(*digit);
        }
    }

    fn add_beyond(sums: &mut [i64; TILE], lines: &[Line], bit: usize, more: i64) {
        add_where(sums, lines, bit, more);
    }

    fn add_narrow_beyond(sums: &mut [i32; TILE], lines: &[Line], bit: usize, more: i32) {
        add_where(sums, lines, bit, more);
    }

    /// Fields, from the sums over set bits.
    fn complete(sums: &[i64; TILE], state: &[i8], k: usize, total: i64, out: &mut [i64]) {
        for ((field, sum), x) in out.iter_mut().zip(sums).zip(state) {
            *field = 2 * sum - total - k as i64 * i64::from(*x);
        }
    }

    /// The sign of twice each field less its threshold.
    fn signs(fields: &[i64], thresholds: &[i64], out: &mut [i8]) {
        for (i, (sign, field)) in out.iter_mut().zip(fields).enumerate() {
            let margin = 2 * field - thresholds.get(i).copied().unwrap_or(0);
            *sign = margin.signum() as i8;
        }
    }

    /// The signs of fields, from the sums over set bits.
    fn narrow_signs(sums: &[i32; TILE], state: &[i8], k: i32, total: i32, out: &mut [i8]) {
        for ((sign, sum), x) in out.iter_mut().zip(sums).zip(state) {
            // No product, which takes longer than all the rest.
            let own = if *x > 0 { k } else { 0 } - if *x < 0 { k } else { 0 };
            let field = 2 * sum - total - own;
            *sign = i8::from(field > 0) - i8::from(field < 0);
        }
    }
}

/// The sums that a tile's indices choose from all tables.
fn chosen(set: Available, tile: &[Line], tables: &[Table]) -> [i32; TILE] {
    match set.set() {
        // SAFETY: an `Available` is made only after `InstructionSet::is_available` found these features.
        #[cfg(target_arch = "x86_64")]
        InstructionSet::Avx512 => unsafe { lookup_x86::chosen(tile, tables) },
        _ => plain_chosen(tile, tables),
    }
}

/// The reference: one choice after another.
fn plain_chosen(tile: &[Line], tables: &[Table]) -> [i32; TILE] {
    let mut sums = [0; TILE];
    for (lines, table) in tile.as_chunks::<LINES>().0.iter().zip(tables) {
        for (sums, line) in sums.as_chunks_mut::<LINE>().0.iter_mut().zip(lines) {
            for (sum, bytes) in sums.iter_mut().zip(line.0.as_chunks::<BYTES>().0) {
                for entry in bytes.map(usize::from) {
                    *sum += i32::from(table.low.0[entry]) + (i32::from(table.high.0[entry].cast_signed()) << 8);
                }
            }
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::bits::Columns;
    use crate::par::Par;
    use crate::rng::Stream;

    /// Overlaps small and large, of both signs, few and many of them beyond the tables, at every edge of tiles, groups and
    /// columns.
    #[test]
    fn sums_looked_up_are_sums() {
        for (n, k) in [(1, 1), (16, 15), (17, 16), (128, 70), (300, 33), (513, 600), (1100, 1000)] {
            let mut stream = Stream::new(n as u64, k as u64);
            let rows: Vec<i8> = (0..n * k).map(|_| if stream.coin() { 1 } else { -1 }).collect();
            let columns = Columns::default().appended(&rows, n, Available::in_use(), Par::serial()).unwrap();
            let indices = Indices::of(&columns, Available::in_use(), Par::with_threads(2)).unwrap();
            let state: Vec<i8> = (0..n).map(|_| stream.below(3) as i8 - 1).collect();
            // The number of neurons that the largest overlaps stand for, and how large most are.
            for (most, range) in
                [(5000, 3), (1 << 30, 3), (900_000, 300), (900_000, 2 * MOST), (9_000_000, 40_000), (1 << 30, 1 << 30)]
            {
                let mut tables = Tables::new(&indices, most as usize).unwrap();
                let mut a: Vec<i32> = (0..k).map(|_| stream.below(range as u64) as i32 - range / 2).collect();
                for (place, most) in [(0, MOST + 1), (k / 2, -MOST - 1), (k - 1, most), (k / 3, -most)] {
                    a[place] = most;
                }
                for set in InstructionSet::ALL.into_iter().filter(|set| set.is_available()) {
                    let set = Available::or_portable(set);
                    tables.fill(&a, set);
                    let mut h = vec![0; n];
                    tables.fields(&indices, &state, 0, &mut h, set);
                    for i in 0..n {
                        let sum: i64 = rows.chunks(n).zip(&a).map(|(row, a)| i64::from(row[i]) * i64::from(*a)).sum();
                        assert_eq!(h[i], sum - k as i64 * i64::from(state[i]), "{set:?} {n} {k} {most} {range} {i}");
                    }
                    let thresholds: Vec<i64> = h.iter().map(|h| 2 * h + stream.below(3) as i64 - 1).collect();
                    let mut signs = vec![7; n];
                    tables.signs(&indices, &state, 0, &[], &mut signs, set);
                    assert_eq!(signs, h.iter().map(|h| h.signum() as i8).collect::<Vec<_>>(), "{set:?} {n} {k}");
                    tables.signs(&indices, &state, 0, &thresholds, &mut signs, set);
                    for ((sign, h), threshold) in signs.iter().zip(&h).zip(&thresholds) {
                        assert_eq!(*sign, (2 * h - threshold) as i8, "{set:?} {n} {k} {most} {range}");
                    }
                    if n > TILE {
                        let mut rest = vec![0; n - TILE];
                        tables.fields(&indices, &state[TILE..], TILE, &mut rest, set);
                        assert_eq!(rest, h[TILE..], "{set:?} {n} {k}");
                    }
                }
            }
        }
    }

    #[test]
    fn many_large_overlaps_are_split() {
        let (n, k) = (1, BEYOND + 1);
        let columns = Columns::default().appended(&vec![1; k], n, Available::in_use(), Par::serial()).unwrap();
        let indices = Indices::of(&columns, Available::in_use(), Par::serial()).unwrap();
        let mut tables = Tables::new(&indices, 9_000_000).unwrap();
        let mut overlaps = vec![MOST + 1; k];
        overlaps[3] = -MOST;
        tables.fill(&overlaps, Available::in_use());
        assert_eq!((tables.digits, tables.beyond.len()), (1, BEYOND));
        overlaps[3] = -MOST - 1;
        tables.fill(&overlaps, Available::in_use());
        assert_eq!((tables.digits, tables.beyond.len()), (2, 0));
    }
}
