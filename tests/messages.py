"""Calls that are refused, and what the errors say, as rows of a table."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import hopfield as hf
from hopfield.errors import HopfieldError

# What many of them are made with.
EYE = np.eye(3)
MEMORY = hf.ModernHopfield(EYE, beta=2.0)
VALUED = hf.ModernHopfield(EYE, values=EYE, beta=2.0)
RAGGED = [[1.0, 2.0], [3.0]]

Row = tuple[str, Callable[[], object], type[HopfieldError], str]


def ids(rows: list[Row]) -> list[str]:
    return [row[0] for row in rows]


def said(call: Callable[[], object]) -> tuple[type[HopfieldError], str]:
    """The exception that a call raises, and its message."""
    with pytest.raises(HopfieldError) as caught:
        call()
    return type(caught.value), str(caught.value)
