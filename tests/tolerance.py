"""The only place with tolerances: how far a computed number may be from the exact one, derived.

Nothing here is measured or chosen to make a test pass. Each bound follows from the order of operations that
the documentation of the Rust module `kernel` fixes, with ``u = eps / 2`` of the dtype, ``gamma(n) = n u /
(1 - n u)`` for `n` roundings in a row (Higham, *Accuracy and Stability of Numerical Algorithms*, 2002, lemma
3.1), and ``tiny`` the smallest subnormal number. It holds for every query by itself, whatever the batch, the
threads or the instruction set.

score         ``s = x.q``: a chain of at most 64 fused multiply-adds a block, then a sum over the blocks: an
              entry goes through ``n_s = min(d, 64) + ceil(d / 64) - 1`` roundings:
              ``|ds| <= gamma(n_s) sum |x_j q_j|``.
exponent      ``t = s beta log2(e)`` with `beta log2(e)` in two words, off by ``2 u^2`` relative. ``n =
              round(t)`` may be any integer nearby; ``r = t - n`` takes two fused steps with ``|r| <= 1/2 +
              2 u |t|``, each rounded: ``|dr| <= u (1 + 4 u |t|) + 2 u^2 |t|``. In units of `e`:
              ``ln 2 (u + 6 u^2 |t|)``.
power         ``2^r`` by Horner's rule: the last step rounds by `u`, the earlier ones count by the powers of
              ``|r| <= 1/2`` that follow them (0.52 u in all), and the polynomial itself is off by 0.19 u
              (0.16 u for float32): ``1.75 u``. Outside ``|r| = 1/2`` the error of a minimax polynomial grows
              no faster than Chebyshev's.
weight        ``e = 2^(t - n')``, scaled exactly. A weight below ``2^-125`` (float32) or ``2^-1021`` of the
              largest may also be zero. All in all ``e (1 + theta)``, ``1 + theta <= exp(beta |ds| + exponent)
              (1 + power)``.
sum           index mod 8, then a tree, in a tile of 128 patterns; 4 tiles a chunk; 16 chunks a group; groups:
              ``n_l = (ceil(min(k, 128) / 8) - 1) + 3 + 3 + 15 + (groups - 1)``, less for fewer patterns.
readout       a chain over the tile instead: ``n_a = 128 + 3 + 15 + (groups - 1)``; then one division.
mean          With ``p`` the exact weights and ``y = sum p x``: perturbed weights move the mean by
              ``sum p theta |x - y| / (1 - sum p theta)``, since their common factor cancels; the chain adds
              ``gamma(n_a) sum p (1 + theta) |x|``, the sum ``gamma(n_l) |y|``, the division ``u``.
log-sum-exp   ``|log(1 -+ (sum p theta + gamma(n_l)))|``, and the float64 operations behind it.

The oracle (float64, `math.fsum`) has its own, smaller error of the same form, added to every bound.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

BLOCK, TILE, CHUNK, GROUP = 64, 128, 512, 16

#: Unit roundoff of float64, in which energies, norms and the oracle are computed.
U64 = 2.0**-53

#: For what this file itself rounds, and for bounds evaluated at a computed state instead of the exact one.
SLACK = 1.01


def gamma(n: float, u: float) -> float:
    """The relative error of `n` roundings in a row."""
    return n * u / (1 - n * u)


def logarithm_of_exponentials(size: float) -> float:
    """How far a logarithm of a sum over 41 overlaps may be, or a difference of two, next to numbers of that size.

    Horner's rule has a product, a sum and the rounding of its factor in each term; logarithms and the inverse
    hyperbolic tangent pass relative errors on at slopes below 4, and round themselves.
    """
    return 4 * gamma(3 * 41, U64) + 4 * U64 * size


class Arithmetic(NamedTuple):
    """The relative errors of one way to compute the same thing."""

    #: Unit roundoff, and the smallest subnormal.
    unit: float
    tiny: float
    #: Of a score, in units of ``sum |x_j q_j|``.
    score: float
    #: Of an exponent: absolute, for each unit of ``|z|``, and for each unit of ``|z - max z|``.
    exponent: float
    exponent_of_size: float
    exponent_of_depth: float
    #: Of the exponential.
    power: float
    #: Steps of Horner's rule: the error grows like that power outside the interval.
    degree: int
    #: Depth in powers of two from which a weight may be zero.
    floor: float
    #: Of the sum of weights, of a term in a readout, and of the last division.
    sum: float
    term: float
    quotient: float


def library(dtype: npt.DTypeLike, k: int, d: int) -> Arithmetic:
    """What the canonical order of operations says, for `k` patterns of `d` entries."""
    info = np.finfo(dtype)
    u = float(info.eps) / 2
    tiles, chunks = math.ceil(min(k, CHUNK) / TILE), math.ceil(min(k, CHUNK * GROUP) / CHUNK)
    later = (tiles - 1) + (chunks - 1) + (math.ceil(k / (CHUNK * GROUP)) - 1)
    lanes = math.ceil(min(k, TILE) / 8) - 1 + math.ceil(math.log2(min(k, 8)))
    return Arithmetic(
        unit=u,
        tiny=float(info.smallest_subnormal),
        score=gamma(min(d, BLOCK) + math.ceil(d / BLOCK) - 1, u),
        exponent=math.log(2) * u,
        exponent_of_size=6 * u * u,
        exponent_of_depth=0.0,
        power=1.75 * u,
        degree=7 if u > U64 else 13,
        floor=123.0 if u > U64 else 1019.0,
        sum=gamma(lanes + later, u),
        term=gamma(min(k, TILE) + later, u),
        quotient=u,
    )


def oracle() -> Arithmetic:
    """`math.fsum` of rounded products; ``exp(z - max z)`` with rounded arguments, itself good to one ulp."""
    return Arithmetic(
        unit=U64,
        tiny=2.0**-1074,
        score=2 * U64,
        exponent=0.0,
        exponent_of_size=U64,
        exponent_of_depth=U64,
        power=2 * U64,
        degree=0,
        floor=1022 / math.log(2),
        sum=U64,
        # Each weight is divided by the sum before the readout, whose products and fsum round once more.
        term=gamma(3, U64),
        quotient=0.0,
    )


class Problem:
    """One query against a memory: its exact weights, and how far computed answers may be from exact ones."""

    def __init__(
        self,
        patterns: npt.ArrayLike,
        beta: float,
        query: npt.ArrayLike,
        *,
        dtype: npt.DTypeLike,
        values: npt.ArrayLike | None = None,
        mask: npt.ArrayLike | None = None,
    ) -> None:
        x = np.asarray(patterns, np.float64)
        self.takes_part = np.ones(len(x), bool) if mask is None else np.asarray(mask, bool)
        self.x, self.query, self.beta = x[self.takes_part], np.asarray(query, np.float64), float(beta)
        self.values = self.x if values is None else np.asarray(values, np.float64)[self.takes_part]
        # A masked pattern has no weight but its place in the sums.
        self.ways = (library(dtype, *x.shape), oracle())
        self.sizes = np.abs(self.x) @ np.abs(self.query)
        self.scores = self.x @ self.query
        self.z = self.beta * self.scores
        self.depth = self.z.max(initial=-math.inf) - self.z
        weights = np.exp(-self.depth)
        self.p = weights / weights.sum() if len(weights) else weights

    # ---- of scores and weights

    def score_errors(self, way: Arithmetic) -> Array:
        """``|ds|`` of each pattern that takes part."""
        return way.score * self.sizes + len(self.query) * way.tiny

    def phi(self, way: Arithmetic) -> Array:
        """The absolute error of each exponent, in units of `e`."""
        slope = way.exponent_of_size * np.abs(self.z) + way.exponent_of_depth * self.depth
        return self.beta * self.score_errors(way) + way.exponent + slope + way.tiny * np.abs(self.scores)

    def theta(self, way: Arithmetic) -> Array:
        """The relative error of each unnormalized weight."""
        over = 1 + 4 * way.unit * np.abs(self.z) / math.log(2)
        growth = (over + np.sqrt(over * over - 1)) ** way.degree
        theta = np.expm1(np.minimum(self.phi(way), 30.0) + np.log1p(way.power * growth))
        return np.where(self.depth > way.floor * math.log(2), np.maximum(theta, 1.0), theta)

    def perturbed(self, way: Arithmetic) -> float:
        """``sum p theta``."""
        return float(self.p @ self.theta(way))

    def association(self) -> Array:
        """Of each weight, as an array over all patterns; masked ones are exactly zero."""
        total = np.zeros(len(self.p))
        for way in self.ways:
            least = (1 - self.perturbed(way)) * (1 - way.sum)
            most = (1 + self.theta(way)) * (1 + 2 * way.unit) / least - 1 if least > 0.5 else math.inf
            total += self.p * np.minimum(most, 1 / np.maximum(self.p, 1e-300)) + way.tiny
        result = np.zeros(len(self.takes_part))
        result[self.takes_part] = SLACK * total
        return result

    # ---- of answers

    def mean(self) -> Array:
        """The exact ``values^T p``, as far as float64 knows it."""
        result: Array = self.p @ self.values
        return result

    def step(self) -> Array:
        """Of each entry of one update (with values: of the weighted values)."""
        if not len(self.p):
            return np.zeros(self.values.shape[1])
        y, sizes = np.abs(self.mean()), self.p @ np.abs(self.values)
        spread = np.abs(self.values - self.mean())
        # Both answers lie between the least and the greatest value, whatever the weights.
        hull = np.ptp(self.values, axis=0) + np.abs(self.values).max(axis=0) * sum(
            way.term + way.sum + way.quotient for way in self.ways
        )
        total = np.zeros_like(y)
        for way in self.ways:
            theta, moved = self.theta(way), self.perturbed(way)
            if moved > 0.5:
                return SLACK * hull
            mean = ((self.p * theta) @ spread + way.term * (sizes + (self.p * theta) @ np.abs(self.values))) / (
                1 - moved
            )
            error = (mean + way.sum * y) / (1 - way.sum)
            total += error + way.quotient * (y + error) + (4 * len(self.p) + 1) * way.tiny
        return SLACK * np.minimum(total, hull + (8 * len(self.p) + 2) * self.ways[0].tiny)

    def log_sum_exp(self) -> float:
        """Of ``log sum exp(beta x.q)``, in units of `e`: what the weights and their sum contribute."""
        total = 0.0
        for way in self.ways:
            moved = self.perturbed(way) + way.sum
            worst = float(self.phi(way).max()) + 2 * way.power + 2 * way.sum
            total += min(-math.log1p(-moved), worst) if moved < 1 else worst
        return total

    def energy(self, *, constants: bool = True) -> float:
        """Of the energy, in float64 whatever the dtype: each of its terms, and their sum."""
        d, k = len(self.query), len(self.p)
        half_norm = float(self.query @ self.query) / 2
        lse = float(self.z.max() + math.log(np.exp(-self.depth).sum()))
        # Squares, eight chains, a tree; the oracle rounds squares and one sum.
        squares = gamma(math.ceil(d / 8) + 3, U64) + gamma(2, U64)
        # n' ln 2 + log(sum): ln 2, the product, the logarithm, the sum; log(sum) <= log(1.5 k).
        near = 4 * U64 * abs(lse) + 4 * U64 * (abs(lse) + 2 * math.log(1.5 * k)) + U64 * abs(float(self.z.max()))
        total = squares * half_norm + (self.log_sum_exp() + near) / self.beta
        fixed = 0.0
        if constants:
            half_square = float((self.x * self.x).sum(axis=1).max()) / 2
            # The greatest norm is a square root that is squared again.
            total += (squares + gamma(6, U64)) * half_square + gamma(6, U64) * math.log(k) / self.beta
            fixed = half_square + math.log(k) / self.beta
        # The sums of the terms, in the library and (fsum) in the oracle.
        total += 4 * U64 * (half_norm + abs(lse) / self.beta + fixed)
        return SLACK * total

    # ---- of what follows from the weights

    def entropy(self) -> float:
        """Of ``-sum p log p``: ``|d(p log p)| <= dp (|log p| + 1 + dp / p)``, and its sum in float64."""
        dp, p = self.association()[self.takes_part], self.p
        logs = np.abs(np.log(np.maximum(p, 1e-300)))
        terms = np.where(p > 1e-290, dp * (logs + 1 + dp / np.maximum(p, 1e-300)), dp * 700)
        return SLACK * float(terms.sum() + (gamma(len(p) + 2, U64) + 4 * U64) * (p @ logs))

    def participation(self) -> float:
        """Of ``1 / sum p^2``, by its derivative."""
        dp, p = self.association()[self.takes_part], self.p
        squares = float(p @ p)
        moved = float((2 * p * dp + dp * dp).sum()) / squares + gamma(len(p) + 3, U64)
        return SLACK * moved / (1 - moved) / squares if moved < 0.5 else math.inf

    # ---- of an update from a state that is itself off

    def _variance(self) -> float:
        """The largest eigenvalue of the covariance of the patterns under the weights."""
        spread = np.sqrt(self.p)[:, np.newaxis] * (self.x - self.p @ self.x)
        return float(np.linalg.norm(spread, 2)) ** 2

    def _reweighted(self, error: float) -> float:
        """``log`` of the factor by which a weight can change when the state moves by `error`."""
        reach = float(np.sqrt(((self.x - self.p @ self.x) ** 2).sum(axis=1)).max())
        return 2 * self.beta * reach * error

    def propagated(self, error: float) -> float:
        """``|f(a) - f(b)|`` for states `error` apart: the Jacobian is ``beta cov(x)`` under the weights."""
        moved = self._reweighted(error)
        return math.inf if moved > 1 else SLACK * self.beta * math.exp(moved) * self._variance() * error

    def energy_nearby(self, error: float, residual: float) -> float:
        """``|E(a) - E(b)|``: the gradient is the move of an update, the curvature ``1 - beta cov(x)``."""
        moved = self._reweighted(error)
        if moved > 1:
            return math.inf
        curvature = max(1.0, self.beta * math.exp(moved) * self._variance())
        return SLACK * (residual * error + curvature * error * error / 2)

    def association_nearby(self, error: float) -> float:
        """``sum |p(a) - p(b)|``."""
        moved = self._reweighted(error)
        return math.inf if moved > 1 else math.expm1(moved)

    def jacobian(self) -> tuple[Array, float]:
        """``beta cov(x)`` under the weights, and how far its norm may be from that of the exact one."""
        spread = self.x - self.mean()
        squares = np.square(spread).sum(axis=1)
        found: Array = self.beta * (spread.T * self.p) @ spread
        relative = self.theta(oracle()) + gamma(2 * len(self.p) + 8, U64)
        sizes = np.square(self.x).sum(axis=1).max(initial=0.0)
        return found, SLACK * self.beta * (float((self.p * relative) @ squares) + gamma(len(self.p) + 8, U64) * sizes)

    def gradient(self, h: float) -> Array:
        """Of central differences of the energy with step `h`: the third derivative, and rounding over `h`."""
        spread = np.ptp(self.x, axis=0) if len(self.x) else np.zeros(self.x.shape[1])
        return SLACK * (h * h / 6 * self.beta**2 * spread**3 + self.energy() / h + U64 * np.abs(self.query))


def length(residual: float, d: int) -> float:
    """Of a Euclidean length that both the library and the oracle compute in float64 from the same entries.

    The library adds up squares, which vanish below the smallest subnormal number.
    """
    vanished = math.sqrt(d * math.ulp(0.0))
    return SLACK * ((gamma(math.ceil(d / 8) + 6, U64) + gamma(4, U64)) * residual + vanished)


def chain_length(length: float, d: int) -> float:
    """Of a Euclidean length whose squares are added in any order, by the library and by `math.dist`."""
    return SLACK * (gamma(d + 6, U64) + gamma(4, U64)) * length + math.sqrt(d * math.ulp(0.0))


def norm(error: npt.ArrayLike) -> float:
    """The Euclidean length of element-wise bounds."""
    return SLACK * float(np.linalg.norm(np.asarray(error, np.float64)))


def calibration(patterns: npt.ArrayLike, dtype: npt.DTypeLike, sample: Sequence[int] | None = None) -> Array:
    """Of each separation ``x.x - max x.other``: the errors of the own score and of the largest other one."""
    x = np.asarray(patterns, np.float64)
    chosen = x if sample is None else x[list(sample)]
    sizes = np.abs(chosen) @ np.abs(x).T
    own = (chosen * chosen).sum(axis=1)
    score = library(dtype, *x.shape).score + 3 * U64
    return SLACK * (score * (own + sizes.max(axis=1)) + 2 * x.shape[1] * library(dtype, *x.shape).tiny)


def promise(patterns: npt.ArrayLike, beta: float, margin: npt.ArrayLike, off: npt.ArrayLike) -> Array:
    """Relative, of ``M exp(-beta c)`` for margins `c` that are off by `off`, whatever it is cut off at.

    `M` and whole factors take a few roundings, ``beta c`` as many, which the exponential makes relative.
    """
    d = np.asarray(patterns).shape[1]
    margin, off = np.asarray(margin, np.float64), np.asarray(off, np.float64)
    with np.errstate(invalid="ignore"):
        exponent = np.nan_to_num(beta * (off + 8 * U64 * np.abs(margin)), nan=0.0, posinf=600.0)
    return SLACK * (np.expm1(np.minimum(exponent, 600.0)) + gamma(math.ceil(d / 8) + 20, U64))


def longest(patterns: npt.ArrayLike) -> float:
    """Relative, of the largest norm: squares, eight chains and a tree, a root; the oracle's rounds less."""
    return gamma(math.ceil(np.asarray(patterns).shape[1] / 8) + 8, U64)


