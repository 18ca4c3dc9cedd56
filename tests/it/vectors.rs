//! Test vectors that the plain-Python oracle wrote (`python tests/vectors/write.py`), and how near is near enough.

use serde::de::DeserializeOwned;

/// Reads `tests/vectors/{name}.json`.
pub(crate) fn read<T: DeserializeOwned>(name: &str) -> T {
    let path = format!("{}/tests/vectors/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Asserts that `found` is within `units` roundings of size `epsilon` of `expected`, relative to `scale` at least.
///
/// The derived bounds live with the Python tests; here a generous number of roundings tells a formula from a wrong one.
#[track_caller]
pub(crate) fn near(found: f64, expected: f64, units: f64, epsilon: f64, scale: f64) {
    let tolerance = units * epsilon * expected.abs().max(scale);
    assert!(found == expected || (found - expected).abs() <= tolerance, "{found} is not {expected} ± {tolerance:e}");
}
