"""How far what learning rules make of patterns may be from the exact: `tolerance`, carried on.

Weights are whole numbers of a unit, so that sums of them are exact; a weight is off by what its formula rounds and by a
unit.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from tolerance import SLACK, U64, gamma


def storkey_weights(steps: Sequence[Sequence[Sequence[Fraction]]]) -> float:
    """Of the weights after the last of these steps, which begin with zeros, of Storkey's rule.

    A step of `T / n` units is rounded twice as a float64 and once to a unit. An error of `e` in every weight before
    it changes ``h_ij``, a sum of ``n - 2``, by ``(n - 2) e``, and so the new weight by ``e (1 + 2 (n - 2) / n)`` at
    most. The unit is 2**-53, or as many powers of two larger as keep weights below 1 and their sums below 32.
    """
    error = 0.0
    for before, after in itertools.pairwise(steps):
        n = len(before)
        largest = max(abs(float(w)) for matrix in (before, after) for row in matrix for w in row)
        total = max(math.fsum(abs(float(w)) for w in row) for matrix in (before, after) for row in matrix)
        unit = 2.0**-53 * max(1.0, 4 * largest, total / 8)
        change = 1 + 2 * total + 2 * largest
        error = error * (1 + 2 * max(n - 2, 0) / n) + unit + 2 * gamma(2, U64) * change / n
    return SLACK * error


class PseudoInverse:
    """How far computed weights and fields of the pseudo-inverse rule may be from exact ones.

    With `Q = X XT` and `c = |Q^-1|`: the Cholesky factor is that of ``Q + dQ``, ``|dQ| <= k n gamma(k + 1)`` (Higham,
    theorem 10.3, with rows of length ``sqrt(n)``), and each substitution is exact for a factor ``(I + E) L``, ``|E| <=
    sqrt(k n c) gamma(k)`` (theorem 8.5). As ``|L^-1 x_i| <= 1``, a weight moves by ``c |dQ| + 2 |E|``, and its dot
    product by ``gamma(k)``. It is rounded to a unit of twice ``8 k eps n c``, or 2**-46.
    """

    def __init__(self, patterns: npt.ArrayLike) -> None:
        x = np.asarray(patterns, np.float64)
        self.k, self.n = x.shape
        c = float(np.linalg.norm(np.linalg.inv(x @ x.T), 2)) * (1 + 1e-6)
        moved = c * self.k * self.n * gamma(self.k + 1, U64)
        moved += 2 * math.sqrt(self.k * self.n * c) * gamma(self.k, U64) + gamma(self.k, U64)
        # Second-order terms: all of this is far below 1.
        self.computed = 1.1 * moved
        self.unit = max(16 * self.k * 2 * U64 * self.n * c, 2.0**-46)

    def weight(self) -> float:
        """Of a weight."""
        return SLACK * (self.computed + self.unit)

    def field(self, *, implicit: bool) -> float:
        """Of a field; implicit ones are sums over a rounded basis, and rounded to a unit ``sqrt(n)`` times as large."""
        if not implicit:
            return self.n * self.weight()
        grid = 2.0 ** -(50 - int(math.log2(self.n)) // 2)
        basis = grid * math.sqrt(self.k) * (self.n + math.sqrt(self.n))
        return SLACK * (
            self.n * self.computed + basis + gamma(self.k + 2, U64) * math.sqrt(self.n) + self.unit * math.sqrt(self.n)
        )

    def energy(self, *, implicit: bool) -> float:
        """Of an energy: half the sum of the fields, at most, and what it is rounded by."""
        return self.n * self.field(implicit=implicit) / 2 + gamma(2, U64) * self.n


def margin(n: int, value: float) -> float:
    """Of the least stability: a field rounded once, the length of `n` weights, and a quotient."""
    return SLACK * gamma(n + 6, U64) * abs(value)


def covariance_weight(n: int, k: int, activity: float) -> float:
    """Of a weight of the covariance rule: four terms of at most `k`, six roundings of each, and a unit.

    The unit is 2**-53, or what leaves the largest weight 53 bits and the sum of `n` of them 58.
    """
    scale = activity * (1 - activity) * n
    largest = k * max(activity, 1 - activity) ** 2 / scale
    unit = max(2.0**-53, 2.0**-52 * largest * max(1.0, n / 32))
    return SLACK * (gamma(8, U64) * 4 * k / scale + unit)


def sparse_overlap(n: int, activity: float, size: int) -> float:
    """Of an overlap with a state of so many active neurons: a product, a difference, and the scale."""
    return SLACK * gamma(6, U64) * 2 * size / (activity * (1 - activity) * n)
