//! The modern network against the oracle's vectors, and what a user of the crate does with a memory.

use hopfield::modern::{
    Constants, Criterion, Cue, ModernHopfield, Separation, Similarity, Stop, Storage, attention, calibrate,
};
use hopfield::{Error, Finite, Par, Real};
use ndarray::{Array1, Array2, Array3, array};
use serde::Deserialize;

use crate::vectors::{near, read};

/// Roundings that a sum over a few hundred products may gather here, with room.
const UNITS: f64 = 400.0;

#[derive(Deserialize)]
struct Vectors {
    cases: Vec<Case>,
    calibrations: Vec<Calibrated>,
    attentions: Vec<Attended>,
}

type Rows = Vec<Vec<f64>>;

#[derive(Deserialize)]
struct Case {
    dtype: String,
    patterns: Rows,
    beta: f64,
    query: Vec<f64>,
    values: Option<Rows>,
    known: Option<Vec<bool>>,
    mask: Option<Vec<bool>>,
    max_steps: usize,
    tol: f64,
    criterion: String,
    clamp: bool,
    step: Vec<f64>,
    association: Vec<f64>,
    top: Top,
    query_energy: f64,
    query_energy_without_constants: f64,
    query_diagnosis: Diagnosed,
    result: Found,
}

#[derive(Deserialize)]
struct Top {
    weights: Vec<f64>,
    indices: Vec<i64>,
}

#[derive(Deserialize)]
struct Diagnosed {
    kind: String,
    size: usize,
    entropy: f64,
    participation: f64,
    ramsauer_class: String,
    patterns: Vec<usize>,
}

#[derive(Deserialize)]
struct Found {
    states: Vec<f64>,
    output: Vec<f64>,
    converged: bool,
    reason: String,
    n_steps: i64,
    energy: Option<f64>,
    pattern: i64,
    weight: f64,
}

#[derive(Deserialize)]
struct Calibrated {
    patterns: Rows,
    error: f64,
    beta: f64,
    lost: f64,
}

#[derive(Deserialize)]
struct Attended {
    queries: Rows,
    keys: Rows,
    values: Rows,
    beta: Option<f64>,
    mask: Option<Vec<Vec<bool>>>,
    output: Rows,
}

fn table<T: Clone>(rows: &[Vec<T>]) -> Array2<T> {
    let columns = rows.first().map_or(0, Vec::len);
    Array2::from_shape_vec((rows.len(), columns), rows.concat()).unwrap()
}

fn check<T: Real>(case: &Case) {
    let typed = |rows: &[Vec<f64>]| table(rows).mapv(T::from_f64);
    let par = Par::with_threads(2);
    let query = typed(std::slice::from_ref(&case.query));
    let flags = |flags: &Option<Vec<bool>>| flags.as_ref().map(|flags| table(std::slice::from_ref(flags)).into());
    let cue = Cue { mask: flags(&case.mask), known: flags(&case.known), clamp: case.clamp, finite: Finite::Check };
    let mut memory = ModernHopfield::new(typed(&case.patterns), case.beta, par).unwrap();
    if let Some(values) = &case.values {
        memory = memory.with_values(typed(values), Finite::Check, par).unwrap();
    }
    let largest = memory.largest_norm();
    let close =
        |found: f64, expected: f64| near(found, expected, UNITS, T::EPSILON, largest * largest * case.beta + 1.0);
    let all = |found: &Array1<T>, expected: &[f64]| {
        assert_eq!(found.len(), expected.len());
        found.iter().zip(expected).for_each(|(&found, &expected)| close(found.into(), expected));
    };

    all(&memory.step(query.view(), &cue, par).unwrap().row(0).to_owned(), &case.step);

    if case.known.is_none() && case.mask.is_none() {
        let energy = |constants| memory.energy(query.view(), constants, par).unwrap()[0];
        close(energy(Constants::Include), case.query_energy);
        close(energy(Constants::Drop), case.query_energy_without_constants);
        all(&memory.association(query.view(), par).unwrap().row(0).to_owned(), &case.association);
        let (weights, indices) = memory.association_top(query.view(), case.top.indices.len(), par).unwrap();
        assert_eq!(indices.row(0).to_vec(), case.top.indices);
        all(&weights.row(0).to_owned(), &case.top.weights);
        let diagnosis = &memory.diagnose(query.view(), par).unwrap()[0];
        let expected = &case.query_diagnosis;
        assert_eq!(diagnosis.kind.name(), expected.kind);
        assert_eq!((diagnosis.size, &diagnosis.patterns), (expected.size, &expected.patterns));
        assert_eq!(diagnosis.ramsauer_class.name(), expected.ramsauer_class);
        close(diagnosis.entropy, expected.entropy);
        close(diagnosis.participation, expected.participation);
    }

    let criterion: Criterion = case.criterion.parse().unwrap();
    let stop = Stop { max_steps: case.max_steps, tol: case.tol, criterion, trace: false };
    let found = memory.retrieve(query.view(), &cue, &stop, par).unwrap();
    let expected = &case.result;
    assert_eq!(found.reason[0].name(), expected.reason);
    assert_eq!((found.converged[0], found.n_steps[0]), (expected.converged, expected.n_steps));
    assert_eq!(found.pattern[0], expected.pattern);
    all(&found.states.row(0).to_owned(), &expected.states);
    all(&found.output.unwrap_or(found.states).row(0).to_owned(), &expected.output);
    close(found.energy[0], expected.energy.unwrap_or(f64::INFINITY));
    close(found.weight[0], expected.weight);
}

