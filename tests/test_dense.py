"""Dense associative memories against the oracle: trajectories, counters and states to the bit, energies of powers too."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import hopfield as hf
import tolerance
from oracle import classical as oracle
from oracle.dense import DenseAssociativeMemory, rounded
from strategies import Recollection, recollections, spin_rows

WIDE = ("states", "mixture", "mixture_signs", "hit", "trace")
COLUMNS = [name for name in hf.BinaryRetrieval.__slots__ if name not in WIDE]

#: Of weights that fit 32 bits, 64 bits, and none.
DEGREES = [1, 2, 3, 4, 5, 9, 16, 30, 31, 200]


def memories() -> st.SearchStrategy[dict[str, Any]]:
    """What memories are made with."""
    degrees = st.integers(1, 6) | st.sampled_from(DEGREES)
    ties = st.sampled_from(["keep", "plus", "minus", "random"])
    interactions = st.sampled_from(["polynomial", "rectified", "exponential"])
    return st.fixed_dictionaries({"interaction": interactions, "degree": degrees, "tie": ties})


@st.composite
def dense_recollections(draw: st.DrawFn) -> Recollection:
    """Small problems with every option; a target that powers reach as often as exponentials."""
    problem = draw(recollections())
    target = draw(st.none() | st.integers(-20, 4).map(lambda j: j / 4) | st.integers(-3000, 30).map(float))
    return replace(problem, network=draw(memories()), options={**problem.options, "target_energy": target})


def asked(problem: Recollection, **changes: Any) -> hf.BinaryRetrieval:
    """The package's answer."""
    net = hf.DenseAssociativeMemory(problem.patterns, **problem.network)
    cues = np.array(problem.cues, np.int8).reshape(-1, len(problem.patterns[0]))
    rng = np.array(problem.rng, np.uint64) if isinstance(problem.rng, list) else problem.rng
    known = problem.known if problem.known is None else np.array(problem.known, bool).reshape(cues.shape)
    field = problem.field if problem.field is None else np.array(problem.field).reshape(cues.shape)
    return net.retrieve(cues, known=known, field=field, rng=rng, **{**problem.options, **changes})


def expected(problem: Recollection, cue: int, **changes: Any) -> oracle.BinaryRetrieval:
    """The oracle's answer for one cue."""
    net = DenseAssociativeMemory(problem.patterns, **problem.network)
    seed, index = (problem.rng, cue) if isinstance(problem.rng, int) else (problem.rng[cue], 0)
    known = None if problem.known is None else problem.known[cue]
    field = None if problem.field is None else problem.field[cue]
    options = {**problem.options, **changes}
    return oracle.retrieve(net, problem.cues[cue], known=known, field=field, seed=seed, index=index, **options)


def slack(network: dict[str, Any], field: list[float] | None, energy: float) -> float:
    """How far an energy or a field may be from the oracle's."""
    if network["interaction"] != "exponential":
        return 0.0
    return tolerance.logarithm_of_exponentials(abs(energy) + 2 * math.fsum(map(abs, field or [])))


def near(found: float, answer: float, bound: float) -> bool:
    return found == answer or abs(found - answer) <= bound


# Against the oracle


@given(dense_recollections())
def test_retrieval_is_the_oracles(problem: Recollection) -> None:
    found = asked(problem, trace=True)
    assert found.trace is not None
    for cue in range(len(problem.cues)):
        answer = expected(problem, cue, trace=True)
        assert found.states[cue].tolist() == answer.states
        size = len(answer.mixture)
        assert found.mixture[cue].tolist() == answer.mixture + [-1] * (5 - size)
        assert found.mixture_signs[cue].tolist() == answer.mixture_signs + [0] * (5 - size)
        for name in COLUMNS:
            if name != "energy":
                assert getattr(found, name)[cue].item() == getattr(answer, name), name
        energies = answer.trace
        assert energies is not None
        field = None if problem.field is None else problem.field[cue]
        pairs = [*zip(found.trace[cue], energies, strict=False), (found.energy[cue], answer.energy)]
        assert all(near(one, other, slack(problem.network, field, other)) for one, other in pairs)
        assert np.isnan(found.trace[cue, len(energies) :]).all()


@given(dense_recollections(), st.data())
def test_hits_are_of_the_targets(problem: Recollection, data: st.DataObject) -> None:
    indices = st.integers(0, len(problem.patterns) - 1)
    targets = data.draw(st.lists(indices, min_size=len(problem.cues), max_size=len(problem.cues)))
    found = asked(problem, targets=np.array(targets, dtype=int))
    assert found.hit is not None
    for cue, target in enumerate(targets):
        assert found.hit[cue].item() == expected(problem, cue, target=target).hit


@given(st.integers(1, 12).flatmap(lambda n: st.tuples(spin_rows(n), spin_rows(n, 0, 4))), memories())
def test_functions_of_states_are_the_oracles(problem: Any, network: dict[str, Any]) -> None:
    patterns, rows = problem
    net, reference = hf.DenseAssociativeMemory(patterns, **network), DenseAssociativeMemory(patterns, **network)
    states = np.array(rows, np.int8).reshape(-1, len(patterns[0]))
    for name in ["energy", "field", "overlap", "hamming", "is_fixed_point"]:
        answers = [getattr(reference, name)(row) for row in rows]
        found = getattr(net, name)(states)
        assert len(found) == len(rows)
        for row, answer, got in zip(rows, answers, found, strict=True):
            bound = slack(network, None, np.abs(answer).max()) if name in ("energy", "field") else 0.0
            assert all(near(a, b, bound) for a, b in zip(np.ravel(got), np.ravel(answer), strict=True)), name
            assert np.array_equal(getattr(net, name)(row), got), name


@given(st.integers(1, 80).flatmap(lambda n: st.tuples(spin_rows(n, 1, 70), spin_rows(n, 1, 70))), st.data())
def test_patterns_are_stored_and_forgotten(problem: Any, data: st.DataObject) -> None:
    first, second = problem
    net = hf.DenseAssociativeMemory(first, interaction="rectified")
    assert net.store(second) is net
    everything = first + second
    assert net.patterns.tolist() == everything
    assert (len(net), net.n_patterns, net.n_neurons) == (len(everything),) * 2 + (len(first[0]),)
    gone = data.draw(st.lists(st.integers(0, len(everything) - 1), unique=True, max_size=len(everything)))
    if not gone:
        return
    left = list(everything)
    for index in gone:
        left.remove(everything[index])
    assert net.forget([everything[index] for index in gone]).patterns.tolist() == left
    if left:
        other = hf.DenseAssociativeMemory(left, interaction="rectified")
        assert np.array_equal(net.field(first), other.field(first))
        assert net.retrieve(first[0]).energy == other.retrieve(first[0]).energy
    else:
        with pytest.raises(hf.HopfieldError, match="stores no patterns yet"):
            net.retrieve(first[0])
