"""``hopfield novelty``: digits that were seen told from digits that were not, by the energy of a memory."""

from __future__ import annotations

import time
from dataclasses import dataclass
from importlib import util
from typing import Any

import numpy as np
import numpy.typing as npt

from ._terminal import Mistake, table
from .modern import ModernHopfield

Array = npt.NDArray[Any]

#: Typefaces that come with matplotlib: a family, a weight and a style each.
FACES: list[tuple[Any, ...]] = [
    (family, weight, style)
    for family in ("DejaVu Sans", "DejaVu Serif", "DejaVu Sans Mono", "STIXGeneral")
    for weight in ("normal", "bold")
    for style in ("normal", "italic")
]
ASPECTS = ("family", "weight", "style")
#: Pixels on a side of an image; renderings of each digit in each typeface, those stored and those asked about.
SIDE, STORED, ASKED = 28, 12, 6
#: How renderings differ: turns in degrees, sizes, and shifts in pixels, all uniform between the negative and this.
TURN, GROWTH, SHIFT = 12.0, 0.15, 2.0
HEIGHT = 19.0  # pixels, of a digit before it grows


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says, by the names of its options."""

    unseen: list[int]
    seed: int


def run(options: Options) -> None:
    """Render digits, score them, print how well the scores tell seen from unseen."""
    if util.find_spec("matplotlib") is None:
        raise Mistake("the digits are drawn by matplotlib: pip install 'hopfield[plot]'")
    unseen = sorted(set(options.unseen))
    if not 0 < len(unseen) < 10 or unseen[0] < 0 or unseen[-1] > 9:
        given = " ".join(map(str, options.unseen))
        raise Mistake(f"--unseen must name some of the digits 0 to 9, and not all; got {given}")
    if options.seed < 0:
        raise Mistake(f"--seed must not be negative; got {options.seed}")
    started = time.perf_counter()
    print(report(unseen, options.seed) + f"\n{time.perf_counter() - started:.1f} s")


def report(unseen: list[int], seed: int) -> str:
    """A line for each choice of typefaces: those that are stored, and others."""
    seen = [digit for digit in range(10) if digit not in unseen]
    known, other = FACES[: len(FACES) * 3 // 4], FACES[len(FACES) * 3 // 4 :]
    rng = np.random.default_rng(seed)
    stored = prepared(render(seen, known, STORED, rng))
    memory = ModernHopfield(stored)
    rows = []
    for name, faces in (("the stored ones", known), (f"{other[0][0]}, not stored", other)):
        familiar = memory.novelty(prepared(render(seen, faces, ASKED, rng)))
        new = memory.novelty(prepared(render(unseen, faces, ASKED, rng)))
        rows.append([name, f"{np.median(familiar):.2f}", f"{np.median(new):.2f}", f"{auroc(familiar, new):.3f}"])
    return (
        f"{len(stored)} images of {SIDE} x {SIDE} pixels stored: the digits {_listed(seen)} in {len(known)} typefaces, "
        "turned, grown and shifted.\n"
        f"Asked about: other renderings of them, and the digits {_listed(unseen)}.\n\n"
        + table(["typefaces", "novelty of seen", "of unseen", "AUROC"], rows, left=["typefaces"])
        + "\n\nnovelty  median; 0: as a stored image, 1: as a stored image would be to the others"
        "\nAUROC    how often an unseen digit scores higher than a seen one"
    )


def _listed(digits: list[int]) -> str:
    return " ".join(map(str, digits))


def render(digits: list[int], faces: list[tuple[Any, ...]], each: int, rng: np.random.Generator) -> Array:
    """Images of every digit in every typeface, so many of each; shape (images, SIDE, SIDE), ink is 1."""
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.font_manager import FontProperties
    from matplotlib.patches import PathPatch
    from matplotlib.textpath import TextPath
    from matplotlib.transforms import Affine2D

    wanted = [(digit, face) for digit in digits for face in faces for _ in range(each)]
    columns = 64
    lines = -(-len(wanted) // columns)
    with matplotlib.rc_context(matplotlib.rcParamsDefault):
        sheet = Figure(figsize=(columns, lines), dpi=SIDE, facecolor="white")
        canvas: Any = FigureCanvasAgg(sheet)
        for number, (digit, face) in enumerate(wanted):
            outline = TextPath((0, 0), str(digit), size=1, prop=FontProperties(**dict(zip(ASPECTS, face, strict=True))))
            box = outline.get_extents()
            turn, (grown, *shift) = rng.uniform(-TURN, TURN), rng.uniform(-1, 1, 3)
            line, column = divmod(number, columns)
            # Pixels are counted from the lower left corner, rows from the top.
            middle = SIDE * np.array([column + 0.5, lines - line - 0.5]) + SHIFT * np.array(shift)
            place = Affine2D().translate(-box.x0 - box.width / 2, -box.y0 - box.height / 2)
            place = place.scale(HEIGHT / box.height * (1 + GROWTH * grown)).rotate_deg(turn).translate(*middle)
            sheet.add_artist(PathPatch(outline, facecolor="black", linewidth=0, transform=place))
        canvas.draw()
        grey = np.asarray(canvas.buffer_rgba())[..., 0]
    tiles = grey.reshape(lines, SIDE, columns, SIDE).swapaxes(1, 2).reshape(-1, SIDE, SIDE)
    return (1 - tiles[: len(wanted)] / 255).astype(np.float32)


def prepared(images: Array) -> Array:
    """Rows of mean 0 and length 1: compared by contrast, whatever the amount of ink."""
    rows: Array = images.reshape(len(images), -1)
    rows = rows - rows.mean(axis=1, keepdims=True)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows


def auroc(low: Array, high: Array) -> float:
    """The share of pairs in which the second is higher, equal ones counted half."""
    ordered = np.sort(low)
    below, up_to = np.searchsorted(ordered, high, "left"), np.searchsorted(ordered, high, "right")
    return float((below + up_to).sum() / (2 * len(low) * len(high)))
