//! One binary for all integration tests of the crate, so that they link once.

// Vectors have the shape of their file, and the same bits are asked for where they are promised.
#![allow(clippy::float_cmp, clippy::struct_field_names, clippy::case_sensitive_file_extension_comparisons)]

mod capacity;
mod classical;
mod dense;
mod layering;
mod modern;
mod random;
mod rules;
mod separations;
mod sparse;
mod synchronous;
mod vectors;
