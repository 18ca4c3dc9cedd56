"""Dense associative memories against the oracle: trajectories, counters and energies of powers to the bit."""

from __future__ import annotations

import math
from dataclasses import replace
from decimal import Decimal, localcontext
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import hopfield as hf
import tolerance
from drawn import random_spins
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


# Laws


def spins(problem: Recollection) -> Any:
    """The cues as an array."""
    return np.array(problem.cues, np.int8).reshape(-1, len(problem.patterns[0]))


@given(dense_recollections())
def test_degree_two_is_the_hebbian_network_step_for_step(problem: Recollection) -> None:
    """Fields and energies are twice those without a normalization, so the temperature and the field are doubled too."""
    tie = problem.network["tie"]
    goalless = {**problem.options, "target_energy": None, "clamp": False}
    temperature = goalless.pop("temperature")
    twice = None if temperature is None else 2 * np.asarray(temperature)
    field = None if problem.field is None else np.array(problem.field).reshape(spins(problem).shape)
    hebbian = hf.ClassicalHopfield(problem.patterns, normalization="none", tie=tie)
    dense = hf.DenseAssociativeMemory(problem.patterns, degree=2, tie=tie)
    ask: dict[str, Any] = {"trace": True, "rng": 3, **goalless}
    one = hebbian.retrieve(spins(problem), field=field, temperature=temperature, **ask)
    other = dense.retrieve(spins(problem), field=None if field is None else 2 * field, temperature=twice, **ask)
    assert np.array_equal(one.states, other.states)
    for name in COLUMNS:
        if name != "energy":
            assert np.array_equal(getattr(one, name), getattr(other, name)), name
    assert np.array_equal(2 * hebbian.field(spins(problem)), dense.field(spins(problem)))
    constant = len(problem.patterns) * len(problem.patterns[0])
    assert np.array_equal(2 * hebbian.energy(spins(problem)) - constant, dense.energy(spins(problem)))


@given(st.integers(1, 12).flatmap(lambda n: st.tuples(spin_rows(n), spin_rows(n, 1, 4))), st.integers(1, 9))
def test_a_state_and_its_negative(problem: Any, degree: int) -> None:
    """Odd degrees tell them apart, even ones do not; rectified, a pattern is at least as deep as its negative."""
    patterns, states = map(np.array, problem)
    net = hf.DenseAssociativeMemory(patterns, degree=degree)
    assert np.array_equal(net.energy(-states), net.energy(states) * (-1) ** degree)
    assert np.array_equal(net.field(-states), -net.field(states) * (-1) ** degree)
    alone = hf.DenseAssociativeMemory(patterns[0], interaction="rectified", degree=degree)
    assert alone.energy(-patterns[0]) >= alone.energy(patterns[0])
    assert alone.energy(patterns[0]) == -(float(len(patterns[0])) ** degree)


@given(dense_recollections())
def test_asynchronous_energy_never_rises(problem: Recollection) -> None:
    still = replace(problem, known=None)
    found = asked(still, update="asynchronous", temperature=None, trace=True, clamp=False)
    assert found.trace is not None
    for cue, energies in enumerate(found.trace):
        made = energies[~np.isnan(energies)]
        field = None if problem.field is None else problem.field[cue]
        # Two energies, each as far from its exact value.
        assert (np.diff(made) <= 2 * slack(problem.network, field, float(np.abs(made).max()))).all()


@given(dense_recollections())
def test_what_converged_is_a_fixed_point(problem: Recollection) -> None:
    net = hf.DenseAssociativeMemory(problem.patterns, **problem.network)
    found = asked(replace(problem, known=None, field=None), clamp=False)
    assert np.array_equal(net.is_fixed_point(found.states), found.is_fixed_point)
    assert np.array_equal(found.converged, found.reason == "fixed_point")
    assert found.is_fixed_point[found.converged].all()
    again = net.retrieve(found.states[found.converged])
    assert (again.n_flips == 0).all()
    assert (again.n_sweeps == 1).all()


