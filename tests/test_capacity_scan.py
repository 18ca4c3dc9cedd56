"""Scans: what they say of their trials, that nothing else matters, and what memories they take."""

from __future__ import annotations

import io
import itertools
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import NormalDist
from types import SimpleNamespace
from typing import Any, ClassVar

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import hopfield as hf
import tolerance
from hopfield import _terminal
from hopfield.capacity import CapacityScan, _results, basin, scan
from hopfield.errors import HopfieldError, InputTypeError, InvalidInputError
from oracle import capacity as oracle
from oracle import classical
from scans import same
from tolerance import worst

# What a scan says


@given(st.integers(2, 12), st.lists(st.integers(1, 6), min_size=1, max_size=2, unique=True), st.integers(0, 2**64 - 1))
def test_a_scan_is_the_oracles(n: int, k: list[int], seed: int) -> None:
    found = scan(n=n, k=k, trials=4, corruption=0.25, rng=seed)
    quantile = NormalDist().inv_cdf(0.975)
    assert found.k.tolist() == k
    for row, count in enumerate(k):
        overlaps, hits = [], 0
        for trial in range(4):
            patterns, order, retrieval = oracle.spin_trial(seed, n, count, trial)
            cue = list(patterns[0])
            for i in order[: round(0.25 * n)]:
                cue[i] = -cue[i]
            net = classical.ClassicalHopfield(patterns)
            state = classical.retrieve(net, cue, seed=retrieval).states
            overlap = sum(x * y for x, y in zip(state, patterns[0], strict=True)) / n
            overlaps.append(overlap)
            hits += overlap == 1
        middle, low, high = oracle.mean(overlaps, quantile)
        assert (found.n[row], found.alpha[row], found.corruption[row]) == (n, count / n, 0.25)
        assert (found.trials[row], found.successes[row], found.success_rate[row]) == (4, hits, hits / 4)
        assert found.overlap[row] == pytest.approx(middle, abs=4 * tolerance.U64)
        # A square root of a variance that is off by a rounding or two of 1.
        assert found.overlap_low[row] == pytest.approx(low, abs=1e-7 if low == high else 1e-14)
        assert found.overlap_high[row] == pytest.approx(high, abs=1e-7 if low == high else 1e-14)


@given(st.integers(1, 10**6).flatmap(lambda t: st.tuples(st.integers(0, t), st.just(t))), st.floats(0.01, 6))
@example((0, 1), 1.96)
@example((10**6, 10**6), 1.96)
def test_wilson(counts: tuple[int, int], quantile: float) -> None:
    successes, trials = counts
    found, expected = _results.wilson(successes, trials, quantile), oracle.wilson(successes, trials, quantile)
    # Sums of numbers below 1 and a difference of two of them.
    assert worst(found, expected, 16 * tolerance.U64) <= 1
    low, high = found
    assert 0 <= low <= successes / trials <= high <= 1
    assert (low == 0) == (successes == 0) or low < 1e-15
    mirrored = _results.wilson(trials - successes, trials, quantile)
    assert worst([1 - high, 1 - low], mirrored, 16 * tolerance.U64) <= 1


def test_the_intervals_keep_their_word() -> None:
    # Of 200 scans with 95 % intervals, the wide scan's mean is outside of some 10; of more than 25 one in 10^5 times.
    k, n, trials = 12, 60, 25
    truth = scan(n=n, k=k, trials=20_000, rng=99)
    scans = [scan(n=n, k=k, trials=trials, rng=seed) for seed in range(200)]
    for name in ("success", "overlap"):
        value = getattr(truth, "success_rate" if name == "success" else "overlap")[0]
        low, high = (np.array([getattr(s, f"{name}_{end}")[0] for s in scans]) for end in ("low", "high"))
        missed = int(((value < low) | (value > high)).sum())
        # Overlaps are far from normal: their interval is allowed a little more.
        assert 1 <= missed <= (25 if name == "success" else 35)


def test_a_hebbian_network_of_2000_neurons_follows_the_mean_field() -> None:
    found = scan(n=2000, alpha=[0.05, 0.08, 0.1, 0.12], trials=200)
    theory = hf.capacity.mean_field(found.alpha).overlap
    assert np.abs(found.overlap - theory).max() < 0.003
    beyond = scan(n=2000, alpha=0.16, trials=50)
    assert beyond.overlap[0] < 0.8
    assert beyond.successes[0] == 0


