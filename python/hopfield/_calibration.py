"""The inverse temperature that patterns call for, and the warning where none serves all of them."""

from __future__ import annotations

import warnings

import numpy.typing as npt

from . import _arrays, _core
from . import separation as separations
from .errors import HopfieldWarning

__all__ = ["suggest_beta"]

#: The bound on the relative error of a retrieved pattern that calibration aims at.
ERROR = 1e-3


def suggest_beta(
    patterns: npt.ArrayLike,
    *,
    error: float = ERROR,
    similarity: str = "dot",
    separation: str | separations.Separation = "softmax",
) -> float:
    """The inverse temperature at which a memory of `patterns` retrieves them.

    One update from a pattern misses it by at most ``2 (k - 1) exp(-beta * gap)`` times the largest norm, its gap being
    ``s(x, x) - max(s(x, other))`` over the other patterns (Ramsauer et al. 2020, theorem 5). Solved for `beta` at the
    10 % quantile of the gaps of at most 1024 distinct patterns; where that is not positive, at the quantile of the
    positive ones, with a warning. Sparsemax and entmax retrieve exactly at ``1 / ((alpha - 1) * gap)`` whatever the
    error; epanechnikov's ball gets three quarters of the smallest distance within that sample for radius; max, linear
    and polynomial need no `beta`.

    Parameters
    ----------
    patterns : array_like, shape (k, d)
        The patterns, one a row.
    error : float
        The wanted bound, between 0 and 1.
    similarity : {"dot", "cosine", "euclidean", "manhattan"}
        As in `ModernHopfield`.
    separation : str or Separation
        As in `ModernHopfield`.

    Returns
    -------
    float
        1.0 if there is one distinct pattern only, or the separation needs none.

    Raises
    ------
    InvalidInputError
        If no pattern is its own best match, so that no `beta` retrieves any.

    Warns
    -----
    HopfieldWarning
        If that quantile is not positive, with the share of patterns that no `beta` retrieves.

    Examples
    --------
    >>> import numpy as np
    >>> import hopfield as hf
    >>> round(hf.suggest_beta(np.eye(10)), 3)
    9.798
    """
    chosen = separations.parsed(separation, similarity)
    rows, _ = _arrays.rows("patterns", patterns)
    bound = _arrays.real("error", error)
    if similarity == "cosine":
        rows = rows.copy()
        _core.scale_to_unit(rows)
    core = _core.ModernHopfield(rows, None, separations.for_core(chosen), similarity, True, None)
    return calibrate(core, bound, None, stacklevel=2)


def calibrate(core: _core.ModernHopfield, error: float, n_threads: int | None, stacklevel: int) -> float:
    """The inverse temperature for stored patterns; `stacklevel` as in `warnings.warn`, counted from the caller."""
    beta, unretrievable, fell_back = core.calibrate(error, n_threads)
    if fell_back:
        warnings.warn(
            f"no beta retrieves {unretrievable:.0%} of the patterns: under similarity 'dot' another pattern is their "
            'better match. Use similarity="euclidean" or "cosine", or scale the patterns to equal norm (and center '
            "them), to retrieve all",
            HopfieldWarning,
            stacklevel=stacklevel + 1,
        )
    return beta
