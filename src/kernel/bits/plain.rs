//! Overlaps as plain integers, one a lane, and sums of powers of them over the lanes whose bit is set.
//!
//! With `a` the overlaps of a state and `F(z) = z^p`, what neuron `i` of value `x = ±1` does to `Σ_μ F(a^μ)` is a sum
//! over set bits: with `c^μ = a^μ − ξ_i^μ x`,
//!
//! ```text
//! Σ_μ F(c^μ + ξ_i^μ) − F(c^μ − ξ_i^μ)  =  Σ_{μ: ξ_i^μ = +1} w(a^μ) − T_x      w(a) = F(a + 2) − F(a − 2)
//! T_{+1} = Σ_μ F(a^μ + 2) − F(a^μ)        T_{−1} = Σ_μ F(a^μ) − F(a^μ − 2)
//! ```
//!
//! Weights `w` are kept, one a lane, until the state changes, so a visit is masked additions. Powers wrap around; a weight
//! that fits is right all the same.
//!
//! What helped (100 000 lanes, AVX-512): masks straight from the column's bits (a sum in 11 µs instead of 43, a step in 9
//! instead of 16); moving many neurons' worth of steps block by block, so that lanes stay in the first-level cache. What
//! did not: weights of 32 bits, whose powers cost 45 µs after each change, as much as ten visits.
//!
//! Not here: what the sums mean; numbers that need more than 64 bits, for which `tally` counts equal overlaps.

use super::for_every_set;
#[cfg(target_arch = "x86_64")]
use super::plain_x86;
use crate::kernel::Available;

/// Lanes of a word.
pub(super) const LANES: usize = 64;
/// Lanes side by side in one 512-bit vector of 32-bit numbers.
pub(super) const SIDE: usize = 16;
/// Words of lanes that stay in the first-level cache.
const BLOCK: usize = 64;

/// `F(z) = z^degree`; where `rectified`, 0 unless `z` is positive. The degree is at least 1.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Power {
    pub degree: u32,
    pub rectified: bool,
}

/// Sums over lanes of the rise and the fall of `F`: `T_{+1}` and `T_{−1}`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Slopes {
    pub rise: i64,
    pub fall: i64,
}

/// `F` of some lanes, each moved by `shift`.
#[inline(always)]
fn powers(lanes: &[i32; SIDE], shift: i32, power: Power) -> [i64; SIDE] {
    let base = lanes.map(|a| {
        let z = i64::from(a + shift);
        if power.rectified { z.max(0) } else { z }
    });
    let mut result = base;
    for _ in 1..power.degree {
        for l in 0..SIDE {
            result[l] = result[l].wrapping_mul(base[l]);
        }
    }
    result
}

/// The number where its lane's bit is set, else 0.
#[inline(always)]
pub(super) fn masked<T: Copy + Default>(bits: i32, lane: usize, number: T) -> T {
    if bits & (1 << lane) == 0 { T::default() } else { number }
}

for_every_set! {
    /// The lowest and the highest lane.
    pub(crate) fn extremes(lanes: &[i32]) -> (i32, i32) {
        lanes.iter().fold((i32::MAX, i32::MIN), |(low, high), a| (low.min(*a), high.max(*a)))
    }

    /// Writes the weights of all lanes, whose sum must fit 63 bits.
    pub(crate) fn weigh(lanes: &[i32], power: Power, weights: &mut [i64]) -> Slopes {
        let (mut rise, mut fall) = ([0_i64; SIDE], [0_i64; SIDE]);
        for (lanes, weights) in lanes.as_chunks::<SIDE>().0.iter().zip(weights.as_chunks_mut::<SIDE>().0) {
            let (above, here, below) = (powers(lanes, 2, power), powers(lanes, 0, power), powers(lanes, -2, power));
            for l in 0..SIDE {
                weights[l] = above[l].wrapping_sub(below[l]);
                rise[l] += above[l].wrapping_sub(here[l]);
                fall[l] += here[l].wrapping_sub(below[l]);
            }
        }
        Slopes { rise: rise.iter().sum(), fall: fall.iter().sum() }
    }

    fn plain_sum(column: &[u64], weights: &[i64]) -> i64 {
        let mut sums = [0_i64; SIDE];
        for (word, weights) in column.iter().zip(weights.as_chunks::<LANES>().0) {
            for q in 0..LANES / SIDE {
                let bits = i32::from((word >> (SIDE * q)) as u16);
                for l in 0..SIDE {
                    sums[l] += masked(bits, l, weights[SIDE * q + l]);
                }
            }
        }
        sums.iter().sum()
    }

    fn plain_shift(column: &[u64], step: i32, lanes: &mut [i32]) {
        for (word, lanes) in column.iter().zip(lanes.as_chunks_mut::<LANES>().0) {
            for (q, lanes) in lanes.as_chunks_mut::<SIDE>().0.iter_mut().enumerate() {
                let bits = i32::from((word >> (SIDE * q)) as u16);
                for l in 0..SIDE {
                    lanes[l] += masked(bits, l, 2 * step) - step;
                }
            }
        }
    }
}

