//! What can be said of given states in a network of given weights.

use ndarray::{Array1, Array2, ArrayView2};

use super::{Coupling, Track, Weighted};
use crate::binary::{self, BinaryRetrieval, Network, Retrieve, workers};
use crate::error::{Error, Result, area, table, try_vec};
use crate::input::spins::Spins;
use crate::par::{Par, Watch};

/// The answers, whatever the weights are.
pub(in crate::classical) trait Answers {
    fn retrieve(&self, cues: ArrayView2<'_, i8>, options: &Retrieve<'_>, par: Par) -> Result<BinaryRetrieval>;
    /// The energies `(m,)` of states.
    fn energy(&self, states: ArrayView2<'_, i8>, par: Par) -> Result<Array1<f64>>;
    /// The fields `(m, n)` of states.
    fn field(&self, states: ArrayView2<'_, i8>, par: Par) -> Result<Array2<f64>>;
    /// Whether states `(m, n)` are fixed points.
    fn is_fixed_point(&self, states: ArrayView2<'_, i8>, par: Par) -> Result<Array1<bool>>;
    /// The weights `(n, n)`.
    fn weight_matrix(&self, par: Par) -> Result<Array2<f64>>;
    /// The least `x_i h_i / ‖W_i‖₂` of states.
    fn margin(&self, states: ArrayView2<'_, i8>, par: Par) -> Result<f64>;
}

impl<C: Coupling> Weighted<'_, C> {
    /// Evaluates `work`, which fills `each` values for one state, for every state.
    fn of_each<T: Clone + Default + Send>(
        &self,
        states: ArrayView2<'_, i8>,
        each: usize,
        par: Par,
        work: impl Fn(&mut Track<C::Sums>, &[i8], &mut [T], &Watch) -> Result<()> + Sync,
    ) -> Result<Vec<T>> {
        let n = self.columns.n();
        let states = Spins::of_width("states", states, n, par)?;
        let mut out = try_vec(area(states.len(), each, "results")?, T::default(), "results")?;
        let rows = out.chunks_exact_mut(each).enumerate();
        par.each(
            workers(states.len(), n.saturating_mul(self.words_a_visit())),
            rows,
            || self.track(),
            |watch, track, (row, out)| {
                let state = states.row(row);
                self.begin(track, 0, state, watch)?;
                work(track, state, out, watch)
            },
        )?;
        Ok(out)
    }
}

impl<C: Coupling> Answers for Weighted<'_, C> {
    fn retrieve(&self, cues: ArrayView2<'_, i8>, options: &Retrieve<'_>, par: Par) -> Result<BinaryRetrieval> {
        if !self.coupling.is_symmetric() {
            let wanted = [("target_energy", options.stop.target_energy.is_some()), ("trace", options.report.trace)];
            if let Some((wanted, _)) = wanted.into_iter().find(|(_, wanted)| *wanted) {
                return Err(Error::Asymmetric { wanted });
            }
        }
        binary::retrieve(self, cues, options, par)
    }

    fn energy(&self, states: ArrayView2<'_, i8>, par: Par) -> Result<Array1<f64>> {
        if !self.coupling.is_symmetric() {
            return Err(Error::Asymmetric { wanted: "energy" });
        }
        let energies = self.of_each(states, 1, par, |track, state, out, _| {
            out[0] = Network::energy(self, track, state);
            Ok(())
        })?;
        Ok(Array1::from_vec(energies))
    }

    fn field(&self, states: ArrayView2<'_, i8>, par: Par) -> Result<Array2<f64>> {
        let (m, n) = (states.nrows(), self.columns.n());
        let fields = self.of_each(states, n, par, |track, state, out, _| {
            let units = self.surroundings.units(&track.place);
            for (i, out) in out.iter_mut().enumerate() {
                *out = units.field(i, self.coupling.field(&track.sums, state, i, self.set));
            }
            Ok(())
        })?;
        table(m, n, fields)
    }

    fn is_fixed_point(&self, states: ArrayView2<'_, i8>, par: Par) -> Result<Array1<bool>> {
        let mut all = try_vec(self.columns.n(), 0, "a list of neurons")?;
        (0..).zip(&mut all).for_each(|(i, neuron)| *neuron = i);
        let fixed = self.of_each(states, 1, par, |track, state, out, _| {
            out[0] = self.first_unstable(track, state, &all, true).is_none();
            Ok(())
        })?;
        Ok(Array1::from_vec(fixed))
    }

    fn weight_matrix(&self, par: Par) -> Result<Array2<f64>> {
        let (n, denominator) = (self.columns.n(), self.coupling.denominator());
        let mut weights = try_vec(area(n, n, "the weight matrix")?, 0.0, "the weight matrix")?;
        par.each(
            workers(n, n.saturating_mul(self.words_a_visit())),
            weights.chunks_exact_mut(n).enumerate(),
            || try_vec(n, 0, "weights"),
            |_, integers, (i, row)| {
                self.coupling.receive(i, integers, self.set);
                for (weight, q) in row.iter_mut().zip(integers) {
                    *weight = *q as f64 / denominator as f64;
                }
                Ok(())
            },
        )?;
        table(n, n, weights)
    }

    fn margin(&self, states: ArrayView2<'_, i8>, par: Par) -> Result<f64> {
        let n = self.columns.n();
        let mut lengths = try_vec(n, 0.0, "lengths")?;
        let denominator = self.coupling.denominator() as f64;
        par.each(
            workers(n, n),
            lengths.iter_mut().enumerate(),
            || Ok(()),
            |_, (), (i, length)| {
                *length = self.coupling.length(i) / denominator;
                Ok(())
            },
        )?;
        let margins = self.of_each(states, 1, par, |track, state, out, _| {
            let units = self.surroundings.units(&track.place);
            out[0] = state.iter().zip(&lengths).enumerate().fold(f64::INFINITY, |least, (i, (x, length))| {
                let field = units.field(i, self.coupling.field(&track.sums, state, i, self.set));
                least.min(stability(*x, field, *length))
            });
            Ok(())
        })?;
        Ok(margins.into_iter().fold(f64::INFINITY, f64::min))
    }
}

/// `x h / length`: 0 for a neuron that neither field nor weights move.
pub(in crate::classical) fn stability(x: i8, field: f64, length: f64) -> f64 {
    if field == 0.0 { 0.0 } else { f64::from(x) * field / length }
}