@given(dense_recollections(), st.randoms(use_true_random=False))
def test_the_order_of_patterns_is_without_meaning(problem: Recollection, random: Any) -> None:
    places = list(range(len(problem.patterns)))
    random.shuffle(places)
    here, there = asked(problem), asked(replace(problem, patterns=[problem.patterns[place] for place in places]))
    for name in ["states", *COLUMNS]:
        # Of patterns that are equally near, the first is named.
        if name not in ("pattern", "sign", "overlap"):
            assert np.array_equal(getattr(here, name), getattr(there, name)), name


@given(dense_recollections(), st.randoms(use_true_random=False))
def test_synchronous_updates_do_not_know_the_order_of_neurons(problem: Recollection, random: Any) -> None:
    network = {**problem.network, "tie": "keep"}
    patterns = np.array(problem.patterns, np.int8)
    places = list(range(patterns.shape[1]))
    random.shuffle(places)
    here = hf.DenseAssociativeMemory(patterns, **network).retrieve(spins(problem), update="synchronous")
    there = hf.DenseAssociativeMemory(patterns[:, places], **network)
    turned = there.retrieve(spins(problem)[:, places], update="synchronous")
    assert np.array_equal(here.states[:, places], turned.states)
    for name in COLUMNS:
        assert np.array_equal(getattr(here, name), getattr(turned, name)), name


@given(dense_recollections(), st.sampled_from([1, 2, 3, 5, 8]))
def test_threads_and_batches_change_nothing(problem: Recollection, n_threads: int) -> None:
    whole, threaded = asked(problem, n_threads=1), asked(problem, n_threads=n_threads)
    for name in ["states", *COLUMNS]:
        assert np.array_equal(getattr(whole, name), getattr(threaded, name))
    if isinstance(problem.rng, int):
        return
    for cue, seed in enumerate(problem.rng):
        one = [None if rows is None else [rows[cue]] for rows in (problem.known, problem.field)]
        alone = asked(replace(problem, cues=[problem.cues[cue]], known=one[0], field=one[1], rng=[seed]))
        for name in COLUMNS:
            assert getattr(alone, name)[0] == getattr(whole, name)[cue]


def test_at_temperature_one_states_come_up_in_proportion_to_the_sum_of_exponentials() -> None:
    """Two patterns of two neurons: ``P(x)`` is proportional to ``sum(exp(patterns @ x))``, within five deviations."""
    patterns = np.array([[1, 1], [1, -1]])
    net = hf.DenseAssociativeMemory(patterns, interaction="exponential")
    found = net.retrieve(np.ones((40_000, 2)), temperature=1.0, max_sweeps=20)
    states = np.array([[1, 1], [1, -1], [-1, 1], [-1, -1]])
    sums = np.exp(states @ patterns.T).sum(axis=1)
    for state, p in zip(states, sums / sums.sum(), strict=True):
        share = (found.states == state).all(axis=1).mean()
        assert abs(share - p) <= 5 * math.sqrt(p * (1 - p) / 40_000)


# Larger networks


def exact_sign(patterns: Any, x: Any, i: int, power: Any) -> int:
    """The sign of a neuron's field, in Python's integers."""
    overlaps = (patterns.astype(int) @ x - patterns[:, i].astype(int) * x[i]).tolist()
    terms = zip(overlaps, patterns[:, i].tolist(), strict=True)
    total = sum(power(c + xi) - power(c - xi) for c, xi in terms)
    return (total > 0) - (total < 0)


