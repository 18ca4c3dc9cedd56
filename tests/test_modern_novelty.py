"""How new a query is: against the oracle, and what the scale promises."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import event, given

import hopfield as hf
import tolerance
from oracle import modern, theory
from strategies_modern import FLOATS, Problem, lists, problems
from tolerance import worst


@given(problems(with_values=False, with_mask=False, max_work=1200, largest_exponent=100.0))
def test_novelty_is_that_of_the_oracle(problem: Problem) -> None:
    patterns = lists(problem.patterns)
    distinct = theory.distinct(patterns)
    familiar, unit = theory.novelty_scale(patterns, problem.beta)
    energies = [problem.bounds(0, state=np.array(x)).energy(constants=False) for x in distinct]
    off_unit = tolerance.gamma(problem.patterns.shape[1] + 8, tolerance.U64) * unit
    if len(distinct) > 1:
        off = tolerance.calibration(np.array(distinct), problem.dtype)
        exact = np.array(modern.pattern_separation(distinct))
        sure = bool((np.abs(exact) > off).all())
        event(f"signs are sure: {sure}")
        if not sure:
            return
        off_unit += float(off.max())
    found = problem.memory().novelty(problem.queries)
    for query in range(len(problem.queries)):
        exact_score = theory.novelty(patterns, problem.beta, lists(problem.queries[query]))
        off_energy = problem.bounds(query).energy(constants=False) + max(energies)
        sizes = abs(familiar) + abs(exact_score) * unit
        bound = (off_energy + abs(exact_score) * off_unit + 8 * tolerance.U64 * sizes) / unit
        assert worst(found[query], exact_score, tolerance.SLACK * bound) <= 1


@pytest.mark.parametrize("dtype", FLOATS)
def test_a_pattern_that_is_left_out_scores_about_one(dtype: str) -> None:
    # As beta grows the energy of a pattern rises by its separation when it is taken away.
    rng = np.random.default_rng(0)
    x = rng.standard_normal((61, 32))
    x = (x / np.linalg.norm(x, axis=1, keepdims=True)).astype(dtype)
    memory = hf.ModernHopfield(x, beta=200.0)
    assert np.median(memory.novelty(x)) == pytest.approx(0, abs=1e-6)
    delta = memory.pattern_separation()
    left_out = [float(hf.ModernHopfield(np.delete(x, at, axis=0), beta=200.0).novelty(x[at])) for at in range(61)]
    # Up to what the median and log(2) / beta make.
    assert np.abs(np.array(left_out) - delta / np.median(delta)).max() < 0.1
    assert np.median(left_out) == pytest.approx(1, abs=0.1)


def test_equal_patterns_have_a_scale_too() -> None:
    memory = hf.ModernHopfield(np.tile([3.0, 4.0], (5, 1)))
    assert memory.novelty([3.0, 4.0]) == 0.0
    assert math.isclose(memory.novelty([0.0, 0.0]), 1.0)
    assert hf.ModernHopfield(np.zeros((3, 2)), beta=1.0).novelty([1.0, 1.0]) == 1.0


def test_a_batch_is_scored_one_by_one() -> None:
    rng = np.random.default_rng(0)
    memory = hf.ModernHopfield(rng.standard_normal((300, 20)))
    queries = rng.standard_normal((20, 20))
    batch = memory.novelty(queries, n_threads=3)
    assert batch.tolist() == [memory.novelty(query) for query in queries]
    assert memory.novelty(queries[:0]).shape == (0,)
