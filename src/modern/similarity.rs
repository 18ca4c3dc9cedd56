//! How a state is compared with a pattern.

use crate::input::name::named;

named! {
    /// The score `s` of a pattern `x` for a state `ξ`.
    pub enum Similarity for "similarity" {
        /// `x·ξ`.
        Dot = "dot",
        /// `x·ξ` of unit vectors: stored patterns and states are kept at norm 1.
        Cosine = "cosine",
        /// `−½ ‖x − ξ‖²`: under softmax, weights of a Gaussian kernel.
        Euclidean = "euclidean",
        /// `−‖x − ξ‖₁`.
        Manhattan = "manhattan",
    }
}
