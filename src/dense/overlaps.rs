//! A state's overlaps with all patterns, and all that is worked out of them: brought up to date only when asked for.

use super::cubes::Cubes;
use super::head::Head;
use super::tally::{Spread, Tally};
use crate::error::{Result, try_vec};
use crate::kernel::Available;
use crate::kernel::aligned::Aligned;
use crate::kernel::bits::{Columns, Power, Slopes, add_overlaps, extremes, shift_all, sum, weigh};
use crate::par::Watch;

/// Neurons counted between two looks at whether to go on.
const CHECK_EVERY: usize = 4096;
/// Changes that wait, at most.
const MOST_WAITING: usize = 512;
/// Changes that are counted at once instead of one by one.
const MANY: usize = 64;
const PURPOSE: &str = "overlaps";

/// How the weights of patterns are kept.
#[derive(Debug)]
enum Weights {
    /// For the third power, in which they are quadratic.
    Cubic(Cubes),
    /// As integers of 64 bits.
    Whole(Aligned<i64>),
    /// Not at all: they do not fit.
    None,
}

impl Weights {
    fn new(power: Option<Power>, n: usize, k: usize) -> Result<Self> {
        let Some(power) = power.filter(|power| weights_fit(*power, n, k)) else { return Ok(Self::None) };
        Ok(match power {
            Power { degree: 3, rectified: false } if Cubes::fit(n) => Self::Cubic(Cubes::new(k, PURPOSE)?),
            _ => Self::Whole(Aligned::new(k.next_multiple_of(64), 0, PURPOSE)?),
        })
    }
}

/// Whether the weights of `k` patterns of `n` neurons, and their sum, fit 63 bits.
pub(super) fn weights_fit(power: Power, n: usize, k: usize) -> bool {
    // A weight is four times a slope.
    let slope = (n as i64 + 2).checked_pow(power.degree - 1).and_then(|z| z.checked_mul(power.degree.into()));
    slope.and_then(|slope| slope.checked_mul(8 * k.next_multiple_of(64) as i64)).is_some()
}

/// What follows one state.
#[derive(Debug)]
pub(super) struct Overlaps {
    /// `ξ^μ·x`, without the changes that wait; as many as the patterns, and 0 up to the end of a word.
    lanes: Aligned<i32>,
    /// Neurons, each with a sign, to be counted at once.
    counted: Vec<(u32, i8)>,
    /// Neurons and what was added to their values.
    waiting: Vec<(u32, i8)>,
    weights: Weights,
    slopes: Slopes,
    tally: Tally,
    head: Head,
    /// Changes, of those that wait, that the weights have followed.
    followed: usize,
    /// What is up to date with the lanes.
    weighed: bool,
    tallied: bool,
    chosen: bool,
}

impl Overlaps {
    pub(super) fn new(columns: &Columns, power: Option<Power>) -> Result<Self> {
        let (n, k) = (columns.n(), columns.k());
        let [mut waiting, mut counted] =
            [try_vec(MOST_WAITING, (0, 0), PURPOSE)?, try_vec(n.max(MOST_WAITING), (0, 0), PURPOSE)?];
        waiting.clear();
        counted.clear();
        Ok(Self {
            lanes: Aligned::new(k.next_multiple_of(64), 0, PURPOSE)?,
            counted,
            waiting,
            weights: Weights::new(power, n, k)?,
            slopes: Slopes::default(),
            tally: Tally::new(n)?,
            head: Head::new()?,
            followed: 0,
            weighed: false,
            tallied: false,
            chosen: false,
        })
    }

    /// Takes the overlaps of a state.
    pub(super) fn count(&mut self, columns: &Columns, state: &[i8], set: Available, watch: &Watch) -> Result<()> {
        self.lanes.fill(0);
        self.counted.clear();
        self.counted.extend((0..).zip(state).filter(|(_, x)| **x != 0).map(|(i, x)| (i, *x)));
        for some in self.counted.chunks(CHECK_EVERY) {
            add_overlaps(set, columns, some, 1, &mut self.lanes);
            watch.check()?;
        }
        self.lanes[columns.k()..].fill(0);
        self.none_waits(false);
        Ok(())
    }

    /// All changes are in the lanes; whether they are in the weights as well.
    fn none_waits(&mut self, weighed: bool) {
        self.waiting.clear();
        self.followed = 0;
        (self.weighed, self.tallied, self.chosen) = (weighed, false, false);
    }

    /// Adds `step` to the value of neuron `i`.
    pub(super) fn follow(&mut self, columns: &Columns, i: usize, step: i8, set: Available) {
        if self.waiting.len() == MOST_WAITING {
            self.catch_up(columns, set);
        }
        self.waiting.push((i as u32, step));
        if self.chosen {
            self.head.follow(columns, i, step);
        }
    }

