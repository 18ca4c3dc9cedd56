//! The memory: patterns, the values that go with them, and the inverse temperature.

use std::sync::Arc;

use ndarray::{Array1, Array2, ArrayView2, CowArray, Ix2};

use super::association;
use super::diagnose::{self, Diagnosis};
use super::energy::Constants;
use super::mask::Mask;
use super::pass::Read;
use super::pattern_separation;
use super::retrieve::{self, Cue, Retrieval, Stop};
use super::separation::Separation;
use super::similarity::{Similarity, to_unit_rows};
use super::theory::{self, Theory};
use super::weights::Weights;
use crate::error::{Error, Result, table, try_vec};
use crate::input::patterns::Patterns;
use crate::input::real::{Finite, Rows, inverse_temperature, within_reach};
use crate::input::rounded::{Rounded, Storage};
use crate::kernel::real::Real;
use crate::par::Par;

/// How scores become weights, and what they compare.
pub(crate) type Family = (Separation, Similarity);

/// The network of Ramsauer et al.
const PLAIN: Family = (Separation::Softmax, Similarity::Dot);

/// A modern continuous Hopfield network: real-valued patterns, retrieved by `ξ' = Xᵀ softmax(β X ξ)`, or by other
/// separations and similarities ([`Self::with_separation`]).
///
/// Patterns are `(k, d)`, one a row; queries and states `(m, d)`. Energies are `f64`, whatever the number type.
///
/// ```
/// use hopfield::{Par, modern::{Cue, ModernHopfield, Stop}};
/// use ndarray::array;
///
/// let patterns = array![[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
/// let memory = ModernHopfield::new(patterns, 20.0, Par::default())?;
/// let found = memory.retrieve(array![[0.9, 0.2, 0.1]].view(), &Cue::default(), &Stop::default(), Par::default())?;
/// assert_eq!(found.pattern[0], 0);
/// assert!(found.converged[0]);
/// # Ok::<(), hopfield::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct ModernHopfield<'a, T: Real> {
    pub(super) patterns: Patterns<'a, T>,
    pub(super) values: Option<Rows<'a, T>>,
    pub(super) weights: Weights<T>,
    pub(super) similarity: Similarity,
}

impl<'a, T: Real> ModernHopfield<'a, T> {
    /// Stores `patterns` `(k, d)`, owned or borrowed, under the inverse temperature `beta`.
    ///
    /// # Errors
    /// No patterns, NaN or infinity among them, `beta` not positive and finite, or scores that the type cannot resolve.
    pub fn new(patterns: impl Into<CowArray<'a, T, Ix2>>, beta: f64, par: Par) -> Result<Self> {
        Self::checked(patterns, beta, Finite::Check, par)
    }

