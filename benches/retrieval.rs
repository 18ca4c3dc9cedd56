//! Retrieval: `cargo bench --bench retrieval`. Ids name the sizes (m queries, k patterns, d entries); data have a fixed
//! seed; throughput counts fused multiply-adds of scores and readout, `2mkd` a step.
//!
//! The table at the end puts each shape beside the machine's own ceilings, measured between the shape's runs: the share
//! of the multiply-adds it could make (the exponentials' time counts against us), and of the bytes it could read if each
//! pattern were read once. Another one puts patterns stored in fewer bits beside the same ones in float32. Comparisons
//! with other libraries: `python benches/peers.py`.

use std::hint::black_box;
use std::time::Instant;

use criterion::{Criterion, Throughput, criterion_group};
use hopfield::modern::{Cue, ModernHopfield, Storage};
use hopfield::rng::Stream;
use hopfield::{Finite, InstructionSet, Par, Real, machine, num_threads};
use ndarray::Array2;

/// What a shape shows: `(m, k, d)`.
type Shape = (usize, usize, usize);

/// Few queries: as fast as the memory is read.
const FEW: [Shape; 8] = [
    (1, 100, 16),
    (1, 1000, 784),
    (1, 10_000, 256),
    (1, 100_000, 64),
    (1, 100_000, 128),
    (1, 65_536, 768),
    (1, 1_000_000, 64),
    (4, 1_000_000, 64),
];
/// Between: no size slower than the next larger multiple of 16.
const BETWEEN: [Shape; 10] = [
    (2, 100_000, 64),
    (8, 100_000, 64),
    (12, 100_000, 64),
    (16, 100_000, 64),
    (24, 100_000, 64),
    (32, 100_000, 64),
    (48, 100_000, 64),
    (60, 100_000, 64),
    (64, 100_000, 64),
    (16, 1000, 784),
];
/// Many queries: as fast as the arithmetic allows.
const MANY: [Shape; 9] = [
    (1024, 10_000, 16),
    (1024, 10_000, 64),
    (1024, 10_000, 128),
    (1024, 10_000, 256),
    (4096, 4096, 64),
    (1000, 1000, 784),
    (256, 65_536, 768),
    (64, 8192, 4096),
    (4096, 100, 64),
];

/// What patterns are stored in where that is less than float32.
const STORAGES: [Storage; 3] = [Storage::Bfloat16, Storage::Float16, Storage::Int8];

/// Entries spread evenly over (−√3, √3): mean zero, variance one.
fn rows<T: Real>(seed: u64, rows: usize, columns: usize) -> Array2<T> {
    let mut stream = Stream::new(seed, 0);
    Array2::from_shape_simple_fn((rows, columns), || {
        let even = stream.below(1 << 24) as f64 / f64::from(1 << 23) - 1.0;
        T::from_f64(3.0_f64.sqrt() * even)
    })
}

/// A memory of random patterns and queries for it, at β = 1/√d.
fn problem<T: Real>((m, k, d): Shape) -> (ModernHopfield<'static, T>, Array2<T>) {
    let beta = 1.0 / (d as f64).sqrt();
    let memory = ModernHopfield::new(rows(1, k, d), beta, Par::default()).expect("valid patterns");
    (memory, rows(2, m, d))
}

fn group<T: Real>(criterion: &mut Criterion, name: &str, shapes: &[Shape]) {
    let mut group = criterion.benchmark_group(format!("modern step, {name}, {}", T::NAME));
    for &(m, k, d) in shapes {
        let (memory, queries) = problem::<T>((m, k, d));
        group.throughput(Throughput::Elements(2 * (m * k * d) as u64));
        group.bench_function(format!("m={m} k={k} d={d}"), |bencher| {
            bencher.iter(|| memory.step(black_box(queries.view()), &Cue::default(), Par::default()));
        });
    }
    group.finish();
}

fn single(criterion: &mut Criterion) {
    group::<f32>(criterion, "few", &FEW);
    group::<f32>(criterion, "between", &BETWEEN);
    group::<f32>(criterion, "many", &MANY);
}

fn double(criterion: &mut Criterion) {
    group::<f64>(criterion, "few", &FEW[4..5]);
    group::<f64>(criterion, "many", &MANY[1..4]);
}

fn median(mut seconds: Vec<f64>) -> f64 {
    seconds.sort_by(f64::total_cmp);
    seconds[seconds.len() / 2]
}

