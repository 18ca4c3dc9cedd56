//! Hopfield layers (Ramsauer et al. 2020), differentiable: what a state associates with stored patterns, for every head.
//!
//! ```text
//! q = LN(R) W_qᵀ + b_q      k = LN(Y) W_kᵀ + b_k      v = LN(V) W_vᵀ + b_v       one block of columns a head
//! q ← Σ p k,  p = softmax(β q kᵀ)                     until each state has settled, or as often as it may
//! output = activation([Σ p v of every head] W_oᵀ + b_o)
//! ```
//!
//! [`Layer::forward`] computes it; with a [`Tape`] it can be pulled back, to gradients of every parameter and input. Tiles
//! of weights are computed again on the way back: nothing of states × stored patterns is kept but what the caller asks for.
//!
//! Data flows `forward → way_in → space → association → kernel`, and back through `pull` and `gradient`.
//!
//! Not here: encoder and decoder layers around them, optimisers, and training loops.

mod association;
mod fit;
mod folded;
mod forward;
mod gradient;
mod hidden_state;
mod map;
mod masks;
mod matrix;
mod norm;
mod parameters;
mod projected;
mod pull;
mod space;
mod sparse;
mod way_in;

pub use forward::{Inputs, Layer, Outcome, Run};
pub use hidden_state::{HiddenStateLayer, HiddenStateTape, Mixing, Sizes, hidden_state_attention};
pub use masks::AssociationMask;
pub use norm::Normalization;
pub use parameters::{Activation, Kind, Linear, Parameters, Separation};
pub use pull::{Gradients, Tape};
pub use space::Through;
