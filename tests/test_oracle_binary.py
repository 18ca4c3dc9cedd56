"""The oracle's binary networks, on cases worked by hand and on published numbers."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest

from drawn import REFERENCE, Scripted, all_states, spins
from oracle import classical
from oracle.classical import ClassicalHopfield
from oracle.rng import Stream

TINY = REFERENCE["classical_tiny"]["values"]


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
