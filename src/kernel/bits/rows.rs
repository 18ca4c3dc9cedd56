//! Overlaps of a few states with all rows, counted along the rows: one exclusive or and one popcount for every 64 neurons.
//!
//! Columns serve a state that changes; a state that is met for the first time reads all bits anyway, and then rows are
//! faster: counts need no planes, and a row that is loaded serves several states. [`Rows`] are the columns' bits once more,
//! made for many states.
//!
//! Not here: a state that changes in a few neurons, for which `census` reads their columns alone.

use super::{BLOCK, Columns, Words, for_every_set};
use crate::error::Result;
use crate::kernel::Available;
use crate::par::{Par, Watch};

/// Rows and states that are counted together: sixteen counts stay in registers.
const TOGETHER: usize = 4;
/// Words counted between two looks at whether to go on: a few milliseconds.
const CHECK_WORDS: usize = 1 << 22;
/// What the memory is for, in errors.
const PURPOSE: &str = "packed patterns";

/// One register.
type Block = [u64; BLOCK];

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
        bits.take(states, self.n, set);
        let (states, blocks) = (bits.0.as_slice().as_chunks::<BLOCK>().0, self.stride / BLOCK);
        let some = (CHECK_WORDS / (self.stride * Self::MOST_STATES)).next_multiple_of(TOGETHER).max(TOGETHER);
        for (piece, rows) in self.bits.as_slice().as_chunks::<BLOCK>().0.chunks(some * blocks).enumerate() {
            overlaps(set, rows, piece * some, states, blocks, out, lanes);
            watch.check()?;
        }
        Ok(())
    }
}

/// Words of a row of `n` bits.
fn stride(n: usize) -> usize {
    n.div_ceil(64).next_multiple_of(BLOCK)
}

/// States as bits: of each first those that say +1, then those that say whether a neuron is decided.
#[derive(Debug, Default)]
pub(crate) struct StateBits(Words);

impl StateBits {
    /// Room for so many states of `n` neurons.
    pub(crate) fn new(states: usize, n: usize) -> Result<Self> {
        Words::zeroed((2 * states).saturating_mul(stride(n)), "states").map(Self)
    }

    fn take(&mut self, states: &[i8], n: usize, set: Available) {
        for (state, words) in states.chunks_exact(n).zip(self.0.as_mut_slice().chunks_exact_mut(2 * stride(n))) {
            let (positive, decided) = words.split_at_mut(stride(n));
            pack(set, state, positive, decided);
        }
    }
}

/// The counts of decided neurons in which rows and states differ; all are of one length.
#[inline(always)]
fn unequal<const R: usize, const C: usize>(
    rows: [&[Block]; R],
    positive: [&[Block]; C],
    decided: [&[Block]; C],
    blocks: usize,
) -> [[i32; C]; R] {
    // Lengths that are known to be the same need no look at them within the loop, which would keep counts in memory.
    let (rows, positive) = (rows.map(|row| &row[..blocks]), positive.map(|bits| &bits[..blocks]));
    let decided = decided.map(|bits| &bits[..blocks]);
    let mut counts = [[[0; BLOCK]; C]; R];
    for t in 0..blocks {
        for r in 0..R {
            for c in 0..C {
                for l in 0..BLOCK {
                    let differs = (rows[r][t][l] ^ positive[c][t][l]) & decided[c][t][l];
                    counts[r][c][l] += u64::from(differs.count_ones());
                }
            }
        }
    }
    counts.map(|row| row.map(|counts| counts.iter().sum::<u64>() as i32))
}

/// The overlaps of rows from number `mu` on with states from number `state` on.
#[inline(always)]
fn overlap<const R: usize, const C: usize>(
    rows: &[Block],
    states: &[Block],
    blocks: usize,
    decided: &[i32],
    out: &mut [i32],
    lanes: usize,
    (mu, state): (usize, usize),
) {
    let counts = unequal::<R, C>(
        std::array::from_fn(|r| &rows[(mu + r) * blocks..]),
        std::array::from_fn(|c| &states[2 * (state + c) * blocks..]),
        std::array::from_fn(|c| &states[(2 * (state + c) + 1) * blocks..]),
        blocks,
    );
    for (r, row) in counts.iter().enumerate() {
        for (c, unequal) in row.iter().enumerate() {
            out[(state + c) * lanes + mu + r] = decided[state + c] - 2 * unequal;
        }
    }
}

for_every_set! {
    fn overlaps(rows: &[Block], first: usize, states: &[Block], blocks: usize, out: &mut [i32], lanes: usize) {
        let (k, m) = (rows.len() / blocks, out.len().div_ceil(lanes));
        let mut decided = [0; Rows::MOST_STATES];
        for (decided, state) in decided.iter_mut().zip(states.chunks_exact(2 * blocks)).take(m) {
            for block in &state[blocks..] {
                *decided += block.iter().map(|word| word.count_ones() as i32).sum::<i32>();
            }
        }
        let out = &mut out[first..];
        let (whole_k, whole_m) = (k / TOGETHER * TOGETHER, m / TOGETHER * TOGETHER);
        for mu in (0..whole_k).step_by(TOGETHER) {
            for state in (0..whole_m).step_by(TOGETHER) {
                overlap::<TOGETHER, TOGETHER>(rows, states, blocks, &decided, out, lanes, (mu, state));
            }
            for state in whole_m..m {
                overlap::<TOGETHER, 1>(rows, states, blocks, &decided, out, lanes, (mu, state));
            }
        }
        for mu in whole_k..k {
            for state in 0..m {
                overlap::<1, 1>(rows, states, blocks, &decided, out, lanes, (mu, state));
            }
        }
    }

    /// Sets the bits of the neurons that are +1, and of those that are not 0.
    fn pack(state: &[i8], positive: &mut [u64], decided: &mut [u64]) {
        for ((state, positive), decided) in state.chunks(64).zip(positive).zip(decided) {
            (*positive, *decided) = (0, 0);
            if let Some(state) = state.first_chunk::<64>() {
                for j in 0..64 {
                    *positive |= u64::from(state[j] > 0) << j;
                    *decided |= u64::from(state[j] != 0) << j;
                }
            } else {
                for (j, x) in state.iter().enumerate() {
                    *positive |= u64::from(*x > 0) << j;
                    *decided |= u64::from(*x != 0) << j;
                }
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
    use crate::InstructionSet;
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
