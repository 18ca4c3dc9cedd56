"""Patterns kept in fewer bits: rounded as they should be, and then every answer the same bits as without."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import hopfield as hf
import tolerance
from hopfield.errors import InvalidInputError
from oracle import modern as oracle
from oracle import rounding
from processes import ask
from strategies_modern import Problem, lists, problems
from test_modern_same_bits import SIZES, THREADS, bits
from tolerance import worst

ROUNDED = ("bfloat16", "float16", "int8")
storages = st.sampled_from(ROUNDED)


def same(found: Any, expected: Any) -> bool:
    """The same bits."""
    return bool(found.dtype == expected.dtype and found.tobytes() == expected.tobytes())


# Rounding


@st.composite
def numbers(draw: st.DrawFn) -> float:
    """A float64 on, or next to, the middle between two numbers of few bits; or any."""
    significant, exponent = draw(st.integers(0, 2**12)), draw(st.integers(-160, 130))
    near = draw(st.sampled_from([0.0, 0.5, 0.5 - 2.0**-40, 0.5 + 2.0**-40, 0.25]))
    middle = math.ldexp(significant + near, exponent - 12)
    largest = draw(st.sampled_from([65504.0, 65519.9, 65520.0, rounding.LARGEST["bfloat16"], 3.4e38, 2.0**-24]))
    anything = draw(st.floats(-1e30, 1e30))
    return draw(st.sampled_from([middle, middle, largest, anything])) * draw(st.sampled_from([1, -1]))


@given(st.lists(numbers(), min_size=1, max_size=40), storages, st.sampled_from(["float32", "float64"]))
def test_each_entry_is_rounded_once_to_the_nearest(entries: list[float], storage: str, dtype: str) -> None:
    row = np.array(entries, np.float64)
    with np.errstate(over="ignore"):
        row = row.astype(dtype)
    assume(np.isfinite(row).all())
    try:
        expected = rounding.rounded(row.tolist(), storage)
    except OverflowError:
        with pytest.raises(InvalidInputError, match=rf"^`patterns` must fit {storage}, .* at row 0, column \d+ "):
            hf.ModernHopfield(row, dtype=storage)
        return
    found = hf.ModernHopfield(row, dtype=storage).patterns
    assert found.dtype == np.float32
    assert found[0].tolist() == expected
    assert np.array_equal(np.signbit(found[0]), np.signbit(expected))


@pytest.mark.parametrize("storage", ["bfloat16", "float16"])
def test_every_number_of_sixteen_bits_stays_what_it_is(storage: str) -> None:
    codes = np.arange(2**16, dtype=np.uint16)
    numbers = (codes.astype(np.uint32) << 16).view(np.float32) if storage == "bfloat16" else codes.view(np.float16)
    finite = numbers[np.isfinite(numbers)].astype(np.float32)
    kept = hf.ModernHopfield(finite.reshape(-1, 64), dtype=storage).patterns
    assert same(kept.ravel(), finite)
    # The middle between neighbours goes to the one whose code is even, and what is beside it to the nearer one.
    positive = np.sort(finite[finite > 0]).astype(np.float64)
    middles = (positive[1:] + positive[:-1]) / 2
    even = np.where(np.arange(1, len(positive)) % 2 == 1, positive[1:], positive[:-1])
    for nudge, expected in ((0, even), (-1, positive[:-1]), (1, positive[1:])):
        given_ = np.nextafter(middles, nudge * np.inf) if nudge else middles
        found = hf.ModernHopfield(given_.reshape(1, -1), dtype=storage).patterns
        assert np.array_equal(found.ravel(), expected), nudge


@given(st.lists(st.floats(-1e30, 1e30), min_size=1, max_size=30), st.randoms(use_true_random=False))
def test_eight_bits_miss_by_half_a_scale_at_most(entries: list[float], random: Any) -> None:
    scale, codes = rounding.int8(entries)
    assert all(-127 <= code <= 127 for code in codes)
    exact = [Fraction(scale) * code for code in codes]
    assert all(abs(Fraction(x) - y) <= Fraction(scale) / 2 for x, y in zip(entries, exact, strict=True))
    # And so do scores, by the inequality of the documentation.
    found = hf.ModernHopfield(entries, dtype="int8").patterns[0].tolist()
    query = [random.uniform(-1, 1) for _ in entries]
    off = sum(Fraction(q) * (Fraction(x) - Fraction(y)) for q, x, y in zip(query, entries, found, strict=True))
    assert abs(off) <= tolerance.int8_score(scale, query)


@pytest.mark.parametrize("storage", ROUNDED)
def test_rows_are_rounded_each_by_itself_on_any_number_of_threads(storage: str) -> None:
    rng = np.random.default_rng(3)
    patterns = rng.standard_normal((3000, 33)) * 10.0 ** rng.uniform(-3, 3, (3000, 1))
    hf.set_num_threads(1)
    try:
        alone = hf.ModernHopfield(patterns, dtype=storage).patterns
    finally:
        hf.set_num_threads(None)
    assert same(hf.ModernHopfield(patterns, dtype=storage).patterns, alone)
    for row in (0, 1023, 1024, 2999):
        assert alone[row].tolist() == rounding.rounded(patterns[row].tolist(), storage)


# Answers


def pair(problem: Problem, storage: str) -> tuple[hf.ModernHopfield, hf.ModernHopfield]:
    """The problem's memory in fewer bits, and a plain one of what it keeps."""
    assume(storage != "float16" or np.abs(problem.patterns).max() < 65504)
    memory = hf.ModernHopfield(problem.patterns, values=problem.values, beta=problem.beta, dtype=storage)
    return memory, hf.ModernHopfield(memory.patterns, values=problem.values, beta=problem.beta)


