//! The random problems of a scan, drawn with the pinned generator.
//!
//! Everything about a trial follows from the seed, `n`, `k` and the number of the trial: not from the other points of a
//! scan, the memory that is tried, or who draws it.
//!
//! Not here: how much a cue is spoiled. A trial says which neurons go first, or along which noise, so that the cues of
//! one trial lie on one way from its pattern.

use std::f64::consts::TAU;

use ndarray::{Array1, Array2};

use super::Ensemble;
use crate::error::{Error, Result, area, table, try_vec};
use crate::par::Par;
use crate::rng::Stream;

/// Values drawn between two looks at whether to go on.
const PIECE: usize = 1 << 16;
const PURPOSE: &str = "a trial's patterns";

/// Which trial: everything random about it follows from these numbers.
///
/// ```
/// use hopfield::{Par, capacity::Trial};
/// let trial = Trial { seed: 0, n: 100, k: 5, number: 3 };
/// assert_eq!(trial.spins(Par::default())?, trial.spins(Par::default())?);
/// # Ok::<(), hopfield::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trial {
    /// Of the whole scan.
    pub seed: u64,
    /// Neurons, or entries of a pattern; at least 1.
    pub n: usize,
    /// Patterns; at least 1.
    pub k: usize,
    /// The number of the trial.
    pub number: u64,
}

/// A trial of ±1 patterns.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SpinTrial {
    /// `(k, n)`: every value is +1 or −1 with equal probability.
    pub patterns: Array2<i8>,
    /// `(n,)`: the neurons in the order in which a cue shall be spoiled.
    pub order: Array1<u32>,
    /// For the random numbers of the retrieval.
    pub seed: u64,
}

/// A trial of real patterns.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct RealTrial {
    /// `(k, n)`.
    pub patterns: Array2<f64>,
    /// `(n,)`: independent standard normal numbers.
    pub noise: Array1<f64>,
    /// For the random numbers of the retrieval.
    pub seed: u64,
}

impl Trial {
    /// Random ±1 patterns. The stream gives the seed, the order, and then 64 neurons a word, the lowest bit first; every
    /// pattern starts with a new word.
    ///
    /// # Errors
    /// `n` or `k` of 0, [`Error::OutOfMemory`], [`Error::Interrupted`].
    pub fn spins(&self, par: Par<'_>) -> Result<SpinTrial> {
        let (mut stream, seed) = self.stream()?;
        let n = u32::try_from(self.n).map_err(|_| Error::Range {
            argument: "n",
            rule: "at most 4294967295",
            value: self.n as f64,
        })?;
        let mut order = try_vec(self.n, 0, PURPOSE)?;
        order.iter_mut().zip(0..n).for_each(|(place, i)| *place = i);
        stream.shuffle(&mut order);
        let mut values = try_vec(area(self.k, self.n, PURPOSE)?, 0_i8, PURPOSE)?;
        for piece in values.chunks_mut(self.n * (PIECE / self.n).max(1)) {
            par.check()?;
            for row in piece.chunks_mut(self.n) {
                for neurons in row.chunks_mut(64) {
                    let word = stream.next_u64();
                    for (i, x) in neurons.iter_mut().enumerate() {
                        *x = 2 * ((word >> i & 1) as i8) - 1;
                    }
                }
            }
        }
        Ok(SpinTrial { patterns: table(self.k, self.n, values)?, order: Array1::from_vec(order), seed })
    }

    /// Random real patterns. The stream gives the seed, the noise and the patterns; two normal numbers come from two
    /// uniform ones (Box & Muller 1958), of which an odd last one is dropped in each row.
    ///
    /// # Errors
    /// As [`spins`](Self::spins).
    pub fn reals(&self, ensemble: Ensemble, par: Par<'_>) -> Result<RealTrial> {
        let (mut stream, seed) = self.stream()?;
        let mut noise = try_vec(self.n, 0.0, PURPOSE)?;
        normals(&mut stream, &mut noise);
        let mut values = try_vec(area(self.k, self.n, PURPOSE)?, 0.0, PURPOSE)?;
        for piece in values.chunks_mut(self.n * (PIECE / self.n).max(1)) {
            par.check()?;
            for row in piece.chunks_mut(self.n) {
                normals(&mut stream, row);
                if ensemble == Ensemble::Spherical {
                    let norm = libm::sqrt(row.iter().map(|x| x * x).sum());
                    let scale = libm::sqrt(self.n as f64) / norm;
                    for x in row {
                        *x *= scale;
                    }
                }
            }
        }
        Ok(RealTrial { patterns: table(self.k, self.n, values)?, noise: Array1::from_vec(noise), seed })
    }

    /// The trial's own stream, and its first word.
    fn stream(&self) -> Result<(Stream, u64)> {
        for (argument, value) in [("n", self.n), ("k", self.k)] {
            if value == 0 {
                return Err(Error::Range { argument, rule: "at least 1", value: 0.0 });
            }
        }
        let of_n = Stream::new(self.seed, self.n as u64).next_u64();
        let of_k = Stream::new(of_n, self.k as u64).next_u64();
        let mut stream = Stream::new(of_k, self.number);
        let seed = stream.next_u64();
        Ok((stream, seed))
    }
}

fn normals(stream: &mut Stream, out: &mut [f64]) {
    for pair in out.chunks_mut(2) {
        // From 1 − u, which is never 0.
        let radius = libm::sqrt(-2.0 * libm::log(1.0 - stream.unit()));
        let (sine, cosine) = libm::sincos(TAU * stream.unit());
        for (x, direction) in pair.iter_mut().zip([cosine, sine]) {
            *x = radius * direction;
        }
    }
}
