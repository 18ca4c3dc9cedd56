"""The course of a binary retrieval by the oracle, on cases worked by hand."""

from __future__ import annotations

import itertools
import math
from typing import Any

import pytest

from drawn import REFERENCE, draws, spins
from oracle import classical
from oracle.classical import ClassicalHopfield
from oracle.rng import Stream

Options = dict[str, Any]

TINY = REFERENCE["classical_tiny"]["values"]


def test_a_fixed_point_is_certified_before_the_first_sweep() -> None:
    net = ClassicalHopfield(TINY["N8_patterns"])
    for mu, pattern in enumerate(TINY["N8_patterns"]):
        result = classical.retrieve(net, pattern, target=mu, trace=True)
        assert result == classical.BinaryRetrieval(
            states=pattern,
            converged=True,
            is_fixed_point=True,
            reason="fixed_point",
            n_sweeps=1,
            n_updates=0,
            n_flips=0,
            energy=-2.5,
            outcome="memory",
            pattern=mu,
            sign=1,
            mixture=[],
            mixture_signs=[],
            overlap=1.0,
            hit=True,
            trace=[-2.5],
        )
        negative = classical.retrieve(net, [-x for x in pattern], target=mu)
        assert (negative.outcome, negative.pattern, negative.sign) == ("antipattern", mu, -1)
        assert (negative.overlap, negative.hit) == (-1.0, False)


def test_sequential_sweeps_by_hand() -> None:
    # One pattern of ones, n = 5: each neuron follows the majority of the other four.
    net = ClassicalHopfield([[1] * 5])
    # Neuron 0 sees 1-1-1+1 = 0 and keeps -1; neuron 1 sees -1-1-1+1 = -2 and falls; so do 2 .. 4.
    cue = [-1, 1, -1, -1, 1]
    result = classical.retrieve(net, cue, order="sequential", trace=True)
    assert result.states == [-1] * 5
    assert (result.n_sweeps, result.n_updates, result.n_flips) == (2, 5, 2)
    # E = -((sum x)^2 - 5) / 10.
    assert result.trace == [0.4, -2.0]
    assert (result.outcome, result.sign) == ("antipattern", -1)
    # With "plus" the tie of neuron 0 lifts it, and with it the vote.
    plus = ClassicalHopfield([[1] * 5], tie="plus")
    # 1: +1 -1 -1 +1 = 0, +1; 2: +1 +1 -1 +1 = 2, +1; 3: +1; 4: +1.
    lifted = classical.retrieve(plus, cue, order="sequential")
    assert (lifted.states, lifted.n_flips, lifted.outcome) == ([1] * 5, 3, "memory")


def test_permuted_sweeps_visit_in_the_drawn_order() -> None:
    # W = 0 and a bias: each visit sets its neuron, so a budget shows the order.
    net = ClassicalHopfield([[1] * 4, [1, -1, 1, -1], [1, 1, -1, -1], [1, -1, -1, 1]], bias=1.0)
    assert net.weight_matrix() == [[0.0] * 4] * 4
    p = Stream(9, 2).permutation(4)
    for budget in (1, 2, 3):
        result = classical.retrieve(net, [-1] * 4, max_updates=budget, seed=9, index=2)
        assert result.states == [1 if i in p[:budget] else -1 for i in range(4)]
        assert (result.reason, result.n_updates, result.n_sweeps) == ("max_updates", budget, 1)
    whole = classical.retrieve(net, [-1] * 4, max_updates=4, seed=9, index=2)
    assert (whole.reason, whole.n_sweeps, whole.n_updates) == ("fixed_point", 2, 4)


def test_random_visits_are_drawn_one_at_a_time_between_the_coins() -> None:
    net = ClassicalHopfield([[1, 1], [1, -1]], tie="random")
    stream = Stream(4, 0)
    x = [0, 0]
    n_updates = 0
    while 0 in x:
        for _ in range(2):
            i = stream.below(2)
            x[i] = 1 if stream.coin() else -1
            n_updates += 1
    result = classical.retrieve(net, [0, 0], known=[False, False], order="random", seed=4)
    assert (result.states, result.n_updates) == (x, n_updates)
    assert result.n_sweeps == n_updates // 2 + 1


