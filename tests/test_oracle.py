"""The oracle itself, on cases worked by hand and on published numbers."""

from __future__ import annotations

import itertools
import json
import math
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from oracle import classical, modern, rng
from oracle.classical import ClassicalHopfield
from oracle.rng import Stream
from vectors import write

Options = dict[str, Any]

HERE = Path(__file__).resolve().parent
REFERENCE: dict[str, Any] = json.loads((HERE / "reference_values.json").read_text("utf-8"))
TINY = REFERENCE["classical_tiny"]["values"]

# The reference values are printed with 12 digits.
PRINTED = 2e-11


def spins(stream: Stream, n: int) -> list[int]:
    return [1 if stream.coin() else -1 for _ in range(n)]


def reals(stream: Stream, d: int) -> list[float]:
    return [2 * stream.unit() - 1 for _ in range(d)]


def draws(stream: Stream, n: int, count: int) -> list[int]:
    return [stream.below(n) for _ in range(count)]


def identity(n: int) -> list[list[float]]:
    return [[float(i == j) for j in range(n)] for i in range(n)]


def all_states(n: int) -> list[list[int]]:
    return [list(x) for x in itertools.product((-1, 1), repeat=n)]


# Random numbers


def test_mix_gives_the_known_answers_of_splitmix64() -> None:
    # The generator SplitMix64 from state 0: mix of the multiples of its increment.
    outputs = [rng.mix(i * rng.GOLDEN_GAMMA % rng.TWO_64) for i in (1, 2, 3)]
    assert outputs == [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F]
    assert rng.mix(0) == 0


def test_next_gives_the_known_answers_of_xoshiro256plusplus() -> None:
    stream = Stream(0)
    stream.state = [1, 2, 3, 4]
    assert [stream.next() for _ in range(10)] == [
        41943041,
        58720359,
        3588806011781223,
        3591011842654386,
        9228616714210784205,
        9973669472204895162,
        14011001112246962877,
        12406186145184390807,
        15849039046786891736,
        10450023813501588000,
    ]


def test_the_state_of_a_stream_is_splitmix64_from_the_mixed_seed() -> None:
    # mix(0) = 0, so the stream (0, 0) starts with the known answers from state 0.
    assert Stream(0, 0).state[:3] == [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F]
    # An index moves the start of the sequence, a seed is mixed before it is added.
    assert Stream(0, 5).state[0] == rng.mix((rng.mix(5) + rng.GOLDEN_GAMMA) % rng.TWO_64)
    assert Stream(7).state == Stream(7, 0).state
    assert Stream(7, 5).state != Stream(5, 7).state
    with pytest.raises(ValueError, match="64-bit"):
        Stream(-1)
    with pytest.raises(ValueError, match="64-bit"):
        Stream(2**64)


class Scripted(Stream):
    """A stream whose words are given."""

    def __init__(self, words: list[int]) -> None:
        super().__init__(0)
        self.words = words

    def next(self) -> int:
        return self.words.pop(0)


def test_below_refuses_exactly_the_short_part() -> None:
    # 2^64 mod 3 = 1, so the only word refused is the one with low part 0: the word 0.
    assert Scripted([0, 2**63]).below(3) == 1
    assert Scripted([1]).below(3) == 0
    assert Scripted([2**64 - 1]).below(3) == 2
    # One outcome still takes a word.
    one = Scripted([9, 5])
    assert (one.below(1), one.next()) == (0, 5)
    # Powers of two refuse nothing.
    assert Scripted([0]).below(4) == 0
    # n = 2^63 + 1: 2^64 - n = 2^63 - 1 low parts are refused, that of the word 1 (2^63 + 1) is not.
    assert Scripted([0, 1]).below(2**63 + 1) == 0
    assert Scripted([2, 3]).below(2**63 + 1) == 1
    with pytest.raises(ValueError, match="n >= 1"):
        Stream(0).below(0)


def test_permutation_swaps_from_the_end() -> None:
    # below(3) = 0 swaps the ends, below(2) = 1 leaves the middle: [2, 1, 0].
    assert Scripted([1, 2**63]).permutation(3) == [2, 1, 0]
    # below(3) = 0, below(2) = 0: [2, 1, 0], then its first two.
    assert Scripted([1, 0]).permutation(3) == [1, 2, 0]
    assert Scripted([]).permutation(1) == [0]
    assert sorted(Stream(3).permutation(50)) == list(range(50))


def test_permutations_are_uniform() -> None:
    stream = Stream(11)
    counts: dict[tuple[int, ...], int] = {}
    for _ in range(2400):
        p = tuple(stream.permutation(4))
        counts[p] = counts.get(p, 0) + 1
    assert len(counts) == 24
    # Chi-square with 23 degrees of freedom passes 49.7 once in a thousand.
    assert sum((c - 100) ** 2 / 100 for c in counts.values()) < 49.7


def test_coin_and_unit_read_the_highest_bits() -> None:
    assert Scripted([2**63]).coin() is True
    assert Scripted([2**63 - 1]).coin() is False
    assert Scripted([2**64 - 1]).unit() == 1 - 2.0**-53
    assert Scripted([2**11]).unit() == 2.0**-53
    assert Scripted([2**11 - 1]).unit() == 0.0


# Binary networks: weights, fields, energies


def test_n4_network_of_the_reference() -> None:
    net = ClassicalHopfield(TINY["N4_patterns"])
    assert net.weight_matrix() == TINY["N4_W"]
    energies = {str(tuple(x)): net.energy(x) for x in all_states(4)}
    assert energies == TINY["N4_energy"]


