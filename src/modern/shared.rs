//! What the questions that a memory answers share: queries made ready, passes, and where an update ends.

use ndarray::ArrayView2;

use super::energy::Energy;
use super::mask::Mask;
use super::memory::{Family, ModernHopfield};
use super::pass::{Answers, Pass, Read};
use super::retrieve::Cue;
use super::similarity::{Similarity, to_unit};
use super::weights::{Normalizer, Weights};
use crate::error::{Result, area, table, try_vec};
use crate::input::patterns::Patterns;
use crate::input::real::{Finite, Rows};
use crate::kernel::Kernels;
use crate::kernel::compare::Comparison;
use crate::kernel::real::Real;
use crate::par::Par;

impl<'a, T: Real> ModernHopfield<'a, T> {
    pub(super) fn stored(&self) -> &Patterns<'a, T> {
        &self.patterns
    }

    pub(super) fn stored_values(&self) -> Option<&Rows<'a, T>> {
        self.values.as_ref()
    }

    pub(super) fn weights(&self) -> &Weights<T> {
        &self.weights
    }

    pub(super) fn family(&self) -> Family {
        (self.weights.separation, self.similarity)
    }

    pub(super) fn energies(&self) -> Energy<T> {
        Energy::new(self.weights, self.similarity)
    }

    /// Which scores are computed; `partial` where queries have entries that are not known.
    pub(super) fn comparison(&self, partial: bool) -> Comparison<'_> {
        self.similarity.comparison(self.weights.separation, self.patterns.norms().squared(), partial)
    }

    /// A pass that reads something out, or only scores; `known` says which entries of its queries are, if not all.
    pub(super) fn pass<'b>(&'b self, read: Read, mask: Mask<'b>, known: Option<&'b [bool]>) -> Pass<'b, T> {
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
            comparison: self.comparison(known.is_some()),
            known,
            weights: self.weights,
            mask,
        }
    }

    /// What an update of the `rows` of a batch reads out, with the normalizers: of partial cues by the known entries alone.
    /// A whole query is compared as ever, whoever else is in the batch.
    pub(super) fn update(
        &self,
        read: Read,
        (queries, rows): (&[T], &[usize]),
        (cue, partial): (&Cue, &dyn Fn(usize) -> bool),
        par: Par,
    ) -> Result<(Vec<T>, Vec<Normalizer<T>>)> {
        let (m, d) = (rows.len(), self.patterns.width());
        let width = if read == Read::Values { self.values.as_ref().map_or(d, Rows::width) } else { d };
        let mut means = try_vec(area(m, width, "the output")?, T::ZERO, "the output")?;
        let mut normalizers = try_vec(m, Normalizer::NOTHING, "normalizers")?;
        let in_part: Vec<usize> = (0..m).filter(|&at| partial(rows[at])).collect();
        if in_part.is_empty()
            || (self.comparison(true) == self.comparison(false) && !self.comparison(true).is_difference())
        {
            let pass = self.pass(read, cue.mask(rows), None);
            let answers = Answers { means: &mut means, normalizers: &mut normalizers, best: &mut [] };
            pass.run(queries, answers, par)?;
            return Ok((means, normalizers));
        }
        let whole: Vec<usize> = (0..m).filter(|&at| !partial(rows[at])).collect();
        for (part, is_partial) in [(whole, false), (in_part, true)] {
            let rows: Vec<usize> = part.iter().map(|&at| rows[at]).collect();
            let queries: Vec<T> = part.iter().flat_map(|&at| &queries[at * d..][..d]).copied().collect();
            let known: Option<Vec<bool>> = is_partial.then(|| cue.known_rows(&rows));
            let mut part_means = try_vec(part.len() * width, T::ZERO, "the output")?;
            let mut part_normalizers = try_vec(part.len(), Normalizer::NOTHING, "normalizers")?;
            let pass = self.pass(read, cue.mask(&rows), known.as_deref());
            let answers = Answers { means: &mut part_means, normalizers: &mut part_normalizers, best: &mut [] };
            pass.run(&queries, answers, par)?;
            for (of_part, &at) in part.iter().enumerate() {
                means[at * width..][..width].copy_from_slice(&part_means[of_part * width..][..width]);
                normalizers[at] = part_normalizers[of_part];
            }
        }
        Ok((means, normalizers))
    }

    /// What a pass over scores alone finds for each query.
    pub(super) fn normalizers(&self, queries: &[T], mask: Mask, par: Par) -> Result<Vec<Normalizer<T>>> {
        let mut normalizers = try_vec(queries.len() / self.patterns.width(), Normalizer::NOTHING, "normalizers")?;
        let answers = Answers { means: &mut [], normalizers: &mut normalizers, best: &mut [] };
        self.pass(Read::Nothing, mask, None).run(queries, answers, par)?;
        Ok(normalizers)
    }

    /// Makes the mean of the patterns that a query was given its next state, and says whether it is one: where no pattern
    /// had weight, though `some_take_part`, the query stays as it is. Under cosine, states have norm 1.
    pub(super) fn settle(
        &self,
        query: &[T],
        mean: &mut [T],
        normalizer: &Normalizer<T>,
        some_take_part: impl Fn() -> bool,
    ) -> bool {
        let spoiled = || mean.iter().any(|entry| !entry.finite());
        if normalizer.is_nothing() && !spoiled() && some_take_part() {
            mean.copy_from_slice(query);
            return false;
        }
        // Opposite patterns that cancel leave no direction to go.
        if self.similarity == Similarity::Cosine && !to_unit(mean) && some_take_part() {
            mean.copy_from_slice(query);
        }
        true
    }

    pub(super) fn rows<'b>(&self, argument: &'static str, rows: ArrayView2<'b, T>, par: Par) -> Result<Rows<'b, T>> {
        let rows = Rows::queries(argument, rows, self.patterns.width(), Finite::Check, par)?;
        self.within_reach(argument, rows, Finite::Check, par)
    }

    /// Queries with their unknown entries at zero, so that dot products compare the known ones alone.
    pub(super) fn cues<'b>(&self, queries: ArrayView2<'b, T>, cue: &Cue, par: Par) -> Result<Rows<'b, T>> {
        let Some(known) = &cue.known else {
            let rows = Rows::queries("queries", queries, self.patterns.width(), cue.finite, par)?;
            return self.within_reach("queries", rows, cue.finite, par);
        };
        let (m, d) = queries.dim();
        let mut completed = try_vec(area(m, d, "queries")?, T::ZERO, "queries")?;
        for ((slot, &entry), &known) in completed.iter_mut().zip(queries.iter()).zip(known.iter()) {
            if known {
                *slot = entry;
            }
        }
        let rows = Rows::new("queries", table(m, d, completed)?.into(), cue.finite, par)?;
        self.within_reach("queries", rows, cue.finite, par)
    }

    fn within_reach<'b>(
        &self,
        argument: &'static str,
        rows: Rows<'b, T>,
        finite: Finite,
        par: Par,
    ) -> Result<Rows<'b, T>> {
        let rows = self.similarity.directed(argument, rows, par)?;
        let (longest, d) = (self.largest_norm(), self.patterns.width());
        let reach = |norm| self.similarity.reach(longest, norm, d);
        // Weights that do not depend on beta need no scores that it leaves room for.
        let beta = if self.weights.separation.uses_beta() { self.weights.beta } else { 0.0 };
        rows.within_reach(argument, finite, beta, reach)?;
        Ok(rows)
    }
}