def test_visits_at_a_temperature_draw_one_number_each() -> None:
    # W = 0 and a bias: P(+1) = 1 / (1 + exp(-2 b / T)) whatever the state.
    bias, temperature = [0.25, -0.5, 1.0, 0.0], 0.75
    net = ClassicalHopfield([[1] * 4, [1, -1, 1, -1], [1, 1, -1, -1], [1, -1, -1, 1]], bias=bias)
    stream = Stream(4, 1)
    x = [1] * 4
    for _ in range(3):
        for i in stream.permutation(4):
            x[i] = 1 if stream.unit() < 1 / (1 + math.exp(-2 * bias[i] / temperature)) else -1
    result = classical.retrieve(net, [1] * 4, temperature=temperature, max_sweeps=3, seed=4, index=1)
    assert (result.states, result.n_updates, result.reason) == (x, 12, "max_sweeps")
    assert result.n_sweeps == 3  # nothing was certified
    at_once = classical.retrieve(net, [1] * 4, temperature=[temperature] * 3, seed=4, index=1)
    assert (at_once.states, at_once.reason) == (x, "schedule_end")


def test_extreme_temperatures() -> None:
    net = ClassicalHopfield([[1] * 3], bias=[0.0, -1e300, 0.0])
    # The field of neuron 1 is far below zero, and exp(+2e300 / T) beyond float64.
    cold = classical.retrieve(net, [1, 1, 1], temperature=1e-300, max_sweeps=1, order="sequential")
    assert cold.states[1] == -1
    # At a huge temperature the field does not matter: a coin each.
    hot = [classical.retrieve(net, [1] * 3, temperature=1e308, max_sweeps=1, seed=s).states[0] for s in range(200)]
    assert 60 < hot.count(1) < 140


def test_a_schedule_settles_only_where_it_stays_cold() -> None:
    net = ClassicalHopfield([[1] * 6])
    settled = classical.retrieve(net, [1] * 6, temperature=[1e-9, 0.0, 0.0])
    # One sweep at 1e-9 keeps the pattern; the first cold one changes nothing, and the test behind it certifies.
    assert (settled.reason, settled.n_sweeps, settled.n_updates) == ("fixed_point", 3, 12)
    later = classical.retrieve(net, [1] * 6, temperature=[0.0, 1e-9])
    assert (later.reason, later.n_sweeps, later.is_fixed_point) == ("schedule_end", 2, True)
    cut = classical.retrieve(net, [1] * 6, temperature=[0.0, 1e-9, 1e-9], max_sweeps=2)
    assert cut.reason == "max_sweeps"
    still = classical.retrieve(net, [1] * 6, temperature=[0.0, 0.0])
    assert (still.reason, still.n_sweeps) == ("fixed_point", 1)


def test_a_cycle_is_counted_from_the_first_cold_step() -> None:
    net = ClassicalHopfield([[1, 1]])
    # A step at next to no temperature swaps the two as well, but proves nothing.
    result = classical.retrieve(net, [1, -1], update="synchronous", temperature=[1e-9, 0.0, 0.0, 0.0])
    assert (result.reason, result.n_sweeps, result.outcome) == ("cycle", 3, "cycle")


def test_greedy_visits_by_hand() -> None:
    # W = 0: instabilities are -x_i b_i, so the biases say who goes first; 1 and 3 agree with theirs.
    bias = [-0.5, 2.0, -3.0, 1.0, -0.5]
    net = ClassicalHopfield([[1, 1, 1, 1, 1], [1, 1, 1, 1, 1]], normalization="patterns", bias=bias)
    net.couplings = [[0] * 5 for _ in range(5)]
    for budget, turned in ((1, [2]), (2, [2, 0]), (3, [2, 0, 4])):
        result = classical.retrieve(net, [1] * 5, order="greedy", max_updates=budget)
        assert result.states == [-1 if i in turned else 1 for i in range(5)]
    whole = classical.retrieve(net, [1] * 5, order="greedy")
    assert (whole.reason, whole.n_sweeps, whole.n_updates, whole.n_flips) == ("fixed_point", 2, 3, 3)
    # An undecided neuron goes by the size of its field: 2 before 1, and 0 and 4 after 3.
    blank = classical.retrieve(net, [0] * 5, known=[False] * 5, order="greedy", max_updates=2)
    assert blank.states == [0, 1, -1, 0, 0]


