"""The classical network against the oracle, to the bit: trajectories, counters, states, energies."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import hopfield as hf
from drawn import random_spins
from oracle import classical as oracle
from processes import by_instruction_set
from strategies import Recollection, biases, recollections, spin_rows

WIDE = ("states", "mixture", "mixture_signs", "hit", "trace")
COLUMNS = [name for name in hf.BinaryRetrieval.__slots__ if name not in WIDE]


def asked(problem: Recollection, **changes: Any) -> hf.BinaryRetrieval:
    """The package's answer."""
    net = hf.ClassicalHopfield(problem.patterns, **problem.network)
    cues = np.array(problem.cues, np.int8).reshape(-1, len(problem.patterns[0]))
    rng = np.array(problem.rng, np.uint64) if isinstance(problem.rng, list) else problem.rng
    known = problem.known if problem.known is None else np.array(problem.known, bool).reshape(cues.shape)
    field = problem.field if problem.field is None else np.array(problem.field).reshape(cues.shape)
    return net.retrieve(cues, known=known, field=field, rng=rng, **{**problem.options, **changes})


def expected(problem: Recollection, cue: int, **changes: Any) -> oracle.BinaryRetrieval:
    """The oracle's answer for one cue."""
    net = oracle.ClassicalHopfield(problem.patterns, **problem.network)
    seed, index = (problem.rng, cue) if isinstance(problem.rng, int) else (problem.rng[cue], 0)
    known = None if problem.known is None else problem.known[cue]
    field = None if problem.field is None else problem.field[cue]
    options = {**problem.options, **changes}
    return oracle.retrieve(net, problem.cues[cue], known=known, field=field, seed=seed, index=index, **options)


def same(found: hf.BinaryRetrieval, row: int, answer: oracle.BinaryRetrieval) -> None:
    """Every field of a row is the oracle's."""
    assert found.states[row].tolist() == answer.states
    size = len(answer.mixture)
    assert found.mixture[row].tolist() == answer.mixture + [-1] * (5 - size)
    assert found.mixture_signs[row].tolist() == answer.mixture_signs + [0] * (5 - size)
    got = {name: getattr(found, name)[row].item() for name in COLUMNS}
    assert got == {name: getattr(answer, name) for name in COLUMNS}


@given(recollections())
def test_retrieval_is_the_oracles_to_the_bit(problem: Recollection) -> None:
    found = asked(problem, trace=True)
    assert found.hit is None
    assert found.trace is not None
    assert found.states.dtype == np.int8
    longest = 1
    for cue in range(len(problem.cues)):
        answer = expected(problem, cue, trace=True)
        same(found, cue, answer)
        energies = answer.trace
        assert energies is not None
        longest = max(longest, len(energies))
        assert found.trace[cue, : len(energies)].tolist() == energies
        assert np.isnan(found.trace[cue, len(energies) :]).all()
    assert found.trace.shape == (len(problem.cues), longest)


@given(recollections(), st.data())
def test_hits_are_of_the_targets(problem: Recollection, data: st.DataObject) -> None:
    indices = st.integers(0, len(problem.patterns) - 1)
    targets = data.draw(st.lists(indices, min_size=len(problem.cues), max_size=len(problem.cues)))
    found = asked(problem, targets=np.array(targets, dtype=int))
    assert found.hit is not None
    assert found.trace is None
    for cue, target in enumerate(targets):
        assert found.hit[cue].item() == expected(problem, cue, target=target).hit


@given(recollections(), st.sampled_from([1, 2, 3, 5, 8]))
def test_threads_and_batches_change_nothing(problem: Recollection, n_threads: int) -> None:
    whole = asked(problem, n_threads=1)
    threaded = asked(problem, n_threads=n_threads)
    seeds = problem.rng if isinstance(problem.rng, list) else None
    for name in ["states", *COLUMNS]:
        assert np.array_equal(getattr(whole, name), getattr(threaded, name))
    if seeds is None:
        return
    net = hf.ClassicalHopfield(problem.patterns, **problem.network)
    for cue, seed in enumerate(seeds):
        known = None if problem.known is None else problem.known[cue]
        given = {"known": known, "field": None if problem.field is None else problem.field[cue]}
        alone = net.retrieve(problem.cues[cue], rng=seed, **given, **problem.options)
        again = net.retrieve([problem.cues[cue]], rng=[seed], **given, **problem.options)
        for name in COLUMNS:
            assert getattr(again, name)[0] == getattr(whole, name)[cue]
        # A seed for the batch is that of its first cue, and an array's of its only one.
        assert {name: getattr(alone, name) for name in COLUMNS} == {
            name: getattr(again, name)[0].item() for name in COLUMNS
        }


