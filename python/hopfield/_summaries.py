"""What came out of a batch for a modern memory, counted: small records that print as small tables."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["DiagnosisSummary", "ModernRetrievalSummary"]


def counted(names: Any, order: Sequence[str] = ()) -> dict[str, int]:
    """How often each name occurs, the most frequent first or in the order given; those that do not are left out."""
    found, counts = np.unique(np.atleast_1d(names), return_counts=True)
    often = {str(found[i]): int(counts[i]) for i in np.argsort(-counts, kind="stable")}
    return {name: often[name] for name in order if name in often} if order else often


def rows(counts: dict[str, int], total: int) -> list[str]:
    """A line for each name: how many, and which share."""
    return [f"{name:<14}{count:>6}{count / total:>6.0%}" for name, count in counts.items()]


@dataclass(frozen=True, slots=True, repr=False)
class ModernRetrievalSummary:
    """What came out of a batch of queries, counted; it prints as a small table.

    Attributes
    ----------
    n_queries : int
        The number of queries.
    reasons : dict of str to int
        How many retrievals ended for each reason, the most frequent first; those that none did are left out.
    converged : float
        The share that converged; NaN of none.
    n_patterns : int
        How many different patterns had the largest weight.
    median_steps : float
        The median of the updates made.
    mean_weight : float
        The mean of the largest weights.

    Examples
    --------
    >>> import hopfield as hf
    >>> memory = hf.ModernHopfield([[1.0, 0.0], [0.0, 1.0]], beta=10.0)
    >>> summary = memory.retrieve([[0.8, 0.1], [0.3, 0.9], [0.9, 0.3]]).summary()
    >>> summary.reasons, summary.n_patterns
    ({'tolerance': 3}, 2)
    """

    n_queries: int
    reasons: dict[str, int]
    converged: float
    n_patterns: int
    median_steps: float
    mean_weight: float

    def __repr__(self) -> str:
        if self.n_queries == 0:
            return "0 queries"
        lines = [f"{self.n_queries} queries, converged {self.converged:.0%}", *rows(self.reasons, self.n_queries)]
        lines.append(f"{'patterns':<14}{self.n_patterns:>6}")
        lines.append(f"{'steps':<14}{self.median_steps:>6g} (median)")
        lines.append(f"{'weight':<14}{self.mean_weight:>6.3f} (mean)")
        return "\n".join(lines)


@dataclass(frozen=True, slots=True, repr=False)
class DiagnosisSummary:
    """What kinds of states a batch holds, counted; it prints as a small table.

    Attributes
    ----------
    n_states : int
        The number of states.
    kinds : dict of str to int
        How many states are of each kind, from patterns to global; those that none is are left out.
    classes : dict of str to int
        How many are of each of Ramsauer's classes, from I to IV, likewise.
    median_size : float
        The median of the least numbers of patterns that hold 90 % of the weight.
    mean_entropy : float
        The mean entropy of the weights, in nats.
    mean_participation : float
        The mean effective number of patterns.

    Examples
    --------
    >>> import hopfield as hf
    >>> memory = hf.ModernHopfield([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]], beta=10.0)
    >>> summary = memory.diagnose([[1.0, 0.0], [0.5, 0.5], [0.0, 0.0]]).summary()
    >>> summary.kinds, summary.median_size
    ({'pattern': 1, 'metastable': 1, 'global': 1}, 2.0)
    """

    n_states: int
    kinds: dict[str, int]
    classes: dict[str, int]
    median_size: float
    mean_entropy: float
    mean_participation: float

    def __repr__(self) -> str:
        if self.n_states == 0:
            return "0 states"
        lines = [f"{self.n_states} states", *rows(self.kinds, self.n_states)]
        lines += rows({f"class {name}": count for name, count in self.classes.items()}, self.n_states)
        lines.append(f"{'size':<14}{self.median_size:>6g} (median)")
        lines.append(f"{'entropy':<14}{self.mean_entropy:>6.3f} (mean)")
        lines.append(f"{'participation':<14}{self.mean_participation:>6.2f} (mean)")
        return "\n".join(lines)


def of_retrieval(found: Any) -> ModernRetrievalSummary:
    """The summary of a `Retrieval`."""
    reasons = np.atleast_1d(found.reason)
    some = reasons.size > 0
    return ModernRetrievalSummary(
        n_queries=reasons.size,
        reasons=counted(reasons),
        converged=float(np.mean(found.converged)) if some else math.nan,
        n_patterns=len(set(np.atleast_1d(found.pattern).tolist()) - {-1}),
        median_steps=float(np.median(found.n_steps)) if some else math.nan,
        mean_weight=float(np.mean(found.weight)) if some else math.nan,
    )


def of_diagnosis(found: Any) -> DiagnosisSummary:
    """The summary of a `Diagnosis`."""
    kinds = np.atleast_1d(found.kind)
    some = kinds.size > 0
    return DiagnosisSummary(
        n_states=kinds.size,
        kinds=counted(kinds, ("pattern", "metastable", "global")),
        classes=counted(found.ramsauer_class, ("I", "II", "III", "IV")),
        median_size=float(np.median(found.size)) if some else math.nan,
        mean_entropy=float(np.mean(found.entropy)) if some else math.nan,
        mean_participation=float(np.mean(found.participation)) if some else math.nan,
    )
