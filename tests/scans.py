"""Scans of capacities, compared column by column."""

from __future__ import annotations

from typing import Any

import numpy as np

from hopfield.capacity import CapacityScan

COMMON = ["memory", "patterns", "seed", "confidence"]
COLUMNS = [name for name in CapacityScan.__slots__ if name not in COMMON]


def same(one: CapacityScan, other: CapacityScan, rows: Any = slice(None)) -> bool:
    """Whether all columns are equal, bit for bit; of `one` only some rows."""
    return all(np.array_equal(getattr(one, c)[rows], getattr(other, c), equal_nan=True) for c in COLUMNS)
