"""Learning rules: how a network of ±1 neurons makes weights of patterns.

A rule is a small value with its choices by name; a string, such as ``"storkey"``, is shorthand for one with its
defaults. `ClassicalHopfield` takes either. Letters: `k` patterns `x`, the rows of `X`, of `n` neurons each; weights
`W`, and fields ``h = W @ x + b``. ``W[i, i] = 0`` unless said otherwise.

Which to use: `Hebbian` forms no weights and goes to millions of neurons, but its memories drown each other beyond
``0.138 * n`` random ones, or earlier where patterns resemble each other. `Storkey` learns one pattern at a time and
holds more. `PseudoInverse` makes any linearly independent patterns fixed points, correlated ones too. `Perceptron`
finds weights for whatever patterns have any, with a margin if that is asked for.

Weights are kept as whole multiples of a unit near the rounding errors of the rule itself. Fields are then exact sums,
whatever has happened before, and ties are real ties.

Examples
--------
>>> import numpy as np
>>> import hopfield as hf
>>> patterns = hf.spins(np.random.default_rng(0).random((30, 100)) < 0.5)
>>> for rule in ["hebbian", "storkey", "pseudo_inverse", hf.rules.Perceptron(margin=1.0)]:
...     net = hf.ClassicalHopfield(patterns, rule=rule)
...     print(net.is_fixed_point(patterns).mean().round(2))
0.03
1.0
1.0
1.0
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, TypeAlias

from . import _arrays
from .errors import InputTypeError, InvalidInputError

__all__ = ["Hebbian", "Learning", "Perceptron", "PseudoInverse", "Rule", "Storkey"]


def _flag(name: str, value: object) -> None:
    if not isinstance(value, bool):
        raise InputTypeError(f"`{name}` must be True or False; got {value!r}")


@dataclass(frozen=True, slots=True)
class Hebbian:
    """``W = c * sum(outer(x, x))`` over the patterns, with the factor that `normalization` names.

    Hopfield 1982, eq. 2; the factor is an argument of `ClassicalHopfield`.

    Examples
    --------
    >>> import hopfield as hf
    >>> hf.ClassicalHopfield([1, -1], rule=hf.rules.Hebbian()).weight_matrix.tolist()
    [[0.0, -0.5], [-0.5, 0.0]]
    """

    name: ClassVar[str] = "hebbian"


@dataclass(frozen=True, slots=True)
class Storkey:
    """Pattern by pattern, ``W[i, j] += (x[i] * x[j] - x[i] * h[j, i] - h[i, j] * x[j]) / n`` (Storkey 1997).

    Here ``h[i, j]`` is the field of neuron `i` without the shares of `i` and `j`, and all of it is that of the weights
    before the pattern. The order of patterns matters. `store` goes on from the weights that there are; `forget` learns
    the remaining patterns anew, in their order. About ``n / sqrt(2 * log(n))`` random patterns can be stored.

    Examples
    --------
    The first pattern is stored as Hebb's rule would:

    >>> import hopfield as hf
    >>> hf.ClassicalHopfield([1, -1], rule="storkey").weight_matrix.tolist()
    [[0.0, -0.5], [-0.5, 0.0]]
    """

    name: ClassVar[str] = "storkey"


@dataclass(frozen=True, slots=True)
class PseudoInverse:
    """``W = X.T @ inv(X @ X.T) @ X``, the projection onto the patterns (Personnaz, Guyon & Dreyfus 1986).

    Patterns must be linearly independent, so there are at most `n` of them; all of them are fixed points, however much
    they resemble each other (with a bias, only those that it does not outweigh). `store` and `forget` learn all
    patterns anew.

    Parameters
    ----------
    zero_diagonal : bool
        Whether ``W[i, i]`` is set to 0 (Kanter & Sompolinsky 1987), which makes basins of attraction much wider. A
        neuron that only its own weight spoke for then has no field, and keeps its value with ``tie="keep"``. Kept
        weights are at least 0, so the energy of asynchronous updates still never rises.
    implicit : bool, optional
        Whether to keep an orthonormal basis of the patterns, shape (k, n), and never weights of shape (n, n). A visit
        and a flip then cost `k` multiply-adds, instead of 1 and `n`. Unless given, where ``4 * k <= n``.

    Examples
    --------
    >>> import hopfield as hf
    >>> rule = hf.rules.PseudoInverse(zero_diagonal=False)
    >>> hf.ClassicalHopfield([[1, 1, 1, 1], [1, 1, 1, -1]], rule=rule).weight_matrix.round(3).tolist()[3]
    [0.0, 0.0, 0.0, 1.0]
    """

    name: ClassVar[str] = "pseudo_inverse"
    zero_diagonal: bool = True
    implicit: bool | None = None

    def __post_init__(self) -> None:
        _flag("zero_diagonal", self.zero_diagonal)
        if self.implicit is not None:
            _flag("implicit", self.implicit)


@dataclass(frozen=True, slots=True)
class Perceptron:
    """Corrections, epoch by epoch, until every pattern is stable with a margin (Gardner 1988; Diederich & Opper 1987).

    From weights of 0, wherever ``x[i] * h[i]`` is not positive, or less than ``margin`` times the length of ``W[i]``,
    ``W[i, j] += x[i] * x[j] / n``. An epoch shows all patterns, in their order; learning ends after one without a
    correction. That comes if there are weights of a larger margin; else learning gives up after `max_epochs`, which
    `ClassicalHopfield.learning` says. The bias takes part in the field. `store` and `forget` learn all patterns anew.

    Parameters
    ----------
    margin : float
        The stability ``x[i] * h[i] / norm(W[i])`` that every neuron of every pattern shall have, at least 0. The
        largest that random patterns have is that of `hopfield.capacity.gardner`.
    symmetric : bool
        Whether ``W`` shall be symmetric, and so have an energy. All neurons of a pattern are then judged at once, and
        with ``e[i] = 1`` for those that want a correction, ``W[i, j] += (e[i] + e[j]) * x[i] * x[j] / n``. Otherwise
        every neuron learns by itself, and the network has no energy: asking for it is an error, a retrieval reports
        NaN, and synchronous updates can end in cycles of any length.
    max_epochs : int
        Epochs at most.

    Examples
    --------
    >>> import numpy as np
    >>> import hopfield as hf
    >>> patterns = hf.spins(np.random.default_rng(0).random((100, 100)) < 0.5)
    >>> hf.ClassicalHopfield(patterns, rule="perceptron").is_fixed_point(patterns).all().item()
    True
    """

    name: ClassVar[str] = "perceptron"
    margin: float = 0.0
    symmetric: bool = False
    max_epochs: int = 1000

    def __post_init__(self) -> None:
        margin = _arrays.real("margin", self.margin)
        if not 0 <= margin < float("inf"):
            raise InvalidInputError(f"`margin` must be at least 0 and finite; got {margin:g}")
        object.__setattr__(self, "margin", margin)
        _flag("symmetric", self.symmetric)
        object.__setattr__(self, "max_epochs", min(_arrays.count("max_epochs", self.max_epochs), 2**32 - 1))


Rule: TypeAlias = Hebbian | Storkey | PseudoInverse | Perceptron

#: Rules with their defaults, by name.
NAMED: dict[str, Rule] = {rule.name: rule for rule in (Hebbian(), Storkey(), PseudoInverse(), Perceptron())}


@dataclass(frozen=True, slots=True)
class Learning:
    """How well a network has learnt its patterns.

    Attributes
    ----------
    rule : Hebbian, Storkey, PseudoInverse or Perceptron
        The rule.
    converged : bool
        Whether every pattern has the margin that was asked for; True of rules that ask for none.
    n_epochs : int or None
        Epochs that the slowest neuron took, the one without corrections included; None of rules without epochs.
    margin : float
        The least stability ``x[i] * h[i] / norm(W[i])`` over all patterns and neurons. If it is positive, all patterns
        are fixed points, and the larger it is the more of a pattern may be spoiled, about.

    Examples
    --------
    >>> import hopfield as hf
    >>> net = hf.ClassicalHopfield([[1, 1, 1, -1], [1, -1, 1, 1]], rule=hf.rules.Perceptron(margin=9.0, max_epochs=50))
    >>> net.learning.converged, net.learning.n_epochs
    (False, 50)
    """

    rule: Rule
    converged: bool
    n_epochs: int | None
    margin: float


def rule_of(value: object) -> Rule:
    """A rule, given as such or by name."""
    if isinstance(value, Hebbian | Storkey | PseudoInverse | Perceptron):
        return value
    if not isinstance(value, str):
        raise InputTypeError(f"`rule` must be a name, or a rule of hopfield.rules; got {value!r}")
    if value not in NAMED:
        raise InvalidInputError(f"`rule` must be one of {', '.join(map(repr, NAMED))}; got {value!r}")
    return NAMED[value]
