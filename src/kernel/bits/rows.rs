//! Overlaps of a few states with all rows, counted along the rows: one exclusive or and one popcount for every 64 neurons.
//!
//! Columns serve a state that changes; a state that is met for the first time reads all bits anyway, and then rows are
//! faster: counts need no planes, and a row that is loaded serves several states. [`Rows`] are the columns' bits once more,
//! made for many states.
//!
//! Not here: a state that changes in a few neurons, for which `census` reads their columns alone.

use super::{BLOCK, Columns, Words, for_every_set};
use crate::InstructionSet;
use crate::error::Result;
use crate::kernel::Available;
use crate::par::{Par, Watch};

/// Words counted between two looks at whether to go on: a few milliseconds.
const CHECK_WORDS: usize = 1 << 22;
/// What the memory is for, in errors.
const PURPOSE: &str = "packed patterns";

/// One register.
type Block = [u64; BLOCK];
/// A block of some states: of each first the bits that say +1, then those that say whether a neuron is decided.
type Blocks<const STATES: usize> = [[Block; 2]; STATES];

/// `k` rows of `n` bits.
#[derive(Debug)]
pub(crate) struct Rows {
    bits: Words,
    n: usize,
    /// Words from one row to the next: whole blocks.
    stride: usize,
}

impl Rows {
    /// The most states that [`overlaps`](Self::overlaps) takes at once: their bits stay in the first-level cache.
    pub(crate) const MOST_STATES: usize = 8;

    /// Those of `columns`.
    pub(crate) fn of(columns: &Columns, set: Available, par: Par) -> Result<Self> {
        let (n, k) = (columns.n, columns.k);
        let stride = stride(n);
        let mut bits = Words::zeroed(k.saturating_mul(stride), PURPOSE)?;
        let bands = bits.as_mut_slice().chunks_mut(64 * stride).enumerate();
        par.each(
            k.div_ceil(64),
            bands,
            || Ok(()),
            |_, (), (q, band)| {
                turn(set, columns, q, band, stride);
                Ok(())
            },
        )?;
        Ok(Self { bits, n, stride })
    }

    /// Writes the overlaps of some states, of `n` neurons each, which may be undecided: `lanes` numbers a state, of which
    /// those beyond the last row are left alone.
    pub(crate) fn overlaps(
        &self,
        states: &[i8],
        bits: &mut StateBits,
        out: &mut [i32],
        lanes: usize,
        set: Available,
        watch: &Watch,
    ) -> Result<()> {
        debug_assert!(states.len() <= bits.states * self.n, "no more states than there is room for");
        pack(set, states, self.n, bits);
        let overlaps = match bits.states {
            1 => overlaps::<1>,
            2 => overlaps::<2>,
            4 => overlaps::<4>,
            _ => overlaps::<{ Self::MOST_STATES }>,
        };
        let some = (CHECK_WORDS / (self.stride * bits.states)).max(1);
        for (piece, rows) in self.bits.as_slice().chunks(some * self.stride).enumerate() {
            overlaps(set, rows, self.stride, bits, &mut out[piece * some..], lanes);
            watch.check()?;
        }
        Ok(())
    }
}

/// Words of a row of `n` bits.
fn stride(n: usize) -> usize {
    n.div_ceil(64).next_multiple_of(BLOCK)
}

/// Some states as bits, block by block.
#[derive(Debug)]
pub(crate) struct StateBits {
    words: Words,
    /// How many there is room for: a power of two.
    states: usize,
}

impl StateBits {
    /// Room for so many states of `n` neurons, at most [`Rows::MOST_STATES`].
    pub(crate) fn new(states: usize, n: usize) -> Result<Self> {
        let states = states.next_power_of_two();
        Ok(Self { words: Words::zeroed((2 * states).saturating_mul(stride(n)), "states")?, states })
    }
}

/// Writes the overlaps of rows with states, `lanes` numbers a state.
fn overlaps<const STATES: usize>(
    set: Available,
    rows: &[u64],
    stride: usize,
    bits: &StateBits,
    out: &mut [i32],
    lanes: usize,
) {
    let states: &[Blocks<STATES>] = bits.words.as_slice().as_chunks::<BLOCK>().0.as_chunks().0.as_chunks().0;
    let mut decided = [0; STATES];
    for block in states {
        for (decided, [_, bits]) in decided.iter_mut().zip(block) {
            *decided += bits.iter().map(|word| word.count_ones() as i32).sum::<i32>();
        }
    }
    for (mu, row) in rows.chunks_exact(stride).enumerate() {
        let unequal = unequal(set, row.as_chunks::<BLOCK>().0, states);
        for ((out, decided), unequal) in out.chunks_mut(lanes).zip(&decided).zip(&unequal) {
            out[mu] = decided - 2 * unequal;
        }
    }
}

/// The numbers of decided neurons in which a row and states differ.
fn unequal<const STATES: usize>(set: Available, row: &[Block], states: &[Blocks<STATES>]) -> [i32; STATES] {
    match set.set() {
        // SAFETY: an `Available` is made only after `InstructionSet::is_available` found these features.
        #[cfg(target_arch = "x86_64")]
        InstructionSet::Avx512 => unsafe { avx512::unequal(row, states) },
        _ => plain_unequal(row, states),
    }
}

/// The reference.
fn plain_unequal<const STATES: usize>(row: &[Block], states: &[Blocks<STATES>]) -> [i32; STATES] {
    let mut counts = [0; STATES];
    for (row, block) in row.iter().zip(states) {
        for (count, [positive, decided]) in counts.iter_mut().zip(block) {
            for ((row, positive), decided) in row.iter().zip(positive).zip(decided) {
                *count += ((row ^ positive) & decided).count_ones() as i32;
            }
        }
    }
    counts
}

