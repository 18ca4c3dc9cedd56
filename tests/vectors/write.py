"""Write the test vectors that the Rust integration tests read: ``python tests/vectors/write.py``.

Everything comes from the oracle, inputs included (its pinned random numbers), so
the files are a pure function of this script. One case a line. Words of 64 bits are
decimal strings; floats are written so that they come back to the bit (a reader of
JSON must round correctly); null stands for "not given", and for plus infinity: the energy
of a query whose patterns are all masked, the separation of a lone pattern.
"""

from __future__ import annotations

import itertools
import json
import math
import struct
import sys
from dataclasses import asdict
from fractions import Fraction
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from oracle import capacity, classical, dense, exponential, modern, rules, separations, sparse
from oracle.rng import Stream, mix

HERE = Path(__file__).resolve().parent

Json = dict[str, Any]

SEEDS = (0, 1, 42, 2**32, 2**63, 2**64 - 1)


# Random numbers


def rng_vectors() -> Json:
    """Words, bounded draws, permutations, coins and units of pinned streams."""
    streams = [(seed, index) for seed in SEEDS for index in (0, 1, 1000)]
    bounds = (1, 2, 3, 10, 784, 2**32 + 1, 2**63 + 1, 2**64 - 1)

    def tag(seed: int, index: int) -> Json:
        return {"seed": str(seed), "index": str(index)}

    below = []
    permutations = []
    for seed, index in streams:
        for n in bounds:
            stream = Stream(seed, index)
            draws = [str(stream.below(n)) for _ in range(8)]
            # The word after the draws shows how many words the refusals took.
            below.append({**tag(seed, index), "n": str(n), "draws": draws, "next": str(stream.next())})
        stream = Stream(seed, index)
        permutations.append({**tag(seed, index), "permutation": stream.permutation(10)})

    def drawn(seed: int, index: int) -> Json:
        words, coins, units = Stream(seed, index), Stream(seed, index), Stream(seed, index)
        return {
            **tag(seed, index),
            "outputs": [str(words.next()) for _ in range(8)],
            "coins": [coins.coin() for _ in range(8)],
            "units": [units.unit() for _ in range(8)],
        }

    return {
        "mix": [{"input": str(z), "output": str(mix(z))} for z in SEEDS],
        "streams": [drawn(seed, index) for seed, index in streams],
        "below": below,
        "permutations": permutations,
    }


# Binary networks


def spins(stream: Stream, n: int) -> list[int]:
    """n values +1 or -1, each a coin."""
    return [1 if stream.coin() else -1 for _ in range(n)]


def flipped(stream: Stream, pattern: list[int], n_flips: int) -> list[int]:
    """The pattern with that many neurons turned."""
    turned = stream.permutation(len(pattern))[:n_flips]
    return [-value if i in turned else value for i, value in enumerate(pattern)]


def eighths(stream: Stream, n: int, largest: int) -> list[float]:
    """Multiples of 1/8 up to that many of them in size: energies stay exact."""
    return [(stream.below(2 * largest + 1) - largest) / 8 for _ in range(n)]


