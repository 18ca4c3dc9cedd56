"""Answers compared first, then times: the processes take turns, so that a busy machine is busy for all.

A turn begins after a pause in which the threads of the process before come to rest: some spin for a while after a
call, and would slow whoever comes next. What counts is the median over the turns of the median of a turn's calls.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

import numpy as np

from .processes import Process
from .shapes import Ceiling, Problem, Shape, Truth

#: Seconds between two turns, and of a turn's calls that count.
PAUSE, TURN = 0.25, 0.15
#: Calls in a turn, however long each takes.
LEAST = 3
#: Part of the answer's root mean square that the error's may be. A wrong formula is further off; so is float32 that
#: loses half its digits. Types that keep fewer digits of the patterns have their own.
AGREES = {"float32": 1e-3, "float64": 1e-12, "float16": 1e-2, "bfloat16": 2e-2, "int8": 1e-1}


@dataclass
class Entry:
    """What one process did."""

    title: str
    dtype: str
    is_ours: bool
    #: Root mean square and largest error of an element; of an index, None: it is right or the contest is off.
    errors: tuple[float, float] | None
    turns: list[float] = field(default_factory=list)
    #: Measured after our turns alone.
    ceilings: list[Ceiling] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        return median(self.turns)

    @property
    def ceiling(self) -> Ceiling | None:
        return Ceiling(*map(median, zip(*self.ceilings, strict=True))) if self.ceilings else None

    def shares(self, shape: Shape) -> Ceiling | None:
        """The parts of what the machine could have done in that time."""
        if self.ceiling is None:
            return None
        size = {"float64": 8, "float16": 2, "bfloat16": 2, "int8": 1}.get(self.dtype, 4)
        adds, read = shape.operations / 2 / self.seconds, shape.k * shape.d * size / self.seconds
        return Ceiling(adds / self.ceiling.adds, read / self.ceiling.read)


@dataclass
class Contest:
    """A shape and what each process made of it, ours first."""

    shape: Shape
    entries: list[Entry]

    def ratio(self, entry: Entry) -> float:
        """How many times as long as ours."""
        return entry.seconds / self.entries[0].seconds


def errors(process: Process, truth: Truth, problem: Problem) -> tuple[float, float] | None:
    """Compare an answer with the truth; one that is no rounding of it ends everything."""
    answer = process.answer()
    if process.library.finds_nearest:
        patterns, queries = problem.arrays()
        scores = np.einsum("md,md->m", queries.astype(np.float64), patterns[answer].astype(np.float64))
        if not np.all(scores >= truth.largest_score - truth.indistinct):
            raise RuntimeError(f"{process.title} does not find the nearest patterns at {problem.shape}")
        return None
    difference = answer.astype(np.float64) - truth.answer
    found = float(np.sqrt(np.mean(difference**2))), float(np.abs(difference).max())
    # `not <=`, so that NaN does not pass.
    if not found[0] <= AGREES[process.dtype] * np.sqrt(np.mean(truth.answer**2)):
        raise RuntimeError(f"{process.title} gives another answer at {problem.shape}: RMS error {found[0]:.1e}")
    return found


def compete(processes: Sequence[Process], shape: Shape, turns: int) -> Contest:
    """One shape, all processes."""
    problem = Problem(shape)
    truth = Truth.of(problem)
    entries = []
    for process in processes:
        process.prepare(problem)
        entries.append(Entry(process.title, process.dtype, process.is_ours, errors(process, truth, problem)))
    del truth
    for _ in range(turns):
        for process, entry in zip(processes, entries, strict=True):
            time.sleep(PAUSE)
            entry.turns.append(median(process.times(TURN, LEAST)))
            if process.is_ours:
                entry.ceilings.append(process.ceiling(3))
    return Contest(shape, entries)


def cliffs(contests: Sequence[Contest]) -> list[str]:
    """Where some queries take us longer than the next larger multiple of 16 of them."""
    seconds = {contest.shape: contest.entries[0].seconds for contest in contests}
    found = []
    for shape, taken in seconds.items():
        more = shape._replace(m=-(-shape.m // 16) * 16)
        if taken > seconds.get(more, taken):
            found.append(f"{shape} takes {taken / seconds[more]:.2f} × the time of {more}")
    return found
