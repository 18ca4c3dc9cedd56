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
//! Weights `w` are kept, one a lane, until the state changes, so a visit is masked additions: 32-bit ones while no lane
//! can overflow, 64-bit ones beyond. Powers wrap around; a weight that fits is right all the same.
//!
//! What helped (100 000 lanes, 1000 neurons, AVX-512): weights of 32 bits (400 KB, which stay in the second-level cache)
//! instead of squares taken at each visit; sixteen bits of the column tested against constants, which compiles to masked
//! additions. Not here: what the sums mean; numbers that need more than 64 bits, for which `tally` counts equal overlaps.

use super::for_every_set;

/// Lanes of a word.
const LANES: usize = 64;
/// Lanes that are weighed side by side: one 512-bit vector of 32-bit numbers.
const SIDE: usize = 16;

/// `F(z) = z^degree`; where `rectified`, 0 unless `z` is positive. The degree is at least 1.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Power {
    pub degree: u32,
    pub rectified: bool,
}

/// A sum over lanes of the rise and the fall of `F`: `T_{+1}` and `T_{−1}`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Slopes {
    pub rise: i64,
    pub fall: i64,
}

/// A number that weights are computed in.
trait Weight: Copy + Default {
    fn of(lane: i32) -> Self;
    fn times(self, other: Self) -> Self;
    fn less(self, other: Self) -> Self;
    fn positive(self) -> Self;
    fn wide(self) -> i64;
}

macro_rules! weight {
    ($Type:ty) => {
        impl Weight for $Type {
            #[inline(always)]
            fn of(lane: i32) -> Self {
                lane.into()
            }
            #[inline(always)]
            fn times(self, other: Self) -> Self {
                self.wrapping_mul(other)
            }
            #[inline(always)]
            fn less(self, other: Self) -> Self {
                self.wrapping_sub(other)
            }
            #[inline(always)]
            fn positive(self) -> Self {
                self.max(0)
            }
            #[inline(always)]
            fn wide(self) -> i64 {
                self.into()
            }
        }
    };
}
weight!(i32);
weight!(i64);

/// `F` of some lanes, each moved by `shift`.
#[inline(always)]
fn powers<T: Weight>(lanes: &[i32; SIDE], shift: i32, power: Power) -> [T; SIDE] {
    let mut base = lanes.map(|a| T::of(a + shift));
    if power.rectified {
        base = base.map(T::positive);
    }
    let mut result = base;
    for _ in 1..power.degree {
        for l in 0..SIDE {
            result[l] = result[l].times(base[l]);
        }
    }
    result
}

#[inline(always)]
fn weigh<T: Weight>(lanes: &[i32], power: Power, weights: &mut [T]) -> Slopes {
    let (mut rise, mut fall) = ([0_i64; SIDE], [0_i64; SIDE]);
    for (lanes, weights) in lanes.as_chunks::<SIDE>().0.iter().zip(weights.as_chunks_mut::<SIDE>().0) {
        let (above, here, below) = (powers::<T>(lanes, 2, power), powers(lanes, 0, power), powers(lanes, -2, power));
        for l in 0..SIDE {
            weights[l] = above[l].less(below[l]);
            rise[l] += above[l].less(here[l]).wide();
            fall[l] += here[l].less(below[l]).wide();
        }
    }
    Slopes { rise: rise.iter().sum(), fall: fall.iter().sum() }
}

/// The weight where the lane's bit is set, else 0.
#[inline(always)]
fn masked<T: Copy + Default>(bits: i32, lane: usize, weight: T) -> T {
    if bits & (1 << lane) == 0 { T::default() } else { weight }
}

