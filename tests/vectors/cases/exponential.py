"""The exponential."""

from __future__ import annotations

import math

from oracle import exponential
from oracle.rng import Stream
from vectors.cases.drawing import Json


def exponential_cases() -> list[Json]:
    """Arguments over the whole range of weights, and near those where the rounded exponent steps."""
    stream = Stream(2**31, 0)
    spread = [-708.0 * stream.unit() for _ in range(200)]
    small = [-(2.0 ** (-60.0 * stream.unit())) for _ in range(100)]
    steps = [-(n + 0.5) * math.log(2) * (1 + 1e-9 * (stream.unit() - 0.5)) for n in range(0, 1000, 10)]
    cases = []
    for x in (0.0, *spread, *small, *steps):
        nearest, rest = exponential.exp(x)
        cases.append({"x": x, "exp": nearest, "rest": rest})
    return cases
