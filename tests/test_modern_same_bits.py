"""The same bits: for any number of threads, any batch, any part of it, and whichever method says them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import hopfield as hf
from strategies_modern import FLOATS, Problem, problems
from tolerance import Array

THREADS = (1, 2, 3, 5, 8)
FIELDS = [field.name for field in dataclasses.fields(hf.Retrieval)]

# Many queries and few, one chunk of the memory and many, all kernels: lanes of 4, 8 and 16, rows of 1 to 8.
SIZES = [
    (1, 3, 5),
    (1, 9000, 33),
    (2, 700, 768),
    (3, 20_000, 8),
    (2, 150_000, 3),
    (8, 5000, 65),
    (13, 1500, 64),
    (40, 3000, 20),
    (150, 600, 130),
    (700, 1100, 17),
]


@pytest.fixture(autouse=True)
def default_threads() -> Iterator[None]:
    yield
    hf.set_num_threads(None)


def draw(m: int, k: int, d: int, dtype: str) -> tuple[hf.ModernHopfield, Array]:
    rng = np.random.default_rng([m, k, d])
    patterns = rng.standard_normal((k, d)).astype(dtype)
    values = rng.standard_normal((k, 1 + d % 7)).astype(dtype)
    queries = (patterns[rng.integers(0, k, m)] + rng.standard_normal((m, d))).astype(dtype)
    return hf.ModernHopfield(patterns, values=values, beta=float(2 / np.sqrt(d))), queries


def bits(found: hf.Retrieval, part: slice | int = slice(None)) -> dict[str, bytes]:
    """Each field of a result, or of a part of it, as it lies in memory."""
    entries = {name: getattr(found, name) for name in FIELDS}
    if found.trace is not None:
        # A part that settles sooner has a shorter trace.
        rows = np.atleast_2d(entries.pop("trace")[part])
        entries["trace"] = rows[:, : int(np.max(found.n_steps[part])) + 1]
    return {
        name: np.ascontiguousarray(entry[part] if name != "trace" else entry).tobytes()
        for name, entry in entries.items()
        if entry is not None
    }


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize(("m", "k", "d"), SIZES)
def test_any_number_of_threads(m: int, k: int, d: int, dtype: str) -> None:
    memory, queries = draw(m, k, d, dtype)
    mask = np.random.default_rng(0).random(k) < 0.9
    step = memory.step(queries, n_threads=1)
    masked = memory.step(queries, mask=mask, n_threads=1)
    found = bits(memory.retrieve(queries, max_steps=3, trace=True, n_threads=1))
    for threads in THREADS[1:]:
        assert np.array_equal(memory.step(queries, n_threads=threads), step), threads
        assert np.array_equal(memory.step(queries, mask=mask, n_threads=threads), masked), threads
        again = memory.retrieve(queries, max_steps=3, trace=True, n_threads=threads)
        assert bits(again) == found, threads


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize(("m", "k", "d"), SIZES)
def test_any_default_number_of_threads(m: int, k: int, d: int, dtype: str) -> None:
    memory, queries = draw(m, k, d, dtype)

    def everything() -> list[bytes]:
        few = queries[:20]
        associated = few if k < 10_000 else few[:1]
        weights, indices = memory.association(associated, top=min(k, 40))
        diagnosis = memory.diagnose(associated)
        arrays = [memory.energy(queries), memory.association(associated), weights, indices, diagnosis.entropy]
        arrays += [diagnosis.participation, diagnosis.size]
        arrays += [hf.attention(few, memory.patterns, memory.patterns)]
        by_weights = memory.retrieve(few[:5], criterion="association", max_steps=2, tol=0.0)
        return [array.tobytes() for array in arrays] + list(bits(by_weights).values())

    hf.set_num_threads(1)
    alone = everything()
    for threads in THREADS[1:]:
        hf.set_num_threads(threads)
        assert everything() == alone, threads


@pytest.mark.parametrize("threads", THREADS)
def test_calibration_with_any_number_of_threads(threads: int) -> None:
    patterns = np.random.default_rng(0).choice([-1.0, 1.0], (2500, 40)).astype(np.float32)
    hf.set_num_threads(1)
    alone = hf.suggest_beta(patterns)
    hf.set_num_threads(threads)
    assert hf.suggest_beta(patterns) == alone


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("k", [5, 700])
def test_any_part_of_a_batch(dtype: str, k: int) -> None:
    memory, queries = draw(90, k, 20, dtype)
    rng = np.random.default_rng(1)
    mask, known = rng.random((90, k)) < 0.8, rng.random((90, 20)) < 0.8
    options: dict[str, Any] = {"max_steps": 5, "trace": True, "clamp": True}
    whole = memory.retrieve(queries, mask=mask, known=known, **options)
    steps = memory.step(queries, mask=mask, known=known)
    # Every size of a batch that has a shape of its own, at every offset in a vector.
    parts = [slice(start, start + size) for size in [*range(1, 35), 50, 64, 89] for start in (0, 1, 90 - size)]
    for part in parts:
        rows: dict[str, Any] = {"mask": mask[part], "known": known[part]}
        assert bits(memory.retrieve(queries[part], **rows, **options)) == bits(whole, part), part
        assert np.array_equal(memory.step(queries[part], **rows), steps[part]), part
    for query in range(90):
        alone = memory.retrieve(queries[query], mask=mask[query], known=known[query], **options)
        for name in FIELDS[:-1]:
            assert np.array_equal(getattr(alone, name), getattr(whole, name)[query]), name
    shuffled = rng.permutation(90)
    again = memory.retrieve(queries[shuffled], mask=mask[shuffled], known=known[shuffled], **options)
    for name in FIELDS[:-1]:
        assert np.array_equal(getattr(again, name), getattr(whole, name)[shuffled]), name


@pytest.mark.parametrize("dtype", FLOATS)
def test_any_part_of_a_batch_of_the_other_methods(dtype: str) -> None:
    memory, queries = draw(40, 700, 20, dtype)
    energies, weights = memory.energy(queries), memory.association(queries)
    largest, indices = memory.association(queries, top=9)
    diagnosis = memory.diagnose(queries)
    by_weights = memory.retrieve(queries, criterion="association", max_steps=4)
    for size in (1, 2, 3, 7, 8, 9, 15, 16, 17, 33):
        for start in (0, 1, 40 - size):
            part = slice(start, start + size)
            assert np.array_equal(memory.energy(queries[part]), energies[part])
            assert np.array_equal(memory.association(queries[part]), weights[part])
            some, of = memory.association(queries[part], top=9)
            assert np.array_equal(some, largest[part])
            assert np.array_equal(of, indices[part])
            assert np.array_equal(memory.diagnose(queries[part]).entropy, diagnosis.entropy[part])
            again = memory.retrieve(queries[part], criterion="association", max_steps=4)
            assert bits(again) == bits(by_weights, part)


def test_the_same_query_many_times_in_a_batch() -> None:
    memory, queries = draw(1, 900, 33, "float32")
    step, energy = memory.step(queries[0]), memory.energy(queries[0])
    for copies in range(1, 70):
        batch = np.broadcast_to(queries[0], (copies, 33))
        assert np.all(memory.step(batch) == step)
        assert np.all(memory.energy(batch) == energy)


@given(problems(max_work=800), st.sampled_from(["state", "association"]))
def test_one_thing_said_in_two_ways(problem: Problem, criterion: str) -> None:
    memory = problem.memory()
    found = memory.retrieve(problem.queries, criterion=criterion, max_steps=4)
    assert np.array_equal(found.energy, memory.energy(found.states))
    assert np.array_equal(found.output, memory.step(found.states) if problem.values is not None else found.states)
    weights, indices = memory.association(found.states, top=1)
    assert np.array_equal(found.weight, weights[:, 0])
    assert np.array_equal(found.pattern, indices[:, 0])
    one = hf.ModernHopfield(problem.patterns, beta=problem.beta)
    once = one.retrieve(problem.queries, mask=problem.mask, max_steps=1)
    some = np.ones(len(problem.queries), bool) if problem.mask is None else np.atleast_2d(problem.mask).any(axis=1)
    some = np.broadcast_to(some, len(problem.queries))
    assert np.array_equal(once.states[some], one.step(problem.queries, mask=problem.mask)[some])
    # A mask of True for all is no mask.
    everybody = np.ones(len(problem.patterns), bool)
    assert np.array_equal(memory.step(problem.queries, mask=everybody), memory.step(problem.queries))
    for whole in (np.ones(problem.queries.shape, bool), np.ones(problem.queries.shape[1], bool)):
        assert bits(memory.retrieve(problem.queries, known=whole, criterion=criterion, max_steps=4)) == bits(found)


def test_runs_repeat_themselves() -> None:
    memory, queries = draw(60, 5000, 40, "float32")
    first = bits(memory.retrieve(queries, max_steps=5, n_threads=4))
    for _ in range(10):
        assert bits(memory.retrieve(queries, max_steps=5, n_threads=4)) == first
