"""Layers trained for real, in NumPy: multiple instances, a latch, and repertoires of immune receptors.

    python benches/training.py [--task bits|latch|repertoire]

`--task repertoire` takes 300 steps of 4 fresh bags of 10 000 sequences, of which positive ones hold 50 (0.5 %) with the
motif: 100 of 100 held-out bags are told apart after about 90 s on two cores.

AdamW is written below; everything else is the package. `tests/test_layers_training.py` runs smaller ones.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

import hopfield as hf

Array = npt.NDArray[Any]


class AdamW:
    """Adam with decoupled weight decay (Loshchilov & Hutter 2019), over arrays by name that it changes in place."""

    def __init__(self, parameters: dict[str, Array], rate: float = 1e-3, decay: float = 1e-2) -> None:
        self.parameters, self.rate, self.decay, self.steps = parameters, rate, decay, 0
        self.first = {name: np.zeros_like(array) for name, array in parameters.items()}
        self.second = {name: np.zeros_like(array) for name, array in parameters.items()}

    def step(self, gradients: dict[str, Array]) -> None:
        """Move every parameter that has a gradient."""
        self.steps += 1
        for name, gradient in gradients.items():
            first, second, parameter = self.first[name], self.second[name], self.parameters[name]
            first += 0.1 * (gradient - first)
            second += 0.001 * (gradient * gradient - second)
            scale = np.sqrt(second / (1 - 0.999**self.steps)) + 1e-8
            parameter -= self.rate * (first / (1 - 0.9**self.steps) / scale + self.decay * parameter)


class Classifier:
    """A layer, and a linear map from its flattened output to one logit."""

    def __init__(self, layer: Any, width: int, seed: int, rate: float) -> None:
        rng = np.random.default_rng(seed)
        self.layer = layer
        self.head = {
            "head.weight": rng.normal(0, width**-0.5, width).astype(np.float32),
            "head.bias": np.zeros(1, np.float32),
        }
        self.optimizer = AdamW({**layer.parameters, **self.head}, rate)

    def logits(self, x: Any, **keywords: Any) -> Array:
        """One logit a sample."""
        output = self.layer(x, **keywords)
        found: Array = output.reshape(len(output), -1) @ self.head["head.weight"] + self.head["head.bias"]
        return found

    def learn(self, x: Any, labels: Array, rng: int, **keywords: Any) -> float:
        """One step down the binary cross-entropy; returns it."""
        output, pullback = self.layer.vjp(x, training=True, rng=rng, **keywords)
        flat = output.reshape(len(output), -1)
        logits = flat @ self.head["head.weight"] + self.head["head.bias"]
        slope = ((1 / (1 + np.exp(-logits)) - labels) / len(labels)).astype(np.float32)
        gradients = pullback(np.outer(slope, self.head["head.weight"]).reshape(output.shape)).parameters
        self.optimizer.step({**gradients, "head.weight": slope @ flat, "head.bias": slope.sum(keepdims=True)})
        return float(np.mean(np.logaddexp(0, logits) - labels * logits))

    def accuracy(self, x: Any, labels: Array, **keywords: Any) -> float:
        """The share of samples on the right side."""
        return float(((self.logits(x, **keywords) > 0) == labels).mean())


def batches(count: int, size: int, rng: np.random.Generator) -> Iterator[Array]:
    """Shuffled indices."""
    order = rng.permutation(count)
    for start in range(0, count, size):
        yield order[start : start + size]


def bit_patterns(
    seed: int = 0, bags: int = 2048, instances: int = 16, bits: int = 8, signals: int = 8
) -> tuple[Array, Array]:
    """Bags of random bit patterns, half of which hold one of a few signals; the signals occur nowhere else."""
    rng = np.random.default_rng(seed)
    codes = rng.permutation(2**bits)
    chosen, others = codes[:signals], codes[signals:]
    found = rng.choice(others, (bags, instances))
    labels = np.arange(bags) % 2
    rng.shuffle(labels)
    positive = np.flatnonzero(labels)
    found[positive, rng.integers(0, instances, len(positive))] = rng.choice(chosen, len(positive))
    return (found[..., np.newaxis] >> np.arange(bits) & 1).astype(np.float32), labels


def train_bits(epochs: int = 160, seed: int = 0, say: Callable[[str], object] = print) -> float:
    """2048 bags of 16 instances of 8 bits, 8 signals; 512 held out. Returns the held-out accuracy."""
    x, labels = bit_patterns(seed)
    layer = hf.layers.HopfieldPooling(
        8, hidden_size=8, num_heads=8, update_steps_max=3, scaling=0.25, dropout=0.5, rng=seed
    )
    model = Classifier(layer, 8, seed, 1e-3)
    rng = np.random.default_rng(seed)
    held_out = 0.0
    for epoch in range(epochs):
        losses = [model.learn(x[i], labels[i], epoch * 1000 + int(i[0])) for i in batches(1536, 4, rng)]
        held_out = model.accuracy(x[1536:], labels[1536:])
        if epoch % 10 == 9:
            say(f"bits: epoch {epoch + 1}, loss {np.mean(losses):.3f}, held out {held_out:.3f}")
    return held_out


def latch(samples: int, length: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """Sequences of symbols: the first is one of two, the others are noise. One-hot, with a one-hot position."""
    symbols = rng.integers(2, 6, (samples, length))
    labels = rng.integers(0, 2, samples)
    symbols[:, 0] = labels
    x = np.zeros((samples, length, 6 + length), np.float32)
    np.put_along_axis(x, symbols[..., np.newaxis], 1, axis=2)
    x[:, np.arange(length), 6 + np.arange(length)] = 1
    return x, labels


def train_latch(steps: int = 300, seed: int = 0, say: Callable[[str], object] = print) -> float:
    """Tell the first symbol of 32 at the end. Returns the accuracy on fresh sequences."""
    rng = np.random.default_rng(seed)
    width = 6 + 32
    layer = hf.layers.Hopfield(width, hidden_size=16, output_size=8, rng=seed)
    model = Classifier(layer, 8, seed, 3e-3)
    for step in range(steps):
        x, labels = latch(64, 32, rng)
        loss = model.learn((x, x[:, -1:], x), labels, step)
        if step % 100 == 99:
            say(f"latch: step {step + 1}, loss {loss:.4f}")
    x, labels = latch(2000, 32, rng)
    return model.accuracy((x, x[:, -1:], x), labels)


def repertoire(samples: int, instances: int, share: float, rng: np.random.Generator) -> tuple[Array, Array]:
    """Bags of sequences of 8 letters out of 20, one-hot; a share of a positive bag's hold three letters of a motif."""
    letters = rng.integers(0, 20, (samples, instances, 8))
    labels = np.arange(samples) % 2
    planted = max(1, round(share * instances))
    for bag in np.flatnonzero(labels):
        letters[bag, rng.choice(instances, planted, replace=False), 3:6] = (4, 11, 17)
    x = np.zeros((samples, instances, 8 * 20), np.float32)
    np.put_along_axis(x.reshape(samples, instances, 8, 20), letters[..., np.newaxis], 1, axis=3)
    return x, labels


