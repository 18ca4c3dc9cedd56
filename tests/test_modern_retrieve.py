"""Retrieval: each query updated until it settles, with the evidence; against the oracle and single steps.

The library's states are followed one update at a time. What one update may be off is derived; what becomes of
that in the next update is bounded by the Jacobian there. So a decision of the oracle with a larger margin
must be the library's.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

import hopfield as hf
import tolerance
from oracle import modern as oracle
from strategies_modern import Problem, lists, problems
from tolerance import Array, worst


@dataclass(frozen=True)
class Options:
    """How to retrieve."""

    max_steps: int
    tol: float
    criterion: str
    clamp: bool

    def of(self, problem: Problem) -> dict[str, Any]:
        """Keywords of `retrieve`; nothing is clamped where nothing is known."""
        clamp = self.clamp and problem.known is not None
        return {
            "max_steps": self.max_steps,
            "tol": self.tol,
            "criterion": self.criterion,
            "clamp": clamp,
        }


options = st.builds(
    Options,
    max_steps=st.sampled_from([1, 2, 3, 7, 40]),
    tol=st.sampled_from([0.0, 1e-9, 1e-6, 1e-6, 1e-3, 0.1]),
    criterion=st.sampled_from(["state", "association"]),
    clamp=st.booleans(),
)


def retrieve(problem: Problem, chosen: Options, **more: Any) -> hf.Retrieval:
    keywords = chosen.of(problem) | {"mask": problem.mask, "known": problem.known, "trace": True} | more
    return problem.memory().retrieve(problem.queries, **keywords)


def followed(problem: Problem, query: int, n_steps: int, clamp: bool) -> list[Array]:
    """The states of one query after 0, 1, … updates, each by `step`."""
    memory = hf.ModernHopfield(problem.patterns, beta=problem.beta)
    known = problem.known_of(query)
    states = [problem.completed(query)]
    for _ in range(n_steps):
        moved = memory.step(states[-1], mask=problem.mask_of(query))
        states.append(np.where(known, states[0], moved) if clamp else moved)
    return states


def resolved(problem: Problem, chosen: Options, state: Array) -> float:
    """The largest residual that counts as settled."""
    eps = float(np.finfo(problem.dtype).eps)
    norm = math.sqrt(math.fsum(x * x for x in lists(state))) if chosen.criterion == "state" else 1.0
    return max(chosen.tol, 16 * eps * norm)


@given(problems(with_known=True, max_work=1500), options)
def test_a_retrieval_is_so_many_steps_and_a_look_at_the_end(problem: Problem, chosen: Options) -> None:
    found = retrieve(problem, chosen)
    memory = problem.memory()
    assert found.states.dtype == problem.dtype
    for query in range(len(problem.queries)):
        mask, known = problem.mask_of(query), problem.known_of(query)
        n_steps = int(found.n_steps[query])
        states = followed(problem, query, n_steps, chosen.of(problem)["clamp"])
        assert np.array_equal(found.states[query], states[-1])
        output = states[-1] if problem.values is None else memory.step(states[-1], mask=mask)
        assert np.array_equal(found.output[query], output)
        assert found.trace is not None
        trace = found.trace[query]
        assert np.all(np.isnan(trace[n_steps + 1 :]))
        if mask is None:
            assert found.energy[query] == trace[n_steps] == memory.energy(states[-1])
            assert np.array_equal(trace[: n_steps + 1], memory.energy(np.array(states)))
            weight, index = memory.association(states[-1], top=1)
            assert (found.pattern[query], found.weight[query]) == (index[0], weight[0])
        elif not mask.any():
            continue
        # The decisions: none before the last, and the last one as the reason says.
        reason = "max_steps"
        for step in range(1, n_steps + 1):
            before, after = states[step - 1], states[step]
            residual, off = distance(problem, chosen, before, after, mask)
            if chosen.criterion == "association" and mask is not None:
                residual, off = float(found.residual[query]), 0.0
                if step < n_steps:
                    continue
            settled = residual <= resolved(problem, chosen, after)
            if abs(residual - resolved(problem, chosen, after)) <= off:
                event("a residual within its bound of the tolerance")
                break
            if settled and not (step == 1 and known is not None and not known.all()):
                assert step == n_steps
                reason = "tolerance"
            if step == n_steps:
                assert worst(found.residual[query], residual, off) <= 1
        else:
            assert found.reason[query] == reason
            assert found.converged[query] == (reason == "tolerance")
            assert reason == "tolerance" or n_steps == chosen.max_steps


def distance(problem: Problem, chosen: Options, before: Array, after: Array, mask: Array | None) -> tuple[float, float]:
    """The residual of one update, and what may be wrong with it."""
    if chosen.criterion == "state" or mask is not None:
        moved = math.dist(lists(before), lists(after))
        return moved, tolerance.length(moved, len(before))
    p, p_moved = problem.memory().association(np.array([before, after])).astype(np.float64)
    moved = math.fsum(np.abs(p_moved - p))
    return moved, tolerance.gamma(len(p) + 2, tolerance.U64) * moved


@dataclass
class Course:
    """The oracle's way beside the library's, and how far that may be from it."""

    states: list[list[float]]
    mine: list[Array]
    residuals: list[float]
    off: list[float]
    margins: list[float]
    least: list[float]


def course(problem: Problem, chosen: Options, query: int, n_steps: int) -> Course:
    """Both ways side by side for the oracle's number of steps."""
    clamp = chosen.of(problem)["clamp"]
    known, mask = problem.known_of(query), lists(problem.mask_of(query))
    x, mine = lists(problem.patterns), followed(problem, query, n_steps, clamp)
    states, off = [lists(problem.completed(query))], [0.0]
    residuals, margins, least = [], [], []
    bounds = problem.bounds(query, values=False, state=mine[0])
    for step in range(n_steps):
        moved = oracle.step(x, problem.beta, states[-1], mask=mask)
        states.append(np.where(known, states[0], moved).tolist() if clamp else moved)
        error = tolerance.norm(bounds.step()) + bounds.propagated(off[-1])
        ahead = problem.bounds(query, values=False, state=mine[step + 1])
        if chosen.criterion == "state":
            residual = math.dist(states[-2], states[-1])
            margin = off[-1] + error + tolerance.length(residual, len(moved))
        else:
            p, p_moved = (oracle.association(x, problem.beta, s, mask) for s in states[-2:])
            residual = math.fsum(abs(a - b) for a, b in zip(p_moved, p, strict=True))
            margin = math.fsum(bounds.association()) + math.fsum(ahead.association())
            margin += bounds.association_nearby(off[-1]) + ahead.association_nearby(error)
        residuals.append(residual)
        least.append(resolved(problem, chosen, np.array(states[-1])))
        margins.append(margin + 4 * float(np.finfo(problem.dtype).eps) * error)
        off.append(error)
        bounds = ahead
    return Course(states, mine, residuals, off, margins, least)


