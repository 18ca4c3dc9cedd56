"""Scans as pictures; needs matplotlib."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import MissingExtraError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ._results import CapacityScan

#: Colours that differ for all kinds of sight (Okabe & Ito 2008), and a mark for each.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
MARKS = ("o", "s", "^", "D", "v", "P")

LABELS = {
    "alpha": "load, patterns / neurons",
    "corruption": "corruption of the cue",
    "overlap": "overlap with the pattern",
    "success_rate": "share of patterns retrieved",
}
INTERVALS = {"overlap": ("overlap_low", "overlap_high"), "success_rate": ("success_low", "success_high")}


def draw(scan: CapacityScan, ax: Axes | None, quantity: str | None) -> Axes:
    """One curve for each size (and load, or corruption), with its intervals."""
    if ax is None:
        ax = _axes()
    across = "corruption" if len(set(scan.corruption.tolist())) > 1 else "alpha"
    along = quantity or ("success_rate" if across == "corruption" else "overlap")
    for number, (label, rows) in enumerate(_curves(scan, across).items()):
        order = rows[np.argsort(getattr(scan, across)[rows], kind="stable")]
        style = {"color": COLOURS[number % len(COLOURS)], "marker": MARKS[number % len(MARKS)]}
        curve(ax, scan, order, across, along, label=label, **style)
    ax.set_xlabel(LABELS[across])
    ax.set_ylabel(LABELS[along])
    if len(scan):
        ax.legend(frameon=False)
    return ax


def curve(ax: Axes, scan: CapacityScan, rows: Any, across: str, along: str, **style: Any) -> None:
    """The points of these rows with bars for their intervals."""
    x, y = getattr(scan, across)[rows], getattr(scan, along)[rows]
    low, high = (getattr(scan, name)[rows] for name in INTERVALS[along])
    # Rounding may leave the middle a little outside; one trial has no interval.
    lengths = np.nan_to_num(np.maximum([y - low, high - y], 0))
    ax.errorbar(x, y, yerr=lengths, linewidth=1.2, markersize=4.5, elinewidth=1, capsize=0, **style)


def _curves(scan: CapacityScan, across: str) -> dict[str, Any]:
    """The rows of each curve by its label: what differs, other than what is drawn against."""
    several = len(set(zip(scan.n.tolist(), scan.k.tolist(), strict=True))) > len(set(scan.n.tolist()))
    curves: dict[str, list[int]] = {}
    for row, (n, k) in enumerate(zip(scan.n.tolist(), scan.k.tolist(), strict=True)):
        label = f"n = {n}, k = {k}" if across == "corruption" and several else f"n = {n}"
        curves.setdefault(label, []).append(row)
    return {label: np.array(rows) for label, rows in curves.items()}


def _axes() -> Axes:
    try:
        from matplotlib import pyplot
    except ImportError:
        raise MissingExtraError("plots need matplotlib: pip install 'hopfield[plot]'") from None
    return pyplot.subplots()[1]
