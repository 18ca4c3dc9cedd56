"""What retrievals and diagnoses return: frozen records with one entry per cue or query.

For a single cue every entry is a single answer; for a batch it is an array with one row per cue.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Diagnosis", "Retrieval"]


def summary(record: object, shape: tuple[int, ...], share: npt.ArrayLike, said: str) -> str:
    """A short text for a record: its class, the shape of its states, and the share of a yes."""
    return f"{type(record).__name__}(states {shape}, {said} {np.mean(share):.0%})" if np.size(share) else (
        f"{type(record).__name__}(states {shape})"
    )


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
