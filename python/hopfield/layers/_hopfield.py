"""`Hopfield`: states are associated with stored patterns."""

from __future__ import annotations

from typing import Any, Literal, Unpack, overload

import numpy as np
import numpy.typing as npt

from .._arrays import Array
from .._random import Rng
from ..errors import InvalidInputError
from ._layer import Arrays, Layer, Masks, Pullback, through, wants
from ._results import AssociationInfo, LayerGradients
from ._settings import Options, Settings

#: One tensor for all three, or stored patterns, states, and what values are made of.
Input = npt.ArrayLike | tuple[npt.ArrayLike, npt.ArrayLike, npt.ArrayLike]


class Hopfield(Layer):
    """A layer that associates states with stored patterns, for several heads at once (Ramsauer et al. 2020).

    With states `R`, stored patterns `Y` and what values are made of, `V` (all three the input, if it is one array)::

        q = LN(R) W_q^T + b_q      k = LN(Y) W_k^T + b_k      v = LN(V) W_v^T + b_v
        q <- softmax(beta q k^T) k        up to `update_steps_max` times
        output = activation(softmax(beta q k^T) v W_o^T + b_o)

    The keywords, their defaults and the names of the parameters are those of the published PyTorch layer (hflayers
    1.0.2), so that its weights can be loaded. What it does otherwise: β may be any real number, one for each head, and
    has a gradient; every state stops by itself, when it moves no further than `update_steps_eps`; static patterns are
    seen by every head as they are; a state that may see nothing reads out zeros; unknown names are errors.
    `concat_bias_pattern`, which has no effect there, does not exist here. The published encoder and decoder layers are
    not part of this package.

    Parameters
    ----------
    input_size : int, optional
        Entries `D` of a state; may be left out if nothing has parameters.
    hidden_size : int, optional
        Entries of a state in Hopfield space, of each head; ``input_size // num_heads`` unless given.
    output_size : int, optional
        Entries of an output; `input_size` unless given.
    pattern_size : int, optional
        Entries of a value, of each head; `hidden_size` unless given.
    num_heads : int, default 1
        Parallel associations.
    scaling : float or array_like, shape (num_heads,), optional
        The inverse temperature β; ``1 / sqrt(hidden_size)`` unless given, 1 if all patterns are static.
    update_steps_max : int or array_like of int, shape (num_heads,), default 0
        Updates before the values are read out. None (or a negative number): until the state settles, 1000 at most.
    update_steps_eps : float or array_like, shape (num_heads,), default 1e-4
        A state stops when an update moves it no further than this.
    normalize_stored_pattern, normalize_state_pattern, normalize_pattern_projection : bool, default True
        Layer normalisation of what comes in; with ``_affine`` (True) a gain and a bias, with ``_eps`` (1e-5) what is
        added to the variance.
    normalize_hopfield_space : bool, default False
        The same of states and stored patterns in Hopfield space, before the first association, with ``_affine`` (False)
        and ``_eps`` (1e-5), shared by all heads.
    stored_pattern_as_static, state_pattern_as_static, pattern_projection_as_static : bool, default False
        Not projected: their width must be that of Hopfield space, or of the values.
    pattern_projection_as_connected : bool, default False
        Values are projected from projected patterns: ``v = (V W_k^T + b_k) W_v^T + b_v``.
    stored_pattern_size, pattern_projection_size : int, optional
        Their entries; `input_size` unless given.
    batch_first : bool, default True
        Arrays are ``(B, L, D)``; else ``(L, B, D)``.
    association_activation : {"relu", "sigmoid", "tanh"}, optional
        Applied to the output.
    dropout : float, default 0.0
        The share of weights that training drops when values are read out.
    input_bias : bool, default True
        All projections have biases.
    add_zero_association : bool, default False
        A stored pattern of zeros with a value of zeros is seen beside the others.
    disable_out_projection : bool, default False
        The output is what the heads read out, side by side.
    separation : {"softmax", "softmax1", "sparsemax", "entmax"} or Separation, default "softmax"
        How scores become weights (`hopfield.separation`). ``"softmax1"`` is softmax with `add_zero_association`;
        sparsemax and entmax have true zeros.
    rng : int, Generator or None, default 0
        Draws the initial weights, from N(0, 0.02²); biases are 0, gains 1.
    dtype : dtype, default float32
        Of the parameters, in which the layer computes; `load_state_dict` adopts that of its arrays.

    Examples
    --------
    >>> import numpy as np
    >>> import hopfield as hf
    >>> layer = hf.layers.Hopfield(input_size=8, hidden_size=4, num_heads=2)
    >>> sequence = np.random.default_rng(0).standard_normal((3, 5, 8))
    >>> layer(sequence).shape
    (3, 5, 8)
    """

    def __init__(
        self,
        input_size: int | None = None,
        *,
        rng: Rng = 0,
        dtype: npt.DTypeLike = np.float32,
        **options: Unpack[Options],
    ) -> None:
        settings = Settings(input_size=input_size, **options)
        self._begin(settings, {}, frozenset(), rng, dtype)

    @overload
    def __call__(
        self,
        x: Input,
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
        x: Input,
        *,
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
        stored_pattern_padding_mask: npt.ArrayLike | None = None,
        association_mask: npt.ArrayLike | None = None,
        training: bool = False,
        rng: Rng = None,
        return_info: bool | str = False,
    ) -> Array | tuple[Array, AssociationInfo]:
        """Associate states with stored patterns.

        Parameters
        ----------
        x : array_like, shape (B, L, D), or a tuple of three
            One array for everything, or stored patterns (B, S, Ds), states (B, L, D) and what values are made of
            (B, S, Dv).
        stored_pattern_padding_mask : array_like of bool, shape (B, S), optional
            True where a stored pattern takes no part.
        association_mask : array_like, shape (L, S) or (B * num_heads, L, S), optional
            Booleans, True where a stored pattern takes no part; or floats, added to the exponents.
        training : bool, default False
            Drop weights.
        rng : int, Generator or None, optional
            Decides which; the same seed drops the same weights.
        return_info : bool or "association", default False
            Also return how the association went; with "association", the weights too.

        Returns
        -------
        ndarray, shape (B, L, output_size)
        AssociationInfo
            Only with `return_info`.

        Raises
        ------
        InvalidInputError
            Shapes that do not fit each other or the layer, NaN or infinity.
        InputTypeError
            Masked or complex arrays, and masks of another dtype.

        Examples
        --------
        >>> import numpy as np
        >>> import hopfield as hf
        >>> layer = hf.layers.Hopfield(4, stored_pattern_size=6, pattern_projection_size=5)
        >>> stored, state, projection = np.ones((2, 7, 6)), np.ones((2, 3, 4)), np.ones((2, 7, 5))
        >>> output, info = layer((stored, state, projection), return_info="association")
        >>> output.shape, info.association.shape
        ((2, 3, 4), (2, 1, 3, 7))
        """
        info, association = wants(return_info)
        arrays, _ = self._arrays(x)
        masks = Masks(stored_pattern_padding_mask, association_mask)
        found, _ = self._run(arrays, masks, training=training, rng=rng, association=association)
        output = self._as_given(found["output"])
        return (output, self._info(found)) if info else output

    def vjp(
        self,
        x: Input,
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
            Back through every update, or from the fixed points that the updates reached, which all states must have;
            the second needs no memory for the states on the way.

        Returns
        -------
        ndarray, shape (B, L, output_size)
        callable
            Takes an array of the shape of the output and returns `LayerGradients`; as often as wanted. Changing
            parameters or inputs in between changes nothing.

        Raises
        ------
        InvalidInputError
            As a call; and states that have not settled, with ``gradient="implicit"``.

        Examples
        --------
        >>> import numpy as np
        >>> import hopfield as hf
        >>> layer = hf.layers.Hopfield(4, update_steps_max=2)
        >>> output, pullback = layer.vjp(np.eye(4)[None])
        >>> gradients = pullback(2 * output)  # of the sum of squares
        >>> for name, parameter in layer.parameters.items():
        ...     parameter -= 0.1 * gradients.parameters[name]
        """
        arrays, together = self._arrays(x)
        masks = Masks(stored_pattern_padding_mask, association_mask)
        found, tape = self._run(arrays, masks, training=training, rng=rng, through=through(gradient))
        assert tape is not None

        def pullback(grad_output: npt.ArrayLike) -> LayerGradients:
            pulled, parameters = self._pulled(tape, self._samples("grad_output", grad_output))
            state, stored, projection = pulled["state"], pulled["stored"], pulled["projection"]
            if together:
                inputs: Any = self._as_given(state + stored)
            else:
                inputs = tuple(self._as_given(part) for part in (stored, state, projection))
            return LayerGradients(parameters, inputs, pulled["beta"])

        return self._as_given(found["output"]), pullback

    def get_association_matrix(
        self,
        x: Input,
        *,
        stored_pattern_padding_mask: npt.ArrayLike | None = None,
        association_mask: npt.ArrayLike | None = None,
    ) -> Array:
        """The weight of each stored pattern for each state.

        Parameters
        ----------
        x, stored_pattern_padding_mask, association_mask
            As in a call.

        Returns
        -------
        ndarray, shape (B, num_heads, L, S)

        Examples
        --------
        >>> import numpy as np
        >>> import hopfield as hf
        >>> hf.layers.Hopfield(4, num_heads=2).get_association_matrix(np.ones((1, 3, 4))).sum(axis=-1).round(6)
        array([[[1., 1., 1.],
                [1., 1., 1.]]], dtype=float32)
        """
        arrays, _ = self._arrays(x)
        masks = Masks(stored_pattern_padding_mask, association_mask)
        found, _ = self._run(arrays, masks, training=False, rng=None, association=True)
        matrix: Array = found["association"]
        return matrix

    def _arrays(self, x: Input) -> tuple[Arrays, bool]:
        """The arrays of a call, and whether one came for all."""
        if isinstance(x, tuple):
            if len(x) != 3:
                raise InvalidInputError(
                    f"`x` must be an array, or a tuple of stored patterns, states, and what values are made of; got a "
                    f"tuple of {len(x)}"
                )
            names = ("stored_pattern", "state_pattern", "pattern_projection")
            stored, state, projection = (self._samples(name, part) for name, part in zip(names, x, strict=True))
            same_batch(state, stored)
            return Arrays(state, stored, projection), False
        both = self._samples("x", x)
        return Arrays(both, both), True


def same_batch(state: Array, stored: Array) -> None:
    """Refuse states and stored patterns of different numbers of samples, which the core would share."""
    if state.shape[0] != stored.shape[0]:
        raise InvalidInputError(
            "`state_pattern` and `stored_pattern` must have as many samples; got "
            f"{state.shape[0]} and {stored.shape[0]}"
        )
