"""What an error says, word for word: the argument in backticks, the rule, what came, and the likely fix.

One row a sentence: the call, the exception, the message. Changing a sentence means changing it here.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import hopfield as hf
from hopfield.errors import HopfieldError, InputTypeError, InvalidInputError, OutOfMemoryError
from messages import EYE, MEMORY, RAGGED, Row, ids, said

#: Rows of dense memories; what they share with the classical network is in a table of its own.
DENSE: list[Row] = [
    (
        "no degree",
        lambda: hf.DenseAssociativeMemory([1, -1], degree=0),
        InvalidInputError,
        "`degree` must be at least 1; got 0",
    ),
    (
        "too large a degree",
        lambda: hf.DenseAssociativeMemory([1, -1], degree=1001),
        InvalidInputError,
        "`degree` must be from 1 to 1000; got 1001",
    ),
    (
        "half a degree",
        lambda: hf.DenseAssociativeMemory([1, -1], degree=2.5),  # type: ignore[arg-type]
        InputTypeError,
        "`degree` must be a whole number; got 2.5",
    ),
    (
        "an unknown interaction",
        lambda: hf.DenseAssociativeMemory([1, -1], interaction="cubic"),
        InvalidInputError,
        "`interaction` must be one of 'polynomial', 'rectified', 'exponential'; got 'cubic'",
    ),
    (
        "no dense patterns",
        lambda: hf.DenseAssociativeMemory(np.zeros((0, 3))),
        InvalidInputError,
        "`patterns` must hold at least one pattern of at least one entry; got shape (0, 3)",
    ),
    (
        "an empty dense memory",
        lambda: hf.DenseAssociativeMemory([1, -1]).forget([1, -1]).retrieve([1, -1]),
        InvalidInputError,
        "the network stores no patterns yet: call `store` before asking it for a retrieval",
    ),
    (
        "a field of another width",
        lambda: hf.DenseAssociativeMemory([1, -1]).retrieve([1, -1], field=[0.0, 1.0, 2.0]),
        InvalidInputError,
        "`field` must have shape (2,) or (1, 2), one value for each neuron, or for each neuron of each cue; got (1, 3)",
    ),
]

#: Rows of the modern network; the classical network has a table of its own.
MODERN: list[Row] = [
    (
        "width",
        lambda: MEMORY.step(np.zeros((10, 384))),
        InvalidInputError,
        "`queries` must have 3 columns, as the stored patterns do; got shape (10, 384)",
    ),
    (
        "width of states",
        lambda: MEMORY.energy(np.zeros((2, 4))),
        InvalidInputError,
        "`states` must have 3 columns, as the stored patterns do; got shape (2, 4)",
    ),
    (
        "rank 0",
        lambda: MEMORY.retrieve(1.0),
        InvalidInputError,
        "`queries` must be one vector or a table with one vector in a row; got an array of shape ()",
    ),
    (
        "rank 3",
        lambda: hf.ModernHopfield(np.zeros((2, 3, 4))),
        InvalidInputError,
        "`patterns` must be one vector or a table with one vector in a row; got an array of shape (2, 3, 4)",
    ),
    (
        "no patterns",
        lambda: hf.ModernHopfield(np.zeros((0, 3))),
        InvalidInputError,
        "`patterns` must hold at least one pattern of at least one entry; got shape (0, 3)",
    ),
    (
        "no entries",
        lambda: hf.ModernHopfield(np.zeros((3, 0))),
        InvalidInputError,
        "`patterns` must hold at least one pattern of at least one entry; got shape (3, 0)",
    ),
    (
        "NaN",
        lambda: MEMORY.retrieve([[0.0, 1.0, 2.0], [3.0, 4.0, np.nan], [np.nan, 0.0, 0.0]]),
        InvalidInputError,
        "`queries` must be finite; got NaN at row 1, column 2 (clean the data)",
    ),
    (
        "infinity",
        lambda: hf.ModernHopfield([[0.0, 1.0], [-np.inf, np.nan]]),
        InvalidInputError,
        "`patterns` must be finite; got -inf at row 1, column 0 (clean the data)",
    ),
    (
        "NaN among values",
        lambda: hf.ModernHopfield(EYE, values=[[1.0], [2.0], [np.nan]]),
        InvalidInputError,
        "`values` must be finite; got NaN at row 2, column 0 (clean the data)",
    ),
    (
        "infinite state",
        lambda: MEMORY.diagnose([np.inf, 0.0, 0.0]),
        InvalidInputError,
        "`states` must be finite; got inf at row 0, column 0 (clean the data)",
    ),
    (
        "masked array",
        lambda: MEMORY.step(np.ma.masked_array([1.0, 2.0, 3.0])),
        InputTypeError,
        "`queries` must not be a masked array, whose mask would be lost; fill it, or pass what is masked as `known`",
    ),
    (
        "complex",
        lambda: hf.ModernHopfield(EYE * 1j),
        InputTypeError,
        "`patterns` must hold real numbers; got dtype complex128",
    ),
    (
        "objects",
        lambda: hf.ModernHopfield(EYE, values=np.full((3, 1), None)),
        InputTypeError,
        "`values` must hold real numbers; got dtype object",
    ),
    (
        "beta zero",
        lambda: hf.ModernHopfield(EYE, beta=0),
        InvalidInputError,
        "`beta` must be positive and finite; got 0",
    ),
    (
        "beta negative",
        lambda: hf.ModernHopfield(EYE, beta=-0.5),
        InvalidInputError,
        "`beta` must be positive and finite; got -0.5",
    ),
    (
        "beta NaN",
        lambda: hf.attention(EYE, EYE, EYE, beta=np.nan),
        InvalidInputError,
        "`beta` must be positive and finite; got NaN",
    ),
    (
        "beta infinite",
        lambda: hf.ModernHopfield(EYE, beta=np.inf),
        InvalidInputError,
        "`beta` must be positive and finite; got inf",
    ),
    (
        "beta of text",
        lambda: hf.ModernHopfield(EYE, beta="high"),  # type: ignore[arg-type]
        InputTypeError,
        "`beta` must be a real number; got 'high'",
    ),
    (
        "beta out of reach",
        lambda: hf.ModernHopfield([[1e3, 0.0]], dtype=np.float32, beta=10.0),
        InvalidInputError,
        "`beta` times the scores of `patterns` must stay below 2.907e6 in float32; row 0 of norm 1.000e3 can "
        "reach 1.000e7 (scale the data, lower `beta`, or compute in float64)",
    ),
    (
        "a query out of reach",
        lambda: MEMORY.retrieve([[1.0, 0.0, 0.0], [0.0, 1e16, 0.0]]),
        InvalidInputError,
        "`beta` times the scores of `queries` must stay below 1.561e15 in float64; row 1 of norm 1.000e16 can "
        "reach 2.000e16 (scale the data, lower `beta`, or compute in float64)",
    ),
    (
        "max_steps",
        lambda: MEMORY.retrieve(EYE, max_steps=0),
        InvalidInputError,
        "`max_steps` must be at least 1; got 0",
    ),
    (
        "max_steps of a fraction",
        lambda: MEMORY.retrieve(EYE, max_steps=2.5),  # type: ignore[arg-type]
        InputTypeError,
        "`max_steps` must be a whole number; got 2.5",
    ),
    (
        "n_threads",
        lambda: MEMORY.step(EYE, n_threads=-2),
        InvalidInputError,
        "`n_threads` must be at least 1; got -2",
    ),
    (
        "tol negative",
        lambda: MEMORY.retrieve(EYE, tol=-1e-6),
        InvalidInputError,
        "`tol` must be zero or positive; got -0.000001",
    ),
    (
        "tol NaN",
        lambda: MEMORY.retrieve(EYE, tol=np.nan),
        InvalidInputError,
        "`tol` must be zero or positive; got NaN",
    ),
    (
        "criterion",
        lambda: MEMORY.retrieve(EYE, criterion="energy"),
        InvalidInputError,
        "`criterion` must be one of 'state', 'association'; got 'energy'",
    ),
    (
        "separation",
        lambda: hf.ModernHopfield(EYE, separation="softmin"),
        InvalidInputError,
        "`separation` must be one of 'softmax', 'softmax1', 'sparsemax', 'entmax', 'top_k', 'max', 'linear', "
        "'polynomial', 'epanechnikov'; got 'softmin'",
    ),
    (
        "similarity",
        lambda: hf.suggest_beta(EYE, similarity="angle"),
        InvalidInputError,
        "`similarity` must be one of 'dot', 'cosine', 'euclidean', 'manhattan'; got 'angle'",
    ),
    (
        "dtype",
        lambda: hf.ModernHopfield(EYE, dtype=np.int16),
        InvalidInputError,
        "`dtype` must be one of 'float32', 'float64', 'bfloat16', 'float16', 'int8'; got <class 'numpy.int16'>",
    ),
    (
        "error of a calibration",
        lambda: hf.suggest_beta(EYE, error=1.0),
        InvalidInputError,
        "`error` must be between 0 and 1; got 1",
    ),
    (
        "mask of numbers",
        lambda: MEMORY.step(EYE, mask=[1, 0, 1]),
        InputTypeError,
        "`mask` must hold booleans; got dtype int64 (compare, or use .astype(bool))",
    ),
    (
        "mask of a wrong shape",
        lambda: MEMORY.step(np.ones((2, 3)), mask=[True, False]),
        InvalidInputError,
        "`mask` must have shape (3,) or (2, 3); got (2,)",
    ),
    (
        "known of a wrong shape",
        lambda: MEMORY.retrieve(np.ones((2, 3)), known=np.ones((3, 2), bool)),
        InvalidInputError,
        "`known` must have shape (3,) or (2, 3); got (3, 2)",
    ),
    (
        "clamp alone",
        lambda: MEMORY.retrieve(EYE, clamp=True),
        InvalidInputError,
        "`clamp` needs `known`, which says what to hold",
    ),
    (
        "top",
        lambda: MEMORY.association(EYE, top=4),
        InvalidInputError,
        "`top` must be between 1 and 3, the number of stored patterns; got 4",
    ),
    (
        "top of none",
        lambda: MEMORY.association(EYE, top=0),
        InvalidInputError,
        "`top` must be at least 1; got 0",
    ),
    (
        "values",
        lambda: hf.ModernHopfield(EYE, values=[[1.0], [2.0]]),
        InvalidInputError,
        "`values` must have shape (3, at least 1), one row for each pattern; got (2, 1)",
    ),
    (
        "the width of a vector",
        lambda: MEMORY.step([1.0, 2.0]),
        InvalidInputError,
        "`queries` must have 3 columns, as the stored patterns do; got shape (2,)",
    ),
    (
        "the width of a vector of states",
        lambda: MEMORY.diagnose([1.0, 2.0]),
        InvalidInputError,
        "`states` must have 3 columns, as the stored patterns do; got shape (2,)",
    ),
    (
        "attention of vectors",
        lambda: hf.attention(EYE[0], EYE, EYE),
        InvalidInputError,
        "`queries` must have at least 2 axes, rows and columns; got shape (3,)",
    ),
    (
        "attention of other batches",
        lambda: hf.attention(np.ones((2, 3, 3)), np.ones((4, 3, 3)), EYE),
        InvalidInputError,
        "the leading axes must broadcast against each other; got `queries` (2, 3, 3), `keys` (4, 3, 3), "
        "`values` (3, 3)",
    ),
    (
        "attention with a wrong mask",
        lambda: hf.attention(EYE, EYE, EYE, mask=[True, False]),
        InvalidInputError,
        "`mask` must have shape (..., 3, 3); got (2,)",
    ),
    (
        "an unknown dtype",
        lambda: hf.ModernHopfield(EYE, dtype="x"),
        InvalidInputError,
        "`dtype` must be one of 'float32', 'float64', 'bfloat16', 'float16', 'int8'; got 'x'",
    ),
    (
        "criterion of no text",
        lambda: MEMORY.retrieve(EYE, criterion=None),  # type: ignore[arg-type]
        InputTypeError,
        "`criterion` must be a name; got None",
    ),
    (
        "beta beyond float",
        lambda: hf.ModernHopfield(EYE, beta=10**400),
        InvalidInputError,
        "`beta` must be within the range of float64; got a larger number",
    ),
    (
        "progress that cannot be called",
        lambda: MEMORY.retrieve(EYE, progress=3),  # type: ignore[arg-type]
        InputTypeError,
        "`progress` must be callable, or None; got 3",
    ),
    (
        "too large for the memory",
        lambda: hf.ModernHopfield(EYE, dtype="float32", beta=1.0).step([0.0, 1e100, 0.0]),
        InvalidInputError,
        "`queries` must fit float32, the dtype of the memory; got 1e+100 at row 0, column 1 (scale the data, or use "
        'dtype="float64")',
    ),
    (
        "attention with a mask of other batches",
        lambda: hf.attention(np.ones((3, 2, 3)), EYE, EYE, mask=np.ones((2, 2, 3), bool)),
        InvalidInputError,
        "the leading axes must broadcast against each other; got `queries` (3, 2, 3), `keys` (3, 3), `values` (3, 3), "
        "`mask` (2, 2, 3)",
    ),
    (
        "attention with keys of another width",
        lambda: hf.attention(np.ones((3, 2)), EYE, EYE),
        InvalidInputError,
        "`keys` must have shape (..., 3, 2), as wide as `queries`; got (3, 3)",
    ),
    (
        "attention with too few values",
        lambda: hf.attention(EYE, EYE, np.ones((2, 4))),
        InvalidInputError,
        "`values` must have shape (..., 3, dv), one row for each key; got (2, 4)",
    ),
    (
        "attention without columns",
        lambda: hf.attention(np.ones((2, 0)), np.ones((3, 0)), EYE),
        InvalidInputError,
        "`queries` must have at least one column; got shape (2, 0)",
    ),
    (
        "attention with a mask of numbers",
        lambda: hf.attention(EYE, EYE, EYE, mask=EYE),
        InputTypeError,
        "`mask` must hold booleans; got dtype float64",
    ),
]


@pytest.mark.parametrize(("about", "call", "error", "message"), [*MODERN, *DENSE], ids=[*ids(MODERN), *ids(DENSE)])
def test_modern_and_dense_networks_say(
    about: str, call: Callable[[], object], error: type[HopfieldError], message: str
) -> None:
    assert about
    assert said(call) == (error, message)


def test_ragged_rows_are_named_with_numpys_reason() -> None:
    with pytest.raises(InvalidInputError, match=r"^`patterns` must be a rectangular array of numbers; .*shape"):
        hf.ModernHopfield(RAGGED)


def test_a_result_beyond_memory_says_how_much() -> None:
    many = hf.ModernHopfield(np.zeros((3_000_000, 1), np.float32), beta=1.0)
    with pytest.raises(OutOfMemoryError, match=r"^not enough memory for 36000000000000 bytes of the association$"):
        many.association(np.zeros((3_000_000, 1), np.float32))


def test_messages_are_not_repeated() -> None:
    # Two rows with the same sentence would show that it names neither the argument nor what came.
    messages = [message for *_, message in MODERN]
    assert len(set(messages)) == len(messages)
    assert len(set(ids(MODERN))) == len(MODERN)
