"""The Hebbian network in mean field: Amit, Gutfreund & Sompolinsky."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .. import _arrays, _core
from ._elements import each, numbers, real

__all__ = ["MeanField", "critical_load", "globally_stable_load", "mean_field"]


@dataclass(frozen=True, slots=True, eq=False)
class MeanField:
    """A solution of the mean-field equations, or one for each load and temperature.

    Attributes
    ----------
    overlap : float or ndarray of float64
        `m`, the overlap with the pattern.
    error : float or ndarray of float64
        `(1 - m) / 2`, the share of neurons that differ from it.
    edwards_anderson : float or ndarray of float64
        `q`, the mean square of a neuron's mean value.
    noise : float or ndarray of float64
        `r`, the mean square of the overlaps with all other patterns, in units of `1 / n`.
    susceptibility : float or ndarray of float64
        `C = (1 - q) / T`, finite at `T = 0`.
    energy : float or ndarray of float64
        The energy of a neuron, `E / n`.

    Examples
    --------
    >>> import hopfield as hf
    >>> found = hf.capacity.mean_field(0.1)
    >>> round(found.overlap, 6), round(found.energy, 6)
    (0.997999, -0.500154)
    """

    overlap: Any
    error: Any
    edwards_anderson: Any
    noise: Any
    susceptibility: Any
    energy: Any


def critical_load(temperature: npt.ArrayLike = 0.0) -> Any:
    """The largest load at which states near a pattern exist, `α_c`.

    Beyond it a Hebbian network forgets all its patterns at once. Replica-symmetric: breaking that symmetry moves it to
    0.1382 at temperature 0.

    Parameters
    ----------
    temperature : float or array_like
        In units in which a single pattern is lost at 1; from there on the critical load is 0.

    Returns
    -------
    float, or ndarray of float64

    Raises
    ------
    InvalidInputError
        If a temperature is negative or not finite.

    References
    ----------
    Amit, Gutfreund & Sompolinsky, Phys. Rev. Lett. 55, 1530 (1985); Ann. Phys. 173, 30 (1987).

    Examples
    --------
    >>> import hopfield as hf
    >>> round(hf.capacity.critical_load(), 10)
    0.1379055665
    >>> hf.capacity.critical_load([0.2, 0.5, 1.0]).round(5).tolist()
    [0.12256, 0.05882, 0.0]
    """
    return numbers(_core.critical_load, real("temperature", temperature))


def globally_stable_load() -> float:
    """The load up to which the states near a pattern are the deepest of all, at temperature 0.

    Between it and the critical load they are metastable: the spin glass lies deeper.

    Returns
    -------
    float

    References
    ----------
    Amit, Gutfreund & Sompolinsky, Phys. Rev. Lett. 55, 1530 (1985).

    Examples
    --------
    >>> import hopfield as hf
    >>> round(hf.capacity.globally_stable_load(), 6)
    0.051854
    """
    return _core.globally_stable_load()


def mean_field(alpha: npt.ArrayLike, temperature: npt.ArrayLike = 0.0, *, solution: str = "retrieval") -> MeanField:
    """The order parameters and the energy of an infinite Hebbian network, `m(α)` among them.

    They solve, with `β = 1/T`, a standard normal `z` and the mean over it,
    `m = ⟨tanh β(m + √(αr) z)⟩`, `q = ⟨tanh² β(m + √(αr) z)⟩`, `r = q / (1 − C)²`, `C = β(1 − q)`; at `T = 0` that is
    `√(2α) = erf(y)/y − (2/√π) exp(−y²)`, `m = erf(y)`, `C = √(2/(παr)) exp(−y²)`. The energy is
    `E/n = −m²/2 + (α/2)(1 − 1/(1−C) − rC)`, at `T = 0` `−m²/2 + (α/2)(1 − r)`.

    Parameters
    ----------
    alpha : float or array_like
        The load, `k / n`, from 0 to 1.
    temperature : float or array_like
        In units in which a single pattern is lost at 1; broadcast against `alpha`.
    solution : {"retrieval", "unstable", "spin_glass"}
        The states near a pattern, and where there are none what is left instead: the spin glass (with an overlap of 0)
        or the paramagnet. The saddle between the two, NaN where there is none. The states without an overlap.

    Returns
    -------
    MeanField
        Of floats, or of arrays of the shape of `alpha` and `temperature` together.

    Raises
    ------
    InvalidInputError
        If a load is outside 0 to 1 (give `k / n`, not `k`), a temperature is negative or not finite, or the name of
        the solution is unknown.

    References
    ----------
    Amit, Gutfreund & Sompolinsky, Phys. Rev. Lett. 55, 1530 (1985); Ann. Phys. 173, 30 (1987).

    Examples
    --------
    >>> import hopfield as hf
    >>> hf.capacity.mean_field([0.0, 0.05, 0.1, 0.137, 0.14]).overlap.round(4).tolist()
    [1.0, 1.0, 0.998, 0.9754, 0.0]
    >>> warm = hf.capacity.mean_field(0.05, temperature=0.4)
    >>> round(warm.overlap, 4), round(warm.edwards_anderson, 4), round(warm.noise, 4)
    (0.9662, 0.9367, 1.3221)
    """
    name = _arrays.name("solution", solution)
    loads, temperatures = real("alpha", alpha), real("temperature", temperature)
    answers, shape = each(lambda a, t: _core.mean_field(a, t, name), loads, temperatures)
    if shape == ():
        return MeanField(*answers[0])
    table = np.array(answers, np.float64).reshape(*shape, 6)
    return MeanField(*np.moveaxis(table, -1, 0))
