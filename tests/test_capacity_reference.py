"""Published and independently computed numbers: what reference_values.json says of capacities."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

import tolerance
import tolerance_capacity
from hopfield import capacity
from tolerance import figures, worst

REFERENCE: dict[str, Any] = json.loads((Path(__file__).resolve().parent / "reference_values.json").read_text("utf-8"))


def values(group: str) -> Any:
    return REFERENCE[group]["values"]


COLD = values("ags_T0")


def near(found: float, expected: float, bound: float | None = None) -> None:
    assert worst(found, expected, figures(expected) if bound is None else bound) <= 1


# Amit, Gutfreund & Sompolinsky


def test_critical_load() -> None:
    near(capacity.critical_load(), COLD["alpha_c"], 1e-15)
    near(capacity.globally_stable_load(), COLD["alpha_globally_stable"])
    # What a load a little below leaves: the root of the distance to the critical one.
    at = capacity.mean_field(capacity.critical_load() * (1 - 1e-14))
    near(at.overlap, COLD["m_c"], 1e-6)
    near(at.error, COLD["error_fraction_c"], 1e-6)


@pytest.mark.parametrize("solution", ["retrieval", "unstable"])
def test_zero_temperature(solution: str) -> None:
    rows = COLD["table"] if solution == "retrieval" else COLD["unstable_branch"]
    assert len(rows) >= 3
    for row in rows:
        found = capacity.mean_field(row["alpha"], solution=solution)
        # Printed y is good to 12 figures; what follows from it near the critical load is not.
        moved = 4e-11 * (1 + 1 / math.sqrt(1 - row["alpha"] / COLD["alpha_c"]))
        near(found.overlap, row["m"], moved)
        near(found.error, row["error_fraction"], moved * row["error_fraction"] * (1 + 2 * row["y"] ** 2))
        near(found.noise, row["r"], moved * row["r"])
        near(found.susceptibility, row["C"], moved * row["C"] * (1 + 2 * row["y"] ** 2))
        near(found.energy, row["energy_per_spin"], moved)
        assert found.edwards_anderson == 1


def test_spin_glass() -> None:
    for alpha, expected in COLD["spin_glass_energy"].items():
        near(capacity.mean_field(float(alpha), solution="spin_glass").energy, expected)
        if float(alpha) > 0.14:
            near(capacity.mean_field(float(alpha)).energy, expected)


@pytest.mark.parametrize("row", values("ags_finite_T"), ids=str)
def test_finite_temperature(row: dict[str, float]) -> None:
    found = capacity.mean_field(row["alpha"], row["T"])
    for name, letter in (("overlap", "m"), ("edwards_anderson", "q"), ("noise", "r")):
        expected = row[letter]
        bound = tolerance_capacity.coarse(expected) if row["T"] == 0.1 else tolerance.printed(expected)
        near(getattr(found, name), expected, bound)


def test_no_load() -> None:
    for temperature, expected in values("mattis_alpha0").items():
        near(capacity.mean_field(0.0, float(temperature)).overlap, expected, tolerance.printed(expected))
    symmetric = values("mixtures")["energy_n_to_infinity"]
    near(capacity.mean_field(0.0, solution="spin_glass").energy, symmetric, tolerance.printed(symmetric))


# Bounds


def test_hertz_krogh_palmer() -> None:
    table = values("hertz_krogh_palmer")
    for error, load in table["table_exact"].items():
        near(capacity.load_at_error(float(error)), load)
    for error, load in table["table_published"].items():
        near(capacity.load_at_error(float(error)), load, 0.0016)  # printed with two or three figures
    for load, error in table["perr_of_alpha"].items():
        near(capacity.one_step_error(float(load)), error)


def test_perfect_recall() -> None:
    for size, row in values("perfect_recall").items():
        n = int(size)
        one, every = capacity.mceliece(n), capacity.mceliece(n, recalled="all")
        near(one, row["N_over_2lnN"], figures(one, 15))
        near(every, row["N_over_4lnN"], figures(every, 15))
        near(capacity.storkey(n), row["storkey_N_over_sqrt_2lnN"], figures(n, 15))
        near(n * capacity.one_step_error(one / n), row["gauss_expected_unstable_bits_at_N_2lnN"])
        near(capacity.stable_probability(n, one), row["gauss_prob_pattern_exactly_stable_at_N_2lnN"])
        near(
            capacity.stable_probability(n, every, recalled="all"),
            row["gauss_prob_all_stable_at_N_4lnN"],
        )


def test_gardner() -> None:
    for kappa, load in values("gardner_alpha_c").items():
        near(capacity.gardner(float(kappa)), load)


def test_krotov_hopfield() -> None:
    rows = values("krotov_hopfield")["by_n"]
    for letter, row in rows.items():
        degree = int(letter)
        near(capacity.krotov_hopfield_load(degree), row["alpha_n_exact_gauss_tail_0p5pct"])
        # The paper's expansion of the tail puts it a thirtieth lower.
        ratio = capacity.krotov_hopfield_load(degree) / row["alpha_n_paper_asymptotic_tail_0p5pct"]
        assert 1.03 < ratio < 1.031
        one, every = (capacity.krotov_hopfield_error_free(100, degree, recalled=r) for r in ("one", "all"))
        scale = 100 ** (degree - 1) / math.log(100)
        near(scale / one, row["c_n_single_pattern"], 1e-9 * row["c_n_single_pattern"])
        near(scale / every, row["c_n_all_patterns"], 1e-9 * row["c_n_all_patterns"])
        for n in (50, 100, 200):
            expected = row[f"Kmax_no_errors_N{n}"]
            near(capacity.krotov_hopfield_error_free(n, degree), expected, figures(expected, 14))


def test_demircigil() -> None:
    table = values("demircigil")
    for corruption, rate in table["alpha_max_of_rho"].items():
        near(capacity.demircigil_rate(float(corruption)), rate)
    for name, most in table["hamming_ball_Mmax"].items():
        n, corruption = name.removeprefix("N").split("_rho")
        # The table rounds the rate to 12 figures before it goes into the exponent.
        near(capacity.demircigil(int(n), float(corruption)), most, 1e-10 * most)


def test_ramsauer() -> None:
    table = values("ramsauer_theorem3")
    for case in table["cases"]:
        found = capacity.ramsauer(case["d"], beta=case["beta"], radius=case["K"], failure=float(case["p"]))
        assert found.applies
        near(found.a, case["a"])
        near(found.b, case["b"])
        near(found.c, case["c"])
        near(found.least_c, case["c_needed"])
        near(found.patterns, case["N_min"])
        # The paper cuts it off after four digits.
        assert str(math.floor(found.c * 10**4) / 10**4) in table["published"]


@pytest.mark.parametrize("ensemble", ["gaussian", "spherical"])
def test_lucibello_mezard(ensemble: str) -> None:
    for beta, row in values("lucibello_mezard").items():
        near(capacity.lucibello_mezard(float(beta), ensemble=ensemble), row[f"alpha_1_{ensemble}"])
