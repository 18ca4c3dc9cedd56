"""Summaries count what batches of modern results hold."""

from __future__ import annotations

from collections import Counter
from statistics import fmean, median

import numpy as np
from hypothesis import given

import hopfield as hf
from strategies_modern import Problem, problems

CROSS = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]])


@given(problems(max_work=1000, with_values=False))
def test_a_retrieval_is_counted(problem: Problem) -> None:
    found = problem.memory().retrieve(problem.queries, mask=problem.mask, max_steps=3)
    summary = found.summary()
    assert summary.n_queries == len(problem.queries)
    assert summary.reasons == dict(Counter(found.reason.tolist()))
    assert list(summary.reasons.values()) == sorted(summary.reasons.values(), reverse=True)
    assert summary.n_patterns == len({pattern for pattern in found.pattern.tolist() if pattern >= 0})
    assert summary.median_steps == median(found.n_steps.tolist())
    assert summary.converged == found.converged.tolist().count(True) / len(problem.queries)
    assert abs(summary.mean_weight - fmean(found.weight.tolist())) <= 1e-15 * len(problem.queries)


@given(problems(max_work=1000, with_values=False, with_mask=False))
def test_a_diagnosis_is_counted(problem: Problem) -> None:
    found = problem.memory().diagnose(problem.queries)
    summary = found.summary()
    assert summary.n_states == len(problem.queries)
    assert summary.kinds == dict(Counter(found.kind.tolist()))
    assert summary.classes == dict(Counter(found.ramsauer_class.tolist()))
    assert list(summary.classes) == [name for name in ("I", "II", "III", "IV") if name in summary.classes]
    assert summary.median_size == median(found.size.tolist())


def test_summaries_print_as_tables() -> None:
    memory = hf.ModernHopfield(CROSS, beta=10.0)
    assert repr(memory.diagnose(CROSS).summary()).splitlines() == [
        "4 states",
        "pattern            4  100%",
        "class II           4  100%",
        "size               1 (median)",
        "entropy        0.001 (mean)",
        "participation   1.00 (mean)",
    ]
    assert repr(memory.retrieve(CROSS[:2], max_steps=1, tol=0.0).summary()).splitlines() == [
        "2 queries, converged 0%",
        "max_steps          2  100%",
        "patterns           2",
        "steps              1 (median)",
        "weight         1.000 (mean)",
    ]
    assert repr(memory.retrieve(CROSS[0]).summary()).startswith("1 queries, converged 100%")


def test_of_nothing_there_is_nothing_to_say() -> None:
    memory = hf.ModernHopfield(CROSS, beta=10.0)
    assert repr(memory.diagnose(CROSS[:0]).summary()) == "0 states"
    assert repr(memory.retrieve(CROSS[:0]).summary()) == "0 queries"