def test_n8_network_of_the_reference() -> None:
    net = ClassicalHopfield(TINY["N8_patterns"])
    mixture = TINY["N8_mixture"]
    assert net.weight_matrix() == TINY["N8_W"]
    assert net.overlap(mixture) == TINY["N8_mixture_overlaps"]
    assert net.field(mixture) == TINY["N8_mixture_field"]
    assert net.energy(mixture) == TINY["N8_energy_mixture"]
    assert net.hamming(mixture) == [2, 2, 2]
    for pattern in TINY["N8_patterns"]:
        assert net.energy(pattern) == TINY["N8_energy_pattern"]
        assert net.energy([-x for x in pattern]) == TINY["N8_energy_antipattern"]
    result = classical.retrieve(net, mixture)
    assert (result.reason, result.outcome, result.overlap) == ("fixed_point", "mixture", 0.5)
    assert (result.mixture, result.mixture_signs) == ([0, 1, 2], [1, 1, 1])
    turned = ClassicalHopfield([[-x for x in pattern] for pattern in TINY["N8_patterns"]])
    assert classical.retrieve(turned, mixture).mixture_signs == [-1, -1, -1]


@pytest.mark.parametrize("s", [1, 3, 5, 7])
def test_odd_mixtures_of_orthogonal_patterns(s: int) -> None:
    # One neuron for each of the 2^s columns of signs: the patterns are orthogonal, and the
    # overlap of their mixture is exactly that of infinitely many random neurons.
    n = 2**s
    columns = all_states(s)
    net = ClassicalHopfield([[column[mu] for column in columns] for mu in range(s)])
    mixture = [1 if sum(column) > 0 else -1 for column in columns]
    published = REFERENCE["mixtures"]["values"]["by_n"][str(s)]
    assert net.overlap(mixture) == [published["overlap"]] * s
    # E = -1/(2n) (s (n m)^2 - s n): the energy per neuron without the term of the diagonal.
    without_diagonal = (net.energy(mixture) - s / 2) / n
    assert without_diagonal == pytest.approx(published["energy_per_spin"], abs=1e-12)
    assert net.is_fixed_point(mixture)
    expected = {3: list(range(3)), 5: list(range(5))}.get(s, [])
    assert classical.mixture(net, mixture) == (expected, [1] * len(expected))


def test_mixtures_are_looked_for_among_the_nearest_patterns() -> None:
    # Rows 10 to 14 are the coordinates of a cube, 0 to 9 their products; all are orthogonal.
    columns = all_states(5)
    rows = [[column[mu] for column in columns] for mu in range(5)]
    products = [[a * b for a, b in zip(rows[i], rows[j], strict=True)] for i in range(5) for j in range(i)]
    net = ClassicalHopfield([*products, *rows])
    state = [1 if column[4] + column[3] - column[2] > 0 else -1 for column in columns]
    assert classical.mixture(net, state) == ([12, 13, 14], [-1, 1, 1])
    # Two patterns have no odd mixture but themselves.
    assert classical.mixture(ClassicalHopfield(rows[:2]), state) == ([], [])


@pytest.mark.parametrize("number", range(12))
def test_fields_and_energies_agree_with_the_agreements(number: int) -> None:
    stream = Stream(1, number)
    n, k = 1 + stream.below(9), 1 + stream.below(5)
    patterns = [spins(stream, n) for _ in range(k)]
    bias = [stream.unit() - 0.5 for _ in range(n)]
    name, c = [
        ("neurons", Fraction(1, n)),
        ("patterns", Fraction(1, k)),
        ("none", Fraction(1)),
    ][number % 3]
    net = ClassicalHopfield(patterns, normalization=name, bias=bias)
    for _ in range(20):
        # Zeros too: unknown neurons.
        x = [stream.below(3) - 1 for _ in range(n)]
        a = net.agreements(x)
        h = [
            c * (sum(xi[i] * a[mu] for mu, xi in enumerate(patterns)) - k * x[i]) + Fraction(bias[i]) for i in range(n)
        ]
        assert net.exact_field(x) == h
        squares = sum(value * value for value in a) - k * sum(abs(value) for value in x)
        linear = sum(Fraction(b) * value for b, value in zip(bias, x, strict=True))
        assert net.exact_energy(x) == -c * squares / 2 - linear


@pytest.mark.parametrize("number", range(6))
def test_one_update_changes_the_energy_by_minus_the_move_times_the_field(number: int) -> None:
    stream = Stream(2, number)
    n = 3 + number
    net = ClassicalHopfield([spins(stream, n) for _ in range(3)], bias=[stream.unit() - 0.5 for _ in range(n)])
    for x in all_states(n):
        for i in range(n):
            turned = [*x[:i], -x[i], *x[i + 1 :]]
            change = net.exact_energy(turned) - net.exact_energy(x)
            assert change == -(turned[i] - x[i]) * net.exact_field(x)[i]


def test_a_bias_is_compared_without_rounding() -> None:
    # n = 3: H_2 = x_0 + x_1 = 2, so h_2 = 2/3 + b_2; the float nearest to -2/3 is not -2/3.
    above = -2 / 3
    assert Fraction(above) > Fraction(-2, 3)
    below = math.nextafter(above, -1)
    x = [1, 1, 1]
    for b, value in ((above, 1), (below, -1)):
        net = ClassicalHopfield([[1, 1, 1]], bias=[0.0, 0.0, b])
        assert net.updated(x, 2, Stream(0)) == value
        assert net.is_fixed_point(x) == (value == 1)


