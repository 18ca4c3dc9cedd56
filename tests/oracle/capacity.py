"""How much a network holds: the formulas as the papers have them.

What needs logarithms, roots and exponentials only is done in decimals of 60 digits and
rounded once. The error function is that of the `math` module. Integrals of the mean-field
equations are sums over an even grid of z (a trapezoid, which for a Gaussian is nearly
exact), added by `math.fsum`; unknowns are found by bisection, or by iterating the
equations as they stand.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import NamedTuple

from oracle.rng import Stream


@contextmanager
def decimals() -> Iterator[None]:
    """Where decimals have 60 digits and any exponent; `float` then rounds once, to infinity if it must."""
    with localcontext() as context:
        context.prec, context.Emax, context.Emin = 60, 10**9, -(10**9)
        yield


def bisect(f: Callable[[float], float], low: float, high: float) -> float:
    """The place where f changes its sign, to the last bit."""
    rising = f(high) > 0
    while True:
        middle = low + (high - low) / 2
        if middle in (low, high):
            return middle
        if (f(middle) > 0) == rising:
            high = middle
        else:
            low = middle


# Binary networks of pairwise weights


def mceliece(n: int, recalled: str = "one") -> float:
    factor = {"one": 2, "all": 4}[recalled]
    with decimals():
        return float(n / (factor * Decimal(n).ln()))


def stable_probability(n: int, k: float, recalled: str = "one") -> float:
    wrong = 0.5 * math.erfc(math.sqrt(n / (2 * k)))
    with decimals():
        power = n * (Decimal(k) if recalled == "all" else 1)
        return float((power * (1 - Decimal(wrong)).ln()).exp())


def one_step_error(alpha: float) -> float:
    return 0.5 * math.erfc(math.sqrt(1 / (2 * alpha))) if alpha > 0 else 0.0


def load_at_error(error: float) -> float:
    x = bisect(lambda x: error - 0.5 * math.erfc(x), 0.0, 28.0)
    return 1 / (2 * x * x)


def first_step_overlap(overlap: float, alpha: float) -> float:
    if alpha == 0:
        return math.copysign(1.0, overlap) if overlap else 0.0
    return math.erf(overlap / math.sqrt(2 * alpha))


def storkey(n: int) -> float:
    with decimals():
        return float(n / (2 * Decimal(n).ln()).sqrt())


def pseudo_inverse(n: int) -> float:
    return float(n)


def gardner(kappa: float) -> float:
    """The integral from -kappa by tanh-sinh quadrature; beyond 12 either way there is nothing of a Gaussian."""
    low, high = max(-kappa, -12.0), 12.0
    step = 1 / 64
    terms = []
    for j in range(-4 * 64, 4 * 64 + 1):
        u = math.pi / 2 * math.sinh(j * step)
        weight = step * (high - low) / 2 * math.pi / 2 * math.cosh(j * step) / math.cosh(u) ** 2
        t = low + (high - low) / (1 + math.exp(-2 * u))
        terms.append(weight * (t + kappa) ** 2 * math.exp(-t * t / 2) / math.sqrt(2 * math.pi))
    return 1 / math.fsum(terms)


# Dense binary networks


def double_factorial(odd: int) -> int:
    return math.prod(range(1, odd + 1, 2))


def scale(n: int, degree: int) -> Fraction:
    return Fraction(n ** (degree - 1), double_factorial(2 * degree - 3))


def as_decimal(x: Fraction) -> Decimal:
    return Decimal(x.numerator) / Decimal(x.denominator)


def krotov_hopfield(n: int, degree: int, error: float = 0.005) -> float:
    x = bisect(lambda x: error - 0.5 * math.erfc(x), 0.0, 28.0)
    with decimals():
        return float(as_decimal(scale(n, degree)) / (2 * Decimal(x) ** 2))


def krotov_hopfield_load(degree: int, error: float = 0.005) -> float:
    return krotov_hopfield(1, degree, error)


def krotov_hopfield_error(n: int, k: float, degree: int) -> float:
    with decimals():
        root = float((as_decimal(scale(n, degree)) / (2 * Decimal(k))).sqrt())
    return 0.5 * math.erfc(root)


def krotov_hopfield_error_free(n: int, degree: int, recalled: str = "one") -> float:
    factor = {"one": 2, "all": 2 * degree}[recalled]
    with decimals():
        return float(as_decimal(scale(n, degree)) / (factor * Decimal(n).ln()))


def rate(corruption: float) -> Decimal:
    """I(1 - 2 rho) / 2, in decimals."""
    a = 1 - 2 * Decimal(corruption)
    terms = [(1 + s * a) * (1 + s * a).ln() for s in (1, -1) if 1 + s * a > 0]
    return sum(terms, Decimal(0)) / 4


def demircigil_rate(corruption: float) -> float:
    with decimals():
        return float(rate(corruption))


def demircigil(n: int, corruption: float) -> float:
    with decimals():
        return float((n * rate(corruption)).exp())


# Modern networks


class RamsauerBound(NamedTuple):
    a: float
    b: float
    c: float
    least_c: float
    patterns: float
    applies: bool


def lambert_w_of_exp(x: Decimal) -> Decimal:
    """The w with w + ln w = x, by Newton's method from the left of the root."""
    w = min(x.exp() / 3, Decimal(1)) if x < 2 else Decimal(1)
    for _ in range(200):
        w = w * (1 + x - w.ln()) / (1 + w)
    return w


