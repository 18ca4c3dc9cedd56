"""Hopfield layers by hopfield and NumPy: `python benches/layer_peers.py`, the forward passes of `benches/layers.rs`.

The rival is the layer as somebody who knows NumPy well would write it: float32, batched products by BLAS on as many
threads, weights in place, and all states of a lookup in one product. Answers are compared before anything is timed, and
calls take turns (`rivals.turns`).

Not here: gradients, which NumPy does not have; torch, whose build for Linux on PyPI brings some 3 GB of libraries for
graphics processors; and the published layers, which are not on PyPI.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator

from rivals.fairness import start_fair
from rivals.turns import OURS, Contest, Work, run

start_fair()
parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
parser.add_argument("--rounds", type=int, default=15)
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--lookup", default="256,10000", metavar="M,K", help="states and stored patterns")
parser.add_argument("--pooling", default="32,1000", metavar="B,S", help="bags, and instances of each")
parser.add_argument("--association", default="8,256", metavar="B,L", help="samples, and states of each")
parser.add_argument("--markdown", action="store_true", help="end with the table")
options = parser.parse_args()
os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = str(options.threads)

import numpy as np  # noqa: E402  (after its threads are set)
import numpy.typing as npt  # noqa: E402

import hopfield as hf  # noqa: E402

Array = npt.NDArray[np.float32]
#: Entries of an input, and of each of several heads.
D, HEADS, HIDDEN = 64, 4, 32
#: Part of the answer's largest entry that two answers may be apart: float32 in some other order, a few products deep.
AGREEMENT = 1e-4


class ByNumpy:
    """A layer with the parameters of one of ours: normalised, projected, updated, read out, projected back."""

    def __init__(self, parameters: dict[str, Array], heads: int, updates: int) -> None:
        self.parameters = {name.rpartition("association_core.")[2]: array for name, array in parameters.items()}
        self.heads, self.updates = heads, updates

    def normalized(self, x: Array, name: str) -> Array:
        """Each row to mean 0 and variance 1, then gain and bias."""
        centred = x - x.mean(axis=-1, keepdims=True)
        variance = np.einsum("...d,...d->...", centred, centred)[..., np.newaxis] / np.float32(x.shape[-1])
        centred /= np.sqrt(variance + np.float32(1e-5))
        gain, bias = (self.parameters[f"norm_{name}.{part}"] for part in ("weight", "bias"))
        centred *= gain
        centred += bias
        return centred

    def projected(self, x: Array, part: int) -> Array:
        """`(B, H, L, hidden)`, by the first, second or third part of the projections."""
        weight, bias = (np.split(self.parameters[f"in_proj_{name}"], 3)[part] for name in ("weight", "bias"))
        rows = x @ weight.T + bias
        return rows.reshape(*x.shape[:2], self.heads, -1).swapaxes(1, 2)

    def __call__(self, state: Array, stored: Array) -> Array:
        q = self.projected(self.normalized(state, "state_pattern"), 0)
        k = self.projected(self.normalized(stored, "stored_pattern"), 1)
        v = self.projected(self.normalized(stored, "pattern_projection"), 2)
        for _ in range(self.updates):
            q = self.associated(q, k, k)
        read = self.associated(q, k, v).swapaxes(1, 2)
        rows: Array = read.reshape(*read.shape[:2], -1) @ self.parameters["out_proj.weight"].T
        rows += self.parameters["out_proj.bias"]
        return rows

    def associated(self, q: Array, k: Array, v: Array) -> Array:
        """Means of values under the softmax of the scores."""
        weights = (q * np.float32(1 / np.sqrt(q.shape[-1]))) @ k.swapaxes(-1, -2)
        weights -= weights.max(axis=-1, keepdims=True)
        np.exp(weights, out=weights)
        means: Array = weights @ v
        means /= weights.sum(axis=-1, keepdims=True)
        return means


def contests() -> Iterator[Contest]:
    """One after the other, each checked."""
    rng = np.random.default_rng(0)

    def drawn(*shape: int) -> Array:
        return rng.standard_normal(shape, dtype=np.float32)

    m, quantity = map(int, options.lookup.split(","))
    lookup = hf.layers.HopfieldLayer(D, quantity=quantity)
    parameters = lookup.state_dict()
    parameters["lookup_weights"][:] = drawn(1, quantity, D)
    lookup.load_state_dict(parameters)
    states = drawn(m, 1, D)
    rival = ByNumpy(_own(parameters), 1, 0)
    yield contest(
        f"lookup of {m} states among {quantity}, d = {D}",
        lambda: lookup(states),
        lambda: rival(states.swapaxes(0, 1), parameters["lookup_weights"]).swapaxes(0, 1),
    )

    batch, instances = map(int, options.pooling.split(","))
    pooling = hf.layers.HopfieldPooling(D, num_heads=HEADS, hidden_size=HIDDEN)
    own, bags = pooling.state_dict(), drawn(batch, instances, D)
    rival_pooling = ByNumpy(_own(own), HEADS, 0)
    yield contest(
        f"pooling of {batch} × {instances}, d = {D}, {HEADS} heads of {HIDDEN}",
        lambda: pooling(bags),
        lambda: rival_pooling(own["pooling_weights"], bags).reshape(batch, -1),
    )

    batch, length = map(int, options.association.split(","))
    layer = hf.layers.Hopfield(D, num_heads=HEADS, hidden_size=HIDDEN, update_steps_max=3, update_steps_eps=1e-30)
    x = drawn(batch, length, D)
    rival_layer = ByNumpy(layer.state_dict(), HEADS, 3)
    yield contest(
        f"association of {batch} × {length}, d = {D}, {HEADS} heads of {HIDDEN}, 3 updates",
        lambda: layer(x),
        lambda: rival_layer(x, x),
    )


def _own(parameters: dict[str, Array]) -> dict[str, Array]:
    """The association's among those of a layer around it."""
    return {name.removeprefix("hopfield."): array for name, array in parameters.items()}


def contest(title: str, ours: Work, numpy: Work) -> Contest:
    """Both, once they agree."""
    expected, found = numpy(), ours()
    apart = float(np.abs(found - expected).max() / np.abs(expected).max())
    if not apart <= AGREEMENT:
        raise RuntimeError(f"{title}: another answer, {apart:.1e} of the largest entry apart")
    return Contest(f"{title}, {options.threads} threads", {OURS: ours, "NumPy": numpy})


if __name__ == "__main__":
    hf.set_num_threads(options.threads)
    about = f"hopfield {hf.__version__}, NumPy {np.__version__}, medians of {options.rounds} turns"
    run(contests(), options.rounds, about, markdown=options.markdown)
