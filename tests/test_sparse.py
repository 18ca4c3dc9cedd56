"""The network of 0 and 1 against the oracle: weights within derived bounds, dynamics to the bit, outcomes, refusals."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import hopfield as hf
import tolerance_rules
from hopfield.errors import HopfieldError, InputTypeError, InvalidInputError
from oracle import classical as oracle
from oracle import sparse
from processes import by_instruction_set
from strategies import LAYOUTS, Recollection, recollections, spin_rows

STEPS = ["is_fixed_point", "reason", "n_sweeps", "n_updates", "n_flips", "energy"]


def active(rows: Any) -> Any:
    """±1 as 1 and 0."""
    return (np.array(rows) + 1) // 2


def network(problem: Recollection, activity: float | None) -> tuple[hf.SparseHopfield, dict[str, Any]]:
    """The network and its threshold; patterns must not all be silent, nor full."""
    patterns = np.array(problem.patterns)
    assume(activity is not None or 0 < (patterns > 0).mean() < 1)
    surroundings = {"tie": problem.network["tie"]}
    for name, sign in (("bias", -1), ("threshold", 1)):
        given_one = problem.network.get(name)
        if given_one is not None:
            surroundings["threshold"] = (sign * np.array(given_one)).tolist()
    return hf.SparseHopfield(active(patterns), activity=activity, **surroundings), surroundings


activities = st.none() | st.floats(0.01, 0.99)


@given(recollections(), activities)
def test_weights_are_covariances(problem: Recollection, activity: float | None) -> None:
    net, _ = network(problem, activity)
    k, n = np.shape(problem.patterns)
    a = net.activity
    assert a is not None
    if activity is None:
        assert a == float(Fraction(int((np.array(problem.patterns) > 0).sum()), n * k))
    exact = sparse.covariance(problem.patterns, Fraction(a))
    weights = net.weight_matrix
    difference = np.abs(weights - [[float(w) for w in row] for row in exact])
    assert difference.max() <= tolerance_rules.covariance_weight(n, k, a)
    assert np.array_equal(weights, weights.T)
    states = active(problem.cues).reshape(-1, n)
    for state, row, distances in zip(states, net.overlap(states), net.hamming(states), strict=True):
        expected = sparse.overlaps(problem.patterns, Fraction(a), (2 * state - 1).tolist())
        bound = tolerance_rules.sparse_overlap(n, a, int(state.sum()))
        assert np.abs(row - expected).max() <= bound
        assert distances.tolist() == (active(problem.patterns) != state).sum(axis=1).tolist()


@given(recollections(), activities)
def test_retrieval_is_that_of_the_weights_to_the_bit(problem: Recollection, activity: float | None) -> None:
    net, surroundings = network(problem, activity)
    assert net.activity is not None
    surroundings.setdefault("threshold", 0.5 - net.activity)
    reference = sparse.SparseHopfield(problem.patterns, net.weight_matrix.tolist(), **surroundings)
    n = len(problem.patterns[0])
    cues = active(problem.cues).reshape(-1, n)
    rng = np.array(problem.rng, np.uint64) if isinstance(problem.rng, list) else problem.rng
    known = None if problem.known is None else np.array(problem.known, bool).reshape(cues.shape)
    field = None if problem.field is None else np.array(problem.field).reshape(cues.shape)
    found = net.retrieve(cues, known=known, field=field, rng=rng, trace=True, **problem.options)
    for cue, start in enumerate(problem.cues):
        seed, index = (problem.rng, cue) if isinstance(problem.rng, int) else (problem.rng[cue], 0)
        answer = oracle.retrieve(
            reference,
            start,
            known=None if problem.known is None else problem.known[cue],
            field=None if problem.field is None else problem.field[cue],
            seed=seed,
            index=index,
            trace=True,
            **problem.options,
        )
        assert found.states[cue].tolist() == [{1: 1, -1: 0, 0: -1}[x] for x in answer.states]
        for name in STEPS:
            assert getattr(found, name)[cue] == getattr(answer, name), name
        assert found.trace is not None
        assert answer.trace is not None
        assert found.trace[cue, : len(answer.trace)].tolist() == answer.trace
        outcome = expected_outcome(net, answer, found.overlap[cue], problem.options["near_overlap"])
        assert (found.outcome[cue], found.pattern[cue] >= 0) == outcome
    for x in problem.cues:
        state = active(x)
        assert net.field(state).tolist() == reference.field(x)
        assert net.energy(state) == reference.energy(x)
        assert net.is_fixed_point(state) == reference.is_fixed_point(x)


def expected_outcome(net: Any, answer: oracle.BinaryRetrieval, overlap: float, floor: float) -> tuple[str, bool]:
    """What came out, and whether a pattern is named."""
    if answer.reason == "cycle":
        return "cycle", False
    if active(answer.states).tolist() in net.patterns.tolist() and 0 not in answer.states:
        return "memory", True
    if not answer.is_fixed_point:
        return "unsettled", False
    return ("near_memory", True) if overlap >= floor else ("spurious", False)


@given(recollections(), activities)
def test_the_energy_never_rises(problem: Recollection, activity: float | None) -> None:
    net, _ = network(problem, activity)
    cues = active(problem.cues).reshape(-1, len(problem.patterns[0]))
    options = {**problem.options, "update": "asynchronous", "temperature": None, "clamp": False}
    found = net.retrieve(cues, rng=1, trace=True, **options)
    assert found.trace is not None
    for energies in found.trace:
        assert (np.diff(energies[~np.isnan(energies)]) <= 0).all()


@given(st.integers(2, 8).flatmap(lambda n: spin_rows(n, 2, 5)), st.data())
def test_patterns_are_stored_and_forgotten(rows: list[list[int]], data: st.DataObject) -> None:
    patterns = active(rows)
    net, gone = hf.SparseHopfield(patterns, activity=0.3), data.draw(st.integers(0, len(rows) - 1))
    assert net.patterns.tolist() == patterns.tolist()
    left = patterns.tolist()
    left.remove(patterns[gone].tolist())
    net.forget(patterns[gone])
    assert net.patterns.tolist() == left
    assert np.array_equal(net.weight_matrix, hf.SparseHopfield(left, activity=0.3).weight_matrix)
    assert np.array_equal(
        net.store(patterns[gone]).weight_matrix,
        hf.SparseHopfield([*left, patterns[gone].tolist()], activity=0.3).weight_matrix,
    )


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", ["?", "i1", "u1", "i8", "f2", "f8"])
def test_zeros_and_ones_of_any_kind_are_read(layout: str, dtype: str) -> None:
    patterns = (np.random.default_rng(0).random((4, 9)) < 0.4).astype(dtype)
    net = hf.SparseHopfield(LAYOUTS[layout](patterns))
    assert net.patterns.dtype == np.int8
    assert net.patterns.tolist() == patterns.astype(int).tolist()
    assert net.retrieve(LAYOUTS[layout](patterns)).states.dtype == np.int8


def test_sparse_patterns_are_held_where_hebbs_rule_fails() -> None:
    patterns = np.random.default_rng(0).random((100, 500)).argsort(axis=1) < 25
    found = hf.SparseHopfield(patterns).retrieve(patterns)
    assert (found.overlap > 0.9).all()
    assert np.mean(found.outcome == "memory") > 0.9
    spins = hf.spins(patterns)
    assert not hf.ClassicalHopfield(spins).is_fixed_point(spins).any()


def test_threads_change_nothing() -> None:
    patterns = np.random.default_rng(0).random((60, 400)) < 0.1
    net = hf.SparseHopfield(patterns)
    first, *others = (
        net.retrieve(patterns, order="random", temperature=[0.1, 0.0], n_threads=t) for t in (1, 2, 3, 5, 8)
    )
    for other in others:
        for name in ["states", *STEPS, "overlap", "outcome"]:
            assert np.array_equal(getattr(first, name), getattr(other, name)), name


DIGEST = """
import hashlib, numpy as np, hopfield as hf
assert hf._core.instruction_set() == {name!r}
rng = np.random.default_rng(3)
digest = hashlib.sha256()
for activity, n in [(None, 90), (0.2, 130), (0.07, 64)]:
    patterns = rng.random((70, n)) < 0.2
    net = hf.SparseHopfield(patterns, activity=activity, threshold=rng.standard_normal(n) / 9)
    for options in ({{}}, {{"update": "synchronous"}}, {{"order": "greedy"}}, {{"temperature": [0.5, 0.1, 0.0]}}):
        found = net.retrieve(patterns ^ (rng.random((70, n)) < 0.1), rng=2, **options)
        for name in found.__slots__:
            digest.update(np.asarray(getattr(found, name)).astype("S").tobytes())
    digest.update(net.weight_matrix.tobytes() + net.field(patterns).tobytes() + net.overlap(patterns).tobytes())
