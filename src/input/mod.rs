//! Views that are valid by construction: the last place where data can be refused.
//!
//! Below this layer nothing fails for the data's sake.

pub(crate) mod name;
pub(crate) mod patterns;
pub(crate) mod real;
pub(crate) mod rounded;
pub(crate) mod spins;
