"""What networks of neurons with two values have in common: patterns that come and go, retrieval, functions of states.

A subclass says what makes it a network of its own: how it is made, and what its energy and its field are.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

from . import _arrays, _spins
from ._random import CueRng, seeds
from .errors import InputTypeError, InvalidInputError
from .results import BinaryRetrieval, single_answer

Entry = TypeVar("Entry", bound=np.generic)
Self = TypeVar("Self", bound="BinaryNetwork")

#: Rows of the two values that the neurons of a class have, as its core takes them.
Rows: TypeAlias = npt.NDArray[Any]


class Core(Protocol):
    """What the compiled classes of these networks have in common."""

    @property
    def REASONS(self) -> list[str]: ...
    @property
    def OUTCOMES(self) -> list[str]: ...
    @property
    def n_neurons(self) -> int | None: ...
    @property
    def n_patterns(self) -> int: ...
    def store(self, patterns: Rows) -> None: ...
    def forget(self, patterns: Rows) -> None: ...
    def patterns(self) -> Rows: ...
    def retrieve(self, cues: Rows, request: dict[str, Any]) -> dict[str, Any]: ...
    def energy(self, states: Rows) -> npt.NDArray[np.float64]: ...
    def field(self, states: Rows) -> npt.NDArray[np.float64]: ...
    def overlap(self, states: Rows) -> npt.NDArray[np.float64]: ...
    def hamming(self, states: Rows) -> npt.NDArray[np.int64]: ...
    def is_fixed_point(self, states: Rows) -> npt.NDArray[np.bool_]: ...


class BinaryNetwork:
    """A network of neurons that are -1 or +1, and patterns to recall."""

    __slots__ = ("_core",)

    _core: Core
    #: What makes rows of the caller's values.
    _rows: Callable[..., tuple[Rows, bool]] = staticmethod(_spins.rows)

    def store(self: Self, patterns: npt.ArrayLike) -> Self:
        """Store more patterns, behind those already stored.

        Parameters
        ----------
        patterns : array_like of -1 and +1, shape (j, n) or (n,)
            A pattern that is given twice counts twice.

        Returns
        -------
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
        self._core.store(self._rows("patterns", patterns)[0])
        return self

    def forget(self: Self, patterns: npt.ArrayLike) -> Self:
        """Forget patterns, exactly: the network is then that of the patterns that are left.

        Parameters
        ----------
        patterns : array_like of -1 and +1, shape (j, n) or (n,)
            For each row the first stored pattern equal to it is removed. The others keep their order and
            are numbered anew.

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
        >>> net = hf.ClassicalHopfield([[1, -1, 1], [1, 1, 1]])
        >>> net.forget([1, -1, 1]).patterns.tolist()
        [[1, 1, 1]]
        """
        self._core.forget(self._rows("patterns", patterns)[0])
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

    def __len__(self) -> int:
        return self._core.n_patterns

    def __repr__(self) -> str:
        n = self._core.n_neurons
        return f"{type(self).__name__}({len(self)} patterns of {'?' if n is None else n} neurons)"

    def retrieve(
        self,
        cues: npt.ArrayLike,
        *,
        update: str = "asynchronous",
        order: str | npt.ArrayLike = "permutation",
        max_sweeps: int | None = None,
        max_updates: int | None = None,
        patience: int | None = None,
        stop_at_memory: bool = False,
        target_energy: float | None = None,
        targets: npt.ArrayLike | None = None,
        near_overlap: float = 0.9,
        known: npt.ArrayLike | None = None,
        clamp: bool = False,
        field: npt.ArrayLike | None = None,
        temperature: float | npt.ArrayLike | None = None,
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
            in a fixed point or a cycle: of two states (Little 1974), or of any number where weights are not
            symmetric.
        order : {"permutation", "random", "sequential", "greedy"} or array_like of int
            The order of asynchronous visits: a fresh permutation each sweep, a neuron drawn with
            replacement each time, ascending, or always the neuron of largest instability ``-x[i] * h[i]``
            (of an undecided one ``|h[i]|``; the lowest index of equal ones) as long as there is one. A sweep
            is as many visits as there are neurons to visit. With an array, each sweep visits the neurons
            that it lists, in that order; a fixed point is still one of all neurons.
        max_sweeps : int, optional
            Sweeps at most; a synchronous step is one. Unless given, 100, or the length of a schedule of
            temperatures.
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
        field : array_like, shape (n,) or (m, n), or float, optional
            An external field, added to the field of each neuron as a bias is, and as exactly; the energy of
            the result knows it too.
        temperature : float or array_like, shape (T,), optional
            The temperature `T` of the updates, in the units of the field: a neuron becomes +1 with
            probability ``1 / (1 + exp(-2 * h[i] / T))`` (Glauber 1963), and 0 is the deterministic rule. Above
            0 nothing settles, so the retrieval ends with ``"max_sweeps"`` unless something else ends it. An
            array is a schedule, one temperature a sweep, that ends with ``"schedule_end"``; a fixed point is
            looked for only after sweeps at 0 with none but zeros to follow.
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
            If the network is empty, a shape or value does not fit, a budget is below 1, a name is unknown, a
            temperature is negative, or an option contradicts another.
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

        Cooling in ten sweeps, the last of which is without chance:

        >>> found = net.retrieve(patterns[0], temperature=np.linspace(0.9, 0.0, 10), rng=1)
        >>> found.reason, found.n_sweeps, found.outcome
        ('fixed_point', 11, 'memory')
        """
        table, single = _arrays.table("cues", cues)
        m, n = table.shape
        known_flags = _arrays.flags("known", known, (m, n))
        if clamp and known_flags is None:
            raise InvalidInputError("`clamp` needs `known`: without it no neuron would be visited")
        rows, _ = self._rows("cues", table, known_flags)
        heard = _arrays.callback("progress", progress)
        heat = _temperature(temperature)
        request = {
            "update": _arrays.name("update", update),
            "order": order if isinstance(order, str) else _neurons(order),
            "max_sweeps": _sweeps(max_sweeps, heat),
            "max_updates": None if max_updates is None else _arrays.count("max_updates", max_updates),
            "patience": None if patience is None else _arrays.count("patience", patience),
            "stop_at_memory": bool(stop_at_memory),
            "target_energy": None if target_energy is None else _arrays.real("target_energy", target_energy),
            "targets": None if targets is None else _targets(targets, m, single),
            "near_overlap": _arrays.real("near_overlap", near_overlap),
            "known": known_flags,
            "clamp": bool(clamp),
            "field": None if field is None else _field(field, n),
            "temperature": heat,
            "rng": seeds(rng, m),
            "trace": bool(trace),
            "n_threads": _arrays.threads(n_threads),
            "progress": None if heard is None else lambda done: heard(done, m),
        }
        columns = self._core.retrieve(rows, request)
        if heard is not None:
            heard(m, m)
        columns["reason"] = np.array(self._core.REASONS)[columns["reason"]]
        columns["outcome"] = np.array(self._core.OUTCOMES)[columns["outcome"]]
        return BinaryRetrieval(**(single_answer(columns) if single else columns))

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
        return each(self._core.overlap, states, self._rows)

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
        return each(self._core.hamming, states, self._rows)

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
        fixed = each(self._core.is_fixed_point, states, self._rows)
        return fixed if fixed.ndim else fixed.item()


def each(
    answer: Callable[[Rows], npt.NDArray[Entry]],
    states: npt.ArrayLike,
    rows_of: Callable[..., tuple[Rows, bool]] = _spins.rows,
) -> npt.NDArray[Entry]:
    """The answer for each state; for a single one without its first axis."""
    rows, single = rows_of("states", states)
    answers = answer(rows)
    return answers[0] if single else answers


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


def _neurons(values: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """A list of neurons; the core knows how many there are."""
    given = _arrays.array("order", values)
    if given.ndim == 0:
        raise InputTypeError(f"`order` must be a name or a list of neurons; got {values!r}")
    if given.ndim > 1:
        raise InvalidInputError(
            f"`order` must be a name or a list of neurons, with one axis; got an array of shape {given.shape}"
        )
    if given.size and given.dtype.kind not in "iu":
        raise InputTypeError(f"`order` must be a name or hold whole numbers; got dtype {given.dtype}")
    return np.require(given, np.int64, ["C", "A"])


def _temperature(values: float | npt.ArrayLike | None) -> float | npt.NDArray[np.float64]:
    """One temperature for all sweeps, or one for each."""
    if values is None:
        return 0.0
    given = _arrays.array("temperature", values)
    if given.ndim > 1:
        raise InvalidInputError(
            f"`temperature` must be one number, or one for each sweep; got an array of shape {given.shape}"
        )
    return float(given) if given.ndim == 0 else np.require(given, np.float64, ["C", "A"])


def _sweeps(most: int | None, heat: float | npt.NDArray[np.float64]) -> int:
    """Sweeps at most."""
    if most is not None:
        return _arrays.count("max_sweeps", most)
    return 100 if isinstance(heat, float) else max(len(heat), 1)


def _field(values: npt.ArrayLike, n: int) -> npt.NDArray[np.float64]:
    """A table with one row for all cues, or one for each."""
    given = _arrays.array("field", values)
    if given.ndim == 0:
        given = np.broadcast_to(given, n)
    table, _ = _arrays.table("field", given)
    return _arrays.readable(table, np.dtype(np.float64))
