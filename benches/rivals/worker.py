"""One library at work in a process of its own: `python -m rivals.worker LIBRARY DTYPE THREADS`.

Requests come pickled on standard input, a method of `Worker` and its arguments each, and answers go to standard output.
"""

from __future__ import annotations

import contextlib
import gc
import os
import pickle
import sys
import time
import traceback
from pathlib import Path
from typing import Any

import numpy as np

from .libraries import LIBRARIES, OURS, Work, by_hopfield
from .shapes import Array, Ceiling, Problem


class Worker:
    """What a process can be asked."""

    def __init__(self, library: str, dtype: str, threads: int) -> None:
        self._name, self._dtype, self._threads = library, dtype, threads
        self._patterns: Array = np.zeros(0, np.float32)
        self._work: Work = lambda: None

    def prepare(self, problem: Problem) -> None:
        """Make the arrays and all that can be kept between calls."""
        patterns, queries = problem.arrays()
        if self._name == OURS:
            self._work = by_hopfield(patterns, queries, problem.beta, self._threads, self._dtype)
        else:
            self._work = LIBRARIES[self._name].prepare(patterns, queries, problem.beta, self._threads)
        self._patterns = patterns

    def answer(self) -> Array:
        return np.asarray(self._work())

    def times(self, seconds: float, least: int) -> list[float]:
        """Seconds of each of some calls in a row, at least so many, for so long; the same again half as long before.

        The first calls wake the threads, fill the caches and let the clock rise.
        """
        work, clock = self._work, time.perf_counter
        begin = clock()
        while True:
            work()
            if clock() - begin > seconds / 2:
                break
        taken: list[float] = []
        gc.disable()
        begin = clock()
        while len(taken) < least or clock() - begin < seconds:
            start = clock()
            work()
            taken.append(clock() - start)
        gc.enable()
        return taken

    def ceiling(self, count: int) -> Ceiling:
        """The best of so many measurements: whatever disturbs one makes it too low."""
        from hopfield import _core

        like = np.zeros(1, np.float64 if self._dtype == "float64" else np.float32)
        flat = self._patterns.reshape(-1)
        return Ceiling(
            max(_core.multiply_adds_per_second(like, self._threads) for _ in range(count)),
            max(_core.bytes_read_per_second(flat, self._threads) for _ in range(count)),
        )

    def peak(self) -> float:
        """MiB that a call needs at its peak, beyond what there was before and its result; NaN where Linux is not."""
        status, clear = Path("/proc/self/status"), Path("/proc/self/clear_refs")
        if not clear.exists():
            return float("nan")

        def kibibytes(field: str) -> int:
            lines = status.read_text("utf-8").splitlines()
            return next(int(line.split()[1]) for line in lines if line.startswith(field))

        gc.collect()
        clear.write_text("5", "utf-8")  # the peak starts anew
        before = kibibytes("VmRSS")
        result = self.answer()
        return max(0.0, (kibibytes("VmHWM") - before) / 1024 - result.nbytes / 2**20)

    def about(self) -> str:
        """The library's version and the kernels that it runs, where it says."""
        about = f"{LIBRARIES[self._name].title} {LIBRARIES[self._name].version}"
        if self._name == OURS:
            from hopfield import _core

            about += f" ({_core.instruction_set()})"
        if self._name == "numpy":
            with contextlib.suppress(ImportError):
                import threadpoolctl

                kernels = {f"{each['internal_api']} {each['architecture']}" for each in threadpoolctl.threadpool_info()}
                about += f" ({', '.join(sorted(kernels))})"
        return about


def main() -> None:
    name, dtype, threads = sys.argv[1:]
    # What a library prints must not come between the answers.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    if name == "jax" and hasattr(os, "sched_setaffinity"):  # it has no other way to ask for fewer threads
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: int(threads)])
    worker = Worker(name, dtype, int(threads))
    while True:
        try:
            method, arguments = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        reply: tuple[bool, Any]
        try:
            reply = True, getattr(worker, method)(*arguments)
        except Exception:
            reply = False, traceback.format_exc()
        pickle.dump(reply, answers)
        answers.flush()


if __name__ == "__main__":
    main()
