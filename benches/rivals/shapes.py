"""What is computed: one retrieval step on random data, its sizes, and the answer in float64."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


class Shape(NamedTuple):
    """m queries, k patterns, d entries."""

    m: int
    k: int
    d: int

    def __str__(self) -> str:
        return ", ".join(f"{size:,}".replace(",", " ") for size in self)

    @property
    def operations(self) -> float:
        """Multiplications and additions of scores and readout; the exponentials come on top."""
        return 4.0 * self.m * self.k * self.d

    @property
    def is_read_from_memory(self) -> bool:
        """Whether the patterns are too many for the caches, so that the speed of reading them is the memory's."""
        return 4 * self.k * self.d >= 16 * 2**20


class Ceiling(NamedTuple):
    """What the machine offers: fused multiply-adds a second in registers, bytes a second when patterns are read."""

    adds: float
    read: float


#: Few queries are bound by reading, many by arithmetic; those between must not fall off a cliff.
ROWS: dict[str, list[Shape]] = {
    "few": [
        Shape(1, 1_000_000, 64),
        Shape(4, 1_000_000, 64),
        Shape(1, 1000, 784),
        Shape(16, 1000, 784),
    ],
    "between": [Shape(m, 100_000, 64) for m in (1, 2, 4, 8, 16, 24, 32, 48, 64)],
    "many": [
        Shape(1024, 10_000, 64),
        Shape(1024, 10_000, 128),
        Shape(1024, 10_000, 256),
        Shape(4096, 4096, 64),
        Shape(256, 65_536, 768),
        Shape(1000, 1000, 784),
        Shape(64, 8192, 4096),
    ],
}


@dataclass(frozen=True)
class Problem:
    """Standard normal patterns and queries, at β = 1/√d."""

    shape: Shape
    seed: int = 0

    @property
    def beta(self) -> float:
        return float(1 / np.sqrt(self.shape.d))

    def arrays(self) -> tuple[Array, Array]:
        """The patterns (k, d) and the queries (m, d), float32."""
        m, k, d = self.shape
        rng = np.random.default_rng(self.seed)
        return rng.standard_normal((k, d), dtype=np.float32), rng.standard_normal((m, d), dtype=np.float32)


@dataclass(frozen=True)
class Truth:
    """A problem's answer in float64, and what the nearest pattern has to reach."""

    answer: Array
    largest_score: Array
    #: What float32 cannot tell from it: the bound of a dot product's rounding error, for two of them.
    indistinct: Array

    @staticmethod
    def of(problem: Problem) -> Truth:
        patterns, queries = (array.astype(np.float64) for array in problem.arrays())
        scores = queries @ patterns.T
        largest = scores.max(axis=1)
        weights = np.exp(problem.beta * (scores - largest[:, None]))
        norms = np.linalg.norm(queries, axis=1) * np.linalg.norm(patterns, axis=1).max()
        return Truth(
            answer=weights @ patterns / weights.sum(axis=1, keepdims=True),
            largest_score=largest,
            indistinct=2 * problem.shape.d * 2.0**-24 * norms,
        )
