//! Learning rules against the oracle's vectors, and on every instruction set and number of threads.

use hopfield::classical::{
    ClassicalHopfield, ClassicalOptions, Order, Perceptron, PseudoInverse, Report, Retrieve, Rule, Update,
};
use hopfield::rng::Stream;
use hopfield::{Error, InstructionSet, Par};
use ndarray::{Array2, array};
use serde::Deserialize;

use crate::vectors::{near, read};

#[derive(Deserialize)]
struct Vectors {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    rule: String,
    zero_diagonal: Option<bool>,
    margin: Option<f64>,
    symmetric: Option<bool>,
    max_epochs: Option<u32>,
    patterns: Vec<Vec<i8>>,
    weights: Vec<Vec<f64>>,
    n_epochs: Option<u32>,
    converged: bool,
    least_stability: f64,
    cue: Vec<i8>,
    states: Vec<i8>,
    reason: String,
}

impl Case {
    fn rule(&self, implicit: bool) -> Rule {
        match self.rule.parse().unwrap() {
            Rule::PseudoInverse(rule) => Rule::PseudoInverse(PseudoInverse {
                zero_diagonal: self.zero_diagonal.unwrap_or(rule.zero_diagonal),
                implicit: Some(implicit),
            }),
            Rule::Perceptron(rule) => Rule::Perceptron(Perceptron {
                margin: self.margin.unwrap_or(rule.margin),
                symmetric: self.symmetric.unwrap_or(rule.symmetric),
                max_epochs: self.max_epochs.unwrap_or(rule.max_epochs),
            }),
            rule => rule,
        }
    }
}

fn rows(values: &[Vec<i8>]) -> Array2<i8> {
    Array2::from_shape_vec((values.len(), values[0].len()), values.concat()).unwrap()
}

fn signs(rows: usize, columns: usize, seed: u64) -> Array2<i8> {
    let mut stream = Stream::new(seed, 0);
    Array2::from_shape_simple_fn((rows, columns), || if stream.coin() { 1 } else { -1 })
}

fn learnt(rule: Rule, patterns: &Array2<i8>, set: InstructionSet, par: Par<'_>) -> ClassicalHopfield {
    let mut net = ClassicalHopfield::with(ClassicalOptions { rule, ..Default::default() }).unwrap().on(set);
    net.store(patterns.view(), par).unwrap();
    net
}

#[test]
fn every_rule_learns_the_oracles_weights() {
    let vectors: Vectors = read("rules");
    assert!(vectors.cases.len() > 20, "the vectors cover the rules");
    for case in &vectors.cases {
        for implicit in [false, true] {
            let net = learnt(case.rule(implicit), &rows(&case.patterns), InstructionSet::in_use(), Par::serial());
            let weights = net.weight_matrix(Par::serial()).unwrap();
            for (found, expected) in weights.iter().zip(case.weights.concat()) {
                near(*found, expected, 1e4, f64::EPSILON, 1.0);
            }
            let learning = net.learning(Par::serial()).unwrap();
            assert_eq!((learning.n_epochs, learning.converged), (case.n_epochs, case.converged));
            near(learning.margin, case.least_stability, 1e6, f64::EPSILON, 1.0);
            let sequential = Retrieve { update: Update::Asynchronous(Order::Sequential), ..Default::default() };
            let cue = rows(std::slice::from_ref(&case.cue));
            let answer = net.retrieve(cue.view(), &sequential, Par::serial()).unwrap();
            assert_eq!(answer.states.as_slice().unwrap(), case.states);
            assert_eq!(answer.recalls[0].reason.name(), case.reason);
        }
    }
}

#[test]
fn sets_and_threads_change_no_bit() {
    let (patterns, cues) = (signs(30, 300, 1), signs(9, 300, 2));
    let every = [
        Rule::Storkey,
        Rule::PseudoInverse(PseudoInverse { implicit: Some(false), ..Default::default() }),
        Rule::PseudoInverse(PseudoInverse { zero_diagonal: false, implicit: Some(true) }),
        Rule::Perceptron(Perceptron::default()),
        Rule::Perceptron(Perceptron { margin: 0.5, symmetric: true, max_epochs: 5 }),
    ];
    for rule in every {
        let answers = |set, threads| {
            let par = Par::with_threads(threads);
            let net = learnt(rule, &patterns, set, par);
            let found = net.retrieve(cues.view(), &Retrieve::default(), par).unwrap();
            let fields = net.field(cues.view(), par).unwrap();
            (net.weight_matrix(par).unwrap(), fields, found.states, net.learning(par).unwrap())
        };
        let first = answers(InstructionSet::Portable, 1);
        for set in InstructionSet::ALL.into_iter().filter(|set| set.is_available()) {
            for threads in [1, 2, 3, 5, 8] {
                assert_eq!(answers(set, threads), first, "{rule:?} on {set:?} with {threads} threads");
            }
        }
    }
}

#[test]
fn what_a_rule_refuses_changes_nothing() {
    let set = InstructionSet::in_use();
    let patterns = array![[1, 1, 1, 1], [1, -1, 1, 1]];
    let mut net = learnt(Rule::PseudoInverse(PseudoInverse::default()), &patterns, set, Par::serial());
    let before = net.weight_matrix(Par::serial()).unwrap();
    let more = array![[1, 1, -1, 1], [-1, 1, -1, -1]];
    assert_eq!(net.store(more.view(), Par::serial()), Err(Error::Dependent { row: 1, n: 4 }));
    assert_eq!(net.weight_matrix(Par::serial()).unwrap(), before);

    let mut net = learnt(Rule::Storkey, &array![[1, -1, -1], [1, 1, 1]], set, Par::serial());
    let again = Array2::ones((500, 3));
    assert!(matches!(net.store(again.view(), Par::serial()), Err(Error::Diverged { rule: "storkey", .. })));
    assert_eq!(net.n_patterns(), 2);

    let net = learnt(Rule::Perceptron(Perceptron::default()), &patterns, set, Par::serial());
    let traced = Retrieve { report: Report { trace: true, ..Default::default() }, ..Default::default() };
    assert_eq!(net.energy(patterns.view(), Par::serial()), Err(Error::Asymmetric { wanted: "energy" }));
    assert_eq!(
        net.retrieve(patterns.view(), &traced, Par::serial()).map(drop),
        Err(Error::Asymmetric { wanted: "trace" })
    );
    assert!(net.retrieve(patterns.view(), &Retrieve::default(), Par::serial()).unwrap().recalls[0].energy.is_nan());
}