@given(problems(dtypes=("float32",), with_known=True), storages)
def test_a_step_is_that_of_the_oracle_on_the_rounded_patterns(problem: Problem, storage: str) -> None:
    memory, _ = pair(problem, storage)
    found = memory.step(problem.queries, mask=problem.mask, known=problem.known)
    assert found.dtype == np.float32
    kept = Problem(memory.patterns, problem.queries, problem.beta, problem.values, problem.mask, problem.known)
    for query, row in enumerate(found):
        expected = oracle.step(
            lists(kept.patterns),
            kept.beta,
            lists(kept.queries[query]),
            values=lists(kept.values),
            known=lists(kept.known_of(query)),
            mask=lists(kept.mask_of(query)),
        )
        assert worst(row, expected, kept.bounds(query).step()) <= 1


@given(
    problems(dtypes=("float32",), with_known=True), storages, st.sampled_from(["state", "association"]), st.booleans()
)
def test_every_answer_is_the_same_bits_as_that_of_the_rounded_patterns(
    problem: Problem, storage: str, criterion: str, clamp: bool
) -> None:
    memory, plain = pair(problem, storage)
    queries, flags = problem.queries, {"mask": problem.mask, "known": problem.known}
    assert same(memory.step(queries, **flags), plain.step(queries, **flags))
    options: dict[str, Any] = {"criterion": criterion, "max_steps": 4, "trace": True, **flags}
    options["clamp"] = clamp and problem.known is not None
    assert bits(memory.retrieve(queries, **options)) == bits(plain.retrieve(queries, **options))
    assert same(memory.energy(queries), plain.energy(queries))
    assert same(memory.association(queries), plain.association(queries))
    top = min(3, len(memory))
    for found, expected in zip(memory.association(queries, top=top), plain.association(queries, top=top), strict=True):
        assert same(found, expected)
    diagnosis, expected_diagnosis = memory.diagnose(queries), plain.diagnose(queries)
    for name in ("kind", "size", "entropy", "participation", "ramsauer_class"):
        assert same(getattr(diagnosis, name), getattr(expected_diagnosis, name))
    for found, expected in zip(diagnosis.patterns, expected_diagnosis.patterns, strict=True):
        assert same(found, expected)


@pytest.mark.filterwarnings("ignore:no beta retrieves")
@given(problems(dtypes=("float32",), max_work=1500), storages)
def test_a_calibrated_memory_is_calibrated_by_what_it_keeps(problem: Problem, storage: str) -> None:
    assume(storage != "float16" or np.abs(problem.patterns).max() < 65504)
    memory = hf.ModernHopfield(problem.patterns, dtype=storage)

    def said(ask_for: Callable[[], float]) -> float | str:
        try:
            return ask_for()
        except InvalidInputError as error:
            return str(error)

    expected = said(lambda: hf.ModernHopfield(memory.patterns).beta)
    assert said(lambda: memory.beta) == expected
    assert said(lambda: hf.suggest_beta(memory.patterns)) == expected


# Few queries and many and what is between, whole words and parts of them, rows in whole lines and across them.
@pytest.mark.parametrize("storage", ROUNDED)
@pytest.mark.parametrize(
    ("m", "k", "d"), [*SIZES, (1, 3000, 784), (5, 700, 100), (8, 900, 48), (7, 600, 6), (20, 70, 4)]
)
def test_any_number_of_threads(m: int, k: int, d: int, storage: str) -> None:
    rng = np.random.default_rng([m, k, d])
    patterns, queries = rng.standard_normal((k, d)), rng.standard_normal((m, d)).astype(np.float32)
    values = rng.standard_normal((k, 1 + d % 7)).astype(np.float32)
    mask = rng.random((m, k)) < 0.9
    beta = float(2 / np.sqrt(d))
    memory = hf.ModernHopfield(patterns, beta=beta, dtype=storage)
    plain = hf.ModernHopfield(memory.patterns, beta=beta)
    valued = hf.ModernHopfield(patterns, beta=beta, dtype=storage, values=values)
    plain_valued = hf.ModernHopfield(memory.patterns, beta=beta, values=values)
    for threads in THREADS:
        for one, other in ((memory, plain), (valued, plain_valued)):
            for flags in (None, mask):
                found = one.step(queries, mask=flags, n_threads=threads)
                assert same(found, other.step(queries, mask=flags, n_threads=1)), threads
        once = memory.retrieve(queries, max_steps=2, trace=True, n_threads=threads)
        assert bits(once) == bits(plain.retrieve(queries, max_steps=2, trace=True, n_threads=1)), threads


