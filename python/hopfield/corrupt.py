"""Ways to spoil a pattern, to see whether a network mends it.

Each returns a new array; `rng` makes it repeatable.

Examples
--------
>>> import hopfield as hf
>>> hf.corrupt.occlude([1, 1, 1, 1], 0.5).tolist()
[1, 1, -1, -1]
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from . import _arrays, _spins
from ._random import Rng, generator
from .errors import InvalidInputError

__all__ = ["flip", "noise", "occlude"]

Array = npt.NDArray[Any]


def flip(patterns: npt.ArrayLike, fraction: float, rng: Rng = None) -> Array:
    """Turn the sign of randomly chosen neurons, the same number in each pattern.

    Parameters
    ----------
    patterns : array_like of -1 and +1, shape (k, n) or (n,)
        One pattern a row.
    fraction : float
        The share of each pattern's neurons to turn, from 0 to 1; ``round(fraction * n)`` of them are.
    rng : int, numpy.random.Generator or None
        A seed, a generator, or None for fresh random numbers.

    Returns
    -------
    ndarray of int8, shape (k, n) or (n,)

    Raises
    ------
    InvalidInputError
        If a value is neither -1 nor +1, or `fraction` is outside 0 to 1.

    Examples
    --------
    >>> import numpy as np
    >>> import hopfield as hf
    >>> patterns = np.ones((3, 10), dtype=np.int8)
    >>> hf.corrupt.flip(patterns, 0.2, rng=0).sum(axis=1).tolist()
    [6, 6, 6]
    """
    rows, single = _spins.rows("patterns", patterns)
    _spins.check("patterns", rows)
    count = round(_fraction(fraction) * rows.shape[1])
    order = generator(rng).permuted(np.broadcast_to(np.arange(rows.shape[1]), rows.shape), axis=1)
    chosen = order < count
    spoilt = np.where(chosen, -rows, rows)
    return spoilt[0] if single else spoilt


def occlude(patterns: npt.ArrayLike, fraction: float, value: float = -1) -> Array:
    """Cover the last part of each pattern with one value.

    Of an image stored row by row, that is the bottom.

    Parameters
    ----------
    patterns : array_like, shape (k, n) or (n,)
        One pattern a row, of any real dtype.
    fraction : float
        The share of each pattern to cover, from 0 to 1; the last ``round(fraction * n)`` entries are.
    value : float
        What to put there, in the dtype of the patterns.

    Returns
    -------
    ndarray, shape (k, n) or (n,)
        Of the dtype of the patterns.

    Raises
    ------
    InvalidInputError
        If `fraction` is outside 0 to 1, or the dtype of the patterns cannot hold `value`.

    Examples
    --------
    >>> import hopfield as hf
    >>> hf.corrupt.occlude([[1, 1, -1, 1], [1, -1, 1, 1]], 0.25).tolist()
    [[1, 1, -1, -1], [1, -1, 1, -1]]
    >>> hf.corrupt.occlude([0.5, 0.25], 0.5, value=0).tolist()
    [0.5, 0.0]
    """
    rows, single = _arrays.table("patterns", patterns)
    kept = rows.shape[1] - round(_fraction(fraction) * rows.shape[1])
    cover = _arrays.real("value", value)
    spoilt = rows.astype(rows.dtype.newbyteorder("="), order="C", copy=True)
    if rows.dtype.kind != "f" and not _holds(spoilt.dtype, cover):
        raise InvalidInputError(f"`value` must fit the patterns' dtype {spoilt.dtype}; got {value}")
    spoilt[:, kept:] = cover
    return spoilt[0] if single else spoilt


def noise(patterns: npt.ArrayLike, scale: float, rng: Rng = None) -> Array:
    """Add independent Gaussian noise to every entry.

    Parameters
    ----------
    patterns : array_like, shape (k, d) or (d,)
        One pattern a row; float32 stays float32, other dtypes as the modern network computes them.
    scale : float
        The standard deviation, in the units of the patterns; at least 0.
    rng : int, numpy.random.Generator or None
        A seed, a generator, or None for fresh random numbers.

    Returns
    -------
    ndarray of float32 or float64, shape (k, d) or (d,)

    Raises
    ------
    InvalidInputError
        If `scale` is negative or not finite.

    Examples
    --------
    >>> import numpy as np
    >>> import hopfield as hf
    >>> spoilt = hf.corrupt.noise(np.zeros((100, 100)), 0.5, rng=0)
    >>> float(spoilt.std().round(2))
    0.5
    """
    rows, single = _arrays.rows("patterns", patterns)
    scale = _arrays.real("scale", scale)
    if not 0 <= scale < np.inf:
        raise InvalidInputError(f"`scale` must be at least 0 and finite; got {scale}")
    # Drawn in float64, so that the noise is the same for every dtype up to rounding.
    spoilt = (rows + scale * generator(rng).standard_normal(rows.shape)).astype(rows.dtype)
    return spoilt[0] if single else spoilt


def _fraction(fraction: float) -> float:
    value = _arrays.real("fraction", fraction)
    if not 0 <= value <= 1:
        raise InvalidInputError(f"`fraction` must be from 0 to 1; got {value}")
    return value


def _holds(dtype: np.dtype[Any], value: float) -> bool:
    if dtype.kind == "b":
        return value in (0, 1)
    limits = np.iinfo(dtype)
    return value.is_integer() and limits.min <= value <= limits.max
