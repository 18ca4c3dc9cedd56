//! The fields of all neurons in one state, by looking sums of overlaps up instead of counting bits. It pays with AVX-512, where
//! a register is a table.
//!
//! A neuron has an index of four bytes for every sixteen patterns ([`Indices`], made once for many states). A table of 64
//! entries holds what every choice of signs makes of those patterns' overlaps, sixteen entries for each byte of an index
//! ([`Tables`], one state's). One lookup serves 16 neurons, and one dot product adds what the four bytes of each found.
//!
//! An entry is two bytes, `coarse · 2^shift + fine`, each a table of its own. With the least shift that will do, the coarse
//! ones alone tell most signs: what fine ones can add is bounded. Only lines with a neuron whose sign they do not tell are
//! looked up again: of 10 000 neurons and 1000 patterns a fifth where a tenth of a pattern's neurons is turned, a fiftieth at
//! the pattern, nearly all far from any.
//!
//! Sums are exact. Overlaps that would need a larger shift than nearly all others go into a list. Where that would be long
//! even at the largest shift, overlaps are split into digits of 13 bits, each looked up by itself.
//!
//! What did not help: entries of 16 bits looked up whole, five patterns a table. Inside the processor a permutation of words
//! is two instructions, one of bytes is one (a Xeon of 2.1 GHz, 10 000 neurons and 1000 patterns: 42 µs, or 37 where two states
//! share the indices, instead of 33 for both bytes). Nor did products of matrices with AMX: with a core of its own a step
//! takes as long as this, but what another program on the same core slows down by less than two is three times slower then.
//!
//! Not here: single neurons, and states that change between visits; a table takes as long as some hundred visits.

use super::for_every_set;
use super::indices::{BYTES, CHOSEN, ENTRIES, GROUP, Indices, LINE, LINES, Line, TILE, ZEROS, place_of};
#[cfg(target_arch = "x86_64")]
use super::lookup_x86;
use crate::error::{Result, try_room, try_vec};
use crate::kernel::Available;

/// The largest shift: entries are 16-bit integers.
const MOST_SHIFT: u32 = 8;
/// Bytes of all tables that may hold less than their overlaps add up to.
const BEYOND: usize = 8;
/// Bits of a digit, of which any four may be added up.
const DIGIT: u32 = 13;
/// The largest number of which any four may be added up.
const MOST: i32 = largest_entry(MOST_SHIFT) / CHOSEN as i32;
/// What the memory is for, in errors.
const PURPOSE: &str = "tables of overlaps";

/// The largest entry for which a coarse byte is enough: the nearest multiple of `2^shift` must be one of at most 127.
const fn largest_entry(shift: u32) -> i32 {
    (128 << shift) - (1 << shift >> 1) - 1
}

