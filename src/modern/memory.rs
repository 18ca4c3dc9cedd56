//! The memory: patterns, the values that go with them, and the inverse temperature.

use std::sync::Arc;

use ndarray::{Array1, Array2, ArrayView2, CowArray, Ix2};

use super::association;
use super::diagnose::{self, Diagnosis};
use super::pass::{Answers, Mask, Pass};
use super::pattern_separation;
use super::retrieve::{self, Cue, Retrieval, Stop};
use super::theory::{self, Theory};
use crate::error::{Error, Result, area, table, try_vec};
use crate::input::patterns::Patterns;
use crate::input::real::{Finite, Rows, inverse_temperature, within_reach};
use crate::input::rounded::{Rounded, Storage};
use crate::kernel::Kernels;
use crate::kernel::readout::{Normalizer, scale};
use crate::kernel::real::Real;
use crate::par::Par;

/// A modern continuous Hopfield network: real-valued patterns, retrieved by `ξ' = Xᵀ softmax(β X ξ)`.
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
    patterns: Patterns<'a, T>,
    values: Option<Rows<'a, T>>,
    beta: f64,
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
        Self::assemble(Rows::patterns(patterns.into(), finite, par)?.into(), None, beta)
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
        ModernHopfield::assemble(Patterns::Rounded(Arc::new(rounded)), None, beta)
    }

    /// A memory of parts that were checked before.
    pub(crate) fn assemble(patterns: Patterns<'a, T>, values: Option<Rows<'a, T>>, beta: f64) -> Result<Self> {
        let beta = inverse_temperature::<T>(beta)?;
        if let Some((row, norm)) = patterns.norms().longest() {
            within_reach::<T>("patterns", (row, norm), beta, norm)?;
        }
        Ok(Self { patterns, values, beta })
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
        self.beta
    }

    /// `M`, the largest norm of a pattern.
    #[must_use]
    pub fn largest_norm(&self) -> f64 {
        self.patterns.norms().longest().map_or(0.0, |(_, norm)| norm)
    }

    /// One update of each query: `(m, d)`, or with values `Vᵀ softmax(β X ξ)`, `(m, dv)`, which is attention.
    ///
    /// Unknown entries of a partial cue are left out of the comparison; a query whose patterns are all masked gets
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
        let shape = (queries.len(), width);
        let mut means = try_vec(area(shape.0, shape.1, "the output")?, T::ZERO, "the output")?;
        let rows: Vec<usize> = (0..queries.len()).collect();
        let answers = Answers { means: &mut means, normalizers: &mut [], best: &mut [] };
        self.pass(read, cue.mask(&rows)).run(queries.as_slice(), answers, par)?;
        table(shape.0, shape.1, means)
    }

    /// Iterates the update from each query until it settles; see [`Stop`] and [`Retrieval`].
    ///
    /// # Errors
    /// As [`Self::step`], and options outside their range.
    pub fn retrieve(&self, queries: ArrayView2<T>, cue: &Cue, stop: &Stop, par: Par) -> Result<Retrieval<T>> {
        stop.validate()?;
        let cue = cue.in_one_piece(queries.dim(), self.patterns.dim())?;
        let queries = self.cues(queries, &cue, par)?;
        retrieve::retrieve(self, queries, &cue, stop, par)
    }

    /// The energy of each state, with its constants `β⁻¹ ln k + ½ M²` or without.
    ///
    /// # Errors
    /// States of the wrong shape, not finite, or out of the number type's reach.
    pub fn energy(&self, states: ArrayView2<T>, constants: Constants, par: Par) -> Result<Array1<f64>> {
        let states = self.rows("states", states, par)?;
        let normalizers = self.normalizers(states.as_slice(), Mask::None, par)?;
        let constants = match constants {
            Constants::Include => self.constants(self.patterns.dim().0, self.largest_norm()),
            Constants::Drop => 0.0,
        };
        let energies = normalizers.iter().zip(states.norms_squared());
        Ok(energies.map(|(normalizer, &norm)| self.energy_of(*normalizer, norm, constants)).collect())
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
        Ok(pattern_separation::pattern_separation(&self.patterns, par)?.into())
    }

    /// What theory promises of this memory.
    #[must_use]
    pub fn theory(&self) -> Theory {
        Theory::of(&self.patterns, self.beta)
    }

    /// For each query how far from its best match an update can end, `(m,)`; see [`Theory::step_error`].
    ///
    /// # Errors
    /// As [`Self::energy`].
    pub fn step_error(&self, queries: ArrayView2<T>, par: Par) -> Result<Array1<f64>> {
        let queries = self.rows("queries", queries, par)?;
        let margins = association::margins(self, queries.as_slice(), par)?;
        Ok(margins.into_iter().map(|margin| self.theory().step_error(margin)).collect())
    }

    /// The bound `β m²` on the norm of the Jacobian of an update at any state, `m` the largest distance of a pattern to the
    /// mean of all; below 1 all states lead to one fixed point (Ramsauer et al. 2020, lemma A3).
    ///
    /// # Errors
    /// No memory for the mean.
    pub fn jacobian_bound(&self, par: Par) -> Result<f64> {
        let deviation = theory::largest_deviation(&self.patterns, par)?;
        Ok(self.beta * deviation * deviation)
    }

    // ---- what the functions of this folder share

    pub(super) fn stored(&self) -> &Patterns<'a, T> {
        &self.patterns
    }

    pub(super) fn stored_values(&self) -> Option<&Rows<'a, T>> {
        self.values.as_ref()
    }

    /// A pass that reads something out, or only scores.
    pub(super) fn pass<'b>(&'b self, read: Read, mask: Mask<'b>) -> Pass<'b, T> {
        let values = self.values.as_ref().filter(|_| read == Read::Values);
        Pass {
            kernels: Kernels::in_use(),
            patterns: self.patterns.entries(),
            d: self.patterns.width(),
            values: values.map(Rows::as_slice),
            columns: match read {
                Read::Nothing => 0,
                Read::Patterns | Read::Values => values.map_or(self.patterns.width(), Rows::width),
            },
            scale: scale(self.beta),
            mask,
        }
    }

    /// What a pass over scores alone finds for each query.
    pub(super) fn normalizers(&self, queries: &[T], mask: Mask, par: Par) -> Result<Vec<Normalizer<T>>> {
        let none = Normalizer { maximum: T::NEG_INFINITY, sum: T::ZERO };
        let mut normalizers = try_vec(queries.len() / self.patterns.width(), none, "normalizers")?;
        let answers = Answers { means: &mut [], normalizers: &mut normalizers, best: &mut [] };
        self.pass(Read::Nothing, mask).run(queries, answers, par)?;
        Ok(normalizers)
    }

    /// `β⁻¹ ln k + ½ M²` for the patterns that take part.
    pub(super) fn constants(&self, patterns: usize, largest_norm: f64) -> f64 {
        libm::log(patterns as f64) / self.beta + 0.5 * largest_norm * largest_norm
    }

    /// `−β⁻¹ ln Σ e^{β x·ξ} + ½ ξ·ξ` and the constants.
    pub(super) fn energy_of(&self, normalizer: Normalizer<T>, norm_squared: f64, constants: f64) -> f64 {
        (0.5 * norm_squared - normalizer.log_sum_exp() / self.beta) + constants
    }

    fn rows<'b>(&self, argument: &'static str, rows: ArrayView2<'b, T>, par: Par) -> Result<Rows<'b, T>> {
        self.rows_checked(argument, rows, Finite::Check, par)
    }

    fn rows_checked<'b>(
        &self,
        argument: &'static str,
        rows: ArrayView2<'b, T>,
        finite: Finite,
        par: Par,
    ) -> Result<Rows<'b, T>> {
        let rows = Rows::queries(argument, rows, self.patterns.width(), finite, par)?;
        rows.within_reach(argument, finite, self.beta, self.largest_norm())?;
        Ok(rows)
    }

    /// Queries with their unknown entries at zero, so that scores compare the known ones alone.
    fn cues<'b>(&self, queries: ArrayView2<'b, T>, cue: &Cue, par: Par) -> Result<Rows<'b, T>> {
        let Some(known) = &cue.known else {
            return self.rows_checked("queries", queries, cue.finite, par);
        };
        let (m, d) = queries.dim();
        let mut completed = try_vec(area(m, d, "queries")?, T::ZERO, "queries")?;
        for ((slot, &entry), &known) in completed.iter_mut().zip(queries.iter()).zip(known.iter()) {
            if known {
                *slot = entry;
            }
        }
        let rows = Rows::new("queries", table(m, d, completed)?.into(), cue.finite, par)?;
        rows.within_reach("queries", cue.finite, self.beta, self.largest_norm())?;
        Ok(rows)
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
        ModernHopfield::assemble(self.patterns.append(&more, par)?, values, self.beta)
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
        ModernHopfield::assemble(patterns, values, self.beta)
    }
}

/// What a pass reads out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Read {
    /// Nothing: scores alone.
    Nothing,
    /// The patterns.
    Patterns,
    /// The values, if there are any, else the patterns.
    Values,
}

/// Whether an energy includes the constants `β⁻¹ ln k + ½ M²`, with which it is never negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Constants {
    /// With them.
    #[default]
    Include,
    /// Without.
    Drop,
}