def test_a_threshold_is_a_bias_of_the_other_sign() -> None:
    x = [1, -1, 1]
    for scalar in (0.25, [0.25, 0.25, 0.25]):
        threshold = ClassicalHopfield([[1, 1, -1]], threshold=scalar)
        assert threshold.exact_field(x) == [Fraction(-11, 12), Fraction(-1, 4), Fraction(-1, 4)]
        assert threshold.exact_energy(x) == Fraction(1, 3) + Fraction(1, 4)
    assert ClassicalHopfield([[1, 1, -1]], bias=-0.25).field(x) == threshold.field(x)
    with pytest.raises(ValueError, match="not both"):
        ClassicalHopfield([[1]], bias=0.0, threshold=0.0)
    with pytest.raises(ValueError, match="for each neuron"):
        ClassicalHopfield([[1, 1]], bias=[0.0])


def test_store_appends_and_forget_removes_the_first_equal_rows() -> None:
    a, b, c = [1, 1, 1], [1, -1, 1], [-1, -1, 1]
    net = ClassicalHopfield(n_neurons=3)
    with pytest.raises(ValueError, match="stores no patterns"):
        net.energy(a)
    with pytest.raises(ValueError, match="stores no patterns"):
        classical.retrieve(net, a)
    net.store([a, b, a, c])
    assert net.couplings == ClassicalHopfield([c, a, a, b]).couplings
    net.forget([a])
    assert net.patterns == [b, a, c]
    with pytest.raises(ValueError, match="not stored"):
        net.forget([b, b])
    assert net.patterns == [b, a, c]
    net.forget([c, a])
    assert net.patterns == [b]
    assert net.weight_matrix() == ClassicalHopfield([b]).weight_matrix()
    with pytest.raises(ValueError, match="n_neurons values"):
        net.store([[1, 1, 1], [1, 0, 1]])
    assert net.patterns == [b]


# Binary networks: updates and ties


def test_ties() -> None:
    # Orthogonal patterns on two neurons: W = 0, every neuron ties.
    patterns = [[1, 1], [1, -1]]
    heads, tails = [2**63], [0]
    for tie, after_minus, after_plus, after_unknown in (
        ("keep", -1, 1, 1),
        ("plus", 1, 1, 1),
        ("minus", -1, -1, -1),
    ):
        net = ClassicalHopfield(patterns, tie=tie)
        nothing = Scripted([])
        assert net.updated([-1, 1], 0, nothing) == after_minus
        assert net.updated([-1, 1], 1, nothing) == after_plus
        assert net.updated([0, 1], 0, nothing) == after_unknown
        assert net.is_fixed_point([-1, 1]) == (tie == "keep")
        assert net.is_fixed_point([1, 1]) == (tie != "minus")
        assert net.is_fixed_point([-1, -1]) == (tie != "plus")
        assert not net.is_fixed_point([0, 1])
    net = ClassicalHopfield(patterns, tie="random")
    assert net.updated([-1, 1], 0, Scripted(heads)) == 1
    assert net.updated([1, 1], 0, Scripted(tails)) == -1
    assert net.is_fixed_point([-1, 1])
    assert not net.is_fixed_point([0, 1])
    # A field that is not zero draws nothing.
    decided = ClassicalHopfield([[1, 1]], tie="random")
    assert decided.updated([1, 1], 0, Scripted([])) == 1


@pytest.mark.parametrize(
    ("threshold", "truth"),
    [
        (1.0, {(-1, -1): -1, (-1, 1): -1, (1, -1): -1, (1, 1): 1}),
        (-1.0, {(-1, -1): -1, (-1, 1): 1, (1, -1): 1, (1, 1): 1}),
    ],
    ids=["and", "or"],
)
def test_mcculloch_pitts(threshold: float, truth: dict[tuple[int, int], int]) -> None:
    net = ClassicalHopfield([[1, 1, 1]], normalization="none", threshold=[0.0, 0.0, threshold])
    for (a, b), out in truth.items():
        # The cue's third value is not read.
        result = classical.retrieve(net, [a, b, math.nan], known=[True, True, False], clamp=True)
        assert result.states == [a, b, out]
        assert (result.reason, result.n_updates, result.n_flips) == ("fixed_point", 1, 1)
        assert result.n_sweeps == 2


def test_mcculloch_pitts_not() -> None:
    net = ClassicalHopfield([[1, -1]], normalization="none")
    for a in (-1, 1):
        result = classical.retrieve(net, [a, 0], known=[True, False], clamp=True)
        assert result.states == [a, -a]


# Binary networks: the course of a retrieval


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


# Continuous networks: weights and energies


@pytest.mark.parametrize("case", REFERENCE["sparse_transforms"]["values"])
def test_softmax_values_of_the_reference(case: dict[str, list[float]]) -> None:
    assert modern.softmax(case["z"]) == pytest.approx(case["softmax"], abs=1e-15)
    # The same through a memory of one-dimensional patterns at half the temperature.
    p = modern.association([[z] for z in case["z"]], 2.0, [0.5])
    assert p == pytest.approx(case["softmax"], abs=1e-15)


