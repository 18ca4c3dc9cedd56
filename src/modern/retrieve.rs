//! Retrieval: the update iterated until each query has settled by itself.
//!
//! Queries that have settled leave the batch; what one gets never depends on who else is in it.
//!
//! Not here: leaving out patterns whose weight can no longer matter. Bits stay the same only where a weight is exactly
//! zero, 2⁻¹²⁵ of the largest, and a whole tile of them for all queries of a tile: the β that calibration
//! chooses leaves the nearest other pattern a weight of about 10⁻³/2k, 2⁻²¹ for a thousand patterns. Leaving out what
//! only falls below the type's resolution would change the sums.

use ndarray::{Array1, Array2, CowArray, Ix2};

use super::association;
use super::mask::Mask;
use super::memory::ModernHopfield;
use super::pass::{Answers, Read};
use super::weights::Normalizer;
use crate::error::{Error, Result, area, table, try_vec};
use crate::input::name::named;
use crate::input::real::{Finite, Rows, distance_squared, norm_squared};
use crate::kernel::real::Real;
use crate::par::Par;

/// A move of at most this many units in the last place of the state's norm is no move: what the roundings of a readout
/// move a state that has settled (measured: up to 10 with hundreds of equal patterns in `f32`).
const RESOLUTION: f64 = 16.0;

/// What belongs to the queries of one call.
#[derive(Clone, Debug, Default)]
pub struct Cue<'a> {
    /// Which patterns take part, `true` takes part: `(k,)` as one row, or `(m, k)`.
    pub mask: Option<CowArray<'a, bool, Ix2>>,
    /// Which entries of the queries are known: `(d,)` as one row, or `(m, d)`; the others are not read.
    pub known: Option<CowArray<'a, bool, Ix2>>,
    /// Whether known entries keep the cue's values.
    pub clamp: bool,
    /// Whether NaN and infinity are refused.
    pub finite: Finite,
}

impl Cue<'_> {
    /// The same for `(m, d)` queries against `(k, d)` patterns, checked: each array in one piece, a row of known entries
    /// for every query.
    pub(super) fn in_one_piece(&self, (m, d): (usize, usize), (k, width): (usize, usize)) -> Result<Cue<'_>> {
        if d != width {
            return Err(Error::Width { argument: "queries", expected: width, rows: m, columns: d });
        }
        let fits = |argument, flags: &CowArray<bool, Ix2>, columns, reason| match flags.dim() {
            (rows, found) if found == columns && (rows == 1 || rows == m) => Ok(()),
            (rows, found) => Err(Error::Shape {
                argument,
                expected: format!("({columns},) or ({m}, {columns})"),
                reason,
                found: format!("({rows}, {found})"),
            }),
        };
        if let Some(mask) = &self.mask {
            fits("mask", mask, k, "one entry for each pattern")?;
        }
        if let Some(known) = &self.known {
            fits("known", known, d, "one entry for each entry of a query")?;
        } else if self.clamp {
            return Err(Error::Options { rule: "`clamp` needs `known`, which says what to hold" });
        }
        let known = self.known.as_ref().and_then(|known| known.broadcast((m, d)));
        Ok(Cue {
            mask: self.mask.as_ref().map(|mask| mask.as_standard_layout()),
            known: known.map(|known| known.as_standard_layout().into_owned().into()),
            clamp: self.clamp,
            finite: self.finite,
        })
    }

    /// Whether some entries of the query are not known.
    pub(super) fn is_partial(&self, query: usize) -> bool {
        self.known.as_ref().is_some_and(|known| known.row(query).iter().any(|known| !known))
    }

    /// Which entries of the queries in these rows are known, row after row.
    pub(super) fn known_rows(&self, rows: &[usize]) -> Vec<bool> {
        let known = self.known.as_ref();
        known.map_or_else(Vec::new, |known| rows.iter().flat_map(|&row| known.row(row)).copied().collect())
    }

    /// Whether any pattern takes part for the query.
    pub(super) fn takes_any(&self, query: usize) -> bool {
        self.mask
            .as_ref()
            .is_none_or(|mask| mask.row(if mask.nrows() == 1 { 0 } else { query }).iter().any(|&takes| takes))
    }

    /// The mask for the queries whose rows in the batch are `rows`.
    pub(super) fn mask<'b>(&'b self, rows: &'b [usize]) -> Mask<'b> {
        match self.mask.as_ref().map(|mask| (mask.nrows(), mask.as_slice().unwrap_or_default())) {
            None => Mask::None,
            Some((1, allowed)) => Mask::Shared(allowed),
            Some((_, allowed)) => Mask::PerQuery { allowed, rows },
        }
    }
}

