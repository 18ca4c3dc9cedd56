//! The fields of all neurons in one state, by looking sums of overlaps up instead of counting bits. It pays with AVX-512, where
//! a register is a table.
//!
//! Sixteen patterns are one index of 16 bits a neuron, six, five and five of them: three tables in registers hold what
//! every choice of those patterns' overlaps adds up to, and one lookup serves 32 neurons. The indices are the columns'
//! bits in another order, [`Indices`], made once for many states; the tables are one state's, [`Tables`].
//!
//! Sums are exact. Entries are 16-bit integers: what an overlap has beyond ±2047 is left to a list, and sums move to 32
//! bits before they could overflow. A state with a longer list than is worth it has no tables; popcounts take over.
//!
//! Not here: single neurons, and states that change between visits; a table takes as long as some hundred visits.

use super::{Columns, PIECE};
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
/// Patterns of an index.
const GROUP: usize = 16;
/// Lines of a group's tables: 64, 32 and 32 entries.
const TABLE: usize = 4;
/// The largest overlap that tables hold: sixteen of them fit in 16 bits.
const MOST: i64 = 2047;
/// Overlaps beyond it that a state may have.
const BEYOND: usize = 8;
/// Patterns for which 32 bits hold all sums, and more than enough.
const MOST_PATTERNS: usize = 1 << 19;
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
}

impl Indices {
    /// Those of `columns`, where they pay.
    pub(crate) fn of(columns: &Columns, set: Available, par: Par) -> Result<Option<Self>> {
        let (n, k) = (columns.n, columns.k);
        if set.set() != InstructionSet::Avx512 || n < LEAST_NEURONS || k > MOST_PATTERNS {
            return Ok(None);
        }
        Self::made(columns, par).map(Some)
    }

    fn made(columns: &Columns, par: Par) -> Result<Self> {
        let n = columns.n;
        let groups = columns.k.div_ceil(GROUP);
        let tile = groups * LINES;
        let mut lines = try_vec(n.div_ceil(TILE) * tile, ZEROS, "packed patterns")?;
        let pieces = lines.chunks_mut(PIECE / TILE * tile).enumerate();
        par.each(
            n.div_ceil(PIECE),
            pieces,
            || Ok(()),
            |_, (), (piece, lines)| {
                for i in piece * PIECE..n.min((piece + 1) * PIECE) {
                    let (line, place) = (i / LINE % LINES, i % LINE);
                    let tile = &mut lines[i % PIECE / TILE * tile..][..tile];
                    let indices = columns.column(i).iter().flat_map(|word| (0..4).map(move |part| word >> (16 * part)));
                    for (lines, index) in tile.chunks_exact_mut(LINES).zip(indices) {
                        lines[line].0[place] = index as i16;
                    }
                }
                Ok(())
            },
        )?;
        Ok(Self { lines, groups })
    }
}

/// What choices of a state's overlaps add up to.
#[derive(Debug, Default)]
pub(crate) struct Tables {
    lines: Vec<Line>,
    /// `Σ|a|` of each group's entries.
    sizes: Vec<i32>,
    /// Patterns with more than the tables hold, and how much more.
    beyond: Vec<(usize, i64)>,
    /// `Σ_μ a^μ`.
    total: i64,
    k: usize,
}

impl Tables {
    /// Room for the overlaps with `k` patterns.
    pub(crate) fn new(k: usize) -> Result<Self> {
        let groups = k.div_ceil(GROUP);
        Ok(Self {
            lines: try_vec(groups * TABLE, ZEROS, PURPOSE)?,
            sizes: try_vec(groups, 0, PURPOSE)?,
            beyond: Vec::with_capacity(BEYOND + 1),
            total: 0,
            k,
        })
    }