@pytest.mark.parametrize("storage", ROUNDED)
def test_adding_and_removing_round_nothing_again(storage: str) -> None:
    rng = np.random.default_rng(5)
    patterns, values, queries = (rng.standard_normal(shape) for shape in ((30, 12), (30, 2), (5, 12)))
    whole = hf.ModernHopfield(patterns, values=values, dtype=storage)
    grown = hf.ModernHopfield(patterns[:10], values=values[:10], dtype=storage)
    assert grown.add(patterns[10:], values[10:]) is grown
    assert same(grown.patterns, whole.patterns)
    assert same(grown.step(queries), whole.step(queries))
    assert grown.beta == whole.beta
    assert grown.nbytes == whole.nbytes
    assert len(grown.remove([0, 29, 7])) == 27
    kept = np.delete(np.arange(30), [0, 29, 7])
    assert same(grown.patterns, whole.patterns[kept])
    plain = hf.ModernHopfield(whole.patterns[kept], values=values[kept].astype(np.float32))
    assert same(grown.step(queries), plain.step(queries))
    assert grown.beta == plain.beta
    assert len(grown.add(np.zeros((0, 12)), np.zeros((0, 2)))) == 27


# What is kept


@pytest.mark.parametrize(
    ("storage", "bits_each", "bits_a_row"), [("bfloat16", 16, 0), ("float16", 16, 0), ("int8", 8, 32)]
)
def test_what_a_memory_takes(storage: str, bits_each: int, bits_a_row: int) -> None:
    patterns, values = np.ones((7, 10)), np.ones((7, 3))
    memory = hf.ModernHopfield(patterns, dtype=storage)
    assert memory.nbytes == 7 * (10 * bits_each + bits_a_row) // 8
    assert hf.ModernHopfield(patterns, values=values, dtype=storage).nbytes == memory.nbytes + 7 * 3 * 4
    assert storage in repr(memory)
    kept = memory.patterns
    assert kept.dtype == np.float32
    assert not kept.flags.writeable
    assert memory.step(patterns).dtype == memory.association(patterns).dtype == np.float32
    assert hf.ModernHopfield(patterns, values=values, dtype=storage).values.dtype == np.float32


@pytest.mark.parametrize("storage", ROUNDED)
def test_the_process_grows_by_no_more(storage: str) -> None:
    found = ask("rounded", storage)
    # Entries, scales and a float64 norm for each pattern; a copy in float32 would be 97 MiB.
    assert found["nbytes"] / 2**20 < {"int8": 27, "float16": 50, "bfloat16": 50}[storage]
    assert found["kept"] < found["nbytes"] / 2**20 + 8
    assert found["peak"] < found["nbytes"] / 2**20 + 16


@pytest.mark.parametrize("dtype", ["bfloat16", "float16", np.float16, "f2", "int8", np.int8, np.dtype("i1")])
def test_names_of_dtypes(dtype: Any) -> None:
    memory = hf.ModernHopfield(np.eye(3), dtype=dtype)
    name = dtype if dtype in ROUNDED else np.dtype(dtype).name
    assert f", {name}, " in repr(memory)
    assert np.allclose(memory.patterns, np.eye(3))


def test_numbers_that_are_no_numbers() -> None:
    patterns = np.eye(3)
    patterns[1, 2] = np.nan
    for storage in ROUNDED:
        with pytest.raises(InvalidInputError, match="`patterns` must be finite; got NaN at row 1, column 2"):
            hf.ModernHopfield(patterns, dtype=storage)
        trusted = hf.ModernHopfield(patterns, dtype=storage, check_finite=False, beta=1.0)
        assert np.isnan(trusted.patterns[1, 2])
        assert np.isfinite(trusted.patterns[[0, 2]]).all()


def test_a_row_of_zeros_stays_one() -> None:
    for storage in ROUNDED:
        kept = hf.ModernHopfield([[0.0, -0.0, 0.0], [1.0, 2.0, 3.0]], dtype=storage).patterns
        assert not kept[0].any()


@pytest.mark.parametrize("m", range(1, 60))
def test_every_size_of_a_batch(m: int) -> None:
    rng = np.random.default_rng(m)
    patterns, queries = rng.standard_normal((140, 36)), rng.standard_normal((m, 36)).astype(np.float32)
    for storage in ROUNDED:
        memory = hf.ModernHopfield(patterns, beta=0.5, dtype=storage)
        plain = hf.ModernHopfield(memory.patterns, beta=0.5)
        assert same(memory.step(queries), plain.step(queries))
        assert same(memory.energy(queries), plain.energy(queries))