/// What choices of a state's overlaps add up to.
#[derive(Debug, Default)]
pub(crate) struct Tables {
    /// The coarse bytes of all entries: digit by digit, of a digit group by group.
    pub(super) coarse: Vec<Line>,
    pub(super) fine: Vec<Line>,
    pub(super) shift: u32,
    /// What fine bytes can add to a field, at most.
    pub(super) slack: i32,
    /// What one digit's tables are made of, and what is left for the digits above.
    held: Vec<[i16; GROUP]>,
    rest: Vec<i32>,
    /// Digits in use, and those that there is room for.
    digits: usize,
    room: usize,
    /// Patterns whose overlaps the tables leave out, and those.
    pub(super) beyond: Vec<(usize, i32)>,
    /// The sum of those.
    pub(super) left_out: i64,
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
            coarse: try_vec(room * indices.groups, ZEROS, PURPOSE)?,
            fine: try_vec(room * indices.groups, ZEROS, PURPOSE)?,
            held: try_vec(indices.groups, [0; GROUP], PURPOSE)?,
            rest: try_room(indices.groups * GROUP, PURPOSE)?,
            beyond: Vec::with_capacity(BEYOND * CHOSEN),
            digits: 1,
            room,
            ..Self::default()
        })
    }

    /// Takes a state's `overlaps`.
    pub(crate) fn fill(&mut self, overlaps: &[i32], set: Available) {
        self.rest.clear();
        self.rest.extend_from_slice(overlaps);
        self.rest.resize(self.held.len() * GROUP, 0);
        self.beyond.clear();
        self.left_out = 0;
        let (size, shift) = measure(set, &self.rest);
        self.digits = if shift.is_some() { 1 } else { self.room };
        self.shift = shift.unwrap_or(MOST_SHIFT);
        self.slack = overlaps.len().div_ceil(CHOSEN) as i32 * (1 << self.shift >> 1);
        let most = 2 * size + i64::from(self.slack) + overlaps.len() as i64;
        self.narrow = shift.is_some() && most <= i64::from(i32::MAX);
        if shift.is_some() {
            self.leave_out();
        }
        let groups = self.held.len();
        for digit in 0..self.digits {
            hold(set, &mut self.rest, digit + 1 == self.digits, &mut self.held);
            let here = digit * groups..(digit + 1) * groups;
            write(set, &self.held, self.shift, &mut self.coarse[here.clone()], &mut self.fine[here]);
        }
    }

    /// Leaves the largest overlaps out where a byte's are too large together.
    fn leave_out(&mut self) {
        let most = largest_entry(self.shift) as u32;
        for (byte, overlaps) in self.rest.as_chunks_mut::<CHOSEN>().0.iter_mut().enumerate() {
            while size_of_choice(overlaps) > most {
                let Some((bit, a)) = overlaps.iter_mut().enumerate().max_by_key(|(_, a)| a.unsigned_abs()) else {
                    break;
                };
                self.left_out += i64::from(*a);
                self.beyond.push((byte * CHOSEN + bit, std::mem::take(a)));
            }
        }
    }

    /// Writes `Σ_μ ξ_i^μ a^μ − k x_i` for the neurons from `first`, a multiple of 128, on; `state` are their values.
    pub(crate) fn fields(&self, indices: &Indices, state: &[i8], first: usize, out: &mut [i64], set: Available) {
        let groups = indices.groups;
        for (number, out) in out.chunks_mut(TILE).enumerate() {
            let tile = indices.tile(first + number * TILE);
            let (mut sums, mut coarse, mut fine) = ([0; TILE], [0; TILE], [0; TILE]);
            for digit in (0..self.digits).rev() {
                let here = digit * groups..(digit + 1) * groups;
                choose(set, tile, &self.coarse[here.clone()], &mut coarse);
                choose(set, tile, &self.fine[here], &mut fine);
                add_digit(set, &mut sums, &coarse, self.shift, &fine);
            }
            for (mu, a) in &self.beyond {
                let (group, bit) = place_of(*mu);
                add_beyond(set, &mut sums, &tile[group * LINES..][..LINES], bit, 2 * i64::from(*a));
            }
            complete(set, &sums, &state[number * TILE..], indices.k, self.left_out, out);
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
            #[cfg(target_arch = "x86_64")]
            if thresholds.is_empty() && self.narrow && set.set() == crate::InstructionSet::Avx512 {
                // SAFETY: an `Available` is made only after `InstructionSet::is_available` found these features.
                unsafe { lookup_x86::signs(self, indices.tile(first), state, indices.k, out) };
                continue;
            }
            let mut fields = [0; TILE];
            let fields = &mut fields[..out.len()];
            self.fields(indices, state, first, fields, set);
            signs(set, fields, thresholds.get(first..).unwrap_or_default(), out);
        }
    }
}

/// What the overlaps of a byte can add up to; no more than can be counted in 32 bits.
#[inline(always)]
fn size_of_choice(overlaps: &[i32; CHOSEN]) -> u32 {
    let mut size = 0;
    for a in overlaps {
        size += a.unsigned_abs().min(1 << 28);
    }
    size
}

/// Writes the tables of what each group holds.
fn write(set: Available, held: &[[i16; GROUP]], shift: u32, coarse: &mut [Line], fine: &mut [Line]) {
    match set.set() {
        // SAFETY: an `Available` is made only after `InstructionSet::is_available` found these features.
        #[cfg(target_arch = "x86_64")]
        crate::InstructionSet::Avx512 => unsafe { lookup_x86::write(held, shift, coarse, fine) },
        _ => plain_write(held, shift, coarse, fine),
    }
}

