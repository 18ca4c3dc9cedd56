"""What layers return beside their output: how the association went, and gradients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .._arrays import Array

__all__ = ["AssociationInfo", "LayerGradients"]


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class AssociationInfo:
    """How the states of a layer's call went, for `B` samples, `H` heads and `L` states.

    Attributes
    ----------
    energy : ndarray of float64, shape (B, H, L)
        ``-log(sum(exp(z))) / beta + q.q / 2`` of the states that read the values out, with ``z`` their exponents, masks
        included (Ramsauer et al. 2020, eq. 2, without its constants). NaN at ``beta = 0`` and for separations other
        than softmax; infinite where no stored pattern may be seen.
    steps : ndarray of int64, shape (B, H, L)
        Updates before the values were read out, `update_steps_max` at most (1000 for None).
    converged : ndarray of bool, shape (B, H, L)
        Whether the last update moved the state by no more than `update_steps_eps`; False without updates.
    association : ndarray, shape (B, H, L, S), or None
        The weight of each stored pattern, before dropout; None unless asked for.

    Examples
    --------
    >>> import numpy as np
    >>> import hopfield as hf
    >>> layer = hf.layers.Hopfield(4, update_steps_max=3)
    >>> output, info = layer(np.ones((1, 2, 4)), return_info=True)
    >>> info
    AssociationInfo(heads 1, states (1, 2), converged 100%)
    """

    energy: npt.NDArray[np.float64]
    steps: npt.NDArray[np.int64]
    converged: npt.NDArray[np.bool_]
    association: Array | None

    def __repr__(self) -> str:
        batch, heads, states = self.energy.shape
        said = f", converged {np.mean(self.converged):.0%}" if self.converged.size else ""
        return f"AssociationInfo(heads {heads}, states {(batch, states)}{said})"


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class LayerGradients:
    """Gradients of a loss, each of the shape of what it belongs to.

    Attributes
    ----------
    parameters : dict of str to ndarray
        With respect to the trainable parameters, by their names in the state dict.
    input : ndarray or tuple of ndarray
        With respect to what the layer was called with, an array or a tuple as it was.
    scaling : ndarray of float64, shape (H,)
        With respect to the inverse temperature of each head.

    Examples
    --------
    >>> import numpy as np
    >>> import hopfield as hf
    >>> layer = hf.layers.Hopfield(4)
    >>> output, pullback = layer.vjp(np.eye(4)[None])
    >>> pullback(np.ones_like(output))
    LayerGradients(10 parameters, input (1, 4, 4))
    """

    parameters: dict[str, Array]
    input: Any
    scaling: npt.NDArray[np.float64]

    def __repr__(self) -> str:
        shape = tuple(part.shape for part in self.input) if isinstance(self.input, tuple) else self.input.shape
        return f"LayerGradients({len(self.parameters)} parameters, input {shape})"
