//! A network of neurons that are 0 or 1, for patterns of which few are active: the covariance rule.
//!
//! `W = Σ_μ (η^μ − a)(η^μ − a)ᵀ / (a (1 − a) n)` with `W_ii = 0`, where `a` is the activity of the patterns `η`; field
//! `h = W x − θ`, update `x_i ← 1` if `h_i > 0` and `0` if `h_i < 0`, energy `E(x) = −½ xᵀW x + θᵀx` (Tsodyks &
//! Feigelman 1988). A pattern gives its active neurons the field `1 − a − θ` and the others `−a − θ`, about, so that
//! `θ = ½ − a`, which is used unless another is given, lies midway. Everything else is as in the network of ±1 neurons,
//! whose walk this one shares: active neurons stand for +1, the others for −1.
//!
//! Not here: mixtures and negatives of patterns, which are not attractors here.

mod active;

use std::sync::Arc;

use active::Active;
use ndarray::{Array1, Array2, ArrayView2};

use super::options::{Bias, ClassicalOptions};
use super::weighted::{Answers, Weighted};
use crate::binary::{BinaryRetrieval, Known, Outcome, Retrieve, Stored, Temperature, Tie};
use crate::error::{Error, Result, try_vec};
use crate::kernel::InstructionSet;
use crate::par::Par;

/// How near to 0 and 1 an activity may be.
const NEAREST: f64 = 1e-6;

/// What a network is told when it is made.
///
/// ```
/// use hopfield::classical::{Bias, SparseOptions, Tie};
/// let options = SparseOptions { threshold: Some(Bias::Same(0.4)), ..Default::default() };
/// assert_eq!((options.activity, options.tie), (None, Tie::Keep));
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SparseOptions {
    /// `a`; the mean of the stored patterns unless given.
    pub activity: Option<f64>,
    /// `θ`; `½ − a` unless given.
    pub threshold: Option<Bias>,
    /// What a visit does where the field is exactly 0; `Plus` makes it 1, `Minus` 0.
    pub tie: Tie,
}

/// A network of neurons of 0 and 1 that recalls the patterns stored in it.
///
/// ```
/// use hopfield::Par;
/// use hopfield::classical::{Retrieve, SparseHopfield};
/// use ndarray::array;
///
/// let patterns = array![[1, 1, 1, 0, 0, 0, 0, 0], [0, 0, 0, 1, 1, 1, 0, 0]].mapv(|x| x == 1);
/// let net = SparseHopfield::new(patterns.view())?;
/// let cue = array![[1, 1, 0, 0, 0, 0, 0, 0]].mapv(|x| x == 1);
/// let answer = net.retrieve(cue.view(), &Retrieve::default(), Par::default())?;
/// assert_eq!(answer.states, array![[1, 1, 1, 0, 0, 0, 0, 0]]);
/// # Ok::<(), hopfield::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct SparseHopfield {
    stored: Stored,
    told: Arc<SparseOptions>,
    learnt: Option<Arc<Learnt>>,
}

#[derive(Debug)]
struct Learnt {
    activity: f64,
    weights: Active,
    /// The threshold as a bias, and the tie rule.
    options: ClassicalOptions,
    /// Active neurons of each pattern.
    sizes: Vec<i64>,
}

impl SparseHopfield {
    /// A network with default options that stores `patterns` `(k, n)`.
    ///
    /// # Errors
    /// As [`store`](Self::store).
    pub fn new(patterns: ArrayView2<'_, bool>) -> Result<Self> {
        let mut net = Self::default();
        net.store(patterns, Par::default())?;
        Ok(net)
    }

    /// A network that stores nothing yet.
    ///
    /// # Errors
    /// An activity that is not between 0 and 1, a threshold that is not finite.
    pub fn with(options: SparseOptions) -> Result<Self> {
        options.activity.map_or(Ok(0.0), checked)?;
        if let Some(threshold) = &options.threshold {
            threshold.check(None)?;
        }
        Ok(Self { told: Arc::new(options), ..Self::default() })
    }

    /// The same on another instruction set, the portable one if this processor lacks it; every set gives the same bits.
    ///
    /// ```
    /// use hopfield::InstructionSet;
    /// use hopfield::classical::SparseHopfield;
    /// let net = SparseHopfield::new(ndarray::array![[true, false, false]].view())?;
    /// let portable = net.clone().on(InstructionSet::Portable);
    /// assert_eq!(portable.weight_matrix(Default::default())?, net.weight_matrix(Default::default())?);
    /// # Ok::<(), hopfield::Error>(())
    /// ```
    #[must_use]
    pub fn on(mut self, set: InstructionSet) -> Self {
        self.stored = self.stored.on(set);
        self
    }

    /// The number of neurons, once it is known.
    #[must_use]
    pub fn n_neurons(&self) -> Option<usize> {
        Some(self.stored.n()).filter(|n| *n > 0)
    }

    /// The number of stored patterns.
    #[must_use]
    pub fn n_patterns(&self) -> usize {
        self.stored.k()
    }

