"""The weights themselves, the largest of them, and what kind of state they make: against the oracle."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import event, given
from hypothesis import strategies as st

import hopfield as hf
from layouts import LAYOUTS, laid_out
from oracle import modern as oracle
from strategies_modern import FLOATS, Problem, layouts, lists, problems
from tolerance import Array, worst


def surely_ordered(problem: Problem, query: int, indices: list[int]) -> bool:
    """Whether no rounding can change the order: each pattern is equal to the next, or scores clearly more."""
    bounds = problem.bounds(query)
    scores, off = bounds.scores, np.add(*(bounds.score_errors(way) for way in bounds.ways))
    return all(
        np.array_equal(problem.patterns[a], problem.patterns[b]) or scores[a] - scores[b] > off[a] + off[b]
        for a, b in pairwise(indices)
    )


@given(problems(with_values=False, with_mask=False))
def test_the_association_is_that_of_the_oracle(problem: Problem) -> None:
    found = problem.memory().association(problem.queries)
    assert found.dtype == problem.dtype
    assert found.shape == (len(problem.queries), len(problem.patterns))
    for query, weights in enumerate(found):
        expected = oracle.association(lists(problem.patterns), problem.beta, lists(problem.queries[query]))
        bound = problem.bounds(query).association()
        assert worst(weights, expected, bound) <= 1
        assert np.all(weights >= 0)
        assert abs(math.fsum(weights) - 1) <= math.fsum(bound)


@given(problems(with_values=False, with_mask=False), st.data())
def test_the_largest_weights_are_those_of_the_oracle(problem: Problem, data: st.DataObject) -> None:
    k = len(problem.patterns)
    top = data.draw(st.integers(1, k))
    weights, indices = problem.memory().association(problem.queries, top=top)
    assert weights.dtype == problem.dtype
    assert indices.dtype == np.int64
    assert weights.shape == indices.shape == (len(problem.queries), top)
    everything = problem.memory().association(problem.queries)
    for query in range(len(problem.queries)):
        # The same numbers as in the whole association, the largest first, each pattern once.
        mine = indices[query]
        assert np.array_equal(weights[query], everything[query][mine])
        assert len(set(mine)) == top
        # In the order of scores: of weights that differ by rounding alone, the smaller may come first.
        bound = problem.bounds(query).association().max()
        assert worst(weights[query], np.sort(everything[query])[::-1][:top], 2 * bound) <= 1
        x, state = lists(problem.patterns), lists(problem.queries[query])
        scores = oracle.exponents(x, problem.beta, state)
        order = oracle.by_weight(scores)
        # One more than asked for: what is left out must be clearly less, too.
        sure = surely_ordered(problem, query, order[: top + 1])
        event(f"order is sure: {sure}")
        if sure:
            assert mine.tolist() == oracle.top_association(x, problem.beta, state, top)[1]


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("k", [1, 8, 129, 700])
def test_equal_patterns_are_listed_by_the_lowest_index(dtype: str, k: int) -> None:
    memory = hf.ModernHopfield(np.ones((k, 2), dtype), beta=1.0)
    for top in {1, 2, k // 2, k - 1, k} - {0}:
        if top > k:
            continue
        # At 0 each pattern weighs exactly 1 before the division.
        weights, indices = memory.association(np.zeros((9, 2)), top=top)
        assert indices.tolist() == [list(range(top))] * 9
        assert np.all(weights == np.dtype(dtype).type(1) / k)


@pytest.mark.parametrize("top", [1, 3, 100, 128, 129, 300, 999, 1000])
def test_the_largest_weights_wherever_they_lie(top: int) -> None:
    rng = np.random.default_rng(top)
    # Distinct whole scores, shuffled: the order is known.
    scores = rng.permutation(1000)
    memory = hf.ModernHopfield(scores[:, np.newaxis].astype(np.float64), beta=0.01)
    _, indices = memory.association([[1.0], [-1.0]], top=top)
    order = np.argsort(scores)
    assert np.array_equal(indices[0], order[::-1][:top])
    assert np.array_equal(indices[1], order[:top])


@given(problems(with_values=False, with_mask=False, max_work=300), layouts, layouts)
def test_the_association_is_the_same_in_any_layout(problem: Problem, patterns: str, queries: str) -> None:
    memory = hf.ModernHopfield(laid_out(problem.patterns, patterns), beta=problem.beta)
    plain = problem.memory().association(problem.queries)
    assert np.array_equal(memory.association(laid_out(problem.queries, queries)), plain)
    single = memory.association(laid_out(problem.queries[-1], queries))
    assert np.array_equal(single, plain[-1])
    weight, index = memory.association(laid_out(problem.queries[-1], queries), top=1)
    assert weight.shape == index.shape == (1,)
    assert weight[0] == plain[-1].max()


@pytest.mark.parametrize("layout", sorted(LAYOUTS))
def test_an_empty_batch_has_no_weights(layout: str) -> None:
    memory = hf.ModernHopfield(np.eye(3), beta=1.0)
    queries = laid_out(np.zeros((0, 3)), layout)
    assert memory.association(queries).shape == (0, 3)
    weights, indices = memory.association(queries, top=2)
    assert weights.shape == indices.shape == (0, 2)
    diagnosis = memory.diagnose(queries)
    assert diagnosis.kind.shape == diagnosis.size.shape == diagnosis.entropy.shape == (0,)
    assert diagnosis.patterns == []


# What kind of state


def concentration(problem: Problem, query: int, expected: oracle.Diagnosis) -> Array:
    """The distance of the mass from 90 %, in units of its bound, at the size and one before it."""
    bounds = problem.bounds(query)
    order = np.argsort(-bounds.p, kind="stable")
    mass, off = np.cumsum(bounds.p[order]), np.cumsum(bounds.association()[order])
    places = [expected.size - 1, *([expected.size - 2] if expected.size > 1 else [])]
    return np.array([abs(mass[place] - 0.9) / off[place] for place in places])


@given(problems(with_values=False, with_mask=False))
def test_a_diagnosis_is_that_of_the_oracle(problem: Problem) -> None:
    diagnosis = problem.memory().diagnose(problem.queries)
    assert diagnosis.size.dtype == np.int64
    k = len(problem.patterns)
    for query in range(len(problem.queries)):
        expected = oracle.diagnose(lists(problem.patterns), problem.beta, lists(problem.queries[query]))
        bounds = problem.bounds(query)
        assert worst(diagnosis.entropy[query], expected.entropy, bounds.entropy()) <= 1
        assert worst(diagnosis.participation[query], expected.participation, bounds.participation()) <= 1
        size, kind = int(diagnosis.size[query]), str(diagnosis.kind[query])
        assert kind == ("pattern" if size == 1 else "metastable" if 2 * size <= k else "global")
        sure = bool(np.all(concentration(problem, query, expected) > 1))
        event(f"size is sure: {sure}")
        if sure:
            assert (size, kind) == (expected.size, expected.kind)
            assert diagnosis.ramsauer_class[query] == expected.ramsauer_class
        mine = diagnosis.patterns[query]
        assert mine.dtype == np.int64
        assert len(set(mine)) == (0 if kind == "global" else size)
        order = oracle.by_weight(lists(bounds.z))
        if sure and surely_weighed(problem, query, order[: size + 1]):
            assert mine.tolist() == expected.patterns


def surely_weighed(problem: Problem, query: int, indices: list[int]) -> bool:
    """As `surely_ordered`, for the weights."""
    bounds = problem.bounds(query)
    p, off = bounds.p, bounds.association()
    return all(
        np.array_equal(problem.patterns[a], problem.patterns[b]) or p[a] - p[b] > off[a] + off[b]
        for a, b in pairwise(indices)
    )


@pytest.mark.parametrize("size", [1, 2, 3, 4, 8, 9, 16, 17, 29])
def test_equal_weights_on_some_patterns(size: int) -> None:
    # `size` patterns share the query's direction, the others point away: 90 % of 1/size each.
    k = 32
    patterns = np.zeros((k, 2))
    patterns[k - size :, 0] = 1
    patterns[: k - size, 0] = -1
    problem = Problem(patterns, np.array([[1.0, 0.0]]), 50.0, None, None, None)
    diagnosis = problem.memory().diagnose(problem.queries[0])
    least = math.ceil(0.9 * size)
    assert diagnosis.size == least
    assert worst(diagnosis.participation, size, problem.bounds(0).participation()) <= 1
    assert worst(diagnosis.entropy, math.log(size), problem.bounds(0).entropy()) <= 1
    assert diagnosis.kind == ("pattern" if least == 1 else "metastable" if least <= k / 2 else "global")
    by_size = {"I": least > k / 2, "II": least > k / 8, "III": least > k / 32, "IV": True}
    assert diagnosis.ramsauer_class == next(name for name, holds in by_size.items() if holds)
    first = [] if least > k / 2 else list(range(k - size, k - size + least))
    assert diagnosis.patterns.tolist() == first


@given(problems(with_values=False, with_mask=False, max_work=300), layouts, layouts)
def test_a_diagnosis_is_the_same_in_any_layout(problem: Problem, patterns: str, states: str) -> None:
    plain = problem.memory().diagnose(problem.queries)
    memory = hf.ModernHopfield(laid_out(problem.patterns, patterns), beta=problem.beta)
    again = memory.diagnose(laid_out(problem.queries, states))
    single = memory.diagnose(laid_out(problem.queries[-1], states))
    for name in ("kind", "size", "entropy", "participation", "ramsauer_class"):
        assert np.array_equal(getattr(again, name), getattr(plain, name))
        assert getattr(single, name) == getattr(plain, name)[-1]
        assert isinstance(getattr(single, name), int | float | str)
    assert [p.tolist() for p in again.patterns] == [p.tolist() for p in plain.patterns]
    assert single.patterns.tolist() == plain.patterns[-1].tolist()