def test_a_given_order_is_followed_each_sweep() -> None:
    net = ClassicalHopfield([[1] * 4, [1, -1, 1, -1], [1, 1, -1, -1], [1, -1, -1, 1]], bias=1.0)
    result = classical.retrieve(net, [-1] * 4, order=[3, 1, 1], max_updates=4)
    # 3, 1 and 1 again are a sweep; 3 begins the next.
    assert (result.states, result.n_sweeps, result.n_flips) == ([-1, 1, -1, 1], 2, 2)
    # Neurons that are never visited keep the state from settling.
    assert classical.retrieve(net, [-1] * 4, order=[3, 1], max_sweeps=7).reason == "max_sweeps"
    # With a clamp the list passes over what is known.
    clamped = classical.retrieve(net, [-1] * 4, order=[0, 1, 2, 3], known=[True, False] * 2, clamp=True)
    assert (clamped.states, clamped.n_updates, clamped.reason) == ([-1, 1, -1, 1], 2, "fixed_point")


def test_an_external_field_adds_to_the_bias_without_rounding() -> None:
    net = ClassicalHopfield([[1, 1]], bias=[1e16, 0.0], normalization="none")
    # h_0 = x_1 + 1e16 + f: a float64 sum would lose the 1.
    result = classical.retrieve(net, [-1, 1], field=[-1e16, 1.0], order="sequential")
    assert result.states == [1, 1]
    assert result.energy == net.in_field([-1e16, 1.0]).energy([1, 1]) == -2.0


def test_clamped_neurons_are_never_drawn() -> None:
    net = ClassicalHopfield([[1] * 6])
    cue = [-1, 1, -1, 1, 1, 1]
    known = [True, False, True, False, False, True]
    free = [1, 3, 4]
    for order in ("permutation", "random", "sequential"):
        result = classical.retrieve(net, cue, known=known, clamp=True, order=order, seed=1)
        # The known neurons sum to -1, so every free one falls: one sweep is three visits.
        assert result.states == [-1, -1, -1, -1, -1, 1]
        assert result.is_fixed_point
        assert not net.is_fixed_point(result.states)
        assert net.is_fixed_point(result.states, free)
        assert result.n_updates == 3 * (result.n_sweeps - 1)
    everything = classical.retrieve(net, cue, known=[True] * 6, clamp=True)
    assert (everything.reason, everything.n_sweeps, everything.n_updates) == ("fixed_point", 1, 0)
    with pytest.raises(ValueError, match="clamp needs known"):
        classical.retrieve(net, cue, clamp=True)


def test_a_partial_cue_that_runs_out_keeps_its_zeros() -> None:
    net = ClassicalHopfield([[1] * 4])
    result = classical.retrieve(
        net,
        [1, 7, 7, 7],
        known=[True, False, False, False],
        order="sequential",
        max_updates=2,
        stop_at_memory=True,
        target_energy=5.0,
        trace=True,
    )
    # The first visit is to the known neuron, whose field is 0.
    assert result.states == [1, 1, 0, 0]
    assert (result.reason, result.outcome, result.pattern) == ("max_updates", "unsettled", -1)
    assert (result.n_flips, result.overlap, result.is_fixed_point) == (1, 0.5, False)
    # E = -((sum x)^2 - sum x^2) / 8.
    assert result.trace == [0.0, -0.25]
    whole = classical.retrieve(net, [1, 7, 7, 7], known=[True, False, False, False], stop_at_memory=True)
    assert (whole.states, whole.reason, whole.outcome) == ([1] * 4, "memory", "memory")


