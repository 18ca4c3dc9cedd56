"""The bounds themselves: so small that small mistakes break them, and as many roundings as were counted."""

from __future__ import annotations

import numpy as np
import pytest

import hopfield as hf
from tolerance import Array, Problem, gamma, library, oracle

# A thousand patterns of 64 entries under the inverse temperature of attention, queries near patterns.
K, D, BETA = 1000, 64, 0.125
FAULTS = (
    "beta off by a thousandth",
    "one pattern dropped",
    "one pattern twice",
    "one pattern too many in the sum",
    "one tile missing from the sum",
    "a weight too small by a hundredth",
    "an entry of the query not compared",
    "half precision",
)


def realistic(dtype: str, seed: int) -> tuple[Array, Array]:
    rng = np.random.default_rng(seed)
    patterns = rng.standard_normal((K, D)).astype(dtype)
    return patterns, (patterns[seed] + 0.3 * rng.standard_normal(D)).astype(dtype)


def spoiled(patterns: Array, query: Array, beta: float, fault: str) -> tuple[Array, float]:
    """The mean and the energy in float64, with one mistake in them."""
    x, q = patterns.astype(np.float64), query.astype(np.float64)
    if fault == "half precision":
        x = x.astype(np.float16).astype(np.float64)
    if fault == "an entry of the query not compared":
        q = np.where(np.arange(D) == D - 1, 0.0, q)
    if fault == "beta off by a thousandth":
        beta *= 1.001
    z = beta * (x @ q)
    e = np.exp(z - z.max())
    middle = np.argsort(e)[K // 2]  # a pattern of ordinary weight
    if fault == "one pattern dropped":
        e[middle] = 0
    if fault == "one pattern twice":
        e[middle] *= 2
    if fault == "a weight too small by a hundredth":
        e[np.argmax(e)] *= 0.99
    total = e.sum()
    if fault == "one pattern too many in the sum":
        total += np.exp(-z.max())
    if fault == "one tile missing from the sum":
        total -= e[256:384].sum()
    squares = (x * x).sum(axis=1).max()
    lse = z.max() + np.log(total)
    return (x.T @ e) / total, float((q @ q + squares) / 2 + (np.log(K) - lse) / beta)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_small_mistake_breaks_the_bound_of_a_step(dtype: str, fault: str) -> None:
    for seed in range(5):
        patterns, query = realistic(dtype, seed)
        exact, _ = spoiled(patterns, query, BETA, "none")
        wrong, _ = spoiled(patterns, query, BETA, fault)
        bound = Problem(patterns, BETA, query, dtype=dtype).step()
        assert np.any(np.abs(wrong - exact) > 2 * bound)


# In an energy the errors of half precision average out to about the bound of float32.
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("fault", FAULTS[:-1])
def test_a_small_mistake_breaks_the_bound_of_the_energy(dtype: str, fault: str) -> None:
    for seed in range(5):
        patterns, query = realistic(dtype, seed)
        _, exact = spoiled(patterns, query, BETA, "none")
        _, wrong = spoiled(patterns, query, BETA, fault)
        assert abs(wrong - exact) > 2 * Problem(patterns, BETA, query, dtype=dtype).energy()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_forgotten_constant_breaks_the_bound_of_the_energy(dtype: str) -> None:
    patterns, query = realistic(dtype, 0)
    norms = (patterns.astype(np.float64) ** 2).sum(axis=1)
    bound = Problem(patterns, BETA, query, dtype=dtype).energy()
    forgotten = {
        "M^2/2": norms.max() / 2,
        "the second longest for M": (np.sort(norms)[-1] - np.sort(norms)[-2]) / 2,
        "log(k)/beta": np.log(K) / BETA,
        "log(k-1) for log(k)": (np.log(K) - np.log(K - 1)) / BETA,
        "log2 for log": (np.log2(K) - np.log(K)) / BETA,
    }
    assert {what: by for what, by in forgotten.items() if by <= 2 * bound} == {}


def test_the_bounds_are_not_slack() -> None:
    # One pattern, weight 1: a product and a division. The worst of many comes close to its bound.
    worst = 0.0
    rng = np.random.default_rng(0)
    for _ in range(300):
        pattern = rng.standard_normal((1, 8)).astype(np.float32)
        query = rng.standard_normal(8).astype(np.float32)
        bound = Problem(pattern, 1.0, query, dtype="float32").step()
        moved = hf.ModernHopfield(pattern, beta=1.0).step(query).astype(np.float64)
        worst = max(worst, float((np.abs(moved - pattern[0]) / bound).max()))
    assert 0.5 < worst <= 1


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_realistic_step_is_bounded_to_a_few_hundred_units_in_the_last_place(dtype: str) -> None:
    patterns, query = realistic(dtype, 3)
    problem = Problem(patterns, BETA, query, dtype=dtype)
    eps = float(np.finfo(dtype).eps)
    assert np.max(problem.step()) < 1000 * eps * np.abs(problem.mean()).max()
    assert problem.energy() < 1000 * eps * D


def test_a_weight_is_off_by_three_and_a_half_roundings() -> None:
    # One entry, an exponent of size 1: the product, the exponent and the power, in float32.
    problem = Problem([[1.0], [0.0]], 1.0, [1.0], dtype="float32")
    assert problem.theta(problem.ways[0]) == pytest.approx(
        2.0**-24 * np.array([1 + 0.693 + 1.75, 0.693 + 1.75]), rel=0.01
    )


@pytest.mark.parametrize(
    ("k", "roundings"),
    [
        (1, 0),
        (2, 1),
        (8, 3),
        (9, 4),
        (128, 18),
        (129, 19),
        (512, 21),
        (513, 22),
        (8192, 36),
        (8193, 37),
        (10**6, 36 + 122),
    ],
)
def test_the_sum_goes_through_as_many_roundings_as_its_levels_say(k: int, roundings: int) -> None:
    u = 2.0**-24
    assert library("float32", k, 1).sum == gamma(roundings, u)


@pytest.mark.parametrize(("d", "roundings"), [(1, 1), (64, 64), (65, 65), (128, 65), (768, 75)])
def test_a_score_goes_through_a_block_and_the_sum_of_blocks(d: int, roundings: int) -> None:
    u = 2.0**-53
    assert library("float64", 1, d).score == gamma(roundings, u)
    assert oracle().score < library("float64", 1, d).score + 2 * u


def test_a_masked_pattern_has_no_error() -> None:
    problem = Problem([[1.0, 0.0], [0.0, 1.0]], 1.0, [1.0, 2.0], dtype="float32", mask=[True, False])
    assert problem.association()[1] == 0
    assert not Problem([[1.0]], 1.0, [1.0], dtype="float32", mask=[False]).step().any()
