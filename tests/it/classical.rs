//! The classical network against the oracle's vectors, its laws, and itself on other threads and instruction sets.

use hopfield::classical::{
    Bias, BinaryRetrieval, ClassicalHopfield, ClassicalOptions, Known, Mixture, Order, Outcome, Reason, Report,
    Retrieve, Rule, Seeds, Stop, Temperature, Tie, Update,
};
use hopfield::rng::Stream;
use hopfield::{Error, InstructionSet, Par};
use ndarray::{Array1, Array2, ArrayView2, Axis, array, s};
use serde::Deserialize;

#[derive(Deserialize)]
struct Vectors {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    patterns: Vec<Vec<i8>>,
    normalization: String,
    bias: Option<Vec<f64>>,
    tie: String,
    cue: Vec<f64>,
    known: Option<Vec<bool>>,
    field: Option<Vec<f64>>,
    update: String,
    order: Listed<String, i64>,
    temperature: Option<Listed<f64, f64>>,
    max_sweeps: u64,
    max_updates: Option<u64>,
    patience: Option<u64>,
    stop_at_memory: bool,
    target_energy: Option<f64>,
    target: Option<i64>,
    clamp: bool,
    near_overlap: f64,
    seed: String,
    index: String,
    cue_field: Option<Vec<f64>>,
    cue_energy: Option<f64>,
    cue_overlap: Option<Vec<f64>>,
    cue_hamming: Option<Vec<i64>>,
    cue_is_fixed_point: Option<bool>,
    result: Answer,
}

/// One for all, or each by itself.
#[derive(Deserialize)]
#[serde(untagged)]
enum Listed<T, U> {
    One(T),
    Each(Vec<U>),
}

#[derive(Deserialize)]
struct Answer {
    states: Vec<i8>,
    converged: bool,
    is_fixed_point: bool,
    reason: String,
    n_sweeps: u64,
    n_updates: u64,
    n_flips: u64,
    energy: f64,
    outcome: String,
    pattern: i64,
    sign: i8,
    mixture: Vec<usize>,
    mixture_signs: Vec<i8>,
    overlap: f64,
    hit: Option<bool>,
    trace: Option<Vec<f64>>,
}

fn rows(values: &[Vec<i8>]) -> Array2<i8> {
    let n = values.first().map_or(0, Vec::len);
    Array2::from_shape_vec((values.len(), n), values.concat()).unwrap()
}

fn sets() -> impl Iterator<Item = InstructionSet> {
    InstructionSet::ALL.into_iter().filter(|set| set.is_available())
}

fn signs(rows: usize, columns: usize, seed: u64) -> Array2<i8> {
    let mut stream = Stream::new(seed, 0);
    Array2::from_shape_simple_fn((rows, columns), || if stream.coin() { 1 } else { -1 })
}

/// Rows with about one neuron in `one_in` turned.
fn spoilt(patterns: ArrayView2<'_, i8>, one_in: u64, seed: u64) -> Array2<i8> {
    let mut stream = Stream::new(seed, 1);
    patterns.mapv(|x| if stream.below(one_in) == 0 { -x } else { x })
}

#[test]
fn every_vector_of_the_oracle_is_met_exactly() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/classical.json");
    let vectors: Vectors = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert!(vectors.cases.len() > 50, "the vectors cover the options");
    for (number, case) in vectors.cases.iter().enumerate() {
        for set in sets() {
            meet(case, number, set);
        }
    }
}