@pytest.mark.parametrize(("interaction", "degree"), [("polynomial", 199), ("polynomial", 200), ("rectified", 200)])
def test_degree_200_at_ten_thousand_neurons_has_the_exact_signs(interaction: str, degree: int) -> None:
    rng = np.random.default_rng(degree)
    base = random_spins(rng, 1, 10_000)
    # Near one state and each other: sums of like terms, of which pairs of patterns cancel.
    patterns = np.concatenate([hf.corrupt.flip(np.repeat(base, 20, 0), 0.3, 1), random_spins(rng, 20, 10_000)])
    patterns = np.concatenate([patterns, -patterns[:10]])
    net = hf.DenseAssociativeMemory(patterns, interaction=interaction, degree=degree, tie="plus")
    state = base[0].copy()
    stepped = net.retrieve(state, update="synchronous", max_sweeps=1).states
    neurons = rng.integers(0, 10_000, 200)
    positive = interaction == "rectified"
    signs = [
        exact_sign(patterns, state, i, lambda z: 0 if positive and z <= 0 else z**degree) for i in neurons.tolist()
    ]
    assert stepped[neurons].tolist() == [1 if sign >= 0 else -1 for sign in signs]
    energies = net.energy(patterns[:1]).item(), float(net.field(patterns[0])[0])
    # 10 000^200 is far beyond float64, and its sign is not.
    assert energies == (-math.inf, math.inf * patterns[0, 0])


def test_energies_round_once_up_to_the_largest_float() -> None:
    pattern = np.ones(35, np.int8)
    for degree in (100, 199, 200, 201):
        net = hf.DenseAssociativeMemory(pattern, degree=degree)
        assert net.energy(pattern) == rounded(-(35**degree)) == -rounded(35**degree)
        other = np.where(np.arange(35) < 16, -1, 1)
        assert net.energy(other) == rounded(-(3**degree))


def test_an_exponential_network_of_ten_thousand_neurons_recalls() -> None:
    rng = np.random.default_rng(1)
    patterns = random_spins(rng, 300, 10_000)
    # Pairs that differ in two neurons: one overlap decides, where e^10000 would be infinite.
    patterns[150:] = patterns[:150]
    patterns[150:, :2] *= -1
    net = hf.DenseAssociativeMemory(patterns, interaction="exponential")
    found = net.retrieve(hf.corrupt.flip(patterns[:20], 0.3, 2))
    assert set(found.outcome) <= {"memory", "near_memory"}
    assert found.converged.all()
    # The two patterns of a pair weigh as 1 to e^-4, and e^-2 each beside one that is between them.
    assert np.allclose(net.energy(patterns[:5]), -10_000 - math.log1p(math.exp(-4)), rtol=1e-15)


def test_a_tie_of_two_exponentials_is_a_tie() -> None:
    """Neuron 0 sees two patterns with opposite values and equal overlaps, and a third that is far away."""
    rng = np.random.default_rng(2)
    state = random_spins(rng, 1, 2000)[0]
    one = hf.corrupt.flip(state, 0.2, 3)
    other = one.copy()
    one[0], other[0] = state[0], -state[0]
    # Without neuron 0 the two agree with the state equally well.
    net = hf.DenseAssociativeMemory([one, other], interaction="exponential")
    assert net.field(state)[0] == 0
    for tie, value in [("keep", state[0]), ("plus", 1), ("minus", -1)]:
        net = hf.DenseAssociativeMemory([one, other], interaction="exponential", tie=tie)
        assert net.retrieve(state, update="synchronous", max_sweeps=1).states[0] == value
    # A pattern whose overlap is lower by hundreds tips the balance all the same.
    third = random_spins(rng, 1, 2000)[0]
    net = hf.DenseAssociativeMemory([one, other, third], interaction="exponential", tie="minus")
    assert net.retrieve(state, update="synchronous", max_sweeps=1).states[0] == third[0]


