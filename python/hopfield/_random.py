"""What `rng` means: a seed, a NumPy generator, or none for fresh random numbers."""

from __future__ import annotations

import secrets
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from . import _arrays
from .errors import InputTypeError, InvalidInputError

#: A seed, a generator, or None.
Rng: TypeAlias = int | np.random.Generator | None
#: The same, or one seed for each cue.
CueRng: TypeAlias = Rng | npt.NDArray[np.integer] | list[int]


def generator(rng: Rng) -> np.random.Generator:
    """A NumPy generator for drawing arrays."""
    if isinstance(rng, np.random.Generator):
        return rng
    return np.random.default_rng(None if rng is None else _seed(rng))


def seeds(rng: CueRng, m: int) -> int | npt.NDArray[np.uint64]:
    """One 64-bit seed for all cues, or an array of `m`, one for each."""
    if rng is None:
        return secrets.randbits(64)
    if isinstance(rng, np.random.Generator):
        return int(rng.integers(0, 2**64, dtype=np.uint64))
    if not isinstance(rng, list | tuple | np.ndarray) or np.ndim(rng) == 0:
        return _seed(rng)
    given = _arrays.array("rng", rng)
    if given.size and given.dtype.kind not in "iu":
        raise InputTypeError(f"`rng` must hold whole numbers; got dtype {given.dtype}")
    if given.shape != (m,):
        raise InvalidInputError(f"`rng` must have shape ({m},), one seed for each cue; got {given.shape}")
    if (given < 0).any():
        raise InvalidInputError(f"`rng` must hold seeds from 0 to 2**64 - 1; got {given.min()}")
    return np.require(given, np.uint64, ["C", "A"])


def _seed(rng: object) -> int:
    if not hasattr(rng, "__index__"):
        raise InputTypeError(f"`rng` must be a whole number, a numpy Generator or None; got {rng!r}")
    seed = int(rng.__index__())
    if not 0 <= seed < 2**64:
        raise InvalidInputError(f"`rng` must be a seed from 0 to 2**64 - 1; got {seed}")
    return seed