named! {
    /// What counts as settled.
    pub enum Criterion for "criterion" {
        /// `‖ξ' − ξ‖₂ ≤ tol`.
        State = "state",
        /// `‖p' − p‖₁ ≤ tol` for the weights of the patterns.
        Association = "association",
    }
}

/// When to stop.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stop {
    /// Updates of each query, at most.
    pub max_steps: usize,
    /// The largest residual that counts as settled.
    pub tol: f64,
    /// Which residual.
    pub criterion: Criterion,
    /// Whether the energies along the way are kept.
    pub trace: bool,
}

impl Default for Stop {
    fn default() -> Self {
        Self { max_steps: 1000, tol: 1e-6, criterion: Criterion::State, trace: false }
    }
}

impl Stop {
    pub(super) fn validate(&self) -> Result<()> {
        if self.max_steps < 1 {
            return Err(Error::Range { argument: "max_steps", rule: "at least 1", value: self.max_steps as f64 });
        }
        if self.tol.is_nan() || self.tol < 0.0 {
            return Err(Error::Range { argument: "tol", rule: "zero or positive", value: self.tol });
        }
        Ok(())
    }
}

named! {
    /// Why a query's iteration ended.
    pub enum Reason for "reason" {
        /// The residual fell to the tolerance: the only reason that is convergence.
        Tolerance = "tolerance",
        /// The budget of steps was used up.
        MaxSteps = "max_steps",
        /// No pattern was allowed to take part.
        Masked = "masked",
        /// No pattern had any weight, so that the state stayed: none within epanechnikov's ball, no positive score under
        /// linear and polynomial.
        Outside = "outside",
    }
}

/// What came out, one entry a query.
#[derive(Clone, Debug)]
pub struct Retrieval<T> {
    /// The settled states, `(m, d)`.
    pub states: Array2<T>,
    /// `Vᵀ p` of those states, `(m, dv)`, if the memory has values.
    pub output: Option<Array2<T>>,
    /// Whether the residual fell to the tolerance.
    pub converged: Array1<bool>,
    /// Why the iteration ended.
    pub reason: Vec<Reason>,
    /// Updates made.
    pub n_steps: Array1<i64>,
    /// The last residual.
    pub residual: Array1<f64>,
    /// The energy of the state, with its constants; NaN for a separation and similarity without one.
    pub energy: Array1<f64>,
    /// The pattern of largest weight, −1 where none has any.
    pub pattern: Array1<i64>,
    /// Its weight.
    pub weight: Array1<f64>,
    /// The energy before the first step and after each, `(m, T + 1)`, NaN behind a query's end.
    pub trace: Option<Array2<f64>>,
}

/// What is known of each query while it moves.
struct Run<'a, 'p, 'c, T: Real> {
    memory: &'a ModernHopfield<'p, T>,
    cue: &'a Cue<'c>,
    stop: &'a Stop,
    states: Vec<T>,
    reason: Vec<Reason>,
    n_steps: Vec<i64>,
    residual: Vec<f64>,
    /// The constants of the energy over the patterns that take part, for each query.
    constants: Vec<f64>,
    /// For each query its energies so far.
    trace: Vec<Vec<f64>>,
}

/// Retrieval from cues whose unknown entries are zero.
pub(super) fn retrieve<T: Real>(
    memory: &ModernHopfield<T>,
    cues: Rows<T>,
    cue: &Cue,
    stop: &Stop,
    par: Par,
) -> Result<Retrieval<T>> {
    if stop.trace {
        memory.energies().exists()?;
    }
    let m = cues.len();
    let mut states = Vec::new();
    states
        .try_reserve_exact(cues.as_slice().len())
        .map_err(|_| Error::OutOfMemory { bytes: size_of_val(cues.as_slice()) as u128, purpose: "states" })?;
    states.extend_from_slice(cues.as_slice());
    let (constants, allowed): (Vec<f64>, Vec<bool>) = participants(memory, cue, m, par)?.into_iter().unzip();
    let mut run = Run {
        memory,
        cue,
        stop,
        states,
        reason: allowed.iter().map(|&some| if some { Reason::MaxSteps } else { Reason::Masked }).collect(),
        n_steps: vec![0; m],
        residual: vec![0.0; m],
        constants,
        trace: vec![Vec::new(); if stop.trace { m } else { 0 }],
    };
    let mut active: Vec<usize> = (0..m).filter(|&query| allowed[query]).collect();
    while !active.is_empty() {
        active = run.step(&cues, &active, par.resumed_at(m - active.len()))?;
    }
    run.close(par.resumed_at(m))
}

