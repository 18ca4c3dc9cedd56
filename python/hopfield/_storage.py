"""In what a memory keeps its patterns: an array of the dtype that is computed in, or fewer bits that the core holds.

Both have a `shape` and `nbytes`, and neither ever changes.
"""

from __future__ import annotations

import contextlib

import numpy as np
import numpy.typing as npt

from . import _core
from ._arrays import Array
from .errors import InvalidInputError

#: Dtypes that patterns are computed in as they are, and those that they are rounded to and then computed in float32.
COMPUTED = ("float32", "float64")
ROUNDED = ("bfloat16", "float16", "int8")

Stored = Array | _core.RoundedPatterns


def named(dtype: npt.DTypeLike) -> str:
    """The name of a dtype that patterns can be kept in."""
    name = ""
    # What NumPy does not know is none of them; bfloat16 it knows only where another package adds it, under that name.
    with contextlib.suppress(TypeError, ValueError):
        name = dtype if isinstance(dtype, str) and dtype in ROUNDED else np.dtype(dtype).name
    if name not in COMPUTED + ROUNDED:
        raise InvalidInputError(f"`dtype` must be one of {', '.join(map(repr, COMPUTED + ROUNDED))}; got {dtype!r}")
    return name


def widened(patterns: Stored) -> Array:
    """The patterns as they are computed with, read-only: a view, or a new array."""
    if isinstance(patterns, np.ndarray):
        return patterns.view()
    wide = patterns.widened()
    wide.flags.writeable = False
    return wide


def joined(patterns: Stored, more: Stored) -> Stored:
    """The patterns and more behind them, both in the same dtype."""
    if isinstance(patterns, _core.RoundedPatterns) and isinstance(more, _core.RoundedPatterns):
        return patterns.append(more)
    return np.concatenate([np.asarray(patterns), np.asarray(more)])


def selected(patterns: Stored, kept: npt.NDArray[np.bool_]) -> Stored:
    """The patterns that are kept."""
    return patterns[kept] if isinstance(patterns, np.ndarray) else patterns.select(kept)
