"""`attention`: one update with keys for patterns, over any leading batch axes; against the oracle."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import hopfield as hf
import tolerance
from hopfield.errors import InputTypeError, InvalidInputError
from layouts import LAYOUTS, laid_out
from oracle import modern as oracle
from strategies_modern import FLOATS, layouts, lists
from tolerance import Array, worst


def assert_is_attention(
    found: Array, queries: Array, keys: Array, values: Array, beta: float | None, mask: Array | None = None
) -> None:
    """Each problem of the broadcast batch by the oracle."""
    batches = [array.shape[:-2] for array in (queries, keys, values)] + ([] if mask is None else [mask.shape[:-2]])
    batch = np.broadcast_shapes(*batches)
    m, d = queries.shape[-2:]
    assert found.shape == (*batch, m, values.shape[-1])
    dtype = found.dtype
    spread = [np.broadcast_to(array, (*batch, *array.shape[-2:])) for array in (queries, keys, values)]
    allowed = None if mask is None else np.broadcast_to(mask, (*batch, m, keys.shape[-2]))
    for at in itertools.product(*map(range, batch)):
        q, x, v = (array[at].astype(dtype) for array in spread)
        rows = None if allowed is None else allowed[at]
        expected = oracle.attention(lists(q), lists(x), lists(v), beta=beta, mask=lists(rows))
        for query in range(m):
            bounds = tolerance.Problem(
                x,
                1 / math.sqrt(d) if beta is None else beta,
                q[query],
                dtype=dtype,
                values=v,
                mask=None if rows is None else rows[query],
            )
            assert worst(found[at][query], expected[query], bounds.step()) <= 1


shapes = hnp.mutually_broadcastable_shapes(num_shapes=4, max_dims=2, max_side=3)
sizes = st.tuples(st.integers(1, 4), st.integers(1, 9), st.integers(1, 9), st.integers(1, 5))


@given(
    shapes,
    sizes,
    st.sampled_from(FLOATS),
    st.sampled_from([None, 0.5, 20.0]),
    st.booleans(),
    st.lists(layouts, min_size=4, max_size=4),
    st.integers(0, 2**32),
)
def test_attention_is_that_of_the_oracle(
    batches: hnp.BroadcastableShapes,
    size: tuple[int, int, int, int],
    dtype: str,
    beta: float | None,
    masked: bool,
    chosen: list[str],
    seed: int,
) -> None:
    rng = np.random.default_rng(seed)
    m, k, d, dv = size
    first, second, third, fourth = batches.input_shapes
    queries = rng.standard_normal((*first, m, d)).astype(dtype)
    keys = rng.standard_normal((*second, k, d)).astype(dtype)
    values = rng.standard_normal((*third, k, dv)).astype(dtype)
    mask = rng.random((*fourth, m, k)) < 0.7 if masked else None
    arrays = [laid_out(array, layout) for array, layout in zip((queries, keys, values), chosen, strict=False)]
    allowed = None if mask is None else laid_out(mask, chosen[3])
    found = hf.attention(*arrays, beta=beta, mask=allowed)
    assert found.dtype == dtype
    assert_is_attention(found, queries, keys, values, beta, mask)


@pytest.mark.parametrize("dtype", FLOATS)
def test_attention_is_a_step_with_values(dtype: str) -> None:
    rng = np.random.default_rng(0)
    for m, k, d, dv in [(1, 1, 1, 1), (3, 600, 20, 7), (70, 130, 65, 33)]:
        queries, keys, values = (rng.standard_normal(shape).astype(dtype) for shape in ((m, d), (k, d), (k, dv)))
        mask = rng.random((m, k)) < 0.8
        memory = hf.ModernHopfield(keys, values=values, beta=1 / math.sqrt(d))
        assert np.array_equal(hf.attention(queries, keys, values), memory.step(queries))
        masked = hf.attention(queries, keys, values, mask=mask)
        assert np.array_equal(masked, memory.step(queries, mask=mask))


def test_a_problem_is_the_same_alone_and_in_a_batch() -> None:
    rng = np.random.default_rng(1)
    queries, keys, values = (rng.standard_normal((4, 3, n, 8)) for n in (5, 40, 40))
    together = hf.attention(queries, keys, values)
    for at in np.ndindex(4, 3):
        assert np.array_equal(together[at], hf.attention(queries[at], keys[at], values[at]))


@pytest.mark.parametrize(
    ("shape", "means"),
    [
        ((7,), "each query the same"),
        ((4, 1), "each key the same"),
        ((4, 7), "one table"),
        ((), "all or none"),
    ],
)
def test_a_mask_broadcasts_over_queries_and_keys(shape: tuple[int, ...], means: str) -> None:
    rng = np.random.default_rng(2)
    queries, keys = rng.standard_normal((2, 4, 3)), rng.standard_normal((2, 7, 3))
    mask = rng.random(shape) < 0.5
    found = hf.attention(queries, keys, keys, mask=mask)
    full = np.broadcast_to(mask, (2, 4, 7))
    assert np.array_equal(found, hf.attention(queries, keys, keys, mask=full)), means


def test_a_query_without_keys_gets_zeros() -> None:
    mask = np.array([[True, True], [False, False]])
    found = hf.attention(np.ones((2, 3)), np.ones((2, 3)), np.ones((2, 4)), mask=mask)
    assert found.tolist() == [[1] * 4, [0] * 4]


@pytest.mark.parametrize(
    ("given", "computed"),
    [
        (("float32", "float32", "float32"), "float32"),
        (("float32", "float64", "float32"), "float64"),
        (("float16", "int8", "bool"), "float32"),
        (("int32", "float32", "float32"), "float64"),
        (("int64", "int64", "int64"), "float64"),
        ((">f4", "<f4", "=f4"), "float32"),
        (("longdouble", "float32", "float32"), "float64"),
    ],
)
def test_the_widest_dtype_decides(given: tuple[str, str, str], computed: str) -> None:
    queries, keys, values = (np.eye(3).astype(dtype) for dtype in given)
    assert hf.attention(queries, keys, values).dtype == computed


@pytest.mark.parametrize("layout", sorted(LAYOUTS))
def test_an_empty_batch_of_problems_gives_an_empty_result(layout: str) -> None:
    queries = laid_out(np.zeros((0, 2, 3)), layout)
    assert hf.attention(queries, np.ones((4, 3)), np.ones((4, 5))).shape == (0, 2, 5)
    assert hf.attention(np.ones((2, 3)), np.ones((0, 4, 3)), np.ones((4, 5))).shape == (0, 2, 5)


EMPTY: list[tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]] = [
    ((0, 3), (4, 3), (4, 5)),
    ((2, 3), (0, 3), (0, 5)),
    ((2, 3), (4, 3), (4, 0)),
    ((7, 0, 3), (4, 3), (4, 5)),
    ((0, 3), (0, 3), (0, 0)),
    ((6, 2, 3), (6, 0, 3), (0, 5)),
    ((0, 2, 3), (0, 3), (0, 5)),
    ((2, 0, 2, 3), (2, 1, 4, 3), (4, 0)),
]


@pytest.mark.parametrize(("queries", "keys", "values"), EMPTY)
def test_without_queries_keys_or_columns_the_result_is_empty_or_zero(
    queries: tuple[int, ...], keys: tuple[int, ...], values: tuple[int, ...]
) -> None:
    for mask in (None, np.ones((queries[-2], keys[-2]), bool)):
        found = hf.attention(np.ones(queries), np.ones(keys), np.ones(values), mask=mask)
        assert found.shape == (*queries[:-1], values[-1])
        assert not found.any()


BAD: list[tuple[Any, Any, Any, dict[str, Any], type[Exception], str]] = [
    (np.ones(3), np.eye(3), np.eye(3), {}, InvalidInputError, "`queries` must have at least 2 axes"),
    (np.eye(3), np.ones(3), np.eye(3), {}, InvalidInputError, "`keys` must have at least 2 axes"),
    (np.eye(3), np.eye(3), 1.0, {}, InvalidInputError, "`values` must have at least 2 axes"),
    (
        np.ones((2, 0)),
        np.ones((4, 0)),
        np.ones((4, 5)),
        {},
        InvalidInputError,
        r"`queries` must have at least one column; got shape \(2, 0\)",
    ),
    (np.eye(2), np.eye(3), np.eye(3), {}, InvalidInputError, "`keys` must have shape"),
    (np.eye(3), np.eye(3), np.eye(2), {}, InvalidInputError, "`values` must have shape"),
    (np.ones((2, 3, 3)), np.ones((4, 3, 3)), np.eye(3), {}, InvalidInputError, "leading axes must broadcast"),
    (np.eye(3) * 1j, np.eye(3), np.eye(3), {}, InputTypeError, "`queries` must hold real numbers"),
    (np.eye(3), np.ma.masked_array(np.eye(3)), np.eye(3), {}, InputTypeError, "`keys` must not be a masked"),
    (
        np.eye(3),
        np.eye(3),
        np.full((3, 3), np.nan),
        {},
        InvalidInputError,
        "`values` must be finite; got NaN",
    ),
    (
        np.full((3, 3), np.inf),
        np.eye(3),
        np.eye(3),
        {},
        InvalidInputError,
        "`queries` must be finite; got inf",
    ),
    (np.eye(3), np.eye(3), np.eye(3), {"beta": 0}, InvalidInputError, "`beta` must be positive and finite"),
    (np.eye(3), np.eye(3), np.eye(3), {"beta": "1"}, InputTypeError, "`beta` must be a real number"),
    (np.eye(3), np.eye(3), np.eye(3), {"mask": np.eye(3)}, InputTypeError, "`mask` must hold booleans"),
    (np.eye(3), np.eye(3), np.eye(3), {"mask": [True, False]}, InvalidInputError, "`mask` must have shape"),
    (np.eye(3), np.eye(3), np.eye(3), {"separation": "x"}, InvalidInputError, "`separation` must be one of"),
    (np.eye(3) * 1e20, np.eye(3), np.eye(3), {"beta": 1}, InvalidInputError, "`beta` times the scores of"),
]


@pytest.mark.parametrize(("queries", "keys", "values", "options", "error", "message"), BAD)
def test_what_does_not_fit_is_refused(
    queries: Any, keys: Any, values: Any, options: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        hf.attention(queries, keys, values, **options)


def test_nothing_of_the_caller_is_changed() -> None:
    queries, keys, values, mask = np.eye(3), np.ones((2, 3, 3)), np.ones((3, 2)), np.ones((3, 3), bool)
    arrays = (queries, keys, values, mask)
    before = [array.tobytes() for array in arrays]
    hf.attention(queries, keys, values, mask=mask)[...] = 9
    assert [array.tobytes() for array in arrays] == before
    assert all(array.flags.writeable for array in arrays)
