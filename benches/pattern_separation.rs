//! How far each pattern is from any other: `cargo bench --bench pattern_separation`.
//!
//! A table: medians of runs that alternate with the machine's ceiling. The first share counts the multiply-adds that are
//! made, `k²d / 2`, since each score serves both of its patterns; the second all that a product of the patterns with
//! themselves would take.

use std::hint::black_box;
use std::time::Instant;

use hopfield::modern::ModernHopfield;
use hopfield::rng::Stream;
use hopfield::{InstructionSet, Par, Real, machine, num_threads};
use ndarray::Array2;

/// Patterns and entries of each.
const SHAPES: [(usize, usize); 5] = [(1000, 64), (10_000, 64), (10_000, 784), (65_536, 64), (65_536, 256)];

fn memory<T: Real>(k: usize, d: usize) -> ModernHopfield<'static, T> {
    let mut stream = Stream::new(1, 0);
    let patterns =
        Array2::from_shape_simple_fn((k, d), || T::from_f64(stream.below(1 << 24) as f64 / f64::from(1 << 23) - 1.0));
    ModernHopfield::new(patterns, 1.0, Par::default()).expect("valid patterns")
}

fn median(mut seconds: Vec<f64>) -> f64 {
    seconds.sort_by(f64::total_cmp);
    seconds[seconds.len() / 2]
}

fn share<T: Real>((k, d): (usize, usize)) {
    let (memory, par) = (memory::<T>(k, d), Par::default());
    let (mut took, mut adds) = (Vec::new(), Vec::new());
    for _ in 0..if k > 20_000 { 3 } else { 9 } {
        let start = Instant::now();
        black_box(memory.pattern_separation(par).expect("not interrupted"));
        took.push(start.elapsed().as_secs_f64());
        adds.push(machine::multiply_adds_per_second::<T>(par).expect("not interrupted"));
    }
    let (took, adds) = (median(took), median(adds));
    let all = (k * k * d) as f64 / took / adds * 100.0;
    println!(
        "{:<8} {k:>7} {d:>5} {:>10.2} ms {:>7.1} % of {:>4.0} GFLOP/s {all:>7.1} % with both halves",
        T::NAME,
        took * 1e3,
        all / 2.0,
        2.0 * adds / 1e9,
    );
}

fn main() {
    // Cargo passes `--bench` when it benches, and not when it tests.
    if std::env::args().any(|argument| argument == "--bench") {
        println!("{} threads, {}: medians, and shares of the ceiling", num_threads(), InstructionSet::in_use().name());
        println!("{:<8} {:>7} {:>5}", "type", "k", "d");
        SHAPES.into_iter().for_each(share::<f32>);
        share::<f64>(SHAPES[1]);
    }
}
