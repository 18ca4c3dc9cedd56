//! Storing and recalling ±1 patterns: `cargo bench --bench recall`. Sizes are in the names; data have a fixed seed.
//! Wide networks take seconds to set up: `cargo bench --bench recall wide`.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use hopfield::classical::{
    ClassicalHopfield, ClassicalOptions, Order, Perceptron, PseudoInverse, Retrieve, Rule, Stop, Temperature, Update,
};
use hopfield::dense::{DenseAssociativeMemory, DenseOptions, Interaction};
use hopfield::rng::Stream;
use hopfield::{InstructionSet, Par};
use ndarray::{Array2, ArrayView2, s};
use std::hint::black_box;

fn signs(rows: usize, columns: usize) -> Array2<i8> {
    let mut stream = Stream::new(7, 0);
    Array2::from_shape_simple_fn((rows, columns), || if stream.coin() { 1 } else { -1 })
}

/// One neuron in `of` turned.
fn spoilt(patterns: ArrayView2<'_, i8>, of: u64) -> Array2<i8> {
    let mut stream = Stream::new(7, 1);
    patterns.mapv(|x| if stream.below(of) == 0 { -x } else { x })
}

fn store(c: &mut Criterion) {
    let mut group = c.benchmark_group("store");
    for (n, k) in [(784, 10), (10_000, 1000)] {
        let patterns = signs(k, n);
        group.throughput(Throughput::Elements((n * k) as u64));
        group.bench_function(BenchmarkId::new("int8", format!("n={n} k={k}")), |b| {
            b.iter(|| ClassicalHopfield::new(black_box(patterns.view())));
        });
    }
    group.finish();
}

fn recall(c: &mut Criterion) {
    let mut group = c.benchmark_group("recall");
    for (n, k) in [(784, 10), (10_000, 1000)] {
        let size = format!("n={n} k={k}");
        let patterns = signs(k, n);
        let net = ClassicalHopfield::new(patterns.view()).expect("patterns of ±1");
        let cues = spoilt(patterns.slice(s![..k.min(256), ..]), 10);
        for set in InstructionSet::ALL.into_iter().filter(|set| set.is_available()) {
            let net = net.clone().on(set);
            group.throughput(Throughput::Elements(1));
            group.bench_function(BenchmarkId::new(format!("one cue, {}", set.name()), &size), |b| {
                b.iter(|| net.retrieve(cues.slice(s![..1, ..]), &Retrieve::default(), Par::serial()));
            });
        }
        group.throughput(Throughput::Elements(cues.nrows() as u64));
        let stop = Stop { max_sweeps: 1, ..Default::default() };
        let step = Retrieve { update: Update::Synchronous, stop, ..Default::default() };
        for threads in [1, 2] {
            let id = |what: &str| BenchmarkId::new(format!("{} {what}, {threads} threads", cues.nrows()), &size);
            group.bench_function(id("cues"), |b| {
                b.iter(|| net.retrieve(cues.view(), &Retrieve::default(), Par::with_threads(threads)));
            });
            group.bench_function(id("synchronous steps"), |b| {
                b.iter(|| net.retrieve(cues.view(), &step, Par::with_threads(threads)));
            });
        }
    }
    group.finish();
}

/// Visits at a temperature, each of a neuron drawn at random.
fn visits(c: &mut Criterion) {
    let mut group = c.benchmark_group("visits");
    let (n, k, visits) = (10_000, 1000, 100_000);
    let patterns = signs(k, n);
    let net = ClassicalHopfield::new(patterns.view()).expect("patterns of ±1");
    let cue = spoilt(patterns.slice(s![..1, ..]), 10);
    let stop = Stop { max_updates: Some(visits), ..Default::default() };
    group.throughput(Throughput::Elements(visits));
    for temperature in [0.05, 0.3, 0.7] {
        let hot = Retrieve {
            update: Update::Asynchronous(Order::Random),
            temperature: Temperature::Constant(temperature),
            stop,
            ..Default::default()
        };
        group.bench_function(BenchmarkId::new(format!("T={temperature}"), format!("n={n} k={k}")), |b| {
            b.iter(|| net.retrieve(cue.view(), &hot, Par::serial()));
        });
    }
    group.finish();
}

