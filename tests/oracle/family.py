"""The modern network under any similarity and separation: weights, updates, energies, the calibrated beta.

A pattern ``x`` and a state ``q`` have the score ``x.q`` (dot; cosine is that of vectors of norm 1, to which both are
scaled first), ``-|x - q|^2 / 2`` (euclidean) or ``-sum |x - q|`` (manhattan). Entries that are not known take no
part. An update without any weight leaves the state. Energies: dot ``-Omega*/beta + q.q/2`` with constants
``Omega*(0)/beta + M^2/2``; cosine the same; euclidean ``-Omega*/beta`` with ``Omega*(0)/beta``.
"""

from __future__ import annotations

import math

from .modern import Mask, Matrix, Vector, dot, norm, quantile, readout, sampled
from .separations import Separation, conjugate, weights

#: The pairs whose updates never raise an energy.
ENERGIES = {
    "dot": ("softmax", "softmax1", "sparsemax", "entmax", "top_k", "max"),
    "cosine": ("softmax",),
    "euclidean": ("softmax", "sparsemax", "entmax", "epanechnikov"),
    "manhattan": (),
}


def unit(x: Vector) -> list[float]:
    """``x / |x|``."""
    largest = max(abs(entry) for entry in x)
    scaled = [entry / largest for entry in x]
    return [entry / norm(scaled) for entry in scaled]


def score(similarity: str, x: Vector, query: Vector, known: Mask = None) -> float:
    """How alike a pattern and a state are, by their known entries."""
    pairs = [(a, b) for j, (a, b) in enumerate(zip(x, query, strict=True)) if known is None or known[j]]
    if similarity in ("dot", "cosine"):
        return math.fsum(a * b for a, b in pairs)
    if similarity == "euclidean":
        return -math.fsum((a - b) ** 2 for a, b in pairs) / 2
    return -math.fsum(abs(a - b) for a, b in pairs)


def scores(similarity: str, patterns: Matrix, query: Vector, mask: Mask = None, known: Mask = None) -> list[float]:
    """Minus infinity for a pattern that takes no part."""
    return [
        score(similarity, x, query, known) if mask is None or mask[mu] else -math.inf for mu, x in enumerate(patterns)
    ]


def step(
    similarity: str,
    separation: Separation,
    patterns: Matrix,
    beta: float,
    query: Vector,
    *,
    values: Matrix | None = None,
    mask: Mask = None,
    known: Mask = None,
) -> list[float]:
    """The weighted mean of the patterns or values; cosine patterns and queries are of norm 1 already."""
    p = weights(separation, scores(similarity, patterns, query, mask, known), beta)
    if values is not None:
        return readout(values, p)
    allowed = mask is None or any(mask)
    if separation.name != "softmax1" and allowed and not any(p):
        return [value if known is None or known[j] else 0.0 for j, value in enumerate(query)]
    mean = readout(patterns, p)
    return unit(mean) if similarity == "cosine" and any(mean) else mean


def energy(
    similarity: str,
    separation: Separation,
    patterns: Matrix,
    beta: float,
    state: Vector,
    *,
    constants: bool = True,
) -> float:
    """NaN for a pair without one."""
    if separation.name not in ENERGIES[similarity]:
        return math.nan
    terms = [-conjugate(separation, scores(similarity, patterns, state), beta) / beta]
    if constants:
        # As many scores of zero; a null pattern has a zero of its own.
        zero = Separation("softmax1", 0.0) if separation.name == "softmax1" else separation
        terms.append(conjugate(zero, [0.0] * len(patterns), beta) / beta)
    if similarity in ("dot", "cosine"):
        terms.append(dot(state, state) / 2)
        if constants:
            terms.append(max(dot(x, x) for x in patterns) / 2)
    return math.inf if -math.inf in terms or math.inf in terms else math.fsum(terms)


def calibrate(similarity: str, separation: Separation, patterns: Matrix, *, error: float = 1e-3) -> float:
    """The beta at which patterns are retrieved; cosine patterns are of norm 1 already."""
    if separation.name in ("max", "linear", "polynomial"):
        return 1.0
    distinct: list[Vector] = []
    for x in patterns:
        if not any(list(x) == list(other) for other in distinct):
            distinct.append(x)
    if len(distinct) == 1:
        return 1.0
    gaps = [
        score(similarity, distinct[mu], distinct[mu])
        - max(score(similarity, distinct[mu], other) for nu, other in enumerate(distinct) if nu != mu)
        for mu in sampled(len(distinct))
    ]
    positive = [gap for gap in gaps if gap > 0]
    if not positive:
        raise ValueError("no pattern is separated from the others: no beta retrieves one")
    gap = quantile(gaps, 0.1)
    if gap <= 0:
        gap = quantile(positive, 0.1)
    if separation.name in ("sparsemax", "entmax"):
        return 1 / ((separation.alpha - 1) * gap)
    if separation.name == "epanechnikov":
        r = math.sqrt(2 * min(positive))
        return 2 / (r - r / 4) ** 2
    return math.log(2 * (len(patterns) - 1) / error) / gap
