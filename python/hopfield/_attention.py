"""Attention: one update of the modern network with keys for patterns, over a batch of independent problems."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from . import _arrays, _core
from . import separation as separations
from ._arrays import Array
from .errors import InputTypeError, InvalidInputError

__all__ = ["attention"]


def attention(
    queries: npt.ArrayLike,
    keys: npt.ArrayLike,
    values: npt.ArrayLike,
    *,
    beta: float | None = None,
    mask: npt.ArrayLike | None = None,
    separation: str | separations.Separation = "softmax",
) -> Array:
    """``softmax(beta * queries @ keys.T) @ values`` for each problem of a batch: one update with keys for patterns.

    Parameters
    ----------
    queries : array_like, shape (..., m, d)
        Leading axes are batch axes and broadcast against each other. All three are computed in the widest of their
        dtypes.
    keys : array_like, shape (..., k, d)
        One key a row. Without keys the result is zeros: no key, no weight.
    values : array_like, shape (..., k, dv)
        One value a key.
    beta : float, optional
        The inverse temperature, ``1 / sqrt(d)`` unless given (Vaswani et al. 2017, eq. 1).
    mask : array_like of bool, shape (..., m, k), optional
        True where a key takes part. A query for which none does gets zeros.
    separation : str or Separation
        How scores become weights: a value of `hopfield.separation` that goes with dot products, or its name. A query
        whose keys all have a weight of zero gets zeros.

    Returns
    -------
    ndarray, shape (..., m, dv)
        Empty if the batch, the queries or the columns of the values are.

    Raises
    ------
    InvalidInputError
        A shape, value or name that does not fit, or queries without columns; the message says which and why.
    InputTypeError
        Masked, complex or object arrays, and masks that are not boolean.

    Examples
    --------
    >>> import numpy as np
    >>> import hopfield as hf
    >>> rng = np.random.default_rng(0)
    >>> queries, keys = rng.standard_normal((2, 5, 4)), rng.standard_normal((2, 7, 4))
    >>> hf.attention(queries, keys, keys).shape
    (2, 5, 4)
    """
    chosen = separations.parsed(separation)
    given = {"queries": queries, "keys": keys, "values": values}
    tables = {name: _arrays.array(name, value) for name, value in given.items()}
    for name, table in tables.items():
        if table.ndim < 2:
            raise InvalidInputError(f"`{name}` must have at least 2 axes, rows and columns; got shape {table.shape}")
    dtype = _arrays.computed_in(np.result_type(*tables.values()))
    allowed = None if mask is None else _arrays.array("mask", mask)
    if allowed is not None and allowed.dtype.kind != "b":
        raise InputTypeError(f"`mask` must hold booleans; got dtype {allowed.dtype}")
    (m, d), k = tables["queries"].shape[-2:], tables["keys"].shape[-2]
    if d == 0:
        raise InvalidInputError(f"`queries` must have at least one column; got shape {tables['queries'].shape}")
    if tables["keys"].shape[-1] != d:
        raise InvalidInputError(
            f"`keys` must have shape (..., {k}, {d}), as wide as `queries`; got {tables['keys'].shape}"
        )
    if tables["values"].shape[-2] != k:
        raise InvalidInputError(
            f"`values` must have shape (..., {k}, dv), one row for each key; got {tables['values'].shape}"
        )
    shaped = dict(tables)
    if allowed is not None:
        allowed = shaped["mask"] = _broadcast_rows(allowed, (m, k))
    try:
        batch = np.broadcast_shapes(*(table.shape[:-2] for table in shaped.values()))
    except ValueError:
        shapes = ", ".join(f"`{name}` {table.shape}" for name, table in shaped.items())
        raise InvalidInputError(f"the leading axes must broadcast against each other; got {shapes}") from None
    problems = {name: _flat(table, batch, dtype) for name, table in tables.items()}
    output = _core.attention(
        **problems,
        beta=None if beta is None else _arrays.real("beta", beta),
        mask=None if allowed is None else _flat(allowed, batch, allowed.dtype),
        separation=separations.for_core(chosen),
    )
    return output.reshape((*batch, *output.shape[1:]))


def _flat(table: Array, batch: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    """The table of each problem of the batch, one after the other."""
    rows = table.shape[-2:]
    return _arrays.readable(np.broadcast_to(table, (*batch, *rows)).reshape((math.prod(batch), *rows)), dtype)


def _broadcast_rows(allowed: Array, shape: tuple[int, int]) -> Array:
    """The mask with its last two axes of full length."""
    try:
        return np.broadcast_to(allowed, (*allowed.shape[:-2], *shape))
    except ValueError:
        raise InvalidInputError(f"`mask` must have shape (..., {shape[0]}, {shape[1]}); got {allowed.shape}") from None
