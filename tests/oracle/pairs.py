"""Memories of sequences and of pairs, on top of the modern network.

A sequence: element t leads to element t + delay, each output is the next state. Pairs: one softmax over the sum of both
sides' scores reads both sides out.
"""

from __future__ import annotations

from collections.abc import Sequence

from .modern import Matrix, Vector, association, by_weight, readout, scores, softmax, step


def successors(sequence: Matrix, delay: int, cyclic: bool) -> tuple[list[Vector], list[Vector]]:
    """The elements that have a successor, and these."""
    t = len(sequence)
    keys = range(t if cyclic else t - delay)
    return [sequence[i] for i in keys], [sequence[(i + delay) % t] for i in keys]


def next_state(sequence: Matrix, delay: int, cyclic: bool, beta: float, state: Vector) -> list[float]:
    """``V^T softmax(beta K state)``."""
    keys, values = successors(sequence, delay, cyclic)
    return step(keys, beta, state, values=values)


def place(sequence: Matrix, state: Vector) -> int:
    """The position of the best match, the first of equal ones."""
    return by_weight(scores(sequence, state))[0]


def expected(t: int, start: int, delay: int, cyclic: bool, steps: int) -> list[int]:
    """Where a replay from `start` should be after each step; -1 behind the end."""
    positions = [start + delay * step for step in range(1, steps + 1)]
    return [position % t if cyclic else position if position < t else -1 for position in positions]


def left_at(sequence: Matrix, should: Sequence[int], found: Sequence[int]) -> int:
    """The first step that is at another element than it should be; -1 for none."""
    for number, (there, here) in enumerate(zip(should, found, strict=True)):
        if there >= 0 and list(sequence[there]) != list(sequence[here]):
            return number
    return -1


def joint_step(
    keys: Matrix, values: Matrix, beta: float, a: Vector | None, b: Vector | None
) -> tuple[list[float], list[float]]:
    """Both sides read out with ``softmax(beta (K a + V b))``; a side that is None has no say."""
    if a is None or b is None:
        p = association(keys, beta, a) if a is not None else association(values, beta, b or [])
    else:
        p = softmax([beta * (s + r) for s, r in zip(scores(keys, a), scores(values, b), strict=True)])
    return readout(keys, p), readout(values, p)
