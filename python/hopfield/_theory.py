"""What the analysis of a modern memory returns: bounds, and fixed points as a small table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["ErrorBound", "FixedPoints"]

Float64 = npt.NDArray[np.float64]

#: Fixed points that a table shows.
LINES = 12


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class ErrorBound:
    """What theory promises of each stored pattern (Ramsauer et al. 2020), as inequalities that always hold.

    With `k` patterns, `M` the largest norm, `D` the separation of a pattern and `r` the distance that was asked for.
    All but the separation are in the units of the patterns.

    Attributes
    ----------
    separation : ndarray of float64, shape (k,)
        ``x @ x - max(x @ other)`` (eq. 8).
    well_separated : ndarray of bool, shape (k,)
        Whether that is at least `needed_separation`: then the ball of `radius` around the pattern is mapped into itself
        by an update and holds one fixed point (lemma A5).
    one_step : ndarray of float64, shape (k,)
        One update of a query within `r` of the pattern ends within ``2 M (k - 1) exp(-beta (D - 2 M r))`` of it
        (theorem 5), and never further than ``2 M``.
    fixed_point : ndarray of float64, shape (k,)
        The fixed point of a well separated pattern lies within ``2 e (k - 1) M exp(-beta D)`` of it (theorem 5);
        infinite for the others, of which nothing is promised.
    contraction : ndarray of float64, shape (k,)
        An update brings two states within `r` of the pattern nearer to each other by at least this factor,
        ``4 beta M**2 (k - 1) exp(-beta (D - 2 M r))``, as lemma A6 has it; of use below 1.
    needed_separation : float
        ``2 / (beta k) + log(2 (k - 1) k beta M**2) / beta``.
    radius : float
        ``1 / (beta k M)``.
    jacobian : float
        ``beta m**2``, `m` the largest distance of a pattern to the mean of all: an update brings any two states nearer
        by at least this factor, so below 1 there is one fixed point, to which all states lead (lemma A3).
    largest_norm : float
        `M`.

    Examples
    --------
    >>> import numpy as np
    >>> import hopfield as hf
    >>> bound = hf.ModernHopfield(np.eye(4), beta=10.0).error_bound()
    >>> bound
    ErrorBound(4 patterns, well separated 100%)
    >>> float(bound.one_step[0].round(6)), float(bound.fixed_point[0].round(6)), round(bound.radius, 3)
    (0.000272, 0.00074, 0.025)
    """

    separation: Float64
    well_separated: npt.NDArray[np.bool_]
    one_step: Float64
    fixed_point: Float64
    contraction: Float64
    needed_separation: float
    radius: float
    jacobian: float
    largest_norm: float

    def __repr__(self) -> str:
        return f"ErrorBound({len(self.separation)} patterns, well separated {self.well_separated.mean():.0%})"


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class FixedPoints:
    """Distinct fixed points of a memory, the deepest first; they print as a table.

    Attributes
    ----------
    states : ndarray, shape (f, d)
        The fixed points, in the dtype of the memory.
    energy : ndarray of float64, shape (f,)
        Their energies, with constants, rising.
    basin : ndarray of int64, shape (f,)
        How many starts led to each.
    kind : ndarray of str, shape (f,)
        As in `Diagnosis`: ``"pattern"``, ``"metastable"`` or ``"global"``.
    size : ndarray of int64, shape (f,)
        The least number of patterns that hold 90 % of the weight.
    pattern : ndarray of int64, shape (f,)
        The pattern of largest weight.
    stable : ndarray of bool, shape (f,)
        Whether a state beside it, moved in a random direction, comes back: else it is a saddle or a maximum.
    reached : ndarray of int64, shape (m,)
        The fixed point that each start led to; -1 of one that did not settle.

    Examples
    --------
    >>> import hopfield as hf
    >>> memory = hf.ModernHopfield([[1.0, 0.0], [0.0, 1.0]], beta=8.0)
    >>> memory.fixed_points([[0.9, 0.2], [1.0, 0.0], [0.1, 0.7], [0.5, 0.5]])
    3 fixed points of 4 starts, all settled
     energy  basin  kind        size  pattern  stable
    0.0866      2  pattern        1        0     yes
    0.0866      1  pattern        1        1     yes
     0.25      1  global         2        0      no
    """

    states: npt.NDArray[Any]
    energy: Float64
    basin: npt.NDArray[np.int64]
    kind: npt.NDArray[np.str_]
    size: npt.NDArray[np.int64]
    pattern: npt.NDArray[np.int64]
    stable: npt.NDArray[np.bool_]
    reached: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.energy)

    def minima(self) -> npt.NDArray[Any]:
        """The stable ones among the states, the deepest first.

        Returns
        -------
        ndarray, shape (at most f, d)

        Examples
        --------
        >>> import hopfield as hf
        >>> memory = hf.ModernHopfield([[1.0, 0.0], [0.0, 1.0]], beta=8.0)
        >>> memory.fixed_points([[0.9, 0.2], [0.5, 0.5]]).minima().round(2).tolist()
        [[1.0, 0.0]]
        """
        return self.states[self.stable]

    def __repr__(self) -> str:
        lost = int((self.reached < 0).sum())
        settled = "all settled" if lost == 0 else f"{lost} did not settle"
        lines = [f"{len(self)} fixed point{'s' * (len(self) != 1)} of {len(self.reached)} starts, {settled}"]
        if len(self):
            lines.append("   energy  basin  kind        size  pattern  stable")
        for at in range(min(len(self), LINES)):
            stable = "yes" if self.stable[at] else "no"
            lines.append(
                f"{self.energy[at]:9.4g}  {self.basin[at]:5}  {self.kind[at]:<10}  {self.size[at]:4}  "
                f"{self.pattern[at]:7}  {stable:>6}"
            )
        if len(self) > LINES:
            lines.append(f"and {len(self) - LINES} more")
        return "\n".join(lines)
