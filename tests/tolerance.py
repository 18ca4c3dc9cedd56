"""How far a computed number may be from the exact one, derived: retrieval by softmax, and what all bounds are made of.

`tolerance_family`, `tolerance_layers`, `tolerance_capacity` and `tolerance_rules` go on from here.

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


def figures(value: float, count: int = 10) -> float:
    """Of a reference value that is printed with so many significant figures, the last of which may be off by one."""
    return 10.0 ** (math.floor(math.log10(abs(value))) - count + 1) if value else 0.0
