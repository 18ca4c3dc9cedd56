"""Dense associative memories of ±1 neurons (Krotov & Hopfield, *NIPS* 2016; Demircigil et al., *J. Stat. Phys.* 168,
2017).

Letters: `k` stored patterns and `m` cues of `n` neurons each, and the function `F` that makes an energy
``E = -F(patterns @ x).sum()`` of overlaps. Patterns are kept as bits, overlaps as integers; there is no weight matrix.

Not here: how much such a memory holds, which is in `hopfield.capacity`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from . import _arrays, _core
from ._binary import BinaryNetwork, each

__all__ = ["DenseAssociativeMemory"]


class DenseAssociativeMemory(BinaryNetwork):
    """A memory of ±1 neurons that recalls many more patterns than it has neurons (Krotov & Hopfield 2016).

    Parameters
    ----------
    patterns : array_like of -1 and +1, shape (k, n) or (n,)
        What to store. The memory keeps them as bits, a copy of its own.
    interaction : {"polynomial", "rectified", "exponential"}
        The function `F` of an overlap `z`: ``z**degree``; the same for positive `z` and else 0; or ``exp(z)``
        (Demircigil et al. 2017).
    degree : int
        Of the polynomials, from 1 to 1000; ``exp`` has none. With 2 the memory is the Hebbian network, step for step.
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
    The energy is ``E = -F(patterns @ x).sum() - b @ x`` and the field of a neuron half of what its energy at -1 is
    above that at +1: an update takes its sign, the external field `b` of a retrieval adds to it, and a temperature
    has its units. With ``degree=2`` energies and fields are twice those of `ClassicalHopfield` with
    ``normalization="none"``, but for a constant. With ``"exponential"`` the energy is
    ``E = -log(exp(patterns @ x).sum()) - b @ x`` instead, which falls where the sum rises and fits a float64; fields
    without `b` are then from -1 to 1, and at a temperature of 1 states come up in proportion to the sum.

    Synchronous updates can end in cycles of any length; a cycle is noticed when a state comes back that was there two
    steps ago, or after 0, 1, 3, 7, ... steps.

    Signs, ties and fixed points are exact for every interaction and degree. About ``n**(degree - 1)`` patterns can be
    stored, with "exponential" a number that grows exponentially with `n`: see `hopfield.capacity.krotov_hopfield` and
    `hopfield.capacity.demircigil`. Odd degrees tell a pattern from its negative; even ones store both.

    Examples
    --------
    A thousand patterns in a hundred neurons, ten times as many as there are neurons:

    >>> import numpy as np
    >>> import hopfield as hf
    >>> patterns = hf.spins(np.random.default_rng(0).random((1000, 100)) < 0.5)
    >>> net = hf.DenseAssociativeMemory(patterns, interaction="exponential")
    >>> found = net.retrieve(hf.corrupt.flip(patterns[3], 0.2, rng=1))
    >>> found.outcome, found.pattern, found.converged
    ('memory', 3, True)
    """

    __slots__ = ()

    _core: _core.DenseAssociativeMemory

    def __init__(
        self,
        patterns: npt.ArrayLike,
        *,
        interaction: str = "polynomial",
        degree: int = 3,
        tie: str = "keep",
    ) -> None:
        self._core = _core.DenseAssociativeMemory(
            _arrays.name("interaction", interaction), _arrays.count("degree", degree), _arrays.name("tie", tie)
        )
        self.store(patterns)

    def energy(self, states: npt.ArrayLike) -> Any:
        """The energy of each state: ``-F(patterns @ x).sum()``, or the negative logarithm of the sum for "exponential".

        Of polynomials it is the exact value rounded once, infinite beyond float64.

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
        >>> states = [[1, 1, -1, 1], [1, 1, 1, 1]]
        >>> hf.DenseAssociativeMemory([1, 1, -1, 1]).energy(states).tolist()
        [-64.0, -8.0]
        >>> hf.DenseAssociativeMemory([1, 1, -1, 1], interaction="exponential").energy(states).tolist()
        [-4.0, -2.0]
        """
        energies = each(self._core.energy, states)
        return energies if energies.ndim else energies.item()

    def field(self, states: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """The field of each neuron: half of what the energy with it at -1 is above that with it at +1.

        Of polynomials it is the exact value rounded once, infinite beyond float64.

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
        >>> hf.DenseAssociativeMemory([1, 1, -1, 1]).field([1, 1, 1, 1]).tolist()
        [4.0, 4.0, -28.0, 4.0]
        """
        return each(self._core.field, states)