# Each row names what it adds to the defaults; `n`, `k` and `flips` shape the problem.
CLASSICAL_PLAN: list[Json] = [
    {"n": 1, "k": 1, "flips": 1},
    {"n": 2, "k": 1, "flips": 1},
    {"n": 2, "k": 1, "flips": 1, "update": "synchronous"},
    {"n": 5, "k": 2, "flips": 2},
    {"n": 8, "k": 3, "flips": 2},
    {"n": 16, "k": 2, "flips": 4},
    {"n": 31, "k": 3, "flips": 6},
    {"n": 40, "k": 5, "flips": 10},
    {"n": 40, "k": 9, "flips": 12},
    {"n": 40, "k": 3, "flips": 36},
    {"n": 40, "k": 2, "flips": 2, "target": 0},
    {"n": 40, "k": 9, "flips": 18, "target": 3},
    {"n": 33, "k": 4, "flips": 8, "order": "random"},
    {"n": 40, "k": 5, "flips": 10, "order": "random", "target": 0},
    {"n": 12, "k": 4, "flips": 5, "order": "random", "max_sweeps": 1},
    {"n": 33, "k": 4, "flips": 8, "order": "sequential"},
    {"n": 24, "k": 6, "flips": 8, "order": "sequential", "normalization": "patterns"},
    {"n": 24, "k": 6, "flips": 8, "normalization": "none"},
    {"n": 15, "k": 5, "flips": 5, "normalization": "patterns", "bias": 3},
    {"n": 15, "k": 5, "flips": 5, "normalization": "none", "bias": 40},
    {"n": 16, "k": 5, "flips": 5, "normalization": "neurons", "bias": 3},
    {"n": 21, "k": 3, "flips": 7, "normalization": "neurons", "bias": 3, "order": "random"},
    {"n": 32, "k": 7, "flips": 9, "bias": 2, "tie": "plus", "order": "sequential"},
    {"n": 8, "k": 4, "flips": 3, "tie": "plus"},
    {"n": 8, "k": 4, "flips": 3, "tie": "minus"},
    {"n": 8, "k": 4, "flips": 3, "tie": "random"},
    {"n": 8, "k": 4, "flips": 3, "tie": "random", "order": "random"},
    {"n": 9, "k": 4, "flips": 4, "tie": "random", "order": "sequential"},
    {"n": 9, "k": 2, "flips": 4, "tie": "plus", "order": "random"},
    {"n": 9, "k": 2, "flips": 4, "tie": "minus", "order": "sequential"},
    {"n": 13, "k": 4, "flips": 5, "tie": "random", "normalization": "none", "bias": 16},
    {"n": 40, "k": 6, "flips": 15, "update": "synchronous"},
    {"n": 40, "k": 9, "flips": 20, "update": "synchronous"},
    {"n": 12, "k": 4, "flips": 6, "update": "synchronous"},
    {"n": 11, "k": 4, "flips": 5, "update": "synchronous", "tie": "plus"},
    {"n": 11, "k": 4, "flips": 5, "update": "synchronous", "tie": "minus", "bias": 2},
    {"n": 8, "k": 4, "flips": 4, "update": "synchronous", "tie": "random"},
    {"n": 2, "k": 1, "flips": 1, "update": "synchronous", "tie": "random", "max_sweeps": 7},
    {"n": 40, "k": 8, "flips": 20, "update": "synchronous", "max_updates": 1},
    {"n": 40, "k": 8, "flips": 20, "update": "synchronous", "max_sweeps": 1},
    {"n": 40, "k": 5, "flips": 10, "update": "synchronous", "stop_at_memory": True},
    {"n": 16, "k": 3, "flips": 5, "update": "synchronous", "target_energy": -4.0},
    {"n": 14, "k": 3, "flips": 0, "update": "synchronous", "unknown": 6},
    {"n": 14, "k": 3, "flips": 0, "update": "synchronous", "unknown": 6, "clamp": True},
    {"n": 40, "k": 4, "flips": 10, "stop_at_memory": True, "target": 0},
    {"n": 40, "k": 4, "flips": 0, "stop_at_memory": True, "target": 0},
    {"n": 40, "k": 9, "flips": 14, "stop_at_memory": True, "order": "random"},
    {"n": 32, "k": 4, "flips": 10, "target_energy": -8.0},
    {"n": 32, "k": 4, "flips": 10, "target_energy": -8.0, "order": "random", "bias": 1},
    {"n": 32, "k": 2, "flips": 1, "target_energy": 0.0},
    {"n": 30, "k": 4, "flips": 9, "patience": 3, "order": "random"},
    {"n": 30, "k": 4, "flips": 9, "patience": 30, "order": "random"},
    {"n": 30, "k": 4, "flips": 9, "patience": 5},
    {"n": 30, "k": 4, "flips": 9, "max_updates": 17},
    {"n": 30, "k": 4, "flips": 9, "max_updates": 30},
    {"n": 30, "k": 4, "flips": 9, "max_updates": 300, "order": "random"},
    {"n": 40, "k": 9, "flips": 20, "max_updates": 40},
    {"n": 40, "k": 9, "flips": 20, "max_sweeps": 1},
    {"n": 40, "k": 9, "flips": 20, "max_sweeps": 2, "order": "random"},
    {"n": 25, "k": 3, "flips": 0, "unknown": 11},
    {"n": 25, "k": 3, "flips": 0, "unknown": 11, "clamp": True},
    {"n": 25, "k": 3, "flips": 4, "unknown": 9, "clamp": True, "order": "random"},
    {"n": 25, "k": 3, "flips": 4, "unknown": 9, "order": "random", "tie": "minus"},
    {"n": 25, "k": 3, "flips": 0, "unknown": 20, "max_updates": 6, "clamp": True},
    {"n": 25, "k": 3, "flips": 0, "unknown": 20, "stop_at_memory": True, "target_energy": -9.5},
    {"n": 10, "k": 2, "flips": 0, "unknown": 10, "tie": "random"},
    {"n": 10, "k": 2, "flips": 3, "unknown": 0, "clamp": True},
    {"n": 40, "k": 9, "flips": 6, "near_overlap": 0.5},
    {"n": 40, "k": 9, "flips": 34, "near_overlap": 0.5},
    {"n": 10, "k": 3, "flips": 1, "near_overlap": 0.8},
    {"n": 30, "k": 4, "flips": 9, "order": "greedy"},
    {"n": 30, "k": 9, "flips": 12, "order": "greedy", "bias": 3},
    {"n": 31, "k": 6, "flips": 12, "order": "greedy", "bias": 3, "field": 5, "normalization": "patterns"},
    {"n": 12, "k": 5, "flips": 6, "order": "greedy", "tie": "plus", "normalization": "none"},
    {"n": 12, "k": 4, "flips": 6, "order": "greedy", "tie": "random", "unknown": 5},
    {"n": 20, "k": 3, "flips": 8, "order": "greedy", "max_updates": 4, "clamp": True, "unknown": 12},
    {"n": 9, "k": 3, "flips": 4, "order": [8, 7, 6, 5, 4, 3, 2, 1, 0]},
    {"n": 9, "k": 3, "flips": 4, "order": [3, 3, 1], "max_sweeps": 4},
    {"n": 9, "k": 3, "flips": 4, "order": [8, 0, 4, 2], "unknown": 5, "clamp": True, "max_updates": 9},
    {"n": 20, "k": 3, "flips": 5, "field": 4},
    {"n": 20, "k": 3, "flips": 5, "field": 4, "update": "synchronous", "tie": "minus"},
    {"n": 20, "k": 3, "flips": 5, "field": 4, "bias": 4, "normalization": "none", "tie": "plus"},
    {"n": 30, "k": 3, "flips": 5, "temperature": 0.25, "max_sweeps": 4},
    {"n": 30, "k": 3, "flips": 5, "temperature": 1.5, "max_sweeps": 4, "order": "random", "bias": 2},
    {"n": 30, "k": 3, "flips": 5, "temperature": 1.0, "max_sweeps": 4, "order": "sequential", "unknown": 9},
    {"n": 30, "k": 3, "flips": 5, "temperature": 0.5, "max_sweeps": 4, "update": "synchronous", "field": 3},
    {"n": 30, "k": 3, "flips": 9, "temperature": 0.125, "stop_at_memory": True},
    {"n": 30, "k": 3, "flips": 9, "temperature": 0.75, "patience": 25, "max_updates": 400},
    {"n": 30, "k": 5, "flips": 9, "temperature": [1.0, 0.5, 0.25]},
    {"n": 30, "k": 5, "flips": 9, "temperature": [1.0, 0.5, 0.0, 0.0, 0.0], "order": "random", "tie": "random"},
    {"n": 30, "k": 5, "flips": 9, "temperature": [1.0, 0.5, 0.25], "max_sweeps": 2},
    {"n": 12, "k": 2, "flips": 5, "temperature": [2.0] + [0.0] * 6, "update": "synchronous"},
    {"n": 2, "k": 1, "flips": 1, "temperature": [3.0] + [0.0] * 6, "update": "synchronous"},
    {"n": 12, "k": 2, "flips": 5, "temperature": [0.0, 0.5, 0.0], "update": "synchronous", "unknown": 4},
    {"n": 12, "k": 2, "flips": 5, "temperature": [0.0, 0.0]},
]

