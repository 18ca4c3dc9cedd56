//! How well the rows agree with a state: one count a lane, bit-sliced, and the exact integer fields that follow from them.
//!
//! Plane `b` holds bit `b` of every lane's count of agreeing neurons. With `x_j ∈ {−1, 0, +1}` (0: undecided), `C^μ`
//! that count and `n'` the number of decided neurons, the overlap is `a^μ = ξ^μ·x = 2 C^μ − n'`, and the field of neuron
//! `i` without its own share is
//!
//! ```text
//! Σ_μ ξ_i^μ a^μ − k x_i  =  4 Σ_{μ: ξ_i^μ = +1} C^μ − 2 n' ones_i − (2 Σ_μ C^μ − k n') − k x_i
//! ```
//!
//! where the first sum is a Horner sum of popcounts, plane by plane, of the column's bits. Changing a neuron adds ±1 to
//! every lane at once: a ripple of carries through the planes. Nothing is ever rounded.
//!
//! Planes lie block by block (the words of a block side by side, its planes in a row), so that a block of a column
//! stays in registers while the planes stream past.

use super::{Available, BLOCK, Columns, HALF, Words, for_every_set};
use crate::error::Result;

/// Planes that the carry-save adder fills by itself, sixteen neurons at a time.
pub(super) const SAVED: usize = 4;
/// How many visits ahead a column is asked for.
const AHEAD: usize = 8;

/// The agreements of one state with every row.
#[derive(Debug, Default)]
pub(crate) struct Agreements {
    planes: Words,
    /// Planes a lane has: enough for the count `n`.
    depth: usize,
    k: usize,
    /// `n'`, the neurons that are not 0.
    decided: i64,
    /// `Σ_μ C^μ`.
    total: i64,
}

/// When a neuron is content: its value is the sign of twice its field less a threshold.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stable<'a> {
    /// One a neuron, or none at all for zeros.
    pub thresholds: &'a [i64],
    /// Whether a neuron with a value keeps it where the difference is exactly 0.
    pub ties_hold: bool,
}

impl Stable<'_> {
    /// Twice the field of neuron `i` less its threshold: its sign is the value that a visit gives.
    #[inline(always)]
    pub(crate) fn margin(self, i: usize, field: i64) -> i64 {
        2 * field - self.thresholds.get(i).copied().unwrap_or(0)
    }
}

/// A real number as an integer, the nearest one where that fits, and the rest: no part of a small rest is lost to a
/// large integer.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Crossing {
    pub whole: i64,
    pub part: f64,
}

/// What fields are compared with where chance pulls: the value is +1 above it, else −1.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sway<'a> {
    /// One a neuron, or none at all for zeros.
    pub crossings: &'a [Crossing],
    /// Units of `noise` in a unit of integer fields.
    pub scale: f64,
    /// One a visit, added to the neuron's crossing.
    pub noise: &'a [f64],
}

impl Sway<'_> {
    /// The value that visit number `place`, of neuron `i`, gives it.
    #[inline(always)]
    pub(crate) fn lean(self, i: usize, place: usize, field: i64) -> i8 {
        let Crossing { whole, part } = self.crossings.get(i).copied().unwrap_or_default();
        if (field - whole) as f64 > part + self.scale * self.noise[place] { 1 } else { -1 }
    }
}

impl Agreements {
    /// Room for the agreements with `columns`; `count` fills it.
    pub(crate) fn new(columns: &Columns) -> Result<Self> {
        let depth = (usize::BITS - columns.n.leading_zeros()) as usize;
        let depth = depth.max(SAVED);
        let planes = Words::zeroed(columns.stride * depth, "agreements")?;
        Ok(Self { planes, depth, k: columns.k, decided: 0, total: 0 })
    }

    /// Counts anew, for `state`.
    pub(crate) fn count(&mut self, columns: &Columns, state: &[i8], set: Available) {
        count(set, columns, state, self);
        self.decided = state.iter().filter(|x| **x != 0).count() as i64;
        self.total = 0;
        for w in 0..self.k.div_ceil(64) {
            for b in 0..self.depth {
                self.total += i64::from((self.word(w, b) & self.lanes(w)).count_ones()) << b;
            }
        }
    }

    /// `Σ_μ ξ_i^μ a^μ − k x_i` for the neurons from `first` on.
    pub(crate) fn fields(&self, columns: &Columns, state: &[i8], first: usize, out: &mut [i64], set: Available) {
        fields(set, columns, self, state, first, out);
    }

