"""What a modern memory keeps: its versions, patterns that come and go, copies and borrowed arrays.

Not here: what the memory answers.
"""

from __future__ import annotations

import threading
from typing import Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from . import _arrays, _core, _storage
from . import separation as separations
from ._arrays import Array
from ._storage import ROUNDED, Stored
from .errors import InputTypeError, InvalidInputError


class Version(NamedTuple):
    """One state of a memory. A call takes the current one at its start and is not disturbed by later changes.

    The arrays are read-only and never handed out: a view of a read-only array cannot be made writeable again.
    """

    patterns: Stored
    values: Array | None
    core: _core.ModernHopfield
    beta: float | None


class Keeping:
    """The part of `ModernHopfield` that stores."""

    __slots__ = (
        "_changing",
        "_check_finite",
        "_dtype",
        "_given_beta",
        "_separation",
        "_similarity",
        "_stored",
        "_version",
    )

    _changing: threading.Lock
    _check_finite: bool
    _dtype: np.dtype[Any]
    _given_beta: float | None
    _separation: separations.Separation
    _similarity: str
    _stored: str
    _version: Version

    def _new_version(self, patterns: Stored, values: Array | None) -> Version:
        core = self._assembled(patterns, values)
        if self._given_beta is not None:
            core.validate(self._given_beta)
        if isinstance(patterns, np.ndarray):
            patterns.flags.writeable = False
        if values is not None:
            values.flags.writeable = False
        return Version(patterns, values, core, self._given_beta)

    def _assembled(self, patterns: Stored, values: Array | None) -> _core.ModernHopfield:
        family = separations.for_core(self._separation), self._similarity
        return _core.ModernHopfield(patterns, values, *family, self._check_finite, None)

    @property
    def patterns(self) -> Array:
        """The stored patterns, shape (k, d), read-only; a new float32 array of what they are if they are kept in less.

        Examples
        --------
        >>> import hopfield as hf
        >>> hf.ModernHopfield([[1.0, 0.0], [0.0, 1.0]]).patterns.shape
        (2, 2)
        >>> hf.ModernHopfield([0.1, 1.0], dtype="bfloat16").patterns.tolist()
        [[0.10009765625, 1.0]]
        """
        return _storage.widened(self._version.patterns)

    @property
    def nbytes(self) -> int:
        """Bytes that the stored patterns, with their scales, and the values take.

        Examples
        --------
        >>> import numpy as np
        >>> import hopfield as hf
        >>> patterns = np.eye(100, dtype=np.float32)
        >>> [hf.ModernHopfield(patterns, dtype=dtype).nbytes for dtype in ("float32", "bfloat16", "int8")]
        [40000, 20000, 10400]
        """
        version = self._version
        return version.patterns.nbytes + (0 if version.values is None else version.values.nbytes)

    @property
    def values(self) -> Array | None:
        """The values that go with the patterns, shape (k, dv), read-only; None if there are none.

        Examples
        --------
        >>> import hopfield as hf
        >>> hf.ModernHopfield([[1.0, 0.0], [0.0, 1.0]], values=[[1.0], [2.0]]).values.ravel().tolist()
        [1.0, 2.0]
        """
        values = self._version.values
        return None if values is None else values.view()

    def add(self, patterns: npt.ArrayLike, values: npt.ArrayLike | None = None) -> Self:
        """Store more patterns behind the ones there are.

        Each call copies the memory once, so add many patterns at a time. Threads may add and remove at once: one change
        follows the other, and calls that run meanwhile see the memory as it was when they began. A calibrated `beta` is
        calibrated anew.

        Parameters
        ----------
        patterns : array_like, shape (j, d) or (d,)
            The new patterns.
        values : array_like, shape (j, dv) or (dv,), optional
            Their values; needed if, and only if, the memory has values.

        Returns
        -------
        ModernHopfield
            The memory itself.

        Examples
        --------
        >>> import hopfield as hf
        >>> memory = hf.ModernHopfield([[1.0, 0.0]])
        >>> len(memory.add([0.0, 1.0]))
        2
        """
        # Read before the lock is taken: arrays can be objects with code of their own.
        more, single = self._rows("patterns", patterns)
        more_values = None if values is None else self._rows("values", values)[0]
        with self._changing:
            version = self._version
            if (more_values is None) != (version.values is None):
                raise InvalidInputError(
                    "`values` must be given for each new pattern, as the memory has values"
                    if more_values is None
                    else "`values` must not be given: the memory has none for its patterns"
                )
            _arrays.check_width("patterns", more, single, version.patterns.shape[1])
            joined = version.patterns
            if len(more):
                directed = self._directed(more.copy() if self._similarity == "cosine" else more)
                new = self._rounded(directed) if self._stored in ROUNDED else directed
                # By themselves first, so that a complaint counts the rows from the first new one.
                self._assembled(new, more_values)
                joined = _storage.joined(joined, new)
            joined_values = None
            if version.values is not None and more_values is not None:
                joined_values = _joined("values", version.values, more_values)
            self._version = self._new_version(joined, joined_values)
        return self

    def remove(self, indices: npt.ArrayLike) -> Self:
        """Remove patterns, and their values; those behind them are renumbered.

        Parameters
        ----------
        indices : array_like of int
            Indices of stored patterns; at least one pattern must be left.

        Returns
        -------
        ModernHopfield
            The memory itself.

        Examples
        --------
        >>> import hopfield as hf
        >>> memory = hf.ModernHopfield([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
        >>> memory.remove([0]).patterns.tolist()
        [[0.0, 1.0], [1.0, 1.0]]
        """
        chosen = np.atleast_1d(_arrays.array("indices", indices))
        if chosen.size and chosen.dtype.kind not in "iu":
            raise InputTypeError(f"`indices` must be whole numbers; got dtype {chosen.dtype}")
        with self._changing:
            version = self._version
            k = version.patterns.shape[0]
            wrong = chosen[(chosen < 0) | (chosen >= k)]
            if wrong.size:
                raise InvalidInputError(f"`indices` must be indices of stored patterns, 0 to {k - 1}; got {wrong[0]}")
            kept = np.ones(k, dtype=bool)
            kept[chosen.astype(np.intp)] = False
            if not kept.any():
                raise InvalidInputError("`indices` must leave at least one pattern stored; got all of them")
            values = None if version.values is None else version.values[kept]
            self._version = self._new_version(_storage.selected(version.patterns, kept), values)
        return self

    def _rows(self, name: str, values: npt.ArrayLike) -> tuple[Array, bool]:
        """Rows to store, and whether a single one came; patterns that will be rounded as precise as they are."""
        dtype = None if name == "patterns" and self._stored in ROUNDED else self._dtype
        return _arrays.rows(name, values, dtype, check_finite=self._check_finite)

    def _directed(self, rows: Array) -> Array:
        """The rows, which are the memory's own, of norm 1 where directions are compared."""
        if self._similarity == "cosine":
            if not rows.flags.writeable or not rows.flags.owndata:
                rows = rows.copy()
            _core.scale_to_unit(rows)
        return rows

    def _rounded(self, rows: Array) -> _core.RoundedPatterns:
        """The rows in fewer bits."""
        return _core.RoundedPatterns(rows, self._stored, self._check_finite)

    def _owned(self, name: str, values: npt.ArrayLike) -> Array:
        """A copy that only the memory has: an array that owns its data, so that no view of it can be made writeable."""
        rows, _ = self._rows(name, values)
        fresh = rows.flags.owndata and not np.may_share_memory(rows, np.asarray(values))
        return rows if fresh else rows.copy()

    def _borrowed(self, name: str, values: npt.ArrayLike) -> Array:
        """The caller's own array, which must be readable as it is."""
        rows = _arrays.array(name, values)
        readable = rows.ndim == 2 and rows.dtype == self._dtype and rows.flags.c_contiguous and rows.flags.aligned
        if rows is not values or not readable:
            raise InvalidInputError(
                f"`{name}` must be a C-contiguous aligned array of shape (rows, columns) and dtype {self._dtype} to be "
                "borrowed with copy=False; leave copy=True to have it copied"
            )
        return rows


def _joined(name: str, stored: Array, more: Array) -> Array:
    if more.shape[1] != stored.shape[1]:
        raise InvalidInputError(
            f"`{name}` must have {stored.shape[1]} columns, as the stored ones do; got shape {more.shape}"
        )
    return np.concatenate([stored, more])
