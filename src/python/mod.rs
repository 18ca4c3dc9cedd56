//! The extension module `hopfield._core`: arrays in, arrays out, no arithmetic.
//!
//! Its classes and functions are private; the documented ones are the Python faces, which call it with arrays that are
//! aligned, contiguous and of one of the number types.

mod array;
mod binary;
mod capacity;
mod classical;
mod dense;
mod error;
mod family;
mod hidden_state;
mod layer;
mod machine;
mod modern;
mod network;
mod rounded;
mod run;
mod sparse;
mod store;
mod theory;

use pyo3::prelude::*;

#[pymodule]
mod _core {
    #[pymodule_export]
    use super::capacity::{
        critical_load, demircigil, demircigil_rate, first_step_overlap, gardner, globally_stable_load, krotov_hopfield,
        krotov_hopfield_error, krotov_hopfield_error_free, krotov_hopfield_load, load_at_error, lucibello_mezard,
        mceliece, mean_field, one_step_error, pseudo_inverse, ramsauer, real_trial, spin_trial, stable_probability,
        storkey,
    };
    #[pymodule_export]
    use super::classical::ClassicalHopfield;
    #[pymodule_export]
    use super::dense::DenseAssociativeMemory;
    #[pymodule_export]
    use super::family::{check_family, separation_facts};
    #[pymodule_export]
    use super::hidden_state::{HiddenTape, hidden_state_attention, hidden_state_layer};
    #[pymodule_export]
    use super::layer::{Layer, Tape};
    #[pymodule_export]
    use super::machine::{bytes_read_per_second, multiply_adds_per_second};
    #[pymodule_export]
    use super::modern::{ModernHopfield, attention, scale_to_unit};
    #[pymodule_export]
    use super::rounded::RoundedPatterns;
    #[pymodule_export]
    use super::sparse::SparseHopfield;
    #[pymodule_export]
    use super::{get_num_threads, instruction_set, instruction_sets, limit_threads, set_num_threads};

    #[pymodule_export]
    #[allow(non_upper_case_globals, reason = "the name that Python expects")]
    const __version__: &str = env!("CARGO_PKG_VERSION");
}

/// Sets the number of threads for calls that name none; 0 goes back to the default.
#[pyfunction]
fn set_num_threads(n_threads: usize) {
    crate::set_num_threads(n_threads);
}

/// The number of threads for calls that name none.
#[pyfunction]
fn get_num_threads() -> usize {
    crate::num_threads()
}

/// Limits the threads of the calling thread's calls, 0 for any number; returns the limit until now.
#[pyfunction]
fn limit_threads(n_threads: usize) -> usize {
    crate::par::limit_threads(n_threads)
}

/// The instruction set in use.
#[pyfunction]
fn instruction_set() -> &'static str {
    crate::InstructionSet::in_use().name()
}

/// The instruction sets that this processor has and kernels are compiled for.
#[pyfunction]
fn instruction_sets() -> Vec<&'static str> {
    let available = crate::InstructionSet::ALL.into_iter().filter(|set| set.is_available());
    available.map(crate::InstructionSet::name).collect()
}
