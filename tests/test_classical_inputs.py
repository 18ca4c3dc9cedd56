"""What the classical network takes, what it refuses and with which words, and what it leaves alone."""

from __future__ import annotations

import re
import signal
import threading
import time
from typing import Any

import numpy as np
import pytest
from hypothesis import given

import hopfield as hf
from strategies import LAYOUTS, SPIN_DTYPES, layouts

PATTERNS = np.array([[1, 1, -1, -1, 1, -1], [1, -1, 1, -1, -1, -1]], np.int8)
CUES = np.array([[1, 1, -1, -1, 1, 1], [-1, -1, 1, -1, -1, -1], [1, 1, 1, 1, 1, 1]], np.int8)


@pytest.fixture
def net() -> hf.ClassicalHopfield:
    return hf.ClassicalHopfield(PATTERNS)


@pytest.mark.parametrize("dtype", SPIN_DTYPES)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_any_real_dtype_in_any_layout_is_read(dtype: str, layout: str) -> None:
    lay = LAYOUTS[layout]
    net = hf.ClassicalHopfield(lay(PATTERNS.astype(dtype)))
    assert np.array_equal(net.patterns, PATTERNS)
    cues = lay(CUES.astype(dtype))
    before = np.array(cues)
    plain, found = hf.ClassicalHopfield(PATTERNS).retrieve(CUES), net.retrieve(cues)
    assert np.array_equal(found.states, plain.states)
    assert np.array_equal(found.energy, plain.energy)
    assert np.array_equal(np.array(cues), before)
    assert np.array_equal(net.energy(cues), net.energy(CUES))
    assert net.store(lay(PATTERNS[0].astype(dtype)[np.newaxis])).n_patterns == 3


@given(layouts, layouts)
def test_known_entries_in_any_layout_are_read(lay: Any, lay_known: Any) -> None:
    net = hf.ClassicalHopfield(PATTERNS)
    known = np.array([[True, True, False, False, True, True]] * 2 + [[False] * 6])
    expected = net.retrieve(CUES, known=known)
    cues = np.where(known, CUES, 0.5)
    found = net.retrieve(lay(cues), known=lay_known(known))
    assert np.array_equal(found.states, expected.states)
    assert np.array_equal(found.n_flips, expected.n_flips)


def test_unknown_entries_may_hold_anything(net: hf.ClassicalHopfield) -> None:
    known = [True, True, False, True, True, True]
    for anything in (np.nan, np.inf, 7.0, 0.0):
        assert net.retrieve([1, 1, anything, -1, 1, -1], known=known).pattern == 0
    assert net.retrieve(np.array([1, 1, 99, -1, 1, -1], np.int8), known=known).pattern == 0


def test_unsigned_patterns_of_ones_are_patterns() -> None:
    assert hf.ClassicalHopfield(np.ones((1, 4), np.uint8)).patterns.tolist() == [[1, 1, 1, 1]]


def test_a_single_cue_has_single_answers(net: hf.ClassicalHopfield) -> None:
    found = net.retrieve(CUES[0], targets=0, trace=True)
    assert found.states.shape == (6,)
    kinds = {name: type(getattr(found, name)) for name in found.__slots__}
    assert kinds == {
        **dict.fromkeys(["converged", "is_fixed_point", "hit"], bool),
        **dict.fromkeys(["n_sweeps", "n_updates", "n_flips", "pattern", "sign"], int),
        **dict.fromkeys(["reason", "outcome"], str),
        **dict.fromkeys(["energy", "overlap"], float),
        **dict.fromkeys(["states", "mixture", "mixture_signs", "trace"], np.ndarray),
    }
    assert isinstance(net.energy(CUES[0]), float)
    assert isinstance(net.is_fixed_point(CUES[0]), bool)
    assert net.field(CUES[0]).shape == (6,)
    assert net.overlap(CUES[0]).shape == net.hamming(CUES[0]).shape == (2,)