    /// Visits the neurons that `order` lists until one is not content; its place in the list and its field.
    pub(crate) fn first_unstable(
        &self,
        columns: &Columns,
        state: &[i8],
        stable: Stable,
        order: &[u32],
        set: Available,
    ) -> Option<(usize, i64)> {
        first_unstable(set, columns, self, state, stable, order)
    }

    /// The same where chance pulls; visits until one gives another value.
    pub(crate) fn first_swayed(
        &self,
        columns: &Columns,
        state: &[i8],
        sway: Sway,
        order: &[u32],
        set: Available,
    ) -> Option<(usize, i64)> {
        first_swayed(set, columns, self, state, sway, order)
    }

    /// Follows neuron `i` from one value to another; it may leave 0 but never come back to it.
    pub(crate) fn replace(&mut self, columns: &Columns, i: usize, from: i8, to: i8, set: Available) {
        debug_assert!(to != 0 && from != to, "a change to a value");
        let ones = replace(set, columns, self, i, from, to);
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
        (0..self.depth).fold(self.lanes(w), |equal, b| {
            let wanted = if (count >> b) & 1 == 1 { 0 } else { !0 };
            equal & (self.word(w, b) ^ wanted)
        })
    }

    /// Writes the overlaps `a^μ`.
    pub(crate) fn overlaps(&self, out: &mut [i64]) {
        for (w, out) in out.chunks_mut(64).enumerate() {
            out.fill(-self.decided);
            for b in 0..self.depth {
                let word = self.word(w, b);
                for (lane, a) in out.iter_mut().enumerate() {
                    *a += ((word >> lane & 1) as i64) << (b + 1);
                }
            }
        }
    }

    /// The lanes in use of word `w`.
    fn lanes(&self, w: usize) -> u64 {
        match self.k - 64 * w {
            0..64 => (1 << (self.k - 64 * w)) - 1,
            _ => !0,
        }
    }

    /// Word `w` of plane `b`.
    fn word(&self, w: usize, b: usize) -> u64 {
        let stride = super::stride(self.k);
        let first = w / BLOCK * BLOCK;
        let width = (stride - first).min(BLOCK);
        self.planes.as_slice()[first * self.depth + b * width + w % BLOCK]
    }
}

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

/// Counts one block of lanes over all neurons.
#[inline(always)]
fn count_block<const L: usize>(columns: &Columns, first: usize, state: &[i8], planes: &mut [[u64; L]]) {
    let lanes = |i: usize| agreeing::<L>(&columns.column(i)[first..][..L], state[i]);
    planes.fill([0; L]);
    let (saved, higher) = planes.split_at_mut(SAVED);
    let [mut ones, mut twos, mut fours, mut eights] = [[0; L]; SAVED];
    let whole = state.len() / 16 * 16;
    for i in (0..whole).step_by(16) {
        let mut sixteens = [0; L];
        let mut waiting_eight = [0; L];
        for half in 0..2 {
            let mut waiting_four = [0; L];
            for quarter in 0..2 {
                let i = i + 8 * half + 4 * quarter;
                let two = add(&mut ones, &lanes(i), &lanes(i + 1));
                let other = add(&mut ones, &lanes(i + 2), &lanes(i + 3));
                let four = add(&mut twos, &two, &other);
                if quarter == 0 {
                    waiting_four = four;
                } else {
                    let eight = add(&mut fours, &waiting_four, &four);
                    if half == 0 {
                        waiting_eight = eight;
                    } else {
                        sixteens = add(&mut eights, &waiting_eight, &eight);
                    }
                }
            }
        }
        ripple(higher, sixteens);
    }
    saved.copy_from_slice(&[ones, twos, fours, eights]);
    for i in whole..state.len() {
        ripple(planes, lanes(i));
    }
}

/// `Σ_{μ: ξ_i^μ = +1} C^μ` and `ones_i` of one block.
#[inline(always)]
fn weigh_block<const L: usize>(block: &[u64; L], planes: &[[u64; L]]) -> (u64, u64) {
    let mut sums = [0; L];
    for plane in planes.iter().rev() {
        for l in 0..L {
            sums[l] = 2 * sums[l] + u64::from((block[l] & plane[l]).count_ones());
        }
    }
    let (mut sum, mut ones) = (0, 0);
    for l in 0..L {
        sum += sums[l];
        ones += u64::from(block[l].count_ones());
    }
    (sum, ones)
}

