"""Errors against float64 of our float32 answers and of NumPy's, on several problems a shape."""

from __future__ import annotations

from dataclasses import dataclass

from .contest import errors
from .processes import Process
from .shapes import Problem, Shape, Truth

SEEDS = range(5)
#: Our largest error may be that many times NumPy's: one element in millions is a matter of luck.
LUCK = 1.25


@dataclass
class Accuracy:
    """Root mean square and largest error over all seeds, of ours and of NumPy's."""

    shape: Shape
    rms: tuple[float, float]
    largest: tuple[float, float]

    @property
    def holds(self) -> bool:
        return self.rms[0] <= self.rms[1] and self.largest[0] <= LUCK * self.largest[1]


def compare(ours: Process, numpys: Process, shape: Shape) -> Accuracy:
    """One shape, all seeds."""
    squares, largest = [0.0, 0.0], [0.0, 0.0]
    for seed in SEEDS:
        problem = Problem(shape, seed)
        truth = Truth.of(problem)
        for side, process in enumerate((ours, numpys)):
            process.prepare(problem)
            found = errors(process, truth, problem)
            assert found is not None
            squares[side] += found[0] ** 2 / len(SEEDS)
            largest[side] = max(largest[side], found[1])
    return Accuracy(shape, (squares[0] ** 0.5, squares[1] ** 0.5), (largest[0], largest[1]))
