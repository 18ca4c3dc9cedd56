//! −∞ over the scores of patterns that take no part.

use super::TILE;
use super::real::Real;

/// See [`super::Kernels::hide`]. Flags of queries in lanes are turned into one word for each row first.
#[inline(always)]
pub(crate) fn hide<T: Real>(scores: &mut [T], in_lanes: bool, allowed: &[&[bool]], width: usize) {
    if !in_lanes {
        for (scores, allowed) in scores.chunks_exact_mut(TILE).zip(allowed) {
            for (score, &allowed) in scores.iter_mut().zip(*allowed) {
                *score = if allowed { *score } else { T::NEG_INFINITY };
            }
        }
        return;
    }
    let mut hidden = [0_u64; TILE];
    for (lane, allowed) in allowed.iter().enumerate() {
        for (word, &allowed) in hidden.iter_mut().zip(*allowed) {
            *word |= u64::from(!allowed) << lane;
        }
    }
    for (scores, &word) in scores.chunks_exact_mut(width).zip(&hidden) {
        if word != 0 {
            for (lane, score) in scores.iter_mut().enumerate() {
                *score = if word >> lane & 1 == 1 { T::NEG_INFINITY } else { *score };
            }
        }
    }
}