    /// Takes a state's `overlaps`; whether the tables stand for them.
    pub(crate) fn fill(&mut self, overlaps: &[i64]) -> bool {
        self.beyond.clear();
        self.total = overlaps.iter().sum();
        let groups = overlaps.chunks(GROUP).zip(self.lines.chunks_exact_mut(TABLE)).zip(&mut self.sizes);
        for (group, ((overlaps, lines), size)) in groups.enumerate() {
            let mut held = [0; GROUP];
            for (place, a) in overlaps.iter().enumerate() {
                let most = (*a).clamp(-MOST, MOST);
                held[place] = most as i16;
                if most != *a {
                    self.beyond.push((group * GROUP + place, a - most));
                    if self.beyond.len() > BEYOND {
                        return false;
                    }
                }
            }
            *size = held.iter().map(|a| i32::from(*a).abs()).sum();
            // Six patterns take two lines, the upper of which has the sixth.
            lines[0] = choices(&held[..5], 0);
            lines[1] = choices(&held[..5], held[5]);
            lines[2] = choices(&held[6..11], 0);
            lines[3] = choices(&held[11..], 0);
        }
        true
    }

    /// Writes `Σ_μ ξ_i^μ a^μ − k x_i` for the neurons from `first`, a multiple of 512, on.
    pub(crate) fn fields(&self, indices: &Indices, state: &[i8], first: usize, out: &mut [i64], set: Available) {
        debug_assert!(first.is_multiple_of(TILE), "whole tiles");
        let tile = indices.groups * LINES;
        for (number, out) in out.chunks_mut(TILE).enumerate() {
            let tile = &indices.lines[(first / TILE + number) * tile..][..tile];
            let sums = sums(set, tile, &self.lines, &self.sizes);
            let state = &state[first + number * TILE..];
            for ((field, sum), x) in out.iter_mut().zip(&sums).zip(state) {
                *field = 2 * i64::from(*sum) - self.total - self.k as i64 * i64::from(*x);
            }
            for (mu, more) in &self.beyond {
                let lines = &tile[mu / GROUP * LINES..][..LINES];
                for (line, out) in lines.iter().zip(out.chunks_mut(LINE)) {
                    for (index, field) in line.0.iter().zip(out) {
                        *field += 2 * more * i64::from(index >> (mu % GROUP) & 1);
                    }
                }
            }
        }
    }
}

/// `base` and the sum of some of five values, for every choice of them.
fn choices(values: &[i16], base: i16) -> Line {
    let mut line = Line([base; LINE]);
    for (bit, value) in values.iter().enumerate() {
        for (choice, sum) in line.0.iter_mut().enumerate() {
            *sum += if choice >> bit & 1 == 1 { *value } else { 0 };
        }
    }
    line
}

/// The sums that a tile's indices choose from all tables.
fn sums(set: Available, tile: &[Line], tables: &[Line], sizes: &[i32]) -> [i32; TILE] {
    match set.set() {
        // SAFETY: an `Available` is made only after `InstructionSet::is_available` found these features.
        #[cfg(target_arch = "x86_64")]
        InstructionSet::Avx512 => unsafe { avx512::sums(tile, tables, sizes) },
        _ => plain_sums(tile, tables),
    }
}

/// The reference: one choice after another.
fn plain_sums(tile: &[Line], tables: &[Line]) -> [i32; TILE] {
    let mut sums = [0; TILE];
    for (lines, tables) in tile.as_chunks::<LINES>().0.iter().zip(tables.as_chunks::<TABLE>().0) {
        for (sums, line) in sums.as_chunks_mut::<LINE>().0.iter_mut().zip(lines) {
            for (sum, index) in sums.iter_mut().zip(line.0) {
                let index = usize::from(index as u16);
                let first = tables[index % 64 / LINE].0[index % LINE];
                let (second, third) = (tables[2].0[(index >> 6) % LINE], tables[3].0[index >> 11]);
                *sum += i32::from(first) + i32::from(second) + i32::from(third);
            }
        }
    }
    sums
}

#[cfg(target_arch = "x86_64")]
mod avx512 {
    use std::arch::x86_64::{
        __m512i, _mm512_add_epi16, _mm512_load_si512, _mm512_permutex2var_epi16, _mm512_permutexvar_epi16,
        _mm512_setzero_si512, _mm512_srli_epi16, _mm512_store_si512,
    };