def agrees(problem: Problem, chosen: Options, found: hf.Retrieval, query: int) -> bool:
    """Assert that a query went the oracle's way, unless rounding can lead elsewhere; whether it cannot."""
    known = problem.known_of(query)
    expected = oracle.retrieve(
        lists(problem.patterns),
        problem.beta,
        lists(problem.queries[query]),
        values=lists(problem.values),
        known=lists(known),
        mask=lists(problem.mask_of(query)),
        trace=True,
        eps=float(np.finfo(problem.dtype).eps),
        **chosen.of(problem),
    )
    if expected.reason == "masked":
        assert_masked(problem, found, query)
        return True
    way = course(problem, chosen, query, expected.n_steps)
    partial = known is not None and not known.all()
    distances = zip(way.residuals, way.least, way.margins, strict=True)
    decided = [abs(residual - least) > margin for residual, least, margin in distances]
    if not all(decided[1:] if partial else decided):
        return False
    assert found.n_steps[query] == expected.n_steps
    assert found.reason[query] == expected.reason
    assert found.converged[query] == expected.converged
    last, off = found.states[query], way.off[-1]
    assert math.dist(lists(last), expected.states) <= off
    assert worst(found.residual[query], expected.residual, way.margins[-1]) <= 1

    bounds = problem.bounds(query, state=last)
    near = bounds.association_nearby(off)
    output = off if problem.values is None else bounds.step() + tolerance.SLACK * near * np.ptp(bounds.values, axis=0)
    assert worst(found.output[query], expected.output, output) <= 1
    assert expected.trace is not None
    assert found.trace is not None
    for step, energy in enumerate(expected.trace):
        here = problem.bounds(query, state=way.mine[step])
        residual = math.dist(way.states[step], oracle_step(problem, query, way.states[step])) + 2 * way.off[step]
        allowed = here.energy() + here.energy_nearby(way.off[step], residual)
        assert worst(found.trace[query][step], energy, allowed) <= 1
    assert worst(found.energy[query], expected.energy, allowed) <= 1
    if surely_best(problem, query, last, expected.pattern, off):
        assert found.pattern[query] == expected.pattern
        assert worst(found.weight[query], expected.weight, bounds.association().max() + near) <= 1
    return True