fn meet(case: &Case, number: usize, set: InstructionSet) {
    let options = ClassicalOptions {
        rule: Rule::Hebbian,
        normalization: case.normalization.parse().unwrap(),
        bias: case.bias.clone().map_or(Bias::None, Bias::Each),
        tie: case.tie.parse().unwrap(),
        ..Default::default()
    };
    let mut net = ClassicalHopfield::with(options).unwrap().on(set);
    net.store(rows(&case.patterns).view(), Par::serial()).unwrap();
    // What is unknown is not read: any value does.
    let cue = Array1::from_iter(case.cue.iter().map(|x| *x as i8)).insert_axis(Axis(0));
    let mask = case.known.clone().map(|known| Array1::from_vec(known).insert_axis(Axis(0)));
    let index: u64 = case.index.parse().unwrap();
    let seed = case.seed.parse().unwrap();
    let targets = case.target.map(|target| vec![target; index as usize + 1]);
    // Cue number `index` of a batch of equal ones has the stream (seed, index).
    let place = index as usize;
    assert!(place < 4096, "a batch of this size is reasonable");
    let cues = cue.broadcast((place + 1, cue.ncols())).unwrap();
    let field = case.field.clone().map(|field| Array1::from_vec(field).insert_axis(Axis(0)));
    let options = Retrieve {
        update: match &case.order {
            Listed::One(order) => Update::from_names(&case.update, order).unwrap(),
            Listed::Each(order) => Update::Listed(order),
        },
        temperature: match &case.temperature {
            None => Temperature::default(),
            Some(Listed::One(temperature)) => Temperature::Constant(*temperature),
            Some(Listed::Each(schedule)) => Temperature::Schedule(schedule),
        },
        field: field.as_ref().map(|field| field.view()),
        stop: Stop {
            max_sweeps: case.max_sweeps,
            max_updates: case.max_updates,
            patience: case.patience,
            stop_at_memory: case.stop_at_memory,
            target_energy: case.target_energy,
        },
        known: mask.as_ref().map(|mask| Known { mask: mask.view(), clamp: case.clamp }),
        seeds: Seeds::Batch(seed),
        report: Report { targets: targets.as_deref(), near_overlap: case.near_overlap, trace: true },
    };
    let answer = net.retrieve(cues, &options, Par::serial()).unwrap();
    let (got, expected) = (&answer.recalls[place], &case.result);
    let what = format!("case {number} on {set:?}");
    assert_eq!(answer.states.row(place).to_vec(), expected.states, "{what}");
    assert_eq!(got.reason.name(), expected.reason, "{what}");
    assert_eq!(got.converged(), expected.converged, "{what}");
    assert_eq!(got.is_fixed_point, expected.is_fixed_point, "{what}");
    let counts = (got.n_sweeps, got.n_updates, got.n_flips);
    assert_eq!(counts, (expected.n_sweeps, expected.n_updates, expected.n_flips), "{what}");
    assert_eq!(got.energy.to_bits(), expected.energy.to_bits(), "{what}");
    assert_eq!(got.outcome.name(), expected.outcome, "{what}");
    assert_eq!(got.pattern.map_or(-1, |mu| mu as i64), expected.pattern, "{what}");
    assert_eq!((got.sign, got.hit), (expected.sign, expected.hit), "{what}");
    let mixture: (Vec<_>, Vec<_>) = got.mixture.iter().flat_map(Mixture::terms).unzip();
    assert_eq!(mixture, (expected.mixture.clone(), expected.mixture_signs.clone()), "{what}");
    assert_eq!(got.overlap.to_bits(), expected.overlap.to_bits(), "{what}");
    if let Some(energies) = &expected.trace {
        let trace = answer.trace.unwrap();
        assert_eq!(trace.row(place).iter().filter(|e| !e.is_nan()).copied().collect::<Vec<_>>(), *energies, "{what}");
    }
    if let (Some(field), Some(energy)) = (&case.cue_field, case.cue_energy) {
        let cue = cue.view();
        assert_eq!(net.field(cue, Par::serial()).unwrap().row(0).to_vec(), *field, "{what}");
        assert_eq!(net.energy(cue, Par::serial()).unwrap()[0].to_bits(), energy.to_bits(), "{what}");
        assert_eq!(Some(net.overlap(cue, Par::serial()).unwrap().row(0).to_vec()), case.cue_overlap, "{what}");
        assert_eq!(Some(net.hamming(cue, Par::serial()).unwrap().row(0).to_vec()), case.cue_hamming, "{what}");
        assert_eq!(Some(net.is_fixed_point(cue, Par::serial()).unwrap()[0]), case.cue_is_fixed_point, "{what}");
    }
}

/// A retrieval with much to do: ties, unknown neurons, several words of patterns.
fn busy(net: &ClassicalHopfield, cues: ArrayView2<'_, i8>, first: usize, par: Par) -> BinaryRetrieval {
    let seeds: Vec<u64> = (first..first + cues.nrows()).map(|cue| 1000 + cue as u64).collect();
    let mask = Array2::from_shape_fn(cues.dim(), |(cue, i)| !(i + first + cue).is_multiple_of(5));
    let options = Retrieve {
        update: Update::Asynchronous(Order::Random),
        known: Some(Known { mask: mask.view(), clamp: false }),
        seeds: Seeds::Each(&seeds),
        stop: Stop { max_sweeps: 6, ..Default::default() },
        ..Default::default()
    };
    net.retrieve(cues, &options, par).unwrap()
}

