"""The fixed points that starts lead to: what counts as one, how they are told apart, and where they are."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import event, given
from hypothesis import strategies as st

import hopfield as hf
from hopfield import _centroids
from hopfield._analysis import STARTS, default_starts
from hopfield.errors import InvalidInputError
from oracle import theory
from strategies_modern import Problem, lists, problems

CROSS = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]])


@given(
    problems(with_values=False, with_mask=False, max_work=1500, max_queries=9, largest_exponent=100.0),
    st.sampled_from([1e-6, 1e-3, 0.1, 1.0]),
)
def test_settled_states_are_told_apart_as_the_oracle_does(problem: Problem, share: float) -> None:
    memory = problem.memory()
    distance = share * max(theory.largest_norm(lists(problem.patterns)), 1e-30)
    starts = np.concatenate([problem.queries, problem.patterns[:4]])
    found = memory.fixed_points(starts, distance=distance, max_steps=50)
    settled = memory.retrieve(starts, max_steps=50)
    first, reached = theory.merged(lists(settled.states), lists(settled.converged), distance)
    order = sorted(range(len(first)), key=lambda number: settled.energy[first[number]])
    assert np.array_equal(found.states, settled.states[[first[number] for number in order]])
    assert found.energy.tolist() == sorted(settled.energy[first].tolist())
    place = {number: rank for rank, number in enumerate(order)}
    assert found.reached.tolist() == [place.get(number, -1) for number in reached]
    assert found.basin.tolist() == [found.reached.tolist().count(rank) for rank in range(len(found))]
    assert found.pattern.tolist() == settled.pattern[[first[number] for number in order]].tolist()
    diagnosis = memory.diagnose(found.states)
    assert (found.kind.tolist(), found.size.tolist()) == (diagnosis.kind.tolist(), diagnosis.size.tolist())
    event(f"fixed points: {min(len(found), 4)}")


@given(problems(with_values=False, with_mask=False, max_work=600, max_queries=5, largest_exponent=20.0))
def test_what_is_stable_has_a_jacobian_below_one(problem: Problem) -> None:
    problem = Problem(
        problem.patterns.astype(np.float64), problem.queries.astype(np.float64), problem.beta, *[None] * 3
    )
    found = problem.memory().fixed_points(problem.queries, tol=0.0, max_steps=2000)
    for state, stable in zip(found.states, found.stable, strict=True):
        jacobian, _ = problem.bounds(0, state=state).jacobian()
        largest = float(np.linalg.norm(jacobian, 2))
        event(f"stable: {stable}")
        if largest < 0.9:
            # It comes back unless the distance is large beside the curvature's own scale.
            moved = problem.bounds(0, state=state)
            if 1e-3 * moved._reweighted(float(np.linalg.norm(problem.patterns, axis=1).max())) < 0.05:
                assert stable
        elif largest > 1.1:
            assert not stable


def test_a_saddle_between_two_patterns_is_found_and_called_unstable() -> None:
    found = hf.ModernHopfield(CROSS[:2], beta=8.0).fixed_points()
    assert found.stable.tolist() == [True, True, False]
    assert found.kind.tolist() == ["pattern", "pattern", "global"]
    assert found.states[2].tolist() == [0.5, 0.5]
    assert found.basin.sum() == len(found.reached) == 2 + 1 + STARTS


@pytest.mark.parametrize(("beta", "minima"), [(0.5, 1), (12.0, 4)])
def test_minima_are_one_when_hot_and_the_patterns_when_cold(beta: float, minima: int) -> None:
    found = hf.ModernHopfield(CROSS, beta=beta).fixed_points()
    assert len(found.minima()) == minima
    assert minima == 1 or sorted(found.pattern[found.stable].tolist()) == [0, 1, 2, 3]


@pytest.mark.parametrize("dtype", ["float32", "float64", "int8"])
def test_threads_and_runs_do_not_show(dtype: str) -> None:
    patterns = np.random.default_rng(0).standard_normal((30, 5))
    memory = hf.ModernHopfield(patterns, beta=2.0, dtype=dtype)
    expected = memory.fixed_points(rng=3, n_threads=1)
    for n_threads in (2, 3, 5, 8):
        found = memory.fixed_points(rng=3, n_threads=n_threads)
        for name in ("states", "energy", "basin", "kind", "size", "pattern", "stable", "reached"):
            assert np.array_equal(getattr(found, name), getattr(expected, name)), name


def test_starts_that_do_not_settle_belong_to_none() -> None:
    memory = hf.ModernHopfield(CROSS, beta=4.0)
    found = memory.fixed_points([[0.9, 0.1], [1.0, 0.0]], max_steps=1)
    assert (len(found), found.reached.tolist()) == (0, [-1, -1])
    assert repr(found) == "0 fixed points of 2 starts, 2 did not settle"
    assert len(memory.fixed_points(np.empty((0, 2)))) == 0


def test_long_tables_are_cut() -> None:
    rng = np.random.default_rng(0)
    found = hf.ModernHopfield(rng.standard_normal((20, 30)), beta=20.0).fixed_points()
    lines = repr(found).splitlines()
    assert len(found) > 12
    assert len(lines) == 2 + 12 + 1
    assert lines[-1] == f"and {len(found) - 12} more"


@pytest.mark.parametrize("k", [1, 2, 45, 46, 47, 3000])
def test_default_starts_are_patterns_midpoints_and_points_of_their_box(k: int) -> None:
    x = np.random.default_rng(0).standard_normal((k, 3))
    starts = default_starts(x, np.random.default_rng(0))
    pairs = k * (k - 1) // 2
    midpoints = pairs if pairs <= STARTS else STARTS
    assert len(starts) == k + midpoints + STARTS
    assert np.array_equal(starts[:k], x)
    assert (starts >= x.min(axis=0)).all()
    assert (starts <= x.max(axis=0)).all()
    if k == 2:
        assert np.array_equal(starts[2], x[0] / 2 + x[1] / 2)


@given(st.integers(1, 9), st.integers(1, 3), st.integers(0, 2**32), st.sampled_from([0.3, 0.7, 1.0, 1.5, 3.0]))
def test_under_epanechnikov_every_centroid_that_is_fixed_is_found(k: int, d: int, seed: int, radius: float) -> None:
    x = np.random.default_rng(seed).standard_normal((k, d))
    expected = []
    for size in range(1, k + 1):
        for members in itertools.combinations(range(k), size):
            centre = x[list(members)].mean(axis=0)
            distances = np.linalg.norm(x - centre, axis=1)
            if np.abs(distances - radius).min() < 1e-9:
                return  # rounding decides
            if np.array_equal(np.flatnonzero(distances <= radius), members):
                expected.append(centre)
    # By the search alone, and by the memory, to which many starts lead as well.
    centres, complete = _centroids.fixed(x, radius)
    assert complete
    assert sorted(centres.tolist()) == sorted(np.array(expected).reshape(-1, d).tolist())
    memory = hf.ModernHopfield(x, beta=2 / radius**2, separation="epanechnikov", similarity="euclidean")
    found = memory.fixed_points(distance=1e-9)
    event(f"emergent: {sum(found.size > 1) > 0}")
    assert len(found) == len(expected)
    gaps = np.linalg.norm(found.states[:, np.newaxis] - np.array(expected), axis=2)
    assert (gaps.min(axis=0) <= 1e-9).all()
    assert found.basin.sum() == (found.reached >= 0).sum()


def test_a_search_that_is_cut_short_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_centroids, "MOST", 30)
    x = np.random.default_rng(0).standard_normal((9, 2))
    memory = hf.ModernHopfield(x, beta=0.05, separation="epanechnikov", similarity="euclidean")
    with pytest.warns(hf.HopfieldWarning, match="the first 30 sets of patterns within reach of each other") as caught:
        memory.fixed_points()
    assert [warning.filename for warning in caught] == [__file__]


@pytest.mark.parametrize("distance", [0.0, -1.0, np.inf, np.nan])
def test_a_distance_is_positive(distance: float) -> None:
    with pytest.raises(InvalidInputError, match="`distance` must be positive and finite; got"):
        hf.ModernHopfield(CROSS, beta=1.0).fixed_points(CROSS, distance=distance)