/// The sum of the weights of lanes whose bit is set.
pub(crate) fn sum(set: Available, column: &[u64], weights: &[i64]) -> i64 {
    match set.set() {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: an `Available` is made only after `InstructionSet::is_available` found these features.
        crate::InstructionSet::Avx512 => unsafe { plain_x86::sum(column, weights) },
        _ => plain_sum(set, column, weights),
    }
}

/// For each column adds its step to the lanes whose bit is set and takes it from the others.
pub(crate) fn shift_all<'a>(
    set: Available,
    columns: impl Iterator<Item = (&'a [u64], i32)> + Clone,
    lanes: &mut [i32],
) {
    for (block, lanes) in lanes.chunks_mut(BLOCK * LANES).enumerate() {
        for (column, step) in columns.clone() {
            let column = &column[block * BLOCK..][..lanes.len() / LANES];
            match set.set() {
                #[cfg(target_arch = "x86_64")]
                // SAFETY: an `Available` is made only after `InstructionSet::is_available` found these features.
                crate::InstructionSet::Avx512 => unsafe { plain_x86::shift(column, step, lanes) },
                _ => plain_shift(set, column, step, lanes),
            }
        }
    }
}

/// Counts, by half their distance from `least`, the lanes whose bit is set.
pub(crate) fn tally(column: impl Iterator<Item = u64>, lanes: &[i32], least: i32, counts: &mut [u32]) {
    for (word, lanes) in column.zip(lanes.as_chunks::<LANES>().0) {
        let mut rest = word;
        while rest != 0 {
            counts[(lanes[rest.trailing_zeros() as usize] - least) as usize / 2] += 1;
            rest &= rest - 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::InstructionSet;
    use crate::rng::Stream;

    fn sets() -> impl Iterator<Item = Available> {
        InstructionSet::ALL.into_iter().filter(|set| set.is_available()).map(Available::or_portable)
    }

    fn f(z: i32, power: Power) -> i64 {
        if power.rectified && z <= 0 { 0 } else { i64::from(z).pow(power.degree) }
    }

    #[test]
    fn sums_over_set_bits_are_plain_sums() {
        let mut stream = Stream::new(1, 0);
        for words in [1, 2, 3, 17, 70, 150] {
            let column: Vec<u64> = (0..words).map(|_| stream.next_u64()).collect();
            let lanes: Vec<i32> = (0..words * LANES).map(|_| stream.below(81) as i32 - 40).collect();
            let is_set = |l: usize| column[l / LANES] >> (l % LANES) & 1 == 1;
            let set_lanes = || (0..lanes.len()).filter(|l| is_set(*l));
            for (degree, rectified) in [(1, false), (2, true), (3, false), (4, false), (4, true)] {
                let power = Power { degree, rectified };
                let w = |a: i32| f(a + 2, power) - f(a - 2, power);
                let expected: i64 = set_lanes().map(|l| w(lanes[l])).sum();
                let rise: i64 = lanes.iter().map(|a| f(a + 2, power) - f(*a, power)).sum();
                let fall: i64 = lanes.iter().map(|a| f(*a, power) - f(a - 2, power)).sum();
                for set in sets() {
                    let mut weights = vec![0; lanes.len()];
                    assert_eq!(weigh(set, &lanes, power, &mut weights), Slopes { rise, fall }, "{set:?}");
                    assert_eq!(sum(set, &column, &weights), expected, "{set:?}");
                }
            }
            for set in sets() {
                let mut moved = lanes.clone();
                shift_all(set, [(&column[..], -2), (&column[..], 1)].into_iter(), &mut moved);
                assert!((0..lanes.len()).all(|l| moved[l] == lanes[l] + if is_set(l) { -1 } else { 1 }), "{set:?}");
                assert_eq!(extremes(set, &moved).0, moved.iter().copied().min().unwrap(), "{set:?}");
                assert_eq!(extremes(set, &moved).1, moved.iter().copied().max().unwrap(), "{set:?}");
            }
            let even: Vec<i32> = lanes.iter().map(|a| 2 * a).collect();
            let mut counts = vec![0; 81];
            tally(column.iter().copied(), &even, -80, &mut counts);
            let expected = |z: usize| set_lanes().filter(|l| even[*l] == 2 * z as i32 - 80).count();
            assert!((0..81).all(|z| counts[z] as usize == expected(z)));
        }
    }
}
