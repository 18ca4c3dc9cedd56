//! How well the rows agree with a state: one count a lane, bit-sliced, and the exact integer fields that follow from them.
//!
//! With `x_j ∈ {−1, 0, +1}` (0: undecided), `C^μ` the number of neurons that agree and `n'` the number of decided ones,
//! the overlap is `a^μ = ξ^μ·x = 2 C^μ − n'`. Kept are the numbers `c^μ = C^μ − o` with one offset `o` near `n'/2` for all
//! lanes: plane `b` holds bit `b` of every lane's `c`, in two's complement. The field of neuron `i` without its own
//! share is
//!
//! ```text
//! Σ_μ ξ_i^μ a^μ − k x_i  =  4 Σ_{μ: ξ_i^μ = +1} c^μ + (4 o − 2 n') ones_i − (2 Σ_μ C^μ − k n') − k x_i
//! ```
//!
//! where the first sum is a Horner sum of popcounts, plane by plane, of the column's bits. Changing a neuron adds ±1 to
//! every lane at once: a ripple of carries through the planes. Nothing is ever rounded.
//!
//! Overlaps with patterns other than the one retrieved are of the order of √n, so a few planes do for nearly all lanes.
//! The few lanes that need more keep their low bits in the planes, and their whole number [`apart`](Agreements). After
//! as many changes as might outgrow the planes, their number is chosen anew.
//!
//! Planes lie block by block (the words of a block side by side, its planes in a row), so that a block of a column
//! stays in registers while the planes stream past.
//!
//! Not here: how the agreements are counted (`count`) and what fields are asked for (`visit`).

use super::count::{add, count, ripple};
use super::lists::Signed;
use super::{Available, BLOCK, Columns, HALF, Words, decided, for_every_set};
use crate::error::Result;
use crate::par::Watch;

/// Lanes that may need more planes than there are.
const APART: usize = 2;
/// Planes to keep at the least; numbers may change 2^(planes − 3) times before there must be more.
const LEAST: usize = 7;
/// Neurons counted between two looks at whether to go on, at most, and words: a few milliseconds.
const PIECE: usize = 4096;
const CHECK_WORDS: usize = 1 << 22;

/// The agreements of one state with every row.
#[derive(Debug, Default)]
pub(crate) struct Agreements {
    pub(super) planes: Words,
    /// Planes that there is room for: enough for any count and a sign.
    pub(super) room: usize,
    /// Planes in use; the last is the sign.
    pub(super) depth: usize,
    /// `o`, what the numbers in the planes lack of the counts.
    pub(super) offset: i64,
    /// Lanes whose number needs more than `depth` planes, and that number.
    apart: Vec<(usize, i64)>,
    /// Changes before a number might outgrow the planes.
    slack: usize,
    pub(super) k: usize,
    /// `n'`, the neurons that are not 0.
    pub(super) decided: i64,
    /// `Σ_μ C^μ`.
    pub(super) total: i64,
    /// Neurons of the piece of a state that is counted.
    counted: Signed,
    /// What it was counted with.
    set: Option<Available>,
}

impl Agreements {
    /// Room for the agreements with `columns`; `count` fills it.
    pub(crate) fn new(columns: &Columns) -> Result<Self> {
        let bits = (usize::BITS - columns.n.leading_zeros()) as usize;
        let room = bits.max(LEAST) + 1;
        let planes = Words::zeroed(columns.stride * room, "agreements")?;
        let counted = Signed::new(PIECE.min(columns.n))?;
        Ok(Self { planes, room, k: columns.k, apart: Vec::with_capacity(APART), counted, ..Self::default() })
    }

