"""Laws of similarities and separations: energies that never rise, gradients, exact retrieval, limits, symmetries."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import hopfield as hf
from oracle import family as oracle
from strategies_family import PAIRS, Relative, relatives
from strategies_modern import draw_patterns, lists
from tolerance import SLACK, U64, gamma, worst
from tolerance_family import Bounds, entmax_from_softmax

ENERGETIC = [(similarity, name) for similarity, name in PAIRS if name in oracle.ENERGIES[similarity]]
SOFTMAX1 = hf.separation.Softmax1(0.5)


def bounds_at(problem: Relative, state: np.ndarray) -> Bounds:
    return problem.family(0, state=state.astype(np.float64))


@given(
    relatives(
        pairs=ENERGETIC, dtypes=("float64",), with_values=False, with_mask=False, max_work=800, largest_exponent=30.0
    )
)
def test_the_energy_never_rises(problem: Relative) -> None:
    memory = problem.memory()
    found = memory.retrieve(problem.queries, trace=True, max_steps=8, tol=0.0)
    assert found.trace is not None
    for query in range(len(problem.queries)):
        state = problem.compared(query)
        for before, after in zip(found.trace[query], found.trace[query][1:], strict=False):
            if math.isnan(after):
                break
            moved = memory.step(state)
            here, ahead = bounds_at(problem, state), bounds_at(problem, moved)
            # The exact update does not rise; the computed one lies a little beside it, where the energy is steep.
            error = float(np.linalg.norm(here.step())) + 8 * here.way.unit * float(np.linalg.norm(moved))
            reach = float(np.linalg.norm(memory.patterns, axis=1).max() + np.linalg.norm(moved))
            beside = SLACK * error * (2 * reach + error)
            if problem.value.name == "epanechnikov" and math.isinf(ahead.energy() + here.energy()):
                break
            if math.isinf(before):
                assert after == before
                break
            assert after <= before + here.energy() + ahead.energy() + beside
            state = moved


@given(relatives(pairs=ENERGETIC, dtypes=("float64",), with_values=False, with_mask=False, max_work=400), st.data())
def test_an_update_is_a_step_down_the_gradient(problem: Relative, data: st.DataObject) -> None:
    # dot: E' = q - f(q); euclidean: sum(p) (q - f(q)), but for epanechnikov, whose weights are not those of its step.
    if problem.value.name in ("epanechnikov", "max", "top_k") or problem.similarity == "cosine":
        return
    memory, state = problem.memory(), problem.queries[0]
    size = float(np.abs(problem.patterns).max() + np.abs(state).max())
    h = 1e-5 * size
    axis = data.draw(st.integers(0, len(state) - 1))
    shift = np.zeros_like(state)
    shift[axis] = h
    ends = memory.energy(np.array([state + shift, state - shift]), constants=False)
    slope = (ends[0] - ends[1]) / (2 * h)
    expected = float((state - memory.step(state))[axis])
    # The weights at both ends, between which those on the way lie but for their second derivative.
    steps = memory.step(np.array([state + shift, state - shift]))[:, axis]
    bend = float(np.ptp([*steps, memory.step(state)[axis]]))
    rounding = 2 * bounds_at(problem, state).energy() / h + bounds_at(problem, state).step()[axis]
    assert abs(slope - expected) <= SLACK * (bend + rounding) + 8 * U64 * size


@given(st.integers(0, 2**32), st.sampled_from(["dot", "euclidean", "manhattan"]), st.sampled_from([1.1, 1.5, 2.0, 3.0]))
def test_a_margin_is_retrieved_exactly_in_one_step(seed: int, similarity: str, alpha: float) -> None:
    rng = np.random.default_rng(seed)
    patterns = draw_patterns("normal", int(rng.integers(2, 40)), int(rng.integers(2, 40)), rng)
    query = patterns[0] + 0.1 * rng.standard_normal(patterns.shape[1])
    scores = np.sort(oracle.scores(similarity, lists(patterns), lists(query)))
    best = int(np.argmax(oracle.scores(similarity, lists(patterns), lists(query))))
    margin = scores[-1] - scores[-2]
    if margin < 1e-6:
        return
    separation = hf.separation.Entmax(alpha)
    beta = 1.001 / ((alpha - 1) * margin)
    for dtype in ("float32", "float64"):
        memory = hf.ModernHopfield(
            patterns.astype(dtype),
            beta=beta * (1 if dtype == "float64" else 1.05),
            separation=separation,
            similarity=similarity,
        )
        if dtype == "float32" and margin < 1e-3:
            continue
        assert np.array_equal(memory.step(query), memory.patterns[best])
        weights = memory.association(query)
        assert weights[best] == 1
        assert np.count_nonzero(weights) == 1


@given(relatives(with_mask=False), st.integers(0, 2**32))
def test_the_order_of_the_patterns_does_not_matter(problem: Relative, seed: int) -> None:
    order = np.random.default_rng(seed).permutation(len(problem.patterns))
    if problem.value.name == "top_k":
        # Of equal scores the lowest index counts.
        return
    shuffled = hf.ModernHopfield(
        problem.patterns[order],
        values=None if problem.values is None else problem.values[order],
        beta=problem.beta,
        separation=problem.value,
        similarity=problem.similarity,
    )
    steps = problem.memory().step(problem.queries), shuffled.step(problem.queries)
    for query in range(len(problem.queries)):
        bounds = problem.family(query)
        if bounds.open:
            continue
        if problem.similarity == "cosine" and problem.values is None:
            mean = (bounds.low + bounds.high) / 2 @ bounds.values
            assert np.linalg.norm(steps[0][query] - steps[1][query]) <= 2 * bounds.direction(mean)
            continue
        assert worst(steps[0][query], steps[1][query], 2 * bounds.step()) <= 1


@pytest.mark.parametrize("similarity", hf.separation.SIMILARITIES)
def test_limits_of_the_family_meet(similarity: str) -> None:
    rng = np.random.default_rng(0)
    patterns, query = rng.standard_normal((30, 9)), rng.standard_normal(9)
    family = hf.separation

    def problem(separation: hf.separation.Separation, beta: float = 1.0) -> Relative:
        return Relative(patterns, query[np.newaxis], beta, None, None, None, similarity, separation)

    def weights(separation: hf.separation.Separation, beta: float = 1.0) -> np.ndarray:
        found: np.ndarray = problem(separation, beta).memory().association(query)
        return found

    softmax, off = weights(family.Softmax()), problem(family.Softmax()).family(0)
    for equal in (family.TopK(30), family.TopK(1000), family.Softmax1(-1e4)):
        bound = off.association() + problem(equal).family(0).association()
        assert worst(weights(equal), softmax, bound) <= 1
    near = problem(family.Entmax(1 + 1e-7)).family(0)
    bound = near.association() + off.association() + entmax_from_softmax(near.scores, 1.0, 1 + 1e-7) * off.high
    assert worst(weights(family.Entmax(1 + 1e-7)), softmax, bound) <= 1
    np.testing.assert_array_equal(weights(family.Entmax(2.0)), weights(family.Sparsemax()))
    # Weights beyond the range of the dtype are zeros.
    assert not weights(family.Softmax1(1e4)).any()
    for separation in (family.TopK(1), family.Sparsemax(), family.Entmax(1.5), family.Softmax()):
        np.testing.assert_array_equal(weights(separation, 1e6), weights(family.Max()))
    if similarity in ("dot", "cosine"):
        np.testing.assert_array_equal(weights(family.Polynomial(1)), weights(family.Linear()))
        best = int(np.argmax(weights(family.Max())))
        shares = [weights(family.Polynomial(degree))[best] for degree in (1, 2, 8, 64)]
        assert shares == sorted(shares)
        assert shares[-1] > 0.8


def test_the_null_weight_says_how_little_fits() -> None:
    problem = Relative(
        np.eye(4), np.array([np.eye(4)[0], np.zeros(4), -np.eye(4)[1]]), 8.0, None, None, None, "dot", SOFTMAX1
    )
    memory = problem.memory()
    for query, weights in enumerate(memory.association(problem.queries)):
        null = math.exp(4.0) / (math.exp(4.0) + np.exp(8 * problem.queries[query]).sum())
        off = problem.family(query).association().sum() + gamma(8, U64)
        assert abs((1 - weights.sum()) - null) <= off
    assert memory.retrieve(np.zeros(4)).reason == "tolerance"


def test_ties_go_to_the_lowest_index_or_are_averaged() -> None:
    patterns = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 0.0]])
    top = hf.ModernHopfield(patterns, beta=1.0, separation=hf.separation.TopK(2))
    assert top.association([1.0, 0.0]).tolist() == [0.5, 0.5, 0, 0]
    most = hf.ModernHopfield(patterns, separation="max")
    assert most.association([1.0, 0.0]).tolist() == [1 / 3, 1 / 3, 0, 1 / 3]


@pytest.mark.parametrize("k", [3, 400, 900, 1400, 5000])
@pytest.mark.parametrize("name", ["sparsemax", "entmax", "max", "epanechnikov"])
def test_all_patterns_may_have_weight(name: str, k: int) -> None:
    # More than a walk keeps: equal scores, each in the mean.
    values = np.random.default_rng(k).standard_normal((k, 3))
    query = np.array([[0.5, 0.5]])
    patterns, value = np.tile([1.0, 0.0], (k, 1)), hf.separation.NAMED[name]()
    problem = Relative(patterns, query, 0.25, values, None, None, "euclidean", value)
    memory, bounds = problem.memory(), problem.family(0)
    for m in (1, 40):
        queries = np.tile(query, (m, 1))
        assert worst(memory.association(queries), np.full((m, k), 1 / k), bounds.association()) <= 1
        assert worst(memory.step(queries), np.tile(values.mean(axis=0), (m, 1)), bounds.step()) <= 1


@pytest.mark.parametrize("alpha", [1.1, 1.25, 1.5, 2.0, 3.0])
@pytest.mark.parametrize("at", [0, 700, 2999])
def test_a_match_counts_wherever_it_is(alpha: float, at: int) -> None:
    # Without it more patterns have weight than a walk keeps, and none has with it.
    rng = np.random.default_rng(0)
    patterns = rng.standard_normal((3000, 5))
    query = np.full(5, 40.0)
    memory = hf.ModernHopfield(patterns, beta=1e-3, separation=hf.separation.Entmax(alpha))
    assert alpha > 1.5 or np.count_nonzero(memory.association(query)) > 512
    patterns[at] = 20 / (alpha - 1)
    memory = hf.ModernHopfield(patterns, beta=1e-3, separation=hf.separation.Entmax(alpha))
    for m in (1, 40):
        assert np.array_equal(memory.step(np.tile(query, (m, 1))), np.tile(patterns[at], (m, 1)))
