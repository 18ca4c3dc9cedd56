"""What similarities and separations take and refuse; partial cues; cosine's unit norms; the calibrated beta."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given

import hopfield as hf
from oracle import family as oracle
from strategies_family import PAIRS, Relative, relatives
from strategies_modern import lists
from tolerance import U64, gamma, worst


def test_a_separation_is_a_small_frozen_value() -> None:
    assert hf.separation.Entmax(1.5) == hf.separation.Entmax()
    assert len({hf.separation.TopK(3), hf.separation.TopK(3), hf.separation.TopK(4)}) == 2
    assert repr(hf.separation.Polynomial(degree=3)) == "Polynomial(degree=3)"
    with pytest.raises(dataclasses.FrozenInstanceError):
        hf.separation.TopK(3).count = 4  # type: ignore[misc]
    memory = hf.ModernHopfield(np.eye(3), separation="entmax", similarity="euclidean", beta=1.0)
    assert memory.separation == hf.separation.Entmax(1.5)
    assert memory.similarity == "euclidean"
    assert repr(memory) == "ModernHopfield(3 patterns of 3, float64, beta 1, Entmax(alpha=1.5), euclidean)"


SEPARATION = hf.separation
REFUSALS: dict[str, tuple[Callable[[], object], type[Exception], str]] = {
    "alpha": (
        lambda: SEPARATION.Entmax(1.0),
        ValueError,
        "`alpha` must be above 1 and finite (at 1 it is softmax); got 1",
    ),
    "alpha text": (lambda: SEPARATION.Entmax("2"), TypeError, "`alpha` must be a real number; got '2'"),  # type: ignore[arg-type]
    "count": (lambda: SEPARATION.TopK(0), ValueError, "`count` must be at least 1; got 0"),
    "count half": (lambda: SEPARATION.TopK(1.5), TypeError, "`count` must be a whole number; got 1.5"),  # type: ignore[arg-type]
    "degree": (
        lambda: SEPARATION.Polynomial(65),
        ValueError,
        "`degree` must be from 1 to 64 (use 'max' for a steeper one); got 65",
    ),
    "epsilon": (
        lambda: SEPARATION.Epanechnikov(-0.5),
        ValueError,
        "`epsilon` must be zero or positive, and finite; got -0.5",
    ),
    "null": (lambda: SEPARATION.Softmax1(math.nan), ValueError, "`null_score` must be finite; got NaN"),
    "base": (
        SEPARATION.Separation,
        TypeError,
        "`Separation` is only the base of the others; use one of them, such as Softmax()",
    ),
    "needs a parameter": (
        lambda: hf.ModernHopfield(np.eye(2), separation="top_k"),
        ValueError,
        "`separation` 'top_k' needs its count: give hopfield.separation.TopK(8)",
    ),
    "null of a distance": (
        lambda: hf.ModernHopfield(np.eye(2), separation="softmax1", similarity="euclidean"),
        ValueError,
        "`separation` 'softmax1' needs `null_score`, since no distance stands for a match of nothing by itself; "
        "got 'euclidean'",
    ),
    "never positive": (
        lambda: hf.suggest_beta(np.eye(2), separation="linear", similarity="manhattan"),
        ValueError,
        "`separation` 'linear' needs similarity 'dot' or 'cosine', since a distance is never a positive score; "
        "got 'manhattan'",
    ),
    "no ball": (
        lambda: hf.attention(np.eye(2), np.eye(2), np.eye(2), separation="epanechnikov"),
        ValueError,
        "`separation` 'epanechnikov' needs similarity 'euclidean', in which it is a ball; got 'dot'",
    ),
    "no energy": (
        lambda: hf.ModernHopfield(np.eye(2), beta=1.0, separation="linear").energy([1.0, 0.0]),
        ValueError,
        "`energy` does not exist for separation 'linear' with similarity 'dot': their update descends none "
        "(hopfield.separation lists the pairs that have one)",
    ),
    "no direction": (
        lambda: hf.ModernHopfield([[1.0, 0.0], [0.0, 0.0]], similarity="cosine"),
        ValueError,
        "`patterns` must not be zero under similarity 'cosine', which compares directions; row 1 is (leave it out, or "
        "use 'dot' or 'euclidean')",
    ),
    "no direction of a query": (
        lambda: hf.ModernHopfield(np.eye(2), similarity="cosine", beta=1.0).step([0.0, 0.0]),
        ValueError,
        "`queries` must not be zero under similarity 'cosine', which compares directions; row 0 is (leave it out, or "
        "use 'dot' or 'euclidean')",
    ),
    "borrowed directions": (
        lambda: hf.ModernHopfield(np.eye(2), similarity="cosine", copy=False),
        ValueError,
        "`copy` must be True with similarity 'cosine', which scales the patterns in memory of its own; got False",
    ),
    "held directions": (
        lambda: hf.ModernHopfield(np.eye(2), similarity="cosine", beta=1.0).retrieve(
            [1.0, 0.0], known=[True, False], clamp=True
        ),
        ValueError,
        "`clamp` cannot hold entries under similarity 'cosine', which scales states to norm 1",
    ),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_what_makes_no_sense_is_refused(name: str) -> None:
    call, kind, message = REFUSALS[name]
    with pytest.raises(kind) as caught:
        call()
    assert isinstance(caught.value, hf.HopfieldError)
    assert str(caught.value) == message


def test_states_and_patterns_have_norm_one_under_cosine() -> None:
    rng = np.random.default_rng(0)
    given = rng.standard_normal((20, 6)) * 10.0 ** rng.uniform(-200, 100, (20, 1))
    before = given.copy()
    memory = hf.ModernHopfield(given, beta=5.0, similarity="cosine")
    assert np.array_equal(given, before)
    # Six squares and their root, here and there.
    off = 2 * gamma(12, U64)
    assert worst(np.linalg.norm(memory.patterns, axis=1), np.ones(20), off) <= 1
    found = memory.retrieve(before[:7] * 3, max_steps=2)
    assert worst(np.linalg.norm(found.states, axis=1), np.ones(7), off) <= 1
    problem = Relative(memory.patterns, memory.patterns[:7], 5.0, None, None, None, "cosine")
    energies = [problem.family(query).energy() for query in range(7)]
    assert worst(memory.energy(before[:7]), memory.energy(memory.patterns[:7]), 2 * np.array(energies)) <= 1
    longer = memory.add([[0.0, 0.0, 4.0, 0.0, 3.0, 0.0]])
    assert longer.patterns[-1].tolist() == [0, 0, 0.8, 0, 0.6, 0]


def test_opposite_patterns_leave_no_direction() -> None:
    memory = hf.ModernHopfield([[1.0, 0.0], [-1.0, 0.0]], beta=1.0, similarity="cosine")
    assert memory.step([0.0, 2.0]).tolist() == [0.0, 1.0]


@given(relatives(pairs=[pair for pair in PAIRS if pair[0] in ("euclidean", "manhattan")], with_known=True))
def test_unknown_entries_are_not_read(problem: Relative) -> None:
    if problem.known is None:
        return
    found = problem.memory().retrieve(problem.queries, mask=problem.mask, known=problem.known, max_steps=2)
    for rubbish in (np.nan, np.inf, 1e30):
        queries = np.where(problem.known, problem.queries, problem.dtype.type(rubbish))
        again = problem.memory().retrieve(queries, mask=problem.mask, known=problem.known, max_steps=2)
        assert np.array_equal(again.states, found.states)
        assert np.array_equal(again.energy, found.energy, equal_nan=True)


@pytest.mark.parametrize("similarity", ["euclidean", "manhattan"])
@pytest.mark.parametrize("criterion", ["state", "association"])
def test_partial_cues_are_completed_by_the_known_part(similarity: str, criterion: str) -> None:
    rng = np.random.default_rng(3)
    patterns = rng.standard_normal((60, 20)) + 5
    memory = hf.ModernHopfield(patterns, similarity=similarity)
    known = rng.random((10, 20)) < 0.5
    known[3] = True
    queries = np.where(known, patterns[:10], np.nan)
    for clamp in (False, True):
        found = memory.retrieve(queries, known=known, criterion=criterion, clamp=clamp)
        assert found.pattern.tolist() == list(range(10))
        np.testing.assert_allclose(found.states, patterns[:10], atol=1e-4)
        alone = memory.retrieve(queries[5], known=known[5], criterion=criterion, clamp=clamp)
        assert np.array_equal(alone.states, found.states[5])
        assert alone.residual == found.residual[5]


def test_a_state_that_nothing_weighs_stays() -> None:
    ball = hf.ModernHopfield(
        [[0.0, 0.0], [4.0, 0.0]], beta=2.0, separation="epanechnikov", similarity="euclidean", values=[[1.0], [2.0]]
    )
    found = ball.retrieve([[2.0, 0.0], [0.2, 0.0]], trace=True)
    assert found.reason.tolist() == ["outside", "tolerance"]
    assert found.states.tolist() == [[2.0, 0.0], [0.0, 0.0]]
    assert found.output.tolist() == [[0.0], [1.0]]
    assert found.pattern.tolist() == [-1, 0]
    assert found.n_steps.tolist() == [0, 2]
    assert found.energy[0] == math.inf
    assert found.trace is not None
    assert found.trace[0, 0] == math.inf
    assert np.isnan(found.trace[0, 1:]).all()
    for name in ("linear", "polynomial"):
        separation = hf.separation.NAMED[name](*([2] if name == "polynomial" else []))
        memory = hf.ModernHopfield(np.eye(3), separation=separation)
        found = memory.retrieve([[-1.0, -2.0, 0.0], [1.0, 0.0, 0.0]])
        assert found.reason.tolist() == ["outside", "tolerance"]
        assert found.states[0].tolist() == [-1, -2, 0]
        assert memory.step([-1.0, -2.0, 0.0]).tolist() == [-1, -2, 0]
        assert not memory.association([-1.0, -2.0, 0.0]).any()
    # Masked is something else.
    masked = ball.retrieve([2.0, 0.0], mask=[False, False])
    assert masked.reason == "masked"
    assert ball.step([2.0, 0.0], mask=[False, False]).tolist() == [0.0]


@given(relatives(with_values=False, with_mask=False, max_work=600, dtypes=("float64",)))
def test_beta_is_calibrated_as_the_oracle_says(problem: Relative) -> None:
    patterns = hf.ModernHopfield(problem.patterns, beta=1e-300, similarity=problem.similarity).patterns
    try:
        expected = oracle.calibrate(problem.similarity, problem.separation, lists(patterns))
    except ValueError:
        with pytest.raises(hf.errors.InvalidInputError, match="no pattern is its own best match"):
            hf.suggest_beta(problem.patterns, similarity=problem.similarity, separation=problem.value)
        return
    if problem.similarity in ("dot", "cosine"):
        # Gaps of nearly equal scores are all rounding; `test_modern_calibration` has the bounds for dot.
        return
    found = hf.suggest_beta(problem.patterns, similarity=problem.similarity, separation=problem.value)
    assert found == pytest.approx(expected, rel=1e-9)
    memory = hf.ModernHopfield(problem.patterns, similarity=problem.similarity, separation=problem.value)
    assert memory.beta == found


@pytest.mark.parametrize(("similarity", "name"), [pair for pair in PAIRS if pair[1] not in ("linear", "polynomial")])
def test_a_calibrated_memory_retrieves_its_patterns(similarity: str, name: str) -> None:
    rng = np.random.default_rng(7)
    patterns = rng.standard_normal((200, 40))
    patterns /= np.linalg.norm(patterns, axis=1, keepdims=True)
    parameter = (4,) if name == "top_k" else (-0.6,) if name == "softmax1" and similarity == "euclidean" else ()
    if name == "softmax1" and similarity == "manhattan":
        parameter = (-6.0,)
    memory = hf.ModernHopfield(patterns, similarity=similarity, separation=hf.separation.NAMED[name](*parameter))
    found = memory.retrieve(patterns)
    assert np.mean(found.pattern == np.arange(200)) >= 0.9
    # On the edge of its margin a pattern is left ever so slowly.
    assert np.mean(found.converged) >= 0.9


def test_attention_takes_separations() -> None:
    rng = np.random.default_rng(0)
    queries, keys, values = (
        rng.standard_normal((2, 5, 4)),
        rng.standard_normal((2, 7, 4)),
        rng.standard_normal((2, 7, 3)),
    )
    mask = rng.random((2, 5, 7)) < 0.7
    for separation in ("softmax1", "sparsemax", "entmax", hf.separation.TopK(3), "max", "linear"):
        found = hf.attention(queries, keys, values, separation=separation, mask=mask)
        for problem in range(2):
            memory = hf.ModernHopfield(keys[problem], values=values[problem], beta=0.5, separation=separation)
            assert np.array_equal(found[problem], memory.step(queries[problem], mask=mask[problem]))
