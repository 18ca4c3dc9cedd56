"""What hypothesis draws: values, in every form that an array can have."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

import layouts as arrays
from tolerance import Array

#: Each gives what NumPy takes for an array equal to its argument.
LAYOUTS: dict[str, Callable[[Array], Any]] = {**arrays.LAYOUTS, "nested lists": lambda array: array.tolist()}

layouts = st.sampled_from(sorted(LAYOUTS)).map(LAYOUTS.__getitem__)


# Spins: networks of ±1 neurons and what is asked of them

SPIN_DTYPES = ["i1", "i2", "i4", "i8", "f2", "f4", "f8", "g"]

signs = st.sampled_from([-1, 1])


def spin_rows(n: int, least: int = 1, most: int = 5) -> st.SearchStrategy[list[list[int]]]:
    """Rows of n values ±1."""
    return st.lists(st.lists(signs, min_size=n, max_size=n), min_size=least, max_size=most)


def field_values(n: int) -> st.SearchStrategy[float]:
    """Constant parts of a field: on ties (multiples of 1/n and 1/8), near them, and far out."""
    return st.one_of(
        st.integers(-4 * n, 4 * n).map(lambda j: j / n),
        st.integers(-40, 40).map(lambda j: j / 8),
        st.floats(-3, 3),
        st.floats(-1e300, 1e300),
    )


def temperatures() -> st.SearchStrategy[Any]:
    """None, one temperature or a schedule: zeros, moderate ones, and extremes."""
    value = st.one_of(
        st.just(0.0),
        st.integers(1, 40).map(lambda j: j / 8),
        st.floats(1e-3, 10),
        st.sampled_from([1e-300, 1e-9, 1e9, 1e300]),
    )
    return st.none() | st.none() | value | st.lists(value, min_size=1, max_size=8)


def biases(n: int) -> st.SearchStrategy[Any]:
    """None, one number or n."""
    value = field_values(n)
    return st.one_of(st.none(), value, st.lists(value, min_size=n, max_size=n))


@dataclass(frozen=True)
class Recollection:
    """A network, cues, and what is asked of the retrieval."""

    patterns: list[list[int]]
    network: dict[str, Any]
    cues: list[list[int]]
    known: list[list[bool]] | None
    field: list[list[float]] | None
    options: dict[str, Any]
    rng: int | list[int]


@st.composite
def recollections(draw: st.DrawFn) -> Recollection:
    """Small problems with every option, in which ties, cycles and spent budgets are common."""
    n = draw(st.integers(1, 12))
    patterns = draw(spin_rows(n))
    cues = draw(spin_rows(n, least=0, most=3))
    m = len(cues)
    network = {
        "normalization": draw(st.sampled_from(["neurons", "patterns", "none"])),
        "tie": draw(st.sampled_from(["keep", "plus", "minus", "random"])),
        draw(st.sampled_from(["bias", "threshold"])): draw(biases(n)),
    }
    mask = st.lists(st.lists(st.booleans(), min_size=n, max_size=n), min_size=m, max_size=m)
    known = draw(st.none() | mask)
    budget = st.none() | st.integers(1, 3 * n)
    update = draw(st.sampled_from(["asynchronous", "asynchronous", "synchronous"]))
    order = st.sampled_from(["permutation", "random", "sequential", "greedy"])
    if update == "asynchronous":
        order |= st.lists(st.integers(0, n - 1), min_size=1, max_size=2 * n)
    chosen = draw(order)
    temperature = draw(st.just(0.0) if chosen == "greedy" else temperatures())
    options = {
        "update": update,
        "order": chosen,
        "temperature": temperature,
        "max_sweeps": draw(st.sampled_from([1, 2, 3, 20 if temperature else 100])),
        "max_updates": draw(budget),
        "patience": draw(budget),
        "stop_at_memory": draw(st.booleans()),
        "target_energy": draw(st.none() | st.integers(-20, 4).map(lambda j: j / 4)),
        "clamp": known is not None and draw(st.booleans()),
        "near_overlap": draw(st.sampled_from([0.5, 0.9, 1.0])),
    }
    field = draw(st.none() | st.lists(st.lists(field_values(n), min_size=n, max_size=n), min_size=m, max_size=m))
    seeds = st.integers(0, 2**64 - 1)
    rng = draw(seeds | st.lists(seeds, min_size=m, max_size=m))
    return Recollection(patterns, network, cues, known, field, options, rng)
