"""What cases are drawn from pinned streams, and how their numbers are written."""

from __future__ import annotations

import math
import struct
from typing import Any

from oracle.rng import Stream

Json = dict[str, Any]

SEEDS = (0, 1, 42, 2**32, 2**63, 2**64 - 1)


def spins(stream: Stream, n: int) -> list[int]:
    """n values +1 or -1, each a coin."""
    return [1 if stream.coin() else -1 for _ in range(n)]


def flipped(stream: Stream, pattern: list[int], n_flips: int) -> list[int]:
    """The pattern with that many neurons turned."""
    turned = stream.permutation(len(pattern))[:n_flips]
    return [-value if i in turned else value for i, value in enumerate(pattern)]


def eighths(stream: Stream, n: int, largest: int) -> list[float]:
    """Multiples of 1/8 up to that many of them in size: energies stay exact."""
    return [(stream.below(2 * largest + 1) - largest) / 8 for _ in range(n)]


def float32(x: float) -> float:
    """x rounded to the nearest float32."""
    value: float = struct.unpack("<f", struct.pack("<f", x))[0]
    return value


def reals(stream: Stream, d: int, dtype: str) -> list[float]:
    """d values in [-1, 1) that the dtype holds."""
    row = [2 * stream.unit() - 1 for _ in range(d)]
    return row if dtype == "float64" else [float32(x) for x in row]


def finite(x: float) -> float | None:
    """x, or None where it is infinite (JSON has no infinity)."""
    return x if math.isfinite(x) else None


def short(x: float) -> float:
    """To 12 figures: error functions and hyperbolic tangents of Python differ in the last bit from system to system."""
    return float(f"{x:.12g}")
