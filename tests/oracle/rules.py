"""Learning rules other than Hebb's, from their definitions, in exact numbers.

Storkey (PhD thesis, Imperial College, 1997); the pseudo-inverse after Personnaz, Guyon & Dreyfus (Phys. Rev. A 34,
1986) and, without its diagonal, Kanter & Sompolinsky (Phys. Rev. A 35, 1987); the perceptron with a margin after
Gardner (J. Phys. A 21, 1988), symmetric after Diederich & Opper (Phys. Rev. Lett. 58, 1987).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from oracle.hebbian import Bias, ClassicalHopfield, entry

Matrix = list[list[Fraction]]
Patterns = Sequence[Sequence[int]]


class Weighted(ClassicalHopfield):
    """A network of given weights, whatever the patterns are; ``W_ii`` need not be 0."""

    def __init__(
        self,
        patterns: Patterns,
        weights: Sequence[Sequence[float | Fraction]],
        *,
        bias: Bias = None,
        threshold: Bias = None,
        tie: str = "keep",
    ) -> None:
        super().__init__(patterns, bias=bias, threshold=threshold, tie=tie)
        self.weights: Matrix = [[Fraction(w) for w in row] for row in weights]
        self.is_symmetric = all(self.weights[i][j] == self.weights[j][i] for i in range(self.n) for j in range(self.n))

    def local_field(self, x: Sequence[int], i: int) -> Fraction:
        """``h_i = sum_j W_ij x_j + b_i``."""
        return sum((w * x_j for w, x_j in zip(self.weights[i], x, strict=True)), self.bias(i))

    def exact_energy(self, x: Sequence[int]) -> Fraction:
        """``E = -1/2 xT W x - bT x``."""
        pairs = sum((x[i] * (self.local_field(x, i) - self.bias(i)) for i in range(self.n)), Fraction(0))
        return -pairs / 2 - sum((self.bias(i) * x[i] for i in range(self.n)), Fraction(0))

    def energy(self, x: Sequence[int]) -> float:
        """E, rounded once; NaN of weights that are not symmetric, which have none."""
        return float(self.exact_energy(x)) if self.is_symmetric else math.nan


def storkey(patterns: Patterns, before: Matrix | None = None) -> Matrix:
    """``W_ij += (xi_i xi_j - xi_i h_ji - h_ij xi_j) / n``, pattern by pattern, all from the weights before it.

    ``h_ij = sum_{l != i, j} W_il xi_l``; ``W_ii = 0``.
    """
    n = len(patterns[0])
    w = [[Fraction(0)] * n for _ in range(n)] if before is None else before
    for xi in patterns:
        h = [
            [sum((w[i][m] * xi[m] for m in range(n) if m not in (i, j)), Fraction(0)) for j in range(n)]
            for i in range(n)
        ]
        w = [
            [
                Fraction(0) if i == j else w[i][j] + (xi[i] * xi[j] - xi[i] * h[j][i] - h[i][j] * xi[j]) / n
                for j in range(n)
            ]
            for i in range(n)
        ]
    return w


class DependentError(ValueError):
    """A pattern that depends linearly on those before it."""

    def __init__(self, row: int) -> None:
        super().__init__(f"row {row} depends on those before it")
        self.row = row


def inverse_of_products(patterns: Patterns) -> Matrix:
    """``(X XT)^-1`` by Gauss-Jordan elimination, rows in their order: a pivot of 0 names the dependent pattern."""
    k = len(patterns)
    rows = [
        [Fraction(sum(a * b for a, b in zip(x, y, strict=True))) for y in patterns]
        + [Fraction(int(mu == nu)) for nu in range(k)]
        for mu, x in enumerate(patterns)
    ]
    for mu in range(k):
        pivot = rows[mu][mu]
        if pivot == 0:
            raise DependentError(mu)
        rows[mu] = [value / pivot for value in rows[mu]]
        for nu in range(k):
            factor = rows[nu][mu]
            if nu != mu and factor != 0:
                rows[nu] = [a - factor * b for a, b in zip(rows[nu], rows[mu], strict=True)]
    return [row[k:] for row in rows]


def pseudo_inverse(patterns: Patterns, *, zero_diagonal: bool = True) -> Matrix:
    """``W = XT (X XT)^-1 X``."""
    inverse, n, k = inverse_of_products(patterns), len(patterns[0]), len(patterns)
    left = [[sum(inverse[mu][nu] * patterns[nu][i] for nu in range(k)) for mu in range(k)] for i in range(n)]
    return [
        [
            Fraction(0)
            if zero_diagonal and i == j
            else sum((left[i][mu] * patterns[mu][j] for mu in range(k)), Fraction(0))
            for j in range(n)
        ]
        for i in range(n)
    ]


class Perceptron(NamedTuple):
    """What was learnt: ``n W`` in whole numbers, and how learning ended."""

    counts: list[list[int]]
    n_epochs: int
    converged: bool


def stable(xi: Sequence[int], i: int, row: Sequence[int], bias: Bias, margin: float) -> bool:
    """``xi_i h_i > 0`` and ``xi_i h_i >= margin |W_i|``, times n; the second in float64, as a root is rounded."""
    n = len(xi)
    field = sum(q * x for q, x in zip(row, xi, strict=True)) + n * (Fraction(0) if bias is None else entry(bias, i))
    stability = xi[i] * field
    return stability > 0 and float(stability) >= margin * math.sqrt(sum(q * q for q in row))


def perceptron(
    patterns: Patterns,
    *,
    margin: float = 0.0,
    symmetric: bool = False,
    max_epochs: int = 1000,
    bias: Bias = None,
) -> Perceptron:
    """Corrections until all is stable, or for so many epochs; ``W_ii = 0``."""
    n = len(patterns[0])
    if symmetric:
        return symmetric_perceptron(patterns, margin, max_epochs, bias)
    counts, epochs, converged = [], 0, True
    for i in range(n):
        row, ended = [0] * n, False
        for epoch in range(1, max_epochs + 1):
            epochs, corrected = max(epochs, epoch), False
            for xi in patterns:
                if not stable(xi, i, row, bias, margin):
                    row = [q + xi[i] * x if j != i else 0 for j, (q, x) in enumerate(zip(row, xi, strict=True))]
                    corrected = True
            if not corrected:
                ended = True
                break
        counts.append(row)
        converged = converged and ended
    return Perceptron(counts, epochs, converged)


def symmetric_perceptron(patterns: Patterns, margin: float, max_epochs: int, bias: Bias) -> Perceptron:
    """All neurons of a pattern are judged at once, and ``n W_ij += (e_i + e_j) xi_i xi_j``."""
    n = len(patterns[0])
    q = [[0] * n for _ in range(n)]
    for epoch in range(1, max_epochs + 1):
        corrected = False
        for xi in patterns:
            e = [int(not stable(xi, i, q[i], bias, margin)) for i in range(n)]
            corrected = corrected or any(e)
            q = [[q[i][j] + (e[i] + e[j]) * xi[i] * xi[j] if i != j else 0 for j in range(n)] for i in range(n)]
        if not corrected:
            return Perceptron(q, epoch, True)
    return Perceptron(q, max_epochs, False)


def margin(net: ClassicalHopfield) -> float:
    """The least ``xi_i h_i / |W_i|`` over all patterns and neurons; 0 where there is neither field nor weight."""
    couplings = net.weights if isinstance(net, Weighted) else [[net.scale() * q for q in row] for row in net.couplings]
    least = math.inf
    for xi in net.patterns:
        for i in range(net.n):
            h = xi[i] * net.local_field(xi, i)
            square = sum((w * w for w in couplings[i]), Fraction(0))
            if h == 0:
                least = min(least, 0.0)
            elif square == 0:
                least = min(least, math.copysign(math.inf, h))
            else:
                least = min(least, float(h) / math.sqrt(square))
    return least
