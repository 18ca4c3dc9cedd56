//! What a retrieval of ±1 states is asked for: every choice by name.
//!
//! Not here: what a network is told when it is made.

use ndarray::{ArrayView2, CowArray, Ix2};

use crate::error::{Error, Result};
use crate::input::name::named;

named! {
    /// What a visit does where the field is exactly 0. An undecided neuron that would keep its value becomes +1.
    ///
    /// ```
    /// use hopfield::classical::Tie;
    /// assert_eq!("plus".parse::<Tie>()?, Tie::Plus);
    /// # Ok::<(), hopfield::Error>(())
    /// ```
    #[derive(Default)]
    pub enum Tie for "tie" {
        /// Leave the neuron as it is.
        #[default]
        Keep = "keep",
        /// Set it to +1.
        Plus = "plus",
        /// Set it to −1.
        Minus = "minus",
        /// Toss a coin, each time.
        Random = "random",
    }
}

named! {
    /// In which order asynchronous updates visit the neurons that are free. A sweep is as many visits as those.
    ///
    /// ```
    /// use hopfield::classical::Order;
    /// assert_eq!(Order::default().name(), "permutation");
    /// ```
    #[derive(Default)]
    #[non_exhaustive]
    pub enum Order for "order" {
        /// A fresh permutation each sweep.
        #[default]
        Permutation = "permutation",
        /// A neuron drawn with replacement at every visit.
        Random = "random",
        /// Ascending.
        Sequential = "sequential",
        /// Always the neuron of largest instability `−x_i h_i` (of an undecided one `|h_i|`), the first of equal ones;
        /// visits end when none is unstable.
        Greedy = "greedy",
    }
}

/// Whether neurons are updated one at a time or all at once.
///
/// ```
/// use hopfield::classical::{Order, Update};
/// assert_eq!(Update::from_names("asynchronous", "random")?, Update::Asynchronous(Order::Random));
/// assert!(Update::from_names("both", "random").is_err());
/// let backwards = Update::Listed(&[3, 2, 1, 0]);
/// # Ok::<(), hopfield::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Update<'a> {
    /// One neuron at a time, in this order: the energy never rises (Hopfield 1982).
    Asynchronous(Order),
    /// One neuron at a time, each sweep the listed ones in the order of the list. Those that a clamp holds are passed
    /// over; a fixed point is one of all free neurons, listed or not.
    Listed(&'a [i64]),
    /// All at once: ends in a fixed point or a cycle (Little 1974).
    Synchronous,
}

impl Default for Update<'_> {
    fn default() -> Self {
        Self::Asynchronous(Order::default())
    }
}

