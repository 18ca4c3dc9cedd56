"""Neurons of 0 and 1."""

from __future__ import annotations

import itertools
from fractions import Fraction

from oracle import classical, sparse
from oracle.rng import Stream
from vectors.cases.drawing import Json, flipped


def sparse_case(number: int, n: int, k: int, activity: float, threshold: float | None, temperature: float) -> Json:
    """The covariance rule, and what is retrieved from a spoiled pattern; +1 stands for 1."""
    stream = Stream(34, number)
    patterns = [[1 if stream.unit() < 0.3 else -1 for _ in range(n)] for _ in range(k)]
    cue = flipped(stream, patterns[0], 2)
    a = Fraction(activity)
    weights = sparse.covariance(patterns, a)
    net = sparse.SparseHopfield(patterns, weights, threshold=0.5 - activity if threshold is None else threshold)
    found = classical.retrieve(net, cue, order="sequential", temperature=temperature or None, max_sweeps=5, seed=number)
    return {
        "activity": activity,
        "threshold": threshold,
        "temperature": temperature,
        "patterns": patterns,
        "weights": [[float(w) for w in row] for row in weights],
        "cue": cue,
        "cue_field": net.field(cue),
        "cue_overlap": sparse.overlaps(patterns, a, cue),
        "seed": number,
        "states": found.states,
        "reason": found.reason,
        "n_flips": found.n_flips,
        "energy": found.energy,
    }


def sparse_cases() -> list[Json]:
    """Sizes below and above a word; activities and thresholds for which no field comes near to 0; temperatures."""
    sizes = [(9, 2), (20, 6), (27, 70)]
    plans = itertools.product(sizes, [(0.3141, None), (0.3141, 0.1037), (0.1123, None), (0.7713, -0.2071)], [0.0, 0.2])
    return [sparse_case(number, n, k, *plan, cold) for number, ((n, k), plan, cold) in enumerate(plans)]
