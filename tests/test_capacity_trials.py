"""The random problems of a scan are those of the oracle, and follow from their numbers alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import hopfield as hf
import tolerance_capacity
from hopfield.errors import InvalidInputError, OutOfMemoryError
from oracle import capacity as oracle
from tolerance import worst

numbers = st.tuples(st.integers(0, 2**64 - 1), st.integers(1, 150), st.integers(1, 8), st.integers(0, 2**64 - 1))


@given(numbers)
def test_spins_are_the_oracles_to_the_bit(trial: tuple[int, int, int, int]) -> None:
    patterns, order, seed = hf._core.spin_trial(*trial)
    expected = oracle.spin_trial(*trial)
    assert (patterns.tolist(), order.tolist(), seed) == expected
    assert (patterns.dtype, order.dtype) == (np.int8, np.uint32)


@given(numbers, st.sampled_from(["gaussian", "spherical"]))
def test_reals_are_the_oracles(trial: tuple[int, int, int, int], ensemble: str) -> None:
    patterns, noise, seed = hf._core.real_trial(*trial, ensemble)
    rows, direction, expected_seed = oracle.real_trial(*trial, ensemble)
    assert seed == expected_seed
    assert worst(noise, direction, tolerance_capacity.normal_numbers(direction, 1)) <= 1
    # Of a short row the length may be small, and what is scaled up with it large.
    scale = np.sqrt(trial[1]) / np.linalg.norm(hf._core.real_trial(*trial, "gaussian")[0], axis=1)
    stretched = np.maximum(scale, 1)[:, np.newaxis] if ensemble == "spherical" else 1.0
    assert worst(patterns, rows, stretched * tolerance_capacity.normal_numbers(rows, trial[1])) <= 1


def test_the_words_of_a_seed_are_pinned() -> None:
    patterns, order, seed = hf._core.spin_trial(0, 5, 2, 0)
    assert patterns.tolist() == PINNED[0]
    assert order.tolist() == PINNED[1]
    assert seed == PINNED[2]


PINNED: tuple[Any, Any, int] = ([[-1, -1, -1, 1, -1], [-1, -1, -1, -1, -1]], [3, 2, 4, 0, 1], 8670880800177327174)


def test_trials_differ_in_every_number() -> None:
    base = (7, 64, 3, 0)
    others = [(8, 64, 3, 0), (7, 65, 3, 0), (7, 64, 4, 0), (7, 64, 3, 1)]
    seeds = {hf._core.spin_trial(*trial)[2] for trial in [base, *others]}
    assert len(seeds) == 5


def test_what_is_drawn_is_random() -> None:
    patterns, order, _ = hf._core.spin_trial(1, 1000, 400, 0)
    assert abs(patterns.mean()) < 5 / np.sqrt(patterns.size)
    products = patterns[:200].astype(int) @ patterns[200:].T.astype(int)
    assert abs(products.std() / np.sqrt(1000) - 1) < 0.02
    assert sorted(order.tolist()) == list(range(1000))
    for ensemble in ("gaussian", "spherical"):
        reals, noise, _ = hf._core.real_trial(1, 1000, 400, 0, ensemble)
        for values in (reals, noise):
            assert abs(values.mean()) < 5 / np.sqrt(values.size)
            assert abs(values.std() - 1) < 5 / np.sqrt(2 * values.size)
        assert abs((reals**4).mean() - 3) < 0.05
    assert np.allclose(np.linalg.norm(reals, axis=1), np.sqrt(1000), rtol=1e-13, atol=0)


def test_what_is_refused() -> None:
    for n, k in ((0, 1), (1, 0)):
        with pytest.raises(InvalidInputError, match="must be at least 1; got 0"):
            hf._core.spin_trial(0, n, k, 0)
    with pytest.raises(OutOfMemoryError):
        hf._core.real_trial(0, 2**20, 2**50, 0, "gaussian")