impl Update<'_> {
    /// From the name of the kind of update and that of the order, which only asynchronous updates follow.
    ///
    /// # Errors
    /// [`Error::UnknownName`], which lists the valid names.
    pub fn from_names(update: &str, order: &str) -> Result<Self> {
        let order = order.parse()?;
        match update {
            "asynchronous" => Ok(Self::Asynchronous(order)),
            "synchronous" => Ok(Self::Synchronous),
            _ => Err(Error::UnknownName {
                argument: "update",
                valid: "'asynchronous', 'synchronous'",
                value: update.to_owned(),
            }),
        }
    }

    /// From the name of the kind of update, with a list of neurons for its order.
    ///
    /// # Errors
    /// [`Error::UnknownName`], and [`Error::Options`] for synchronous updates.
    pub fn listed<'a>(update: &str, neurons: &'a [i64]) -> Result<Update<'a>> {
        match Self::from_names(update, Order::default().name())? {
            Update::Synchronous => Err(Error::Options {
                rule: "`order` must not list neurons for synchronous updates, which follow no order",
            }),
            _ => Ok(Update::Listed(neurons)),
        }
    }

    /// Whether it can be followed in a network of `n` neurons at these temperatures.
    fn check(self, n: usize, temperature: Temperature) -> Result<()> {
        match self {
            Self::Asynchronous(Order::Greedy) if !temperature.frozen(1) => Err(Error::Options {
                rule: "`order` must not be 'greedy' at a positive `temperature`, where no neuron is the one to turn",
            }),
            Self::Listed([]) => {
                Err(Error::Options { rule: "`order` must list at least one neuron; got an empty list" })
            }
            Self::Listed(neurons) => {
                let there = |neuron: &i64| usize::try_from(*neuron).is_ok_and(|neuron| neuron < n);
                match neurons.iter().position(|neuron| !there(neuron)) {
                    Some(position) => Err(Error::Index {
                        argument: "order",
                        of: "neurons",
                        last: n - 1,
                        value: neurons[position],
                        position,
                    }),
                    None => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }
}

/// How much chance there is in an update: `P(x_i = +1) = 1 / (1 + exp(−2 h_i / T))` (Glauber 1963), in the units of the
/// field `h`. At 0 the rule is the deterministic one.
///
/// ```
/// use hopfield::classical::Temperature;
/// let cooling = Temperature::Schedule(&[1.0, 0.5, 0.0]);
/// assert_ne!(cooling, Temperature::default());
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Temperature<'a> {
    /// The same for all sweeps. Above 0 nothing settles: only a budget or a goal ends the retrieval.
    Constant(f64),
    /// One temperature a sweep. A fixed point is looked for only after sweeps at 0 with none but zeros to follow.
    Schedule(&'a [f64]),
}

impl Default for Temperature<'_> {
    fn default() -> Self {
        Self::Constant(0.0)
    }
}

impl Temperature<'_> {
    /// The temperature of a sweep, the first of which is number 1.
    pub(super) fn of(self, sweep: u64) -> f64 {
        match self {
            Self::Constant(temperature) => temperature,
            Self::Schedule(each) => each.get(sweep as usize - 1).copied().unwrap_or(0.0),
        }
    }

    /// Whether that sweep and all that may follow are at 0: only then a fixed point is for good.
    pub(super) fn frozen(self, sweep: u64) -> bool {
        match self {
            Self::Constant(temperature) => temperature == 0.0,
            Self::Schedule(each) => each.iter().skip(sweep as usize - 1).all(|temperature| *temperature == 0.0),
        }
    }

    /// Whether no sweep is to follow that one.
    pub(super) fn ends_with(self, sweep: u64) -> bool {
        matches!(self, Self::Schedule(each) if each.len() as u64 == sweep)
    }

    fn check(self) -> Result<()> {
        let each = match &self {
            Self::Constant(temperature) => std::slice::from_ref(temperature),
            Self::Schedule(each) => each,
        };
        if each.is_empty() {
            return Err(Error::Options { rule: "`temperature` must hold at least one number; got an empty schedule" });
        }
        // A subnormal temperature has too few bits for the chance that it stands for.
        match each.iter().find(|t| !(**t == 0.0 || t.is_normal() && **t > 0.0)) {
            Some(value) => {
                Err(Error::Range { argument: "temperature", rule: "0 or a positive normal number", value: *value })
            }
            None => Ok(()),
        }
    }
}

/// When to stop short of a fixed point; the first that applies is the [`Reason`](super::Reason).
///
/// ```
/// use hopfield::classical::Stop;
/// let ten_visits_a_neuron = Stop { max_updates: Some(10 * 784), ..Default::default() };
/// assert_eq!(ten_visits_a_neuron.max_sweeps, 100);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stop {
    /// Sweeps at most.
    pub max_sweeps: u64,
    /// Updates of single neurons at most.
    pub max_updates: Option<u64>,
    /// So many successive visits that change nothing (asynchronous only; no proof of a fixed point).
    pub patience: Option<u64>,
    /// As soon as the state equals a stored pattern.
    pub stop_at_memory: bool,
    /// As soon as the energy is at most this.
    pub target_energy: Option<f64>,
}

impl Default for Stop {
    fn default() -> Self {
        Self { max_sweeps: 100, max_updates: None, patience: None, stop_at_memory: false, target_energy: None }
    }
}

impl Stop {
    fn check(&self) -> Result<()> {
        let budgets =
            [("max_sweeps", Some(self.max_sweeps)), ("max_updates", self.max_updates), ("patience", self.patience)];
        if let Some((argument, _)) = budgets.into_iter().find(|(_, budget)| *budget == Some(0)) {
            return Err(Error::Range { argument, rule: "at least 1", value: 0.0 });
        }
        match self.target_energy {
            Some(value) if value.is_nan() => Err(Error::Range { argument: "target_energy", rule: "a number", value }),
            _ => Ok(()),
        }
    }
}

/// Which neurons of the cues are known. An unknown one starts undecided and takes the sign of its first field.
///
/// ```
/// use hopfield::{Par, classical::{ClassicalHopfield, Known, Retrieve}};
/// use ndarray::array;
/// let net = ClassicalHopfield::new(array![[1, -1, 1, 1]].view())?;
/// let mask = array![[true, true, false, false]];
/// let options = Retrieve { known: Some(Known { mask: mask.view(), clamp: true }), ..Default::default() };
/// let answer = net.retrieve(array![[1, -1, 0, 0]].view(), &options, Par::default())?;
/// assert_eq!(answer.states, array![[1, -1, 1, 1]]);
/// # Ok::<(), hopfield::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// `(m, n)`, or `(1, n)` for all cues; true: known.
    pub mask: ArrayView2<'a, bool>,
    /// Never visit the known ones; the fixed point is then one of the others.
    pub clamp: bool,
}

