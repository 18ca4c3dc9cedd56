"""Binary networks by hopfield, NumPy and hopfieldkit: `python benches/binary_peers.py`, each row of the README's table.

Answers are compared before anything is timed, and calls take turns (`rivals.turns`). hopfieldkit is installed by hand
(`pip install hopfieldkit`); without it, it is left out. `--memory` measures the peak of wide networks instead of times.

Not here: rates of the kernels alone (`cargo bench --bench recall`).
"""

from __future__ import annotations

import argparse
import functools
import importlib.util
import itertools
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator

from rivals.fairness import start_fair
from rivals.turns import OURS, Contest, Work, run, say

start_fair()

import numpy as np  # noqa: E402  (after the environment is fair)
import numpy.typing as npt  # noqa: E402

import hopfield as hf  # noqa: E402

Signs = npt.NDArray[np.int8]
Floats = npt.NDArray[np.float32]


def random_signs(rng: np.random.Generator, rows: int, n: int) -> Signs:
    return 2 * rng.integers(0, 2, (rows, n), dtype=np.int8) - 1


def spoilt(rng: np.random.Generator, patterns: Signs, share: float) -> Signs:
    cues = patterns.copy()
    for cue in cues:
        cue[rng.permutation(cue.size)[: int(share * cue.size)]] *= -1
    return cues


class ByWeights:
    """What NumPy's users do: weights in float32, whose sums of whole numbers are exact."""

    def __init__(self, patterns: Signs) -> None:
        self.patterns = patterns.astype(np.float32)
        self.k = len(patterns)
        self.weights = self.store()

    def store(self) -> Floats:
        weights: Floats = self.patterns.T @ self.patterns
        np.fill_diagonal(weights, 0)
        return weights

    def recall_by_rows(self, cue: Signs) -> Floats:
        """One product of a row and the state a visit."""
        state = cue.astype(np.float32)
        moved = True
        while moved:
            moved = False
            for i in range(state.size):
                if state[i] * (self.weights[i] @ state) < 0:
                    state[i] = -state[i]
                    moved = True
        return state

    def recall_by_field(self, cue: Signs) -> Floats:
        """All fields kept; a flip adds a row."""
        state = cue.astype(np.float32)
        field = self.weights @ state
        moved = True
        while moved:
            moved = False
            for i in range(state.size):
                if state[i] * field[i] < 0:
                    state[i] = -state[i]
                    field += 2 * state[i] * self.weights[i]
                    moved = True
        return state

    def step_by_weights(self, states: Floats) -> Floats:
        field = states @ self.weights
        return np.where(field == 0, states, np.sign(field))

    def step_by_patterns(self, states: Floats) -> Floats:
        field = (states @ self.patterns.T) @ self.patterns - np.float32(self.k) * states
        return np.where(field == 0, states, np.sign(field))


def contests(n: int, k: int, m: int, threads: int) -> Iterator[Contest]:
    """The rows at one size, each checked."""
    rng = np.random.default_rng(0)
    patterns = random_signs(rng, k, n)
    cues = spoilt(rng, patterns[:m], 0.1)
    dense, net = ByWeights(patterns), hf.ClassicalHopfield(patterns)
    size = f"n = {n}, k = {k}"

    bits = patterns > 0
    packed: dict[str, Work] = {
        OURS: lambda: hf.ClassicalHopfield(patterns),
        "NumPy X.T @ X": dense.store,
        "NumPy packbits, both layouts": lambda: (np.packbits(bits, axis=1), np.packbits(bits.T, axis=1)),
    }
    np.testing.assert_array_equal(net.patterns, patterns)
    some = np.ix_(range(min(n, 50)), range(n))
    if n <= 4000:
        np.testing.assert_allclose(net.weight_matrix[some] * n, dense.weights[some], rtol=1e-12)
    yield Contest(f"store, {size}, {threads} threads", packed, rounds={"NumPy X.T @ X": 3})

    cue = cues[0]
    one = functools.partial(net.retrieve, cue, order="sequential", n_threads=1)
    peers: dict[str, Work] = {
        OURS: one,
        "NumPy W[i] @ x": lambda: dense.recall_by_rows(cue),
        "NumPy, field kept": lambda: dense.recall_by_field(cue),
    }
    if importlib.util.find_spec("hopfieldkit") is not None:
        import hopfieldkit

        kit = hopfieldkit.HopfieldNetwork(n)
        # Its own `fit` adds k matrices one after the other, for minutes; these are the same weights.
        kit.weights = dense.weights.astype(np.float64) / n
        peers["hopfieldkit"] = lambda: kit.recall(cue, order="sequential")
    recalled = one()
    assert recalled.converged
    for name, work in peers.items():
        if name != OURS:
            np.testing.assert_array_equal(recalled.states, work(), err_msg=name)
    slow = {name: 3 for name in peers if name != OURS}
    yield Contest(f"one cue to a fixed point in order, {size}, 1 thread", peers, rounds=slow)
    del peers
    yield Contest(
        f"one cue to a fixed point by permutations, {size}, 1 thread",
        {OURS: functools.partial(net.retrieve, cue, n_threads=1)},
    )

    batch: dict[str, Work] = {
        f"{OURS}, {count} threads": functools.partial(net.retrieve, cues, n_threads=count) for count in (threads, 1)
    }
    many, few = (work() for work in batch.values())
    np.testing.assert_array_equal(many.states, few.states)
    yield Contest(f"{m} cues by permutations, {size}, each", batch, per=m)

    states = cues.astype(np.float32)
    steps: dict[str, Work] = {
        OURS: functools.partial(net.retrieve, cues, update="synchronous", max_sweeps=1, n_threads=threads),
        "NumPy B @ W": lambda: dense.step_by_weights(states),
        "NumPy (B @ X.T) @ X": lambda: dense.step_by_patterns(states),
    }
    stepped = steps[OURS]().states
    for name, work in steps.items():
        if name != OURS:
            np.testing.assert_array_equal(stepped, work(), err_msg=name)
    yield Contest(f"one synchronous step of {m} states, {size}, {threads} threads", steps, rounds={"NumPy B @ W": 5})

    visits = 10 * n
    for temperature in (0.05, 0.3, 0.7):
        hot = functools.partial(
            net.retrieve, cue, order="random", temperature=temperature, max_updates=visits, n_threads=1
        )
        yield Contest(f"a Glauber visit, T = {temperature}, {size}, 1 thread", {OURS: hot}, per=visits, unit="ns")