def deviation(patterns: npt.ArrayLike) -> float:
    """Absolute, of the largest squared distance to the mean: the mean is a chain of `k`, the squares one of `d`."""
    x = np.asarray(patterns, np.float64)
    k, d = x.shape
    mean = gamma(k + 1, U64) * float(np.linalg.norm(np.abs(x).mean(axis=0))) + d * 2.0**-1074
    largest = float(np.linalg.norm(x - x.mean(axis=0), axis=1).max()) + 2 * mean
    sizes = 2 * float(np.linalg.norm(x, axis=1).max())
    return SLACK * (2 * largest * (mean + 2 * U64 * sizes) + mean**2 + gamma(d + 3, U64) * largest**2)


def int8_score(scale: float, query: Sequence[float]) -> Fraction:
    """How far the score of a pattern kept in eight bits may be off, `scale` being that of the pattern.

    Half a scale for each unit of an entry of the query, and what the product with the scale is rounded by: half a unit
    in the last place of at most 127 scales, or of a subnormal number.
    """
    product = 127 * Fraction(scale) * Fraction(2) ** -24 + Fraction(2) ** -150
    return (Fraction(scale) / 2 + product) * sum((abs(Fraction(entry)) for entry in query), Fraction(0))


def worst(found: npt.ArrayLike, expected: npt.ArrayLike, bound: npt.ArrayLike) -> float:
    """The largest error in units of its bound; at most 1 where all is well, and infinite for NaN."""
    found, expected, bound = (np.asarray(each, np.float64) for each in (found, expected, bound))
    assert found.shape == expected.shape, f"{found.shape} is not {expected.shape}"
    with np.errstate(invalid="ignore", divide="ignore"):
        error = np.abs(found - expected)
        ratio = np.where(found == expected, 0.0, error / bound)
    return float(np.nan_to_num(ratio, nan=math.inf, posinf=math.inf).max(initial=0.0))