    /// Counts anew, for `state`.
    pub(crate) fn count(&mut self, columns: &Columns, state: &[i8], set: Available, watch: &Watch) -> Result<()> {
        self.set = Some(set);
        self.planes.as_mut_slice().fill(0);
        self.apart.clear();
        (self.depth, self.offset) = (self.room, 0);
        let most = (CHECK_WORDS / columns.stride.max(1)).clamp(1, PIECE);
        for (at, piece) in state.chunks(most).enumerate() {
            self.counted.list_plus(piece, at * most, set);
            self.counted.list_minus(piece, at * most, set);
            // Who is −1 agrees where no bit is set: one less for each bit, and one more for all lanes.
            count(columns, &self.counted, self.planes.as_mut_slice(), self.room, set);
            self.offset += self.counted.minus().len() as i64;
            watch.check()?;
        }
        self.decided = decided(state) as i64;
        self.total = self.k as i64 * self.offset;
        for w in 0..self.k.div_ceil(64) {
            for b in 0..self.depth {
                let ones = i64::from((self.word(w, b) & self.lanes(w)).count_ones());
                self.total += if b == self.depth - 1 { -ones } else { ones } << b;
            }
        }
        self.narrow(set);
        Ok(())
    }

    /// Chooses the offset and the number of planes that suit the counts.
    fn narrow(&mut self, set: Available) {
        // All planes there is room for,
        for w in 0..self.k.div_ceil(64) {
            let sign = self.word(w, self.depth - 1);
            (self.depth..self.room).for_each(|b| *self.word_mut(w, b) = sign);
        }
        for place in 0..self.apart.len() {
            let (lane, number) = self.apart[place];
            for b in self.depth..self.room {
                let word = self.word_mut(lane / 64, b);
                *word = *word & !(1 << (lane % 64)) | ((number >> b & 1) as u64) << (lane % 64);
            }
        }
        self.depth = self.room;
        self.apart.clear();
        let offset = self.decided / 2;
        shift(set, self, self.offset - offset);
        self.offset = offset;
        // and then as few as nearly all numbers fit in with room to spare.
        let words = self.k.div_ceil(64);
        let beyond = |depth: usize| (0..words).map(|w| self.beyond(depth, w).count_ones() as usize).sum::<usize>();
        let depth = (LEAST..self.room).find(|depth| beyond(*depth) <= APART).unwrap_or(self.room);
        for w in 0..words {
            let mut lanes = self.beyond(depth, w);
            while lanes != 0 && depth < self.room {
                let lane = 64 * w + lanes.trailing_zeros() as usize;
                self.apart.push((lane, self.number(lane)));
                lanes &= lanes - 1;
            }
        }
        self.depth = depth;
        self.slack = 1 << (depth - 3);
    }

    /// The lanes of word `w` whose numbers might not fit in `depth` planes after `2^(depth − 3)` changes: those from
    /// `3 · 2^(depth − 3)` on, in size.
    fn beyond(&self, depth: usize, w: usize) -> u64 {
        let sign = self.word(w, self.depth - 1);
        let size = |b: usize| self.word(w, b) ^ sign;
        (depth - 1..self.depth - 1).fold(size(depth - 2) & size(depth - 3), |beyond, b| beyond | size(b))
            & self.lanes(w)
    }

    /// What the planes hold for a lane.
    fn number(&self, lane: usize) -> i64 {
        let bit = |b: usize| (self.word(lane / 64, b) >> (lane % 64) & 1) as i64;
        (0..self.depth - 1).rev().fold(-bit(self.depth - 1), |number, b| 2 * number + bit(b))
    }

    /// Follows neuron `i` from one value to another; it may leave 0 but never come back to it.
    pub(crate) fn replace(&mut self, columns: &Columns, i: usize, from: i8, to: i8, set: Available) {
        debug_assert!(to != 0 && from != to, "a change to a value");
        if self.slack == 0 {
            self.narrow(set);
        }
        self.slack -= 1;
        let ones = replace(set, columns, self, i, from, to);
        for (lane, number) in &mut self.apart {
            let agrees = (columns.column(i)[*lane / 64] >> (*lane % 64) & 1 == 1) == (to > 0);
            *number += if agrees { 1 } else { -i64::from(from != 0) };
        }
        let agreeing = |value: i8| if value > 0 { ones } else { self.k as i64 - ones };
        self.total += agreeing(to) - if from == 0 { 0 } else { agreeing(from) };
        self.decided += i64::from(from == 0);
    }

