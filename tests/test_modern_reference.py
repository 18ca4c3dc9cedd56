"""Published and independently computed numbers: what reference_values.json says of the modern network."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hopfield as hf
import tolerance
from strategies_modern import FLOATS, Problem
from tolerance import worst

REFERENCE: dict[str, Any] = json.loads((Path(__file__).resolve().parent / "reference_values.json").read_text("utf-8"))
ANTIPODAL = REFERENCE["mch_two_antipodal_patterns_1d"]["values"]
ORTHONORMAL = REFERENCE["mch_orthonormal_patterns"]["values"]
SOFTMAX = REFERENCE["sparse_transforms"]["values"]
CLASSES = REFERENCE["ramsauer_metastable_classes"]["values"]["examples_N32"]
MATTIS = REFERENCE["mattis_alpha0"]["values"]


def two(beta: float) -> hf.ModernHopfield:
    """The patterns +1 and -1 in one dimension: a step is ``tanh(beta x)``."""
    return hf.ModernHopfield([[1.0], [-1.0]], beta=beta)


@pytest.mark.parametrize("beta", ANTIPODAL)
def test_two_antipodal_patterns(beta: str) -> None:
    expected, energy = ANTIPODAL[beta]["fixed_point"], ANTIPODAL[beta]["energy_at_fixed_point"]
    found = two(float(beta)).retrieve([[0.7], [-0.7]], tol=0.0, max_steps=10_000)
    assert found.converged.all()
    # At a fixed point the residual and what rounding moves are divided by 1 - f'; f' = beta (1 - x^2).
    slope = float(beta) * (1 - expected**2)
    bounds = [
        Problem(np.array([[1.0], [-1.0]]), s[None], float(beta), None, None, None).bounds(0) for s in found.states
    ]
    for state, sign, at, bound in zip(found.states, (1, -1), range(2), bounds, strict=True):
        off = (found.residual[at] + bound.step()) / (1 - slope) + tolerance.printed(expected)
        assert worst(state, [sign * expected], off) <= 1
        assert worst(found.energy[at], energy, bound.energy() + tolerance.printed(energy)) <= 1
    assert found.pattern.tolist() == [0, 1 if expected else 0]


@pytest.mark.parametrize("temperature", MATTIS)
def test_one_pattern_and_its_negative_magnetise_as_mattis(temperature: str) -> None:
    beta, expected = 1 / float(temperature), MATTIS[temperature]
    found = two(beta).retrieve([1.0], tol=0.0, max_steps=10_000)
    slope = beta * (1 - expected**2)
    bound = Problem(np.array([[1.0], [-1.0]]), found.states[None], beta, None, None, None).bounds(0).step()
    off = (found.residual + bound) / (1 - slope) + tolerance.printed(expected) / (1 - slope)
    assert worst(found.states, [expected], off) <= 1


@pytest.mark.parametrize("case", ORTHONORMAL["fixed_points"], ids=str)
def test_fixed_points_of_orthonormal_patterns(case: dict[str, Any]) -> None:
    n, beta, k = case["N"], case["beta"], case["k"]
    expected = np.full(n, case["p_out"])
    expected[:k] = case["p_in"]
    # The published state stays: one update moves it by what its last digit allows.
    problem = Problem(np.eye(n), expected[np.newaxis], beta, None, None, None)
    bounds = problem.bounds(0)
    digits = tolerance.norm(np.full(n, tolerance.printed(case["p_in"])))
    moved = problem.memory().step(expected)
    assert worst(moved, expected, bounds.step() + digits + bounds.propagated(digits)) <= 1
    off = bounds.energy() + bounds.energy_nearby(digits, digits) + tolerance.printed(case["energy"])
    assert worst(problem.memory().energy(expected), case["energy"], off) <= 1
    weights = problem.memory().association(expected)
    assert worst(weights, expected, bounds.association() + digits + bounds.association_nearby(digits)) <= 1


@pytest.mark.parametrize("k", [k for k in ORTHONORMAL["potts"] if 3 <= int(k) <= 100])
def test_transitions_of_orthonormal_patterns(k: str) -> None:
    n, betas = int(k), ORTHONORMAL["potts"][k]
    spinodal = betas["beta_spinodal_retrieval_fixed_point_exists"]
    equal = betas["beta_equal_energy_retrieval_vs_uniform"]
    unstable = betas["beta_uniform_fixed_point_unstable"]

    def settled(beta: float, start: np.ndarray[Any, Any]) -> hf.Retrieval:
        return hf.ModernHopfield(np.eye(n), beta=beta).retrieve(start, max_steps=20_000, tol=1e-12)

    pattern, uniform = np.eye(n)[0], np.full(n, 1 / n)
    # Below the spinodal a pattern dissolves into the mean, above it stays.
    assert settled(0.99 * spinodal, pattern).states.max() < 1.01 / n
    assert settled(1.01 * spinodal, pattern).states.max() > 2 / n
    # The deeper of the two changes at the transition.
    for beta, deeper in ((0.999 * equal, False), (1.001 * equal, True)):
        at_pattern = settled(beta, pattern).energy
        assert (at_pattern < hf.ModernHopfield(np.eye(n), beta=beta).energy(uniform)) is deeper
    # The mean attracts up to beta = k, then it does not.
    nudged = uniform + 1e-4 * (pattern - uniform)
    assert settled(0.99 * unstable, nudged).states.max() < 1.001 / n
    assert settled(1.01 * unstable, nudged).states.max() > 1.1 / n


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("case", SOFTMAX, ids=lambda case: str(case["z"]))
def test_rows_of_softmax(case: dict[str, list[float]], dtype: str) -> None:
    z = np.array(case["z"], dtype)[:, np.newaxis]
    problem = Problem(z, np.ones((1, 1), dtype), 1.0, None, None, None)
    # In single precision the scores themselves are rounded: to a relative 2^-24 of each.
    rounded = float(np.abs(z.astype(float)[:, 0] - case["z"]).max())
    off = problem.bounds(0).association() + math.expm1(2 * rounded) + tolerance.printed(1.0)
    assert worst(problem.memory().association(np.ones(1)), case["softmax"], off) <= 1


@pytest.mark.parametrize("dtype", FLOATS)
def test_metastable_classes(dtype: str) -> None:
    memory = hf.ModernHopfield(np.eye(32, dtype=dtype), beta=100.0)
    uniform, one_hot = memory.diagnose(np.zeros(32)), memory.diagnose(np.eye(32)[5])
    assert uniform.size == CLASSES["uniform"]
    assert (uniform.kind, uniform.ramsauer_class) == ("global", "I")
    assert one_hot.size == CLASSES["one-hot"]
    assert (one_hot.kind, one_hot.ramsauer_class) == ("pattern", "IV")
    assert one_hot.patterns.tolist() == [5]