print(digest.hexdigest())
"""


def test_every_instruction_set_gives_the_same_bits() -> None:
    digests = by_instruction_set(DIGEST)
    assert len(set(digests.values())) == 1, digests


NET = hf.SparseHopfield([[1, 0, 0], [0, 1, 0]])
BETWEEN = (
    "`activity` must be between 0 and 1, at least 1e-6 from either (unless given, it is the mean of the patterns); "
)

REFUSED: list[tuple[Callable[[], Any], type[HopfieldError], str]] = [
    (lambda: hf.SparseHopfield(activity=0), InvalidInputError, BETWEEN + "got 0"),
    (lambda: hf.SparseHopfield(activity=1.5), InvalidInputError, BETWEEN + "got 1.5"),
    (lambda: hf.SparseHopfield(activity=np.nan), InvalidInputError, BETWEEN + "got NaN"),
    (lambda: hf.SparseHopfield([[0, 0], [0, 0]]), InvalidInputError, BETWEEN + "got 0"),
    (lambda: hf.SparseHopfield(activity="few"), InputTypeError, "`activity` must be a real number; got 'few'"),  # type: ignore[arg-type]
    (
        lambda: hf.SparseHopfield([[1, -1, 1]]),
        InvalidInputError,
        "`patterns` must hold only booleans, or 0 and 1; got -1 at row 0, column 1 "
        "(for -1 and +1 compare, `x > 0`, or use hopfield.ClassicalHopfield)",
    ),
    (
        lambda: NET.energy([0.0, 0.5, 1.0]),
        InvalidInputError,
        "`states` must hold only booleans, or 0 and 1; got 0.5 at row 0, column 1 "
        "(for -1 and +1 compare, `x > 0`, or use hopfield.ClassicalHopfield)",
    ),
    (
        lambda: NET.field([0, 1]),
        InvalidInputError,
        "`states` must have 3 columns, as the stored patterns do; got shape (1, 2)",
    ),
    (
        lambda: hf.SparseHopfield().retrieve([0, 1]),
        InvalidInputError,
        "the network stores no patterns yet: call `store` before asking it for a retrieval",
    ),
]


@pytest.mark.parametrize(("call", "error", "message"), REFUSED, ids=[row[2][-50:] for row in REFUSED])
def test_refusal(call: Callable[[], Any], error: type[HopfieldError], message: str) -> None:
    with pytest.raises(error) as caught:
        call()
    assert str(caught.value) == message