def test_stop_at_memory() -> None:
    # A bias moves the fixed point away from the pattern, which is only passed through.
    net = ClassicalHopfield([[1] * 5], bias=[0.0, 0.0, 0.0, 0.0, -2.0])
    cue = [-1, 1, 1, 1, 1]
    through = classical.retrieve(net, cue, order="sequential")
    assert (through.states, through.outcome) == ([1, 1, 1, 1, -1], "spurious")
    stopped = classical.retrieve(net, cue, order="sequential", stop_at_memory=True, trace=True)
    assert (stopped.reason, stopped.outcome, stopped.pattern) == ("memory", "memory", 0)
    assert (stopped.n_sweeps, stopped.n_updates, stopped.n_flips) == (1, 1, 1)
    assert (stopped.converged, stopped.is_fixed_point) == (False, False)
    assert stopped.trace == [-0.4 + 2.0, -2.0 + 2.0]
    at_once = classical.retrieve(net, [1] * 5, stop_at_memory=True, trace=True)
    assert (at_once.reason, at_once.n_sweeps, at_once.n_updates) == ("memory", 0, 0)
    assert at_once.trace == [0.0]


def test_target_energy() -> None:
    net = ClassicalHopfield([[1] * 8])
    cue = [-1, -1, -1, 1, 1, 1, 1, 1]
    # E = -((sum x)^2 - 8) / 16: 1/4, -1/2, -7/4, -7/2.
    for target, n_flips in ((0.25, 0), (0.24, 1), (-0.5, 1), (-0.51, 2), (-3.5, 3)):
        result = classical.retrieve(net, cue, order="sequential", target_energy=target)
        assert (result.reason, result.n_flips, result.n_updates) == ("energy", n_flips, n_flips)
        assert result.n_sweeps == (0 if n_flips == 0 else 1)
        assert result.energy <= target
    missed = classical.retrieve(net, cue, order="sequential", target_energy=-3.6)
    assert missed.reason == "fixed_point"
    # The pattern itself satisfies both: a memory is the stronger news.
    both = classical.retrieve(net, cue, target_energy=-3.5, stop_at_memory=True)
    assert both.reason == "memory"


def test_patience() -> None:
    net = ClassicalHopfield([[1] * 6])
    # Sequentially: neurons 0 .. 3 stay, neuron 4 turns, neuron 5 stays.
    cue = [1, 1, 1, 1, -1, 1]
    early = classical.retrieve(net, cue, order="sequential", patience=4)
    assert (early.reason, early.n_updates, early.n_flips, early.n_sweeps) == ("patience", 4, 0, 1)
    assert (early.is_fixed_point, early.outcome) == (False, "unsettled")
    # The turn starts the count again, and the sweep ends first.
    late = classical.retrieve(net, cue, order="sequential", patience=5)
    assert (late.reason, late.n_updates, late.n_sweeps) == ("fixed_point", 6, 2)
    # In the same visit patience is named before the budget.
    spent = classical.retrieve(net, cue, order="sequential", patience=4, max_updates=4)
    assert spent.reason == "patience"


def test_patience_counts_across_sweeps() -> None:
    # h_i = sum of the others + b_i. Sweep 1: 0 turns, 1 stays, 2 turns, 3 stays; sweep 2: 0 stays,
    # and 1 would turn.
    net = ClassicalHopfield([[1] * 4], normalization="none", bias=[2.0, -2.0, 0.0, 0.0])
    cue = [-1, -1, -1, 1]
    result = classical.retrieve(net, cue, order="sequential", patience=2, trace=True)
    assert (result.reason, result.n_updates, result.n_sweeps) == ("patience", 5, 2)
    assert (result.states, result.n_flips) == ([1, -1, 1, 1], 2)
    # E = -((sum x)^2 - 4) / 2 - 2 x_0 + 2 x_1; the sweep cut short has its entry.
    assert result.trace == [0.0, -4.0, -4.0]
    patient = classical.retrieve(net, cue, order="sequential", patience=3)
    assert (patient.reason, patient.n_updates, patient.n_sweeps) == ("fixed_point", 8, 3)
    assert patient.states == [1] * 4