def test_warm_networks_follow_the_mean_field() -> None:
    # Averaged over what is left of chance: one state of 1000 neurons in each of 40 trials.
    heat = {"temperature": 0.3, "max_sweeps": 30}
    found = scan(n=1000, alpha=[0.02, 0.05], trials=40, retrieve=heat)
    theory = hf.capacity.mean_field(found.alpha, 0.3).overlap
    assert np.abs(found.overlap - theory).max() < 0.01


# Nothing else matters


@pytest.mark.parametrize("patterns", ["spins", "spherical"])
def test_threads_change_nothing(patterns: str) -> None:
    memory = "hebbian" if patterns == "spins" else "modern"
    options: dict[str, Any] = {"n": [40, 70], "k": [3, 9], "trials": 7, "memory": memory, "patterns": patterns}
    alone = scan(**options, corruption=0.2, n_threads=1)
    for n_threads in (2, 3, 5, 8):
        assert same(alone, scan(**options, corruption=0.2, n_threads=n_threads))


def test_a_point_is_what_it_is_without_the_others() -> None:
    whole = scan(n=[50, 80], alpha=[0.1, 0.2, 0.3], trials=10)
    assert same(whole, scan(n=80, alpha=0.2, trials=10), [4])
    assert same(whole, scan(n=[50], alpha=[0.3, 0.1], trials=10), [2, 0])
    assert same(whole, scan(n=80, k=[8, 16, 24], trials=10), slice(3, 6))
    assert not np.array_equal(whole.overlap, scan(n=[50, 80], alpha=[0.1, 0.2, 0.3], trials=10, rng=1).overlap)


def test_the_same_trials_come_first_in_a_longer_scan() -> None:
    short, long = (scan(n=60, k=12, trials=trials) for trials in (15, 16))
    # One more trial moves the sum by its overlap.
    assert abs(16 * long.overlap[0] - 15 * short.overlap[0]) <= 1 + 1e-12
    assert long.successes[0] - short.successes[0] in (0, 1)


def test_a_generator_gives_the_seed_that_the_result_keeps() -> None:
    found = scan(n=30, k=5, trials=5, rng=np.random.default_rng(4))
    assert found.seed == int(np.random.default_rng(4).integers(0, 2**64, dtype=np.uint64))
    assert same(found, scan(n=30, k=5, trials=5, rng=found.seed))
    assert scan(n=30, k=5, trials=1, rng=None).seed != scan(n=30, k=5, trials=1, rng=None).seed


# Basins


def test_a_basin_starts_with_the_scan_and_shrinks() -> None:
    found = basin(n=200, k=10, corruption=[0.0, 0.1, 0.3, 0.5], trials=30)
    assert same(found, scan(n=200, k=10, trials=30), [0])
    assert same(found, scan(n=200, k=10, trials=30, corruption=0.3), [2])
    assert found.corruption.tolist() == [0.0, 0.1, 0.3, 0.5]
    assert found.success_rate[0] > 0.9
    assert (np.diff(found.successes) <= 0).all()
    assert found.success_rate[-1] < 0.1


def test_cues_of_one_trial_lie_on_one_way() -> None:
    cues: list[Any] = []

    def memory(patterns: Any) -> Any:
        return SimpleNamespace(retrieve=lambda cue: cues.append(patterns[0] != cue) or cue)

    basin(n=64, k=2, corruption=[0.1, 0.25, 0.5, 1.0], trials=1, memory=memory, n_threads=1)
    assert [int(flipped.sum()) for flipped in cues] == [6, 16, 32, 64]
    assert all((fewer <= more).all() for fewer, more in itertools.pairwise(cues))


# Memories


class Nearest:
    """The stored pattern that is nearest to the cue."""

    def __init__(self, patterns: Any) -> None:
        self.patterns = patterns.copy()

    def retrieve(self, cue: Any) -> Any:
        return self.patterns[np.argmax(self.patterns.astype(float) @ cue)]