    /// The same with or without the search for NaN and infinity.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn checked(patterns: impl Into<CowArray<'a, T, Ix2>>, beta: f64, finite: Finite, par: Par) -> Result<Self> {
        Self::assemble(Rows::patterns(patterns.into(), finite, par)?.into(), None, beta, PLAIN)
    }

    /// Stores `patterns` `(k, d)` rounded into fewer bits; see [`Storage`]. They are rounded straight from the type they
    /// come in, which may be wider than the one that is computed in.
    ///
    /// ```
    /// use hopfield::{Finite, Par, modern::{Cue, ModernHopfield, Storage}};
    /// use ndarray::array;
    ///
    /// let patterns = array![[1.0_f32, 0.3], [-0.2, 1.0]];
    /// let par = Par::default();
    /// let memory = ModernHopfield::<f32>::rounded(patterns.view(), Storage::Bfloat16, 4.0, Finite::Check, par)?;
    /// assert_eq!(memory.patterns()?, array![[1.0, 0.300_781_25], [-0.200_195_31, 1.0]]);
    /// // The same bits as those of a memory of the rounded patterns.
    /// let plain = ModernHopfield::new(memory.patterns()?, 4.0, par)?;
    /// let query = array![[0.9, 0.1]];
    /// let step = |memory: &ModernHopfield<f32>| memory.step(query.view(), &Cue::default(), par);
    /// assert_eq!(step(&memory)?, step(&plain)?);
    /// # Ok::<(), hopfield::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Self::checked`], and numbers beyond the narrower type.
    pub fn rounded<S: Real>(
        patterns: ArrayView2<S>,
        storage: Storage,
        beta: f64,
        finite: Finite,
        par: Par,
    ) -> Result<ModernHopfield<'static, T>> {
        let rounded = Rounded::new(&Rows::patterns(patterns.into(), finite, par)?, storage, par)?;
        ModernHopfield::assemble(Patterns::Rounded(Arc::new(rounded)), None, beta, PLAIN)
    }

    /// A memory of parts that were checked before.
    pub(crate) fn assemble(
        patterns: Patterns<'a, T>,
        values: Option<Rows<'a, T>>,
        beta: f64,
        (separation, similarity): Family,
    ) -> Result<Self> {
        let beta = inverse_temperature::<T>(beta)?;
        let separation = separation.with(similarity)?;
        if let Some((row, norm)) = patterns.norms().longest() {
            let reach = similarity.reach(norm, norm, patterns.width());
            within_reach::<T>("patterns", (row, norm), if separation.uses_beta() { beta } else { 0.0 }, reach)?;
        }
        Ok(Self { patterns, values, weights: Weights::new(separation, beta), similarity })
    }

    /// The same memory with another way of turning scores into weights, and of comparing; under
    /// [`Similarity::Cosine`] its patterns are scaled to norm 1.
    ///
    /// ```
    /// use hopfield::{Par, modern::{Cue, ModernHopfield, Separation, Similarity}};
    /// use ndarray::array;
    ///
    /// let par = Par::serial();
    /// let memory = ModernHopfield::new(array![[1.0, 0.0], [0.0, 3.0]], 4.0, par)?;
    /// let memory = memory.with_separation(Separation::Sparsemax, Similarity::Euclidean, par)?;
    /// assert_eq!(memory.step(array![[0.8, 0.1]].view(), &Cue::default(), par)?, array![[1.0, 0.0]]);
    /// # Ok::<(), hopfield::Error>(())
    /// ```
    ///
    /// # Errors
    /// A pair that means nothing, a parameter outside its range, patterns without a direction where those are compared,
    /// or patterns out of the number type's reach.
    pub fn with_separation(self, separation: Separation, similarity: Similarity, par: Par) -> Result<Self> {
        let patterns = match (similarity, self.similarity) {
            (Similarity::Cosine, Similarity::Cosine) => self.patterns,
            (Similarity::Cosine, _) => self.patterns.changed(|rows, d| to_unit_rows("patterns", rows, d, par), par)?,
            _ => self.patterns,
        };
        Self::assemble(patterns, self.values, self.weights.beta, (separation, similarity))
    }

    /// How scores become weights.
    #[must_use]
    pub fn separation(&self) -> Separation {
        self.weights.separation
    }

    /// How states are compared with patterns.
    #[must_use]
    pub fn similarity(&self) -> Similarity {
        self.similarity
    }

    /// Gives each pattern a value `(k, dv)`, which [`Self::step`] and retrievals then put out.
    ///
    /// # Errors
    /// Not one row a pattern, or NaN or infinity.
    pub fn with_values(self, values: impl Into<CowArray<'a, T, Ix2>>, finite: Finite, par: Par) -> Result<Self> {
        let values = Rows::values(values.into(), self.patterns.dim().0, finite, par)?;
        Ok(Self { values: Some(values), ..self })
    }

    /// The stored patterns `(k, d)`: the array itself, or a new one of what is computed with if they are rounded.
    ///
    /// # Errors
    /// No memory for a new array.
    pub fn patterns(&self) -> Result<CowArray<'_, T, Ix2>> {
        self.patterns.widened()
    }

    /// The values `(k, dv)`, if there are any.
    #[must_use]
    pub fn values(&self) -> Option<ArrayView2<'_, T>> {
        self.values.as_ref().map(Rows::view)
    }

    /// The inverse temperature.
    #[must_use]
    pub fn beta(&self) -> f64 {
        self.weights.beta
    }

    /// `M`, the largest norm of a pattern.
    #[must_use]
    pub fn largest_norm(&self) -> f64 {
        self.patterns.norms().longest().map_or(0.0, |(_, norm)| norm)
    }

    /// One update of each query: `(m, d)`, or with values `Vᵀ p`, `(m, dv)`, which under softmax and dot is attention.
    ///
    /// Unknown entries of a partial cue are left out of the comparison. A query whose patterns are all masked gets zeros;
    /// one for which none has weight, as can be under the separations with bounds, stays as it is, or has an output of
    /// zeros.
    ///
    /// # Errors
    /// Queries, masks or known entries of the wrong shape or not finite, or out of the number type's reach.
    pub fn step(&self, queries: ArrayView2<T>, cue: &Cue, par: Par) -> Result<Array2<T>> {
        let cue = cue.in_one_piece(queries.dim(), self.patterns.dim())?;
        let queries = self.cues(queries, &cue, par)?;
        let (read, width) = match &self.values {
            Some(values) => (Read::Values, values.width()),
            None => (Read::Patterns, self.patterns.width()),
        };
        let rows: Vec<usize> = (0..queries.len()).collect();
        let partial = |query| cue.is_partial(query);
        let (mut means, normalizers) = self.update(read, (queries.as_slice(), &rows), (&cue, &partial), par)?;
        if read == Read::Patterns {
            for (query, mean) in means.chunks_exact_mut(width).enumerate() {
                self.settle(queries.row(query), mean, &normalizers[query], || cue.takes_any(query));
            }
        }
        table(queries.len(), width, means)
    }

    /// Iterates the update from each query until it settles; see [`Stop`] and [`Retrieval`].
    ///
    /// # Errors
    /// As [`Self::step`], and options outside their range.
    pub fn retrieve(&self, queries: ArrayView2<T>, cue: &Cue, stop: &Stop, par: Par) -> Result<Retrieval<T>> {
        stop.validate()?;
        let cue = cue.in_one_piece(queries.dim(), self.patterns.dim())?;
        if cue.clamp && self.similarity == Similarity::Cosine {
            let rule = "`clamp` cannot hold entries under similarity 'cosine', which scales states to norm 1";
            return Err(Error::Options { rule });
        }
        let queries = self.cues(queries, &cue, par)?;
        retrieve::retrieve(self, queries, &cue, stop, par)
    }

    /// The energy of each state, with its constants or without; see [`super::energy`].
    ///
    /// # Errors
    /// A separation and similarity that have none; states of the wrong shape, not finite, or out of the number type's reach.
    pub fn energy(&self, states: ArrayView2<T>, constants: Constants, par: Par) -> Result<Array1<f64>> {
        self.energies().exists()?;
        let states = self.rows("states", states, par)?;
        let normalizers = self.normalizers(states.as_slice(), Mask::None, par)?;
        let energy = self.energies();
        let constants = match constants {
            Constants::Include => energy.constants(self.patterns.dim().0, self.largest_norm()),
            Constants::Drop => 0.0,
        };
        let energies = normalizers.iter().zip(states.norms_squared());
        let comparison = self.comparison(false);
        Ok(energies.map(|(normalizer, &norm)| energy.of(normalizer, norm, comparison, constants)).collect())
    }

    /// The weight of every pattern for every query, `(m, k)`.
    ///
    /// # Errors
    /// As [`Self::energy`], and no memory for the result.
    pub fn association(&self, queries: ArrayView2<T>, par: Par) -> Result<Array2<T>> {
        let queries = self.rows("queries", queries, par)?;
        association::association(self, queries.as_slice(), par)
    }

    /// The `top` largest weights for each query and their patterns, each `(m, top)`, the largest first.
    ///
    /// # Errors
    /// As [`Self::association`], and `top` not between 1 and `k`.
    pub fn association_top(&self, queries: ArrayView2<T>, top: usize, par: Par) -> Result<(Array2<T>, Array2<i64>)> {
        let (most, _) = self.patterns.dim();
        if top == 0 || top > most {
            return Err(Error::Top { most, value: top });
        }
        let queries = self.rows("queries", queries, par)?;
        association::top(self, queries.as_slice(), top, par)
    }

    /// What kind of attractor each state is near; see [`Diagnosis`].
    ///
    /// # Errors
    /// As [`Self::energy`].
    pub fn diagnose(&self, states: ArrayView2<T>, par: Par) -> Result<Vec<Diagnosis>> {
        let states = self.rows("states", states, par)?;
        diagnose::diagnose(self, states.as_slice(), par)
    }

    /// How far each pattern is from being confused with another: its score with itself less the greatest with another,
    /// `(k,)`; 0 of a pattern that is stored twice, +∞ of a single one (Ramsauer et al. 2020, equation 8).
    ///
    /// ```
    /// use hopfield::{Par, modern::ModernHopfield};
    /// use ndarray::array;
    ///
    /// let memory = ModernHopfield::new(array![[1.0, 0.0], [0.0, 1.0], [0.0, 3.0]], 1.0, Par::serial())?;
    /// assert_eq!(memory.pattern_separation(Par::serial())?, array![1.0, -2.0, 6.0]);
    /// # Ok::<(), hopfield::Error>(())
    /// ```
    ///
    /// # Errors
    /// No memory for the result.
    pub fn pattern_separation(&self, par: Par) -> Result<Array1<f64>> {
        Ok(pattern_separation::pattern_separation(&self.patterns, self.similarity, par)?.into())
    }

    /// What theory promises of this memory.
    ///
    /// # Errors
    /// Another separation than softmax, and other similarities than dot and euclidean.
    pub fn theory(&self) -> Result<Theory> {
        Theory::of(&self.patterns, self.beta(), self.family())
    }

    /// For each query how far from its best match an update can end, `(m,)`; see [`Theory::step_error`].
    ///
    /// # Errors
    /// As [`Self::energy`] and [`Self::theory`].
    pub fn step_error(&self, queries: ArrayView2<T>, par: Par) -> Result<Array1<f64>> {
        let theory = self.theory()?;
        let queries = self.rows("queries", queries, par)?;
        let margins = association::margins(self, queries.as_slice(), par)?;
        Ok(margins.into_iter().map(|margin| theory.step_error(margin)).collect())
    }

    /// The bound `β m²` on the norm of the Jacobian of an update at any state, `m` the largest distance of a pattern to the
    /// mean of all; below 1 all states lead to one fixed point (Ramsauer et al. 2020, lemma A3).
    ///
    /// # Errors
    /// As [`Self::theory`], and no memory for the mean.
    pub fn jacobian_bound(&self, par: Par) -> Result<f64> {
        let theory = self.theory()?;
        let deviation = theory::largest_deviation(&self.patterns, par)?;
        Ok(theory.beta * deviation * deviation)
    }
}