def test_a_batch_has_arrays(net: hf.ClassicalHopfield) -> None:
    found = net.retrieve(CUES, targets=[0, 1, 1])
    dtypes = {name: getattr(found, name).dtype.kind for name in found.__slots__ if name != "trace"}
    assert dtypes == {
        **dict.fromkeys(["converged", "is_fixed_point", "hit"], "b"),
        **dict.fromkeys(
            ["states", "sign", "n_sweeps", "n_updates", "n_flips", "pattern", "mixture", "mixture_signs"], "i"
        ),
        **dict.fromkeys(["reason", "outcome"], "U"),
        **dict.fromkeys(["energy", "overlap"], "f"),
    }
    assert repr(found) == "BinaryRetrieval(states (3, 6), converged 100%)"
    assert all(len(getattr(found, name)) == 3 for name in dtypes)
    with pytest.raises(AttributeError):
        found.energy = 0.0  # type: ignore[misc]


def test_a_summary_counts(net: hf.ClassicalHopfield) -> None:
    states = np.concatenate([PATTERNS, -PATTERNS[:1], PATTERNS[:1]])
    summary = net.retrieve(states, targets=[0, 1, 0, 0]).summary()
    assert summary.n_cues == 4
    assert summary.outcomes == {"memory": 3, "antipattern": 1}
    assert (summary.converged, summary.hit, summary.median_sweeps) == (1.0, 0.75, 1.0)
    assert str(summary).splitlines() == [
        "4 cues, converged 100%, hit 75%",
        "memory           3   75%",
        "antipattern      1   25%",
        "sweeps           1 (median)",
        "|overlap|    1.000 (mean)",
    ]
    single = net.retrieve(PATTERNS[0]).summary()
    assert (single.n_cues, single.outcomes, single.hit) == (1, {"memory": 1}, None)
    assert str(net.retrieve(np.empty((0, 6))).summary()) == "0 cues"


def test_an_empty_batch_has_empty_answers(net: hf.ClassicalHopfield) -> None:
    none = np.empty((0, 6))
    found = net.retrieve(none, trace=True, targets=[], rng=np.empty(0, int), known=np.ones(6, bool))
    assert found.states.shape == (0, 6)
    assert found.reason.shape == found.energy.shape == found.hit.shape == (0,)
    assert found.trace is not None
    assert found.trace.shape == (0, 1)
    assert net.energy(none).shape == (0,)
    assert net.field(none).shape == (0, 6)
    assert net.overlap(none).shape == net.hamming(none).shape == (0, 2)


def test_seeds_of_every_kind(net: hf.ClassicalHopfield) -> None:
    crowded = hf.ClassicalHopfield(hf.spins(np.random.default_rng(0).random((30, 40)) < 0.5))
    cues = hf.spins(np.random.default_rng(1).random((6, 40)) < 0.5)
    by_int = crowded.retrieve(cues, rng=np.int64(3)).states
    assert np.array_equal(by_int, crowded.retrieve(cues, rng=3).states)
    assert not np.array_equal(by_int, crowded.retrieve(cues, rng=4).states)
    drawn = crowded.retrieve(cues, rng=np.random.default_rng(9)).states
    seed = int(np.random.default_rng(9).integers(0, 2**64, dtype=np.uint64))
    assert np.array_equal(drawn, crowded.retrieve(cues, rng=seed).states)
    fresh = [crowded.retrieve(cues, rng=None).states for _ in range(4)]
    assert any(not np.array_equal(fresh[0], other) for other in fresh[1:])
    seeds = np.arange(6, dtype=np.uint8)
    parts = [crowded.retrieve(cues[part], rng=seeds[part]).states for part in (slice(2), slice(2, 6))]
    assert np.array_equal(np.concatenate(parts), crowded.retrieve(cues, rng=seeds).states)
    # Seeds above 2**63 beside smaller ones, for which NumPy has no common integer dtype.
    wide = [1, 2**63, 2**64 - 1, 0, 2**53 + 1, np.uint64(2**63 + 1)]
    listed = crowded.retrieve(cues, rng=wide).states
    assert np.array_equal(listed, crowded.retrieve(cues, rng=np.array([*map(int, wide)], np.uint64)).states)
    assert np.array_equal(listed, crowded.retrieve(cues, rng=tuple(wide)).states)


