"""How the scores of a query become the weights of the patterns: a family, each a small frozen value.

With scores ``s`` (by a similarity: dot, cosine, euclidean ``-|x - q|**2 / 2`` or manhattan ``-sum|x - q|``) and
``z = beta * s``, over the patterns that take part:

==================  ======================================  ====================================  ========  ==========
separation          weights                                 ``conjugate`` of the energy           passes    similarity
==================  ======================================  ====================================  ========  ==========
`Softmax`           ``exp(z) / sum(exp(z))``                ``log(sum(exp(z)))``                  one       all
`Softmax1`          ``exp(z) / (exp(z0) + sum(exp(z)))``    ``log(exp(z0) + sum(exp(z)))``        one       all
`Sparsemax`         ``max(z - tau, 0)``                     as `Entmax` with alpha = 2            one (*)   all
`Entmax`            ``max((a-1) z - tau, 0)**(1/(a-1))``    ``p @ z + sum(p - p**a) / (a(a-1))``  one (*)   all
`TopK`              softmax over the largest ``count``      ``log(sum(exp(z)))`` over them        one (*)   all
`Max`               equal, for all of the largest score     ``max(z)``                            one (*)   all
`Linear`            ``max(s, 0) / sum(max(s, 0))``          none                                  one       dot, cosine
`Polynomial`        ``max(s, 0)**q / sum(max(s, 0)**q)``    none                                  one       dot, cosine
`Epanechnikov`      equal, for all with ``z >= -1``         ``log(epsilon + sum(max(1 + z, 0)))`` one (*)   euclidean
==================  ======================================  ====================================  ========  ==========

(*) A second pass over the memory for queries with more than 512 patterns that may have weight (`TopK`: for a ``count``
above 128): `single_pass` says it.

**Energy.** With dot, ``-conjugate / beta + q @ q / 2`` for all that have a conjugate; with cosine the same for softmax
alone; with euclidean ``-conjugate / beta`` for softmax, sparsemax, entmax and epanechnikov. An update never raises
these. The constants that `ModernHopfield.energy` adds are the conjugate of as many zeros as there are patterns, over
`beta`, and with dot and cosine half the largest squared norm. Other pairs have none: `ModernHopfield.energy` and
``trace=True`` refuse them, and the ``energy`` of a retrieval is NaN. `energies` lists the similarities with one.

**Exactness.** `Softmax`, `Softmax1`, `Linear` and `Polynomial` give every pattern (of positive score) some weight, so
a retrieved state is a pattern but for the weight of the rest. The others have true zeros: a pattern is retrieved
exactly, in one step, as soon as it is ahead of all others by ``1 / ((alpha - 1) * beta)`` in score (sparsemax, entmax),
by anything (max), or is alone in its ball (epanechnikov). Weights of those are computed in float64.

**Which.** Softmax unless there is a reason: it is attention. Sparsemax or entmax to retrieve exactly and to see which
few patterns mix; larger `alpha` is sparser. `TopK` to bound how many mix. `Max` for the nearest pattern. `Softmax1`
where a query may match nothing: the weight that is missing from 1 says how little does. Epanechnikov for memories that
keep every pattern exactly and yet make new minima where balls overlap. Linear and polynomial as the older networks had
them.

Strings are shorthand in every ``separation=``: ``"softmax"``, ``"softmax1"``, ``"sparsemax"``, ``"entmax"`` (alpha
1.5), ``"max"``, ``"linear"``, ``"epanechnikov"``.

Sources: Ramsauer et al. 2020 (softmax); Miller 2023, *Attention is off by one*; Martins & Astudillo 2016 (sparsemax);
Peters, Niculae & Martins 2019 (entmax); Santos et al. 2024, *Sparse and structured Hopfield networks* (their energies);
Hoover et al. 2025, *Dense associative memory with Epanechnikov energy*.

Not here: how similar two vectors are, which is the ``similarity`` of a memory.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import ClassVar

from . import _arrays, _core
from .errors import InputTypeError, InvalidInputError

__all__ = [
    "Entmax",
    "Epanechnikov",
    "Linear",
    "Max",
    "Polynomial",
    "Separation",
    "Softmax",
    "Softmax1",
    "Sparsemax",
    "TopK",
]


@dataclass(frozen=True)
class Separation:
    """What all separations are: use one of the others.

    Attributes
    ----------
    name : str
        Its name, which in ``separation=`` is shorthand for it.

    Examples
    --------
    >>> import hopfield as hf
    >>> isinstance(hf.separation.Softmax(), hf.separation.Separation)
    True
    """

    name: ClassVar[str] = ""

    def __post_init__(self) -> None:
        if type(self) is Separation:
            raise InputTypeError("`Separation` is only the base of the others; use one of them, such as Softmax()")
        # The core refuses parameters outside their range.
        self._facts()

    def _facts(self) -> tuple[bool, list[str], list[str]]:
        return _core.separation_facts(for_core(self))

    @property
    def single_pass(self) -> bool:
        """Whether one pass over the memory is enough for every query.

        Examples
        --------
        >>> import hopfield as hf
        >>> hf.separation.Softmax().single_pass, hf.separation.Sparsemax().single_pass
        (True, False)
        """
        return self._facts()[0]

    @property
    def similarities(self) -> tuple[str, ...]:
        """The similarities with which it means something.

        Examples
        --------
        >>> import hopfield as hf
        >>> hf.separation.Linear().similarities
        ('dot', 'cosine')
        """
        return tuple(self._facts()[1])

    @property
    def energies(self) -> tuple[str, ...]:
        """The similarities with which its updates descend an energy.

        Examples
        --------
        >>> import hopfield as hf
        >>> hf.separation.Entmax().energies, hf.separation.Linear().energies
        (('dot', 'euclidean'), ())
        """
        return tuple(self._facts()[2])


@dataclass(frozen=True)
class Softmax(Separation):
    """``exp(z) / sum(exp(z))``: attention (Ramsauer et al. 2020, eq. 3).

    Examples
    --------
    >>> import hopfield as hf
    >>> memory = hf.ModernHopfield([[1.0, 0.0], [0.0, 1.0]], beta=2.0, separation=hf.separation.Softmax())
    >>> memory.association([1.0, 0.0]).round(3).tolist()
    [0.881, 0.119]
    """

    name: ClassVar[str] = "softmax"


@dataclass(frozen=True)
class Softmax1(Separation):
    """Softmax with one pattern more, which retrieves nothing: ``exp(z) / (exp(z0) + sum(exp(z)))`` (Miller 2023).

    The weight of that pattern is what the others lack to 1: it says how little fits.

    Parameters
    ----------
    null_score : float, optional
        The score of nothing, ``z0 / beta``: 0 unless given with dot and cosine; needed with euclidean and manhattan.

    Examples
    --------
    >>> import hopfield as hf
    >>> memory = hf.ModernHopfield([[1.0, 0.0], [0.0, 1.0]], beta=5.0, separation=hf.separation.Softmax1(0.5))
    >>> memory.association([[1.0, 0.0], [-1.0, 0.0]]).sum(axis=1).round(3).tolist()
    [0.925, 0.076]
    """

    null_score: float | None = None
    name: ClassVar[str] = "softmax1"

    def __post_init__(self) -> None:
        if self.null_score is not None:
            object.__setattr__(self, "null_score", _arrays.real("null_score", self.null_score))
        super().__post_init__()


@dataclass(frozen=True)
class Sparsemax(Separation):
    """``max(z - tau, 0)``, the point of the simplex nearest to z (Martins & Astudillo 2016).

    Examples
    --------
    >>> import hopfield as hf
    >>> memory = hf.ModernHopfield([[1.0, 0.0], [0.0, 1.0]], beta=2.0, separation="sparsemax")
    >>> memory.step([0.8, 0.1]).tolist()
    [1.0, 0.0]
    """

    name: ClassVar[str] = "sparsemax"


@dataclass(frozen=True)
class Entmax(Separation):
    """``max((alpha - 1) z - tau, 0) ** (1 / (alpha - 1))`` (Peters, Niculae & Martins 2019).

    Its threshold is exact for an `alpha` of 1.5 and 2, and found by bisection, to the last bit, for others.

    Parameters
    ----------
    alpha : float
        Above 1. Near 1 it is softmax, at 2 sparsemax, beyond sparser still.

    Examples
    --------
    >>> import hopfield as hf
    >>> memory = hf.ModernHopfield([[1.0, 0.0], [0.0, 1.0]], beta=2.0, separation=hf.separation.Entmax(1.5))
    >>> memory.association([0.8, 0.1]).round(3).tolist()
    [0.93, 0.07]
    """

    alpha: float = 1.5
    name: ClassVar[str] = "entmax"

    def __post_init__(self) -> None:
        object.__setattr__(self, "alpha", _arrays.real("alpha", self.alpha))
        super().__post_init__()


@dataclass(frozen=True)
class TopK(Separation):
    """Softmax over the largest scores; of equal ones, those of the lowest index.

    Parameters
    ----------
    count : int
        How many, at least 1; all patterns if there are fewer.

    Examples
    --------
    >>> import hopfield as hf
    >>> memory = hf.ModernHopfield([[1.0], [0.5], [0.25]], beta=1.0, separation=hf.separation.TopK(2))
    >>> memory.association([1.0]).round(3).tolist()
    [0.622, 0.378, 0.0]
    """

    count: int
    name: ClassVar[str] = "top_k"

    def __post_init__(self) -> None:
        object.__setattr__(self, "count", _arrays.count("count", self.count))
        super().__post_init__()


@dataclass(frozen=True)
class Max(Separation):
    """The pattern of the largest score, or the mean of those that share it: the limit of a large `beta`.

    Examples
    --------
    >>> import hopfield as hf
    >>> hf.ModernHopfield([[1.0, 0.0], [0.0, 1.0]], separation="max").step([0.2, 0.1]).tolist()
    [1.0, 0.0]
    """

    name: ClassVar[str] = "max"


@dataclass(frozen=True)
class Linear(Separation):
    """``max(s, 0) / sum(max(s, 0))``. A state without a positive score stays as it is, with reason ``"outside"``.

    Examples
    --------
    >>> import hopfield as hf
    >>> hf.ModernHopfield([[1.0, 0.0], [0.0, 1.0]], separation="linear").association([3.0, 1.0]).tolist()
    [0.75, 0.25]
    """

    name: ClassVar[str] = "linear"


@dataclass(frozen=True)
class Polynomial(Separation):
    """``max(s, 0) ** degree / sum(max(s, 0) ** degree)``. A state without a positive score stays as it is.

    Parameters
    ----------
    degree : int
        From 1, which is `Linear`, to 64.

    Examples
    --------
    >>> import hopfield as hf
    >>> memory = hf.ModernHopfield([[1.0, 0.0], [0.0, 1.0]], separation=hf.separation.Polynomial(2))
    >>> memory.association([3.0, 1.0]).tolist()
    [0.9, 0.1]
    """

    degree: int
    name: ClassVar[str] = "polynomial"

    def __post_init__(self) -> None:
        object.__setattr__(self, "degree", _arrays.count("degree", self.degree))
        super().__post_init__()


@dataclass(frozen=True)
class Epanechnikov(Separation):
    """Equal weights within a ball of radius ``sqrt(2 / beta)``: an update is the centroid of the patterns in it.

    A state with none in its ball stays as it is, with reason ``"outside"`` (Hoover et al. 2025).

    Parameters
    ----------
    epsilon : float
        Added to the sum in the energy, zero or positive. At 0 the energy is infinite outside of all balls.

    Examples
    --------
    >>> import hopfield as hf
    >>> kernel = hf.separation.Epanechnikov()
    >>> memory = hf.ModernHopfield([[0.0], [1.0], [5.0]], beta=0.5, similarity="euclidean", separation=kernel)
    >>> memory.step([[0.4], [4.0], [9.0]]).ravel().tolist()
    [0.5, 5.0, 9.0]
    """

    epsilon: float = 0.0
    name: ClassVar[str] = "epanechnikov"

    def __post_init__(self) -> None:
        object.__setattr__(self, "epsilon", _arrays.real("epsilon", self.epsilon))
        super().__post_init__()


#: The separations by their names.
NAMED: dict[str, type[Separation]] = {
    each.name: each for each in (Softmax, Softmax1, Sparsemax, Entmax, TopK, Max, Linear, Polynomial, Epanechnikov)
}

#: How a state can be compared with a pattern.
SIMILARITIES = ("dot", "cosine", "euclidean", "manhattan")


def parsed(separation: str | Separation, similarity: str = "dot") -> Separation:
    """The separation, which may be given by name, if it means something with the similarity."""
    if isinstance(separation, str):
        found = NAMED.get(separation)
        if found is None:
            names = ", ".join(map(repr, NAMED))
            raise InvalidInputError(f"`separation` must be one of {names}; got {separation!r}")
        if found in (TopK, Polynomial):
            (parameter,) = fields(found)
            raise InvalidInputError(
                f"`separation` {separation!r} needs its {parameter.name}: give hopfield.separation.{found.__name__}(8)"
            )
        separation = found()
    if not isinstance(separation, Separation):
        raise InputTypeError(
            f"`separation` must be a name or a value of hopfield.separation, such as Softmax(); got {separation!r}"
        )
    _core.check_family(for_core(separation), _arrays.one_of("similarity", similarity, SIMILARITIES))
    return separation


def for_core(separation: Separation) -> tuple[str, float | None]:
    """Its name and its parameter, as the core takes them."""
    parameters = [getattr(separation, field.name) for field in fields(separation)]
    parameter = parameters[0] if parameters else None
    return separation.name, None if parameter is None else float(parameter)