#[test]
fn every_vector_of_the_oracle_is_met() {
    let vectors: Vectors = read("modern");
    assert!(vectors.cases.len() >= 40);
    for case in &vectors.cases {
        match case.dtype.as_str() {
            "float32" => check::<f32>(case),
            _ => check::<f64>(case),
        }
    }
    for case in &vectors.calibrations {
        let found =
            calibrate(table(&case.patterns), Separation::Softmax, Similarity::Dot, case.error, Par::serial()).unwrap();
        near(found.beta, case.beta, UNITS, f64::EPSILON, 0.0);
        near(found.unretrievable, case.lost, UNITS, f64::EPSILON, 1.0);
    }
    for case in &vectors.attentions {
        let batch = |rows: &Rows| table(rows).insert_axis(ndarray::Axis(0));
        let mask: Option<Array3<bool>> = case.mask.as_ref().map(|mask| table(mask).insert_axis(ndarray::Axis(0)));
        let (queries, keys, values) = (batch(&case.queries), batch(&case.keys), batch(&case.values));
        let mask = mask.as_ref().map(|mask| mask.view());
        let found = attention(
            queries.view(),
            keys.view(),
            values.view(),
            case.beta,
            mask,
            Separation::Softmax,
            Par::with_threads(2),
        )
        .unwrap();
        let expected = batch(&case.output);
        assert_eq!(found.dim(), expected.dim());
        found.iter().zip(&expected).for_each(|(&found, &expected)| near(found, expected, UNITS, f64::EPSILON, 1.0));
    }
}

#[test]
fn adding_and_removing_give_the_memory_that_would_have_been_built() {
    let patterns = array![[1.0, 0.0, 0.5], [0.0, 1.0, 0.25], [-1.0, 0.5, 2.0]];
    let values = array![[1.0], [2.0], [3.0]];
    let par = Par::serial();
    let whole = ModernHopfield::new(patterns.view(), 2.0, par).unwrap();
    let whole = whole.with_values(values.view(), Finite::Check, par).unwrap();
    let first = ndarray::s![..1, ..];
    let grown = ModernHopfield::new(patterns.slice(first), 2.0, par)
        .and_then(|memory| memory.with_values(values.slice(first), Finite::Check, par))
        .and_then(|memory| {
            let rest = ndarray::s![1.., ..];
            memory.add(patterns.slice(rest), Some(values.slice(rest)), Finite::Check, par)
        })
        .unwrap();
    let query = array![[0.3, -0.2, 0.9]];
    let step = |memory: &ModernHopfield<f64>| memory.step(query.view(), &Cue::default(), par).unwrap();
    assert_eq!(step(&grown), step(&whole));
    let shrunk = grown.remove(&[1]).unwrap();
    assert_eq!(shrunk.patterns().unwrap(), patterns.select(ndarray::Axis(0), &[0, 2]));
    assert_eq!(shrunk.values().unwrap(), values.select(ndarray::Axis(0), &[0, 2]));
    assert!(matches!(grown.remove(&[3]), Err(Error::Index { value: 3, last: 2, .. })));
    assert!(matches!(grown.remove(&[0, 1, 2]), Err(Error::Options { .. })));
    assert!(matches!(grown.add(patterns.view(), None, Finite::Check, par), Err(Error::Options { .. })));
}

