"""Capacities in closed form, by the names of those who found them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy.typing as npt

from .. import _arrays, _core
from ._elements import numbers, real, whole

__all__ = [
    "RamsauerBound",
    "demircigil",
    "demircigil_rate",
    "first_step_overlap",
    "gardner",
    "krotov_hopfield",
    "krotov_hopfield_error",
    "krotov_hopfield_error_free",
    "krotov_hopfield_load",
    "load_at_error",
    "lucibello_mezard",
    "mceliece",
    "one_step_error",
    "pseudo_inverse",
    "ramsauer",
    "stable_probability",
    "storkey",
]


# Binary networks of pairwise weights


def mceliece(n: npt.ArrayLike, *, recalled: str = "one") -> Any:
    """The number of random patterns that a Hebbian network holds error-free, as `n` grows.

    `n / (2 ln n)` if one given pattern shall be a fixed point, `n / (4 ln n)` if all of them shall be.

    Parameters
    ----------
    n : int or array_like of int
        Neurons, at least 2.
    recalled : {"one", "all"}
        Which patterns shall be fixed points.

    Returns
    -------
    float, or ndarray of float64

    Raises
    ------
    InvalidInputError
        If `n` is below 2, or the name is unknown.

    References
    ----------
    McEliece, Posner, Rodemich & Venkatesh, IEEE Trans. Inf. Theory 33, 461 (1987).

    Examples
    --------
    >>> import hopfield as hf
    >>> hf.capacity.mceliece([100, 1000, 10_000]).round(1).tolist()
    [10.9, 72.4, 542.9]
    >>> round(hf.capacity.mceliece(1000, recalled="all"), 1)
    36.2
    """
    name = _arrays.name("recalled", recalled)
    return numbers(lambda n: _core.mceliece(n, name), whole("n", n, 2))


def stable_probability(n: npt.ArrayLike, k: npt.ArrayLike, *, recalled: str = "one") -> Any:
    """The probability that one given pattern of `k` random ones, or all of them, are fixed points of a Hebbian network.

    `(1 − ½ erfc √(n/2k))^n`, to the power `k` for all: the noise on every bit is taken as Gaussian and independent.

    Parameters
    ----------
    n : int or array_like of int
        Neurons, at least 2.
    k : float or array_like
        Patterns; may be a fraction, as bounds are.
    recalled : {"one", "all"}
        Which patterns shall be fixed points.

    Returns
    -------
    float, or ndarray of float64

    Raises
    ------
    InvalidInputError
        If `n` is below 2, `k` is not positive and finite, or the name is unknown.

    References
    ----------
    McEliece, Posner, Rodemich & Venkatesh, IEEE Trans. Inf. Theory 33, 461 (1987).

    Examples
    --------
    >>> import hopfield as hf
    >>> round(hf.capacity.stable_probability(1000, hf.capacity.mceliece(1000)), 3)
    0.904
    """
    name = _arrays.name("recalled", recalled)
    return numbers(lambda n, k: _core.stable_probability(n, k, name), whole("n", n, 2), real("k", k))


def one_step_error(alpha: npt.ArrayLike) -> Any:
    """The share of a stored pattern's bits that are wrong after one step from it, `½ erfc √(1/2α)`.

    Parameters
    ----------
    alpha : float or array_like
        The load of a Hebbian network, `k / n`, from 0 to 1.

    Returns
    -------
    float, or ndarray of float64

    Raises
    ------
    InvalidInputError
        If a load is outside 0 to 1.

    References
    ----------
    Hertz, Krogh & Palmer, *Introduction to the Theory of Neural Computation* (1991), eq. 2.20.

    Examples
    --------
    >>> import hopfield as hf
    >>> hf.capacity.one_step_error([0.105, 0.138]).round(4).tolist()
    [0.001, 0.0036]
    """
    return numbers(_core.one_step_error, real("alpha", alpha))


def load_at_error(error: npt.ArrayLike) -> Any:
    """The load at which `one_step_error` has a given value.

    Parameters
    ----------
    error : float or array_like
        The share of wrong bits, above 0 and below 0.5. From 0.1587 on it needs a load above 1.

    Returns
    -------
    float, or ndarray of float64

    Raises
    ------
    InvalidInputError
        If an `error` is not above 0 and below 0.5.

    References
    ----------
    Hertz, Krogh & Palmer, *Introduction to the Theory of Neural Computation* (1991), table 2.1.

    Examples
    --------
    >>> import hopfield as hf
    >>> hf.capacity.load_at_error([0.001, 0.01, 0.1]).round(3).tolist()
    [0.105, 0.185, 0.609]
    """
    return numbers(_core.load_at_error, real("error", error))


def first_step_overlap(overlap: npt.ArrayLike, alpha: npt.ArrayLike) -> Any:
    """The overlap with a pattern after one synchronous step from a random state of the given overlap with it.

    `m₁ = erf(m₀ / √(2α))`. What follows is harder: the state and the weights are no longer independent.

    Parameters
    ----------
    overlap : float or array_like
        That of the start, `m₀`, from -1 to 1.
    alpha : float or array_like
        The load of a Hebbian network, `k / n`, from 0 to 1; broadcast against `overlap`.

    Returns
    -------
    float, or ndarray of float64

    Raises
    ------
    InvalidInputError
        If an overlap is outside -1 to 1 or a load outside 0 to 1.

    References
    ----------
    Amari & Maginu, Neural Networks 1, 63 (1988), their first step.

    Examples
    --------
    >>> import hopfield as hf
    >>> hf.capacity.first_step_overlap([0.2, 0.5, 1.0], 0.1).round(3).tolist()
    [0.473, 0.886, 0.998]
    """
    return numbers(_core.first_step_overlap, real("overlap", overlap), real("alpha", alpha))


def storkey(n: npt.ArrayLike) -> Any:
    """The number of random patterns that Storkey's learning rule holds error-free, `n / √(2 ln n)`.

    Parameters
    ----------
    n : int or array_like of int
        Neurons, at least 2.

    Returns
    -------
    float, or ndarray of float64

    Raises
    ------
    InvalidInputError
        If `n` is below 2.

    References
    ----------
    Storkey, Proc. ICANN'97, LNCS 1327, 451 (1997).

    Examples
    --------
    >>> import hopfield as hf
    >>> round(hf.capacity.storkey(1000), 1)
    269.0
    """
    return numbers(_core.storkey, whole("n", n, 2))


def pseudo_inverse(n: npt.ArrayLike) -> Any:
    """The number of linearly independent patterns that the pseudo-inverse rule holds, `n`.

    Parameters
    ----------
    n : int or array_like of int
        Neurons, at least 2.

    Returns
    -------
    float, or ndarray of float64

    Raises
    ------
    InvalidInputError
        If `n` is below 2.

    References
    ----------
    Personnaz, Guyon & Dreyfus, J. Physique Lett. 46, 359 (1985).

    Examples
    --------
    >>> import hopfield as hf
    >>> hf.capacity.pseudo_inverse(1000)
    1000.0
    """
    return numbers(_core.pseudo_inverse, whole("n", n, 2))


def gardner(kappa: npt.ArrayLike = 0.0) -> Any:
    """The largest load that any weights hold, symmetric or not, with a margin on every bit.

    `α_c(κ) = [∫_{−κ}^∞ Dt (t + κ)²]⁻¹`, where `κ` is the field times the bit over the length of the neuron's weights.

    Parameters
    ----------
    kappa : float or array_like
        The margin, at least 0: below, replica symmetry and so this formula do not hold.

    Returns
    -------
    float, or ndarray of float64
        In patterns for each neuron.

    Raises
    ------
    InvalidInputError
        If a margin is negative or not finite.

    References
    ----------
    Gardner, J. Phys. A 21, 257 (1988).

    Examples
    --------
    >>> import hopfield as hf
    >>> hf.capacity.gardner([0.0, 0.5, 1.0]).round(3).tolist()
    [2.0, 0.961, 0.52]
    """
    return numbers(_core.gardner, real("kappa", kappa))


# Dense binary networks


def krotov_hopfield(n: npt.ArrayLike, degree: npt.ArrayLike, *, error: float = 0.005) -> Any:
    """The number of random patterns that a dense network holds with a share of wrong bits, `α_p n^(p−1)`.

    Parameters
    ----------
    n : int or array_like of int
        Neurons, at least 2.
    degree : int or array_like of int
        Of the polynomial interaction, `p`, from 2 to 1000; broadcast against `n`.
    error : float
        The share of bits that may be wrong after one update, above 0 and below 0.5.

    Returns
    -------
    float, or ndarray of float64

    Raises
    ------
    InvalidInputError
        If `n` is below 2, `degree` is outside 2 to 1000, or `error` is not above 0 and below 0.5.

    References
    ----------
    Krotov & Hopfield, NeurIPS 29 (2016), with the Gaussian tail itself in the place of its expansion.

    Examples
    --------
    >>> import hopfield as hf
    >>> hf.capacity.krotov_hopfield(100, [2, 3, 4]).round().tolist()
    [15.0, 502.0, 10048.0]
    """
    share = _arrays.real("error", error)
    return numbers(lambda n, p: _core.krotov_hopfield(n, p, share), whole("n", n, 2), whole("degree", degree, 2))


def krotov_hopfield_load(degree: npt.ArrayLike, *, error: float = 0.005) -> Any:
    """The load `k / n^(p−1)` at which one update of a stored pattern leaves a share of bits wrong, `α_p`.

    It solves `½ erfc √(1 / (2 α_p (2p−3)!!)) = error`.

    Parameters
    ----------
    degree : int or array_like of int
        Of the polynomial interaction, `p`, from 2 to 1000.
    error : float
        The share of wrong bits, above 0 and below 0.5.

    Returns
    -------
    float, or ndarray of float64

    Raises
    ------
    InvalidInputError
        If `degree` is outside 2 to 1000, or `error` is not above 0 and below 0.5.

    References
    ----------
    Krotov & Hopfield, NeurIPS 29 (2016), with the Gaussian tail itself in the place of its expansion.

    Examples
    --------
    >>> import hopfield as hf
    >>> hf.capacity.krotov_hopfield_load([2, 3]).round(4).tolist()
    [0.1507, 0.0502]
    """
    share = _arrays.real("error", error)
    return numbers(lambda p: _core.krotov_hopfield_load(p, share), whole("degree", degree, 2))


def krotov_hopfield_error(n: npt.ArrayLike, k: npt.ArrayLike, degree: npt.ArrayLike) -> Any:
    """The share of a stored pattern's bits that are wrong after one update of a dense network.

    `½ erfc √(n^(p−1) / (2k (2p−3)!!))`.

    Parameters
    ----------
    n : int or array_like of int
        Neurons, at least 2.
    k : float or array_like
        Patterns; may be a fraction, as bounds are.
    degree : int or array_like of int
        Of the polynomial interaction, `p`, from 2 to 1000.

    Returns
    -------
    float, or ndarray of float64

    Raises
    ------
    InvalidInputError
        If `n` is below 2, `k` is not positive and finite, or `degree` is outside 2 to 1000.

    References
    ----------
    Krotov & Hopfield, NeurIPS 29 (2016).

    Examples
    --------
    >>> import hopfield as hf
    >>> round(hf.capacity.krotov_hopfield_error(100, 500, degree=3), 4)
    0.0049
    """
    arguments = (whole("n", n, 2), real("k", k), whole("degree", degree, 2))
    return numbers(_core.krotov_hopfield_error, *arguments)


def krotov_hopfield_error_free(n: npt.ArrayLike, degree: npt.ArrayLike, *, recalled: str = "one") -> Any:
    """The number of random patterns that a dense network holds error-free, as `n` grows.

    `n^(p−1) / (2 (2p−3)!! ln n)` if one given pattern shall be a fixed point, the `p`-th part of it if all shall be.

    Parameters
    ----------
    n : int or array_like of int
        Neurons, at least 2.
    degree : int or array_like of int
        Of the polynomial interaction, `p`, from 2 to 1000; broadcast against `n`.
    recalled : {"one", "all"}
        Which patterns shall be fixed points.

    Returns
    -------
    float, or ndarray of float64

    Raises
    ------
    InvalidInputError
        If `n` is below 2, `degree` is outside 2 to 1000, or the name is unknown.

    References
    ----------
    Krotov & Hopfield, NeurIPS 29 (2016); for all patterns Demircigil et al., J. Stat. Phys. 168, 288 (2017).

    Examples
    --------
    >>> import hopfield as hf
    >>> hf.capacity.krotov_hopfield_error_free(100, [2, 3]).round(1).tolist()
    [10.9, 361.9]
    """
    name = _arrays.name("recalled", recalled)
    arguments = (whole("n", n, 2), whole("degree", degree, 2))
    return numbers(lambda n, p: _core.krotov_hopfield_error_free(n, p, name), *arguments)


def demircigil(n: npt.ArrayLike, corruption: npt.ArrayLike = 0.0) -> Any:
    """A number of random patterns that an exponential network surely holds as `n` grows, `e^(αn)`.

    Parameters
    ----------
    n : int or array_like of int
        Neurons, at least 2.
    corruption : float or array_like
        The share of a cue's bits that are flipped and that one step mends, from 0 to 0.5.

    Returns
    -------
    float, or ndarray of float64
        At the rate `α` of `demircigil_rate`. Sufficient; more may do.

    Raises
    ------
    InvalidInputError
        If `n` is below 2 or `corruption` is outside 0 to 0.5.

    References
    ----------
    Demircigil, Heusel, Löwe, Upgang & Vermet, J. Stat. Phys. 168, 288 (2017).

    Examples
    --------
    >>> import hopfield as hf
    >>> hf.capacity.demircigil(40, [0.0, 0.1, 0.2]).round().tolist()
    [1048576.0, 1574.0, 47.0]
    """
    return numbers(_core.demircigil, whole("n", n, 2), real("corruption", corruption))


def demircigil_rate(corruption: npt.ArrayLike = 0.0) -> Any:
    """The rate `α` below which an exponential network mends corrupted cues of one of `e^(αn)` patterns in one step.

    `I(1 − 2ρ)/2` with `I(a) = ½[(1+a) ln(1+a) + (1−a) ln(1−a)]`.

    Parameters
    ----------
    corruption : float or array_like
        The share of flipped bits `ρ`, from 0 to 0.5.

    Returns
    -------
    float, or ndarray of float64

    Raises
    ------
    InvalidInputError
        If `corruption` is outside 0 to 0.5.

    References
    ----------
    Demircigil, Heusel, Löwe, Upgang & Vermet, J. Stat. Phys. 168, 288 (2017).

    Examples
    --------
    >>> import hopfield as hf
    >>> hf.capacity.demircigil_rate([0.0, 0.1, 0.5]).round(4).tolist()
    [0.3466, 0.184, 0.0]
    """
    return numbers(_core.demircigil_rate, real("corruption", corruption))


# Modern networks


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
