"""Capacities."""

from __future__ import annotations

import itertools
from typing import Any

from oracle import capacity
from vectors.cases.drawing import Json, short

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
