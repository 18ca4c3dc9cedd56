"""What retrievals and diagnoses return: frozen records with one entry per cue or query.

For a single cue every entry is a single answer; for a batch it is an array with one row per cue.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from . import _summaries
from ._summaries import DiagnosisSummary, ModernRetrievalSummary

__all__ = ["BinaryRetrieval", "Diagnosis", "Retrieval", "RetrievalSummary"]


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
        Why the iteration ended: ``"tolerance"``, ``"max_steps"``, ``"masked"`` if no pattern was allowed to take part,
        or ``"outside"`` if none had any weight, so that the state stayed: none within epanechnikov's ball, no positive
        score under linear and polynomial.
    n_steps : ndarray of int64, shape (m,)
        Updates made.
    residual : ndarray of float64, shape (m,)
        The last residual: the length of the last move, or the change of the weights.
    energy : ndarray of float64, shape (m,)
        The energy of the state, with its constants; NaN if the separation and similarity have none (see
        `hopfield.separation`).
    pattern : ndarray of int64, shape (m,)
        The stored pattern of largest score, the lowest index of equal ones; -1 if none has any weight.
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

    def summary(self) -> ModernRetrievalSummary:
        """What came out of the batch, counted; it prints as a small table.

        Returns
        -------
        ModernRetrievalSummary

        Examples
        --------
        >>> import hopfield as hf
        >>> memory = hf.ModernHopfield([[1.0, 0.0], [0.0, 1.0]], beta=10.0)
        >>> memory.retrieve([[0.8, 0.1], [0.3, 0.9], [0.9, 0.3]]).summary()
        3 queries, converged 100%
        tolerance          3  100%
        patterns           2
        steps              4 (median)
        weight         1.000 (mean)
        """
        return _summaries.of_retrieval(self)


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

    def summary(self) -> DiagnosisSummary:
        """What kinds of states the batch holds, counted; it prints as a small table.

        Returns
        -------
        DiagnosisSummary

        Examples
        --------
        >>> import hopfield as hf
        >>> memory = hf.ModernHopfield([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]], beta=10.0)
        >>> memory.diagnose([[1.0, 0.0], [0.9, 0.1], [0.5, 0.5], [0.0, 0.0]]).summary()
        4 states
        pattern            2   50%
        metastable         1   25%
        global             1   25%
        class I            1   25%
        class II           3   75%
        size             1.5 (median)
        entropy        0.521 (mean)
        participation   2.00 (mean)
        """
        return _summaries.of_diagnosis(self)


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
        The energy of the final state; NaN where weights are not symmetric, which have none.
    outcome : ndarray of str, shape (m,)
        What the final state is, the first of these that holds: ``"cycle"``; ``"memory"``, equal to a stored
        pattern; ``"antipattern"``, equal to the negative of one; ``"mixture"``, a fixed point that is the
        sign of a signed sum of 3 or 5 among the 8 patterns of largest |overlap| (Amit, Gutfreund &
        Sompolinsky 1985); ``"near_memory"``, a fixed point with a large overlap; ``"spurious"``, any other
        fixed point; ``"unsettled"``.
    pattern : ndarray of int64, shape (m,)
        The index of the pattern that a memory, antipattern or near memory belongs to; -1 for the other
        outcomes.
    sign : ndarray of int8, shape (m,)
        1 for that pattern, -1 for its negative, 0 for the other outcomes.
    mixture : ndarray of int64, shape (m, 5)
        The indices of the patterns that a mixture mixes, by decreasing |overlap|; -1 behind the last, and
        everywhere for the other outcomes.
    mixture_signs : ndarray of int8, shape (m, 5)
        Their signs, 1 or -1; 0 behind the last.
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
    mixture: npt.NDArray[np.int64]
    mixture_signs: npt.NDArray[np.int8]
    overlap: Any
    hit: Any
    trace: npt.NDArray[np.float64] | None

    def __repr__(self) -> str:
        return summary(self, self.states.shape, self.converged, "converged")

    def summary(self) -> RetrievalSummary:
        """What came out of the batch, counted; it prints as a small table.

        Returns
        -------
        RetrievalSummary

        Examples
        --------
        >>> import hopfield as hf
        >>> net = hf.ClassicalHopfield([1, 1, -1, -1, 1])
        >>> net.retrieve([[1, 1, 1, -1, 1], [1, 1, -1, 1, 1], [-1, -1, 1, 1, -1]]).summary()
        3 cues, converged 100%
        memory           2   67%
        antipattern      1   33%
        sweeps           2 (median)
        |overlap|    1.000 (mean)
        """
        outcomes = np.atleast_1d(self.outcome)
        names, counts = np.unique(outcomes, return_counts=True)
        some = outcomes.size > 0
        return RetrievalSummary(
            n_cues=outcomes.size,
            outcomes={str(names[i]): int(counts[i]) for i in np.argsort(-counts, kind="stable")},
            converged=float(np.mean(self.converged)) if some else math.nan,
            hit=None if self.hit is None or not some else float(np.mean(self.hit)),
            median_sweeps=float(np.median(self.n_sweeps)) if some else math.nan,
            mean_overlap=float(np.mean(np.abs(self.overlap))) if some else math.nan,
        )


@dataclass(frozen=True, slots=True, repr=False)
class RetrievalSummary:
    """What came out of a batch of cues, counted; it prints as a small table.

    Attributes
    ----------
    n_cues : int
        The number of cues.
    outcomes : dict of str to int
        How many cues had each outcome, the most frequent first; those that none had are left out.
    converged : float
        The share of cues that ended in a fixed point; NaN of none.
    hit : float or None
        The share of cues that reached their target; None without targets.
    median_sweeps : float
        The median of the sweeps begun.
    mean_overlap : float
        The mean size of the overlap with the pattern of largest |overlap|.

    Examples
    --------
    >>> import hopfield as hf
    >>> net = hf.ClassicalHopfield([1, 1, -1, -1, 1])
    >>> summary = net.retrieve([[1, 1, 1, -1, 1], [1, 1, -1, 1, 1]], targets=[0, 0]).summary()
    >>> summary.outcomes, summary.hit
    ({'memory': 2}, 1.0)
    """

    n_cues: int
    outcomes: dict[str, int]
    converged: float
    hit: float | None
    median_sweeps: float
    mean_overlap: float

    def __repr__(self) -> str:
        if self.n_cues == 0:
            return "0 cues"
        hit = "" if self.hit is None else f", hit {self.hit:.0%}"
        rows = [f"{self.n_cues} cues, converged {self.converged:.0%}{hit}"]
        rows += [f"{name:<12}{count:>6}{count / self.n_cues:>6.0%}" for name, count in self.outcomes.items()]
        rows.append(f"{'sweeps':<12}{self.median_sweeps:>6g} (median)")
        rows.append(f"{'|overlap|':<12}{self.mean_overlap:>6.3f} (mean)")
        return "\n".join(rows)