/// The reference: one sum after another.
fn plain_write(held: &[[i16; GROUP]], shift: u32, coarse: &mut [Line], fine: &mut [Line]) {
    for (held, (coarse, fine)) in held.iter().zip(coarse.iter_mut().zip(fine)) {
        for entry in 0..ENTRIES {
            let held = &held[entry / (ENTRIES / BYTES) * CHOSEN..][..CHOSEN];
            let signed = held.iter().enumerate().map(|(bit, a)| if entry >> bit & 1 == 1 { *a } else { -a });
            let sum: i16 = signed.sum();
            let nearest = (sum + (1 << shift >> 1)) >> shift;
            coarse.0[entry] = nearest as u8;
            fine.0[entry] = (sum - (nearest << shift)) as u8;
        }
    }
}

for_every_set! {
    /// The sum of the sizes of all overlaps, and the least shift with which nearly all bytes hold theirs, if there is one.
    fn measure(overlaps: &[i32]) -> (i64, Option<u32>) {
        let mut size = 0;
        for a in overlaps {
            size += i64::from(a.unsigned_abs());
        }
        for shift in 0..=MOST_SHIFT {
            let mut too_large = 0;
            for overlaps in overlaps.as_chunks::<CHOSEN>().0 {
                too_large += usize::from(size_of_choice(overlaps) > largest_entry(shift) as u32);
            }
            if too_large <= BEYOND {
                return (size, Some(shift));
            }
        }
        (size, None)
    }

    /// Takes the lowest digits of the overlaps, or what is left if these are the last, and leaves the nearest multiples to
    /// the digits above.
    fn hold(rest: &mut [i32], last: bool, held: &mut [[i16; GROUP]]) {
        for (rest, held) in rest.iter_mut().zip(held.as_flattened_mut()) {
            let above = if last { 0 } else { (*rest + (1 << (DIGIT - 1))) >> DIGIT };
            *held = (*rest - (above << DIGIT)) as i16;
            *rest = above;
        }
    }

    /// Makes place for a digit below those that are summed, and adds it.
    fn add_digit(sums: &mut [i64; TILE], coarse: &[i32; TILE], shift: u32, fine: &[i32; TILE]) {
        for (sum, (coarse, fine)) in sums.iter_mut().zip(coarse.iter().zip(fine)) {
            *sum = (*sum << DIGIT) + (i64::from(*coarse) << shift) + i64::from(*fine);
        }
    }

    /// Adds `more` where an index has the bit.
    fn add_beyond(sums: &mut [i64; TILE], lines: &[Line], bit: u32, more: i64) {
        for (sums, line) in sums.as_chunks_mut::<LINE>().0.iter_mut().zip(lines) {
            for (sum, index) in sums.iter_mut().zip(line.0.as_chunks().0) {
                *sum += if u32::from_le_bytes(*index) & bit == 0 { 0 } else { more };
            }
        }
    }

    /// Fields, from the sums over patterns, all of which are `less` more than they should be.
    fn complete(sums: &[i64; TILE], state: &[i8], k: usize, less: i64, out: &mut [i64]) {
        for ((field, sum), x) in out.iter_mut().zip(sums).zip(state) {
            *field = sum - less - k as i64 * i64::from(*x);
        }
    }

    /// The sign of twice each field less its threshold.
    fn signs(fields: &[i64], thresholds: &[i64], out: &mut [i8]) {
        for (i, (sign, field)) in out.iter_mut().zip(fields).enumerate() {
            let margin = 2 * field - thresholds.get(i).copied().unwrap_or(0);
            *sign = margin.signum() as i8;
        }
    }
}

/// Writes the sums of what a tile's indices choose from all tables of one byte.
fn choose(set: Available, tile: &[Line], tables: &[Line], sums: &mut [i32; TILE]) {
    match set.set() {
        // SAFETY: an `Available` is made only after `InstructionSet::is_available` found these features.
        #[cfg(target_arch = "x86_64")]
        crate::InstructionSet::Avx512 => unsafe { lookup_x86::choose(tile, tables, sums) },
        _ => plain_choose(tile, tables, sums),
    }
}

