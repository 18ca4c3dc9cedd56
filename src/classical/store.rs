//! Patterns come and go.

use std::sync::Arc;

use ndarray::{Array2, ArrayView2};

use super::ClassicalHopfield;
use super::learning::Learnt;
use crate::error::{Error, Result};
use crate::par::Par;

impl ClassicalHopfield {
    /// Stores `patterns` `(j, n)` after those already stored; a pattern given twice counts twice. Hebb's rule takes time and
    /// memory proportional to all stored bits. Storkey's goes on from the weights that there are; the others learn all
    /// patterns anew.
    ///
    /// # Errors
    /// No pattern, a width other than that of the network, or a value other than −1 and +1; [`Error::Dependent`] patterns
    /// under the pseudo-inverse rule; [`Error::Diverged`]. Then nothing is stored.
    pub fn store(&mut self, patterns: ArrayView2<'_, i8>, par: Par<'_>) -> Result<()> {
        let options = Arc::clone(&self.options);
        let fits = |n| match options.n_neurons {
            Some(expected) if expected != n => Err(Error::Shape {
                argument: "patterns",
                expected: format!("(any, {expected})"),
                reason: "as `n_neurons` says",
                found: format!("({}, {n})", patterns.nrows()),
            }),
            _ => options.bias.check(Some(n)),
        };
        let (mut stored, first) = (self.stored.clone(), self.stored.k());
        stored.append(patterns, fits, par)?;
        self.learnt = self.learnt.extended(&self.options, stored.columns(), first, stored.available(), par)?;
        self.stored = stored;
        Ok(())
    }

    /// Forgets `patterns` `(j, n)`: for each row the first stored pattern equal to it. The others keep their order and
    /// are numbered anew, and the network is that of a fresh one that stores them, in this order.
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
        let mut stored = self.stored.clone();
        stored.remove(patterns, par)?;
        self.learnt = Learnt::default().extended(&self.options, stored.columns(), 0, stored.available(), par)?;
        self.stored = stored;
        Ok(())
    }

    /// The stored patterns `(k, n)`, in a fresh array.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`].
    pub fn patterns(&self, par: Par<'_>) -> Result<Array2<i8>> {
        self.stored.rows(self.n_neurons().unwrap_or(0), par)
    }
}
