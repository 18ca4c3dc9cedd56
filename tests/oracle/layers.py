"""Hopfield layers: the published interface (hflayers 1.0.2), one sample and one head at a time.

Ramsauer et al., "Hopfield networks is all you need" (2020), eq. 10; hidden-state attention: Masumura & Taki,
"On the role of hidden states of modern Hopfield network in transformer" (2025). Float64 throughout, every sum
`math.fsum`. Parameters come by their published names, as nested lists; what is not among them is not applied.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .modern import dot, norm, softmax
from .rng import Counter
from .separations import Separation, conjugate, weights

SOFTMAX = Separation("softmax")

Row = list[float]
Rows = list[Row]
Parameters = Mapping[str, Any]


@dataclass
class Options:
    """The published keywords that a forward pass depends on."""

    input_size: int
    num_heads: int = 1
    hidden_size: int | None = None
    pattern_size: int | None = None
    scaling: Any = None
    update_steps_max: Any = 0
    update_steps_eps: Any = 1e-4
    stored_pattern_as_static: bool = False
    state_pattern_as_static: bool = False
    pattern_projection_as_static: bool = False
    pattern_projection_as_connected: bool = False
    normalize_stored_pattern: bool = True
    normalize_state_pattern: bool = True
    normalize_pattern_projection: bool = True
    normalize_hopfield_space: bool = False
    association_activation: str | None = None
    add_zero_association: bool = False
    dropout: float = 0.0
    eps: float = 1e-5
    separation: Separation = SOFTMAX

    @property
    def hidden(self) -> int:
        """Entries of a state in Hopfield space."""
        return self.hidden_size or self.input_size // self.num_heads

    @property
    def pattern(self) -> int:
        """Entries of a value."""
        return self.pattern_size or self.hidden

    def of_head(self, name: str, head: int) -> Any:
        """The option of one head."""
        value = getattr(self, name)
        return value[head] if isinstance(value, list) else value


@dataclass
class Sample:
    """What one sample gives."""

    output: Rows
    association: list[Rows]
    energy: list[Row]
    steps: list[list[int]]
    converged: list[list[bool]]
    #: The length of the last move, to judge whether a stop is a matter of rounding.
    residual: list[list[Row]]


def layer_norm(row: Sequence[float], eps: float, gain: Sequence[float] | None, bias: Sequence[float] | None) -> Row:
    """``(x - mean) / sqrt(variance + eps) * gain + bias``."""
    mean = math.fsum(row) / len(row)
    centred = [x - mean for x in row]
    scale = math.sqrt(math.fsum(x * x for x in centred) / len(row) + eps)
    normal = [x / scale for x in centred]
    if gain is None or bias is None:
        return normal
    return [x * g + b for x, g, b in zip(normal, gain, bias, strict=True)]


def linear(row: Sequence[float], weight: Rows, bias: Sequence[float] | None) -> Row:
    """``W x + b``."""
    return [dot(w, row) + (0.0 if bias is None else bias[i]) for i, w in enumerate(weight)]


def projections(options: Options, parameters: Parameters) -> dict[str, tuple[Rows, Row | None] | None]:
    """Weights and bias of queries, keys and values: the rows of the published tables, in the published order."""
    core = "association_core."
    hidden, values = options.num_heads * options.hidden, options.num_heads * options.pattern
    static = {
        "q": options.state_pattern_as_static,
        "k": options.stored_pattern_as_static,
        "v": options.pattern_projection_as_static,
    }
    found: dict[str, tuple[Rows, Row | None] | None] = {}
    at = 0
    for name, rows in (("q", hidden), ("k", hidden), ("v", values)):
        if static[name]:
            found[name] = None
            continue
        merged = parameters.get(core + "in_proj_weight")
        weight = parameters[f"{core}{name}_proj_weight"] if merged is None else merged[at : at + rows]
        bias = parameters.get(core + "in_proj_bias")
        found[name] = (weight, None if bias is None else bias[at : at + rows])
        at += rows
    return found


def projected(rows: Rows, how: tuple[Rows, Row | None] | None) -> Rows:
    """Each row through a projection, if there is one."""
    return rows if how is None else [linear(row, *how) for row in rows]


def of_head(rows: Rows, head: int, width: int, static: bool) -> Rows:
    """A head's columns; static patterns are the same for all."""
    return rows if static else [row[head * width : (head + 1) * width] for row in rows]


def exponents(beta: float, query: Row, keys: Rows, added: Row, null: bool) -> Row:
    """``beta k.q + mask`` for each stored pattern, and 0 for a pattern of zeros behind them."""
    return [beta * dot(key, query) + mask for key, mask in zip(keys, added, strict=True)] + ([0.0] if null else [])


def readout(p: Sequence[float], rows: Rows, width: int) -> Row:
    """``sum p v``; a null pattern behind the others adds nothing."""
    return [math.fsum(weight * row[j] for weight, row in zip(p, rows, strict=False)) for j in range(width)]


