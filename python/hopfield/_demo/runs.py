"""The five runs of the demo, each with what it took and what came of it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

import hopfield as hf

from . import photographs
from .photographs import SIDE, Greys

Array = npt.NDArray[Any]
R = TypeVar("R")

SEED = 0
LOST = 0.45
FLIPPED = 0.30
#: Standard deviation of the noise, in those of the picture: the cue is nine tenths noise and more.
NOISE = 4.0
#: Points on the curve of a classical network's energy, per sweep.
POINTS = 32


@dataclass(frozen=True, slots=True)
class Run:
    """One network and one corruption, for all photographs.

    Arrays have one row or entry per photograph. `stored`, `cues` and `retrieved` are for looking at, NaN where a cue is
    unknown. Similarities are overlaps (classical) or cosines (modern), unknown entries counting as 0.
    """

    network: str
    corruption: str
    stored: Array
    cues: Array
    retrieved: Array
    before: Array
    after: Array
    unit: str  # of the steps
    steps: Array
    energies: Array  # along the way: one row per photograph, NaN behind its end
    at: Array  # the step that each column of `energies` stands at
    hits: Array  # whether the photograph itself came out
    outcomes: Counter[str]
    milliseconds: float


def every(greys: Greys) -> dict[str, Run]:
    """All runs, by short names."""
    contrast = photographs.local_contrast(greys)
    plain = photographs.threshold(greys)
    lost, flipped = f"last {LOST:.0%} of the rows lost", f"{FLIPPED:.0%} of the pixels flipped"
    return {
        "lost": _classical("classical", lost, contrast, _without_last_rows(contrast)),
        "flipped": _classical("classical", flipped, contrast, _flip(contrast)),
        "plain": _classical("classical, plain threshold", lost, plain, _without_last_rows(plain)),
        "half": _modern(greys, "lower half unknown", noise=0.0),
        "noise": _modern(greys, f"noise, {NOISE:.0f} x the contrast", noise=NOISE),
    }
