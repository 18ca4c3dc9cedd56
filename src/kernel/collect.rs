//! What separations that cut, and powers, do with a tile of scores: largest ones, the few above a floor, powers, and the
//! weighted sum of a few rows.
//!
//! Scores lie as the score kernels leave them: `[row][width]` with queries in lanes, else `[query][TILE]`.

use super::TILE;
use super::lanes::Lanes;
use super::real::Arithmetic;

/// The greatest score of each query; −∞ where there is none.
///
/// # Safety
/// `scores` holds `rows · width` entries with queries in lanes, which fill whole vectors, else `width · TILE`, `1 ≤ rows ≤
/// TILE`, `tops` `width`; and as for [`Lanes`].
#[inline(always)]
pub(crate) unsafe fn tops<L: Lanes>(
    scores: &[L::Real],
    rows: usize,
    width: usize,
    in_lanes: bool,
    tops: &mut [L::Real],
) {
    // SAFETY: the caller's promise; a part of a vector is loaded as far as there are rows.
    unsafe {
        let nothing = L::splat(L::Real::NEG_INFINITY);
        if in_lanes {
            for at in (0..width).step_by(L::COUNT) {
                // Four chains hide the latency; a maximum is the same in any order.
                let mut chains = [nothing; 4];
                for row in 0..rows {
                    let chain = &mut chains[row % 4];
                    *chain = L::load(scores, row * width + at).max(*chain);
                }
                chains[0].max(chains[1]).max(chains[2].max(chains[3])).store(tops, at);
            }
            return;
        }
        for query in 0..width {
            let scores = &scores[query * TILE..][..TILE];
            let mut top = nothing;
            let whole = rows / L::COUNT * L::COUNT;
            for at in (0..whole).step_by(L::COUNT) {
                top = L::load(scores, at).max(top);
            }
            let mut lanes = [L::Real::NEG_INFINITY; 16];
            top.store(&mut lanes, 0);
            tops[query] = lanes
                .iter()
                .chain(&scores[whole..rows])
                .fold(L::Real::NEG_INFINITY, |top, &score| if score > top { score } else { top });
        }
    }
}

/// Writes the places of the scores above the floor of their query, and returns how many there are.
///
/// # Safety
/// As for [`tops`], and `places` holds as many entries as there are scores.
#[inline(always)]
pub(crate) unsafe fn above<L: Lanes>(
    scores: &[L::Real],
    rows: usize,
    width: usize,
    in_lanes: bool,
    floors: &[L::Real],
    places: &mut [u32],
) -> usize {
    let mut count = 0;
    // SAFETY: the caller's promise: no more places than scores.
    unsafe {
        let mut take = |at: usize, mut found: u32| {
            while found != 0 {
                *places.get_unchecked_mut(count) = at as u32 + found.trailing_zeros();
                count += 1;
                found &= found - 1;
            }
        };
        if in_lanes {
            for row in 0..rows {
                for at in (0..width).step_by(L::COUNT) {
                    take(row * width + at, L::load(scores, row * width + at).above(L::load(floors, at)));
                }
            }
        } else {
            for query in 0..width {
                let floor = L::splat(floors[query]);
                for row in (0..rows).step_by(L::COUNT) {
                    // Behind the last row lies what earlier tiles left.
                    let inside = u32::MAX >> (32 - L::COUNT.min(rows - row));
                    take(query * TILE + row, L::load(scores, query * TILE + row).above(floor) & inside);
                }
            }
        }
    }
    count
}

/// Turns scores into `relu(score · scale)^degree`, and writes their sum for each query: by row mod 8, then a tree.
///
/// # Safety
/// As for [`tops`]; `scales` and `sums` hold `width` entries.
#[inline(always)]
pub(crate) unsafe fn raise<L: Lanes>(
    scores: &mut [L::Real],
    rows: usize,
    width: usize,
    in_lanes: bool,
    (scales, degree): (&[L::Real], u32),
    sums: &mut [L::Real],
) {
    // SAFETY: the caller's promise.
    unsafe {
        let power = |score: L, scale: L| {
            let base = score.max(L::splat(L::Real::ZERO)).times(scale);
            let mut power = base;
            for bit in (0..degree.ilog2()).rev() {
                power = power.times(power);
                if degree >> bit & 1 == 1 {
                    power = power.times(base);
                }
            }
            power
        };
        if in_lanes {
            for at in (0..width).step_by(L::COUNT) {
                let scale = L::load(scales, at);
                let mut parts = [L::splat(L::Real::ZERO); 8];
                for row in 0..rows {
                    let weight = power(L::load(scores, row * width + at), scale);
                    weight.store(scores, row * width + at);
                    parts[row % 8] = parts[row % 8].plus(weight);
                }
                let evens = parts[0].plus(parts[4]).plus(parts[2].plus(parts[6]));
                let odds = parts[1].plus(parts[5]).plus(parts[3].plus(parts[7]));
                evens.plus(odds).store(sums, at);
            }
            return;
        }
        for query in 0..width {
            let scores = &mut scores[query * TILE..][..TILE];
            scores[rows..].fill(L::Real::ZERO);
            let scale = L::splat(scales[query]);
            for at in (0..TILE).step_by(L::COUNT) {
                power(L::load(scores, at), scale).store(scores, at);
            }
            let mut parts = [L::Real::ZERO; 8];
            for eight in scores.chunks_exact(8) {
                for (part, &weight) in parts.iter_mut().zip(eight) {
                    *part = part.plus(weight);
                }
            }
            let evens = parts[0].plus(parts[4]).plus(parts[2].plus(parts[6]));
            let odds = parts[1].plus(parts[5]).plus(parts[3].plus(parts[7]));
            sums[query] = evens.plus(odds);
        }
    }
}

/// `sums[column] = Σ weights[i] · values[rows[i]][column]`, a chain from zero in the order of `rows`.
///
/// # Safety
/// `rows` are rows of `values`, which have `columns` entries, as many as `sums`; as many weights as rows; and as for
/// [`Lanes`].
#[inline(always)]
pub(crate) unsafe fn gather<L: Lanes>(
    values: &[L::Real],
    columns: usize,
    rows: &[usize],
    weights: &[L::Real],
    sums: &mut [L::Real],
) {
    /// Vectors of columns whose sums stay in registers.
    const VECTORS: usize = 8;
    let mut column = 0;
    // SAFETY: the caller's promise.
    unsafe {
        while column + VECTORS * L::COUNT <= columns {
            let mut parts = [L::splat(L::Real::ZERO); VECTORS];
            for (&row, &weight) in rows.iter().zip(weights) {
                let weight = L::splat(weight);
                for (v, part) in parts.iter_mut().enumerate() {
                    *part = weight.fused(L::load(values, row * columns + column + v * L::COUNT), *part);
                }
            }
            for (v, part) in parts.iter().enumerate() {
                part.store(sums, column + v * L::COUNT);
            }
            column += VECTORS * L::COUNT;
        }
        while column < columns {
            let count = L::COUNT.min(columns - column);
            let mut part = L::splat(L::Real::ZERO);
            for (&row, &weight) in rows.iter().zip(weights) {
                part = L::splat(weight).fused(L::load_part(values, row * columns + column, count), part);
            }
            let mut lanes = [L::Real::ZERO; 16];
            part.store(&mut lanes, 0);
            sums[column..column + count].copy_from_slice(&lanes[..count]);
            column += count;
        }
    }
}
