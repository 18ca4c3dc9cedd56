//! Rows of scores and their weights against the oracle's vectors.

use hopfield::modern::{Separation, Similarity};
use hopfield::{Error, Real};
use serde::Deserialize;

use crate::vectors::{near, read};

#[derive(Deserialize)]
struct Vectors {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    parameter: Option<f64>,
    beta: f64,
    scores: Vec<Option<f64>>,
    weights: Vec<f64>,
    conjugate: Option<f64>,
}

fn check<T: Real>(case: &Case) {
    let separation = Separation::named(&case.name, case.parameter).unwrap();
    assert_eq!(separation.name(), case.name);
    let scores: Vec<T> = case.scores.iter().map(|score| T::from_f64(score.unwrap_or(f64::NEG_INFINITY))).collect();
    let mut weights = vec![T::ZERO; scores.len()];
    let conjugate = separation.weights(&scores, case.beta, &mut weights);
    // Vectors have twelve figures; powers of 1 / (alpha - 1) multiply errors by that.
    let epsilon = T::EPSILON.max(1e-12);
    let steepness = case.parameter.filter(|_| case.name == "entmax").map_or(1.0, |alpha| 1.0 + 1.0 / (alpha - 1.0));
    for (&weight, &expected) in weights.iter().zip(&case.weights) {
        let weight: f64 = weight.into();
        assert!(expected != 0.0 || weight < 30.0 * epsilon, "{weight} where {} gives none", case.name);
        near(weight, expected, 60.0 * steepness, epsilon, 1.0);
    }
    match case.conjugate {
        Some(expected) => near(conjugate, expected, 60.0 * steepness, epsilon, 1.0),
        None => assert!(!conjugate.is_finite(), "{conjugate}"),
    }
}

#[test]
fn every_row_of_the_oracle_is_met() {
    let vectors: Vectors = read("separations");
    assert!(vectors.cases.len() >= 400);
    for case in &vectors.cases {
        check::<f64>(case);
        check::<f32>(case);
    }
}

#[test]
fn parameters_and_pairs_that_mean_nothing_are_refused() {
    for (name, parameter, argument) in [
        ("entmax", 1.0, "alpha"),
        ("entmax", f64::NAN, "alpha"),
        ("top_k", 0.0, "count"),
        ("polynomial", 0.0, "degree"),
        ("polynomial", 1e9, "degree"),
        ("epanechnikov", -1.0, "epsilon"),
        ("softmax1", f64::INFINITY, "null_score"),
    ] {
        let found = Separation::named(name, Some(parameter));
        assert!(matches!(found, Err(Error::Range { argument: found, .. }) if found == argument), "{found:?}");
    }
    assert!(matches!(Separation::named("softplus", None), Err(Error::UnknownName { .. })));
    for (separation, similarity) in [
        (Separation::Softmax1 { null_score: None }, Similarity::Euclidean),
        (Separation::Linear, Similarity::Manhattan),
        (Separation::Epanechnikov { epsilon: 0.0 }, Similarity::Dot),
    ] {
        assert!(matches!(separation.with(similarity), Err(Error::Pair { .. })));
    }
    assert!(Separation::Softmax1 { null_score: Some(-1.0) }.with(Similarity::Manhattan).is_ok());
}
