"""What the classical network takes, and what it leaves alone."""

from __future__ import annotations

import signal
import threading
import time
from typing import Any

import numpy as np
import pytest
from hypothesis import given

import hopfield as hf
from strategies import LAYOUTS, SPIN_DTYPES, layouts
from two_patterns import CUES, PATTERNS


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
