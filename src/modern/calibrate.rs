//! An inverse temperature at which a memory retrieves its patterns.
//!
//! By Ramsauer et al. 2020, theorem 5, one update from a stored pattern misses it by at most a share
//! `2(k−1) e^{−βΔ}` of the largest norm, `Δ` the pattern's separation `s(x, x) − max_ν s(x, x_ν)`. Solved for β at a
//! wanted error and at a low quantile of Δ over a sample of the patterns. Entmax retrieves exactly from `β = 1/((α−1)Δ)` on.
//! Epanechnikov's balls have three quarters of the smallest distance for radius. Powers and the largest score need no β.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher, RandomState};

use ndarray::{CowArray, Ix2};

use super::association::{Scores, Together, by_eight};
use super::mask::Mask;
use super::memory::Family;
use super::separation::Separation;
use super::similarity::Similarity;
use crate::error::{Error, Result, try_vec};
use crate::input::patterns::Patterns;
use crate::input::real::{Finite, Rows, inverse_temperature};
use crate::kernel::real::Real;
use crate::kernel::{Kernels, TILE};
use crate::par::Par;

/// Patterns whose separation is looked at.
const SAMPLE: usize = 1024;
/// The share of patterns that may be separated less than the quantile.
const QUANTILE: f64 = 0.10;

/// Rows between two looks at whether to go on.
const ROWS_AT_ONCE: usize = 1024;

/// A calibrated inverse temperature.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Calibration {
    /// The inverse temperature.
    pub beta: f64,
    /// The share of sampled patterns that no β retrieves, since another pattern is their better match. Where it is so
    /// large that the quantile of all separations is not positive, β is that for the others.
    pub unretrievable: f64,
    /// Whether it is: then β is not what was asked for, but the best there is.
    pub fell_back: bool,
}

/// The β at which a memory of `patterns` `(k, d)` retrieves all but a tenth of them with a relative error of at most
/// `error`; exactly, whatever the `error`, under separations that cut. 1 for those that need none.
///
/// ```
/// use hopfield::{Par, modern::{Separation, Similarity, calibrate}};
/// use ndarray::array;
///
/// let beta = |separation, similarity| {
///     let found = calibrate(array![[1.0, 0.0], [0.0, 1.0]], separation, similarity, 1e-3, Par::serial());
///     found.map(|found| found.beta)
/// };
/// assert!((beta(Separation::Softmax, Similarity::Dot)? - 2000.0_f64.ln()).abs() < 1e-12);
/// assert_eq!(beta(Separation::Sparsemax, Similarity::Euclidean)?, 1.0);
/// # Ok::<(), hopfield::Error>(())
/// ```
///
/// # Errors
/// No patterns, NaN or infinity among them, `error` not between 0 and 1, a pair that means nothing, or no pattern that is
/// its own best match.
pub fn calibrate<'a, T: Real>(
    patterns: impl Into<CowArray<'a, T, Ix2>>,
    separation: Separation,
    similarity: Similarity,
    error: f64,
    par: Par,
) -> Result<Calibration> {
    let rows = Rows::patterns(patterns.into(), Finite::Check, par)?;
    let rows = similarity.directed("patterns", rows, par)?;
    of_patterns(&rows.into(), (separation.with(similarity)?, similarity), error, par)
}

/// The same for patterns that were checked before, and are compared and separated in some way.
pub(crate) fn of_patterns<T: Real>(
    patterns: &Patterns<T>,
    (separation, similarity): Family,
    error: f64,
    par: Par,
) -> Result<Calibration> {
    if !(error > 0.0 && error < 1.0) {
        return Err(Error::Range { argument: "error", rule: "between 0 and 1", value: error });
    }
    let needless = Calibration { beta: 1.0, unretrievable: 0.0, fell_back: false };
    if !separation.uses_beta() {
        return Ok(needless);
    }
    let Some(Sampled { mut separations, .. }) = sampled(patterns, similarity, par)? else {
        return Ok(needless);
    };
    separations.sort_unstable_by(f64::total_cmp);
    let retrievable = &separations[separations.partition_point(|&separation| separation <= 0.0)..];
    if retrievable.is_empty() {
        return Err(Error::NotCalibratable { similarity: similarity.name() });
    }
    let lost = separations.len() - retrievable.len();
    let all = quantile(&separations, QUANTILE);
    let fell_back = all <= 0.0;
    let gap = if fell_back { quantile(retrievable, QUANTILE) } else { all };
    let beta = match separation {
        Separation::Sparsemax => 1.0 / gap,
        Separation::Entmax { alpha } => 1.0 / ((alpha - 1.0) * gap),
        // Half the squared distance is what separates the nearest two.
        Separation::Epanechnikov { .. } => 16.0 / (9.0 * retrievable[0]),
        _ => libm::log(2.0 * (patterns.dim().0 - 1) as f64 / error) / gap,
    };
    let beta = inverse_temperature::<T>(beta)?;
    Ok(Calibration { beta, unretrievable: lost as f64 / separations.len() as f64, fell_back })
}

