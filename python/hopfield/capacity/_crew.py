"""Many small pieces of work on a few Python threads: the calling one and helpers.

What a piece does depends on its number alone, so neither the number of threads nor who does what changes anything. The
calling thread works too, reports progress, and hears Ctrl-C; helpers are told to stop, between pieces and within calls
that take a `progress` callback.

Not here: pieces whose work holds the interpreter lock all the time, which gain nothing by threads.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from .. import _core

#: Seconds between two reports of progress, and between two looks at helpers that are waited for.
PAUSE = 0.05
#: Seconds for which helpers are waited for that shall stop; those in the middle of a call end after it.
GRACE = 0.01


class Stopped(Exception):
    """Raised within a helper's call whose result nobody wants any more."""


class Crew:
    """Does `work(0)` to `work(count - 1)`, each once."""

    def __init__(
        self, count: int, work: Callable[[int, Crew], None], heard: Callable[[int, int], object] | None
    ) -> None:
        self._count, self._work, self._heard = count, work, heard
        self._lock = threading.Lock()
        self._next = self._done = 0
        self._failure: BaseException | None = None
        self._reported = time.monotonic()

    def run(self, n_threads: int) -> None:
        """Do the work on at most so many threads; the first exception ends it and is raised here."""
        workers = max(min(n_threads, self._count), 1)
        share = n_threads // workers
        helpers = [
            threading.Thread(target=self._help, args=(share,), name="hopfield-scan", daemon=True)
            for _ in range(workers - 1)
        ]
        for helper in helpers:
            helper.start()
        try:
            self._labour(share, self._report)
            for helper in helpers:
                while helper.is_alive():
                    helper.join(PAUSE)
                    self._report()
        except BaseException as raised:
            self._fail(raised)
            deadline = time.monotonic() + GRACE
            for helper in helpers:
                helper.join(max(0.0, deadline - time.monotonic()))
        if self._failure is not None:
            raise self._failure
        if self._heard is not None:
            self._heard(self._count, self._count)

    def check(self, *_: object) -> None:
        """Raise where the work shall stop; what a helper's call may ask now and then."""
        if self._failure is not None:
            raise Stopped

    def _help(self, share: int) -> None:
        try:
            self._labour(share, lambda: None)
        except Stopped:
            pass
        except BaseException as raised:  # raised again on the calling thread
            self._fail(raised)

    def _labour(self, share: int, after_each: Callable[[], None]) -> None:
        """Work until nothing is left, in calls of at most `share` threads each."""
        before = _core.limit_threads(share)
        try:
            while self._failure is None:
                with self._lock:
                    number = self._next
                    self._next += 1
                if number >= self._count:
                    return
                self._work(number, self)
                with self._lock:
                    self._done += 1
                after_each()
        finally:
            _core.limit_threads(before)

    def _report(self) -> None:
        if self._heard is not None and time.monotonic() - self._reported >= PAUSE:
            self._heard(self._done, self._count)
            self._reported = time.monotonic()

    def _fail(self, raised: BaseException) -> None:
        with self._lock:
            if self._failure is None:
                self._failure = raised
