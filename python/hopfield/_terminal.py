"""What the commands say: tables on standard output, progress and mistakes on standard error."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path

from .errors import HopfieldError

#: Seconds that work may take before a bar is drawn: shorter work needs none.
PATIENCE = 1.0
BAR = 30


class Mistake(HopfieldError):
    """What the user of a command can put right; said in one line, with no traceback."""


def table(headings: Sequence[str], rows: Sequence[Sequence[str]], left: Sequence[str]) -> str:
    """The rows under their headings; the columns named in `left` are aligned left, the others right."""
    widths = [max(map(len, column)) for column in zip(headings, *rows, strict=True)]

    def line(cells: Sequence[str]) -> str:
        padded = (
            cell.ljust(width) if heading in left else cell.rjust(width)
            for cell, width, heading in zip(cells, widths, headings, strict=True)
        )
        return "  ".join(padded).rstrip()

    return "\n".join([line(headings), line(["-" * width for width in widths]), *map(line, rows)])


def destination(path: Path, suffix: str) -> None:
    """Whether a file of that kind can be written there."""
    if not path.parent.is_dir():
        raise Mistake(f"{path.parent} is no folder to write {path.name} to")
    if path.suffix.lower() != suffix:
        raise Mistake(f"{path} must name a {suffix} file")


class Progress:
    """A bar on standard error, drawn only on a terminal and only once the work has taken a while.

    An instance is what ``retrieve(progress=...)`` calls; leaving the ``with`` block wipes the bar.
    """

    def __init__(self, units: str = "cues") -> None:
        self._units = units
        self._started = time.monotonic()
        self._drawn = 0

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *raised: object) -> None:
        if self._drawn:
            print("\r" + " " * self._drawn + "\r", end="", file=sys.stderr, flush=True)

    def __call__(self, done: int, total: int) -> None:
        elapsed = time.monotonic() - self._started
        if elapsed < PATIENCE or not total or not sys.stderr.isatty():
            return
        filled = BAR * done // total
        line = f"[{'#' * filled}{'.' * (BAR - filled)}] {done} of {total} {self._units}, {elapsed:.0f} s"
        print("\r" + line.ljust(self._drawn), end="", file=sys.stderr, flush=True)
        self._drawn = max(self._drawn, len(line))
