//! The fields of all neurons in one state, by looking sums of overlaps up instead of counting bits. It pays with AVX-512, where
//! a register is a table.
//!
//! Fifteen patterns are one index of 16 bits a neuron, five, five and five of them: three tables in registers hold what every
//! choice of those patterns' overlaps adds up to, and one lookup serves 32 neurons. The indices are the columns' bits in
//! another order, [`Indices`], made once for many states; the tables are one state's, [`Tables`].
//!
//! Sums are exact. Entries are 16-bit integers: what an overlap has beyond ±2184 is left to a list, and sums move to 32
//! bits before they could overflow. Where the list would be long, overlaps are split into digits of 12 bits, each looked up
//! by itself.
//!
//! Not here: single neurons, and states that change between visits; a table takes as long as some hundred visits.

use super::{Columns, PIECE, for_every_set};
use crate::InstructionSet;
use crate::error::{Result, try_vec};
use crate::kernel::Available;
use crate::par::Par;

/// Neurons of a line: one register of 16-bit indices.
const LINE: usize = 32;
/// Lines that share one load of the tables.
const LINES: usize = 8;
/// Neurons of a tile.
const TILE: usize = LINE * LINES;
/// Patterns of a table,
const CHOSEN: usize = 5;
/// tables of an index,
const TABLES: usize = 3;
/// and patterns of an index.
const GROUP: usize = CHOSEN * TABLES;
/// The largest overlap that tables hold: fifteen of them fit in 16 bits.
const MOST: i32 = 2184;
/// Overlaps beyond it that may go into the list.
const BEYOND: usize = 8;
/// Bits of a digit.
const DIGIT: u32 = 12;
/// Patterns for which 32 bits hold all sums, and more than enough.
const MOST_PATTERNS: usize = 1 << 19;
/// Neurons for which 32 bits hold an overlap, with a bit to spare.
const MOST_NEURONS: usize = 1 << 30;
/// Neurons from which on tables pay.
const LEAST_NEURONS: usize = 512;
/// What the memory is for, in errors.
const PURPOSE: &str = "tables of overlaps";

/// One register.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
struct Line([i16; LINE]);

const ZEROS: Line = Line([0; LINE]);

/// The bits of all columns: tile by tile, of a tile group by group, of a group its lines.
#[derive(Debug)]
pub(crate) struct Indices {
    lines: Vec<Line>,
    groups: usize,
    k: usize,
}

impl Indices {
    /// Whether tables pay; elsewhere they need not even hold the overlaps.
    pub(crate) fn pay(columns: &Columns, set: Available) -> bool {
        let fits = columns.k <= MOST_PATTERNS && columns.n <= MOST_NEURONS;
        set.set() == InstructionSet::Avx512 && columns.n >= LEAST_NEURONS && fits
    }

    /// Those of `columns`.
    pub(crate) fn of(columns: &Columns, par: Par) -> Result<Self> {
        let (n, k) = (columns.n, columns.k);
        let groups = k.div_ceil(GROUP);
        let tile = groups * LINES;
        let mut lines = try_vec(n.div_ceil(TILE) * tile, ZEROS, "packed patterns")?;
        let pieces = lines.chunks_mut(PIECE / TILE * tile).enumerate();
        par.each(
            n.div_ceil(PIECE),
            pieces,
            || Ok(()),
            |_, (), (piece, lines)| {
                for i in piece * PIECE..n.min((piece + 1) * PIECE) {
                    let (line, place, column) = (i / LINE % LINES, i % LINE, columns.column(i));
                    let tile = &mut lines[i % PIECE / TILE * tile..][..tile];
                    for (group, lines) in tile.chunks_exact_mut(LINES).enumerate() {
                        let (word, bit) = (group * GROUP / 64, group * GROUP % 64);
                        let next = column.get(word + 1).copied().unwrap_or(0);
                        // In two steps, because no word may be shifted by 64.
                        let index = column[word] >> bit | next << 1 << (63 - bit);
                        lines[line].0[place] = index as i16;
                    }
                }
                Ok(())
            },
        )?;
        Ok(Self { lines, groups, k })
    }
}

