"""What `rng` means: a seed, a NumPy generator, or none for fresh random numbers."""

from __future__ import annotations

import operator
import secrets
from collections.abc import Sequence
from typing import Any, TypeAlias

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


def seed(rng: Rng | npt.NDArray[np.integer]) -> int:
    """One 64-bit seed."""
    if rng is None:
        return secrets.randbits(64)
    if isinstance(rng, np.random.Generator):
        return int(rng.integers(0, 2**64, dtype=np.uint64))
    return _seed(rng)


def seeds(rng: CueRng, m: int) -> int | npt.NDArray[np.uint64]:
    """One 64-bit seed for all cues, or an array of `m`, one for each."""
    if isinstance(rng, list | tuple):
        given: npt.NDArray[Any] = _whole_numbers(rng)
    elif isinstance(rng, np.ndarray) and rng.ndim > 0:
        given = _arrays.array("rng", rng)
    else:
        return seed(rng)
    if given.size and given.dtype.kind not in "iu":
        raise InputTypeError(f"`rng` must hold whole numbers; got dtype {given.dtype}")
    if given.shape != (m,):
        raise InvalidInputError(f"`rng` must have shape ({m},), one seed for each cue; got {given.shape}")
    if (given < 0).any():
        raise InvalidInputError(f"`rng` must hold seeds from 0 to 2**64 - 1; got {given.min()}")
    return np.require(given, np.uint64, ["C", "A"])


def _whole_numbers(listed: Sequence[object]) -> npt.NDArray[np.uint64]:
    """Seeds one by one: NumPy makes float64 of a list in which some are below 2**63 and others not."""
    numbers = []
    for entry in listed:
        number = None if isinstance(entry, bool) else _index(entry)
        if number is None:
            raise InputTypeError(f"`rng` must hold whole numbers; got {entry!r}")
        if not 0 <= number < 2**64:
            raise InvalidInputError(f"`rng` must hold seeds from 0 to 2**64 - 1; got {number}")
        numbers.append(number)
    return np.array(numbers, np.uint64)


def _seed(rng: object) -> int:
    number = _index(rng)
    if number is None:
        raise InputTypeError(f"`rng` must be a whole number, a numpy Generator or None; got {rng!r}")
    if not 0 <= number < 2**64:
        raise InvalidInputError(f"`rng` must be a seed from 0 to 2**64 - 1; got {number}")
    return number


def _index(value: object) -> int | None:
    """A whole number, or None for anything else."""
    try:
        return operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        return None
