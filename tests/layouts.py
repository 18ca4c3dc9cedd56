"""The same array in every layout that NumPy knows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tolerance import Array


def _backwards(array: Array) -> Array:
    turned: Any = (*(slice(None, None, -1),) * array.ndim, ...)
    return array[turned].copy()[turned]


def _padded(array: Array) -> Array:
    """Every other entry along each axis of a larger array full of -1 (or True)."""
    room = np.full([2 * length + 1 for length in array.shape], -1).astype(array.dtype)
    every_other: Any = (*(slice(1, None, 2),) * array.ndim, ...)
    inner: Array = room[every_other]
    inner[...] = array
    return inner


def _swapped(array: Array) -> Array:
    return array.astype(array.dtype.newbyteorder("S"))


def _read_only(array: Array) -> Array:
    array = array.copy()
    array.flags.writeable = False
    return array


def _misaligned(array: Array) -> Array:
    """One byte behind where the entries should begin."""
    room = bytearray(array.nbytes + 1)
    moved = np.frombuffer(room, array.dtype, array.size, offset=1).reshape(array.shape)
    moved[...] = array
    return moved


def _transposed(array: Array) -> Array:
    return np.array(array.T, order="C").T


def _fortran(array: Array) -> Array:
    return np.array(array, order="F")


#: Each gives an array equal to its argument.
LAYOUTS: dict[str, Callable[[Array], Array]] = {
    "contiguous": lambda array: np.array(array, order="C"),
    "fortran": _fortran,
    "transposed": _transposed,
    "backwards": _backwards,
    "padded": _padded,
    "swapped": _swapped,
    "read-only": _read_only,
    "misaligned": _misaligned,
    "swapped and padded": lambda array: _padded(_swapped(array)),
    "misaligned and backwards": lambda array: _misaligned(array[::-1])[::-1] if array.ndim else array,
}


def laid_out(array: Array, layout: str) -> Array:
    """`array` in the layout of that name."""
    result = LAYOUTS[layout](array)
    assert result.shape == array.shape
    return result
