//! Plain overlaps of all lanes with many neurons at once.
//!
//! For every lane `Σ_j s_j ξ_j` over listed neurons `j` with signs `s_j` is twice the number of neurons that agree less
//! their number. Agreements are counted bit-sliced, sixteen neurons a carry-save tree as in `count`, but a strip of 4096
//! lanes at a time: each column is then read in pieces of eight cache lines, which matters where columns are long. Pieces
//! so short are not foreseen by the processor, so those of the next tree are asked for ahead. Counts are added to 32-bit
//! lanes at the end.
//!
//! Not here: few neurons, for which `plain` moves the lanes one neuron at a time.

use super::count::{Leaves, SAVED, TREE, grow, ripple};
use super::visit::prefetch;
use super::{BLOCK, Columns, HALF, for_every_set};

/// Words of a strip.
const STRIP: usize = 8 * BLOCK;
/// Planes of a count below 2³¹.
const PLANES: usize = 31;

/// A block of listed neurons' columns, from word `first` on.
struct SignedBlock<'a, const WORDS: usize> {
    columns: &'a Columns,
    neurons: &'a [(u32, i8)],
    first: usize,
}

impl<const WORDS: usize> Leaves<[u64; BLOCK]> for SignedBlock<'_, WORDS> {
    #[inline(always)]
    fn leaf(&self, j: usize) -> [u64; BLOCK] {
        let mut leaf = [0; BLOCK];
        if let Some((i, sign)) = self.neurons.get(j) {
            let words = &self.columns.column(*i as usize)[self.first..][..WORDS];
            let negative = i64::from(*sign >> 7) as u64;
            for l in 0..WORDS {
                leaf[l] = words[l] ^ negative;
            }
        }
        leaf
    }
}

/// Counts a tree's neurons into the planes; their block at `first` has so many words.
#[inline(always)]
fn count_tree<const WORDS: usize>(columns: &Columns, neurons: &[(u32, i8)], first: usize, planes: &mut [[u64; BLOCK]]) {
    if let Some((saved, higher)) = planes.split_first_chunk_mut::<SAVED>() {
        let sixteens = grow(saved, &SignedBlock::<WORDS> { columns, neurons, first });
        ripple(higher, sixteens);
    }
}

for_every_set! {
    /// Adds `factor` times the sum over `neurons`, each with its sign, to every lane.
    pub(crate) fn add_overlaps(columns: &Columns, neurons: &[(u32, i8)], factor: i32, lanes: &mut [i32]) {
        let depth = (usize::BITS - neurons.len().leading_zeros()) as usize;
        let depth = depth.clamp(SAVED, PLANES);
        let none = factor * neurons.len() as i32;
        let words = columns.stride.min(lanes.len() / 64);
        for (strip, lanes) in lanes.chunks_mut(64 * STRIP).enumerate() {
            let first = strip * STRIP;
            let blocks = (words - first).min(STRIP).div_ceil(BLOCK);
            let mut planes = [[[0; BLOCK]; PLANES]; STRIP / BLOCK];
            for (t, tree) in neurons.chunks(TREE).enumerate() {
                let next = neurons.chunks(TREE).nth(t + 1).unwrap_or_default();
                for (block, planes) in planes[..blocks].iter_mut().enumerate() {
                    let first = first + block * BLOCK;
                    for (i, _) in next {
                        prefetch(&columns.column(*i as usize)[first..columns.stride.min(first + BLOCK)]);
                    }
                    if columns.stride - first < BLOCK {
                        count_tree::<HALF>(columns, tree, first, &mut planes[..depth]);
                    } else {
                        count_tree::<BLOCK>(columns, tree, first, &mut planes[..depth]);
                    }
                }
            }
            for (w, lanes) in lanes.chunks_exact_mut(64).enumerate() {
                let planes = &planes[w / BLOCK];
                let mut sums = [-none; 64];
                for (b, plane) in planes[..depth].iter().enumerate() {
                    let (word, weight) = (plane[w % BLOCK], (2 * factor) << b);
                    for (lane, sum) in sums.iter_mut().enumerate() {
                        *sum += (word >> lane & 1) as i32 * weight;
                    }
                }
                for (lane, sum) in lanes.iter_mut().zip(sums) {
                    *lane += sum;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::InstructionSet;
    use crate::kernel::Available;
    use crate::par::Par;
    use crate::rng::Stream;

    #[test]
    fn overlaps_are_plain_sums() {
        let mut stream = Stream::new(8, 0);
        for (n, k) in [(3, 5), (16, 64), (17, 300), (40, 4096), (33, 4200), (100, 9000)] {
            let rows: Vec<i8> = (0..n * k).map(|_| if stream.coin() { 1 } else { -1 }).collect();
            let neurons: Vec<(u32, i8)> =
                (0..n).filter(|i| i % 5 != 2).map(|i| (i as u32, if i % 3 == 0 { 1 } else { -1 })).collect();
            for set in InstructionSet::ALL.into_iter().filter(|set| set.is_available()) {
                let set = Available::or_portable(set);
                let columns = Columns::default().appended(&rows, n, set, Par::serial()).unwrap();
                let mut lanes = vec![7; k.next_multiple_of(64)];
                add_overlaps(set, &columns, &neurons, 2, &mut lanes);
                for (row, lane) in rows.chunks(n).zip(&lanes) {
                    let sum: i32 = neurons.iter().map(|(i, sign)| i32::from(row[*i as usize] * sign)).sum();
                    assert_eq!(*lane, 7 + 2 * sum, "{set:?} {n} {k}");
                }
            }
        }
    }
}
