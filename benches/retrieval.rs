//! Retrieval: `cargo bench`. Ids name the sizes (m queries, k patterns, d entries); data have a fixed seed; throughput
//! counts fused multiply-adds of scores and readout, `2mkd` a step. Comparisons with others: `python benches/peers.py`.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use hopfield::Par;
use hopfield::modern::{Cue, ModernHopfield};
use hopfield::rng::Stream;
use ndarray::Array2;

/// Entries spread evenly over (−√3, √3): mean zero, variance one.
fn rows(seed: u64, rows: usize, columns: usize) -> Array2<f32> {
    let mut stream = Stream::new(seed, 0);
    Array2::from_shape_simple_fn((rows, columns), || {
        let even = stream.below(1 << 24) as f32 / (1 << 23) as f32 - 1.0;
        3.0_f32.sqrt() * even
    })
}

fn modern_step(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("modern step, softmax, f32");
    for (m, k, d) in [(1, 100_000, 64), (64, 10_000, 64)] {
        let beta = 1.0 / (d as f64).sqrt();
        let memory = ModernHopfield::new(rows(1, k, d), beta, Par::default()).expect("valid patterns");
        let queries = rows(2, m, d);
        group.throughput(Throughput::Elements(2 * (m * k * d) as u64));
        group.bench_function(format!("m={m} k={k} d={d}"), |bencher| {
            bencher.iter(|| memory.step(black_box(queries.view()), &Cue::default(), Par::default()));
        });
    }
    group.finish();
}

criterion_group!(benches, modern_step);
criterion_main!(benches);
