"""`HopfieldNetwork`: the recurrent layer, whose states move to their fixed points."""

from __future__ import annotations

from typing import Literal, overload

import numpy as np
import numpy.typing as npt

from .. import _arrays
from .._arrays import Array
from .._random import Rng
from ..errors import InvalidInputError
from ..separation import Separation
from ._layer import Arrays, Layer, Masks, Pullback, through, wants
from ._results import AssociationInfo, LayerGradients
from ._settings import Settings


class HopfieldNetwork(Layer):
    """A modern Hopfield network as a layer: states move until they settle, ``q <- softmax(beta q X^T) X``.

    Nothing is projected or normalised. The stored patterns `X` are learnt, or given and then kept. Gradients come from
    the fixed points alone, by the implicit function theorem: no state on the way is kept, and where a state began has
    no part in where it settles.

    Parameters
    ----------
    input_size : int, optional
        Entries `D` of a pattern; needed where patterns are learnt.
    quantity : int, optional
        Stored patterns to learn, drawn from N(0, 0.02²).
    patterns : array_like, shape (quantity, D), optional
        The stored patterns, instead of `input_size` and `quantity`.
    trainable : bool, optional
        Whether `patterns` are among `parameters`: if they are learnt, unless it is said.
    scaling : float, default 1.0
        The inverse temperature β.
    update_steps_max : int, optional
        The most updates; 1000 unless given.
    update_steps_eps : float, default 1e-4
        A state has settled when an update moves it no further.
    separation : str or Separation, default "softmax"
        As in `Hopfield`.
    rng, dtype
        As in `Hopfield`.

    Examples
    --------
    >>> import numpy as np
    >>> import hopfield as hf
    >>> patterns = np.array([[1.0, -1.0, 1.0], [-1.0, 1.0, 1.0]])
    >>> network = hf.layers.HopfieldNetwork(patterns=patterns, scaling=8.0)
    >>> network([[0.7, -0.2, 0.3]]).round(3)
    array([[ 1., -1.,  1.]], dtype=float32)
    """

    def __init__(
        self,
        input_size: int | None = None,
        *,
        quantity: int | None = None,
        patterns: npt.ArrayLike | None = None,
        trainable: bool | None = None,
        scaling: float = 1.0,
        update_steps_max: int | None = None,
        update_steps_eps: float = 1e-4,
        separation: str | Separation = "softmax",
        rng: Rng = 0,
        dtype: npt.DTypeLike = np.float32,
    ) -> None:
        given = None
        if patterns is not None:
            if input_size is not None or quantity is not None:
                raise InvalidInputError(
                    "give `patterns`, or `input_size` and `quantity` of patterns to learn, not both"
                )
            given, _ = _arrays.rows("patterns", patterns)
            if 0 in given.shape or not np.isfinite(given).all():
                raise InvalidInputError(
                    f"`patterns` must be finite, at least one row of at least one entry; got shape {given.shape}"
                )
            quantity, input_size = given.shape
        if input_size is None or quantity is None:
            raise InvalidInputError("`input_size` and `quantity` must be given unless `patterns` are")
        settings = Settings(
            hidden_size=_arrays.count("input_size", input_size),
            scaling=_arrays.real("scaling", scaling),
            update_steps_max=update_steps_max,
            update_steps_eps=update_steps_eps,
            separation=separation,
            stored_pattern_as_static=True,
            state_pattern_as_static=True,
            pattern_projection_as_static=True,
            disable_out_projection=True,
            normalize_stored_pattern=False,
            normalize_state_pattern=False,
            normalize_pattern_projection=False,
        )
        frozen = frozenset(("patterns",) if trainable is False or (trainable is None and given is not None) else ())
        self._begin(settings, {"patterns": (_arrays.count("quantity", quantity), input_size)}, frozen, rng, dtype)
        if given is not None:
            self._values["patterns"][...] = given

    @overload
    def __call__(self, x: npt.ArrayLike, *, return_info: Literal[False] = False) -> Array: ...
    @overload
    def __call__(
        self, x: npt.ArrayLike, *, return_info: Literal[True, "association"]
    ) -> tuple[Array, AssociationInfo]: ...
    def __call__(self, x: npt.ArrayLike, *, return_info: bool | str = False) -> Array | tuple[Array, AssociationInfo]:
        """Let states settle.

        Parameters
        ----------
        x : array_like, shape (..., D)
            States.
        return_info : bool or "association", default False
            As in a call of `Hopfield`; all leading axes count as one, of ``L`` states of one sample.

        Returns
        -------
        ndarray, shape (..., D)
        AssociationInfo
            Only with `return_info`.

        Examples
        --------
        >>> import numpy as np
        >>> import hopfield as hf
        >>> network = hf.layers.HopfieldNetwork(8, quantity=20, scaling=4.0)
        >>> states, info = network(np.ones((3, 5, 8)), return_info=True)
        >>> states.shape, bool(info.converged.all())
        ((3, 5, 8), True)
        """
        info, association = wants(return_info)
        arrays, shape = self._arrays(x)
        found, _ = self._run(arrays, Masks(None, None), training=False, rng=None, association=association)
        output = found["output"].reshape(shape)
        return (output, self._info(found)) if info else output

    def vjp(self, x: npt.ArrayLike, *, gradient: str = "implicit") -> tuple[Array, Pullback]:
        """Settled states, and a function from the gradient with respect to them to those of all that went in.

        Parameters
        ----------
        x : array_like, shape (..., D)
            States.
        gradient : {"implicit", "unrolled"}, default "implicit"
            From the fixed points, which all states must reach; or back through every update.

        Returns
        -------
        ndarray, shape (..., D)
        callable
            Takes an array of the shape of the output and returns `LayerGradients`.

        Raises
        ------
        InvalidInputError
            States that have not settled, or not at a stable fixed point.

        Examples
        --------
        >>> import numpy as np
        >>> import hopfield as hf
        >>> states, pullback = hf.layers.HopfieldNetwork(4, quantity=9).vjp(np.eye(4))
        >>> pullback(states).parameters["patterns"].shape
        (9, 4)
        """
        arrays, shape = self._arrays(x)
        found, tape = self._run(arrays, Masks(None, None), training=False, rng=None, through=through(gradient))
        assert tape is not None
        core = found["output"].shape

        def pullback(grad_output: npt.ArrayLike) -> LayerGradients:
            given = _arrays.array("grad_output", grad_output)
            if given.shape != shape:
                raise InvalidInputError(f"`grad_output` must have shape {shape}, that of the output; got {given.shape}")
            pulled, _ = self._pulled(tape, self._readable("grad_output", given.reshape(core)))
            own = {"patterns": pulled["stored"][0]} if "patterns" in self.parameters else {}
            return LayerGradients(own, pulled["state"].reshape(shape), pulled["beta"])

        return found["output"].reshape(shape), pullback

    def _arrays(self, x: npt.ArrayLike) -> tuple[Arrays, tuple[int, ...]]:
        """States as those of one sample, and the shape that they came in."""
        given = _arrays.array("x", x)
        patterns = self._values["patterns"]
        if given.ndim < 1 or given.shape[-1] != patterns.shape[1]:
            raise InvalidInputError(
                f"`x` must have shape (..., {patterns.shape[1]}), as wide as the stored patterns; got {given.shape}"
            )
        states = self._readable("x", given.reshape(1, -1, given.shape[-1]))
        return Arrays(states, patterns[np.newaxis]), given.shape
