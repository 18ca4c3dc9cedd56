//! Bounds, mean-field solutions and random problems against the oracle's vectors, which have 12 figures.

use hopfield::capacity::{self, Ensemble, MeanField, Recalled, Trial, mean_field};
use hopfield::{Error, Par};
use ndarray::Array2;
use serde::Deserialize;

use crate::vectors::{near, read};

/// Roundings of the last of 12 figures.
const UNITS: f64 = 10.0;
const FIGURES: f64 = 1e-12;

#[derive(Deserialize)]
struct Vectors {
    bounds: Vec<Bound>,
    ramsauer: Vec<Ramsauer>,
    mean_field: Vec<Solved>,
    trials: Vec<Drawn>,
}

#[derive(Deserialize)]
struct Bound {
    name: String,
    numbers: Vec<f64>,
    word: String,
    value: f64,
}

#[derive(Deserialize)]
struct Ramsauer {
    arguments: (u64, f64, f64, f64),
    bound: [f64; 5],
}

#[derive(Deserialize)]
struct Solved {
    alpha: f64,
    temperature: f64,
    solution: String,
    overlap: f64,
    error: f64,
    edwards_anderson: f64,
    noise: f64,
    susceptibility: f64,
    energy: f64,
}

#[derive(Deserialize)]
struct Drawn {
    seed: String,
    n: usize,
    k: usize,
    number: u64,
    retrieval: String,
    spins: Vec<Vec<i8>>,
    order: Vec<u32>,
    noise: Vec<f64>,
    gaussian: Vec<Vec<f64>>,
    spherical: Vec<Vec<f64>>,
}

fn value(bound: &Bound) -> hopfield::Result<f64> {
    let at = |i: usize| bound.numbers[i];
    let n = at(0) as u64;
    let recalled = || bound.word.parse::<Recalled>();
    match bound.name.as_str() {
        "mceliece" => capacity::mceliece(n, recalled()?),
        "stable_probability" => capacity::stable_probability(n, at(1), recalled()?),
        "one_step_error" => capacity::one_step_error(at(0)),
        "load_at_error" => capacity::load_at_error(at(0)),
        "first_step_overlap" => capacity::first_step_overlap(at(0), at(1)),
        "storkey" => capacity::storkey(n),
        "pseudo_inverse" => capacity::pseudo_inverse(n),
        "gardner" => capacity::gardner(at(0)),
        "krotov_hopfield" => capacity::krotov_hopfield(n, at(1) as u32, at(2)),
        "krotov_hopfield_load" => capacity::krotov_hopfield_load(n as u32, at(1)),
        "krotov_hopfield_error" => capacity::krotov_hopfield_error(n, at(1), at(2) as u32),
        "krotov_hopfield_error_free" => capacity::krotov_hopfield_error_free(n, at(1) as u32, recalled()?),
        "demircigil" => capacity::demircigil(n, at(1)),
        "demircigil_rate" => capacity::demircigil_rate(at(0)),
        "lucibello_mezard" => capacity::lucibello_mezard(at(0), bound.word.parse()?),
        other => panic!("no function {other}"),
    }
}

#[test]
fn every_vector_of_the_oracle_is_met() {
    let vectors: Vectors = read("capacity");
    assert!(vectors.bounds.len() >= 25 && vectors.ramsauer.len() >= 3 && vectors.mean_field.len() >= 12);
    for bound in &vectors.bounds {
        near(value(bound).unwrap(), bound.value, UNITS, FIGURES, 0.0);
    }
    for Ramsauer { arguments: (d, beta, radius, failure), bound } in &vectors.ramsauer {
        let found = capacity::ramsauer(*d, *beta, *radius, *failure).unwrap();
        for (found, expected) in [found.a, found.b, found.c, found.least_c, found.patterns].into_iter().zip(bound) {
            near(found, *expected, UNITS, FIGURES, 0.1);
        }
    }
    for case in &vectors.mean_field {
        let found = mean_field(case.alpha, case.temperature, case.solution.parse().unwrap()).unwrap();
        let MeanField { overlap, error, edwards_anderson, noise, susceptibility, energy, .. } = found;
        for (found, expected) in [
            (overlap, case.overlap),
            (error, case.error),
            (edwards_anderson, case.edwards_anderson),
            (noise, case.noise),
            (susceptibility, case.susceptibility),
            (energy, case.energy),
        ] {
            near(found, expected, UNITS, FIGURES, 0.1);
        }
    }
}

#[test]
fn trials_are_those_of_the_oracle() {
    let vectors: Vectors = read("capacity");
    for case in &vectors.trials {
        let trial = Trial { seed: case.seed.parse().unwrap(), n: case.n, k: case.k, number: case.number };
        let spins = trial.spins(Par::serial()).unwrap();
        assert_eq!(spins.patterns.iter().copied().collect::<Vec<_>>(), case.spins.concat());
        assert_eq!(spins.order.to_vec(), case.order);
        assert_eq!(spins.seed.to_string(), case.retrieval);
        let close = |found: &Array2<f64>, expected: &[Vec<f64>]| {
            assert_eq!(found.dim(), (case.k, case.n));
            found.iter().zip(expected.concat()).for_each(|(found, e)| near(*found, e, UNITS, FIGURES, 1.0));
        };
        let reals = trial.reals(Ensemble::Gaussian, Par::serial()).unwrap();
        close(&reals.patterns, &case.gaussian);
        assert_eq!(reals.seed, spins.seed);
        reals.noise.iter().zip(&case.noise).for_each(|(found, e)| near(*found, *e, UNITS, FIGURES, 1.0));
        close(&trial.reals(Ensemble::Spherical, Par::serial()).unwrap().patterns, &case.spherical);
    }
}

#[test]
fn bad_input_is_refused() {
    let said = |error: Error| error.to_string();
    let load = mean_field(20.0, 0.0, capacity::Solution::Retrieval).unwrap_err();
    assert_eq!(said(load), "`alpha` must be a load k/n, from 0 to 1; got 20");
    assert!(matches!(capacity::gardner(f64::NAN), Err(Error::Range { argument: "kappa", .. })));
    assert!(matches!(capacity::krotov_hopfield(10, 1, 0.1), Err(Error::Range { argument: "degree", .. })));
    assert!(matches!(capacity::critical_load(-1.0), Err(Error::Range { argument: "temperature", .. })));
    let empty = Trial { seed: 0, n: 5, k: 0, number: 0 };
    assert!(matches!(empty.spins(Par::serial()), Err(Error::Range { argument: "k", .. })));
    let huge = Trial { seed: 0, n: 1 << 20, k: 1 << 50, number: 0 };
    assert!(matches!(huge.spins(Par::serial()), Err(Error::OutOfMemory { .. })));
}
