"""The network of neurons of 0 and 1 with the covariance rule (Tsodyks & Feigelman, Europhys. Lett. 6, 1988).

States are ±1 here as in the rest of the oracle, +1 for a neuron that is 1; -1 and an undecided 0 say nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

from oracle.rng import Stream
from oracle.rules import Matrix, Patterns, Weighted


def covariance(patterns: Patterns, activity: Fraction) -> Matrix:
    """``W_ij = sum_mu (eta_i - a) (eta_j - a) / (a (1 - a) n)``, ``W_ii = 0``."""
    n, a = len(patterns[0]), activity
    shifted = [[(Fraction(1) if x > 0 else Fraction(0)) - a for x in xi] for xi in patterns]
    scale = a * (1 - a) * n
    return [
        [Fraction(0) if i == j else sum((v[i] * v[j] for v in shifted), Fraction(0)) / scale for j in range(n)]
        for i in range(n)
    ]


class SparseHopfield(Weighted):
    """``h = W x - threshold`` and ``E = -1/2 xT W x + thresholdT x``, with x 1 where the state is +1, else 0."""

    def local_field(self, x: Sequence[int], i: int) -> Fraction:
        """``h_i``."""
        return sum((w for w, x_j in zip(self.weights[i], x, strict=True) if x_j > 0), self.bias(i))

    def exact_energy(self, x: Sequence[int]) -> Fraction:
        """E."""
        active = [i for i in range(self.n) if x[i] > 0]
        pairs = sum((self.weights[i][j] for i in active for j in active), Fraction(0))
        return -pairs / 2 - sum((self.bias(i) for i in active), Fraction(0))

    def drawn(self, x: Sequence[int], i: int, temperature: float, stream: Stream) -> int:
        """``P(x_i = 1) = 1 / (1 + exp(-h_i / T))``."""
        z = float(self.local_field(x, i)) / temperature
        probability = 1 / (1 + math.exp(-z)) if z > -700 else 0.0
        return 1 if stream.unit() < probability else -1


def overlaps(patterns: Patterns, activity: Fraction, x: Sequence[int]) -> list[float]:
    """``sum_i (eta_i - a) x_i / (a (1 - a) n)`` of every pattern."""
    scale = activity * (1 - activity) * len(x)
    active = [i for i, value in enumerate(x) if value > 0]
    return [float(sum(((1 if xi[i] > 0 else 0) - activity for i in active), Fraction(0)) / scale) for xi in patterns]