impl<T: Real> ModernHopfield<'_, T> {
    /// A memory with more patterns behind these, and values for them if this memory has values.
    ///
    /// # Errors
    /// Patterns of another width or not finite, values missing or too many.
    pub fn add(
        &self,
        patterns: ArrayView2<T>,
        values: Option<ArrayView2<T>>,
        finite: Finite,
        par: Par,
    ) -> Result<ModernHopfield<'static, T>> {
        let more = Rows::queries("patterns", patterns, self.patterns.width(), finite, par)?;
        let more = self.similarity.directed("patterns", more, par)?;
        let values = match (&self.values, values) {
            (None, None) => None,
            (Some(values), Some(new)) => {
                let rows = Rows::values(new.into(), more.len(), finite, par)?;
                if rows.width() != values.width() {
                    return Err(Error::Shape {
                        argument: "values",
                        expected: format!("({}, {})", rows.len(), values.width()),
                        reason: "as the stored values have",
                        found: format!("({}, {})", rows.len(), rows.width()),
                    });
                }
                Some(values.append(&rows)?)
            }
            (Some(_), None) => {
                return Err(Error::Options {
                    rule: "`values` must be given: the memory holds a value for each pattern",
                });
            }
            (None, Some(_)) => {
                return Err(Error::Options {
                    rule: "`values` must not be given: the memory holds none for its patterns",
                });
            }
        };
        ModernHopfield::assemble(self.patterns.append(&more, par)?, values, self.weights.beta, self.family())
    }

    /// A memory without the patterns at `indices`; those behind them move up.
    ///
    /// # Errors
    /// An index that is not stored, or none left.
    pub fn remove(&self, indices: &[usize]) -> Result<ModernHopfield<'static, T>> {
        let (k, _) = self.patterns.dim();
        let mut gone = try_vec(k, false, "a list of indices")?;
        for (position, &index) in indices.iter().enumerate() {
            if index >= k {
                return Err(Error::Index {
                    argument: "indices",
                    of: "stored patterns",
                    last: k - 1,
                    value: index as i64,
                    position,
                });
            }
            gone[index] = true;
        }
        if gone.iter().all(|gone| *gone) {
            return Err(Error::Options { rule: "`indices` must leave at least one pattern stored" });
        }
        let patterns = self.patterns.select(|row| !gone[row])?;
        let values = self.values.as_ref().map(|values| values.select(|row| !gone[row])).transpose()?;
        ModernHopfield::assemble(patterns, values, self.weights.beta, self.family())
    }
}