    /// Makes the changes that wait.
    fn catch_up(&mut self, columns: &Columns, set: Available) {
        if self.waiting.is_empty() {
            return;
        }
        let weighed = self.follow_waiting(columns, set);
        if self.waiting.len() < MANY {
            let steps = self.waiting.iter().map(|(i, step)| (columns.column(*i as usize), i32::from(*step)));
            shift_all(set, steps, &mut self.lanes);
        } else {
            for size in [1, 2] {
                let steps = self.waiting.iter().filter(|(_, step)| step.abs() == size);
                self.counted.clear();
                self.counted.extend(steps.map(|(i, step)| (*i, step.signum())));
                add_overlaps(set, columns, &self.counted, size.into(), &mut self.lanes);
            }
        }
        self.lanes[columns.k()..].fill(0);
        self.none_waits(weighed);
    }

    /// Lets the weights follow the changes that wait, if that is less work than to weigh anew; whether they did.
    fn follow_waiting(&mut self, columns: &Columns, set: Available) -> bool {
        let changes = &self.waiting[self.followed..];
        match &mut self.weights {
            Weights::Cubic(cubes) if self.weighed && changes.len() < MANY => {
                cubes.follow(columns, changes, set);
                self.followed = self.waiting.len();
                true
            }
            _ => false,
        }
    }

    /// All overlaps.
    pub(super) fn all(&mut self, columns: &Columns, set: Available) -> &[i32] {
        self.catch_up(columns, set);
        &self.lanes[..columns.k()]
    }

    /// How many patterns have which overlap.
    pub(super) fn tally(&mut self, columns: &Columns, set: Available) -> &Tally {
        self.catch_up(columns, set);
        if !self.tallied {
            self.tally.count(&self.lanes, columns.k(), set);
            self.tallied = true;
        }
        &self.tally
    }

    /// What the overlaps say of neuron `i`, whose value is `x`.
    pub(super) fn spread(&mut self, columns: &Columns, i: usize, x: i8, set: Available) -> Spread<'_> {
        self.tally(columns, set);
        self.tally.of(columns, &self.lanes, i, x)
    }

    /// Twice the field of neuron `i`, if weights that say so are kept.
    pub(super) fn twice_field(
        &mut self,
        columns: &Columns,
        power: Power,
        i: usize,
        x: i8,
        set: Available,
    ) -> Option<i64> {
        if matches!((&self.weights, x), (Weights::None, _) | (Weights::Whole(_), 0)) {
            return None;
        }
        if !self.follow_waiting(columns, set) {
            self.catch_up(columns, set);
            self.weigh(columns.k(), power, set);
        }
        Some(match &self.weights {
            Weights::Cubic(cubes) => cubes.twice_field(columns, i, x, set),
            Weights::Whole(weights) => {
                sum(set, columns.column(i), weights) - if x > 0 { self.slopes.rise } else { self.slopes.fall }
            }
            Weights::None => return None,
        })
    }

    /// Weighs all patterns anew, unless that is done.
    fn weigh(&mut self, k: usize, power: Power, set: Available) {
        if self.weighed {
            return;
        }
        match &mut self.weights {
            Weights::Cubic(cubes) => cubes.take(&self.lanes, set),
            Weights::Whole(weights) => {
                self.slopes = weigh(set, &self.lanes, power, weights);
                // Lanes that stand for no pattern have overlap 0 and no bit in any column.
                let beyond = weigh(set, &[0; 16], power, &mut [0; 16]);
                let pad = (self.lanes.len() - k) as i64;
                self.slopes.rise -= beyond.rise / 16 * pad;
                self.slopes.fall -= beyond.fall / 16 * pad;
            }
            Weights::None => {}
        }
        self.weighed = true;
    }

    /// The sign of the field of neuron `i` in an exponential network, if a few patterns settle it.
    pub(super) fn settled_sign(&mut self, columns: &Columns, i: usize, x: i8, set: Available) -> Option<i8> {
        if self.chosen {
            let sign = self.head.sign(columns, i, x);
            if sign.is_some() || self.waiting.is_empty() {
                return sign;
            }
        }
        let lanes = self.all(columns, set);
        let (_, top) = extremes(set, lanes);
        self.head.choose(&self.lanes[..columns.k()], top);
        self.chosen = true;
        self.head.sign(columns, i, x)
    }

    /// Whether a pattern has this overlap.
    pub(super) fn any(&mut self, columns: &Columns, overlap: i64, set: Available) -> bool {
        if self.chosen
            && let Some(found) = self.head.any(overlap)
        {
            return found;
        }
        self.all(columns, set).iter().any(|a| i64::from(*a) == overlap)
    }
}
