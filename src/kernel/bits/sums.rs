//! Sums of many neurons' columns as plain integers, `Σ_j s_j ξ_j^μ` one a lane, where columns are a few blocks long.
//!
//! What the columns have set is counted bit-sliced (`count`); at the end the planes become numbers.
//!
//! Not here: long columns, of which `census` reads a strip at a time.

use super::count::{SAVED, count};
use super::lists::Signed;
use super::{BLOCK, Columns, Words, for_every_set};
use crate::error::Result;
use crate::kernel::Available;

/// Lanes whose bits become numbers at once.
const SIDE: usize = 32;

/// One sum after another. Lanes beyond the last row are of no meaning.
#[derive(Debug)]
pub(crate) struct Sums {
    planes: Words,
    /// Planes in a block: enough for any count, and a sign.
    room: usize,
    /// Neurons counted, and `Σ_j s_j` of them.
    counted: usize,
    balance: i32,
}

impl Sums {
    /// Nothing yet, of these columns.
    pub(crate) fn new(columns: &Columns) -> Result<Self> {
        let bits = (usize::BITS - columns.n.leading_zeros()) as usize;
        let room = bits.max(SAVED) + 1;
        let planes = Words::zeroed(columns.stride * room, "sums of patterns")?;
        Ok(Self { planes, room, counted: 0, balance: 0 })
    }

    /// Counts the columns of these neurons.
    pub(crate) fn count(&mut self, columns: &Columns, neurons: &Signed, set: Available) {
        count(columns, neurons, self.planes.as_mut_slice(), self.room, set);
        let (plus, minus) = (neurons.plus().len(), neurons.minus().len());
        self.counted += plus + minus;
        self.balance += plus as i32 - minus as i32;
    }

    /// Adds `factor` times the sum of what was counted to the lanes, and forgets it.
    pub(crate) fn take(&mut self, columns: &Columns, factor: i32, lanes: &mut [i32], set: Available) {
        if self.counted == 0 {
            return;
        }
        let depth = (usize::BITS - self.counted.leading_zeros()) as usize + 1;
        take(set, self.planes.as_slice(), columns.stride, self.room, depth, -factor * self.balance, 2 * factor, lanes);
        self.planes.as_mut_slice().fill(0);
        (self.balance, self.counted) = (0, 0);
    }
}

for_every_set! {
    /// Adds `base` and `factor` times its number to every lane; numbers fit in so many planes.
    fn take(
        planes: &[u64],
        stride: usize,
        room: usize,
        depth: usize,
        base: i32,
        factor: i32,
        lanes: &mut [i32],
    ) {
        for (w, lanes) in lanes.as_chunks_mut::<64>().0.iter_mut().enumerate() {
            let first = w / BLOCK * BLOCK;
            let width = (stride - first).min(BLOCK);
            let planes = &planes[first * room..][..depth * width];
            for (half, lanes) in lanes.as_chunks_mut::<SIDE>().0.iter_mut().enumerate() {
                let bits = |b: usize| (planes[b * width + w % BLOCK] >> (SIDE * half)) as u32;
                let (mut numbers, sign) = ([0; SIDE], bits(depth - 1));
                for l in 0..SIDE {
                    numbers[l] = -((sign >> l & 1) as i32);
                }
                for b in (0..depth - 1).rev() {
                    let bits = bits(b);
                    for l in 0..SIDE {
                        numbers[l] = 2 * numbers[l] + (bits >> l & 1) as i32;
                    }
                }
                for l in 0..SIDE {
                    lanes[l] += base + factor * numbers[l];
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::InstructionSet;
    use crate::par::Par;
    use crate::rng::Stream;

    #[test]
    fn sums_are_plain_sums() {
        let mut stream = Stream::new(3, 0);
        for (n, k) in [(1, 1), (15, 4), (16, 5), (65, 64), (300, 257), (513, 600), (4100, 130), (9000, 70)] {
            let rows: Vec<i8> = (0..n * k).map(|_| if stream.coin() { 1 } else { -1 }).collect();
            for set in InstructionSet::ALL.into_iter().filter(|set| set.is_available()).map(Available::or_portable) {
                let columns = Columns::default().appended(&rows, n, set, Par::serial()).unwrap();
                let (mut sums, mut neurons) = (Sums::new(&columns).unwrap(), Signed::new(n).unwrap());
                let mut lanes = vec![7; k.next_multiple_of(64)];
                // All of one sign, and both; in two parts.
                for zero in [0, 1, 2] {
                    let state: Vec<i8> =
                        (0..n).map(|_| stream.below(3) as i8 - 1).map(|x| x * i8::from(x != zero - 1)).collect();
                    for (first, part) in [(0, &state[..n / 3]), (n / 3, &state[n / 3..])] {
                        neurons.list_plus(part, first, set);
                        neurons.list_minus(part, first, set);
                        sums.count(&columns, &neurons, set);
                    }
                    let before = lanes.clone();
                    sums.take(&columns, 3, &mut lanes, set);
                    for ((lane, before), row) in lanes.iter().zip(before).zip(rows.chunks(n)) {
                        let sum: i32 = row.iter().zip(&state).map(|(a, b)| i32::from(a * b)).sum();
                        assert_eq!(*lane, before + 3 * sum, "{set:?} {n} {k} {zero}");
                    }
                }
            }
        }
    }
}
