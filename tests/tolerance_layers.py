"""The part of `tolerance` that belongs to layers: how far a layer's output may be from the exact one, derived.

A layer is a chain of sums of products with a few functions in between. Each number here has three parts: its exact
`value`, the `size` that it would have if all terms were taken without their signs, and its `error`. A sum of products
is off by ``gamma(n) size`` when no term goes through more than `n` roundings, *in whatever order it is evaluated*: so
the bounds hold for stored patterns that are projected and for projections that are folded into the states. Errors of
what goes in are carried along to first order and, where functions bend, by the function's slope over the error.

normalisation    mean and variance are sums by index mod 8, then a tree: ``n_s = ceil(d / 8) + 3``.
weights          ``p = e^z / sum e^z``: ``|d log p_j| <= dz_j + max dz + 2 (exponent + power) + sum``; see `tolerance`.
                 sparsemax and entmax-1.5: ``|dp_j| <= 2 max dz`` and a square.
activation       slopes of at most 1.

The oracle's own error is of the same form with the unit of float64: units are added.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from oracle import separations
from tolerance import SLACK, U64, Array, Problem, gamma, library


@dataclass
class Bounded:
    """A number that was computed: exact value, size without signs, and error."""

    value: Array
    size: Array
    error: Array

    @staticmethod
    def exact(value: Any) -> Bounded:
        """A number that is known."""
        array = np.asarray(value, np.float64)
        return Bounded(array, np.abs(array), np.zeros_like(array))

    def __getitem__(self, at: Any) -> Bounded:
        return Bounded(self.value[at], self.size[at], self.error[at])


@dataclass
class Result:
    """Bounds of one sample's outcome."""

    output: Array
    energy: Array
    #: Of the length of each head's and state's last move.
    residual: Array
    association: Array


