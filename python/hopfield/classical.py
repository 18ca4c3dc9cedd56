"""The classical network of ±1 neurons (Hopfield, *PNAS* 79, 1982).

Letters: `k` stored patterns and `m` cues of `n` neurons each. Weights are ``W = c * sum(outer(x, x))`` over the
patterns, with ``W[i, i] = 0``, or what another of `hopfield.rules` makes of them; the field is ``h = W @ x + b`` and
the energy ``E = -x @ W @ x / 2 - b @ x``. Patterns are kept as bits and fields computed as exact integers; Hebb's `W`
is never formed unless `weight_matrix` asks for it.

Not here: gradients, and patterns of 0 and 1 as such.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
import numpy.typing as npt

from . import _arrays, _core
from ._binary import BinaryNetwork, each
from .errors import InvalidInputError
from .rules import Learning, Rule, rule_of

__all__ = ["ClassicalHopfield"]


class ClassicalHopfield(BinaryNetwork):
    """A network of ±1 neurons that recalls the patterns stored in it (Hopfield 1982).

    Parameters
    ----------
    patterns : array_like of -1 and +1, shape (k, n) or (n,), optional
        Stored at once, as `store` would. The network keeps them as bits, a copy of its own.
    n_neurons : int, optional
        The number of neurons, if it shall not follow from the first patterns.
    rule : {"hebbian", "storkey", "pseudo_inverse", "perceptron"} or a rule of `hopfield.rules`
        How patterns become weights; a name stands for the rule with its defaults.
    normalization : {"neurons", "patterns", "none"}
        The factor of the Hebbian sum: ``1 / n``, ``1 / k`` or 1. It scales energies and fields; without a
        bias it changes no retrieval. Other rules have no such factor.
    bias : float or array_like, shape (n,), optional
        The constant part of every neuron's field, in the units of the field; 0 unless given.
    threshold : float or array_like, shape (n,), optional
        The same with the other sign: give one or the other. One visit of a neuron with a threshold is a
        McCulloch-Pitts unit; see the last example.
    tie : {"keep", "plus", "minus", "random"}
        What an update does where the field is exactly 0: leave the neuron as it is (an unknown one becomes
        +1), set it to +1 or -1, or toss a coin.

    Raises
    ------
    InvalidInputError
        A shape, value or name that does not fit; the message says which and why.
    InputTypeError
        Masked, complex or object arrays, and booleans (use `hopfield.spins`).

    Notes
    -----
    Fields, ties and fixed points are decided in integers, a real bias included; energies and fields are
    reported as the exact value rounded once. About ``n / (4 log n)`` random patterns can be stored so that
    all are fixed points (McEliece et al. 1987).

    Synchronous updates of four cues and more at once make a table of all patterns' bits, of twice the memory
    of the network, where the processor has AVX-512. Up to 64 MiB it is kept until other patterns are stored.

    Examples
    --------
    >>> import numpy as np
    >>> import hopfield as hf
    >>> patterns = hf.spins(np.random.default_rng(0).random((5, 100)) < 0.5)
    >>> net = hf.ClassicalHopfield(patterns)
    >>> found = net.retrieve(hf.corrupt.flip(patterns[3], 0.2, rng=1))
    >>> found.outcome, found.pattern, found.converged
    ('memory', 3, True)

    AND is a neuron that two others excite, with a threshold that one of them does not reach:

    >>> gate = hf.ClassicalHopfield([1, 1, 1], normalization="none", threshold=[0, 0, 1])
    >>> inputs = [[-1, -1, 0], [-1, 1, 0], [1, -1, 0], [1, 1, 0]]
    >>> gate.retrieve(inputs, known=[True, True, False], clamp=True).states[:, 2].tolist()
    [-1, -1, -1, 1]
    """

    __slots__ = ("_rule",)

    _core: _core.ClassicalHopfield

    def __init__(
        self,
        patterns: npt.ArrayLike | None = None,
        *,
        n_neurons: int | None = None,
        rule: str | Rule = "hebbian",
        normalization: str = "neurons",
        bias: npt.ArrayLike | None = None,
        threshold: npt.ArrayLike | None = None,
        tie: str = "keep",
    ) -> None:
        if bias is not None and threshold is not None:
            raise InvalidInputError(
                "`bias` and `threshold` are the same thing with opposite signs: give one or the other"
            )
        self._rule = rule_of(rule)
        self._core = _core.ClassicalHopfield(
            None if n_neurons is None else _arrays.count("n_neurons", n_neurons),
            {"name": self._rule.name, **asdict(self._rule)},
            _arrays.name("normalization", normalization),
            bias_of("bias", bias) if threshold is None else bias_of("threshold", threshold),
            threshold is not None,
            _arrays.name("tie", tie),
        )
        if patterns is not None:
            self.store(patterns)

    @property
    def rule(self) -> Rule:
        """The learning rule.

        Examples
        --------
        >>> import hopfield as hf
        >>> hf.ClassicalHopfield(rule="perceptron").rule
        Perceptron(margin=0.0, symmetric=False, max_epochs=1000)
        """
        return self._rule

    @property
    def learning(self) -> Learning:
        """How well the patterns were learnt; worked out for this call, with a look at all patterns and weights.

        Raises
        ------
        InvalidInputError
            If the network stores no patterns.

        Examples
        --------
        >>> import hopfield as hf
        >>> hf.ClassicalHopfield([[1, 1, 1, 1], [1, 1, -1, -1]]).learning
        Learning(rule=Hebbian(), converged=True, n_epochs=None, margin=1.0)
        """
        converged, n_epochs, margin = self._core.learning()
        return Learning(self._rule, converged, n_epochs, margin)

    def __repr__(self) -> str:
        said = "" if self._core.has_converged else ", learning did not converge"
        rule = "" if self._rule.name == "hebbian" else f", {self._rule.name}"
        return f"{super().__repr__()[:-1]}{rule}{said})"

    @property
    def weight_matrix(self) -> npt.NDArray[np.float64]:
        """The weights `W`, shape (n, n), made for this call; ``W[i, j]`` is by how much `j` moves `i`.

        Examples
        --------
        >>> import hopfield as hf
        >>> hf.ClassicalHopfield([1, -1], normalization="none").weight_matrix.tolist()
        [[0.0, -1.0], [-1.0, 0.0]]
        """
        return self._core.weight_matrix()

    def energy(self, states: npt.ArrayLike) -> Any:
        """The energy of each state, ``-x @ W @ x / 2 - b @ x`` (Hopfield 1982, eq. 7), rounded once.

        Parameters
        ----------
        states : array_like of -1 and +1, shape (m, n) or (n,)
            One state a row.

        Returns
        -------
        ndarray of float64, shape (m,), or float

        Examples
        --------
        >>> import hopfield as hf
        >>> net = hf.ClassicalHopfield([1, 1, -1, 1])
        >>> net.energy([[1, 1, -1, 1], [1, 1, 1, 1]]).tolist()
        [-1.5, 0.0]
        """
        energies = each(self._core.energy, states)
        return energies if energies.ndim else energies.item()

    def field(self, states: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """The field of each neuron, ``W @ x + b``, rounded once.

        Parameters
        ----------
        states : array_like of -1 and +1, shape (m, n) or (n,)
            One state a row.

        Returns
        -------
        ndarray of float64, shape (m, n) or (n,)

        Examples
        --------
        >>> import hopfield as hf
        >>> hf.ClassicalHopfield([1, 1, -1, 1]).field([1, 1, 1, 1]).tolist()
        [0.25, 0.25, -0.75, 0.25]
        """
        return each(self._core.field, states)


def bias_of(name: str, values: npt.ArrayLike | None) -> float | npt.NDArray[np.float64] | None:
    """One number, or one for each neuron."""
    if values is None:
        return None
    given = _arrays.array(name, values)
    if given.ndim > 1:
        raise InvalidInputError(f"`{name}` must be one number, or one for each neuron; got shape {given.shape}")
    wrong = ~np.isfinite(given)
    if wrong.any():
        place = f" for neuron {int(wrong.argmax())}" if given.ndim else ""
        raise InvalidInputError(f"`{name}` must be finite; got {given[wrong][0]}{place}")
    return float(given) if given.ndim == 0 else np.require(given, np.float64, ["C", "A"])
