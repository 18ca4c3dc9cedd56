"""The picture of the demo: what was stored, spoiled and retrieved, and the energy falling on the way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from .page import Page
from .photographs import FILES, SIDE
from .runs import Run

Array = npt.NDArray[Any]
Colours = npt.NDArray[np.uint8]

# Lengths are pixels of a photograph.
MARGIN = 20
LABELS = 92  # the names of the rows
GAP = 6
GROUP = 26  # between the photographs of one corruption and those of the other
CAPTION = 22  # a line under a photograph
HEADING = 66  # the title of a block and the names of its corruptions
UNDER_TITLE = 42  # where there is one corruption only
BETWEEN = 34
AXIS = 88  # between the photographs and a plot
PLOT = 290

HALF = len(FILES) // 2
TILES = MARGIN + LABELS
RIGHT = TILES + 2 * HALF * SIDE + 2 * (HALF - 1) * GAP + GROUP
WIDTH = RIGHT + AXIS + PLOT + MARGIN
BLOCK = 3 * SIDE + 2 * GAP + CAPTION  # three rows, the second with a line under it

INK, MUTED, FAINT = "#1b2330", "#5d6775", "#e3e6eb"
#: Of the two corruptions of a network, in headings and curves.
COLOURS = ("#2468a8", "#c4601c")
DARK, LIGHT, UNKNOWN = np.array([27, 35, 48]), np.array([250, 248, 243]), np.array([216, 226, 238])
GREYS = 63
TITLE, HEAD, LABEL, SMALL = 15, 12, 11.5, 10.5  # sizes of type, in points


def write(out: Path, runs: dict[str, Run]) -> None:
    """Draw all runs, and write the picture."""
    import matplotlib

    n, k = f"{SIDE * SIDE:,}".replace(",", "\u2009"), len(FILES)
    height = HEADING + BLOCK + GAP + CAPTION + BETWEEN
    modern, plain = MARGIN + height, MARGIN + 2 * height
    # What is set up in the user's own matplotlib does not change the picture.
    with matplotlib.rc_context(matplotlib.rcParamsDefault):
        matplotlib.rcParams.update({"font.family": "DejaVu Sans", "font.size": SMALL, "text.color": INK})
        page = Page(WIDTH, plain + UNDER_TITLE + 2 * (SIDE + GAP) + CAPTION + MARGIN // 2)

        title = f"Classical network: {k} photographs in {n} neurons of ±1"
        _block(page, MARGIN, title, "overlap", [runs["lost"], runs["flipped"]])
        axes = _plot(page, MARGIN + HEADING, [runs["lost"], runs["flipped"]], "sweeps over all neurons")
        axes.yaxis.set_major_formatter(lambda energy, _: f"{energy:,.0f}".replace(",", "\u2009").replace("-", "−"))

        title = f"Modern network: {k} photographs of {n} real numbers"
        _block(page, modern, title, "cosine", [runs["half"], runs["noise"]])
        axes = _plot(page, modern + HEADING, [runs["half"], runs["noise"]], "updates", marker="o", markersize=4)
        axes.set_yscale("log")
        axes.set_yticks(ticks := [0.2, 0.5, 1, 2, 5, 10], [f"{tick:g}" for tick in ticks])
        axes.minorticks_off()

        _plain(page, plain, runs["plain"])
        page.save(out)


def _block(page: Page, top: int, title: str, measure: str, runs: list[Run]) -> None:
    """The title, and all photographs: the first half of them with one corruption, the others with the other."""
    page.text(MARGIN, top + 16, title, size=TITLE, weight="bold")
    y = top + HEADING
    for name, caption in (("stored", ""), ("cue", measure), ("retrieved", measure)):
        page.text(TILES - 14, y + SIDE / 2, name, size=LABEL, ha="right", va="center")
        y += SIDE + GAP
        if caption:
            page.text(TILES - 14, y + 9, caption, size=SMALL, color=MUTED, ha="right")
            y += CAPTION
    for column in range(len(FILES)):
        run = runs[column // HALF]
        if column % HALF == 0:
            colour = COLOURS[column // HALF]
            page.text(_x(column), top + HEADING - 10, _typeset(run.corruption), size=HEAD, color=colour, weight="bold")
        _column(page, _x(column), top + HEADING, run, column)


def _x(column: int) -> int:
    return TILES + column * (SIDE + GAP) + (column // HALF) * (GROUP - GAP)


def _column(page: Page, x: int, y: int, run: Run, index: int) -> None:
    """One photograph stored, as a cue, and retrieved, with the similarities to what is stored."""
    stored = run.stored[index]
    page.tile(x, y, _colours(stored, stored))
    for pattern, similarity in ((run.cues, run.cue_similarity), (run.retrieved, run.similarity)):
        y += SIDE + GAP + (CAPTION if pattern is run.retrieved else 0)
        # Noise has a range of its own; half a photograph has that of the whole.
        scale = stored if np.isnan(pattern[index]).any() else pattern[index]
        page.tile(x, y, _colours(pattern[index], scale))
        caption = "exact" if np.array_equal(pattern[index], stored) else f"{similarity[index]:.2f}"
        page.text(x + SIDE / 2, y + SIDE + GAP + 9, caption, size=SMALL, color=MUTED, ha="center")


def _colours(pattern: Array, scale: Array) -> Colours:
    """Dark to light over nearly all the values of `scale`, which for ±1 is from -1 to 1."""
    low, high = np.quantile(scale, [0.005, 0.995])
    # In steps that the eye does not see, so that the palette has room for them.
    level = np.rint(GREYS * np.clip((pattern - low) / (high - low), 0, 1))[:, np.newaxis] / GREYS
    colours = np.where(np.isnan(level), UNKNOWN, DARK + level * (LIGHT - DARK))
    return colours.round().astype(np.uint8).reshape(SIDE, SIDE, 3)


def _plot(page: Page, y: int, runs: list[Run], steps: str, **marks: Any) -> Any:
    """The energy of every cue on its way, beside the photographs of its block."""
    page.text(RIGHT + AXIS, y - 10, "energy, which never rises", size=HEAD, weight="bold")
    axes = page.axes(RIGHT + AXIS, y, PLOT, BLOCK)
    for row, (run, colour) in enumerate(zip(runs, COLOURS, strict=True)):
        axes.plot(run.at, run.energies.T, color=colour, linewidth=1.2, alpha=0.75, **marks)
        where = (0.99, 0.985 - 0.055 * row)
        axes.text(
            *where, _typeset(run.corruption), size=SMALL, color=colour, transform=axes.transAxes, ha="right", va="top"
        )
    axes.set_xlabel(steps, size=SMALL, color=MUTED, labelpad=4)
    whole = range(int(max(run.at[-1] for run in runs)) + 1)
    axes.set_xticks(whole if marks else np.linspace(0, whole[-1], 5))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.grid(axis="y", color=FAINT, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(length=0, labelsize=SMALL, labelcolor=MUTED, pad=5)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color(MUTED)
    return axes


def _typeset(corruption: str) -> str:
    """A name from the table, which has to do with what every terminal can show."""
    return corruption.replace(" x ", " × ")


def _plain(page: Page, top: int, run: Run) -> None:
    """What fails, and how it is named."""
    page.text(
        MARGIN,
        top + 16,
        "Classical network, photographs thresholded at their median",
        size=TITLE,
        weight="bold",
    )
    y = top + UNDER_TITLE
    for row, (name, patterns) in enumerate((("stored", run.stored), ("retrieved", run.retrieved))):
        down = y + row * (SIDE + GAP)
        page.text(TILES - 14, down + SIDE / 2, name, size=LABEL, ha="right", va="center")
        for column, pattern in enumerate(patterns):
            page.tile(_x(column), down, _colours(pattern, pattern))
    caption = y + 2 * (SIDE + GAP) + 9
    page.text(TILES - 14, caption, "outcome", size=SMALL, color=MUTED, ha="right")
    for column, outcome in enumerate(run.outcomes):
        page.text(_x(column) + SIDE / 2, caption, outcome, size=SMALL, color=MUTED, ha="center")
    lines = (
        f"The {run.corruption}, as above:",
        f"{run.hits.sum()} of {len(run.hits)} photographs are retrieved.",
        "",
        "Large areas of light and dark make",
        "these patterns correlated, and Hebb's",
        "rule mixes correlated patterns.",
        "",
        "Above, ±1 tells whether a pixel is",
        "brighter than its neighbourhood, in",
        "which photographs hardly agree.",
    )
    for number, line in enumerate(lines):
        page.text(RIGHT + AXIS, y + 12 + 22 * number, line, size=SMALL)
