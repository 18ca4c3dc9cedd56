"""The published keywords of a layer, parsed once: what came, what it stands for, and whether it fits together."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, TypedDict

import numpy as np
import numpy.typing as npt

from .. import _arrays
from ..errors import InputTypeError, InvalidInputError
from ..separation import Entmax, Separation, Softmax, Softmax1, Sparsemax, parsed

#: Updates that a state may take where no number is given.
MOST_UPDATES = 1000

#: The separations that have gradients here.
SEPARATIONS = (Softmax, Softmax1, Sparsemax, Entmax)


class Options(TypedDict, total=False):
    """The keywords that all layers share; see `Hopfield`."""

    hidden_size: int | None
    output_size: int | None
    pattern_size: int | None
    num_heads: int
    scaling: float | npt.ArrayLike | None
    update_steps_max: int | npt.ArrayLike | None
    update_steps_eps: float | npt.ArrayLike
    normalize_stored_pattern: bool
    normalize_stored_pattern_affine: bool
    normalize_stored_pattern_eps: float
    normalize_state_pattern: bool
    normalize_state_pattern_affine: bool
    normalize_state_pattern_eps: float
    normalize_pattern_projection: bool
    normalize_pattern_projection_affine: bool
    normalize_pattern_projection_eps: float
    normalize_hopfield_space: bool
    normalize_hopfield_space_affine: bool
    normalize_hopfield_space_eps: float
    stored_pattern_as_static: bool
    state_pattern_as_static: bool
    pattern_projection_as_static: bool
    pattern_projection_as_connected: bool
    stored_pattern_size: int | None
    pattern_projection_size: int | None
    batch_first: bool
    association_activation: str | None
    dropout: float
    input_bias: bool
    add_zero_association: bool
    disable_out_projection: bool
    separation: str | Separation


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All keywords with their defaults, and what follows from them."""

    input_size: int | None = None
    hidden_size: int | None = None
    output_size: int | None = None
    pattern_size: int | None = None
    num_heads: int = 1
    scaling: float | npt.ArrayLike | None = None
    update_steps_max: int | npt.ArrayLike | None = 0
    update_steps_eps: float | npt.ArrayLike = 1e-4
    normalize_stored_pattern: bool = True
    normalize_stored_pattern_affine: bool = True
    normalize_stored_pattern_eps: float = 1e-5
    normalize_state_pattern: bool = True
    normalize_state_pattern_affine: bool = True
    normalize_state_pattern_eps: float = 1e-5
    normalize_pattern_projection: bool = True
    normalize_pattern_projection_affine: bool = True
    normalize_pattern_projection_eps: float = 1e-5
    normalize_hopfield_space: bool = False
    normalize_hopfield_space_affine: bool = False
    normalize_hopfield_space_eps: float = 1e-5
    stored_pattern_as_static: bool = False
    state_pattern_as_static: bool = False
    pattern_projection_as_static: bool = False
    pattern_projection_as_connected: bool = False
    stored_pattern_size: int | None = None
    pattern_projection_size: int | None = None
    batch_first: bool = True
    association_activation: str | None = None
    dropout: float = 0.0
    input_bias: bool = True
    add_zero_association: bool = False
    disable_out_projection: bool = False
    separation: str | Separation = "softmax"

    def __post_init__(self) -> None:
        for name in ("input_size", "hidden_size", "output_size", "pattern_size"):
            _size(name, getattr(self, name))
        for name in ("stored_pattern_size", "pattern_projection_size"):
            _size(name, getattr(self, name))
        _arrays.count("num_heads", self.num_heads)
        if not 0 <= _arrays.real("dropout", self.dropout) <= 1:
            raise InvalidInputError(f"`dropout` must be between 0 and 1; got {self.dropout}")
        for name in ("stored_pattern", "state_pattern", "pattern_projection", "hopfield_space"):
            epsilon = _arrays.real(f"normalize_{name}_eps", getattr(self, f"normalize_{name}_eps"))
            if not 0 <= epsilon < math.inf:
                raise InvalidInputError(f"`normalize_{name}_eps` must be finite and not negative; got {epsilon:g}")
        separation = parsed(self.separation)
        if not isinstance(separation, SEPARATIONS) or getattr(separation, "null_score", None) not in {None, 0.0}:
            names = ", ".join(repr(each.name) for each in SEPARATIONS)
            raise InvalidInputError(
                f"`separation` must be one of {names} in a layer, with a null score of 0; got {self.separation!r}"
            )
        object.__setattr__(self, "separation", separation)
        if isinstance(separation, Softmax1) and self.add_zero_association:
            raise InvalidInputError(
                '`separation="softmax1"` is softmax with `add_zero_association`: give one of them, not both'
            )
        self._check_sizes()
        self.scales()
        self.max_updates()
        self.tolerances()

    def _check_sizes(self) -> None:
        if self.input_size is None:
            if not self.is_fully_static or self.has_affine:
                raise InvalidInputError(
                    "`input_size` must be given unless all patterns are static, nothing is normalised with a gain and "
                    "a bias, and `disable_out_projection=True`; got None"
                )
            return
        if self.hidden_size is None and self.input_size % self.num_heads:
            raise InvalidInputError(
                f"`input_size` must be a multiple of `num_heads` where no `hidden_size` is given; got "
                f"{self.input_size} and {self.num_heads}"
            )
        if self.pattern_projection_as_connected:
            if self.pattern_projection_as_static:
                raise InvalidInputError(
                    "`pattern_projection_as_connected` must be False with `pattern_projection_as_static=True`, which "
                    "projects nothing"
                )
            if not self.stored_pattern_as_static and self.projection_size != self.stored_size:
                raise InvalidInputError(
                    "`pattern_projection_size` must be `stored_pattern_size` with "
                    "`pattern_projection_as_connected=True`, as both pass the same weights; got "
                    f"{self.projection_size} and {self.stored_size}"
                )

    @property
    def is_fully_static(self) -> bool:
        """Nothing is projected."""
        return (
            self.stored_pattern_as_static
            and self.state_pattern_as_static
            and self.pattern_projection_as_static
            and self.disable_out_projection
        )

    @property
    def has_affine(self) -> bool:
        """Something is normalised with a gain and a bias."""
        return any(
            getattr(self, f"normalize_{name}") and getattr(self, f"normalize_{name}_affine")
            for name in ("stored_pattern", "state_pattern", "pattern_projection", "hopfield_space")
        )

    @property
    def hidden(self) -> int | None:
        """Entries of a state in Hopfield space, of each head; None where the input decides."""
        if self.hidden_size is not None or self.input_size is None:
            return self.hidden_size
        return self.input_size // self.num_heads

    @property
    def pattern(self) -> int | None:
        """Entries of a value, of each head; None where the input decides."""
        return self.hidden if self.pattern_size is None else self.pattern_size

    @property
    def stored_size(self) -> int | None:
        """Entries of a stored pattern as it comes."""
        return self.input_size if self.stored_pattern_size is None else self.stored_pattern_size

    @property
    def projection_size(self) -> int | None:
        """Entries of what a value is made of."""
        return self.input_size if self.pattern_projection_size is None else self.pattern_projection_size

    @property
    def output(self) -> int | None:
        """Entries of an output; None where the input decides."""
        if self.disable_out_projection:
            return None if self.pattern is None else self.num_heads * self.pattern
        return self.input_size if self.output_size is None else self.output_size

    @property
    def is_merged(self) -> bool:
        """All projections of inputs lie in one table."""
        same = self.stored_size == self.input_size == self.projection_size
        return same and self.pattern_size is None and not self.pattern_projection_as_connected

    @property
    def has_null(self) -> bool:
        """A stored pattern of zeros is seen beside the others."""
        return self.add_zero_association or isinstance(self.separation, Softmax1)

    @property
    def alpha(self) -> float | None:
        """The exponent of entmax, 2 for sparsemax; None for softmax."""
        if isinstance(self.separation, Sparsemax):
            return 2.0
        return float(self.separation.alpha) if isinstance(self.separation, Entmax) else None

    def scales(self) -> list[float]:
        """The inverse temperature of each head."""
        if self.scaling is None:
            static = self.is_fully_static and not self.has_affine
            return [1.0 if static or self.hidden is None else 1 / math.sqrt(self.hidden)] * self.num_heads
        return self._each_head("scaling", self.scaling)

    def max_updates(self) -> list[int]:
        """The most updates of each head's states."""
        if self.update_steps_max is None:
            return [MOST_UPDATES] * self.num_heads
        found = _arrays.array("update_steps_max", self.update_steps_max)
        if found.dtype.kind not in "iu":
            raise InputTypeError(f"`update_steps_max` must hold whole numbers, or be None; got dtype {found.dtype}")
        steps = self._each_head("update_steps_max", found)
        return [MOST_UPDATES if number < 0 else min(int(number), 2**62) for number in steps]

    def tolerances(self) -> list[float]:
        """How far each head's states may still move when they stop."""
        found = self._each_head("update_steps_eps", self.update_steps_eps)
        if min(found) <= 0:
            raise InvalidInputError(f"`update_steps_eps` must be positive; got {min(found):g}")
        return found

    def _each_head(self, name: str, given: float | npt.ArrayLike) -> list[float]:
        found = _arrays.array(name, given)
        if found.shape not in {(), (self.num_heads,)}:
            raise InvalidInputError(
                f"`{name}` must be a number or have shape ({self.num_heads},), one entry a head; got shape "
                f"{found.shape}"
            )
        numbers = np.broadcast_to(found, self.num_heads).astype(float)
        if not np.isfinite(numbers).all():
            raise InvalidInputError(f"`{name}` must be finite; got {numbers[~np.isfinite(numbers)][0]}")
        return [float(number) for number in numbers]

    def core(self, widths: tuple[int, int], kind: str) -> dict[str, Any]:
        """What the core is told, for states in Hopfield space and values of these widths."""

        def epsilon(name: str) -> float | None:
            return float(getattr(self, f"normalize_{name}_eps")) if getattr(self, f"normalize_{name}") else None

        return {
            "heads": self.num_heads,
            "hidden_size": widths[0],
            "pattern_size": widths[1],
            "beta": self.scales(),
            "max_updates": self.max_updates(),
            "tolerance": self.tolerances(),
            "alpha": self.alpha,
            "zero_association": self.has_null,
            "connected": self.pattern_projection_as_connected,
            "dropout": float(self.dropout),
            "activation": self.association_activation,
            "kind": kind,
            "epsilons": [
                epsilon(name) for name in ("stored_pattern", "state_pattern", "pattern_projection", "hopfield_space")
            ],
        }


def _size(name: str, value: int | None) -> None:
    if value is not None:
        _arrays.count(name, value)