def oracle_step(problem: Problem, query: int, state: list[float]) -> list[float]:
    """One update of the oracle, whatever is clamped."""
    return oracle.step(lists(problem.patterns), problem.beta, state, mask=lists(problem.mask_of(query)))


# More examples than elsewhere: masks, known entries, criteria and budgets meet here.
@settings(max_examples=3 * settings.default.max_examples)
@given(problems(with_known=True, max_work=400, max_queries=2, largest_exponent=100.0), options)
def test_a_retrieval_is_that_of_the_oracle(problem: Problem, chosen: Options) -> None:
    found = retrieve(problem, chosen)
    sure = [agrees(problem, chosen, found, query) for query in range(len(problem.queries))]
    event(f"the number of steps is sure: {all(sure)}")


@pytest.mark.parametrize(
    ("dtype", "criterion", "tol", "share"),
    [
        ("float64", "state", 1e-4, 1),
        ("float64", "association", 1e-4, 1),
        # Where an update stretches differences, as some do at low beta, single precision may lose its way.
        ("float32", "state", 1e-4, 0.9),
        ("float32", "association", 0.03, 0.9),
    ],
)
def test_in_ordinary_problems_the_way_is_sure(dtype: str, criterion: str, tol: float, share: float) -> None:
    n_steps, sure = set(), []
    for seed in range(30):
        rng = np.random.default_rng(seed)
        patterns = rng.standard_normal((10, 16)).astype(dtype)
        queries = (patterns[:2] + 0.5 * rng.standard_normal((2, 16))).astype(dtype)
        problem = Problem(patterns, queries, 0.1 + 0.05 * seed, None, None, None)
        chosen = Options(max_steps=200, tol=tol, criterion=criterion, clamp=False)
        found = retrieve(problem, chosen)
        sure += [agrees(problem, chosen, found, query) for query in range(2)]
        n_steps |= set(found.n_steps.tolist())
    assert np.mean(sure) >= share
    assert len(n_steps) > 5


def surely_best(problem: Problem, query: int, state: Array, best: int, off: float) -> bool:
    """Whether the best match scores clearly more than all that are not equal to it."""
    bounds = problem.bounds(query, values=False, state=state)
    error = np.add(*(bounds.score_errors(way) for way in bounds.ways)) + off * np.linalg.norm(bounds.x, axis=1)
    winner = problem.patterns[best].astype(np.float64)
    others = np.any(bounds.x != winner, axis=1)
    own = float(winner @ np.asarray(state, np.float64))
    mine = np.flatnonzero(~others)[0]
    return bool(np.all(own - bounds.scores[others] > error[mine] + error[others]))


def assert_masked(problem: Problem, found: hf.Retrieval, query: int) -> None:
    """The documented answer to a query for which no pattern takes part."""
    assert found.reason[query] == "masked"
    assert not found.converged[query]
    assert (found.n_steps[query], found.residual[query]) == (0, 0)
    assert (found.pattern[query], found.weight[query]) == (-1, 0)
    assert np.array_equal(found.states[query], problem.completed(query))
    if problem.values is not None:
        assert not found.output[query].any()
