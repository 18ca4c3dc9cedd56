"""What all Hopfield layers share: parameters by name, a call of the core, and the way back."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from .. import _arrays, _core, _random
from .._arrays import Array
from .._random import Rng
from ..errors import InputTypeError, InvalidInputError
from . import _files, _parameters
from ._results import AssociationInfo, LayerGradients
from ._settings import Settings

#: Takes the gradient with respect to the output, gives those with respect to all that went in.
Pullback: TypeAlias = Callable[[npt.ArrayLike], LayerGradients]

#: How a gradient gets through the updates.
GRADIENTS = ("unrolled", "implicit")


class Masks(NamedTuple):
    """What states may not see, as it came."""

    stored: npt.ArrayLike | None
    association: npt.ArrayLike | None


@dataclass(frozen=True, slots=True)
class Arrays:
    """What the core is called with: samples first."""

    state: Array
    stored: Array
    #: None where the values are made of the stored patterns.
    projection: Array | None = None
    #: Bags one after the other in a single sample.
    lengths: list[int] | None = None


class Layer:
    """The base of the layers: not one by itself."""

    _settings: Settings
    _values: dict[str, Array]
    _frozen: frozenset[str]
    _prefix = ""
    #: Which states look into which stored patterns, for the core.
    _kind = "association"

    def _begin(
        self, settings: Settings, extra: _parameters.Shapes, frozen: frozenset[str], rng: Rng, dtype: npt.DTypeLike
    ) -> None:
        """Draw initial parameters: those of the association, after `extra` ones of the layer itself."""
        try:
            kind = np.dtype(dtype)
        except TypeError:
            kind = np.dtype(object)
        if kind not in (np.dtype(np.float32), np.dtype(np.float64)):
            raise InvalidInputError(f"`dtype` must be float32 or float64; got {dtype!r}")
        self._settings = settings
        self._frozen = frozen
        self._dtype = kind
        association = _parameters.shapes(settings)
        self._shapes = {**extra, **{self._prefix + name: shape for name, shape in association.items()}}
        self._values = _parameters.initial(self._shapes, _random.generator(rng), kind)
        # Refuses an activation that is none, now and not in the first call.
        _core.Layer(settings.core((1, 1), self._kind))

    # ---- parameters

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of the parameters, in which everything is computed."""
        return self._dtype

    @property
    def parameters(self) -> dict[str, Array]:
        """The trainable parameters by name: the arrays themselves, which a training step may change in place."""
        return {name: array for name, array in self._values.items() if name not in self._frozen}

    def state_dict(self) -> dict[str, Array]:
        """Copies of all parameters, by their published names.

        Returns
        -------
        dict of str to ndarray
            As the published layer's ``state_dict()``, so that weights can be moved there and back.

        Examples
        --------
        >>> import hopfield as hf
        >>> {name: array.shape for name, array in hf.layers.Hopfield(6, input_bias=False).state_dict().items()}
        {'association_core.in_proj_weight': (18, 6), 'association_core.out_proj.weight': (6, 6),
        'norm_stored_pattern.weight': (6,), 'norm_stored_pattern.bias': (6,), 'norm_state_pattern.weight': (6,),
        'norm_state_pattern.bias': (6,), 'norm_pattern_projection.weight': (6,), 'norm_pattern_projection.bias': (6,)}
        """
        return {name: array.copy() for name, array in self._values.items()}

    def load_state_dict(self, state_dict: Mapping[str, npt.ArrayLike]) -> None:
        """Take parameters from arrays, and compute in their dtype from now on.

        Parameters
        ----------
        state_dict : mapping of str to array_like
            One array for each name of `state_dict()`, of the same shape; they are copied.

        Raises
        ------
        InvalidInputError
            Names that are missing or unexpected, shapes that do not fit, NaN or infinity: all of them at once, and
            nothing is changed.

        Examples
        --------
        >>> import hopfield as hf
        >>> first, second = hf.layers.Hopfield(6, rng=1), hf.layers.Hopfield(6, rng=2)
        >>> second.load_state_dict(first.state_dict())
        """
        self._values = _parameters.checked(self._shapes, state_dict, self._dtype)
        for array in self._values.values():
            self._dtype = array.dtype

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write all parameters to a ``.npz`` or ``.safetensors`` file.

        Parameters
        ----------
        path : path
            Its ending says which. The second needs the package ``safetensors``, which the extra ``safetensors`` brings.

        Raises
        ------
        InvalidInputError
            Another ending.
        MissingExtraError
            ``safetensors`` is not installed.

        Examples
        --------
        >>> import hopfield as hf
        >>> layer = hf.layers.Hopfield(6)
        >>> layer.save("layer.npz")
        >>> hf.layers.Hopfield(6, rng=1).load("layer.npz")
        """
        _files.write(path, self.state_dict())

    def load(self, path: str | os.PathLike[str]) -> None:
        """Take all parameters from a ``.npz`` or ``.safetensors`` file, as `load_state_dict` does.

        Parameters
        ----------
        path : path
            A file of `save`, or of the published layer's state dict. It holds no hyper-parameters: heads, scaling,
            steps and static patterns are those of this layer.

        Examples
        --------
        >>> import hopfield as hf
        >>> layer = hf.layers.Hopfield(6)
        >>> layer.save("layer.npz")
        >>> layer.load("layer.npz")
        """
        self.load_state_dict(_files.read(path))

    # ---- the core

    def _widths(self, arrays: Arrays) -> tuple[int, int]:
        """Entries of a state and of a value in Hopfield space; those of the input where nothing else says."""
        values = arrays.stored if arrays.projection is None else arrays.projection
        hidden, pattern = self._settings.hidden, self._settings.pattern
        return hidden or arrays.state.shape[2], pattern or values.shape[2]

    def _run(
        self,
        arrays: Arrays,
        masks: Masks,
        *,
        training: bool,
        rng: Rng,
        association: bool = False,
        through: str | None = None,
    ) -> tuple[dict[str, Any], _core.Tape | None]:
        """Call the core; `rng` matters for training with dropout alone."""
        settings = self._settings
        core = _core.Layer(settings.core(self._widths(arrays), self._kind))
        seed = _random.seed(rng) if training and settings.dropout > 0 else None
        return core.forward(
            _parameters.pieces(settings, self._values, self._prefix),
            arrays.state,
            arrays.stored,
            arrays.projection,
            arrays.lengths,
            self._padding(masks.stored),
            self._association_mask(masks.association),
            seed,
            through,
            association,
        )

    def _info(self, found: dict[str, Any]) -> AssociationInfo:
        return AssociationInfo(found["energy"], found["steps"], found["converged"], found["association"])

    # ---- arrays on the way in and out

    def _samples(self, name: str, values: npt.ArrayLike) -> Array:
        """`(B, L, D)` in the layer's dtype, samples first."""
        given = _arrays.array(name, values)
        if given.ndim != 3:
            axes = "(B, L, D)" if self._settings.batch_first else "(L, B, D)"
            raise InvalidInputError(f"`{name}` must have three axes, {axes}; got shape {given.shape}")
        if not self._settings.batch_first:
            given = given.swapaxes(0, 1)
        return self._readable(name, given)

    def _readable(self, name: str, given: Array) -> Array:
        result = _arrays.readable(given, self._dtype)
        _arrays.check_fit(name, given.reshape(-1, given.shape[-1]), result.reshape(-1, given.shape[-1]))
        return result

    def _as_given(self, result: Array) -> Array:
        """A `(B, L, D)` array with its axes as the caller has them."""
        return result if self._settings.batch_first else result.swapaxes(0, 1)

    def _padding(self, mask: npt.ArrayLike | None) -> Array | None:
        """True takes part, for the core."""
        if mask is None:
            return None
        name = "stored_pattern_padding_mask"
        excluded = _arrays.array(name, mask)
        if excluded.dtype.kind != "b":
            raise InputTypeError(f"`{name}` must hold booleans, True for padding; got dtype {excluded.dtype}")
        if excluded.ndim != 2:
            raise InvalidInputError(f"`{name}` must have shape (B, S); got {excluded.shape}")
        return ~_arrays.readable(excluded, np.dtype(bool))

    def _association_mask(self, mask: npt.ArrayLike | None) -> Array | None:
        """Three axes: True takes part, or numbers to add."""
        if mask is None:
            return None
        name = "association_mask"
        given = _arrays.array(name, mask)
        if given.ndim not in {2, 3}:
            raise InvalidInputError(f"`{name}` must have shape (L, S) or (B * H, L, S); got {given.shape}")
        if given.ndim == 2:
            given = given[np.newaxis]
        if given.dtype.kind == "b":
            return ~_arrays.readable(given, np.dtype(bool))
        if given.dtype.kind != "f":
            raise InputTypeError(f"`{name}` must hold booleans, or floats to add; got dtype {given.dtype}")
        if np.isnan(given).any() or (given == np.inf).any():
            raise InvalidInputError(f"`{name}` must hold finite numbers or -inf")
        return _arrays.readable(given, self._dtype)

    def _pulled(self, tape: _core.Tape, gradient: Array) -> tuple[dict[str, Any], dict[str, Array]]:
        """The core's gradients, and those of the association's parameters by their published names."""
        found = tape.pull(gradient)
        named = _parameters.assembled(self._settings, self._values, self._prefix, found)
        return found, {name: array for name, array in named.items() if name not in self._frozen}


def through(gradient: str) -> str:
    """The name of a way back."""
    return _arrays.one_of("gradient", gradient, GRADIENTS)


def wants(return_info: bool | str) -> tuple[bool, bool]:
    """Whether information is wanted, and the association matrix with it."""
    if isinstance(return_info, bool):
        return return_info, False
    _arrays.one_of("return_info", return_info, ("association",))
    return True, True
