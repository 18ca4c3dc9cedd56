"""What theory promises of a memory: each number against the oracle, and each inequality against the memory itself."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import event, given
from hypothesis import strategies as st

import hopfield as hf
import tolerance
from hopfield.errors import InvalidInputError
from layouts import laid_out
from oracle import modern, theory
from strategies_modern import FLOATS, Problem, layouts, lists, problems
from tolerance import Array, worst

#: How far a query is from its pattern, in units of what leaves a margin.
SHARES = st.sampled_from([0.0, 1e-3, 0.1, 0.5, 1.0, 3.0])

plain = problems(with_values=False, with_mask=False, max_work=1500, largest_exponent=1e3)


def separations(problem: Problem) -> tuple[Array, Array]:
    """Of all patterns, copies included, by the oracle, and what may be wrong with the library's."""
    exact = np.array(modern.pattern_separation(lists(problem.patterns)))
    return exact, tolerance.calibration(problem.patterns, problem.dtype)


def length(problem: Problem) -> float:
    return theory.largest_norm(lists(problem.patterns))


# The numbers


@given(plain, layouts)
def test_separations_are_those_of_the_oracle(problem: Problem, layout: str) -> None:
    exact, off = separations(problem)
    memory = hf.ModernHopfield(laid_out(problem.patterns, layout), beta=problem.beta)
    assert worst(memory.pattern_separation(), exact, off) <= 1


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize(
    ("k", "d"), [(1, 5), (2, 1), (47, 3), (48, 70), (49, 64), (129, 9), (400, 65), (1000, 5), (2500, 11)]
)
def test_every_pattern_is_compared_with_every_other_to_the_bit(dtype: str, k: int, d: int) -> None:
    # Scores of small whole numbers are exact, in any order.
    x = np.random.default_rng([k, d]).integers(-9, 10, (k, d))
    scores = (x @ x.T).astype(np.float64)
    own = scores.diagonal().copy()
    np.fill_diagonal(scores, -np.inf)
    memory = hf.ModernHopfield(x.astype(dtype), beta=1e-3)
    for n_threads in (1, 2, 3, 5, 8):
        assert np.array_equal(memory.pattern_separation(n_threads=n_threads), own - scores.max(axis=1))


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("similarity", ["euclidean", "manhattan"])
@pytest.mark.parametrize(("k", "d"), [(1, 5), (50, 3), (129, 70), (400, 9)])
def test_separations_by_distance_are_those_to_the_nearest_pattern(dtype: str, similarity: str, k: int, d: int) -> None:
    # Halves of small squares and small differences are exact.
    x = np.random.default_rng([k, d]).integers(-9, 10, (k, d))
    gaps = x[:, np.newaxis] - x
    scores = (gaps * gaps).sum(axis=2) / 2.0 if similarity == "euclidean" else np.abs(gaps).sum(axis=2) * 1.0
    np.fill_diagonal(scores, np.inf)
    memory = hf.ModernHopfield(x.astype(dtype), beta=1e-3, similarity=similarity)
    for n_threads in (1, 3):
        assert np.array_equal(memory.pattern_separation(n_threads=n_threads), scores.min(axis=1))


@pytest.mark.parametrize("dtype", FLOATS)
def test_under_cosine_unit_vectors_are_separated(dtype: str) -> None:
    x = np.random.default_rng(0).standard_normal((200, 30)).astype(dtype)
    memory = hf.ModernHopfield(x, beta=1.0, similarity="cosine")
    plain = hf.ModernHopfield(memory.patterns, beta=1.0)
    assert np.array_equal(memory.pattern_separation(), plain.pattern_separation())


@pytest.mark.parametrize("dtype", ["bfloat16", "float16", "int8"])
def test_rounded_patterns_are_separated_as_what_they_are(dtype: str) -> None:
    memory = hf.ModernHopfield(np.random.default_rng(0).standard_normal((300, 37)), beta=1.0, dtype=dtype)
    plain = hf.ModernHopfield(memory.patterns, beta=1.0)
    assert np.array_equal(memory.pattern_separation(), plain.pattern_separation())


