"""Memories of pairs, asked from either side: against the oracle, and that they settle and descend together."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import event, given
from hypothesis import strategies as st

import hopfield as hf
import tolerance
from hopfield.errors import InvalidInputError
from oracle import pairs
from strategies_modern import FLOATS, Problem, lists, problems
from tolerance import worst

KEYS, VALUES = np.eye(4), np.array([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]])

with_sides = problems(with_values=False, with_mask=False, max_work=1200, largest_exponent=100.0)


@given(with_sides, st.sampled_from(["keys", "values", "both"]), st.integers(0, 2**32))
def test_one_update_is_that_of_the_oracle(problem: Problem, side: str, seed: int) -> None:
    d = problem.patterns.shape[1]
    if d < 2:
        return
    cut = 1 + seed % (d - 1)
    keys, values = problem.patterns[:, :cut], problem.patterns[:, cut:]
    memory = hf.BidirectionalMemory(keys, values, beta=problem.beta)
    a = problem.queries[:, :cut] if side != "values" else None
    b = problem.queries[:, cut:] if side != "keys" else None
    found = memory.recall(keys=a, values=b, max_steps=1)
    for query in range(len(problem.queries)):
        exact = pairs.joint_step(
            lists(keys),
            lists(values),
            problem.beta,
            lists(None if a is None else a[query]),
            lists(None if b is None else b[query]),
        )
        known = np.r_[np.full(cut, side != "values"), np.full(d - cut, side != "keys")]
        state = np.where(known, problem.queries[query], 0).astype(problem.dtype)
        bounds = problem.bounds(query, state=state)
        recalled = np.r_[found.keys[query], found.values[query]]
        assert worst(recalled, np.r_[exact[0], exact[1]], bounds.step()) <= 1


@given(with_sides, st.sampled_from(["keys", "values"]), st.integers(0, 2**32))
def test_both_sides_settle_together_and_the_energy_never_rises(problem: Problem, side: str, seed: int) -> None:
    d = problem.patterns.shape[1]
    if d < 2:
        return
    cut = 1 + seed % (d - 1)
    memory = hf.BidirectionalMemory(problem.patterns[:, :cut], problem.patterns[:, cut:], beta=problem.beta)
    cue = problem.queries[:, :cut] if side == "keys" else problem.queries[:, cut:]
    found = memory.recall(**{side: cue}, trace=True, max_steps=30)
    assert found.trace is not None
    again = memory.recall(keys=found.keys, values=found.values, max_steps=1)
    for query in range(len(problem.queries)):
        known = np.arange(d) < cut if side == "keys" else np.arange(d) >= cut
        start = np.where(known, problem.queries[query], 0).astype(problem.dtype)
        end = np.r_[found.keys[query], found.values[query]]
        first, last = problem.bounds(query, state=start), problem.bounds(query, state=end)
        # Each step may lose what is rounded there; states stay within the hull, so the ends bound the middle.
        path = found.trace[query][~np.isnan(found.trace[query])]
        longest = tolerance.norm(np.abs(problem.patterns).max(axis=0))
        slack = 2 * max(first.energy(), last.energy())
        rounding = tolerance.norm(np.maximum(first.step(), last.step())) * 2 * longest
        assert path[-1] <= path[0] + len(path) * (slack + rounding)
        if found.converged[query]:
            error = 2 * tolerance.norm(last.step())
            assert again.residual[query] <= error + last.propagated(found.residual[query])
        event(f"converged: {bool(found.converged[query])}")


@pytest.mark.parametrize("dtype", FLOATS)
def test_pairs_are_recalled_from_either_side(dtype: str) -> None:
    rng = np.random.default_rng(0)
    keys, values = rng.standard_normal((60, 30)).astype(dtype), rng.standard_normal((60, 50)).astype(dtype)
    memory = hf.BidirectionalMemory(keys, values)
    there = memory.recall(keys=keys + 0.2 * rng.standard_normal(keys.shape))
    back = memory.recall(values=values + 0.2 * rng.standard_normal(values.shape))
    for found in (there, back):
        assert found.converged.all()
        assert found.pattern.tolist() == list(range(60))
        assert np.abs(found.keys - keys).max() < 0.01
        assert np.abs(found.values - values).max() < 0.01
        assert found.keys.dtype == found.values.dtype == np.dtype(dtype)


def test_a_clamped_side_keeps_its_cue() -> None:
    memory = hf.BidirectionalMemory(KEYS, VALUES, beta=4.0)
    cue = [0.9, 0.1, 0.0, 0.0]
    held, free = memory.recall(keys=cue, clamp=True), memory.recall(keys=cue)
    assert held.keys.tolist() == cue
    assert np.abs(free.keys - KEYS[0]).max() < 0.05
    assert held.pattern == free.pattern == 0


def test_a_memory_tells_what_it_holds() -> None:
    memory = hf.BidirectionalMemory(KEYS, VALUES, beta=4.0)
    assert (len(memory), memory.beta, repr(memory)) == (4, 4.0, "BidirectionalMemory(4 pairs of 4 and 2)")
    assert np.array_equal(memory.keys, KEYS)
    assert np.array_equal(memory.values, VALUES)
    found = memory.recall(keys=KEYS[:0])
    assert found.keys.shape == (0, 4)
    assert found.values.shape == (0, 2)
    assert math.isfinite(memory.recall(values=VALUES[2]).energy)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: hf.BidirectionalMemory(KEYS, VALUES[:3]),
            "`keys` and `values` must have as many rows, at least one of at least one entry; "
            "got shapes (4, 4) and (3, 2)",
        ),
        (
            lambda: hf.BidirectionalMemory(KEYS, VALUES, beta=1.0).recall(),
            "`keys` or `values` must be given, to recall from",
        ),
        (
            lambda: hf.BidirectionalMemory(KEYS, VALUES, beta=1.0).recall(keys=KEYS, values=VALUES, clamp=True),
            "`clamp` must be False where both `keys` and `values` are given; got True",
        ),
        (
            lambda: hf.BidirectionalMemory(KEYS, VALUES, beta=1.0).recall(values=KEYS),
            "`values` must have 2 columns, as the stored ones do; got shape (4, 4)",
        ),
        (
            lambda: hf.BidirectionalMemory(KEYS, VALUES, beta=1.0).recall(keys=KEYS, values=VALUES[0]),
            "`keys` and `values` must be as many; got shapes (4, 4) and (2,)",
        ),
    ],
)
def test_mistakes(call: object, message: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        call()  # type: ignore[operator]
    assert str(caught.value) == message
