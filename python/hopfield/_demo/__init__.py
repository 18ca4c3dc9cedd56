"""``hopfield demo``: photographs stored, spoiled and retrieved by both networks, in a table and a picture."""

from __future__ import annotations

from importlib import util
from pathlib import Path

from .._terminal import Mistake

__all__ = ["run"]


def run(out: Path) -> None:
    """Print the table and write the picture."""
    missing = [name for name in ("skimage", "matplotlib") if util.find_spec(name) is None]
    if missing:
        raise Mistake("the demo needs scikit-image and matplotlib: pip install 'hopfield[demo]'")
    if not out.parent.is_dir():
        raise Mistake(f"{out.parent} is no folder to write {out.name} to")
    if out.suffix.lower() != ".png":
        raise Mistake(f"--out must name a .png file; got {out}")
    from . import photographs, picture, report, runs

    pictures = photographs.load()
    every = runs.every(pictures)
    print(report.text(every))
    picture.write(out, every)
    print(f"\nPicture: {out}")
