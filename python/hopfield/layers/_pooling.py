"""`HopfieldPooling`: a bag of instances is reduced by states that the layer learns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Unpack, overload

import numpy as np
import numpy.typing as npt

from .. import _arrays
from .._arrays import Array
from .._random import Rng
from ..errors import InvalidInputError
from ._layer import Arrays, Layer, Masks, Pullback, through, wants
from ._results import AssociationInfo, LayerGradients
from ._settings import Options, Settings

#: Bags, or bags and what values are made of.
Input = npt.ArrayLike | tuple[npt.ArrayLike, npt.ArrayLike]


class HopfieldPooling(Layer):
    """A layer that pools bags of instances: its own states are associated with the instances of each bag.

    Where that is less work, projections are folded into the few states, and each instance is read once (see the Rust
    module `layer::folded`).

    Parameters
    ----------
    input_size : int
        Entries `D` of a pooling state, and of an instance unless `stored_pattern_size` says so.
    quantity : int, default 1
        Pooling states.
    trainable : bool, default True
        The pooling states (`pooling_weights`) are among `parameters`.
    rng, dtype
        As in `Hopfield`.
    **options
        The keywords of `Hopfield`.

    Examples
    --------
    >>> import numpy as np
    >>> import hopfield as hf
    >>> layer = hf.layers.HopfieldPooling(8, quantity=2)
    >>> bags = np.random.default_rng(0).standard_normal((3, 50, 8))
    >>> layer(bags).shape
    (3, 16)
    """

    _prefix = "hopfield."
    _kind = "pooling"

    def __init__(
        self,
        input_size: int,
        *,
        quantity: int = 1,
        trainable: bool = True,
        rng: Rng = 0,
        dtype: npt.DTypeLike = np.float32,
        **options: Unpack[Options],
    ) -> None:
        settings = Settings(input_size=_arrays.count("input_size", input_size), **options)
        quantity = _arrays.count("quantity", quantity)
        width = settings.hidden if settings.state_pattern_as_static else settings.input_size
        leading = (1, quantity) if settings.batch_first else (quantity, 1)
        frozen = frozenset(() if trainable else ("pooling_weights",))
        self._begin(settings, {"pooling_weights": (*leading, width or 0)}, frozen, rng, dtype)

    @overload
    def __call__(
        self,
        x: Input,
        *,
        lengths: Sequence[int] | None = None,
        stored_pattern_padding_mask: npt.ArrayLike | None = None,
        association_mask: npt.ArrayLike | None = None,
        training: bool = False,
        rng: Rng = None,
        return_info: Literal[False] = False,
    ) -> Array: ...
    @overload
    def __call__(
        self,
        x: Input,
        *,
        lengths: Sequence[int] | None = None,
        stored_pattern_padding_mask: npt.ArrayLike | None = None,
        association_mask: npt.ArrayLike | None = None,
        training: bool = False,
        rng: Rng = None,
        return_info: Literal[True, "association"],
    ) -> tuple[Array, AssociationInfo]: ...
    def __call__(
        self,
        x: Input,
        *,
        lengths: Sequence[int] | None = None,
        stored_pattern_padding_mask: npt.ArrayLike | None = None,
        association_mask: npt.ArrayLike | None = None,
        training: bool = False,
        rng: Rng = None,
        return_info: bool | str = False,
    ) -> Array | tuple[Array, AssociationInfo]:
        """Pool bags.

        Parameters
        ----------
        x : array_like, shape (B, S, Ds), or a tuple of two
            Bags of instances; or bags and what values are made of, (B, S, Dv).
        lengths : sequence of int, optional
            The bags are ragged: `x` has shape (sum(lengths), Ds), one bag after the other. Costs what its instances
            cost.
        stored_pattern_padding_mask : array_like of bool, shape (B, S), optional
            True where an instance takes no part; without an `association_mask` it costs nothing either.
        association_mask, training, rng, return_info
            As in a call of `Hopfield`, with ``L = quantity``. The weights of ragged bags end in zeros.

        Returns
        -------
        ndarray, shape (B, quantity * output_size)
        AssociationInfo
            Only with `return_info`.

        Examples
        --------
        >>> import numpy as np
        >>> import hopfield as hf
        >>> layer = hf.layers.HopfieldPooling(8, output_size=3)
        >>> instances = np.random.default_rng(0).standard_normal((12, 8))
        >>> layer(instances, lengths=[5, 0, 7]).shape
        (3, 3)
        """
        info, association = wants(return_info)
        bags = self._bags(x, lengths, stored_pattern_padding_mask, association_mask)
        masks = Masks(None if bags.kept is not None else stored_pattern_padding_mask, association_mask)
        found, _ = self._run(bags.arrays, masks, training=training, rng=rng, association=association)
        output = _flat(found["output"])
        if not info:
            return output
        if association and bags.kept is not None:
            found["association"] = bags.spread(found["association"])
        return output, self._info(found)

    def vjp(
        self,
        x: Input,
        *,
        lengths: Sequence[int] | None = None,
        stored_pattern_padding_mask: npt.ArrayLike | None = None,
        association_mask: npt.ArrayLike | None = None,
        training: bool = False,
        rng: Rng = None,
        gradient: str = "unrolled",
    ) -> tuple[Array, Pullback]:
        """The output, and a function from the gradient with respect to it to those with respect to all that went in.

        Parameters
        ----------
        x, lengths, stored_pattern_padding_mask, association_mask, training, rng
            As in a call.
        gradient : {"unrolled", "implicit"}, default "unrolled"
            As in `Hopfield.vjp`.

        Returns
        -------
        ndarray, shape (B, quantity * output_size)
        callable
            Takes an array of the shape of the output and returns `LayerGradients`.

        Examples
        --------
        >>> import numpy as np
        >>> import hopfield as hf
        >>> output, pullback = hf.layers.HopfieldPooling(4).vjp(np.ones((2, 9, 4)))
        >>> pullback(output).input.shape
        (2, 9, 4)
        """
        bags = self._bags(x, lengths, stored_pattern_padding_mask, association_mask)
        masks = Masks(None if bags.kept is not None else stored_pattern_padding_mask, association_mask)
        found, tape = self._run(bags.arrays, masks, training=training, rng=rng, through=through(gradient))
        assert tape is not None
        shape = found["output"].shape

        def pullback(grad_output: npt.ArrayLike) -> LayerGradients:
            given = _arrays.array("grad_output", grad_output)
            if given.shape != (shape[0], shape[1] * shape[2]):
                expected = (shape[0], shape[1] * shape[2])
                raise InvalidInputError(
                    f"`grad_output` must have shape {expected}, that of the output; got {given.shape}"
                )
            pulled, parameters = self._pulled(tape, self._readable("grad_output", given.reshape(shape)))
            own = {"pooling_weights": self._as_given(pulled["state"])} if "pooling_weights" in self.parameters else {}
            parts = [bags.restored(pulled["stored"])]
            if bags.arrays.projection is not None:
                parts.append(bags.restored(pulled["projection"]))
            inputs = [part if lengths is not None else self._as_given(part) for part in parts]
            together = inputs[0] if len(inputs) == 1 else tuple(inputs)
            return LayerGradients({**own, **parameters}, together, pulled["beta"])

        return _flat(found["output"]), pullback

    def _bags(
        self,
        x: Input,
        lengths: Sequence[int] | None,
        padding: npt.ArrayLike | None,
        association_mask: npt.ArrayLike | None,
    ) -> Bags:
        """Bags as the core takes them: without padding, one after the other, where that is possible."""
        parts = x if isinstance(x, tuple) else (x,)
        if not 1 <= len(parts) <= 2:
            raise InvalidInputError(
                f"`x` must be bags, or a tuple of bags and what values are made of; got a tuple of {len(parts)}"
            )
        names = ("stored_pattern", "pattern_projection")
        state = self._samples("pooling_weights", self._values["pooling_weights"])
        if lengths is not None:
            if padding is not None or association_mask is not None:
                raise InvalidInputError("`lengths` must be None with masks: ragged bags have no padding")
            counts = [_arrays.count("lengths", length, least=0) for length in lengths]
            tables = [self._ragged(name, part, sum(counts)) for name, part in zip(names, parts, strict=False)]
            return Bags(Arrays(state, tables[0], _second(tables), counts), "ragged")
        given = [self._samples(name, part) for name, part in zip(names, parts, strict=False)]
        kept = self._padding(padding)
        if kept is None or association_mask is not None:
            return Bags(Arrays(state, given[0], _second(given)), "samples")
        for name, part in zip(names, given, strict=False):
            if kept.shape != part.shape[:2]:
                raise InvalidInputError(
                    f"`stored_pattern_padding_mask` must have shape {part.shape[:2]}, one entry for each instance of "
                    f"`{name}`; got {kept.shape}"
                )
        counts = [int(count) for count in kept.sum(axis=1)]
        packed = [part[kept][np.newaxis] for part in given]
        return Bags(Arrays(state, packed[0], _second(packed), counts), "packed", kept)

    def _ragged(self, name: str, values: npt.ArrayLike, rows: int) -> Array:
        given = _arrays.array(name, values)
        if given.ndim != 2 or given.shape[0] != rows:
            raise InvalidInputError(
                f"`{name}` must have shape ({rows}, D), as many rows as `lengths` sum to; got {given.shape}"
            )
        return self._readable(name, given)[np.newaxis]


class Bags:
    """Bags as the core takes them, and how their instances came."""

    def __init__(self, arrays: Arrays, how: str, kept: Array | None = None) -> None:
        self.arrays = arrays
        self.how = how
        #: Where the instances of packed bags were.
        self.kept = kept

    def restored(self, rows: Array) -> Array:
        """Gradients of instances, where the instances were."""
        if self.kept is not None:
            padded = np.zeros((*self.kept.shape, rows.shape[-1]), rows.dtype)
            padded[self.kept] = rows[0]
            return padded
        return rows[0] if self.how == "ragged" else rows

    def spread(self, association: Array) -> Array:
        """Weights of packed bags, where their instances were."""
        assert self.kept is not None
        batch, heads, states, _ = association.shape
        padded = np.zeros((batch, heads, states, self.kept.shape[1]), association.dtype)
        for sample, kept in enumerate(self.kept):
            padded[sample][..., kept] = association[sample][..., : int(kept.sum())]
        return padded


def _second(parts: list[Array]) -> Array | None:
    """What values are made of, if it came by itself."""
    return parts[1] if len(parts) > 1 else None


def _flat(output: Array) -> Array:
    """`(B, quantity * out)`."""
    return output.reshape(output.shape[0], output.shape[1] * output.shape[2])