def test_copies_are_not_separated_and_one_pattern_is_from_everything() -> None:
    rng = np.random.default_rng(0)
    pattern = rng.standard_normal(100)
    assert hf.ModernHopfield(pattern, beta=1.0).pattern_separation().tolist() == [math.inf]
    x = np.vstack([pattern, rng.standard_normal((60, 100)), pattern])
    assert hf.ModernHopfield(x, beta=1.0).pattern_separation()[[0, -1]].tolist() == [0.0, 0.0]


def test_what_is_no_number_spoils_only_its_own_separation() -> None:
    x = np.random.default_rng(0).standard_normal((150, 10))
    whole = hf.ModernHopfield(np.delete(x, 70, axis=0), beta=1.0).pattern_separation()
    x[70, 3] = np.nan
    found = hf.ModernHopfield(x, beta=1.0, check_finite=False).pattern_separation()
    assert np.isnan(found[70])
    assert np.array_equal(np.delete(found, 70), whole)


def test_no_beta_is_needed_to_tell_patterns_apart() -> None:
    # One of them is beaten, and none can be calibrated.
    memory = hf.ModernHopfield([[0.0, 0.0], [0.0, 1e-200]])
    assert memory.pattern_separation().tolist() == [0.0, 0.0]


@given(plain, SHARES)
def test_bounds_are_those_of_the_oracle(problem: Problem, share: float) -> None:
    patterns, beta = lists(problem.patterns), problem.beta
    exact, off = separations(problem)
    m = length(problem)
    distance = share * m / 10
    bound = problem.memory().error_bound(distance)
    assert worst(bound.separation, exact, off) <= 1
    assert worst(bound.largest_norm, m, tolerance.longest(patterns) * m) <= 1
    margin = np.abs(exact) + 2 * m * distance
    relative = tolerance.promise(patterns, beta, margin, off + tolerance.longest(patterns) * 2 * m * distance)
    one_step = np.array(theory.one_step_error(patterns, beta, distance))
    assert worst(bound.one_step, one_step, relative * one_step + 2.0**-1074) <= 1
    contraction = 2 * beta * m * one_step
    assert worst(bound.contraction, contraction, 2 * relative * contraction + 2.0**-1074) <= 1
    if m > 0:
        radius = theory.radius(patterns, beta)
        assert worst(bound.radius, radius, 2 * tolerance.longest(patterns) * radius) <= 1
    jacobian = theory.jacobian(patterns, beta)
    assert worst(bound.jacobian, jacobian, beta * tolerance.deviation(patterns) + tolerance.U64 * jacobian) <= 1
    needed = theory.needed_separation(patterns, beta)
    rounding = tolerance.U64 * (8 * abs(needed) + 16 / beta) + 4 * tolerance.longest(patterns) / beta
    assert worst(bound.needed_separation, needed, rounding) <= 1
    fixed = np.array(theory.fixed_point_error(patterns, beta))
    sure = np.abs(exact - needed) > off + rounding
    assert worst(bound.fixed_point[sure], fixed[sure], (relative * fixed + 2.0**-1074)[sure]) <= 1
    assert np.array_equal(bound.well_separated[sure], (exact >= needed)[sure])
    assert np.array_equal(problem.memory().well_separated(), bound.well_separated)
    event(f"some are well separated: {bool(bound.well_separated.any())}")


@given(plain)
def test_the_bound_on_an_update_is_that_of_the_oracle(problem: Problem) -> None:
    found = problem.memory().step_error(problem.queries)
    for query, row in enumerate(lists(problem.queries)):
        errors = problem.bounds(query).score_errors(tolerance.library(problem.dtype, *problem.patterns.shape))
        margin = theory.margin(lists(problem.patterns), row)
        exact = theory.step_error(lists(problem.patterns), problem.beta, margin)
        relative = tolerance.promise(problem.patterns, problem.beta, margin, 2 * float(errors.max()))
        assert worst(found[query], exact, relative * exact + 2.0**-1074) <= 1