def kept(options: Options, seed: int | None, place: tuple[int, int, int, int], stored: int) -> Row:
    """The factors by which dropout scales the weights of one state: place is sample, head, state, and states in all."""
    if seed is None or options.dropout == 0:
        return [1.0] * stored
    sample, head, state, states = place
    words = Counter(seed, (sample * options.num_heads + head) * states + state)
    grown = 1 / (1 - options.dropout) if options.dropout < 1 else 0.0
    return [0.0 if words.word(s) < options.dropout * 2**64 else grown for s in range(stored)]


ACTIVATIONS = {
    None: lambda x: x,
    "relu": lambda x: max(x, 0.0),
    "tanh": math.tanh,
    "sigmoid": lambda x: 1 / (1 + math.exp(-x)),
}


def hopfield(
    options: Options,
    parameters: Parameters,
    stored: Rows,
    state: Rows,
    projection: Rows,
    *,
    sample: int = 0,
    padding: Sequence[bool] | None = None,
    mask: Sequence[Rows] | None = None,
    seed: int | None = None,
) -> Sample:
    """One sample; ``mask[head][state][stored]`` is added to the exponents, minus infinity where nothing may be seen."""

    def normal(name: str, rows: Rows) -> Rows:
        if not getattr(options, f"normalize_{name}"):
            return rows
        gain, bias = (parameters.get(f"norm_{name}.{part}") for part in ("weight", "bias"))
        return [layer_norm(row, options.eps, gain, bias) for row in rows]

    how = projections(options, parameters)
    queries = projected(normal("state_pattern", state), how["q"])
    keys = projected(normal("stored_pattern", stored), how["k"])
    raw = normal("pattern_projection", projection)
    values = projected(projected(raw, how["k"]) if options.pattern_projection_as_connected else raw, how["v"])

    result = Sample([], [], [], [], [], [])
    heads: list[Rows] = []
    for head in range(options.num_heads):
        q = of_head(queries, head, options.hidden, options.state_pattern_as_static)
        k = of_head(keys, head, options.hidden, options.stored_pattern_as_static)
        v = of_head(values, head, options.pattern, options.pattern_projection_as_static)
        if options.normalize_hopfield_space:
            gain, bias = (parameters.get(f"association_core.p_norm_{part}") for part in ("weight", "bias"))
            q, k = ([layer_norm(row, options.eps, gain, bias) for row in rows] for rows in (q, k))
        beta = 1 / math.sqrt(options.hidden) if options.scaling is None else options.of_head("scaling", head)
        read, seen, energies, counts, ends, residuals = [], [], [], [], [], []
        for at, start in enumerate(q):
            added = [0.0] * len(k) if mask is None else list(mask[head][at])
            if padding is not None:
                added = [-math.inf if out else value for out, value in zip(padding, added, strict=True)]
            query, moves = list(start), []
            most = options.of_head("update_steps_max", head)
            while len(moves) < (1000 if most is None else most):
                p = weights(options.separation, exponents(beta, query, k, added, options.add_zero_association), 1.0)
                after = readout(p, k, options.hidden)
                moves.append(norm([x - y for x, y in zip(after, query, strict=True)]))
                query = after
                if moves[-1] <= options.of_head("update_steps_eps", head):
                    break
            z = exponents(beta, query, k, added, options.add_zero_association)
            p = weights(options.separation, z, 1.0)[: len(k)]
            thinned = kept(options, seed, (sample, head, at, len(q)), len(k))
            read.append(readout([a * b for a, b in zip(p, thinned, strict=True)], v, options.pattern))
            seen.append(p)
            energies.append(dot(query, query) / 2 - conjugate(options.separation, z, 1.0) / beta if beta else math.nan)
            counts.append(len(moves))
            ends.append(bool(moves) and moves[-1] <= options.of_head("update_steps_eps", head))
            residuals.append(moves)
        heads.append(read)
        result.association.append(seen)
        result.energy.append(energies)
        result.steps.append(counts)
        result.converged.append(ends)
        result.residual.append(residuals)
    for at in range(len(state)):
        row = [entry for read in heads for entry in read[at]]
        weight = parameters.get("association_core.out_proj.weight")
        if weight is not None:
            row = linear(row, weight, parameters.get("association_core.out_proj.bias"))
        result.output.append([ACTIVATIONS[options.association_activation](x) for x in row])
    return result


def hidden_state_attention(
    queries: Rows,
    keys: Rows,
    values: Rows,
    state: Rows,
    hidden: Rows,
    *,
    alpha: float,
    alpha_hidden: float,
    beta: float,
) -> tuple[Rows, Rows]:
    """``h' = a' h + (1 - a') beta q k^T`` and ``x' = a x + (1 - a) softmax(h') v``."""
    after = [
        [alpha_hidden * h + (1 - alpha_hidden) * beta * dot(q, k) for h, k in zip(row, keys, strict=True)]
        for row, q in zip(hidden, queries, strict=True)
    ]
    read = [readout(softmax(row), values, len(values[0])) for row in after]
    mixed = [
        [alpha * x + (1 - alpha) * o for x, o in zip(row, out, strict=True)]
        for row, out in zip(state, read, strict=True)
    ]
    return mixed, after