RETRIEVE_DEFAULTS: Json = {
    "update": "asynchronous",
    "order": "permutation",
    "max_sweeps": 100,
    "max_updates": None,
    "patience": None,
    "stop_at_memory": False,
    "target_energy": None,
    "target": None,
    "clamp": False,
    "near_overlap": 0.9,
    "temperature": None,
}


def classical_case(number: int, plan: Json) -> Json:
    """One network, one cue, everything asked of them, and every answer."""
    stream = Stream(20, number)
    n, k = plan["n"], plan["k"]
    patterns = [spins(stream, n) for _ in range(k)]
    cue = flipped(stream, patterns[0], plan["flips"])
    bias = eighths(stream, n, plan["bias"]) if "bias" in plan else None
    known = None
    if "unknown" in plan:
        unknown = stream.permutation(n)[: plan["unknown"]]
        known = [i not in unknown for i in range(n)]
    field = eighths(stream, n, plan["field"]) if "field" in plan else None
    options: Json = {key: plan.get(key, default) for key, default in RETRIEVE_DEFAULTS.items()}
    normalization, tie = plan.get("normalization", "neurons"), plan.get("tie", "keep")
    seed, index = SEEDS[number % len(SEEDS)], number % 4

    net = classical.ClassicalHopfield(patterns, normalization=normalization, bias=bias, tie=tie)
    result = classical.retrieve(net, cue, known=known, field=field, seed=seed, index=index, trace=True, **options)
    return {
        "patterns": patterns,
        "normalization": normalization,
        "bias": bias,
        "tie": tie,
        "cue": cue,
        "known": known,
        "field": field,
        **options,
        "seed": str(seed),
        "index": str(index),
        "cue_field": net.field(cue),
        "cue_energy": net.energy(cue),
        "cue_overlap": net.overlap(cue),
        "cue_hamming": net.hamming(cue),
        "cue_is_fixed_point": net.is_fixed_point(cue),
        "result": asdict(result),
    }


# Learning rules

RULES: list[Json] = [
    {"rule": "storkey"},
    {"rule": "pseudo_inverse", "zero_diagonal": True},
    {"rule": "pseudo_inverse", "zero_diagonal": False},
    {"rule": "perceptron", "margin": 0.0, "symmetric": False, "max_epochs": 50},
    {"rule": "perceptron", "margin": 0.5, "symmetric": False, "max_epochs": 50},
    {"rule": "perceptron", "margin": 0.0, "symmetric": True, "max_epochs": 50},
    {"rule": "perceptron", "margin": 9.0, "symmetric": True, "max_epochs": 5},
]