def ramsauer(d: int, beta: float, radius: float, failure: float) -> RamsauerBound:
    with decimals():
        size, k2, p, free = Decimal(beta), Decimal(radius) ** 2, Decimal(failure), Decimal(d - 1)
        a = 2 * (1 + (2 * size * k2 * p * free).ln()) / free
        b = 2 * k2 * size / 5
        c = b / lambert_w_of_exp(a + b.ln())
        least = (2 / p.sqrt()) ** (4 / free)
        patterns = p.sqrt() * c ** (free / 4)
        return RamsauerBound(*(float(x) for x in (a, b, c, least, patterns)), applies=c >= least)


def lucibello_mezard(beta: float, ensemble: str = "gaussian") -> float:
    with decimals():
        x = Decimal(beta)
        if ensemble == "gaussian":
            return float(x - x * x / 2 if x < 1 else Decimal("0.5"))
        e = ((1 + 4 * x * x).sqrt() - 1) / (2 * x)
        return float(x * (1 - e) - (1 - e * e).ln() / 2)


# Mean field at T = 0


class MeanField(NamedTuple):
    overlap: float
    error: float
    edwards_anderson: float
    noise: float
    susceptibility: float
    energy: float


def load_root(y: float) -> float:
    """sqrt(2 alpha) of the state near a pattern with m = erf(y)."""
    return math.erf(y) / y - 2 / math.sqrt(math.pi) * math.exp(-y * y)


def critical_y() -> float:
    """Where the derivative of `load_root`, times y^2, is zero."""
    return bisect(
        lambda y: 2 / math.sqrt(math.pi) * math.exp(-y * y) * (y + 2 * y**3) - math.erf(y),
        1.0,
        2.0,
    )


def critical_load() -> float:
    return load_root(critical_y()) ** 2 / 2


def at(alpha: float, y: float) -> MeanField:
    """The solution whose `y` is known. As r = (1-C)^-2, C = sqrt(2/(pi alpha r)) e^(-y^2) is g (1 - C)."""
    m = math.erf(y)
    g = math.sqrt(2 / (math.pi * alpha)) * math.exp(-y * y)
    c, r = g / (1 + g), (1 + g) ** 2
    return MeanField(m, 0.5 * math.erfc(y), 1.0, r, c, -m * m / 2 + alpha / 2 * (1 - r))


def y_of_load(alpha: float, solution: str = "retrieval") -> float:
    """At T = 0; `alpha` above 0 and at most critical. Without an overlap `y` is 0."""
    if solution == "spin_glass":
        return 0.0
    critical = critical_y()
    low, high = (1e-9, critical) if solution == "unstable" else (critical, 1 / math.sqrt(2 * alpha) + 1)
    return bisect(lambda y: load_root(y) - math.sqrt(2 * alpha), low, high)


# Mean field at T > 0

#: Beyond, a standard normal number is less often than one time in 10^20; e^(-2u) moves its bulk by 2 s / T.
REACH = 9.5


def averages(m: float, s: float, temperature: float) -> tuple[float, float, float]:
    """The means of tanh, tanh^2 and 1 - tanh^2 of (m + s z) / T, whose poles are pi T / 2 s from the real z."""
    step = min(0.25, 0.2 * temperature / s) if s > 0 else 0.25
    terms = []
    count = math.ceil((REACH + min(2 * s / temperature, 29)) / step)
    for j in range(-count, count + 1):
        z = j * step
        weight = step * math.exp(-z * z / 2) / math.sqrt(2 * math.pi)
        u = (m + s * z) / temperature
        t = math.tanh(u)
        terms.append((weight * t, weight * t * t, weight / math.cosh(min(abs(u), 350.0)) ** 2))
    tanh, square, slope = (math.fsum(column) for column in zip(*terms, strict=True))
    return tanh, square, slope


def residuals(alpha: float, temperature: float, found: MeanField) -> dict[str, float]:
    """How far numbers are from solving the equations, each in its own unit."""
    m, q, slope = averages(found.overlap, math.sqrt(alpha * found.noise), temperature)
    c = slope / temperature
    return {
        "overlap": found.overlap - m,
        "edwards_anderson": found.edwards_anderson - q,
        "susceptibility": found.susceptibility - c,
        "noise": found.noise * (1 - c) ** 2 - q,
    }


