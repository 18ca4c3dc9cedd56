//! Threads: how work is handed out and how results are put in order.
//!
//! Parallelism is an argument, and never changes a bit of the answer: work is cut by the data alone, workers take
//! numbered pieces, and [`Ordered`] merges the pieces in the order of their numbers, whoever finishes first. The pool is
//! private, so a program's own rayon pool is left alone, and it is built anew in a forked child, where the parent's
//! threads do not exist.
//!
//! The calling thread is worker 0 and does its share. Between pieces it also asks its [`Observer`] whether to stop,
//! which is how a Ctrl-C reaches a long retrieval; other workers only look at a flag.
//!
//! Not here: nested parallelism, which nothing needs. A run inside a run finds the threads borrowed and does without.

mod ordered;
mod pool;

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::error::{Error, Result};

pub(crate) use ordered::{Ordered, Tickets};
#[cfg(feature = "python")]
pub(crate) use pool::limit_threads;
use pool::{Borrowed, MOST_THREADS};
pub use pool::{num_threads, set_num_threads};

/// Time between two looks around while a thread has nothing to do but wait.
const OBSERVE_EVERY: Duration = Duration::from_millis(20);

/// Turns for which the calling thread waits for the others before it parks: some 30 µs.
const SPINS: usize = 2000;

/// Hears how far the work is and may stop it; called on the calling thread only.
pub trait Observer {
    /// `done` of the work's units are complete; `Break` ends the work with [`Error::Interrupted`].
    ///
    /// Called between pieces of work, which may be microseconds apart: an observer that does more than look at a flag
    /// should look at the clock first.
    fn observe(&self, done: usize) -> ControlFlow<()>;
}

/// How to run: the number of threads, and who may interrupt.
///
/// ```
/// use hopfield::Par;
/// assert_eq!(Par::with_threads(3).threads(), 3);
/// assert!(Par::default().threads() >= 1);
/// ```
#[derive(Clone, Copy, Default)]
pub struct Par<'a> {
    threads: Option<usize>,
    observer: Option<&'a dyn Observer>,
    done: usize,
}

impl<'a> Par<'a> {
    /// Everything on the calling thread.
    #[must_use]
    pub fn serial() -> Self {
        Self::with_threads(1)
    }

    /// At most `threads` threads (from 1 to 128), the calling one included; fewer while other calls have them.
    #[must_use]
    pub fn with_threads(threads: usize) -> Self {
        Self { threads: Some(threads.clamp(1, MOST_THREADS)), ..Self::default() }
    }

    /// The same, watched by `observer`.
    #[must_use]
    pub fn observed_by(self, observer: &'a dyn Observer) -> Self {
        Self { observer: Some(observer), ..self }
    }

    /// The same, with `done` units of the work complete before a run starts.
    pub(crate) fn resumed_at(self, done: usize) -> Self {
        Self { done, ..self }
    }

    /// The number of threads this stands for.
    #[must_use]
    pub fn threads(&self) -> usize {
        pool::limited(self.threads.unwrap_or_else(num_threads))
    }

    /// `Err(Interrupted)` if the observer wants the work to stop; for loops outside of any run.
    pub(crate) fn check(&self) -> Result<()> {
        self.run(1, |_| Ok(()))
    }

    /// Runs `work` on up to `workers` threads at once and returns when all have; the first error stops the others.
    ///
    /// Each call of `work` takes its pieces from counters it shares with the others; with one worker, or when no
    /// thread is to be had, the calling thread does it all.
    pub(crate) fn run(&self, workers: usize, work: impl Fn(&Watch) -> Result<()> + Sync) -> Result<()> {
        let state = State { done: AtomicUsize::new(self.done), ..State::default() };
        let caller = Watch { state: &state, observer: self.observer };
        let helpers = workers.min(self.threads()).saturating_sub(1);
        let Some(helpers) = Borrowed::up_to(helpers) else {
            return work(&caller).and_then(|()| caller.check());
        };
        let attempt = |watch: &Watch| {
            let _halt = HaltOnPanic(&state.stop);
            if let Err(error) = work(watch) {
                state.fail(error);
            }
        };
        state.active.store(helpers.count(), Ordering::Relaxed);
        let calling = std::thread::current();
        helpers.scope(|scope| {
            for _ in 0..helpers.count() {
                scope.spawn(|_| {
                    let _leave = Leave { active: &state.active, calling: &calling };
                    attempt(&Watch { state: &state, observer: None });
                    helpers.linger();
                });
            }
            attempt(&caller);
            caller.wait_for_others();
        });
        match state.failure.into_inner().unwrap_or_else(PoisonError::into_inner) {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }

    /// Runs `work` once for every item on up to `workers` threads; each has a scratch space, made when it gets its
    /// first item.
    ///
    /// Items that hold the places of their results (`chunks_mut`, `iter_mut`) make the answer independent of who
    /// computes what.
    pub(crate) fn each<T, S>(
        &self,
        workers: usize,
        items: impl Iterator<Item = T> + Send,
        scratch: impl Fn() -> Result<S> + Sync,
        work: impl Fn(&Watch, &mut S, T) -> Result<()> + Sync,
    ) -> Result<()> {
        // No more threads than items, where their number is known.
        let workers = items.size_hint().1.map_or(workers, |items| items.min(workers));
        let items = Mutex::new(items);
        let next = || lock(&items).next();
        self.run(workers, |watch| {
            let Some(mut item) = next() else { return Ok(()) };
            let mut scratch = scratch()?;
            loop {
                watch.check()?;
                work(watch, &mut scratch, item)?;
                match next() {
                    Some(other) => item = other,
                    None => return Ok(()),
                }
            }
        })
    }
}

/// What all workers of one run share.
#[derive(Default)]
struct State {
    stop: AtomicBool,
    done: AtomicUsize,
    active: AtomicUsize,
    failure: Mutex<Option<Error>>,
}

impl State {
    /// Keeps the error and stops the others. That somebody was stopped says less than why.
    fn fail(&self, error: Error) {
        let mut failure = lock(&self.failure);
        if matches!(*failure, None | Some(Error::Interrupted)) {
            *failure = Some(error);
        }
        self.stop.store(true, Ordering::Release);
    }
}

/// A worker that panics must not leave the others waiting for its part.
struct HaltOnPanic<'a>(&'a AtomicBool);