/// What choices of a state's overlaps add up to.
#[derive(Debug, Default)]
pub(crate) struct Tables {
    /// Digit by digit, of a digit group by group.
    lines: Vec<Line>,
    /// `Σ|a|` of each group's entries.
    sizes: Vec<i32>,
    /// Digits in use, and those that there is room for.
    digits: usize,
    room: usize,
    /// Patterns with more than the tables hold, and how much more.
    beyond: Vec<(usize, i32)>,
    /// `Σ_μ a^μ`.
    total: i64,
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
            lines: try_vec(room * indices.groups * TABLES, ZEROS, PURPOSE)?,
            sizes: try_vec(room * indices.groups, 0, PURPOSE)?,
            beyond: Vec::with_capacity(BEYOND),
            digits: 1,
            room,
            total: 0,
        })
    }

    /// Takes a state's `overlaps`.
    pub(crate) fn fill(&mut self, overlaps: &[i32], set: Available) {
        fill(set, self, overlaps);
    }

    /// Writes `Σ_μ ξ_i^μ a^μ − k x_i` for the neurons from `first`, a multiple of 256, on; `state` are their values.
    pub(crate) fn fields(&self, indices: &Indices, state: &[i8], first: usize, out: &mut [i64], set: Available) {
        debug_assert!(first.is_multiple_of(TILE), "whole tiles");
        let tile = indices.groups * LINES;
        for (number, out) in out.chunks_mut(TILE).enumerate() {
            let tile = &indices.lines[(first / TILE + number) * tile..][..tile];
            let mut sums = [0; TILE];
            for digit in (0..self.digits).rev() {
                let of_digit = digit * indices.groups..(digit + 1) * indices.groups;
                let lines = &self.lines[of_digit.start * TABLES..of_digit.end * TABLES];
                add_digit(set, &mut sums, &chosen(set, tile, lines, &self.sizes[of_digit]));
            }
            for (mu, more) in &self.beyond {
                add_beyond(set, &mut sums, &tile[mu / GROUP * LINES..][..LINES], mu % GROUP, *more);
            }
            complete(set, &sums, &state[number * TILE..], indices.k, self.total, out);
        }
    }
}

/// The sum of some of five values, for every choice of them.
#[inline(always)]
fn choices(values: &[i16]) -> Line {
    let mut line = ZEROS;
    for (bit, value) in values.iter().enumerate() {
        for choice in 0..LINE {
            line.0[choice] += if choice >> bit & 1 == 1 { *value } else { 0 };
        }
    }
    line
}