def wide(k: int) -> Iterator[Contest]:
    """A million neurons, whose weights would fill 4 TB."""
    n, rng = 1_000_000, np.random.default_rng(1)
    patterns = random_signs(rng, k, n)
    cue = spoilt(rng, patterns[:1], 0.2)[0]
    yield Contest(f"store, n = {n}, k = {k}", {OURS: lambda: hf.ClassicalHopfield(patterns)})
    net = hf.ClassicalHopfield(patterns)
    np.testing.assert_array_equal(net.retrieve(cue).states, patterns[0])
    yield Contest(f"one cue, a fifth flipped, n = {n}, k = {k}", {OURS: lambda: net.retrieve(cue)})


def dense(n: int, k: int) -> Iterator[Contest]:
    """One sweep of dense memories in ascending order, from a cue with three tenths of its neurons flipped."""
    rng = np.random.default_rng(0)
    patterns = random_signs(rng, k, n)
    cue = spoilt(rng, patterns[:1], 0.3)[0]
    columns = np.ascontiguousarray(patterns.T).astype(np.float64)

    def by_numpy(slopes: Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]]) -> npt.NDArray[np.float64]:
        """Overlaps are kept; a visit takes the sum over all patterns, in float64 (of cubes exact below 2**53)."""
        state: npt.NDArray[np.float64] = cue.astype(np.float64)
        overlaps = state @ columns
        for i in range(n):
            value = np.copysign(1.0, columns[i] @ slopes(overlaps - columns[i] * state[i]))
            if value != state[i]:
                overlaps += 2 * value * columns[i]
                state[i] = value
        return state

    for name, interaction, slopes in [
        ("cubic", "polynomial", lambda others: 6 * others * others + 2),
        ("exponential", "exponential", lambda others: np.exp(others - others.max())),
    ]:
        net = hf.DenseAssociativeMemory(patterns, interaction=interaction, degree=3)
        sweep = functools.partial(net.retrieve, cue, order="sequential", max_sweeps=1, n_threads=1)
        numpy_sweep = functools.partial(by_numpy, slopes)
        np.testing.assert_array_equal(sweep().states, numpy_sweep())
        peers: dict[str, Work] = {OURS: sweep, "NumPy, overlaps kept": numpy_sweep}
        yield Contest(f"{name}, one sweep, n = {n}, k = {k}, 1 thread", peers, rounds={"NumPy, overlaps kept": 3})


def peak_mebibytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def memory_here(k: int) -> None:
    """The peak beyond the patterns and the cue, in a process of its own."""
    n, rng = 1_000_000, np.random.default_rng(1)
    patterns = np.empty((k, n), np.int8)
    for row in patterns:
        row[:] = random_signs(rng, 1, n)[0]
    cue = patterns[0].copy()
    cue[rng.permutation(n)[: n // 5].astype(np.int32)] *= -1
    before = peak_mebibytes()
    net = hf.ClassicalHopfield(patterns)
    stored = peak_mebibytes() - before
    assert np.array_equal(net.retrieve(cue).states, patterns[0])
    say(f"n = {n}, k = {k}: {stored:.0f} MiB beyond the input to store, {peak_mebibytes() - before:.0f} with a recall")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--size", default="10000,1000,256", metavar="N,K,M", help="neurons, patterns, cues of a batch")
    parser.add_argument("--threads", type=int, default=2, help="threads of hopfield where more than one are used")
    parser.add_argument("--dense", default="1000,100000", metavar="N,K", help="neurons, patterns of dense memories")
    parser.add_argument("--wide", type=int, nargs="*", default=[200, 1000], metavar="K", help="patterns at n = 10⁶")
    parser.add_argument("--only-wide", action="store_true", help="leave out the other rows")
    parser.add_argument("--memory", action="store_true", help="measure peak memory at n = 10⁶ instead of times")
    parser.add_argument("--memory-of", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--markdown", action="store_true", help="end with the README's table")
    options = parser.parse_args()
    if options.memory_of:
        return memory_here(options.memory_of)
    if options.memory:
        for k in options.wide:
            subprocess.run([sys.executable, __file__, "--memory-of", str(k)], check=True)
        return None
    hf.set_num_threads(options.threads)
    n, k, m = map(int, options.size.split(","))
    about = f"hopfield {hf.__version__}, NumPy {np.__version__}, medians of {options.rounds} turns"
    of_dense = map(int, options.dense.split(","))
    rows = [] if options.only_wide else [contests(n, k, m, options.threads), dense(*of_dense)]
    each = itertools.chain.from_iterable([*rows, *map(wide, options.wide)])
    run(each, options.rounds, about, markdown=options.markdown)
    return None


if __name__ == "__main__":
    main()
