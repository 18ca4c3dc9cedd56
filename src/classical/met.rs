//! Cues that are met at once, because what is read for one serves all: the columns, which are counted for their overlaps, and
//! then the indices, by which the signs of all fields are looked up.
//!
//! Half of the columns are enough where no neuron is undecided: with `S^μ = Σ_j ξ_j^μ`, which all states share,
//! `a^μ = 2 Σ_{j: x_j = +1} ξ_j^μ − S^μ`.
//!
//! Not here: what becomes of a cue.

use std::sync::Arc;

use crate::error::{Result, try_vec};
use crate::kernel::Available;
use crate::kernel::bits::{Columns, Indices, Signed, Sums, Tables, decided};
use crate::par::{Par, Watch};

/// Cues that are met at once, at most: enough to read the patterns seldom.
const MOST: usize = 32;
/// Signs of theirs that stay in the second-level cache.
const MOST_SIGNS: usize = 1 << 20;
/// Neurons whose columns are counted at once, and stay in the second-level cache.
const LISTED: usize = 2048;

/// The patterns, in all the forms that cues need.
#[derive(Debug)]
pub(super) struct Patterns<'a> {
    pub columns: &'a Columns,
    pub indices: Arc<Indices>,
    pub set: Available,
}

impl<'a> Patterns<'a> {
    pub(super) fn new(columns: &'a Columns, set: Available, par: Par) -> Result<Self> {
        Ok(Self { columns, indices: columns.indices(set, par)?, set })
    }

    /// Numbers of a cue's overlaps: one for each lane of whole words.
    pub(super) fn lanes(&self) -> usize {
        self.indices.totals().len()
    }
}

/// What is known of the cues that were met.
#[derive(Debug)]
pub(super) struct Met {
    /// The number of the first.
    first: usize,
    cues: Vec<Cue>,
    /// Neurons whose columns are counted.
    listed: Signed,
}

/// What is known of one of them.
#[derive(Debug)]
struct Cue {
    /// Whether no neuron is undecided.
    decided: bool,
    sums: Sums,
    overlaps: Vec<i32>,
    tables: Tables,
    /// Those of all fields, if cues need no more.
    signs: Vec<i8>,
}

impl Met {
    /// How many of so many cues it is best to meet at once.
    pub(super) fn at_once(columns: &Columns, cues: usize, par: Par) -> usize {
        cues.div_ceil(par.threads()).min((MOST_SIGNS / columns.n()).clamp(2, MOST))
    }

    /// Room for so many cues, and for the signs of their fields if those are wanted.
    pub(super) fn new(patterns: &Patterns, cues: usize, signs: bool) -> Result<Self> {
        let n = patterns.columns.n();
        let cue = || {
            Ok(Cue {
                decided: false,
                sums: Sums::new(patterns.columns)?,
                overlaps: try_vec(patterns.lanes(), 0, "overlaps")?,
                tables: if signs { Tables::new(&patterns.indices, n)? } else { Tables::default() },
                signs: try_vec(if signs { n } else { 0 }, 0, "signs")?,
            })
        };
        let cues = (0..cues).map(|_| cue()).collect::<Result<_>>()?;
        Ok(Self { first: 0, cues, listed: Signed::new(LISTED.min(n))? })
    }

    /// The overlaps of a cue that was met.
    pub(super) fn overlaps(&self, cue: usize) -> &[i32] {
        &self.cues[cue - self.first].overlaps
    }

    /// The signs of its fields.
    pub(super) fn signs(&self, cue: usize) -> &[i8] {
        &self.cues[cue - self.first].signs
    }

    /// Takes the overlaps of the cues from number `first` on, which may have undecided neurons.
    pub(super) fn count(&mut self, patterns: &Patterns, first: usize, states: &[i8], watch: &Watch) -> Result<()> {
        let (n, set) = (patterns.columns.n(), patterns.set);
        self.first = first;
        let cues = &mut self.cues[..states.len() / n];
        for (cue, state) in cues.iter_mut().zip(states.chunks_exact(n)) {
            cue.decided = decided(state) == n;
        }
        // Piece by piece, so that the columns of one serve all states.
        for first in (0..n).step_by(LISTED) {
            for (cue, state) in cues.iter_mut().zip(states.chunks_exact(n)) {
                let piece = &state[first..n.min(first + LISTED)];
                self.listed.clear();
                self.listed.list_plus(piece, first, set);
                if !cue.decided {
                    self.listed.list_minus(piece, first, set);
                }
                cue.sums.count(patterns.columns, &self.listed, set);
                watch.check()?;
            }
        }
        for cue in cues {
            cue.take_overlaps(patterns);
        }
        Ok(())
    }

    /// Finds the signs of twice the cues' fields less the thresholds, of which there are none at all if all are 0.
    pub(super) fn find_signs(
        &mut self,
        patterns: &Patterns,
        states: &[i8],
        thresholds: &[i64],
        watch: &Watch,
    ) -> Result<()> {
        let (n, k, set) = (patterns.columns.n(), patterns.columns.k(), patterns.set);
        let cues = &mut self.cues[..states.len() / n];
        for cue in &mut *cues {
            cue.tables.fill(&cue.overlaps[..k], set);
        }
        // Piece by piece, so that the indices of one serve all cues.
        for first in (0..n).step_by(Indices::TILE) {
            let here = first..n.min(first + Indices::TILE);
            for (cue, state) in cues.iter_mut().zip(states.chunks_exact(n)) {
                let (state, signs) = (&state[here.clone()], &mut cue.signs[here.clone()]);
                cue.tables.signs(&patterns.indices, state, first, thresholds, signs, set);
            }
            watch.check()?;
        }
        Ok(())
    }
}

impl Cue {
    /// Turns what was counted into overlaps.
    fn take_overlaps(&mut self, patterns: &Patterns) {
        if self.decided {
            // Of all neurons those that are +1 are added twice, and so those that are −1 taken away.
            for (a, all) in self.overlaps.iter_mut().zip(patterns.indices.totals()) {
                *a = -all;
            }
        } else {
            self.overlaps.fill(0);
        }
        let factor = if self.decided { 2 } else { 1 };
        self.sums.take(patterns.columns, factor, &mut self.overlaps, patterns.set);
    }
}
