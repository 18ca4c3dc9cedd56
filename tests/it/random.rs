//! The random streams are those of the oracle, word for word.

use hopfield::rng::Stream;
use serde::Deserialize;

use crate::vectors::read;

#[derive(Deserialize)]
struct Vectors {
    streams: Vec<Words>,
    below: Vec<Draws>,
    permutations: Vec<Permutation>,
}

#[derive(Deserialize)]
struct Words {
    seed: String,
    index: String,
    outputs: Vec<String>,
}

#[derive(Deserialize)]
struct Draws {
    seed: String,
    index: String,
    n: String,
    draws: Vec<String>,
    next: String,
}

#[derive(Deserialize)]
struct Permutation {
    seed: String,
    index: String,
    permutation: Vec<u32>,
}

fn number(text: &str) -> u64 {
    text.parse().unwrap()
}

#[test]
fn streams_draws_and_permutations_are_pinned() {
    let vectors: Vectors = read("rng");
    assert!(!vectors.streams.is_empty() && !vectors.below.is_empty() && !vectors.permutations.is_empty());
    for case in &vectors.streams {
        let mut stream = Stream::new(number(&case.seed), number(&case.index));
        for output in &case.outputs {
            assert_eq!(stream.next_u64(), number(output));
        }
    }
    for case in &vectors.below {
        let mut stream = Stream::new(number(&case.seed), number(&case.index));
        for draw in &case.draws {
            assert_eq!(stream.below(number(&case.n)), number(draw));
        }
        assert_eq!(stream.next_u64(), number(&case.next), "as many words were drawn");
    }
    for case in &vectors.permutations {
        let mut order: Vec<u32> = (0..).take(case.permutation.len()).collect();
        Stream::new(number(&case.seed), number(&case.index)).shuffle(&mut order);
        assert_eq!(order, case.permutation);
    }
}
