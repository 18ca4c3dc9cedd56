"""Synchronous retrieval by the oracle, on cases worked by hand."""

from __future__ import annotations

from drawn import spins
from oracle import classical
from oracle.classical import ClassicalHopfield
from oracle.rng import Stream


def test_a_synchronous_two_cycle() -> None:
    # Two neurons that copy each other.
    net = ClassicalHopfield([[1, 1]])
    result = classical.retrieve(net, [1, -1], update="synchronous", trace=True)
    assert (result.reason, result.outcome) == ("cycle", "cycle")
    assert (result.pattern, result.sign, result.overlap) == (-1, 0, 0.0)
    assert (result.states, result.n_sweeps, result.n_updates) == ([1, -1], 2, 4)
    assert (result.n_flips, result.trace) == (4, [0.5, 0.5, 0.5])
    assert (result.converged, result.is_fixed_point) == (False, False)
    # Asynchronously the same cue settles.
    assert classical.retrieve(net, [1, -1]).converged
    # A cycle is named before a budget that ends with it.
    spent = classical.retrieve(net, [1, -1], update="synchronous", max_updates=4)
    assert spent.reason == "cycle"
    assert (
        classical.retrieve(net, [1, -1], update="synchronous", max_updates=3).reason
        == "cycle"  # a step is never cut in part: 2, then 4
    )
    cut = classical.retrieve(net, [1, -1], update="synchronous", max_updates=2)
    assert (cut.reason, cut.states, cut.n_sweeps) == ("max_updates", [-1, 1], 1)


def test_a_cycle_after_a_transient() -> None:
    # Neurons 0 and 1 copy each other for ever; neuron 2 is turned by its bias in the first step.
    net = ClassicalHopfield([[1, 1, 1], [1, 1, -1]], normalization="none", bias=[0.0, 0.0, 1.0])
    result = classical.retrieve(net, [1, -1, -1], update="synchronous")
    # x(0) never comes back; x(1) does, as x(3).
    assert (result.reason, result.n_sweeps, result.states) == ("cycle", 3, [-1, 1, 1])


def test_a_synchronous_step_sees_the_old_state_only() -> None:
    # h_i = sum of the others - 1/2 for neuron 2. Together: h = (2, 0, -1/2), so 0 and 2 turn; one
    # at a time 0 turns first, and then neuron 2 sees 1 + 1 and stays.
    net = ClassicalHopfield([[1] * 3], normalization="none", bias=[0.0, 0.0, -0.5])
    cue = [-1, 1, 1]
    once = classical.retrieve(net, cue, update="synchronous", max_sweeps=1, trace=True)
    assert (once.states, once.n_flips, once.n_updates) == ([1, 1, -1], 2, 3)
    # E = -((sum x)^2 - 3) / 2 + x_2 / 2.
    assert once.trace == [1.5, 0.5]
    assert (once.reason, once.outcome) == ("max_sweeps", "unsettled")
    turns = classical.retrieve(net, cue, order="sequential", max_sweeps=1)
    assert (turns.states, turns.n_flips) == ([1, 1, 1], 1)
    # Goals are tested after whole steps; the next one reaches the pattern.
    goal = classical.retrieve(net, cue, update="synchronous", stop_at_memory=True)
    assert (goal.reason, goal.states, goal.n_sweeps, goal.n_updates) == ("memory", [1] * 3, 2, 6)
    energy = classical.retrieve(net, cue, update="synchronous", target_energy=0.5)
    assert (energy.reason, energy.n_sweeps, energy.energy) == ("energy", 1, 0.5)
    settled = classical.retrieve(net, cue, update="synchronous")
    assert (settled.reason, settled.n_sweeps, settled.n_updates) == ("fixed_point", 3, 6)


def test_synchronous_coins_fall_in_ascending_order() -> None:
    net = ClassicalHopfield([[1] * 4, [1, -1, 1, -1], [1, 1, -1, -1], [1, -1, -1, 1]], tie="random")
    stream = Stream(6, 1)
    expected = [1 if stream.coin() else -1 for _ in range(3)]
    result = classical.retrieve(
        net,
        [0, 1, 0, 0],
        known=[False, True, False, False],
        clamp=True,
        update="synchronous",
        seed=6,
        index=1,
    )
    assert result.states == [expected[0], 1, expected[1], expected[2]]
    assert (result.reason, result.n_updates) == ("fixed_point", 3)


def test_synchronous_states_are_fixed_or_have_period_two() -> None:
    stream = Stream(14)
    reasons = set()
    for _ in range(60):
        n = 4 + stream.below(8)
        net = ClassicalHopfield([spins(stream, n) for _ in range(4)])
        cue = spins(stream, n)
        result = classical.retrieve(net, cue, update="synchronous")
        reasons.add(result.reason)
        x = result.states
        for _ in range(2):
            x = [net.updated(x, i, Stream(0)) for i in range(n)]
        assert x == result.states
    assert reasons == {"cycle", "fixed_point"}
