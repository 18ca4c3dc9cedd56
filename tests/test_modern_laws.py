"""Laws that hold whatever the numbers: up to the derived bound, or to the bit where they are exact."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import event, given
from hypothesis import strategies as st

import hopfield as hf
import tolerance
from strategies_modern import FLOATS, Problem, draw_patterns, problems
from tolerance import Array, worst


@given(problems(with_values=False, largest_exponent=100.0, max_work=1500))
def test_the_energy_never_rises(problem: Problem) -> None:
    found = problem.memory().retrieve(problem.queries, mask=problem.mask, trace=True, max_steps=12, tol=0.0)
    assert found.trace is not None
    memory = problem.memory()
    for query in range(len(problem.queries)):
        mask = problem.mask_of(query)
        if mask is not None and not mask.any():
            continue
        state = problem.completed(query)
        for before, after in zip(found.trace[query], found.trace[query][1:], strict=False):
            if math.isnan(after):
                break
            here = problem.bounds(query, state=state)
            moved = memory.step(state, mask=mask)
            # The exact update does not rise; the computed one is a little beside it.
            error = tolerance.norm(here.step())
            ahead = problem.bounds(query, state=moved)
            slope = float(np.linalg.norm(moved - ahead.mean())) + 2 * error
            assert after <= before + here.energy() + ahead.energy() + ahead.energy_nearby(error, slope)
            state = moved
        event(f"steps followed: {int(found.n_steps[query])}")


@given(problems(with_values=False, with_mask=False, largest_exponent=100.0, max_work=1500))
def test_the_energy_falls_by_at_least_half_the_squared_move(problem: Problem) -> None:
    # E(x) - E(f(x)) >= |x - f(x)|^2 / 2: the bound of the concave-convex procedure.
    memory = problem.memory()
    for query, state in enumerate(problem.queries):
        moved = memory.step(state)
        here, ahead = problem.bounds(query, state=state), problem.bounds(query, state=moved)
        error = tolerance.norm(here.step())
        distance = math.dist(state.tolist(), moved.tolist())
        slope = float(np.linalg.norm(moved - ahead.mean())) + 2 * error
        off = here.energy() + ahead.energy() + ahead.energy_nearby(error, slope) + distance * error
        fallen = memory.energy(state) - memory.energy(moved)
        assert fallen >= distance**2 / 2 - off - tolerance.length(distance, len(state)) * distance


@given(problems(with_values=False, largest_exponent=1e3, max_work=1500))
def test_fixed_points_are_fixed(problem: Problem) -> None:
    found = problem.memory().retrieve(problem.queries, mask=problem.mask, max_steps=100)
    again = problem.memory().retrieve(found.states, mask=problem.mask, max_steps=1)
    for query in np.flatnonzero(found.converged):
        # One more move is at most what the last one becomes.
        bounds = problem.bounds(int(query), state=found.states[query])
        error = 2 * tolerance.norm(bounds.step())
        assert again.residual[query] <= error + bounds.propagated(found.residual[query])


@given(problems(with_mask=False, max_work=1500), st.integers(0, 2**32))
def test_the_order_of_the_patterns_does_not_matter(problem: Problem, seed: int) -> None:
    order = np.random.default_rng(seed).permutation(len(problem.patterns))
    values = None if problem.values is None else problem.values[order]
    shuffled = hf.ModernHopfield(problem.patterns[order], values=values, beta=problem.beta)
    memory = problem.memory()
    steps = memory.step(problem.queries), shuffled.step(problem.queries)
    energies = memory.energy(problem.queries), shuffled.energy(problem.queries)
    weights = memory.association(problem.queries), shuffled.association(problem.queries)
    for query in range(len(problem.queries)):
        bounds = problem.bounds(query)
        assert worst(steps[0][query], steps[1][query], 2 * bounds.step()) <= 1
        assert worst(energies[0][query], energies[1][query], 2 * bounds.energy()) <= 1
        off = 2 * bounds.association()[order]
        assert worst(weights[0][query][order], weights[1][query], off) <= 1


# Turned, moved and scaled memories


def hadamard(d: int) -> Array:
    """Signs whose rows are orthogonal; over the square root of `d` (whole for 4 and 16) an exact rotation."""
    return np.array([[(-1) ** bin(i & j).count("1") for j in range(d)] for i in range(d)], float)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("d", [4, 16, 64])
def test_a_turned_memory_retrieves_turned_states(dtype: str, d: int) -> None:
    # Eighths and a rotation of small numbers: nothing is rounded before the library sees it.
    rng = np.random.default_rng(d)
    turn = hadamard(d)[:, rng.permutation(d)] / math.isqrt(d)
    patterns, queries = rng.integers(-16, 17, (50, d)) / 8, rng.integers(-16, 17, (10, d)) / 8
    assert np.array_equal((patterns @ turn) @ turn.T, patterns)
    plain = Problem(patterns.astype(dtype), queries.astype(dtype), 2.0 / d, None, None, None)
    turned = Problem((patterns @ turn).astype(dtype), (queries @ turn).astype(dtype), 2.0 / d, None, None, None)
    steps = plain.memory().step(plain.queries), turned.memory().step(turned.queries)
    energies = plain.memory().energy(plain.queries), turned.memory().energy(turned.queries)
    for query in range(len(queries)):
        bounds, elsewhere = plain.bounds(query), turned.bounds(query)
        back = steps[1][query].astype(np.float64) @ turn.T
        off = bounds.step() + elsewhere.step() @ np.abs(turn).T
        off = off + tolerance.gamma(d, tolerance.U64) * (np.abs(steps[1][query]).astype(float) @ np.abs(turn).T)
        assert worst(back, steps[0][query], off) <= 1
        assert worst(energies[1][query], energies[0][query], bounds.energy() + elsewhere.energy()) <= 1


@given(problems(with_mask=False, max_work=800, largest_exponent=100.0), st.integers(-4, 4), st.integers(-4, 4))
def test_a_scaled_memory_gives_scaled_answers_to_the_bit(problem: Problem, up: int, apart: int) -> None:
    # Powers of two: beta / (a b) with patterns times a and queries times b has the same scores.
    a, b = problem.dtype.type(2.0**up), problem.dtype.type(2.0**apart)
    scaled = hf.ModernHopfield(problem.patterns * a, beta=problem.beta / float(a * b))
    memory = hf.ModernHopfield(problem.patterns, beta=problem.beta)
    step = memory.step(problem.queries)
    smallest = np.finfo(problem.dtype).tiny
    for array in (problem.patterns, problem.queries, step):
        sizes = np.abs(array[array != 0])
        # Where products or results were below the normal numbers, scaling would not be exact.
        if sizes.size and sizes.min() < max(math.sqrt(smallest), smallest * 2**80):
            return
    assert np.array_equal(scaled.step(problem.queries * b), step * a)
    weights = memory.association(problem.queries)
    assert np.array_equal(scaled.association(problem.queries * b), weights)


# Limits


@given(problems(with_mask=False, max_work=1500))
def test_at_a_vanishing_beta_a_step_is_the_mean(problem: Problem) -> None:
    longest = np.abs(problem.patterns).astype(np.float64).max() + 1e-30
    beta = 1e-9 / (longest * max(float(np.abs(problem.queries).max()), float(longest)))
    memory = hf.ModernHopfield(problem.patterns, values=problem.values, beta=beta)
    table = (problem.patterns if problem.values is None else problem.values).astype(np.float64)
    mean = table.mean(axis=0)
    for query, found in enumerate(memory.step(problem.queries)):
        same = Problem(problem.patterns, problem.queries, beta, problem.values, None, None)
        # Weights within exp(+-2 max |z|) of equal ones.
        change = math.expm1(2 * float(np.abs(same.bounds(query).z).max())) * np.abs(table - mean).mean(axis=0)
        sums = tolerance.gamma(len(table), tolerance.U64) * np.abs(table).max(axis=0)
        assert worst(found, mean, same.bounds(query).step() + change + sums) <= 1


@given(problems(with_mask=False, max_work=1500))
def test_at_a_large_beta_a_step_is_the_best_match(problem: Problem) -> None:
    x = problem.patterns.astype(np.float64)
    table = problem.patterns if problem.values is None else problem.values
    limit = 1e6 if problem.dtype == np.float32 else 1e12
    norms = (
        np.linalg.norm(x, axis=1).max() + 1e-30,
        np.linalg.norm(problem.queries.astype(float), axis=1).max(),
    )
    beta = float(limit / (norms[0] * max(norms[1], norms[0])))
    same = Problem(problem.patterns, problem.queries, beta, problem.values, None, None)
    for query, found in enumerate(same.memory().step(problem.queries)):
        bounds = same.bounds(query)
        best = int(np.argmax(bounds.scores))
        others = np.any(x != x[best], axis=1)
        gap = bounds.scores[best] - bounds.scores[others].max(initial=-np.inf)
        # The rest weighs (k - 1) exp(-beta gap) of the best, whatever the copies of that.
        if beta * gap < 60 or len(np.unique(table[~others], axis=0)) > 1:
            continue
        spread = np.ptp(table.astype(np.float64), axis=0)
        off = bounds.step() + len(x) * math.exp(-beta * gap) * spread
        assert worst(found, table[best], off) <= 1


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("copies", [1, 9])
def test_one_pattern_is_retrieved_in_one_step(dtype: str, copies: int) -> None:
    rng = np.random.default_rng(0)
    pattern = rng.standard_normal(20).astype(dtype)
    memory = hf.ModernHopfield(np.tile(pattern, (copies, 1)), beta=3.0)
    queries = rng.standard_normal((8, 20)).astype(dtype)
    found = memory.retrieve(queries, tol=0.0)
    # The second step finds nothing left to do.
    assert found.n_steps.tolist() == [2] * 8
    assert found.converged.all()
    assert found.pattern.tolist() == [0] * 8
    problem = Problem(np.tile(pattern, (copies, 1)), queries, 3.0, None, None, None)
    for query, state in enumerate(found.states):
        assert worst(state, pattern, problem.bounds(query).step()) <= 1


def test_many_copies_of_one_pattern_settle_too() -> None:
    rng = np.random.default_rng(0)
    pattern, queries = rng.standard_normal(20).astype(np.float32), rng.standard_normal((8, 20))
    assert hf.ModernHopfield(np.tile(pattern, (600, 1)), beta=3.0).retrieve(queries).converged.all()


def test_zero_scores_are_averaged_exactly() -> None:
    # Weights of exactly 1: the mean of whole numbers over a power of two has no rounding.
    rng = np.random.default_rng(0)
    for k in (1, 2, 64, 128, 512, 1024):
        patterns = rng.integers(-50, 50, (k, 7)).astype(np.float32)
        assert np.array_equal(hf.ModernHopfield(patterns, beta=1.0).step(np.zeros(7)), patterns.mean(axis=0))


# Where states can be


@given(problems(with_mask=False, max_work=1500))
def test_a_step_stays_in_the_convex_hull(problem: Problem) -> None:
    table = (problem.patterns if problem.values is None else problem.values).astype(np.float64)
    rng = np.random.default_rng(0)
    directions = np.concatenate([np.eye(table.shape[1]), rng.standard_normal((5, table.shape[1]))])
    for query, found in enumerate(problem.memory().step(problem.queries)):
        off = problem.bounds(query).step()
        reached = directions @ found.astype(np.float64)
        # Both sides are sums of products in float64.
        sums = 2 * tolerance.gamma(table.shape[1] + 1, tolerance.U64)
        slack = np.abs(directions) @ (off + sums * (off + np.abs(table).max(axis=0)))
        assert np.all(reached <= (directions @ table.T).max(axis=1) + slack)
        norm = np.linalg.norm(found.astype(np.float64))
        assert norm <= np.linalg.norm(table, axis=1).max() + tolerance.norm(off) + slack.max()


@pytest.mark.parametrize("kind", ["normal", "unit", "spins", "shifted"])
@pytest.mark.parametrize(("k", "d"), [(1, 3), (2, 2), (10, 6), (150, 9)])
def test_a_step_is_the_state_less_the_gradient_of_the_energy(kind: str, k: int, d: int) -> None:
    rng = np.random.default_rng([k, d])
    patterns, queries = draw_patterns(kind, k, d, rng), rng.standard_normal((4, d))
    problem = Problem(patterns, queries, 1.5, None, None, None)
    memory = problem.memory()
    h = 2.0**-13
    for query, state in enumerate(queries):
        ahead, behind = memory.energy(state + h * np.eye(d)), memory.energy(state - h * np.eye(d))
        gradient = (ahead - behind) / (2 * h)
        off = problem.bounds(query).gradient(h) + problem.bounds(query).step()
        assert worst(memory.step(state), state - gradient, off) <= 1
        # Small enough to see a wrong factor.
        assert np.all(off < 1e-5)