def test_log_sum_exp_neither_overflows_nor_loses_small_terms() -> None:
    assert modern.lse([1000.0, 1000.0]) == 1000.0 + math.log(2)
    assert modern.lse([-1000.0, -1000.0, -1000.0]) == pytest.approx(-1000 + math.log(3), abs=1e-13)
    assert modern.lse([3.0, -math.inf]) == 3.0
    assert modern.lse([-math.inf]) == modern.lse([]) == -math.inf
    assert modern.softmax([1000.0, 1000.0]) == [0.5, 0.5]
    assert modern.softmax([-1000.0, -1000.0]) == [0.5, 0.5]
    assert modern.softmax([-math.inf, 2.0, -math.inf]) == [0.0, 1.0, 0.0]
    assert modern.softmax([-math.inf, -math.inf]) == [0.0, 0.0]


def test_a_mask_is_the_memory_of_the_others() -> None:
    stream = Stream(31)
    patterns = [reals(stream, 4) for _ in range(7)]
    query = reals(stream, 4)
    # The longest pattern is left out, so M is that of the others too.
    longest = max(range(7), key=lambda mu: modern.norm(patterns[mu]))
    mask = [mu not in (longest, 0) for mu in range(7)]
    left = [x for x, takes_part in zip(patterns, mask, strict=True) if takes_part]
    p = modern.association(patterns, 3.0, query, mask)
    assert [w for w, takes_part in zip(p, mask, strict=True) if takes_part] == modern.association(left, 3.0, query)
    assert p[longest] == p[0] == 0.0
    for constants in (True, False):
        assert modern.energy(patterns, 3.0, query, mask=mask, constants=constants) == modern.energy(
            left, 3.0, query, constants=constants
        )
    assert modern.energy(patterns, 3.0, query, mask=mask) != modern.energy(patterns, 3.0, query)
    whole, part = (
        modern.retrieve(patterns, 3.0, query, mask=mask),
        modern.retrieve(left, 3.0, query),
    )
    assert (whole.states, whole.energy, whole.n_steps) == (part.states, part.energy, part.n_steps)
    assert patterns[whole.pattern] == left[part.pattern]


def test_top_association() -> None:
    patterns = [[1.0], [3.0], [2.0], [3.0]]
    p = modern.association(patterns, 1.0, [1.0])
    assert modern.top_association(patterns, 1.0, [1.0], 3) == ([p[1], p[3], p[2]], [1, 3, 2])
    assert modern.top_association(patterns, 1.0, [1.0], 1) == ([p[1]], [1])
    assert modern.top_association(patterns, 1.0, [1.0], 4)[1] == [1, 3, 2, 0]
    for top in (0, 5):
        with pytest.raises(ValueError, match="top"):
            modern.top_association(patterns, 1.0, [1.0], top)


def test_the_energy_of_one_pattern_is_half_the_squared_distance() -> None:
    # lse of one term is the term: E = 1/2 M^2 - x.xi + 1/2 xi.xi.
    x, xi = [1.0, -2.0, 0.5], [0.25, 1.0, -1.0]
    assert modern.energy([x], 7.0, xi) == (0.75**2 + 9.0 + 1.5**2) / 2
    assert modern.energy([x], 7.0, xi, constants=False) == (0.75**2 + 9.0 + 1.5**2) / 2 - 5.25 / 2
    # Copies of it change the number of patterns, not the energy.
    assert modern.energy([x] * 4, 7.0, xi) == pytest.approx(modern.energy([x], 7.0, xi), abs=1e-15)


@pytest.mark.parametrize("number", range(10))
def test_energy_identities(number: int) -> None:
    stream = Stream(32, number)
    d, k = 1 + stream.below(5), 1 + stream.below(8)
    beta = 0.1 + 10 * stream.unit()
    patterns = [reals(stream, d) for _ in range(k)]
    xi = reals(stream, d)
    squares = [modern.dot(x, x) for x in patterns]
    # E = -ln(1/k sum exp(-beta (1/2 |x - xi|^2 + 1/2 (M^2 - |x|^2)))) / beta, term by term >= 0.
    terms = [
        math.exp(
            -beta * (math.fsum((a - b) ** 2 for a, b in zip(x, xi, strict=True)) / 2 + (max(squares) - square) / 2)
        )
        for x, square in zip(patterns, squares, strict=True)
    ]
    energy = modern.energy(patterns, beta, xi)
    assert energy == pytest.approx(-math.log(math.fsum(terms) / k) / beta, abs=1e-13)
    assert energy >= 0
    without = modern.energy(patterns, beta, xi, constants=False)
    assert energy - without == pytest.approx(math.log(k) / beta + max(squares) / 2, abs=1e-13)
    # The step is the state less the gradient (central differences).
    h = 1e-5
    moved = modern.step(patterns, beta, xi)
    for j in range(d):
        ahead = [x + h * (i == j) for i, x in enumerate(xi)]
        behind = [x - h * (i == j) for i, x in enumerate(xi)]
        slope = (modern.energy(patterns, beta, ahead) - modern.energy(patterns, beta, behind)) / (2 * h)
        assert xi[j] - moved[j] == pytest.approx(slope, abs=1e-8)


@pytest.mark.parametrize("number", range(20))
def test_the_energy_never_rises(number: int) -> None:
    stream = Stream(33, number)
    d, k = 1 + stream.below(6), 1 + stream.below(12)
    patterns = [reals(stream, d) for _ in range(k)]
    known = [stream.coin() for _ in range(d)]
    for options in ({}, {"known": known}, {"known": known, "clamp": True}):
        result = modern.retrieve(patterns, 0.2 + 8 * stream.unit(), reals(stream, d), trace=True, **options)
        assert result.trace is not None
        assert len(result.trace) == result.n_steps + 1
        assert result.trace[-1] == result.energy
        for earlier, later in itertools.pairwise(result.trace):
            assert later <= earlier + 1e-14
            assert later >= -1e-15


