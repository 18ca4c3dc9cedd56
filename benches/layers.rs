//! Layers: `cargo bench --bench layers`. Forward passes, and forward and backward together; sizes are in the names; data
//! have a fixed seed.

use criterion::{Criterion, criterion_group, criterion_main};
use hopfield::layer::{Inputs, Kind, Layer, Linear, Normalization, Parameters, Run, Through};
use hopfield::rng::Stream;
use hopfield::{InstructionSet, Par, num_threads};
use ndarray::Array3;

/// Entries spread evenly over (−√3, √3): mean zero, variance one.
fn draw(seed: u64, len: usize) -> Vec<f32> {
    let mut stream = Stream::new(seed, 0);
    (0..len).map(|_| (3.0_f64.sqrt() * (2.0 * stream.unit() - 1.0)) as f32).collect()
}

fn table(seed: u64, shape: (usize, usize, usize)) -> Array3<f32> {
    Array3::from_shape_vec(shape, draw(seed, shape.0 * shape.1 * shape.2)).expect("as many entries")
}

/// Projections of rows of `d` entries to `heads` heads of `width`, normalisations with gain and bias, as a layer has them.
fn parameters(d: usize, heads: usize, width: usize) -> Parameters<f32> {
    let linear = |seed: u64, outputs: usize, inputs: usize| {
        let weight = draw(seed, outputs * inputs).iter().map(|entry| entry / (inputs as f32).sqrt()).collect();
        Some(Linear { weight, bias: Some(vec![0.0; outputs]) })
    };
    let norm = || Normalization::Affine { epsilon: 1e-5, gain: vec![1.0; d], bias: vec![0.0; d] };
    Parameters {
        stored_norm: norm(),
        state_norm: norm(),
        projection_norm: norm(),
        space_norm: Normalization::Off,
        query: linear(1, heads * width, d),
        key: linear(2, heads * width, d),
        value: linear(3, heads * width, d),
        output: linear(4, d, heads * width),
    }
}

fn layer(heads: usize, width: usize, updates: usize, kind: Kind) -> Layer {
    Layer {
        heads,
        beta: vec![1.0 / (width as f64).sqrt(); heads],
        max_updates: vec![updates; heads],
        tolerance: vec![1e-4; heads],
        kind,
        ..Layer::plain(width)
    }
}

fn both(c: &mut Criterion, name: &str, layer: &Layer, state: &Array3<f32>, stored: &Array3<f32>) {
    let parameters = parameters(64, layer.heads, layer.hidden_size);
    let inputs = Inputs::new(state.view(), stored.view());
    let mut group = c.benchmark_group(name);
    group.bench_function("forward", |b| {
        b.iter(|| layer.forward(&parameters, &inputs, &Run::default(), Par::default()));
    });
    let run = Run { tape: Some(Through::Updates), ..Run::default() };
    group.bench_function("forward and backward", |b| {
        b.iter(|| {
            let (outcome, tape) = layer.forward(&parameters, &inputs, &run, Par::default()).expect("fitting shapes");
            tape.expect("a tape was asked for").pull(outcome.output.view(), Par::default())
        });
    });
    group.finish();
}

fn layers(c: &mut Criterion) {
    println!("{}, {} threads", InstructionSet::in_use().name(), num_threads());
    let lookup = layer(1, 64, 0, Kind::Lookup);
    both(c, "lookup of 256 states among 10 000, d = 64", &lookup, &table(5, (256, 1, 64)), &table(6, (1, 10_000, 64)));
    let pooling = layer(4, 32, 0, Kind::Pooling);
    both(c, "pooling of 32 × 1000, d = 64, 4 heads of 32", &pooling, &table(7, (1, 1, 64)), &table(8, (32, 1000, 64)));
    let association = layer(4, 32, 3, Kind::Association);
    let x = table(9, (8, 256, 64));
    both(c, "association of 8 × 256, d = 64, 4 heads of 32, 3 updates", &association, &x, &x);
}

criterion_group!(benches, layers);
criterion_main!(benches);
