//! One binary for all integration tests of the crate, so that they link once.

mod classical;
mod layering;
mod modern;
mod random;
mod vectors;
