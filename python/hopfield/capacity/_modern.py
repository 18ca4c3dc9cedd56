"""How much modern networks hold, in closed form, by the names of those who found it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy.typing as npt

from .. import _arrays, _core
from ._elements import numbers, real

__all__ = ["RamsauerBound", "lucibello_mezard", "ramsauer"]


@dataclass(frozen=True, slots=True)
class RamsauerBound:
    """What theorem 3 of Ramsauer et al. (2020) promises.

    Attributes
    ----------
    a : float
        `2 (1 + ln(2 β K² p (d−1))) / (d−1)`.
    b : float
        `2 K² β / 5`.
    c : float
        The base of the exponential, `b / W₀(exp(a + ln b))`.
    least_c : float
        `(2/√p)^(4/(d−1))`: with a smaller `c` the theorem promises fewer than 2 patterns and does not speak.
    patterns : float
        At least so many patterns can be stored: `√p c^((d−1)/4)`.
    applies : bool
        Whether the theorem speaks.

    Examples
    --------
    >>> import hopfield as hf
    >>> bound = hf.capacity.ramsauer(75, radius=1.0)
    >>> round(bound.c, 4), round(bound.patterns), bound.applies
    (1.3719, 11, True)
    """

    a: float
    b: float
    c: float
    least_c: float
    patterns: float
    applies: bool


def ramsauer(d: int, *, beta: float = 1.0, radius: float = 1.0, failure: float = 0.001) -> RamsauerBound:
    """How many random patterns on a sphere a modern network stores at least, with probability ``1 - failure``.

    The patterns are uniform on the sphere of radius ``radius * sqrt(d - 1)``; at least `√p c^((d−1)/4)` of them can be
    stored. The proof is disputed: take it as an inequality that experiments satisfy.

    Parameters
    ----------
    d : int
        Entries of a pattern, at least 2.
    beta : float
        Inverse temperature.
    radius : float
        `K`, in units of `√(d−1)`.
    failure : float
        `p`, a probability between 0 and 1.

    Returns
    -------
    RamsauerBound

    Raises
    ------
    InvalidInputError
        If `d` is below 2, `beta` or `radius` is not positive and finite, or `failure` is not between 0 and 1.

    References
    ----------
    Ramsauer et al., *Hopfield Networks is All You Need* (2020), theorem 3.

    Examples
    --------
    >>> import hopfield as hf
    >>> bound = hf.capacity.ramsauer(20, radius=3.0)
    >>> round(bound.c, 4), round(bound.patterns, 1)
    (3.1546, 7.4)
    """
    numbers = (_arrays.real("beta", beta), _arrays.real("radius", radius), _arrays.real("failure", failure))
    return RamsauerBound(*_core.ramsauer(_arrays.count("d", d, 2), *numbers))


def lucibello_mezard(beta: npt.ArrayLike, *, ensemble: str = "gaussian") -> Any:
    """The rate `α` up to which a modern network retrieves a given pattern among `e^(αd)` random ones.

    By the random-energy criterion: Gaussian `λ − λ²/2` for `λ < 1` and ½ above; spherical `λ(1−e) − ½ ln(1−e²)` with
    `e = (√(1+4λ²) − 1)/(2λ)`.

    Parameters
    ----------
    beta : float or array_like
        The paper's `λ`: the inverse temperature for patterns whose length is about `√d`.
    ensemble : {"gaussian", "spherical"}
        Patterns with independent standard normal entries, or uniform on the sphere of radius `√d`.

    Returns
    -------
    float, or ndarray of float64

    Raises
    ------
    InvalidInputError
        If `beta` is not positive and finite, or the name is unknown.

    References
    ----------
    Lucibello & Mézard, Phys. Rev. Lett. 132, 077301 (2024).

    Examples
    --------
    >>> import hopfield as hf
    >>> hf.capacity.lucibello_mezard([0.5, 1.0, 2.0]).tolist()
    [0.375, 0.5, 0.5]
    >>> round(hf.capacity.lucibello_mezard(1.0, ensemble="spherical"), 4)
    0.6226
    """
    name = _arrays.name("ensemble", ensemble)
    return numbers(lambda b: _core.lucibello_mezard(b, name), real("beta", beta))
