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
//! stays in registers while the planes stream past. Visits are compiled for the usual numbers of words and planes; then
//! it is the planes that stay in registers while the columns stream past.

use super::{Available, BLOCK, Columns, HALF, Words, for_every_set};
use crate::error::Result;
use crate::par::Watch;

/// Planes that the carry-save adder fills by itself,
pub(super) const SAVED: usize = 4;
/// so many neurons at a time.
const GROUP: usize = 1 << SAVED;
/// How many visits ahead a column is asked for.
const AHEAD: usize = 16;
/// Lanes that may need more planes than there are.
const APART: usize = 2;
/// Planes to keep at the least; numbers may change 2^(planes − 2) times before there must be more.
const LEAST: usize = 7;
/// Words counted between two looks at whether to go on: a few milliseconds.
const CHECK_WORDS: usize = 1 << 22;

/// The agreements of one state with every row.
#[derive(Debug, Default)]
pub(crate) struct Agreements {
    planes: Words,
    /// Planes that there is room for: enough for any count and a sign.
    room: usize,
    /// Planes in use; the last is the sign.
    depth: usize,
    /// `o`, what the numbers in the planes lack of the counts.
    offset: i64,
    /// Lanes whose number needs more than `depth` planes, and that number.
    apart: Vec<(usize, i64)>,
    /// Changes before a number might outgrow the planes.
    slack: usize,
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
        let bits = (usize::BITS - columns.n.leading_zeros()) as usize;
        let room = bits.max(LEAST) + 1;
        let planes = Words::zeroed(columns.stride * room, "agreements")?;
        Ok(Self { planes, room, k: columns.k, apart: Vec::with_capacity(APART), ..Self::default() })
    }

    /// Counts anew, for `state`.
    pub(crate) fn count(&mut self, columns: &Columns, state: &[i8], set: Available, watch: &Watch) -> Result<()> {
        self.planes.as_mut_slice().fill(0);
        self.apart.clear();
        (self.depth, self.offset) = (self.room, 0);
        // Whole groups of the carry-save adder.
        let piece = (CHECK_WORDS / columns.stride.max(1)).next_multiple_of(GROUP).max(GROUP);
        for (at, piece_of_state) in state.chunks(piece).enumerate() {
            count(set, columns, at * piece, piece_of_state, self);
            watch.check()?;
        }
        self.decided = state.iter().filter(|x| **x != 0).count() as i64;
        self.total = 0;
        for w in 0..self.k.div_ceil(64) {
            for b in 0..self.depth {
                self.total += i64::from((self.word(w, b) & self.lanes(w)).count_ones()) << b;
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
        // and then as few as nearly all numbers fit in with a bit to spare.
        let words = self.k.div_ceil(64);
        let beyond = |depth: usize| (0..words).map(|w| self.beyond(depth, w).count_ones() as usize).sum::<usize>();
        let depth = (LEAST..self.room).find(|depth| beyond(depth - 1) <= APART).unwrap_or(self.room);
        for w in 0..words {
            let mut lanes = self.beyond(depth - 1, w);
            while lanes != 0 && depth < self.room {
                let lane = 64 * w + lanes.trailing_zeros() as usize;
                self.apart.push((lane, self.number(lane)));
                lanes &= lanes - 1;
            }
        }
        self.depth = depth;
        self.slack = 1 << (depth - 2);
    }

    /// The lanes of word `w` whose numbers do not fit in `depth` planes.
    fn beyond(&self, depth: usize, w: usize) -> u64 {
        let sign = self.word(w, self.depth - 1);
        (depth - 1..self.depth - 1).fold(0, |beyond, b| beyond | (self.word(w, b) ^ sign)) & self.lanes(w)
    }

    /// What the planes hold for a lane.
    fn number(&self, lane: usize) -> i64 {
        let bit = |b: usize| (self.word(lane / 64, b) >> (lane % 64) & 1) as i64;
        (0..self.depth - 1).rev().fold(-bit(self.depth - 1), |number, b| 2 * number + bit(b))
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
        let base = 2 * self.offset - self.decided;
        for (w, out) in out.chunks_mut(64).enumerate() {
            let sign = self.word(w, self.depth - 1);
            for (lane, a) in out.iter_mut().enumerate() {
                *a = base - (((sign >> lane & 1) as i64) << self.depth);
            }
            for b in 0..self.depth - 1 {
                let word = self.word(w, b);
                for (lane, a) in out.iter_mut().enumerate() {
                    *a += ((word >> lane & 1) as i64) << (b + 1);
                }
            }
        }
        for (lane, number) in &self.apart {
            out[*lane] = base + 2 * number;
        }
    }

    /// What the lanes apart add to the Horner sum of a column: their numbers less what the planes hold of them.
    #[inline(always)]
    fn outgrown(&self, column: &[u64]) -> i64 {
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
    fn lanes(&self, w: usize) -> u64 {
        match self.k - 64 * w {
            0..64 => (1 << (self.k - 64 * w)) - 1,
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
fn agreeing<const L: usize>(block: &[u64], x: i8) -> [u64; L] {
    let negative = (i64::from(x) >> 63) as u64;
    let decided = (i64::from(x) & 1).wrapping_neg() as u64;
    let mut lanes = [0; L];
    for (lane, word) in lanes.iter_mut().zip(block) {
        *lane = (word ^ negative) & decided;
    }
    lanes
}

/// The lanes of neuron `i0 + i` that agree with its value, from word `first` on.
#[inline(always)]
fn agreeing_at<const L: usize>(columns: &Columns, first: usize, i0: usize, state: &[i8], i: usize) -> [u64; L] {
    agreeing(&columns.column(i0 + i)[first..][..L], state[i])
}

/// Counts one block of lanes over the neurons from `i0` on, whose values are `state`.
#[inline(always)]
fn count_block<const L: usize>(columns: &Columns, first: usize, i0: usize, state: &[i8], planes: &mut [[u64; L]]) {
    let (saved, higher) = planes.split_at_mut(SAVED);
    let [mut ones, mut twos, mut fours, mut eights] = [saved[0], saved[1], saved[2], saved[3]];
    let whole = state.len() / GROUP * GROUP;
    for i in (0..whole).step_by(GROUP) {
        let mut sixteens = [0; L];
        let mut waiting_eight = [0; L];
        for half in 0..2 {
            let mut waiting_four = [0; L];
            for quarter in 0..2 {
                let i = i + 8 * half + 4 * quarter;
                let two = add(
                    &mut ones,
                    &agreeing_at(columns, first, i0, state, i),
                    &agreeing_at(columns, first, i0, state, i + 1),
                );
                let other = add(
                    &mut ones,
                    &agreeing_at(columns, first, i0, state, i + 2),
                    &agreeing_at(columns, first, i0, state, i + 3),
                );
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
        ripple(planes, agreeing_at(columns, first, i0, state, i));
    }
}

/// `Σ_{μ: ξ_i^μ = +1} c^μ` of one block, lane word by lane word.
#[inline(always)]
fn weigh_block<const L: usize>(block: &[u64; L], planes: &[[u64; L]]) -> [i64; L] {
    let mut sums = [0; L];
    if let Some((sign, planes)) = planes.split_last() {
        for l in 0..L {
            sums[l] = -i64::from((block[l] & sign[l]).count_ones());
        }
        for plane in planes.iter().rev() {
            for l in 0..L {
                sums[l] = 2 * sums[l] + i64::from((block[l] & plane[l]).count_ones());
            }
        }
    }
    sums
}

/// What visits do: which neurons they go to, and what for.
trait Visitor {
    /// The neuron of a visit; none at the end.
    fn neuron(&self, place: usize) -> Option<usize>;
    /// Takes the field of neuron `i`, its own share included; whether that was the last visit, and the field without.
    fn ends(&mut self, place: usize, i: usize, field: i64) -> Option<i64>;
}

/// `Σ_{μ: ξ_i^μ = +1} c^μ` of a column, as the planes have it. A trait and no closures, which would not be compiled for
/// the instruction set of the loop that calls them unless they happen to be inlined.
trait Weigh {
    fn weigh(&self, column: &[u64]) -> i64;
}

impl Weigh for Agreements {
    #[inline(always)]
    fn weigh(&self, column: &[u64]) -> i64 {
        let (room, depth) = (self.room, self.depth);
        let (blocks, rest) = column.as_chunks::<BLOCK>();
        let (planes, rest_planes) = self.planes.as_slice().split_at(blocks.len() * BLOCK * room);
        let mut sums = [0; BLOCK];
        for (block, planes) in blocks.iter().zip(planes.as_chunks::<BLOCK>().0.chunks_exact(room)) {
            let block = weigh_block(block, &planes[..depth]);
            for l in 0..BLOCK {
                sums[l] += block[l];
            }
        }
        let mut sum = sums.iter().sum();
        if let Some(block) = rest.first_chunk::<HALF>() {
            sum += weigh_block(block, &rest_planes.as_chunks::<HALF>().0[..depth]).iter().sum::<i64>();
        }
        sum
    }
}

/// Planes at hand, for columns of so many blocks: `[plane][block]`.
struct AtHand<const L: usize, const BLOCKS: usize, const DEPTH: usize>([[[u64; L]; BLOCKS]; DEPTH]);

impl<const L: usize, const BLOCKS: usize, const DEPTH: usize> AtHand<L, BLOCKS, DEPTH> {
    /// The bits that a plane shares with a column, lane by lane over its blocks.
    #[inline(always)]
    fn shared(&self, b: usize, blocks: &[[u64; L]; BLOCKS]) -> [i64; L] {
        let mut bits = [0; L];
        for t in 0..BLOCKS {
            for l in 0..L {
                bits[l] += i64::from((blocks[t][l] & self.0[b][t][l]).count_ones());
            }
        }
        bits
    }
}

impl<const L: usize, const BLOCKS: usize, const DEPTH: usize> Weigh for AtHand<L, BLOCKS, DEPTH> {
    #[inline(always)]
    fn weigh(&self, column: &[u64]) -> i64 {
        let mut sums = [0; L];
        if let Some(blocks) = column.as_chunks::<L>().0.first_chunk::<BLOCKS>() {
            let sign = self.shared(DEPTH - 1, blocks);
            for l in 0..L {
                sums[l] = -sign[l];
            }
            for b in (0..DEPTH - 1).rev() {
                let bits = self.shared(b, blocks);
                for l in 0..L {
                    sums[l] = 2 * sums[l] + bits[l];
                }
            }
        }
        sums.iter().sum()
    }
}

/// Makes visits until one is the last.
#[inline(always)]
fn make_visits<V: Visitor, W: Weigh>(
    columns: &Columns,
    agreements: &Agreements,
    visitor: &mut V,
    planes: &W,
) -> Option<(usize, i64)> {
    let decided = agreements.decided;
    let (tilt, level) = (4 * agreements.offset - 2 * decided, 2 * agreements.total - agreements.k as i64 * decided);
    let mut place = 0;
    while let Some(i) = visitor.neuron(place) {
        if let Some(next) = visitor.neuron(place + AHEAD) {
            prefetch(columns.column(next));
        }
        let column = columns.column(i);
        let mut field = 4 * (planes.weigh(column) + agreements.outgrown(column)) - level;
        if tilt != 0 {
            field += tilt * ones(column);
        }
        if let Some(field) = visitor.ends(place, i, field) {
            return Some((place, field));
        }
        place += 1;
    }
    None
}

/// Makes visits with the planes at hand.
#[inline(always)]
fn visit_with<const L: usize, const BLOCKS: usize, const DEPTH: usize, V: Visitor>(
    columns: &Columns,
    agreements: &Agreements,
    visitor: &mut V,
) -> Option<(usize, i64)> {
    let mut planes = [[[0; L]; BLOCKS]; DEPTH];
    let all = agreements.planes.as_slice().as_chunks::<L>().0;
    for (t, all) in all.chunks_exact(agreements.room).enumerate().take(BLOCKS) {
        for b in 0..DEPTH {
            planes[b][t] = all[b];
        }
    }
    make_visits(columns, agreements, visitor, &AtHand(planes))
}

/// Makes visits until one is the last; its place, and its neuron's field.
#[inline(always)]
fn visit<V: Visitor>(columns: &Columns, agreements: &Agreements, visitor: &mut V) -> Option<(usize, i64)> {
    macro_rules! for_depths {
        ($($depth:literal)*) => {
            match (columns.stride, agreements.depth) {
                $(
                    (4, $depth) => visit_with::<4, 1, $depth, V>(columns, agreements, visitor),
                    (8, $depth) => visit_with::<8, 1, $depth, V>(columns, agreements, visitor),
                    (16, $depth) => visit_with::<8, 2, $depth, V>(columns, agreements, visitor),
                )*
                _ => make_visits(columns, agreements, visitor, agreements),
            }
        };
    }
    for_depths!(7 8 9 10 11 12 13)
}

/// Writes the fields of the neurons from `first` on.
struct Fields<'a> {
    state: &'a [i8],
    first: usize,
    k: i64,
    out: &'a mut [i64],
}

impl Visitor for Fields<'_> {
    #[inline(always)]
    fn neuron(&self, place: usize) -> Option<usize> {
        (place < self.out.len()).then_some(self.first + place)
    }

    #[inline(always)]
    fn ends(&mut self, place: usize, i: usize, field: i64) -> Option<i64> {
        self.out[place] = field - self.k * i64::from(self.state[i]);
        None
    }
}

/// Ends where a neuron is not content.
struct Restless<'a> {
    state: &'a [i8],
    stable: Stable<'a>,
    k: i64,
    order: &'a [u32],
}

impl Visitor for Restless<'_> {
    #[inline(always)]
    fn neuron(&self, place: usize) -> Option<usize> {
        self.order.get(place).map(|i| *i as usize)
    }

    #[inline(always)]
    fn ends(&mut self, _place: usize, i: usize, field: i64) -> Option<i64> {
        let x = i64::from(self.state[i]);
        let field = field - self.k * x;
        // Content: x has the sign of the margin; at margin 0, where ties hold, any x but 0.
        (x * (self.stable.margin(i, field) + x * i64::from(self.stable.ties_hold)) < 1).then_some(field)
    }
}

/// Ends where chance gives a neuron another value.
struct Swayed<'a> {
    state: &'a [i8],
    sway: Sway<'a>,
    k: i64,
    order: &'a [u32],
}

impl Visitor for Swayed<'_> {
    #[inline(always)]
    fn neuron(&self, place: usize) -> Option<usize> {
        self.order.get(place).map(|i| *i as usize)
    }

    #[inline(always)]
    fn ends(&mut self, place: usize, i: usize, field: i64) -> Option<i64> {
        let x = self.state[i];
        let field = field - self.k * i64::from(x);
        (self.sway.lean(i, place, field) != x).then_some(field)
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
    ones(block)
}

/// Asks for a column that is about to be read.
#[inline(always)]
pub(super) fn prefetch(column: &[u64]) {
    #[cfg(target_arch = "x86_64")]
    for block in column.chunks(BLOCK) {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: a prefetch reads nothing, and every x86-64 processor has it.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(block.as_ptr().cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = column;
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
    fn count(columns: &Columns, i0: usize, state: &[i8], agreements: &mut Agreements) {
        let room = agreements.room;
        let blocks = columns.stride / BLOCK;
        let (planes, rest) = agreements.planes.as_mut_slice().split_at_mut(blocks * BLOCK * room);
        for (t, planes) in planes.as_chunks_mut::<BLOCK>().0.chunks_exact_mut(room).enumerate() {
            count_block(columns, t * BLOCK, i0, state, planes);
        }
        if !rest.is_empty() {
            count_block(columns, blocks * BLOCK, i0, state, rest.as_chunks_mut::<HALF>().0);
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

    fn fields(columns: &Columns, agreements: &Agreements, state: &[i8], first: usize, out: &mut [i64]) {
        let mut visitor = Fields { state, first, k: columns.k as i64, out };
        visit(columns, agreements, &mut visitor);
    }

    fn first_unstable(
        columns: &Columns,
        agreements: &Agreements,
        state: &[i8],
        stable: Stable<'_>,
        order: &[u32],
    ) -> Option<(usize, i64)> {
        let mut visitor = Restless { state, stable, k: columns.k as i64, order };
        visit(columns, agreements, &mut visitor)
    }

    fn first_swayed(
        columns: &Columns,
        agreements: &Agreements,
        state: &[i8],
        sway: Sway<'_>,
        order: &[u32],
    ) -> Option<(usize, i64)> {
        let mut visitor = Swayed { state, sway, k: columns.k as i64, order };
        visit(columns, agreements, &mut visitor)
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
