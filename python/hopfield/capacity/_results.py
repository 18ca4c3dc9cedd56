"""What a scan measured, point by point."""

from __future__ import annotations

import csv
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from .. import _arrays
from ..errors import InvalidInputError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["CapacityScan", "wilson"]

Float64 = npt.NDArray[np.float64]
Int64 = npt.NDArray[np.int64]

#: What is the same for all points.
COMMON: dict[str, type] = {"memory": str, "patterns": str, "seed": int, "confidence": float}
COUNTS = ("n", "k", "trials", "successes")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class CapacityScan:
    """What a scan measured: one entry a point.

    Attributes
    ----------
    memory : str
        What was tried: the name that was given, or that of the factory.
    patterns : str
        How patterns were drawn.
    seed : int
        The seed of all random numbers.
    confidence : float
        Of the intervals.
    n : ndarray of int64, shape (p,)
        Neurons, or entries of a pattern.
    k : ndarray of int64, shape (p,)
        Stored patterns.
    alpha : ndarray of float64, shape (p,)
        The load that was tried, `k / n`.
    corruption : ndarray of float64, shape (p,)
        The share of a cue's neurons that were flipped, or the length of the noise over that of the pattern.
    trials : ndarray of int64, shape (p,)
        Trials: networks with one cue each.
    successes : ndarray of int64, shape (p,)
        Trials that ended at the pattern.
    success_rate, success_low, success_high : ndarray of float64, shape (p,)
        Their share, and its interval by Wilson (1927).
    overlap, overlap_low, overlap_high : ndarray of float64, shape (p,)
        The mean overlap of the final state with the pattern, and its interval: the mean plus and minus the normal
        quantile times the standard error, cut off at -1 and 1; NaN for a single trial.

    Examples
    --------
    >>> import hopfield as hf
    >>> found = hf.capacity.scan(n=100, alpha=[0.05, 0.3], trials=20)
    >>> found
    CapacityScan(hebbian, 2 points of 20 trials)
    >>> found.k.tolist(), found.overlap.round(2).tolist()
    ([5, 30], [1.0, 0.66])
    """

    memory: str
    patterns: str
    seed: int
    confidence: float
    n: Int64
    k: Int64
    alpha: Float64
    corruption: Float64
    trials: Int64
    successes: Int64
    success_rate: Float64
    success_low: Float64
    success_high: Float64
    overlap: Float64
    overlap_low: Float64
    overlap_high: Float64

    def __len__(self) -> int:
        return len(self.n)

    def __repr__(self) -> str:
        trials = f" of {self.trials[0]} trials" if len(self) else ""
        return f"{type(self).__name__}({self.memory}, {len(self)} points{trials})"

    def to_csv(self, path: str | os.PathLike[str]) -> None:
        """Write a table with a line for each point and a column for each attribute.

        Numbers are written so that `from_csv` gives them back to the last bit.

        Parameters
        ----------
        path : str or path
            The file to write.

        Examples
        --------
        >>> from pathlib import Path
        >>> import hopfield as hf
        >>> hf.capacity.scan(n=50, k=[2, 5], trials=10).to_csv("scan.csv")
        >>> print(Path("scan.csv").read_text("utf-8").splitlines()[0])  # doctest: +ELLIPSIS
        memory,patterns,seed,confidence,n,k,alpha,corruption,trials,successes,success_rate,...
        """
        names = [field.name for field in fields(self)]
        columns = [[value] * len(self) if name in COMMON else value.tolist() for name, value in _items(self)]
        with Path(path).open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(names)
            writer.writerows(zip(*columns, strict=True))

    @classmethod
    def from_csv(cls, path: str | os.PathLike[str]) -> CapacityScan:
        """Read what `to_csv` wrote.

        Parameters
        ----------
        path : str or path
            The file to read.

        Returns
        -------
        CapacityScan

        Raises
        ------
        InvalidInputError
            If the file has other columns, no points, or points of different scans.

        Examples
        --------
        >>> import hopfield as hf
        >>> hf.capacity.scan(n=50, k=[2, 5], trials=10).to_csv("scan.csv")
        >>> hf.capacity.CapacityScan.from_csv("scan.csv")
        CapacityScan(hebbian, 2 points of 10 trials)
        """
        with Path(path).open(encoding="utf-8", newline="") as file:
            heading, *rows = list(csv.reader(file)) or [[]]
        names = [field.name for field in fields(cls)]
        if heading != names or not rows or any(len(row) != len(names) for row in rows):
            raise InvalidInputError(f"{os.fspath(path)} must be a table as `to_csv` writes it, with a point at least")
        try:
            return cls(**{name: _column(name, entries) for name, *entries in zip(names, *rows, strict=True)})
        except ValueError as error:
            raise InvalidInputError(f"{os.fspath(path)} must be a table as `to_csv` writes it; {error}") from None

    def plot(self, ax: Axes | None = None, *, quantity: str | None = None) -> Axes:
        """Draw what was measured, with its intervals: against the corruption if that varies, else against the load.

        Parameters
        ----------
        ax : matplotlib axes, optional
            Where to draw; new ones unless given.
        quantity : {"overlap", "success_rate"}, optional
            What to draw; the overlap against the load, the success rate against the corruption unless given.

        Returns
        -------
        matplotlib axes

        Raises
        ------
        MissingExtraError
            If matplotlib is not installed, which is the extra ``hopfield[plot]``.

        Examples
        --------
        >>> import hopfield as hf
        >>> found = hf.capacity.scan(n=[50, 100], alpha=[0.05, 0.1, 0.15], trials=10)
        >>> found.plot().get_xlabel()
        'load, patterns / neurons'
        """
        from . import _plot

        if quantity is not None:
            _arrays.one_of("quantity", quantity, ("overlap", "success_rate"))
        return _plot.draw(self, ax, quantity)