/// A million neurons: what is stored no longer fits in caches.
fn wide(c: &mut Criterion) {
    let mut group = c.benchmark_group("wide");
    group.sample_size(10);
    let n = 1_000_000;
    for k in [200, 1000] {
        let size = format!("n={n} k={k}");
        let patterns = signs(k, n);
        group.throughput(Throughput::Elements((n * k) as u64));
        group.bench_function(BenchmarkId::new("store", &size), |b| {
            b.iter(|| ClassicalHopfield::new(black_box(patterns.view())));
        });
        let net = ClassicalHopfield::new(patterns.view()).expect("patterns of ±1");
        let cue = spoilt(patterns.slice(s![..1, ..]), 5);
        group.throughput(Throughput::Elements(1));
        group.bench_function(BenchmarkId::new("one cue, a fifth turned", &size), |b| {
            b.iter(|| net.retrieve(cue.view(), &Retrieve::default(), Par::default()));
        });
    }
    group.finish();
}

/// Every rule that forms weights: learning, and one cue.
fn rules(c: &mut Criterion) {
    let (n, k) = (1000, 100);
    let patterns = signs(k, n);
    let cues = spoilt(patterns.slice(s![..1, ..]), 10);
    let every = [
        ("storkey", Rule::Storkey),
        ("pseudo_inverse", Rule::PseudoInverse(PseudoInverse { implicit: Some(false), ..Default::default() })),
        ("pseudo_inverse, implicit", Rule::PseudoInverse(PseudoInverse::default())),
        ("perceptron", Rule::Perceptron(Perceptron::default())),
    ];
    let mut group = c.benchmark_group("rules");
    group.sample_size(10);
    for (name, rule) in every {
        let learn = || {
            let mut net = ClassicalHopfield::with(ClassicalOptions { rule, ..Default::default() })?;
            net.store(patterns.view(), Par::default()).map(|()| net)
        };
        group.bench_function(BenchmarkId::new(format!("{name} learns"), format!("n={n} k={k}")), |b| b.iter(learn));
        let net = learn().expect("independent patterns");
        group.bench_function(BenchmarkId::new(format!("{name}, one cue"), format!("n={n} k={k}")), |b| {
            b.iter(|| net.retrieve(cues.view(), &Retrieve::default(), Par::serial()));
        });
    }
    group.finish();
}

/// One asynchronous sweep of a dense memory, and the visits that look whether it ended in a fixed point.
fn dense(c: &mut Criterion) {
    let (n, k) = (1000, 100_000);
    let patterns = signs(k, n);
    let cue = {
        let mut stream = Stream::new(7, 3);
        patterns.slice(s![..1, ..]).mapv(|x| if stream.below(10) < 3 { -x } else { x })
    };
    let stop = Stop { max_sweeps: 1, ..Default::default() };
    let sweep = Retrieve { stop, ..Default::default() };
    // In an external field nothing is certified: every visit counts all overlaps.
    let field = Array2::from_elem((1, n), 1e-9);
    let in_full = Retrieve { field: Some(field.view()), ..sweep };
    let mut group = c.benchmark_group("dense, one sweep");
    group.sample_size(10);
    for (name, interaction, asked) in [
        ("exponential, signs certified", Interaction::Exponential, &sweep),
        ("exponential, visits in full", Interaction::Exponential, &in_full),
        ("cubic", Interaction::Polynomial(3), &sweep),
    ] {
        let mut net = DenseAssociativeMemory::with(DenseOptions { interaction, ..Default::default() }).expect("valid");
        net.store(patterns.view(), Par::default()).expect("patterns of ±1");
        group.bench_function(BenchmarkId::new(name, format!("n={n} k={k}")), |b| {
            b.iter(|| net.retrieve(cue.view(), asked, Par::serial()));
        });
    }
    group.finish();
}

criterion_group!(benches, store, recall, visits, rules, dense, wide);
criterion_main!(benches);
