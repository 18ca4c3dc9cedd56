"""Attention with a hidden state: exponents that carry over from layer to layer (Masumura & Taki 2025)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from .. import _arrays, _core, _random
from .._arrays import Array
from .._random import Rng
from ..errors import InvalidInputError
from . import _parameters

#: Takes the gradients with respect to state and hidden state, gives those with respect to all that went in.
HiddenPullback: TypeAlias = Callable[[npt.ArrayLike, npt.ArrayLike | None], "HiddenStateGradients"]


def hidden_state_attention(
    q: npt.ArrayLike,
    k: npt.ArrayLike,
    v: npt.ArrayLike,
    *,
    state: npt.ArrayLike,
    hidden: npt.ArrayLike | None = None,
    alpha: float,
    alpha_hidden: float,
    beta: float,
) -> tuple[Array, Array]:
    """One layer of attention whose exponents carry over from the layer before (Masumura & Taki 2025, arXiv 2511.20698).

    ``hidden' = alpha_hidden * hidden + (1 - alpha_hidden) * beta * q k^T`` and ``state' = alpha * state + (1 - alpha) *
    softmax(hidden') v``. With ``alpha_hidden = 0`` it is attention with a residual mix. For ``alpha_hidden > 0`` no
    energy is known to descend. (Hidden units of the model behind it are eliminated because they are fast.)

    Parameters
    ----------
    q : array_like, shape (..., L, d)
        Leading axes broadcast against each other. All are computed in the widest of their dtypes.
    k : array_like, shape (..., S, d)
    v : array_like, shape (..., S, dv)
    state : array_like, shape (..., L, dv)
        The state that is mixed with what is read out.
    hidden : array_like, shape (..., L, S), optional
        The hidden state of the layer before; zeros unless given.
    alpha, alpha_hidden : float
        The shares that stay, from 0 to 1.
    beta : float
        The inverse temperature.

    Returns
    -------
    state : ndarray, shape (..., L, dv)
    hidden : ndarray, shape (..., L, S)

    Raises
    ------
    InvalidInputError
        Shapes that do not fit, NaN or infinity, or shares outside of 0 to 1.

    Examples
    --------
    >>> import numpy as np
    >>> import hopfield as hf
    >>> x = np.random.default_rng(0).standard_normal((5, 8))
    >>> state, hidden = hf.layers.hidden_state_attention(x, x, x, state=x, alpha=0.5, alpha_hidden=0.5, beta=0.35)
    >>> state, hidden = hf.layers.hidden_state_attention(
    ...     state, state, state, state=state, hidden=hidden, alpha=0.5, alpha_hidden=0.5, beta=0.35
    ... )
    >>> state.shape, hidden.shape
    ((5, 8), (5, 5))
    """
    given = {"q": q, "k": k, "v": v, "state": state, "hidden": hidden}
    tables = {name: _finite(name, value) for name, value in given.items() if value is not None}
    dtype = _arrays.computed_in(np.result_type(*tables.values()))
    (queries, d), keys, columns = tables["q"].shape[-2:], tables["k"].shape[-2], tables["v"].shape[-1]
    expected = {
        "q": (queries, d),
        "k": (keys, d),
        "v": (keys, columns),
        "state": (queries, columns),
        "hidden": (queries, keys),
    }
    for name, table in tables.items():
        if table.shape[-2:] != expected[name] or d == 0:
            raise InvalidInputError(
                f"`{name}` must have shape (..., {expected[name][0]}, {expected[name][1]}), to fit `q`, `k` and `v`; "
                f"got {table.shape}"
            )
    try:
        batch = np.broadcast_shapes(*(table.shape[:-2] for table in tables.values()))
    except ValueError:
        shapes = ", ".join(f"`{name}` {table.shape}" for name, table in tables.items())
        raise InvalidInputError(f"the leading axes must broadcast against each other; got {shapes}") from None
    flat = {
        name: _arrays.readable(
            np.broadcast_to(table, (*batch, *expected[name])).reshape((math.prod(batch), *expected[name])), dtype
        )
        for name, table in tables.items()
    }
    arrays = [flat[name] for name in ("q", "k", "v", "state")]
    after, carried = _core.hidden_state_attention(arrays, flat.get("hidden"), _mixing(alpha, alpha_hidden, beta))
    return after.reshape((*batch, *expected["state"])), carried.reshape((*batch, *expected["hidden"]))


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class HiddenStateGradients:
    """Gradients of a loss through a layer with a hidden state, each of the shape of what it belongs to.

    Attributes
    ----------
    parameters : dict of str to ndarray
        With respect to the parameters, by their names.
    input : ndarray, shape (B, L, D)
        With respect to the states.
    hidden : ndarray, shape (B, H, L, L)
        With respect to the hidden states that came in, also where they were zeros that were not given.

    Examples
    --------
    >>> import numpy as np
    >>> import hopfield as hf
    >>> layer = hf.layers.HiddenStateAttention(4)
    >>> (state, hidden), pullback = layer.vjp(np.eye(4)[None])
    >>> pullback(state, hidden)
    HiddenStateGradients(2 parameters, input (1, 4, 4))
    """

    parameters: dict[str, Array]
    input: Array
    hidden: Array

    def __repr__(self) -> str:
        return f"HiddenStateGradients({len(self.parameters)} parameters, input {self.input.shape})"


class HiddenStateAttention:
    """A layer of self-attention with a hidden state: `hidden_state_attention` of projected states, head by head.

    Parameters
    ----------
    input_size : int
        Entries `D` of a state; a multiple of `num_heads`, between which its columns are divided.
    num_heads : int, default 1
        Heads.
    alpha, alpha_hidden : float, default 0.5
        The shares of state and hidden state that stay, from 0 to 1.
    scaling : float, optional
        The inverse temperature; ``1 / sqrt(D / num_heads)`` unless given.
    input_bias : bool, default True
        The projections have biases.
    rng : int, Generator or None, default 0
        Draws the initial weights, from N(0, 0.02²).
    dtype : dtype, default float32
        Of the parameters, in which the layer computes.

    Examples
    --------
    >>> import numpy as np
    >>> import hopfield as hf
    >>> first, second = (hf.layers.HiddenStateAttention(8, num_heads=2, rng=seed) for seed in (1, 2))
    >>> state, hidden = first(np.random.default_rng(0).standard_normal((3, 5, 8)))
    >>> state, hidden = second(state, hidden)
    >>> state.shape, hidden.shape
    ((3, 5, 8), (3, 2, 5, 5))
    """

    def __init__(
        self,
        input_size: int,
        *,
        num_heads: int = 1,
        alpha: float = 0.5,
        alpha_hidden: float = 0.5,
        scaling: float | None = None,
        input_bias: bool = True,
        rng: Rng = 0,
        dtype: npt.DTypeLike = np.float32,
    ) -> None:
        self._width, self._heads = _arrays.count("input_size", input_size), _arrays.count("num_heads", num_heads)
        if self._width % self._heads:
            raise InvalidInputError(
                f"`input_size` must be a multiple of `num_heads`; got {self._width} and {self._heads}"
            )
        beta = 1 / math.sqrt(self._width // self._heads) if scaling is None else scaling
        self._mixing = _mixing(alpha, alpha_hidden, beta)
        self._shapes: _parameters.Shapes = {"in_proj_weight": (3 * self._width, self._width)}
        if input_bias:
            self._shapes["in_proj_bias"] = (3 * self._width,)
        self._dtype = np.dtype(dtype)
        if self._dtype not in (np.float32, np.float64):
            raise InvalidInputError(f"`dtype` must be float32 or float64; got {dtype!r}")
        self._values = _parameters.initial(self._shapes, _random.generator(rng), self._dtype)

    @property
    def parameters(self) -> dict[str, Array]:
        """The parameters by name: the arrays themselves, which a training step may change in place."""
        return dict(self._values)

    def state_dict(self) -> dict[str, Array]:
        """Copies of all parameters by name.

        Examples
        --------
        >>> import hopfield as hf
        >>> sorted(hf.layers.HiddenStateAttention(4).state_dict())
        ['in_proj_bias', 'in_proj_weight']
        """
        return {name: array.copy() for name, array in self._values.items()}

    def load_state_dict(self, state_dict: Mapping[str, npt.ArrayLike]) -> None:
        """Take parameters from arrays, and compute in their dtype from now on; as `Hopfield.load_state_dict`.

        Examples
        --------
        >>> import hopfield as hf
        >>> layer = hf.layers.HiddenStateAttention(4)
        >>> layer.load_state_dict(layer.state_dict())
        """
        self._values = _parameters.checked(self._shapes, state_dict, self._dtype)
        self._dtype = self._values["in_proj_weight"].dtype

    def __call__(self, x: npt.ArrayLike, hidden: npt.ArrayLike | None = None) -> tuple[Array, Array]:
        """Move states and hidden states.

        Parameters
        ----------
        x : array_like, shape (B, L, D)
            States.
        hidden : array_like, shape (B, num_heads, L, L), optional
            Hidden states of the layer before; zeros unless given.

        Returns
        -------
        state : ndarray, shape (B, L, D)
        hidden : ndarray, shape (B, num_heads, L, L)

        Examples
        --------
        >>> import numpy as np
        >>> import hopfield as hf
        >>> state, hidden = hf.layers.HiddenStateAttention(4)(np.ones((1, 3, 4)))
        """
        state, carried, _ = self._run(x, hidden)
        return state, carried

    def vjp(self, x: npt.ArrayLike, hidden: npt.ArrayLike | None = None) -> tuple[tuple[Array, Array], HiddenPullback]:
        """States and hidden states, and a function from the gradients with respect to them to those of what went in.

        Parameters
        ----------
        x, hidden
            As in a call.

        Returns
        -------
        tuple of ndarray
            State and hidden state.
        callable
            Takes arrays of their shapes (None for a hidden state that is not used) and returns `HiddenStateGradients`.

        Examples
        --------
        >>> import numpy as np
        >>> import hopfield as hf
        >>> (state, hidden), pullback = hf.layers.HiddenStateAttention(4).vjp(np.ones((1, 3, 4)))
        >>> pullback(state, None).input.shape
        (1, 3, 4)
        """
        state, carried, tape = self._run(x, hidden)

        def pullback(grad_state: npt.ArrayLike, grad_hidden: npt.ArrayLike | None = None) -> HiddenStateGradients:
            of_state = self._like("grad_state", grad_state, state.shape)
            zeros = np.zeros(carried.shape, self._dtype)
            of_hidden = zeros if grad_hidden is None else self._like("grad_hidden", grad_hidden, carried.shape)
            states, hiddens, weight, bias = tape.pull(of_state, of_hidden)
            found = {"in_proj_weight": weight} | ({} if bias is None else {"in_proj_bias": bias})
            return HiddenStateGradients(found, states, hiddens)

        return (state, carried), pullback

    def _run(self, x: npt.ArrayLike, hidden: npt.ArrayLike | None) -> tuple[Array, Array, _core.HiddenTape]:
        given = _finite("x", x)
        if given.ndim != 3 or given.shape[2] != self._width:
            raise InvalidInputError(f"`x` must have shape (B, L, {self._width}); got {given.shape}")
        batch, length = given.shape[:2]
        carried = None if hidden is None else self._like("hidden", hidden, (batch, self._heads, length, length))
        return _core.hidden_state_layer(
            _arrays.readable(given, self._dtype),
            carried,
            self._values["in_proj_weight"],
            self._values.get("in_proj_bias"),
            self._heads,
            self._mixing,
        )

    def _like(self, name: str, values: npt.ArrayLike, shape: tuple[int, ...]) -> Array:
        given = _arrays.array(name, values)
        if given.shape != shape:
            raise InvalidInputError(f"`{name}` must have shape {shape}; got {given.shape}")
        return _arrays.readable(given, self._dtype)


def _finite(name: str, values: npt.ArrayLike) -> Array:
    given = _arrays.array(name, values)
    if given.ndim < 2:
        raise InvalidInputError(f"`{name}` must have at least 2 axes; got shape {given.shape}")
    if not np.isfinite(given).all():
        at: Any = tuple(int(index) for index in np.argwhere(~np.isfinite(given))[0])
        raise InvalidInputError(f"`{name}` must be finite; got {given[at]} at {at} (clean the data)")
    return given


def _mixing(alpha: float, alpha_hidden: float, beta: float) -> tuple[float, float, float]:
    shares = {"alpha": _arrays.real("alpha", alpha), "alpha_hidden": _arrays.real("alpha_hidden", alpha_hidden)}
    for name, share in shares.items():
        if not 0 <= share <= 1:
            raise InvalidInputError(f"`{name}` must be between 0 and 1; got {share:g}")
    scale = _arrays.real("beta", beta)
    if not math.isfinite(scale):
        raise InvalidInputError(f"`beta` must be finite; got {scale:g}")
    return shares["alpha"], shares["alpha_hidden"], scale