def test_the_last_visit_of_a_sweep() -> None:
    # A fixed point is named before the patience or the budget that ends with it.
    net = ClassicalHopfield([[1] * 6])
    certified: list[Options] = [{"patience": 5}, {"max_updates": 6}]
    for budget in certified:
        result = classical.retrieve(net, [-1, 1, 1, 1, 1, 1], order="sequential", **budget)
        assert (result.reason, result.n_updates, result.n_sweeps) == ("fixed_point", 6, 2)
    # A goal is named before the fixed point.
    goals: list[tuple[Options, str]] = [
        ({"stop_at_memory": True}, "memory"),
        ({"target_energy": -2.5}, "energy"),
    ]
    for goal, name in goals:
        result = classical.retrieve(net, [1, 1, 1, 1, 1, -1], order="sequential", **goal)
        assert (result.reason, result.n_updates, result.n_sweeps) == (name, 6, 1)
        assert (result.converged, result.is_fixed_point) == (False, True)
    # Where it is not one, the patience or the budget stands: a random sweep that misses neuron 5.
    missing = next(index for index in range(100) if 5 not in draws(Stream(0, index), 6, 6))
    spent: list[tuple[Options, str]] = [
        ({"patience": 6}, "patience"),
        ({"max_updates": 6}, "max_updates"),
    ]
    for budget, name in spent:
        result = classical.retrieve(net, [1, 1, 1, 1, 1, -1], order="random", index=missing, **budget)
        assert (result.reason, result.n_updates, result.n_sweeps) == (name, 6, 1)
        assert (result.n_flips, result.is_fixed_point) == (0, False)


def test_the_budget_of_sweeps() -> None:
    cycle = ClassicalHopfield([[1, 1]], tie="random")
    result = classical.retrieve(cycle, [1, -1], update="synchronous", max_sweeps=3, trace=True)
    assert (result.reason, result.n_sweeps, result.n_updates) == ("max_sweeps", 3, 6)
    assert result.trace == [0.5] * 4
    # The fixed point is certified beyond the last sweep allowed.
    net = ClassicalHopfield([[1, 1]])
    last = classical.retrieve(net, [1, -1], max_sweeps=1)
    assert (last.reason, last.n_sweeps) == ("fixed_point", 2)
    nothing: list[Options] = [{"max_sweeps": 0}, {"max_updates": 0}, {"patience": 0}]
    for budget in nothing:
        with pytest.raises(ValueError, match="at least 1"):
            classical.retrieve(net, [1, 1], **budget)


def test_asynchronous_max_sweeps() -> None:
    # Three neurons that pass a turn along against the order of the visits: one a sweep.
    net = ClassicalHopfield([[1, 1, 1]], normalization="none", bias=[-1.0, 0.0, 4.0], tie="plus")
    result = classical.retrieve(net, [-1] * 3, order="sequential", max_sweeps=2, trace=True)
    assert (result.states, result.reason) == ([-1, 1, 1], "max_sweeps")
    assert (result.n_sweeps, result.n_updates, result.n_flips) == (2, 6, 2)
    # E = -(x0 x1 + x0 x2 + x1 x2) + x0 - 4 x2.
    assert result.trace == [0.0, -4.0, -4.0]


