"""The classical network of ±1 neurons (Hopfield, *PNAS* 79, 1982).

Letters: `k` stored patterns and `m` cues of `n` neurons each. Weights are ``W = c * sum(outer(x, x))`` over the
patterns, with ``W[i, i] = 0``; the field is ``h = W @ x + b`` and the energy ``E = -x @ W @ x / 2 - b @ x``. Patterns
are kept as bits and fields computed as exact integers; `W` is never formed unless `weight_matrix` asks for it.

Not here: other learning rules than Hebb's, finite temperature, mixtures of patterns.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from . import _arrays, _core, _spins
from ._random import CueRng, seeds
from .errors import InputTypeError, InvalidInputError
from .results import BinaryRetrieval, single_answer

__all__ = ["ClassicalHopfield"]

Entry = TypeVar("Entry", bound=np.generic)


class ClassicalHopfield:
    """A network of ±1 neurons that recalls the patterns stored in it (Hopfield 1982).

    Parameters
    ----------
    patterns : array_like of -1 and +1, shape (k, n) or (n,), optional
        Stored at once, as `store` would. The network keeps them as bits, a copy of its own.
    n_neurons : int, optional
        The number of neurons, if it shall not follow from the first patterns.
    rule : {"hebbian"}
        How patterns become weights.
    normalization : {"neurons", "patterns", "none"}
        The factor of the Hebbian sum: ``1 / n``, ``1 / k`` or 1. It scales energies and fields; without a
        bias it changes no retrieval.
    bias : float or array_like, shape (n,), optional
        The constant part of every neuron's field, in the units of the field; 0 unless given.
    threshold : float or array_like, shape (n,), optional
        The same with the other sign: give one or the other. One visit of a neuron with a threshold is a
        McCulloch-Pitts unit; see the last example.
    tie : {"keep", "plus", "minus", "random"}
        What an update does where the field is exactly 0: leave the neuron as it is (an unknown one becomes
        +1), set it to +1 or -1, or toss a coin.

    Raises
    ------
    InvalidInputError
        A shape, value or name that does not fit; the message says which and why.
    InputTypeError
        Masked, complex or object arrays, and booleans (use `hopfield.spins`).

    Notes
    -----
    Fields, ties and fixed points are decided in integers, a real bias included; energies and fields are
    reported as the exact value rounded once. About ``n / (4 log n)`` random patterns can be stored so that
    all are fixed points (McEliece et al. 1987).

    Examples
    --------
    >>> import numpy as np
    >>> import hopfield as hf
    >>> patterns = hf.spins(np.random.default_rng(0).random((5, 100)) < 0.5)
    >>> net = hf.ClassicalHopfield(patterns)
    >>> found = net.retrieve(hf.corrupt.flip(patterns[3], 0.2, rng=1))
    >>> found.outcome, found.pattern, found.converged
    ('memory', 3, True)

    AND is a neuron that two others excite, with a threshold that one of them does not reach:

    >>> gate = hf.ClassicalHopfield([1, 1, 1], normalization="none", threshold=[0, 0, 1])
    >>> inputs = [[-1, -1, 0], [-1, 1, 0], [1, -1, 0], [1, 1, 0]]
    >>> gate.retrieve(inputs, known=[True, True, False], clamp=True).states[:, 2].tolist()
    [-1, -1, -1, 1]
    """

    __slots__ = ("_core",)

    def __init__(
        self,
        patterns: npt.ArrayLike | None = None,
        *,
        n_neurons: int | None = None,
        rule: str = "hebbian",
        normalization: str = "neurons",
        bias: npt.ArrayLike | None = None,
        threshold: npt.ArrayLike | None = None,
        tie: str = "keep",
    ) -> None:
        if bias is not None and threshold is not None:
            raise InvalidInputError(
                "`bias` and `threshold` are the same thing with opposite signs: give one or the other"
            )
        self._core = _core.ClassicalHopfield(
            None if n_neurons is None else _arrays.count("n_neurons", n_neurons),
            _arrays.name("rule", rule),
            _arrays.name("normalization", normalization),
            _bias("bias", bias) if threshold is None else _bias("threshold", threshold),
            threshold is not None,
            _arrays.name("tie", tie),
        )
        if patterns is not None:
            self.store(patterns)

    def store(self, patterns: npt.ArrayLike) -> ClassicalHopfield:
        """Store more patterns, behind those already stored.

        Parameters
        ----------
        patterns : array_like of -1 and +1, shape (j, n) or (n,)
            A pattern that is given twice counts twice.

        Returns
        -------
        ClassicalHopfield
            The network itself.

        Raises
        ------
        InvalidInputError
            If there is no pattern, its width is not that of the network, or a value is neither -1 nor +1;
            then nothing is stored.

        Examples
        --------
        >>> import hopfield as hf
        >>> len(hf.ClassicalHopfield([1, -1, 1]).store([[1, 1, 1], [-1, -1, 1]]))
        3
        """
        self._core.store(_spins.rows("patterns", patterns)[0])
        return self

    def forget(self, patterns: npt.ArrayLike) -> ClassicalHopfield:
        """Forget patterns, exactly: the weights are then those of the patterns that are left.

        Parameters
        ----------
        patterns : array_like of -1 and +1, shape (j, n) or (n,)
            For each row the first stored pattern equal to it is removed. The others keep their order and
            are numbered anew.

        Returns
        -------
        ClassicalHopfield
            The network itself.

        Raises
        ------
        InvalidInputError
            If a row is not stored, or not as often as it is given; then nothing is forgotten.

        Examples
        --------
        >>> import hopfield as hf
        >>> net = hf.ClassicalHopfield([[1, -1, 1], [1, 1, 1]])
        >>> net.forget([1, -1, 1]).patterns.tolist()
        [[1, 1, 1]]
        """
        self._core.forget(_spins.rows("patterns", patterns)[0])
        return self

    @property
    def patterns(self) -> npt.NDArray[np.int8]:
        """The stored patterns, shape (k, n): a new array each time, made from their bits.

        Examples
        --------
        >>> import hopfield as hf
        >>> hf.ClassicalHopfield([[1, -1], [1, 1]]).patterns
        array([[ 1, -1],
               [ 1,  1]], dtype=int8)
        """
        return self._core.patterns()

    @property
    def n_neurons(self) -> int | None:
        """The number of neurons; None until it is known.

        Examples
        --------
        >>> import hopfield as hf
        >>> hf.ClassicalHopfield([[1, -1, 1]]).n_neurons
        3
        """
        return self._core.n_neurons

    @property
    def n_patterns(self) -> int:
        """The number of stored patterns, which is also ``len(net)``.

        Examples
        --------
        >>> import hopfield as hf
        >>> hf.ClassicalHopfield([[1, -1, 1]]).n_patterns
        1
        """
        return self._core.n_patterns

    @property
    def weight_matrix(self) -> npt.NDArray[np.float64]:
        """The weights `W`, shape (n, n), made for this call; nothing else forms them.

        Examples
        --------
        >>> import hopfield as hf
        >>> hf.ClassicalHopfield([1, -1], normalization="none").weight_matrix.tolist()
        [[0.0, -1.0], [-1.0, 0.0]]
        """
        return self._core.weight_matrix()

    def __len__(self) -> int:
        return self._core.n_patterns

    def __repr__(self) -> str:
        n = self._core.n_neurons
        return f"ClassicalHopfield({len(self)} patterns of {'?' if n is None else n} neurons)"

    def retrieve(
        self,
        cues: npt.ArrayLike,
        *,
        update: str = "asynchronous",
        order: str = "permutation",
        max_sweeps: int = 100,
        max_updates: int | None = None,
        patience: int | None = None,
        stop_at_memory: bool = False,
        target_energy: float | None = None,
        targets: npt.ArrayLike | None = None,
        near_overlap: float = 0.9,
        known: npt.ArrayLike | None = None,
        clamp: bool = False,
        rng: CueRng = 0,
        trace: bool = False,
        n_threads: int | None = None,
        progress: Callable[[int, int], object] | None = None,
    ) -> BinaryRetrieval:
        """Update the neurons of each cue until all of them agree with their fields: a fixed point.

        Each cue is retrieved by itself: its answer does not depend on the others, nor on the number of
        threads.

        Parameters
        ----------
        cues : array_like of -1 and +1, shape (m, n) or (n,)
            Where to start.
        update : {"asynchronous", "synchronous"}
            One neuron at a time, so that the energy never rises (Hopfield 1982), or all at once, which ends
            in a fixed point or a cycle of two states (Little 1974).
        order : {"permutation", "random", "sequential"}
            The order of asynchronous visits: a fresh permutation each sweep, a neuron drawn with
            replacement each time, or ascending. A sweep is as many visits as there are neurons to visit.
        max_sweeps : int
            Sweeps at most; a synchronous step is one.
        max_updates : int, optional
            Updates of single neurons at most. Synchronous steps are never cut in part.
        patience : int, optional
            Stop after so many successive visits that changed nothing. That proves no fixed point;
            asynchronous only.
        stop_at_memory : bool
            Stop as soon as the state equals a stored pattern.
        target_energy : float, optional
            Stop as soon as the energy is at most this.
        targets : array_like of int, shape (m,), or int for a single cue, optional
            The index of the pattern that each cue should lead to, for `hit` in the result.
        near_overlap : float
            The least size of the overlap of a fixed point that is called ``"near_memory"``.
        known : array_like of bool, shape (n,) or (m, n), optional
            True where the cue is known. The others are not read (any value will do); they start undecided
            and take the sign of their first field.
        clamp : bool
            Never visit the known neurons; the fixed point is then one of the unknown ones alone. Needs
            `known`.
        rng : int, array_like of int with shape (m,), numpy.random.Generator or None
            With a seed, cue `i` has the random numbers of (seed, i); with an array each cue has its own
            seed, so that any part of a batch equals the whole. A generator gives one seed; None is fresh.
        trace : bool
            Whether to keep the energy at the start and after each sweep.
        n_threads : int, optional
            Threads at most; the result is the same for any number.
        progress : callable, optional
            Called now and then as ``progress(done, m)``; what it raises ends the retrieval.

        Returns
        -------
        BinaryRetrieval
            States and evidence. Not to have converged is a result, not an error.

        Raises
        ------
        InvalidInputError
            If the network is empty, a shape or value does not fit, a budget is below 1, or a name is unknown.
        InputTypeError
            For masked, complex or object arrays, and booleans.

        Examples
        --------
        >>> import numpy as np
        >>> import hopfield as hf
        >>> patterns = hf.spins(np.random.default_rng(0).random((3, 50)) < 0.5)
        >>> net = hf.ClassicalHopfield(patterns)
        >>> found = net.retrieve(hf.corrupt.occlude(patterns, 0.45), targets=[0, 1, 2])
        >>> found
        BinaryRetrieval(states (3, 50), converged 100%)
        >>> found.outcome.tolist(), found.hit.tolist()
        (['memory', 'memory', 'memory'], [True, True, True])
        """
        table, single = _arrays.table("cues", cues)
        m, n = table.shape
        known_flags = _arrays.flags("known", known, (m, n))
        if clamp and known_flags is None:
            raise InvalidInputError("`clamp` needs `known`: without it no neuron would be visited")
        rows, _ = _spins.rows("cues", table, known_flags)
        heard = _arrays.callback("progress", progress)
        columns = self._core.retrieve(
            rows,
            _arrays.name("update", update),
            _arrays.name("order", order),
            _arrays.count("max_sweeps", max_sweeps),
            None if max_updates is None else _arrays.count("max_updates", max_updates),
            None if patience is None else _arrays.count("patience", patience),
            bool(stop_at_memory),
            None if target_energy is None else _arrays.real("target_energy", target_energy),
            None if targets is None else _targets(targets, m, single),
            _arrays.real("near_overlap", near_overlap),
            known_flags,
            bool(clamp),
            seeds(rng, m),
            bool(trace),
            _arrays.threads(n_threads),
            None if heard is None else lambda done: heard(done, m),
        )
        if heard is not None:
            heard(m, m)
        columns["reason"] = np.array(self._core.REASONS)[columns["reason"]]
        columns["outcome"] = np.array(self._core.OUTCOMES)[columns["outcome"]]
        return BinaryRetrieval(**(single_answer(columns) if single else columns))

    def energy(self, states: npt.ArrayLike) -> Any:
        """The energy of each state, ``-x @ W @ x / 2 - b @ x`` (Hopfield 1982, eq. 7), rounded once.

        Parameters
        ----------
        states : array_like of -1 and +1, shape (m, n) or (n,)
            One state a row.

        Returns
        -------
        ndarray of float64, shape (m,), or float

        Examples
        --------
        >>> import hopfield as hf
        >>> net = hf.ClassicalHopfield([1, 1, -1, 1])
        >>> net.energy([[1, 1, -1, 1], [1, 1, 1, 1]]).tolist()
        [-1.5, 0.0]
        """
        energies = _each(self._core.energy, states)
        return energies if energies.ndim else energies.item()

    def field(self, states: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """The field of each neuron, ``W @ x + b``, rounded once.

        Parameters
        ----------
        states : array_like of -1 and +1, shape (m, n) or (n,)
            One state a row.

        Returns
        -------
        ndarray of float64, shape (m, n) or (n,)

        Examples
        --------
        >>> import hopfield as hf
        >>> hf.ClassicalHopfield([1, 1, -1, 1]).field([1, 1, 1, 1]).tolist()
        [0.25, 0.25, -0.75, 0.25]
        """
        return _each(self._core.field, states)

    def overlap(self, states: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """The overlap of each state with each pattern, ``patterns @ x / n``.

        It is 1 for the pattern itself, -1 for its negative, and about 0 for an unrelated state.

        Parameters
        ----------
        states : array_like of -1 and +1, shape (m, n) or (n,)
            One state a row.

        Returns
        -------
        ndarray of float64, shape (m, k) or (k,)

        Examples
        --------
        >>> import hopfield as hf
        >>> hf.ClassicalHopfield([[1, 1, -1, 1], [1, 1, 1, 1]]).overlap([1, 1, -1, 1]).tolist()
        [1.0, 0.5]
        """
        return _each(self._core.overlap, states)

    def hamming(self, states: npt.ArrayLike) -> npt.NDArray[np.int64]:
        """The number of neurons in which each state differs from each pattern.

        Parameters
        ----------
        states : array_like of -1 and +1, shape (m, n) or (n,)
            One state a row.

        Returns
        -------
        ndarray of int64, shape (m, k) or (k,)

        Examples
        --------
        >>> import hopfield as hf
        >>> hf.ClassicalHopfield([[1, 1, -1, 1], [1, 1, 1, 1]]).hamming([1, 1, -1, 1]).tolist()
        [0, 1]
        """
        return _each(self._core.hamming, states)

    def is_fixed_point(self, states: npt.ArrayLike) -> Any:
        """Whether an update would leave every neuron of each state as it is.

        With ``tie="random"``: whether no neuron has a field against it.

        Parameters
        ----------
        states : array_like of -1 and +1, shape (m, n) or (n,)
            One state a row.

        Returns
        -------
        ndarray of bool, shape (m,), or bool

        Examples
        --------
        >>> import hopfield as hf
        >>> net = hf.ClassicalHopfield([1, 1, -1, 1])
        >>> net.is_fixed_point([[1, 1, -1, 1], [1, 1, 1, 1]]).tolist()
        [True, False]
        """
        fixed = _each(self._core.is_fixed_point, states)
        return fixed if fixed.ndim else fixed.item()


def _each(answer: Callable[[_spins.Spins], npt.NDArray[Entry]], states: npt.ArrayLike) -> npt.NDArray[Entry]:
    """The answer for each state; for a single one without its first axis."""
    rows, single = _spins.rows("states", states)
    answers = answer(rows)
    return answers[0] if single else answers


def _bias(name: str, values: npt.ArrayLike | None) -> float | npt.NDArray[np.float64] | None:
    """One number, or one for each neuron."""
    if values is None:
        return None
    given = _arrays.array(name, values)
    if given.ndim > 1:
        raise InvalidInputError(f"`{name}` must be one number, or one for each neuron; got shape {given.shape}")
    wrong = ~np.isfinite(given)
    if wrong.any():
        place = f" for neuron {int(wrong.argmax())}" if given.ndim else ""
        raise InvalidInputError(f"`{name}` must be finite; got {given[wrong][0]}{place}")
    return float(given) if given.ndim == 0 else np.require(given, np.float64, ["C", "A"])


def _targets(values: npt.ArrayLike, m: int, single: bool) -> npt.NDArray[np.int64]:
    """One index of a stored pattern for each cue; the core knows how many there are."""
    given = _arrays.array("targets", values)
    if given.size and given.dtype.kind not in "iu":
        raise InputTypeError(f"`targets` must hold whole numbers; got dtype {given.dtype}")
    if single and given.ndim == 0:
        given = given[np.newaxis]
    if given.shape != (m,):
        raise InvalidInputError(f"`targets` must have shape ({m},), one index for each cue; got {given.shape}")
    return np.require(given, np.int64, ["C", "A"])
