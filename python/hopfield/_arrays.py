"""The one place where what the caller passed becomes an array that the core can read.

The core takes C-contiguous, aligned arrays in native byte order of a dtype it computes in. Anything `numpy.asarray`
takes is welcome, except what would silently mean something else: masked arrays (whose mask would be lost), complex
numbers and objects.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from .errors import InputTypeError, InvalidInputError

Array = npt.NDArray[Any]

#: Called as ``progress(done, total)``.
Callback = Callable[[int, int], object]


def array(name: str, values: npt.ArrayLike) -> Array:
    """`values` as a plain array of real numbers or booleans, as it came."""
    if isinstance(values, np.ma.MaskedArray):
        raise InputTypeError(
            f"`{name}` must not be a masked array, whose mask would be lost; fill it, or pass what is masked as `known`"
        )
    try:
        result = np.asarray(values)
    except ValueError as error:
        raise InvalidInputError(f"`{name}` must be a rectangular array of numbers; {error}") from error
    if result.dtype.kind not in "biuf":
        raise InputTypeError(f"`{name}` must hold real numbers; got dtype {result.dtype}")
    return result


def table(name: str, values: npt.ArrayLike) -> tuple[Array, bool]:
    """`values` as a table with one vector in a row, and whether a single vector came."""
    result = array(name, values)
    single = result.ndim == 1
    if single:
        result = result[np.newaxis]
    if result.ndim != 2:
        raise InvalidInputError(
            f"`{name}` must be one vector or a table with one vector in a row; got an array of shape {result.shape}"
        )
    return result, single


def rows(
    name: str, values: npt.ArrayLike, dtype: np.dtype[Any] | None = None, *, check_finite: bool = True
) -> tuple[Array, bool]:
    """`(m, n)` rows that the core can read, and whether a single row came."""
    given, single = table(name, values)
    result = readable(given, computed_in(given.dtype) if dtype is None else dtype)
    if check_finite:
        check_fit(name, given, result)
    return result, single


def check_width(name: str, rows: Array, single: bool, width: int) -> None:
    """Refuse vectors of another width than the stored patterns, with the shape that came."""
    if rows.shape[1] != width:
        found = rows.shape[1:] if single else rows.shape
        raise InvalidInputError(f"`{name}` must have {width} columns, as the stored patterns do; got shape {found}")


def check_fit(name: str, given: Array, converted: Array, known: Array | None = None) -> None:
    """Refuse finite numbers that became infinite in a narrower dtype, where they are known."""
    dtype = converted.dtype
    if given.dtype.kind != "f" or given.dtype.itemsize <= dtype.itemsize:
        return
    lost = np.isinf(converted)
    if not lost.any():
        return
    lost &= np.isfinite(given)
    if known is not None and known.shape == lost.shape:
        lost &= known
    if lost.any():
        row, column = divmod(int(lost.argmax()), lost.shape[1])
        # Nothing wider than float64 is computed in, and only a memory computes in less than what came.
        rule, cure = (
            (f"{dtype}", "")
            if dtype == np.float64
            else (f"{dtype}, the dtype of the memory", ', or use dtype="float64"')
        )
        raise InvalidInputError(
            f"`{name}` must fit {rule}; got {given[row, column]} at row {row}, column {column} (scale the data{cure})"
        )


def readable(values: Array, dtype: np.dtype[Any]) -> Array:
    """The array itself if it is aligned, contiguous and of the native dtype, else a copy that is."""
    with np.errstate(over="ignore", invalid="ignore"):
        return np.require(values, dtype, ["C", "A"])


def computed_in(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """The dtype that data of `dtype` are computed in: float32 for small types, float64 for the others."""
    result = np.result_type(dtype, np.float32)
    return np.dtype(np.float32 if result == np.float32 else np.float64)


def flags(name: str, values: npt.ArrayLike | None, shape: tuple[int, int]) -> Array | None:
    """Booleans of shape `(columns,)` or `shape`, as a table of one row or as many as `shape` has."""
    if values is None:
        return None
    result = array(name, values)
    if result.dtype.kind != "b":
        raise InputTypeError(f"`{name}` must hold booleans; got dtype {result.dtype} (compare, or use .astype(bool))")
    if result.shape == shape[1:]:
        result = result[np.newaxis]
    elif result.shape != shape:
        raise InvalidInputError(f"`{name}` must have shape ({shape[1]},) or {shape}; got {result.shape}")
    return readable(result, np.dtype(bool))


def name(argument: str, value: object) -> str:
    """A name; whether it is a valid one is another question."""
    if not isinstance(value, str):
        raise InputTypeError(f"`{argument}` must be a name; got {value!r}")
    return value


def one_of(argument: str, value: object, valid: tuple[str, ...]) -> str:
    """One of the valid names."""
    given = name(argument, value)
    if given not in valid:
        raise InvalidInputError(f"`{argument}` must be one of {', '.join(map(repr, valid))}; got {given!r}")
    return given


def count(name: str, value: int, least: int = 1) -> int:
    """A whole number of at least `least`."""
    try:
        number = operator.index(value)
    except TypeError:
        raise InputTypeError(f"`{name}` must be a whole number; got {value!r}") from None
    if number < least:
        raise InvalidInputError(f"`{name}` must be at least {least}; got {number}")
    return min(number, 2**63 - 1)


def threads(value: int | None) -> int | None:
    """A number of threads, or None for the default."""
    return None if value is None else count("n_threads", value)


def real(name: str, value: float) -> float:
    """A real number."""
    if isinstance(value, complex | str | bytes):
        raise InputTypeError(f"`{name}` must be a real number; got {value!r}")
    try:
        return float(value)
    except (TypeError, ValueError):
        raise InputTypeError(f"`{name}` must be a real number; got {value!r}") from None
    except OverflowError:
        raise InvalidInputError(f"`{name}` must be within the range of float64; got a larger number") from None


def distance(name: str, value: float) -> float:
    """A length: zero or more, and finite."""
    number = real(name, value)
    if not 0 <= number < math.inf:
        raise InvalidInputError(f"`{name}` must be zero or positive, and finite; got {number:g}")
    return number


def callback(name: str, value: Callback | None) -> Callback | None:
    """A function that is told how far a call has come, or None."""
    if value is not None and not callable(value):
        raise InputTypeError(f"`{name}` must be callable, or None; got {value!r}")
    return value