def test_outcomes() -> None:
    # Memory before antipattern; the lowest index; both here.
    a = [1, 1, 1, -1]
    negative = [-x for x in a]
    net = ClassicalHopfield([negative, a, a])
    result = classical.retrieve(net, a, target=2)
    assert (result.outcome, result.pattern, result.sign, result.hit) == ("memory", 1, 1, True)
    # The overlap is with the lowest index of the largest size, and is signed.
    assert result.overlap == -1.0
    # A bias holds one neuron of ten against the pattern.
    held = ClassicalHopfield([[1] * 10], bias=[-3.0, *[0.0] * 9])
    near = classical.retrieve(held, [1] * 10)
    assert (near.states, near.overlap) == ([-1, *[1] * 9], 0.8)
    assert (near.outcome, near.pattern, near.sign) == ("spurious", -1, 0)
    for floor, name in ((0.8, "near_memory"), (math.nextafter(0.8, 1), "spurious")):
        assert classical.retrieve(held, [1] * 10, near_overlap=floor).outcome == name
    opposite = classical.retrieve(ClassicalHopfield([[1] * 10], bias=[3.0, *[0.0] * 9]), [-1] * 10, near_overlap=0.7)
    assert (opposite.outcome, opposite.pattern, opposite.sign) == ("near_memory", 0, -1)
    assert opposite.overlap == -0.8


def test_defaults_of_binary_retrieval() -> None:
    # One neuron of twenty held against the pattern is just the floor of a near memory.
    for n_held, name in ((1, "near_memory"), (2, "spurious")):
        held = ClassicalHopfield([[1] * 20], bias=[*[-3.0] * n_held, *[0.0] * (20 - n_held)])
        result = classical.retrieve(held, [1] * 20)
        assert result.states == [-1] * n_held + [1] * (20 - n_held)
        assert (result.outcome, result.sign) == (name, 1 if name == "near_memory" else 0)
        assert (result.trace, result.hit) == (None, None)
    restless = ClassicalHopfield([[1, 1]], tie="random")
    result = classical.retrieve(restless, [1, -1], update="synchronous")
    assert (result.n_sweeps, result.reason) == (100, "max_sweeps")
    assert (result.outcome, result.pattern, result.sign) == ("unsettled", -1, 0)
    net = ClassicalHopfield(TINY["N8_patterns"], tie="random")
    cue = [1, 1, -1, -1, -1, 1, 1, 1]
    assert classical.retrieve(net, cue) == classical.retrieve(net, cue, seed=0, index=0)


def test_half_erased_patterns_come_back() -> None:
    # n = 200, k = 4: far below capacity (n / 4 ln n = 9.4).
    stream = Stream(77)
    n = 200
    patterns = [spins(stream, n) for _ in range(4)]
    net = ClassicalHopfield(patterns)
    for mu, pattern in enumerate(patterns):
        cue = pattern[:110] + [-1] * 90
        result = classical.retrieve(net, cue, target=mu, index=mu, trace=True)
        assert result.hit
        assert result.trace == sorted(result.trace or [], reverse=True)


@pytest.mark.parametrize("number", range(30))
def test_the_energy_of_asynchronous_retrieval_never_rises(number: int) -> None:
    stream = Stream(5, number)
    n = 5 + stream.below(20)
    net = ClassicalHopfield(
        [spins(stream, n) for _ in range(1 + stream.below(6))],
        bias=[stream.unit() - 0.5 for _ in range(n)],
        tie=("keep", "plus", "minus", "random")[number % 4],
    )
    order = ("permutation", "random", "sequential")[number % 3]
    result = classical.retrieve(net, spins(stream, n), order=order, index=number, trace=True)
    assert result.trace is not None
    assert len(result.trace) == result.n_sweeps  # the start, and each sweep but the certifying
    assert all(later <= earlier for earlier, later in itertools.pairwise(result.trace))
    assert result.reason == "fixed_point"


def test_bad_arguments_of_retrieve() -> None:
    net = ClassicalHopfield([[1, 1]])
    with pytest.raises(ValueError, match="unknown order"):
        classical.retrieve(net, [1, -1], order="backwards")
    with pytest.raises(ValueError, match="unknown update"):
        classical.retrieve(net, [1, -1], update="both")
    with pytest.raises(ValueError, match=r"\+1 or -1"):
        classical.retrieve(net, [1, 0])
    with pytest.raises(ValueError, match="for each neuron"):
        classical.retrieve(net, [1])
    with pytest.raises(ValueError, match="index of a stored"):
        classical.retrieve(net, [1, 1], target=1)
