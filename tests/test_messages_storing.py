"""What an error says, word for word, of patterns that are added, removed, borrowed or rounded."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import hopfield as hf
from hopfield.errors import HopfieldError, InputTypeError, InvalidInputError
from messages import EYE, MEMORY, VALUED, Row, ids, said

STORING: list[Row] = [
    (
        "borrowing",
        lambda: hf.ModernHopfield(EYE.T[:, ::2], copy=False),
        InvalidInputError,
        "`patterns` must be a C-contiguous aligned array of shape (rows, columns) and dtype float64 to be "
        "borrowed with copy=False; leave copy=True to have it copied",
    ),
    (
        "adding other patterns",
        lambda: MEMORY.add([[1.0, 2.0]]),
        InvalidInputError,
        "`patterns` must have 3 columns, as the stored patterns do; got shape (1, 2)",
    ),
    (
        "adding a vector of another width",
        lambda: MEMORY.add([1.0, 2.0]),
        InvalidInputError,
        "`patterns` must have 3 columns, as the stored patterns do; got shape (2,)",
    ),
    (
        "adding what is no number, counted from the first new row",
        lambda: hf.ModernHopfield(EYE, beta=1.0).add([[0.0, np.nan, 0.0]]),
        InvalidInputError,
        "`patterns` must be finite; got NaN at row 0, column 1 (clean the data)",
    ),
    (
        "adding values that are no numbers, counted likewise",
        lambda: VALUED.add(EYE, values=[[0.0, 0.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, np.inf]]),
        InvalidInputError,
        "`values` must be finite; got inf at row 2, column 2 (clean the data)",
    ),
    (
        "the longest pattern",
        lambda: hf.ModernHopfield([[1.0, 0.0], [0.0, 1e20]], beta=1.0),
        InvalidInputError,
        "`beta` times the scores of `patterns` must stay below 1.561e15 in float64; row 1 of norm 1.000e20 can reach "
        "1.000e40 (scale the data, lower `beta`, or compute in float64)",
    ),
    (
        "rounding beyond float16",
        lambda: hf.ModernHopfield([[1.0, 2.0], [3.0, -65520.0]], dtype="float16"),
        InvalidInputError,
        "`patterns` must fit float16, in which they are stored and whose largest number is 6.5504e4; got -6.552e4 at "
        "row 1, column 1 (scale the data, or store them in a wider dtype)",
    ),
    (
        "rounding beyond bfloat16",
        lambda: hf.ModernHopfield(np.array([[3.4e38]], np.float32), dtype="bfloat16"),
        InvalidInputError,
        "`patterns` must fit bfloat16, in which they are stored and whose largest number is 3.3895e38; got "
        "3.3999999521443642e38 at row 0, column 0 (scale the data, or store them in a wider dtype)",
    ),
    (
        "rounding beyond int8",
        lambda: hf.ModernHopfield([[1.0, 2.0], [3.0, 1e39]], dtype="int8"),
        InvalidInputError,
        "`patterns` must fit int8, in which they are stored and whose largest number is 3.4028e38; got 1e39 at row 1, "
        "column 1 (scale the data, or store them in a wider dtype)",
    ),
    (
        "rounding a new row beyond float16",
        lambda: hf.ModernHopfield(EYE, dtype="float16", beta=1.0).add([[0.0, 0.0, 0.0], [0.0, 1e5, 0.0]]),
        InvalidInputError,
        "`patterns` must fit float16, in which they are stored and whose largest number is 6.5504e4; got 1e5 at row 1, "
        "column 1 (scale the data, or store them in a wider dtype)",
    ),
    (
        "no patterns to round",
        lambda: hf.ModernHopfield(np.zeros((0, 4)), dtype="int8"),
        InvalidInputError,
        "`patterns` must hold at least one pattern of at least one entry; got shape (0, 4)",
    ),
    (
        "borrowing what is rounded",
        lambda: hf.ModernHopfield(EYE, dtype="int8", copy=False),
        InvalidInputError,
        "`copy` must be True with dtype 'int8', which rounds the patterns into memory of its own; got False",
    ),
    (
        "adding other values",
        lambda: VALUED.add(EYE, np.ones((3, 2))),
        InvalidInputError,
        "`values` must have 3 columns, as the stored ones do; got shape (3, 2)",
    ),
    (
        "adding without values",
        lambda: VALUED.add(EYE),
        InvalidInputError,
        "`values` must be given for each new pattern, as the memory has values",
    ),
    (
        "adding with values",
        lambda: MEMORY.add(EYE, EYE),
        InvalidInputError,
        "`values` must not be given: the memory has none for its patterns",
    ),
    (
        "removing what is not there",
        lambda: MEMORY.remove([0, 3]),
        InvalidInputError,
        "`indices` must be indices of stored patterns, 0 to 2; got 3",
    ),
    (
        "removing all",
        lambda: MEMORY.remove([0, 1, 2]),
        InvalidInputError,
        "`indices` must leave at least one pattern stored; got all of them",
    ),
    (
        "removing by flags",
        lambda: MEMORY.remove([True, False, True]),
        InputTypeError,
        "`indices` must be whole numbers; got dtype bool",
    ),
]


@pytest.mark.parametrize(("about", "call", "error", "message"), STORING, ids=ids(STORING))
def test_memories_say(about: str, call: Callable[[], object], error: type[HopfieldError], message: str) -> None:
    assert about
    assert said(call) == (error, message)


def test_messages_are_not_repeated() -> None:
    messages = [message for *_, message in STORING]
    assert len(set(messages)) == len(messages)
    assert len(set(ids(STORING))) == len(STORING)
