//! What a query keeps of the memory while it goes by: its largest score so far, and the candidates near enough to it.
//!
//! What has no weight among the candidates so far will have none, which keeps them few. Of more than [`MOST`] a query
//! keeps the largest and remembers where it cut them: mostly a better match shows later that the others had no weight.
//!
//! Not here: the walk, and what happens where none does.

use super::association::descending;
use super::cut::{Candidate, Cutting};
use crate::error::{Error, Result};
use crate::kernel::TILE;
use crate::kernel::real::Real;

/// Candidates that a query may have left when its room is full.
const MOST: usize = 512;
/// Candidates beyond twice those that were left, after which it is time to look which may still have weight.
const NEWCOMERS: usize = 32;

/// What a query keeps.
#[derive(Clone)]
pub(super) struct Kept<T> {
    top: T,
    /// Nothing up to here has weight, whatever else comes.
    pub(super) floor: T,
    /// The largest score of candidates that had to go although they may have weight.
    pub(super) lost: T,
    pub(super) candidates: Vec<Candidate<T>>,
    /// Candidates after which it is time to look which may still have weight.
    room: usize,
}

impl<T: Real> Kept<T> {
    pub(super) fn nothing() -> Self {
        let none = T::NEG_INFINITY;
        Self { top: none, floor: none, lost: none, candidates: Vec::new(), room: TILE }
    }

    /// Of a query that walks once more in any case.
    pub(super) fn lost() -> Self {
        Self { lost: T::from_f64(f64::INFINITY), ..Self::nothing() }
    }

    /// Of a query that keeps everything above a floor.
    pub(super) fn all_above(floor: T) -> Self {
        Self { floor, room: usize::MAX, ..Self::nothing() }
    }

    /// Hears of the largest score of a tile.
    pub(super) fn raise(&mut self, cutting: &Cutting, top: T) {
        if top > self.top {
            self.top = top;
            self.floor = larger(self.floor, cutting.floor(top));
        }
    }

    /// Drops candidates that have no weight.
    fn prune(&mut self, cutting: &Cutting, scratch: &mut Vec<f64>) {
        if let Some(floor) = cutting.prune(self.floor, &mut self.candidates, scratch) {
            self.floor = larger(self.floor, floor);
        }
    }

    /// Drops what has no weight once there is no more room, and beyond [`MOST`] candidates the smallest ones.
    pub(super) fn make_room(&mut self, cutting: &Cutting, scratch: &mut Vec<f64>) {
        if self.candidates.len() < self.room {
            return;
        }
        self.prune(cutting, scratch);
        if self.candidates.len() > MOST {
            let (_, &mut (lost, _), _) = self.candidates.select_nth_unstable_by(MOST, descending);
            self.candidates.truncate(MOST);
            self.lost = larger(self.lost, lost);
        }
        self.room = 2 * self.candidates.len() + NEWCOMERS;
    }

    pub(super) fn push(&mut self, candidate: Candidate<T>) -> Result<()> {
        let bytes = (self.candidates.len() as u128 + 1) * size_of::<Candidate<T>>() as u128;
        self.candidates.try_reserve(1).map_err(|_| Error::OutOfMemory { bytes, purpose: "candidates" })?;
        self.candidates.push(candidate);
        Ok(())
    }

    /// Takes in what the same query kept of other patterns.
    pub(super) fn join(&mut self, other: Self) -> Result<()> {
        let bytes = (self.candidates.len() + other.candidates.len()) as u128 * size_of::<Candidate<T>>() as u128;
        let room = self.candidates.try_reserve(other.candidates.len());
        room.map_err(|_| Error::OutOfMemory { bytes, purpose: "candidates" })?;
        self.candidates.extend(other.candidates);
        self.top = larger(self.top, other.top);
        self.floor = larger(self.floor, other.floor);
        self.lost = larger(self.lost, other.lost);
        Ok(())
    }

    /// Whether all patterns with weight are among the candidates after all.
    pub(super) fn is_complete(&mut self, cutting: &Cutting, scratch: &mut Vec<f64>) -> bool {
        if self.lost > self.floor {
            self.prune(cutting, scratch);
        }
        self.lost <= self.floor
    }
}

pub(super) fn larger<T: Real>(left: T, right: T) -> T {
    if right > left { right } else { left }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::modern::cut::Rule;
    use crate::rng::Stream;

    /// What is kept of scores that come in tiles.
    fn walk(cutting: &Cutting, scores: &[f64]) -> Kept<f64> {
        let (mut kept, mut scratch) = (Kept::nothing(), Vec::new());
        for (number, tile) in scores.chunks(TILE).enumerate() {
            kept.raise(cutting, tile.iter().fold(f64::NEG_INFINITY, |top, &score| top.max(score)));
            for (row, &score) in tile.iter().enumerate() {
                if score > larger(kept.floor, kept.lost) {
                    kept.push((score, number * TILE + row)).unwrap();
                }
            }
            kept.make_room(cutting, &mut scratch);
            assert!(kept.candidates.len() <= 2 * MOST + NEWCOMERS + TILE);
        }
        kept
    }

    #[test]
    fn a_late_match_shows_that_nothing_was_lost() {
        let mut stream = Stream::new(5, 0);
        let mut flat: Vec<f64> = (0..6000).map(|_| stream.below(1000) as f64 / 1e4).collect();
        for alpha in [1.1, 1.25, 1.5] {
            let cutting = Cutting { rule: Rule::Entmax(alpha), beta: 0.5 };
            let mut kept = walk(&cutting, &flat);
            assert!(kept.candidates.len() >= MOST && !kept.is_complete(&cutting, &mut Vec::new()), "{alpha}");
            flat.push(100.0);
            let mut kept = walk(&cutting, &flat);
            assert!(kept.is_complete(&cutting, &mut Vec::new()), "{alpha}");
            flat.pop();
        }
    }

    #[test]
    fn few_candidates_are_kept_of_scores_that_are_all_near() {
        // All lie within 1/(α − 1) of the largest; the threshold of what went by tells most of them apart.
        let mut stream = Stream::new(6, 0);
        let spread: Vec<f64> = (0..6000).map(|_| stream.below(100_000) as f64 / 1e5).collect();
        let cutting = Cutting { rule: Rule::Entmax(2.0), beta: 0.9 };
        let mut kept = walk(&cutting, &spread);
        assert!(kept.is_complete(&cutting, &mut Vec::new()) && kept.candidates.len() < 400);
        let whole: Vec<Candidate<f64>> = spread.iter().copied().zip(0..).collect();
        kept.candidates.sort_unstable_by_key(|&(_, index)| index);
        let (some, all) = (cutting.cut(&kept.candidates, &mut Vec::new()), cutting.cut(&whole, &mut Vec::new()));
        for &(score, index) in &whole {
            let weight: f64 = cutting.weight(&all, score, index);
            assert_eq!(weight.to_bits(), cutting.weight::<f64>(&some, score, index).to_bits());
            assert!(weight == 0.0 || kept.candidates.contains(&(score, index)));
        }
        assert_eq!(some.conjugate.to_bits(), all.conjugate.to_bits());
    }
}
