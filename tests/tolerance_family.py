"""How far answers under any similarity and separation may be from exact ones: `tolerance`, carried on.

score         dot and cosine as in `tolerance`; a cosine query is scaled to norm 1, which rounds each entry by ``u`` and
              what float64 adds. euclidean, where a shift of all scores changes nothing: ``x.q - |x|^2 / 2``, the half
              norm rounded once and subtracted once; else, and for partial cues, ``-sum (x - q)^2 / 2``: a difference, a
              product and a chain. manhattan: a difference and a chain.
weights       From bounds on each ``z``: of exponentials and powers by intervals, ``p_i`` being largest with its own
              weight at its largest and all others at their least. Of entmax by its threshold, which moves by no more
              than the scores: ``u - tau`` is off by ``2 (alpha - 1) max |dz|``, and so ``p = [u - tau]_+^(1 / (alpha -
              1))`` by what that power makes of it. Those that cut are computed in float64 and rounded once. Where a
              score lies so near a cut that its side is open, nothing is said: `open`.
mean          ``sum dp |x|``, the chain's ``gamma(n_a) sum p |x|``, a division. Of a norm of 1: ``2 |dy| / |y|``.
conjugate     Its gradient are weights, so it is off by ``max |dz|`` and what its evaluation rounds.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

import tolerance
from oracle.separations import Separation
from tolerance import BLOCK, SLACK, U64, Array, gamma, library

EXPONENTIAL = ("softmax", "softmax1")
POWERS = ("linear", "polynomial")
#: Separations that do not change when all scores move alike, and are computed by sums.
SHIFTING = ("softmax", "sparsemax", "entmax", "top_k", "max")


class Bounds:
    """One query against a memory; cosine patterns are of norm 1 already."""

    def __init__(
        self,
        patterns: npt.ArrayLike,
        beta: float,
        query: npt.ArrayLike,
        *,
        separation: Separation,
        similarity: str,
        dtype: npt.DTypeLike,
        values: npt.ArrayLike | None = None,
        mask: npt.ArrayLike | None = None,
        known: npt.ArrayLike | None = None,
    ) -> None:
        x, self.query = np.asarray(patterns, np.float64), np.asarray(query, np.float64)
        self.takes_part = np.ones(len(x), bool) if mask is None else np.asarray(mask, bool)
        seen = np.ones(x.shape[1], bool) if known is None else np.asarray(known, bool)
        self.values = (x if values is None else np.asarray(values, np.float64))[self.takes_part]
        self.x, q = x[self.takes_part][:, seen], self.query[seen]
        self.separation, self.similarity, self.beta = separation, similarity, float(beta)
        self.way = library(dtype, *x.shape)
        self.partial = not seen.all()
        u, d = self.way.unit, x.shape[1]
        chain = min(d, BLOCK) + math.ceil(d / BLOCK) - 1
        sizes = np.abs(self.x) @ np.abs(q)
        half = (self.x * self.x).sum(axis=1) / 2
        gaps = self.x - q
        # The oracle sums rounded terms.
        own = 4 * U64
        if similarity in ("dot", "cosine"):
            self.scores = self.x @ q
            scaling = 2 * u + 2 * gamma(d + 8, U64) if similarity == "cosine" else 0.0
            error = (gamma(chain, u) + scaling + own) * sizes
        elif similarity == "manhattan":
            self.scores = -np.abs(gaps).sum(axis=1)
            error = (gamma(chain + 1, u) + own) * -self.scores
        else:
            self.scores = -(gaps * gaps).sum(axis=1) / 2
            error = (gamma(chain + 3, u) + own) * -self.scores
            if separation.name in SHIFTING and not self.partial:
                error = gamma(chain + 2, u) * sizes + 3 * u * half + own * -self.scores
        self.off = error + d * self.way.tiny
        self.z, self.dz = self.beta * self.scores, self.beta * self.off + 4 * U64 * self.beta * np.abs(self.scores)
        if separation.name in EXPONENTIAL:
            sizes_z = self.beta * (sizes + half) if similarity == "euclidean" else np.abs(self.z)
            self.dz = self.dz + self.way.exponent + 8 * u * u * sizes_z + 2 * self.way.power
        self.low, self.high, self.open = self._weights()

    # ---- weights

    def _proportions(self, least: Array, most: Array, extra: tuple[float, float] = (0.0, 0.0)) -> tuple[Array, Array]:
        """The least and greatest shares of weights that lie between bounds; `extra` is a weight of nothing."""
        total_least, total_most = least.sum() + extra[0], most.sum() + extra[1]
        low = np.divide(least, least + (total_most - most), out=np.zeros_like(least), where=least > 0)
        high = np.divide(most, most + (total_least - least), out=np.zeros_like(most), where=most > 0)
        return low, np.minimum(high, 1.0)

    def _weights(self) -> tuple[Array, Array, bool]:
        """The bounds on each weight, before they are rounded."""
        name, z, dz = self.separation.name, self.z, self.dz
        nothing = np.zeros(len(z))
        if not len(z):
            return nothing, nothing, False
        if name in EXPONENTIAL:
            null = self.beta * self.separation.parameter if name == "softmax1" else -math.inf
            top = max(float(z.max()), null)
            floor = math.exp(-self.way.floor * math.log(2))
            least, most = np.exp(z - top - dz), np.exp(z - top + dz) + floor
            e, rounded = math.exp(null - top), 8 * self.way.unit * (1 + abs(null)) if name == "softmax1" else 0.0
            nulls = (e * math.exp(-rounded), e * math.exp(rounded))
            return *self._proportions(np.where(least > floor, least, 0.0), most, nulls), False
        if name in POWERS:
            degree = 1 if name == "linear" else int(self.separation.parameter)
            top = float((self.scores + self.off).max())
            if top <= 0:
                return nothing, nothing, False
            rounded = gamma(degree + 4, self.way.unit)
            least = (np.maximum(self.scores - self.off, 0) / top) ** degree * (1 - rounded)
            most = (np.maximum(self.scores + self.off, 0) / top) ** degree * (1 + rounded) + self.way.tiny * 2.0**degree
            # Whether there is any positive score at all can be open.
            low, high = self._proportions(least, most)
            return low, high, bool((self.scores - self.off).max() <= 0)
        if name in ("sparsemax", "entmax"):
            return *self._entmax(), False
        if name == "epanechnikov":
            inside = z >= -1
            near = bool((np.abs(z + 1) <= dz).any())
            p = inside / max(inside.sum(), 1)
            return p, p, near
        order = sorted(range(len(z)), key=lambda mu: (-z[mu], mu))
        count = 1 if name == "max" else min(int(self.separation.parameter), len(z))
        chosen, rest = order[:count], order[count:]
        if name == "max":
            same = (self.x == self.x[chosen[0]]).all(axis=1)
            others = ~same
            near = bool((z[others] + dz[others]).max(initial=-math.inf) >= z[chosen[0]] - dz[chosen[0]])
            return same / same.sum(), same / same.sum(), near
        near = False
        for inner in chosen:
            for outer in rest:
                alike = bool((self.x[inner] == self.x[outer]).all())
                near |= z[outer] + dz[outer] >= z[inner] - dz[inner] and not (alike and inner < outer)
        least, most = nothing.copy(), nothing.copy()
        least[chosen], most[chosen] = np.exp((z - z.max() - dz)[chosen]), np.exp((z - z.max() + dz)[chosen])
        return *self._proportions(least, most), near

    def _entmax(self) -> tuple[Array, Array]:
        from oracle import separations

        alpha = self.separation.alpha
        u = (alpha - 1) * (self.z - self.z.max())
        tau = separations.threshold(list(self.z), alpha)
        e = 2 * (alpha - 1) * float(self.dz.max()) + 8 * (len(u) + 16) * U64
        power = 1 / (alpha - 1)
        rounded = gamma(len(u) + 16 * (1 + power), U64)
        least = np.maximum(u - tau - e, 0) ** power * (1 - 2 * rounded)
        most = np.maximum(u - tau + e, 0) ** power * (1 + 2 * rounded)
        return least, np.minimum(most, 1.0)

    def weights(self) -> tuple[Array, Array]:
        """The least and greatest values of each weight in the association, over all patterns."""
        u = self.way.unit
        sums = 0.0 if self.separation.name not in (*EXPONENTIAL, *POWERS) else 2 * self.way.sum + 2 * u
        low, high = np.zeros(len(self.takes_part)), np.zeros(len(self.takes_part))
        low[self.takes_part] = self.low * (1 - SLACK * (sums + 2 * u)) - self.way.tiny
        high[self.takes_part] = self.high * (1 + SLACK * (sums + 2 * u)) + self.way.tiny
        return low, high

    def association(self) -> Array:
        """Of each weight in the association, from an exact one: the width of its bounds."""
        low, high = self.weights()
        return high - low

    def step(self) -> Array:
        """Of each entry of an update with values, or of one that is not scaled to norm 1 again."""
        if not len(self.z):
            return np.zeros(self.values.shape[1])
        sizes = np.abs(self.values)
        spread = self.high - self.low
        # A chain over all patterns at worst.
        term = self.way.term + gamma(140 + len(self.z) / 128, self.way.unit) + self.way.sum + 3 * self.way.unit
        return SLACK * (spread @ sizes + term * (self.high @ sizes) + 4 * (len(self.z) + 1) * self.way.tiny)

    def direction(self, mean: Array) -> float:
        """Of the length of the difference of two updates under cosine, the exact one before scaling being `mean`."""
        length = float(np.linalg.norm(mean))
        error = float(np.linalg.norm(self.step()))
        if error >= length / 2:
            return 2.0
        return SLACK * (2 * error / length + 4 * self.way.unit)

    # ---- energies

    def conjugate(self) -> float:
        """Of ``Omega*``."""
        if not len(self.z):
            return 0.0
        rounding = 16 * (len(self.z) + 16) * U64 * (float(np.abs(self.z).max()) + 4)
        if self.separation.name in EXPONENTIAL:
            rounding += 2 * self.way.sum + 4 * self.way.power
        if self.similarity == "euclidean" and self.separation.name in SHIFTING:
            half = (self.x * self.x).sum(axis=1).max() / 2 + self.query @ self.query / 2
            rounding += 16 * U64 * self.beta * half
        if self.separation.name == "epanechnikov":
            near = self.z >= -1 - self.dz
            total = self.separation.parameter + np.maximum(1 + self.z, 0).sum()
            moved = self.dz[near].sum() + rounding * len(self.z)
            return math.inf if total <= 2 * moved else SLACK * 2 * moved / total + rounding
        return SLACK * (float(self.dz.max()) + rounding)

    def energy(self) -> float:
        """Of the energy with or without constants."""
        norms = self.query @ self.query + ((self.x * self.x).sum(axis=1).max() if len(self.x) else 0)
        d = self.x.shape[1]
        fixed = gamma(d + 16, U64) * norms + 16 * U64 * (10 + math.log(len(self.z) + 2)) / self.beta
        return SLACK * (self.conjugate() / self.beta + fixed)


def entmax_from_softmax(scores: npt.ArrayLike, beta: float, alpha: float) -> float:
    """How far exact weights of entmax are from those of softmax, relative to them, for an alpha near 1.

    With ``e = alpha - 1`` a weight is ``exp(log(1 + e y) / e)`` for ``y = z - c``. None is above 1 and the largest not
    below ``1 / k``, so that ``y`` lies between 0 and ``-(log k + max z - min z)``; and there ``log(1 + e y) / e`` lies
    between ``y`` and ``y - e y^2`` as long as ``e |y| < 1 / 2``. So ratios of weights, and weights that add up to 1,
    are those of softmax but for a factor of ``exp(e y^2)`` at most.
    """
    z = beta * np.asarray(scores, np.float64)
    y = float(np.ptp(z)) + math.log(len(z))
    assert (alpha - 1) * y < 0.5
    return math.expm1((alpha - 1) * y * y)


def worst_outside(found: Any, low: Array, high: Array) -> float:
    """How far numbers are outside of their bounds."""
    found = np.asarray(found, np.float64)
    return float(np.maximum(low - found, found - high).max(initial=0.0))


__all__ = ["Bounds", "entmax_from_softmax", "tolerance", "worst_outside"]