def printed(value: float) -> float:
    """Of a reference value that is printed with 12 digits, the last of which may be off by a few."""
    return 2e-11 * max(1.0, abs(value))


# Capacities: formulas in float64 by a `libm` that is good to a unit in the last place, so 2 u a function.


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


def figures(value: float, count: int = 10) -> float:
    """Of a reference value that is printed with so many significant figures, the last of which may be off by one."""
    return 10.0 ** (math.floor(math.log10(abs(value))) - count + 1) if value else 0.0


# ---- learning rules: weights in exact units


def storkey_weights(steps: Sequence[Sequence[Sequence[Fraction]]]) -> float:
    """Of the weights after the last of these steps, which begin with zeros, of Storkey's rule.

    A step of `T / n` units is rounded twice as a float64 and once to a unit. An error of `e` in every weight before
    it changes ``h_ij``, a sum of ``n - 2``, by ``(n - 2) e``, and so the new weight by ``e (1 + 2 (n - 2) / n)`` at
    most. The unit is 2**-53, or as many powers of two larger as keep weights below 1 and their sums below 32.
    """
    error = 0.0
    for before, after in itertools.pairwise(steps):
        n = len(before)
        largest = max(abs(float(w)) for matrix in (before, after) for row in matrix for w in row)
        total = max(math.fsum(abs(float(w)) for w in row) for matrix in (before, after) for row in matrix)
        unit = 2.0**-53 * max(1.0, 4 * largest, total / 8)
        change = 1 + 2 * total + 2 * largest
        error = error * (1 + 2 * max(n - 2, 0) / n) + unit + 2 * gamma(2, U64) * change / n
    return SLACK * error


