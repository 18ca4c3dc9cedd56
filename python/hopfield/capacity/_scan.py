"""Scans: how often, and how well, memories of random patterns give back one of them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from .. import _arrays, _core, _random, _terminal
from ..classical import ClassicalHopfield
from ..dense import DenseAssociativeMemory
from ..errors import InputTypeError, InvalidInputError
from ..modern import ModernHopfield
from ..rules import NAMED as RULES
from ..rules import Hebbian, Perceptron, PseudoInverse, Rule, Storkey
from ._crew import Crew
from ._elements import real, whole
from ._results import CapacityScan, summarize
from ._trials import ENSEMBLES, Array, Experiment, Factory

__all__ = ["basin", "scan"]

#: Memories by name; others are given as factories.
NAMED: dict[str, Factory] = {
    **{name: functools.partial(ClassicalHopfield, rule=rule) for name, rule in RULES.items()},
    "dense": DenseAssociativeMemory,
    "modern": ModernHopfield,
}


def scan(
    *,
    n: int | Sequence[int] | npt.NDArray[np.integer],
    alpha: npt.ArrayLike | None = None,
    k: npt.ArrayLike | None = None,
    trials: int = 100,
    memory: str | Rule | Factory = "hebbian",
    patterns: str = "spins",
    corruption: float = 0.0,
    tolerance: float | None = None,
    retrieve: Mapping[str, Any] | None = None,
    confidence: float = 0.95,
    rng: _random.Rng = 0,
    n_threads: int | None = None,
    progress: bool | _arrays.Callback | None = None,
) -> CapacityScan:
    """Measure how well memories of random patterns give back one of them, for sizes and loads.

    Each trial draws `k` patterns of `n` entries, makes a memory of them, spoils the first pattern and retrieves from
    it. A trial has random numbers of its own, those of (seed, `n`, `k`, its number): they do not depend on the other
    points, on the memory that is tried, or on threads, so scans of different memories meet the same problems.

    Parameters
    ----------
    n : int or array_like of int
        Neurons, or entries of a pattern; all are tried with all loads.
    alpha : float or array_like
        Loads `k / n`, above 0 and at most 1; `round(alpha * n)` patterns are stored. Give `alpha` or `k`.
    k : int or array_like of int
        Numbers of patterns, for loads of any size.
    trials : int
        Trials of each point.
    memory : name, rule of `hopfield.rules`, or callable
        What is tried: a classical network of the learning rule ``"hebbian"``, ``"storkey"``, ``"pseudo_inverse"`` or
        ``"perceptron"``, or a rule with its choices; ``"dense"``, of the third degree; ``"modern"``; or any other
        memory, such as ``functools.partial(DenseAssociativeMemory, degree=4)``. A callable makes one of patterns,
        shape (k, n): any object with a method ``retrieve`` that takes a cue, shape (n,), and returns the final state,
        or a result that has it as ``states``. If it has keywords ``rng`` and ``progress``, it gets a seed, and a
        function to call now and then. Called from several threads.
    patterns : {"spins", "gaussian", "spherical"}
        Random ±1 (int8), independent standard normal entries, or uniform on the sphere of radius ``sqrt(n)`` (float64).
    corruption : float
        Of ±1 patterns the share of neurons that are flipped in the cue, from 0 to 1. Of real ones the length of the
        Gaussian noise that is added, in units of the pattern's, about.
    tolerance : float, optional
        A success is a final state whose overlap with the pattern is at least ``1 - tolerance``, and to which no other
        pattern is nearer. Unless given, 0 for integer states (the pattern itself) and 0.01 for real ones.
    retrieve : mapping, optional
        Options for the memory's ``retrieve``, such as ``{"update": "synchronous"}``.
    confidence : float
        Of the intervals, between 0 and 1.
    rng : int, numpy.random.Generator or None
        A seed, a generator to draw it from, or None for a fresh one; it is kept in the result.
    n_threads : int, optional
        Threads at most; the result is the same for any number.
    progress : callable or bool, optional
        Called now and then as ``progress(done, total)``, in trials; what it raises ends the scan. True draws a bar on
        standard error, if that is a terminal.

    Returns
    -------
    CapacityScan
        One entry for each `n` and load, in this order. Overlaps of real states are cosines.

    Raises
    ------
    InvalidInputError
        If a load is not above 0 and at most 1 or stores no pattern, a number is out of its range, or a name is unknown.
    InputTypeError
        If `memory` is neither a name nor a callable, or makes something without ``retrieve``.

    Examples
    --------
    A Hebbian network started at a pattern stays near it up to a load of 0.138:

    >>> import hopfield as hf
    >>> found = hf.capacity.scan(n=400, alpha=[0.08, 0.2], trials=30)
    >>> found.overlap.round(2).tolist()
    [1.0, 0.64]

    The pseudo-inverse goes on where Hebb's rule has long failed:

    >>> found = hf.capacity.scan(n=100, alpha=[0.2, 0.5], trials=20, memory="pseudo_inverse", corruption=0.05)
    >>> found.success_rate.round(1).tolist()
    [1.0, 1.0]

    A modern network of 12 entries retrieves many more patterns than that from noisy cues:

    >>> def memory(patterns):
    ...     return hf.ModernHopfield(patterns, beta=1.0)
    >>> found = hf.capacity.scan(n=12, k=[10, 100, 1000], memory=memory, patterns="spherical", corruption=0.1)
    >>> found.success_rate.round(1).tolist()
    [1.0, 0.9, 0.0]
    """
    points = _points(n, alpha, k, [_corruption(patterns, real("corruption", corruption).item())])
    return _measure(points, trials, memory, patterns, tolerance, retrieve, confidence, rng, n_threads, progress)


def basin(
    *,
    n: int | Sequence[int] | npt.NDArray[np.integer],
    corruption: npt.ArrayLike,
    alpha: npt.ArrayLike | None = None,
    k: npt.ArrayLike | None = None,
    trials: int = 100,
    memory: str | Rule | Factory = "hebbian",
    patterns: str = "spins",
    tolerance: float | None = None,
    retrieve: Mapping[str, Any] | None = None,
    confidence: float = 0.95,
    rng: _random.Rng = 0,
    n_threads: int | None = None,
    progress: bool | _arrays.Callback | None = None,
) -> CapacityScan:
    """Measure how far a cue may be from its pattern: success against corruption.

    As `scan`, with several corruptions for each size and load. The cues of a trial lie on one way from its pattern:
    what is flipped at a small corruption is also flipped at a larger one.

    Parameters
    ----------
    n : int or array_like of int
        Neurons, or entries of a pattern.
    corruption : float or array_like
        Of ±1 patterns the shares of neurons that are flipped in the cue, from 0 to 1. Of real ones the lengths of the
        Gaussian noise that is added, in units of the pattern's, about.
    alpha : float or array_like
        Loads `k / n`, above 0 and at most 1. Give `alpha` or `k`.
    k : int or array_like of int
        Numbers of patterns, for loads of any size.
    trials, memory, patterns, tolerance, retrieve, confidence, rng, n_threads, progress
        As in `scan`.

    Returns
    -------
    CapacityScan
        One entry for each `n`, load and corruption, in this order.

    Raises
    ------
    InvalidInputError
        As `scan`.
    InputTypeError
        As `scan`.

    Examples
    --------
    >>> import hopfield as hf
    >>> found = hf.capacity.basin(n=400, alpha=0.05, corruption=[0.1, 0.3, 0.45], trials=30)
    >>> found.success_rate.round(1).tolist()
    [1.0, 1.0, 0.1]
    """
    levels = [_corruption(patterns, value) for value in np.atleast_1d(real("corruption", corruption)).tolist()]
    points = _points(n, alpha, k, levels)
    return _measure(points, trials, memory, patterns, tolerance, retrieve, confidence, rng, n_threads, progress)


def _measure(
    points: list[tuple[int, int, float]],
    trials: int,
    memory: str | Rule | Factory,
    patterns: str,
    tolerance: float | None,
    retrieve: Mapping[str, Any] | None,
    confidence: float,
    rng: _random.Rng,
    n_threads: int | None,
    progress: bool | _arrays.Callback | None,
) -> CapacityScan:
    trials = _arrays.count("trials", trials)
    sure = _between("confidence", confidence)
    seed = _random.seed(rng)
    experiment = Experiment(
        factory=_factory(memory),
        ensemble=_arrays.one_of("patterns", patterns, ENSEMBLES),
        seed=seed,
        tolerance=None if tolerance is None else _between("tolerance", tolerance, closed=True),
        options=dict(retrieve or {}),
    )
    threads = _core.get_num_threads() if n_threads is None else _arrays.count("n_threads", n_threads)
    overlaps, successes = np.empty((len(points), trials)), np.empty((len(points), trials), np.bool_)

    def work(number: int, crew: Crew) -> None:
        point, trial = divmod(number, trials)
        overlaps[point, trial], successes[point, trial] = experiment.trial(*points[point], trial, crew.check)

    def run(heard: _arrays.Callback | None) -> None:
        Crew(len(points) * trials, work, heard).run(threads)

    if progress is True:
        with _terminal.Progress("trials") as bar:
            run(bar)
    else:
        run(_arrays.callback("progress", progress or None))
    common = {"memory": _name(memory), "patterns": patterns, "seed": seed, "confidence": sure}
    return summarize(points, overlaps, successes, **common)


def _points(
    n: npt.ArrayLike, alpha: npt.ArrayLike | None, k: npt.ArrayLike | None, corruptions: list[float]
) -> list[tuple[int, int, float]]:
    """All points in order, each with its number of patterns."""
    sizes = _line("n", whole("n", n, 1))
    if alpha is not None and k is None:
        loads = _line("alpha", real("alpha", alpha))
        for load in loads:
            if not 0 < load <= 1:
                raise InvalidInputError(
                    f"`alpha` must be a load k/n, above 0 and at most 1; got {load:g} (give numbers of patterns as `k`)"
                )
        counts = {size: [round(load * size) for load in loads] for size in sizes}
        for size, ks in counts.items():
            if 0 in ks:
                raise InvalidInputError(
                    f"`alpha` must make at least one pattern; got {loads[ks.index(0)]:g} with n = {size}"
                )
    elif k is not None and alpha is None:
        counts = dict.fromkeys(sizes, _line("k", whole("k", k, 1)))
    else:
        raise InvalidInputError("`alpha` or `k` must say how many patterns are stored: give one of them")
    return [(size, count, corruption) for size in sizes for count in counts[size] for corruption in corruptions]


def _line(name: str, values: Array) -> list[Any]:
    """One number or a row of them, as a list."""
    if values.ndim > 1:
        raise InvalidInputError(f"`{name}` must be a number or a row of numbers; got shape {values.shape}")
    listed: list[Any] = np.atleast_1d(values).tolist()
    return listed


def _corruption(patterns: str, value: float) -> float:
    most = 1.0 if patterns == "spins" else np.inf
    if not (0 <= value <= most and value < np.inf):
        rule = "from 0 to 1" if patterns == "spins" else "at least 0 and finite"
        raise InvalidInputError(f"`corruption` must be {rule}; got {value:g}")
    return value


def _between(name: str, value: float, *, closed: bool = False) -> float:
    number = _arrays.real(name, value)
    if not (0 <= number <= 1 if closed else 0 < number < 1):
        raise InvalidInputError(f"`{name}` must be {'from 0 to 1' if closed else 'between 0 and 1'}; got {number:g}")
    return number


def _factory(memory: str | Rule | Factory) -> Factory:
    if isinstance(memory, Hebbian | Storkey | PseudoInverse | Perceptron):
        return functools.partial(ClassicalHopfield, rule=memory)
    if isinstance(memory, str):
        if memory not in NAMED:
            names = ", ".join(map(repr, NAMED))
            raise InvalidInputError(f"`memory` must be one of {names}, or make a memory of patterns; got {memory!r}")
        return NAMED[memory]
    if not callable(memory):
        raise InputTypeError(f"`memory` must be a name, or make a memory of patterns; got {memory!r}")
    return memory


def _name(memory: str | Rule | Callable[..., object]) -> str:
    if isinstance(memory, str):
        return memory
    if isinstance(memory, Hebbian | Storkey | PseudoInverse | Perceptron):
        return memory.name if memory == RULES[memory.name] else repr(memory)
    return str(getattr(memory, "__name__", type(memory).__name__))