impl Drop for HaltOnPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.store(true, Ordering::Release);
        }
    }
}

/// Tells the caller that a worker has left, even when it leaves by a panic.
struct Leave<'a> {
    active: &'a AtomicUsize,
    calling: &'a std::thread::Thread,
}

impl Drop for Leave<'_> {
    fn drop(&mut self) {
        self.active.fetch_sub(1, Ordering::Release);
        self.calling.unpark();
    }
}

/// A worker's view of the run: asks whether to go on, and reports what is done.
pub(crate) struct Watch<'a> {
    state: &'a State,
    observer: Option<&'a dyn Observer>,
}

impl Watch<'_> {
    /// `Err(Interrupted)` when the work shall stop. Cheap enough for every tile and every few hundred visits.
    pub(crate) fn check(&self) -> Result<()> {
        if self.state.stop.load(Ordering::Acquire) {
            return Err(Error::Interrupted);
        }
        if let Some(observer) = self.observer
            && observer.observe(self.state.done.load(Ordering::Relaxed)).is_break()
        {
            self.state.fail(Error::Interrupted);
            return Err(Error::Interrupted);
        }
        Ok(())
    }

    /// Reports `units` more of the work as done.
    pub(crate) fn advance(&self, units: usize) {
        self.state.done.fetch_add(units, Ordering::Relaxed);
    }

    fn wait_for_others(&self) {
        let mut spins = 0;
        while self.state.active.load(Ordering::Acquire) > 0 {
            // The others are usually within microseconds of the end; waking up from parking takes 30.
            if spins < SPINS {
                spins += 1;
                std::hint::spin_loop();
            } else {
                std::thread::park_timeout(OBSERVE_EVERY);
                // What an interruption changes is in the shared state, where the end of the run finds it.
                let _ = self.check();
            }
        }
        // Their jobs end a moment later, and the scope would go to sleep to wait for that.
        (0..50).for_each(|_| std::hint::spin_loop());
    }
}

/// A poisoned lock only says that another worker panicked, which reaches the caller by itself.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_merge_in_order_for_any_number_of_threads() {
        for threads in [1, 2, 3, 5, 8] {
            let merged = Ordered::new(Vec::new(), 4);
            let tickets = Tickets::default();
            Par::with_threads(threads)
                .run(threads, |watch| {
                    let mut part = 0;
                    while let Some(number) = tickets.take(100) {
                        part = number * number;
                        part = merged.deliver(
                            number,
                            part,
                            watch,
                            |total: &mut Vec<_>, _, part| total.push(*part),
                            || Ok(0),
                        )?;
                    }
                    let _ = part;
                    Ok(())
                })
                .unwrap();
            assert_eq!(merged.finish(), (0..100).map(|number| number * number).collect::<Vec<_>>());
        }
    }

    #[test]
    fn an_observer_stops_all_workers() {
        struct Impatient;
        impl Observer for Impatient {
            fn observe(&self, _done: usize) -> ControlFlow<()> {
                ControlFlow::Break(())
            }
        }
        for threads in [1, 3] {
            let outcome = Par::with_threads(threads).observed_by(&Impatient).run(threads, |watch| {
                loop {
                    watch.check()?;
                }
            });
            assert_eq!(outcome, Err(Error::Interrupted));
        }
    }

    #[test]
    fn the_error_of_the_one_that_failed_comes_back() {
        for _ in 0..50 {
            let tickets = Tickets::default();
            let failed = Par::with_threads(3).run(3, |watch| {
                if tickets.take(1).is_some() {
                    return Err(Error::NotCalibratable { similarity: "dot" });
                }
                loop {
                    watch.check()?;
                }
            });
            assert_eq!(failed, Err(Error::NotCalibratable { similarity: "dot" }));
        }
    }

    #[test]
    fn a_run_within_a_run_ends() {
        struct Caller(std::cell::Cell<usize>);
        impl Observer for Caller {
            fn observe(&self, _done: usize) -> ControlFlow<()> {
                if self.0.get() < 3 {
                    self.0.set(self.0.get() + 1);
                    let merged = Ordered::new((), 1);
                    let tickets = Tickets::default();
                    let inner = Par::with_threads(4).run(4, |watch| {
                        while let Some(number) = tickets.take(8) {
                            merged.deliver(number, (), watch, |(), _, ()| (), || Ok(()))?;
                        }
                        Ok(())
                    });
                    assert_eq!(inner, Ok(()));
                }
                ControlFlow::Continue(())
            }
        }
        let observer = Caller(std::cell::Cell::new(0));
        let outer =
            Par::with_threads(4).observed_by(&observer).run(4, |watch| (0..100).try_for_each(|_| watch.check()));
        assert_eq!((outer, observer.0.get()), (Ok(()), 3));
    }

    #[test]
    fn absurd_numbers_of_threads_are_cut() {
        assert_eq!(Par::with_threads(usize::MAX).threads(), MOST_THREADS);
        assert_eq!(Par::with_threads(0).threads(), 1);
    }
}
