"""The bench of rivals runs, with NumPy alone and on tiny shapes, and refuses a wrong answer."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

BENCHES = Path(__file__).resolve().parents[1] / "benches"


def peers(*options: str) -> subprocess.CompletedProcess[str]:
    program = [sys.executable, str(BENCHES / "peers.py"), "--libraries", "numpy", *options]
    return subprocess.run(program, capture_output=True, text=True, check=False)


def test_times_and_the_readme_s_table() -> None:
    run = peers("--shape", "3,50,8", "--shape", "16,50,8", "--repeats", "1", "--markdown")
    assert run.returncode == 0, run.stderr
    table = [line for line in run.stdout.splitlines() if line.startswith("|")]
    assert table[0] == "| m, k, d | hopfield | share of ceiling | NumPy |"
    assert [line.split("|")[1].strip() for line in table[2:]] == ["3, 50, 8", "16, 50, 8"]
    assert all(line.count(" ms ") == 1 and line.count(" × ") == 1 for line in table[2:])


def test_float64_beside_float32() -> None:
    run = peers("--shape", "3,50,8", "--repeats", "1", "--dtypes", "float64")
    assert run.returncode == 0, run.stderr
    assert "\n  hopfield float64 " in run.stdout


def test_the_exit_status_tells_whether_the_accuracy_holds() -> None:
    run = peers("--shape", "16,500,64", "--accuracy")
    assert "16, 500, 64" in run.stdout, run.stderr
    assert run.returncode == ("DOES NOT HOLD" in run.stdout)


def test_peak_memory() -> None:
    run = peers("--shape", "16,5000,64", "--memory")
    assert run.returncode == 0, run.stderr
    assert [line.split()[0] for line in run.stdout.splitlines() if line.endswith("MiB")] == ["hopfield", "NumPy"]


def test_layers_beside_numpy() -> None:
    sizes = ["--lookup", "5,300", "--pooling", "2,40", "--association", "2,9"]
    program = [sys.executable, str(BENCHES / "layer_peers.py"), "--rounds", "1", "--markdown", *sizes]
    run = subprocess.run(program, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    rows = [line for line in run.stdout.splitlines() if line.startswith("|")]
    assert rows[0] == "| work | hopfield | others |"
    assert [row.split()[1] for row in rows[2:]] == ["lookup", "pooling", "association"]
    assert all(row.count(" ms") == 2 and "NumPy" in row for row in rows[2:])


@pytest.fixture
def contest(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(BENCHES))
    return importlib.import_module("rivals.contest")


def fake(answer: np.ndarray[Any, Any], *, finds_nearest: bool = False) -> Any:
    library = SimpleNamespace(finds_nearest=finds_nearest)
    return SimpleNamespace(title="fake", dtype="float32", library=library, answer=lambda: answer)


def test_an_answer_under_another_beta_is_refused(contest: Any) -> None:
    problem = contest.Problem(contest.Shape(4, 200, 16))
    truth = contest.Truth.of(problem)
    patterns, queries = problem.arrays()

    def answer(beta: float) -> np.ndarray[Any, Any]:
        weights = np.exp(beta * queries @ patterns.T)
        mean: np.ndarray[Any, Any] = weights @ patterns / weights.sum(axis=1, keepdims=True)
        return mean.astype(np.float32)

    right = answer(problem.beta)
    rms, largest = contest.errors(fake(right), truth, problem)
    assert 0 < rms < largest < 1e-5
    for wrong in (answer(1.01 * problem.beta), right * np.float32("nan"), right[::-1]):
        with pytest.raises(RuntimeError, match="another answer"):
            contest.errors(fake(wrong), truth, problem)


def test_a_pattern_that_is_not_the_nearest_is_refused(contest: Any) -> None:
    problem = contest.Problem(contest.Shape(4, 200, 16))
    truth = contest.Truth.of(problem)
    patterns, queries = problem.arrays()
    order = np.argsort(queries @ patterns.T, axis=1)
    assert contest.errors(fake(order[:, -1], finds_nearest=True), truth, problem) is None
    with pytest.raises(RuntimeError, match="nearest"):
        contest.errors(fake(order[:, -2], finds_nearest=True), truth, problem)
