"""Attention: one update of the modern network with keys for patterns, over a batch of independent problems."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from . import _arrays, _core
from ._arrays import Array
from .errors import InputTypeError, InvalidInputError

__all__ = ["attention"]

#: How scores can become weights.
SEPARATIONS = ("softmax",)


def attention(
    queries: npt.ArrayLike,
    keys: npt.ArrayLike,
    values: npt.ArrayLike,
    *,
    beta: float | None = None,
    mask: npt.ArrayLike | None = None,
    separation: str = "softmax",
) -> Array:
    """``softmax(beta * queries @ keys.T) @ values`` for each problem of a batch: one update with keys for patterns.

    Parameters
    ----------
    queries : array_like, shape (..., m, d)
        Leading axes are batch axes and broadcast against each other. All three are computed in the widest of their
        dtypes.
    keys : array_like, shape (..., k, d)
        One key a row.
    values : array_like, shape (..., k, dv)
        One value a key.
    beta : float, optional
        The inverse temperature, ``1 / sqrt(d)`` unless given (Vaswani et al. 2017, eq. 1).
    mask : array_like of bool, shape (..., m, k), optional
        True where a key takes part. A query for which none does gets zeros.
    separation : {"softmax"}
        As in `ModernHopfield`.

    Returns
    -------
    ndarray, shape (..., m, dv)

    Examples
    --------
    >>> import numpy as np
    >>> import hopfield as hf
    >>> rng = np.random.default_rng(0)
    >>> queries, keys = rng.standard_normal((2, 5, 4)), rng.standard_normal((2, 7, 4))
    >>> hf.attention(queries, keys, keys).shape
    (2, 5, 4)
    """
    _arrays.one_of("separation", separation, SEPARATIONS)
    given = {"queries": queries, "keys": keys, "values": values}
    tables = {name: _arrays.array(name, value) for name, value in given.items()}
    for name, table in tables.items():
        if table.ndim < 2:
            raise InvalidInputError(f"`{name}` must have at least 2 axes, rows and columns; got shape {table.shape}")
    dtype = _arrays.computed_in(np.result_type(*tables.values()))
    allowed = None if mask is None else _arrays.array("mask", mask)
    if allowed is not None and allowed.dtype.kind != "b":
        raise InputTypeError(f"`mask` must hold booleans; got dtype {allowed.dtype}")
    (m, _), k = tables["queries"].shape[-2:], tables["keys"].shape[-2]
    if allowed is not None:
        allowed = _broadcast_rows(allowed, (m, k))
    arrays = [*tables.values(), *([] if allowed is None else [allowed])]
    try:
        batch = np.broadcast_shapes(*(table.shape[:-2] for table in arrays))
    except ValueError:
        shapes = ", ".join(f"`{name}` {table.shape}" for name, table in tables.items())
        raise InvalidInputError(f"the leading axes must broadcast against each other; got {shapes}") from None
    flat = [
        _arrays.readable(
            np.broadcast_to(table, batch + table.shape[-2:]).reshape((-1, *table.shape[-2:])),
            table.dtype if table.dtype.kind == "b" and table is allowed else dtype,
        )
        for table in arrays
    ]
    output = _core.attention(
        flat[0],
        flat[1],
        flat[2],
        None if beta is None else _arrays.real("beta", beta),
        flat[3] if allowed is not None else None,
    )
    return output.reshape((*batch, *output.shape[1:]))


def _broadcast_rows(allowed: Array, shape: tuple[int, int]) -> Array:
    """The mask with its last two axes of full length."""
    try:
        return np.broadcast_to(allowed, (*allowed.shape[:-2], *shape))
    except ValueError:
        raise InvalidInputError(f"`mask` must have shape (..., {shape[0]}, {shape[1]}); got {allowed.shape}") from None
