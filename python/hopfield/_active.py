"""Arrays of 0 and 1: where anything else is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from . import _arrays
from .errors import InvalidInputError


def rows(name: str, values: npt.ArrayLike, known: Any = None) -> tuple[npt.NDArray[np.bool_], bool]:
    """`(m, n)` rows that the core can read, and whether a single row came. Where `known` is false any value will do."""
    table, single = _arrays.table(name, values)
    if table.dtype.kind != "b":
        wrong = (table != 0) & (table != 1)
        if known is not None and known.shape[1:] == table.shape[1:]:
            wrong &= known
        if wrong.any():
            row, column = divmod(int(wrong.argmax()), table.shape[1])
            raise InvalidInputError(
                f"`{name}` must hold only booleans, or 0 and 1; got {table[row, column]} at row {row}, column {column} "
                "(for -1 and +1 compare, `x > 0`, or use hopfield.ClassicalHopfield)"
            )
    return np.require(table == 1, np.bool_, ["C", "A"]), single
