//! Patterns come and go: the packed store that networks of ±1 neurons have in common.
//!
//! Not here: what the patterns make of a state beyond its overlaps; weights.

use std::sync::Arc;

use ndarray::{Array2, ArrayView2};

use crate::error::{Error, Result, area, table, try_vec};
use crate::input::spins::Spins;
use crate::kernel::bits::{Agreements, Columns};
use crate::kernel::{Available, InstructionSet};
use crate::par::Par;

/// Stored patterns as bits. Clones share them until one of them stores or forgets.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    columns: Arc<Columns>,
    set: InstructionSet,
}

impl Default for Stored {
    fn default() -> Self {
        Self { columns: Arc::default(), set: InstructionSet::in_use() }
    }
}

impl Stored {
    /// The same patterns, for computing with another instruction set.
    pub(crate) fn on(self, set: InstructionSet) -> Self {
        Self { set, ..self }
    }

    /// The patterns' bits.
    pub(crate) fn columns(&self) -> &Columns {
        &self.columns
    }

    /// The number of neurons, or 0 while nothing was ever stored.
    pub(crate) fn n(&self) -> usize {
        self.columns.n()
    }

    /// The number of patterns.
    pub(crate) fn k(&self) -> usize {
        self.columns.k()
    }

    /// The instruction set to compute with.
    pub(crate) fn available(&self) -> Available {
        Available::or_portable(self.set)
    }

    /// Whether there is a pattern.
    pub(crate) fn learnt(&self, wanted: &'static str) -> Result<()> {
        if self.k() == 0 { Err(Error::EmptyMemory { wanted }) } else { Ok(()) }
    }

    /// Threads worth having for `items`, each of which reads `columns` columns at least once.
    pub(crate) fn workers(&self, items: usize, columns: usize) -> usize {
        super::workers(items, columns.saturating_mul(self.k().div_ceil(64)))
    }

    /// Appends patterns. `fits` may refuse a width that is new.
    pub(crate) fn append(
        &mut self,
        patterns: ArrayView2<'_, i8>,
        fits: impl FnOnce(usize) -> Result<()>,
        par: Par<'_>,
    ) -> Result<()> {
        let patterns = Spins::patterns(patterns, par)?;
        let n = patterns.width();
        match self.n() {
            0 => fits(n)?,
            expected if expected != n => {
                return Err(Error::Width { argument: "patterns", expected, rows: patterns.len(), columns: n });
            }
            _ => {}
        }
        if u32::try_from(n).is_err() {
            return Err(Error::Range {
                argument: "patterns",
                rule: "at most 4294967295 neurons wide",
                value: n as f64,
            });
        }
        self.columns = Arc::new(self.columns.appended(patterns.as_slice(), n, self.available(), par)?);
        Ok(())
    }

    /// Removes for each row the first pattern equal to it.
    pub(crate) fn remove(&mut self, patterns: ArrayView2<'_, i8>, par: Par<'_>) -> Result<()> {
        let (rows, width) = patterns.dim();
        if rows == 0 {
            return Err(Error::NoPatterns { argument: "patterns", rows, columns: width });
        }
        self.learnt("to forget one")?;
        let (n, words) = (self.n(), self.k().div_ceil(64));
        let patterns = Spins::of_width("patterns", patterns, n, par)?;
        // For each row the stored patterns equal to it, as bits.
        let mut equal: Vec<u64> = try_vec(area(rows, words, "lists of patterns")?, 0, "lists of patterns")?;
        let lists = equal.chunks_exact_mut(words).enumerate();
        par.each(
            self.workers(rows, n),
            lists,
            || Agreements::new(&self.columns),
            |watch, agreements, (row, list)| {
                agreements.count(&self.columns, patterns.row(row), self.available(), watch)?;
                for (w, word) in list.iter_mut().enumerate() {
                    *word = agreements.lanes_with(n, w);
                }
                Ok(())
            },
        )?;
        let mut gone: Vec<u64> = try_vec(words, 0, "a list of patterns")?;
        for (row, list) in equal.chunks_exact(words).enumerate() {
            let left = list.iter().zip(&gone).map(|(equal, gone)| equal & !gone);
            let (w, left) = left.enumerate().find(|(_, left)| *left != 0).ok_or(Error::NotStored { row })?;
            gone[w] |= left & left.wrapping_neg();
        }
        self.columns = Arc::new(self.columns.without(&gone, par)?);
        Ok(())
    }

    /// The patterns `(k, n)`, in a fresh array; `n` is what the network says while nothing was ever stored.
    pub(crate) fn rows(&self, n: usize, par: Par<'_>) -> Result<Array2<i8>> {
        let mut rows = try_vec(area(self.k(), n, "patterns")?, 0, "patterns")?;
        self.columns.unpack(&mut rows, self.available(), par)?;
        table(self.k(), n, rows)
    }

    /// The overlaps `ξ^μ·x / n` `(m, k)` of `states` `(m, n)`.
    pub(crate) fn overlap(&self, states: ArrayView2<'_, i8>, par: Par<'_>) -> Result<Array2<f64>> {
        let (m, n, k) = (states.nrows(), self.n(), self.k());
        let overlaps = self.of_each("an overlap", states, k, par, |agreements, overlaps, _, out: &mut [f64]| {
            agreements.overlaps(overlaps);
            for (out, a) in out.iter_mut().zip(overlaps) {
                *out = *a as f64 / n as f64;
            }
        })?;
        table(m, k, overlaps)
    }

    /// The number of neurons `(m, k)` in which `states` `(m, n)` differ from every pattern.
    pub(crate) fn hamming(&self, states: ArrayView2<'_, i8>, par: Par<'_>) -> Result<Array2<i64>> {
        let (m, n, k) = (states.nrows(), self.n(), self.k());
        let distances = self.of_each("a distance", states, k, par, |agreements, _, _, out: &mut [i64]| {
            agreements.overlaps(out);
            for a in out {
                *a = (n as i64 - *a) / 2;
            }
        })?;
        table(m, k, distances)
    }

    /// Evaluates `work`, which fills `each` values for one state from its agreements with all patterns (and with room
    /// for `k` overlaps), for every state.
    pub(crate) fn of_each<T: Clone + Default + Send>(
        &self,
        wanted: &'static str,
        states: ArrayView2<'_, i8>,
        each: usize,
        par: Par<'_>,
        work: impl Fn(&Agreements, &mut [i64], &[i8], &mut [T]) + Sync,
    ) -> Result<Vec<T>> {
        self.learnt(wanted)?;
        let states = Spins::of_width("states", states, self.n(), par)?;
        let mut out = try_vec(area(states.len(), each, "results")?, T::default(), "results")?;
        let rows = out.chunks_exact_mut(each).enumerate();
        let scratch = || Ok((Agreements::new(&self.columns)?, try_vec(self.k(), 0, "overlaps")?));
        par.each(
            self.workers(states.len(), states.width()),
            rows,
            scratch,
            |watch, (agreements, overlaps), (row, out)| {
                let state = states.row(row);
                agreements.count(&self.columns, state, self.available(), watch)?;
                work(agreements, overlaps, state, out);
                Ok(())
            },
        )?;
        Ok(out)
    }
}