class PseudoInverse:
    """How far computed weights and fields of the pseudo-inverse rule may be from exact ones.

    With `Q = X XT` and `c = |Q^-1|`: the Cholesky factor is that of ``Q + dQ``, ``|dQ| <= k n gamma(k + 1)`` (Higham,
    theorem 10.3, with rows of length ``sqrt(n)``), and each substitution is exact for a factor ``(I + E) L``, ``|E| <=
    sqrt(k n c) gamma(k)`` (theorem 8.5). As ``|L^-1 x_i| <= 1``, a weight moves by ``c |dQ| + 2 |E|``, and its dot
    product by ``gamma(k)``. It is rounded to a unit of twice ``8 k eps n c``, or 2**-46.
    """

    def __init__(self, patterns: npt.ArrayLike) -> None:
        x = np.asarray(patterns, np.float64)
        self.k, self.n = x.shape
        c = float(np.linalg.norm(np.linalg.inv(x @ x.T), 2)) * (1 + 1e-6)
        moved = c * self.k * self.n * gamma(self.k + 1, U64)
        moved += 2 * math.sqrt(self.k * self.n * c) * gamma(self.k, U64) + gamma(self.k, U64)
        # Second-order terms: all of this is far below 1.
        self.computed = 1.1 * moved
        self.unit = max(16 * self.k * 2 * U64 * self.n * c, 2.0**-46)

    def weight(self) -> float:
        """Of a weight."""
        return SLACK * (self.computed + self.unit)

    def field(self, *, implicit: bool) -> float:
        """Of a field; implicit ones are sums over a rounded basis, and rounded to a unit ``sqrt(n)`` times as large."""
        if not implicit:
            return self.n * self.weight()
        grid = 2.0 ** -(50 - int(math.log2(self.n)) // 2)
        basis = grid * math.sqrt(self.k) * (self.n + math.sqrt(self.n))
        return SLACK * (
            self.n * self.computed + basis + gamma(self.k + 2, U64) * math.sqrt(self.n) + self.unit * math.sqrt(self.n)
        )

    def energy(self, *, implicit: bool) -> float:
        """Of an energy: half the sum of the fields, at most, and what it is rounded by."""
        return self.n * self.field(implicit=implicit) / 2 + gamma(2, U64) * self.n


def margin(n: int, value: float) -> float:
    """Of the least stability: a field rounded once, the length of `n` weights, and a quotient."""
    return SLACK * gamma(n + 6, U64) * abs(value)


def covariance_weight(n: int, k: int, activity: float) -> float:
    """Of a weight of the covariance rule: four terms of at most `k`, six roundings of each, and a unit.

    The unit is 2**-53, or what leaves the largest weight 53 bits and the sum of `n` of them 58.
    """
    scale = activity * (1 - activity) * n
    largest = k * max(activity, 1 - activity) ** 2 / scale
    unit = max(2.0**-53, 2.0**-52 * largest * max(1.0, n / 32))
    return SLACK * (gamma(8, U64) * 4 * k / scale + unit)


def sparse_overlap(n: int, activity: float, size: int) -> float:
    """Of an overlap with a state of so many active neurons: a product, a difference, and the scale."""
    return SLACK * gamma(6, U64) * 2 * size / (activity * (1 - activity) * n)


# Gradients of layers against finite differences.

#: The step of a central difference over five points, whose error goes with its fourth power.
DIFFERENCE_STEP = 2.0**-14


def difference(change: Array, terms: Array) -> float:
    """Between a sum of finite differences and one of gradients: a relative 1e-6, the contract, of what is summed.

    The difference itself is off by `h^4 / 30` of a fifth derivative and by `1.5 u / h` of an output.
    """
    return 1e-6 * float(np.abs(change).sum() + np.abs(terms).sum()) + 1e-9


def hidden_state(
    q: Array,
    k: Array,
    v: Array,
    state: Array,
    hidden: Array,
    *,
    alpha: float,
    alpha_hidden: float,
    beta: float,
    dtype: Any,
) -> tuple[Array, Array]:
    """Of a state and a hidden state after one layer of attention: scores, weights, readout and two mixtures."""
    u = float(np.finfo(dtype).eps) / 2 + 4 * U64
    q, k, v, state, hidden = (np.asarray(each, np.float64) for each in (q, k, v, state, hidden))
    sizes = abs((1 - alpha_hidden) * beta) * (np.abs(q) @ np.abs(k).T) + alpha_hidden * np.abs(hidden)
    of_hidden = SLACK * gamma(q.shape[1] + 6, u) * sizes
    z = alpha_hidden * hidden + (1 - alpha_hidden) * beta * (q @ k.T)
    p = np.exp(z - z.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    way = library(dtype, *k.shape)
    moved = 2 * of_hidden.max(axis=1, keepdims=True) + 2 * (u + 6 * u * u * np.abs(z).max() + way.power)
    read = p @ np.abs(v) * np.expm1(moved + gamma(2 * len(k) + 6, u))
    mixed = alpha * np.abs(state) + (1 - alpha) * (p @ np.abs(v))
    return SLACK * ((1 - alpha) * read + gamma(6, u) * mixed), of_hidden


def settled(tol: float, network: Any, states: Array) -> float:
    """Between two states near the same fixed point, both of whose last moves were below `tol`.

    A state is ``tol / (1 - slope)`` from its fixed point at most; the slope of an update is ``beta cov(x)``, whose norm
    is at most that of the largest scatter of the patterns under the weights.
    """
    patterns = network.state_dict()["patterns"].astype(float)
    slopes = []
    for state in states:
        problem = Problem(patterns, 2.0, state, dtype=states.dtype)
        spread = problem.x - problem.p @ problem.x
        slopes.append(2.0 * float(problem.p @ (spread**2).sum(axis=1)))
    assert max(slopes) < 1
    return SLACK * (2 * tol / (1 - max(slopes)) + 64 * U64 * float(np.abs(states).max()))
