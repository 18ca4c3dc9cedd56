"""The fixed points of a memory with Epanechnikov's separation: centroids of sets of patterns, found by a finite search.

A state moves to the centroid of the patterns within a ball around it, so a fixed point is the centroid of a set whose
members, and no others, lie within the radius of it (Hoover et al. 2025). Members are then within two radii of each
other: the search goes through the sets for which that holds, each once, and keeps those whose ball has just these
members.

Not here: which starts lead there.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["MOST", "fixed"]

Float64 = npt.NDArray[np.float64]

#: Sets of patterns that are looked at, at most.
MOST = 100_000


def fixed(patterns: Float64, radius: float) -> tuple[Float64, bool]:
    """All centroids that are fixed points, shape (f, d), and whether the search looked at all sets."""
    found: list[Float64] = []
    looked = 0
    # Each entry: the members so far, and the patterns behind the last one that are within two radii of all.
    open_sets: list[tuple[list[int], npt.NDArray[np.intp]]] = [([], np.arange(len(patterns)))]
    while open_sets:
        members, candidates = open_sets.pop()
        if members:
            looked += 1
            if looked > MOST:
                return np.array(found).reshape(-1, patterns.shape[1]), False
            centre = patterns[members].mean(axis=0)
            inside = np.flatnonzero(_distances(patterns, centre) <= radius)
            if inside.tolist() == members:
                found.append(centre)
        for place, new in enumerate(candidates):
            behind = candidates[place + 1 :]
            near = _distances(patterns[behind], patterns[new]) <= 2 * radius
            open_sets.append(([*members, int(new)], behind[near]))
    return np.array(found).reshape(-1, patterns.shape[1]), True


def _distances(patterns: Float64, point: Float64) -> Any:
    return np.sqrt(np.square(patterns - point).sum(axis=1))
