"""What a memory keeps: its own copy or a borrowed array, more patterns, fewer patterns, its dtype."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import hopfield as hf
from hopfield.errors import InputTypeError, InvalidInputError
from layouts import LAYOUTS, laid_out
from strategies_modern import FLOATS, Problem, layouts, problems
from tolerance import Array


def answers(memory: hf.ModernHopfield, queries: Array) -> list[bytes]:
    """The bits of all that a memory can say about queries."""
    found = memory.retrieve(queries, max_steps=4)
    weights, indices = memory.association(queries, top=len(memory))
    arrays = [memory.step(queries), found.states, found.output, found.energy, found.weight, weights, indices]
    return [array.tobytes() for array in arrays] + [memory.energy(queries).tobytes()]


@given(problems(with_mask=False, max_work=600), st.data())
def test_adding_equals_storing_at_once(problem: Problem, data: st.DataObject) -> None:
    k = len(problem.patterns)
    cuts = sorted(data.draw(st.lists(st.integers(1, k), max_size=3)))
    edges = [cuts[0] if cuts else k, *cuts[1:], k]
    first = slice(0, edges[0])
    memory = hf.ModernHopfield(
        problem.patterns[first],
        values=None if problem.values is None else problem.values[first],
        beta=problem.beta,
    )
    for start, stop in pairwise(edges):
        more = laid_out(problem.patterns[start:stop], data.draw(layouts))
        values = None if problem.values is None else laid_out(problem.values[start:stop], data.draw(layouts))
        assert memory.add(more, values) is memory
    assert len(memory) == k
    assert np.array_equal(memory.patterns, problem.patterns)
    assert answers(memory, problem.queries) == answers(problem.memory(), problem.queries)


@given(problems(with_mask=False, max_work=600), st.data())
def test_removing_equals_never_having_stored(problem: Problem, data: st.DataObject) -> None:
    k = len(problem.patterns)
    indices = data.draw(st.lists(st.integers(0, k - 1), max_size=6).filter(lambda gone: len(set(gone)) < k))
    memory = problem.memory().remove(np.array(indices, data.draw(st.sampled_from(["i1", "u2", ">i4", "i8"]))))
    kept = np.setdiff1d(np.arange(k), indices)
    values = None if problem.values is None else problem.values[kept]
    fresh = hf.ModernHopfield(problem.patterns[kept], values=values, beta=problem.beta)
    assert np.array_equal(memory.patterns, fresh.patterns)
    assert answers(memory, problem.queries) == answers(fresh, problem.queries)


def test_a_calibrated_beta_follows_the_patterns() -> None:
    rng = np.random.default_rng(0)
    patterns = rng.standard_normal((30, 20))
    memory = hf.ModernHopfield(patterns[:10])
    assert memory.beta == hf.suggest_beta(patterns[:10])
    memory.add(patterns[10:])
    assert memory.beta == hf.suggest_beta(patterns)
    assert memory.beta != hf.suggest_beta(patterns[:10])
    memory.remove(list(range(5)))
    assert memory.beta == hf.suggest_beta(patterns[5:])
    given_beta = hf.ModernHopfield(patterns[:10], beta=0.75).add(patterns[10:]).remove(0)
    assert given_beta.beta == 0.75


def test_one_pattern_can_be_added_as_a_vector() -> None:
    memory = hf.ModernHopfield([1.0, 2.0], values=[[1.0, 2.0, 3.0]], beta=1.0)
    assert memory.patterns.shape == (1, 2)
    memory.add([3.0, 4.0], [4.0, 5.0, 6.0])
    assert memory.patterns.tolist() == [[1, 2], [3, 4]]
    assert memory.values is not None
    assert memory.values.tolist() == [[1, 2, 3], [4, 5, 6]]
    assert memory.remove(0).patterns.tolist() == [[3, 4]]


def test_what_a_memory_says_of_itself() -> None:
    memory = hf.ModernHopfield(np.eye(3, dtype=np.float32), values=np.ones((3, 2)))
    assert len(memory) == 3
    assert repr(memory) == "ModernHopfield(3 patterns of 3, float32, beta calibrated at first use)"
    memory.step(np.zeros(3))
    assert repr(memory) == "ModernHopfield(3 patterns of 3, float32, beta 8.29405)"
    assert hf.ModernHopfield(np.eye(3)).values is None


BAD: list[tuple[str, tuple[Any, ...]]] = [
    ("add", ([1.0, 2.0],)),
    ("add", ([1.0, 2.0, np.nan], [1.0])),
    ("add", ([1.0, 2.0, 3.0],)),
    ("add", ([1.0, 2.0, 3.0], [[1.0, 2.0]])),
    ("add", ([1.0, 2.0, 3.0], [[1.0], [2.0]])),
    ("add", ([1.0, 2.0, 3.0], [np.inf])),
    ("add", (np.zeros((2, 2, 3)), [1.0])),
    ("remove", ([3],)),
    ("remove", ([-1],)),
    ("remove", ([0, 1, 2],)),
    ("remove", ([0.0],)),
    ("remove", ([True, False, False],)),
    ("remove", ("first",)),
]


@pytest.mark.parametrize(("method", "arguments"), BAD)
@pytest.mark.parametrize("beta", [2.0, None])
def test_what_is_refused_changes_nothing(method: str, arguments: tuple[Any, ...], beta: float | None) -> None:
    memory = hf.ModernHopfield(np.eye(3), values=[[1.0], [2.0], [3.0]], beta=beta)
    before, patterns, values = answers(memory, np.eye(3)), memory.patterns, memory.values
    assert values is not None
    with pytest.raises((InvalidInputError, InputTypeError)):
        getattr(memory, method)(*arguments)
    assert np.shares_memory(memory.patterns, patterns)
    assert memory.values is not None
    assert np.shares_memory(memory.values, values)
    assert answers(memory, np.eye(3)) == before


def test_a_pattern_out_of_reach_is_refused_before_it_is_stored() -> None:
    memory = hf.ModernHopfield(np.eye(3), beta=2.0)
    before = answers(memory, np.eye(3))
    with pytest.raises(InvalidInputError, match="`beta` times the scores of `patterns`"):
        memory.add([1e30, 0.0, 0.0])
    assert answers(memory, np.eye(3)) == before


# Whose arrays


@pytest.mark.parametrize("layout", sorted(LAYOUTS))
@pytest.mark.parametrize("dtype", [*FLOATS, "int16", "bool"])
def test_a_memory_keeps_a_copy_of_its_own(layout: str, dtype: str) -> None:
    patterns = laid_out(np.eye(3).astype(dtype), layout)
    values = laid_out(np.eye(3).astype(dtype), layout)
    memory = hf.ModernHopfield(patterns, values=values, beta=2.0)
    assert memory.values is not None
    for mine in (memory.patterns, memory.values):
        assert mine.flags.c_contiguous
        assert mine.flags.aligned
        assert mine.dtype.isnative
        assert not mine.flags.writeable
        assert not np.may_share_memory(mine, patterns)
        assert not np.may_share_memory(mine, values)
    before = answers(memory, np.eye(3))
    if layout != "read-only":
        assert patterns.flags.writeable
        patterns[...], values[...] = 0, 0
    assert answers(memory, np.eye(3)) == before


@pytest.mark.parametrize(
    "given",
    [
        np.eye(3),
        np.eye(3).tolist(),
        np.eye(3)[0],
        [1.0, 0.0, 0.0],
        np.eye(3, dtype=np.int8),
        *(laid_out(np.eye(3), layout) for layout in ("read-only", "swapped", "padded")),
    ],
    ids=lambda given: type(given).__name__,
)
@pytest.mark.parametrize("how", ["stored", "added", "removed", "borrowed"])
def test_nobody_can_write_to_what_is_stored(given: Any, how: str) -> None:
    rows = np.atleast_2d(np.array(given))
    if how == "borrowed":
        rows = rows.astype(np.float64)
        memory = hf.ModernHopfield(rows, values=rows.copy(), beta=2.0, copy=False)
    else:
        memory = hf.ModernHopfield(given, values=rows, beta=2.0)
    if how == "added":
        memory.add(given, given)
    if how == "removed":
        memory.add(given, given).remove([0])
    before = answers(memory, np.eye(3))
    for shown in (memory.patterns, memory.values):
        assert shown is not None
        assert not shown.flags.writeable
        with pytest.raises(ValueError, match="WRITEABLE"):
            shown.flags.writeable = True
        with pytest.raises(ValueError, match="read-only"):
            shown[0, 0] = 7
    assert answers(memory, np.eye(3)) == before


def test_what_comes_back_belongs_to_the_caller() -> None:
    memory = hf.ModernHopfield(np.eye(3), values=np.eye(3), beta=2.0)
    queries = np.eye(3)
    found = memory.retrieve(queries, trace=True)
    results = [memory.step(queries), memory.association(queries), *memory.association(queries, top=2)]
    results += [getattr(found, name) for name in ("states", "output", "energy", "pattern", "trace")]
    before = answers(memory, queries)
    for result in results:
        assert result.flags.writeable
        result[...] = 7
    assert answers(memory, queries) == before
    assert np.array_equal(queries, np.eye(3))


@given(problems(with_known=True, max_work=300))
def test_nothing_of_the_caller_is_changed(problem: Problem) -> None:
    arrays = [problem.patterns, problem.queries, problem.values, problem.mask, problem.known]
    before = [None if array is None else array.tobytes() for array in arrays]
    memory = problem.memory()
    memory.step(problem.queries, mask=problem.mask, known=problem.known)
    clamp = problem.known is not None
    memory.retrieve(problem.queries, mask=problem.mask, known=problem.known, clamp=clamp, max_steps=5)
    memory.association(problem.queries)
    memory.energy(problem.queries)
    memory.diagnose(problem.queries)
    memory.add(problem.patterns, problem.values).remove(0)
    assert [None if array is None else array.tobytes() for array in arrays] == before
    assert all(array is None or array.flags.writeable for array in arrays)


@pytest.mark.parametrize("dtype", FLOATS)
def test_a_borrowed_array_is_used_as_it_is_and_kept_from_writing(dtype: str) -> None:
    patterns, values = np.eye(3, dtype=dtype), np.ones((3, 2), dtype)
    owned = hf.ModernHopfield(patterns, values=values, beta=2.0)
    memory = hf.ModernHopfield(patterns, values=values, beta=2.0, copy=False)
    assert memory.patterns.base is patterns
    assert memory.values is not None
    assert memory.values.base is values
    assert answers(memory, np.eye(3)) == answers(owned, np.eye(3))
    for array in (patterns, values):
        assert not array.flags.writeable
        with pytest.raises(ValueError, match="read-only"):
            array[0, 0] = 5
    # What is stored later is stored in an array of the memory's own.
    memory.add(np.ones((1, 3)), np.ones((1, 2)))
    assert not np.shares_memory(memory.patterns, patterns)
    assert len(patterns) == 3
    assert not patterns.flags.writeable


def test_a_borrowed_array_lives_as_long_as_its_memory() -> None:
    patterns = np.eye(50).view()
    alive = weakref.ref(patterns)
    memory = hf.ModernHopfield(patterns, copy=False, beta=1.0)
    before = answers(memory, np.eye(50))
    del patterns
    gc.collect()
    assert answers(memory, np.eye(50)) == before
    assert alive() is not None
    del memory
    gc.collect()
    assert alive() is None


@pytest.mark.parametrize(
    "given",
    [
        *(laid_out(np.eye(3), name) for name in sorted(LAYOUTS) if name not in ("contiguous", "read-only")),
        np.eye(3).tolist(),
        np.eye(3, dtype=np.int64),
        np.eye(3, dtype=np.float16),
        np.ones(3),
    ],
    ids=lambda given: f"{type(given).__name__}",
)
def test_what_cannot_be_borrowed_is_refused(given: Any) -> None:
    with pytest.raises(InvalidInputError, match=r"`patterns` must be a C-contiguous aligned array"):
        hf.ModernHopfield(given, copy=False, beta=1.0)
    with pytest.raises(InvalidInputError, match=r"`values` must be a C-contiguous aligned array"):
        hf.ModernHopfield(np.eye(3), values=given, copy=False, beta=1.0)
    if isinstance(given, np.ndarray):
        assert given.flags.writeable


@pytest.mark.parametrize(
    ("patterns", "more"),
    [
        (np.full((2, 2), np.nan), {}),
        (np.eye(2), {"beta": -1.0}),
        (np.eye(2), {"values": np.full((2, 1), np.inf)}),
        (np.eye(2), {"values": np.ones((3, 1))}),
        (np.eye(2) * 1e10, {"beta": 1.0}),
        (np.zeros((0, 2)), {}),
    ],
)
def test_a_refused_array_stays_writeable(patterns: Array, more: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError):
        hf.ModernHopfield(patterns, copy=False, **more)
    assert patterns.flags.writeable
    assert "values" not in more or more["values"].flags.writeable


def test_a_read_only_array_can_be_borrowed() -> None:
    patterns = laid_out(np.eye(3), "read-only")
    memory = hf.ModernHopfield(patterns, copy=False, beta=1.0)
    assert memory.patterns.base is patterns
    assert answers(memory, np.eye(3)) == answers(hf.ModernHopfield(np.eye(3), beta=1.0), np.eye(3))


# Dtypes


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        *((name, "float32") for name in ("bool", "int8", "uint8", "int16", "uint16", "float16", "float32")),
        *((name, "float64") for name in ("int32", "uint32", "int64", "uint64", "float64", "longdouble")),
    ],
)
def test_small_types_are_computed_in_single_precision(given: str, kept: str) -> None:
    memory = hf.ModernHopfield(np.eye(3).astype(given), values=np.ones((3, 1), np.int64))
    assert memory.patterns.dtype == kept
    assert memory.values is not None
    assert memory.values.dtype == kept
    queries = np.eye(3)
    assert memory.step(queries).dtype == memory.association(queries).dtype == kept
    assert memory.retrieve(queries).states.dtype == kept
    assert str(np.dtype(kept)) in repr(memory)


@pytest.mark.parametrize("dtype", ["float32", "float64", np.float32, np.dtype("f8"), float, "f4"])
def test_a_dtype_can_be_asked_for(dtype: Any) -> None:
    rng = np.random.default_rng(0)
    patterns = rng.standard_normal((5, 4))
    memory = hf.ModernHopfield(patterns, dtype=dtype, beta=1.0)
    assert memory.patterns.dtype == np.dtype(dtype)
    assert np.array_equal(memory.patterns, patterns.astype(dtype))


def test_queries_are_rounded_to_the_dtype_of_the_memory() -> None:
    rng = np.random.default_rng(0)
    patterns, queries = rng.standard_normal((5, 4)).astype(np.float32), rng.standard_normal((3, 4))
    memory = hf.ModernHopfield(patterns, beta=1.0)
    assert answers(memory, queries) == answers(memory, queries.astype(np.float32))


# Narrower dtypes


ASK: dict[str, Callable[[hf.ModernHopfield, Any], object]] = {
    "step": lambda memory, queries: memory.step(queries),
    "retrieve": lambda memory, queries: memory.retrieve(queries),
    "association": lambda memory, queries: memory.association(queries),
    "energy": lambda memory, states: memory.energy(states),
    "diagnose": lambda memory, states: memory.diagnose(states),
    "add": lambda memory, patterns: memory.add(patterns),
}


@pytest.mark.parametrize("name", ASK)
def test_a_number_too_large_for_the_memory_is_named_as_it_came(name: str) -> None:
    argument = {"energy": "states", "diagnose": "states", "add": "patterns"}.get(name, "queries")
    memory = hf.ModernHopfield(np.eye(3, dtype=np.float32), beta=2.0)
    with pytest.raises(InvalidInputError) as caught:
        ASK[name](memory, [[0.0, 0.0, 0.0], [0.0, -1e100, 0.0]])
    assert str(caught.value) == (
        f"`{argument}` must fit float32, the dtype of the memory; got -1e+100 at row 1, column 1 "
        '(scale the data, or use dtype="float64")'
    )
    with pytest.raises(InvalidInputError, match=f"`{argument}` must be finite; got inf at row"):
        ASK[name](memory, [0.0, 0.0, np.inf])


def test_a_pattern_too_large_for_the_dtype_asked_for_is_named_as_it_came() -> None:
    with pytest.raises(InvalidInputError, match=r"`patterns` must fit float32, .*; got 1e\+100 at row 0, column 1"):
        hf.ModernHopfield([[1.0, 1e100]], dtype="float32")
    with pytest.raises(InvalidInputError, match=r"`values` must fit float32, .*; got 1e\+100 at row 1, column 0"):
        hf.ModernHopfield(np.eye(2), values=[[1.0], [1e100]], dtype="float32")


def test_what_is_not_read_may_be_too_large_for_the_dtype() -> None:
    memory = hf.ModernHopfield(np.eye(3, dtype=np.float32), beta=2.0)
    known = [True, True, False]
    most = float(np.finfo(np.float32).max)
    assert np.array_equal(memory.step([1.0, 0.0, most], known=known), memory.step([1.0, 0.0, np.nan], known=known))
    assert np.array_equal(memory.step([1.0, 0.0, 1e100], known=known), memory.step([1.0, 0.0, np.nan], known=known))
    with pytest.raises(InvalidInputError, match=r"got 1e\+100 at row 0, column 0"):
        memory.step([1e100, 0.0, 0.0], known=known)


def test_queries_of_another_width_are_refused_whatever_is_known() -> None:
    memory = hf.ModernHopfield(np.eye(3, dtype=np.float32), beta=2.0)
    for known in (np.ones(3, bool), np.ones((2, 3), bool)):
        for query in (1.0, 1e100):
            with pytest.raises(InvalidInputError, match=r"`queries` must"):
                memory.retrieve(np.full((2, 4), query), known=known)
