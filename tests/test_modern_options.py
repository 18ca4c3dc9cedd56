"""What each option of `retrieve` does, on cases small enough to say what must come out."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import hopfield as hf
from hopfield.errors import InputTypeError
from layouts import LAYOUTS, laid_out
from strategies_modern import FLOATS, Problem, layouts, problems
from tolerance import Array, length, worst

FIELDS = [field.name for field in dataclasses.fields(hf.Retrieval)]

# Four patterns of eight spins, orthogonal; a pattern and its neighbours are far apart at this beta.
HADAMARD = np.array([[(-1) ** bin(i & j).count("1") for j in range(8)] for i in range(4)], float)
BETA = 4.0


def memory(dtype: str = "float64", **more: Any) -> hf.ModernHopfield:
    return hf.ModernHopfield(HADAMARD.astype(dtype), beta=BETA, **more)


def test_the_result_of_a_batch_has_one_entry_a_query() -> None:
    found = memory(values=np.eye(4)).retrieve(HADAMARD + 0.25, trace=True)
    assert found.states.shape == (4, 8)
    assert found.output.shape == (4, 4)
    dtypes = {name: getattr(found, name).dtype for name in FIELDS[2:-1]}
    assert dtypes.pop("reason").kind == "U"
    assert dtypes == {
        "converged": np.bool_,
        "n_steps": np.int64,
        "residual": np.float64,
        "energy": np.float64,
        "pattern": np.int64,
        "weight": np.float64,
    }
    assert all(getattr(found, name).shape == (4,) for name in FIELDS[2:-1])
    assert found.trace is not None
    assert found.trace.shape == (4, found.n_steps.max() + 1)
    assert found.pattern.tolist() == [0, 1, 2, 3]
    assert np.array_equal(found.output.round(6), np.eye(4))
    assert repr(found) == "Retrieval(states (4, 8), converged 100%)"


def test_the_result_of_one_query_is_plain() -> None:
    found = memory().retrieve(HADAMARD[2] + 0.25, trace=True)
    types = {name: type(getattr(found, name)) for name in FIELDS}
    assert types == {
        "states": np.ndarray,
        "output": np.ndarray,
        "converged": bool,
        "reason": str,
        "n_steps": int,
        "residual": float,
        "energy": float,
        "pattern": int,
        "weight": float,
        "trace": np.ndarray,
    }
    assert found.states.shape == found.output.shape == (8,)
    assert found.trace is not None
    assert found.trace.shape == (found.n_steps + 1,)
    assert memory().retrieve(HADAMARD[2]).trace is None


def test_the_result_is_frozen() -> None:
    found = memory().retrieve(HADAMARD)
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.states = HADAMARD  # type: ignore[misc]
    with pytest.raises((AttributeError, TypeError)):
        found.extra = 1  # type: ignore[attr-defined]


@pytest.mark.parametrize("layout", sorted(LAYOUTS))
@pytest.mark.parametrize("criterion", ["state", "association"])
def test_an_empty_batch_gives_empty_results(layout: str, criterion: str) -> None:
    queries = laid_out(np.zeros((0, 8), np.float32), layout)
    found = memory("float32", values=np.ones((4, 3))).retrieve(queries, criterion=criterion, trace=True)
    assert found.states.shape == (0, 8)
    assert found.output.shape == (0, 3)
    assert found.states.dtype == found.output.dtype == np.float32
    assert all(getattr(found, name).shape == (0,) for name in FIELDS[2:-1])
    assert found.trace is not None
    assert found.trace.shape[0] == 0
    assert "%" not in repr(found)


@given(problems(with_known=True, max_work=300), st.lists(layouts, min_size=3, max_size=3), st.booleans())
def test_retrieval_is_the_same_in_any_layout(problem: Problem, chosen: list[str], clamp: bool) -> None:
    options: dict[str, Any] = {"max_steps": 6, "clamp": clamp and problem.known is not None, "trace": True}
    kept = problem.memory()
    plain = kept.retrieve(problem.queries, mask=problem.mask, known=problem.known, **options)
    mask, known = (
        None if flags is None else laid_out(flags, layout)
        for flags, layout in zip((problem.mask, problem.known), chosen[:2], strict=True)
    )
    again = kept.retrieve(laid_out(problem.queries, chosen[2]), mask=mask, known=known, **options)
    for name in FIELDS:
        np.testing.assert_array_equal(getattr(again, name), getattr(plain, name), err_msg=name)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("threads", [1, 2, 5])
def test_of_equal_best_matches_the_first_is_named(dtype: str, threads: int) -> None:
    # The same pattern in one tile, in other tiles, chunks and groups, and many worse ones.
    patterns = np.tile(HADAMARD[1:], (4000, 1)).astype(dtype)
    for first, more in ((0, 1), (3, 200), (130, 600), (700, 9000), (8500, 11999)):
        patterns[...] = np.resize(HADAMARD[1:], patterns.shape)
        patterns[[first, more]] = HADAMARD[0]
        kept = hf.ModernHopfield(patterns, beta=BETA)
        for m in (1, 3, 20, 60):
            found = kept.retrieve(np.tile(HADAMARD[0], (m, 1)), n_threads=threads, max_steps=2)
            assert found.pattern.tolist() == [first] * m, (first, more)
            assert kept.association(HADAMARD[0], top=2)[1].tolist() == [first, more]


# Known entries


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("rubbish", [0.0, np.nan, np.inf, -1e30])
@pytest.mark.parametrize("clamp", [False, True])
def test_unknown_entries_are_filled_in(dtype: str, rubbish: float, clamp: bool) -> None:
    known = np.arange(8) < 5
    cues = np.where(known, HADAMARD, rubbish)
    found = memory(dtype).retrieve(cues, known=known, clamp=clamp)
    assert found.converged.all()
    assert found.pattern.tolist() == [0, 1, 2, 3]
    assert np.array_equal(found.states.round(5), HADAMARD)
    if clamp:
        assert np.array_equal(found.states[:, known], HADAMARD[:, known])


def test_clamped_entries_keep_the_cue_even_where_it_is_wrong() -> None:
    cue = HADAMARD[1].copy()
    cue[0] = 0.5
    known = np.arange(8) == 0
    held = memory().retrieve(cue, known=known | (np.arange(8) < 6), clamp=True)
    free = memory().retrieve(cue, known=known | (np.arange(8) < 6))
    assert held.states[0] == 0.5
    assert free.states.round(6).tolist() == HADAMARD[1].tolist()
    assert held.pattern == free.pattern == 1
    # The residual is that of the clamped state: the held entry does not count as moving.
    assert held.converged
    assert held.residual <= 1e-6


def test_the_first_step_of_a_partial_cue_is_no_convergence() -> None:
    # At zero, the mean of these patterns, nothing moves: whole cues settle in one step, partial ones in two.
    pair = hf.ModernHopfield([[1.0, 0.0], [-1.0, 0.0]], beta=0.1)
    whole = pair.retrieve([0.0, 0.0], known=[True, True])
    part = pair.retrieve([0.0, np.nan], known=[True, False])
    assert (whole.n_steps, whole.reason) == (1, "tolerance")
    assert (part.n_steps, part.reason) == (2, "tolerance")
    stopped = pair.retrieve([0.0, np.nan], known=[True, False], max_steps=1)
    assert (stopped.n_steps, stopped.reason, stopped.converged) == (1, "max_steps", False)


def test_what_is_known_may_differ_from_query_to_query() -> None:
    known = np.array([[True] * 8, [True] * 4 + [False] * 4, [False] * 4 + [True] * 4, [False] * 8])
    cues = np.where(known, HADAMARD, np.nan)
    found = memory().retrieve(cues, known=known, trace=True)
    for query in range(4):
        alone = memory().retrieve(cues[query], known=known[query])
        assert np.array_equal(found.states[query], alone.states)
        assert found.n_steps[query] == alone.n_steps


# Masks


def test_a_masked_pattern_is_as_if_it_were_not_stored() -> None:
    # Masked patterns at the end leave the order of operations as it is: the same bits.
    mask = np.array([True, True, True, False])
    masked = memory().retrieve(HADAMARD + 0.125, mask=mask, trace=True)
    others = hf.ModernHopfield(HADAMARD[:3], beta=BETA).retrieve(HADAMARD + 0.125, trace=True)
    for name in FIELDS:
        np.testing.assert_array_equal(getattr(masked, name), getattr(others, name), err_msg=name)
    # Elsewhere they shift the others' places in the sums, and indices.
    mask = np.array([True, False, True, True])
    masked = memory().retrieve(HADAMARD[mask] + 0.125, mask=mask)
    assert masked.pattern.tolist() == [0, 2, 3]


def test_masked_constants_are_those_of_the_patterns_that_take_part() -> None:
    # One of two left: the energy is half the squared distance to it, whatever the other one's norm.
    pair = hf.ModernHopfield([[1.0, 2.0], [100.0, 0.0]], beta=0.5)
    found = pair.retrieve([0.0, 0.0], mask=[True, False], max_steps=1, tol=0, trace=True)
    assert found.trace is not None
    bounds = Problem(pair.patterns, np.zeros((1, 2)), 0.5, None, np.array([True, False]), None).bounds(0)
    assert worst(found.trace[0], 2.5, bounds.energy()) <= 1


@pytest.mark.parametrize("criterion", ["state", "association"])
def test_a_fully_masked_query_stays_as_it_is(criterion: str) -> None:
    mask = np.array([[True] * 4, [False] * 4])
    cues = np.array([HADAMARD[0], [0.5, 0.25, 0, 0, 0, 0, 0, 7]])
    found = memory(values=np.eye(4)).retrieve(cues, mask=mask, criterion=criterion)
    assert found.reason.tolist() == ["tolerance", "masked"]
    assert found.converged.tolist() == [True, False]
    assert np.array_equal(found.states[1], cues[1])
    assert found.output[1].tolist() == [0, 0, 0, 0]
    assert (found.n_steps[1], found.residual[1], found.pattern[1], found.weight[1]) == (0, 0.0, -1, 0.0)


def test_the_energy_of_a_fully_masked_query_is_infinite() -> None:
    found = memory().retrieve(HADAMARD[0], mask=[False] * 4, trace=True)
    assert found.energy == np.inf
    assert found.trace is not None
    assert found.trace.tolist() == [np.inf]


# Stopping


def test_each_query_stops_by_itself() -> None:
    pair = hf.ModernHopfield([[1.0], [-1.0]], beta=1.1)  # just above the bifurcation: slow
    cues = np.array([[1.0], [0.001], [0.0], [-0.8]])
    found = pair.retrieve(cues, max_steps=500)
    assert len(set(found.n_steps.tolist())) == 4
    assert found.n_steps[2] == 1
    for query in range(4):
        alone = pair.retrieve(cues[query], max_steps=500)
        assert (alone.n_steps, alone.states[0]) == (found.n_steps[query], found.states[query, 0])


@pytest.mark.parametrize("max_steps", [1, 2, 10])
def test_the_budget_of_steps(max_steps: int) -> None:
    pair = hf.ModernHopfield([[1.0], [-1.0]], beta=1.1)
    found = pair.retrieve([0.001], max_steps=max_steps, tol=0.0)
    assert (found.n_steps, found.reason, found.converged) == (max_steps, "max_steps", False)
    # To first order each step multiplies by beta.
    assert f"{found.states[0]:.3g}" == f"{0.001 * 1.1**max_steps:.3g}"


@pytest.mark.parametrize("dtype", FLOATS)
def test_a_move_below_the_dtype_counts_as_none(dtype: str) -> None:
    # No state of this size has neighbours within 1e-300: without a floor it would never settle.
    rng = np.random.default_rng(5)
    patterns = (1e3 * rng.standard_normal((20, 30))).astype(dtype)
    found = hf.ModernHopfield(patterns, beta=1e-4).retrieve(patterns + 100, tol=0.0, max_steps=300)
    assert found.converged.all()
    norms = np.linalg.norm(found.states.astype(float), axis=1)
    assert np.all(found.residual <= 4 * np.finfo(dtype).eps * (norms + length(1.0, 30) * norms))


def test_a_generous_tolerance_stops_after_one_step() -> None:
    found = memory().retrieve(HADAMARD + 0.5, tol=100.0)
    assert found.n_steps.tolist() == [1] * 4
    assert memory().retrieve(HADAMARD + 0.5, tol=float("inf")).converged.all()


# Names


@pytest.mark.parametrize("value", [3, None, b"state", ["state"], np.array(["state", "dot"]), np.array([1, 2])])
def test_a_name_is_text(value: Any) -> None:
    calls: dict[str, Callable[[], object]] = {
        "criterion": lambda: memory().retrieve(HADAMARD, criterion=value),
        "separation": lambda: hf.ModernHopfield(HADAMARD, separation=value),
        "similarity": lambda: hf.suggest_beta(HADAMARD, similarity=value),
    }
    for argument, call in calls.items():
        with pytest.raises(InputTypeError, match=f"^`{argument}` must be a name[^;]*; got "):
            call()
    with pytest.raises(
        InputTypeError, match=r"^`separation` must be a name or a value of hopfield.separation, such as "
    ):
        hf.attention(HADAMARD, HADAMARD, HADAMARD, separation=value)


# Progress


def test_progress_ends_with_all_queries_settled() -> None:
    heard: list[tuple[int, int]] = []
    memory().retrieve(HADAMARD, progress=lambda *said: heard.append(said))
    assert heard[-1] == (4, 4)
    assert heard == sorted(heard)
    heard.clear()
    memory().retrieve(HADAMARD[0], progress=lambda *said: heard.append(said))
    assert heard[-1] == (1, 1)


def slow_problem() -> tuple[hf.ModernHopfield, Array]:
    """A memory and queries that take a few tenths of a second a step."""
    rng = np.random.default_rng(0)
    patterns = rng.standard_normal((20_000, 64), dtype=np.float32)
    return hf.ModernHopfield(patterns, beta=0.01), patterns[:2000] + 0.5


def test_progress_is_heard_on_the_way() -> None:
    slow, queries = slow_problem()
    heard: list[tuple[int, int]] = []
    slow.retrieve(queries, max_steps=4, tol=0, n_threads=1, progress=lambda *said: heard.append(said))
    assert len(heard) > 3
    assert all(0 <= settled <= total == 2000 for settled, total in heard)


# Not finite


def test_an_infinite_query_stays_with_itself_too() -> None:
    queries = HADAMARD.copy()
    queries[2, 0] = np.inf
    found = memory().retrieve(queries, check_finite=False, max_steps=5)
    assert found.converged.tolist() == [True, True, False, True]


@pytest.mark.parametrize("m", [3, 70])
@pytest.mark.parametrize("dtype", FLOATS)
def test_nan_stays_with_its_own_query(m: int, dtype: str) -> None:
    queries = np.tile(HADAMARD[:1] + 0.25, (m, 1)).astype(dtype)
    good = memory(dtype).retrieve(queries, trace=True)
    queries[1, 3] = np.nan
    found = memory(dtype).retrieve(queries, check_finite=False, trace=True, max_steps=8)
    assert np.isnan(found.states[1]).all()
    assert np.isnan(found.energy[1])
    assert (found.converged[1], found.reason[1], found.n_steps[1]) == (False, "max_steps", 8)
    others = np.arange(m) != 1
    for name in FIELDS[:-1]:
        assert np.array_equal(getattr(found, name)[others], getattr(good, name)[others]), name
