"""The modern continuous network: softmax separation, dot similarity.

Ramsauer et al., "Hopfield networks is all you need" (2020): energy eq. 2, update
eq. 3, separation of a pattern eq. 8, attention eq. 10. Float64 throughout; every sum
is `math.fsum`, so what is left of rounding is in the products, `exp` and `log`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

Vector = Sequence[float]
Matrix = Sequence[Sequence[float]]
Mask = Sequence[bool] | None

EPS_FLOAT32 = 2.0**-23
EPS_FLOAT64 = 2.0**-52
MASS = 0.90
SAMPLE = 1024
QUANTILE = 0.10


def dot(a: Vector, b: Vector) -> float:
    """``a . b``."""
    return math.fsum(x * y for x, y in zip(a, b, strict=True))


def norm(a: Vector) -> float:
    """The Euclidean length."""
    return math.sqrt(dot(a, a))


def scores(patterns: Matrix, query: Vector) -> list[float]:
    """``X xi``: one dot product a pattern."""
    return [dot(x, query) for x in patterns]


def lse(z: Vector) -> float:
    """``ln sum exp(z)``; minus infinity of nothing."""
    top = max(z, default=-math.inf)
    if top == -math.inf:
        return -math.inf
    return top + math.log(math.fsum(math.exp(value - top) for value in z))


def softmax(z: Vector) -> list[float]:
    """``exp(z) / sum exp(z)``; minus infinity weighs nothing, and all of them give zeros."""
    top = max(z, default=-math.inf)
    if top == -math.inf:
        return [0.0] * len(z)
    e = [math.exp(value - top) for value in z]
    total = math.fsum(e)
    return [value / total for value in e]


def exponents(patterns: Matrix, beta: float, query: Vector, mask: Mask = None) -> list[float]:
    """``beta X xi``, minus infinity at a pattern that takes no part."""
    z = [beta * s for s in scores(patterns, query)]
    if mask is None:
        return z
    return [value if takes_part else -math.inf for value, takes_part in zip(z, mask, strict=True)]


def association(patterns: Matrix, beta: float, query: Vector, mask: Mask = None) -> list[float]:
    """``p = softmax(beta X xi)``, the weight of each pattern."""
    return softmax(exponents(patterns, beta, query, mask))


def by_weight(z: Vector) -> list[int]:
    """The indices by decreasing z, equal ones by index."""
    return sorted(range(len(z)), key=lambda mu: (-z[mu], mu))


def top_association(patterns: Matrix, beta: float, query: Vector, top: int) -> tuple[list[float], list[int]]:
    """The `top` largest weights (of the full softmax) and their indices."""
    if not 1 <= top <= len(patterns):
        raise ValueError("top is between 1 and the number of patterns")
    z = exponents(patterns, beta, query)
    p = softmax(z)
    indices = by_weight(z)[:top]
    return [p[mu] for mu in indices], indices


def readout(rows: Matrix, p: Vector) -> list[float]:
    """``Rows^T p``."""
    return [dot([row[j] for row in rows], p) for j in range(len(rows[0]))]


def energy(patterns: Matrix, beta: float, state: Vector, *, constants: bool = True, mask: Mask = None) -> float:
    """``E = -lse(beta X xi)/beta + 1/2 xi.xi + ln(k)/beta + 1/2 M^2`` (eq. 2).

    k and M are those of the patterns that take part; without any, plus infinity.
    """
    taking_part = [x for mu, x in enumerate(patterns) if mask is None or mask[mu]]
    if not taking_part:
        return math.inf
    terms = [-lse(exponents(taking_part, beta, state)) / beta, dot(state, state) / 2]
    if constants:
        terms.append(math.log(len(taking_part)) / beta)
        terms.append(max(dot(x, x) for x in taking_part) / 2)
    return math.fsum(terms)


def completed(query: Vector, known: Mask) -> list[float]:
    """The query with 0 for its unknown entries, which are not read."""
    if known is None:
        return list(query)
    return [value if there else 0.0 for value, there in zip(query, known, strict=True)]


def step(
    patterns: Matrix,
    beta: float,
    query: Vector,
    *,
    values: Matrix | None = None,
    known: Mask = None,
    mask: Mask = None,
) -> list[float]:
    """``xi' = X^T softmax(beta X xi)`` (eq. 3), or ``V^T p`` with values."""
    p = association(patterns, beta, completed(query, known), mask)
    return readout(patterns if values is None else values, p)


