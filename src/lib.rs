//! Hopfield networks, classical and modern.
pub mod classical;
pub mod error;
mod input;
pub mod kernel;
mod par;
pub mod rng;

pub use error::{Error, Result};
pub use par::{Observer, Par, num_threads, set_num_threads};
