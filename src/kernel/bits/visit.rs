//! Visits: the exact field of one neuron after another, until one is not content.
//!
//! A field needs `Σ_{μ: ξ_i^μ = +1} c^μ`, a Horner sum of popcounts over the planes of [`Agreements`]. Visits are compiled
//! for the usual numbers of words and planes: then planes stay in registers while the columns stream past.
//!
//! Neurons that are known to be content are sifted out first ([`Due`]).
//!
//! What did not help: bounds of the field from the higher planes, which leave the lowest two for a few visits only. What
//! they save is lost where a visit's end is foreseen wrongly.
//!
//! Not here: what a field means, and what follows from a change.

use super::agree::Agreements;
use super::due::{Due, SIFTED};
use super::{BLOCK, Columns, HALF, for_every_set};
use crate::kernel::Available;

/// How many visits ahead a column is asked for.
const AHEAD: usize = 16;

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

    /// The largest size of a threshold.
    pub(crate) fn largest(self) -> i64 {
        self.thresholds.iter().map(|threshold| threshold.abs()).max().unwrap_or(0)
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
    /// The words of a column, where that is known ahead.
    const STRIDE: Option<usize>;
    fn weigh(&self, column: &[u64]) -> i64;
}

impl Weigh for Agreements {
    const STRIDE: Option<usize> = None;

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
    const STRIDE: Option<usize> = Some(L * BLOCKS);

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
    let (words, stride) = (columns.bits.as_slice(), W::STRIDE.unwrap_or(columns.stride));
    let mut place = 0;
    while let Some(i) = visitor.neuron(place) {
        if let Some(next) = visitor.neuron(place + AHEAD) {
            prefetch(&words[next * stride..][..stride]);
        }
        let column = &words[i * stride..][..stride];
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
    due: &'a mut Due,
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
        let margin = x * self.stable.margin(i, field);
        if margin > 0 {
            self.due.learn(i, margin);
        }
        (margin + (x * x) * i64::from(self.stable.ties_hold) < 1).then_some(field)
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

/// Visits the neurons that `order` lists until one is not `sign` times its value in a row; its place in the list.
pub(crate) fn first_differing(columns: &Columns, state: &[i8], order: &[u32], row: usize, sign: i8) -> Option<usize> {
    let (word, bit) = (row / 64, row % 64);
    (0..order.len()).find(|place| {
        if let Some(next) = order.get(place + AHEAD) {
            prefetch(&columns.column(*next as usize)[word..=word]);
        }
        let i = order[*place] as usize;
        let value = 2 * ((columns.column(i)[word] >> bit & 1) as i8) - 1;
        state[i] != sign * value
    })
}

impl Agreements {
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
        due: &mut Due,
        set: Available,
    ) -> Option<(usize, i64)> {
        due.look_back(columns, set);
        let visit = |due: &mut Due, list: &[u32]| first_unstable(set, columns, self, state, stable, list, due);
        let found = if due.is_blind() {
            visit(due, order)
        } else {
            let (mut neurons, mut places) = ([0; SIFTED], [0; SIFTED]);
            order.chunks(SIFTED).enumerate().find_map(|(chunk, order)| {
                let count = due.sift(order, &mut neurons, &mut places, set);
                let unknown = &neurons[..count];
                for i in unknown.iter().take(AHEAD) {
                    prefetch(columns.column(*i as usize));
                }
                let (place, field) = if count > 0 { visit(due, unknown) } else { None }?;
                Some((chunk * SIFTED + places[place] as usize, field))
            })
        };
        due.pass(found.map_or(order.len(), |(place, _)| place + 1));
        found
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
}

for_every_set! {
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
        due: &mut Due,
    ) -> Option<(usize, i64)> {
        let mut visitor = Restless { state, stable, k: columns.k as i64, order, due };
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
}
