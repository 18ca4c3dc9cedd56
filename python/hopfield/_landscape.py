"""``hopfield landscape``: what energies look like in two dimensions, for temperatures and separations."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import util
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from . import separation as separations
from ._phase_diagram import INK, MUTED, SMALL, TEXT, TITLE
from ._pictures import save
from ._terminal import Mistake, destination, table
from ._theory import FixedPoints
from .modern import ModernHopfield

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Array = npt.NDArray[Any]

#: Where on the unit circle the patterns lie, in degrees: two pairs of neighbours, and two by themselves.
ANGLES = (20, 52, 130, 205, 278, 318)
#: Half of the side of a landscape, and points on a side.
HALF, POINTS = 1.45, 181
#: Lines of equal energy, and states whose way down is drawn.
LEVELS, WAYS = 22, 14
#: Updates of a way at most.
STEPS = 60
COLOURS, MINIMUM = "GnBu_r", "#D55E00"
WIDTH, HEIGHT, DPI = 10.4, 5.95, 150


@dataclass(frozen=True, slots=True)
class Landscape:
    """One panel: a memory of the patterns."""

    title: str
    beta: float
    separation: str | separations.Separation = "softmax"
    similarity: str = "dot"

    def memory(self) -> ModernHopfield:
        """The memory whose energy is drawn."""
        return ModernHopfield(patterns(), beta=self.beta, separation=self.separation, similarity=self.similarity)


#: Row by row.
LANDSCAPES = (
    (
        Landscape("softmax, β = 1", 1.0),
        Landscape("softmax, β = 4", 4.0),
        Landscape("softmax, β = 10", 10.0),
        Landscape("softmax, β = 40", 40.0),
    ),
    (
        Landscape("sparsemax, β = 2", 2.0, "sparsemax"),
        Landscape("sparsemax, β = 10", 10.0, "sparsemax"),
        Landscape("top 2 of softmax, β = 4", 4.0, separations.TopK(2)),
        Landscape("epanechnikov, β = 8", 8.0, "epanechnikov", "euclidean"),
    ),
)


def patterns() -> Array:
    """The stored patterns, shape (6, 2)."""
    turns = np.deg2rad(ANGLES)
    return np.stack([np.cos(turns), np.sin(turns)], axis=1)


def run(out: Path) -> None:
    """Find the minima, print the table, draw the picture."""
    if util.find_spec("matplotlib") is None:
        raise Mistake("the picture needs matplotlib: pip install 'hopfield[plot]'")
    destination(out, ".png")
    panels = [panel for row in LANDSCAPES for panel in row]
    found = {panel: panel.memory().fixed_points() for panel in panels}
    print(report(found))
    write(out, found)
    print(f"Picture: {out}")


def report(found: dict[Landscape, FixedPoints]) -> str:
    """A line for each landscape."""
    rows = []
    for panel, points in found.items():
        single = int((points.stable & (points.size == 1)).sum())
        mixed = int(points.stable.sum()) - single
        rows.append([panel.title, f"{single}", f"{mixed}", f"{len(points) - single - mixed}"])
    return (
        f"{len(ANGLES)} patterns on the unit circle: how many minima are one of them, how many are mixtures, and how "
        "many saddles\nwere met, from the patterns, their midpoints, and random points.\n\n"
        + table(["landscape", "patterns", "mixtures", "saddles"], rows, left=["landscape"])
    )


# The picture


def write(out: Path, found: dict[Landscape, FixedPoints]) -> None:
    """Draw every landscape."""
    import matplotlib
    from matplotlib.figure import Figure

    # What is set up in the user's own matplotlib does not change the picture.
    with matplotlib.rc_context(matplotlib.rcParamsDefault):
        matplotlib.rcParams.update({"font.family": "DejaVu Sans", "font.size": TEXT, "text.color": INK})
        figure = Figure(figsize=(WIDTH, HEIGHT), dpi=DPI, facecolor="white")
        grid = figure.subplots(2, 4, squeeze=False)
        for axes_row, panels in zip(grid, LANDSCAPES, strict=True):
            for axes, panel in zip(axes_row, panels, strict=True):
                _draw(axes, panel, found[panel])
        figure.subplots_adjust(left=0.012, right=0.988, top=0.84, bottom=0.02, wspace=0.05, hspace=0.14)
        figure.text(0.012, 0.955, "From one minimum to one for each pattern", size=TITLE, weight="bold")
        said = (
            "energies of six patterns (black) in two dimensions, dark is deep; circles: minima, crosses: saddles, "
            "lines: retrievals; white: no pattern within reach"
        )
        figure.text(0.012, 0.915, said, size=SMALL, color=MUTED)
        save(figure, out)


def _draw(axes: Axes, panel: Landscape, points: FixedPoints) -> None:
    memory = panel.memory()
    line = np.linspace(-HALF, HALF, POINTS)
    states = np.stack(np.meshgrid(line, line), axis=-1)
    energies = memory.energy(states.reshape(-1, 2)).reshape(POINTS, POINTS)
    finite = energies[np.isfinite(energies)]
    # As many points between any two lines, so that flat parts are told apart as well as steep ones.
    levels = np.unique(np.quantile(finite, np.linspace(0, 1, LEVELS)))
    masked = np.ma.masked_invalid(energies)
    axes.contourf(line, line, masked, levels, cmap=COLOURS, norm=_by_rank(levels))
    axes.contour(line, line, masked, levels[1:-1], colors="white", linewidths=0.35, alpha=0.7)
    for way in _ways(memory):
        axes.plot(*way.T, color=INK, linewidth=0.7, alpha=0.55, zorder=2)
    stored = patterns()
    axes.scatter(stored[:, 0], stored[:, 1], s=15, color=INK, zorder=4, linewidths=0)
    minima, saddles = points.states[points.stable], points.states[~points.stable]
    axes.scatter(minima[:, 0], minima[:, 1], s=85, facecolors="none", edgecolors=MINIMUM, linewidths=1.9, zorder=5)
    axes.scatter(saddles[:, 0], saddles[:, 1], s=26, marker="x", color=MUTED, linewidths=1.2, zorder=3)
    axes.set(xlim=(-HALF, HALF), ylim=(-HALF, HALF), xticks=[], yticks=[], aspect="equal")
    axes.spines[:].set_visible(False)
    axes.set_title(panel.title, size=TEXT, pad=4)


def _by_rank(levels: Array) -> Any:
    """Colours by the number of a level, not by its height."""
    from matplotlib.colors import BoundaryNorm

    return BoundaryNorm(levels, 256)


def _ways(memory: ModernHopfield) -> list[Array]:
    """Retrievals from the border, step by step, to where they end."""
    turns = 2 * np.pi * (np.arange(WAYS) + 0.3) / WAYS
    states = 1.35 * np.stack([np.cos(turns), np.sin(turns)], axis=1)
    ways = [states]
    for _ in range(STEPS):
        ways.append(memory.step(ways[-1]))
    return list(np.stack(ways, axis=1))