    /// The first lane that agrees in exactly `count` neurons.
    pub(crate) fn first_lane(&self, count: usize) -> Option<usize> {
        (0..self.k.div_ceil(64)).find_map(|w| {
            let equal = self.lanes_with(count, w);
            (equal != 0).then(|| 64 * w + equal.trailing_zeros() as usize)
        })
    }

    /// The lanes of word `w` that agree in exactly `count` neurons.
    pub(crate) fn lanes_with(&self, count: usize, w: usize) -> u64 {
        let number = count as i64 - self.offset;
        let fits = number >> (self.depth - 1) == number >> 63;
        let mut equal = if fits { self.lanes(w) } else { 0 };
        for b in 0..self.depth {
            equal &= self.word(w, b) ^ if number >> b & 1 == 1 { 0 } else { !0 };
        }
        for (lane, apart) in self.apart.iter().filter(|(lane, _)| lane / 64 == w) {
            equal = equal & !(1 << (lane % 64)) | u64::from(*apart == number) << (lane % 64);
        }
        equal
    }

    /// Writes the overlaps `a^μ`.
    pub(crate) fn overlaps(&self, out: &mut [i64]) {
        overlaps(self.set.unwrap_or_else(Available::in_use), self, out);
        for (lane, number) in &self.apart {
            out[*lane] = 2 * (self.offset + number) - self.decided;
        }
    }

    /// The number of neurons that are not 0.
    pub(crate) fn decided(&self) -> i64 {
        self.decided
    }

    /// Takes over the overlaps `a^μ` of a state with as many decided neurons as the last one.
    pub(crate) fn adopt(&mut self, overlaps: impl Iterator<Item = i64>, set: Available) {
        self.planes.as_mut_slice().fill(0);
        self.apart.clear();
        (self.depth, self.offset, self.total) = (self.room, 0, 0);
        for (lane, overlap) in overlaps.enumerate().take(self.k) {
            let count = i64::midpoint(overlap, self.decided);
            self.total += count;
            for b in 0..self.room {
                *self.word_mut(lane / 64, b) |= ((count >> b & 1) as u64) << (lane % 64);
            }
        }
        self.narrow(set);
    }

    /// What the lanes apart add to the Horner sum of a column: their numbers less what the planes hold of them.
    #[inline(always)]
    pub(super) fn outgrown(&self, column: &[u64]) -> i64 {
        let half = 1 << (self.depth - 1);
        let mut sum = 0;
        for (lane, number) in &self.apart {
            let bit = (column[lane / 64] >> (lane % 64) & 1) as i64;
            // Half up, then cut: what two's complement of `depth` bits cannot hold.
            sum += -bit & ((number + half) & -(2 * half));
        }
        sum
    }

    /// The lanes in use of word `w`.
    #[inline(always)]
    pub(super) fn lanes(&self, w: usize) -> u64 {
        match self.k.saturating_sub(64 * w) {
            left @ 0..64 => (1 << left) - 1,
            _ => !0,
        }
    }

    /// Word `w` of plane `b`.
    fn word(&self, w: usize, b: usize) -> u64 {
        self.planes.as_slice()[self.place(w, b)]
    }

    fn word_mut(&mut self, w: usize, b: usize) -> &mut u64 {
        let place = self.place(w, b);
        &mut self.planes.as_mut_slice()[place]
    }

    fn place(&self, w: usize, b: usize) -> usize {
        let first = w / BLOCK * BLOCK;
        let width = (super::stride(self.k) - first).min(BLOCK);
        first * self.room + b * width + w % BLOCK
    }
}

