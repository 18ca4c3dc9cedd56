//! Patterns come and go.

use ndarray::{Array2, ArrayView2};

use super::DenseAssociativeMemory;
use crate::error::{Error, Result};
use crate::par::Par;

/// Overlaps, and what is added to them, are 32-bit integers.
const MOST_NEURONS: usize = 1 << 30;

impl DenseAssociativeMemory {
    /// Stores `patterns` `(j, n)` after those already stored; a pattern given twice counts twice. Takes time and memory
    /// proportional to all stored bits.
    ///
    /// # Errors
    /// No pattern, a width other than that of the memory, or a value other than −1 and +1; then nothing is stored.
    pub fn store(&mut self, patterns: ArrayView2<'_, i8>, par: Par<'_>) -> Result<()> {
        let fits = |n| match n {
            ..=MOST_NEURONS => Ok(()),
            _ => Err(Error::Range { argument: "patterns", rule: "at most 1073741824 neurons wide", value: n as f64 }),
        };
        self.stored.append(patterns, fits, par)
    }

    /// Forgets `patterns` `(j, n)`: for each row the first stored pattern equal to it. The others keep their order and
    /// are numbered anew.
    ///
    /// ```
    /// # use hopfield::{Par, dense::DenseAssociativeMemory};
    /// # use ndarray::array;
    /// let mut net = DenseAssociativeMemory::new(array![[1, 1, -1], [1, -1, 1]].view())?;
    /// net.forget(array![[1, 1, -1]].view(), Par::default())?;
    /// assert_eq!(net.patterns(Par::default())?, array![[1, -1, 1]]);
    /// # Ok::<(), hopfield::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`store`](Self::store), and [`Error::NotStored`] for a row that is not stored, or not as often as it is
    /// given; then nothing is forgotten.
    pub fn forget(&mut self, patterns: ArrayView2<'_, i8>, par: Par<'_>) -> Result<()> {
        self.stored.remove(patterns, par)
    }

    /// The stored patterns `(k, n)`, in a fresh array.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`].
    pub fn patterns(&self, par: Par<'_>) -> Result<Array2<i8>> {
        self.stored.rows(self.stored.n(), par)
    }
}
