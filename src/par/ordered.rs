//! Numbered pieces of work: handed out once each, and put together in the order of their numbers.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};

use super::{Watch, lock};
use crate::error::Result;

/// Numbered pieces, each handed out once.
#[derive(Default)]
pub(crate) struct Tickets(AtomicUsize);

impl Tickets {
    /// The next number below `count`, if any is left.
    pub(crate) fn take(&self, count: usize) -> Option<usize> {
        let ticket = self.0.fetch_add(1, Ordering::Relaxed);
        (ticket < count).then_some(ticket)
    }
}

/// Merges numbered parts strictly in order, whoever delivers them; late parts wait, early workers are held back.
pub(crate) struct Ordered<T, P> {
    state: Mutex<OrderedState<T, P>>,
    advanced: Condvar,
    window: usize,
}

struct OrderedState<T, P> {
    total: T,
    next: usize,
    waiting: BTreeMap<usize, P>,
    spare: Vec<P>,
}

impl<T, P> Ordered<T, P> {
    /// At most `window` parts wait for an earlier one.
    pub(crate) fn new(total: T, window: usize) -> Self {
        let state = OrderedState { total, next: 0, waiting: BTreeMap::new(), spare: Vec::new() };
        Self { state: Mutex::new(state), advanced: Condvar::new(), window: window.max(1) }
    }

    /// Hands over part `number`; merges it and all that follow it as soon as the earlier ones are merged.
    ///
    /// Returns a part to work in next: a merged one, or what `fresh` makes.
    pub(crate) fn deliver(
        &self,
        number: usize,
        part: P,
        watch: &Watch,
        merge: impl Fn(&mut T, usize, &P),
        fresh: impl FnOnce() -> Result<P>,
    ) -> Result<P> {
        let mut state = lock(&self.state);
        while number - state.next >= self.window {
            watch.check()?;
            let (guard, _) =
                self.advanced.wait_timeout(state, super::OBSERVE_EVERY).unwrap_or_else(PoisonError::into_inner);
            state = guard;
        }
        state.waiting.insert(number, part);
        let before = state.next;
        loop {
            let state = &mut *state;
            let Some(part) = state.waiting.remove(&state.next) else { break };
            merge(&mut state.total, state.next, &part);
            state.next += 1;
            state.spare.push(part);
        }
        if state.next > before {
            self.advanced.notify_all();
        }
        match state.spare.pop() {
            Some(part) => Ok(part),
            None => fresh(),
        }
    }

    /// The merged total.
    pub(crate) fn finish(self) -> T {
        self.state.into_inner().unwrap_or_else(PoisonError::into_inner).total
    }
}
