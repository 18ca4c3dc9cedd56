"""Streams of random numbers."""

from __future__ import annotations

from oracle.rng import Stream, mix
from vectors.cases.drawing import SEEDS, Json


def rng_vectors() -> Json:
    """Words, bounded draws, permutations, coins and units of pinned streams."""
    streams = [(seed, index) for seed in SEEDS for index in (0, 1, 1000)]
    bounds = (1, 2, 3, 10, 784, 2**32 + 1, 2**63 + 1, 2**64 - 1)

    def tag(seed: int, index: int) -> Json:
        return {"seed": str(seed), "index": str(index)}

    below = []
    permutations = []
    for seed, index in streams:
        for n in bounds:
            stream = Stream(seed, index)
            draws = [str(stream.below(n)) for _ in range(8)]
            # The word after the draws shows how many words the refusals took.
            below.append({**tag(seed, index), "n": str(n), "draws": draws, "next": str(stream.next())})
        stream = Stream(seed, index)
        permutations.append({**tag(seed, index), "permutation": stream.permutation(10)})

    def drawn(seed: int, index: int) -> Json:
        words, coins, units = Stream(seed, index), Stream(seed, index), Stream(seed, index)
        return {
            **tag(seed, index),
            "outputs": [str(words.next()) for _ in range(8)],
            "coins": [coins.coin() for _ in range(8)],
            "units": [units.unit() for _ in range(8)],
        }

    return {
        "mix": [{"input": str(z), "output": str(mix(z))} for z in SEEDS],
        "streams": [drawn(seed, index) for seed, index in streams],
        "below": below,
        "permutations": permutations,
    }
