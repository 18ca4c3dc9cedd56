"""What ``hopfield retrieve`` reads and writes: one array, an image, or a folder of images of one size."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from . import _images
from ._terminal import Mistake, destination

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Items:
    """Patterns or cues with their names.

    `values` has shape (m, ...): grey images (m, height, width), colour images (m, height, width, 3), arrays as they
    were saved. `files` is empty for an array.
    """

    values: Array
    files: tuple[Path, ...]

    @property
    def rows(self) -> Array:
        """One item a row, shape (m, n)."""
        return self.values.reshape(len(self.values), int(np.prod(self.values.shape[1:])))

    def name(self, index: int) -> str:
        """The name of its file, or its index in the array; a dash for none."""
        if index < 0:
            return "-"
        return self.files[index].name if self.files else str(index)


def read(path: Path, like: Items | None = None) -> Items:
    """The items at a path; with `like`, they must be of its kind and size."""
    if not path.exists():
        raise Mistake(f"{path} does not exist")
    if path.suffix == ".npy":
        array = read_array(path)
        items = Items(array if array.ndim > 1 else array[np.newaxis], ())
    else:
        files = _files(path)
        items = Items(_stack(files, like), files)
    if like is not None and bool(like.files) != bool(items.files):
        raise Mistake("--store and --cues must both be images or both be .npy arrays")
    if like is not None and like.values.shape[1:] != items.values.shape[1:]:
        raise Mistake(f"{path} holds cues of shape {items.values.shape[1:]}, but patterns have {like.values.shape[1:]}")
    return items


def read_array(path: Path) -> Array:
    """A .npy file of numbers or booleans, of at least one axis."""
    try:
        array = np.load(path, allow_pickle=False)
    except (ValueError, EOFError):
        raise Mistake(f"{path} is no .npy file of numbers") from None
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "biuf" or array.ndim == 0:
        raise Mistake(f"{path} must hold one array of real numbers or booleans, with a pattern or cue in each row")
    return array


def _files(path: Path) -> tuple[Path, ...]:
    """The image itself, or what a folder holds, by name; hidden files, which systems leave behind, are not read."""
    if path.is_file():
        return (path,)
    files = tuple(sorted(file for file in path.iterdir() if file.is_file() and not file.name.startswith(".")))
    if not files:
        raise Mistake(f"{path} holds no images")
    return files


def _stack(files: tuple[Path, ...], like: Items | None) -> Array:
    """Images of one size, all grey unless one of them has colours; in size and colours as `like`, if it is images."""
    images = [_images.read(file) for file in files]
    size, first, colour = images[0].size, files[0], not all(map(_images.is_grey, images))
    if like is not None and like.files:
        height, width = like.values.shape[1:3]
        size, first, colour = (width, height), like.files[0], like.values.ndim == 4
    for file, image in zip(files, images, strict=True):
        if image.size != size:
            sizes = f"{file} has {image.width} x {image.height} pixels, but {first} has {size[0]} x {size[1]}"
            raise Mistake(f"{sizes}; all must have one size")
    return np.stack([_images.pixels(image, colour) for image in images])


class Destination:
    """Where to write: a .npy file, or a folder for images. Looked at before the work, used after it."""

    def __init__(self, path: Path, cues: Items, sources: tuple[Path, ...]) -> None:
        self._path = path
        self._cues = cues
        self._is_array = path.suffix == ".npy"
        if any(path.resolve() == source.resolve() for source in sources):
            raise Mistake(f"--out {path} would overwrite what is read; name another place")
        if self._is_array:
            destination(path, ".npy")
        elif not cues.files:
            raise Mistake(f"--out must be a .npy file for cues that are an array; got {path}")
        elif path.exists() and not path.is_dir():
            raise Mistake(f"--out must be a folder or a .npy file; {path} is neither")

    def write(self, rows: Array) -> None:
        """Write the retrieved rows in the shape of the cues."""
        values = rows.reshape(self._cues.values.shape)
        if self._is_array:
            np.save(self._path, values)
            return
        self._path.mkdir(parents=True, exist_ok=True)
        stems = [file.stem for file in self._cues.files]
        for file, image in zip(self._cues.files, values, strict=True):
            name = file.stem if stems.count(file.stem) == 1 else file.name
            _images.write(self._path / f"{name}.png", image)
