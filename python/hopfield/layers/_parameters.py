"""Parameters by their published names: shapes, initial values, and the pieces that the core computes with.

A projection of states, stored patterns and values lies in one table (`in_proj_weight`) or three, as published; the core
takes pieces of them, and its gradients are put together the same way.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from .. import _arrays
from .._arrays import Array
from ..errors import InvalidInputError
from ._settings import Settings

CORE = "association_core."
#: Standard deviation of initial weights, as published.
DEVIATION = 0.02

Shapes = dict[str, tuple[int, ...]]


def shapes(settings: Settings) -> Shapes:
    """The published names of all parameters of an association and their shapes, in the published order."""
    found: Shapes = {}
    state, stored, projection = settings.input_size, settings.stored_size, settings.projection_size
    if state is None or stored is None or projection is None or settings.hidden is None or settings.pattern is None:
        return found
    if settings.normalize_hopfield_space and settings.normalize_hopfield_space_affine:
        found[CORE + "p_norm_weight"] = found[CORE + "p_norm_bias"] = (settings.hidden,)
    hidden, values = settings.num_heads * settings.hidden, settings.num_heads * settings.pattern
    outputs = _rows(settings, hidden, values)
    if settings.is_merged:
        if outputs:
            found[CORE + "in_proj_weight"] = (sum(outputs.values()), state)
    else:
        through = settings.pattern_projection_as_connected and not settings.stored_pattern_as_static
        inputs = {"q": state, "k": stored, "v": hidden if through else projection}
        found.update({f"{CORE}{name}_proj_weight": (rows, inputs[name]) for name, rows in outputs.items()})
    if settings.input_bias and outputs:
        # The values have a bias here even where they are static, as published; it is not used then.
        found[CORE + "in_proj_bias"] = (sum({**outputs, "v": values}.values()),)
    if not settings.disable_out_projection:
        width = settings.output or 0
        found[CORE + "out_proj.weight"] = (width, values)
        if settings.input_bias:
            found[CORE + "out_proj.bias"] = (width,)
    for name, size in (("stored_pattern", stored), ("state_pattern", state), ("pattern_projection", projection)):
        if getattr(settings, f"normalize_{name}") and getattr(settings, f"normalize_{name}_affine"):
            found[f"norm_{name}.weight"] = found[f"norm_{name}.bias"] = (size,)
    return found


def _rows(settings: Settings, hidden: int, values: int) -> dict[str, int]:
    """Outputs of each projection that is there."""
    every = {
        "q": (settings.state_pattern_as_static, hidden),
        "k": (settings.stored_pattern_as_static, hidden),
        "v": (settings.pattern_projection_as_static, values),
    }
    return {name: rows for name, (static, rows) in every.items() if not static}


def initial(wanted: Shapes, rng: np.random.Generator, dtype: np.dtype[Any]) -> dict[str, Array]:
    """Weights from N(0, 0.02²), biases 0, gains 1, in the order of the names."""
    found = {}
    for name, shape in wanted.items():
        norm = "norm" in name
        if name.endswith("bias"):
            found[name] = np.zeros(shape, dtype)
        elif norm:
            found[name] = np.ones(shape, dtype)
        else:
            found[name] = rng.normal(0.0, DEVIATION, shape).astype(dtype)
    return found


def checked(wanted: Shapes, given: Mapping[str, npt.ArrayLike], default: np.dtype[Any]) -> dict[str, Array]:
    """Parameters that came, as arrays of one dtype; all that is wrong with them is said at once."""
    if not isinstance(given, Mapping):
        raise InvalidInputError(f"`state_dict` must map names to arrays; got {type(given).__name__}")
    arrays = {str(name): _arrays.array(str(name), value) for name, value in given.items()}
    wrong = [f"missing {name} {shape}" for name, shape in wanted.items() if name not in arrays]
    wrong += [f"unexpected {name} {array.shape}" for name, array in arrays.items() if name not in wanted]
    wrong += [
        f"{name} must have shape {shape}, got {arrays[name].shape}"
        for name, shape in wanted.items()
        if name in arrays and arrays[name].shape != shape
    ]
    wrong += [
        f"{name} must be finite"
        for name, array in arrays.items()
        if name in wanted and array.dtype.kind == "f" and not np.isfinite(array).all()
    ]
    if wrong:
        raise InvalidInputError(f"`state_dict` does not fit the layer: {'; '.join(wrong)}")
    dtype = _arrays.computed_in(np.result_type(*arrays.values())) if arrays else default
    return {name: np.array(arrays[name], dtype, order="C") for name in wanted}


def pieces(settings: Settings, parameters: Mapping[str, Array], prefix: str) -> dict[str, Array]:
    """The parameters by the core's names: views of the published ones."""
    found: dict[str, Array] = {}
    for core, published in _names(settings).items():
        name, part = published
        if prefix + name in parameters:
            array = parameters[prefix + name]
            found[core] = array if part is None else array[part]
    return found


def assembled(
    settings: Settings, parameters: Mapping[str, Array], prefix: str, gradients: Mapping[str, Array]
) -> dict[str, Array]:
    """Gradients by the core's names put together as the published parameters are."""
    found: dict[str, Array] = {}
    for core, (name, part) in _names(settings).items():
        name = prefix + name  # noqa: PLW2901 - the same name with where it belongs
        if core not in gradients or name not in parameters:
            continue
        like = parameters[name]
        if part is None:
            found[name] = gradients[core].reshape(like.shape)
        else:
            whole = found.setdefault(name, np.zeros_like(like))
            whole[part] = gradients[core].reshape(whole[part].shape)
    return {name: found[name] for name in parameters if name in found}


def _names(settings: Settings) -> dict[str, tuple[str, slice | None]]:
    """The published name of each of the core's parameters, and which part of it that is."""
    names: dict[str, tuple[str, slice | None]] = {
        "space_norm.weight": (CORE + "p_norm_weight", None),
        "space_norm.bias": (CORE + "p_norm_bias", None),
        "output.weight": (CORE + "out_proj.weight", None),
        "output.bias": (CORE + "out_proj.bias", None),
    }
    for core, published in (
        ("stored_norm", "norm_stored_pattern"),
        ("state_norm", "norm_state_pattern"),
        ("projection_norm", "norm_pattern_projection"),
    ):
        names[f"{core}.weight"], names[f"{core}.bias"] = (f"{published}.weight", None), (f"{published}.bias", None)
    at = 0
    hidden, pattern = settings.hidden or 0, settings.pattern or 0
    rows = _rows(settings, settings.num_heads * hidden, settings.num_heads * pattern)
    for core, letter in (("query", "q"), ("key", "k"), ("value", "v")):
        if letter in rows:
            part = slice(at, at + rows[letter])
            merged = (CORE + "in_proj_weight", part)
            names[f"{core}.weight"] = merged if settings.is_merged else (f"{CORE}{letter}_proj_weight", None)
            names[f"{core}.bias"] = (CORE + "in_proj_bias", part)
            at = part.stop
    return names