def rule_case(number: int, n: int, k: int, plan: Json) -> Json:
    """Weights of one rule, how learning ended, and what is retrieved from a spoiled pattern."""
    stream = Stream(21, number)
    patterns = [spins(stream, n) for _ in range(k)]
    cue = flipped(stream, patterns[0], 2)
    options = {name: value for name, value in plan.items() if name != "rule"}
    ended: Json = {"n_epochs": None, "converged": True}
    if plan["rule"] == "perceptron":
        learnt = rules.perceptron(patterns, **options)
        weights = [[Fraction(q, n) for q in row] for row in learnt.counts]
        ended = {"n_epochs": learnt.n_epochs, "converged": learnt.converged}
    else:
        weights = getattr(rules, plan["rule"])(patterns, **options)
    net = rules.Weighted(patterns, weights)
    found = classical.retrieve(net, cue, order="sequential")
    return {
        **plan,
        "patterns": patterns,
        "weights": [[float(w) for w in row] for row in weights],
        **ended,
        "least_stability": rules.margin(net),
        "cue": cue,
        "states": found.states,
        "reason": found.reason,
    }


def rule_cases() -> list[Json]:
    """Every rule on several problems."""
    sizes = [(7, 2), (12, 3), (13, 5)]
    plans = itertools.product(sizes, RULES)
    return [rule_case(number, n, k, plan) for number, ((n, k), plan) in enumerate(plans)]


# Neurons of 0 and 1


def sparse_case(number: int, n: int, k: int, activity: float, threshold: float | None, temperature: float) -> Json:
    """The covariance rule, and what is retrieved from a spoiled pattern; +1 stands for 1."""
    stream = Stream(34, number)
    patterns = [[1 if stream.unit() < 0.3 else -1 for _ in range(n)] for _ in range(k)]
    cue = flipped(stream, patterns[0], 2)
    a = Fraction(activity)
    weights = sparse.covariance(patterns, a)
    net = sparse.SparseHopfield(patterns, weights, threshold=0.5 - activity if threshold is None else threshold)
    found = classical.retrieve(net, cue, order="sequential", temperature=temperature or None, max_sweeps=5, seed=number)
    return {
        "activity": activity,
        "threshold": threshold,
        "temperature": temperature,
        "patterns": patterns,
        "weights": [[float(w) for w in row] for row in weights],
        "cue": cue,
        "cue_field": net.field(cue),
        "cue_overlap": sparse.overlaps(patterns, a, cue),
        "seed": number,
        "states": found.states,
        "reason": found.reason,
        "n_flips": found.n_flips,
        "energy": found.energy,
    }


def sparse_cases() -> list[Json]:
    """Sizes below and above a word; activities and thresholds for which no field comes near to 0; temperatures."""
    sizes = [(9, 2), (20, 6), (27, 70)]
    plans = itertools.product(sizes, [(0.3141, None), (0.3141, 0.1037), (0.1123, None), (0.7713, -0.2071)], [0.0, 0.2])
    return [sparse_case(number, n, k, *plan, cold) for number, ((n, k), plan, cold) in enumerate(plans)]


# Each row names what it adds to the defaults of the retrieval and of the memory.
DENSE_PLAN: list[Json] = [
    {"n": 1, "k": 1, "flips": 1, "degree": 1},
    {"n": 9, "k": 4, "flips": 4},
    {"n": 30, "k": 12, "flips": 9},
    {"n": 30, "k": 80, "flips": 6},
    {"n": 30, "k": 70, "flips": 6, "degree": 2, "order": "random"},
    {"n": 31, "k": 70, "flips": 6, "degree": 5, "order": "sequential"},
    {"n": 40, "k": 9, "flips": 12, "degree": 12},
    {"n": 40, "k": 9, "flips": 12, "degree": 12, "tie": "minus", "order": "greedy"},
    {"n": 60, "k": 5, "flips": 20, "degree": 200},
    {"n": 60, "k": 5, "flips": 20, "degree": 201, "field": 9, "update": "synchronous"},
    {"n": 30, "k": 12, "flips": 9, "order": "greedy", "field": 7},
    {"n": 12, "k": 4, "flips": 6, "update": "synchronous"},
    {"n": 12, "k": 6, "flips": 5, "unknown": 5, "tie": "random"},
    {"n": 12, "k": 6, "flips": 3, "unknown": 5, "clamp": True, "degree": 4},
    {"n": 30, "k": 12, "flips": 9, "temperature": 400.0, "max_sweeps": 4},
    {"n": 30, "k": 12, "flips": 9, "temperature": [900.0, 90.0, 0.0], "update": "synchronous"},
    {"interaction": "rectified", "n": 9, "k": 4, "flips": 4, "degree": 1},
    {"interaction": "rectified", "n": 30, "k": 70, "flips": 9},
    {"interaction": "rectified", "n": 30, "k": 12, "flips": 9, "degree": 2, "field": 5, "tie": "plus"},
    {"interaction": "rectified", "n": 12, "k": 6, "flips": 5, "unknown": 5, "degree": 3, "order": "greedy"},
    {"interaction": "rectified", "n": 50, "k": 8, "flips": 12, "degree": 40, "stop_at_memory": True},
    {"interaction": "exponential", "n": 1, "k": 1, "flips": 1},
    {"interaction": "exponential", "n": 9, "k": 4, "flips": 4},
    {"interaction": "exponential", "n": 9, "k": 4, "flips": 4, "tie": "random", "order": "random"},
    {"interaction": "exponential", "n": 30, "k": 80, "flips": 9},
    {"interaction": "exponential", "n": 30, "k": 80, "flips": 9, "stop_at_memory": True},
    {"interaction": "exponential", "n": 30, "k": 80, "flips": 9, "order": "greedy"},
    {"interaction": "exponential", "n": 20, "k": 12, "flips": 6, "field": 8},
    {"interaction": "exponential", "n": 20, "k": 12, "flips": 6, "field": 8, "order": "greedy"},
    {"interaction": "exponential", "n": 12, "k": 6, "flips": 6, "update": "synchronous", "field": 12, "tie": "minus"},
    {"interaction": "exponential", "n": 12, "k": 6, "flips": 5, "unknown": 7},
    {"interaction": "exponential", "n": 20, "k": 12, "flips": 6, "temperature": 1.0, "max_sweeps": 4},
    {
        "interaction": "exponential",
        "n": 20,
        "k": 12,
        "flips": 6,
        "temperature": [1.0, 0.25, 0.0, 0.0],
        "order": "random",
    },
    {"interaction": "exponential", "n": 40, "k": 5, "flips": 20, "target_energy": -36.5},
]


