"""The table of the demo."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import numpy.typing as npt

from .._terminal import table
from .photographs import SIDE
from .runs import Run

HEADINGS = ["network", "corruption", "similarity", "steps", "energy", "outcome", "ms"]


def text(runs: dict[str, Run]) -> str:
    """The table and how to read it."""
    k = len(next(iter(runs.values())).stored)
    rows = [_row(run) for run in runs.values()]
    return (
        f"{k} photographs of {SIDE} x {SIDE} pixels, {SIDE * SIDE} neurons; each line is {k} cues.\n\n"
        + table(HEADINGS, rows, left=["network", "corruption", "outcome"])
        + "\n\nsimilarity  to the photograph, overlap or cosine, of the cue -> of the retrieved; means, as energies are"
        "\nsteps       sweeps over all neurons (classical) or updates (modern); the last proves that nothing moves"
        "\nmedian      thresholded there, photographs are correlated, and Hebb's rule mixes correlated patterns;"
        "\n            in the other lines a neuron is +1 where a pixel is brighter than its neighbourhood"
    )


def _row(run: Run) -> list[str]:
    last = [row[np.isfinite(row)][-1] for row in run.energies]
    return [
        run.network,
        run.corruption,
        f"{run.cue_similarity.mean():.3f} -> {run.similarity.mean():.3f}",
        _range(run.steps),
        f"{_number(run.energies[:, 0].mean())} -> {_number(np.mean(last))}",
        f"{run.hits.sum()}/{len(run.hits)} right: {_counts(run)}",
        f"{run.milliseconds:.1f}",
    ]


def _range(steps: npt.NDArray[np.int64]) -> str:
    least, most = steps.min(), steps.max()
    return f"{least}" if least == most else f"{least}-{most}"


def _number(energy: np.floating[Any]) -> str:
    return f"{energy:.0f}" if abs(energy) >= 1000 else f"{energy:.3f}"


def _counts(run: Run) -> str:
    return ", ".join(f"{count} {outcome}" for outcome, count in Counter(run.outcomes).most_common())
