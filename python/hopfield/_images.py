"""Image files to arrays of grey values or colours, and back. Needs Pillow, which the extra ``demo`` brings."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ._terminal import Mistake

if TYPE_CHECKING:
    from PIL.Image import Image

Pixels = npt.NDArray[np.uint8]


def read(path: Path) -> Image:
    """The image of a file, loaded and upright."""
    try:
        from PIL import Image, ImageOps
    except ModuleNotFoundError:
        raise Mistake("images are read with Pillow, which is not installed: pip install 'hopfield[demo]'") from None
    try:
        with warnings.catch_warnings():
            # What Pillow warns of, such as a huge size, it either refuses or can do.
            warnings.simplefilter("ignore")
            with Image.open(path) as image:
                return _eight_bits(ImageOps.exif_transpose(image), path)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        # Pillow's own sentence names the file, or nothing, or a stream; ours names the file once.
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise Mistake(f"{path} is no image that can be read; give PNG or JPEG files") from None


def _eight_bits(image: Image, path: Path) -> Image:
    """Images of deeper grey reduced to 8 bits, which Pillow would cut off at 255 instead of scaling."""
    if image.mode.startswith("F"):
        raise Mistake(f"{path} holds floating-point pixels; give it as a .npy file")
    if image.mode.startswith("I"):
        from PIL import Image

        return Image.fromarray((np.asarray(image).astype(np.int64).clip(0, 65535) // 257).astype(np.uint8))
    image.load()
    return image


def is_grey(image: Image) -> bool:
    """Whether no pixel of the image has a colour, however it is encoded."""
    if image.mode in {"1", "L", "LA"}:
        return True
    colours = np.asarray(image.convert("RGB"))
    return bool((colours == colours[..., :1]).all())


def pixels(image: Image, colour: bool) -> Pixels:
    """Shape (height, width), or (height, width, 3) in colour."""
    return np.asarray(image.convert("RGB" if colour else "L"))


def square(image: Image, side: int) -> npt.NDArray[np.float64]:
    """The grey values, 0 to 1, of the largest central square, reduced to ``side × side``."""
    from PIL.Image import Resampling

    edge = min(image.size)
    left, top = ((extent - edge) // 2 for extent in image.size)
    box = (left, top, left + edge, top + edge)
    return np.asarray(image.convert("L").resize((side, side), Resampling.LANCZOS, box)) / 255.0


def write(path: Path, values: Pixels) -> None:
    """A PNG file of shape (height, width) or (height, width, 3)."""
    from PIL import Image

    Image.fromarray(values).save(path, format="PNG", optimize=True)
