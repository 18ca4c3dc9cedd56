"""Functions of numbers, element by element over arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from .. import _arrays
from ..errors import InputTypeError, InvalidInputError

Array = npt.NDArray[Any]


def real(name: str, values: npt.ArrayLike) -> Array:
    """Real numbers, in float64."""
    if np.ndim(values) == 0 and not isinstance(values, np.ndarray):
        return np.asarray(_arrays.real(name, values))  # type: ignore[arg-type]
    return _arrays.array(name, values).astype(np.float64)


def whole(name: str, values: npt.ArrayLike, least: int) -> Array:
    """Whole numbers of at least `least`."""
    if np.ndim(values) == 0 and not isinstance(values, np.ndarray):
        return np.asarray(_arrays.count(name, values, least))  # type: ignore[arg-type]
    given = _arrays.array(name, values)
    if given.size and given.dtype.kind not in "iu":
        raise InputTypeError(f"`{name}` must hold whole numbers; got dtype {given.dtype}")
    for number in given.ravel().tolist():
        _arrays.count(name, number, least)
    return given


def each(function: Callable[..., Any], *arguments: Array) -> tuple[list[Any], tuple[int, ...]]:
    """The answers to all elements in a row, and the shape that the arguments have together."""
    try:
        grids = np.broadcast_arrays(*arguments)
    except ValueError:
        shapes = ", ".join(str(argument.shape) for argument in arguments)
        raise InvalidInputError(f"the arguments' shapes must agree or broadcast; got {shapes}") from None
    rows = zip(*(grid.ravel().tolist() for grid in grids), strict=True)
    return [function(*row) for row in rows], grids[0].shape


def numbers(function: Callable[..., float], *arguments: Array) -> Any:
    """A float for numbers, an array of float64 for arrays."""
    answers, shape = each(function, *arguments)
    return answers[0] if shape == () else np.array(answers, np.float64).reshape(shape)
