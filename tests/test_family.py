"""Every similarity with every separation: against the oracle, within the derived bounds."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, event, given

import hopfield as hf
from oracle import family as oracle
from oracle import separations
from strategies_family import PAIRS, Relative, relatives
from strategies_modern import lists
from tolerance import worst
from tolerance_family import worst_outside

ENERGETIC = [(similarity, name) for similarity, name in PAIRS if name in oracle.ENERGIES[similarity]]


def assert_step(problem: Relative, query: int, found: np.ndarray) -> None:
    """One row of an update agrees with the oracle."""
    bounds = problem.family(query)
    if bounds.open:
        event("a cut is open")
        return
    patterns, state = problem.memory().patterns, problem.compared(query)
    shared = {"mask": lists(problem.mask_of(query)), "known": lists(problem.known_of(query))}
    family = problem.similarity, problem.separation, lists(patterns), problem.beta, lists(state)
    expected = oracle.step(*family, values=lists(problem.values), **shared)
    if problem.values is None and problem.similarity == "cosine" and any(expected):
        p = separations.weights(
            problem.separation, oracle.scores(problem.similarity, lists(patterns), lists(state), **shared), problem.beta
        )
        mean = np.array(oracle.readout(lists(patterns), p))
        if np.any(mean):
            assert np.linalg.norm(found - np.array(expected)) <= bounds.direction(mean)
            return
    slack = 4 * bounds.way.unit * np.abs(state) if problem.values is None else 0.0
    assert worst(found, expected, bounds.step() + slack) <= 1


@given(relatives(with_known=True))
def test_a_step_is_that_of_the_oracle(problem: Relative) -> None:
    found = problem.memory().step(problem.queries, mask=problem.mask, known=problem.known)
    assert found.dtype == problem.dtype
    for query, row in enumerate(found):
        assert_step(problem, query, row)


@given(relatives(with_mask=False, with_values=False))
def test_an_association_is_that_of_the_oracle(problem: Relative) -> None:
    weights = problem.memory().association(problem.queries)
    assert weights.dtype == problem.dtype
    for query, row in enumerate(weights):
        bounds = problem.family(query)
        if bounds.open:
            event("a cut is open")
            continue
        scores = oracle.scores(problem.similarity, lists(problem.memory().patterns), lists(problem.compared(query)))
        expected = separations.weights(problem.separation, scores, problem.beta)
        low, high = bounds.weights()
        # The bounds hold for the oracle too, so they are of the right place.
        assert worst_outside(expected, low, high) <= 0
        assert worst_outside(row, low, high) <= 0
        assert np.all(row[high <= 0] == 0)


@given(relatives(with_mask=False, with_values=False, pairs=ENERGETIC))
def test_an_energy_is_that_of_the_oracle(problem: Relative) -> None:
    memory = problem.memory()
    for constants in (True, False):
        found = memory.energy(problem.queries, constants=constants)
        for query, energy in enumerate(found):
            bounds = problem.family(query)
            state = lists(problem.compared(query))
            patterns = lists(memory.patterns)
            expected = oracle.energy(
                problem.similarity, problem.separation, patterns, problem.beta, state, constants=constants
            )
            if math.isinf(bounds.energy()):
                event("an energy of next to nothing")
                continue
            assert worst(energy, expected, bounds.energy()) <= 1


@pytest.mark.parametrize(("similarity", "name"), [pair for pair in PAIRS if pair not in ENERGETIC])
def test_pairs_without_an_energy_say_so(similarity: str, name: str) -> None:
    parameter = {"top_k": (2,), "polynomial": (2,), "softmax1": (-0.5,)}.get(name, ())
    separation = hf.separation.NAMED[name](*parameter)
    assert similarity not in separation.energies
    memory = hf.ModernHopfield(np.eye(3), beta=1.0, separation=separation, similarity=similarity)
    query = [0.9, 0.2, 0.1]
    for call in (lambda: memory.energy(query), lambda: memory.retrieve(query, trace=True)):
        with pytest.raises(hf.errors.InvalidInputError, match=f"'{name}' with similarity '{similarity}'"):
            call()
    assert math.isnan(memory.retrieve(query).energy)


def test_separations_say_with_what_they_go() -> None:
    for name, cls in hf.separation.NAMED.items():
        value = cls(2) if name in ("top_k", "polynomial") else cls(-1.0) if name == "softmax1" else cls()
        assert value.similarities == tuple(similarity for similarity, other in PAIRS if other == name)
        assert value.energies == tuple(similarity for similarity, other in ENERGETIC if other == name)


@given(relatives(with_known=True))
def test_a_retrieval_is_steps_in_a_row(problem: Relative) -> None:
    memory = problem.memory()
    plain = replace(problem, values=None).memory()
    found = memory.retrieve(problem.queries, mask=problem.mask, known=problem.known, max_steps=3, tol=0.0)
    for query in range(len(problem.queries)):
        mask, state, known = problem.mask_of(query), problem.queries[query], problem.known_of(query)
        if found.reason[query] == "masked":
            assert found.pattern[query] == -1
            continue
        for _ in range(found.n_steps[query]):
            state = plain.step(state, mask=mask, known=known)
            known = None
        if found.reason[query] == "outside":
            again = plain.step(state, mask=mask, known=known)
            assert found.pattern[query] == -1 or known is not None or problem.similarity == "cosine"
            if problem.similarity != "cosine" and found.n_steps[query]:
                assert np.array_equal(again, state)
        if problem.similarity == "cosine":
            # Each call scales its state anew.
            assert np.allclose(found.states[query], state, rtol=0, atol=20 * np.finfo(problem.dtype).eps)
        elif found.n_steps[query]:
            assert np.array_equal(found.states[query], state)


@given(relatives())
def test_one_thing_said_in_two_ways(problem: Relative) -> None:
    assume(problem.similarity != "cosine")
    memory = problem.memory()
    found = memory.retrieve(problem.queries, max_steps=3, trace=problem.similarity in problem.value.energies)
    if found.trace is not None:
        assert np.array_equal(found.energy, memory.energy(found.states))
        assert np.array_equal(found.trace[np.arange(len(found.states)), found.n_steps], found.energy)
    weights, indices = memory.association(found.states, top=1)
    some = found.pattern >= 0
    assert np.array_equal(found.weight[some], weights[some, 0])
    assert np.array_equal(found.pattern[some], indices[some, 0])
    whole = memory.association(found.states)
    assert np.array_equal(whole[np.arange(len(whole)), indices[:, 0]], weights[:, 0])
    assert not whole[~some].any()
    assert np.array_equal(found.output, memory.step(found.states) if problem.values is not None else found.states)