def test_names_and_numbers_of_the_network() -> None:
    empty = hf.ClassicalHopfield()
    assert (empty.n_neurons, empty.n_patterns, len(empty)) == (None, 0, 0)
    assert repr(empty) == "ClassicalHopfield(0 patterns of ? neurons)"
    assert empty.patterns.shape == (0, 0)
    assert hf.ClassicalHopfield(n_neurons=6).patterns.shape == (0, 6)
    assert repr(hf.ClassicalHopfield(PATTERNS)) == "ClassicalHopfield(2 patterns of 6 neurons)"


def test_a_threshold_is_a_bias_of_the_other_sign() -> None:
    values = np.linspace(-1, 1, 6)
    with_bias = hf.ClassicalHopfield(PATTERNS, bias=values)
    with_threshold = hf.ClassicalHopfield(PATTERNS, threshold=-values)
    assert np.array_equal(with_bias.energy(CUES), with_threshold.energy(CUES))
    assert np.array_equal(with_bias.field(CUES), with_threshold.field(CUES))


@pytest.mark.parametrize(
    ("weights", "threshold", "truth"),
    [
        ([1, 1, 1], 1, [-1, -1, -1, 1]),  # and
        ([1, 1, 1], -1, [-1, 1, 1, 1]),  # or
    ],
)
def test_gates(weights: list[int], threshold: float, truth: list[int]) -> None:
    gate = hf.ClassicalHopfield(weights, normalization="none", threshold=[0, 0, threshold])
    inputs = [[-1, -1, 0], [-1, 1, 0], [1, -1, 0], [1, 1, 0]]
    found = gate.retrieve(inputs, known=[True, True, False], clamp=True)
    assert found.states[:, 2].tolist() == truth
    inverter = hf.ClassicalHopfield([1, -1])
    assert inverter.retrieve([[1, 0], [-1, 0]], known=[True, False], clamp=True).states[:, 1].tolist() == [
        -1,
        1,
    ]


# Refusals: the exception and the whole sentence

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


# Interrupts and threads


def test_ctrl_c_ends_a_retrieval_and_leaves_the_network() -> None:
    patterns = hf.spins(np.random.default_rng(0).random((400, 2000)) < 0.5)
    net = hf.ClassicalHopfield(patterns, tie="random")
    cues = np.tile(hf.corrupt.flip(patterns, 0.5, 1), (10, 1))
    sent: list[float] = []

    def interrupt() -> None:
        sent.append(time.perf_counter())
        signal.raise_signal(signal.SIGINT)

    timer = threading.Timer(0.2, interrupt)
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        net.retrieve(cues)
    # Honoured within 50 ms on a machine of its own; a busy one may let it wait.
    assert time.perf_counter() - sent[0] < 0.5
    assert np.array_equal(net.patterns, patterns)


def test_progress_is_heard_and_may_end_the_retrieval(net: hf.ClassicalHopfield) -> None:
    heard: list[tuple[int, int]] = []
    net.retrieve(CUES, progress=lambda done, total: heard.append((done, total)))
    assert heard[-1] == (3, 3)
    patterns = hf.spins(np.random.default_rng(0).random((400, 2000)) < 0.5)
    large = hf.ClassicalHopfield(patterns)

    def enough(done: int, total: int) -> None:
        assert 0 <= done < total == 4000
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        large.retrieve(np.tile(hf.corrupt.flip(patterns[:200], 0.4, 0), (20, 1)), progress=enough)


def test_a_call_sees_the_network_as_it_was_at_its_start() -> None:
    rng = np.random.default_rng(0)
    patterns = hf.spins(rng.random((60, 500)) < 0.5)
    net = hf.ClassicalHopfield(patterns[:30])
    cues = hf.corrupt.flip(patterns[:30], 0.1, 0)
    expected = {k: hf.ClassicalHopfield(patterns[:k]).retrieve(cues).energy.tolist() for k in range(30, 61)}
    seen: list[list[float]] = []

    def look() -> None:
        for _ in range(20):
            seen.append(net.retrieve(cues).energy.tolist())

    watcher = threading.Thread(target=look)
    watcher.start()
    for pattern in patterns[30:]:
        net.store(pattern)
    watcher.join()
    assert all(energies in expected.values() for energies in seen)
    assert net.retrieve(cues).energy.tolist() == expected[60]