@given(st.integers(1, 12).flatmap(lambda n: st.tuples(spin_rows(n), spin_rows(n, 0, 4), biases(n))), st.data())
def test_functions_of_states_are_the_oracles(problem: Any, data: st.DataObject) -> None:
    patterns, rows, bias = problem
    options = {
        "normalization": data.draw(st.sampled_from(["neurons", "patterns", "none"])),
        "tie": data.draw(st.sampled_from(["keep", "plus", "minus", "random"])),
        "bias": bias,
    }
    net, reference = hf.ClassicalHopfield(patterns, **options), oracle.ClassicalHopfield(patterns, **options)
    states = np.array(rows, np.int8).reshape(-1, len(patterns[0]))
    for name in ["energy", "field", "overlap", "hamming", "is_fixed_point"]:
        answers = [getattr(reference, name)(row) for row in rows]
        assert getattr(net, name)(states).tolist() == answers, name
        for row, answer in zip(rows, answers, strict=True):
            single = getattr(net, name)(row)
            assert (single if np.isscalar(single) else single.tolist()) == answer, name
    assert net.weight_matrix.tolist() == reference.weight_matrix()


@given(st.integers(1, 80).flatmap(lambda n: st.tuples(spin_rows(n, 1, 70), spin_rows(n, 1, 70))), st.data())
def test_patterns_are_stored_and_forgotten(problem: Any, data: st.DataObject) -> None:
    first, second = problem
    net = hf.ClassicalHopfield(first)
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
        assert np.array_equal(net.weight_matrix, hf.ClassicalHopfield(left).weight_matrix)
    else:
        with pytest.raises(hf.HopfieldError, match="stores no patterns yet"):
            net.retrieve(first[0])


# Laws


@given(recollections())
def test_asynchronous_energy_never_rises(problem: Recollection) -> None:
    still = replace(problem, known=None)
    found = asked(still, update="asynchronous", temperature=None, trace=True, clamp=False)
    assert found.trace is not None
    for energies in found.trace:
        made = energies[~np.isnan(energies)]
        assert (np.diff(made) <= 0).all()


@given(recollections())
def test_what_converged_is_a_fixed_point(problem: Recollection) -> None:
    net = hf.ClassicalHopfield(problem.patterns, **problem.network)
    found = asked(replace(problem, known=None, field=None), clamp=False)
    assert np.array_equal(net.is_fixed_point(found.states), found.is_fixed_point)
    assert np.array_equal(found.converged, found.reason == "fixed_point")
    assert found.is_fixed_point[found.converged].all()
    again = net.retrieve(found.states[found.converged])
    assert (again.n_flips == 0).all()
    assert (again.n_sweeps == 1).all()


@given(recollections())
def test_turning_everything_turns_the_answer(problem: Recollection) -> None:
    """A network without ties that prefer a sign, and without bias, does not know up from down."""
    network = {"tie": "keep", "normalization": problem.network["normalization"]}
    options = {**problem.options, "stop_at_memory": False, "clamp": False, "temperature": None}
    net = hf.ClassicalHopfield(problem.patterns, **network)
    cues = np.array(problem.cues, np.int8).reshape(-1, len(problem.patterns[0]))
    here, there = (net.retrieve(sign * cues, rng=7, **options) for sign in (1, -1))
    assert np.array_equal(here.states, -there.states)
    for name in ["reason", "n_sweeps", "n_updates", "n_flips", "energy"]:
        assert np.array_equal(getattr(here, name), getattr(there, name))


@given(recollections(), st.randoms(use_true_random=False))
def test_the_order_of_patterns_is_without_meaning(problem: Recollection, random: Any) -> None:
    places = list(range(len(problem.patterns)))
    random.shuffle(places)
    other = replace(problem, patterns=[problem.patterns[place] for place in places])
    here, there = asked(problem), asked(other)
    for name in [
        "states",
        "reason",
        "n_sweeps",
        "n_updates",
        "n_flips",
        "energy",
        "is_fixed_point",
        "outcome",
    ]:
        assert np.array_equal(getattr(here, name), getattr(there, name)), name


