//! How new a state is to a memory: its energy, on a scale that the stored patterns make.
//!
//! A stored pattern that were not stored would have an energy higher by about its separation `Δ_μ` (exactly so as β → ∞,
//! where `E(ξ) = ½ ξ·ξ − max_μ x_μ·ξ`). So with the medians over the sample of patterns that calibration looks at,
//! `(E(ξ) − median E(x_μ)) / median Δ_μ` is 0 for a state as familiar as a stored pattern, and about 1 for one as new as a
//! stored pattern would be to the others. Separations that are not positive are left out; where none is left, as in a
//! memory of equal patterns, `½ M²` is the unit: how much higher than a pattern the zero state lies.
//!
//! Not here: a threshold, which is a matter of what a false alarm costs.

use ndarray::{Array1, Array2, ArrayView2};

use super::calibrate::{quantile, sampled};
use super::energy::Constants;
use super::memory::ModernHopfield;
use crate::error::{Result, area, table, try_vec};
use crate::kernel::Kernels;
use crate::kernel::real::Real;
use crate::par::Par;

impl<T: Real> ModernHopfield<'_, T> {
    /// How new each query is: 0 as familiar as a stored pattern, 1 as new as one would be that is not stored, `(m,)`.
    ///
    /// ```
    /// use hopfield::{Par, modern::ModernHopfield};
    /// use ndarray::array;
    ///
    /// let memory = ModernHopfield::new(array![[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]], 8.0, Par::serial())?;
    /// let novelty = memory.novelty(array![[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]].view(), Par::serial())?;
    /// assert!(novelty[0].abs() < 1e-9 && (novelty[1] - 1.0).abs() < 0.1);
    /// # Ok::<(), hopfield::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Self::energy`].
    pub fn novelty(&self, queries: ArrayView2<T>, par: Par) -> Result<Array1<f64>> {
        let energies = self.energy(queries, Constants::Drop, par)?;
        let (seen, separations) = match sampled(self.stored(), self.similarity, par)? {
            Some(sample) => (sample.patterns, sample.separations),
            None => (vec![0], Vec::new()),
        };
        let familiar = median(self.energy(self.rows_of(&seen)?.view(), Constants::Drop, par)?.to_vec());
        let separations: Vec<f64> = separations.into_iter().filter(|&separation| separation > 0.0).collect();
        let norm = self.largest_norm();
        let unit = match separations.is_empty() {
            false => median(separations),
            true if norm > 0.0 => 0.5 * norm * norm,
            true => 1.0,
        };
        Ok(energies.mapv(|energy| (energy - familiar) / unit))
    }

    /// Those of the stored patterns.
    fn rows_of(&self, indices: &[usize]) -> Result<Array2<T>> {
        let ((_, d), entries, kernels) = (self.stored().dim(), self.stored().entries(), Kernels::in_use());
        let mut rows =
            try_vec(area(indices.len(), d, "a sample of the patterns")?, T::ZERO, "a sample of the patterns")?;
        for (row, &index) in rows.chunks_exact_mut(d).zip(indices) {
            entries.row(kernels, index, row);
        }
        table(indices.len(), d, rows)
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    quantile(&values, 0.5)
}