def train_repertoire(
    steps: int = 300,
    instances: int = 10_000,
    share: float = 0.005,
    seed: int = 0,
    say: Callable[[str], object] = print,
) -> float:
    """Bags of 10 000 sequences, 50 of which hold a motif in positive ones; each bag is seen once."""
    rng = np.random.default_rng(seed)
    layer = hf.layers.HopfieldPooling(
        160,
        hidden_size=32,
        output_size=16,
        normalize_stored_pattern=False,
        normalize_pattern_projection=False,
        scaling=1.0,
        rng=seed,
    )
    model = Classifier(layer, 16, seed, 1e-3)
    for step in range(steps):
        x, labels = repertoire(4, instances, share, rng)
        loss = model.learn(x, labels, step)
        if step % 50 == 49:
            say(f"repertoire: step {step + 1}, loss {loss:.3f}")
    found = []
    for _ in range(25):
        x, labels = repertoire(4, instances, share, rng)
        found.append(model.accuracy(x, labels))
    return float(np.mean(found))


TASKS: dict[str, Callable[..., float]] = {"bits": train_bits, "latch": train_latch, "repertoire": train_repertoire}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--task", choices=TASKS, help="all of them unless given")
    for name in [parser.parse_args().task] if parser.parse_args().task else TASKS:
        started = time.perf_counter()
        found = TASKS[name]()
        print(f"{name}: held-out accuracy {found:.3f} after {time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    main()