@given(recollections(), st.randoms(use_true_random=False))
def test_synchronous_updates_do_not_know_the_order_of_neurons(problem: Recollection, random: Any) -> None:
    network = {"tie": "keep", "normalization": problem.network["normalization"]}
    patterns = np.array(problem.patterns, np.int8)
    cues = np.array(problem.cues, np.int8).reshape(-1, patterns.shape[1])
    places = list(range(patterns.shape[1]))
    random.shuffle(places)
    here = hf.ClassicalHopfield(patterns, **network).retrieve(cues, update="synchronous")
    there = hf.ClassicalHopfield(patterns[:, places], **network).retrieve(cues[:, places], update="synchronous")
    assert np.array_equal(here.states[:, places], there.states)
    for name in COLUMNS:
        assert np.array_equal(getattr(here, name), getattr(there, name)), name


# Chance


@given(st.floats(-2, 2), st.floats(0.1, 3))
def test_one_neuron_is_up_as_often_as_glauber_says(field: float, temperature: float) -> None:
    """4000 cues, one draw each: within five standard deviations of ``1 / (1 + exp(-2 h / T))``."""
    net = hf.ClassicalHopfield([[1]])
    found = net.retrieve(np.ones((4000, 1)), field=field, temperature=temperature, max_sweeps=1)
    p = 1 / (1 + np.exp(-2 * field / temperature))
    assert abs((found.states > 0).mean() - p) <= 5 * np.sqrt(max(p * (1 - p), 1e-3) / 4000)


def test_one_pattern_is_magnetised_as_mean_field_theory_says() -> None:
    """``m = tanh(m / T)`` without load: 0.9575 at T = 1/2 (Amit, Gutfreund & Sompolinsky 1985, eq. 2.20)."""
    pattern = random_spins(np.random.default_rng(0), 1, 4000)
    net = hf.ClassicalHopfield(pattern)
    found = net.retrieve(np.repeat(pattern, 20, 0), temperature=0.5, max_sweeps=30, rng=1)
    assert set(found.reason) == {"max_sweeps"}
    assert not found.converged.any()
    # 20 x 4000 spins of variance 1 - m^2; the bias of a finite network is of the order 1/n.
    assert found.overlap.mean() == pytest.approx(0.9575, abs=5 * np.sqrt((1 - 0.9575**2) / 80_000) + 1e-3)


@given(recollections())
def test_no_heat_is_the_rule_without_chance(problem: Recollection) -> None:
    plain = asked(problem, temperature=None, max_sweeps=5)
    for nothing in (0.0, [0.0] * 5):
        found = asked(problem, temperature=nothing, max_sweeps=5)
        assert np.array_equal(found.states, plain.states)
        ended = np.where(plain.reason == "max_sweeps", "schedule_end", plain.reason)
        assert np.array_equal(found.reason, plain.reason if nothing == 0.0 else ended)


@given(recollections())
def test_greedy_visits_only_what_changes(problem: Recollection) -> None:
    found = asked(problem, update="asynchronous", order="greedy", temperature=None)
    assert np.array_equal(found.n_flips, found.n_updates)


@given(recollections())
def test_a_field_is_a_bias(problem: Recollection) -> None:
    n = len(problem.patterns[0])
    network = {"tie": problem.network["tie"], "normalization": problem.network["normalization"]}
    still = replace(problem, network=network, field=None)
    values = np.linspace(-1, 1, n)
    cues = np.array(problem.cues, np.int8).reshape(-1, n)
    by_field = hf.ClassicalHopfield(problem.patterns, **network).retrieve(cues, field=values, rng=3, **clampless(still))
    by_bias = hf.ClassicalHopfield(problem.patterns, bias=values, **network).retrieve(cues, rng=3, **clampless(still))
    for name in ["states", *COLUMNS]:
        assert np.array_equal(getattr(by_field, name), getattr(by_bias, name)), name


def clampless(problem: Recollection) -> dict[str, Any]:
    """The options without the one that needs `known`."""
    return {**problem.options, "clamp": False}


# Larger networks


