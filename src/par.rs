//! Threads: how many, where they come from, how work is handed out and how results are put in order.
//!
//! Parallelism is an argument, and never changes a bit of the answer: work is cut by the data alone, workers take
//! numbered pieces from a counter, and [`Ordered`] merges the pieces in the order of their numbers, whoever finishes
//! first. The pool is private, so a program's own rayon pool is left alone, and it is built anew in a forked child,
//! where the parent's threads do not exist.
//!
//! The calling thread is worker 0 and does its share. Between pieces it also asks its [`Observer`] whether to stop,
//! which is how a Ctrl-C reaches a long retrieval; other workers only look at a flag.
//!
//! Not here: nested parallelism. Work that runs inside a worker runs on that worker alone.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::{Duration, Instant};

use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::error::{Error, Result};

/// Time between two looks at the observer: a fraction of the 50 ms within which an interrupt shall be honoured.
const OBSERVE_EVERY: Duration = Duration::from_millis(20);

/// Hears how far the work is and may stop it; called on the calling thread only.
pub trait Observer {
    /// `done` of the work's units are complete; `Break` ends the work with [`Error::Interrupted`].
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

    /// At most `threads` threads (0 counts as 1), the calling one included.
    #[must_use]
    pub fn with_threads(threads: usize) -> Self {
        Self { threads: Some(threads.max(1)), ..Self::default() }
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
        self.threads.unwrap_or_else(num_threads)
    }

    /// Runs `work` on up to `workers` threads at once and returns when all have; the first error stops the others.
    ///
    /// Each call of `work` takes its pieces from counters it shares with the others; with one worker, or when no
    /// thread can be had, the calling thread does it all.
    pub(crate) fn run(&self, workers: usize, work: impl Fn(&Watch) -> Result<()> + Sync) -> Result<()> {
        let state = State { done: AtomicUsize::new(self.done), ..State::default() };
        let caller = Watch { state: &state, observer: self.observer, last: Cell::new(Instant::now()) };
        let helpers = workers.min(self.threads()).saturating_sub(1);
        let Some(pool) = (helpers > 0).then(|| pool(helpers)).flatten() else {
            return work(&caller).and_then(|()| caller.check());
        };
        let failure = Mutex::new(None);
        let attempt = |watch: &Watch| {
            let _halt = HaltOnPanic(&state.stop);
            if let Err(error) = work(watch) {
                state.stop.store(true, Ordering::Relaxed);
                lock(&failure).get_or_insert(error);
            }
        };
        state.active.store(helpers, Ordering::Relaxed);
        let calling = std::thread::current();
        pool.in_place_scope(|scope| {
            for _ in 0..helpers {
                scope.spawn(|_| {
                    let _leave = Leave { active: &state.active, calling: &calling };
                    attempt(&Watch { state: &state, observer: None, last: Cell::new(Instant::now()) });
                });
            }
            attempt(&caller);
            caller.wait_for_others();
        });
        match failure.into_inner().unwrap_or_else(PoisonError::into_inner) {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }
}

impl Par<'_> {
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
}

/// A worker that panics must not leave the others waiting for its part.
struct HaltOnPanic<'a>(&'a AtomicBool);

impl Drop for HaltOnPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.store(true, Ordering::Relaxed);
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
    last: Cell<Instant>,
}

impl Watch<'_> {
    /// `Err(Interrupted)` when the work shall stop. Cheap enough for every tile and every few hundred visits.
    pub(crate) fn check(&self) -> Result<()> {
        if let Some(observer) = self.observer
            && self.last.get().elapsed() >= OBSERVE_EVERY
        {
            self.last.set(Instant::now());
            if observer.observe(self.state.done.load(Ordering::Relaxed)).is_break() {
                self.state.stop.store(true, Ordering::Relaxed);
            }
        }
        if self.state.stop.load(Ordering::Relaxed) { Err(Error::Interrupted) } else { Ok(()) }
    }

    /// Reports `units` more of the work as done.
    pub(crate) fn advance(&self, units: usize) {
        self.state.done.fetch_add(units, Ordering::Relaxed);
    }

    fn wait_for_others(&self) {
        let mut spins = 0;
        while self.state.active.load(Ordering::Acquire) > 0 {
            // The others are usually within microseconds of the end; parking at once would cost more than that.
            if spins < 200 {
                spins += 1;
                std::hint::spin_loop();
            } else {
                std::thread::park_timeout(OBSERVE_EVERY);
                // An interruption shows in the shared flag, which every worker reads; its error comes from them.
                let _ = self.check();
            }
        }
    }
}

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
        while number >= state.next + self.window {
            watch.check()?;
            let (guard, _) = self.advanced.wait_timeout(state, OBSERVE_EVERY).unwrap_or_else(PoisonError::into_inner);
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

/// A poisoned lock only says that another worker panicked, which reaches the caller by itself.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

// ---- how many threads -------------------------------------------------------------------------------------------

/// 0 until somebody asks or sets.
static NUM_THREADS: AtomicUsize = AtomicUsize::new(0);

/// Sets how many threads a call uses when it names no number itself; 0 goes back to the default.
///
/// The default is the environment variable `HOPFIELD_NUM_THREADS` if it holds a positive number, else one thread for
/// each processor that this process may use.
pub fn set_num_threads(threads: usize) {
    NUM_THREADS.store(threads, Ordering::Relaxed);
}

/// How many threads a call uses when it names no number itself.
#[must_use]
pub fn num_threads() -> usize {
    match NUM_THREADS.load(Ordering::Relaxed) {
        0 => {
            let threads = default_threads();
            NUM_THREADS.store(threads, Ordering::Relaxed);
            threads
        }
        threads => threads,
    }
}

fn default_threads() -> usize {
    std::env::var("HOPFIELD_NUM_THREADS")
        .ok()
        .and_then(|text| text.trim().parse().ok())
        .filter(|threads| *threads > 0)
        .unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from))
}

// ---- the pool ---------------------------------------------------------------------------------------------------

struct Pool {
    process: u32,
    size: usize,
    threads: Arc<ThreadPool>,
}

static POOL: Mutex<Option<Pool>> = Mutex::new(None);

/// A pool of at least `helpers` threads that live in this process, or none if it cannot be had.
fn pool(helpers: usize) -> Option<Arc<ThreadPool>> {
    let mut guard = match POOL.try_lock() {
        Ok(guard) => guard,
        Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
        // Held for a moment by a thread that starts its own call; or for ever, if that thread was lost in a fork.
        Err(TryLockError::WouldBlock) => {
            std::thread::sleep(Duration::from_millis(1));
            POOL.try_lock().ok()?
        }
    };
    let process = std::process::id();
    if let Some(pool) = guard.as_ref()
        && pool.process == process
        && pool.size >= helpers
    {
        return Some(Arc::clone(&pool.threads));
    }
    let size = helpers.max(num_threads().saturating_sub(1));
    let threads =
        ThreadPoolBuilder::new().num_threads(size).thread_name(|index| format!("hopfield-{index}")).build().ok()?;
    let threads = Arc::new(threads);
    let old = guard.replace(Pool { process, size, threads: Arc::clone(&threads) });
    if let Some(old) = old
        && old.process != process
    {
        // The parent's threads are not here: taking their pool down would wait for them.
        std::mem::forget(old);
    }
    Some(threads)
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
    fn the_first_error_comes_back() {
        let failed = Par::with_threads(2).run(2, |_| Err(Error::NotCalibratable));
        assert_eq!(failed, Err(Error::NotCalibratable));
    }
}
