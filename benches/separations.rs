//! Separations and similarities beside plain softmax: `cargo bench --bench separations`. Ids name the sizes (m queries, k
//! patterns, d entries) and the inverse temperature: `1/√d`, or the one that each memory is calibrated to; data have a fixed
//! seed.
//!
//! The table at the end (`-- --table` prints it alone, and with `--calibrated` its second half) gives the time of each over
//! that of softmax with dot at the same kind of β, medians of runs that alternate.

use std::hint::black_box;
use std::time::Instant;

use criterion::{Criterion, Throughput, criterion_group};
use hopfield::modern::{Cue, ModernHopfield, Separation, Similarity, calibrate};
use hopfield::rng::Stream;
use hopfield::{InstructionSet, Par, num_threads};
use ndarray::Array2;

const M: usize = 1024;
const K: usize = 10_000;
const D: usize = 128;
/// Runs of each in the table.
const ROUNDS: usize = 9;

/// What is measured, softmax with dot first.
const FAMILY: [(Separation, Similarity); 14] = [
    (Separation::Softmax, Similarity::Dot),
    (Separation::Softmax1 { null_score: None }, Similarity::Dot),
    (Separation::TopK { count: 8 }, Similarity::Dot),
    (Separation::Softmax, Similarity::Euclidean),
    (Separation::Softmax, Similarity::Cosine),
    (Separation::Sparsemax, Similarity::Dot),
    (Separation::Entmax { alpha: 1.5 }, Similarity::Dot),
    (Separation::Softmax, Similarity::Manhattan),
    (Separation::Entmax { alpha: 1.25 }, Similarity::Dot),
    (Separation::Max, Similarity::Dot),
    (Separation::Linear, Similarity::Dot),
    (Separation::Polynomial { degree: 3 }, Similarity::Dot),
    (Separation::Sparsemax, Similarity::Euclidean),
    (Separation::Epanechnikov { epsilon: 0.0 }, Similarity::Euclidean),
];

/// Entries spread evenly over (−√3, √3): mean zero, variance one.
fn rows(seed: u64, rows: usize, columns: usize) -> Array2<f32> {
    let mut stream = Stream::new(seed, 0);
    Array2::from_shape_simple_fn((rows, columns), || {
        let even = stream.below(1 << 24) as f64 / f64::from(1 << 23) - 1.0;
        (3.0_f64.sqrt() * even) as f32
    })
}

/// Patterns, and queries near some of them.
fn data() -> (Array2<f32>, Array2<f32>) {
    let patterns = rows(1, K, D);
    let mut queries = rows(2, M, D);
    for (query, mut row) in queries.rows_mut().into_iter().enumerate() {
        row.zip_mut_with(&patterns.row(query * 7 % K), |entry, &stored| *entry = stored + 0.5 * *entry);
    }
    (patterns, queries)
}

/// The memory under `1/√d`, or under the β it is calibrated to.
fn memory(
    patterns: &Array2<f32>,
    (separation, similarity): (Separation, Similarity),
    calibrated: bool,
) -> ModernHopfield<'_, f32> {
    let par = Par::default();
    let beta = if calibrated {
        calibrate(patterns.view(), separation, similarity, 1e-3, par).expect("separated patterns").beta
    } else {
        1.0 / (D as f64).sqrt()
    };
    let memory = ModernHopfield::new(patterns.view(), beta, par).expect("valid patterns");
    memory.with_separation(separation, similarity, par).expect("a pair that means something")
}

fn name((separation, similarity): (Separation, Similarity)) -> String {
    let parameter = match separation {
        Separation::Entmax { alpha } => format!("({alpha})"),
        Separation::TopK { count } => format!("({count})"),
        Separation::Polynomial { degree } => format!("({degree})"),
        _ => String::new(),
    };
    format!("{}{parameter} {}", separation.name(), similarity.name())
}

fn steps(criterion: &mut Criterion) {
    let (patterns, queries) = data();
    for (calibrated, beta) in [(false, "1/sqrt(d)"), (true, "calibrated")] {
        let mut group = criterion.benchmark_group(format!("modern step, m={M} k={K} d={D}, beta {beta}"));
        group.throughput(Throughput::Elements((2 * M * K * D) as u64));
        for pair in FAMILY {
            let memory = memory(&patterns, pair, calibrated);
            group.bench_function(name(pair), |bencher| {
                bencher.iter(|| memory.step(black_box(queries.view()), &Cue::default(), Par::default()));
            });
        }
        group.finish();
    }
}

fn median(mut seconds: Vec<f64>) -> f64 {
    seconds.sort_by(f64::total_cmp);
    seconds[seconds.len() / 2]
}

fn table() {
    let (patterns, queries) = data();
    for (calibrated, beta) in [(false, "1/sqrt(d)"), (true, "calibrated")] {
        if asked("--calibrated") && !calibrated {
            continue;
        }
        println!("\nm={M} k={K} d={D}, beta {beta}, {} threads, {}", num_threads(), InstructionSet::in_use().name());
        let memories: Vec<_> = FAMILY.iter().map(|&pair| memory(&patterns, pair, calibrated)).collect();
        let mut took = vec![Vec::new(); memories.len()];
        for round in 0..=ROUNDS {
            for (took, memory) in took.iter_mut().zip(&memories) {
                let start = Instant::now();
                black_box(memory.step(queries.view(), &Cue::default(), Par::default()).expect("valid queries"));
                // The first round warms up.
                if round > 0 {
                    took.push(start.elapsed().as_secs_f64());
                }
            }
        }
        let took: Vec<f64> = took.into_iter().map(median).collect();
        for ((pair, memory), seconds) in FAMILY.into_iter().zip(&memories).zip(&took) {
            let (name, beta) = (name(pair), memory.beta());
            println!("{name:<24} beta {beta:>9.4} {:>9.3} ms {:>6.2} x softmax dot", seconds * 1e3, seconds / took[0]);
        }
    }
}

/// Whether an option was given.
fn asked(option: &str) -> bool {
    std::env::args().any(|argument| argument == option)
}

criterion_group!(benches, steps);

fn main() {
    if !asked("--table") {
        benches();
        Criterion::default().configure_from_args().final_summary();
    }
    // Cargo passes `--bench` when it benches, and not when it tests.
    if asked("--bench") {
        table();
    }
}
