"""`HopfieldLayer`: states are looked up among stored patterns that the layer learns."""

from __future__ import annotations

from typing import Literal, Unpack, overload

import numpy as np
import numpy.typing as npt

from .. import _arrays
from .._arrays import Array
from .._random import Rng
from ._layer import Arrays, Layer, Masks, Pullback, through, wants
from ._results import AssociationInfo, LayerGradients
from ._settings import Options, Settings


class HopfieldLayer(Layer):
    """A layer that associates states with stored patterns of its own: a lookup (Ramsauer et al. 2020).

    All samples look into the same stored patterns, of which there is one copy.

    Parameters
    ----------
    input_size : int
        Entries `D` of a state.
    quantity : int, default 1
        Stored patterns.
    trainable : bool, default True
        The stored patterns (`lookup_weights`) are among `parameters`.
    lookup_weights_as_separated : bool, default False
        Values are made of `target_weights` instead of the stored patterns.
    lookup_targets_as_trainable : bool, default True
        `target_weights` are among `parameters`.
    rng, dtype
        As in `Hopfield`.
    **options
        The keywords of `Hopfield`.

    Examples
    --------
    >>> import numpy as np
    >>> import hopfield as hf
    >>> layer = hf.layers.HopfieldLayer(8, quantity=100, hidden_size=4)
    >>> layer(np.ones((3, 5, 8))).shape
    (3, 5, 8)
    """

    _prefix = "hopfield."
    _kind = "lookup"

    def __init__(
        self,
        input_size: int,
        *,
        quantity: int = 1,
        trainable: bool = True,
        lookup_weights_as_separated: bool = False,
        lookup_targets_as_trainable: bool = True,
        rng: Rng = 0,
        dtype: npt.DTypeLike = np.float32,
        **options: Unpack[Options],
    ) -> None:
        settings = Settings(input_size=_arrays.count("input_size", input_size), **options)
        quantity = _arrays.count("quantity", quantity)
        width = settings.hidden if settings.stored_pattern_as_static else settings.stored_size
        shapes = {"lookup_weights": width, "target_weights": settings.projection_size}
        if not lookup_weights_as_separated:
            del shapes["target_weights"]
        leading = (1, quantity) if settings.batch_first else (quantity, 1)
        frozen = {
            name
            for name, free in (("lookup_weights", trainable), ("target_weights", lookup_targets_as_trainable))
            if not free
        }
        self._begin(
            settings, {name: (*leading, size or 0) for name, size in shapes.items()}, frozenset(frozen), rng, dtype
        )

    @overload
    def __call__(
        self,
        x: npt.ArrayLike,
        *,
        stored_pattern_padding_mask: npt.ArrayLike | None = None,
        association_mask: npt.ArrayLike | None = None,
        training: bool = False,
        rng: Rng = None,
        return_info: Literal[False] = False,
    ) -> Array: ...
    @overload
    def __call__(
        self,
        x: npt.ArrayLike,
        *,
        stored_pattern_padding_mask: npt.ArrayLike | None = None,
        association_mask: npt.ArrayLike | None = None,
        training: bool = False,
        rng: Rng = None,
        return_info: Literal[True, "association"],
    ) -> tuple[Array, AssociationInfo]: ...
    def __call__(
        self,
        x: npt.ArrayLike,
        *,
        stored_pattern_padding_mask: npt.ArrayLike | None = None,
        association_mask: npt.ArrayLike | None = None,
        training: bool = False,
        rng: Rng = None,
        return_info: bool | str = False,
    ) -> Array | tuple[Array, AssociationInfo]:
        """Look states up.

        Parameters
        ----------
        x : array_like, shape (B, L, D)
            States.
        stored_pattern_padding_mask, association_mask, training, rng, return_info
            As in a call of `Hopfield`, with ``S = quantity``.

        Returns
        -------
        ndarray, shape (B, L, output_size)
        AssociationInfo
            Only with `return_info`.

        Examples
        --------
        >>> import numpy as np
        >>> import hopfield as hf
        >>> hf.layers.HopfieldLayer(8, quantity=100, output_size=3)(np.ones((2, 5, 8))).shape
        (2, 5, 3)
        """
        info, association = wants(return_info)
        masks = Masks(stored_pattern_padding_mask, association_mask)
        found, _ = self._run(self._arrays(x), masks, training=training, rng=rng, association=association)
        output = self._as_given(found["output"])
        return (output, self._info(found)) if info else output

    def vjp(
        self,
        x: npt.ArrayLike,
        *,
        stored_pattern_padding_mask: npt.ArrayLike | None = None,
        association_mask: npt.ArrayLike | None = None,
        training: bool = False,
        rng: Rng = None,
        gradient: str = "unrolled",
    ) -> tuple[Array, Pullback]:
        """The output, and a function from the gradient with respect to it to those with respect to all that went in.

        Parameters
        ----------
        x, stored_pattern_padding_mask, association_mask, training, rng
            As in a call.
        gradient : {"unrolled", "implicit"}, default "unrolled"
            As in `Hopfield.vjp`.

        Returns
        -------
        ndarray, shape (B, L, output_size)
        callable
            Takes an array of the shape of the output and returns `LayerGradients`.

        Examples
        --------
        >>> import numpy as np
        >>> import hopfield as hf
        >>> output, pullback = hf.layers.HopfieldLayer(4, quantity=9).vjp(np.eye(4)[None])
        >>> pullback(output).parameters["lookup_weights"].shape
        (1, 9, 4)
        """
        arrays = self._arrays(x)
        masks = Masks(stored_pattern_padding_mask, association_mask)
        found, tape = self._run(arrays, masks, training=training, rng=rng, through=through(gradient))
        assert tape is not None

        def pullback(grad_output: npt.ArrayLike) -> LayerGradients:
            pulled, parameters = self._pulled(tape, self._samples("grad_output", grad_output))
            learnt = {"lookup_weights": pulled["stored"], "target_weights": pulled["projection"]}
            own = {name: self._as_given(array) for name, array in learnt.items() if name in self.parameters}
            return LayerGradients({**own, **parameters}, self._as_given(pulled["state"]), pulled["beta"])

        return self._as_given(found["output"]), pullback

    def _arrays(self, x: npt.ArrayLike) -> Arrays:
        own = {
            name: self._samples(name, self._values[name])
            for name in ("lookup_weights", "target_weights")
            if name in self._values
        }
        return Arrays(self._samples("x", x), own["lookup_weights"], own.get("target_weights"))
