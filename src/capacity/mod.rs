//! How much a network can hold: bounds and mean-field curves by the names of their authors, and the random problems that
//! scans measure against them.
//!
//! | what | functions |
//! |---|---|
//! | binary networks of pairwise weights | [`mceliece`], [`stable_probability`], [`one_step_error`], [`load_at_error`], [`first_step_overlap`], [`storkey`], [`pseudo_inverse`], [`gardner`] |
//! | Hebbian networks in mean field (Amit, Gutfreund & Sompolinsky) | [`mean_field`], [`critical_load`], [`globally_stable_load`] |
//! | dense binary networks | [`krotov_hopfield`], [`krotov_hopfield_load`], [`krotov_hopfield_error`], [`krotov_hopfield_error_free`], [`demircigil`], [`demircigil_rate`] |
//! | modern networks | [`ramsauer`], [`lucibello_mezard`] |
//! | random problems of a scan | [`Trial`] |
//!
//! A number of patterns beyond the range of `f64` comes out as infinity. Special functions are those of the `libm`
//! crate, so the values are the same on every machine.
//!
//! Not here: running the scans, which needs networks and is the Python face's work.

mod binary;
mod dense;
mod mean_field;
mod modern;
mod numerics;
mod trial;

pub use binary::{
    Recalled, first_step_overlap, gardner, load_at_error, mceliece, one_step_error, pseudo_inverse, stable_probability,
    storkey,
};
pub use dense::{
    demircigil, demircigil_rate, krotov_hopfield, krotov_hopfield_error, krotov_hopfield_error_free,
    krotov_hopfield_load,
};
pub use mean_field::{MeanField, Solution, critical_load, globally_stable_load, mean_field};
pub use modern::{Ensemble, RamsauerBound, lucibello_mezard, ramsauer};
pub use trial::{RealTrial, SpinTrial, Trial};

use crate::error::{Error, Result};

/// `value`, if it obeys the rule.
fn checked(argument: &'static str, value: f64, rule: &'static str, obeys: bool) -> Result<f64> {
    if obeys { Ok(value) } else { Err(Error::Range { argument, rule, value }) }
}

/// A load `k / n`. Numbers of patterns given by mistake are above 1.
fn load(alpha: f64) -> Result<f64> {
    checked("alpha", alpha, "a load k/n, from 0 to 1", (0.0..=1.0).contains(&alpha))
}

/// A number of neurons or of entries whose logarithm is not 0.
fn size(argument: &'static str, n: u64) -> Result<f64> {
    checked(argument, n as f64, "at least 2", n >= 2)
}

/// A positive real number.
fn positive(argument: &'static str, value: f64) -> Result<f64> {
    checked(argument, value, "positive and finite", value > 0.0 && value.is_finite())
}

/// A share of errors that a random guess would exceed.
fn error_share(error: f64) -> Result<f64> {
    checked("error", error, "above 0 and below 0.5", error > 0.0 && error < 0.5)
}