def dense_case(number: int, plan: Json) -> Json:
    """One memory, one cue, everything asked of them, and every answer."""
    stream = Stream(24, number)
    n, k = plan["n"], plan["k"]
    patterns = [spins(stream, n) for _ in range(k)]
    cue = flipped(stream, patterns[0], plan["flips"])
    unknown = stream.permutation(n)[: plan.get("unknown", 0)]
    known = [i not in unknown for i in range(n)]
    # Multiples of 1/2: some fields of exponential memories are then exactly 0 as well.
    field = [4 * b for b in eighths(stream, n, plan["field"])] if "field" in plan else None
    options: Json = {key: plan.get(key, default) for key, default in RETRIEVE_DEFAULTS.items()}
    memory = {"interaction": "polynomial", "degree": 3, "tie": "keep"}
    memory = {key: plan.get(key, default) for key, default in memory.items()}

    net = dense.DenseAssociativeMemory(patterns, **memory)
    result = asdict(classical.retrieve(net, cue, known=known, field=field, seed=number, **options))
    return {
        **memory,
        "patterns": patterns,
        "cue": cue,
        "known": known,
        "field": field,
        **options,
        "seed": number,
        "cue_field": [finite(h) for h in net.field(cue)],
        "cue_energy": finite(net.energy(cue)),
        "cue_is_fixed_point": net.is_fixed_point(cue),
        "result": {**result, "energy": finite(result["energy"])},
    }


# Continuous networks


def float32(x: float) -> float:
    """x rounded to the nearest float32."""
    value: float = struct.unpack("<f", struct.pack("<f", x))[0]
    return value


def reals(stream: Stream, d: int, dtype: str) -> list[float]:
    """d values in [-1, 1) that the dtype holds."""
    row = [2 * stream.unit() - 1 for _ in range(d)]
    return row if dtype == "float64" else [float32(x) for x in row]


