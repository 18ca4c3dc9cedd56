"""The oracle's diagnosis and calibration, on cases worked by hand and on published numbers."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest

from drawn import REFERENCE, identity
from oracle import modern


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
