//! What networks of ±1 neurons have in common: how a retrieval walks from a cue to where it stops, what it can be asked
//! for, and what it reports.
//!
//! A kind of network is a [`Network`]: it says which neuron an update might change, follows changes, and knows its
//! energy. [`retrieve`] does the rest for all of them (orders of visits, budgets, goals, cycles, ties, partial cues,
//! random streams, threads), so that the same option means the same everywhere. [`Stored`] keeps their patterns.
//!
//! Not here: fields, weights and energies, which are each network's own; states that are not ±1.

mod asynchronous;
mod exact;
mod mixture;
mod network;
mod options;
mod outcome;
mod stored;
mod synchronous;
mod walk;

use ndarray::ArrayView2;

pub(crate) use exact::{Exact, ratio};
pub use mixture::Mixture;
pub(crate) use network::{Network, OneByOne, Visit, change_in_turn};
pub use options::{Known, Order, Report, Retrieve, Seeds, Stop, Temperature, Tie, Update};
pub use outcome::{BinaryRetrieval, Outcome, Reason, Recall};
pub(crate) use stored::Stored;

use crate::error::{Result, area, table, try_vec};
use crate::input::spins::Spins;
use crate::kernel::pages::zeroed;
use crate::par::Par;
use outcome::Slot;
use walk::{Problem, Workspace};

/// Work below which a call stays on its thread, in words of memory read.
const WORTH_A_THREAD: usize = 1 << 15;

/// Threads worth having for `items`, each of which reads at least so many `words`.
pub(crate) fn workers(items: usize, words: usize) -> usize {
    if items.saturating_mul(words) < WORTH_A_THREAD { 1 } else { items }
}

/// Starts from each of the `cues` `(m, n)` and updates the neurons of a `network` that stores at least one pattern.
/// Every cue is retrieved by itself: its answer does not depend on the others, nor on the number of threads.
///
/// # Errors
/// Cues of another width or with values other than −1 and +1 where they are known; budgets below 1; targets that are
/// not stored; lists that do not have one entry for each cue.
pub(crate) fn retrieve<N: OneByOne>(
    network: &N,
    cues: ArrayView2<'_, i8>,
    options: &Retrieve<'_>,
    par: Par<'_>,
) -> Result<BinaryRetrieval> {
    walk_all(&Problem { network, options, updates: walk::as_asked }, cues, par)
}

/// The same for [`Update::Synchronous`] alone.
///
/// # Errors
/// As [`retrieve`].
pub(crate) fn retrieve_in_step<N: Network>(
    network: &N,
    cues: ArrayView2<'_, i8>,
    options: &Retrieve<'_>,
    par: Par<'_>,
) -> Result<BinaryRetrieval> {
    walk_all(&Problem { network, options, updates: walk::in_step }, cues, par)
}

fn walk_all<N: Network>(problem: &Problem<N>, cues: ArrayView2<'_, i8>, par: Par<'_>) -> Result<BinaryRetrieval> {
    let (network, options) = (problem.network, problem.options);
    let (n, k) = (network.columns().n(), network.columns().k());
    let cues = match options.known {
        Some(known) => Spins::where_known("cues", cues, n, known.mask, par)?,
        None => Spins::of_width("cues", cues, n, par)?,
    };
    let m = cues.len();
    options.check(m, n, k)?;
    // Written by the workers: taking their memory from the system would keep one thread busy for as long as some cues.
    let mut states = zeroed(area(m, n, "states")?, "states")?;
    let mut slots = try_vec(m, Slot::default(), "results")?;
    let at_once = network.cues_at_once();
    let cues = cues.as_slice().chunks(at_once * n);
    let items = states.chunks_mut(at_once * n).zip(cues).zip(slots.chunks_mut(at_once)).enumerate();
    par.each(
        workers(m, n.saturating_mul(network.words_a_visit())),
        items,
        || Workspace::new(problem),
        |watch, space, (group, ((states, cues), slots))| {
            let first = group * at_once;
            states.copy_from_slice(cues);
            network.meet(&mut space.track, first, states, watch)?;
            for (index, (state, slot)) in (first..).zip(states.chunks_exact_mut(n).zip(slots)) {
                walk::run(problem, space, watch, index, state, slot)?;
                watch.advance(1);
            }
            Ok(())
        },
    )?;
    outcome::assemble(table(m, n, states)?, slots, options)
}
