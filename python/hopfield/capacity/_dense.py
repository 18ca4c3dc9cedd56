"""How much dense associative memories hold, in closed form, by the names of those who found it."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt

from .. import _arrays, _core
from ._elements import numbers, real, whole

__all__ = [
    "demircigil",
    "demircigil_rate",
    "krotov_hopfield",
    "krotov_hopfield_error",
    "krotov_hopfield_error_free",
    "krotov_hopfield_load",
]


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