@given(plain, st.sampled_from([1e-6, 1e-3, 0.5]), SHARES)
def test_the_needed_beta_is_that_of_the_oracle_and_is_enough(problem: Problem, error: float, share: float) -> None:
    exact, off = separations(problem)
    m = length(problem)
    distance = share * max(float(exact.max()), 0.0) / (4 * m) if 0 < m < math.inf and len(exact) > 1 else 0.0
    found = problem.memory().needed_beta(error, distance)
    expected = np.array(theory.needed_beta(lists(problem.patterns), error, distance))
    reach = 2 * m * distance
    off = off + (tolerance.longest(problem.patterns) + 4 * tolerance.U64) * reach
    sure = np.abs(exact - reach) > 2 * off
    relative = off[sure] / (np.abs(exact - reach) - off)[sure] + 8 * tolerance.U64
    assert worst(found[sure], expected[sure], expected[sure] * relative) <= 1
    for pattern in np.flatnonzero(sure & np.isfinite(found) & (found > 0))[:3]:
        beta = float(found[pattern])
        bound = hf.ModernHopfield(problem.patterns.astype(np.float64), beta=beta).error_bound(distance)
        slack = tolerance.promise(problem.patterns, beta, np.abs(exact[pattern]) + reach, 2 * off[pattern])
        assert bound.one_step[pattern] <= error * m * (1 + slack)


@pytest.mark.parametrize("dtype", FLOATS)
def test_the_suggested_beta_is_the_quantile_of_the_needed_ones(dtype: str) -> None:
    x = np.random.default_rng(0).standard_normal((50, 40)).astype(dtype)
    needed = hf.ModernHopfield(x).needed_beta(1e-3)
    # The quantile of separations, which are the reciprocals.
    expected = 1 / np.quantile(1 / needed, 0.1)
    assert worst(hf.suggest_beta(x), expected, 8 * tolerance.U64 * expected) <= 1


# The inequalities: what is computed stays within what is promised, up to its rounding


def moved_from(problem: Problem, query: int, state: Array) -> tuple[Array, float]:
    """One update of a state, and how far it may be from the exact one."""
    here = problem.bounds(query, state=state)
    moved = problem.memory().step(state).astype(np.float64)
    return moved, tolerance.norm(here.step())


def apart(left: Array, right: Array) -> float:
    return math.dist(np.asarray(left, float).tolist(), np.asarray(right, float).tolist())


@given(plain)
def test_an_update_ends_within_what_the_margin_promises(problem: Problem) -> None:
    promised = problem.memory().step_error(problem.queries)
    for query, state in enumerate(problem.queries):
        bounds = problem.bounds(query)
        moved, off = moved_from(problem, query, state)
        best = int(problem.memory().association(state, top=1)[1][0])
        missed = apart(moved, problem.patterns[best])
        errors = bounds.score_errors(bounds.ways[0])
        margin = theory.margin(lists(problem.patterns), lists(state))
        relative = tolerance.promise(problem.patterns, problem.beta, margin, 2 * float(errors.max()))
        assert missed <= promised[query] * (1 + relative) + off + tolerance.length(missed, len(state))
        event(f"it promises something: {bool(promised[query] < 1.9 * length(problem))}")


@given(plain, SHARES, st.integers(0, 2**32))
def test_an_update_from_near_a_pattern_ends_near_it(problem: Problem, share: float, seed: int) -> None:
    # Theorem 5, at a distance that leaves some of the separation.
    m, rng = length(problem), np.random.default_rng(seed)
    exact, off = separations(problem)
    pattern = int(rng.integers(len(exact)))
    if not m > 0:
        return
    reach = min(max(float(exact[pattern]), 0.0) / (2 * m), m)
    direction = rng.standard_normal(problem.patterns.shape[1])
    direction *= share * reach / np.linalg.norm(direction)
    state = (problem.patterns[pattern] + direction).astype(problem.dtype)
    distance = apart(state, problem.patterns[pattern]) * (1 + 4 * tolerance.U64)
    bound = problem.memory().error_bound(distance)
    moved, error = moved_from(problem, 0, state)
    missed = apart(moved, problem.patterns[pattern])
    margin = abs(exact[pattern]) + 2 * m * distance
    extra = off[pattern] + tolerance.longest(problem.patterns) * 2 * m * distance
    relative = float(tolerance.promise(problem.patterns, problem.beta, margin, extra))
    assert missed <= bound.one_step[pattern] * (1 + relative) + error + tolerance.length(missed, len(state))
    event(f"it promises something: {bool(bound.one_step[pattern] < 1.9 * m)}")


