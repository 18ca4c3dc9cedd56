"""The memory that a call needs at its peak, beyond its inputs and its result, each library in a fresh process."""

from __future__ import annotations

from .processes import Process
from .shapes import Problem, Shape

#: Where a table of all scores would take 1.5 GiB.
SHAPE = Shape(4096, 100_000, 64)
#: What is made once for all calls (threads, buffers) is made by a call of this size.
WARM_UP = Shape(100, 1000, 64)


def peak(name: str, shape: Shape, threads: int) -> tuple[str, float]:
    """The library's name in tables, and MiB."""
    with Process(name, threads=threads) as process:
        process.prepare(Problem(WARM_UP._replace(d=shape.d)))
        process.answer()
        process.prepare(Problem(shape))
        return process.title, process.peak()
