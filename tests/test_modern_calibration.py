"""The calibrated inverse temperature: against the oracle, its warning, its error, and that it retrieves."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import event, given
from hypothesis import strategies as st

import hopfield as hf
import tolerance
from hopfield.errors import HopfieldWarning, InputTypeError, InvalidInputError
from layouts import laid_out
from oracle import modern as oracle
from strategies_modern import FLOATS, Problem, layouts, lists, problems
from tolerance import worst

kinds = st.sampled_from([1e-6, 1e-3, 0.1, 0.9])


def separations(patterns: np.ndarray) -> tuple[list[float], np.ndarray]:
    """Of the distinct patterns, by the oracle, and what may be wrong with the library's."""
    distinct = list(dict.fromkeys(map(tuple, lists(patterns))))
    found = oracle.pattern_separation(distinct)
    return found, tolerance.calibration(np.array(distinct), patterns.dtype)


@pytest.mark.filterwarnings("ignore::hopfield.HopfieldWarning")
@given(problems(with_values=False, with_mask=False, max_work=2000), kinds, layouts)
def test_the_calibrated_beta_is_that_of_the_oracle(problem: Problem, error: float, layout: str) -> None:
    patterns = problem.patterns
    deltas, off = separations(patterns)
    if len(deltas) == 1:
        assert hf.suggest_beta(patterns, error=error) == 1.0
        return
    # Which separations are positive must be sure, and so must the sign of the quantile.
    sure = all(abs(delta) > by for delta, by in zip(deltas, off, strict=True))
    quantile = oracle.quantile(deltas, 0.1)
    sure = sure and abs(quantile) > off.max()
    event(f"signs are sure: {sure}")
    if not sure:
        return
    if max(deltas) <= 0:
        with pytest.raises(InvalidInputError, match="cannot be calibrated"):
            hf.suggest_beta(patterns, error=error)
        return
    expected = oracle.calibrate(lists(patterns), error=error)
    found = hf.suggest_beta(laid_out(patterns, layout), error=error)
    # An order statistic, and a mean of two, moves by no more than the most that one of them does.
    relative = float(off.max()) / expected.separation
    assert worst(found, expected.beta, expected.beta * (relative / (1 - relative) + 8 * tolerance.U64)) <= 1
    assert hf.ModernHopfield(patterns).beta == hf.suggest_beta(patterns)


def test_the_quantile_is_over_distinct_patterns_and_counts_all() -> None:
    # Separations of multiples of unit vectors are their squared norms; a copy counts in k alone.
    norms = np.arange(1.0, 12.0)
    patterns = np.diag(norms)
    for copies in (1, 2, 5):
        stored = np.concatenate([patterns, *[patterns[:1]] * (copies - 1)])
        # The 10 % quantile of 11 numbers is the second.
        beta = math.log(2 * (len(stored) - 1) / 1e-3) / 4
        assert worst(hf.suggest_beta(stored), beta, 8 * tolerance.U64 * beta) <= 1


def test_of_many_patterns_an_even_sample_is_looked_at() -> None:
    # On a circle a separation is that of the nearest neighbour; any other sample has another quantile.
    rng = np.random.default_rng(1024)
    angles = rng.uniform(0, 2 * np.pi, 3000)
    x = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    stored = np.repeat(x, 2, axis=0)
    beta = {}
    for name, chosen in {"even": oracle.sampled(3000), "first": range(1024), "all": range(3000)}.items():
        scores = x[list(chosen)] @ x.T
        own = scores[np.arange(len(chosen)), list(chosen)].copy()
        scores[np.arange(len(chosen)), list(chosen)] = -np.inf
        positive = np.sort(own - scores.max(axis=1))
        separation = oracle.quantile(positive[positive > 0].tolist(), 0.1)
        beta[name] = math.log(2 * (len(stored) - 1) / 1e-3) / separation
    off = tolerance.calibration(x, x.dtype, oracle.sampled(3000)).max()
    with_warning = hf.suggest_beta(stored)
    bound = beta["even"] ** 2 / math.log(2 * (len(stored) - 1) / 1e-3) * 2 * off
    assert worst(with_warning, beta["even"], bound) <= 1
    assert worst(with_warning, beta["first"], bound) > 1
    assert worst(with_warning, beta["all"], bound) > 1


def test_patterns_that_no_beta_retrieves_are_counted_in_a_warning() -> None:
    # [1] and [1.5] are beaten by [3]; the separations of the others are 9 - 4.5 and 1 + 1.
    patterns = [[1.0], [1.5], [3.0], [-1.0]]
    with pytest.warns(HopfieldWarning) as caught:
        found = hf.suggest_beta(patterns, error=0.01)
    assert [str(warning.message) for warning in caught] == [
        "no beta retrieves 50% of the patterns: under similarity 'dot' another pattern is their better match."
        ' Use similarity="euclidean" or "cosine", or scale the patterns to equal norm (and center them), '
        "to retrieve all"
    ]
    # The quantile of the two positive ones, 2 and 4.5: a tenth of the way.
    beta = math.log(2 * 3 / 0.01) / 2.25
    assert worst(found, beta, 8 * tolerance.U64 * beta) <= 1


def test_a_tenth_that_no_beta_retrieves_is_no_reason_to_warn_while_the_quantile_is_positive() -> None:
    # Of eleven patterns the quantile is the second separation: one may be beaten, two may not.
    one = np.vstack([np.diag(np.arange(1.0, 11.0)), [[0.5, *[0.0] * 9]]])
    hf.suggest_beta(one)  # warnings are errors here
    # Of ten it lies nine tenths of the way from the first to the second.
    hf.suggest_beta(np.delete(one, 9, axis=0))
    with pytest.warns(HopfieldWarning, match="no beta retrieves 18% of the patterns"):
        hf.suggest_beta(np.vstack([one[:9], [[0.5, *[0.0] * 9], [0.25, *[0.0] * 9]]]))


