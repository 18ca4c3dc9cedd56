"""Weights in files: NumPy's ``.npz``, and ``.safetensors``."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from .._arrays import Array
from ..errors import InvalidInputError, MissingExtraError

ENDINGS = (".npz", ".safetensors")


def write(path: str | os.PathLike[str], arrays: dict[str, Array]) -> None:
    """Write arrays by name."""
    file = _known(path)
    if file.suffix == ".npz":
        with file.open("wb") as stream:
            np.savez(stream, **arrays)  # type: ignore[arg-type] # names with dots are no keywords for mypy
    else:
        _safetensors().save_file(arrays, file)


def read(path: str | os.PathLike[str]) -> dict[str, Array]:
    """Read arrays by name."""
    file = _known(path)
    if file.suffix == ".safetensors":
        found: dict[str, Array] = _safetensors().load_file(file)
        return found
    try:
        with np.load(file, allow_pickle=False) as stored:
            return {name: stored[name] for name in stored.files}
    except (ValueError, zipfile.BadZipFile) as error:
        raise InvalidInputError(f"`path` must be an .npz file of arrays; got {file}: {error}") from error


def _known(path: str | os.PathLike[str]) -> Path:
    file = Path(path)
    if file.suffix not in ENDINGS:
        raise InvalidInputError(f"`path` must end in {' or '.join(ENDINGS)}; got {file}")
    return file


def _safetensors() -> Any:
    try:
        import safetensors.numpy as library
    except ImportError as error:
        raise MissingExtraError(
            "files in .safetensors need the package safetensors: pip install 'hopfield[safetensors]'"
        ) from error
    return library