@pytest.mark.parametrize("degree", [2, 3, 30, 31, 200, 201])
def test_a_pattern_half_agreed_with_pulls_by_odd_powers_only(degree: int) -> None:
    """Neuron 0 sees an overlap of 0: its values give ±1, whose even powers are equal."""
    for tie, value in [("plus", 1), ("minus", -1)]:
        net = hf.DenseAssociativeMemory([1, 1, 1], degree=degree, tie=tie)
        found = net.retrieve([-1, 1, -1], order=[0], max_sweeps=1)
        assert found.states.tolist() == [1 if degree % 2 else value, 1, -1]


@pytest.mark.parametrize(
    "counts",
    [
        [-4, 17, 5, -2, 17, -10, 13, 7, -2, 0, 7, 36, -5],
        [7, -9, -15, -19, 6, 8, -8, 6, 14, 1, 0, -37, 5],
        [6, -24, 3, -2, -7, 24, -2, 12, -12, -3, 1, -37, 5],
    ],
)
def test_a_sum_that_nearly_cancels_has_the_sign_it_has(counts: list[int]) -> None:
    """`counts[j]` patterns, -1 at neuron 0 if negative, agree with the others in j places: in float64 the sum of their
    exponentials, which is less than 1e-17 of the largest, comes out with the wrong sign."""
    n = len(counts)
    patterns = [[int(math.copysign(1, count))] + [1] * j + [-1] * (n - 1 - j) for j, count in enumerate(counts)]
    with localcontext() as context:
        context.prec = 60
        exact = sum(count * Decimal(2 * j).exp() for j, count in enumerate(counts))
        assert abs(exact) < Decimal("1e-17") * Decimal(2 * n - 2).exp()
    net = hf.DenseAssociativeMemory(np.repeat(patterns, np.abs(counts), axis=0), interaction="exponential")
    for start in (-1, 1):
        found = net.retrieve([start] + [1] * (n - 1), update="synchronous", max_sweeps=1)
        assert found.states[0] == (1 if exact > 0 else -1)


def test_the_greatest_instability_is_found_where_floating_point_sees_none() -> None:
    """By its pattern a neuron's field is ±1: with these external ones it is 1, and 1 + 1e-20."""
    net = hf.DenseAssociativeMemory([-1, 1], interaction="exponential")
    found = net.retrieve([-1, -1], field=[2, 1e-20], order="greedy", max_updates=1)
    assert found.states.tolist() == [-1, 1]


@pytest.mark.parametrize("k", [1, 63, 64, 65, 257, 700])
def test_fields_and_energies_of_many_patterns_are_plain_sums(k: int) -> None:
    rng = np.random.default_rng(k)
    patterns, states = random_spins(rng, k, 129).astype(int), random_spins(rng, 5, 129).astype(int)
    for degree in (2, 3, 4, 5):
        net = hf.DenseAssociativeMemory(patterns, degree=degree)
        overlaps = states @ patterns.T
        assert np.array_equal(net.energy(states), -(overlaps**degree).sum(axis=1))
        without = overlaps[:, :, None] - patterns * states[:, None]
        fields = ((without + patterns) ** degree - (without - patterns) ** degree).sum(axis=1) / 2
        assert np.array_equal(net.field(states), fields)


def test_large_retrieval_is_the_same_for_any_number_of_threads() -> None:
    rng = np.random.default_rng(0)
    patterns = random_spins(rng, 700, 300)
    for network in ({}, {"degree": 12}, {"interaction": "exponential"}):
        net = hf.DenseAssociativeMemory(patterns, tie="random", **network)
        cues = hf.corrupt.flip(patterns[:30], 0.3, 1)
        for options in (
            {},
            {"order": "random", "stop_at_memory": True},
            {"order": "greedy", "max_updates": 5},
            {"update": "synchronous", "field": np.linspace(-0.5, 0.5, 300)},
        ):
            first, *others = (net.retrieve(cues, rng=5, n_threads=t, **options) for t in (1, 2, 3, 5, 8))
            for other in others:
                for name in ["states", *COLUMNS]:
                    assert np.array_equal(getattr(first, name), getattr(other, name)), name