MODERN_PLAN: list[Json] = [
    {"d": 1, "k": 1, "beta": 1.0},
    {"d": 1, "k": 2, "beta": 2.0},
    {"d": 3, "k": 1, "beta": 4.0},
    {"d": 4, "k": 3, "beta": 0.25},
    {"d": 4, "k": 3, "beta": 8.0},
    {"d": 8, "k": 12, "beta": 0.5},
    {"d": 8, "k": 12, "beta": 6.0},
    {"d": 8, "k": 12, "beta": 40.0},
    {"d": 16, "k": 20, "beta": 3.0},
    {"d": 16, "k": 20, "beta": 12.5},
    {"d": 5, "k": 9, "beta": 300.0},
    {"d": 5, "k": 9, "beta": 4.0, "tol": 1e-10},
    {"d": 5, "k": 1, "beta": 4.0, "tol": 0.0},
    {"d": 5, "k": 1, "beta": 4.0, "tol": 0.0, "criterion": "association"},
    {"d": 5, "k": 9, "beta": 4.0, "tol": 1e-8, "criterion": "association"},
    {"d": 7, "k": 6, "beta": 9.0, "criterion": "association"},
    {"d": 6, "k": 10, "beta": 2.0, "max_steps": 1},
    {"d": 6, "k": 10, "beta": 2.0, "max_steps": 3},
    {"d": 6, "k": 10, "beta": 5.0, "dv": 1},
    {"d": 6, "k": 10, "beta": 5.0, "dv": 4},
    {"d": 2, "k": 10, "beta": 7.0, "dv": 9},
    {"d": 6, "k": 10, "beta": 5.0, "mask": 4},
    {"d": 6, "k": 10, "beta": 0.5, "mask": 9},
    {"d": 6, "k": 10, "beta": 5.0, "mask": 10},
    {"d": 6, "k": 10, "beta": 5.0, "mask": 10, "dv": 3},
    {"d": 6, "k": 10, "beta": 5.0, "mask": 5, "dv": 3},
    {"d": 8, "k": 9, "beta": 10.0, "unknown": 3},
    {"d": 8, "k": 9, "beta": 10.0, "unknown": 3, "clamp": True},
    {"d": 8, "k": 9, "beta": 1.0, "unknown": 8},
    {"d": 8, "k": 9, "beta": 10.0, "unknown": 0, "clamp": True},
    {"d": 8, "k": 9, "beta": 6.0, "unknown": 4, "mask": 3, "dv": 2},
    {"d": 8, "k": 9, "beta": 6.0, "unknown": 4, "clamp": True, "criterion": "association"},
    {"d": 3, "k": 140, "beta": 2.5},
    {"d": 2, "k": 150, "beta": 20.0},
    {"dtype": "float32", "d": 4, "k": 3, "beta": 0.25, "tol": 1e-3},
    {"dtype": "float32", "d": 8, "k": 12, "beta": 6.0, "tol": 1e-3},
    {"dtype": "float32", "d": 8, "k": 12, "beta": 40.0, "tol": 1e-3},
    {"dtype": "float32", "d": 16, "k": 20, "beta": 3.0, "tol": 1e-3, "dv": 3},
    {"dtype": "float32", "d": 6, "k": 10, "beta": 5.0, "tol": 1e-3, "mask": 4},
    {"dtype": "float32", "d": 8, "k": 9, "beta": 10.0, "tol": 1e-3, "unknown": 3, "clamp": True},
    {"dtype": "float32", "d": 7, "k": 6, "beta": 9.0, "tol": 1e-3, "criterion": "association"},
    {"dtype": "float32", "d": 3, "k": 30, "beta": 2.5, "max_steps": 2},
]


def finite(x: float) -> float | None:
    """x, or None where it is infinite (JSON has no infinity)."""
    return x if math.isfinite(x) else None


def check_order(weights: list[float], top: int, margin: float) -> None:
    """Refuse a case where another order of sums could rank the largest weights differently."""
    p = sorted(weights, reverse=True)
    for larger, smaller in itertools.pairwise(p[: top + 1]):
        assert larger - smaller > margin * larger, "the order of the weights is undecided"


def check_size(weights: list[float], margin: float) -> None:
    """Refuse a case where it could need one weight more or less to hold 90 %."""
    p = sorted(weights, reverse=True)
    for size in range(1, len(p) + 1):
        assert abs(math.fsum(p[:size]) - modern.MASS) > margin, "the size is undecided"


def modern_case(number: int, plan: Json) -> Json:
    """One memory, one query, everything asked of them, and every answer."""
    stream = Stream(21, number)
    dtype = plan.get("dtype", "float64")
    d, k, beta = plan["d"], plan["k"], plan["beta"]
    patterns = [reals(stream, d, dtype) for _ in range(k)]
    query = reals(stream, d, dtype)
    values = [reals(stream, plan["dv"], dtype) for _ in range(k)] if "dv" in plan else None
    mask = known = None
    if "mask" in plan:
        left_out = stream.permutation(k)[: plan["mask"]]
        mask = [mu not in left_out for mu in range(k)]
    if "unknown" in plan:
        unknown = stream.permutation(d)[: plan["unknown"]]
        known = [j not in unknown for j in range(d)]
    options = {
        "max_steps": plan.get("max_steps", 1000),
        "tol": plan.get("tol", 1e-6),
        "criterion": plan.get("criterion", "state"),
        "clamp": plan.get("clamp", False),
    }
    eps = modern.EPS_FLOAT32 if dtype == "float32" else modern.EPS_FLOAT64

    def run(tol: float) -> modern.Retrieval:
        return modern.retrieve(
            patterns,
            beta,
            query,
            values=values,
            known=known,
            mask=mask,
            trace=True,
            eps=eps,
            **{**options, "tol": tol},
        )

    result = asdict(run(options["tol"]))
    for factor in (0.98, 1.02):
        steps = run(factor * options["tol"]).n_steps
        assert steps == result["n_steps"], "the number of steps is undecided"
    result["energy"] = finite(result["energy"])
    result["trace"] = [finite(e) for e in result["trace"]]
    top = min(3, k)
    weights, indices = modern.top_association(patterns, beta, query, top)
    margin = 1e-5 if dtype == "float32" else 1e-9
    at_query = modern.association(patterns, beta, query)
    check_order(at_query, top, margin)
    check_size(at_query, margin)
    if result["pattern"] >= 0:
        check_order(modern.association(patterns, beta, result["states"], mask), 1, margin)
    return {
        "dtype": dtype,
        "patterns": patterns,
        "beta": beta,
        "query": query,
        "values": values,
        "known": known,
        "mask": mask,
        **options,
        "step": modern.step(patterns, beta, query, values=values, known=known, mask=mask),
        "association": at_query,
        "top": {"weights": weights, "indices": indices},
        "query_energy": modern.energy(patterns, beta, query),
        "query_energy_without_constants": modern.energy(patterns, beta, query, constants=False),
        "query_diagnosis": asdict(modern.diagnose(patterns, beta, query)),
        "separation": [finite(delta) for delta in modern.pattern_separation(patterns)],
        "result": result,
    }


