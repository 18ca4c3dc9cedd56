//! The modern continuous network (Ramsauer et al. 2020, *Hopfield Networks is All You Need*).
//!
//! The state `ξ ∈ ℝᵈ` moves by `ξ' = Xᵀ softmax(β X ξ)`, which is attention with the patterns as keys and values, and
//! the energy `E(ξ) = −β⁻¹ ln Σ_μ e^{β x_μ·ξ} + ½ ξ·ξ + β⁻¹ ln k + ½ M²` never rises. Other [`Similarity`]s than the dot
//! product, and other ways of turning scores into weights than softmax ([`separation`] has them in a table), go
//! through the same functions; [`energy`] says which pairs descend one.
//!
//! Data flows `memory → retrieve → pass → kernel`: a *pass* walks all patterns once for a batch of queries, a
//! retrieval repeats passes until each query has settled. Separations that give weight to few patterns keep those on the
//! way (`sparse`), the others add all up.
//!
//! Not here: gradients.

mod association;
mod attention;
pub(crate) mod calibrate;
mod cut;
mod diagnose;
pub mod energy;
mod fixed_points;
mod kept;
mod mask;
pub(crate) mod memory;
mod novelty;
pub(crate) mod pass;
pub(crate) mod pattern_separation;
pub(crate) mod query_tiles;
mod retrieve;
pub mod separation;
mod shared;
pub(crate) mod similarity;
mod sparse;
mod team;
mod theory;
mod threshold;
mod weights;

pub use crate::input::rounded::Storage;
pub use attention::attention;
pub use calibrate::{Calibration, calibrate};
pub use diagnose::{Diagnosis, Kind, RamsauerClass};
pub use energy::Constants;
pub use fixed_points::{FixedPoints, Search};
pub use memory::ModernHopfield;
pub use retrieve::{Criterion, Cue, Reason, Retrieval, Stop};
pub use separation::Separation;
pub use similarity::Similarity;
pub use theory::Theory;
