"""Eight photographs that scikit-image ships, and the patterns made of them.

They are read from its wheel: nothing is downloaded.
"""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from .. import _images
from .._spins import spins

SIDE = 128
#: The width of what counts as local contrast, in pixels.
BLUR = 8.0

FILES = {
    "astronaut": "astronaut.png",
    "camera": "camera.png",
    "cat": "chelsea.png",
    "coffee": "coffee.png",
    "coins": "coins.png",
    "motorcycle": "motorcycle_left.png",
    "rocket": "rocket.jpg",
    "retina": "retina.jpg",
}

Greys = npt.NDArray[np.float64]


def load() -> Greys:
    """The photographs as grey values, 0 to 1, shape (8, 128, 128)."""
    folder = resources.files("skimage") / "data"
    return np.stack([_images.square(_images.read(Path(str(folder / name))), SIDE) for name in FILES.values()])


def local_contrast(greys: Greys) -> npt.NDArray[np.int8]:
    """±1: brighter or darker than its neighbourhood, shape (8, 16384).

    What photographs have in common is large: sky above, ground below. Without it they are nearly uncorrelated, which
    is what Hebb's rule needs.
    """
    from skimage import filters

    gaussian: Any = filters.gaussian  # which has no types

    return threshold(np.stack([grey - gaussian(grey, BLUR) for grey in greys]))


def threshold(values: Greys) -> npt.NDArray[np.int8]:
    """±1: above the median of its picture or not, shape (8, 16384)."""
    rows = values.reshape(len(values), -1)
    return spins(rows > np.median(rows, axis=1, keepdims=True))


def unit_norm(greys: Greys) -> npt.NDArray[np.float64]:
    """Grey values with mean 0 and norm 1, shape (8, 16384)."""
    rows = greys.reshape(len(greys), -1)
    centred = rows - rows.mean(axis=1, keepdims=True)
    unit: Greys = centred / np.linalg.norm(centred, axis=1, keepdims=True)
    return unit
