"""What retrievals and diagnoses return: frozen records with one entry per cue or query.

For a single cue every entry is a single answer; for a batch it is an array with one row per cue.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["BinaryRetrieval", "Diagnosis", "Retrieval"]


def summary(record: object, shape: tuple[int, ...], share: Any, said: str) -> str:
    """A short text for a record: its class, the shape of its states, and the share of a yes."""
    said = f", {said} {np.mean(share):.0%}" if np.size(share) else ""
    return f"{type(record).__name__}(states {shape}{said})"


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Retrieval:
    """What a modern network retrieved, with the evidence.

    Attributes
    ----------
    states : ndarray, shape (m, d)
        The settled states, in the dtype of the memory.
    output : ndarray, shape (m, dv)
        The values, weighted by the association of the settled states; the states themselves if the memory has no
        values.
    converged : ndarray of bool, shape (m,)
        Whether the residual fell to the tolerance.
    reason : ndarray of str, shape (m,)
        Why the iteration ended: ``"tolerance"``, ``"max_steps"``, or ``"masked"`` if no pattern was allowed to take
        part.
    n_steps : ndarray of int64, shape (m,)
        Updates made.
    residual : ndarray of float64, shape (m,)
        The last residual: the length of the last move, or the change of the weights.
    energy : ndarray of float64, shape (m,)
        The energy of the state, with its constants.
    pattern : ndarray of int64, shape (m,)
        The stored pattern of largest weight, the lowest index of equal ones; -1 if none took part.
    weight : ndarray of float64, shape (m,)
        Its weight.
    trace : ndarray of float64, shape (m, T + 1), or None
        The energy before the first step and after each, NaN behind a query's last; None unless asked for.

    Examples
    --------
    >>> import hopfield as hf
    >>> memory = hf.ModernHopfield([[1.0, 0.0], [0.0, 1.0]], beta=10.0)
    >>> found = memory.retrieve([0.8, 0.1])
    >>> found.pattern, found.reason
    (0, 'tolerance')
    >>> memory.retrieve([[0.8, 0.1], [0.3, 0.9]])
    Retrieval(states (2, 2), converged 100%)
    """

    states: npt.NDArray[Any]
    output: npt.NDArray[Any]
    converged: Any
    reason: Any
    n_steps: Any
    residual: Any
    energy: Any
    pattern: Any
    weight: Any
    trace: npt.NDArray[np.float64] | None

    def __repr__(self) -> str:
        return summary(self, self.states.shape, self.converged, "converged")


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Diagnosis:
    """What kind of attractor a state of a modern network is near.

    Attributes
    ----------
    kind : ndarray of str, shape (m,)
        ``"pattern"``: one pattern holds 90 % of the weight; ``"metastable"``: 2 … k/2 patterns do; ``"global"``: more.
    size : ndarray of int64, shape (m,)
        The least number of patterns that hold 90 % of the weight.
    patterns : list of m ndarrays of int64
        Those patterns, the heaviest first; empty for a global state.
    entropy : ndarray of float64, shape (m,)
        The entropy of the weights in nats.
    participation : ndarray of float64, shape (m,)
        ``1 / sum(p ** 2)``, the effective number of patterns.
    ramsauer_class : ndarray of str, shape (m,)
        ``"I"`` if the size is over k/2, ``"II"`` over k/8, ``"III"`` over k/32, else ``"IV"`` (Ramsauer et al. 2020,
        appendix A.5).

    Examples
    --------
    >>> import hopfield as hf
    >>> memory = hf.ModernHopfield([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]], beta=10.0)
    >>> memory.diagnose([1.0, 0.0])
    Diagnosis(states (), pattern 100%)
    >>> diagnosis = memory.diagnose([0.5, 0.5])
    >>> diagnosis.kind, diagnosis.patterns.tolist()
    ('metastable', [0, 1])
    """

    kind: Any
    size: Any
    patterns: Any
    entropy: Any
    participation: Any
    ramsauer_class: Any

    def __repr__(self) -> str:
        return summary(self, np.shape(self.size), np.equal(self.kind, "pattern"), "pattern")


def single_answer(columns: dict[str, Any]) -> dict[str, Any]:
    """The one entry of each column, as a plain Python object where it is a number or a name."""
    answers = {}
    for name, column in columns.items():
        entry = None if column is None else column[0]
        answers[name] = entry.item() if isinstance(entry, np.generic) else entry
    return answers


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class BinaryRetrieval:
    """What a network of ±1 neurons retrieved, with the evidence.

    Attributes
    ----------
    states : ndarray of int8, shape (m, n)
        The final states. 0 only where a neuron was unknown and the budget ended before its first visit.
    converged : ndarray of bool, shape (m,)
        Whether a fixed point ended the retrieval.
    is_fixed_point : ndarray of bool, shape (m,)
        Whether the final state is a fixed point (of the neurons that may change), whatever ended the
        retrieval.
    reason : ndarray of str, shape (m,)
        What ended it: ``"fixed_point"``, ``"cycle"``, ``"memory"``, ``"energy"``, ``"patience"``,
        ``"max_sweeps"``, ``"max_updates"`` or ``"schedule_end"``.
    n_sweeps : ndarray of int64, shape (m,)
        Sweeps begun; the one that certifies a fixed point counts.
    n_updates : ndarray of int64, shape (m,)
        Updates of single neurons.
    n_flips : ndarray of int64, shape (m,)
        Updates that changed the neuron.
    energy : ndarray of float64, shape (m,)
        The energy of the final state.
    outcome : ndarray of str, shape (m,)
        What the final state is, the first of these that holds: ``"cycle"``; ``"memory"``, equal to a stored
        pattern; ``"antipattern"``, equal to the negative of one; ``"near_memory"``, a fixed point with a
        large overlap; ``"spurious"``, any other fixed point; ``"unsettled"``.
    pattern : ndarray of int64, shape (m,)
        The index of the pattern that a memory, antipattern or near memory belongs to; -1 for the other
        outcomes.
    sign : ndarray of int8, shape (m,)
        1 for that pattern, -1 for its negative, 0 for the other outcomes.
    overlap : ndarray of float64, shape (m,)
        The overlap, signed, with the pattern of largest |overlap| (the lowest index of equal ones).
    hit : ndarray of bool, shape (m,), or None
        Whether the final state equals the target; None without targets.
    trace : ndarray of float64, shape (m, T + 1), or None
        The energy at the start and after each sweep, NaN behind a cue's last; None unless asked for.

    Examples
    --------
    >>> import hopfield as hf
    >>> net = hf.ClassicalHopfield([1, 1, -1, -1, 1])
    >>> found = net.retrieve([1, 1, 1, -1, 1])
    >>> found.states.tolist(), found.outcome, found.n_flips
    ([1, 1, -1, -1, 1], 'memory', 1)
    >>> net.retrieve([[1, 1, 1, -1, 1], [1, 1, -1, 1, 1]])
    BinaryRetrieval(states (2, 5), converged 100%)
    """

    states: npt.NDArray[np.int8]
    converged: Any
    is_fixed_point: Any
    reason: Any
    n_sweeps: Any
    n_updates: Any
    n_flips: Any
    energy: Any
    outcome: Any
    pattern: Any
    sign: Any
    overlap: Any
    hit: Any
    trace: npt.NDArray[np.float64] | None

    def __repr__(self) -> str:
        return summary(self, self.states.shape, self.converged, "converged")
