//! Dense associative memories against the oracle's vectors, and themselves on other threads and instruction sets.

use hopfield::dense::{
    DenseAssociativeMemory, DenseOptions, Interaction, Known, Outcome, Reason, Report, Retrieve, Seeds, Stop,
    Temperature, Tie, Update,
};
use hopfield::rng::Stream;
use hopfield::{Error, InstructionSet, Par};
use ndarray::{Array1, Array2, Axis, array, s};
use serde::Deserialize;

use crate::vectors::{near, read};

#[derive(Deserialize)]
struct Vectors {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    interaction: String,
    degree: u32,
    tie: String,
    patterns: Vec<Vec<i8>>,
    cue: Vec<i8>,
    known: Vec<bool>,
    field: Option<Vec<f64>>,
    update: String,
    order: String,
    temperature: Option<Heat>,
    max_sweeps: u64,
    stop_at_memory: bool,
    target_energy: Option<f64>,
    clamp: bool,
    seed: u64,
    cue_field: Vec<Option<f64>>,
    cue_energy: Option<f64>,
    cue_is_fixed_point: bool,
    result: Answer,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Heat {
    Constant(f64),
    Schedule(Vec<f64>),
}

#[derive(Deserialize)]
struct Answer {
    states: Vec<i8>,
    is_fixed_point: bool,
    reason: String,
    n_sweeps: u64,
    n_updates: u64,
    n_flips: u64,
    energy: Option<f64>,
    outcome: String,
    pattern: i64,
    sign: i8,
    overlap: f64,
}

fn sets() -> impl Iterator<Item = InstructionSet> {
    InstructionSet::ALL.into_iter().filter(|set| set.is_available())
}

fn signs(rows: usize, columns: usize, seed: u64) -> Array2<i8> {
    let mut stream = Stream::new(seed, 0);
    Array2::from_shape_simple_fn((rows, columns), || if stream.coin() { 1 } else { -1 })
}

fn memory(interaction: Interaction, tie: Tie, patterns: &Array2<i8>) -> DenseAssociativeMemory {
    let mut net = DenseAssociativeMemory::with(DenseOptions { interaction, tie }).unwrap();
    net.store(patterns.view(), Par::default()).unwrap();
    net
}

/// Numbers of powers are exact, those of exponentials near; null is infinite.
fn agree(interaction: Interaction, found: f64, expected: Option<f64>) {
    match expected {
        Some(expected) if interaction == Interaction::Exponential => near(found, expected, 500.0, f64::EPSILON, 1.0),
        Some(expected) => assert_eq!(found.to_bits(), (0.0 + expected).to_bits()),
        None => assert!(found.is_infinite()),
    }
}

#[test]
fn every_vector_of_the_oracle_is_met() {
    let vectors: Vectors = read("dense");
    assert!(vectors.cases.len() > 30, "the vectors cover the options");
    for (number, case) in vectors.cases.iter().enumerate() {
        for set in sets() {
            meet(case, &format!("case {number} on {set:?}"), set);
        }
    }
}

fn meet(case: &Case, what: &str, set: InstructionSet) {
    let interaction = Interaction::from_name(&case.interaction, case.degree).unwrap();
    let row = |values: &[i8]| Array1::from_vec(values.to_vec()).insert_axis(Axis(0));
    let patterns = Array2::from_shape_vec((case.patterns.len(), case.cue.len()), case.patterns.concat()).unwrap();
    let net = memory(interaction, case.tie.parse().unwrap(), &patterns).on(set);
    let (cue, known) = (row(&case.cue), Array1::from_vec(case.known.clone()).insert_axis(Axis(0)));
    let field = case.field.clone().map(|field| Array1::from_vec(field).insert_axis(Axis(0)));
    let options = Retrieve {
        update: Update::from_names(&case.update, &case.order).unwrap(),
        temperature: match &case.temperature {
            None => Temperature::default(),
            Some(Heat::Constant(temperature)) => Temperature::Constant(*temperature),
            Some(Heat::Schedule(each)) => Temperature::Schedule(each),
        },
        field: field.as_ref().map(|field| field.view()),
        stop: Stop {
            max_sweeps: case.max_sweeps,
            stop_at_memory: case.stop_at_memory,
            target_energy: case.target_energy,
            ..Default::default()
        },
        known: Some(Known { mask: known.view(), clamp: case.clamp }),
        seeds: Seeds::Batch(case.seed),
        ..Default::default()
    };
    let answer = net.retrieve(cue.view(), &options, Par::serial()).unwrap();
    let (got, expected) = (&answer.recalls[0], &case.result);
    assert_eq!(answer.states.row(0).to_vec(), expected.states, "{what}");
    assert_eq!((got.reason.name(), got.outcome.name()), (&*expected.reason, &*expected.outcome), "{what}");
    assert_eq!(got.is_fixed_point, expected.is_fixed_point, "{what}");
    let counts = (got.n_sweeps, got.n_updates, got.n_flips);
    assert_eq!(counts, (expected.n_sweeps, expected.n_updates, expected.n_flips), "{what}");
    assert_eq!(got.pattern.map_or(-1, |mu| mu as i64), expected.pattern, "{what}");
    assert_eq!((got.sign, got.overlap.to_bits()), (expected.sign, expected.overlap.to_bits()), "{what}");
    agree(interaction, got.energy, expected.energy);
    agree(interaction, net.energy(cue.view(), Par::serial()).unwrap()[0], case.cue_energy);
    for (found, expected) in net.field(cue.view(), Par::serial()).unwrap().iter().zip(&case.cue_field) {
        agree(interaction, *found, *expected);
    }
    assert_eq!(net.is_fixed_point(cue.view(), Par::serial()).unwrap()[0], case.cue_is_fixed_point, "{what}");
}

#[test]
fn threads_batches_and_instruction_sets_change_nothing() {
    let patterns = signs(300, 200, 1);
    let mut stream = Stream::new(2, 1);
    let cues = patterns.slice(s![..9, ..]).mapv(|x| if stream.below(4) == 0 { -x } else { x });
    for interaction in [Interaction::default(), Interaction::Polynomial(9), Interaction::Exponential] {
        let net = memory(interaction, Tie::Random, &patterns);
        let seeds: Vec<u64> = (0..9).collect();
        let options = Retrieve { seeds: Seeds::Each(&seeds), ..Default::default() };
        let expected = net.retrieve(cues.view(), &options, Par::serial()).unwrap();
        for threads in [2, 3, 5, 8] {
            assert_eq!(net.retrieve(cues.view(), &options, Par::with_threads(threads)).unwrap(), expected);
        }
        for set in sets() {
            assert_eq!(
                net.clone().on(set).retrieve(cues.view(), &options, Par::serial()).unwrap(),
                expected,
                "{set:?}"
            );
        }
        for (cue, recall) in expected.recalls.iter().enumerate() {
            let alone = Retrieve { seeds: Seeds::Each(&seeds[cue..=cue]), ..Default::default() };
            let alone = net.retrieve(cues.slice(s![cue..=cue, ..]), &alone, Par::serial()).unwrap();
            assert_eq!((&alone.recalls[0], alone.states.row(0)), (recall, expected.states.row(cue)));
        }
    }
}

#[test]
fn many_more_patterns_than_neurons_come_back() {
    let patterns = signs(2000, 100, 3);
    let net = memory(Interaction::Exponential, Tie::Keep, &patterns);
    let mut stream = Stream::new(4, 1);
    let cues = patterns.mapv(|x| if stream.below(10) == 0 { -x } else { x });
    let report = Report { trace: true, ..Default::default() };
    let answer = net.retrieve(cues.view(), &Retrieve { report, ..Default::default() }, Par::default()).unwrap();
    let right = answer.recalls.iter().filter(|recall| recall.outcome == Outcome::Memory).count();
    assert!(right >= 1990, "{right} of 2000");
    assert!(answer.recalls.iter().all(|recall| recall.reason == Reason::FixedPoint));
}

#[test]
fn what_is_refused_is_refused_before_anything_changes() {
    let interaction = |interaction| DenseAssociativeMemory::with(DenseOptions { interaction, ..Default::default() });
    let refused = interaction(Interaction::Polynomial(0)).unwrap_err();
    assert_eq!(refused.to_string(), "`degree` must be from 1 to 1000; got 0");
    assert!(matches!(interaction(Interaction::Rectified(1001)), Err(Error::Range { argument: "degree", .. })));
    let mut net = DenseAssociativeMemory::new(array![[1, -1, 1]].view()).unwrap();
    let par = Par::default();
    assert!(matches!(net.store(array![[1, 1]].view(), par), Err(Error::Width { .. })));
    assert!(matches!(net.forget(array![[1, 1, 1]].view(), par), Err(Error::NotStored { row: 0 })));
    assert_eq!(net.patterns(par).unwrap(), array![[1, -1, 1]]);
    net.forget(array![[1, -1, 1]].view(), par).unwrap();
    assert_eq!(
        net.energy(array![[1, -1, 1]].view(), par).unwrap_err().to_string(),
        "the network stores no patterns yet: call `store` before asking it for an energy"
    );
}