fn seconds(work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_secs_f64()
}

/// A line of the table: medians of runs that alternate with the ceilings'.
fn share<T: Real>(shape: Shape) {
    let ((memory, queries), par) = (problem::<T>(shape), Par::default());
    let (m, k, d) = shape;
    let patterns = memory.patterns().expect("not copied");
    let patterns = patterns.as_slice().expect("patterns are contiguous");
    let (mut took, mut adds, mut bytes) = (Vec::new(), Vec::new(), Vec::new());
    let rounds = (1e10 / (m * k * d) as f64).clamp(7.0, 101.0) as usize;
    let step = || {
        black_box(memory.step(queries.view(), &Cue::default(), par).expect("valid queries"));
    };
    step();
    for _ in 0..rounds {
        took.push(seconds(step));
        adds.push(machine::multiply_adds_per_second::<T>(par).expect("not interrupted"));
        bytes.push(machine::bytes_read_per_second(patterns, par).expect("not interrupted"));
    }
    let (took, adds, bytes) = (median(took), median(adds), median(bytes));
    let (of_adds, of_bytes) = (2.0 * (m * k * d) as f64 / took / adds, size_of_val(patterns) as f64 / took / bytes);
    println!(
        "{:<8} {m:>5} {k:>8} {d:>5} {:>10.3} ms {:>7.1} % of {:>5.0} GFLOP/s {:>7.1} % of {:>5.1} GB/s",
        T::NAME,
        took * 1e3,
        of_adds * 100.0,
        2.0 * adds / 1e9,
        of_bytes * 100.0,
        bytes / 1e9,
    );
}

/// A line for each storage type: medians of runs that alternate with those of the same memory in float32.
fn rate(shape @ (m, k, d): Shape) {
    let ((memory, queries), par) = (problem::<f32>(shape), Par::default());
    let mut memories = vec![("float32", memory)];
    for storage in STORAGES {
        let patterns = rows::<f32>(1, k, d);
        let rounded = ModernHopfield::rounded(patterns.view(), storage, memories[0].1.beta(), Finite::Check, par);
        memories.push((storage.name(), rounded.expect("valid patterns")));
    }
    let rounds = (1e10 / (m * k * d) as f64).clamp(7.0, 101.0) as usize;
    let mut took = vec![Vec::new(); memories.len()];
    for round in 0..=rounds {
        for (took, (_, memory)) in took.iter_mut().zip(&memories) {
            let seconds = seconds(|| {
                black_box(memory.step(queries.view(), &Cue::default(), par).expect("valid queries"));
            });
            // The first round warms up.
            if round > 0 {
                took.push(seconds);
            }
        }
    }
    let took: Vec<f64> = took.into_iter().map(median).collect();
    for ((name, _), &seconds) in memories.iter().zip(&took) {
        println!("{name:<8} {m:>5} {k:>8} {d:>5} {:>10.3} ms {:>7.2} x float32", seconds * 1e3, took[0] / seconds);
    }
}

fn table() {
    println!("\n{} threads, {}: medians, and shares of ceilings", num_threads(), InstructionSet::in_use().name());
    println!("{:<8} {:>5} {:>8} {:>5}", "type", "m", "k", "d");
    for shape in FEW.into_iter().chain(BETWEEN).chain(MANY) {
        share::<f32>(shape);
    }
    for shape in [FEW[6], MANY[1], MANY[2], MANY[3], MANY[6]] {
        share::<f64>(shape);
    }
}

fn storage_table() {
    println!("\nPatterns stored in fewer bits, {} threads, {}", num_threads(), InstructionSet::in_use().name());
    println!("{:<8} {:>5} {:>8} {:>5}", "type", "m", "k", "d");
    for shape in [FEW[6], FEW[7], FEW[4], FEW[5], BETWEEN[1], BETWEEN[3], MANY[1], MANY[6]] {
        rate(shape);
    }
}

criterion_group!(benches, single, double);

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let asked = |option: &str| arguments.iter().any(|argument| argument == option);
    // `-- --table` prints the table alone, `-- --storage` that of the storage types.
    if !asked("--table") && !asked("--storage") {
        benches();
        Criterion::default().configure_from_args().final_summary();
    }
    // Cargo passes `--bench` when it benches, and not when it tests.
    if asked("--bench") && !asked("--storage") {
        table();
    }
    if asked("--bench") && !asked("--table") {
        storage_table();
    }
}
