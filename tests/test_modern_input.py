"""Every dtype, layout and rank gives the right answer or a named error, wherever it comes in."""

from __future__ import annotations

import array
import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import hopfield as hf
from hopfield.errors import HopfieldError, InputTypeError, InvalidInputError
from layouts import LAYOUTS, laid_out
from tolerance import Array

# One entry each; what is real is computed with, the rest has no place in arithmetic.
REAL = ["?", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f2", "f4", "f8", "g"]
SWAPPED = [">i2", ">u4", ">i8", ">f2", ">f4", ">f8", ">g"]
OTHER = ["F", "D", "G", "S1", "U1", "M8[s]", "m8[s]", "O", "V4", "i4,i4"]
SHAPES: list[tuple[int, ...]] = [
    (),
    (3,),
    (2, 3),
    (0, 3),
    (2, 2, 3),
    (1, 2, 2, 3),
    (2, 4),
    (4,),
    (0,),
    (3, 0),
]

PATTERNS = np.array([[0.0, 1.0, 1.0], [1.0, 0.0, 1.0], [1.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
BETA = 0.75


def table(dtype: str, shape: tuple[int, ...]) -> Array:
    """Zeros and ones, which every dtype can hold."""
    numbers = np.arange(int(np.prod(shape))) % 3 % 2
    if np.dtype(dtype).kind in "SU":
        return numbers.astype(dtype).reshape(shape)
    if np.dtype(dtype).kind == "V":
        return np.zeros(shape, dtype)
    return numbers.astype(dtype).reshape(shape)


def memory(dtype: str) -> hf.ModernHopfield:
    return hf.ModernHopfield(PATTERNS.astype(dtype), values=PATTERNS[:, :2].astype(dtype), beta=BETA)


def first_of(answer: Any) -> Array:
    return np.asarray(answer)


#: Where queries come in.
QUERIES: dict[str, Callable[[hf.ModernHopfield, Any], Any]] = {
    "step": lambda memory, queries: memory.step(queries),
    "retrieve": lambda memory, queries: memory.retrieve(queries, max_steps=2).states,
    "energy": lambda memory, states: memory.energy(states),
    "association": lambda memory, queries: memory.association(queries),
    "top association": lambda memory, queries: memory.association(queries, top=2)[0],
    "diagnose": lambda memory, states: memory.diagnose(states).entropy,
}


@pytest.mark.parametrize("name", QUERIES)
@pytest.mark.parametrize("dtype", REAL + SWAPPED)
def test_queries_of_every_real_dtype_layout_and_rank(name: str, dtype: str) -> None:
    ask = QUERIES[name]
    for stored, layout, shape in itertools.product(("float32", "float64"), sorted(LAYOUTS), SHAPES):
        given = laid_out(table(dtype, shape), layout)
        kept = memory(stored)
        if len(shape) not in (1, 2):
            with pytest.raises(InvalidInputError, match="must be one vector or a table with one vector in a row"):
                ask(kept, given)
        elif shape[-1] != 3:
            with pytest.raises(InvalidInputError, match="must have 3 columns, as the stored patterns do; got shape"):
                ask(kept, given)
        else:
            plain = np.ascontiguousarray(np.asarray(given).astype(stored))
            found, expected = first_of(ask(kept, given)), first_of(ask(kept, plain))
            assert found.dtype == expected.dtype
            assert np.array_equal(found, expected)
            assert found.shape[: len(shape) - 1] == shape[:-1]
            listed = ask(kept, given.tolist()) if shape[0] else expected
            assert np.array_equal(first_of(listed), expected)


@pytest.mark.parametrize("name", QUERIES)
@pytest.mark.parametrize("dtype", OTHER)
def test_queries_that_are_no_real_numbers(name: str, dtype: str) -> None:
    for layout, shape in itertools.product(("contiguous", "read-only", "fortran"), SHAPES):
        given = laid_out(table(dtype, shape), layout)
        with pytest.raises(InputTypeError, match=r"must hold real numbers; got dtype") as caught:
            QUERIES[name](memory("float64"), given)
        assert str(given.dtype) in str(caught.value)


#: Anything else that somebody may pass for an array.
ODD: dict[str, tuple[Any, type[HopfieldError]]] = {
    "nothing": (None, InputTypeError),
    "text": ("abc", InputTypeError),
    "bytes": (b"abc", InputTypeError),
    "a dictionary": ({1: 2}, InputTypeError),
    "a set": ({1.0, 2.0, 3.0}, InputTypeError),
    "a generator": ((x for x in (1.0, 2.0, 3.0)), InputTypeError),
    "a function": (len, InputTypeError),
    "a type": (float, InputTypeError),
    "rows of different length": ([[1.0, 2.0, 3.0], [1.0]], InvalidInputError),
    "numbers and None": ([1.0, None, 2.0], InputTypeError),
    "numbers and text": ([1.0, "2", 3.0], InputTypeError),
    "complex numbers": ([1j, 2, 3], InputTypeError),
    "whole numbers beyond 64 bits": ([10**20, 0, 0], InputTypeError),
    "whole numbers beyond float": ([10**400, 0, 0], InputTypeError),
    "a masked array": (np.ma.masked_array([1.0, 2.0, 3.0], [False, True, False]), InputTypeError),
    "a masked array with no mask": (np.ma.masked_array([1.0, 2.0, 3.0]), InputTypeError),
    "NaN": ([np.nan, 0.0, 0.0], InvalidInputError),
    "infinity": ([0.0, -np.inf, 0.0], InvalidInputError),
}


class Convertible:
    """Has what `numpy.asarray` asks for."""

    def __init__(self, array: Array) -> None:
        self.array = array

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        return self.array


class Subclass(np.ndarray[Any, np.dtype[Any]]):
    """An array with a name of its own."""


ROWS = np.array([[0.0, 1.0, 1.0], [1.0, 0.0, 0.5]])


@pytest.mark.parametrize(
    "given",
    [
        ((0, 1, 1), (1, 0, 0.5)),
        [(False, 1.0, True), [1, 0, np.float32(0.5)]],
        [np.array([0, 1, 1]), np.array([1, 0, 0.5])],
        [array.array("d", [0, 1, 1]), array.array("d", [1, 0, 0.5])],
        Convertible(ROWS),
        ROWS.view(Subclass),
        memoryview(ROWS),  # type: ignore[arg-type]
        ROWS.astype(np.float16),
    ],
    ids=lambda given: type(given).__name__,
)
def test_whatever_numpy_takes_is_welcome(given: Any) -> None:
    kept = memory("float64")
    for ask in QUERIES.values():
        found = ask(kept, given)
        assert type(found) is np.ndarray
        assert np.array_equal(found, ask(kept, ROWS))
    assert np.array_equal(hf.ModernHopfield(given, beta=1.0).patterns, ROWS)
    assert type(hf.ModernHopfield(given, beta=1.0).patterns) is np.ndarray


@pytest.mark.parametrize("thing", ODD)
def test_odd_queries(thing: str) -> None:
    given, error = ODD[thing]
    for name, ask in QUERIES.items():
        before = "states" if name in ("energy", "diagnose") else "queries"
        with pytest.raises(error, match=f"^`{before}` must"):
            ask(memory("float64"), given)


@pytest.mark.parametrize("thing", ODD)
def test_odd_patterns_and_values(thing: str) -> None:
    given, error = ODD[thing]
    with pytest.raises(error, match=r"^`patterns` must"):
        hf.ModernHopfield(given, beta=1.0)
    with pytest.raises(error, match=r"^`patterns` must"):
        hf.suggest_beta(given)
    with pytest.raises(error, match=r"^`patterns` must"):
        memory("float64").add(given, [[1.0, 2.0]])
    if given is not None:  # which means no values
        with pytest.raises(error, match=r"^`values` must"):
            hf.ModernHopfield([1.0, 2.0], values=given, beta=1.0)
        with pytest.raises(error, match=r"^`values` must"):
            memory("float64").add([1.0, 2.0, 3.0], given)
    for at, name in enumerate(("queries", "keys", "values")):
        arrays: list[Any] = [np.eye(3), np.eye(3), np.eye(3)]
        arrays[at] = given
        with pytest.raises(error, match=f"^`{name}` must"):
            hf.attention(*arrays)


@pytest.mark.parametrize("dtype", REAL + SWAPPED)
def test_patterns_of_every_real_dtype_layout_and_rank(dtype: str) -> None:
    computed = "f4" if np.dtype(dtype).kind in "b" or np.dtype(dtype).itemsize < 3 or dtype in ("f4", ">f4") else "f8"
    for layout, shape in itertools.product(sorted(LAYOUTS), SHAPES):
        given = laid_out(table(dtype, shape), layout)
        if len(shape) not in (1, 2):
            with pytest.raises(InvalidInputError, match="must be one vector or a table with one vector in a row"):
                hf.ModernHopfield(given, beta=1.0)
        elif 0 in shape:
            with pytest.raises(InvalidInputError, match="must hold at least one pattern of at least one entry"):
                hf.ModernHopfield(given, beta=1.0)
        else:
            kept = hf.ModernHopfield(given, values=np.atleast_2d(given), beta=1.0)
            plain = np.atleast_2d(np.ascontiguousarray(np.asarray(given).astype(computed)))
            assert kept.patterns.dtype == np.dtype(computed)
            assert np.array_equal(kept.patterns, plain)
            queries = np.ones((2, shape[-1]))
            expected = hf.ModernHopfield(plain, beta=1.0).step(queries)
            assert np.array_equal(kept.step(queries), expected)
            assert np.array_equal(hf.attention(queries.astype(computed), plain, plain, beta=1.0), expected)
            for asked in ("float32", "float64"):
                converted = hf.ModernHopfield(given, beta=1.0, dtype=asked)
                assert np.array_equal(converted.patterns, plain.astype(asked))


@pytest.mark.parametrize("dtype", OTHER)
def test_patterns_that_are_no_real_numbers(dtype: str) -> None:
    for shape in SHAPES:
        with pytest.raises(InputTypeError, match="`patterns` must hold real numbers; got dtype"):
            hf.ModernHopfield(table(dtype, shape), beta=1.0)
        with pytest.raises(InputTypeError, match="`values` must hold real numbers; got dtype"):
            hf.ModernHopfield(PATTERNS, values=table(dtype, shape), beta=1.0)


# Flags


@pytest.mark.parametrize("name", ["mask", "known"])
@pytest.mark.parametrize("layout", sorted(LAYOUTS))
def test_flags_of_every_layout_and_rank(name: str, layout: str) -> None:
    kept = hf.ModernHopfield(PATTERNS[:3], beta=BETA)  # 3 patterns of 3 entries
    queries = table("f8", (2, 3))
    row = np.array([True, False, True])

    def step(flags: Any) -> Array:
        return kept.step(queries, mask=flags) if name == "mask" else kept.step(queries, known=flags)

    def retrieve(flags: Any) -> hf.Retrieval:
        options: dict[str, Any] = {name: flags}
        return kept.retrieve(queries, max_steps=2, **options)

    for flags in (row, np.array([row, ~row])):
        plain = np.broadcast_to(flags, (2, 3)).copy()
        given = laid_out(flags, layout)
        assert np.array_equal(step(given), step(plain))
        assert np.array_equal(step(given.tolist()), step(plain))
        found, expected = (retrieve(flags) for flags in (given, plain))
        assert np.array_equal(found.states, expected.states)
    for shape in [(), (2,), (4,), (1, 3), (3, 3), (2, 2), (1, 2, 3), (0,), (0, 3)]:
        with pytest.raises(InvalidInputError, match=rf"`{name}` must have shape \(3,\) or \(2, 3\); got"):
            step(laid_out(np.ones(shape, bool), layout))


@pytest.mark.parametrize("name", ["mask", "known"])
@pytest.mark.parametrize("dtype", [name for name in REAL + SWAPPED if name != "?"] + OTHER)
def test_flags_that_are_no_booleans(name: str, dtype: str) -> None:
    kept = hf.ModernHopfield(PATTERNS[:3], beta=BETA)
    calls: list[Any] = [kept.step, kept.retrieve]
    for call in calls:
        with pytest.raises(InputTypeError, match=rf"`{name}` must hold (booleans|real numbers); got dtype"):
            call(np.ones((2, 3)), **{name: table(dtype, (3,))})


# Numbers


@pytest.mark.parametrize("kind", [int, np.int8, np.uint64, bool])
def test_counts_of_every_kind(kind: type) -> None:
    kept = memory("float64")
    found = kept.retrieve(PATTERNS, max_steps=kind(1), n_threads=kind(1))
    assert found.n_steps.tolist() == [1] * 4
    weights, _ = kept.association(PATTERNS, top=kind(1))
    assert weights.shape == (4, 1)


@pytest.mark.parametrize(
    "value",
    [
        *(1.0, "1", None, [1], np.float64(1), 1j, np.True_),
        np.array([1]),
        np.array(1.0),
    ],
)
def test_counts_that_are_no_whole_numbers(value: Any) -> None:
    kept = memory("float64")
    with pytest.raises(InputTypeError, match=r"`max_steps` must be a whole number; got"):
        kept.retrieve(PATTERNS, max_steps=value)
    if value is not None:
        with pytest.raises(InputTypeError, match=r"`n_threads` must be a whole number; got"):
            kept.step(PATTERNS, n_threads=value)
        with pytest.raises(InputTypeError, match=r"`top` must be a whole number; got"):
            kept.association(PATTERNS, top=value)


@pytest.mark.parametrize("value", [1, np.float16(1), np.int8(1), np.array(1.0), True, np.longdouble(1)])
def test_real_numbers_of_every_kind(value: Any) -> None:
    assert hf.ModernHopfield(PATTERNS, beta=value).beta == 1.0
    assert hf.ModernHopfield(PATTERNS, beta=1.0).retrieve(PATTERNS, tol=value).converged.all()


@pytest.mark.parametrize("value", ["1", b"1", 1j, [1.0], np.array([1.0, 2.0]), (), {}, len])
def test_what_is_no_real_number(value: Any) -> None:
    kept = memory("float64")
    calls: dict[str, Callable[[], object]] = {
        "beta": lambda: hf.ModernHopfield(PATTERNS, beta=value),
        "tol": lambda: kept.retrieve(PATTERNS, tol=value),
        "error": lambda: hf.suggest_beta(PATTERNS, error=value),
    }
    for name, call in calls.items():
        with pytest.raises(InputTypeError, match=f"`{name}` must be a real number; got"):
            call()


def test_counts_of_any_size() -> None:
    found = memory("float64").retrieve(PATTERNS, max_steps=10**30)
    assert found.converged.all()
