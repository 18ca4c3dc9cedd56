"""A memory of pairs that is asked from either side.

Not here: pairs of which one side has more than one partner; the best matches of all pairs are mixed then.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from . import _arrays
from ._arrays import Array
from .errors import InvalidInputError
from .modern import ModernHopfield
from .results import summary

__all__ = ["BidirectionalMemory", "BidirectionalRecall"]


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class BidirectionalRecall:
    """What a memory of pairs recalled, with the evidence; entries as in `Retrieval`.

    Attributes
    ----------
    keys : ndarray, shape (m, d)
        The settled states of the keys' side.
    values : ndarray, shape (m, dv)
        The settled states of the values' side.
    converged : ndarray of bool, shape (m,)
        Whether both sides have settled, together.
    reason : ndarray of str, shape (m,)
        Why the iteration ended: ``"tolerance"`` or ``"max_steps"``.
    n_steps : ndarray of int64, shape (m,)
        Updates made, each of both sides.
    residual : ndarray of float64, shape (m,)
        The length of the last move, of both sides together.
    energy : ndarray of float64, shape (m,)
        The joint energy.
    pattern : ndarray of int64, shape (m,)
        The pair of largest weight.
    weight : ndarray of float64, shape (m,)
        Its weight.
    trace : ndarray of float64, shape (m, T + 1), or None
        The joint energy before the first step, where the side that was not given is zero, and after each, NaN behind a
        query's last; None unless asked for.

    Examples
    --------
    >>> import hopfield as hf
    >>> memory = hf.BidirectionalMemory([[1.0, 0.0], [0.0, 1.0]], [[1.0], [-1.0]], beta=5.0)
    >>> memory.recall(keys=[0.9, 0.2])
    BidirectionalRecall(states (3,), converged 100%)
    >>> memory.recall(values=[-0.8]).keys.round(2).tolist()
    [0.0, 1.0]
    """

    keys: npt.NDArray[Any]
    values: npt.NDArray[Any]
    converged: Any
    reason: Any
    n_steps: Any
    residual: Any
    energy: Any
    pattern: Any
    weight: Any
    trace: npt.NDArray[np.float64] | None

    def __repr__(self) -> str:
        width = self.keys.shape[-1] + self.values.shape[-1]
        return summary(self, (*self.keys.shape[:-1], width), self.converged, "converged")


class BidirectionalMemory:
    """Two modern memories, one of keys and one of values, that share their weights and settle together.

    With states `a` of the keys' side and `b` of the values' side the weights are ``p = softmax(beta * (keys @ a +
    values @ b))``, and an update is ``a, b = p @ keys, p @ values``. From a cue of one side, the first update has only
    that side to go by; then both take part until neither moves. Since this is the network of Ramsauer et al. (2020) on
    pairs, it has a joint energy, ``-log(sum(exp(beta * (keys @ a + values @ b)))) / beta + (a @ a + b @ b) / 2`` and
    constants, that no update raises. (Kosko 1988 has the idea with ±1 neurons and Hebb's rule; to pass states to and
    fro without the own side's part would have no energy.)

    Parameters
    ----------
    keys : array_like, shape (k, d)
        One key a row.
    values : array_like, shape (k, dv)
        The partner of each. A side whose numbers are larger counts for more: scale the sides to taste.
    beta : float, optional
        As in `ModernHopfield`, for the pairs: calibrated unless given.
    separation : {"softmax"}
        As in `ModernHopfield`.
    dtype : dtype, optional
        As in `ModernHopfield`.

    Raises
    ------
    InvalidInputError
        If there is not one value a key, or as `ModernHopfield` does.

    Examples
    --------
    >>> import numpy as np
    >>> import hopfield as hf
    >>> rng = np.random.default_rng(0)
    >>> words, pictures = rng.standard_normal((50, 20)), rng.standard_normal((50, 60))
    >>> memory = hf.BidirectionalMemory(words, pictures)
    >>> there = memory.recall(keys=words[7] + 0.2)
    >>> back = memory.recall(values=there.values)
    >>> there.pattern, back.pattern, bool(np.abs(back.keys - words[7]).max() < 0.01)
    (7, 7, True)
    """

    __slots__ = ("_pairs", "_width")

    def __init__(
        self,
        keys: npt.ArrayLike,
        values: npt.ArrayLike,
        *,
        beta: float | None = None,
        separation: Any = "softmax",
        dtype: npt.DTypeLike | None = None,
    ) -> None:
        (rows, _), (partners, _) = _arrays.table("keys", keys), _arrays.table("values", values)
        if len(rows) != len(partners) or 0 in rows.shape + partners.shape:
            raise InvalidInputError(
                "`keys` and `values` must have as many rows, at least one of at least one entry; got shapes "
                f"{rows.shape} and {partners.shape}"
            )
        self._width = rows.shape[1]
        self._pairs = ModernHopfield(
            np.concatenate([rows, partners], axis=1), beta=beta, separation=separation, dtype=dtype
        )

    @property
    def keys(self) -> Array:
        """The keys, shape (k, d), read-only."""
        return self._pairs.patterns[:, : self._width]

    @property
    def values(self) -> Array:
        """The values, shape (k, dv), read-only."""
        return self._pairs.patterns[:, self._width :]

    @property
    def beta(self) -> float:
        """The inverse temperature: the one given, or the calibrated one."""
        return self._pairs.beta

    def __len__(self) -> int:
        return len(self._pairs)

    def __repr__(self) -> str:
        k, width = self._pairs.patterns.shape
        return f"BidirectionalMemory({k} pairs of {self._width} and {width - self._width})"

    def recall(
        self,
        *,
        keys: npt.ArrayLike | None = None,
        values: npt.ArrayLike | None = None,
        max_steps: int = 1000,
        tol: float = 1e-6,
        clamp: bool = False,
        trace: bool = False,
        n_threads: int | None = None,
    ) -> BidirectionalRecall:
        """Recall pairs from their keys, from their values, or from both.

        Parameters
        ----------
        keys : array_like, shape (m, d) or (d,), optional
            Cues of the keys' side.
        values : array_like, shape (m, dv) or (dv,), optional
            Cues of the values' side; with `keys`, as many.
        max_steps, tol
            As in `ModernHopfield.retrieve`, for both sides together.
        clamp : bool
            Whether the given side keeps the cue's values throughout; it needs a side that is not given.
        trace : bool
            Whether to keep the energy before the first step and after each.
        n_threads : int, optional
            Threads at most; the result is the same for any number.

        Returns
        -------
        BidirectionalRecall

        Raises
        ------
        InvalidInputError
            If neither side is given, a cue does not fit, or both are given and `clamp` is set.

        Examples
        --------
        >>> import hopfield as hf
        >>> memory = hf.BidirectionalMemory([[1.0, 0.0], [0.0, 1.0]], [[1.0], [-1.0]], beta=5.0)
        >>> recalled = memory.recall(keys=[[0.9, 0.2], [0.3, 0.8]], trace=True)
        >>> recalled.values.round(2).tolist(), recalled.trace.round(2).tolist()[0]
        ([[1.0], [-1.0]], [0.66, 0.14, 0.14, 0.14, 0.14])
        """
        width = self._pairs.patterns.shape[1]
        widths = {"keys": self._width, "values": width - self._width}
        given = {"keys": keys, "values": values}
        cues = {name: _arrays.table(name, cue) for name, cue in given.items() if cue is not None}
        if not cues:
            raise InvalidInputError("`keys` or `values` must be given, to recall from")
        if clamp and len(cues) == 2:
            raise InvalidInputError("`clamp` must be False where both `keys` and `values` are given; got True")
        for name, (rows, single) in cues.items():
            if rows.shape[1] != widths[name]:
                found = rows.shape[1:] if single else rows.shape
                raise InvalidInputError(
                    f"`{name}` must have {widths[name]} columns, as the stored ones do; got shape {found}"
                )
        (m, single), *others = {(len(rows), single) for rows, single in cues.values()}
        if others:
            shapes = " and ".join(str(rows.shape[single:]) for rows, single in cues.values())
            raise InvalidInputError(f"`keys` and `values` must be as many; got shapes {shapes}")
        parts = [cues[name][0] if name in cues else np.zeros((m, widths[name])) for name in given]
        known = np.concatenate([np.full(widths[name], name in cues) for name in given])
        queries = np.concatenate(parts, axis=1)
        settled = self._pairs.retrieve(
            queries[0] if single else queries,
            known=None if known.all() else known,
            clamp=clamp,
            max_steps=max_steps,
            tol=tol,
            trace=trace,
            n_threads=n_threads,
        )
        return BidirectionalRecall(
            keys=settled.states[..., : self._width],
            values=settled.states[..., self._width :],
            converged=settled.converged,
            reason=settled.reason,
            n_steps=settled.n_steps,
            residual=settled.residual,
            energy=settled.energy,
            pattern=settled.pattern,
            weight=settled.weight,
            trace=settled.trace,
        )
