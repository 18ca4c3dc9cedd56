"""Prints a hash of each answer to fixed questions, as JSON; run once for each instruction set.

The questions reach every kernel (queries in lanes of any width, one to eight queries as rows, ends of vectors
and blocks and tiles) and are small: the portable kernels do each fused multiply-add in software.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import hopfield
from hopfield import _core


def modern() -> Iterator[tuple[str, bytes]]:
    """Named answers of `ModernHopfield` and `attention`."""
    # Whole numbers from an integer generator: the same on every machine, in both dtypes.
    rng = np.random.default_rng(512)
    sizes = [(m, 3, 5) for m in range(1, 50)]
    sizes += [
        (1, 600, 20),
        (3, 130, 65),
        (5, 257, 33),
        (8, 129, 17),
        (33, 40, 130),
        (70, 520, 9),
        (100, 9, 8),
    ]
    for dtype in ("float32", "float64"):
        for m, k, d in sizes:
            patterns = (rng.integers(-1000, 1000, (k, d)) / 512).astype(dtype)
            values = (rng.integers(-1000, 1000, (k, 1 + m % 19)) / 512).astype(dtype)
            queries = (rng.integers(-1000, 1000, (m, d)) / 512).astype(dtype)
            mask = rng.random((m, k)) < 0.8
            memory = hopfield.ModernHopfield(patterns, values=values, beta=1.0 / d)
            name = f"{dtype} {m} {k} {d}"
            yield f"{name} step", memory.step(queries).tobytes()
            found = memory.retrieve(queries, mask=mask, max_steps=3, trace=True)
            for field in ("states", "output", "residual", "pattern", "weight", "n_steps"):
                yield f"{name} {field}", getattr(found, field).tobytes()
            yield f"{name} energy", memory.energy(queries).tobytes()
            weights, indices = memory.association(queries, top=min(k, 3))
            yield f"{name} association", weights.tobytes() + indices.tobytes()
            yield f"{name} all weights", memory.association(queries[:2]).tobytes()
            diagnosis = memory.diagnose(queries[:2])
            yield f"{name} diagnosis", diagnosis.entropy.tobytes() + diagnosis.size.tobytes()
            by_weights = memory.retrieve(queries[:9], criterion="association", max_steps=2)
            yield f"{name} by weights", by_weights.residual.tobytes()
            yield f"{name} separations", memory.pattern_separation().tobytes()
            yield f"{name} attention", hopfield.attention(queries, patterns, values).tobytes()
        for stored in ("bfloat16", "float16", "int8") if dtype == "float32" else ():
            for m, k, d in [(m, 35, 12) for m in range(1, 12)] + sizes[-7:]:
                patterns = (rng.integers(-1000, 1000, (k, d)) / 512).astype(dtype)
                queries = (rng.integers(-1000, 1000, (m, d)) / 512).astype(dtype)
                memory = hopfield.ModernHopfield(patterns, beta=1.0 / d, dtype=stored)
                name = f"{stored} {m} {k} {d}"
                yield f"{name} patterns", memory.patterns.tobytes()
                yield f"{name} step", memory.step(queries).tobytes()
                yield f"{name} energy", memory.energy(queries).tobytes()
                yield f"{name} weights", memory.association(queries).tobytes()
        # Deep and shallow exponents, and weights that vanish.
        wide = (rng.integers(-1000, 1000, (200, 7)) / 100).astype(dtype)
        for beta in (1e-3, 1.0, 50.0):
            yield f"{dtype} {beta}", hopfield.ModernHopfield(wide, beta=beta).step(wide).tobytes()
        spins = np.where(rng.random((300, 30)) < 0.5, -1, 1).astype(dtype)
        yield f"{dtype} beta", np.float64(hopfield.suggest_beta(spins)).tobytes()


def family() -> Iterator[tuple[str, bytes]]:
    """Named answers under every similarity and separation that go together."""
    rng = np.random.default_rng(513)
    parameters = {"top_k": (3,), "polynomial": (3,), "softmax1": (-0.5,), "entmax": (1.25,)}
    values = [separation(*parameters.get(name, ())) for name, separation in hopfield.separation.NAMED.items()]
    for dtype in ("float32", "float64"):
        for m, k, d in [(1, 140, 9), (8, 130, 6), (9, 40, 20), (33, 20, 66)]:
            patterns = (rng.integers(-1000, 1000, (k, d)) / 512).astype(dtype)
            queries = (rng.integers(-1000, 1000, (m, d)) / 512).astype(dtype)
            known, mask = rng.random((m, d)) < 0.7, rng.random((m, k)) < 0.8
            known[:, 0] = True
            for value in (*values, hopfield.separation.Entmax(1.5)):
                for similarity in value.similarities:
                    memory = hopfield.ModernHopfield(patterns, beta=1.0 / d, separation=value, similarity=similarity)
                    name = f"{dtype} {m} {k} {d} {value} {similarity}"
                    found = memory.retrieve(queries, known=known, mask=mask, max_steps=2)
                    for field in ("states", "residual", "pattern", "weight", "energy"):
                        yield f"{name} {field}", getattr(found, field).tobytes()
                    yield f"{name} step", memory.step(queries).tobytes()
                    yield f"{name} weights", memory.association(queries[:9]).tobytes()


def dense() -> Iterator[tuple[str, bytes]]:
    """Named answers of `DenseAssociativeMemory`, of weights in 16 bits, in 64 bits, and in none."""
    rng = np.random.default_rng(513)
    for n, k in [(30, 5), (40, 200), (90, 700)]:
        patterns = hopfield.spins(rng.random((k, n)) < 0.5)
        cues = hopfield.corrupt.flip(patterns[:4], 0.3, 1)
        for interaction, degree in [("polynomial", 3), ("polynomial", 4), ("rectified", 30), ("exponential", 1)]:
            net = hopfield.DenseAssociativeMemory(patterns, interaction=interaction, degree=degree, tie="random")
            name = f"{interaction} {degree} {n} {k}"
            yield f"{name} field", net.field(cues).tobytes()
            options: list[dict[str, Any]] = [
                {},
                {"order": "greedy", "max_updates": 9},
                {"update": "synchronous", "temperature": [1.0, 0.0, 0.0]},
                {"field": np.linspace(-0.5, 0.5, n)},
            ]
            for number, asked in enumerate(options):
                found = net.retrieve(cues, rng=2, **asked)
                yield f"{name} {number}", found.states.tobytes() + found.energy.tobytes() + found.n_flips.tobytes()


def layers() -> Iterator[tuple[str, bytes]]:
    """Named answers of layers and their gradients."""
    rng = np.random.default_rng(513)
    for dtype in ("float32", "float64"):
        options: dict[str, Any] = {"num_heads": 2, "hidden_size": 5, "update_steps_max": 1, "dtype": dtype}
        options |= {"dropout": 0.25, "scaling": [0.5, -1.25]}
        for kind, shape in (("Hopfield", (2, 61, 9)), ("HopfieldPooling", (3, 140, 9)), ("HopfieldLayer", (2, 7, 9))):
            for separation in ("softmax", "sparsemax"):
                extra = {"quantity": 130} if kind == "HopfieldLayer" else {}
                layer = getattr(hopfield.layers, kind)(9, separation=separation, **extra, **options)
                drawn = {n: rng.integers(-1000, 1000, a.shape) / 1024 for n, a in layer.state_dict().items()}
                layer.load_state_dict({name: array.astype(dtype) for name, array in drawn.items()})
                x = (rng.integers(-1000, 1000, shape) / 512).astype(dtype)
                output, pullback = layer.vjp(x, training=True, rng=1)
                gradients = pullback(output)
                name = f"{dtype} {kind} {separation}"
                yield f"{name} output", output.tobytes()
                yield f"{name} input", gradients.input.tobytes() + gradients.scaling.tobytes()
                for parameter, gradient in gradients.parameters.items():
                    yield f"{name} {parameter}", gradient.tobytes()


#: What is asked of each network.
NETWORKS: dict[str, Callable[[], Iterator[tuple[str, bytes]]]] = {
    "modern": modern,
    "family": family,
    "dense": dense,
    "layers": layers,
}


def main() -> None:
    answers = {
        f"{network}: {name}": hashlib.sha256(answer).hexdigest()
        for network, questions in NETWORKS.items()
        for name, answer in questions()
    }
    json.dump({"instruction_set": _core.instruction_set(), "answers": answers}, sys.stdout)


if __name__ == "__main__":
    main()
