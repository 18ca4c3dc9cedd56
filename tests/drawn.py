"""Small problems drawn by the oracle's own generator or by NumPy's, and the published numbers."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np

import hopfield as hf
from oracle.rng import Stream

HERE = Path(__file__).resolve().parent
REFERENCE: dict[str, Any] = json.loads((HERE / "reference_values.json").read_text("utf-8"))

#: The reference values are printed with 12 digits.
PRINTED = 2e-11


def spins(stream: Stream, n: int) -> list[int]:
    return [1 if stream.coin() else -1 for _ in range(n)]


def random_spins(rng: np.random.Generator, *shape: int) -> Any:
    return hf.spins(rng.random(shape) < 0.5)


def reals(stream: Stream, d: int) -> list[float]:
    return [2 * stream.unit() - 1 for _ in range(d)]


def draws(stream: Stream, n: int, count: int) -> list[int]:
    return [stream.below(n) for _ in range(count)]


def identity(n: int) -> list[list[float]]:
    return [[float(i == j) for j in range(n)] for i in range(n)]


def all_states(n: int) -> list[list[int]]:
    return [list(x) for x in itertools.product((-1, 1), repeat=n)]


class Scripted(Stream):
    """A stream whose words are given."""

    def __init__(self, words: list[int]) -> None:
        super().__init__(0)
        self.words = words

    def next(self) -> int:
        return self.words.pop(0)