@given(plain, st.integers(0, 2**32))
def test_a_well_separated_pattern_has_a_fixed_point_beside_it(problem: Problem, seed: int) -> None:
    # Lemma A5: the ball is mapped into itself; theorem 5: where its fixed point is.
    bound = problem.memory().error_bound()
    chosen = np.flatnonzero(bound.well_separated & (bound.separation > 0))
    event(f"some are well separated: {bool(chosen.size)}")
    rng = np.random.default_rng(seed)
    for pattern in chosen[:3]:
        x = problem.patterns[pattern].astype(np.float64)
        direction = rng.standard_normal(len(x))
        state = (x + direction * bound.radius / np.linalg.norm(direction) / 2).astype(problem.dtype)
        if apart(state, x) > bound.radius:
            continue  # so small a ball that the dtype has no point in it but the pattern
        moved, error = moved_from(problem, 0, state)
        relative = tolerance.promise(
            problem.patterns, problem.beta, bound.separation[pattern], separations(problem)[1][pattern]
        )
        assert apart(moved, x) <= bound.radius * (1 + float(relative)) + error
        settled = problem.memory().retrieve(x, tol=0.0, max_steps=200)
        if not settled.converged:
            continue
        # The last move was of rounding alone, on a map that contracts by at most 2 / k there.
        _, error = moved_from(problem, 0, settled.states)
        rest = (settled.residual + 2 * error) * (2 if len(problem.patterns) > 2 else math.inf)
        assert apart(settled.states, x) <= bound.fixed_point[pattern] * (1 + float(relative)) + rest


@given(plain)
def test_no_jacobian_is_larger_than_its_bound(problem: Problem) -> None:
    # Lemma A3, at any state. Two patterns and a state between them reach it.
    bound = problem.memory().error_bound().jacobian
    for query in range(len(problem.queries)):
        found, off = problem.bounds(query).jacobian()
        largest = float(np.linalg.norm(found, 2))
        assert largest <= bound + off + problem.beta * tolerance.deviation(problem.patterns)


@pytest.mark.parametrize("k", [2, 5])
def test_the_bound_on_jacobians_is_reached(k: int) -> None:
    x = np.vstack([np.ones(6), np.tile(-np.ones(6), (k - 1, 1))])
    memory = hf.ModernHopfield(x, beta=0.3)
    assert memory.error_bound().jacobian >= 0.3 * (6 - tolerance.deviation(x))
    if k == 2:
        problem = Problem(x, np.zeros((1, 6)), 0.3, None, None, None)
        assert np.linalg.norm(problem.bounds(0).jacobian()[0], 2) > 0.999 * memory.error_bound().jacobian


@given(plain, st.integers(0, 2**32))
def test_near_a_pattern_updates_contract_as_promised(problem: Problem, seed: int) -> None:
    m, rng = length(problem), np.random.default_rng(seed)
    pattern = int(rng.integers(len(problem.patterns)))
    state = problem.patterns[pattern].astype(np.float64) + 1e-3 * m * rng.standard_normal(problem.patterns.shape[1])
    state = state.astype(problem.dtype)
    distance = apart(state, problem.patterns[pattern]) * (1 + 4 * tolerance.U64)
    bound = problem.memory().error_bound(distance)
    found, off = problem.bounds(0, state=state).jacobian()
    exact, error = separations(problem)
    margin = abs(exact[pattern]) + 2 * m * distance
    extra = error[pattern] + tolerance.longest(problem.patterns) * 2 * m * distance
    relative = float(tolerance.promise(problem.patterns, problem.beta, margin, extra))
    assert float(np.linalg.norm(found, 2)) <= bound.contraction[pattern] * (1 + 2 * relative) + off


