//! Patterns come and go.

use std::sync::Arc;

use ndarray::{Array2, ArrayView2};

use super::ClassicalHopfield;
use crate::error::{Error, Result, area, table, try_vec};
use crate::input::spins::Spins;
use crate::kernel::bits::Agreements;
use crate::par::Par;

impl ClassicalHopfield {
    /// Stores `patterns` `(j, n)` after those already stored; a pattern given twice counts twice. Takes time and memory
    /// proportional to all stored bits.
    ///
    /// # Errors
    /// No pattern, a width other than that of the network, or a value other than −1 and +1; then nothing is stored.
    pub fn store(&mut self, patterns: ArrayView2<'_, i8>, par: Par<'_>) -> Result<()> {
        let patterns = Spins::patterns(patterns, par)?;
        let n = patterns.width();
        match (self.columns.n(), self.options.n_neurons) {
            (0, Some(expected)) if expected != n => {
                return Err(Error::Shape {
                    argument: "patterns",
                    expected: format!("(any, {expected})"),
                    reason: "as `n_neurons` says",
                    found: format!("({}, {n})", patterns.len()),
                });
            }
            (0, _) => self.options.bias.check(Some(n))?,
            (expected, _) if expected != n => {
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

    /// Forgets `patterns` `(j, n)`: for each row the first stored pattern equal to it. The others keep their order and
    /// are numbered anew.
    ///
    /// ```
    /// # use hopfield::{Par, classical::ClassicalHopfield};
    /// # use ndarray::array;
    /// let mut net = ClassicalHopfield::new(array![[1, 1, -1], [1, -1, 1]].view())?;
    /// net.forget(array![[1, 1, -1]].view(), Par::default())?;
    /// assert_eq!(net.patterns(Par::default())?, array![[1, -1, 1]]);
    /// # Ok::<(), hopfield::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`store`](Self::store), and [`Error::NotStored`] for a row that is not stored, or not as often as it is
    /// given; then nothing is forgotten.
    pub fn forget(&mut self, patterns: ArrayView2<'_, i8>, par: Par<'_>) -> Result<()> {
        let (rows, width) = patterns.dim();
        if rows == 0 {
            return Err(Error::NoPatterns { argument: "patterns", rows, columns: width });
        }
        self.learnt("to forget one")?;
        let (n, words) = (self.columns.n(), self.columns.k().div_ceil(64));
        let patterns = Spins::of_width("patterns", patterns, n, par)?;
        // For each row the stored patterns equal to it, as bits.
        let mut equal: Vec<u64> = try_vec(area(rows, words, "lists of patterns")?, 0, "lists of patterns")?;
        let lists = equal.chunks_exact_mut(words).enumerate();
        par.each(
            self.workers(rows, n),
            lists,
            || Agreements::new(&self.columns),
            |_, agreements, (row, list)| {
                agreements.count(&self.columns, patterns.row(row), self.available());
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

    /// The stored patterns `(k, n)`, in a fresh array.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`].
    pub fn patterns(&self, par: Par<'_>) -> Result<Array2<i8>> {
        let (k, n) = (self.n_patterns(), self.n_neurons().unwrap_or(0));
        let mut rows = try_vec(area(k, n, "patterns")?, 0, "patterns")?;
        self.columns.unpack(&mut rows, self.available(), par)?;
        table(k, n, rows)
    }
}
