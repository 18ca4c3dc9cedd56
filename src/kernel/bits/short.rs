//! Overlaps as integers of 16 bits, one a lane, and sums of their squares, which are all that third powers need.
//!
//! A lane is a quarter of what `plain` reads for a weight, and its square is half of a multiply-add. Quadratic weights
//! need no weighing, so lanes that have followed a change are ready for the next visit. What paid, at 100 000 lanes on a
//! Xeon of 2.1 GHz: that (a change of 4 µs instead of 30), squares with AVX-512 (3.5 µs a visit) and AVX2 (6.5 µs), of
//! which the compiler makes 53 µs, and counting the bits along with them (without their instruction it takes as long
//! again).
//!
//! Not here: what the sums mean.

use super::for_every_set;
use super::plain::{LANES, SIDE, masked};
#[cfg(target_arch = "x86_64")]
use super::{plain_x86, short_avx2};
use crate::kernel::Available;

/// The largest lane: its square, four times, fits 32 bits.
pub(crate) const MOST_SHORT: i32 = 23_000;

for_every_set! {
    /// Writes lanes of at most [`MOST_SHORT`] once more in 16 bits; their sum.
    pub(crate) fn shorten(lanes: &[i32], short: &mut [i16]) -> i64 {
        let mut total = 0;
        for (lanes, short) in lanes.chunks(LANES).zip(short.chunks_mut(LANES)) {
            let mut sum = 0;
            for (a, short) in lanes.iter().zip(short) {
                *short = *a as i16;
                sum += a;
            }
            total += i64::from(sum);
        }
        total
    }

    fn plain_follow(column: &[u64], step: i16, lanes: &mut [i16]) -> i64 {
        let mut ones = 0;
        for (word, lanes) in column.iter().zip(lanes.as_chunks_mut::<LANES>().0) {
            for (q, lanes) in lanes.as_chunks_mut::<SIDE>().0.iter_mut().enumerate() {
                let bits = i32::from((word >> (SIDE * q)) as u16);
                for l in 0..SIDE {
                    lanes[l] += masked(bits, l, 2 * step) - step;
                }
            }
            ones += i64::from(word.count_ones());
        }
        ones
    }

    fn plain_squares(column: &[u64], lanes: &[i16]) -> (i64, i64) {
        let (mut total, mut ones) = (0, 0);
        for (word, lanes) in column.iter().zip(lanes.as_chunks::<LANES>().0) {
            let mut sums = [0; SIDE];
            for (q, lanes) in lanes.as_chunks::<SIDE>().0.iter().enumerate() {
                let bits = i32::from((word >> (SIDE * q)) as u16);
                for l in 0..SIDE {
                    let square = i32::from(lanes[l]) * i32::from(lanes[l]);
                    sums[l] += masked(bits, l, 2 * square) - square;
                }
            }
            total += sums.iter().map(|sum| i64::from(*sum)).sum::<i64>();
            ones += i64::from(word.count_ones());
        }
        (total, ones)
    }
}

/// The squares of lanes whose bit is set less those of the others, and the number of bits set. No lane is beyond ±`most`,
/// which is at most [`MOST_SHORT`].
pub(crate) fn squares(set: Available, column: &[u64], lanes: &[i16], most: i32) -> (i64, i64) {
    debug_assert!(most <= MOST_SHORT, "squares in 32 bits");
    // Each word adds two squares to each sum of 32 bits.
    #[cfg(target_arch = "x86_64")]
    let run = (i32::MAX / (2 * most * most).max(1)) as usize;
    match set.set() {
        // SAFETY: an `Available` is made only after `InstructionSet::is_available` found these features.
        #[cfg(target_arch = "x86_64")]
        crate::InstructionSet::Avx2 => unsafe { short_avx2::squares(column, lanes, run) },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        crate::InstructionSet::Avx512 => unsafe { plain_x86::squares(column, lanes, run) },
        _ => plain_squares(set, column, lanes),
    }
}

/// Adds `step` to the lanes whose bit is set and takes it from the others; the number of bits set.
pub(crate) fn follow(set: Available, column: &[u64], step: i8, lanes: &mut [i16]) -> i64 {
    match set.set() {
        // SAFETY: an `Available` is made only after `InstructionSet::is_available` found these features.
        #[cfg(target_arch = "x86_64")]
        crate::InstructionSet::Avx2 => unsafe { short_avx2::follow(column, step.into(), lanes) },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        crate::InstructionSet::Avx512 => unsafe { plain_x86::follow(column, step.into(), lanes) },
        _ => plain_follow(set, column, step.into(), lanes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::InstructionSet;
    use crate::rng::Stream;

    #[test]
    fn squares_are_summed_with_their_signs_and_lanes_follow() {
        let mut stream = Stream::new(2, 0);
        for words in [1, 2, 3, 17, 70, 150] {
            let column: Vec<u64> = (0..words).map(|_| stream.next_u64()).collect();
            let sign = |l: usize| if column[l / LANES] >> (l % LANES) & 1 == 1 { 1 } else { -1 };
            let ones = column.iter().map(|word| i64::from(word.count_ones())).sum();
            // All lanes at the largest that is allowed, and small ones of both signs.
            for most in [MOST_SHORT, 40] {
                let lane = |stream: &mut Stream| if most > 40 { -most } else { stream.below(81) as i32 - 40 };
                let lanes: Vec<i32> = (0..words * LANES).map(|_| lane(&mut stream)).collect();
                let squared = (0..).zip(&lanes).map(|(l, a)| sign(l) * i64::from(a * a)).sum();
                for set in InstructionSet::ALL.into_iter().filter(|set| set.is_available()) {
                    let set = Available::or_portable(set);
                    let mut short = vec![0; lanes.len()];
                    let total = lanes.iter().map(|a| i64::from(*a)).sum::<i64>();
                    assert_eq!(shorten(set, &lanes, &mut short), total, "{set:?}");
                    assert_eq!(squares(set, &column, &short, most), (squared, ones), "{set:?}");
                    assert_eq!(follow(set, &column, -2, &mut short), ones, "{set:?}");
                    let moved = |l: usize| i64::from(lanes[l]) - 2 * sign(l);
                    assert!((0..lanes.len()).all(|l| i64::from(short[l]) == moved(l)), "{set:?}");
                }
            }
        }
    }
}
