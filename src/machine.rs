//! The speed that this machine has to offer, measured: what benches compare with.

use std::hint::black_box;
use std::time::{Duration, Instant};

use crate::error::Result;
use crate::kernel::Kernels;
use crate::kernel::real::Real;
use crate::par::{Par, Tickets};

/// Fused multiply-adds a second that `par`'s threads can make in `T` when nothing but arithmetic is asked for.
///
/// ```
/// use hopfield::{Par, machine};
/// let peak = machine::multiply_adds_per_second::<f32>(Par::serial())?;
/// assert!(peak > 0.0);
/// # Ok::<(), hopfield::Error>(())
/// ```
///
/// # Errors
/// Only [`crate::Error::Interrupted`].
pub fn multiply_adds_per_second<T: Real>(par: Par) -> Result<f64> {
    // Milliseconds of work: long beside the time that a second thread takes to wake up.
    const ROUNDS: usize = 2_000_000;
    let kernels = Kernels::<T>::in_use();
    let threads = par.threads();
    let took = on_all(par, threads, |_| {
        black_box(kernels.multiply_add(ROUNDS));
    })?;
    Ok((threads * ROUNDS * kernels.multiply_adds_per_round()) as f64 / took.as_secs_f64())
}

/// Bytes a second at which `par`'s threads can read `data`, once, each a part of it.
///
/// # Errors
/// Only [`crate::Error::Interrupted`].
pub fn bytes_read_per_second<T: Real>(data: &[T], par: Par) -> Result<f64> {
    let kernels = Kernels::<T>::in_use();
    let threads = par.threads();
    let parts: Vec<&[T]> = data.chunks(data.len().div_ceil(threads).max(1)).collect();
    let took = on_all(par, parts.len(), |part| {
        black_box(kernels.read_all(parts[part]));
    })?;
    Ok(size_of_val(data) as f64 / took.as_secs_f64())
}

/// The time that `count` pieces of `work` take on as many threads, each taking one.
fn on_all(par: Par, count: usize, work: impl Fn(usize) + Sync) -> Result<Duration> {
    let tickets = Tickets::default();
    let start = Instant::now();
    par.run(count, |_| {
        while let Some(piece) = tickets.take(count) {
            work(piece);
        }
        Ok(())
    })?;
    Ok(start.elapsed())
}
