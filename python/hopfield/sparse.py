"""A network of neurons that are 0 or 1, for patterns of which few are active (Tsodyks & Feigelman 1988).

Letters: `k` stored patterns `eta` and `m` cues of `n` neurons each, with activity `a`, the share of neurons that are 1.
Weights are ``W = sum(outer(eta - a, eta - a)) / (a * (1 - a) * n)`` with ``W[i, i] = 0``, the covariance rule; the
field is ``h = W @ x - threshold`` and the energy ``E = -x @ W @ x / 2 + threshold @ x``. An update makes a neuron 1
where its field is positive and 0 where it is negative.

Not here: patterns of -1 and +1 (`ClassicalHopfield`), and thresholds that follow the activity of the state.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from . import _active, _arrays, _core
from ._binary import BinaryNetwork, Self, each
from .classical import bias_of
from .results import BinaryRetrieval

__all__ = ["SparseHopfield"]


class SparseHopfield(BinaryNetwork):
    """A network of neurons of 0 and 1 that recalls sparse patterns by the covariance rule.

    Parameters
    ----------
    patterns : array_like of bool or of 0 and 1, shape (k, n) or (n,), optional
        Stored at once, as `store` would. Arrays of -1 and +1 are refused.
    activity : float, optional
        `a`, between 0 and 1. Unless given, the mean of all stored patterns.
    threshold : float or array_like, shape (n,), optional
        Unless given, ``1/2 - a``: a pattern gives its active neurons the sum ``1 - a``, and the others ``-a``, about,
        so that this is midway.
    tie : {"keep", "plus", "minus", "random"}
        What an update does where the field is exactly 0: leave the neuron as it is (an unknown one becomes 1), make it
        1 or 0, or toss a coin.

    Raises
    ------
    InvalidInputError
        A shape, value or name that does not fit, an activity that is not between 0 and 1.
    InputTypeError
        Masked, complex or object arrays.

    Notes
    -----
    Weights are rounded to multiples of a power of two so small that sums of them are exact: fields do not drift, and
    ties are real ties. The weights take ``8 * n * n`` bytes.

    Examples
    --------
    >>> import numpy as np
    >>> import hopfield as hf
    >>> patterns = np.random.default_rng(0).random((60, 400)).argsort(axis=1) < 20
    >>> net = hf.SparseHopfield(patterns)
    >>> cue = patterns[7].copy()
    >>> cue[np.flatnonzero(cue)[:5]] = False
    >>> found = net.retrieve(cue)
    >>> found.outcome, found.pattern
    ('memory', 7)

    Hebb's rule for ±1 fails here, because such patterns resemble each other:

    >>> hf.ClassicalHopfield(hf.spins(patterns)).is_fixed_point(hf.spins(patterns)).any().item()
    False
    """

    __slots__ = ()

    _core: _core.SparseHopfield
    _rows = staticmethod(_active.rows)

    def __init__(
        self,
        patterns: npt.ArrayLike | None = None,
        *,
        activity: float | None = None,
        threshold: npt.ArrayLike | None = None,
        tie: str = "keep",
    ) -> None:
        self._core = _core.SparseHopfield(
            None if activity is None else _arrays.real("activity", activity),
            bias_of("threshold", threshold),
            _arrays.name("tie", tie),
        )
        if patterns is not None:
            self.store(patterns)

    def store(self: Self, patterns: npt.ArrayLike) -> Self:
        """Store more patterns, behind those already stored; all weights are made anew.

        Parameters
        ----------
        patterns : array_like of bool or of 0 and 1, shape (j, n) or (n,)
            A pattern that is given twice counts twice.

        Returns
        -------
        The network itself.

        Raises
        ------
        InvalidInputError
            If there is no pattern, its width is not that of the network, or a value is neither 0 nor 1; if no activity
            was given and all patterns are silent, or active everywhere. Then nothing is stored.

        Examples
        --------
        >>> import hopfield as hf
        >>> len(hf.SparseHopfield([1, 0, 0]).store([[0, 1, 0], [0, 0, 1]]))
        3
        """
        return super().store(patterns)

    def forget(self: Self, patterns: npt.ArrayLike) -> Self:
        """Forget patterns: the network is then that of the patterns that are left.

        Parameters
        ----------
        patterns : array_like of bool or of 0 and 1, shape (j, n) or (n,)
            For each row the first stored pattern equal to it is removed. The others keep their order and are numbered
            anew.

        Returns
        -------
        The network itself.

        Raises
        ------
        InvalidInputError
            If a row is not stored, or not as often as it is given; then nothing is forgotten.

        Examples
        --------
        >>> import hopfield as hf
        >>> hf.SparseHopfield([[1, 0, 0], [0, 1, 0]]).forget([1, 0, 0]).patterns.tolist()
        [[0, 1, 0]]
        """
        return super().forget(patterns)

    @property
    def patterns(self) -> npt.NDArray[np.int8]:
        """The stored patterns, shape (k, n), of 0 and 1: a new array each time.

        Examples
        --------
        >>> import hopfield as hf
        >>> hf.SparseHopfield([[1, 0], [0, 1]]).patterns.tolist()
        [[1, 0], [0, 1]]
        """
        return self._core.patterns().view(np.int8)

    @property
    def activity(self) -> float | None:
        """The activity `a` that the weights are made with; None while nothing is stored.

        Examples
        --------
        >>> import hopfield as hf
        >>> hf.SparseHopfield([[1, 0, 0, 0], [0, 1, 0, 0]]).activity
        0.25
        """
        return self._core.activity

    @property
    def weight_matrix(self) -> npt.NDArray[np.float64]:
        """The weights `W`, shape (n, n), in a fresh array.

        Examples
        --------
        >>> import hopfield as hf
        >>> hf.SparseHopfield([1, 0]).weight_matrix.tolist()
        [[0.0, -0.5], [-0.5, 0.0]]
        """
        return self._core.weight_matrix()

    def retrieve(self, cues: npt.ArrayLike, **options: Any) -> BinaryRetrieval:
        """Update the neurons of each cue until all of them agree with their fields: a fixed point.

        Parameters
        ----------
        cues : array_like of bool or of 0 and 1, shape (m, n) or (n,)
            Where to start.
        **options
            Those of `ClassicalHopfield.retrieve`, with the same meaning. A neuron that is not `known` counts as 0 until
            its first visit. The temperature is one of neurons of 0 and 1: they become 1 with probability
            ``1 / (1 + exp(-h[i] / T))``.

        Returns
        -------
        BinaryRetrieval
            States are 1 and 0, or -1 where a neuron was unknown and the budget ended before its first visit. The
            overlap is the largest, as `overlap` has it; the outcome is ``"cycle"``, ``"memory"``, ``"near_memory"`` (a
            fixed point whose overlap is at least `near_overlap`), ``"spurious"`` or ``"unsettled"``.

        Raises
        ------
        InvalidInputError
            As `ClassicalHopfield.retrieve`.
        InputTypeError
            As `ClassicalHopfield.retrieve`.

        Examples
        --------
        >>> import hopfield as hf
        >>> net = hf.SparseHopfield([[1, 1, 1, 0, 0, 0, 0, 0], [0, 0, 0, 1, 1, 1, 0, 0]])
        >>> net.retrieve([1, 1, 0, 0, 0, 0, 0, 0]).states.tolist()
        [1, 1, 1, 0, 0, 0, 0, 0]
        """
        return super().retrieve(cues, **options)

    def energy(self, states: npt.ArrayLike) -> Any:
        """The energy of each state, ``-x @ W @ x / 2 + threshold @ x``, rounded once.

        Parameters
        ----------
        states : array_like of bool or of 0 and 1, shape (m, n) or (n,)
            One state a row.

        Returns
        -------
        ndarray of float64, shape (m,), or float

        Examples
        --------
        >>> import hopfield as hf
        >>> hf.SparseHopfield([1, 0, 1, 0]).energy([[1, 0, 1, 0], [0, 0, 0, 0]]).tolist()
        [-0.25, 0.0]
        """
        energies = each(self._core.energy, states, self._rows)
        return energies if energies.ndim else energies.item()

    def field(self, states: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """The field of each neuron, ``W @ x - threshold``, rounded once.

        Parameters
        ----------
        states : array_like of bool or of 0 and 1, shape (m, n) or (n,)
            One state a row.

        Returns
        -------
        ndarray of float64, shape (m, n) or (n,)

        Examples
        --------
        >>> import hopfield as hf
        >>> hf.SparseHopfield([1, 0, 1, 0]).field([1, 0, 1, 0]).tolist()
        [0.25, -0.5, 0.25, -0.5]
        """
        return each(self._core.field, states, self._rows)

    def overlap(self, states: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """The overlap of each state with each pattern, ``(eta - a) @ x / (a * (1 - a) * n)``.

        It is 1 for a pattern of activity `a` itself, and about 0 for an unrelated state.

        Parameters
        ----------
        states : array_like of bool or of 0 and 1, shape (m, n) or (n,)
            One state a row.

        Returns
        -------
        ndarray of float64, shape (m, k) or (k,)

        Examples
        --------
        >>> import hopfield as hf
        >>> hf.SparseHopfield([[1, 1, 0, 0], [0, 0, 1, 1]]).overlap([1, 0, 0, 0]).tolist()
        [0.5, -0.5]
        """
        return super().overlap(states)

    def hamming(self, states: npt.ArrayLike) -> npt.NDArray[np.int64]:
        """The number of neurons in which each state differs from each pattern.

        Parameters
        ----------
        states : array_like of bool or of 0 and 1, shape (m, n) or (n,)
            One state a row.

        Returns
        -------
        ndarray of int64, shape (m, k) or (k,)

        Examples
        --------
        >>> import hopfield as hf
        >>> hf.SparseHopfield([[1, 1, 0, 0], [0, 0, 1, 1]]).hamming([1, 0, 0, 0]).tolist()
        [1, 3]
        """
        return super().hamming(states)

    def is_fixed_point(self, states: npt.ArrayLike) -> Any:
        """Whether an update would leave every neuron of each state as it is.

        Parameters
        ----------
        states : array_like of bool or of 0 and 1, shape (m, n) or (n,)
            One state a row.

        Returns
        -------
        ndarray of bool, shape (m,), or bool

        Examples
        --------
        >>> import hopfield as hf
        >>> hf.SparseHopfield([1, 0, 1, 0]).is_fixed_point([[1, 0, 1, 0], [0, 1, 1, 0]]).tolist()
        [True, False]
        """
        return super().is_fixed_point(states)