# Continuous networks: fixed points


@pytest.mark.parametrize(
    ("beta", "x", "energy"),
    [
        (float(beta), case["fixed_point"], case["energy_at_fixed_point"])
        for beta, case in REFERENCE["mch_two_antipodal_patterns_1d"]["values"].items()
    ],
)
def test_two_antipodal_patterns(beta: float, x: float, energy: float) -> None:
    result = modern.retrieve([[1.0], [-1.0]], beta, [0.7], tol=1e-13)
    assert result.converged
    assert result.states[0] == pytest.approx(x, abs=2e-13 if x == 0 else PRINTED)
    assert result.energy == pytest.approx(energy, abs=PRINTED)
    assert modern.step([[1.0], [-1.0]], beta, [0.7])[0] == pytest.approx(math.tanh(0.7 * beta), abs=1e-15)
    assert result.weight == pytest.approx((1 + x) / 2, abs=PRINTED)


@pytest.mark.parametrize(("t", "m"), REFERENCE["mattis_alpha0"]["values"].items())
def test_the_magnetisation_of_one_pattern(t: str, m: float) -> None:
    result = modern.retrieve([[1.0], [-1.0]], 1 / float(t), [1.0], tol=1e-14)
    assert result.states[0] == pytest.approx(m, abs=PRINTED)


@pytest.mark.parametrize("case", REFERENCE["mch_orthonormal_patterns"]["values"]["fixed_points"], ids=str)
def test_fixed_points_of_orthonormal_patterns(case: dict[str, Any]) -> None:
    n, k = case["N"], case["k"]
    start = [1 / k if j < k else 0.0 for j in range(n)]
    result = modern.retrieve(identity(n), case["beta"], start, tol=1e-14)
    assert result.converged
    expected = [case["p_in"] if j < k else case["p_out"] for j in range(n)]
    assert result.states == pytest.approx(expected, abs=PRINTED)
    assert result.energy == pytest.approx(case["energy"], abs=PRINTED)
    # With orthonormal patterns the state is its own association.
    p = modern.association(identity(n), case["beta"], result.states)
    assert p == pytest.approx(result.states, abs=1e-13)
    assert result.pattern == 0


@pytest.mark.parametrize("k", [3, 4, 5, 10, 20])
def test_transitions_of_orthonormal_patterns(k: int) -> None:
    potts = REFERENCE["mch_orthonormal_patterns"]["values"]["potts"][str(k)]
    first = identity(k)[0]
    uniform = [1 / k] * k

    def from_first(beta: float) -> modern.Retrieval:
        return modern.retrieve(identity(k), beta, first, tol=1e-13, max_steps=20000)

    spinodal = potts["beta_spinodal_retrieval_fixed_point_exists"]
    assert from_first(spinodal * 1.001).weight > 1.5 / k
    assert from_first(spinodal * 0.999).weight == pytest.approx(1 / k, abs=1e-9)
    equal = potts["beta_equal_energy_retrieval_vs_uniform"]
    retrieved = from_first(equal)
    # At this beta the largest weight is (k-1)/k, known in closed form.
    assert retrieved.weight == pytest.approx((k - 1) / k, abs=1e-10)
    assert retrieved.energy == pytest.approx(modern.energy(identity(k), equal, uniform), abs=1e-10)
    # A nudge of the uniform state dies below beta = k and grows above.
    nudged = [x + (1e-6 if j == 0 else 0.0) for j, x in enumerate(uniform)]
    for factor, grows in ((0.99, False), (1.01, True)):
        moved = modern.step(identity(k), factor * potts["beta_uniform_fixed_point_unstable"], nudged)
        assert (moved[0] - moved[1] > 1e-6) is grows


# Continuous networks: the course of a retrieval


def test_the_number_of_steps_and_the_last_residual() -> None:
    patterns, beta, tol = [[1.0], [-1.0]], 1.5, 1e-5
    x, n_steps = 0.7, 0
    while True:
        moved = math.tanh(beta * x)
        n_steps += 1
        if abs(moved - x) <= tol:
            break
        x = moved
    result = modern.retrieve(patterns, beta, [0.7], tol=tol)
    assert (result.n_steps, result.reason) == (n_steps, "tolerance")
    assert result.residual == pytest.approx(abs(moved - x), rel=1e-8)
    assert result.states == pytest.approx([moved], abs=1e-14)
    short = modern.retrieve(patterns, beta, [0.7], tol=tol, max_steps=n_steps - 1)
    assert (short.n_steps, short.reason, short.converged) == (n_steps - 1, "max_steps", False)
    assert short.residual > tol
    # A residual of exactly `tol` is enough.
    first = modern.retrieve(patterns, beta, [0.7], max_steps=1)
    exact = modern.retrieve(patterns, beta, [0.7], tol=first.residual)
    assert (exact.n_steps, exact.reason, exact.trace) == (1, "tolerance", None)
    # The defaults: 1e-6, at most 1000 steps (at beta = 1 the state creeps to 0).
    assert modern.retrieve(patterns, beta, [0.7]) == modern.retrieve(patterns, beta, [0.7], tol=1e-6)
    creeping = modern.retrieve(patterns, 1.0, [1.0])
    assert (creeping.n_steps, creeping.reason) == (1000, "max_steps")
    # One step is the step.
    one = modern.retrieve(patterns, beta, [0.7], max_steps=1)
    assert one.states == modern.step(patterns, beta, [0.7])
    with pytest.raises(ValueError, match="max_steps"):
        modern.retrieve(patterns, beta, [0.7], max_steps=0)