def _items(scan: CapacityScan) -> list[tuple[str, Any]]:
    return [(field.name, getattr(scan, field.name)) for field in fields(scan)]


def _column(name: str, entries: Sequence[str]) -> Any:
    """What a column of a table says, in the type that the attribute has."""
    if name in COMMON:
        if len(set(entries)) > 1:
            raise ValueError(f"`{name}` must be the same in all lines")
        return COMMON[name](entries[0])
    kind = int if name in COUNTS else float
    return np.array([kind(entry) for entry in entries], np.int64 if kind is int else np.float64)


def summarize(
    points: Sequence[tuple[int, int, float]], overlaps: Float64, successes: npt.NDArray[np.bool_], **common: Any
) -> CapacityScan:
    """The record of points `(n, k, corruption)`, from an overlap and a success for each point and trial."""
    trials = overlaps.shape[1]
    quantile = NormalDist().inv_cdf(0.5 + common["confidence"] / 2)
    counts = [int(row.sum()) for row in successes]
    intervals = [wilson(count, trials, quantile) for count in counts]
    means = [_mean(row.tolist(), quantile) for row in overlaps]
    n, k = (np.array([point[i] for point in points], np.int64) for i in (0, 1))
    return CapacityScan(
        **common,
        n=n,
        k=k,
        alpha=k / n,
        corruption=np.array([point[2] for point in points], np.float64),
        trials=np.full(len(points), trials, np.int64),
        successes=np.array(counts, np.int64),
        success_rate=np.array(counts, np.float64) / trials,
        success_low=np.array([low for low, _ in intervals], np.float64),
        success_high=np.array([high for _, high in intervals], np.float64),
        overlap=np.array([mean for mean, _ in means], np.float64),
        overlap_low=np.array([max(mean - half, -1.0) for mean, half in means], np.float64),
        overlap_high=np.array([min(mean + half, 1.0) for mean, half in means], np.float64),
    )


def wilson(successes: int, trials: int, quantile: float) -> tuple[float, float]:
    """Wilson's interval (1927): the rates whose normal approximation does not exclude what was seen."""
    square = quantile * quantile
    rate = successes / trials
    middle = (rate + square / (2 * trials)) / (1 + square / trials)
    spread = math.sqrt(rate * (1 - rate) / trials + square / (4 * trials * trials))
    half = quantile * spread / (1 + square / trials)
    # Rounding shall not take the ends away from what is certain.
    return (0.0 if successes == 0 else middle - half, 1.0 if successes == trials else middle + half)


def _mean(values: Sequence[float], quantile: float) -> tuple[float, float]:
    """The mean, and half its interval; sums are exact, so the order of the values does not matter."""
    count = len(values)
    mean = math.fsum(values) / count
    if count == 1:
        return mean, math.nan
    variance = math.fsum((value - mean) ** 2 for value in values) / (count - 1)
    return mean, quantile * math.sqrt(variance / count)