#[test]
fn threads_batches_and_instruction_sets_change_nothing() {
    // Enough words of columns, 23 · 500 · 5, to wake threads.
    let patterns = signs(300, 500, 1);
    let cues = spoilt(patterns.slice(s![..23, ..]), 5, 2);
    let mut net = ClassicalHopfield::with(ClassicalOptions { tie: Tie::Random, ..Default::default() }).unwrap();
    net.store(patterns.view(), Par::default()).unwrap();
    let expected = busy(&net, cues.view(), 0, Par::serial());
    for threads in [2, 3, 5, 8] {
        assert_eq!(busy(&net, cues.view(), 0, Par::with_threads(threads)), expected, "{threads} threads");
    }
    for set in sets() {
        assert_eq!(busy(&net.clone().on(set), cues.view(), 0, Par::serial()), expected, "{set:?}");
    }
    for (cue, recall) in expected.recalls.iter().enumerate() {
        let alone = busy(&net, cues.slice(s![cue..=cue, ..]), cue, Par::serial());
        assert_eq!((alone.recalls[0], alone.states.row(0)), (*recall, expected.states.row(cue)), "cue {cue} alone");
    }
}

#[test]
fn asynchronous_energy_never_rises_and_ends_where_it_says() {
    let patterns = signs(40, 200, 3);
    let bias = Bias::Each((0..200).map(|i| f64::from(i % 7 - 3) / 10.0).collect());
    let mut net = ClassicalHopfield::with(ClassicalOptions { bias, ..Default::default() }).unwrap();
    net.store(patterns.view(), Par::default()).unwrap();
    let cues = signs(20, 200, 4);
    let options = Retrieve { report: Report { trace: true, ..Default::default() }, ..Default::default() };
    let answer = net.retrieve(cues.view(), &options, Par::default()).unwrap();
    for (energies, recall) in answer.trace.unwrap().rows().into_iter().zip(&answer.recalls) {
        let energies: Vec<f64> = energies.iter().copied().filter(|e| !e.is_nan()).collect();
        assert!(energies.is_sorted_by(|before, after| before >= after), "{energies:?}");
        assert_eq!(energies.last(), Some(&recall.energy));
        assert!(recall.converged() && recall.is_fixed_point);
    }
    assert!(net.is_fixed_point(answer.states.view(), Par::default()).unwrap().iter().all(|fixed| *fixed));
    let energies: Vec<f64> = answer.recalls.iter().map(|recall| recall.energy).collect();
    assert_eq!(net.energy(answer.states.view(), Par::default()).unwrap().to_vec(), energies);
}

#[test]
fn half_covered_patterns_come_back() {
    let (mut right, mut cues) = (0, 0);
    for network in 0..20 {
        let patterns = signs(10, 784, 100 + network);
        let net = ClassicalHopfield::new(patterns.view()).unwrap();
        let mut covered = patterns.clone();
        covered.slice_mut(s![.., 784 - 784 * 45 / 100..]).fill(-1);
        let targets: Vec<i64> = (0..10).collect();
        let options = Retrieve {
            update: Update::Asynchronous(Order::Random),
            seeds: Seeds::Batch(network),
            report: Report { targets: Some(&targets), ..Default::default() },
            ..Default::default()
        };
        let answer = net.retrieve(covered.view(), &options, Par::default()).unwrap();
        right += answer.recalls.iter().filter(|recall| recall.hit == Some(true)).count();
        cues += 10;
    }
    assert!(right * 100 >= cues * 99, "{right} of {cues}");
}

#[test]
fn what_is_stored_can_be_read_and_forgotten() {
    let patterns = signs(130, 70, 5);
    let mut net = ClassicalHopfield::new(patterns.slice(s![..100, ..])).unwrap();
    let shared = net.clone();
    net.store(patterns.slice(s![100.., ..]), Par::default()).unwrap();
    assert_eq!(net.patterns(Par::default()).unwrap(), patterns);
    assert_eq!(shared.n_patterns(), 100, "a clone keeps what it had");
    net.forget(patterns.slice(s![50..90;2, ..]), Par::default()).unwrap();
    let kept: Vec<usize> = (0..130).filter(|mu| !(50..90).contains(mu) || mu % 2 == 1).collect();
    assert_eq!(net.patterns(Par::default()).unwrap(), patterns.select(Axis(0), &kept));
    let expected = ClassicalHopfield::new(patterns.select(Axis(0), &kept).view()).unwrap();
    let weights = |net: &ClassicalHopfield| net.weight_matrix(Par::default()).unwrap();
    assert_eq!(weights(&net), weights(&expected));
}

#[test]
fn the_weight_matrix_agrees_with_the_field() {
    let patterns = signs(9, 33, 6);
    let net = ClassicalHopfield::new(patterns.view()).unwrap();
    let weights = net.weight_matrix(Par::default()).unwrap();
    let states = signs(4, 33, 7);
    let fields = net.field(states.view(), Par::default()).unwrap();
    let product = states.mapv(f64::from).dot(&weights);
    assert!(product.iter().zip(&fields).all(|(a, b)| (a - b).abs() < 1e-12));
    assert!(weights.diag().iter().all(|w| *w == 0.0));
    assert_eq!(weights, weights.t());
}

