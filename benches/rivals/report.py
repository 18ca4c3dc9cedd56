"""Tables: as text while the contests go on, and as Markdown for the README at the end."""

from __future__ import annotations

import datetime
import platform
from collections.abc import Sequence
from pathlib import Path

from .accuracy import Accuracy
from .contest import Contest, Entry


def processor() -> str:
    """The processor's name as the system gives it."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text("utf-8").splitlines() if cpuinfo.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def heading(about: Sequence[str], threads: int) -> str:
    """Machine, day and versions: what the figures below belong to."""
    today = datetime.datetime.now(datetime.UTC).date()
    return f"{processor()}, {threads} threads each, {today}: {', '.join(dict.fromkeys(about))}"


def milliseconds(seconds: float) -> str:
    """Three or four digits."""
    number = 1e3 * seconds
    return f"{number:.{3 if number < 1 else 2 if number < 10 else 1}f}"


def times_as_long(ratio: float) -> str:
    """Two digits, or all before the point."""
    return f"{ratio:.{2 if ratio < 1 else 1 if ratio < 10 else 0}f} ×"


def entry_line(contest: Contest, entry: Entry) -> str:
    line = f"  {entry.title:<18}{milliseconds(entry.seconds):>9} ms {contest.ratio(entry):7.2f} ×"
    if entry.errors is None:
        line += "  nearest pattern: right"
    else:
        line += "  error: RMS {:.1e}, largest {:.1e}".format(*entry.errors)
    ceiling, share = entry.ceiling, entry.shares(contest.shape)
    if ceiling is not None and share is not None:
        line += f"; {share.adds:.1%} of {2 * ceiling.adds / 1e9:.0f} GFLOP/s"
        if contest.shape.is_read_from_memory:
            line += f", {share.read:.1%} of {ceiling.read / 1e9:.1f} GB/s"
    return line


def text(contest: Contest) -> str:
    """A shape's medians, how many times as long as ours each takes, errors, and our shares of the ceilings."""
    lines = [entry_line(contest, entry) for entry in contest.entries]
    return "\n".join([f"\nm, k, d = {contest.shape}", *lines])


def accuracy_text(accuracy: Accuracy) -> str:
    verdict = "holds" if accuracy.holds else "DOES NOT HOLD"
    rms, largest = accuracy.rms, accuracy.largest
    return (
        f"{accuracy.shape!s:<18} RMS {rms[0]:.2e} against {rms[1]:.2e} ({rms[0] / rms[1]:.2f}), "
        f"largest {largest[0]:.2e} against {largest[1]:.2e} ({largest[0] / largest[1]:.2f}): {verdict}"
    )


def markdown(contests: Sequence[Contest], about: str, command: str) -> str:
    """The README's table: our time and share of the ceiling, and how many times as long each rival takes."""
    first, *rivals = contests[0].entries
    columns = ["m, k, d", first.title, "share of ceiling", *(rival.title for rival in rivals)]
    lines = [f"`{command}` on {about}", "", f"| {' | '.join(columns)} |", f"|---{'|---:' * (len(columns) - 1)}|"]
    for contest in contests:
        ours, *others = contest.entries
        share = ours.shares(contest.shape)
        assert share is not None
        reads = contest.shape.is_read_from_memory and share.read > share.adds
        cells = [str(contest.shape), f"{milliseconds(ours.seconds)} ms"]
        cells += [f"{share.read:.0%} of reading" if reads else f"{share.adds:.0%} of arithmetic"]
        cells += [times_as_long(contest.ratio(other)) for other in others]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)
