"""Dense associative memories of ±1 neurons, from their definition.

``E(x) = -sum_mu F(xi^mu . x) - b . x`` with ``F(z) = z^p``, ``z^p`` for positive ``z`` and else 0 (Krotov &
Hopfield 2016), or ``e^z`` (Demircigil et al. 2017), where ``E(x) = -ln sum_mu e^(xi^mu . x) - b . x`` instead. The
field of a neuron is half of what its energy at -1 is above that at +1. Powers are integers. Sums of exponentials are
kept by their exponents, so that a tie is a tie (Lindemann & Weierstrass: exponentials of different rational numbers
do not cancel), and a sign is found in as many digits as it takes.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from decimal import Decimal, localcontext
from fractions import Fraction

from oracle.hebbian import ClassicalHopfield

#: Of each exponent how often.
Exponentials = dict[Fraction, int]


def rounded(value: Fraction) -> float:
    """The nearest float64, infinite beyond the largest."""
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def total(sums: Exponentials) -> Decimal:
    """The sum, in the digits of the context."""
    one = Decimal(1)
    return sum((count * (one * z.numerator / z.denominator).exp() for z, count in sums.items()), Decimal(0))


def sign(sums: Exponentials) -> int:
    """The sign of a sum of exponentials times integers."""
    left = {z: count for z, count in sums.items() if count}
    if not left:
        return 0
    # Only differences of exponents matter; those of very different size could not be added up.
    top = max(left)
    left = {z - top: count for z, count in left.items()}
    digits = 50
    while True:
        with localcontext() as context:
            context.prec, context.Emin = digits, -(10**9)
            value = total(left)
            size = total({z: abs(count) for z, count in left.items()})
            # Exponents are rounded (they may be as large as 10^6), and so is every term and every sum.
            if abs(value) > size * (len(left) + 10) * Decimal(10) ** (10 - digits):
                return 1 if value > 0 else -1
        digits *= 2


def product(one: Exponentials, other: Exponentials) -> Exponentials:
    """The product of two sums."""
    result: Exponentials = {}
    for a, count in one.items():
        for b, times in other.items():
            result[a + b] = result.get(a + b, 0) + count * times
    return result


@functools.total_ordering
class HalfLogarithm:
    """``ln(up / down) / 2 + shift``, which is compared exactly."""

    def __init__(self, up: Exponentials, down: Exponentials, shift: Fraction) -> None:
        self.up, self.down, self.shift = up, down, shift

    def sign(self) -> int:
        sums = {z + 2 * self.shift: count for z, count in self.up.items()}
        for z, count in self.down.items():
            sums[z] = sums.get(z, 0) - count
        if abs(self.shift) > 1000:  # no logarithm here is so large, and no need to add such terms
            return 1 if self.shift > 0 else -1
        return sign(sums)

    def __neg__(self) -> HalfLogarithm:
        return HalfLogarithm(self.down, self.up, -self.shift)

    def __abs__(self) -> HalfLogarithm:
        return -self if self.sign() < 0 else self

    def __rmul__(self, factor: int) -> HalfLogarithm:
        if factor == 0:
            return HalfLogarithm({}, {}, Fraction(0))
        return self if factor > 0 else -self

    def __sub__(self, other: HalfLogarithm) -> HalfLogarithm:
        up, down = product(self.up, other.down), product(self.down, other.up)
        return HalfLogarithm(up, down, self.shift - other.shift)

    def __lt__(self, other: HalfLogarithm | int) -> bool:
        return (self if isinstance(other, int) else self - other).sign() < 0

    def __eq__(self, other: object) -> bool:
        if isinstance(other, HalfLogarithm):
            return (self - other).sign() == 0
        return other == 0 and self.sign() == 0

    __hash__ = None  # type: ignore[assignment]

    def __float__(self) -> float:
        with localcontext() as context:
            context.prec, context.Emax, context.Emin = 400, 10**9, -(10**9)
            logarithm = Decimal(0) if self.up == self.down else (total(self.up).ln() - total(self.down).ln()) / 2
            return float(logarithm + Decimal(self.shift.numerator) / Decimal(self.shift.denominator))


class DenseAssociativeMemory(ClassicalHopfield):
    """The network of ±1 neurons whose energy is not a square of overlaps."""

    def __init__(
        self,
        patterns: Sequence[Sequence[int]],
        *,
        interaction: str = "polynomial",
        degree: int = 3,
        tie: str = "keep",
    ) -> None:
        if interaction not in ("polynomial", "rectified", "exponential"):
            raise ValueError("unknown interaction")
        if degree < 1:
            raise ValueError("a degree is at least 1")
        self.interaction = interaction
        self.degree = degree
        super().__init__(patterns, tie=tie)

    def power(self, z: int) -> int:
        """F of an integer, unless that is an exponential."""
        return 0 if self.interaction == "rectified" and z <= 0 else z**self.degree

    def exponentials(self, x: Sequence[int]) -> Exponentials:
        """``sum_mu e^(xi^mu . x)``."""
        sums: Exponentials = {}
        for a in self.agreements(x):
            sums[Fraction(a)] = sums.get(Fraction(a), 0) + 1
        return sums

    def local_field(self, x: Sequence[int], i: int) -> Fraction | HalfLogarithm:  # type: ignore[override]
        """``h_i = (E(x_i = -1) - E(x_i = +1)) / 2``."""
        up, down = list(x), list(x)
        up[i], down[i] = 1, -1
        if self.interaction == "exponential":
            return HalfLogarithm(self.exponentials(up), self.exponentials(down), self.bias(i))
        difference = sum(self.power(a) for a in self.agreements(up)) - sum(self.power(a) for a in self.agreements(down))
        return Fraction(difference, 2) + self.bias(i)

    def field(self, x: Sequence[int]) -> list[float]:
        """Each entry rounded once."""
        fields = [self.local_field(x, i) for i in range(self.n)]
        return [rounded(h) if isinstance(h, Fraction) else float(h) for h in fields]

    def energy(self, x: Sequence[int]) -> float:
        """E, rounded once."""
        linear = sum((self.bias(i) * x[i] for i in range(self.n)), Fraction(0))
        if self.interaction != "exponential":
            return rounded(-sum(self.power(a) for a in self.agreements(x)) - linear)
        with localcontext() as context:
            context.prec, context.Emax, context.Emin = 400, 10**9, -(10**9)
            logarithm = total(self.exponentials(x)).ln()
            return float(-logarithm - Decimal(linear.numerator) / Decimal(linear.denominator))
