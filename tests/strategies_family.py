"""Problems for every similarity and separation that go together."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from hypothesis import strategies as st

import hopfield as hf
from hopfield.separation import NAMED, SIMILARITIES
from hopfield.separation import Separation as Value
from oracle.separations import Separation
from strategies_modern import Problem, problems
from tolerance import Array
from tolerance_family import Bounds

#: Similarities and the names of separations that mean something together.
PAIRS = [
    (similarity, name)
    for similarity in SIMILARITIES
    for name in NAMED
    if not (name in ("linear", "polynomial") and similarity in ("euclidean", "manhattan"))
    and not (name == "epanechnikov" and similarity != "euclidean")
]


@dataclass(frozen=True)
class Relative(Problem):
    """A problem under a similarity and a separation."""

    similarity: str = "dot"
    value: Value = field(default_factory=hf.separation.Softmax)

    @property
    def separation(self) -> Separation:
        """The oracle's."""
        parameters = list(vars(self.value).values())
        parameter = float(parameters[0]) if parameters and parameters[0] is not None else math.nan
        if self.value.name == "softmax1" and math.isnan(parameter):
            parameter = 0.0
        return Separation(self.value.name, parameter)

    def memory(self) -> hf.ModernHopfield:
        return hf.ModernHopfield(
            self.patterns, values=self.values, beta=self.beta, separation=self.value, similarity=self.similarity
        )

    def compared(self, query: int) -> Array:
        """The query as it is compared: in float64, of norm 1 under cosine, its unknown entries 0."""
        row = self.completed(query).astype(np.float64)
        return row / np.linalg.norm(row) if self.similarity == "cosine" else row

    def family(self, query: int, *, values: bool = True, state: Array | None = None) -> Bounds:
        """What may be wrong with answers to one query, or from a state of its own."""
        return Bounds(
            self.memory().patterns,
            self.beta,
            self.compared(query) if state is None else state,
            separation=self.separation,
            similarity=self.similarity,
            dtype=self.dtype,
            values=self.values if values else None,
            mask=self.mask_of(query),
            known=self.known_of(query) if state is None else None,
        )


def reach(similarity: str, patterns: Array, queries: Array) -> float:
    """The size of scores."""
    x, q = patterns.astype(np.float64), queries.astype(np.float64)
    longest, other = np.linalg.norm(x, axis=1).max(), np.linalg.norm(q, axis=1).max(initial=0.0)
    if similarity == "cosine":
        return 1.0
    if similarity == "euclidean":
        return float((longest + other) ** 2 / 2) + 1e-30
    if similarity == "manhattan":
        return float(np.sqrt(x.shape[1]) * (longest + other)) + 1e-30
    return float(longest * max(other, longest)) + 1e-30


@st.composite
def relatives(
    draw: st.DrawFn,
    *,
    pairs: list[tuple[str, str]] = PAIRS,
    largest_exponent: float = 300.0,
    **options: Any,
) -> Relative:
    """A problem for a drawn pair, beta times the largest possible score from 0.1 to `largest_exponent`."""
    similarity, name = draw(st.sampled_from(pairs))
    options.setdefault("max_work", 1500)
    problem = draw(problems(**options))
    patterns, queries = problem.patterns, problem.queries
    if similarity == "cosine":
        # No row of zeros, and none that is one where not all is known.
        patterns = np.where(np.any(patterns != 0, axis=1, keepdims=True), patterns, patterns.dtype.type(1.0))
        queries = np.where(queries == 0, queries.dtype.type(0.5 * np.abs(patterns).max()), queries)
    size = reach(similarity, patterns, queries)
    beta = draw(st.sampled_from([x for x in (0.1, 1.0, 5.0, 30.0, 300.0) if x <= largest_exponent])) / size
    value: Value
    if name == "softmax1":
        value = hf.separation.Softmax1(draw(st.sampled_from([0.0, -0.1, -0.5, 0.2])) * size)
    elif name == "entmax":
        value = hf.separation.Entmax(draw(st.sampled_from([1.5, 1.5, 2.0, 1.25, 3.0, 1.1])))
    elif name == "top_k":
        value = hf.separation.TopK(draw(st.sampled_from([1, 2, 5, 40, 200])))
    elif name == "polynomial":
        value = hf.separation.Polynomial(draw(st.sampled_from([1, 2, 3, 8])))
    elif name == "epanechnikov":
        value = hf.separation.Epanechnikov(draw(st.sampled_from([0.0, 0.5])))
        # A ball of about the distances there are.
        beta = draw(st.sampled_from([1.0, 2.0, 10.0])) / size
    else:
        value = NAMED[name]()
    known = problem.known
    if known is not None and similarity == "cosine":
        # Without any known entry there is no direction.
        known = known | (np.arange(patterns.shape[1]) == 0)
    return Relative(
        **vars(replace(problem, patterns=patterns, queries=queries, beta=float(beta), known=known)),
        similarity=similarity,
        value=value,
    )