def test_the_association_criterion() -> None:
    # p = ((1+x)/2, (1-x)/2) one step on, so |p' - p|_1 = |tanh(beta x') - tanh(beta x)|.
    patterns, beta, tol = [[1.0], [-1.0]], 1.5, 1e-5
    x, n_steps = 0.7, 0
    while True:
        moved = math.tanh(beta * x)
        n_steps += 1
        if abs(math.tanh(beta * moved) - moved) <= tol:
            break
        x = moved
    result = modern.retrieve(patterns, beta, [0.7], tol=tol, criterion="association")
    assert (result.n_steps, result.reason) == (n_steps, "tolerance")
    assert n_steps < modern.retrieve(patterns, beta, [0.7], tol=tol).n_steps
    assert result.residual == pytest.approx(abs(math.tanh(beta * moved) - moved), rel=1e-8)
    with pytest.raises(ValueError, match="criterion"):
        modern.retrieve(patterns, beta, [0.7], criterion="energy")


def test_a_move_below_the_dtype_counts_as_none() -> None:
    # Contraction by 1/2 around 0.957...: tol = 0 would wait for an exact repetition.
    patterns = [[1.0], [-1.0]]
    for eps in (modern.EPS_FLOAT32, modern.EPS_FLOAT64):
        result = modern.retrieve(patterns, 2.0, [0.7], tol=0.0, eps=eps)
        assert result.reason == "tolerance"
        assert result.residual <= 16 * eps * abs(result.states[0])
        earlier = modern.retrieve(patterns, 2.0, [0.7], tol=0.0, eps=eps, max_steps=result.n_steps - 1)
        assert earlier.residual > 16 * eps * abs(earlier.states[0])
        by_weight = modern.retrieve(patterns, 2.0, [0.7], tol=0.0, eps=eps, criterion="association")
        assert by_weight.residual <= 16 * eps


def test_the_least_move_is_sixteen_times_the_spacing() -> None:
    # Spacings coarse enough to see the factor in the number of steps.
    assert modern.EPS_FLOAT32 == 1.1920928955078125e-07
    assert math.ulp(1.0) == modern.EPS_FLOAT64
    for beta, eps in ((1.2, 1e-4), (1.2, 2e-4), (1.5, 1e-4), (1.1, 3e-5), (1.1, 5e-5)):
        expected = {}
        for criterion in ("state", "association"):
            x, n_steps = 0.4, 0
            while True:
                moved = math.tanh(beta * x)
                n_steps += 1
                if criterion == "state" and abs(moved - x) <= 16 * eps * moved:
                    break
                if criterion == "association" and abs(math.tanh(beta * moved) - moved) <= 16 * eps:
                    break
                x = moved
            expected[criterion] = n_steps
        for criterion, n_steps in expected.items():
            result = modern.retrieve([[1.0], [-1.0]], beta, [0.4], tol=0.0, eps=eps, criterion=criterion)
            assert (result.n_steps, result.reason) == (n_steps, "tolerance")


def test_a_partial_query() -> None:
    patterns = [[1.0, 1.0, 1.0], [-1.0, 1.0, -1.0]]
    known = [False, True, True]
    query = [math.nan, 1.0, 1.0]
    # The known entries alone are compared: scores 2 and 0.
    expected = modern.softmax([2 * 0.5, 0.0])
    step = modern.step(patterns, 0.5, query, known=known)
    assert step == pytest.approx([expected[0] - expected[1], 1.0, expected[0] - expected[1]], abs=1e-15)
    free = modern.retrieve(patterns, 0.5, query, known=known, max_steps=1, trace=True)
    assert free.states == step
    assert free.trace is not None
    assert free.trace[0] == modern.energy(patterns, 0.5, [0.0, 1.0, 1.0])
    # The first move is measured from 0 in the unknown entries.
    assert free.residual == modern.norm([step[0], step[1] - 1.0, step[2] - 1.0])
    held = modern.retrieve(patterns, 0.5, query, known=known, clamp=True, max_steps=1)
    assert held.states == [step[0], 1.0, 1.0]
    assert held.residual == pytest.approx(step[0], abs=1e-15)
    with pytest.raises(ValueError, match="clamp needs known"):
        modern.retrieve(patterns, 0.5, [1.0, 1.0, 1.0], clamp=True)


def test_the_first_step_of_a_partial_query_never_converges() -> None:
    # The state 0 of two antipodal patterns is fixed, and unknown entries are compared as 0.
    patterns = [[1.0], [-1.0]]
    for criterion in ("state", "association"):
        for known, n_steps in (([False], 2), ([True], 1), (None, 1)):
            result = modern.retrieve(patterns, 2.0, [0.0], known=known, criterion=criterion)
            assert (result.states, result.n_steps) == ([0.0], n_steps)
            assert result.converged
        cut = modern.retrieve(patterns, 2.0, [0.0], known=[False], criterion=criterion, max_steps=1)
        assert (cut.reason, cut.residual) == ("max_steps", 0.0)
    held = modern.retrieve(patterns, 2.0, [0.3], known=[True], clamp=True)
    assert (held.states, held.n_steps, held.residual) == ([0.3], 1, 0.0)