/// The bits that are set.
#[inline(always)]
fn ones(words: &[u64]) -> i64 {
    let mut ones = 0;
    for word in words {
        ones += i64::from(word.count_ones());
    }
    ones
}

/// The lanes of a column's block that agree with the value `x`.
#[inline(always)]
fn agreeing<const L: usize>(block: &[u64; L], x: i8) -> [u64; L] {
    let negative = (i64::from(x) >> 63) as u64;
    block.map(|word| word ^ negative)
}

/// Adds +1 to the lanes that agree with `to`, and −1 to those that agreed with `from` unless it is 0.
#[inline(always)]
fn replace_block<const L: usize>(block: &[u64; L], planes: &mut [[u64; L]], from: i8, to: i8) -> i64 {
    let up = agreeing(block, to);
    if from == 0 {
        ripple(planes, up);
    } else if let Some((lowest, higher)) = planes.split_first_mut() {
        // ±1 in two's complement: bit 0 is set either way, the higher bits are those of the sign.
        let mut carry = *lowest;
        *lowest = carry.map(|word| !word);
        for plane in higher {
            for l in 0..L {
                let half = plane[l] ^ !up[l];
                let sum = half ^ carry[l];
                carry[l] = (plane[l] & !up[l]) | (half & carry[l]);
                plane[l] = sum;
            }
        }
    }
    ones(block)
}

/// Adds the bits of `constant` to every lane's number, as far as the planes go.
#[inline(always)]
fn shift_block<const L: usize>(planes: &mut [[u64; L]], constant: i64) {
    let mut carry = [0; L];
    for (b, plane) in planes.iter_mut().enumerate() {
        let addend = [(constant >> b.min(63) & 1).wrapping_neg() as u64; L];
        carry = add(plane, &addend, &carry);
    }
}

for_every_set! {
    /// Writes the overlaps, as the planes have them.
    fn overlaps(agreements: &Agreements, out: &mut [i64]) {
        let base = 2 * agreements.offset - agreements.decided;
        let depth = agreements.depth;
        for (w, out) in out.chunks_mut(64).enumerate() {
            let mut numbers = [base; 64];
            for b in 0..depth {
                let (word, weight) = (agreements.word(w, b), if b == depth - 1 { -2 << b } else { 2 << b });
                for lane in 0..64 {
                    numbers[lane] += (word >> lane & 1) as i64 * weight;
                }
            }
            out.copy_from_slice(&numbers[..out.len()]);
        }
    }

    fn shift(agreements: &mut Agreements, constant: i64) {
        let room = agreements.room;
        let blocks = super::stride(agreements.k) / BLOCK;
        let (planes, rest) = agreements.planes.as_mut_slice().split_at_mut(blocks * BLOCK * room);
        for planes in planes.as_chunks_mut::<BLOCK>().0.chunks_exact_mut(room) {
            shift_block(planes, constant);
        }
        shift_block(rest.as_chunks_mut::<HALF>().0, constant);
    }

    fn replace(columns: &Columns, agreements: &mut Agreements, i: usize, from: i8, to: i8) -> i64 {
        let (room, depth) = (agreements.room, agreements.depth);
        let (blocks, rest) = columns.column(i).as_chunks::<BLOCK>();
        let (planes, rest_planes) = agreements.planes.as_mut_slice().split_at_mut(blocks.len() * BLOCK * room);
        let mut ones = 0;
        for (block, planes) in blocks.iter().zip(planes.as_chunks_mut::<BLOCK>().0.chunks_exact_mut(room)) {
            ones += replace_block(block, &mut planes[..depth], from, to);
        }
        if let Some(block) = rest.first_chunk::<HALF>() {
            ones += replace_block(block, &mut rest_planes.as_chunks_mut::<HALF>().0[..depth], from, to);
        }
        ones
    }
}
