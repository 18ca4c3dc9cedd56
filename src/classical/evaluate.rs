//! What can be said of given states: energies, fields, overlaps, distances, whether they are fixed points.

use ndarray::{Array1, Array2, ArrayView2};

use super::learning::Rule;
use super::units::{Units, hebbian_pairs};
use super::weighted::stability;
use super::{ClassicalHopfield, Temperature};
use crate::error::{Result, area, table, try_vec};
use crate::kernel::bits::{Due, Stable};
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
    /// An empty network, states of another width, or values other than −1 and +1; weights that are not symmetric, and so
    /// have no energy.
    pub fn energy(&self, states: ArrayView2<'_, i8>, par: Par<'_>) -> Result<Array1<f64>> {
        self.stored.learnt("an energy")?;
        if let Some(network) = self.weighted(None, Temperature::default())? {
            return network.energy(states, par);
        }
        let rule = self.rule();
        let energies =
            self.stored.of_each("an energy", states, 1, par, |agreements, overlaps, state, out: &mut [f64]| {
                agreements.overlaps(overlaps);
                out[0] = rule.energy(state.iter().copied(), hebbian_pairs(state, overlaps)).value(&rule);
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
    /// An empty network, states of another width, or values other than −1 and +1.
    pub fn field(&self, states: ArrayView2<'_, i8>, par: Par<'_>) -> Result<Array2<f64>> {
        self.stored.learnt("a field")?;
        if let Some(network) = self.weighted(None, Temperature::default())? {
            return network.field(states, par);
        }
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
    /// An empty network, states of another width, or values other than −1 and +1.
    pub fn overlap(&self, states: ArrayView2<'_, i8>, par: Par<'_>) -> Result<Array2<f64>> {
        self.stored.overlap(states, par)
    }

    /// The number of neurons `(m, k)` in which `states` `(m, n)` differ from every pattern.
    ///
    /// # Errors
    /// An empty network, states of another width, or values other than −1 and +1.
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
    /// An empty network, states of another width, or values other than −1 and +1.
    pub fn is_fixed_point(&self, states: ArrayView2<'_, i8>, par: Par<'_>) -> Result<Array1<bool>> {
        self.stored.learnt("a fixed point")?;
        if let Some(network) = self.weighted(None, Temperature::default())? {
            return network.is_fixed_point(states, par);
        }
        let (n, set) = (self.stored.n(), self.stored.available());
        let thresholds = Units::thresholds(n, &self.rule().crossings(n)?, self.options.tie)?;
        let rest = Stable { thresholds: &thresholds, ties_hold: true };
        let mut all = try_vec(n, 0, "a list of neurons")?;
        (0..).zip(&mut all).for_each(|(i, neuron)| *neuron = i);
        let fixed =
            self.stored.of_each("a fixed point", states, 1, par, |agreements, _, state, out: &mut [bool]| {
                out[0] = agreements
                    .first_unstable(self.stored.columns(), state, rest, &all, &mut Due::default(), set)
                    .is_none();
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
        if let Some(network) = self.weighted(None, Temperature::default())? {
            return network.weight_matrix(par);
        }
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

    /// How well the patterns were learnt. Looks at all of them: as much work as a sweep from each, and a look at all weights.
    ///
    /// ```
    /// # use hopfield::{Par, classical::{ClassicalHopfield, ClassicalOptions, Perceptron, Rule}};
    /// # use ndarray::array;
    /// let rule = Rule::Perceptron(Perceptron { margin: 0.5, ..Default::default() });
    /// let mut net = ClassicalHopfield::with(ClassicalOptions { rule, ..Default::default() })?;
    /// net.store(array![[1, 1, 1, -1], [1, -1, 1, 1]].view(), Par::default())?;
    /// let learning = net.learning(Par::default())?;
    /// assert!(learning.converged && learning.margin >= 0.5);
    /// # Ok::<(), hopfield::Error>(())
    /// ```
    ///
    /// # Errors
    /// An empty network.
    pub fn learning(&self, par: Par<'_>) -> Result<Learning> {
        self.stored.learnt("what it has learnt")?;
        let patterns = self.patterns(par)?;
        let margin = match self.weighted(None, Temperature::default())? {
            Some(network) => network.margin(patterns.view(), par)?,
            None => self.hebbian_margin(patterns.view(), par)?,
        };
        let epochs = self.learnt.epochs;
        Ok(Learning {
            rule: self.options.rule,
            converged: epochs.is_none_or(|epochs| epochs.converged),
            n_epochs: epochs.map(|epochs| epochs.n),
            margin,
        })
    }

    fn hebbian_margin(&self, patterns: ArrayView2<'_, i8>, par: Par<'_>) -> Result<f64> {
        let (n, rule, set) = (self.stored.n(), self.rule(), self.stored.available());
        let mut lengths = try_vec(n, 0.0, "lengths")?;
        par.each(
            self.stored.workers(n, n),
            lengths.iter_mut().enumerate(),
            || try_vec(n, 0.0, "weights"),
            |_, row, (i, length)| {
                self.stored.columns().correlate(i, row, set);
                row[i] = 0.0;
                *length = rule.weight(libm::sqrt(row.iter().map(|sum| sum * sum).sum()));
                Ok(())
            },
        )?;
        let margins = self.stored.of_each("a margin", patterns, 1, par, |agreements, _, state, out: &mut [f64]| {
            let mut integers = [0; PIECE];
            out[0] = f64::INFINITY;
            for (piece, state_piece) in state.chunks(PIECE).enumerate() {
                let integers = &mut integers[..state_piece.len()];
                agreements.fields(self.stored.columns(), state, piece * PIECE, integers, set);
                for (j, (x, integer)) in state_piece.iter().zip(integers).enumerate() {
                    let i = piece * PIECE + j;
                    out[0] = out[0].min(stability(*x, rule.field(i, *integer), lengths[i]));
                }
            }
        })?;
        Ok(margins.into_iter().fold(f64::INFINITY, f64::min))
    }
}

/// How well the stored patterns were learnt.
///
/// ```
/// use hopfield::{Par, classical::ClassicalHopfield};
/// let learning = ClassicalHopfield::new(ndarray::array![[1, -1, 1]].view())?.learning(Par::default())?;
/// assert!(learning.converged && learning.n_epochs.is_none() && learning.margin > 0.0);
/// # Ok::<(), hopfield::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Learning {
    /// The rule.
    pub rule: Rule,
    /// Whether every pattern has the margin that was asked for; true of rules that ask for none.
    pub converged: bool,
    /// Epochs that the slowest neuron took, the one without corrections included; none of rules that have none.
    pub n_epochs: Option<u32>,
    /// The least stability `ξ_i h_i / ‖W_i‖₂` over all patterns and neurons: positive if all are strictly fixed points.
    pub margin: f64,
}
