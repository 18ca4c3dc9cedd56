//! Counting, lane by lane, how many of some neurons' columns have their bit set.
//!
//! Sixteen neurons go through a tree of full adders (Harley and Seal; Muła, Kurz and Lemire 2018), which leaves one carry
//! of weight sixteen for the planes above.
//!
//! What did not help: the sixteen as an array, which the compiler takes apart word by word (twice as slow).
//!
//! Not here: what becomes of the counts.

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

/// Adds `carry` to the planes, from the lowest of them up.
#[inline(always)]
pub(super) fn ripple<const L: usize>(planes: &mut [[u64; L]], mut carry: [u64; L]) {
    for plane in planes {
        for l in 0..L {
            let sum = plane[l] ^ carry[l];
            carry[l] &= plane[l];
            plane[l] = sum;
        }
    }
}

/// The numbers, 0 or 1 a lane, that a tree adds. A trait and no array: leaves are read when they are due, into registers.
pub(super) trait Leaves<const L: usize> {
    fn leaf(&self, j: usize) -> [u64; L];
}

/// Adds the leaves of a tree to the four lowest planes; what they carry.
#[inline(always)]
pub(super) fn grow<const L: usize>(saved: &mut [[u64; L]; SAVED], leaves: &impl Leaves<L>) -> [u64; L] {
    let [ones, twos, fours, eights] = saved;
    let mut waiting_eight = [0; L];
    let mut sixteens = [0; L];
    for half in 0..2 {
        let mut waiting_four = [0; L];
        for quarter in 0..2 {
            let j = 8 * half + 4 * quarter;
            let two = add(ones, &leaves.leaf(j), &leaves.leaf(j + 1));
            let other = add(ones, &leaves.leaf(j + 2), &leaves.leaf(j + 3));
            let four = add(twos, &two, &other);
            if quarter == 0 {
                waiting_four = four;
            } else {
                let eight = add(fours, &waiting_four, &four);
                if half == 0 {
                    waiting_eight = eight;
                } else {
                    sixteens = add(eights, &waiting_eight, &eight);
                }
            }
        }
    }
    sixteens
}

/// A block of every column.
trait Blocks<const L: usize> {
    fn block(&self, i: u32) -> [u64; L];
}

/// Block number `t` of columns whose blocks are known ahead: one check of bounds a column.
struct Few<'a, const L: usize, const BLOCKS: usize> {
    columns: &'a [[[u64; L]; BLOCKS]],
    t: usize,
}

impl<const L: usize, const BLOCKS: usize> Blocks<L> for Few<'_, L, BLOCKS> {
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

impl<const L: usize> Blocks<L> for Any<'_> {
    #[inline(always)]
    fn block(&self, i: u32) -> [u64; L] {
        let mut block = [0; L];
        block.copy_from_slice(&self.columns.column(i as usize)[self.first..][..L]);
        block
    }
}

/// The columns of a tree, which may be of fewer neurons than it has leaves.
struct Listed<'a, B> {
    blocks: &'a B,
    neurons: &'a [u32],
}

impl<const L: usize, B: Blocks<L>> Leaves<L> for Listed<'_, B> {
    #[inline(always)]
    fn leaf(&self, j: usize) -> [u64; L] {
        // No closure, which would not be compiled for the instruction set of the loop around it.
        if let Some(i) = self.neurons.get(j) { self.blocks.block(*i) } else { [0; L] }
    }
}

/// Counts one block of lanes over the listed neurons.
#[inline(always)]
fn count_block<const L: usize>(blocks: &impl Blocks<L>, neurons: &[u32], planes: &mut [[u64; L]]) {
    let Some((saved, higher)) = planes.split_first_chunk_mut::<SAVED>() else { return };
    let (trees, rest) = neurons.as_chunks::<TREE>();
    // Kept in registers on the way.
    let mut lowest = *saved;
    // What trees carry waits, plane by plane, for another carry of its weight: one adder a tree, not a ripple.
    let mut waiting = [[0; L]; LEVELS];
    for (t, neurons) in trees.iter().enumerate() {
        let mut carry = grow(&mut lowest, &Listed { blocks, neurons });
        let level = t.trailing_ones() as usize;
        for (plane, waiting) in higher.iter_mut().zip(&waiting).take(level) {
            carry = add(plane, waiting, &carry);
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

for_every_set! {
    /// Adds what the listed neurons' columns have set to the planes.
    fn add_columns(columns: &Columns, neurons: &[u32], planes: &mut [u64], room: usize) {
        match columns.stride {
            4 => count_few::<4, 1>(columns, neurons, planes, room),
            8 => count_few::<8, 1>(columns, neurons, planes, room),
            16 => count_few::<8, 2>(columns, neurons, planes, room),
            _ => count_any(columns, neurons, planes, room),
        }
    }
}
