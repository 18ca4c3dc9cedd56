//! Counting, lane by lane, how many of some neurons' columns have their bit set.
//!
//! Sixteen neurons go through a tree of full adders (Harley and Seal; Muła, Kurz and Lemire 2018), which leaves one carry
//! of weight sixteen for the planes above.
//!
//! What did not help: the sixteen as an array, which the compiler takes apart word by word (twice as slow).
//!
//! Not here: what becomes of the counts.

#[cfg(target_arch = "x86_64")]
use super::count_x86;
use super::lists::Signed;
use super::{BLOCK, Columns, HALF, for_every_set};
use crate::kernel::Available;

/// Planes that a tree fills by itself,
pub(super) const SAVED: usize = 4;
/// from so many neurons.
pub(super) const TREE: usize = 1 << SAVED;

/// Planes above those, of the trees of fewer than 2³² neurons.
const LEVELS: usize = 32 - SAVED;

/// One lane-parallel full adder: the sum stays in `a`, the carry comes back.
#[inline(always)]
pub(super) fn add<const L: usize>(a: &mut [u64; L], b: &[u64; L], c: &[u64; L]) -> [u64; L] {
    let mut carry = [0; L];
    for l in 0..L {
        let half = a[l] ^ b[l];
        carry[l] = (a[l] & b[l]) | (half & c[l]);
        a[l] = half ^ c[l];
    }
    carry
}

/// Bits side by side, one a lane.
pub(super) trait Bits: Copy {
    const NONE: Self;

    /// A full adder: the sum stays, the carry comes back.
    fn add(&mut self, b: Self, c: Self) -> Self;
}

impl<const L: usize> Bits for [u64; L] {
    const NONE: Self = [0; L];

    #[inline(always)]
    fn add(&mut self, b: Self, c: Self) -> Self {
        add(self, &b, &c)
    }
}

/// Adds `carry` to the planes, from the lowest of them up.
#[inline(always)]
pub(super) fn ripple<B: Bits>(planes: &mut [B], mut carry: B) {
    for plane in planes {
        carry = plane.add(carry, B::NONE);
    }
}

/// The numbers, 0 or 1 a lane, that a tree adds. A trait and no array: leaves are read when they are due, into registers.
pub(super) trait Leaves<B> {
    fn leaf(&self, j: usize) -> B;
}

/// Adds the leaves of a tree to the four lowest planes; what they carry.
#[inline(always)]
pub(super) fn grow<B: Bits>(saved: &mut [B; SAVED], leaves: &impl Leaves<B>) -> B {
    let [ones, twos, fours, eights] = saved;
    let mut waiting_eight = B::NONE;
    let mut sixteens = B::NONE;
    for half in 0..2 {
        let mut waiting_four = B::NONE;
        for quarter in 0..2 {
            let j = 8 * half + 4 * quarter;
            let two = ones.add(leaves.leaf(j), leaves.leaf(j + 1));
            let other = ones.add(leaves.leaf(j + 2), leaves.leaf(j + 3));
            let four = twos.add(two, other);
            if quarter == 0 {
                waiting_four = four;
            } else {
                let eight = fours.add(waiting_four, four);
                if half == 0 {
                    waiting_eight = eight;
                } else {
                    sixteens = eights.add(waiting_eight, eight);
                }
            }
        }
    }
    sixteens
}

/// A block of every column.
pub(super) trait Blocks<B> {
    fn block(&self, i: u32) -> B;
}

/// Block number `t` of columns whose blocks are known ahead: one check of bounds a column.
struct Few<'a, const L: usize, const BLOCKS: usize> {
    columns: &'a [[[u64; L]; BLOCKS]],
    t: usize,
}

impl<const L: usize, const BLOCKS: usize> Blocks<[u64; L]> for Few<'_, L, BLOCKS> {
    #[inline(always)]
    fn block(&self, i: u32) -> [u64; L] {
        self.columns[i as usize][self.t]
    }
}

/// The block from word `first` on of any columns.
struct Any<'a> {
    columns: &'a Columns,
    first: usize,
}

impl<const L: usize> Blocks<[u64; L]> for Any<'_> {
    #[inline(always)]
    fn block(&self, i: u32) -> [u64; L] {
        let mut block = [0; L];
        block.copy_from_slice(&self.columns.column(i as usize)[self.first..][..L]);
        block
    }
}

/// The columns of a tree, which may be of fewer neurons than it has leaves.
struct Listed<'a, F> {
    blocks: &'a F,
    neurons: &'a [u32],
}