class Told(Nearest):
    """The same, with everything that a scan has to say."""

    heard: ClassVar[list[tuple[int, bool]]] = []

    def retrieve(self, cue: Any, *, rng: int, progress: Callable[..., object]) -> Any:
        self.heard.append((rng, callable(progress)))
        return SimpleNamespace(states=super().retrieve(cue))


@pytest.mark.parametrize("patterns", ["spins", "gaussian", "spherical"])
def test_any_memory_will_do(patterns: str) -> None:
    found = scan(n=100, k=20, trials=10, memory=Nearest, patterns=patterns, corruption=0.3)
    assert (found.memory, found.patterns) == ("Nearest", patterns)
    assert found.successes[0] == 10
    assert found.overlap[0] == pytest.approx(1, abs=1e-15)
    Told.heard.clear()
    told = scan(n=100, k=20, trials=10, memory=Told, patterns=patterns, corruption=0.3, n_threads=3)
    assert same(found, told)
    seeds = [hf._core.spin_trial(0, 100, 20, trial)[2] for trial in range(10)]
    assert sorted(Told.heard) == sorted((seed, True) for seed in seeds)


def test_names_are_the_factories_that_they_stand_for() -> None:
    for name, factory in (("hebbian", hf.ClassicalHopfield), ("modern", hf.ModernHopfield)):
        one, other = (scan(n=40, k=4, trials=5, memory=memory) for memory in (name, factory))
        assert same(one, other)
        assert (one.memory, other.memory) == (name, factory.__name__)


def test_options_reach_the_memory() -> None:
    still = scan(n=50, k=10, trials=5, corruption=0.2, retrieve={"max_updates": 1})
    assert still.overlap[0] == pytest.approx(0.6, abs=0.05)
    seeds: list[int] = []

    def memory(patterns: Any) -> Any:
        return SimpleNamespace(retrieve=lambda cue, rng: seeds.append(rng) or cue)

    scan(n=5, k=1, trials=3, memory=memory, retrieve={"rng": 11})
    assert seeds == [11] * 3


def test_a_modern_network_retrieves_real_patterns() -> None:
    found = scan(n=30, k=[5, 500], trials=20, memory="modern", patterns="spherical", corruption=0.3)
    assert found.successes.tolist() == [20, 20]
    assert (found.overlap > 0.999).all()
    # Binary patterns too: its states are near them, which is a success for real numbers.
    assert scan(n=30, k=5, trials=20, memory="modern", corruption=0.1).successes[0] == 20