@pytest.mark.parametrize("signs", [[1, 1, 1], [1, -1, 1], [-1, -1, -1, -1, 1]])
def test_mixtures_are_named(signs: list[int]) -> None:
    """Odd mixtures of few patterns are attractors (Amit, Gutfreund & Sompolinsky 1985)."""
    patterns = random_spins(np.random.default_rng(5), 7, 4000)
    state = np.sign(np.array(signs) @ patterns[2 : 2 + len(signs)])
    found = hf.ClassicalHopfield(patterns).retrieve(state)
    size = len(signs)
    assert (found.outcome, found.pattern, found.sign) == ("mixture", -1, 0)
    assert set(found.mixture[size:].tolist()) <= {-1}
    named = found.mixture_signs[:size] @ patterns[found.mixture[:size]]
    assert np.array_equal(np.sign(named), found.states)
    assert sorted(found.mixture[:size].tolist()) == list(range(2, 2 + size))


def test_half_covered_patterns_come_back() -> None:
    hits = []
    for network in range(20):
        patterns = random_spins(np.random.default_rng(network), 10, 784)
        net = hf.ClassicalHopfield(patterns)
        cues = hf.corrupt.occlude(patterns, 0.45)
        found = net.retrieve(cues, order="random", rng=network, targets=np.arange(10))
        hits.append(found.hit)
    assert np.mean(hits) >= 0.99


@pytest.mark.parametrize("k", [1, 63, 64, 65, 256, 257, 700])
def test_fields_and_energies_of_many_patterns_are_plain_sums(k: int) -> None:
    rng = np.random.default_rng(k)
    patterns, states = random_spins(rng, k, 129).astype(int), random_spins(rng, 5, 129).astype(int)
    net = hf.ClassicalHopfield(patterns, normalization="none")
    weights = patterns.T @ patterns - k * np.eye(129, dtype=int)
    assert np.array_equal(net.weight_matrix, weights)
    assert np.array_equal(net.field(states), states @ weights)
    assert np.array_equal(net.energy(states), -np.einsum("mi,ij,mj->m", states, weights, states) / 2)
    assert np.array_equal(net.hamming(states), (states[:, None] != patterns).sum(axis=2))


def test_large_retrieval_is_the_same_for_any_number_of_threads() -> None:
    rng = np.random.default_rng(0)
    patterns = random_spins(rng, 120, 1000)
    net = hf.ClassicalHopfield(patterns, tie="random")
    cues = hf.corrupt.flip(patterns[:40], 0.2, 1)
    assert cues.size * 2 > 2**15, "enough words of columns to wake threads"
    for options in (
        {"order": "permutation"},
        {"order": "random"},
        {"order": "random", "temperature": 0.5, "max_sweeps": 5},
        {"order": "greedy", "max_updates": 50},
        {"update": "synchronous", "field": np.linspace(-1, 1, 1000)},
        {"update": "synchronous", "temperature": [0.5, 0.1, 0.0, 0.0]},
    ):
        first, *others = (net.retrieve(cues, rng=5, n_threads=t, **options) for t in (1, 2, 3, 5, 8))
        for other in others:
            for name in ["states", *COLUMNS]:
                assert np.array_equal(getattr(first, name), getattr(other, name)), name


DIGEST = """
import hashlib, numpy as np, hopfield as hf
assert hf._core.instruction_set() == {name!r}
rng = np.random.default_rng(3)
digest = hashlib.sha256()
for n, k in [(50, 3), (300, 70), (257, 300), (900, 600)]:
    patterns = hf.spins(rng.random((k, n)) < 0.5)
    net = hf.ClassicalHopfield(patterns, bias=rng.standard_normal(n), tie="random")
    for options in (
        {{}},
        {{"update": "synchronous"}},
        {{"order": "greedy", "max_updates": 40}},
        {{"temperature": [1.0, 0.3, 0.0], "order": "random", "field": rng.standard_normal(n)}},
        {{"temperature": 0.4, "update": "synchronous", "max_sweeps": 3}},
    ):
        found = net.retrieve(hf.corrupt.flip(patterns[:5], 0.3, 1), rng=2, trace=True, **options)
        for name in found.__slots__:
            digest.update(np.asarray(getattr(found, name)).astype("S").tobytes())
    digest.update(net.weight_matrix.tobytes() + net.field(patterns[:4]).tobytes())
print(digest.hexdigest())
"""


def test_every_instruction_set_gives_the_same_bits() -> None:
    digests = by_instruction_set(DIGEST)
    assert len(set(digests.values())) == 1, digests