def energy(alpha: float, found: MeanField) -> float:
    """U = -m^2/2 + (alpha/2) (1 - 1/(1-C) - r C), the derivative of beta times the free energy."""
    c = found.susceptibility
    return -(found.overlap**2) / 2 + alpha / 2 * (1 - 1 / (1 - c) - found.noise * c)


def iterate(alpha: float, temperature: float, lost: float = 0.0) -> MeanField:
    """The equations iterated as they stand, from overlap 1, until nothing moves or the overlap is below `lost`."""
    m, r = 1.0, 1.0
    for _ in range(5000):
        before = m, r
        m, q, slope = averages(m, math.sqrt(alpha * r), temperature)
        c = slope / temperature
        # Near the spin glass, C may pass 1 on the way.
        r = q / max(1 - c, 1e-3) ** 2
        if m < lost or (abs(m - before[0]) <= 1e-16 and abs(r - before[1]) <= 2e-16 * r):
            break
    solution = MeanField(m, (1 - m) / 2, q, r, c, 0.0)
    return solution._replace(energy=energy(alpha, solution))


def free_energy(alpha: float, temperature: float, m: float, q: float, r: float) -> float:
    """The replica-symmetric free energy of a neuron (AGS 1987), whose stationary points are the solutions."""
    beta = 1 / temperature
    s = math.sqrt(alpha * r)
    step = min(0.25, 0.2 * temperature / s)
    count = math.ceil(REACH / step)
    logs = []
    for j in range(-count, count + 1):
        z = j * step
        u = abs(beta * (m + s * z))
        weight = step * math.exp(-z * z / 2) / math.sqrt(2 * math.pi)
        logs.append(weight * (u + math.log1p(math.exp(-2 * u))))
    c = beta * (1 - q)
    return (
        alpha / 2
        + m * m / 2
        + alpha / (2 * beta) * (math.log(1 - c) - beta * q / (1 - c))
        + alpha * beta * r * (1 - q) / 2
        - math.fsum(logs) / beta
    )


# The random problems of a scan


def trial_stream(seed: int, n: int, k: int, number: int) -> Stream:
    of_n = Stream(seed, n).next()
    of_k = Stream(of_n, k).next()
    return Stream(of_k, number)


def spin_trial(seed: int, n: int, k: int, number: int) -> tuple[list[list[int]], list[int], int]:
    """Patterns, the order in which a cue is spoiled, and the seed of its retrieval."""
    stream = trial_stream(seed, n, k, number)
    retrieval = stream.next()
    order = stream.permutation(n)
    patterns = []
    for _ in range(k):
        words = [stream.next() for _ in range(-(-n // 64))]
        patterns.append([1 if words[i // 64] >> (i % 64) & 1 else -1 for i in range(n)])
    return patterns, order, retrieval


def normals(stream: Stream, count: int) -> list[float]:
    """Box & Muller (1958): pairs, of which an odd last one is dropped."""
    drawn: list[float] = []
    while len(drawn) < count:
        radius = math.sqrt(-2 * math.log(1 - stream.unit()))
        angle = 2 * math.pi * stream.unit()
        drawn += [radius * math.cos(angle), radius * math.sin(angle)]
    return drawn[:count]


def real_trial(seed: int, n: int, k: int, number: int, ensemble: str) -> tuple[list[list[float]], list[float], int]:
    """Patterns, the noise along which a cue is spoiled, and the seed of its retrieval."""
    stream = trial_stream(seed, n, k, number)
    retrieval = stream.next()
    noise = normals(stream, n)
    patterns = [normals(stream, n) for _ in range(k)]
    if ensemble == "spherical":
        for row in patterns:
            norm = math.sqrt(math.fsum(x * x for x in row))
            row[:] = [x * math.sqrt(n) / norm for x in row]
    return patterns, noise, retrieval


# What a scan says of its trials


def wilson(successes: int, trials: int, quantile: float) -> tuple[float, float]:
    """The two rates p with |p - successes/trials| = quantile sqrt(p (1-p) / trials): a quadratic equation."""
    with decimals():
        rate, square = Decimal(successes) / trials, Decimal(quantile) ** 2
        a, b, c = 1 + square / trials, 2 * rate + square / trials, rate * rate
        root = (b * b - 4 * a * c).sqrt()
        return float((b - root) / (2 * a)), float((b + root) / (2 * a))


def mean(values: list[float], quantile: float) -> tuple[float, float, float]:
    """The mean, and that plus and minus the quantile times the standard error, within -1 and 1."""
    exact = [Fraction(value) for value in values]
    middle = sum(exact) / len(exact)
    variance = sum((value - middle) ** 2 for value in exact) / (len(exact) - 1)
    half = quantile * math.sqrt(variance / len(exact))
    return float(middle), max(float(middle) - half, -1.0), min(float(middle) + half, 1.0)
