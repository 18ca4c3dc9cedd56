"""Dense associative memories."""

from __future__ import annotations

from dataclasses import asdict

from oracle import classical, dense
from oracle.rng import Stream
from vectors.cases.classical import RETRIEVE_DEFAULTS
from vectors.cases.drawing import Json, eighths, finite, flipped, spins

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