def test_a_fully_masked_query() -> None:
    patterns = [[1.0, 0.0], [0.0, 1.0]]
    values = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]
    mask = [False, False]
    assert modern.step(patterns, 1.0, [0.5, 0.25], mask=mask) == [0.0, 0.0]
    assert modern.step(patterns, 1.0, [0.5, 0.25], mask=mask, values=values) == [0.0] * 3
    result = modern.retrieve(patterns, 1.0, [0.5, 0.25], mask=mask, trace=True)
    assert result == modern.Retrieval(
        states=[0.5, 0.25],
        output=[0.5, 0.25],
        converged=False,
        reason="masked",
        n_steps=0,
        residual=0.0,
        energy=math.inf,
        pattern=-1,
        weight=0.0,
        trace=[math.inf],
    )
    looked_up = modern.retrieve(patterns, 1.0, [0.5, 0.25], mask=mask, values=values)
    assert (looked_up.states, looked_up.output) == ([0.5, 0.25], [0.0] * 3)


def test_values_are_read_out_at_the_end() -> None:
    patterns = [[1.0, 0.0], [0.0, 1.0]]
    values = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]
    bare = modern.retrieve(patterns, 4.0, [1.0, 0.2])
    result = modern.retrieve(patterns, 4.0, [1.0, 0.2], values=values)
    assert (result.states, result.n_steps) == (bare.states, bare.n_steps)
    assert bare.output == bare.states
    p = modern.association(patterns, 4.0, result.states)
    assert result.output == pytest.approx([p[0] + 4 * p[1], 2 * p[0] + 5 * p[1], 3 + 3 * p[1]])
    assert (result.pattern, result.weight) == (0, p[0])
    # Equal weights name the lowest index.
    assert modern.retrieve(patterns, 1.0, [0.0, 0.0]).pattern == 0


def test_attention() -> None:
    # Scores 3 and 4 over sqrt(4) = 2.
    queries = [[1.0, 1.0, 1.0, 0.0], [0.0, 0.0, 0.0, 0.0]]
    keys = [[1.0, 1.0, 1.0, 5.0], [2.0, 1.0, 1.0, 5.0]]
    values = [[1.0], [0.0]]
    weight = 1 / (1 + math.exp(0.5))
    assert modern.attention(queries, keys, values)[0] == pytest.approx([weight], abs=1e-15)
    assert modern.attention(queries, keys, values)[1] == [0.5]
    sharp = modern.attention(queries, keys, values, beta=2.0)
    assert sharp[0] == pytest.approx([1 / (1 + math.exp(2.0))], abs=1e-15)
    masked = modern.attention(queries, keys, values, mask=[[True, False], [False, False]])
    assert masked == [[1.0], [0.0]]


# Continuous networks: diagnosis and calibration


def test_metastable_classes_of_the_reference() -> None:
    examples = REFERENCE["ramsauer_metastable_classes"]["values"]["examples_N32"]
    uniform = modern.diagnose(identity(32), 1.0, [0.0] * 32)
    assert uniform.size == examples["uniform"]
    assert (uniform.kind, uniform.ramsauer_class, uniform.patterns) == ("global", "I", [])
    assert uniform.entropy == pytest.approx(math.log(32), abs=1e-14)
    assert uniform.participation == pytest.approx(32, abs=1e-12)
    one = modern.diagnose(identity(32), 100.0, identity(32)[5])
    assert one.size == examples["one-hot"]
    assert (one.kind, one.ramsauer_class, one.patterns) == ("pattern", "IV", [5])
    assert one.entropy == pytest.approx(0, abs=1e-14)


@pytest.mark.parametrize(
    ("size", "kind", "ramsauer_class"),
    [
        (1, "pattern", "IV"),
        (2, "metastable", "III"),
        (4, "metastable", "III"),
        (5, "metastable", "II"),
        (16, "metastable", "II"),
        (17, "global", "I"),
    ],
)
def test_kinds_and_classes(size: int, kind: str, ramsauer_class: str) -> None:
    # As many equal scores as hold almost everything; then all of them are needed for 90 %
    # up to 9 of them, and 0.9 s rounded up of more.
    shared = next(s for s in range(1, 33) if math.ceil(Fraction(9, 10) * s) == size)
    state = [1.0 if j >= 32 - shared else 0.0 for j in range(32)]
    diagnosis = modern.diagnose(identity(32), 60.0, state)
    assert (diagnosis.size, diagnosis.kind) == (size, kind)
    assert diagnosis.ramsauer_class == ramsauer_class
    assert diagnosis.entropy == pytest.approx(math.log(shared), abs=1e-12)
    assert diagnosis.participation == pytest.approx(shared, abs=1e-10)
    if kind == "global":
        assert diagnosis.patterns == []
    else:
        assert diagnosis.patterns == list(range(32 - shared, 32 - shared + size))


def test_small_memories_are_diagnosed_too() -> None:
    alone = modern.diagnose([[1.0]], 1.0, [0.0])
    assert (alone.kind, alone.size, alone.ramsauer_class) == ("pattern", 1, "I")
    two = modern.diagnose([[1.0], [-1.0]], 1.0, [0.0])
    assert (two.kind, two.size, two.ramsauer_class) == ("global", 2, "I")
    # By decreasing weight: pattern 2, then 0.
    ordered = modern.diagnose([[2.0], [0.0], [2.5], [0.1]], 3.0, [1.0])
    assert (ordered.kind, ordered.patterns) == ("metastable", [2, 0])