/// The reference: one choice after another.
fn plain_choose(tile: &[Line], tables: &[Line], sums: &mut [i32; TILE]) {
    sums.fill(0);
    for (lines, table) in tile.as_chunks::<LINES>().0.iter().zip(tables) {
        for (sums, line) in sums.as_chunks_mut::<LINE>().0.iter_mut().zip(lines) {
            for (sum, index) in sums.iter_mut().zip(line.0.as_chunks::<BYTES>().0) {
                for entry in index {
                    *sum += i32::from(table.0[usize::from(*entry)].cast_signed());
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::InstructionSet;
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

    /// Bytes as full as can be with every shift, and fields near 0, which coarse bytes do not tell.
    #[test]
    fn full_tables_are_exact() {
        let (n, k) = (150, 4 * CHOSEN * (BEYOND + 1));
        let mut stream = Stream::new(5, 0);
        let rows: Vec<i8> = (0..n * k).map(|_| if stream.coin() { 1 } else { -1 }).collect();
        let columns = Columns::default().appended(&rows, n, Available::in_use(), Par::serial()).unwrap();
        let indices = Indices::of(&columns, Available::in_use(), Par::serial()).unwrap();
        let state = vec![1; n];
        for shift in 0..=MOST_SHIFT {
            let most = largest_entry(shift);
            let full = [[most, 0, 0, 0], [0, -most, 0, 0], [most - 2, -1, 0, 1], [0, 0, most / 2, most / 2 - most]];
            let mut a: Vec<i32> = full.into_iter().cycle().flatten().take(k - 1).collect();
            a.push(0);
            // One neuron's field becomes its share of one more pattern, which may be 0.
            for target in [-1, 0, 1] {
                let sum: i32 = rows[..(k - 1) * n].chunks(n).zip(&a).map(|(row, a)| i32::from(row[0]) * a).sum();
                a[k - 1] = i32::from(rows[(k - 1) * n]) * (k as i32 + target - sum);
                let mut tables = Tables::new(&indices, 1 << 24).unwrap();
                let of = |i: usize| {
                    let sum: i64 = rows.chunks(n).zip(&a).map(|(row, a)| i64::from(row[i]) * i64::from(*a)).sum();
                    sum - k as i64
                };
                for set in InstructionSet::ALL.into_iter().filter(|set| set.is_available()) {
                    let set = Available::or_portable(set);
                    tables.fill(&a, set);
                    assert_eq!((tables.digits, tables.shift, tables.narrow), (1, shift, true));
                    let (mut h, mut signs) = (vec![0; n], vec![0; n]);
                    tables.fields(&indices, &state, 0, &mut h, set);
                    tables.signs(&indices, &state, 0, &[], &mut signs, set);
                    assert_eq!(h, (0..n).map(of).collect::<Vec<_>>(), "{set:?} {shift}");
                    assert_eq!(h[0], i64::from(target));
                    assert_eq!(signs, h.iter().map(|h| h.signum() as i8).collect::<Vec<_>>(), "{set:?} {shift}");
                }
            }
        }
    }

    #[test]
    fn many_large_overlaps_are_split() {
        let (n, k) = (1, CHOSEN * (BEYOND + 1));
        let columns = Columns::default().appended(&vec![1; k], n, Available::in_use(), Par::serial()).unwrap();
        let indices = Indices::of(&columns, Available::in_use(), Par::serial()).unwrap();
        let mut tables = Tables::new(&indices, 9_000_000).unwrap();
        for shift in 0..=MOST_SHIFT {
            // One overlap of each byte is as large as can be, and one of all but one bytes more.
            let most = largest_entry(shift);
            let mut overlaps: Vec<i32> = (0..k as i32).map(|mu| if mu % 4 == 3 { most + 1 } else { 0 }).collect();
            overlaps[7] = -most;
            tables.fill(&overlaps, Available::in_use());
            assert_eq!((tables.digits, tables.shift, tables.beyond.len()), (1, shift, BEYOND));
            overlaps[5] = 1;
            tables.fill(&overlaps, Available::in_use());
            let (digits, beyond) = if shift < MOST_SHIFT { (1, 0) } else { (2, 0) };
            assert_eq!((tables.digits, tables.beyond.len()), (digits, beyond));
        }
    }
}
