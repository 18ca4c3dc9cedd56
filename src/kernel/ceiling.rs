//! What this machine can do at most: chains of fused multiply-adds that never leave the registers, and plain reading.
//!
//! Benches put their figures beside these, measured in the same run, since the machine's speed changes by the minute.

use super::lanes::Lanes;
use super::real::{Arithmetic, Real};

/// Independent chains: enough to hide the latency of two units, few enough for the registers.
const CHAINS: usize = 12;
/// Sums of a reading pass, a line each.
const SUMS: usize = 8;

/// Makes `rounds · CHAINS · COUNT` fused multiply-adds and returns something that depends on all of them.
///
/// # Safety
/// As for [`Lanes`].
#[inline(always)]
pub(crate) unsafe fn multiply_add<L: Lanes>(rounds: usize) -> L::Real {
    // SAFETY: registers only, but for an array of this function's own.
    unsafe {
        let factor = L::splat(std::hint::black_box(L::Real::from_f64(0.999)));
        let addend = L::splat(std::hint::black_box(L::Real::from_f64(0.001)));
        let mut chains = [factor; CHAINS];
        for _ in 0..rounds {
            for chain in &mut chains {
                *chain = chain.fused(factor, addend);
            }
        }
        let mut all = chains[0];
        for chain in chains {
            all = all.plus(chain);
        }
        let mut lanes = [L::Real::ZERO; 16];
        all.store(&mut lanes, 0);
        lanes[0]
    }
}

/// The number of fused multiply-adds in a round.
pub(crate) const fn per_round(lanes: usize) -> usize {
    CHAINS * lanes
}

/// Reads every entry of `from` (but for the last few) and returns something that depends on all of them.
///
/// # Safety
/// As for [`Lanes`].
#[inline(always)]
pub(crate) unsafe fn read<L: Lanes>(from: &[L::Real]) -> L::Real {
    let step = SUMS * L::COUNT;
    // SAFETY: every load lies within one of the whole steps.
    unsafe {
        let mut sums = [L::splat(L::Real::ZERO); SUMS];
        for start in (0..from.len() / step * step).step_by(step) {
            for (line, sum) in sums.iter_mut().enumerate() {
                // As far ahead as the retrieval kernels fetch.
                L::prefetch(from, start + 16 * step + line * L::COUNT);
                *sum = sum.plus(L::load(from, start + line * L::COUNT));
            }
        }
        let mut all = sums[0];
        for sum in sums {
            all = all.plus(sum);
        }
        let mut lanes = [L::Real::ZERO; 16];
        all.store(&mut lanes, 0);
        lanes[0]
    }
}