def test_pattern_separation() -> None:
    assert modern.pattern_separation(identity(3)) == [1.0, 1.0, 1.0]
    assert modern.pattern_separation([[2.0, 0.0], [1.0, 1.0], [0.0, -1.0]]) == [2.0, 0.0, 1.0]
    assert modern.pattern_separation([[1.0], [1.0]]) == [0.0, 0.0]
    assert modern.pattern_separation([[1.0]]) == [math.inf]


def test_quantiles_interpolate_linearly() -> None:
    assert modern.quantile([5.0], 0.1) == 5.0
    assert modern.quantile([3.0, 1.0], 0.1) == pytest.approx(1.2)
    assert modern.quantile([float(i) for i in range(11)], 0.1) == 1.0
    assert modern.quantile([0.0, 10.0, 20.0], 0.1) == pytest.approx(2.0)


def test_calibration_of_orthonormal_patterns() -> None:
    # Every separation is 1.
    assert modern.suggest_beta(identity(5)) == math.log(8000.0)
    assert modern.suggest_beta(identity(5), error=0.5) == math.log(16.0)
    # Twice the length is four times the separation.
    doubled = [[2 * x for x in row] for row in identity(5)]
    assert modern.suggest_beta(doubled) == math.log(8000.0) / 4
    # At that beta the stored patterns are retrieved within the error.
    result = modern.retrieve(identity(5), modern.suggest_beta(identity(5)), identity(5)[2])
    assert result.pattern == 2
    assert modern.norm([a - b for a, b in zip(result.states, identity(5)[2], strict=True)]) < 1e-3


def test_calibration_merges_duplicates_but_counts_them() -> None:
    patterns = [*identity(3), identity(3)[1], [0.0, -0.0, 1.0]]
    assert modern.calibrate(patterns) == modern.Calibration(math.log(8000.0), 1.0, 0.0)


def test_calibration_of_one_pattern() -> None:
    for patterns in ([[3.0, 1.0]], [[3.0, 1.0]] * 4, [[0.0, 0.0], [-0.0, 0.0]]):
        assert modern.suggest_beta(patterns) == 1.0


def test_calibration_takes_the_quantile() -> None:
    # Orthogonal patterns of lengths 1 .. 11: the separations are their squares, and the 10 %
    # quantile of eleven is the second.
    patterns = [[float(i + 1) * x for x in row] for i, row in enumerate(identity(11))]
    assert modern.calibrate(patterns) == modern.Calibration(math.log(20000.0) / 4, 4.0, 0.0)


def test_calibration_of_badly_separated_patterns() -> None:
    # On a line only the longest is separated: 16 - 12.
    line = [[1.0], [2.0], [3.0], [4.0]]
    assert modern.calibrate(line) == modern.Calibration(math.log(6000.0) / 4, 4.0, 0.75)
    # One lost of twelve: the 10 % quantile lies between the lowest two, and is positive.
    patterns = [[float(i == j) for j in range(12)] for i in range(11)]
    patterns.append([0.5] + [0.0] * 11)  # separation 1/4 - 1/2, from the first
    mild = modern.calibrate(patterns)
    # The first pattern is separated by 1/2; ordered: -1/4, 1/2, 1, ...; place 1.1.
    assert mild.separation == pytest.approx(0.5 + 0.1 * 0.5, abs=1e-15)
    assert mild.lost == 1 / 12
    for error in (0.0, 1.0, math.nan):
        with pytest.raises(ValueError, match="error"):
            modern.suggest_beta(identity(3), error=error)


def test_calibration_fails_where_no_sampled_pattern_is_separated() -> None:
    # The longest pattern is always separated, so only a sample can miss them all: of 1030 on a
    # line it leaves out the last.
    with pytest.raises(ValueError, match="no beta"):
        modern.suggest_beta([[float(i + 1)] for i in range(1030)])
    with pytest.raises(ValueError, match="no patterns"):
        modern.suggest_beta([])


def test_the_sample_is_spread_over_the_distinct_patterns() -> None:
    assert modern.sampled(1024) == list(range(1024))
    positions = modern.sampled(1500)
    assert len(positions) == 1024
    assert positions[:5] == [0, 1, 2, 4, 5]
    assert positions[-1] == 1498
    assert 1029 not in modern.sampled(1030)


# Files


@pytest.fixture(scope="module")
def written() -> dict[str, str]:
    """What the script would write now."""
    return write.files()


@pytest.mark.parametrize(
    "name", ["rng.json", "classical.json", "rules.json", "sparse.json", "modern.json", "capacity.json"]
)
def test_the_vectors_are_what_the_oracle_says(name: str, written: dict[str, str]) -> None:
    text = (HERE / "vectors" / name).read_text("utf-8")
    assert text == written[name]
    assert len(text) < 300_000


def test_the_vectors_cover_every_end(written: dict[str, str]) -> None:
    cases = json.loads(written["classical.json"])["cases"]
    assert {case["result"]["reason"] for case in cases} == {
        "fixed_point",
        "cycle",
        "memory",
        "energy",
        "patience",
        "max_updates",
        "max_sweeps",
        "schedule_end",
    }
    assert {case["result"]["outcome"] for case in cases} == {
        "cycle",
        "memory",
        "antipattern",
        "mixture",
        "near_memory",
        "spurious",
        "unsettled",
    }
    cases = json.loads(written["modern.json"])["cases"]
    assert {case["result"]["reason"] for case in cases} == {"tolerance", "max_steps", "masked"}
    assert {case["query_diagnosis"]["kind"] for case in cases} == {
        "pattern",
        "metastable",
        "global",
    }
