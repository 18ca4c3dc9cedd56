"""Numbers in fewer bits: bfloat16, float16, and eight bits with a scale for each row.

Each is rounded once, from the exact number, to the nearest one and from ties to the even one. `round` of a `Fraction`
does that for whole numbers, `struct` for the formats that it knows.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from fractions import Fraction

#: The largest finite numbers.
LARGEST = {"bfloat16": 255 * 2.0**120, "float16": 65504.0, "int8": 2.0**128 - 2.0**104}


def float32(x: float) -> float:
    """The nearest float32; `OverflowError` if there is none."""
    return float(struct.unpack("<f", struct.pack("<f", x))[0])


def float16(x: float) -> float:
    """The nearest float16; `OverflowError` if there is none."""
    return float(struct.unpack("<e", struct.pack("<e", x))[0])


def bfloat16(x: float) -> float:
    """The nearest bfloat16, 8 significant bits and the exponents of float32; `OverflowError` if there is none."""
    _, exponent = math.frexp(x)
    unit = Fraction(2) ** (max(exponent - 1, -126) - 7)
    nearest = float(round(Fraction(x) / unit) * unit)
    if abs(nearest) > LARGEST["bfloat16"]:
        raise OverflowError("beyond bfloat16")
    return math.copysign(nearest, x)


def int8(row: Sequence[float]) -> tuple[float, list[int]]:
    """The scale ``max |x| / 127``, a float32, and ``round(x / scale)`` for each entry.

    Where the scale is a subnormal number so coarse that it would take more than 127 of them, it is the next one.
    """
    largest = max(abs(x) for x in row)
    scale = float32(largest / 127)
    if largest > 0 and Fraction(largest) >= Fraction(255, 2) * Fraction(scale):
        scale = float(struct.unpack("<f", struct.pack("<I", struct.unpack("<I", struct.pack("<f", scale))[0] + 1))[0])
    return scale, [round(Fraction(x) / Fraction(scale)) if scale else 0 for x in row]


def rounded(row: Sequence[float], dtype: str) -> list[float]:
    """What is computed with instead of the row."""
    if dtype == "int8":
        scale, entries = int8(row)
        return [float32(scale * entry) for entry in entries]
    return [{"bfloat16": bfloat16, "float16": float16}[dtype](x) for x in row]
