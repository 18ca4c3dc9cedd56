//! The threshold of entmax: the `τ` with `Σ [u − τ]_+^p = 1` for `u = (α − 1)(z − max z)` and `p = 1/(α − 1)`, from −1 to 0.
//!
//! First it is bounded from below by Newton's method, which takes a few passes over ever fewer numbers. That is all a
//! walk needs to drop candidates, but its last digits depend on numbers below the threshold too, of which some walks
//! have dropped more than others. So then the threshold is found among the few numbers near it or above, in a way
//! whose steps depend on those above alone: for α of 2 and 1.5 the equation is solved for the largest one after the other,
//! until the next lies below (Peters et al. 2019, algorithm 2); else by bisection, down to neighbouring numbers, which
//! Newton's method leaves a dozen steps.

// α of 1.5 and 2 and their powers are exact numbers.
#![allow(clippy::float_cmp)]

use crate::kernel::powers;

/// How far below a bound a number must lie to be dropped: thousands of times what rounding moves thresholds by.
const MARGIN: f64 = 1e-6;
/// A step of Newton's method that is not worth another.
const CLOSE: f64 = 1e-13;
/// The largest power that is a product.
const LARGEST_PRODUCT: f64 = 64.0;

/// The threshold of numbers whose largest is 0. Any numbers that hold all above it give the same bits.
pub(super) fn threshold(alpha: f64, numbers: &mut Vec<f64>) -> f64 {
    if alpha > 2.0 {
        return bisect(alpha, numbers, (-1.0, 0.0));
    }
    let newton = climb(alpha, -1.0, numbers);
    if alpha == 2.0 || alpha == 1.5 {
        return largest_first(alpha, numbers);
    }
    // The sum falls by `p` at least for each unit of τ, and is known as well as that.
    let rounding = 2.0 * CLOSE + 4.0 * f64::EPSILON * (numbers.len() + 8) as f64;
    let above = if reaches_one(alpha, numbers, newton + rounding) { 0.0 } else { newton + rounding };
    bisect(alpha, numbers, (newton - rounding, above))
}

/// A number that the threshold lies above, of these and of any more with them; it also lies above `known`.
pub(super) fn bound(alpha: f64, known: f64, numbers: &mut Vec<f64>) -> f64 {
    let threshold = if alpha > 2.0 { bisect(alpha, numbers, (-1.0, 0.0)) } else { climb(alpha, known, numbers) };
    threshold - MARGIN
}

/// The threshold but for rounding, for α ≤ 2, from a number below it; what lies well below is dropped.
///
/// The norm `(Σ [u − τ]_+^p)^{1/p}` is convex in τ, so that Newton's method climbs and does not pass its root.
fn climb(alpha: f64, from: f64, numbers: &mut Vec<f64>) -> f64 {
    let (mut threshold, power) = (from, (2.0 - alpha) / (alpha - 1.0));
    loop {
        let (sum, slope) = match (alpha, degree(power)) {
            (2.0, _) => pass(numbers, threshold, |_| 1.0),
            (1.5, _) => pass(numbers, threshold, |above| above),
            (_, Some(degree)) => pass(numbers, threshold, |above| powers::power(above, 1.0, degree)),
            (_, None) => pass(numbers, threshold, |above| libm::pow(above, power)),
        };
        let step = (sum - to_the(sum, 2.0 - alpha)) / slope;
        if step > CLOSE {
            threshold += step;
        } else {
            return threshold;
        }
    }
}

/// `Σ [u − τ]_+^p` and `Σ [u − τ]_+^{p − 1}`, the latter's terms by `power`; numbers well below τ are dropped.
fn pass(numbers: &mut Vec<f64>, tau: f64, power: impl Fn(f64) -> f64) -> (f64, f64) {
    let (mut sum, mut slope, mut left) = (0.0, 0.0, 0);
    for at in 0..numbers.len() {
        let number = numbers[at];
        numbers[left] = number;
        left += usize::from(number > tau - MARGIN);
        if number > tau {
            let lower = power(number - tau);
            sum += lower * (number - tau);
            slope += lower;
        }
    }
    numbers.truncate(left);
    (sum, slope)
}

/// The threshold for α of 2 and 1.5, exact but for rounding.
fn largest_first(alpha: f64, numbers: &mut [f64]) -> f64 {
    numbers.sort_unstable_by(|left, right| right.total_cmp(left));
    let (mut count, mut mean, mut spread, mut threshold) = (0.0, 0.0, 0.0, -1.0);
    for &number in numbers.iter() {
        if number <= threshold {
            break;
        }
        count += 1.0;
        let step = number - mean;
        mean += step / count;
        spread += step * (number - mean);
        threshold = if alpha == 2.0 { mean - 1.0 / count } else { mean - ((1.0 - spread).max(0.0) / count).sqrt() };
    }
    threshold
}