/// Some of the distinct patterns.
pub(super) struct Sampled {
    /// Their indices.
    pub(super) patterns: Vec<usize>,
    /// How far each is from being confused with another distinct one.
    pub(super) separations: Vec<f64>,
}

/// The separations of at most [`SAMPLE`] distinct patterns, evenly spaced; `None` if all patterns are equal.
pub(super) fn sampled<T: Real>(patterns: &Patterns<T>, similarity: Similarity, par: Par) -> Result<Option<Sampled>> {
    let (k, d) = patterns.dim();
    let Some((distinct, same_as)) = distinct_rows(patterns, par)? else {
        return Ok(None);
    };
    let sample: Vec<usize> = if distinct.len() <= SAMPLE {
        distinct
    } else {
        (0..SAMPLE).map(|i| distinct[i * distinct.len() / SAMPLE]).collect()
    };
    let mut queries = try_vec(sample.len() * d, T::ZERO, "a sample of the patterns")?;
    let (kernels, entries) = (Kernels::in_use(), patterns.entries());
    for (query, &index) in queries.chunks_exact_mut(d).zip(&sample) {
        entries.row(kernels, index, query);
    }
    let mut separations = try_vec(sample.len(), 0.0, "separations")?;
    let (scores, comparison) = (Scores::new(patterns, Mask::None), similarity.differences());
    by_eight(&queries, (k, d), (&mut separations, 1), par, |start, queries, separations, watch| {
        let mut own = vec![0.0; separations.len()];
        let mut other = vec![f64::NEG_INFINITY; separations.len()];
        scores.walk(&[Together { first: start, comparison, queries }], watch, |first, rows, scores| {
            for q in 0..own.len() {
                for (row, &score) in scores[q * TILE..][..rows].iter().enumerate() {
                    let score: f64 = score.into();
                    if same_as[first + row] == same_as[sample[start + q]] {
                        own[q] = score;
                    } else if score > other[q] {
                        other[q] = score;
                    }
                }
            }
        })?;
        for (separation, (own, other)) in separations.iter_mut().zip(own.iter().zip(&other)) {
            *separation = own - other;
        }
        Ok(())
    })?;
    Ok(Some(Sampled { patterns: sample, separations }))
}

/// The quantile `q` of sorted numbers, linear between neighbours.
pub(super) fn quantile(sorted: &[f64], q: f64) -> f64 {
    let place = q * (sorted.len() - 1) as f64;
    let (below, part) = (sorted[place as usize], place.fract());
    let above = sorted[(place as usize + 1).min(sorted.len() - 1)];
    below + (above - below) * part
}

/// The first of each set of equal rows, in order, and for each row the first that equals it; `None` if all are equal.
fn distinct_rows<T: Real>(patterns: &Patterns<T>, par: Par) -> Result<Option<(Vec<usize>, Vec<usize>)>> {
    let ((k, d), entries, kernels) = (patterns.dim(), patterns.entries(), Kernels::in_use());
    let (mut own, mut other) = (try_vec(d, T::ZERO, "a pattern")?, try_vec(d, T::ZERO, "a pattern")?);
    let out_of_memory = |_| Error::OutOfMemory { bytes: 32 * k as u128, purpose: "a list of duplicates" };
    let hashing = RandomState::new();
    // The last distinct row with a hash, and for each distinct row the one before it with the same hash.
    let mut last_with: HashMap<u64, usize> = HashMap::new();
    last_with.try_reserve(k).map_err(out_of_memory)?;
    let mut before = try_vec(k, None, "a list of duplicates")?;
    let (mut distinct, mut same_as) = (Vec::new(), try_vec(k, 0, "a list of duplicates")?);
    distinct
        .try_reserve(k)
        .map_err(|_| Error::OutOfMemory { bytes: 8 * k as u128, purpose: "a list of duplicates" })?;
    for row in 0..k {
        if row.is_multiple_of(ROWS_AT_ONCE) {
            par.check()?;
        }
        entries.row(kernels, row, &mut own);
        let mut equals = |index: usize| {
            entries.row(kernels, index, &mut other);
            own.iter().zip(&other).all(|(own, other)| own.key() == other.key())
        };
        let mut hasher = hashing.build_hasher();
        for entry in &own {
            hasher.write_u64(entry.key());
        }
        let hash = hasher.finish();
        let mut candidate = last_with.get(&hash).copied();
        while let Some(other) = candidate.filter(|&index| !equals(index)) {
            candidate = before[other];
        }
        same_as[row] = candidate.unwrap_or_else(|| {
            before[row] = last_with.insert(hash, row);
            distinct.push(row);
            row
        });
    }
    Ok((distinct.len() > 1).then_some((distinct, same_as)))
}
