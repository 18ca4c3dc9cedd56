//! What a kind of network must be able to say, so that [`retrieve`](super::retrieve) can walk it.
//!
//! A retrieval borrows one `Network`, made for it: everything that all cues share (weights, biases, thresholds) is
//! worked out before. Each worker has one `Track`, its memory for one cue after another: overlaps, fields, an energy,
//! whatever follows the state and saves work. Between [`begin`](Network::begin) and the end of a cue the walk keeps to
//! these rules:
//!
//! - `state` holds −1 and +1, and 0 for a neuron that is still undecided. A neuron may leave 0 and never comes back.
//! - All changes go through [`change`](OneByOne::change) and [`change_all`](Network::change_all), which write `state`.
//!   Nothing else does, so a track may hold what it likes about it.
//! - A *lean* is the sign of a neuron's field: +1, −1, or 0 for a tie. A network decides it exactly where it can (a tie
//!   is a real tie) and the same way in every method. The walk knows the tie rule and tosses the coins.
//! - Lists of neurons are short enough (some hundreds) that nobody waits long for an interrupt; where a method does
//!   much more than one visit it gets a `Watch` to look at now and then.
//!
//! Everything is a function of the network, the cue and the calls before: no method draws random numbers, and none may
//! give other answers on other instruction sets.

use super::Tie;
use crate::error::Result;
use crate::kernel::bits::Columns;
use crate::par::Watch;

/// A neuron that an update might change.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Visit<F> {
    /// Where it stands in the list of neurons to visit.
    pub place: usize,
    /// The sign of its field, 0 for a tie.
    pub lean: i8,
    /// The field, in whatever form the network wants it back when the neuron changes.
    pub field: F,
}

/// A network of ±1 neurons during one retrieval, all of whose neurons can be updated at once.
pub(crate) trait Network: Sync {
    /// A worker's memory for one cue after another.
    type Track;
    /// The field of one neuron in the network's own form (an exact integer, a float64, a pair of sums).
    type Field: Copy;

    /// The stored patterns, which say what came out in the end.
    fn columns(&self) -> &Columns;

    /// What an update does where the field is exactly 0.
    fn tie(&self) -> Tie;

    /// Words of memory that a visit of one neuron reads, roughly: whether threads are worth waking.
    fn words_a_visit(&self) -> usize;

    /// Memory for one cue after another.
    fn track(&self) -> Result<Self::Track>;

    /// How many cues it is best to meet at once.
    fn cues_at_once(&self) -> usize {
        1
    }

    /// Meets the cues from number `first` on, each of which is begun next, in their order.
    fn meet(&self, _track: &mut Self::Track, _first: usize, _states: &[i8], _watch: &Watch) -> Result<()> {
        Ok(())
    }

    /// Turns the track to cue number `cue`, whose state is `state`.
    fn begin(&self, track: &mut Self::Track, cue: usize, state: &[i8], watch: &Watch) -> Result<()>;

    /// Visits the listed neurons, one after the other, up to the first that is not content: an update might change it.
    /// [`Tie::content`] says what that means. The rest of the list is not looked at.
    fn first_unstable(
        &self,
        track: &mut Self::Track,
        state: &[i8],
        list: &[u32],
        ties_hold: bool,
    ) -> Option<Visit<Self::Field>>;

    /// Writes the leans of the neurons from `first` on, all in the field of this one state. `noise` is empty, or has one
    /// number for each of them as in
    /// [`first_swayed`](OneByOne::first_swayed); then no lean is 0.
    fn leans(&self, track: &mut Self::Track, state: &[i8], first: usize, noise: &[f64], out: &mut [i8]);

    /// Gives all neurons the values `wanted`, −1 or +1; how many change.
    fn change_all(&self, track: &mut Self::Track, state: &mut [i8], wanted: &[i8], watch: &Watch) -> Result<usize>;

    /// Whether the state, which has no undecided neurons, equals a stored pattern.
    fn is_memory(&self, track: &mut Self::Track, state: &[i8]) -> bool;

    /// Writes the overlaps `ξ^μ·x` with all stored patterns.
    fn overlaps(&self, track: &mut Self::Track, state: &[i8], out: &mut [i64]);

    /// The energy of the state; asked for once a sweep at most, or after every flip where there is a target.
    fn energy(&self, track: &mut Self::Track, state: &[i8]) -> f64;
}

/// A network whose neurons can be visited one by one as well.
pub(crate) trait OneByOne: Network {
    /// What [`first_unstable`](Network::first_unstable) does, where chance pulls at each visit: `noise` has one number for
    /// each listed neuron, in the units of the field, and an update gives the neuron +1 where its field is above that
    /// number, else −1. Visits up to the first neuron with another value; the lean found is what the update gives, never 0.
    fn first_swayed(
        &self,
        track: &mut Self::Track,
        state: &[i8],
        list: &[u32],
        noise: &[f64],
    ) -> Option<Visit<Self::Field>>;

    /// Of the `free` neurons that are not content (ties hold), the one of largest instability: `−x_i h_i`, and `|h_i|`
    /// of an undecided one; the first of equal ones. Compared exactly where leans are.
    fn most_unstable(
        &self,
        track: &mut Self::Track,
        state: &[i8],
        free: &[u32],
        watch: &Watch,
    ) -> Result<Option<Visit<Self::Field>>>;

    /// Gives neuron `i` the value `to`, which it does not have. `field` is what a visit of this state has just found.
    fn change(&self, track: &mut Self::Track, state: &mut [i8], i: usize, to: i8, field: Self::Field);
}

/// What [`change_all`](Network::change_all) does, one change after another, with this for the fields of the neurons that change
/// and a look at whether to go on after so many neurons.
pub(crate) fn change_in_turn<N: OneByOne>(
    network: &N,
    track: &mut N::Track,
    state: &mut [i8],
    wanted: &[i8],
    field: N::Field,
    at_once: usize,
    watch: &Watch,
) -> Result<usize> {
    let mut changed = 0;
    for (piece, wanted) in wanted.chunks(at_once).enumerate() {
        for (i, to) in (piece * at_once..).zip(wanted) {
            if state[i] != *to {
                network.change(track, state, i, *to, field);
                changed += 1;
            }
        }
        watch.check()?;
    }
    Ok(changed)
}

impl Tie {
    /// Whether a neuron of value `x` with this lean is content: an update would leave it as it is. With random ties
    /// that depends on what is asked: a visit tosses a coin, but a tie that may fall either way does not keep a fixed
    /// point from being one (`ties_hold`).
    pub(crate) fn content(self, x: i8, lean: i8, ties_hold: bool) -> bool {
        match (lean, self) {
            (0, Self::Keep) => x != 0,
            (0, Self::Random) => x != 0 && ties_hold,
            (0, Self::Plus) => x > 0,
            (0, Self::Minus) => x < 0,
            _ => x == lean,
        }
    }
}
