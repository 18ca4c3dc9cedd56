"""One trial of a scan: random patterns, a memory of them, a spoiled cue, and how near its pattern it ended."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from .. import _core
from ..errors import InputTypeError, InvalidInputError

Array = npt.NDArray[Any]

#: Makes a memory of patterns, shape (k, n): anything with a method ``retrieve``.
Factory: TypeAlias = Callable[[Array], Any]

#: How patterns can be drawn.
ENSEMBLES = ("spins", "gaussian", "spherical")

#: Of this a memory is told what its method has keywords for.
SAID = frozenset({"rng", "progress"})

#: Patterns compared at once with a state, in rows.
ROWS = 4096


@dataclass(frozen=True, slots=True)
class Experiment:
    """What is the same for all trials of a scan."""

    factory: Factory
    ensemble: str
    seed: int
    tolerance: float | None
    options: Mapping[str, Any]

    def trial(self, n: int, k: int, corruption: float, number: int, check: Callable[..., object]) -> tuple[float, bool]:
        """The overlap of the final state with its pattern, and whether that is a success."""
        patterns, cue, seed = self._draw(n, k, corruption, number)
        state = self._retrieve(self.factory(patterns), cue, seed, check)
        overlap = cosine(patterns[0], state)
        tolerance = self.tolerance
        if tolerance is None:
            tolerance = 0.0 if state.dtype.kind in "iu" else 0.01
        success = overlap >= 1 - tolerance and (overlap == 1 or not _another_is_nearer(patterns, state))
        return overlap, bool(success)

    def _draw(self, n: int, k: int, corruption: float, number: int) -> tuple[Array, Array, int]:
        """Patterns, the cue made of the first, and the seed of the retrieval."""
        if self.ensemble == "spins":
            patterns, order, seed = _core.spin_trial(self.seed, n, k, number)
            cue: Array = patterns[0].copy()
            cue[order[: round(corruption * n)]] *= -1
            return patterns, cue, seed
        reals, noise, seed = _core.real_trial(self.seed, n, k, number, self.ensemble)
        size = np.sqrt(np.square(reals[0]).sum() / n)
        return reals, reals[0] + corruption * size * noise, seed

    def _retrieve(self, memory: Any, cue: Array, seed: int, check: Callable[..., object]) -> Array:
        retrieve = getattr(memory, "retrieve", None)
        if not callable(retrieve):
            raise InputTypeError(
                f"`memory` must make an object with a method `retrieve`; got one of type {type(memory).__name__}"
            )
        said = {"rng": seed, "progress": check}
        heeded = _heeded(getattr(retrieve, "__func__", retrieve))
        options = {name: value for name, value in said.items() if name in heeded}
        found = retrieve(cue, **{**options, **self.options})
        state = np.asarray(getattr(found, "states", found))
        if state.shape != cue.shape or state.dtype.kind not in "biuf":
            raise InvalidInputError(
                f"`memory` must retrieve a state of shape {cue.shape} from such a cue, or an object that has it as "
                f"`states`; got shape {state.shape} of dtype {state.dtype}"
            )
        return state


def cosine(target: Array, state: Array) -> float:
    """``target @ state`` over the product of the lengths: of ±1 vectors exactly the overlap, as the sums are exact."""
    a, b = target.astype(np.float64), state.astype(np.float64)
    # Not by BLAS, whose sums may depend on how many threads it has.
    product, lengths = float((a * b).sum()), float(np.square(a).sum()) * float(np.square(b).sum())
    if not np.isfinite(product):
        raise InvalidInputError("`memory` must retrieve finite states; got NaN or infinity")
    return product / float(np.sqrt(lengths)) if lengths > 0 else 0.0


def _another_is_nearer(patterns: Array, state: Array) -> bool:
    """Whether a pattern other than the first has a larger cosine with the state, by more than rounding."""
    x = state.astype(np.float64)
    own = np.inf
    for begin in range(0, len(patterns), ROWS):
        rows = patterns[begin : begin + ROWS].astype(np.float64)
        products = rows @ x / np.sqrt(np.square(rows).sum(axis=1))
        own = products[0] if begin == 0 else own
        if (products > own + 1e-9 * abs(own)).any():
            return True
    return False


@functools.lru_cache(maxsize=16)
def _heeded(method: Callable[..., Any]) -> frozenset[str]:
    """What a method has keywords for, of all that a scan has to say."""
    try:
        parameters = inspect.signature(method).parameters
    except (TypeError, ValueError):  # some compiled functions do not tell
        return frozenset()
    anything = any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters.values())
    return frozenset(SAID if anything else SAID & parameters.keys())
