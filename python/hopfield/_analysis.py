"""What a modern memory says of itself: what theory promises, how new a query is, and where states settle.

Not here: how many random patterns can be stored, which is `hopfield.capacity`.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from . import _arrays, _centroids, _random, _storage
from ._arrays import Array
from ._storage import Stored
from ._theory import ErrorBound, FixedPoints
from .errors import HopfieldWarning

if TYPE_CHECKING:
    from ._keeping import Version
    from .separation import Separation

Float64 = npt.NDArray[np.float64]

#: Starts of each sort that `fixed_points` tries by itself, at most.
STARTS = 1024


class Analysis:
    """The part of `ModernHopfield` that asks about the memory instead of using it."""

    __slots__ = ()

    if TYPE_CHECKING:
        _version: Version
        _dtype: np.dtype[Any]
        _separation: Separation

        def _calibrated(self, version: Version, n_threads: int | None = None) -> float: ...
        def _states(self, version: Version, name: str, states: npt.ArrayLike) -> tuple[Array, bool]: ...

    def pattern_separation(self, *, n_threads: int | None = None) -> Float64:
        """How far each pattern is from being confused with another (Ramsauer et al. 2020, eq. 8).

        ``x @ x - max(x @ other)`` over the other patterns. Every pattern is compared with every other, but never is
        there an array of all scores.

        Parameters
        ----------
        n_threads : int, optional
            Threads at most; the result is the same for any number.

        Returns
        -------
        ndarray of float64, shape (k,)
            0 for a pattern that is stored twice (calibration merges such patterns), infinite for a single one;
            negative where another pattern is the better match, so that no `beta` retrieves it.

        Examples
        --------
        >>> import hopfield as hf
        >>> hf.ModernHopfield([[1.0, 0.0], [0.0, 1.0], [0.0, 3.0]]).pattern_separation().tolist()
        [1.0, -2.0, 6.0]
        """
        return self._version.core.pattern_separation(_arrays.threads(n_threads))

    def well_separated(self, *, n_threads: int | None = None) -> npt.NDArray[np.bool_]:
        """Which patterns have a fixed point of their own beside them, by Ramsauer et al. 2020, lemma A5.

        Those whose separation is at least ``2 / (beta k) + log(2 (k - 1) k beta M**2) / beta``, with `M` the largest
        norm: an update maps the ball of radius ``1 / (beta k M)`` around such a pattern into itself. The condition is
        sufficient; others may have one too.

        Parameters
        ----------
        n_threads : int, optional
            Threads at most; the result is the same for any number.

        Returns
        -------
        ndarray of bool, shape (k,)

        Examples
        --------
        >>> import numpy as np
        >>> import hopfield as hf
        >>> [bool(hf.ModernHopfield(np.eye(10), beta=beta).well_separated().all()) for beta in (1.0, 10.0)]
        [False, True]
        """
        version = self._version
        threads = _arrays.threads(n_threads)
        found: npt.NDArray[np.bool_] = version.core.error_bound(self._calibrated(version, threads), 0.0, threads)[
            "well_separated"
        ]
        return found

    def error_bound(self, distance: float = 0.0, *, n_threads: int | None = None) -> ErrorBound:
        """How near to each pattern an update is sure to end, and its fixed point to lie.

        Parameters
        ----------
        distance : float
            How far from the pattern the query is, at most: in the units of the patterns, 0 for the pattern itself.
        n_threads : int, optional
            Threads at most; the result is the same for any number.

        Returns
        -------
        ErrorBound
            The bounds of Ramsauer et al. (2020): theorem 5, lemmas A3 to A6.

        Raises
        ------
        InvalidInputError
            If `distance` is negative or not finite.

        Examples
        --------
        >>> import numpy as np
        >>> import hopfield as hf
        >>> memory = hf.ModernHopfield(np.eye(10), beta=20.0)
        >>> bound = memory.error_bound(0.2)
        >>> bound
        ErrorBound(10 patterns, well separated 100%)
        >>> query = np.eye(10)[0] + 0.2 * np.eye(10)[1]
        >>> bool(np.linalg.norm(memory.step(query) - np.eye(10)[0]) <= bound.one_step[0])
        True
        """
        version = self._version
        threads = _arrays.threads(n_threads)
        reach = _arrays.distance("distance", distance)
        return ErrorBound(**version.core.error_bound(self._calibrated(version, threads), reach, threads))

    def step_error(self, queries: npt.ArrayLike, *, n_threads: int | None = None) -> Any:
        """How far from its best match an update of each query can end: at most ``2 M (k - 1) exp(-beta c)``.

        `c` is by how much the best score is ahead of the next, `M` the largest norm (Ramsauer et al. 2020, lemma A4);
        and never more than ``2 M``.

        Parameters
        ----------
        queries : array_like, shape (m, d) or (d,)
            Converted to the dtype of the memory.
        n_threads : int, optional
            Threads at most; the result is the same for any number.

        Returns
        -------
        ndarray of float64, shape (m,), or float

        Examples
        --------
        >>> import numpy as np
        >>> import hopfield as hf
        >>> memory = hf.ModernHopfield(np.eye(3), beta=5.0)
        >>> memory.step_error([[1.0, 0.0, 0.0], [0.6, 0.5, 0.0]]).round(3).tolist()
        [0.027, 2.0]
        """
        version = self._version
        rows, single = self._states(version, "queries", queries)
        threads = _arrays.threads(n_threads)
        bounds = version.core.step_error(self._calibrated(version, threads), rows, threads)
        return float(bounds[0]) if single else bounds

    def needed_beta(self, error: float, distance: float = 0.0, *, n_threads: int | None = None) -> Float64:
        """The inverse temperature from which one update is sure to end near each pattern: `error_bound`, inverted.

        ``log(2 (k - 1) / error) / (separation - 2 M distance)`` (Ramsauer et al. 2020, theorem 5). `suggest_beta` is
        its quantile over patterns, so that a few hard ones do not decide.

        Parameters
        ----------
        error : float
            The wanted bound on the distance after the update, in units of the largest norm `M`; between 0 and 1.
        distance : float
            How far from the pattern the query is, at most: in the units of the patterns.
        n_threads : int, optional
            Threads at most; the result is the same for any number.

        Returns
        -------
        ndarray of float64, shape (k,)
            Infinite for a pattern for which no `beta` is known to do it; 0 where any does.

        Raises
        ------
        InvalidInputError
            If `error` is not between 0 and 1, or `distance` is negative or not finite.

        Examples
        --------
        >>> import numpy as np
        >>> import hopfield as hf
        >>> memory = hf.ModernHopfield(np.eye(10))
        >>> memory.needed_beta(1e-3).round(3).tolist()[:2], round(memory.beta, 3)
        ([9.798, 9.798], 9.798)
        >>> float(memory.needed_beta(1e-3, distance=0.6).max())
        inf
        """
        wanted, reach = _arrays.real("error", error), _arrays.distance("distance", distance)
        return self._version.core.needed_beta(wanted, reach, _arrays.threads(n_threads))

    def novelty(self, queries: npt.ArrayLike, *, n_threads: int | None = None) -> Any:
        """How new each query is: about 0 for one like a stored pattern, about 1 for one like none.

        The energy of the query on a scale that the memory itself makes: 0 is the median energy of the stored patterns,
        and the unit is the median of their separations (`pattern_separation`), which is by how much the energy of a
        stored pattern would be higher if it were not stored. So 1 is as new as a typical stored pattern would be to the
        others. The score has no units and no ends: below 0 lies what is deeper than a stored pattern, far above 1 what
        is further from all of them than they are from each other. Both medians are over at most 1024 distinct patterns,
        evenly spaced; where no separation is positive the unit is ``M**2 / 2``, the depth of a pattern below zero.

        Comparing by energy, the norm of a query counts; patterns and queries should be prepared alike. A threshold is
        yours to choose, by what a false alarm costs: for a share `q` of them, the quantile ``1 - q`` of the novelty of
        queries known to be familiar.

        Parameters
        ----------
        queries : array_like, shape (m, d) or (d,)
            Converted to the dtype of the memory.
        n_threads : int, optional
            Threads at most; the result is the same for any number.

        Returns
        -------
        ndarray of float64, shape (m,), or float

        Examples
        --------
        >>> import numpy as np
        >>> import hopfield as hf
        >>> rng = np.random.default_rng(0)
        >>> vectors = rng.standard_normal((210, 64))
        >>> vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        >>> memory = hf.ModernHopfield(vectors[:200])
        >>> familiar, new = vectors[:10] + 0.01 * rng.standard_normal((10, 64)), vectors[200:]
        >>> bool(memory.novelty(familiar).max() < 0.2), bool(memory.novelty(new).min() > 0.6)
        (True, True)
        """
        version = self._version
        rows, single = self._states(version, "queries", queries)
        threads = _arrays.threads(n_threads)
        scores = version.core.novelty(self._calibrated(version, threads), rows, threads)
        return float(scores[0]) if single else scores

    def fixed_points(
        self,
        starts: npt.ArrayLike | None = None,
        *,
        max_steps: int = 10000,
        tol: float = 1e-6,
        distance: float | None = None,
        rng: _random.Rng = 0,
        n_threads: int | None = None,
    ) -> FixedPoints:
        """The distinct fixed points that many starts lead to, and how many starts led to each.

        Starts are taken in order, and a settled state is the first of the fixed points found so far that lies within
        `distance` of it, else a new one; so the result is the same for any number of threads. It need not be all fixed
        points: unstable ones are met by luck or by symmetry only.

        Parameters
        ----------
        starts : array_like, shape (m, d) or (d,), optional
            Where to start. Unless given: the patterns (at most 1024 of them, evenly spaced), the midpoints of all pairs
            of those (of 1024 random pairs if there are more), and 1024 random points of the box that holds the
            patterns. Under epanechnikov besides all centroids that are fixed points, emergent ones included: they are
            finitely many, and an exact search finds them all.
        max_steps : int
            Updates of each start at most; one that has not settled by then counts for no fixed point.
        tol : float
            As in `retrieve`.
        distance : float, optional
            Settled states within this Euclidean distance are one fixed point; a thousandth of the largest norm of a
            pattern unless given.
        rng : int, numpy.random.Generator or None
            Of the random pairs and points.
        n_threads : int, optional
            Threads at most; the result is the same for any number.

        Returns
        -------
        FixedPoints
            The deepest first.

        Warns
        -----
        HopfieldWarning
            If so many patterns are within reach of each other that not all centroids are looked at.

        Examples
        --------
        Three patterns of which two are near each other, at three temperatures:

        >>> import hopfield as hf
        >>> patterns = [[1.0, 0.0], [0.8, 0.6], [-1.0, 0.0]]
        >>> [len(hf.ModernHopfield(patterns, beta=beta).fixed_points().minima()) for beta in (0.5, 5.0, 50.0)]
        [1, 2, 3]
        """
        version = self._version
        threads = _arrays.threads(n_threads)
        steps, tolerance = _arrays.count("max_steps", max_steps), _arrays.real("tol", tol)
        apart = None if distance is None else _arrays.real("distance", distance)
        if starts is None:
            starts = default_starts(_some(version.patterns), _random.generator(rng))
            if self._separation.name == "epanechnikov":
                stored = _storage.widened(version.patterns).astype(np.float64)
                radius = np.sqrt(2 / self._calibrated(version, threads))
                centroids, complete = _centroids.fixed(stored, float(radius))
                if not complete:
                    warnings.warn(
                        f"the first {_centroids.MOST} sets of patterns within reach of each other were looked at, and "
                        "there are more: fixed points may be missing",
                        HopfieldWarning,
                        stacklevel=2,
                    )
                starts = np.concatenate([starts, centroids])
            rows = starts.astype(self._dtype)
        else:
            rows, _ = self._states(version, "starts", starts)
        columns = version.core.fixed_points(self._calibrated(version, threads), rows, steps, tolerance, apart, threads)
        columns["kind"] = np.array(version.core.KINDS)[columns["kind"]]
        return FixedPoints(**columns)


def _some(patterns: Stored) -> Array:
    """At most so many patterns as there shall be starts, evenly spaced."""
    k = patterns.shape[0]
    kept = np.zeros(k, dtype=bool)
    kept[np.arange(min(k, STARTS)) * k // min(k, STARTS)] = True
    return _storage.widened(_storage.selected(patterns, kept))


def default_starts(patterns: Array, rng: np.random.Generator) -> Float64:
    """Patterns, midpoints of pairs of them, and random points of the box that holds them."""
    k, d = patterns.shape
    x = patterns.astype(np.float64)
    if k * (k - 1) // 2 <= STARTS:
        one, other = np.triu_indices(k, 1)
    else:
        one = rng.integers(0, k, STARTS)
        other = (one + rng.integers(1, k, STARTS)) % k
    anywhere = rng.uniform(x.min(axis=0), x.max(axis=0), (STARTS, d))
    return np.concatenate([x, x[one] / 2 + x[other] / 2, anywhere])
