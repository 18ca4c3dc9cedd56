"""The five runs of the demo, each with what went in and what came out."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

import hopfield as hf

from . import photographs
from .photographs import SIDE, Greys

Array = npt.NDArray[Any]

SEED = 0
LOST = 0.45
FLIPPED = 0.30
#: The standard deviation of the noise, in those of the picture.
NOISE = 4.0
#: Points on the energy curve of a classical network, per sweep.
POINTS = 32


@dataclass(frozen=True, slots=True)
class Run:
    """One network and one corruption, for all photographs; arrays have a row or an entry for each.

    Similarities are overlaps (classical) or cosines (modern), to the stored pattern that the cue was made of.
    """

    network: str
    corruption: str
    stored: Array
    cues: Array  # NaN where unknown
    retrieved: Array
    cue_similarity: Array
    similarity: Array
    steps: Array  # sweeps (classical) or updates (modern), the last of which proves that nothing moves any more
    energies: Array  # along the way, NaN behind a photograph's last
    at: Array  # the step at which each column of `energies` stands
    hits: Array  # whether the photograph itself came out
    outcomes: list[str]
    milliseconds: float


def every(greys: Greys) -> dict[str, Run]:
    """All runs, by a short name."""
    contrast, plain = photographs.local_contrast(greys), photographs.threshold(greys)
    lost = f"last {LOST:.0%} of rows lost"
    # Whole rows, which are not quite that share of the pixels.
    rows = round(LOST * SIDE) / SIDE
    flipped = hf.corrupt.flip(contrast, FLIPPED, SEED)
    return {
        "lost": _classical("classical", lost, contrast, hf.corrupt.occlude(contrast, rows)),
        "flipped": _classical("classical", f"{FLIPPED:.0%} of pixels flipped", contrast, flipped),
        "plain": _classical("classical, median", lost, plain, hf.corrupt.occlude(plain, rows)),
        "half": _modern(greys, "lower half unknown", noise=0),
        "noise": _modern(greys, f"noise, {NOISE:g} x the contrast", noise=NOISE),
    }


def _classical(network: str, corruption: str, stored: Array, cues: Array) -> Run:
    net = hf.ClassicalHopfield(stored)
    targets = np.arange(len(stored))
    started = time.perf_counter()
    found = net.retrieve(cues, targets=targets, rng=SEED)
    seconds = time.perf_counter() - started
    at, energies = _path(net, cues, int(found.n_sweeps.max()))
    return Run(
        network=network,
        corruption=corruption,
        stored=stored,
        cues=cues,
        retrieved=found.states,
        cue_similarity=net.overlap(cues).diagonal(),
        similarity=net.overlap(found.states).diagonal(),
        steps=found.n_sweeps,
        energies=energies,
        at=at,
        hits=found.hit,
        outcomes=found.outcome.tolist(),
        milliseconds=1000 * seconds,
    )


def _path(net: hf.ClassicalHopfield, cues: Array, sweeps: int) -> tuple[Array, Array]:
    """Energies between the sweeps as well: with the same seed a shorter retrieval is the beginning of a longer one."""
    visits = np.arange(1, (sweeps - 1) * POINTS + 1) * cues.shape[1] // POINTS
    energies = [net.retrieve(cues, rng=SEED, max_updates=int(end)).energy for end in visits]
    return np.r_[0, visits] / cues.shape[1], np.stack([net.energy(cues), *energies], axis=1)


def _modern(greys: Greys, corruption: str, noise: float) -> Run:
    stored = photographs.unit_norm(greys)
    d = stored.shape[1]
    memory = hf.ModernHopfield(stored.astype(np.float32))
    cues, known = stored, np.ones(d, dtype=bool)
    if noise:
        cues = hf.corrupt.noise(stored, noise / np.sqrt(d), SEED)
    else:
        known[d // 2 :] = False
    seen = np.where(known, cues, np.nan)
    started = time.perf_counter()
    found = memory.retrieve(seen, known=None if known.all() else known, trace=True)
    seconds = time.perf_counter() - started
    energies = np.asarray(found.trace)
    right = found.pattern == np.arange(len(stored))
    kinds = memory.diagnose(found.states).kind
    return Run(
        network="modern",
        corruption=corruption,
        stored=stored,
        cues=seen,
        retrieved=found.states,
        cue_similarity=_cosines(np.where(known, cues, 0.0), stored),
        similarity=_cosines(found.states, stored),
        steps=found.n_steps,
        energies=energies,
        at=np.arange(energies.shape[1]),
        hits=right & (kinds == "pattern"),
        outcomes=kinds.tolist(),
        milliseconds=1000 * seconds,
    )


def _cosines(states: Array, stored: Array) -> Array:
    norms = np.linalg.norm(states, axis=1) * np.linalg.norm(stored, axis=1)
    cosines: Array = np.einsum("md,md->m", states.astype(np.float64), stored) / norms
    return cosines
