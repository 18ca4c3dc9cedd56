"""How far capacities may be from exact ones: `tolerance`, carried on.

Formulas are evaluated in float64 with a `libm` that is good to a unit in the last place, so a function counts ``2 u``.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from tolerance import SLACK, U64, Array, gamma


def tail(x: float, roundings: int = 4) -> float:
    """Relative, of ``erfc(x) / 2`` for `x` of so many roundings: ``-x erfc'(x) / erfc(x) <= 2 x^2 + 1``."""
    return U64 * (roundings * (2 * x * x + 2) + 4)


def tail_inverse(x: float, p: float) -> float:
    """Relative, of the ``x`` with ``erfc(x) / 2 = p``: what evaluations are off, over the slope, and the last bits."""
    return 4 * U64 * p * math.sqrt(math.pi) * math.exp(x * x) / x + 4 * U64


def stable_probability(n: float, k: float, bits: float, value: float) -> float:
    """Of ``(1 - p)^bits``, ``p = erfc(sqrt(n / 2k)) / 2``, by its logarithm."""
    x = math.sqrt(n / (2 * k))
    p = 0.5 * math.erfc(x)
    return SLACK * value * bits * (p / (1 - p) * tail(x) + 6 * U64 * -math.log1p(-p)) + 3 * U64 * value


def demircigil_rate(corruption: float, value: float) -> float:
    """Of ``(rho ln 2 rho + (1 - rho) ln 2 (1 - rho)) / 2``, whose terms cancel; as a series near rho = 1/2."""
    if corruption > 0.375:
        return 12 * U64 * value
    parts = [x * abs(math.log(2 * x)) for x in (corruption, 1 - corruption) if x > 0]
    return U64 * (4 * math.fsum(parts) + 2)


def ramsauer(d: int, beta: float, radius: float, failure: float, bound: Any) -> dict[str, float]:
    """Of each number of theorem 3. The slope of ``W0(e^x)`` is ``W / (1 + W)``."""
    free = d - 1
    size = abs(math.log(2 * beta * radius**2 * free)) + abs(math.log(failure)) + 1
    a = 2 / free * 6 * U64 * (size + 1) + 2 * U64 * abs(bound.a)
    w = bound.b / bound.c
    c = (a + 6 * U64 * (1 + abs(math.log(bound.b)) + abs(bound.a))) / (1 + w) + 12 * U64
    power = free / 4 * c + 4 * U64 * (1 + free / 4 * abs(math.log(bound.c)))
    least = 4 / free * 4 * U64 + 4 * U64 * (1 + abs(math.log(bound.least_c)))
    return {
        "a": a,
        "b": 4 * U64 * bound.b,
        "c": c * bound.c,
        "least_c": least * bound.least_c,
        "patterns": SLACK * (power + 4 * U64) * bound.patterns,
    }


def mean_field_root(alpha: float, y: float) -> float:
    """Of ``y`` at T = 0, where ``f(y) = erf(y)/y - (2/sqrt(pi)) e^(-y^2)`` is ``sqrt(2 alpha)``.

    Both sides are evaluated to `off`; near the critical load, where the slope goes to 0, the curvature keeps the root.
    """
    gauss = 2 / math.sqrt(math.pi) * math.exp(-y * y)
    off = 2 * U64 * (6 * math.erf(y) / y + 6 * gauss * (1 + y * y) + 4 * math.sqrt(2 * alpha))
    slope = abs(gauss * (1 / y + 2 * y) - math.erf(y) / (y * y))
    bounds = [2 * off / slope] if slope else []
    bounds += [math.sqrt(off / gauss)] if gauss else []
    return SLACK * min(bounds) + 4 * U64 * y


#: Of an average over the noise at T > 0: a sum of at most 48 panels of 16 terms of one sign, each of a few roundings.
AVERAGE = gamma(48 * 16 + 8, U64)


def mean_field_residuals(temperature: float, found: Any) -> dict[str, float]:
    """Of the equations at T > 0 at a solution: averages on both sides, at spreads ``s < 2`` that agree to a few bits.

    The slope of a tanh is at most ``1 / T``, and that of ``C`` at most ``2 C / T``, for each unit of ``s z``. The noise
    solves ``r (1 - C)^2 = q`` with the ``C`` of an overlap that is the root of ``m - <tanh>``, of slope ``1 - C``.
    """
    c = found.susceptibility
    moved = 2 * AVERAGE + 16 * U64 / temperature
    of_c = c * (2 * AVERAGE + 150 * U64 / temperature)
    rough = of_c + (2 * c / temperature * moved / abs(1 - c) if found.overlap else 0.0)
    of_noise = 2 * found.noise * (2 * abs(1 - c) * rough + rough * rough) if found.noise else 0.0
    return {
        "overlap": SLACK * moved,
        "edwards_anderson": SLACK * moved,
        "susceptibility": SLACK * of_c,
        "noise": SLACK * (of_noise + moved + 4 * U64),
    }


def normal_numbers(values: npt.ArrayLike, n: int) -> Array:
    """Of numbers by Box & Muller: a logarithm, a root, a sine of an angle up to 2 pi; scaled to a length at most."""
    sizes = np.abs(np.asarray(values, np.float64))
    # An angle is off by 2 pi u, and so is a sine, whatever its own size; a radius is below 9.
    return SLACK * ((gamma(n + 8, U64) + 16 * U64) * sizes + 9 * 16 * U64)


def coarse(value: float) -> float:
    """Of the reference table of the mean field at T = 0.1, whose quadrature does not resolve so steep a tanh.

    The equations say so: the table's numbers leave residuals of up to 1e-6 there, and of 1e-12 from T = 0.2 on.
    """
    return 5e-6 * max(1.0, abs(value))
