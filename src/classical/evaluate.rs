//! What can be said of given states: energies, fields, overlaps, distances, whether they are fixed points.

use ndarray::{Array1, Array2, ArrayView2};

use super::ClassicalHopfield;
use super::hebbian::Hebbian;
use crate::error::{Result, area, table, try_vec};
use crate::kernel::bits::Stable;
use crate::par::Par;

/// Neurons whose integer fields are held at once.
const PIECE: usize = 1 << 10;

impl ClassicalHopfield {
    /// The energies `E(x) = −½ xᵀW x − bᵀx` of `states` `(m, n)`, each the exact value rounded once.
    ///
    /// ```
    /// # use hopfield::{Par, classical::ClassicalHopfield};
    /// # use ndarray::array;
    /// let net = ClassicalHopfield::new(array![[1, 1, -1, 1]].view())?;
    /// assert_eq!(net.energy(array![[1, 1, -1, 1], [1, 1, 1, 1]].view(), Par::default())?, array![-1.5, 0.0]);
    /// # Ok::<(), hopfield::Error>(())
    /// ```
    ///
    /// # Errors
    /// An empty network, states of another width, or values other than −1 and +1.
    pub fn energy(&self, states: ArrayView2<'_, i8>, par: Par<'_>) -> Result<Array1<f64>> {
        let rule = self.rule();
        let energies =
            self.stored.of_each("an energy", states, 1, par, |agreements, overlaps, state, out: &mut [f64]| {
                agreements.overlaps(overlaps);
                out[0] = rule.energy(state, overlaps).value(&rule);
            })?;
        Ok(Array1::from_vec(energies))
    }

    /// The fields `h = W x + b` `(m, n)` of `states` `(m, n)`, each the exact value rounded once.
    ///
    /// ```
    /// # use hopfield::{Par, classical::ClassicalHopfield};
    /// # use ndarray::array;
    /// let net = ClassicalHopfield::new(array![[1, 1, -1, 1]].view())?;
    /// assert_eq!(net.field(array![[1, 1, 1, 1]].view(), Par::default())?, array![[0.25, 0.25, -0.75, 0.25]]);
    /// # Ok::<(), hopfield::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`energy`](Self::energy).
    pub fn field(&self, states: ArrayView2<'_, i8>, par: Par<'_>) -> Result<Array2<f64>> {
        let (m, n, rule, set) = (states.nrows(), self.stored.n(), self.rule(), self.stored.available());
        let fields = self.stored.of_each("a field", states, n, par, |agreements, _, state, out: &mut [f64]| {
            let mut integers = [0; PIECE];
            for (piece, out) in out.chunks_mut(PIECE).enumerate() {
                let integers = &mut integers[..out.len()];
                agreements.fields(self.stored.columns(), state, piece * PIECE, integers, set);
                for (j, (field, integer)) in out.iter_mut().zip(integers).enumerate() {
                    *field = rule.field(piece * PIECE + j, *integer);
                }
            }
        })?;
        table(m, n, fields)
    }

    /// The overlaps `ξ^μ·x / n` `(m, k)` of `states` `(m, n)` with every pattern, from −1 to 1.
    ///
    /// ```
    /// # use hopfield::{Par, classical::ClassicalHopfield};
    /// # use ndarray::array;
    /// let net = ClassicalHopfield::new(array![[1, 1, -1, 1], [1, 1, 1, 1]].view())?;
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
    /// # use hopfield::{Par, classical::ClassicalHopfield};
    /// # use ndarray::array;
    /// let net = ClassicalHopfield::new(array![[1, 1, -1, 1]].view())?;
    /// let states = array![[1, 1, -1, 1], [1, 1, 1, 1]];
    /// assert_eq!(net.is_fixed_point(states.view(), Par::default())?, array![true, false]);
    /// # Ok::<(), hopfield::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`energy`](Self::energy).
    pub fn is_fixed_point(&self, states: ArrayView2<'_, i8>, par: Par<'_>) -> Result<Array1<bool>> {
        let (n, set) = (self.stored.n(), self.stored.available());
        let thresholds = Hebbian::thresholds(n, &self.rule().crossings(n)?, self.options.tie)?;
        let rest = Stable { thresholds: &thresholds, ties_hold: true };
        let mut all = try_vec(n, 0, "a list of neurons")?;
        (0..).zip(&mut all).for_each(|(i, neuron)| *neuron = i);
        let fixed =
            self.stored.of_each("a fixed point", states, 1, par, |agreements, _, state, out: &mut [bool]| {
                out[0] = agreements.first_unstable(self.stored.columns(), state, rest, &all, set).is_none();
            })?;
        Ok(Array1::from_vec(fixed))
    }

    /// The weights `W` `(n, n)`, made for this call; nothing else here forms them.
    ///
    /// ```
    /// # use hopfield::{Par, classical::ClassicalHopfield};
    /// # use ndarray::array;
    /// let net = ClassicalHopfield::new(array![[1, -1]].view())?;
    /// assert_eq!(net.weight_matrix(Par::default())?, array![[0.0, -0.5], [-0.5, 0.0]]);
    /// # Ok::<(), hopfield::Error>(())
    /// ```
    ///
    /// # Errors
    /// An empty network, or [`Error::OutOfMemory`](crate::Error::OutOfMemory).
    pub fn weight_matrix(&self, par: Par<'_>) -> Result<Array2<f64>> {
        self.stored.learnt("the weight matrix")?;
        let (n, rule, set) = (self.stored.n(), self.rule(), self.stored.available());
        let mut weights = try_vec(area(n, n, "the weight matrix")?, 0.0, "the weight matrix")?;
        let rows = weights.chunks_exact_mut(n).enumerate();
        par.each(
            self.stored.workers(n, n),
            rows,
            || Ok(()),
            |_, (), (i, row)| {
                self.stored.columns().correlate(i, row, set);
                for sum in row.iter_mut() {
                    *sum = rule.weight(*sum);
                }
                row[i] = 0.0;
                Ok(())
            },
        )?;
        table(n, n, weights)
    }
}