    /// The activity that the weights are made with, once there are any.
    #[must_use]
    pub fn activity(&self) -> Option<f64> {
        self.learnt.as_ref().map(|learnt| learnt.activity)
    }

    /// Stores `patterns` `(j, n)` after those already stored. All weights are learnt anew.
    ///
    /// # Errors
    /// No pattern, another width, patterns without any or with nothing but active neurons where no activity was given;
    /// then nothing is stored.
    pub fn store(&mut self, patterns: ArrayView2<'_, bool>, par: Par<'_>) -> Result<()> {
        let mut stored = self.stored.clone();
        let threshold = self.told.threshold.clone().unwrap_or_default();
        stored.append(spins(patterns)?.view(), |n| threshold.check(Some(n)), par)?;
        self.learn(stored, par)
    }

    /// Forgets `patterns` `(j, n)`: for each row the first stored pattern equal to it.
    ///
    /// # Errors
    /// As [`store`](Self::store), and [`Error::NotStored`]; then nothing is forgotten.
    pub fn forget(&mut self, patterns: ArrayView2<'_, bool>, par: Par<'_>) -> Result<()> {
        let mut stored = self.stored.clone();
        stored.remove(spins(patterns)?.view(), par)?;
        self.learn(stored, par)
    }

    fn learn(&mut self, stored: Stored, par: Par<'_>) -> Result<()> {
        let (n, k) = (stored.n(), stored.k());
        let mut learnt = None;
        if k > 0 {
            let mut sizes = try_vec(k, 0, "activities")?;
            for (size, row) in sizes.iter_mut().zip(stored.rows(n, par)?.rows()) {
                *size = row.iter().filter(|x| **x > 0).count() as i64;
            }
            let mean = sizes.iter().sum::<i64>() as f64 / (n as f64 * k as f64);
            let activity = checked(self.told.activity.unwrap_or(mean))?;
            let bias = match &self.told.threshold {
                Some(threshold) => threshold.clone().negated(),
                None => Bias::Same(activity - 0.5),
            };
            let weights = Active::learn(activity, stored.columns(), stored.available(), par)?;
            let options = ClassicalOptions { bias, tie: self.told.tie, ..Default::default() };
            learnt = Some(Arc::new(Learnt { activity, weights, options, sizes }));
        }
        (self.stored, self.learnt) = (stored, learnt);
        Ok(())
    }

    /// The stored patterns `(k, n)`, in a fresh array.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`].
    pub fn patterns(&self, par: Par<'_>) -> Result<Array2<bool>> {
        Ok(self.stored.rows(self.stored.n(), par)?.mapv(|x| x > 0))
    }

    fn learnt(&self, wanted: &'static str) -> Result<&Learnt> {
        self.learnt.as_deref().ok_or(Error::EmptyMemory { wanted })
    }

    fn network<'a>(&'a self, learnt: &'a Learnt) -> Result<Weighted<'a, Active>> {
        Weighted::new(&self.stored, &learnt.options, &learnt.weights, None, Temperature::default())
    }

    /// Starts from each of the `cues` `(m, n)` and updates neurons until a fixed point, or until `options` say to stop, as
    /// the network of ±1 neurons does. A temperature is one of neurons of 0 and 1: `P(x_i = 1) = 1 / (1 + exp(−h_i / T))`.
    /// Of the states, 1 and 0, one that is −1 was never reached. The outcome is `Memory`, `NearMemory` (the largest
    /// overlap, as [`overlap`](Self::overlap) has it, reaches the floor), `Spurious`, `Cycle` or `Unsettled`.
    ///
    /// # Errors
    /// As [`ClassicalHopfield::retrieve`](super::ClassicalHopfield::retrieve).
    pub fn retrieve(
        &self,
        cues: ArrayView2<'_, bool>,
        options: &Retrieve<'_>,
        par: Par<'_>,
    ) -> Result<BinaryRetrieval> {
        let learnt = self.learnt("a retrieval")?;
        let external = options.external_field(cues.nrows(), self.stored.n())?;
        // ΔE of a neuron is h here and 2 h among ±1.
        let schedule: Vec<f64>;
        let temperature = match options.temperature {
            Temperature::Constant(temperature) => Temperature::Constant(2.0 * temperature),
            Temperature::Schedule(each) => {
                schedule = each.iter().map(|temperature| 2.0 * temperature).collect();
                Temperature::Schedule(&schedule)
            }
        };
        let network = Weighted::new(&self.stored, &learnt.options, &learnt.weights, external.as_ref(), temperature)?;
        // Field by field: views cannot be shortened to live as long as the schedule.
        let known = options.known.as_ref().map(|known| Known { mask: known.mask.view(), clamp: known.clamp });
        let Retrieve { update, stop, seeds, report, .. } = *options;
        let inner = Retrieve { update, temperature, field: None, stop, known, seeds, report };
        let mut answer = network.retrieve(spins(cues)?.view(), &inner, par)?;
        let overlaps = self.overlap_of(learnt, answer.states.view(), par)?;
        for (recall, overlaps) in answer.recalls.iter_mut().zip(overlaps.rows()) {
            let first = |best: (usize, f64), next: (usize, f64)| if next.1 > best.1 { next } else { best };
            let (nearest, overlap) = overlaps.iter().copied().enumerate().fold((0, f64::NEG_INFINITY), first);
            (recall.overlap, recall.mixture) = (overlap, None);
            if !matches!(recall.outcome, Outcome::Cycle | Outcome::Memory) {
                let near = recall.is_fixed_point && overlap >= options.report.near_overlap;
                recall.outcome = match (recall.is_fixed_point, near) {
                    (_, true) => Outcome::NearMemory,
                    (true, false) => Outcome::Spurious,
                    (false, false) => Outcome::Unsettled,
                };
                (recall.pattern, recall.sign) = (near.then_some(nearest), near.into());
            }
        }
        answer.states.mapv_inplace(|x| if x == 0 { -1 } else { x.max(0) });
        Ok(answer)
    }

