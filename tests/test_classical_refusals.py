"""What the classical network refuses: the exception and the whole sentence, and that nothing has changed."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import hopfield as hf
from two_patterns import CUES, PATTERNS

OTHERS = "(for booleans or 0/1 use hopfield.spins)"

REFUSED: list[tuple[Any, type[Exception], str]] = [
    (
        lambda net: net.retrieve([1, 1, 1]),
        ValueError,
        "`cues` must have 6 columns, as the stored patterns do; got shape (1, 3)",
    ),
    (
        lambda net: net.retrieve(np.ones((2, 2, 6))),
        ValueError,
        "`cues` must be one vector or a table with one vector in a row; got an array of shape (2, 2, 6)",
    ),
    (
        lambda net: net.retrieve(np.float64(1)),
        ValueError,
        "`cues` must be one vector or a table with one vector in a row; got an array of shape ()",
    ),
    (
        lambda net: net.retrieve([1, 1, 0, 1, 1, 1]),
        ValueError,
        f"`cues` must hold only -1 and +1; got 0 at row 0, column 2 {OTHERS}",
    ),
    (
        lambda net: net.retrieve(np.array([[1] * 6, [1, 1, 1, 1, 1, 7]], np.int8)),
        ValueError,
        f"`cues` must hold only -1 and +1; got 7 at row 1, column 5 {OTHERS}",
    ),
    (
        lambda net: net.retrieve([1, 1, 0.5, 1, 1, 1]),
        ValueError,
        f"`cues` must hold only -1 and +1; got 0.5 at row 0, column 2 {OTHERS}",
    ),
    (
        lambda net: net.retrieve([1, 1, np.nan, 1, 1, 1]),
        ValueError,
        f"`cues` must hold only -1 and +1; got nan at row 0, column 2 {OTHERS}",
    ),
    (
        lambda net: net.retrieve([1, 1, 257, 1, 1, 1]),
        ValueError,
        f"`cues` must hold only -1 and +1; got 257 at row 0, column 2 {OTHERS}",
    ),
    (
        lambda net: net.retrieve(np.ones(6, bool)),
        TypeError,
        f"`cues` must hold only -1 and +1; got booleans {OTHERS}",
    ),
    (
        lambda net: net.retrieve(np.ones(6, complex)),
        TypeError,
        "`cues` must hold real numbers; got dtype complex128",
    ),
    (
        lambda net: net.retrieve(np.ones(6, object)),
        TypeError,
        "`cues` must hold real numbers; got dtype object",
    ),
    (lambda net: net.retrieve(["a"] * 6), TypeError, "`cues` must hold real numbers; got dtype <U1"),
    (
        lambda net: net.retrieve(np.ma.masked_array(CUES)),
        TypeError,
        "`cues` must not be a masked array, whose mask would be lost; fill it, or pass what is masked as `known`",
    ),
    (lambda net: net.retrieve([[1, 1], [1]]), ValueError, "`cues` must be a rectangular array of numbers; "),
    (
        lambda net: net.store(np.empty((0, 6))),
        ValueError,
        "`patterns` must hold at least one pattern of at least one entry; got shape (0, 6)",
    ),
    (
        lambda net: net.store([1, 1]),
        ValueError,
        "`patterns` must have 6 columns, as the stored patterns do; got shape (1, 2)",
    ),
    (
        lambda net: net.store([1, 1, 1, 0, 1, 1]),
        ValueError,
        f"`patterns` must hold only -1 and +1; got 0 at row 0, column 3 {OTHERS}",
    ),
    (
        lambda net: net.forget(-PATTERNS),
        ValueError,
        "`patterns` must be stored to be forgotten; row 0 is not (or not as often as it was given)",
    ),
    (
        lambda net: net.forget(PATTERNS[[0, 0]]),
        ValueError,
        "`patterns` must be stored to be forgotten; row 1 is not (or not as often as it was given)",
    ),
    (
        lambda net: net.energy([1, 1, 1, 1, 1, 0]),
        ValueError,
        f"`states` must hold only -1 and +1; got 0 at row 0, column 5 {OTHERS}",
    ),
    (
        lambda net: net.retrieve(CUES, update="both"),
        ValueError,
        "`update` must be one of 'asynchronous', 'synchronous'; got 'both'",
    ),
    (
        lambda net: net.retrieve(CUES, order="worst"),
        ValueError,
        "`order` must be one of 'permutation', 'random', 'sequential', 'greedy'; got 'worst'",
    ),
    (lambda net: net.retrieve(CUES, order=1), TypeError, "`order` must be a name or a list of neurons; got 1"),
    (lambda net: net.retrieve(CUES, max_sweeps=0), ValueError, "`max_sweeps` must be at least 1; got 0"),
    (
        lambda net: net.retrieve(CUES, max_sweeps=1.5),
        TypeError,
        "`max_sweeps` must be a whole number; got 1.5",
    ),
    (lambda net: net.retrieve(CUES, max_updates=-1), ValueError, "`max_updates` must be at least 1; got -1"),
    (lambda net: net.retrieve(CUES, patience=0), ValueError, "`patience` must be at least 1; got 0"),
    (
        lambda net: net.retrieve(CUES, target_energy=np.nan),
        ValueError,
        "`target_energy` must be a number; got NaN",
    ),
    (
        lambda net: net.retrieve(CUES, target_energy="low"),
        TypeError,
        "`target_energy` must be a real number; got 'low'",
    ),
    (
        lambda net: net.retrieve(CUES, near_overlap=0),
        ValueError,
        "`near_overlap` must be above 0 and at most 1; got 0",
    ),
    (
        lambda net: net.retrieve(CUES, targets=[0, 1, 2]),
        ValueError,
        "`targets` must hold indices of stored patterns, 0 to 1; got 2 at position 2",
    ),
    (
        lambda net: net.retrieve(CUES, targets=[0, -1, 1]),
        ValueError,
        "`targets` must hold indices of stored patterns, 0 to 1; got -1 at position 1",
    ),
    (
        lambda net: net.retrieve(CUES, targets=[0, 1]),
        ValueError,
        "`targets` must have shape (3,), one index for each cue; got (2,)",
    ),
    (
        lambda net: net.retrieve(CUES, targets=[0.0, 1.0, 1.0]),
        TypeError,
        "`targets` must hold whole numbers; got dtype float64",
    ),
    (
        lambda net: net.retrieve(CUES, field=np.zeros(5)),
        ValueError,
        "`field` must have shape (6,) or (3, 6), one value for each neuron, or for each neuron of each cue; got (1, 5)",
    ),
    (
        lambda net: net.retrieve(CUES, field=np.zeros((2, 6))),
        ValueError,
        "`field` must have shape (6,) or (3, 6), one value for each neuron, or for each neuron of each cue; got (2, 6)",
    ),
    (
        lambda net: net.retrieve(CUES, field=[[0.0] * 6, [0.0, 0.0, np.nan, 0.0, 0.0, 0.0], [0.0] * 6]),
        ValueError,
        "`field` must be finite; got NaN at row 1, column 2 (clean the data)",
    ),
    (
        lambda net: net.retrieve(CUES, field=["a"] * 6),
        TypeError,
        "`field` must hold real numbers; got dtype <U1",
    ),
    (
        lambda net: net.retrieve(CUES, temperature=-0.5),
        ValueError,
        "`temperature` must be 0 or a positive normal number; got -0.5",
    ),
    (
        lambda net: net.retrieve(CUES, temperature=[1.0, np.inf]),
        ValueError,
        "`temperature` must be 0 or a positive normal number; got inf",
    ),
    (
        lambda net: net.retrieve(CUES, temperature=[]),
        ValueError,
        "`temperature` must hold at least one number; got an empty schedule",
    ),
    (
        lambda net: net.retrieve(CUES, temperature=[[1.0]]),
        ValueError,
        "`temperature` must be one number, or one for each sweep; got an array of shape (1, 1)",
    ),
    (
        lambda net: net.retrieve(CUES, temperature=0.5, order="greedy"),
        ValueError,
        "`order` must not be 'greedy' at a positive `temperature`, where no neuron is the one to turn",
    ),
    (
        lambda net: net.retrieve(CUES, order=[0, 6]),
        ValueError,
        "`order` must hold indices of neurons, 0 to 5; got 6 at position 1",
    ),
    (
        lambda net: net.retrieve(CUES, order=np.array([-1])),
        ValueError,
        "`order` must hold indices of neurons, 0 to 5; got -1 at position 0",
    ),
    (
        lambda net: net.retrieve(CUES, order=[]),
        ValueError,
        "`order` must list at least one neuron; got an empty list",
    ),
    (
        lambda net: net.retrieve(CUES, order=[0.0, 1.0]),
        TypeError,
        "`order` must be a name or hold whole numbers; got dtype float64",
    ),
    (
        lambda net: net.retrieve(CUES, order=[[0, 1]]),
        ValueError,
        "`order` must be a name or a list of neurons, with one axis; got an array of shape (1, 2)",
    ),
    (
        lambda net: net.retrieve(CUES, order=[0, 1], update="synchronous"),
        ValueError,
        "`order` must not list neurons for synchronous updates, which follow no order",
    ),
    (
        lambda net: net.retrieve(CUES, clamp=True),
        ValueError,
        "`clamp` needs `known`: without it no neuron would be visited",
    ),
    (
        lambda net: net.retrieve(CUES, known=[1, 0, 1, 1, 1, 1]),
        TypeError,
        "`known` must hold booleans; got dtype int64 (compare, or use .astype(bool))",
    ),
    (
        lambda net: net.retrieve(CUES, known=[True]),
        ValueError,
        "`known` must have shape (6,) or (3, 6); got (1,)",
    ),
    (lambda net: net.retrieve(CUES, rng=-1), ValueError, "`rng` must be a seed from 0 to 2**64 - 1; got -1"),
    (
        lambda net: net.retrieve(CUES, rng=2**64),
        ValueError,
        "`rng` must be a seed from 0 to 2**64 - 1; got 18446744073709551616",
    ),
    (
        lambda net: net.retrieve(CUES, rng=[1, 2]),
        ValueError,
        "`rng` must have shape (3,), one seed for each cue; got (2,)",
    ),
    (
        lambda net: net.retrieve(CUES, rng=[1, -2, 3]),
        ValueError,
        "`rng` must hold seeds from 0 to 2**64 - 1; got -2",
    ),
    (
        lambda net: net.retrieve(CUES, rng=0.5),
        TypeError,
        "`rng` must be a whole number, a numpy Generator or None; got 0.5",
    ),
    (
        lambda net: net.retrieve(CUES, rng=[0.5] * 3),
        TypeError,
        "`rng` must hold whole numbers; got 0.5",
    ),
    (
        lambda net: net.retrieve(CUES, rng=np.full(3, 0.5)),
        TypeError,
        "`rng` must hold whole numbers; got dtype float64",
    ),
    (lambda net: net.retrieve(CUES, rng=[1, [2, 3], 4]), TypeError, "`rng` must hold whole numbers; got [2, 3]"),
    (
        lambda net: net.retrieve(CUES, rng=[0, 1, 2**64]),
        ValueError,
        "`rng` must hold seeds from 0 to 2**64 - 1; got 18446744073709551616",
    ),
    (lambda net: net.retrieve(CUES, rng=[True, 2, 3]), TypeError, "`rng` must hold whole numbers; got True"),
    (lambda net: net.retrieve(CUES, n_threads=0), ValueError, "`n_threads` must be at least 1; got 0"),
    (
        lambda net: hf.ClassicalHopfield(PATTERNS, rule="storky"),
        ValueError,
        "`rule` must be one of 'hebbian', 'storkey', 'pseudo_inverse', 'perceptron'; got 'storky'",
    ),
    (
        lambda net: hf.ClassicalHopfield(PATTERNS, normalization="n"),
        ValueError,
        "`normalization` must be one of 'neurons', 'patterns', 'none'; got 'n'",
    ),
    (
        lambda net: hf.ClassicalHopfield(PATTERNS, tie="up"),
        ValueError,
        "`tie` must be one of 'keep', 'plus', 'minus', 'random'; got 'up'",
    ),
    (
        lambda net: hf.ClassicalHopfield(PATTERNS, bias=1, threshold=1),
        ValueError,
        "`bias` and `threshold` are the same thing with opposite signs: give one or the other",
    ),
    (lambda net: hf.ClassicalHopfield(PATTERNS, bias=np.inf), ValueError, "`bias` must be finite; got inf"),
    (
        lambda net: hf.ClassicalHopfield(PATTERNS, threshold=[0, np.nan]),
        ValueError,
        "`threshold` must be finite; got nan for neuron 1",
    ),
    (
        lambda net: hf.ClassicalHopfield(PATTERNS, bias=[0, 1]),
        ValueError,
        "`bias` or `threshold` must have shape (6,), one value for each neuron, or be one number; got (2,)",
    ),
    (
        lambda net: hf.ClassicalHopfield(PATTERNS, bias=np.ones((1, 6))),
        ValueError,
        "`bias` must be one number, or one for each neuron; got shape (1, 6)",
    ),
    (lambda net: hf.ClassicalHopfield(n_neurons=0), ValueError, "`n_neurons` must be at least 1; got 0"),
    (
        lambda net: hf.ClassicalHopfield(PATTERNS, n_neurons=5),
        ValueError,
        "`patterns` must have shape (any, 5), as `n_neurons` says; got (2, 6)",
    ),
    (
        lambda net: hf.ClassicalHopfield().retrieve(CUES),
        ValueError,
        "the network stores no patterns yet: call `store` before asking it for a retrieval",
    ),
    (
        lambda net: hf.ClassicalHopfield(n_neurons=6).energy(CUES),
        ValueError,
        "the network stores no patterns yet: call `store` before asking it for an energy",
    ),
    (
        lambda net: hf.ClassicalHopfield().weight_matrix,
        ValueError,
        "the network stores no patterns yet: call `store` before asking it for the weight matrix",
    ),
    (lambda net: hf.spins([0, 1, 2]), ValueError, "`x` must hold only booleans, or 0 and 1; got 2 at (2,)"),
    (
        lambda net: hf.spins([[0, 1], [-1, 1]]),
        ValueError,
        "`x` must hold only booleans, or 0 and 1; got -1 at (1, 0)",
    ),
    (lambda net: hf.spins(np.ma.masked_array([0, 1])), TypeError, "`x` must not be a masked array"),
]


@pytest.fixture
def net() -> hf.ClassicalHopfield:
    return hf.ClassicalHopfield(PATTERNS)


@pytest.mark.parametrize(("call", "builtin", "sentence"), REFUSED, ids=[row[2][:60] for row in REFUSED])
def test_refusal(net: hf.ClassicalHopfield, call: Any, builtin: type[Exception], sentence: str) -> None:
    with pytest.raises(hf.HopfieldError) as caught:
        call(net)
    assert isinstance(caught.value, builtin)
    whole = str(caught.value)
    assert whole == sentence or (sentence.endswith(("; ", "array")) and whole.startswith(sentence))
    assert np.array_equal(net.patterns, PATTERNS), "nothing has changed"


def test_too_large_a_matrix_is_a_memory_error() -> None:
    net = hf.ClassicalHopfield(np.ones((1, 6_000_000), np.int8))
    with pytest.raises(
        MemoryError, match=re.escape("not enough memory for 288000000000000 bytes of the weight matrix")
    ):
        _ = net.weight_matrix
