//! Where threads come from: how many a call may have, and a private pool to borrow them from.

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, TryLockError};
use std::time::Duration;

use rayon::{Scope, ThreadPool, ThreadPoolBuilder};

/// More threads than retrieval has use for; a pool of thousands would spend the machine on waking and waiting.
pub(super) const MOST_THREADS: usize = 128;

/// Turns for which a thread looks out for the next call before it goes to sleep, some 20 µs: waking it takes 30. Longer
/// would take the processor from others.
const LINGER: usize = 1200;

/// 0 until somebody asks or sets.
static NUM_THREADS: AtomicUsize = AtomicUsize::new(0);

/// Sets how many threads a call uses when it names no number itself; 0 goes back to the default.
///
/// The default is the environment variable `HOPFIELD_NUM_THREADS` if it holds a positive number, else one thread for
/// each processor that this process may use; 128 at most.
pub fn set_num_threads(threads: usize) {
    NUM_THREADS.store(threads.min(MOST_THREADS), Ordering::Relaxed);
}

/// How many threads a call uses when it names no number itself.
#[must_use]
pub fn num_threads() -> usize {
    match NUM_THREADS.load(Ordering::Relaxed) {
        0 => {
            let threads = default_threads().min(MOST_THREADS);
            NUM_THREADS.store(threads, Ordering::Relaxed);
            threads
        }
        threads => threads,
    }
}

thread_local! {
    /// The most threads of a call that this thread makes; 0 for any number.
    static LIMIT: Cell<usize> = const { Cell::new(0) };
}

/// Limits the threads of all calls that this thread makes from now on, those that name a number included; 0 lifts the
/// limit. Returns the limit until now.
///
/// For a thread that is one of several at work: together they shall not have more threads than were asked for.
#[cfg(feature = "python")]
pub(crate) fn limit_threads(threads: usize) -> usize {
    LIMIT.replace(threads)
}

/// So many threads, or as many as this thread's calls may have.
pub(super) fn limited(threads: usize) -> usize {
    match LIMIT.get() {
        0 => threads,
        most => threads.min(most),
    }
}

fn default_threads() -> usize {
    std::env::var("HOPFIELD_NUM_THREADS")
        .ok()
        .and_then(|text| text.trim().parse().ok())
        .filter(|threads| *threads > 0)
        .unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from))
}

/// Threads of this process, and how many of them nobody has borrowed.
struct Pool {
    process: u32,
    size: usize,
    threads: ThreadPool,
    idle: AtomicUsize,
    /// Calls that have borrowed threads.
    calls: AtomicUsize,
}

static POOL: Mutex<Option<Arc<Pool>>> = Mutex::new(None);

/// Threads that are this call's alone until they are dropped.
///
/// A call only ever gets idle ones: it never waits behind another call, and a call made from within one, by its
/// observer, cannot wait for itself.
pub(super) struct Borrowed {
    pool: Arc<Pool>,
    count: usize,
}

impl Borrowed {
    /// Up to `most` threads, or none if all are busy or none can be had.
    pub(super) fn up_to(most: usize) -> Option<Self> {
        let pool = (most > 0).then(|| pool(most)).flatten()?;
        let take = |idle: usize| (idle > 0).then(|| idle - idle.min(most));
        let idle = pool.idle.fetch_update(Ordering::AcqRel, Ordering::Relaxed, take).ok()?;
        Some(Self { pool, count: idle.min(most) })
    }

    /// How many they are.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// Runs `work` on this thread, with a scope to spawn one job on each borrowed thread; returns when all have ended.
    pub(super) fn scope<'scope, R>(&self, work: impl FnOnce(&Scope<'scope>) -> R) -> R {
        self.pool.calls.fetch_add(1, Ordering::Release);
        self.pool.threads.in_place_scope(work)
    }

    /// Has the borrowed thread that asks for it stay awake for a moment after its job.
    pub(super) fn linger(&self) {
        let (pool, calls) = (Arc::clone(&self.pool), self.pool.calls.load(Ordering::Acquire));
        self.pool.threads.spawn(move || {
            let unchanged = || pool.calls.load(Ordering::Acquire) == calls;
            (0..LINGER).take_while(|_| unchanged()).for_each(|_| std::hint::spin_loop());
        });
    }
}

impl Drop for Borrowed {
    fn drop(&mut self) {
        self.pool.idle.fetch_add(self.count, Ordering::AcqRel);
    }
}

/// A pool of at least `helpers` threads that live in this process.
fn pool(helpers: usize) -> Option<Arc<Pool>> {
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
        return Some(Arc::clone(pool));
    }
    let threads =
        ThreadPoolBuilder::new().num_threads(helpers).thread_name(|index| format!("hopfield-{index}")).build().ok()?;
    let pool =
        Arc::new(Pool { process, size: helpers, threads, idle: AtomicUsize::new(helpers), calls: AtomicUsize::new(0) });
    let old = guard.replace(Arc::clone(&pool));
    if let Some(old) = old
        && old.process != process
    {
        // A pool's end takes locks that a thread of the parent may have held when the process was forked.
        std::mem::forget(old);
    }
    Some(pool)
}
