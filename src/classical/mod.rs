//! The classical Hopfield network: states of −1 and +1, patterns as memories, exact integer dynamics.
//!
//! `W = c Σ_μ ξ^μ ξ^μᵀ` with zero diagonal, field `h = W x + b`, energy `E(x) = −½ xᵀW x − bᵀx` (Hopfield 1982). `W` is
//! never formed unless [`ClassicalHopfield::weight_matrix`] asks for it: patterns are kept as bits, one column a neuron,
//! and a field is a few popcounts. Signs, ties and fixed points are decided in integers, a real bias included; reported
//! energies and fields are the exact values rounded once.
//!
//! Not here: other learning rules than Hebb's, finite temperature, mixtures of patterns.

mod dynamics;
mod exact;
mod learning;
mod options;
mod outcome;

use std::sync::Arc;

use ndarray::{Array1, Array2, ArrayView2};

pub use options::{
    Bias, ClassicalOptions, Known, Normalization, Order, Report, Retrieve, Rule, Seeds, Stop, Tie, Update,
};
pub use outcome::{BinaryRetrieval, Outcome, Reason, Recall};

use crate::error::{Error, Result, area, table, try_vec};
use crate::input::spins::Spins;
use crate::kernel::bits::{Agreements, Columns, Stable};
use crate::kernel::{Available, InstructionSet};
use crate::par::Par;
use dynamics::{Problem, Workspace};
use learning::Hebbian;

/// Work below which a call stays on its thread, in words of columns read.
const WORTH_A_THREAD: usize = 1 << 15;
/// Neurons whose integer fields are held at once.
const PIECE: usize = 1 << 10;

/// A network of ±1 neurons that recalls the patterns stored in it.
///
/// Cloning is cheap: clones share the stored patterns until one of them stores or forgets.
///
/// ```
/// use hopfield::Par;
/// use hopfield::classical::{ClassicalHopfield, Outcome, Retrieve};
/// use ndarray::array;
///
/// let patterns = array![[1, 1, 1, 1, -1, -1, -1, -1], [1, -1, 1, -1, 1, -1, 1, -1]];
/// let net = ClassicalHopfield::new(patterns.view())?;
/// let cue = array![[1, 1, 1, -1, -1, -1, -1, -1]];
/// let answer = net.retrieve(cue.view(), &Retrieve::default(), Par::default())?;
/// assert_eq!(answer.states.row(0), patterns.row(0));
/// assert_eq!(answer.recalls[0].outcome, Outcome::Memory);
/// # Ok::<(), hopfield::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct ClassicalHopfield {
    columns: Arc<Columns>,
    options: Arc<ClassicalOptions>,
    set: InstructionSet,
}

impl ClassicalHopfield {
    /// A network with default options that stores `patterns` `(k, n)`.
    ///
    /// # Errors
    /// As [`store`](Self::store).
    pub fn new(patterns: ArrayView2<'_, i8>) -> Result<Self> {
        let mut net = Self::with(ClassicalOptions::default())?;
        net.store(patterns, Par::default())?;
        Ok(net)
    }

    /// A network that stores nothing yet.
    ///
    /// # Errors
    /// A bias that is not finite, or not one for each of `n_neurons`; `n_neurons` of 0.
    pub fn with(options: ClassicalOptions) -> Result<Self> {
        if options.n_neurons == Some(0) {
            return Err(Error::Range { argument: "n_neurons", rule: "at least 1", value: 0.0 });
        }
        options.bias.check(options.n_neurons)?;
        Ok(Self { columns: Arc::default(), options: Arc::new(options), set: InstructionSet::in_use() })
    }

    /// The same network computed with another instruction set (the portable one if the processor lacks it). No answer
    /// depends on it.
    ///
    /// ```
    /// use hopfield::{InstructionSet, classical::ClassicalHopfield};
    /// let net = ClassicalHopfield::new(ndarray::array![[1, -1, 1]].view())?;
    /// let portable = net.clone().on(InstructionSet::Portable);
    /// assert_eq!(portable.weight_matrix(Default::default())?, net.weight_matrix(Default::default())?);
    /// # Ok::<(), hopfield::Error>(())
    /// ```
    #[must_use]
    pub fn on(mut self, set: InstructionSet) -> Self {
        self.set = set;
        self
    }

    /// Stores `patterns` `(j, n)` after those already stored; a pattern given twice counts twice. Takes time and memory
    /// proportional to all stored bits.
    ///
    /// # Errors
    /// No pattern, a width other than that of the network, or a value other than −1 and +1; then nothing is stored.
    pub fn store(&mut self, patterns: ArrayView2<'_, i8>, par: Par<'_>) -> Result<()> {
        let patterns = Spins::patterns(patterns, par)?;
        let n = patterns.width();
        match (self.columns.n(), self.options.n_neurons) {
            (0, Some(expected)) if expected != n => {
                return Err(Error::Shape {
                    argument: "patterns",
                    expected: format!("(any, {expected})"),
                    reason: "as `n_neurons` says",
                    found: format!("({}, {n})", patterns.len()),
                });
            }
            (0, _) => self.options.bias.check(Some(n))?,
            (expected, _) if expected != n => {
                return Err(Error::Width { argument: "patterns", expected, rows: patterns.len(), columns: n });
            }
            _ => {}
        }
        if u32::try_from(n).is_err() {
            return Err(Error::Range {
                argument: "patterns",
                rule: "at most 4294967295 neurons wide",
                value: n as f64,
            });
        }
        self.columns = Arc::new(self.columns.appended(patterns.as_slice(), n, self.available(), par)?);
        Ok(())
    }

