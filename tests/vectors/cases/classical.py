"""Binary networks by Hebb's rule."""

from __future__ import annotations

from dataclasses import asdict

from oracle import classical
from oracle.rng import Stream
from vectors.cases.drawing import SEEDS, Json, eighths, flipped, spins

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