#[test]
fn two_states_that_follow_each_other_are_a_cycle() {
    let net = ClassicalHopfield::new(array![[1, 1]].view()).unwrap();
    let options = Retrieve { update: Update::Synchronous, ..Default::default() };
    let answer = net.retrieve(array![[1, -1]].view(), &options, Par::default()).unwrap();
    assert_eq!((answer.recalls[0].reason, answer.recalls[0].outcome), (Reason::Cycle, Outcome::Cycle));
}

#[test]
fn an_empty_batch_has_empty_answers() {
    let net = ClassicalHopfield::new(array![[1, -1, 1]].view()).unwrap();
    let none = Array2::<i8>::zeros((0, 3));
    let answer = net.retrieve(none.view(), &Retrieve::default(), Par::default()).unwrap();
    assert_eq!((answer.states.dim(), answer.recalls.len()), ((0, 3), 0));
    assert_eq!(net.energy(none.view(), Par::default()).unwrap().len(), 0);
    assert_eq!(net.overlap(none.view(), Par::default()).unwrap().dim(), (0, 1));
}

#[test]
fn what_is_refused_is_refused_before_anything_changes() {
    let mut net = ClassicalHopfield::new(array![[1, -1, 1]].view()).unwrap();
    let par = Par::default();
    let cue = array![[1, 1, 1]];
    let retrieve = |options: Retrieve| net.retrieve(cue.view(), &options, par).unwrap_err().to_string();
    let stop = |stop| Retrieve { stop, ..Default::default() };
    let report = |report| Retrieve { report, ..Default::default() };
    assert_eq!(retrieve(stop(Stop { max_sweeps: 0, ..Default::default() })), "`max_sweeps` must be at least 1; got 0");
    assert_eq!(
        retrieve(stop(Stop { patience: Some(0), ..Default::default() })),
        "`patience` must be at least 1; got 0"
    );
    assert_eq!(
        retrieve(stop(Stop { target_energy: Some(f64::NAN), ..Default::default() })),
        "`target_energy` must be a number; got NaN"
    );
    assert_eq!(
        retrieve(report(Report { near_overlap: 1.5, ..Default::default() })),
        "`near_overlap` must be above 0 and at most 1; got 1.5"
    );
    assert_eq!(
        retrieve(report(Report { targets: Some(&[1]), ..Default::default() })),
        "`targets` must hold indices of stored patterns, 0 to 0; got 1 at position 0"
    );
    assert_eq!(
        retrieve(Retrieve { seeds: Seeds::Each(&[1, 2]), ..Default::default() }),
        "`rng` must have shape (1,), one for each cue; got (2,)"
    );
    assert_eq!(
        net.retrieve(array![[1, 1]].view(), &Retrieve::default(), par).unwrap_err().to_string(),
        "`cues` must have 3 columns, as the stored patterns do; got shape (1, 2)"
    );
    assert_eq!(
        net.energy(array![[1, 0, 1]].view(), par).unwrap_err().to_string(),
        "`states` must hold only -1 and +1; got 0 at row 0, column 1 (for booleans or 0/1 use hopfield.spins)"
    );
    let before = net.patterns(par).unwrap();
    assert!(matches!(net.store(array![[1, 1]].view(), par), Err(Error::Width { .. })));
    assert!(matches!(net.store(Array2::zeros((0, 3)).view(), par), Err(Error::NoPatterns { .. })));
    assert!(matches!(net.store(array![[1, 2, 1]].view(), par), Err(Error::NotSpin { .. })));
    let twice = array![[1, -1, 1], [1, -1, 1]];
    assert_eq!(
        net.forget(twice.view(), par).unwrap_err().to_string(),
        "`patterns` must be stored to be forgotten; row 1 is not (or not as often as it was given)"
    );
    assert_eq!(net.patterns(par).unwrap(), before);
    assert_eq!(
        "up".parse::<Tie>().unwrap_err().to_string(),
        "`tie` must be one of 'keep', 'plus', 'minus', 'random'; got 'up'"
    );
    assert_eq!(
        "hebb".parse::<Rule>().unwrap_err().to_string(),
        "`rule` must be one of 'hebbian', 'storkey', 'pseudo_inverse', 'perceptron'; got 'hebb'"
    );
    let bias = Bias::Each(vec![0.0; 2]);
    let mut net = ClassicalHopfield::with(ClassicalOptions { bias, ..Default::default() }).unwrap();
    assert_eq!(
        net.store(before.view(), par).unwrap_err().to_string(),
        "`bias` or `threshold` must have shape (3,), one value for each neuron, or be one number; got (2,)"
    );
    assert_eq!(
        net.energy(before.view(), par).unwrap_err().to_string(),
        "the network stores no patterns yet: call `store` before asking it for an energy"
    );
}