/// `Σ_μ ξ_i^μ a^μ` of a column.
#[inline(always)]
fn weigh(column: &[u64], agreements: &Agreements) -> i64 {
    let depth = agreements.depth;
    let (blocks, rest) = column.as_chunks::<BLOCK>();
    let (planes, rest_planes) = agreements.planes.as_slice().split_at(blocks.len() * BLOCK * depth);
    let (mut sum, mut ones) = (0, 0);
    for (block, planes) in blocks.iter().zip(planes.as_chunks::<BLOCK>().0.chunks_exact(depth)) {
        let (s, o) = weigh_block(block, planes);
        sum += s;
        ones += o;
    }
    if let Some(block) = rest.first_chunk::<HALF>() {
        let (s, o) = weigh_block(block, rest_planes.as_chunks::<HALF>().0);
        sum += s;
        ones += o;
    }
    let (decided, k) = (agreements.decided, agreements.k as i64);
    4 * sum as i64 - 2 * decided * ones as i64 - (2 * agreements.total - k * decided)
}

/// Adds +1 to the lanes that agree with `to`, and −1 to those that agreed with `from` unless it is 0.
#[inline(always)]
fn replace_block<const L: usize>(block: &[u64; L], planes: &mut [[u64; L]], from: i8, to: i8) -> i64 {
    let up = agreeing::<L>(block, to);
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
    block.iter().map(|word| i64::from(word.count_ones())).sum()
}

/// Asks for a column that is about to be read.
#[inline(always)]
fn prefetch(column: &[u64]) {
    #[cfg(target_arch = "x86_64")]
    for block in column.chunks(BLOCK) {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: a prefetch reads nothing, and every x86-64 processor has it.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(block.as_ptr().cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = column;
}

for_every_set! {
    fn count(columns: &Columns, state: &[i8], agreements: &mut Agreements) {
        let depth = agreements.depth;
        let blocks = columns.stride / BLOCK;
        let (planes, rest) = agreements.planes.as_mut_slice().split_at_mut(blocks * BLOCK * depth);
        for (t, planes) in planes.as_chunks_mut::<BLOCK>().0.chunks_exact_mut(depth).enumerate() {
            count_block(columns, t * BLOCK, state, planes);
        }
        if !rest.is_empty() {
            count_block(columns, blocks * BLOCK, state, rest.as_chunks_mut::<HALF>().0);
        }
    }

    fn fields(columns: &Columns, agreements: &Agreements, state: &[i8], first: usize, out: &mut [i64]) {
        for (j, field) in out.iter_mut().enumerate() {
            let i = first + j;
            *field = weigh(columns.column(i), agreements) - columns.k as i64 * i64::from(state[i]);
        }
    }

    fn first_unstable(
        columns: &Columns,
        agreements: &Agreements,
        state: &[i8],
        stable: Stable<'_>,
        order: &[u32],
    ) -> Option<(usize, i64)> {
        let (k, hold) = (columns.k as i64, i64::from(stable.ties_hold));
        for (place, &i) in order.iter().enumerate() {
            if let Some(&next) = order.get(place + AHEAD) {
                prefetch(columns.column(next as usize));
            }
            let i = i as usize;
            let x = i64::from(state[i]);
            let field = weigh(columns.column(i), agreements) - k * x;
            // Content: x has the sign of the margin; at margin 0, where ties hold, any x but 0.
            if x * (stable.margin(i, field) + x * hold) < 1 {
                return Some((place, field));
            }
        }
        None
    }

    fn first_swayed(
        columns: &Columns,
        agreements: &Agreements,
        state: &[i8],
        sway: Sway<'_>,
        order: &[u32],
    ) -> Option<(usize, i64)> {
        let k = columns.k as i64;
        for (place, &i) in order.iter().enumerate() {
            if let Some(&next) = order.get(place + AHEAD) {
                prefetch(columns.column(next as usize));
            }
            let i = i as usize;
            let field = weigh(columns.column(i), agreements) - k * i64::from(state[i]);
            if sway.lean(i, place, field) != state[i] {
                return Some((place, field));
            }
        }
        None
    }

    fn replace(columns: &Columns, agreements: &mut Agreements, i: usize, from: i8, to: i8) -> i64 {
        let depth = agreements.depth;
        let (blocks, rest) = columns.column(i).as_chunks::<BLOCK>();
        let (planes, rest_planes) = agreements.planes.as_mut_slice().split_at_mut(blocks.len() * BLOCK * depth);
        let mut ones = 0;
        for (block, planes) in blocks.iter().zip(planes.as_chunks_mut::<BLOCK>().0.chunks_exact_mut(depth)) {
            ones += replace_block(block, planes, from, to);
        }
        if let Some(block) = rest.first_chunk::<HALF>() {
            ones += replace_block(block, rest_planes.as_chunks_mut::<HALF>().0, from, to);
        }
        ones
    }
}
