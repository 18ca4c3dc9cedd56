//! The network of 0 and 1 against the oracle's vectors, and on every instruction set and number of threads.

use hopfield::classical::{
    Bias, Order, Reason, Retrieve, Seeds, SparseHopfield, SparseOptions, Stop, Temperature, Update,
};
use hopfield::rng::Stream;
use hopfield::{InstructionSet, Par};
use ndarray::Array2;
use serde::Deserialize;

use crate::vectors::{near, read};

#[derive(Deserialize)]
struct Vectors {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    activity: f64,
    threshold: Option<f64>,
    temperature: f64,
    patterns: Vec<Vec<i8>>,
    weights: Vec<Vec<f64>>,
    cue: Vec<i8>,
    cue_field: Vec<f64>,
    cue_overlap: Vec<f64>,
    seed: u64,
    states: Vec<i8>,
    reason: String,
    n_flips: u64,
    energy: f64,
}

/// Which neurons of ±1 states are 1.
fn active(states: &[Vec<i8>]) -> Array2<bool> {
    let signs = Array2::from_shape_vec((states.len(), states[0].len()), states.concat()).unwrap();
    signs.mapv(|x| x > 0)
}

fn all_near<'a>(found: impl IntoIterator<Item = &'a f64>, expected: &[f64]) {
    let found: Vec<_> = found.into_iter().collect();
    assert_eq!(found.len(), expected.len());
    found.into_iter().zip(expected).for_each(|(found, expected)| near(*found, *expected, 1e3, f64::EPSILON, 1.0));
}

#[test]
fn it_answers_as_the_oracle_does() {
    let vectors: Vectors = read("sparse");
    assert!(vectors.cases.len() > 20, "the vectors cover the options");
    for case in &vectors.cases {
        let threshold = case.threshold.map(Bias::Same);
        let options = SparseOptions { activity: Some(case.activity), threshold, ..Default::default() };
        let mut net = SparseHopfield::with(options).unwrap();
        net.store(active(&case.patterns).view(), Par::serial()).unwrap();
        let cue = active(std::slice::from_ref(&case.cue));
        all_near(&net.weight_matrix(Par::serial()).unwrap(), &case.weights.concat());
        all_near(&net.field(cue.view(), Par::serial()).unwrap(), &case.cue_field);
        all_near(&net.overlap(cue.view(), Par::serial()).unwrap(), &case.cue_overlap);
        let options = Retrieve {
            update: Update::Asynchronous(Order::Sequential),
            temperature: Temperature::Constant(case.temperature),
            stop: Stop { max_sweeps: 5, ..Default::default() },
            seeds: Seeds::Batch(case.seed),
            ..Default::default()
        };
        let answer = net.retrieve(cue.view(), &options, Par::serial()).unwrap();
        let states: Vec<i8> = case.states.iter().map(|x| (*x).max(0)).collect();
        assert_eq!(answer.states.as_slice().unwrap(), states);
        let recall = &answer.recalls[0];
        assert_eq!((recall.reason.name(), recall.n_flips), (case.reason.as_str(), case.n_flips));
        near(recall.energy, case.energy, 1e3, f64::EPSILON, 1.0);
    }
    let ends: Vec<_> = vectors.cases.iter().map(|case| case.reason.as_str()).collect();
    assert!([Reason::FixedPoint, Reason::MaxSweeps].iter().all(|reason| ends.contains(&reason.name())), "{ends:?}");
}

#[test]
fn sets_and_threads_change_no_bit() {
    let mut stream = Stream::new(5, 0);
    let mut drawn = |rows| Array2::from_shape_simple_fn((rows, 300), || stream.unit() < 0.2);
    let (patterns, cues) = (drawn(70), drawn(9));
    let answers = |set, threads| {
        let par = Par::with_threads(threads);
        let mut net = SparseHopfield::default().on(set);
        net.store(patterns.view(), par).unwrap();
        let warm = Retrieve { temperature: Temperature::Schedule(&[0.2, 0.0]), ..Default::default() };
        let found = [Retrieve::default(), warm].map(|options| net.retrieve(cues.view(), &options, par).unwrap().states);
        (net.weight_matrix(par).unwrap(), net.field(cues.view(), par).unwrap(), found)
    };
    let first = answers(InstructionSet::Portable, 1);
    for set in InstructionSet::ALL.into_iter().filter(|set| set.is_available()) {
        for threads in [1, 2, 3, 5, 8] {
            assert_eq!(answers(set, threads), first, "on {set:?} with {threads} threads");
        }
    }
}
