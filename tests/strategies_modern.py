"""Problems for the modern network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st

import hopfield as hf
import tolerance
from layouts import LAYOUTS
from tolerance import Array

FLOATS = ("float32", "float64")


def lists(array: Array | None) -> Any:
    """What the oracle takes: lists of Python numbers, none of them rounded."""
    return None if array is None else array.tolist()


layouts = st.sampled_from(sorted(LAYOUTS))


# Problems


@dataclass(frozen=True)
class Problem:
    """A memory and queries."""

    patterns: Array
    queries: Array
    beta: float
    values: Array | None
    mask: Any  # an array of bool, or None
    known: Any

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.patterns.dtype

    def memory(self) -> hf.ModernHopfield:
        """The memory that stores the patterns."""
        return hf.ModernHopfield(self.patterns, values=self.values, beta=self.beta)

    def bounds(self, query: int, *, values: bool = True, state: Array | None = None) -> tolerance.Problem:
        """What may be wrong with answers to one query, or from a state of its own."""
        return tolerance.Problem(
            self.patterns,
            self.beta,
            self.completed(query) if state is None else state,
            dtype=self.dtype,
            values=self.values if values else None,
            mask=self.mask_of(query),
        )

    def mask_of(self, query: int) -> Any:
        """The mask of one query."""
        return self.mask if self.mask is None or self.mask.ndim == 1 else self.mask[query]

    def known_of(self, query: int) -> Any:
        """What is known of one query."""
        return self.known if self.known is None or self.known.ndim == 1 else self.known[query]

    def completed(self, query: int) -> Array:
        """The query with zeros for what is not known."""
        known = self.known_of(query)
        row: Array = self.queries[query]
        return row if known is None else np.where(known, row, 0).astype(row.dtype)


# Lengths around those at which vectors, blocks, tiles and chunks end.
WIDTHS = (7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129, 130)
HEIGHTS = (7, 8, 9, 16, 17, 127, 128, 129, 200, 257, 511, 512, 513, 1025)


def lengths(notable: tuple[int, ...], most: int) -> st.SearchStrategy[int]:
    """Small lengths most often, up to `most`, and notable ones."""
    fitting = [length for length in notable if length <= most] or [1]
    return st.one_of(st.integers(1, min(5, most)), st.integers(1, min(20, most)), st.sampled_from(fitting))


#: How the entries of patterns are drawn.
KINDS = ("normal", "unit", "whole", "spins", "one-hot", "shifted", "wide")


def draw_patterns(kind: str, k: int, d: int, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Patterns of a kind, norms of the order of 1."""
    normal = rng.standard_normal((k, d)) / np.sqrt(d)
    if kind == "unit":
        return normal / np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-3)
    if kind == "whole":
        # Few different entries: many scores are equal.
        return rng.integers(-2, 3, (k, d)) / 2.0
    if kind == "spins":
        return rng.choice([-1.0, 1.0], (k, d)) / np.sqrt(d)
    if kind == "one-hot":
        patterns = np.zeros((k, d))
        patterns[np.arange(k), rng.integers(0, d, k)] = 1
        return patterns
    if kind == "shifted":
        return normal + rng.standard_normal(d) * 3 / np.sqrt(d)
    if kind == "wide":
        return normal * 10.0 ** rng.uniform(-3, 1, (k, 1))
    return normal


def draw_queries(kind: str, patterns: Array, m: int, rng: np.random.Generator) -> Array:
    """Queries near patterns, between them, or anywhere."""
    k, d = patterns.shape
    near = patterns[rng.integers(0, k, m)]
    scale = np.abs(patterns).max() + 1e-3
    if kind == "stored":
        return near
    if kind == "noisy":
        return near + 0.3 * scale * rng.standard_normal((m, d))
    if kind == "mean":
        return np.repeat(patterns.mean(axis=0, keepdims=True), m, axis=0)
    if kind == "zero":
        return np.zeros((m, d))
    if kind == "opposite":
        return -near
    return scale * rng.standard_normal((m, d)) * 10.0 ** rng.uniform(-2, 2)


def masks(k: int, m: int) -> st.SearchStrategy[Array | None]:
    """None, one for all queries, or one for each; sometimes a query has no pattern left."""

    def some(seed: int, share: float, each: bool) -> Array:
        rng = np.random.default_rng(seed)
        return rng.random((m, k) if each else k) < share

    shares = st.sampled_from([0.5, 0.8, 0.2, 0.9, 0.0, 1.0])
    flags = st.builds(some, st.integers(0, 2**32), shares, st.booleans())
    return st.one_of(st.none(), flags, flags)


def knowns(d: int, m: int) -> st.SearchStrategy[Array | None]:
    """As `masks`, over the entries of the queries."""
    return masks(d, m)


@st.composite
def problems(
    draw: st.DrawFn,
    *,
    dtypes: tuple[str, ...] = FLOATS,
    max_work: int = 4000,
    max_queries: int = 3,
    largest_exponent: float = 1e4,
    with_values: bool = True,
    with_mask: bool = True,
    with_known: bool = False,
    kinds: tuple[str, ...] = KINDS,
) -> Problem:
    """A problem of at most `max_work` multiplications, `beta M |q|` from 1e-3 to `largest_exponent`."""
    dtype = np.dtype(draw(st.sampled_from(dtypes)))
    # Few queries lie as rows in the kernels, from about ten on in lanes.
    batches = [*range(1, max_queries + 1)] * 2 + [m for m in (5, 8, 11, 17, 33) if 40 * m <= max_work]
    m = draw(st.sampled_from(batches))
    d = draw(lengths(WIDTHS, max_work // (2 * m)))
    k = draw(lengths(HEIGHTS, max_work // (m * d)))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    patterns = draw_patterns(draw(st.sampled_from(kinds)), k, d, rng)
    if k > 1 and draw(st.booleans()):
        # Duplicates, so that scores are equal and the lowest index counts.
        patterns[rng.integers(0, k, k // 2)] = patterns[rng.integers(0, k)]
    scale = 10.0 ** draw(st.sampled_from([0, 0, 0, -3, 3, -12, 9]))
    patterns = (patterns * scale).astype(dtype)
    how = draw(st.sampled_from(["noisy", "noisy", "anywhere", "stored", "mean", "zero", "opposite"]))
    queries = draw_queries(how, patterns.astype(np.float64), m, rng).astype(dtype)

    # beta so that the largest possible exponent is of the drawn size
    norms = (
        np.linalg.norm(patterns.astype(np.float64), axis=1).max(),
        np.linalg.norm(queries.astype(np.float64), axis=1).max(),
    )
    exponents = [x for x in (1e-3, 0.1, 1.0, 5.0, 20.0, 100.0, 1e3, 1e4, 1e6) if x <= largest_exponent]
    longest = max(norms[0], 1e-13)
    beta = draw(st.sampled_from(exponents)) / (longest * max(norms[1], longest))

    values = None
    if with_values and draw(st.booleans()):
        values = (rng.standard_normal((k, draw(st.integers(1, 20)))) * 10.0 ** rng.uniform(-2, 2)).astype(dtype)
    return Problem(
        patterns=patterns,
        queries=queries,
        beta=float(beta),
        values=values,
        mask=draw(masks(k, m)) if with_mask else None,
        known=draw(knowns(d, m)) if with_known else None,
    )