for_every_set! {
    /// Adds `step` to the lanes whose bit is set and takes it from the others.
    pub(crate) fn shift(column: &[u64], step: i32, lanes: &mut [i32]) {
        for (word, lanes) in column.iter().zip(lanes.as_chunks_mut::<LANES>().0) {
            for (q, lanes) in lanes.as_chunks_mut::<SIDE>().0.iter_mut().enumerate() {
                let bits = i32::from((word >> (SIDE * q)) as u16);
                for l in 0..SIDE {
                    lanes[l] += masked(bits, l, 2 * step) - step;
                }
            }
        }
    }

    /// The lowest and the highest lane.
    pub(crate) fn extremes(lanes: &[i32]) -> (i32, i32) {
        lanes.iter().fold((i32::MAX, i32::MIN), |(low, high), a| (low.min(*a), high.max(*a)))
    }

    /// Writes the weights of all lanes, each of which must fit 28 bits.
    pub(crate) fn weigh_narrow(lanes: &[i32], power: Power, weights: &mut [i32]) -> Slopes {
        weigh(lanes, power, weights)
    }

    /// Writes the weights of all lanes, whose sum must fit 63 bits.
    pub(crate) fn weigh_wide(lanes: &[i32], power: Power, weights: &mut [i64]) -> Slopes {
        weigh(lanes, power, weights)
    }

    /// The sum of the weights of lanes whose bit is set; `run` words of lanes can be added up in 32 bits.
    pub(crate) fn sum_narrow(column: &[u64], weights: &[i32], run: usize) -> i64 {
        let mut total = [0_i64; SIDE];
        for (column, weights) in column.chunks(run).zip(weights.chunks(run * LANES)) {
            let mut sums = [[0_i32; SIDE]; LANES / SIDE];
            for (word, weights) in column.iter().zip(weights.as_chunks::<LANES>().0) {
                for q in 0..LANES / SIDE {
                    let bits = i32::from((word >> (SIDE * q)) as u16);
                    for l in 0..SIDE {
                        sums[q][l] += masked(bits, l, weights[SIDE * q + l]);
                    }
                }
            }
            for sums in sums {
                for l in 0..SIDE {
                    total[l] += i64::from(sums[l]);
                }
            }
        }
        total.iter().sum()
    }

    /// The same in 64 bits.
    pub(crate) fn sum_wide(column: &[u64], weights: &[i64]) -> i64 {
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
    use crate::kernel::Available;
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
        for words in [1, 2, 3, 17] {
            let column: Vec<u64> = (0..words).map(|_| stream.next_u64()).collect();
            let lanes: Vec<i32> = (0..words * LANES).map(|_| stream.below(81) as i32 - 40).collect();
            let set_lanes = || (0..lanes.len()).filter(|l| column[l / LANES] >> (l % LANES) & 1 == 1);
            for (degree, rectified) in [(1, false), (2, true), (3, false), (4, false), (4, true)] {
                let power = Power { degree, rectified };
                let w = |a: i32| f(a + 2, power) - f(a - 2, power);
                let expected: i64 = set_lanes().map(|l| w(lanes[l])).sum();
                let rise: i64 = lanes.iter().map(|a| f(a + 2, power) - f(*a, power)).sum();
                let fall: i64 = lanes.iter().map(|a| f(*a, power) - f(a - 2, power)).sum();
                for set in sets() {
                    let (mut narrow, mut wide) = (vec![0; lanes.len()], vec![0; lanes.len()]);
                    let slopes = Slopes { rise, fall };
                    assert_eq!(weigh_narrow(set, &lanes, power, &mut narrow), slopes, "{set:?}");
                    assert_eq!(weigh_wide(set, &lanes, power, &mut wide), slopes, "{set:?}");
                    for run in [1, 2, 100] {
                        assert_eq!(sum_narrow(set, &column, &narrow, run), expected, "{set:?} {run}");
                    }
                    assert_eq!(sum_wide(set, &column, &wide), expected, "{set:?}");
                }
            }
            for set in sets() {
                let mut moved = lanes.clone();
                shift(set, &column, -2, &mut moved);
                let expected = |l: usize| lanes[l] + if set_lanes().any(|other| other == l) { -2 } else { 2 };
                assert!((0..lanes.len()).all(|l| moved[l] == expected(l)), "{set:?}");
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