def answering(state: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A memory that answers so, whatever the cue."""
    return lambda patterns: SimpleNamespace(retrieve=lambda cue: state(patterns))


def test_what_a_success_is() -> None:
    def rate(state: Callable[[Any], Any], **options: Any) -> float:
        found = scan(n=100, k=2, trials=4, memory=answering(state), **options)
        return float(found.success_rate[0])

    def spoilt(patterns: Any) -> Any:
        state = patterns[0].copy()
        state[:3] *= -1
        return state

    assert rate(lambda p: p[0]) == 1
    assert rate(spoilt) == 0
    assert rate(spoilt, tolerance=0.06) == 1
    assert rate(spoilt, tolerance=0.05) == 0
    assert rate(lambda p: -p[0], tolerance=1.0) == 0
    # A hundredth is forgiven to real states; but another pattern must not be nearer.
    assert rate(lambda p: p[0] * 1.7) == 1
    assert rate(lambda p: spoilt(p) * 1.0) == 0
    assert rate(lambda p: p[1], tolerance=1.0) == 0
    assert rate(lambda p: p[0] + 0.9 * p[1], tolerance=0.9) == 1
    assert rate(lambda p: p[0] + 1.1 * p[1], tolerance=0.9) == 0


def test_no_state_at_all_has_no_overlap() -> None:
    assert scan(n=9, k=2, trials=2, memory=answering(lambda p: np.zeros(9))).overlap[0] == 0


# Progress and failures


@pytest.mark.parametrize("n_threads", [1, 3])
def test_progress_is_heard_and_ends_with_the_whole(n_threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hopfield.capacity._crew.PAUSE", 0.0)
    heard: list[tuple[int, int]] = []
    scan(n=20, k=[2, 3], trials=300, n_threads=n_threads, progress=lambda *said: heard.append(said))
    assert heard[-1] == (600, 600)
    assert len(heard) > 1
    assert [done for done, _ in heard] == sorted(done for done, _ in heard)


@pytest.mark.parametrize("n_threads", [1, 3])
@pytest.mark.parametrize("raised", [ValueError, KeyboardInterrupt, hf.HopfieldError])
def test_what_progress_raises_ends_the_scan(
    raised: type[BaseException], n_threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hopfield.capacity._crew.PAUSE", 0.0)

    def progress(done: int, total: int) -> None:
        raise raised("enough")

    with pytest.raises(raised, match="enough"):
        scan(n=20, k=2, trials=1000, n_threads=n_threads, progress=progress)
    assert hf._core.limit_threads(0) == 0


@pytest.mark.parametrize("n_threads", [1, 2, 5])
def test_what_a_memory_raises_comes_out(n_threads: int) -> None:
    def memory(patterns: Any) -> Any:
        raise RuntimeError("no room")

    with pytest.raises(RuntimeError, match="no room"):
        scan(n=20, k=2, trials=50, memory=memory, n_threads=n_threads)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_bar_is_drawn_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_terminal, "PATIENCE", -1.0)
    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    scan(n=20, k=2, trials=3, progress=True)
    assert "3 of 3 trials" in terminal.getvalue()


# What is refused

REFUSED: list[tuple[dict[str, Any], type[HopfieldError], str]] = [
    ({"n": 0, "k": 1}, InvalidInputError, "`n` must be at least 1; got 0"),
    ({"n": 2.5, "k": 1}, InputTypeError, "`n` must be a whole number; got 2.5"),
    ({"n": [[5]], "k": 1}, InvalidInputError, "`n` must be a number or a row of numbers; got shape (1, 1)"),
    ({"n": 5}, InvalidInputError, "`alpha` or `k` must say how many patterns are stored: give one of them"),
    (
        {"n": 5, "alpha": 0.5, "k": 1},
        InvalidInputError,
        "`alpha` or `k` must say how many patterns are stored: give one of them",
    ),
    (
        {"n": 5, "alpha": [0.5, 3.0]},
        InvalidInputError,
        "`alpha` must be a load k/n, above 0 and at most 1; got 3 (give numbers of patterns as `k`)",
    ),
    (
        {"n": 5, "alpha": np.nan},
        InvalidInputError,
        "`alpha` must be a load k/n, above 0 and at most 1; got nan (give numbers of patterns as `k`)",
    ),
    ({"n": 5, "alpha": 0.05}, InvalidInputError, "`alpha` must make at least one pattern; got 0.05 with n = 5"),
    ({"n": 5, "k": 0}, InvalidInputError, "`k` must be at least 1; got 0"),
    ({"n": 5, "k": 1, "trials": 0}, InvalidInputError, "`trials` must be at least 1; got 0"),
    ({"n": 5, "k": 1, "corruption": 1.2}, InvalidInputError, "`corruption` must be from 0 to 1; got 1.2"),
    (
        {"n": 5, "k": 1, "corruption": -1, "patterns": "gaussian"},
        InvalidInputError,
        "`corruption` must be at least 0 and finite; got -1",
    ),
    ({"n": 5, "k": 1, "tolerance": 1.5}, InvalidInputError, "`tolerance` must be from 0 to 1; got 1.5"),
    ({"n": 5, "k": 1, "confidence": 1.0}, InvalidInputError, "`confidence` must be between 0 and 1; got 1"),
    ({"n": 5, "k": 1, "n_threads": 0}, InvalidInputError, "`n_threads` must be at least 1; got 0"),
    ({"n": 5, "k": 1, "rng": -1}, InvalidInputError, "`rng` must be a seed from 0 to 2**64 - 1; got -1"),
    (
        {"n": 5, "k": 1, "patterns": "bits"},
        InvalidInputError,
        "`patterns` must be one of 'spins', 'gaussian', 'spherical'; got 'bits'",
    ),
    ({"n": 5, "k": 1, "memory": 7}, InputTypeError, "`memory` must be a name, or make a memory of patterns; got 7"),
    (
        {"n": 5, "k": 1, "memory": lambda patterns: patterns},
        InputTypeError,
        "`memory` must make an object with a method `retrieve`; got one of type ndarray",
    ),
    (
        {"n": 5, "k": 1, "memory": answering(lambda p: p)},
        InvalidInputError,
        "`memory` must retrieve a state of shape (5,) from such a cue, or an object that has it as `states`; got "
        "shape (1, 5) of dtype int8",
    ),
    (
        {"n": 5, "k": 1, "memory": answering(lambda p: p[0] * np.nan)},
        InvalidInputError,
        "`memory` must retrieve finite states; got NaN or infinity",
    ),
    ({"n": 5, "k": 1, "progress": 3}, InputTypeError, "`progress` must be callable, or None; got 3"),
]


@pytest.mark.parametrize(("options", "error", "said"), REFUSED, ids=[said for *_, said in REFUSED])
def test_what_is_refused(options: dict[str, Any], error: type[HopfieldError], said: str) -> None:
    with pytest.raises(error) as raised:
        scan(**options)
    assert str(raised.value) == said


def test_an_unknown_memory_is_refused_with_the_names() -> None:
    with pytest.raises(InvalidInputError, match=r"`memory` must be one of 'hebbian', .*; got 'holographic'"):
        scan(n=5, k=1, memory="holographic")


@pytest.mark.parametrize("rule", [hf.rules.PseudoInverse(), hf.rules.Perceptron(margin=1.0)])
def test_rules_retrieve_at_loads_where_hebbs_fails(rule: hf.rules.Rule, tmp_path: Path) -> None:
    options: dict[str, Any] = {"n": 200, "alpha": 0.2, "trials": 20, "corruption": 0.02}
    assert scan(**options).success_rate[0] < 0.2
    found = scan(**options, memory=rule)
    assert found.success_rate[0] > 0.9
    assert found.memory == ("pseudo_inverse" if rule == hf.rules.PseudoInverse() else repr(rule))
    found.to_csv(tmp_path / "scan.csv")
    assert CapacityScan.from_csv(tmp_path / "scan.csv").memory == found.memory


@pytest.mark.parametrize("memory", ["storkey", "pseudo_inverse", "perceptron", "hebbian"])
def test_a_rules_name_stands_for_its_network(memory: str) -> None:
    def factory(patterns: Any) -> hf.ClassicalHopfield:
        return hf.ClassicalHopfield(patterns, rule=memory)

    one, other = (scan(n=40, k=4, trials=5, memory=made) for made in (memory, factory))
    assert one.memory == memory
    assert np.array_equal(one.overlap, other.overlap)


def test_more_patterns_than_neurons_are_refused_by_the_pseudo_inverse() -> None:
    with pytest.raises(InvalidInputError, match="at most 20 of 20 neurons can be"):
        scan(n=20, k=21, trials=2, memory="pseudo_inverse")


# Dense memories


def test_a_cubic_memory_loses_its_patterns_where_theory_says() -> None:
    """One synchronous step from a pattern errs in ``erfc(sqrt(n**2 / (6 * k))) / 2`` of the neurons."""
    for n, alpha in [(100, 0.05), (100, 0.1), (200, 0.1), (200, 0.2)]:
        k = round(alpha * n * n)
        found = scan(n=n, k=k, trials=20, memory="dense", retrieve={"update": "synchronous", "max_sweeps": 1})
        expected = 1 - 2 * hf.capacity.krotov_hopfield_error(n, k, 3)
        # 20 n neurons err independently, about; theory neglects terms of the order 1 / n.
        assert found.overlap[0] == pytest.approx(expected, abs=5 * ((1 - expected) / (10 * n)) ** 0.5 + 1 / n)


def test_any_dense_memory_can_be_scanned() -> None:
    def exponential(patterns: Any) -> hf.DenseAssociativeMemory:
        return hf.DenseAssociativeMemory(patterns, interaction="exponential")

    found = basin(n=60, k=500, corruption=[0.1, 0.45], trials=20, memory=exponential)
    assert found.success_rate[0] == 1
    assert found.success_rate[1] < 0.8
    assert scan(n=60, k=500, corruption=0.1, trials=20, memory="hebbian").success_rate[0] == 0