    /// Forgets `patterns` `(j, n)`: for each row the first stored pattern equal to it. The others keep their order and
    /// are numbered anew.
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
        let (rows, width) = patterns.dim();
        if rows == 0 {
            return Err(Error::NoPatterns { argument: "patterns", rows, columns: width });
        }
        self.learnt("to forget one")?;
        let (n, words) = (self.columns.n(), self.columns.k().div_ceil(64));
        let patterns = Spins::of_width("patterns", patterns, n, par)?;
        // For each row the stored patterns equal to it, as bits.
        let mut equal: Vec<u64> = try_vec(area(rows, words, "lists of patterns")?, 0, "lists of patterns")?;
        let lists = equal.chunks_exact_mut(words).enumerate();
        par.each(
            self.workers(rows, n),
            lists,
            || Agreements::new(&self.columns),
            |_, agreements, (row, list)| {
                agreements.count(&self.columns, patterns.row(row), self.available());
                for (w, word) in list.iter_mut().enumerate() {
                    *word = agreements.lanes_with(n, w);
                }
                Ok(())
            },
        )?;
        let mut gone: Vec<u64> = try_vec(words, 0, "a list of patterns")?;
        for (row, list) in equal.chunks_exact(words).enumerate() {
            let left = list.iter().zip(&gone).map(|(equal, gone)| equal & !gone);
            let (w, left) = left.enumerate().find(|(_, left)| *left != 0).ok_or(Error::NotStored { row })?;
            gone[w] |= left & left.wrapping_neg();
        }
        self.columns = Arc::new(self.columns.without(&gone, par)?);
        Ok(())
    }

    /// The stored patterns `(k, n)`, in a fresh array.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`].
    pub fn patterns(&self, par: Par<'_>) -> Result<Array2<i8>> {
        let (k, n) = (self.n_patterns(), self.n_neurons().unwrap_or(0));
        let mut rows = try_vec(area(k, n, "patterns")?, 0, "patterns")?;
        self.columns.unpack(&mut rows, self.available(), par)?;
        table(k, n, rows)
    }

    /// The number of neurons, once it is known.
    #[must_use]
    pub fn n_neurons(&self) -> Option<usize> {
        match self.columns.n() {
            0 => self.options.n_neurons,
            n => Some(n),
        }
    }

    /// The number of stored patterns.
    #[must_use]
    pub fn n_patterns(&self) -> usize {
        self.columns.k()
    }

    /// What the network was told when it was made.
    #[must_use]
    pub fn options(&self) -> &ClassicalOptions {
        &self.options
    }

    /// Starts from each of the `cues` `(m, n)` and updates neurons until a fixed point, or until `options` say to stop.
    /// Every cue is retrieved by itself: its answer does not depend on the others, nor on the number of threads.
    ///
    /// # Errors
    /// An empty network; cues of another width or with values other than −1 and +1 where they are known; budgets
    /// below 1; targets that are not stored; lists that do not have one entry for each cue.
    pub fn retrieve(&self, cues: ArrayView2<'_, i8>, options: &Retrieve<'_>, par: Par<'_>) -> Result<BinaryRetrieval> {
        self.learnt("a retrieval")?;
        let n = self.columns.n();
        let cues = match options.known {
            Some(known) => Spins::where_known("cues", cues, n, known.mask, par)?,
            None => Spins::of_width("cues", cues, n, par)?,
        };
        let m = cues.len();
        options.check(m, self.columns.k())?;
        let rule = self.rule();
        let thresholds = rule.thresholds(n, self.options.tie)?;
        let problem = Problem {
            columns: &self.columns,
            rule,
            tie: self.options.tie,
            thresholds: &thresholds,
            update: options.update,
            stop: options.stop,
            seeds: options.seeds,
            report: options.report,
            clamp: options.known.is_some_and(|known| known.clamp),
            set: self.available(),
        };
        let mut states = try_vec(area(m, n, "states")?, 0, "states")?;
        states.copy_from_slice(cues.as_slice());
        let mut slots = try_vec(m, outcome::Slot::default(), "results")?;
        let items = states.chunks_exact_mut(n).zip(&mut slots).enumerate();
        par.each(
            self.workers(m, n),
            items,
            || Workspace::new(&problem),
            |watch, space, (index, (state, slot))| {
                dynamics::run(&problem, space, watch, index, state, slot)?;
                watch.advance(1);
                Ok(())
            },
        )?;
        outcome::assemble(table(m, n, states)?, slots, options)
    }

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
        let energies = self.of_each("an energy", states, 1, par, |agreements, overlaps, state, out: &mut [f64]| {
            agreements.overlaps(overlaps);
            out[0] = rule.energy(state, overlaps).value();
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
        let (m, n, rule, set) = (states.nrows(), self.columns.n(), self.rule(), self.available());
        let fields = self.of_each("a field", states, n, par, |agreements, _, state, out: &mut [f64]| {
            let mut integers = [0; PIECE];
            for (piece, out) in out.chunks_mut(PIECE).enumerate() {
                let integers = &mut integers[..out.len()];
                agreements.fields(&self.columns, state, piece * PIECE, integers, set);
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
        let (m, n, k) = (states.nrows(), self.columns.n(), self.columns.k());
        let overlaps = self.of_each("an overlap", states, k, par, |agreements, overlaps, _, out: &mut [f64]| {
            agreements.overlaps(overlaps);
            for (out, a) in out.iter_mut().zip(overlaps) {
                *out = *a as f64 / n as f64;
            }
        })?;
        table(m, k, overlaps)
    }

    /// The number of neurons `(m, k)` in which `states` `(m, n)` differ from every pattern.
    ///
    /// # Errors
    /// As [`energy`](Self::energy).
    pub fn hamming(&self, states: ArrayView2<'_, i8>, par: Par<'_>) -> Result<Array2<i64>> {
        let (m, n, k) = (states.nrows(), self.columns.n(), self.columns.k());
        let distances = self.of_each("a distance", states, k, par, |agreements, _, _, out: &mut [i64]| {
            agreements.overlaps(out);
            for a in out {
                *a = (n as i64 - *a) / 2;
            }
        })?;
        table(m, k, distances)
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
        let (n, set) = (self.columns.n(), self.available());
        let thresholds = self.rule().thresholds(n, self.options.tie)?;
        let rest = Stable { thresholds: &thresholds, ties_hold: true };
        let mut all = try_vec(n, 0, "a list of neurons")?;
        (0..).zip(&mut all).for_each(|(i, neuron)| *neuron = i);
        let fixed = self.of_each("a fixed point", states, 1, par, |agreements, _, state, out: &mut [bool]| {
            out[0] = agreements.first_unstable(&self.columns, state, rest, &all, set).is_none();
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
    /// An empty network, or [`Error::OutOfMemory`].
    pub fn weight_matrix(&self, par: Par<'_>) -> Result<Array2<f64>> {
        self.learnt("the weight matrix")?;
        let (n, rule, set) = (self.columns.n(), self.rule(), self.available());
        let mut weights = try_vec(area(n, n, "the weight matrix")?, 0.0, "the weight matrix")?;
        let rows = weights.chunks_exact_mut(n).enumerate();
        par.each(
            self.workers(n, n),
            rows,
            || Ok(()),
            |_, (), (i, row)| {
                self.columns.correlate(i, row, set);
                for sum in row.iter_mut() {
                    *sum = rule.weight(*sum);
                }
                row[i] = 0.0;
                Ok(())
            },
        )?;
        table(n, n, weights)
    }

    fn available(&self) -> Available {
        Available::or_portable(self.set)
    }

    fn rule(&self) -> Hebbian<'_> {
        Hebbian::new(self.options.normalization, &self.options.bias, self.columns.n(), self.columns.k())
    }

    /// Whether there is a pattern.
    fn learnt(&self, wanted: &'static str) -> Result<()> {
        if self.columns.k() == 0 { Err(Error::EmptyMemory { wanted }) } else { Ok(()) }
    }

    /// Threads worth having for `items`, each of which reads `columns` columns at least once.
    fn workers(&self, items: usize, columns: usize) -> usize {
        let words = columns.saturating_mul(self.columns.k().div_ceil(64));
        if items.saturating_mul(words) < WORTH_A_THREAD { 1 } else { items }
    }

    /// Evaluates `work`, which fills `each` values for one state from its agreements with all patterns (and with room
    /// for `k` overlaps), for every state.
    fn of_each<T: Clone + Default + Send>(
        &self,
        wanted: &'static str,
        states: ArrayView2<'_, i8>,
        each: usize,
        par: Par<'_>,
        work: impl Fn(&Agreements, &mut [i64], &[i8], &mut [T]) + Sync,
    ) -> Result<Vec<T>> {
        self.learnt(wanted)?;
        let states = Spins::of_width("states", states, self.columns.n(), par)?;
        let mut out = try_vec(area(states.len(), each, "results")?, T::default(), "results")?;
        let rows = out.chunks_exact_mut(each).enumerate();
        let scratch = || Ok((Agreements::new(&self.columns)?, try_vec(self.columns.k(), 0, "overlaps")?));
        par.each(
            self.workers(states.len(), states.width()),
            rows,
            scratch,
            |_, (agreements, overlaps), (row, out)| {
                let state = states.row(row);
                agreements.count(&self.columns, state, self.available());
                work(agreements, overlaps, state, out);
                Ok(())
            },
        )?;
        Ok(out)
    }
}
