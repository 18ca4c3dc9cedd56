"""A memory that threads change at once: no change is lost, and each call sees one memory whole."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator

import numpy as np
import pytest

import hopfield as hf
from hopfield import modern


@pytest.fixture(autouse=True)
def _switching_often() -> Iterator[None]:
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


def at_once(*works: Callable[[], object]) -> None:
    """Run each in a thread of its own, all starting together; what one raises is raised here."""
    start, raised = threading.Barrier(len(works)), list[BaseException]()

    def run(work: Callable[[], object]) -> None:
        start.wait()
        try:
            work()
        except BaseException as error:
            raised.append(error)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if raised:
        raise raised[0]


@pytest.mark.parametrize("beta", [1.0, None])
def test_no_pattern_is_lost_when_threads_add_at_once(beta: float | None) -> None:
    memory = hf.ModernHopfield([[0.0, 0.0]], values=[[0.0]], beta=beta)

    def adding(thread: int) -> Callable[[], object]:
        def work() -> None:
            for number in range(200):
                memory.add([float(thread), float(number)], [thread * 1000.0 + number])

        return work

    at_once(*map(adding, range(1, 5)))
    assert len(memory) == 801
    assert memory.values is not None
    assert np.array_equal(memory.patterns @ [1000.0, 1.0], memory.values[:, 0])
    assert len(np.unique(memory.values)) == 801


def test_no_change_is_lost_when_threads_add_and_remove_at_once() -> None:
    memory = hf.ModernHopfield(np.arange(200.0)[:, np.newaxis], beta=1e-4)

    def add() -> None:
        for number in range(1000, 1100):
            memory.add([float(number)])

    def remove() -> None:
        for _ in range(100):
            memory.remove([0])

    at_once(add, remove)
    assert memory.patterns[:, 0].tolist() == [*range(100, 200), *range(1000, 1100)]


def test_a_calibration_does_not_undo_what_was_added_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    memory = hf.ModernHopfield(np.eye(4)[:2])
    calibrate = modern.calibrate

    def slowly(*arguments: object, **options: object) -> float:
        monkeypatch.setattr(modern, "calibrate", calibrate)
        beta: float = calibrate(*arguments, **options)  # type: ignore[arg-type]
        at_once(lambda: memory.add(np.eye(4)[2:]))
        return beta

    monkeypatch.setattr(modern, "calibrate", slowly)
    assert memory.beta == hf.suggest_beta(np.eye(4)[:2])
    assert len(memory) == 4
    assert memory.beta == hf.suggest_beta(np.eye(4))


def test_calibrating_and_adding_at_once_loses_nothing() -> None:
    memory = hf.ModernHopfield(np.eye(60)[:10])

    def add() -> None:
        for row in np.eye(60)[10:]:
            memory.add(row)

    def ask() -> None:
        for _ in range(200):
            assert memory.beta > 0

    at_once(add, ask, ask)
    assert np.array_equal(memory.patterns, np.eye(60))
    assert memory.beta == hf.suggest_beta(np.eye(60))


def test_an_array_like_whose_code_changes_the_memory_does_not_wait_for_itself() -> None:
    memory = hf.ModernHopfield(np.eye(2), beta=1.0)

    class Busy:
        def __array__(self, dtype: object = None, copy: object = None) -> np.ndarray:
            memory.add([3.0, 3.0])
            return np.array([4.0, 4.0])

    memory.add(Busy())  # type: ignore[arg-type]
    assert memory.patterns.tolist() == [[1, 0], [0, 1], [3, 3], [4, 4]]
