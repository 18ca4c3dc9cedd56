"""How alike tokens become with depth, with hidden states and without (Masumura & Taki 2025).

    python benches/hidden_states.py [--seeds 40] [--depth 24]

Random stacks of attention layers over random tokens; the mean cosine similarity of the tokens after each layer, for
three pairs of shares that stay. The published claim, that a hidden state keeps tokens apart, does not hold for every
random stack: the table says what happened here, and nothing is asserted.
"""

from __future__ import annotations

import argparse

import numpy as np
import numpy.typing as npt

import hopfield as hf

#: (alpha, alpha'): the shares of state and hidden state that stay.
SHARES = ((0.0, 0.0), (0.5, 0.0), (0.5, 0.5))


def similarity(tokens: npt.NDArray[np.float64]) -> float:
    """The mean cosine of all pairs of different tokens."""
    unit = tokens / np.linalg.norm(tokens, axis=-1, keepdims=True)
    cosines = unit @ unit.T
    count = len(tokens)
    return float((cosines.sum() - count) / (count * (count - 1)))


def run(seed: int, depth: int, shares: tuple[float, float], tokens: int = 16, width: int = 32) -> list[float]:
    """The similarity before the first layer and after each."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((tokens, width))
    hidden = None
    found = [similarity(x)]
    for _ in range(depth):
        q, k, v = (x @ (rng.standard_normal((width, width)) / np.sqrt(width)) for _ in range(3))
        x, hidden = hf.layers.hidden_state_attention(
            q, k, v, state=x, hidden=hidden, alpha=shares[0], alpha_hidden=shares[1], beta=1 / np.sqrt(width)
        )
        x = x / x.std(axis=-1, keepdims=True)
        found.append(similarity(x))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=40)
    parser.add_argument("--depth", type=int, default=24)
    given = parser.parse_args()
    columns = {shares: np.array([run(seed, given.depth, shares) for seed in range(given.seeds)]) for shares in SHARES}
    print(f"mean similarity of 16 tokens of 32 entries, mean and deviation over {given.seeds} seeds")
    print("depth  " + "  ".join(f"a = {a:g}, a' = {b:g}" for a, b in SHARES))
    for depth in sorted({0, 1, 2, 4, 8, 12, 16, given.depth}):
        if depth <= given.depth:
            row = (f"{runs[:, depth].mean():7.3f} ± {runs[:, depth].std():.3f}" for runs in columns.values())
            print(f"{depth:5d}  " + "  ".join(row))


if __name__ == "__main__":
    main()