ASK: dict[str, Callable[[hf.ModernHopfield], object]] = {
    "beta": lambda memory: memory.beta,
    "step": lambda memory: memory.step([1.0]),
    "retrieve": lambda memory: memory.retrieve([1.0]),
    "energy": lambda memory: memory.energy([1.0]),
    "association": lambda memory: memory.association([1.0]),
    "diagnose": lambda memory: memory.diagnose([1.0]),
}


@pytest.mark.parametrize("name", ASK)
def test_the_first_use_warns_at_the_line_that_made_it_and_no_other_does(name: str) -> None:
    memory = hf.ModernHopfield([[1.0], [1.5], [3.0], [-1.0]])
    with pytest.warns(HopfieldWarning, match="50%") as caught:
        ASK[name](memory)
    assert [warning.filename for warning in caught] == [__file__]
    for ask in ASK.values():  # warnings are errors here
        ask(memory)


def test_suggest_beta_warns_at_the_line_that_called_it() -> None:
    with pytest.warns(HopfieldWarning, match="50%") as caught:
        hf.suggest_beta([[1.0], [1.5], [3.0], [-1.0]])
    assert [warning.filename for warning in caught] == [__file__]


@pytest.mark.parametrize(
    ("ask", "error"),
    [
        (lambda memory: memory.retrieve([1.0], max_steps=0), InvalidInputError),
        (lambda memory: memory.retrieve([1.0], tol="fine"), InputTypeError),
        (lambda memory: memory.retrieve([1.0], criterion="energy"), InvalidInputError),
        (lambda memory: memory.retrieve([1.0], n_threads=0), InvalidInputError),
        (lambda memory: memory.step([1.0], n_threads=0), InvalidInputError),
        (lambda memory: memory.association([1.0], top=0), InvalidInputError),
    ],
)
def test_a_wrong_option_is_refused_before_calibration(
    ask: Callable[[hf.ModernHopfield], object], error: type[Exception]
) -> None:
    memory = hf.ModernHopfield([[1.0], [1.5], [3.0], [-1.0]])
    with pytest.raises(error):  # and no warning, which would be an error here
        ask(memory)
    assert "calibrated at first use" in repr(memory)


@pytest.mark.parametrize("dtype", [*FLOATS, "uint8"])
def test_patterns_of_any_norm_are_calibrated(dtype: str) -> None:
    # Images of 1000 grey values between 0 and 255.
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (10, 1000)).astype(dtype)
    deltas, off = separations(images.astype(np.float64))
    expected = math.log(2 * 9 / 1e-3) / oracle.quantile(deltas, 0.1)
    found = hf.ModernHopfield(images).beta
    off = tolerance.calibration(images, "float64" if dtype == "float64" else "float32")
    assert worst(found, expected, expected * 2 * off.max() / min(deltas)) <= 1


@pytest.mark.parametrize("dtype", [*FLOATS, "int8"])
@pytest.mark.parametrize("k", [1, 2, 700])
def test_equal_patterns_need_no_calibration(dtype: str, k: int) -> None:
    assert hf.suggest_beta(np.ones((k, 3), dtype)) == 1.0
    assert hf.ModernHopfield(np.ones((k, 3), dtype)).beta == 1.0


def test_zeros_of_either_sign_are_equal() -> None:
    assert hf.suggest_beta([[0.0, 1.0], [-0.0, 1.0]]) == 1.0


@pytest.mark.parametrize("dtype", FLOATS)
def test_where_no_pattern_is_its_own_best_match_there_is_no_beta(dtype: str) -> None:
    # Their squares are below the smallest number: all scores are zero.
    hopeless = np.array([[0.0, 0.0], [0.0, np.finfo(dtype).tiny]], dtype)
    message = (
        "`beta` cannot be calibrated: no pattern is its own best match under similarity 'dot'; "
        "give `beta`, use similarity 'euclidean' or 'cosine', or scale `patterns` to equal norm"
    )
    memory = hf.ModernHopfield(hopeless)
    for call in (lambda: hf.suggest_beta(hopeless), lambda: memory.step([0.0, 0.0]), lambda: memory.beta):
        with pytest.raises(InvalidInputError) as caught:
            call()
        assert str(caught.value) == message


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("error", [1e-6, 1e-3, 0.1])
def test_the_bound_that_calibration_aims_at_holds(dtype: str, error: float) -> None:
    # Spins are well separated: one update from all but a tenth of them misses by at most `error` of the norm.
    rng = np.random.default_rng(3)
    patterns = rng.choice([-1.0, 1.0], (200, 64)).astype(dtype)
    memory = hf.ModernHopfield(patterns, beta=hf.suggest_beta(patterns, error=error))
    missed = np.linalg.norm(memory.step(patterns).astype(float) - patterns, axis=1) / 8
    assert np.mean(missed <= error) >= 0.9
    # And no more than a few times larger a beta than needed: at a tenth of it the bound is broken.
    loose = hf.ModernHopfield(patterns, beta=memory.beta / 10).step(patterns).astype(float)
    assert np.mean(np.linalg.norm(loose - patterns, axis=1) / 8 <= error) < 0.9


def test_a_memory_of_its_own_accord_retrieves() -> None:
    rng = np.random.default_rng(0)
    patterns = rng.standard_normal((500, 64))
    patterns /= np.linalg.norm(patterns, axis=1, keepdims=True)
    found = hf.ModernHopfield(patterns).retrieve(patterns + 0.05 * rng.standard_normal((500, 64)))
    assert found.pattern.tolist() == list(range(500))
    assert found.converged.all()