/// Where each cue's random numbers come from.
///
/// ```
/// use hopfield::classical::Seeds;
/// assert_eq!(Seeds::default(), Seeds::Batch(0));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seeds<'a> {
    /// Cue `i` has the stream `(seed, i)`.
    Batch(u64),
    /// Cue `i` has the stream `(seeds[i], 0)`, so that any part of a batch equals the whole.
    Each(&'a [u64]),
}

impl Default for Seeds<'_> {
    fn default() -> Self {
        Self::Batch(0)
    }
}

/// What to report beside the state.
///
/// ```
/// use hopfield::classical::Report;
/// let report = Report { targets: Some(&[0, 1]), ..Default::default() };
/// assert!(!report.trace && report.near_overlap == 0.9);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Report<'a> {
    /// The pattern that each cue should lead to, by its index.
    pub targets: Option<&'a [i64]>,
    /// The least `|overlap|` of a fixed point near a memory, in (0, 1].
    pub near_overlap: f64,
    /// The energies at the start and after each sweep.
    pub trace: bool,
}

impl Default for Report<'_> {
    fn default() -> Self {
        Self { targets: None, near_overlap: 0.9, trace: false }
    }
}

/// What a retrieval is asked for.
///
/// ```
/// use hopfield::classical::{Retrieve, Stop, Update};
/// let options = Retrieve { update: Update::Synchronous, ..Default::default() };
/// assert_eq!(options.stop, Stop::default());
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Retrieve<'a> {
    /// One at a time, or all at once.
    pub update: Update<'a>,
    /// How much chance there is in an update.
    pub temperature: Temperature<'a>,
    /// `(m, n)`, or `(1, n)` for all cues: added to the fields, as a bias is.
    pub field: Option<ArrayView2<'a, f64>>,
    /// When to stop short of a fixed point.
    pub stop: Stop,
    /// Which neurons are known; all of them if none is given.
    pub known: Option<Known<'a>>,
    /// Where random numbers come from.
    pub seeds: Seeds<'a>,
    /// What to report.
    pub report: Report<'a>,
}

impl Retrieve<'_> {
    /// The external field, if there is one, fit for `m` cues of `n` neurons.
    pub(crate) fn external_field(&self, m: usize, n: usize) -> Result<Option<CowArray<'_, f64, Ix2>>> {
        let Some(field) = &self.field else { return Ok(None) };
        if field.ncols() != n || !(field.nrows() == 1 || field.nrows() == m) {
            return Err(Error::Shape {
                argument: "field",
                expected: format!("({n},) or ({m}, {n})"),
                reason: "one value for each neuron, or for each neuron of each cue",
                found: format!("{:?}", field.dim()),
            });
        }
        if let Some(((row, column), value)) = field.indexed_iter().find(|(_, value)| !value.is_finite()) {
            return Err(Error::NotFinite { argument: "field", row, column, value: *value });
        }
        Ok(Some(field.as_standard_layout()))
    }

    /// Whether the options fit `m` cues of `n` neurons and `k` patterns.
    pub(super) fn check(&self, m: usize, n: usize, k: usize) -> Result<()> {
        self.stop.check()?;
        self.temperature.check()?;
        self.update.check(n, self.temperature)?;
        let near = self.report.near_overlap;
        if !(near > 0.0 && near <= 1.0) {
            return Err(Error::Range { argument: "near_overlap", rule: "above 0 and at most 1", value: near });
        }
        let one_a_cue = |argument, len: usize| {
            let expected = format!("({m},)");
            let shape = || Error::Shape { argument, expected, reason: "one for each cue", found: format!("({len},)") };
            if len == m { Ok(()) } else { Err(shape()) }
        };
        if let Seeds::Each(seeds) = self.seeds {
            one_a_cue("rng", seeds.len())?;
        }
        if let Some(targets) = self.report.targets {
            one_a_cue("targets", targets.len())?;
            let stored = |target: &i64| usize::try_from(*target).is_ok_and(|target| target < k);
            if let Some(position) = targets.iter().position(|target| !stored(target)) {
                return Err(Error::Index {
                    argument: "targets",
                    of: "stored patterns",
                    last: k - 1,
                    value: targets[position],
                    position,
                });
            }
        }
        Ok(())
    }
}