    use super::{LINE, LINES, Line, TABLE, TILE, ZEROS};

    #[target_feature(enable = "avx512f,avx512bw")]
    pub(super) fn sums(tile: &[Line], tables: &[Line], sizes: &[i32]) -> [i32; TILE] {
        let mut sums = [0; TILE];
        let groups = tile.as_chunks::<LINES>().0.iter().zip(tables.as_chunks::<TABLE>().0).zip(sizes);
        let (mut short, mut size) = ([_mm512_setzero_si512(); LINES], 0);
        for ((lines, tables), more) in groups {
            if size + more > i32::from(i16::MAX) {
                widen(&mut short, &mut sums);
                size = 0;
            }
            size += more;
            let [low, high, middle, last] = [load(&tables[0]), load(&tables[1]), load(&tables[2]), load(&tables[3])];
            for (short, line) in short.iter_mut().zip(lines) {
                // A lookup reads as many bits of the index as its table needs.
                let index = load(line);
                let first = _mm512_permutex2var_epi16(low, index, high);
                let second = _mm512_permutexvar_epi16(_mm512_srli_epi16::<6>(index), middle);
                let third = _mm512_permutexvar_epi16(_mm512_srli_epi16::<11>(index), last);
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
            let mut line = ZEROS;
            // SAFETY: a line is 64 bytes that start at a multiple of 64.
            unsafe { _mm512_store_si512((&raw mut line).cast(), *short) };
            *short = _mm512_setzero_si512();
            for (sum, short) in sums.iter_mut().zip(line.0) {
                *sum += i32::from(short);
            }
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

    /// Overlaps small and large, of both signs and within the list, at every edge of tiles, groups and columns.
    #[test]
    fn sums_looked_up_are_sums() {
        for (n, k) in [(1, 1), (32, 16), (33, 17), (256, 70), (300, 33), (513, 600), (1100, 1000)] {
            let mut stream = Stream::new(n as u64, k as u64);
            let rows: Vec<i8> = (0..n * k).map(|_| if stream.coin() { 1 } else { -1 }).collect();
            let columns = Columns::default().appended(&rows, n, Available::in_use(), Par::serial()).unwrap();
            let indices = Indices::made(&columns, Par::with_threads(2)).unwrap();
            let state: Vec<i8> = (0..n).map(|_| stream.below(3) as i8 - 1).collect();
            let mut tables = Tables::new(k).unwrap();
            for range in [3, 300, 2 * MOST as u64 + 1] {
                let mut a: Vec<i64> = (0..k).map(|_| stream.below(range) as i64 - range as i64 / 2).collect();
                for (place, most) in [(0, 2048), (k / 2, -2048), (k - 1, 900_000), (k / 3, -5000)] {
                    a[place] = most;
                }
                assert!(tables.fill(&a));
                for set in InstructionSet::ALL.into_iter().filter(|set| set.is_available()) {
                    let mut h = vec![0; n];
                    tables.fields(&indices, &state, 0, &mut h, Available::or_portable(set));
                    for i in 0..n {
                        let sum: i64 = rows.chunks(n).zip(&a).map(|(row, a)| i64::from(row[i]) * a).sum();
                        assert_eq!(h[i], sum - k as i64 * i64::from(state[i]), "{set:?} {n} {k} {range} {i}");
                    }
                    if n > TILE {
                        let mut rest = vec![0; n - TILE];
                        tables.fields(&indices, &state, TILE, &mut rest, Available::or_portable(set));
                        assert_eq!(rest, h[TILE..], "{set:?} {n} {k}");
                    }
                }
            }
        }
    }

    #[test]
    fn many_large_overlaps_are_left_to_popcounts() {
        let mut tables = Tables::new(BEYOND + 1).unwrap();
        let mut overlaps = [MOST + 1; BEYOND + 1];
        overlaps[3] = -MOST;
        assert!(tables.fill(&overlaps));
        overlaps[3] = -MOST - 1;
        assert!(!tables.fill(&overlaps));
    }
}