    /// The energies `E(x) = −½ xᵀW x + θᵀx` of `states` `(m, n)`, each the exact value rounded once.
    ///
    /// # Errors
    /// An empty network, or states of another width.
    pub fn energy(&self, states: ArrayView2<'_, bool>, par: Par<'_>) -> Result<Array1<f64>> {
        self.network(self.learnt("an energy")?)?.energy(spins(states)?.view(), par)
    }

    /// The fields `h = W x − θ` `(m, n)` of `states` `(m, n)`, each the exact value rounded once.
    ///
    /// # Errors
    /// As [`energy`](Self::energy).
    pub fn field(&self, states: ArrayView2<'_, bool>, par: Par<'_>) -> Result<Array2<f64>> {
        self.network(self.learnt("a field")?)?.field(spins(states)?.view(), par)
    }

    /// Whether every neuron of each of the `states` `(m, n)` satisfies its update.
    ///
    /// # Errors
    /// As [`energy`](Self::energy).
    pub fn is_fixed_point(&self, states: ArrayView2<'_, bool>, par: Par<'_>) -> Result<Array1<bool>> {
        self.network(self.learnt("a fixed point")?)?.is_fixed_point(spins(states)?.view(), par)
    }

    /// The overlaps `Σ_i (η_i^μ − a) x_i / (a (1 − a) n)` `(m, k)` of `states` `(m, n)` with every pattern: 1 for a pattern
    /// of activity `a` itself, about 0 for a state that has nothing to do with it.
    ///
    /// # Errors
    /// As [`energy`](Self::energy).
    pub fn overlap(&self, states: ArrayView2<'_, bool>, par: Par<'_>) -> Result<Array2<f64>> {
        self.overlap_of(self.learnt("an overlap")?, spins(states)?.view(), par)
    }

    /// Of ±1 states; an undecided neuron is not active.
    fn overlap_of(&self, learnt: &Learnt, states: ArrayView2<'_, i8>, par: Par<'_>) -> Result<Array2<f64>> {
        let states = states.mapv(|x| if x > 0 { 1 } else { -1 });
        let scale = learnt.activity * (1.0 - learnt.activity) * self.stored.n() as f64;
        let distances = self.stored.hamming(states.view(), par)?;
        let mut overlaps = Array2::zeros(distances.dim());
        for ((mut overlaps, distances), state) in
            overlaps.rows_mut().into_iter().zip(distances.rows()).zip(states.rows())
        {
            let size = state.iter().filter(|x| **x > 0).count() as i64;
            for ((overlap, distance), pattern) in overlaps.iter_mut().zip(distances).zip(&learnt.sizes) {
                let both = (size + pattern - distance) / 2;
                *overlap = (both as f64 - learnt.activity * size as f64) / scale;
            }
        }
        Ok(overlaps)
    }

    /// The number of neurons `(m, k)` in which `states` `(m, n)` differ from every pattern.
    ///
    /// # Errors
    /// As [`energy`](Self::energy).
    pub fn hamming(&self, states: ArrayView2<'_, bool>, par: Par<'_>) -> Result<Array2<i64>> {
        self.stored.hamming(spins(states)?.view(), par)
    }

    /// The weights `W` `(n, n)`.
    ///
    /// # Errors
    /// An empty network, or [`Error::OutOfMemory`].
    pub fn weight_matrix(&self, par: Par<'_>) -> Result<Array2<f64>> {
        self.network(self.learnt("the weight matrix")?)?.weight_matrix(par)
    }
}

/// The activity, if weights can be made with it.
fn checked(activity: f64) -> Result<f64> {
    if (NEAREST..=1.0 - NEAREST).contains(&activity) {
        return Ok(activity);
    }
    let rule = "between 0 and 1, at least 1e-6 from either (unless given, it is the mean of the patterns)";
    Err(Error::Range { argument: "activity", rule, value: activity })
}

/// +1 for active neurons, −1 for the others.
fn spins(rows: ArrayView2<'_, bool>) -> Result<Array2<i8>> {
    let (m, n) = rows.dim();
    let mut spins = try_vec(crate::error::area(m, n, "states")?, -1, "states")?;
    for (spin, active) in spins.iter_mut().zip(rows) {
        *spin = if *active { 1 } else { -1 };
    }
    crate::error::table(m, n, spins)
}
