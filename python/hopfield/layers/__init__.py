"""Hopfield layers: differentiable associations with the interface of the published PyTorch layers, in NumPy.

- `Hopfield` associates states with stored patterns: attention, and more;
- `HopfieldPooling` reduces a bag of instances by states that it learns;
- `HopfieldLayer` looks states up among patterns that it learns;
- `HopfieldNetwork` lets states settle among patterns that it learns, or is given;
- `HiddenStateAttention` is self-attention whose exponents carry over from layer to layer; `hidden_state_attention` is
the
  function in it.

A layer is called with arrays; its `vjp` gives the output and a function that takes the gradient with respect to the
output back to every parameter and input. Parameters have the published names (`state_dict`, `load_state_dict`). The
published encoder and decoder layers are not part of this package.

Examples
--------
>>> import numpy as np
>>> import hopfield as hf
>>> bags = np.random.default_rng(0).standard_normal((5, 20, 8))
>>> hf.layers.HopfieldPooling(8)(bags).shape
(5, 8)
"""

from __future__ import annotations

from ._hidden_state import HiddenStateAttention, HiddenStateGradients, hidden_state_attention
from ._hopfield import Hopfield
from ._lookup import HopfieldLayer
from ._network import HopfieldNetwork
from ._pooling import HopfieldPooling
from ._results import AssociationInfo, LayerGradients

__all__ = [
    "AssociationInfo",
    "HiddenStateAttention",
    "HiddenStateGradients",
    "Hopfield",
    "HopfieldLayer",
    "HopfieldNetwork",
    "HopfieldPooling",
    "LayerGradients",
    "hidden_state_attention",
]
