"""``hopfield capacity``: how much Hebbian networks hold, measured beside the theory, in a table and a picture."""

from __future__ import annotations

import time
from dataclasses import dataclass
from importlib import util
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from . import capacity
from ._terminal import Mistake, Progress, destination, table
from .capacity._plot import COLOURS, MARKS, curve

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Array = npt.NDArray[Any]

#: Lines of the table at most.
LINES = 13
INK, MUTED, FAINT = "#1b2330", "#5d6775", "#e3e6eb"
#: Where memories are the deepest states, where they are states at all, and beyond.
REGIONS = ("#e9f1f8", "#f6f7f9", "#ffffff")
WIDTH, HEIGHT, DPI = 9.2, 7.4, 160
TITLE, TEXT, SMALL = 13, 10.5, 9.5  # sizes of type, in points


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says, by the names of its options."""

    sizes: list[int]
    loads: list[float]
    trials: int
    corruption: float
    seed: int
    threads: int | None
    out: Path
    csv: Path | None


def run(options: Options) -> None:
    """Measure, print the table, draw the picture."""
    if util.find_spec("matplotlib") is None:
        raise Mistake("the picture needs matplotlib: pip install 'hopfield[plot]'")
    low, high, count = options.loads
    if not (0 < low <= high <= 1 and count >= 1 and count == int(count)):
        given = " ".join(f"{number:g}" for number in options.loads)
        raise Mistake(f"--loads must be two loads above 0 and at most 1, in order, and how many; got {given}")
    if min(options.sizes) < 2:
        raise Mistake(f"--sizes must be at least 2; got {min(options.sizes)}")
    destination(options.out, ".png")
    if options.csv is not None:
        destination(options.csv, ".csv")
    started = time.perf_counter()
    with Progress("trials") as progress:
        found = capacity.scan(
            n=sorted(set(options.sizes)),
            alpha=np.linspace(low, high, int(count)),
            trials=options.trials,
            corruption=options.corruption,
            rng=options.seed,
            n_threads=options.threads,
            progress=progress,
        )
    seconds = time.perf_counter() - started
    print(report(found, seconds))
    if options.csv is not None:
        found.to_csv(options.csv)
        print(f"Numbers: {options.csv}")
    write(options.out, found)
    print(f"Picture: {options.out}")


def report(found: capacity.CapacityScan, seconds: float) -> str:
    """A line for a load and a column for a size, the mean-field theory beside them."""
    sizes = list(dict.fromkeys(found.n.tolist()))
    columns = [np.flatnonzero(found.n == size) for size in sizes]
    shown = np.unique(np.linspace(0, len(columns[0]) - 1, LINES).round().astype(int))
    rows = []
    for line in shown:
        alpha = found.alpha[columns[-1][line]]
        cells = [_cell(found, column[line]) for column in columns]
        rows.append([f"{alpha:.3f}", f"{capacity.mean_field(alpha).overlap:.3f}", *cells])
    headings = ["load", "theory", *(f"n = {size}" for size in sizes)]
    return (
        f"Overlap of the final state with the pattern that it started from"
        f"{_spoilt(found)}, means of {found.trials[0]} networks;\n"
        "beside it the share of patterns that came out without an error.\n\n"
        + table(headings, rows, left=[])
        + f"\n\ntheory: mean field, n to infinity; memories are lost at load {capacity.critical_load():.6f}"
        f"\n{len(found)} points in {seconds:.1f} s"
    )


def _cell(found: capacity.CapacityScan, row: int) -> str:
    return f"{found.overlap[row]:.3f}  {found.success_rate[row]:4.0%}"


def _spoilt(found: capacity.CapacityScan) -> str:
    share = found.corruption[0]
    return f" with {share:.0%} of its neurons flipped" if share else ""


# The picture


def write(out: Path, found: capacity.CapacityScan) -> None:
    """Draw overlaps and error-free patterns against the load."""
    import matplotlib
    from matplotlib.figure import Figure

    # What is set up in the user's own matplotlib does not change the picture.
    with matplotlib.rc_context(matplotlib.rcParamsDefault):
        matplotlib.rcParams.update({"font.family": "DejaVu Sans", "font.size": TEXT, "text.color": INK})
        figure = Figure(figsize=(WIDTH, HEIGHT), dpi=DPI, facecolor="white")
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(1.75, 1), squeeze=True)
        ends = min(0.0, float(found.alpha.min())), float(found.alpha.max()) * 1.02
        for axes in (upper, lower):
            _regions(axes, ends[1])
            tidy(axes)
        upper.set_xlim(*ends)
        _overlaps(upper, found)
        _exact(lower, found)
        figure.align_ylabels()
        figure.subplots_adjust(left=0.085, right=0.98, top=0.9, bottom=0.08, hspace=0.09)
        title = "A Hebbian network holds its patterns up to a load of 0.138, and then forgets them all"
        figure.text(0.012, 0.962, title, size=TITLE, weight="bold")
        started = f"{found.trials[0]} networks a point, each started at a pattern{_spoilt(found)}; bars: 95 %"
        figure.text(0.012, 0.927, started, size=SMALL, color=MUTED)
        figure.savefig(out, format="png", metadata={"Software": None})


def _rows(found: capacity.CapacityScan) -> list[tuple[int, Array, dict[str, str]]]:
    """Each size with its points and its look."""
    sizes = list(dict.fromkeys(found.n.tolist()))
    looks = [{"color": COLOURS[i % len(COLOURS)], "marker": MARKS[i % len(MARKS)]} for i in range(len(sizes))]
    return [(size, np.flatnonzero(found.n == size), look) for size, look in zip(sizes, looks, strict=True)]


def _overlaps(axes: Axes, found: capacity.CapacityScan) -> None:
    """What was measured, and the overlap of the mean field with its fall at the critical load."""
    critical = capacity.critical_load()
    for size, rows, look in _rows(found):
        curve(axes, found, rows, "alpha", "overlap", label=f"n = {size}", **look)
    axes.plot(*_theory(critical), color=INK, linewidth=1.8, label="theory, n → ∞", zorder=1)
    axes.set_ylim(-0.03, 1.1)
    axes.set_ylabel("overlap with the pattern", color=MUTED)
    axes.legend(loc="lower left", frameon=False, fontsize=TEXT, bbox_to_anchor=(0.005, 0.04))
    style: dict[str, Any] = {"size": SMALL, "color": MUTED, "ha": "center", "va": "center", "clip_on": True}
    low, high = axes.get_xlim()
    stable = capacity.globally_stable_load()
    for left, right, label in (
        (low, stable, "deepest states"),
        (stable, critical, "metastable"),
        (critical, high, "lost"),
    ):
        if right - left > 0.2 * (high - low):
            axes.text((left + right) / 2, 1.06, f"memories are {label}", **style)
    axes.text(
        critical + 0.012 * (high - low), 0.03, f"$\\alpha_c$ = {critical:.4f}", size=TEXT, color=INK, clip_on=True
    )
    if low < 0.05 and found.alpha.max() > critical:
        _closer(axes, found, critical)


def _theory(critical: float) -> tuple[Array, Array]:
    # The slope is infinite at the end, so there the curve needs more points.
    loads = critical * (1 - np.linspace(1, 0, 200) ** 2)
    overlaps = capacity.mean_field(loads * (1 - 1e-12)).overlap
    return np.r_[loads, critical, 1], np.r_[overlaps, 0, 0]


def _closer(axes: Axes, found: capacity.CapacityScan, critical: float) -> None:
    """A part of the same, where the theory begins to bend: in the empty middle of the picture."""
    left, right, bottom, top = 0.07, 0.142, 0.958, 1.002
    inset = axes.inset_axes((0.325, 0.13, 0.285, 0.56))
    for _, rows, look in _rows(found):
        curve(inset, found, rows, "alpha", "overlap", **look)
    inset.plot(*_theory(critical), color=INK, linewidth=1.8, zorder=1)
    inset.set_xlim(left, right)
    inset.set_ylim(bottom, top)
    inset.set_xticks([0.08, 0.1, 0.12, 0.14])
    inset.set_yticks([0.96, 0.98, 1.0])
    inset.yaxis.tick_right()
    inset.tick_params(length=0, labelsize=SMALL, labelcolor=MUTED, pad=4)
    inset.spines[:].set_color(MUTED)
    axes.indicate_inset_zoom(inset, edgecolor=MUTED, alpha=0.6)


def _exact(axes: Axes, found: capacity.CapacityScan) -> None:
    """The share of patterns without an error; for intact cues, the Gaussian estimate of it."""
    intact = not found.corruption.any()
    for size, rows, look in _rows(found):
        curve(axes, found, rows, "alpha", "success_rate", linestyle="none", **look)
        if intact:
            loads = np.linspace(0.002, 1.02 * found.alpha.max(), 300)
            estimate = capacity.stable_probability(size, loads * size)
            axes.plot(loads, estimate, color=look["color"], linewidth=1.2, zorder=1)
    axes.set_ylim(-0.05, 1.08)
    axes.set_ylabel("retrieved exactly", color=MUTED)
    axes.set_xlabel("load α, stored patterns for each neuron", color=MUTED)
    axes.yaxis.set_major_formatter(lambda share, _: f"{share:.0%}")
    if intact:
        said = "lines: Gaussian estimate\nthat it is a fixed point"
        axes.text(0.02, 0.1, said, size=SMALL, color=MUTED, va="bottom", linespacing=1.4, transform=axes.transAxes)


def _regions(axes: Axes, end: float) -> None:
    edges = (-1.0, capacity.globally_stable_load(), capacity.critical_load(), max(end, 1.0))
    for colour, left, right in zip(REGIONS, edges[:-1], edges[1:], strict=True):
        axes.axvspan(left, right, facecolor=colour, edgecolor="none", zorder=0)
    for edge in edges[1:-1]:
        axes.axvline(edge, color=MUTED, linewidth=0.8, linestyle=(0, (4, 3)), zorder=0.5)


def tidy(axes: Axes) -> None:
    axes.grid(axis="y", color=FAINT, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(length=0, labelsize=TEXT, labelcolor=MUTED, pad=5)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color(MUTED)
