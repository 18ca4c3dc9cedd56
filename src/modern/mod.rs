//! The modern continuous network (Ramsauer et al. 2020, *Hopfield Networks is All You Need*).
//!
//! The state `ξ ∈ ℝᵈ` moves by `ξ' = Xᵀ softmax(β X ξ)`, which is attention with the patterns as keys and values, and
//! the energy `E(ξ) = −β⁻¹ ln Σ_μ e^{β x_μ·ξ} + ½ ξ·ξ + β⁻¹ ln k + ½ M²` never rises.
//!
//! Data flows `memory → retrieve → pass → kernel`: a *pass* walks all patterns once for a batch of queries, a
//! retrieval repeats passes until each query has settled.
//!
//! Not here: other similarities and separations, and gradients.

mod association;
mod attention;
pub(crate) mod calibrate;
mod diagnose;
mod memory;
pub(crate) mod pass;
mod retrieve;

pub use crate::input::rounded::Storage;
pub use attention::attention;
pub use calibrate::{Calibration, calibrate};
pub use diagnose::{Diagnosis, Kind, RamsauerClass};
pub use memory::{Constants, ModernHopfield};
pub use retrieve::{Criterion, Cue, Reason, Retrieval, Stop};
