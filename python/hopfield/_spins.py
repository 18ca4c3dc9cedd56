"""Arrays of −1 and +1: where they are made from booleans, and where anything else is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from . import _arrays
from .errors import InputTypeError, InvalidInputError

Spins = npt.NDArray[np.int8]

CURE = "(for booleans or 0/1 use hopfield.spins)"


def spins(x: npt.ArrayLike) -> Spins:
    """Booleans or 0/1 as −1 (false, 0) and +1 (true, 1).

    Networks of ±1 neurons take nothing else, so that 0/1 data passed by mistake is an error and not a wrong
    answer.

    Parameters
    ----------
    x : array_like of bool, or of the numbers 0 and 1
        Any shape.

    Returns
    -------
    ndarray of int8
        A new array of the same shape.

    Raises
    ------
    InvalidInputError
        If there are other numbers; the message names the first.
    InputTypeError
        For masked, complex or object arrays.

    Examples
    --------
    >>> import numpy as np
    >>> import hopfield as hf
    >>> hf.spins([1, 0, 0, 1])
    array([ 1, -1, -1,  1], dtype=int8)
    >>> image = np.array([[0.2, 0.9], [0.7, 0.1]])
    >>> hf.spins(image > 0.5).tolist()
    [[-1, 1], [1, -1]]
    """
    values = _arrays.array("x", x)
    wrong = (values != 0) & (values != 1)
    if wrong.any():
        at = np.unravel_index(int(wrong.argmax()), values.shape)
        where = f" at {tuple(map(int, at))}" if at else ""
        raise InvalidInputError(f"`x` must hold only booleans, or 0 and 1; got {values[at]}{where}")
    return signs(values == 1)


def rows(name: str, values: npt.ArrayLike, known: Any = None) -> tuple[Spins, bool]:
    """`(m, n)` rows that the core can read, and whether a single row came.

    int8 passes as it is: the core looks at every value. Where `known` is false any value will do.
    """
    table, single = _arrays.table(name, values)
    if table.dtype.kind == "b":
        raise InputTypeError(f"`{name}` must hold only -1 and +1; got booleans {CURE}")
    if table.dtype != np.int8:
        check(name, table, known)
        table = signs(table == 1)
    return np.require(table, np.int8, ["C", "A"]), single


def check(name: str, table: npt.NDArray[Any], known: Any = None) -> None:
    """Refuse values other than ±1 where they are known."""
    wrong = (table != 1) & (table != -1)
    if known is not None and known.shape[1:] == table.shape[1:]:
        wrong &= known
    if wrong.any():
        row, column = divmod(int(wrong.argmax()), table.shape[1])
        place = f"row {row}, column {column}"
        raise InvalidInputError(f"`{name}` must hold only -1 and +1; got {table[row, column]} at {place} {CURE}")


def signs(positive: npt.NDArray[np.bool_]) -> Spins:
    """+1 where true, −1 where not."""
    return np.where(positive, np.int8(1), np.int8(-1))