def calibration_case(patterns: list[list[float]], error: float) -> Json:
    """A calibration and what it found."""
    return {"patterns": patterns, "error": error, **asdict(modern.calibrate(patterns, error=error))}


def unit_norm(row: list[float]) -> list[float]:
    """The row divided by its length."""
    length = modern.norm(row)
    return [x / length for x in row]


def calibration_cases() -> list[Json]:
    """Separated, duplicated and badly separated patterns."""
    stream = Stream(22, 0)
    raw = [reals(stream, 6, "float64") for _ in range(15)]
    unit = [unit_norm(row) for row in raw]
    halves = [[(stream.below(9) - 4) / 2 for _ in range(3)] for _ in range(12)]
    return [
        calibration_case(unit, 1e-3),
        calibration_case(unit, 1e-6),
        calibration_case(unit[:2], 0.5),
        calibration_case([*unit[:4], unit[1], unit[1], unit[3]], 1e-3),
        calibration_case(raw, 1e-3),
        calibration_case(halves, 1e-2),
        # Three of four are lost: the quantile is not positive and only the last one is left.
        calibration_case([[1.0, 0.0], [2.0, 0.0], [3.0, 0.0], [4.0, 0.0]], 1e-3),
    ]


def attention_cases() -> list[Json]:
    """Attention with its own beta, a given one, and a mask."""
    cases = []
    for number, (m, k, d, dv) in enumerate([(1, 1, 1, 1), (3, 5, 4, 2), (4, 6, 3, 5)]):
        stream = Stream(23, number)
        queries = [reals(stream, d, "float64") for _ in range(m)]
        keys = [reals(stream, d, "float64") for _ in range(k)]
        values = [reals(stream, dv, "float64") for _ in range(k)]
        mask = [[stream.coin() for _ in range(k)] for _ in range(m)]
        mask[0] = [False] * k
        for beta in (None, 2.0):
            for given in (None, mask):
                cases.append(
                    {
                        "queries": queries,
                        "keys": keys,
                        "values": values,
                        "beta": beta,
                        "mask": given,
                        "output": modern.attention(queries, keys, values, beta=beta, mask=given),
                    }
                )
    return cases


# The exponential


def exponential_cases() -> list[Json]:
    """Arguments over the whole range of weights, and near those where the rounded exponent steps."""
    stream = Stream(2**31, 0)
    spread = [-708.0 * stream.unit() for _ in range(200)]
    small = [-(2.0 ** (-60.0 * stream.unit())) for _ in range(100)]
    steps = [-(n + 0.5) * math.log(2) * (1 + 1e-9 * (stream.unit() - 0.5)) for n in range(0, 1000, 10)]
    cases = []
    for x in (0.0, *spread, *small, *steps):
        nearest, rest = exponential.exp(x)
        cases.append({"x": x, "exp": nearest, "rest": rest})
    return cases


# Separations


SEPARATIONS = (
    ("softmax", None),
    *(("softmax1", null) for null in (0.0, -1.25, 40.0)),
    ("sparsemax", None),
    *(("entmax", alpha) for alpha in (1.5, 2.0, 1.25, 3.0, 1.01)),
    *(("top_k", float(count)) for count in (1, 2, 5, 1000)),
    ("max", None),
    ("linear", None),
    *(("polynomial", float(degree)) for degree in (1, 2, 7)),
    *(("epanechnikov", epsilon) for epsilon in (0.0, 0.25)),
)


def separation_cases() -> list[Json]:
    """Rows with equal scores, masked ones (null) and none but those, at small and large beta."""
    stream = Stream(2**33, 0)
    rows = [[], [0.5], [1.5, 1.5, -2.0], eighths(stream, 40, 12), [6 * stream.unit() - 4 for _ in range(300)]]
    rows += [[-math.inf, -math.inf], [-0.25, -math.inf, -0.5, -0.25, 0.125, -math.inf]]
    cases = []
    for row, beta, (name, parameter) in itertools.product(rows, (0.03, 1.0, 9.0), SEPARATIONS):
        separation = separations.Separation(name, math.nan if parameter is None else parameter)
        conjugate = separations.conjugate(separation, row, beta)
        cases.append(
            {
                **{"name": name, "parameter": parameter, "beta": beta, "scores": [finite(s) for s in row]},
                "weights": [short(p) for p in separations.weights(separation, row, beta)],
                "conjugate": short(conjugate) if math.isfinite(conjugate) else None,
            }
        )
    return cases


# Capacities


def short(x: float) -> float:
    """To 12 figures: error functions and hyperbolic tangents of Python differ in the last bit from system to system."""
    return float(f"{x:.12g}")


