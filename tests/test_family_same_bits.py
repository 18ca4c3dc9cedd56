"""The same bits for every similarity and separation: threads, batches, layouts, however many patterns have weight."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import hopfield as hf
from layouts import laid_out
from strategies_family import PAIRS, Relative, relatives
from strategies_modern import layouts


def value(name: str) -> hf.separation.Separation:
    parameter: dict[str, tuple[Any, ...]] = {"top_k": (7,), "polynomial": (3,), "softmax1": (-0.5,)}
    return hf.separation.NAMED[name](*parameter.get(name, ()))


def everything(memory: hf.ModernHopfield, queries: np.ndarray, **options: Any) -> list[np.ndarray]:
    found = memory.retrieve(queries, max_steps=3, tol=0.0, **options)
    return [memory.step(queries, **options), found.states, found.residual, found.energy, found.pattern, found.weight]


@pytest.mark.parametrize(("similarity", "name"), PAIRS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_threads_and_company_change_nothing(similarity: str, name: str, dtype: str) -> None:
    rng = np.random.default_rng(5)
    patterns = rng.standard_normal((2100, 24)).astype(dtype)
    queries = (patterns[:45] + 0.4 * rng.standard_normal((45, 24))).astype(dtype)
    # From few patterns with weight to more than a walk keeps.
    for beta in (0.01, 0.3, 4.0) if name not in ("max", "linear", "polynomial") else (1.0,):
        memory = hf.ModernHopfield(patterns, beta=beta, separation=value(name), similarity=similarity)
        alone = [everything(memory, queries[query], n_threads=1) for query in (0, 20, 44)]
        for threads in (1, 2, 3, 5, 8):
            for part in (slice(None), slice(0, 21), slice(20, 45)):
                batch = everything(memory, queries[part], n_threads=threads)
                for found, query in zip(alone, (0, 20, 44), strict=True):
                    at = query - (part.start or 0)
                    if 0 <= at < len(batch[0]):
                        for together, single in zip(batch, found, strict=True):
                            assert np.array_equal(together[at], single, equal_nan=True)


@given(relatives(with_known=True, max_work=500), layouts, layouts, st.integers(1, 8))
def test_layouts_and_masks_of_all_change_nothing(
    problem: Relative, of_patterns: str, of_queries: str, threads: int
) -> None:
    plain = problem.memory().step(problem.queries, mask=problem.mask, known=problem.known)
    memory = hf.ModernHopfield(
        laid_out(problem.patterns, of_patterns),
        values=problem.values,
        beta=problem.beta,
        separation=problem.value,
        similarity=problem.similarity,
    )
    queries = laid_out(problem.queries, of_queries)
    again = memory.step(queries, mask=problem.mask, known=problem.known, n_threads=threads)
    assert np.array_equal(again, plain)
    for query in range(len(problem.queries)):
        alone = memory.step(problem.queries[query], mask=problem.mask_of(query), known=problem.known_of(query))
        assert np.array_equal(alone, plain[query])
    everybody = np.ones(len(problem.patterns), bool)
    whole = np.ones(problem.queries.shape[1], bool)
    assert np.array_equal(memory.step(queries, mask=everybody, known=whole), memory.step(queries))


@given(relatives(with_mask=True, max_work=600, with_values=False))
def test_masked_patterns_might_as_well_not_be_there(problem: Relative) -> None:
    if problem.mask is None or problem.mask.ndim == 2 or not problem.mask.any():
        return
    masked = problem.memory().step(problem.queries, mask=problem.mask)
    smaller = hf.ModernHopfield(
        problem.patterns[problem.mask], beta=problem.beta, separation=problem.value, similarity=problem.similarity
    )
    for query, found in enumerate(smaller.step(problem.queries)):
        bounds = problem.family(query)
        if not bounds.open and problem.similarity != "cosine":
            assert np.all(np.abs(found - masked[query]) <= 2 * bounds.step())
        if problem.value.name in ("sparsemax", "entmax", "top_k", "max", "epanechnikov"):
            # What has no weight has no part in any sum.
            assert np.array_equal(found, masked[query])


@pytest.mark.parametrize(("similarity", "name"), PAIRS)
def test_what_is_no_number_stays_with_its_query(similarity: str, name: str) -> None:
    rng = np.random.default_rng(0)
    memory = hf.ModernHopfield(rng.standard_normal((300, 8)), beta=0.7, separation=value(name), similarity=similarity)
    for m in (3, 40):
        queries = memory.patterns[:m] + 0.1
        good = memory.retrieve(queries, max_steps=4)
        for bad in (np.nan, np.inf):
            spoiled = queries.copy()
            spoiled[1, 3] = bad
            found = memory.retrieve(spoiled, max_steps=4, check_finite=False)
            others = np.arange(m) != 1
            assert np.array_equal(found.states[others], good.states[others])
            assert not found.converged[1]
            assert not np.isfinite(found.states[1]).all()
            with pytest.raises(hf.errors.InvalidInputError, match="row 1, column 3"):
                memory.retrieve(spoiled)
        some = np.arange(8) != 3
        partial = memory.retrieve(spoiled, known=some, max_steps=2)
        assert np.isfinite(partial.states).all()


@pytest.mark.parametrize("stored", ["bfloat16", "float16", "int8"])
@pytest.mark.parametrize(("similarity", "name"), PAIRS)
def test_rounded_patterns_answer_as_what_they_are(stored: str, similarity: str, name: str) -> None:
    rng = np.random.default_rng(1)
    for d in (12, 13):
        patterns = rng.standard_normal((700, d)).astype(np.float32)
        memory = hf.ModernHopfield(patterns, beta=1.0, separation=value(name), similarity=similarity, dtype=stored)
        wide = hf.ModernHopfield(memory.patterns, beta=1.0, separation=value(name), similarity=similarity)
        for m in (1, 7, 40):
            queries = patterns[:m] + np.float32(0.2)
            if similarity == "cosine":
                # Rounding leaves the norm of 1 by as much as it rounds.
                found, expected = memory.association(queries), wide.association(queries)
                if name not in ("max", "top_k"):
                    assert np.abs(found - expected).max() < 0.02
                continue
            for found, expected in zip(everything(memory, queries), everything(wide, queries), strict=True):
                assert np.array_equal(found, expected, equal_nan=True)
            assert np.array_equal(memory.association(queries), wide.association(queries))