@dataclass(frozen=True, slots=True)
class Retrieval:
    """The evidence for one query."""

    states: list[float]
    output: list[float]
    converged: bool
    reason: str
    n_steps: int
    residual: float
    energy: float
    pattern: int
    weight: float
    trace: list[float] | None


def retrieve(
    patterns: Matrix,
    beta: float,
    query: Vector,
    *,
    values: Matrix | None = None,
    max_steps: int = 1000,
    tol: float = 1e-6,
    criterion: str = "state",
    known: Mask = None,
    clamp: bool = False,
    mask: Mask = None,
    trace: bool = False,
    eps: float = EPS_FLOAT64,
) -> Retrieval:
    """Iterate eq. 3 with the patterns until a step moves less than `tol`.

    `eps` is the spacing of the dtype whose retrieval this specifies: a move below
    sixteen of them counts as none.
    """
    if max_steps < 1 or not tol >= 0 or criterion not in ("state", "association"):
        raise ValueError("max_steps >= 1, tol >= 0, a known criterion")
    if clamp and known is None:
        raise ValueError("clamp needs known")
    xi = completed(query, known)
    energies = [energy(patterns, beta, xi, mask=mask)]
    if mask is not None and not any(mask):
        return Retrieval(
            states=xi,
            output=xi if values is None else [0.0] * len(values[0]),
            converged=False,
            reason="masked",
            n_steps=0,
            residual=0.0,
            energy=math.inf,
            pattern=-1,
            weight=0.0,
            trace=energies if trace else None,
        )

    partial = known is not None and not all(known)
    reason = "max_steps"
    residual = math.nan
    n_steps = 0
    while n_steps < max_steps:
        moved = step(patterns, beta, xi, mask=mask)
        if clamp and known is not None:
            moved = [xi[j] if known[j] else moved[j] for j in range(len(xi))]
        if criterion == "state":
            residual = norm([a - b for a, b in zip(moved, xi, strict=True)])
            least = max(tol, 16 * eps * norm(moved))
        else:
            p = association(patterns, beta, xi, mask)
            p_moved = association(patterns, beta, moved, mask)
            residual = math.fsum(abs(a - b) for a, b in zip(p_moved, p, strict=True))
            least = max(tol, 16 * eps)
        xi = moved
        n_steps += 1
        energies.append(energy(patterns, beta, xi, mask=mask))
        # The first step of a partial cue gives its entries their first values.
        if residual <= least and not (partial and n_steps == 1):
            reason = "tolerance"
            break

    z = exponents(patterns, beta, xi, mask)
    p = softmax(z)
    best = by_weight(z)[0]
    return Retrieval(
        states=xi,
        output=xi if values is None else readout(values, p),
        converged=reason == "tolerance",
        reason=reason,
        n_steps=n_steps,
        residual=residual,
        energy=energies[-1],
        pattern=best,
        weight=p[best],
        trace=energies if trace else None,
    )


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What kind of state it is."""

    kind: str
    size: int
    entropy: float
    participation: float
    ramsauer_class: str
    patterns: list[int]


def diagnose(patterns: Matrix, beta: float, state: Vector) -> Diagnosis:
    """How many patterns hold 90 % of the weight, and which."""
    z = exponents(patterns, beta, state)
    p = softmax(z)
    order = by_weight(z)
    k = len(patterns)
    size = next(
        (s for s in range(1, k + 1) if math.fsum(p[mu] for mu in order[:s]) >= MASS),
        k,
    )
    if size == 1:
        kind = "pattern"
    elif 2 * size <= k:
        kind = "metastable"
    else:
        kind = "global"
    if 2 * size > k:
        ramsauer_class = "I"
    elif 8 * size > k:
        ramsauer_class = "II"
    elif 32 * size > k:
        ramsauer_class = "III"
    else:
        ramsauer_class = "IV"
    return Diagnosis(
        kind=kind,
        size=size,
        entropy=-math.fsum(w * math.log(w) for w in p if w > 0),
        participation=1 / math.fsum(w * w for w in p),
        ramsauer_class=ramsauer_class,
        patterns=[] if kind == "global" else order[:size],
    )


def attention(
    queries: Matrix,
    keys: Matrix,
    values: Matrix,
    *,
    beta: float | None = None,
    mask: Sequence[Sequence[bool]] | None = None,
) -> list[list[float]]:
    """``softmax(beta Q K^T) V``, beta = 1/sqrt(d) unless given (eq. 10)."""
    return [
        step(
            keys,
            1 / math.sqrt(len(query)) if beta is None else beta,
            query,
            values=values,
            mask=None if mask is None else mask[i],
        )
        for i, query in enumerate(queries)
    ]


def pattern_separation(patterns: Matrix) -> list[float]:
    """``Delta_mu = x_mu.x_mu - max_{nu != mu} x_mu.x_nu`` (eq. 8); infinite for k = 1."""
    return [
        dot(x, x)
        - max(
            (dot(x, other) for nu, other in enumerate(patterns) if nu != mu),
            default=-math.inf,
        )
        for mu, x in enumerate(patterns)
    ]


def quantile(data: Vector, q: float) -> float:
    """The q-quantile with linear interpolation (Hyndman & Fan 1996, type 7)."""
    ordered = sorted(data)
    place = (len(ordered) - 1) * q
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


@dataclass(frozen=True, slots=True)
class Calibration:
    """A calibrated beta; `separation` is Delta_q, `lost` the share that no beta retrieves."""

    beta: float
    separation: float
    lost: float


def calibrate(patterns: Matrix, *, error: float = 1e-3) -> Calibration:
    """``beta = ln(2 (k-1) / error) / Delta_q``, from eq. 8 and Theorem 5 of the paper.

    Delta_q is the 10 % quantile over the sampled distinct patterns (of the positive
    separations, where that quantile is not positive). One pattern: beta = 1.
    """
    if not 0 < error < 1:
        raise ValueError("error is between 0 and 1")
    distinct: list[Vector] = []
    for x in patterns:
        if not any(list(x) == list(other) for other in distinct):
            distinct.append(x)
    if not distinct:
        raise ValueError("no patterns")
    if len(distinct) == 1:
        return Calibration(beta=1.0, separation=math.inf, lost=0.0)
    separations = [
        dot(distinct[mu], distinct[mu]) - max(dot(distinct[mu], other) for nu, other in enumerate(distinct) if nu != mu)
        for mu in sampled(len(distinct))
    ]
    positive = [delta for delta in separations if delta > 0]
    if not positive:
        raise ValueError("no pattern is separated from the others: no beta retrieves one")
    delta_q = quantile(separations, QUANTILE)
    if delta_q <= 0:
        delta_q = quantile(positive, QUANTILE)
    return Calibration(
        beta=math.log(2 * (len(patterns) - 1) / error) / delta_q,
        separation=delta_q,
        lost=(len(separations) - len(positive)) / len(separations),
    )


def sampled(n_distinct: int) -> list[int]:
    """The positions, among the distinct patterns, whose separations are looked at."""
    if n_distinct <= SAMPLE:
        return list(range(n_distinct))
    return [i * n_distinct // SAMPLE for i in range(SAMPLE)]


def suggest_beta(patterns: Matrix, *, error: float = 1e-3) -> float:
    """The calibrated beta of these patterns."""
    return calibrate(patterns, error=error).beta
