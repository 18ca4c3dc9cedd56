//! Counting, lane by lane, in how many neurons columns and a state agree.
//!
//! Sixteen neurons go through a tree of full adders (Harley and Seal; Muła, Kurz and Lemire 2018), which leaves one carry
//! of weight sixteen for the planes above.
//!
//! What did not help: the sixteen as an array, which the compiler takes apart word by word (twice as slow).
//!
//! Not here: what becomes of the counts.

use super::{BLOCK, Columns, HALF, for_every_set};

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

/// The lanes of a column's block that agree with the value `x`.
#[inline(always)]
pub(super) fn agreeing<const L: usize>(block: &[u64], x: i8) -> [u64; L] {
    let negative = (i64::from(x) >> 63) as u64;
    let decided = (i64::from(x) & 1).wrapping_neg() as u64;
    let mut lanes = [0; L];
    for (lane, word) in lanes.iter_mut().zip(block) {
        *lane = (word ^ negative) & decided;
    }
    lanes
}

/// The agreements of sixteen neurons, in a state that may have zeros or not.
struct Agreeing<'a, const ZEROS: bool> {
    columns: &'a Columns,
    first: usize,
    i0: usize,
    values: &'a [i8; TREE],
}

impl<const L: usize, const ZEROS: bool> Leaves<L> for Agreeing<'_, ZEROS> {
    #[inline(always)]
    fn leaf(&self, j: usize) -> [u64; L] {
        let block = &self.columns.column(self.i0 + j)[self.first..][..L];
        // Without zeros no lane is masked, and nobody need work out the mask.
        agreeing(block, if ZEROS { self.values[j] } else { self.values[j] | 1 })
    }
}

/// Counts one block of lanes over the neurons from `i0` on, whose values are `state`.
#[inline(always)]
fn count_block<const L: usize, const ZEROS: bool>(
    columns: &Columns,
    first: usize,
    i0: usize,
    state: &[i8],
    planes: &mut [[u64; L]],
) {
    let Some((saved, higher)) = planes.split_first_chunk_mut::<SAVED>() else { return };
    let (trees, rest) = state.as_chunks::<TREE>();
    // Kept in registers on the way.
    let mut lowest = *saved;
    // What trees carry waits, plane by plane, for another carry of its weight: one adder a tree, not a ripple.
    let mut waiting = [[0; L]; LEVELS];
    for (t, values) in trees.iter().enumerate() {
        let mut carry = grow(&mut lowest, &Agreeing::<ZEROS> { columns, first, i0: i0 + t * TREE, values });
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
    let i0 = i0 + TREE * trees.len();
    for (j, x) in rest.iter().enumerate() {
        ripple(planes, agreeing(&columns.column(i0 + j)[first..][..L], *x));
    }
}

/// Counts all blocks.
#[inline(always)]
fn count_blocks<const ZEROS: bool>(columns: &Columns, i0: usize, state: &[i8], planes: &mut [u64], room: usize) {
    let blocks = columns.stride / BLOCK;
    let (planes, rest) = planes.split_at_mut(blocks * BLOCK * room);
    for (t, planes) in planes.as_chunks_mut::<BLOCK>().0.chunks_exact_mut(room).enumerate() {
        count_block::<BLOCK, ZEROS>(columns, t * BLOCK, i0, state, planes);
    }
    if !rest.is_empty() {
        count_block::<HALF, ZEROS>(columns, blocks * BLOCK, i0, state, rest.as_chunks_mut::<HALF>().0);
    }
}

for_every_set! {
    /// Adds to the planes, of which there is `room` in a block, the agreements with the neurons from `i0` on.
    pub(super) fn count(columns: &Columns, i0: usize, state: &[i8], planes: &mut [u64], room: usize) {
        if state.contains(&0) {
            count_blocks::<true>(columns, i0, state, planes, room);
        } else {
            count_blocks::<false>(columns, i0, state, planes, room);
        }
    }
}
