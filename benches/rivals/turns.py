"""Pieces of work that several do in turn, within one process.

Each call is preceded by a pause, because NumPy's threads spin on for a while and would slow whoever comes next, and by
a call that is not timed, because a processor that has paused is slow at first and its caches are another's.

Not here: whether the answers agree, which each script checks before it yields a contest.
"""

from __future__ import annotations

import functools
import shlex
import statistics
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

#: Seconds before calls.
PAUSE = 0.15
OURS = "hopfield"
Work = Callable[[], Any]
say = functools.partial(print, flush=True)


@dataclass
class Contest:
    """A piece of work and what each does it in."""

    title: str
    #: Whoever does it, ours first.
    peers: dict[str, Work]
    #: What one time is divided by, and in what unit it is then given.
    per: float = 1.0
    unit: str = "ms"
    #: Rounds of the slow ones, if not all.
    rounds: dict[str, int] | None = None

    def medians(self, rounds: int) -> dict[str, float]:
        """The median seconds of each, measured in turn."""
        seconds: dict[str, list[float]] = {name: [] for name in self.peers}
        for turn in range(rounds):
            for name, work in self.peers.items():
                if turn >= (self.rounds or {}).get(name, rounds):
                    continue
                time.sleep(PAUSE)
                work()
                begin = time.perf_counter()
                work()
                seconds[name].append(time.perf_counter() - begin)
        return {name: statistics.median(times) for name, times in seconds.items()}

    def shown(self, seconds: float) -> str:
        """A time in the contest's unit."""
        scale = {"ms": 1e3, "ns": 1e9}[self.unit]
        return f"{scale * seconds / self.per:.3g} {self.unit}"


def run(contests: Iterable[Contest], rounds: int, about: str, *, markdown: bool) -> None:
    """Measure and print; with `markdown`, the README's table at the end."""
    say(about)
    found = []
    for contest in contests:
        medians = contest.medians(rounds)
        found.append((contest, medians))
        say(contest.title)
        ours = next(iter(medians.values()))
        for name, seconds in medians.items():
            say(f"  {name:<30}{contest.shown(seconds):>12} {seconds / ours:9.2f} ×")
    if markdown:
        command = shlex.join(["python", f"benches/{Path(sys.argv[0]).name}", *sys.argv[1:]])
        say(f"\n{_table(found)}\n\n{about}; `{command}`.")


def _table(found: list[tuple[Contest, dict[str, float]]]) -> str:
    lines = ["| work | hopfield | others |", "|---|---|---|"]
    for contest, medians in found:
        ours, *others = medians.items()
        times = "; ".join(f"{name} {contest.shown(each)} ({each / ours[1]:.1f} ×)" for name, each in others)
        lines.append(f"| {contest.title} | {contest.shown(ours[1])} | {times or '–'} |")
    return "\n".join(lines)
