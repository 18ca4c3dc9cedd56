"""How a row of scores becomes weights: the family of separations, each by its definition.

With ``z = beta s``: softmax; softmax with a null pattern (Miller 2023); the entmax family ``argmax p.z + H(p)`` with
Tsallis' entropy ``H(p) = sum (p - p^alpha) / (alpha (alpha - 1))`` (Peters, Niculae & Martins 2019, eqs. 8-10), of
which sparsemax is ``alpha = 2`` (Martins & Astudillo 2016); softmax over the largest scores; the largest score alone;
powers of the positive scores; and the uniform weights of Epanechnikov's kernel on a ball. A score of minus infinity
is that of a pattern that takes no part. Float64, every sum `math.fsum`.

The threshold of entmax is found by bisection whatever alpha is, so that it checks the exact ones too.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

Vector = Sequence[float]


@dataclass(frozen=True, slots=True)
class Separation:
    """A member of the family and its parameter, by the names of the library."""

    name: str
    #: alpha of entmax, count of top_k, degree of polynomial, null_score of softmax1, epsilon of epanechnikov.
    parameter: float = math.nan

    @property
    def alpha(self) -> float:
        """The exponent of Tsallis' entropy."""
        return 2.0 if self.name == "sparsemax" else self.parameter


def proportions(e: Vector) -> list[float]:
    """Each over the sum of all; zeros if that is zero."""
    total = math.fsum(e)
    return [value / total if total else 0.0 for value in e]


def exponentials(z: Vector, top: float) -> list[float]:
    """``exp(z - top)``."""
    return [math.exp(value - top) for value in z]


def threshold(z: Vector, alpha: float) -> float:
    """The ``tau`` with ``sum [(alpha - 1)(z - max z) - tau]_+^(1 / (alpha - 1)) = 1``, between -1 and 0."""
    top = max(z)
    u = [(alpha - 1) * (value - top) for value in z]
    low, high = -1.0, 0.0
    while True:
        middle = (low + high) / 2
        if middle in (low, high):
            return high
        if math.fsum((value - middle) ** (1 / (alpha - 1)) for value in u if value > middle) >= 1:
            low = middle
        else:
            high = middle


def entmax(z: Vector, alpha: float) -> list[float]:
    """``[(alpha - 1) z - tau]_+^(1 / (alpha - 1))``."""
    top = max(z)
    tau = threshold(z, alpha)
    u = [(alpha - 1) * (value - top) for value in z]
    return proportions([(value - tau) ** (1 / (alpha - 1)) if value > tau else 0.0 for value in u])


def entropy(p: Vector, alpha: float) -> float:
    """Tsallis' entropy."""
    return math.fsum(weight - weight**alpha for weight in p) / (alpha * (alpha - 1))


def largest(z: Vector, count: int) -> list[int]:
    """The places of the `count` largest, equal ones by their place; minus infinity is not among them."""
    order = sorted(range(len(z)), key=lambda mu: (-z[mu], mu))
    return [mu for mu in order[:count] if z[mu] > -math.inf]


def weights(separation: Separation, scores: Vector, beta: float) -> list[float]:
    """The weight of each score; zeros where nothing has any."""
    name, parameter = separation.name, separation.parameter
    z = [beta * s for s in scores]
    top = max(z, default=-math.inf)
    if top == -math.inf:
        return [0.0] * len(z)
    if name == "softmax":
        return proportions(exponentials(z, top))
    if name == "softmax1":
        return proportions(exponentials([*z, beta * parameter], max(top, beta * parameter)))[:-1]
    if name in ("sparsemax", "entmax"):
        return entmax(z, separation.alpha)
    if name == "top_k":
        chosen = largest(z, int(parameter))
        return proportions([math.exp(z[mu] - top) if mu in chosen else 0.0 for mu in range(len(z))])
    if name == "max":
        # Of scores, so that a small beta makes no ties.
        return proportions([float(s == max(scores)) for s in scores])
    if name in ("linear", "polynomial"):
        most = max(scores)
        degree = 1 if name == "linear" else int(parameter)
        return proportions([(s / most) ** degree if s > 0 else 0.0 for s in scores])
    if name == "epanechnikov":
        return proportions([float(value >= -1) for value in z])
    raise ValueError(name)


def conjugate(separation: Separation, scores: Vector, beta: float) -> float:
    """``Omega*(z)``, whose gradient the weights are; minus infinity without any, NaN where there is no energy."""
    name, parameter = separation.name, separation.parameter
    z = [beta * s for s in scores]
    top = max(z, default=-math.inf)
    if name == "softmax1":
        z.append(beta * parameter)
        top = max(z)
    if name in ("linear", "polynomial"):
        return math.nan
    if name == "epanechnikov":
        total = math.fsum([parameter, *(1 + value for value in z if value >= -1)])
        return math.log(total) if total > 0 else -math.inf
    if top == -math.inf:
        return -math.inf
    if name in ("softmax", "softmax1"):
        return top + math.log(math.fsum(exponentials(z, top)))
    if name == "top_k":
        return top + math.log(math.fsum(exponentials([z[mu] for mu in largest(z, int(parameter))], top)))
    if name == "max":
        return top
    p = weights(separation, scores, beta)
    inside = math.fsum(weight * (value - top) for weight, value in zip(p, z, strict=True) if weight > 0)
    return math.fsum([top, inside, entropy(p, separation.alpha)])
