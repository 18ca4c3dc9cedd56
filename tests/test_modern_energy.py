"""The energy of a state, and the log-sum-exp in it: against the oracle, within the derived bound."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import hopfield as hf
from layouts import LAYOUTS, laid_out
from oracle import modern as oracle
from strategies_modern import FLOATS, Problem, layouts, lists, problems
from tolerance import worst


@given(problems(with_values=False, with_mask=False), st.booleans())
def test_the_energy_is_that_of_the_oracle(problem: Problem, constants: bool) -> None:
    found = problem.memory().energy(problem.queries, constants=constants)
    assert found.dtype == np.float64
    assert found.shape == (len(problem.queries),)
    for query, energy in enumerate(found):
        x, state = lists(problem.patterns), lists(problem.queries[query])
        expected = oracle.energy(x, problem.beta, state, constants=constants)
        assert worst(energy, expected, problem.bounds(query).energy(constants=constants)) <= 1


@given(problems(with_values=False, with_mask=False))
def test_the_energy_is_never_negative(problem: Problem) -> None:
    for query, energy in enumerate(problem.memory().energy(problem.queries)):
        assert energy >= -problem.bounds(query).energy()


@given(problems(with_values=False, with_mask=False, max_work=300), layouts, layouts)
def test_the_energy_is_the_same_in_any_layout(problem: Problem, patterns: str, states: str) -> None:
    plain = problem.memory().energy(problem.queries)
    memory = hf.ModernHopfield(laid_out(problem.patterns, patterns), beta=problem.beta)
    assert np.array_equal(memory.energy(laid_out(problem.queries, states)), plain)
    single = memory.energy(laid_out(problem.queries[-1], states))
    assert type(single) is float
    assert single == plain[-1]


@pytest.mark.parametrize("dtype", FLOATS)
def test_the_energy_of_one_pattern_is_half_the_squared_distance(dtype: str) -> None:
    rng = np.random.default_rng(1)
    for d in (1, 3, 64, 65, 200):
        pattern, state = rng.standard_normal((2, d)).astype(dtype)
        problem = Problem(pattern[np.newaxis], state[np.newaxis], 2.0, None, None, None)
        half = math.fsum((pattern.astype(float) - state.astype(float)) ** 2) / 2
        assert worst(problem.memory().energy(state), half, problem.bounds(0).energy()) <= 1


def test_copies_weigh_as_one() -> None:
    # In different tiles, chunks and groups: the sum is exact, and log(k) takes it away again.
    state = np.array([[0.5, 0.25]])
    for copies in (1, 64, 1024, 16384):
        problem = Problem(np.tile([[1.0, 2.0]], (copies, 1)), state, 3.0, None, None, None)
        half = ((1 - 0.5) ** 2 + (2 - 0.25) ** 2) / 2
        assert worst(problem.memory().energy(state[0]), half, problem.bounds(0).energy()) <= 1


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("k", [127, 129, 513, 8193])
def test_every_pattern_counts_in_the_log_sum_exp(dtype: str, k: int) -> None:
    # At 0 all scores are equal: the sum of weights is k, whole and exact in both dtypes.
    memory = hf.ModernHopfield(np.ones((k, 2), dtype), beta=0.25)
    assert memory.energy(np.zeros(2), constants=False) == -math.log(k) / 0.25
    assert memory.energy(np.zeros(2)) == -math.log(k) / 0.25 + (math.log(k) / 0.25 + 1)


@pytest.mark.parametrize("layout", sorted(LAYOUTS))
def test_an_empty_batch_has_no_energies(layout: str) -> None:
    energies = hf.ModernHopfield(np.eye(3), beta=1.0).energy(laid_out(np.zeros((0, 3)), layout))
    assert energies.shape == (0,)
    assert energies.dtype == np.float64


def test_far_states_do_not_overflow() -> None:
    memory = hf.ModernHopfield([[3e7, 0.0], [0.0, 3e7]], beta=1.0)
    energy = memory.energy([3e7, 0.0])
    bound = Problem(memory.patterns, np.array([[3e7, 0.0]]), 1.0, None, None, None).bounds(0).energy()
    assert worst(energy, math.log(2), bound) <= 1
    assert math.isfinite(energy)
