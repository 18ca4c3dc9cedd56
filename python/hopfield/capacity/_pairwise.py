"""How much binary networks of pairwise weights hold, in closed form, by the names of those who found it."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt

from .. import _arrays, _core
from ._elements import numbers, real, whole

__all__ = [
    "first_step_overlap",
    "gardner",
    "load_at_error",
    "mceliece",
    "one_step_error",
    "pseudo_inverse",
    "stable_probability",
    "storkey",
]


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