/// Bisection from (−1, 0), where the answer is `known` but for what lies between two numbers.
fn bisect(alpha: f64, numbers: &mut Vec<f64>, known: (f64, f64)) -> f64 {
    let (mut low, mut high) = (-1.0, 0.0);
    loop {
        let middle: f64 = 0.5 * (low + high);
        if middle <= low || middle >= high {
            return low;
        }
        if middle <= known.0 || (middle < known.1 && reaches_one(alpha, numbers, middle)) {
            low = middle;
            numbers.retain(|&number| number > low);
        } else {
            high = middle;
        }
    }
}

/// Whether `Σ [u − τ]_+^p ≥ 1`, added up in the order of the numbers.
fn reaches_one(alpha: f64, numbers: &[f64], tau: f64) -> bool {
    let above = numbers.iter().filter(|&&number| number > tau);
    above.fold(0.0, |sum, &number| sum + to_the(number - tau, 1.0 / (alpha - 1.0))) >= 1.0
}

/// `base^power`, exactly rounded where that is a product or a square root.
pub(super) fn to_the(base: f64, power: f64) -> f64 {
    if power == 1.0 {
        base
    } else if power == 0.5 {
        base.sqrt()
    } else if power == 1.5 {
        base * base.sqrt()
    } else if power == 0.0 {
        1.0
    } else if let Some(degree) = degree(power) {
        powers::power(base, 1.0, degree)
    } else {
        libm::pow(base, power)
    }
}

/// The power, if it is one of products.
fn degree(power: f64) -> Option<u32> {
    (power == power.trunc() && (1.0..=LARGEST_PRODUCT).contains(&power)).then_some(power as u32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Stream;

    /// The largest is 0; some are equal.
    fn draw(stream: &mut Stream, count: usize, spread: f64) -> Vec<f64> {
        let scores: Vec<f64> = (0..count).map(|_| stream.below(1000) as f64 / 1000.0 * spread).collect();
        let top = scores.iter().fold(0.0_f64, |top, &score| top.max(score));
        scores.iter().map(|score| score - top).collect()
    }

    #[test]
    fn what_lies_below_the_threshold_has_no_part_in_it() {
        let mut stream = Stream::new(3, 0);
        for alpha in [1.05, 1.2, 1.25, 4.0 / 3.0, 1.5, 1.9, 2.0, 2.5, 4.0] {
            for (count, spread) in [(1, 1.0), (2, 0.001), (3, 3.0), (50, 0.3), (50, 5.0), (700, 0.1), (3000, 0.7)] {
                let numbers = draw(&mut stream, count, spread);
                let found = threshold(alpha, &mut numbers.clone());
                assert!((-1.0..0.0).contains(&found));
                // Up to what the sum's terms round: the one at −1 solves the equation of a single number exactly.
                let sum: f64 = numbers.iter().map(|u| libm::pow((u - found).max(0.0), 1.0 / (alpha - 1.0))).sum();
                let rounding = 4.0 * f64::EPSILON * (count + 8) as f64;
                let slope: f64 = numbers
                    .iter()
                    .map(|u| (u - found).max(0.0))
                    .filter(|&above| above > 0.0)
                    .map(|above| libm::pow(above, 1.0 / (alpha - 1.0) - 1.0) / (alpha - 1.0))
                    .sum();
                assert!((sum - 1.0).abs() <= rounding * (1.0 + slope), "{alpha} {count} {spread}: {sum}");

                let bound = bound(alpha, -1.0, &mut numbers.clone());
                assert!(bound < found && found < bound + 2.0 * MARGIN, "{alpha} {count} {spread}: {bound} {found}");
                for below in [0.0, 0.5 * MARGIN, 1e-3, 0.1] {
                    let mut some: Vec<f64> = numbers.iter().copied().filter(|&u| u > found - below).collect();
                    assert_eq!(threshold(alpha, &mut some).to_bits(), found.to_bits(), "{alpha} {count} {spread}");
                }
            }
        }
    }

    #[test]
    fn more_numbers_only_raise_a_bound() {
        let mut stream = Stream::new(4, 0);
        for alpha in [1.1, 1.25, 1.5, 2.0, 3.0] {
            let numbers = draw(&mut stream, 2000, 0.4);
            let with_top = |count: usize| numbers[..count].iter().copied().chain([0.0]).collect::<Vec<f64>>();
            let found = threshold(alpha, &mut with_top(2000));
            let mut known = -1.0;
            for count in [0, 1, 10, 100, 1000, 2000] {
                let next = bound(alpha, known, &mut with_top(count));
                assert!(next < found && (next - bound(alpha, -1.0, &mut with_top(count))).abs() < 1e-3 * MARGIN);
                known = next.max(-1.0);
            }
        }
    }

    #[test]
    fn nothing_has_a_threshold_below_all() {
        for alpha in [1.25, 1.5, 2.0, 3.0] {
            assert!(bound(alpha, -1.0, &mut Vec::new()) <= -1.0);
        }
    }
}