class Layer:
    """One sample through a layer with `options` of the oracle and parameters as arrays."""

    def __init__(self, options: Any, parameters: dict[str, Array], dtype: Any) -> None:
        self.options, self.parameters, self.dtype = options, parameters, dtype
        self.u = float(np.finfo(dtype).eps) / 2 + 4 * U64

    def parameter(self, name: str) -> Array | None:
        """A parameter, if it is there."""
        found = self.parameters.get(name)
        return None if found is None else np.asarray(found, np.float64)

    def linear(self, x: Bounded, weight: Array, bias: Array | None) -> Bounded:
        """``x W^T + b``."""
        shift = np.zeros(len(weight)) if bias is None else bias
        size = x.size @ np.abs(weight).T + np.abs(shift)
        rounded = gamma(weight.shape[1] + 4, self.u) * (size + x.error @ np.abs(weight).T)
        return Bounded(x.value @ weight.T + shift, size, x.error @ np.abs(weight).T + rounded)

    def norm(self, x: Bounded, gain: Array | None, bias: Array | None) -> Bounded:
        """Layer normalisation of each row."""
        u, d = self.u, x.value.shape[-1]
        sums = gamma(math.ceil(d / 8) + 6, u)
        mean = x.value.mean(axis=-1, keepdims=True)
        off = (x.error + sums * (np.abs(x.value) + x.error)).mean(axis=-1, keepdims=True)
        centred = x.value - mean
        error = x.error + off + u * (np.abs(centred) + x.error + off)
        largest = np.abs(centred) + error
        variance = (centred**2).mean(axis=-1, keepdims=True) + self.options.eps
        off = (2 * np.abs(centred) * error + error**2 + sums * largest**2).mean(axis=-1, keepdims=True)
        with np.errstate(divide="ignore", invalid="ignore"):
            relative = np.where(off < variance / 2, off / (2 * (variance - off)), np.inf) + 4 * u
            normal = centred / np.sqrt(variance)
            error = (error / np.sqrt(variance) + np.abs(normal) * relative) * (1 + relative)
        size = np.abs(normal)
        if gain is not None and bias is not None:
            normal, size = normal * gain + bias, size * np.abs(gain) + np.abs(bias)
            error = error * np.abs(gain) + 3 * u * (size + error * np.abs(gain))
        return Bounded(normal, size, error)

    def weights(self, beta: float, q: Bounded, k: Bounded, added: Array) -> tuple[Array, Array, Array]:
        """``beta q.k + mask``, its error, and the relative error of each weight; a null pattern is among the keys."""
        u, way = self.u, library(self.dtype, max(1, len(k.value)), k.value.shape[-1])
        seen = np.isfinite(added)
        shift = np.where(seen, added, 0.0)
        size = abs(beta) * (q.size @ k.size.T)
        off = abs(beta) * (q.error @ (k.size + k.error).T + q.size @ k.error.T)
        off += gamma(k.value.shape[-1] + 6, u) * (size + off) + 2 * u * (size + off + np.abs(shift))
        z = beta * (q.value @ k.value.T) + shift
        # Constants that folded projections leave out of the scores are of the size of the scores.
        exponent = 2 * (math.log(2) * u + 6 * u * u * size + way.power + 2 * U64) + way.sum + 4 * u
        worst = np.where(seen, off, 0.0).max(axis=-1, keepdims=True, initial=0.0)
        theta = np.expm1(np.minimum(off + worst + exponent, 50.0))
        return np.where(seen, z, -np.inf), off, theta

    def read(self, p: Array, off: Array, v: Bounded) -> Bounded:
        """``sum p v``."""
        n = library(self.dtype, max(1, len(v.value)), 1).term + 6 * self.u
        size = p @ v.size
        error = off @ (v.size + v.error) + p @ v.error
        return Bounded(p @ v.value, size, error + n * (size + error))

    def result(
        self,
        stored: Array,
        state: Array,
        projection: Array,
        added: Array,
        steps: Any,
        kept: Array,
    ) -> Result:
        """Bounds when head `h` makes ``steps[h][l]`` updates from state `l`, masks as terms ``added[h]``."""
        o, heads = self.options, self.options.num_heads

        def normal(name: str, rows: Array) -> Bounded:
            x = Bounded.exact(rows)
            if not getattr(o, f"normalize_{name}"):
                return x
            return self.norm(x, self.parameter(f"norm_{name}.weight"), self.parameter(f"norm_{name}.bias"))

        def projected(x: Bounded, name: str) -> Bounded:
            how = self.projections()[name]
            return x if how is None else self.linear(x, *how)

        q = projected(normal("state_pattern", state), "q")
        k = projected(normal("stored_pattern", stored), "k")
        v = normal("pattern_projection", projection)
        v = projected(projected(v, "k") if o.pattern_projection_as_connected else v, "v")

        def of_head(x: Bounded, head: int, width: int, static: bool) -> Bounded:
            return x if static else x[:, head * width : (head + 1) * width]

        read, energy, residual, association = [], [], [], []
        for head in range(heads):
            qh = of_head(q, head, o.hidden, o.state_pattern_as_static)
            kh = of_head(k, head, o.hidden, o.stored_pattern_as_static)
            vh = of_head(v, head, o.pattern, o.pattern_projection_as_static)
            if o.normalize_hopfield_space:
                shared = [self.parameter(f"association_core.p_norm_{part}") for part in ("weight", "bias")]
                qh, kh = (self.norm(x, *shared) for x in (qh, kh))
            terms = added[head]
            if o.add_zero_association:
                none = Bounded.exact(np.zeros((1, o.hidden)))
                kh = Bounded(*(np.concatenate(parts) for parts in zip(_parts(kh), _parts(none), strict=True)))
                terms = np.concatenate([terms, np.zeros((len(terms), 1))], axis=1)
            beta = 1 / math.sqrt(o.hidden) if o.scaling is None else o.of_head("scaling", head)
            last = np.zeros(len(state))
            for step in range(int(max(steps[head], default=0))):
                p, wrong, _, _ = self.separated(beta, qh, kh, terms)
                moved = self.read(p, wrong, kh)
                active = np.asarray(steps[head]) > step
                off = np.linalg.norm(moved.error + qh.error, axis=-1) + 20 * U64 * np.linalg.norm(
                    moved.value - qh.value, axis=-1
                )
                last = np.where(active, off, last)
                picked = active[:, np.newaxis]
                qh = Bounded(*(np.where(picked, a, b) for a, b in zip(_parts(moved), _parts(qh), strict=True)))
            p, wrong, off, theta = self.separated(beta, qh, kh, terms)
            residual.append(last)
            energy.append(self.energy(beta, qh, kh, off, theta))
            p, wrong = p[:, : len(stored)], wrong[:, : len(stored)]
            association.append(wrong)
            read.append(self.read(p * kept[head], (wrong + 2 * self.u * p) * kept[head], vh))
        together = Bounded(*(np.concatenate(parts, axis=1) for parts in zip(*map(_parts, read), strict=True)))
        weight = self.parameter("association_core.out_proj.weight")
        if weight is not None:
            together = self.linear(together, weight, self.parameter("association_core.out_proj.bias"))
        tiny = 64 * float(np.finfo(self.dtype).smallest_normal)
        output = together.error + 4 * self.u * (together.size + 1) * (o.association_activation is not None) + tiny
        return Result(
            SLACK * output, SLACK * np.array(energy), SLACK * np.array(residual), SLACK * np.array(association) + tiny
        )

    def separated(self, beta: float, q: Bounded, k: Bounded, terms: Array) -> tuple[Array, Array, Array, Array]:
        """Weights, their errors, those of the exponents, and a relative error; nothing that is seen gives zeros."""
        z, off, theta = self.weights(beta, q, k, terms)
        off = np.where(np.isfinite(z), off, 0.0)
        if self.options.separation.name == "softmax":
            top = z.max(axis=-1, keepdims=True, initial=-1e300)
            e = np.exp(np.maximum(z - top, -800.0)) * np.isfinite(z)
            total = e.sum(axis=-1, keepdims=True)
            p = e / np.where(total > 0, total, 1.0)
            return p, p * theta, off, theta
        # For alpha from 1.5 to 2 a weight moves by no more than twice what an exponent does, and a square of that.
        rows = [separations.weights(self.options.separation, row.tolist(), 1.0) for row in z]
        p = np.array(rows).reshape(z.shape)
        moved = 2 * off.max(axis=-1, keepdims=True, initial=0.0) + 4 * self.u
        return p, np.broadcast_to(moved * (1 + moved), z.shape), off, np.full(z.shape, 16 * self.u) + moved

    def energy(self, beta: float, q: Bounded, k: Bounded, off: Array, theta: Array) -> Array:
        """``-lse(z) / beta + q.q / 2``."""
        if beta == 0:
            return np.full(len(q.value), np.inf)
        size = abs(beta) * (q.size @ k.size.T)
        lse = off.max(axis=-1, initial=0.0) + np.abs(theta).max(axis=-1, initial=0.0)
        lse = lse + 8 * U64 * (size.max(axis=-1, initial=0.0) + math.log(len(k.value) + 1) + 1)
        half = (np.abs(q.value) * q.error + q.error**2).sum(axis=-1) + gamma(q.value.shape[-1] + 8, U64) * (
            q.size**2
        ).sum(-1)
        return lse / abs(beta) * (1 + 8 * U64) + half

    def projections(self) -> dict[str, tuple[Array, Array | None] | None]:
        """As the oracle cuts them."""
        from oracle import layers

        found = layers.projections(self.options, self.parameters)
        return {
            name: None if how is None else (np.asarray(how[0]), None if how[1] is None else np.asarray(how[1]))
            for name, how in found.items()
        }


