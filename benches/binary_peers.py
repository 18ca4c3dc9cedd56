"""Recall by a binary network, by hopfield and by NumPy: `python benches/binary_peers.py`.

Answers are compared before anything is timed. Rounds are interleaved, and each call is preceded by a pause, because
NumPy's threads spin on for a while and would slow whoever comes next.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

import hopfield as hf

PAUSE = 0.15
Work = Callable[[], Any]


def median_seconds(peers: dict[str, Work], rounds: int) -> dict[str, float]:
    """The median time of each, measured in turn."""
    seconds: dict[str, list[float]] = {name: [] for name in peers}
    for _ in range(rounds):
        for name, work in peers.items():
            time.sleep(PAUSE)
            begin = time.perf_counter()
            work()
            seconds[name].append(time.perf_counter() - begin)
    return {name: statistics.median(times) for name, times in seconds.items()}


def recall(rounds: int, n: int = 2000, k: int = 100) -> None:
    """One cue with a tenth of its neurons flipped, visited in order until a whole sweep changes nothing."""
    rng = np.random.default_rng(0)
    patterns = hf.spins(rng.random((k, n)) < 0.5)
    cue = patterns[0].copy()
    cue[rng.permutation(n)[: n // 10]] *= -1
    net = hf.ClassicalHopfield(patterns)
    weights = patterns.astype(np.float32).T @ patterns.astype(np.float32)  # whole numbers: exact
    np.fill_diagonal(weights, 0)

    def by_numpy() -> npt.NDArray[np.float32]:
        state: npt.NDArray[np.float32] = cue.astype(np.float32)
        field = weights @ state
        moved = True
        while moved:
            moved = False
            for i in range(n):
                if state[i] * field[i] < 0:
                    state[i] = -state[i]
                    field += 2 * state[i] * weights[i]
                    moved = True
        return state

    peers: dict[str, Work] = {
        "hopfield": lambda: net.retrieve(cue, order="sequential"),
        "NumPy, field kept": by_numpy,
    }
    np.testing.assert_array_equal(net.retrieve(cue, order="sequential").states, by_numpy())
    report(f"recall, n={n}, k={k}, one cue, certified fixed point", peers, rounds)


def dense(rounds: int, interaction: str, n: int = 1000, k: int = 100_000) -> None:
    """One sweep of a dense memory in ascending order, from a cue with three tenths of its neurons flipped."""
    rng = np.random.default_rng(0)
    patterns = hf.spins(rng.random((k, n)) < 0.5)
    cue = patterns[0].copy()
    cue[rng.permutation(n)[: 3 * n // 10]] *= -1
    net = hf.DenseAssociativeMemory(patterns, interaction=interaction, degree=3)
    columns = np.ascontiguousarray(patterns.T).astype(np.float64)

    def by_numpy() -> npt.NDArray[np.float64]:
        """Overlaps are kept; a visit takes the sum over all patterns, in float64 (of cubes exact below 2**53)."""
        state: npt.NDArray[np.float64] = cue.astype(np.float64)
        overlaps = state @ columns
        for i in range(n):
            without = overlaps - columns[i] * state[i]
            weights = 6 * without * without + 2 if interaction == "polynomial" else np.exp(without - without.max())
            value = np.copysign(1.0, columns[i] @ weights)
            if value != state[i]:
                overlaps += 2 * value * columns[i]
                state[i] = value
        return state

    def by_hopfield() -> hf.BinaryRetrieval:
        return net.retrieve(cue, order="sequential", max_sweeps=1, n_threads=1)

    np.testing.assert_array_equal(by_hopfield().states, by_numpy())
    name = "cubic" if interaction == "polynomial" else interaction
    report(f"{name}, n={n}, k={k}, one sweep", {"hopfield": by_hopfield, "NumPy, overlaps kept": by_numpy}, rounds)


def report(about: str, peers: dict[str, Work], rounds: int) -> None:
    """Print the median of each, and how many times that of hopfield it is."""
    print(f"{about}: medians of {rounds}")
    medians = median_seconds(peers, rounds)
    for name, seconds in medians.items():
        print(f"  {name:<22}{1e3 * seconds:10.3f} ms {seconds / medians['hopfield']:8.2f} ×")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=21)
    rounds = parser.parse_args().rounds
    print(f"hopfield {hf.__version__}, NumPy {np.__version__}")
    recall(rounds)
    for interaction in ("polynomial", "exponential"):
        dense(max(rounds // 4, 3), interaction)


if __name__ == "__main__":
    main()