/// By hand, because the compiler takes the states for the lanes, and gathers.
#[cfg(target_arch = "x86_64")]
mod avx512 {
    use std::arch::x86_64::{
        __m512i, _mm512_add_epi64, _mm512_loadu_si512, _mm512_popcnt_epi64, _mm512_reduce_add_epi64,
        _mm512_setzero_si512, _mm512_ternarylogic_epi64,
    };

    use super::{Block, Blocks};

    #[target_feature(enable = "avx512f,avx512vpopcntdq")]
    pub(super) fn unequal<const STATES: usize>(row: &[Block], states: &[Blocks<STATES>]) -> [i32; STATES] {
        // (a ^ b) & c
        const DIFFER: i32 = 0b0010_1000;
        let mut sums = [_mm512_setzero_si512(); STATES];
        for (row, block) in row.iter().zip(states) {
            let row = load(row);
            for (sum, [positive, decided]) in sums.iter_mut().zip(block) {
                let differ = _mm512_ternarylogic_epi64::<DIFFER>(row, load(positive), load(decided));
                *sum = _mm512_add_epi64(*sum, _mm512_popcnt_epi64(differ));
            }
        }
        let mut counts = [0; STATES];
        for (count, sum) in counts.iter_mut().zip(sums) {
            *count = _mm512_reduce_add_epi64(sum) as i32;
        }
        counts
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    fn load(block: &Block) -> __m512i {
        // SAFETY: a block is 64 bytes, and no alignment is asked for.
        unsafe { _mm512_loadu_si512((&raw const *block).cast()) }
    }
}

for_every_set! {
    /// Sets the bits of the neurons that are +1, and of those that are not 0.
    fn pack(states: &[i8], n: usize, bits: &mut StateBits) {
        let apart = 2 * BLOCK * bits.states;
        for (c, state) in states.chunks_exact(n).enumerate() {
            for (word, state) in state.chunks(64).enumerate() {
                let (mut positive, mut decided) = (0, 0);
                if let Some(state) = state.first_chunk::<64>() {
                    for j in 0..64 {
                        positive |= u64::from(state[j] > 0) << j;
                        decided |= u64::from(state[j] != 0) << j;
                    }
                } else {
                    for (j, x) in state.iter().enumerate() {
                        positive |= u64::from(*x > 0) << j;
                        decided |= u64::from(*x != 0) << j;
                    }
                }
                let block = &mut bits.words.as_mut_slice()[word / BLOCK * apart + 2 * BLOCK * c..][..2 * BLOCK];
                (block[word % BLOCK], block[BLOCK + word % BLOCK]) = (positive, decided);
            }
        }
    }

    /// Writes the rows of word `q` of all columns.
    fn turn(columns: &Columns, q: usize, band: &mut [u64], stride: usize) {
        for (word, i0) in (0..columns.n).step_by(64).enumerate() {
            let mut words = [0; 64];
            for (j, word) in words[..(columns.n - i0).min(64)].iter_mut().enumerate() {
                *word = columns.column(i0 + j)[q];
            }
            turn_square(&mut words);
            for (row, bits) in band.chunks_exact_mut(stride).zip(words) {
                row[word] = bits;
            }
        }
    }
}

/// Makes bit `j` of word `i` bit `i` of word `j`: quarters change places, and then those of the quarters.
#[inline(always)]
fn turn_square(words: &mut [u64; 64]) {
    let (mut half, mut mask) = (32, u64::from(u32::MAX));
    while half > 0 {
        for first in (0..64).step_by(2 * half) {
            for i in first..first + half {
                let swapped = (words[i] >> half ^ words[i + half]) & mask;
                words[i] ^= swapped << half;
                words[i + half] ^= swapped;
            }
        }
        half /= 2;
        mask ^= mask << half;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::rng::Stream;

    #[test]
    fn overlaps_are_counted_along_rows() {
        let mut stream = Stream::new(3, 0);
        for (n, k) in [(1, 1), (63, 4), (64, 5), (65, 64), (511, 70), (513, 3), (1100, 130)] {
            let rows: Vec<i8> = (0..n * k).map(|_| if stream.coin() { 1 } else { -1 }).collect();
            for set in InstructionSet::ALL.into_iter().filter(|set| set.is_available()) {
                let set = Available::or_portable(set);
                let columns = Columns::default().appended(&rows, n, set, Par::serial()).unwrap();
                let turned = Rows::of(&columns, set, Par::with_threads(2)).unwrap();
                let mut packed = StateBits::new(Rows::MOST_STATES, n).unwrap();
                for m in [Rows::MOST_STATES, 1, 3, 5] {
                    let states: Vec<i8> = (0..n * m).map(|_| stream.below(3) as i8 - 1).collect();
                    let mut out = vec![7; m * (k + 2)];
                    let (bits, written) = (Mutex::new(&mut packed), Mutex::new(&mut out));
                    let counted = Par::serial().run(1, |watch| {
                        turned.overlaps(
                            &states,
                            &mut bits.lock().unwrap(),
                            &mut written.lock().unwrap(),
                            k + 2,
                            set,
                            watch,
                        )
                    });
                    assert_eq!(counted, Ok(()));
                    for (state, out) in states.chunks(n).zip(out.chunks(k + 2)) {
                        let expected =
                            rows.chunks(n).map(|row| row.iter().zip(state).map(|(a, b)| i32::from(a * b)).sum());
                        assert_eq!(out, expected.chain([7, 7]).collect::<Vec<_>>(), "{set:?} {n} {k} {m}");
                    }
                }
            }
        }
    }
}