def _parts(x: Bounded) -> tuple[Array, Array, Array]:
    return x.value, x.size, x.error


#: The step of a central difference over five points, whose error goes with its fourth power.
DIFFERENCE_STEP = 2.0**-14


def difference(change: Array, terms: Array) -> float:
    """Between a sum of finite differences and one of gradients: a relative 1e-6, the contract, of what is summed.

    The difference itself is off by `h^4 / 30` of a fifth derivative and by `1.5 u / h` of an output.
    """
    return 1e-6 * float(np.abs(change).sum() + np.abs(terms).sum()) + 1e-9


def hidden_state(
    q: Array,
    k: Array,
    v: Array,
    state: Array,
    hidden: Array,
    *,
    alpha: float,
    alpha_hidden: float,
    beta: float,
    dtype: Any,
) -> tuple[Array, Array]:
    """Of a state and a hidden state after one layer of attention: scores, weights, readout and two mixtures."""
    u = float(np.finfo(dtype).eps) / 2 + 4 * U64
    q, k, v, state, hidden = (np.asarray(each, np.float64) for each in (q, k, v, state, hidden))
    sizes = abs((1 - alpha_hidden) * beta) * (np.abs(q) @ np.abs(k).T) + alpha_hidden * np.abs(hidden)
    of_hidden = SLACK * gamma(q.shape[1] + 6, u) * sizes
    z = alpha_hidden * hidden + (1 - alpha_hidden) * beta * (q @ k.T)
    p = np.exp(z - z.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    way = library(dtype, *k.shape)
    moved = 2 * of_hidden.max(axis=1, keepdims=True) + 2 * (u + 6 * u * u * np.abs(z).max() + way.power)
    read = p @ np.abs(v) * np.expm1(moved + gamma(2 * len(k) + 6, u))
    mixed = alpha * np.abs(state) + (1 - alpha) * (p @ np.abs(v))
    return SLACK * ((1 - alpha) * read + gamma(6, u) * mixed), of_hidden


def settled(tol: float, network: Any, states: Array) -> float:
    """Between two states near the same fixed point, both of whose last moves were below `tol`.

    A state is ``tol / (1 - slope)`` from its fixed point at most; the slope of an update is ``beta cov(x)``, whose norm
    is at most that of the largest scatter of the patterns under the weights.
    """
    patterns = network.state_dict()["patterns"].astype(float)
    slopes = []
    for state in states:
        problem = Problem(patterns, 2.0, state, dtype=states.dtype)
        spread = problem.x - problem.p @ problem.x
        slopes.append(2.0 * float(problem.p @ (spread**2).sum(axis=1)))
    assert max(slopes) < 1
    return SLACK * (2 * tol / (1 - max(slopes)) + 64 * U64 * float(np.abs(states).max()))
