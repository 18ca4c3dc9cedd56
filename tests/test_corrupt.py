"""Spoiling cues: how much, where, with which seed; and making spins."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import hopfield as hf
from strategies import layouts, spin_rows

rows_of_spins = st.integers(1, 20).flatmap(spin_rows).map(lambda rows: np.array(rows, np.int8))
fractions = st.floats(0, 1)
seeds = st.integers(0, 2**64 - 1)


@given(rows_of_spins, fractions, seeds, layouts)
def test_flip_turns_as_many_neurons_in_each_pattern(patterns: Any, fraction: float, seed: int, lay: Any) -> None:
    spoilt = hf.corrupt.flip(lay(patterns), fraction, seed)
    assert spoilt.dtype == np.int8
    assert ((spoilt != patterns).sum(axis=1) == round(fraction * patterns.shape[1])).all()
    assert set(np.unique(spoilt)) <= {-1, 1}
    assert np.array_equal(spoilt, hf.corrupt.flip(patterns, fraction, seed))
    assert np.array_equal(spoilt, hf.corrupt.flip(patterns, fraction, np.random.default_rng(seed)))
    assert np.array_equal(
        hf.corrupt.flip(patterns[0], fraction, seed), hf.corrupt.flip(patterns[:1], fraction, seed)[0]
    )


def test_flip_chooses_differently_for_each_pattern_and_seed() -> None:
    patterns = np.ones((3, 1000), np.int8)
    first, second = (hf.corrupt.flip(patterns, 0.5, seed) for seed in (0, 1))
    assert not np.array_equal(first, second)
    assert not np.array_equal(first[0], first[1])
    assert not np.array_equal(hf.corrupt.flip(patterns, 0.5), hf.corrupt.flip(patterns, 0.5))


@given(rows_of_spins, fractions, layouts, st.sampled_from(["i1", "i8", "f4", "f8"]))
def test_occlude_covers_the_end(patterns: Any, fraction: float, lay: Any, dtype: str) -> None:
    given_patterns = lay(patterns.astype(dtype))
    spoilt = hf.corrupt.occlude(given_patterns, fraction)
    kept = patterns.shape[1] - round(fraction * patterns.shape[1])
    assert np.array_equal(spoilt[:, :kept], patterns[:, :kept])
    assert (spoilt[:, kept:] == -1).all()
    assert spoilt.dtype == np.asarray(given_patterns).dtype.newbyteorder("=")
    assert np.array_equal(np.asarray(given_patterns), patterns), "what was passed is left alone"
    assert np.array_equal(hf.corrupt.occlude(patterns[0], fraction), spoilt[0])


@pytest.mark.parametrize(("dtype", "expected"), [("f4", "f4"), ("f8", "f8"), ("i1", "f4"), ("i8", "f8"), (">f4", "f4")])
def test_noise_has_the_scale_and_the_dtype(dtype: str, expected: str) -> None:
    patterns = np.ones((200, 200), dtype)
    spoilt = hf.corrupt.noise(patterns, 0.25, rng=3)
    assert spoilt.dtype == np.dtype(expected)
    assert abs(spoilt.mean() - 1) < 0.01
    assert abs(spoilt.std() - 0.25) < 0.01
    assert np.array_equal(spoilt, hf.corrupt.noise(patterns, 0.25, rng=np.random.default_rng(3)))
    assert np.array_equal(hf.corrupt.noise(patterns, 0), patterns)
    assert hf.corrupt.noise(patterns[0], 0.25, 0).shape == (200,)


@given(st.lists(st.booleans(), max_size=20), st.sampled_from(["?", "i1", "u1", "i8", "f2", "f8"]))
def test_spins_are_signs_of_truth(truth: list[bool], dtype: str) -> None:
    spins = hf.spins(np.array(truth, dtype))
    assert spins.dtype == np.int8
    assert spins.tolist() == [1 if true else -1 for true in truth]


def test_spins_keep_the_shape() -> None:
    assert hf.spins(np.ones((2, 3, 4), bool)).shape == (2, 3, 4)
    assert hf.spins(True).shape == ()


@pytest.mark.parametrize(
    ("call", "builtin", "sentence"),
    [
        (lambda: hf.corrupt.flip([1, 1], 1.5), ValueError, "`fraction` must be from 0 to 1; got 1.5"),
        (lambda: hf.corrupt.occlude([1, 1], np.nan), ValueError, "`fraction` must be from 0 to 1; got nan"),
        (lambda: hf.corrupt.flip([1, 1], "half"), TypeError, "`fraction` must be a real number; got 'half'"),
        (
            lambda: hf.corrupt.flip(np.array([1, 0], np.int8), 0.5),
            ValueError,
            "`patterns` must hold only -1 and +1; got 0 at row 0, column 1 (for booleans or 0/1 use hopfield.spins)",
        ),
        (
            lambda: hf.corrupt.flip([1, 1], 0.5, rng=-1),
            ValueError,
            "`rng` must be a seed from 0 to 2**64 - 1; got -1",
        ),
        (lambda: hf.corrupt.noise([1.0], -1), ValueError, "`scale` must be at least 0 and finite; got -1.0"),
        (
            lambda: hf.corrupt.occlude(np.ones(4, np.uint8), 0.5),
            ValueError,
            "`value` must fit the patterns' dtype uint8; got -1",
        ),
        (
            lambda: hf.corrupt.noise(np.ma.masked_array([1.0]), 1),
            TypeError,
            "`patterns` must not be a masked array, whose mask would be lost; fill it, "
            "or pass what is masked as `known`",
        ),
    ],
)
def test_refusal(call: Any, builtin: type[Exception], sentence: str) -> None:
    with pytest.raises(hf.HopfieldError) as caught:
        call()
    assert isinstance(caught.value, builtin)
    assert str(caught.value) == sentence
