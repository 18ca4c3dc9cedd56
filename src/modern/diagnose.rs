//! What kind of attractor a state is near: one pattern, a mixture of some, or the mean of all.

use super::association::{Scores, Together, by_eight, descending};
use super::mask::Mask;
use super::memory::ModernHopfield;
use crate::error::{Result, try_vec};
use crate::input::name::named;
use crate::kernel::TILE;
use crate::kernel::real::Real;
use crate::par::Par;

/// The share of all weight that the concerned patterns hold.
const MASS: f64 = 0.90;

named! {
    /// The kind of a state.
    pub enum Kind for "kind" {
        /// One pattern holds 90 % of the weight.
        Pattern = "pattern",
        /// 2 … k/2 patterns hold it.
        Metastable = "metastable",
        /// More do.
        Global = "global",
    }
}

named! {
    /// Ramsauer's classes of attention heads, by the share of the patterns that hold 90 % of the weight.
    pub enum RamsauerClass for "ramsauer_class" {
        /// More than k/2.
        I = "I",
        /// More than k/8.
        II = "II",
        /// More than k/32.
        III = "III",
        /// The rest.
        IV = "IV",
    }
}

/// A state, diagnosed (Ramsauer et al. 2020, section 3 and appendix A.5).
#[derive(Clone, Debug, PartialEq)]
pub struct Diagnosis {
    /// What it is near.
    pub kind: Kind,
    /// The least number of patterns that hold 90 % of the weight.
    pub size: usize,
    /// Those patterns, the heaviest first; empty for a global state.
    pub patterns: Vec<usize>,
    /// `−Σ p ln p`, in nats.
    pub entropy: f64,
    /// `1 / Σ p²`, the effective number of patterns.
    pub participation: f64,
    /// The class of Ramsauer et al.
    pub ramsauer_class: RamsauerClass,
}

/// Diagnoses each state; each thread holds one row of `k` weights.
pub(super) fn diagnose<T: Real>(memory: &ModernHopfield<T>, states: &[T], par: Par) -> Result<Vec<Diagnosis>> {
    let (k, d) = memory.stored().dim();
    let m = states.len() / d;
    let normalizers = memory.normalizers(states, Mask::None, par)?;
    let (scores, of, comparison) =
        (Scores::new(memory.stored(), Mask::None), memory.weights(), memory.comparison(false));
    let mut diagnoses = try_vec(m, None, "diagnoses")?;
    by_eight(states, (k, d), (&mut diagnoses, 1), par, |start, states, diagnoses, watch| {
        for (q, (state, diagnosis)) in states.chunks_exact(d).zip(diagnoses).enumerate() {
            let mut weights = Vec::new();
            weights.try_reserve_exact(k).map_err(|_| crate::Error::OutOfMemory {
                bytes: k as u128 * size_of::<(T, usize)>() as u128,
                purpose: "a row of weights",
            })?;
            let alone = Together { first: start + q, comparison, queries: state };
            scores.walk(&[alone], watch, |first, rows, scores| {
                let row = scores[..rows.min(TILE)].iter().enumerate();
                let weight = |row, score| of.weight(&normalizers[start + q], score, first + row);
                weights.extend(row.map(|(row, &score)| (weight(row, score), first + row)));
            })?;
            *diagnosis = Some(of_weights(weights));
        }
        Ok(())
    })?;
    Ok(diagnoses.into_iter().flatten().collect())
}

fn of_weights<T: Real>(mut weights: Vec<(T, usize)>) -> Diagnosis {
    let k = weights.len();
    let (mut entropy, mut squares) = (0.0, 0.0);
    for &(weight, _) in &weights {
        let weight: f64 = weight.into();
        if weight > 0.0 {
            entropy -= weight * libm::log(weight);
        }
        squares += weight * weight;
    }
    weights.sort_unstable_by(descending);
    let (mut size, mut mass) = (0, 0.0);
    while size < k && mass < MASS {
        let weight: f64 = weights[size].0.into();
        mass += weight;
        size += 1;
    }
    let kind = match size {
        1 => Kind::Pattern,
        _ if 2 * size <= k => Kind::Metastable,
        _ => Kind::Global,
    };
    let ramsauer_class = match size {
        _ if 2 * size > k => RamsauerClass::I,
        _ if 8 * size > k => RamsauerClass::II,
        _ if 32 * size > k => RamsauerClass::III,
        _ => RamsauerClass::IV,
    };
    let concerned = if kind == Kind::Global { 0 } else { size };
    let patterns = weights[..concerned].iter().map(|&(_, index)| index).collect();
    Diagnosis { kind, size, patterns, entropy, participation: 1.0 / squares, ramsauer_class }
}