for_every_set! {
    fn fill(tables: &mut Tables, overlaps: &[i32]) {
        tables.beyond.clear();
        tables.total = overlaps.iter().map(|a| i64::from(*a)).sum();
        let far = overlaps.iter().filter(|a| a.abs() > MOST).count();
        let listed = far <= BEYOND;
        tables.digits = if listed { 1 } else { tables.room };
        let groups = tables.sizes.len() / tables.room;
        for (group, overlaps) in overlaps.chunks(GROUP).enumerate() {
            let mut rest = [0; GROUP];
            rest[..overlaps.len()].copy_from_slice(overlaps);
            for digit in 0..tables.digits {
                let mut held = [0; GROUP];
                for j in 0..GROUP {
                    let low = if listed {
                        rest[j].clamp(-MOST, MOST)
                    } else if digit + 1 == tables.digits {
                        rest[j]
                    } else {
                        // The nearest multiple is left to the digits above.
                        rest[j] - ((rest[j] + (1 << (DIGIT - 1))) >> DIGIT << DIGIT)
                    };
                    held[j] = low as i16;
                    rest[j] = if listed { rest[j] - low } else { (rest[j] - low) >> DIGIT };
                }
                let place = digit * groups + group;
                tables.sizes[place] = held.iter().map(|a| i32::from(*a).abs()).sum();
                for (line, values) in tables.lines[place * TABLES..][..TABLES].iter_mut().zip(held.chunks_exact(CHOSEN)) {
                    *line = choices(values);
                }
            }
            if listed && far > 0 {
                let more = (group * GROUP..).zip(rest).filter(|(_, more)| *more != 0);
                tables.beyond.extend(more);
            }
        }
    }

    /// Makes place for a digit below those that are summed, and adds it.
    fn add_digit(sums: &mut [i64; TILE], digit: &[i32; TILE]) {
        for (sum, digit) in sums.iter_mut().zip(digit) {
            *sum = (*sum << DIGIT) + i64::from(*digit);
        }
    }

    /// Adds `more` where the bit of an index is set.
    fn add_beyond(sums: &mut [i64; TILE], lines: &[Line], bit: usize, more: i32) {
        for (sums, line) in sums.as_chunks_mut::<LINE>().0.iter_mut().zip(lines) {
            for (sum, index) in sums.iter_mut().zip(line.0) {
                *sum += if index >> bit & 1 == 1 { i64::from(more) } else { 0 };
            }
        }
    }

    /// The sign of twice each field less its threshold, of which there are none at all if all are 0.
    pub(crate) fn signs(fields: &[i64], thresholds: &[i64], out: &mut [i8]) {
        if thresholds.is_empty() {
            for (sign, field) in out.iter_mut().zip(fields) {
                *sign = i8::from(*field > 0) - i8::from(*field < 0);
            }
        } else {
            for ((sign, field), threshold) in out.iter_mut().zip(fields).zip(thresholds) {
                *sign = i8::from(2 * field > *threshold) - i8::from(2 * field < *threshold);
            }
        }
    }

    /// Fields, from the sums over set bits.
    fn complete(sums: &[i64; TILE], state: &[i8], k: usize, total: i64, out: &mut [i64]) {
        for ((field, sum), x) in out.iter_mut().zip(sums).zip(state) {
            *field = 2 * sum - total - k as i64 * i64::from(*x);
        }
    }
}

/// The sums that a tile's indices choose from all tables.
fn chosen(set: Available, tile: &[Line], tables: &[Line], sizes: &[i32]) -> [i32; TILE] {
    match set.set() {
        // SAFETY: an `Available` is made only after `InstructionSet::is_available` found these features.
        #[cfg(target_arch = "x86_64")]
        InstructionSet::Avx512 => unsafe { avx512::chosen(tile, tables, sizes) },
        _ => plain_chosen(tile, tables),
    }
}

/// The reference: one choice after another.
fn plain_chosen(tile: &[Line], tables: &[Line]) -> [i32; TILE] {
    let mut sums = [0; TILE];
    for (lines, tables) in tile.as_chunks::<LINES>().0.iter().zip(tables.as_chunks::<TABLES>().0) {
        for (sums, line) in sums.as_chunks_mut::<LINE>().0.iter_mut().zip(lines) {
            for (sum, index) in sums.iter_mut().zip(line.0) {
                for (t, table) in tables.iter().enumerate() {
                    *sum += i32::from(table.0[usize::from(index as u16) >> (CHOSEN * t) & (LINE - 1)]);
                }
            }
        }
    }
    sums
}

#[cfg(target_arch = "x86_64")]
mod avx512 {
    use std::arch::x86_64::{
        __m512i, _mm512_add_epi16, _mm512_add_epi32, _mm512_castsi512_si256, _mm512_cvtepi16_epi32,
        _mm512_extracti64x4_epi64, _mm512_load_si512, _mm512_loadu_si512, _mm512_permutexvar_epi16,
        _mm512_setzero_si512, _mm512_srli_epi16, _mm512_storeu_si512,
    };

    use super::{CHOSEN, LINE, LINES, Line, TABLES, TILE};

