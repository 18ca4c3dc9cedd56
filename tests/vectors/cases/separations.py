"""Separations."""

from __future__ import annotations

import itertools
import math

from oracle import separations
from oracle.rng import Stream
from vectors.cases.drawing import Json, eighths, finite, short

SEPARATIONS = (
    ("softmax", None),
    *(("softmax1", null) for null in (0.0, -1.25, 40.0)),
    ("sparsemax", None),
    *(("entmax", alpha) for alpha in (1.5, 2.0, 1.25, 3.0, 1.01)),
    *(("top_k", float(count)) for count in (1, 2, 5, 1000)),
    ("max", None),
    ("linear", None),
    *(("polynomial", float(degree)) for degree in (1, 2, 7)),
    *(("epanechnikov", epsilon) for epsilon in (0.0, 0.25)),
)


def separation_cases() -> list[Json]:
    """Rows with equal scores, masked ones (null) and none but those, at small and large beta."""
    stream = Stream(2**33, 0)
    rows = [[], [0.5], [1.5, 1.5, -2.0], eighths(stream, 40, 12), [6 * stream.unit() - 4 for _ in range(300)]]
    rows += [[-math.inf, -math.inf], [-0.25, -math.inf, -0.5, -0.25, 0.125, -math.inf]]
    cases = []
    for row, beta, (name, parameter) in itertools.product(rows, (0.03, 1.0, 9.0), SEPARATIONS):
        separation = separations.Separation(name, math.nan if parameter is None else parameter)
        conjugate = separations.conjugate(separation, row, beta)
        cases.append(
            {
                **{"name": name, "parameter": parameter, "beta": beta, "scores": [finite(s) for s in row]},
                "weights": [short(p) for p in separations.weights(separation, row, beta)],
                "conjugate": short(conjugate) if math.isfinite(conjugate) else None,
            }
        )
    return cases
