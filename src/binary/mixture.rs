//! Mixtures: states between patterns, the sign of a signed sum of three or five of them.
//!
//! Amit, Gutfreund and Sompolinsky (1985) show that the Hebbian network makes attractors of them along with the patterns.
//! Looked for among the eight patterns of largest |overlap|: 56 triples and 56 quintuples with their signs. What a
//! neuron says depends only on which of the eight agree with it there, so at most 256 cases stand for all neurons. Where a
//! signed sum has the sign of the state everywhere, each neuron adds 1 at least to the signed sum of the overlaps: that
//! alone rules out most sums.
//!
//! Not here: mixtures of more patterns, or of even numbers, whose sums can be 0.

use crate::kernel::bits::{Columns, decided};

/// Patterns that are looked at.
const LOOKED_AT: usize = 8;
/// Patterns of the largest mixture.
const MOST: usize = 5;
/// Neurons that are looked at before all are.
const SOME: usize = 512;

/// The patterns whose signed sum has the sign of a state everywhere.
///
/// ```
/// use hopfield::{Par, classical::{ClassicalHopfield, Outcome, Retrieve}};
/// use ndarray::array;
/// let patterns = array![
///     [1, 1, 1, 1, -1, -1, -1, -1],
///     [1, 1, -1, -1, 1, 1, -1, -1],
///     [1, -1, 1, -1, 1, -1, 1, -1],
/// ];
/// let net = ClassicalHopfield::new(patterns.view())?;
/// // The majority of the three in every column.
/// let state = array![[1, 1, 1, -1, 1, -1, -1, -1]];
/// let recall = net.retrieve(state.view(), &Retrieve::default(), Par::default())?.recalls[0];
/// assert_eq!(recall.outcome, Outcome::Mixture);
/// assert_eq!(recall.mixture.expect("a mixture").terms().collect::<Vec<_>>(), [(0, 1), (1, 1), (2, 1)]);
/// # Ok::<(), hopfield::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mixture {
    size: usize,
    patterns: [usize; MOST],
    signs: [i8; MOST],
}

impl Mixture {
    /// The most terms that a mixture has.
    pub const MOST_TERMS: usize = MOST;

    /// The indices of the patterns and their signs, by decreasing |overlap| with the state (equal ones by index).
    pub fn terms(&self) -> impl Iterator<Item = (usize, i8)> + '_ {
        self.patterns.iter().copied().zip(self.signs).take(self.size)
    }

    /// The first mixture that `state`, with these `overlaps`, is: of three before five patterns, in lexicographic order
    /// of their ranks, and then of the signs, plus before minus.
    pub(super) fn of(columns: &Columns, state: &[i8], overlaps: &[i64]) -> Option<Self> {
        let mut ranked = [0; LOOKED_AT];
        let count = rank(overlaps, &mut ranked);
        let ranked = &ranked[..count];
        // What some neurons rule out, all of them do; most states are no mixture, and some neurons tell.
        let least = decided(state) as i64;
        let fits = |state| Self::that_fits(ranked, overlaps, least, &Cases::of(columns, state, ranked));
        fits(&state[..state.len().min(SOME)])?;
        fits(state)
    }

    /// The first mixture of the `ranked` patterns that has the sign of the state in all `cases`, among those whose
    /// overlaps have a signed sum of `least` or more.
    fn that_fits(ranked: &[usize], overlaps: &[i64], least: i64, cases: &Cases) -> Option<Self> {
        let count = ranked.len();
        for size in [3, MOST].into_iter().filter(|size| *size <= count) {
            let mut ranks = [0, 1, 2, 3, 4];
            loop {
                let chosen = &ranks[..size];
                let overlap_of = |rank: usize| overlaps[ranked[rank]];
                // What the best signs leave to spare, and what each choice of signs takes from it.
                let spare = chosen.iter().map(|rank| overlap_of(*rank).abs()).sum::<i64>() - least;
                let mut takes = [0; 1 << MOST];
                for (term, rank) in chosen.iter().rev().enumerate().take(if spare < 0 { 0 } else { size }) {
                    let (a, (without, with)) = (overlap_of(*rank), takes[..2 << term].split_at_mut(1 << term));
                    for (without, with) in without.iter_mut().zip(with) {
                        (*without, *with) = (*without + 2 * (-a).max(0), *without + 2 * a.max(0));
                    }
                }
                for minus in 0..if spare < 0 { 0 } else { 1_u8 << size } {
                    if takes[usize::from(minus)] > spare {
                        continue;
                    }
                    // The first term has the highest bit, so that counting up is lexicographic.
                    let is_minus = |term: usize| minus >> (size - 1 - term) & 1 == 1;
                    let mask = chosen.iter().fold(0, |mask, rank| mask | 1 << rank);
                    let signs =
                        chosen.iter().enumerate().fold(0, |bits, (term, rank)| bits | u8::from(is_minus(term)) << rank);
                    if cases.all(|case| ((case ^ signs) & mask).count_ones() as usize * 2 > size) {
                        let patterns = std::array::from_fn(|term| chosen.get(term).map_or(0, |rank| ranked[*rank]));
                        let signs = std::array::from_fn(|term| match term {
                            _ if term >= size => 0,
                            _ if is_minus(term) => -1,
                            _ => 1,
                        });
                        return Some(Self { size, patterns, signs });
                    }
                }
                if !advance(&mut ranks[..size], count) {
                    break;
                }
            }
        }
        None
    }
}

/// Writes the indices of the largest |overlaps|, equal ones by index; how many there are.
fn rank(overlaps: &[i64], ranked: &mut [usize; LOOKED_AT]) -> usize {
    let mut count = 0;
    for (mu, a) in overlaps.iter().enumerate() {
        if count == LOOKED_AT && a.abs() <= overlaps[ranked[LOOKED_AT - 1]].abs() {
            continue;
        }
        let place = ranked[..count].partition_point(|other| overlaps[*other].abs() >= a.abs());
        count = (count + 1).min(LOOKED_AT);
        ranked.copy_within(place..count - 1, place + 1);
        ranked[place] = mu;
    }
    count
}

/// The next combination of that many of the numbers below `count`, in lexicographic order.
fn advance(combination: &mut [usize], count: usize) -> bool {
    let size = combination.len();
    let Some(at) = (0..size).rev().find(|at| combination[*at] < count - size + at) else { return false };
    combination[at] += 1;
    for next in at + 1..size {
        combination[next] = combination[next - 1] + 1;
    }
    true
}

/// Which of the ranked patterns agree with the state, for some neuron or other: one bit a case.
struct Cases([u64; 4]);

impl Cases {
    fn of(columns: &Columns, state: &[i8], ranked: &[usize]) -> Self {
        let mut cases = [0; 4];
        for (i, x) in state.iter().enumerate() {
            let column = columns.column(i);
            let mut agreeing = 0_u8;
            for (rank, mu) in ranked.iter().enumerate() {
                agreeing |= u8::from((column[mu / 64] >> (mu % 64) & 1 == 1) == (*x > 0)) << rank;
            }
            cases[usize::from(agreeing / 64)] |= 1 << (agreeing % 64);
        }
        Self(cases)
    }

    /// Whether a test holds in all cases that there are.
    fn all(&self, test: impl Fn(u8) -> bool) -> bool {
        (0..=u8::MAX).filter(|case| self.0[usize::from(case / 64)] >> (case % 64) & 1 == 1).all(test)
    }
}
