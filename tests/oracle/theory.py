"""What theory promises of a memory of softmax: Ramsauer et al. 2020, lemmas A3 to A6 and theorem 5; novelty.

Float64 throughout; every sum is `math.fsum`.
"""

from __future__ import annotations

import math
from statistics import median

from .modern import Matrix, Vector, energy, norm, pattern_separation, sampled, scores


def largest_norm(patterns: Matrix) -> float:
    """M."""
    return max(norm(x) for x in patterns)


def step_error(patterns: Matrix, beta: float, margin: float) -> float:
    """``2 M (k-1) exp(-beta c)`` (A4), and never more than ``2 M``, since a mean of patterns is within that."""
    k, m = len(patterns), largest_norm(patterns)
    if k == 1:
        return 0.0
    if beta * margin < -700:
        return 2 * m
    return min(2 * m, 2 * m * (k - 1) * math.exp(-beta * margin))


def margin(patterns: Matrix, state: Vector) -> float:
    """How far the best score is ahead of the next."""
    ordered = sorted(scores(patterns, state), reverse=True)
    return ordered[0] - ordered[1] if len(ordered) > 1 else math.inf


def one_step_error(patterns: Matrix, beta: float, distance: float) -> list[float]:
    """Theorem 5, at most `distance` from each pattern."""
    m = largest_norm(patterns)
    return [step_error(patterns, beta, delta - 2 * m * distance) for delta in pattern_separation(patterns)]


def needed_separation(patterns: Matrix, beta: float) -> float:
    """``2/(beta k) + ln(2 (k-1) k beta M^2) / beta`` (A5)."""
    k, m = len(patterns), largest_norm(patterns)
    product = 2 * (k - 1) * k * beta * m * m
    return 2 / (beta * k) + (math.log(product) if product > 0 else -math.inf) / beta


def radius(patterns: Matrix, beta: float) -> float:
    """``1 / (beta k M)``."""
    return 1 / (beta * len(patterns) * largest_norm(patterns))


def fixed_point_error(patterns: Matrix, beta: float) -> list[float]:
    """``2 e (k-1) M exp(-beta Delta)`` (theorem 5) of well separated patterns."""
    needed = needed_separation(patterns, beta)
    factor = 2 * math.e * (len(patterns) - 1) * largest_norm(patterns)
    return [factor * math.exp(-beta * delta) if delta >= needed else math.inf for delta in pattern_separation(patterns)]


def jacobian(patterns: Matrix, beta: float) -> float:
    """``beta m^2``, m the largest distance of a pattern to the mean (A3)."""
    k = len(patterns)
    mean = [math.fsum(x[j] for x in patterns) / k for j in range(len(patterns[0]))]
    return beta * max(math.fsum((a - b) ** 2 for a, b in zip(x, mean, strict=True)) for x in patterns)


def needed_beta(patterns: Matrix, error: float, distance: float) -> list[float]:
    """``ln(2 (k-1) / error) / (Delta - 2 M distance)``."""
    k, m = len(patterns), largest_norm(patterns)
    if k == 1:
        return [0.0]
    margins = [delta - 2 * m * distance for delta in pattern_separation(patterns)]
    return [math.log(2 * (k - 1) / error) / c if c > 0 else math.inf for c in margins]


def distinct(patterns: Matrix) -> list[Vector]:
    """The patterns without copies."""
    return [list(row) for row in dict.fromkeys(map(tuple, patterns))]


def novelty_scale(patterns: Matrix, beta: float) -> tuple[float, float]:
    """The median energy of stored patterns, and the median of their positive separations."""
    different = distinct(patterns)
    sample = sampled(len(different))
    energies = [energy(patterns, beta, different[mu], constants=False) for mu in sample]
    positive: list[float] = []
    if len(different) > 1:
        separations = pattern_separation(different)
        positive = [separations[mu] for mu in sample if separations[mu] > 0]
    m = largest_norm(patterns)
    return median(energies), median(positive) if positive else m * m / 2 if m > 0 else 1.0


def novelty(patterns: Matrix, beta: float, query: Vector) -> float:
    """``(E(query) - median E(x)) / median Delta``."""
    familiar, unit = novelty_scale(patterns, beta)
    return (energy(patterns, beta, query, constants=False) - familiar) / unit


def merged(settled: Matrix, converged: list[bool], distance: float) -> tuple[list[int], list[int]]:
    """The first start that led to each fixed point, and for each start the number of its fixed point."""
    found: list[int] = []
    reached = []
    for start, state in enumerate(settled):
        if not converged[start]:
            reached.append(-1)
            continue
        near = [
            number
            for number, other in enumerate(found)
            if norm([a - b for a, b in zip(state, settled[other], strict=True)]) <= distance
        ]
        if not near:
            found.append(start)
        reached.append(near[0] if near else len(found) - 1)
    return found, reached
