//! Hopfield networks, classical and modern: associative memories that are exact, deterministic and fast.
//!
//! ```
//! use hopfield::{Par, modern::{Cue, ModernHopfield, Stop}};
//! use ndarray::array;
//!
//! let patterns = array![[1.0, -1.0, 1.0, -1.0], [1.0, 1.0, -1.0, -1.0]];
//! let memory = ModernHopfield::new(patterns, 8.0, Par::default())?;
//! let cue = array![[0.9, -0.8, 0.2, -1.1]];
//! let found = memory.retrieve(cue.view(), &Cue::default(), &Stop::default(), Par::default())?;
//! assert_eq!(found.pattern[0], 0);
//! # Ok::<(), hopfield::Error>(())
//! ```
//!
//! # The map
//!
//! Dependencies point down, and `tests/it/layering.rs` says so:
//!
//! | layer | what it knows |
//! |---|---|
//! | `python` (feature) | arrays and exceptions of Python; no arithmetic |
//! | [`layer`] | differentiable associations: what a network's layer computes, and its gradients |
//! | [`classical`], [`dense`], [`modern`], [`machine`] | networks: energies, updates, when to stop and why; what the machine offers |
//! | [`capacity`] | how much networks can hold: bounds, mean-field curves, random problems for scans |
//! | `binary` | what networks of ±1 neurons share: orders of visits, when to stop, what came out |
//! | `input` | rows that are valid by construction: the last place where data can be refused |
//! | `kernel` | slices, tiles and instructions; all `unsafe` code; the order of operations |
//! | [`error`], `par`, [`rng`] | refusals as data, threads, random streams |
//!
//! # What holds, and the test that holds it
//!
//! 1. The same bits for any number of threads, batch and instruction set with fused multiply-add:
//!    `modern::pass::tests::every_path_gives_the_same_bits_*`, `tests/test_modern_same_bits.py`,
//!    `tests/test_instruction_sets.py`.
//! 2. Every formula is that of the plain-Python oracle: `tests/it/{modern,classical,rules,dense}.rs` on its vectors,
//!    `tests/test_modern_*.py`, `tests/test_classical.py` and `tests/test_dense.py` on random problems.
//! 3. Parts merge in the order of their numbers: `par::tests::parts_merge_in_order_for_any_number_of_threads`.
//! 4. Random streams never change: `tests/it/random.rs`.
//! 5. Dependencies point down, `unsafe` stays in `kernel`: `tests/it/layering.rs`.
//!
//! Not here: optimisers, and anything on a GPU.

mod binary;
pub mod capacity;
pub mod classical;
pub mod dense;
pub mod error;
mod input;
mod kernel;
pub mod layer;
pub mod machine;
pub mod modern;
mod par;
#[cfg(feature = "python")]
mod python;
pub mod rng;

pub use error::{Error, Result};
pub use input::real::Finite;
pub use kernel::InstructionSet;
pub use kernel::real::Real;
pub use par::{Observer, Par, num_threads, set_num_threads};

/// The README's Rust blocks, run as doctests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
