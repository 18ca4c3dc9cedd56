"""The oracle's random numbers, on known answers and by their laws."""

from __future__ import annotations

import pytest

from drawn import Scripted
from oracle import rng
from oracle.rng import Stream


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
