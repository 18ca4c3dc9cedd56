"""How each library takes the step, as somebody who knows it well would write it.

Each is imported only where it is used: in its own process. What a library can keep between calls (the stored patterns
in its own form, compiled code) is made beforehand; what depends on the queries is made in the call.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from typing import Any

import numpy as np

from .shapes import Array

#: A call that takes the step once; its result is an array, or becomes one by `np.asarray`.
Work = Callable[[], Any]


@dataclass(frozen=True)
class Library:
    """A library and its way: patterns, queries, β and a number of threads give the work."""

    title: str
    module: str
    distribution: str
    prepare: Callable[[Array, Array, float, int], Work]
    #: It finds the index of the nearest pattern, β → ∞, instead of the mean under the softmax.
    finds_nearest: bool = False

    @property
    def is_installed(self) -> bool:
        return importlib.util.find_spec(self.module) is not None

    @property
    def version(self) -> str:
        return metadata.version(self.distribution)


def by_hopfield(patterns: Array, queries: Array, beta: float, threads: int, dtype: str = "float32") -> Work:
    import hopfield as hf

    hf.set_num_threads(threads)
    memory = hf.ModernHopfield(patterns, beta=beta, dtype=dtype)
    if dtype == "float64":
        queries = queries.astype(np.float64)
    return lambda: memory.step(queries)


def by_numpy(patterns: Array, queries: Array, beta: float, threads: int) -> Work:
    """Its threads are set by the environment."""
    scale = np.float32(beta)

    def step() -> Array:
        weights = (scale * queries) @ patterns.T
        weights -= weights.max(axis=1, keepdims=True)
        np.exp(weights, out=weights)
        answer = weights @ patterns
        answer /= weights.sum(axis=1, keepdims=True)
        return answer

    return step


def by_torch(patterns: Array, queries: Array, beta: float, threads: int) -> Work:
    import torch

    torch.set_num_threads(threads)
    torch.set_grad_enabled(False)
    x, q = (torch.from_numpy(array)[None, None] for array in (patterns, queries))
    return lambda: torch.nn.functional.scaled_dot_product_attention(q, x, x, scale=beta)[0, 0]


def by_jax(patterns: Array, queries: Array, beta: float, threads: int) -> Work:
    """Its threads are as many as the processors that the process may use."""
    import jax

    step = jax.jit(lambda q, x: jax.nn.softmax((beta * q) @ x.T, axis=1) @ x)
    q, x = (jax.device_put(array) for array in (queries, patterns))
    return lambda: step(q, x).block_until_ready()


def by_faiss(patterns: Array, queries: Array, beta: float, threads: int) -> Work:
    import faiss

    faiss.omp_set_num_threads(threads)
    index = faiss.IndexFlatIP(patterns.shape[1])
    index.add(patterns)
    return lambda: index.search(queries, 1)[1][:, 0]


OURS = "hopfield"
LIBRARIES = {
    OURS: Library("hopfield", "hopfield", "hopfield", by_hopfield),
    "numpy": Library("NumPy", "numpy", "numpy", by_numpy),
    "torch": Library("torch SDPA", "torch", "torch", by_torch),
    "jax": Library("JAX", "jax", "jax", by_jax),
    "faiss": Library("faiss top-1", "faiss", "faiss-cpu", by_faiss, finds_nearest=True),
}
