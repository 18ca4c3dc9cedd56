"""The same work by hopfield, NumPy and, where installed, torch and JAX: python benches/peers.py.

Answers are compared before anything is timed. Rounds are interleaved, so that a busy machine is busy for
all, and each call is preceded by a pause, because the rivals' threads spin on for a while and would slow
whoever comes next. Ratios of medians are what to read; absolute times belong to this machine and minute.
"""

import argparse
import importlib.util
import os
import platform
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

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


def report(title: str, peers: dict[str, Work], rounds: int, operations: float = 0) -> None:
    """Print the times, how many times as long as ours each takes and, for so many operations, the rate."""
    medians = median_seconds(peers, rounds)
    print(f"\n{title}: medians of {rounds}")
    for name, seconds in medians.items():
        rate = f"{operations / seconds / 1e9:8.1f} GFLOP/s" if operations else ""
        print(f"  {name:<22}{1e3 * seconds:10.3f} ms {seconds / medians['hopfield']:8.2f} x {rate}")


def retrieval_step(rounds: int, m: int = 64, k: int = 10_000, d: int = 64) -> None:
    """One softmax update of m float32 queries; twice 2mkd operations, besides the exponentials."""
    rng = np.random.default_rng(0)
    patterns = rng.standard_normal((k, d), dtype=np.float32)
    queries = rng.standard_normal((m, d), dtype=np.float32)
    beta = 1 / float(np.sqrt(d))
    memory = hf.ModernHopfield(patterns, beta=beta)

    def by_numpy(q: np.ndarray = queries, x: np.ndarray = patterns) -> np.ndarray:
        scores = q @ x.T
        scores *= beta
        scores -= scores.max(axis=1, keepdims=True)
        np.exp(scores, out=scores)
        answer = scores @ x
        return answer / scores.sum(axis=1, keepdims=True)

    peers: dict[str, Work] = {"hopfield": lambda: memory.step(queries), "NumPy": by_numpy}
    if importlib.util.find_spec("torch"):
        import torch

        q, x = (torch.from_numpy(array)[None, None] for array in (queries, patterns))

        def by_torch() -> np.ndarray:
            return torch.nn.functional.scaled_dot_product_attention(q, x, x, scale=beta)[0, 0].numpy()

        peers["torch SDPA"] = by_torch
    if importlib.util.find_spec("jax"):
        import jax

        jitted = jax.jit(lambda q, x: jax.nn.softmax(beta * (q @ x.T), axis=1) @ x)
        held = [jax.device_put(array) for array in (queries, patterns)]
        peers["JAX"] = lambda: jitted(*held).block_until_ready()

    exact = by_numpy(queries.astype(np.float64), patterns.astype(np.float64))
    for name, work in peers.items():
        answer = np.asarray(work(), dtype=np.float64)
        print(f"  {name:<22}rms error {np.sqrt(np.mean((answer - exact) ** 2)):.2e}")
        np.testing.assert_allclose(answer, exact, rtol=0, atol=1e-5, err_msg=name)

    # The ceiling: what the BLAS reaches here on a product that suits it, float32, 2048 cubed.
    square = rng.standard_normal((2048, 2048), dtype=np.float32)
    ceiling = median_seconds({"": lambda: square @ square}, rounds)[""]
    print(f"  this machine's sgemm: {2 * 2048**3 / ceiling / 1e9:.0f} GFLOP/s")
    report(f"one step, m={m}, k={k}, d={d}, float32", peers, rounds, 4.0 * m * k * d)


def recall(rounds: int, n: int = 2000, k: int = 100) -> None:
    """One cue with a tenth of its neurons flipped, visited in order until a whole sweep changes nothing."""
    rng = np.random.default_rng(0)
    patterns = hf.spins(rng.random((k, n)) < 0.5)
    cue = patterns[0].copy()
    cue[rng.permutation(n)[: n // 10]] *= -1
    net = hf.ClassicalHopfield(patterns)
    weights = patterns.astype(np.float32).T @ patterns.astype(np.float32)  # whole numbers: exact
    np.fill_diagonal(weights, 0)

    def by_numpy() -> np.ndarray:
        state = cue.astype(np.float32)
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


def main() -> None:
    parser = argparse.ArgumentParser(description="Compare hopfield with what else does the same work.")
    parser.add_argument("--rounds", type=int, default=21)
    rounds = parser.parse_args().rounds
    print(f"hopfield {hf.__version__}, NumPy {np.__version__}, {platform.processor() or platform.machine()}")
    for variable in ("OPENBLAS_CORETYPE", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
        if variable in os.environ:
            print(f"beware: {variable}={os.environ[variable]} holds NumPy back; unset it for a fair comparison")
    retrieval_step(rounds)
    recall(rounds)


if __name__ == "__main__":
    main()
