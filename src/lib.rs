//! Hopfield networks, classical and modern.
pub mod classical;
pub mod error;
mod input;
mod kernel;
pub mod modern;
mod par;
#[cfg(feature = "python")]
mod python;
pub mod rng;

pub use error::{Error, Result};
pub use input::real::Finite;
pub use kernel::{InstructionSet, real::Real};
pub use par::{Observer, Par, num_threads, set_num_threads};