@given(problems(with_values=False, with_mask=False, max_work=800, largest_exponent=0.1))
def test_below_one_all_states_lead_to_one_fixed_point(problem: Problem) -> None:
    # beta M |q| is small, and so is beta m^2 where queries are about as long as patterns.
    memory = problem.memory()
    bound = memory.error_bound().jacobian
    event(f"below one half: {bound < 0.5}")
    if bound < 0.5:
        rows = np.concatenate([problem.queries, problem.patterns[:5]])
        found = memory.retrieve(rows, tol=0.0)
        assert found.converged.all()
        for query, state in enumerate(found.states):
            # A state whose move is r lies within r / (1 - L) of the fixed point.
            error = tolerance.norm(problem.bounds(0, state=state).step()) + tolerance.norm(
                problem.bounds(0, state=found.states[0]).step()
            )
            rest = (found.residual[query] + found.residual[0] + error) / (1 - bound)
            assert apart(state, found.states[0]) <= rest * tolerance.SLACK


@given(st.integers(1, 40), st.integers(1, 12), st.integers(0, 2**32), st.sampled_from([0.1, 1.0, 4.0, 20.0]))
def test_under_euclidean_an_update_ends_within_what_the_margin_promises(k: int, d: int, seed: int, beta: float) -> None:
    # Numbers so short that scores are exact; weights and their sum take at most k + 16 roundings.
    rng = np.random.default_rng(seed)
    x = rng.integers(-16, 17, (k, d)) / 8
    queries = x[rng.integers(0, k, 5)] + rng.integers(-4, 5, (5, d)) / 8
    memory = hf.ModernHopfield(x, beta=beta, similarity="euclidean")
    promised, moved = memory.step_error(queries), memory.step(queries)
    bound = memory.error_bound(0.25)
    for query, state in enumerate(queries):
        distances = np.square(x - state).sum(axis=1)
        best = int(distances.argmin())
        missed = apart(moved[query], x[best])
        off = tolerance.gamma(k + 16, tolerance.U64) * 4 * bound.largest_norm
        relative = float(tolerance.promise(x, beta, float(distances.max()), 0.0))
        assert missed <= promised[query] * (1 + relative) + off
        for pattern in np.flatnonzero(distances <= 0.25**2):
            assert apart(moved[query], x[pattern]) <= bound.one_step[pattern] * (1 + relative) + off
        event(f"it promises something: {bool(promised[query] < 1.9 * bound.largest_norm)}")


# What is refused


@pytest.mark.parametrize(
    ("separation", "similarity"),
    [("entmax", "dot"), ("softmax1", "dot"), ("softmax", "cosine"), ("softmax", "manhattan")],
)
def test_bounds_are_refused_where_they_are_not_known(separation: str, similarity: str) -> None:
    memory = hf.ModernHopfield(np.eye(3), beta=1.0, separation=separation, similarity=similarity)
    message = (
        "bounds are known for separation 'softmax' with similarity 'dot' or 'euclidean'; "
        f"got separation '{separation}' with similarity '{similarity}'"
    )
    for call in (
        memory.well_separated,
        memory.error_bound,
        lambda: memory.step_error(np.eye(3)),
        lambda: memory.needed_beta(0.1),
    ):
        with pytest.raises(InvalidInputError) as caught:
            call()
        assert str(caught.value) == message


@pytest.mark.parametrize("distance", [-1.0, math.nan, math.inf])
def test_a_distance_is_a_length(distance: float) -> None:
    memory = hf.ModernHopfield(np.eye(3), beta=1.0)
    for call in (lambda: memory.error_bound(distance), lambda: memory.needed_beta(0.1, distance)):
        with pytest.raises(InvalidInputError, match="`distance` must be zero or positive, and finite; got"):
            call()


@pytest.mark.parametrize("error", [0.0, 1.0, math.nan])
def test_a_wanted_error_is_a_share(error: float) -> None:
    with pytest.raises(InvalidInputError, match="`error` must be between 0 and 1; got"):
        hf.ModernHopfield(np.eye(3), beta=1.0).needed_beta(error)