/// For each query the constants of its energy, and whether any pattern takes part.
fn participants<T: Real>(memory: &ModernHopfield<T>, cue: &Cue, m: usize, par: Par) -> Result<Vec<(f64, bool)>> {
    let (norms, energy) = (memory.stored().norms().squared(), memory.energies());
    let of = |allowed: &[bool]| {
        let (mut count, mut longest) = (0_usize, 0.0_f64);
        for (&norm, _) in norms.iter().zip(allowed).filter(|(_, allowed)| **allowed) {
            count += 1;
            longest = longest.max(norm);
        }
        // Without any pattern the energy is +∞, and constants of nothing would turn it into NaN.
        (if count > 0 { energy.constants(count, longest.sqrt()) } else { 0.0 }, count > 0)
    };
    let all = (energy.constants(norms.len(), memory.largest_norm()), true);
    let mut found = try_vec(m, all, "constants")?;
    match cue.mask.as_ref().map(|mask| (mask.nrows(), mask.as_slice().unwrap_or_default())) {
        None => {}
        Some((1, allowed)) => found.fill(of(allowed)),
        Some((_, allowed)) => {
            let workers = if allowed.len() < 1 << 18 { 1 } else { par.threads() };
            let rows = found.iter_mut().zip(allowed.chunks_exact(norms.len()));
            par.each(
                workers,
                rows,
                || Ok(()),
                |_, (), (found, allowed)| {
                    *found = of(allowed);
                    Ok(())
                },
            )?;
        }
    }
    Ok(found)
}

