"""Continuous networks."""

from __future__ import annotations

import itertools
import math
from dataclasses import asdict

from oracle import modern
from oracle.rng import Stream
from vectors.cases.drawing import Json, finite, reals

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
