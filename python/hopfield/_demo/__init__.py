"""``hopfield demo``: photographs stored, spoiled and retrieved by both networks, in a table and a picture."""

from __future__ import annotations

from importlib import util
from pathlib import Path

from .._terminal import Mistake, destination

__all__ = ["run"]


def run(out: Path) -> None:
    """Print the table and write the picture."""
    missing = [name for name in ("skimage", "matplotlib") if util.find_spec(name) is None]
    if missing:
        raise Mistake("the demo needs scikit-image and matplotlib: pip install 'hopfield[demo]'")
    destination(out, ".png")
    from . import photographs, picture, report, runs

    pictures = photographs.load()
    every = runs.every(pictures)
    print(report.text(every))
    picture.write(out, every)
    print(f"\nPicture: {out}")
