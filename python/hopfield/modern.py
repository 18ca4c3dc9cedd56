"""The modern continuous network of Ramsauer et al. (2020), *Hopfield Networks is All You Need*, arXiv:2008.02217.

Letters: `k` stored patterns and `m` queries of `d` entries each; `beta` the inverse temperature. One update of a state
is ``softmax(beta * patterns @ state) @ patterns``, which is attention. Other similarities than the dot product and
other separations than softmax go the same ways; `hopfield.separation` has the family in a table.

Not here: gradients.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from . import _arrays, _storage
from . import separation as separations
from ._analysis import Analysis
from ._arrays import Array
from ._calibration import ERROR, calibrate
from ._keeping import Keeping, Version
from ._storage import ROUNDED
from .errors import InvalidInputError
from .results import Diagnosis, Retrieval, single_answer

__all__ = ["ModernHopfield"]

#: What the residual of a retrieval can measure.
CRITERIA = ("state", "association")


class ModernHopfield(Keeping, Analysis):
    """A memory of real-valued patterns that completes and denoises them, exactly as attention would.

    The energy of a state is ``-log(sum(exp(beta * patterns @ state))) / beta + state @ state / 2 + log(k) / beta +
    M**2 / 2`` with `M` the largest norm of a pattern (Ramsauer et al. 2020, eq. 2); each update ``softmax(beta *
    patterns @ state) @ patterns`` (eq. 3) never raises it.

    Parameters
    ----------
    patterns : array_like, shape (k, d)
        One pattern a row, at least one; a vector is one pattern. float32 and float64 are computed in as they come,
        8- and 16-bit integers, booleans and float16 as float32, wider integers as float64.
    values : array_like, shape (k, dv), optional
        What goes with each pattern: `step` and the `output` of `retrieve` are then weighted values.
    beta : float, optional
        The inverse temperature, positive. Small: states are means of many patterns; large: single patterns. Without it
        the memory is calibrated, at first use, so that it retrieves its patterns; see `suggest_beta`.
    separation : str or Separation
        How scores become weights: a value of `hopfield.separation`, or its name. What follows is said of softmax and
        dot; the table there has the weights, energies and similarities of the others.
    similarity : {"dot", "cosine", "euclidean", "manhattan"}
        The score ``s`` of a pattern ``x`` for a state ``q``: ``x @ q``; the same of vectors of norm 1, to which
        patterns and states are scaled (a zero vector is refused); ``-|x - q|**2 / 2``, a Gaussian kernel under
        softmax; ``-sum|x - q|``. Notes on accuracy below.
    dtype : {"float32", "float64", "bfloat16", "float16", "int8"}, optional
        The dtype to store and compute in, instead of the patterns' own. The last three store the patterns in half or a
        quarter of the memory, so that few queries against a large memory, which take as long as reading it, take less
        time; everything is computed in float32, values are float32, and every answer is, bit for bit, that of
        ``ModernHopfield(memory.patterns)``. What they do to the patterns is said in the notes.
    copy : bool
        True: the memory keeps a copy of its own. False: it borrows `patterns` (and `values`), which must be
        C-contiguous arrays of the dtype, and forbids writing to them by clearing their ``writeable`` flag. Writing
        through another view of the same memory, or after setting the flag again, is the caller's responsibility:
        answers are then wrong without a word.
    check_finite : bool
        Whether NaN and infinity in patterns and values are looked for and refused.

    Raises
    ------
    InvalidInputError
        A shape, value or name that does not fit; the message says which and why.
    InputTypeError
        Masked, complex or object arrays.

    Notes
    -----
    Patterns are rounded once, to the nearest number and from ties to the even one. ``"bfloat16"`` keeps 8 significant
    bits over the range of float32, ``"float16"`` 11 bits up to 65504 (fewer below 6e-5); a larger entry is refused.
    ``"int8"`` keeps a float32 ``scale = max(abs(pattern)) / 127`` for each pattern and whole numbers ``q =
    round(pattern / scale)``, so that ``abs(pattern - scale * q) <= scale / 2``; what is computed with is ``scale * q``,
    rounded to float32. A score ``pattern @ query`` is then off by at most ``bound = scale / 2 * abs(query).sum()``,
    which is at most ``scale / 2 * sqrt(d) * norm(query)`` by the Cauchy-Schwarz inequality (and besides what float32
    rounds), and the ratio of two weights by a factor of at most ``exp(2 * beta * bound)``.

    Under euclidean, softmax, sparsemax, entmax, `TopK` and max compute ``x @ q - |x|**2 / 2``, which differs from the
    score by what all patterns share, at the speed of dot products. Its rounding error is at most ``(d + 2) u |x @ q| +
    3 u |x|**2 / 2`` with absolute values inside the sum, ``u`` half the spacing of the dtype at 1 (and ``d`` at most 64
    plus a 64th of the entries), whatever the distance: data far from the origin lose digits, so move them there first
    or compute in float64. The others, partial cues and manhattan add up differences, and lose nothing.

    Examples
    --------
    >>> import numpy as np
    >>> import hopfield as hf
    >>> patterns = np.random.default_rng(0).standard_normal((100, 32))
    >>> memory = hf.ModernHopfield(patterns)
    >>> noisy = patterns[7] + 0.3
    >>> found = memory.retrieve(noisy)
    >>> found.pattern, bool(np.abs(found.states - patterns[7]).max() < 1e-3)
    (7, True)
    >>> small = hf.ModernHopfield(patterns, dtype="int8")
    >>> small.nbytes, memory.nbytes, small.retrieve(noisy).pattern
    (3600, 25600, 7)
    """

    __slots__ = ()

    def __init__(
        self,
        patterns: npt.ArrayLike,
        *,
        values: npt.ArrayLike | None = None,
        beta: float | None = None,
        separation: str | separations.Separation = "softmax",
        similarity: str = "dot",
        dtype: npt.DTypeLike | None = None,
        copy: bool = True,
        check_finite: bool = True,
    ) -> None:
        self._separation = separations.parsed(separation, similarity)
        self._similarity = similarity
        given = _arrays.array("patterns", patterns)
        #: The name of the dtype that patterns are kept in, and the dtype of everything else.
        self._stored = _arrays.computed_in(given.dtype).name if dtype is None else _storage.named(dtype)
        self._dtype = np.dtype(np.float32 if self._stored in ROUNDED else self._stored)
        self._check_finite = bool(check_finite)
        self._given_beta = None if beta is None else _arrays.real("beta", beta)
        if self._stored in ROUNDED and not copy:
            raise InvalidInputError(
                f"`copy` must be True with dtype {self._stored!r}, which rounds the patterns into memory of its own; "
                "got False"
            )
        if similarity == "cosine" and not copy:
            raise InvalidInputError(
                "`copy` must be True with similarity 'cosine', which scales the patterns in memory of its own; "
                "got False"
            )
        keep = self._owned if copy else self._borrowed
        #: Held from reading the version to replacing it. Those that only read it need no lock.
        self._changing = threading.Lock()
        self._version = self._new_version(
            self._rounded(self._directed(self._rows("patterns", patterns)[0]))
            if self._stored in ROUNDED
            else self._directed(keep("patterns", patterns)),
            None if values is None else keep("values", values),
        )

    @property
    def separation(self) -> separations.Separation:
        """How scores become weights.

        Examples
        --------
        >>> import hopfield as hf
        >>> hf.ModernHopfield([[1.0, 0.0]], separation="entmax").separation
        Entmax(alpha=1.5)
        """
        return self._separation

    @property
    def similarity(self) -> str:
        """How a state is compared with a pattern.

        Examples
        --------
        >>> import hopfield as hf
        >>> hf.ModernHopfield([[1.0, 0.0]]).similarity
        'dot'
        """
        return self._similarity

    @property
    def beta(self) -> float:
        """The inverse temperature: the one given, or the calibrated one (see `suggest_beta`).

        Examples
        --------
        >>> import hopfield as hf
        >>> round(hf.ModernHopfield([[1.0, 0.0], [0.0, 1.0]]).beta, 3)
        7.601
        """
        return self._calibrated(self._version)

    def _calibrated(self, version: Version, n_threads: int | None = None) -> float:
        """The inverse temperature, for a public method: a warning points to the line that called it."""
        if version.beta is not None:
            return version.beta
        beta = calibrate(version.core, ERROR, n_threads, stacklevel=3)
        with self._changing:
            # Kept only if the memory has not changed meanwhile.
            if self._version is version:
                self._version = version._replace(beta=beta)
        return beta

    def __len__(self) -> int:
        return int(self._version.patterns.shape[0])

    def __repr__(self) -> str:
        k, d = self._version.patterns.shape
        beta = "calibrated at first use" if self._version.beta is None else f"{self._version.beta:.6g}"
        plain = self._separation == separations.Softmax() and self._similarity == "dot"
        family = "" if plain else f", {self._separation}, {self._similarity}"
        return f"ModernHopfield({k} patterns of {d}, {self._stored}, beta {beta}{family})"

    def step(
        self,
        queries: npt.ArrayLike,
        *,
        known: npt.ArrayLike | None = None,
        mask: npt.ArrayLike | None = None,
        n_threads: int | None = None,
    ) -> Array:
        """Update each query once: ``softmax(beta * queries @ patterns.T) @ patterns`` (Ramsauer et al. 2020, eq. 3).

        Parameters
        ----------
        queries : array_like, shape (m, d) or (d,)
            Converted to the dtype of the memory.
        known : array_like of bool, shape (d,) or (m, d), optional
            True where an entry of the query is known; the others are not read, and the known ones alone are compared.
        mask : array_like of bool, shape (k,) or (m, k), optional
            True where a pattern takes part. A query for which none does gets zeros.
        n_threads : int, optional
            Threads at most; the result is the same for any number.

        Returns
        -------
        ndarray, shape (m, d) or (d,)
            With values ``softmax(...) @ values`` instead, shape (m, dv) or (dv,).

        Examples
        --------
        >>> import hopfield as hf
        >>> memory = hf.ModernHopfield([[1.0, 0.0], [0.0, 1.0]], beta=4.0)
        >>> memory.step([1.0, 0.0]).round(3).tolist()
        [0.982, 0.018]
        """
        version = self._version
        rows, single, known_flags = self._cues(version, queries, known)
        mask_flags = _arrays.flags("mask", mask, (len(rows), version.patterns.shape[0]))
        threads = _arrays.threads(n_threads)
        output = version.core.step(self._calibrated(version, threads), rows, known_flags, mask_flags, threads)
        return output[0] if single else output

    def retrieve(
        self,
        queries: npt.ArrayLike,
        *,
        max_steps: int = 1000,
        tol: float = 1e-6,
        criterion: str = "state",
        known: npt.ArrayLike | None = None,
        clamp: bool = False,
        mask: npt.ArrayLike | None = None,
        trace: bool = False,
        n_threads: int | None = None,
        progress: Callable[[int, int], object] | None = None,
        check_finite: bool = True,
    ) -> Retrieval:
        """Update each query until it settles, each by itself.

        Parameters
        ----------
        queries : array_like, shape (m, d) or (d,)
            Where to start, converted to the dtype of the memory.
        max_steps : int
            Updates of each query at most.
        tol : float
            A query has settled when its residual is at most this (or a few units in the last place of its norm).
        criterion : {"state", "association"}
            The residual: the Euclidean length of the last move, or the summed change of the weights, which takes two
            more passes over the memory a step.
        known : array_like of bool, shape (d,) or (m, d), optional
            True where an entry of the query is known. The first step compares the known entries alone and reads no
            other (they may be NaN); from then on the completed state takes part.
        clamp : bool
            Whether known entries keep the query's values throughout.
        mask : array_like of bool, shape (k,) or (m, k), optional
            True where a pattern takes part. A query for which none does stays as it is, with reason ``"masked"``.
        trace : bool
            Whether to keep the energy before the first step and after each.
        n_threads : int, optional
            Threads at most; the result is the same for any number.
        progress : callable, optional
            Called now and then as ``progress(settled, m)``; what it raises ends the retrieval.
        check_finite : bool
            Whether NaN and infinity in the queries are refused. If not, they stay with their own query, which never
            converges.

        Returns
        -------
        Retrieval
            States and evidence. Not to have converged is a result, not an error.

        Examples
        --------
        >>> import numpy as np
        >>> import hopfield as hf
        >>> memory = hf.ModernHopfield([[1.0, -1.0, 1.0, -1.0], [1.0, 1.0, -1.0, -1.0]], beta=8.0)
        >>> found = memory.retrieve([1.0, -1.0, np.nan, np.nan], known=[True, True, False, False])
        >>> found.states.round(3).tolist(), found.converged
        ([1.0, -1.0, 1.0, -1.0], True)
        """
        version = self._version
        rows, single, known_flags = self._cues(version, queries, known, check_finite)
        mask_flags = _arrays.flags("mask", mask, (len(rows), version.patterns.shape[0]))
        total = len(rows)
        # Parsed before the calibration, which can take seconds.
        steps, tolerance = _arrays.count("max_steps", max_steps), _arrays.real("tol", tol)
        residual = _arrays.one_of("criterion", criterion, CRITERIA)
        heard = _arrays.callback("progress", progress)
        threads = _arrays.threads(n_threads)
        columns = version.core.retrieve(
            self._calibrated(version, threads),
            rows,
            steps,
            tolerance,
            residual,
            known_flags,
            bool(clamp),
            mask_flags,
            bool(trace),
            bool(check_finite),
            threads,
            None if heard is None else lambda settled: heard(settled, total),
        )
        if heard is not None:
            heard(total, total)
        columns["reason"] = np.array(version.core.REASONS)[columns["reason"]]
        if columns["output"] is None:
            columns["output"] = columns["states"]
        return Retrieval(**(single_answer(columns) if single else columns))

    def energy(self, states: npt.ArrayLike, *, constants: bool = True) -> Any:
        """The energy of each state (Ramsauer et al. 2020, eq. 2).

        Parameters
        ----------
        states : array_like, shape (m, d) or (d,)
            Converted to the dtype of the memory.
        constants : bool
            Whether ``log(k) / beta + M**2 / 2`` is included, with which the energy is never negative.

        Returns
        -------
        ndarray of float64, shape (m,), or float

        Examples
        --------
        >>> import hopfield as hf
        >>> memory = hf.ModernHopfield([[1.0, 0.0], [0.0, 1.0]], beta=4.0)
        >>> memory.energy([[1.0, 0.0], [0.5, 0.5]]).round(4).tolist()
        [0.1687, 0.25]
        """
        version = self._version
        rows, single = self._states(version, "states", states)
        energies = version.core.energy(self._calibrated(version), rows, bool(constants), None)
        return float(energies[0]) if single else energies

    def association(self, queries: npt.ArrayLike, *, top: int | None = None) -> Any:
        """The weight of each pattern for each query, ``softmax(beta * queries @ patterns.T)``.

        Parameters
        ----------
        queries : array_like, shape (m, d) or (d,)
            Converted to the dtype of the memory.
        top : int, optional
            Only the so many largest weights, and the patterns they belong to.

        Returns
        -------
        ndarray, shape (m, k) or (k,)
            Or, with `top`, ``(weights, indices)``, each of shape (m, top) or (top,), the largest weight first and equal
            scores by the lowest index.

        Examples
        --------
        >>> import hopfield as hf
        >>> memory = hf.ModernHopfield([[1.0, 0.0], [0.0, 1.0]], beta=4.0)
        >>> memory.association([1.0, 0.0]).round(3).tolist()
        [0.982, 0.018]
        >>> weights, indices = memory.association([1.0, 0.0], top=1)
        >>> indices.tolist()
        [0]
        """
        version = self._version
        rows, single = self._states(version, "queries", queries)
        largest = None if top is None else _arrays.count("top", top)
        beta = self._calibrated(version)
        if largest is None:
            weights = version.core.association(beta, rows, None)
            return weights[0] if single else weights
        weights, indices = version.core.association_top(beta, rows, largest, None)
        return (weights[0], indices[0]) if single else (weights, indices)

    def diagnose(self, states: npt.ArrayLike) -> Diagnosis:
        """Say what kind of attractor each state is near: one pattern, some, or the mean of all.

        Parameters
        ----------
        states : array_like, shape (m, d) or (d,)
            Converted to the dtype of the memory.

        Returns
        -------
        Diagnosis

        Examples
        --------
        >>> import hopfield as hf
        >>> memory = hf.ModernHopfield([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]], beta=10.0)
        >>> memory.diagnose([[1.0, 0.0], [0.5, 0.5], [0.0, 0.0]]).kind.tolist()
        ['pattern', 'metastable', 'global']
        """
        version = self._version
        rows, single = self._states(version, "states", states)
        columns = version.core.diagnose(self._calibrated(version), rows, None)
        columns["kind"] = np.array(version.core.KINDS)[columns["kind"]]
        columns["ramsauer_class"] = np.array(version.core.CLASSES)[columns["ramsauer_class"]]
        return Diagnosis(**(single_answer(columns) if single else columns))

    def _cues(
        self, version: Version, queries: npt.ArrayLike, known: npt.ArrayLike | None, check_finite: bool = True
    ) -> tuple[Array, bool, Array | None]:
        """The queries as rows, whether a single one came, and what is known of them as (m, d)."""
        table, single = _arrays.table("queries", queries)
        _arrays.check_width("queries", table, single, version.patterns.shape[1])
        shape = (len(table), version.patterns.shape[1])
        flags = _arrays.flags("known", known, shape)
        if flags is not None:
            flags = np.ascontiguousarray(np.broadcast_to(flags, shape))
        rows = _arrays.readable(table, self._dtype)
        if check_finite:
            _arrays.check_fit("queries", table, rows, flags)
        return rows, single, flags

    def _states(self, version: Version, name: str, states: npt.ArrayLike) -> tuple[Array, bool]:
        """Complete rows to compare with the patterns, and whether a single one came."""
        rows, single = _arrays.rows(name, states, self._dtype)
        _arrays.check_width(name, rows, single, version.patterns.shape[1])
        return rows, single