#[test]
fn bad_input_is_refused_with_its_place() {
    let par = Par::serial();
    let empty = Array2::<f64>::zeros((0, 3));
    assert!(matches!(ModernHopfield::new(empty, 1.0, par), Err(Error::NoPatterns { .. })));
    let broken = array![[1.0, 2.0], [f64::NAN, 1.0]];
    assert!(matches!(ModernHopfield::new(broken, 1.0, par), Err(Error::NotFinite { row: 1, column: 0, .. })));
    assert!(matches!(ModernHopfield::new(array![[1.0]], 0.0, par), Err(Error::Range { .. })));
    assert!(matches!(ModernHopfield::new(array![[1e20_f32]], 1.0, par), Err(Error::TooLong { .. })));
    let memory = ModernHopfield::new(array![[1.0, 0.0]], 1.0, par).unwrap();
    let wide = memory.step(array![[1.0, 2.0, 3.0]].view(), &Cue::default(), par);
    assert!(matches!(wide, Err(Error::Width { expected: 2, columns: 3, .. })));
    assert_eq!(memory.step(Array2::zeros((0, 2)).view(), &Cue::default(), par).unwrap().dim(), (0, 2));
}

#[test]
fn what_is_not_a_number_stays_with_its_own_query() {
    let par = Par::with_threads(2);
    let memory = ModernHopfield::new(array![[1.0, 0.0], [0.0, 1.0]], 5.0, par).unwrap();
    let cue = Cue { finite: Finite::Assume, ..Cue::default() };
    let found = memory.retrieve(array![[0.9, 0.1], [f64::NAN, 0.0]].view(), &cue, &Stop::default(), par).unwrap();
    assert_eq!(found.converged.to_vec(), [true, false]);
    assert_eq!(found.pattern.to_vec(), [0, -1]);
    assert!(found.states.row(1).iter().all(|entry| entry.is_nan()));
    assert!(found.energy[1].is_nan());
}

#[test]
fn a_memory_of_rounded_patterns_answers_as_one_of_what_it_keeps() {
    let mut stream = hopfield::rng::Stream::new(9, 0);
    let mut draw = |rows, columns| {
        Array2::from_shape_simple_fn((rows, columns), || stream.below(1 << 20) as f64 / f64::from(1 << 19) - 1.0)
    };
    let (patterns, more) = (draw(700, 20), draw(30, 20));
    let par = Par::with_threads(2);
    for storage in [Storage::Bfloat16, Storage::Float16, Storage::Int8] {
        answers_alike::<f32>(&patterns, &more, storage, par);
        answers_alike::<f64>(&patterns, &more, storage, par);
    }
    let large = array![[1.0, 2.0], [-7e4, 1.0]];
    let refused = ModernHopfield::<f32>::rounded(large.view(), Storage::Float16, 1e-9, Finite::Check, par);
    assert!(matches!(refused, Err(Error::TooLarge { row: 1, column: 0, .. })));
    assert!(ModernHopfield::<f32>::rounded(large.view(), Storage::Bfloat16, 1e-9, Finite::Check, par).is_ok());
}

fn answers_alike<T: Real>(patterns: &Array2<f64>, more: &Array2<f64>, storage: Storage, par: Par) {
    let typed = |rows: &Array2<f64>| rows.mapv(T::from_f64);
    let kept = ModernHopfield::<T>::rounded(patterns.view(), storage, 2.0, Finite::Check, par).unwrap();
    let grown = kept.add(typed(more).view(), None, Finite::Check, par).unwrap();
    let shrunk = grown.remove(&[3, 701]).unwrap();
    assert_eq!(shrunk.patterns().unwrap().dim(), (728, 20));
    for memory in [kept, grown, shrunk] {
        let plain = ModernHopfield::new(memory.patterns().unwrap(), 2.0, par).unwrap();
        for queries in [1, 5, 30].map(|count| typed(&patterns.slice(ndarray::s![..count, ..]).to_owned())) {
            let step = |memory: &ModernHopfield<T>| memory.step(queries.view(), &Cue::default(), par).unwrap();
            assert_eq!(step(&memory), step(&plain));
            let energy = |memory: &ModernHopfield<T>| memory.energy(queries.view(), Constants::Include, par).unwrap();
            assert_eq!(energy(&memory), energy(&plain));
        }
    }
}