impl<B: Bits, F: Blocks<B>> Leaves<B> for Listed<'_, F> {
    #[inline(always)]
    fn leaf(&self, j: usize) -> B {
        // No closure, which would not be compiled for the instruction set of the loop around it.
        if let Some(i) = self.neurons.get(j) { self.blocks.block(*i) } else { B::NONE }
    }
}

/// Counts one block of lanes over the listed neurons.
#[inline(always)]
pub(super) fn count_block<B: Bits>(blocks: &impl Blocks<B>, neurons: &[u32], planes: &mut [B]) {
    let Some((saved, higher)) = planes.split_first_chunk_mut::<SAVED>() else { return };
    let (trees, rest) = neurons.as_chunks::<TREE>();
    // Kept in registers on the way.
    let mut lowest = *saved;
    // What trees carry waits, plane by plane, for another carry of its weight: one adder a tree, not a ripple.
    let mut waiting = [B::NONE; LEVELS];
    for (t, neurons) in trees.iter().enumerate() {
        let mut carry = grow(&mut lowest, &Listed { blocks, neurons });
        let level = t.trailing_ones() as usize;
        for (plane, waiting) in higher.iter_mut().zip(&waiting).take(level) {
            carry = plane.add(*waiting, carry);
        }
        waiting[level] = carry;
    }
    *saved = lowest;
    for (level, waiting) in waiting.iter().enumerate() {
        if trees.len() >> level & 1 == 1 {
            ripple(&mut higher[level..], *waiting);
        }
    }
    if !rest.is_empty() {
        ripple(higher, grow(saved, &Listed { blocks, neurons: rest }));
    }
}

/// Counts all blocks of columns that have a few.
#[inline(always)]
fn count_few<const L: usize, const BLOCKS: usize>(columns: &Columns, neurons: &[u32], planes: &mut [u64], room: usize) {
    let columns = columns.bits.as_slice().as_chunks().0.as_chunks::<BLOCKS>().0;
    for (t, planes) in planes.as_chunks_mut::<L>().0.chunks_exact_mut(room).enumerate().take(BLOCKS) {
        count_block(&Few { columns, t }, neurons, planes);
    }
}

/// Counts all blocks.
#[inline(always)]
fn count_any(columns: &Columns, neurons: &[u32], planes: &mut [u64], room: usize) {
    let blocks = columns.stride / BLOCK;
    let (planes, rest) = planes.split_at_mut(blocks * BLOCK * room);
    for (t, planes) in planes.as_chunks_mut::<BLOCK>().0.chunks_exact_mut(room).enumerate() {
        count_block(&Any { columns, first: t * BLOCK }, neurons, planes);
    }
    if !rest.is_empty() {
        count_block(&Any { columns, first: blocks * BLOCK }, neurons, rest.as_chunks_mut::<HALF>().0);
    }
}

/// Adds what the listed neurons' columns have set to the planes, of which there is `room` in a block, and subtracts.
pub(super) fn count(columns: &Columns, neurons: &Signed, planes: &mut [u64], room: usize, set: Available) {
    if !neurons.minus().is_empty() {
        complement(planes);
        add_columns(set, columns, neurons.minus(), planes, room);
        // In two's complement: −1 − ((−1 − x) + y) = x − y.
        complement(planes);
    }
    add_columns(set, columns, neurons.plus(), planes, room);
}

/// Turns every number `x` into `−1 − x`.
fn complement(planes: &mut [u64]) {
    for word in planes {
        *word = !*word;
    }
}

/// Adds what the listed neurons' columns have set to the planes.
fn add_columns(set: Available, columns: &Columns, neurons: &[u32], planes: &mut [u64], room: usize) {
    match (set.set(), columns.stride) {
        // SAFETY: an `Available` is made only after `InstructionSet::is_available` found these features.
        #[cfg(target_arch = "x86_64")]
        (crate::InstructionSet::Avx512, 8) => unsafe { count_x86::count_few::<1>(columns, neurons, planes, room) },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        (crate::InstructionSet::Avx512, 16) => unsafe { count_x86::count_few::<2>(columns, neurons, planes, room) },
        _ => plain_add_columns(set, columns, neurons, planes, room),
    }
}

for_every_set! {
    fn plain_add_columns(columns: &Columns, neurons: &[u32], planes: &mut [u64], room: usize) {
        match columns.stride {
            4 => count_few::<4, 1>(columns, neurons, planes, room),
            8 => count_few::<8, 1>(columns, neurons, planes, room),
            16 => count_few::<8, 2>(columns, neurons, planes, room),
            _ => count_any(columns, neurons, planes, room),
        }
    }
}
