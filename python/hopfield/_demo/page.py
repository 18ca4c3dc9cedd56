"""A page that is laid out in pixels from its top left corner, on which photographs stay pixel for pixel."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from .._pictures import save

#: Pixels of the page for one unit of length, which is a pixel of a photograph.
ZOOM = 2
#: Units of length in an inch: the page's scale for the size of type.
UNITS = 100


class Page:
    """A white page of `width` times `height` units."""

    def __init__(self, width: int, height: int) -> None:
        from matplotlib.figure import Figure

        self._width, self._height = width, height
        self._figure = Figure(figsize=(width / UNITS, height / UNITS), dpi=UNITS * ZOOM, facecolor="white")

    def text(self, x: float, y: float, text: str, **style: Any) -> None:
        """Text at a point, by default to the right of it and standing on it."""
        self._figure.text(x / self._width, 1 - y / self._height, text, **style)

    def tile(self, x: int, y: int, colours: npt.NDArray[np.uint8]) -> None:
        """An image of shape (height, width, 3), its corner at a point; nothing is resampled."""
        enlarged = colours.repeat(ZOOM, axis=0).repeat(ZOOM, axis=1)
        bottom = (self._height - y) * ZOOM - len(enlarged)
        self._figure.figimage(enlarged, x * ZOOM, bottom, origin="upper")

    def axes(self, x: int, y: int, width: int, height: int) -> Any:
        """Axes of a plot with its corner at a point."""
        scale = (x / self._width, 1 - (y + height) / self._height, width / self._width, height / self._height)
        return self._figure.add_axes(scale)

    def save(self, out: Path) -> None:
        """Write a PNG of at most 256 colours, which is less than half the size and looks the same."""
        save(self._figure, out)
