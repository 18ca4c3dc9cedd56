"""One update, ``softmax(beta X xi)^T X`` or with values: against the oracle, within the derived bound."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import hopfield as hf
from layouts import LAYOUTS, laid_out
from oracle import modern as oracle
from strategies_modern import FLOATS, Problem, draw_patterns, layouts, lists, problems
from tolerance import Array, worst


def expected(problem: Problem, query: int) -> list[float]:
    return oracle.step(
        lists(problem.patterns),
        problem.beta,
        lists(problem.queries[query]),
        values=lists(problem.values),
        known=lists(problem.known_of(query)),
        mask=lists(problem.mask_of(query)),
    )


def assert_agrees(problem: Problem, found: Array) -> None:
    assert found.dtype == problem.dtype
    for query, row in enumerate(found):
        assert worst(row, expected(problem, query), problem.bounds(query).step()) <= 1


@given(problems())
def test_a_step_is_that_of_the_oracle(problem: Problem) -> None:
    assert_agrees(problem, problem.memory().step(problem.queries, mask=problem.mask))


@given(problems(max_work=300, with_known=True), st.lists(layouts, min_size=5, max_size=5), st.data())
def test_a_step_is_the_same_in_any_layout(problem: Problem, chosen: list[str], data: st.DataObject) -> None:
    arrays: list[Any] = [problem.patterns, problem.queries, problem.values, problem.mask, problem.known]
    for at, layout in enumerate(chosen):
        arrays[at] = None if arrays[at] is None else laid_out(arrays[at], layout)
    patterns, queries, values, mask, known = arrays
    plain = problem.memory().step(problem.queries, mask=problem.mask, known=problem.known)
    memory = hf.ModernHopfield(patterns, values=values, beta=problem.beta)
    assert np.array_equal(memory.step(queries, mask=mask, known=known), plain)
    assert_agrees(problem, plain)
    alone = data.draw(st.integers(0, len(problem.queries) - 1))
    row = laid_out(problem.queries[alone], chosen[1])
    single = memory.step(row, mask=problem.mask_of(alone), known=problem.known_of(alone))
    assert np.array_equal(single, plain[alone])


@given(problems(with_known=True, max_work=1000))
def test_unknown_entries_are_not_read(problem: Problem) -> None:
    found = problem.memory().step(problem.queries, mask=problem.mask, known=problem.known)
    assert_agrees(problem, found)
    if problem.known is not None:
        for rubbish in (np.nan, np.inf, 1e30):
            queries = np.where(problem.known, problem.queries, problem.dtype.type(rubbish))
            again = problem.memory().step(queries, mask=problem.mask, known=problem.known)
            assert np.array_equal(again, found)


def random_problem(number: int) -> Problem:
    """Sizes, scales and inverse temperatures at random; a tenth has values, a tenth a mask."""
    rng = np.random.default_rng([2020, number])
    k, d, m = int(rng.integers(1, 60)), int(rng.integers(1, 80)), 2
    patterns = rng.standard_normal((k, d)) * 10.0 ** rng.uniform(-2, 2)
    queries = patterns[rng.integers(0, k, m)] * rng.uniform(0, 1.2) + patterns.std() * rng.standard_normal((m, d))
    longest = np.linalg.norm(patterns, axis=1).max() * np.linalg.norm(queries, axis=1).max() + 1e-9
    return Problem(
        patterns=patterns,
        queries=queries,
        beta=float(10.0 ** rng.uniform(-1, 2.5) / longest),
        values=rng.standard_normal((k, 5)) if number % 10 == 0 else None,
        mask=rng.random((m, k)) < 0.7 if number % 10 == 1 else None,
        known=None,
    )


def test_a_thousand_random_problems_in_double_precision() -> None:
    steps, energies = [], []
    for number in range(1000):
        problem = random_problem(number)
        memory = problem.memory()
        found = memory.step(problem.queries, mask=problem.mask)
        energy = memory.energy(problem.queries)
        steps.append(worst(found[0], expected(problem, 0), problem.bounds(0).step()))
        x, query = lists(problem.patterns), lists(problem.queries[1])
        bound = Problem(problem.patterns, problem.queries, problem.beta, None, None, None).bounds(1).energy()
        energies.append(worst(energy[1], oracle.energy(x, problem.beta, query), bound))
    assert max(steps) <= 1
    assert max(energies) <= 1
    # Far below their bounds they would be no test of them.
    assert max(steps) > 0.05
    assert max(energies) > 0.02


# Where vectors, blocks, tiles, chunks and groups of 16 chunks end.
SHAPES = [(k, d) for k in (1, 7, 8, 9, 127, 128, 129) for d in (1, 15, 16, 17, 63, 64, 65, 130)]
SHAPES += [(k, d) for k in (511, 512, 513, 1024, 2049) for d in (1, 17)] + [(8191, 2), (8193, 3), (16385, 1)]


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("m", [1, 3, 9, 40])
def test_every_part_of_every_tile_counts(dtype: str, m: int) -> None:
    rng = np.random.default_rng(m)
    for k, d in SHAPES:
        patterns = rng.standard_normal((k, d)).astype(dtype)
        queries = rng.standard_normal((m, d)).astype(dtype)
        values = rng.standard_normal((k, 1 + k % 19)).astype(dtype)
        problem = Problem(patterns, queries, 0.5 / np.sqrt(d), values, None, None)
        found = problem.memory().step(queries)
        # The last query by the oracle; the others must be what they are alone.
        assert worst(found[-1], expected(problem, m - 1), problem.bounds(m - 1).step()) <= 1, (k, d)
        for query in range(m):
            assert np.array_equal(problem.memory().step(queries[query]), found[query]), (k, d, query)


@pytest.mark.parametrize(("dtype", "reach"), [("float32", 2.9e6), ("float64", 1.5e15)])
def test_exponents_up_to_the_limit_of_the_dtype(dtype: str, reach: float) -> None:
    patterns = np.eye(3, dtype=dtype)
    problem = Problem(patterns, patterns[:1], reach, None, None, None)
    assert_agrees(problem, problem.memory().step(problem.queries))
    assert problem.memory().step(patterns[0]).tolist() == [1, 0, 0]
    with pytest.raises(hf.errors.InvalidInputError, match=r"row 1 of norm 1\.1\d*e0 can reach .* \(scale the data"):
        problem.memory().step([[1.0, 0.0, 0.0], [1.1, 0.0, 0.0]])


@pytest.mark.parametrize(("dtype", "depth"), [("float32", 125), ("float64", 1021)])
def test_weights_beyond_the_smallest_normal_number_are_zero(dtype: str, depth: int) -> None:
    # Scores in powers of two: pattern i weighs 2^-i exactly.
    patterns = np.zeros((depth + 5, 1), dtype)
    patterns[:, 0] = -np.arange(depth + 5)
    weights = hf.ModernHopfield(patterns, beta=float(np.log(2))).association(np.ones((1, 1), dtype))[0]
    assert np.all(weights[: depth + 1] > 0)
    assert not weights[depth + 1 :].any()


@pytest.mark.parametrize("scale", [1e-18, 1e-9, 1e9, 1e18])
def test_single_precision_takes_any_scale_that_its_scores_have_room_for(scale: float) -> None:
    rng = np.random.default_rng(0)
    patterns = (draw_patterns("normal", 20, 16, rng) * scale).astype(np.float32)
    problem = Problem(patterns, patterns[:3], 3 / scale**2, None, None, None)
    assert_agrees(problem, problem.memory().step(problem.queries))


@pytest.mark.parametrize(
    ("dtype", "scale", "beta"),
    [("float32", 1e-20, 1e40), ("float32", 1e25, 1e-50), ("float64", 1e-154, 1.7e308)],
)
def test_scales_without_room_are_computed_or_refused(dtype: str, scale: float, beta: float) -> None:
    patterns = (np.eye(3) * scale).astype(dtype)
    problem = Problem(patterns, patterns[:1], beta, None, None, None)
    try:
        found = problem.memory().step(problem.queries)
    except hf.errors.InvalidInputError:
        return
    assert_agrees(problem, found)


@pytest.mark.parametrize("layout", sorted(LAYOUTS))
def test_an_empty_batch_gives_an_empty_result(layout: str) -> None:
    memory = hf.ModernHopfield(np.eye(3, dtype=np.float32), values=np.ones((3, 2)), beta=1.0)
    queries = laid_out(np.zeros((0, 3), np.float32), layout)
    found = memory.step(queries, mask=np.ones((0, 3), bool), known=np.ones((0, 3), bool))
    assert found.shape == (0, 2)
    assert found.dtype == np.float32


def test_a_query_without_patterns_gets_zeros() -> None:
    memory = hf.ModernHopfield(np.eye(3), beta=1.0)
    found = memory.step(np.zeros((2, 3)), mask=[[False, False, False], [True, True, True]])
    assert found.tolist() == [[0, 0, 0], [1 / 3, 1 / 3, 1 / 3]]