impl<T: Real> Run<'_, '_, '_, T> {
    /// One update of the active queries; returns those that go on.
    fn step(&mut self, cues: &Rows<T>, active: &[usize], par: Par) -> Result<Vec<usize>> {
        let (memory, d) = (self.memory, cues.width());
        let before = self.gather(active)?;
        // Only the first step of a partial cue compares the known entries alone.
        let partial = |query: usize| self.n_steps[query] == 0 && self.cue.is_partial(query);
        let (mut after, normalizers) = memory.update(Read::Patterns, (&before, active), (self.cue, &partial), par)?;
        let mut moves = try_vec(active.len(), true, "states")?;
        for (at, after) in after.chunks_exact_mut(d).enumerate() {
            moves[at] = memory.settle(&before[at * d..][..d], after, &normalizers[at], || true);
        }
        if let (true, Some(known)) = (self.cue.clamp, &self.cue.known) {
            for (after, &query) in after.chunks_exact_mut(d).zip(active) {
                let held = after.iter_mut().zip(cues.row(query)).zip(known.row(query));
                held.filter(|(_, known)| **known).for_each(|((slot, &held), _)| *slot = held);
            }
        }
        let moved = match self.stop.criterion {
            Criterion::State => {
                let pairs = before.chunks_exact(d).zip(after.chunks_exact(d));
                pairs.map(|(before, after)| distance_squared(before, after).sqrt()).collect()
            }
            Criterion::Association => {
                let mask = self.cue.mask(active);
                let settled = memory.normalizers(&after, mask, par)?;
                let known: Vec<Option<Vec<bool>>> =
                    active.iter().map(|&query| partial(query).then(|| self.cue.known_rows(&[query]))).collect();
                let (earlier, later) = ((&before[..], &normalizers[..]), (&after[..], &settled[..]));
                association::distances(memory, (earlier, &known), later, mask, par)?
            }
        };
        let (energy, comparisons) = (memory.energies(), [false, true].map(|partial| memory.comparison(partial)));
        let partial: Vec<bool> = active.iter().map(|&query| partial(query)).collect();
        let mut next = Vec::with_capacity(active.len());
        for (at, &query) in active.iter().enumerate() {
            if !moves[at] {
                self.reason[query] = Reason::Outside;
                continue;
            }
            if self.stop.trace {
                let norm = norm_squared(&before[at * d..][..d]);
                let bytes = 8 * (self.trace[query].len() as u128 + 1);
                self.trace[query].try_reserve(1).map_err(|_| Error::OutOfMemory { bytes, purpose: "the trace" })?;
                let comparison = comparisons[usize::from(partial[at])];
                self.trace[query].push(energy.of(&normalizers[at], norm, comparison, self.constants[query]));
            }
            let state = &after[at * d..][..d];
            self.n_steps[query] += 1;
            self.residual[query] = moved[at];
            let resolved = match self.stop.criterion {
                Criterion::State => RESOLUTION * T::EPSILON * norm_squared(state).sqrt(),
                Criterion::Association => RESOLUTION * T::EPSILON,
            };
            // The first step of a partial cue fills in what was not there: it is no small move, whatever its length.
            if !partial[at] && moved[at] <= self.stop.tol.max(resolved) {
                self.reason[query] = Reason::Tolerance;
            } else if (self.n_steps[query] as usize) < self.stop.max_steps {
                next.push(query);
            }
            self.states[query * d..][..d].copy_from_slice(state);
        }
        Ok(next)
    }

    fn gather(&self, active: &[usize]) -> Result<Vec<T>> {
        let d = self.memory.stored().width();
        let mut rows = try_vec(active.len() * d, T::ZERO, "states")?;
        for (row, &query) in rows.chunks_exact_mut(d).zip(active) {
            row.copy_from_slice(&self.states[query * d..][..d]);
        }
        Ok(rows)
    }

    /// Energy, pattern and weight of the returned states from one more pass, over scores alone unless there are values.
    fn close(self, par: Par) -> Result<Retrieval<T>> {
        let (memory, m) = (self.memory, self.reason.len());
        let d = memory.stored().width();
        let rows: Vec<usize> = (0..m).collect();
        let mut normalizers = try_vec(m, Normalizer::NOTHING, "normalizers")?;
        let mut best = try_vec(m, None, "best matches")?;
        let answers = Answers { means: &mut [], normalizers: &mut normalizers, best: &mut best };
        memory.pass(Read::Nothing, self.cue.mask(&rows), None).run(&self.states, answers, par)?;
        let output = match memory.stored_values() {
            None => None,
            Some(values) => {
                let mut means = try_vec(m * values.width(), T::ZERO, "the output")?;
                let answers = Answers { means: &mut means, normalizers: &mut [], best: &mut [] };
                memory.pass(Read::Values, self.cue.mask(&rows), None).run(&self.states, answers, par)?;
                Some(table(m, values.width(), means)?)
            }
        };
        let (energies, comparison) = (memory.energies(), memory.comparison(false));
        let energy: Array1<f64> = (0..m)
            .map(|query| {
                let norm = norm_squared(&self.states[query * d..][..d]);
                energies.of(&normalizers[query], norm, comparison, self.constants[query])
            })
            .collect();
        let weight =
            |query: usize| best[query].map(|(score, index)| memory.weights().weight(&normalizers[query], score, index));
        let trace = if self.stop.trace {
            let columns = self.n_steps.iter().max().map_or(0, |&steps| steps as usize) + 1;
            let mut energies = try_vec(area(m, columns, "the trace")?, f64::NAN, "the trace")?;
            for (row, (before, &last)) in energies.chunks_exact_mut(columns).zip(self.trace.iter().zip(&energy)) {
                for (slot, &energy) in row.iter_mut().zip(before.iter().chain([&last])) {
                    *slot = energy;
                }
            }
            Some(table(m, columns, energies)?)
        } else {
            None
        };
        Ok(Retrieval {
            states: table(m, d, self.states)?,
            output,
            converged: self.reason.iter().map(|&reason| reason == Reason::Tolerance).collect(),
            reason: self.reason,
            n_steps: self.n_steps.into(),
            residual: self.residual.into(),
            pattern: best.iter().map(|best| best.map_or(-1, |(_, index)| index as i64)).collect(),
            weight: (0..m).map(|query| weight(query).map_or(0.0, Into::into)).collect(),
            energy,
            trace,
        })
    }
}