    #[target_feature(enable = "avx512f,avx512bw")]
    pub(super) fn chosen(tile: &[Line], tables: &[Line], sizes: &[i32]) -> [i32; TILE] {
        const SECOND: u32 = CHOSEN as u32;
        const THIRD: u32 = 2 * SECOND;
        let mut sums = [0; TILE];
        let groups = tile.as_chunks::<LINES>().0.iter().zip(tables.as_chunks::<TABLES>().0).zip(sizes);
        let (mut short, mut size) = ([_mm512_setzero_si512(); LINES], 0);
        for ((lines, tables), more) in groups {
            if size + more > i32::from(i16::MAX) {
                widen(&mut short, &mut sums);
                size = 0;
            }
            size += more;
            let [low, middle, high] = [load(&tables[0]), load(&tables[1]), load(&tables[2])];
            for (short, line) in short.iter_mut().zip(lines) {
                // A lookup reads as many bits of the index as its table needs.
                let index = load(line);
                let first = _mm512_permutexvar_epi16(index, low);
                let second = _mm512_permutexvar_epi16(_mm512_srli_epi16::<SECOND>(index), middle);
                let third = _mm512_permutexvar_epi16(_mm512_srli_epi16::<THIRD>(index), high);
                *short = _mm512_add_epi16(*short, _mm512_add_epi16(first, _mm512_add_epi16(second, third)));
            }
        }
        widen(&mut short, &mut sums);
        sums
    }

    /// Moves sums of 16 bits to those of 32.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw")]
    fn widen(short: &mut [__m512i; LINES], sums: &mut [i32; TILE]) {
        for (short, sums) in short.iter_mut().zip(sums.as_chunks_mut::<LINE>().0) {
            let halves = [_mm512_castsi512_si256(*short), _mm512_extracti64x4_epi64::<1>(*short)];
            for (half, sums) in halves.into_iter().zip(sums.as_chunks_mut::<{ LINE / 2 }>().0) {
                let place = sums.as_mut_ptr().cast();
                // SAFETY: sixteen numbers of 32 bits are 64 bytes, and no alignment is asked for.
                let sum = unsafe { _mm512_loadu_si512(place) };
                // SAFETY: as above.
                unsafe { _mm512_storeu_si512(place, _mm512_add_epi32(sum, _mm512_cvtepi16_epi32(half))) };
            }
            *short = _mm512_setzero_si512();
        }
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    fn load(line: &Line) -> __m512i {
        // SAFETY: a line is 64 bytes that start at a multiple of 64.
        unsafe { _mm512_load_si512((&raw const *line).cast()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Stream;

    /// Overlaps small and large, of both signs, few and many of them beyond the tables, at every edge of tiles, groups and
    /// columns.
    #[test]
    fn sums_looked_up_are_sums() {
        for (n, k) in [(1, 1), (32, 15), (33, 16), (256, 70), (300, 33), (513, 600), (1100, 1000)] {
            let mut stream = Stream::new(n as u64, k as u64);
            let rows: Vec<i8> = (0..n * k).map(|_| if stream.coin() { 1 } else { -1 }).collect();
            let columns = Columns::default().appended(&rows, n, Available::in_use(), Par::serial()).unwrap();
            let indices = Indices::of(&columns, Par::with_threads(2)).unwrap();
            let state: Vec<i8> = (0..n).map(|_| stream.below(3) as i8 - 1).collect();
            // The number of neurons that the largest overlaps stand for, and how large most are.
            for (most, range) in
                [(5000, 3), (900_000, 300), (900_000, 2 * MOST), (9_000_000, 10_000), (1 << 30, 1 << 30)]
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
        let indices = Indices::of(&columns, Par::serial()).unwrap();
        let mut tables = Tables::new(&indices, 9_000_000).unwrap();
        let mut overlaps = vec![MOST + 1; k];
        overlaps[3] = -MOST;
        tables.fill(&overlaps, Available::in_use());
        assert_eq!((tables.digits, tables.beyond.len()), (1, BEYOND));
        overlaps[3] = -MOST - 1;
        tables.fill(&overlaps, Available::in_use());
        assert_eq!((tables.digits, tables.beyond.len()), (3, 0));
    }
}