BOUNDS: dict[str, list[tuple[Any, ...]]] = {
    "mceliece": [(100, "one"), (100, "all"), (2, "one")],
    "stable_probability": [(100, 10.0, "one"), (1000, 40.0, "all")],
    "one_step_error": [(0.05,), (1.0,)],
    "load_at_error": [(0.001,), (0.3,), (1e-30,)],
    "first_step_overlap": [(0.3, 0.1), (-0.9, 0.02)],
    "storkey": [(1000,)],
    "pseudo_inverse": [(1000,)],
    "gardner": [(0.0,), (0.7,), (12.0,)],
    "krotov_hopfield": [(100, 2, 0.005), (200, 5, 0.02)],
    "krotov_hopfield_load": [(3, 0.005)],
    "krotov_hopfield_error": [(100, 700.0, 3)],
    "krotov_hopfield_error_free": [(100, 4, "one"), (100, 4, "all")],
    "demircigil": [(40, 0.1)],
    "demircigil_rate": [(0.0,), (0.2,), (0.45,)],
    "lucibello_mezard": [(0.4, "gaussian"), (3.0, "gaussian"), (0.4, "spherical"), (3.0, "spherical")],
}


def bound_cases() -> list[Json]:
    """Numbers, perhaps a name, and the value."""
    cases = []
    for name, calls in BOUNDS.items():
        for arguments in calls:
            numbers = [x for x in arguments if not isinstance(x, str)]
            word = next((x for x in arguments if isinstance(x, str)), "")
            value = short(getattr(capacity, name)(*arguments))
            cases.append({"name": name, "numbers": numbers, "word": word, "value": value})
    return cases


def ramsauer_cases() -> list[Json]:
    arguments = [(20, 1.0, 3.0, 0.001), (75, 1.0, 1.0, 0.001), (2, 0.5, 0.1, 0.5)]
    return [{"arguments": call, "bound": [short(x) for x in capacity.ramsauer(*call)[:-1]]} for call in arguments]


def mean_field_cases() -> list[Json]:
    cases = []

    def add(alpha: float, temperature: float, solution: str, found: capacity.MeanField) -> None:
        point = {"alpha": alpha, "temperature": temperature, "solution": solution}
        cases.append({**point, **{name: short(value) for name, value in found._asdict().items()}})

    for solution, alpha in itertools.product(("retrieval", "unstable", "spin_glass"), (0.01, 0.1, 0.13)):
        add(alpha, 0.0, solution, capacity.at(alpha, capacity.y_of_load(alpha, solution)))
    for alpha, temperature in ((0.1, 0.1), (0.05, 0.2), (0.02, 0.6)):
        add(alpha, temperature, "retrieval", capacity.iterate(alpha, temperature))
    return cases


def trial_cases() -> list[Json]:
    cases = []
    for seed, n, k, number in ((0, 5, 2, 0), (1, 70, 3, 5), (2**64 - 1, 3, 4, 2**40)):
        patterns, order, retrieval = capacity.spin_trial(seed, n, k, number)
        gaussian, noise, _ = capacity.real_trial(seed, n, k, number, "gaussian")
        spherical, _, _ = capacity.real_trial(seed, n, k, number, "spherical")
        cases.append(
            {
                **{"seed": str(seed), "n": n, "k": k, "number": number, "retrieval": str(retrieval)},
                **{"spins": patterns, "order": order, "noise": list(map(short, noise))},
                "gaussian": [list(map(short, row)) for row in gaussian],
                "spherical": [list(map(short, row)) for row in spherical],
            }
        )
    return cases


# Files


def lines(groups: dict[str, list[Json]]) -> str:
    """The groups as one JSON object, one case a line."""
    parts = []
    for name, cases in groups.items():
        rows = ",\n".join(json.dumps(c, separators=(",", ":"), allow_nan=False) for c in cases)
        parts.append(f'"{name}":[\n{rows}\n]')
    return "{\n" + ",\n".join(parts) + "\n}\n"


def files() -> dict[str, str]:
    """The text of every vector file, by name."""
    return {
        "rng.json": lines(rng_vectors()),
        "capacity.json": lines(
            {
                "bounds": bound_cases(),
                "ramsauer": ramsauer_cases(),
                "mean_field": mean_field_cases(),
                "trials": trial_cases(),
            }
        ),
        "exponential.json": lines({"cases": exponential_cases()}),
        "separations.json": lines({"cases": separation_cases()}),
        "classical.json": lines({"cases": [classical_case(i, plan) for i, plan in enumerate(CLASSICAL_PLAN)]}),
        "rules.json": lines({"cases": rule_cases()}),
        "sparse.json": lines({"cases": sparse_cases()}),
        "dense.json": lines({"cases": [dense_case(i, plan) for i, plan in enumerate(DENSE_PLAN)]}),
        "modern.json": lines(
            {
                "cases": [modern_case(i, plan) for i, plan in enumerate(MODERN_PLAN)],
                "calibrations": calibration_cases(),
                "attentions": attention_cases(),
            }
        ),
    }


if __name__ == "__main__":
    for name, text in files().items():
        (HERE / name).write_text(text, encoding="utf-8")
