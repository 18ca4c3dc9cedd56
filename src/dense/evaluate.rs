//! What can be said of given states: energies, fields, overlaps, distances, whether they are fixed points.

use ndarray::{Array1, Array2, ArrayView2};

use super::DenseAssociativeMemory;
use super::walked::{Track, Walked};
use crate::binary::Network;
use crate::error::{Result, area, table, try_vec};
use crate::input::spins::Spins;
use crate::par::{Par, Watch};

impl DenseAssociativeMemory {
    /// The energies `E(x) = −Σ_μ F(ξ^μ·x)` of `states` `(m, n)`, each the exact value rounded once and infinite beyond
    /// float64; of exponential memories `−ln Σ_μ e^(ξ^μ·x)`.
    ///
    /// ```
    /// # use hopfield::{Par, dense::DenseAssociativeMemory};
    /// # use ndarray::array;
    /// let net = DenseAssociativeMemory::new(array![[1, 1, -1, 1]].view())?;
    /// assert_eq!(net.energy(array![[1, 1, -1, 1], [1, 1, 1, 1]].view(), Par::default())?, array![-64.0, -8.0]);
    /// # Ok::<(), hopfield::Error>(())
    /// ```
    ///
    /// # Errors
    /// An empty memory, states of another width, or values other than −1 and +1.
    pub fn energy(&self, states: ArrayView2<'_, i8>, par: Par<'_>) -> Result<Array1<f64>> {
        let energies = self.of_each("an energy", states, 1, par, |network, track, _, state, out: &mut [f64]| {
            out[0] = network.energy(track, state);
            Ok(())
        })?;
        Ok(Array1::from_vec(energies))
    }

    /// The fields `(m, n)` of `states` `(m, n)`: half of what the energy with the neuron at −1 is above that with it at
    /// +1. Each the exact value rounded once and infinite beyond float64; of exponential memories within some roundings,
    /// and from −1 to 1.
    ///
    /// ```
    /// # use hopfield::{Par, dense::DenseAssociativeMemory};
    /// # use ndarray::array;
    /// let net = DenseAssociativeMemory::new(array![[1, 1, -1, 1]].view())?;
    /// assert_eq!(net.field(array![[1, 1, 1, 1]].view(), Par::default())?, array![[4.0, 4.0, -28.0, 4.0]]);
    /// # Ok::<(), hopfield::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`energy`](Self::energy).
    pub fn field(&self, states: ArrayView2<'_, i8>, par: Par<'_>) -> Result<Array2<f64>> {
        let (m, n) = (states.nrows(), self.stored.n());
        let fields = self.of_each("a field", states, n, par, |network, track, watch, state, out: &mut [f64]| {
            for (i, field) in out.iter_mut().enumerate() {
                *field = network.field(track, state, i);
                watch.check()?;
            }
            Ok(())
        })?;
        table(m, n, fields)
    }

    /// The overlaps `ξ^μ·x / n` `(m, k)` of `states` `(m, n)` with every pattern, from −1 to 1.
    ///
    /// ```
    /// # use hopfield::{Par, dense::DenseAssociativeMemory};
    /// # use ndarray::array;
    /// let net = DenseAssociativeMemory::new(array![[1, 1, -1, 1], [1, 1, 1, 1]].view())?;
    /// assert_eq!(net.overlap(array![[1, 1, -1, 1]].view(), Par::default())?, array![[1.0, 0.5]]);
    /// assert_eq!(net.hamming(array![[1, 1, -1, 1]].view(), Par::default())?, array![[0, 1]]);
    /// # Ok::<(), hopfield::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`energy`](Self::energy).
    pub fn overlap(&self, states: ArrayView2<'_, i8>, par: Par<'_>) -> Result<Array2<f64>> {
        self.stored.overlap(states, par)
    }

    /// The number of neurons `(m, k)` in which `states` `(m, n)` differ from every pattern.
    ///
    /// # Errors
    /// As [`energy`](Self::energy).
    pub fn hamming(&self, states: ArrayView2<'_, i8>, par: Par<'_>) -> Result<Array2<i64>> {
        self.stored.hamming(states, par)
    }

    /// Whether every neuron of each of the `states` `(m, n)` satisfies its update. With random ties: none has a field
    /// against it.
    ///
    /// ```
    /// # use hopfield::{Par, dense::DenseAssociativeMemory};
    /// # use ndarray::array;
    /// let net = DenseAssociativeMemory::new(array![[1, 1, -1, 1]].view())?;
    /// let states = array![[1, 1, -1, 1], [1, 1, 1, 1]];
    /// assert_eq!(net.is_fixed_point(states.view(), Par::default())?, array![true, false]);
    /// # Ok::<(), hopfield::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`energy`](Self::energy).
    pub fn is_fixed_point(&self, states: ArrayView2<'_, i8>, par: Par<'_>) -> Result<Array1<bool>> {
        let n = self.stored.n() as u32;
        let fixed =
            self.of_each("a fixed point", states, 1, par, |network, track, watch, state, out: &mut [bool]| {
                for i in 0..n {
                    if network.first_unstable(track, state, &[i], true).is_some() {
                        return Ok(());
                    }
                    watch.check()?;
                }
                out[0] = true;
                Ok(())
            })?;
        Ok(Array1::from_vec(fixed))
    }

    /// Fills `each` values for every state.
    fn of_each<T: Clone + Default + Send>(
        &self,
        wanted: &'static str,
        states: ArrayView2<'_, i8>,
        each: usize,
        par: Par<'_>,
        work: impl Fn(&Walked, &mut Track, &Watch, &[i8], &mut [T]) -> Result<()> + Sync,
    ) -> Result<Vec<T>> {
        self.stored.learnt(wanted)?;
        let states = Spins::of_width("states", states, self.stored.n(), par)?;
        let network = Walked::new(self, None)?;
        let mut out = try_vec(area(states.len(), each, "results")?, T::default(), "results")?;
        let rows = out.chunks_exact_mut(each).enumerate();
        par.each(
            self.stored.workers(states.len(), states.width()),
            rows,
            || network.track(),
            |watch, track, (row, out)| {
                network.begin(track, 0, states.row(row), watch)?;
                work(&network, track, watch, states.row(row), out)
            },
        )?;
        Ok(out)
    }
}
