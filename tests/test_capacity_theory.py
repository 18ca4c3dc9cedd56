"""Bounds and mean-field solutions against the oracle, the laws they obey, and what is refused."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tolerance_capacity
from hopfield import capacity
from hopfield.errors import HopfieldError, InputTypeError, InvalidInputError
from oracle import capacity as oracle
from tolerance import U64, worst

sizes = st.one_of(st.integers(2, 300), st.integers(2, 10**7))
loads = st.one_of(st.floats(0, 1), st.floats(1e-6, 0.2))
critical = oracle.critical_load()
recalled = st.sampled_from(["one", "all"])
degrees = st.integers(2, 40)
shares = st.one_of(st.floats(1e-12, 0.499), st.sampled_from([1e-300, 0.005, 0.01]))


def near(found: float, expected: float, bound: float) -> None:
    assert type(found) is float
    assert worst(found, expected, bound) <= 1


# Binary networks of pairwise weights


@given(sizes, recalled)
def test_mceliece(n: int, which: str) -> None:
    expected = oracle.mceliece(n, which)
    near(capacity.mceliece(n, recalled=which), expected, 6 * U64 * expected)


@given(st.integers(2, 5000), st.floats(0.05, 2000), recalled)
def test_stable_probability(n: int, k: float, which: str) -> None:
    expected = oracle.stable_probability(n, k, which)
    bits = n * (k if which == "all" else 1)
    bound = tolerance_capacity.stable_probability(n, k, bits, expected)
    near(capacity.stable_probability(n, k, recalled=which), expected, bound + 5e-324)


@given(loads)
def test_one_step_error(alpha: float) -> None:
    expected = oracle.one_step_error(alpha)
    bound = tolerance_capacity.tail(math.sqrt(0.5 / alpha)) * expected if alpha > 1e-3 else 1e-200
    near(capacity.one_step_error(alpha), expected, bound)


@given(shares)
def test_load_at_error(error: float) -> None:
    expected = oracle.load_at_error(error)
    x = math.sqrt(0.5 / expected)
    near(capacity.load_at_error(error), expected, (2 * tolerance_capacity.tail_inverse(x, error) + 6 * U64) * expected)


@given(st.floats(-1, 1), loads)
def test_first_step_overlap(overlap: float, alpha: float) -> None:
    expected = oracle.first_step_overlap(overlap, alpha)
    near(capacity.first_step_overlap(overlap, alpha), expected, 10 * U64 * abs(expected) + 5e-324)


@given(sizes)
def test_storkey_and_pseudo_inverse(n: int) -> None:
    expected = oracle.storkey(n)
    near(capacity.storkey(n), expected, 6 * U64 * expected)
    assert capacity.pseudo_inverse(n) == oracle.pseudo_inverse(n)


@given(st.floats(0, 40))
def test_gardner(kappa: float) -> None:
    expected = oracle.gardner(kappa)
    # Positive terms; the oracle's quadrature adds up some five hundred.
    near(capacity.gardner(kappa), expected, (24 + 16) * U64 * expected)


# Dense binary networks


@given(st.integers(2, 10**5), degrees, shares)
def test_krotov_hopfield(n: int, degree: int, error: float) -> None:
    x = math.sqrt(0.5 / oracle.load_at_error(error))
    relative = 2 * tolerance_capacity.tail_inverse(x, error) + (2 * degree + 6) * U64
    expected = oracle.krotov_hopfield(n, degree, error)
    near(capacity.krotov_hopfield(n, degree, error=error), expected, relative * expected)
    expected = oracle.krotov_hopfield_load(degree, error)
    near(capacity.krotov_hopfield_load(degree, error=error), expected, relative * expected)


@given(st.integers(2, 1000), st.integers(2, 6), st.floats(0.001, 10))
def test_krotov_hopfield_error(n: int, degree: int, share: float) -> None:
    k = share * float(oracle.scale(n, degree))
    expected = oracle.krotov_hopfield_error(n, k, degree)
    bound = tolerance_capacity.tail(math.sqrt(0.5 / share), 4 + degree) * expected + 1e-300
    near(capacity.krotov_hopfield_error(n, k, degree), expected, bound)


@given(st.integers(2, 10**5), degrees, recalled)
def test_krotov_hopfield_error_free(n: int, degree: int, which: str) -> None:
    expected = oracle.krotov_hopfield_error_free(n, degree, which)
    bound = (2 * degree + 8) * U64 * expected
    near(capacity.krotov_hopfield_error_free(n, degree, recalled=which), expected, bound)


@given(st.integers(2, 3000), st.one_of(st.floats(0, 0.5), st.sampled_from([0.0, 0.374, 0.375, 0.376, 0.5])))
def test_demircigil(n: int, corruption: float) -> None:
    expected = oracle.demircigil_rate(corruption)
    bound = tolerance_capacity.demircigil_rate(corruption, expected)
    near(capacity.demircigil_rate(corruption), expected, bound)
    patterns = oracle.demircigil(n, corruption)
    near(capacity.demircigil(n, corruption), patterns, (n * (bound + 2 * U64 * expected) * 1.01 + 3 * U64) * patterns)


# Modern networks


@given(st.integers(2, 400), st.floats(0.01, 100), st.floats(0.1, 10), st.floats(1e-9, 0.99))
def test_ramsauer(d: int, beta: float, radius: float, failure: float) -> None:
    expected = oracle.ramsauer(d, beta, radius, failure)
    found = capacity.ramsauer(d, beta=beta, radius=radius, failure=failure)
    bounds = tolerance_capacity.ramsauer(d, beta, radius, failure, expected)
    for name, bound in bounds.items():
        near(getattr(found, name), getattr(expected, name), bound)
    if abs(expected.c - expected.least_c) > bounds["c"] + bounds["least_c"]:
        assert found.applies == expected.applies
    # The theorem speaks where it promises two patterns at least.
    assert found.applies == (found.c >= found.least_c)


@given(st.one_of(st.floats(1e-8, 3), st.floats(1e-8, 1e8)), st.sampled_from(["gaussian", "spherical"]))
def test_lucibello_mezard(beta: float, ensemble: str) -> None:
    expected = oracle.lucibello_mezard(beta, ensemble)
    near(capacity.lucibello_mezard(beta, ensemble=ensemble), expected, 20 * U64 * expected)


# Mean field at T = 0


def test_the_critical_load_is_that_of_the_oracle() -> None:
    near(capacity.critical_load(), critical, 16 * U64)
    assert f"{capacity.critical_load():.10f}" == "0.1379055665"


@given(
    st.one_of(st.floats(1e-6, 0.1379), st.floats(0.13, 0.1379)),
    st.sampled_from(["retrieval", "unstable", "spin_glass"]),
)
def test_mean_field_at_zero_temperature(alpha: float, solution: str) -> None:
    y = oracle.y_of_load(alpha, solution)
    off = tolerance_capacity.mean_field_root(alpha, y) if y else 0.0
    expected, *sides = (oracle.at(alpha, side) for side in (y, max(y - off, y / 2), y + off))
    found = capacity.mean_field(alpha, solution=solution)
    for name, value in expected._asdict().items():
        moved = abs(getattr(sides[1], name) - getattr(sides[0], name))
        # What evaluates them: e^(-y^2) and erfc(y) take y to the second power; the energy is a difference.
        size = abs(value) + (alpha * expected.noise if name == "energy" else 0.0)
        near(getattr(found, name), value, moved + 8 * U64 * (4 + 2 * y * y) * size + 1e-300)


def test_below_the_load_of_global_stability_the_patterns_lie_deepest() -> None:
    at = capacity.globally_stable_load()
    assert type(at) is float
    for alpha, sign in ((at * (1 - 1e-9), -1), (at * (1 + 1e-9), 1)):
        near_pattern, glass = (oracle.at(alpha, oracle.y_of_load(alpha, s)) for s in ("retrieval", "spin_glass"))
        assert math.copysign(1, near_pattern.energy - glass.energy) == sign


# Mean field at T > 0


@given(
    # A saddle or a spin glass of fewer patterns than that is a matter of rounding.
    st.one_of(st.just(0.0), st.floats(1e-9, 1), st.floats(1e-6, 0.14)),
    st.one_of(st.floats(0.02, 2), st.floats(0.05, 0.99)),
    st.sampled_from(["retrieval", "unstable", "spin_glass"]),
)
def test_mean_field_solves_its_equations(alpha: float, temperature: float, solution: str) -> None:
    found = capacity.mean_field(alpha, temperature, solution=solution)
    if math.isnan(found.overlap):
        assert solution == "unstable"
        assert alpha >= capacity.critical_load(temperature)
        return
    if math.isinf(found.noise):
        assert alpha == 0
        return
    bounds = tolerance_capacity.mean_field_residuals(temperature, found)
    for name, residual in oracle.residuals(alpha, temperature, found).items():
        near(residual, 0.0, bounds[name])
    c = found.susceptibility
    if c != 1:
        terms = found.overlap**2 + alpha * (1 + 1 / abs(1 - c) + found.noise * c)
        near(found.energy, oracle.energy(alpha, found), 8 * U64 * terms)
    near(found.error, 0.5 * (1 - found.overlap), bounds["overlap"])


@pytest.mark.parametrize(
    ("alpha", "temperature"), [(0.05, 0.2), (0.1, 0.1), (0.02, 0.6), (0.12, 0.05), (0.001, 0.8), (0.03, 0.5)]
)
def test_the_state_near_a_pattern_is_what_the_equations_lead_to_from_it(alpha: float, temperature: float) -> None:
    expected, found = oracle.iterate(alpha, temperature), capacity.mean_field(alpha, temperature)
    bounds = tolerance_capacity.mean_field_residuals(temperature, found)
    # Away from the critical load the equations hold their solution ten times as tight as they are solved.
    for name, bound in bounds.items():
        near(getattr(found, name), getattr(expected, name), 10 * bound)
    near(found.energy, expected.energy, 10 * sum(bounds.values()))


@pytest.mark.parametrize("temperature", [0.1, 0.3, 0.7])
def test_beyond_the_critical_load_the_equations_lead_away_from_a_pattern(temperature: float) -> None:
    most = capacity.critical_load(temperature)
    assert oracle.iterate(0.98 * most, temperature).overlap > 0.3
    assert oracle.iterate(1.02 * most, temperature, lost=0.1).overlap < 0.1
    assert capacity.mean_field(1.01 * most, temperature).overlap == 0
    assert math.isnan(capacity.mean_field(1.01 * most, temperature, solution="unstable").energy)


@given(st.floats(0.001, 0.13), st.floats(-16, -6))
def test_the_coldest_solution_is_that_of_zero_temperature(alpha: float, exponent: float) -> None:
    temperature = 10**exponent
    for solution in ("retrieval", "unstable", "spin_glass"):
        cold, warm = (capacity.mean_field(alpha, t, solution=solution) for t in (0.0, temperature))
        for name in ("overlap", "edwards_anderson", "susceptibility", "energy"):
            # The first order in T, with a coefficient that grows towards the critical load.
            assert abs(getattr(warm, name) - getattr(cold, name)) <= 1e-11 + 100 * temperature
        assert cold.edwards_anderson == 1.0


# Laws


@given(st.floats(0.0, 0.9), st.floats(0, 1), st.floats(0, 1))
def test_more_patterns_and_more_heat_lower_the_overlap(temperature: float, one: float, other: float) -> None:
    most = capacity.critical_load(temperature)
    few, many = sorted((one * most, other * most))
    near_few, near_many = (capacity.mean_field(alpha, temperature) for alpha in (few, many))
    slack = 1e-12
    assert near_many.overlap <= near_few.overlap + slack
    saddle = capacity.mean_field(many, temperature, solution="unstable")
    glass = capacity.mean_field(many, temperature, solution="spin_glass")
    if many < most:
        assert 0 == glass.overlap <= saddle.overlap <= near_many.overlap + slack


def test_at_the_critical_load_the_saddle_meets_the_state_near_a_pattern() -> None:
    for temperature in (0.0, 0.2, 0.6):
        at = capacity.critical_load(temperature) * (1 - 1e-12)
        near_pattern = capacity.mean_field(at, temperature).overlap
        saddle = capacity.mean_field(at, temperature, solution="unstable").overlap
        assert 0 <= near_pattern - saddle < 1e-4


@given(st.floats(0.01, 0.99))
def test_one_pattern_magnetises_as_mattis(temperature: float) -> None:
    found = capacity.mean_field(0.0, temperature)
    # m - tanh(m / T) has slope 1 - C at the root.
    off = 16 * U64 * (1 + found.susceptibility + 1 / temperature)
    near(found.overlap, math.tanh(found.overlap / temperature), off)
    assert found.overlap > 0


@pytest.mark.parametrize(("alpha", "temperature"), [(0.0, 1.0), (0.0, 3.0), (0.03, 1.2), (0.5, 1.8)])
def test_where_it_is_too_hot_nothing_is_ordered(alpha: float, temperature: float) -> None:
    # The glass melts at 1 + sqrt(alpha).
    for solution in ("retrieval", "spin_glass"):
        found = capacity.mean_field(alpha, temperature, solution=solution)
        assert (found.overlap, found.edwards_anderson, found.noise) == (0, 0, 0)
        near(found.susceptibility, 1 / temperature, 2 * U64)
    frozen = capacity.mean_field(0.5, 1.7)
    assert frozen.overlap == 0
    assert frozen.edwards_anderson > 0


@given(st.integers(2, 10**6))
def test_dense_networks_of_degree_two_are_hebbian(n: int) -> None:
    for which in ("one", "all"):
        found = capacity.krotov_hopfield_error_free(n, 2, recalled=which)
        near(found, capacity.mceliece(n, recalled=which), 4 * U64 * found)
    near(capacity.krotov_hopfield_load(2), capacity.load_at_error(0.005), 1e-16)


def test_limits() -> None:
    assert capacity.one_step_error(0.0) == 0
    assert capacity.first_step_overlap([0.3, 0.0, -0.3], 0.0).tolist() == [1, 0, -1]
    assert capacity.demircigil_rate(0.5) == 0
    assert capacity.krotov_hopfield(10**6, 1000) == math.inf
    assert capacity.demircigil(10**4) == math.inf
    perfect = capacity.mean_field(0.0)
    assert (perfect.overlap, perfect.error, perfect.noise, perfect.energy) == (1, 0, 1, -0.5)
    assert capacity.mean_field(0.0, solution="spin_glass").noise == math.inf
    assert capacity.critical_load([1.0, 5.0]).tolist() == [0, 0]


# Arrays

ELEMENTWISE: dict[str, tuple[Callable[..., Any], list[list[Any]]]] = {
    "mceliece": (capacity.mceliece, [[100, 1000]]),
    "stable_probability": (capacity.stable_probability, [[100, 1000], [5.5, 30.0]]),
    "one_step_error": (capacity.one_step_error, [[0.1, 0.2]]),
    "load_at_error": (capacity.load_at_error, [[0.01, 0.02]]),
    "first_step_overlap": (capacity.first_step_overlap, [[0.5, -0.2], [0.1, 0.3]]),
    "storkey": (capacity.storkey, [[100, 1000]]),
    "pseudo_inverse": (capacity.pseudo_inverse, [[100, 1000]]),
    "gardner": (capacity.gardner, [[0.0, 1.0]]),
    "krotov_hopfield": (capacity.krotov_hopfield, [[100, 200], [2, 3]]),
    "krotov_hopfield_load": (capacity.krotov_hopfield_load, [[2, 3]]),
    "krotov_hopfield_error": (capacity.krotov_hopfield_error, [[100, 200], [14.0, 200.0], [2, 3]]),
    "krotov_hopfield_error_free": (capacity.krotov_hopfield_error_free, [[100, 200], [2, 3]]),
    "demircigil": (capacity.demircigil, [[20, 30], [0.0, 0.1]]),
    "demircigil_rate": (capacity.demircigil_rate, [[0.0, 0.1]]),
    "lucibello_mezard": (capacity.lucibello_mezard, [[0.5, 2.0]]),
    "critical_load": (capacity.critical_load, [[0.0, 0.3]]),
}


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_arrays_go_element_by_element(name: str) -> None:
    function, columns = ELEMENTWISE[name]
    rows = list(zip(*columns, strict=True))
    alone = [function(*row) for row in rows]
    assert all(type(answer) is float for answer in alone)
    together = function(*(np.array(column) for column in columns))
    assert together.dtype == np.float64
    assert together.tolist() == alone
    table = function(*(np.array(column)[::-1, np.newaxis] for column in columns))
    assert table.tolist() == [[answer] for answer in alone[::-1]]
    assert function(*([] for _ in columns)).shape == (0,)
    assert function(*(np.float64(x) if isinstance(x, float) else np.int32(x) for x in rows[0])) == alone[0]


def test_loads_and_temperatures_broadcast() -> None:
    alphas, temperatures = np.array([0.01, 0.05, 0.1]), np.array([[0.0], [0.3]])
    found = capacity.mean_field(alphas, temperatures)
    for name in found.__slots__:
        values = getattr(found, name)
        assert values.shape == (2, 3)
        for row, temperature in enumerate(temperatures[:, 0]):
            for column, alpha in enumerate(alphas):
                assert values[row, column] == getattr(capacity.mean_field(alpha, temperature), name)


# What is refused

REFUSED: list[tuple[Callable[[], object], type[HopfieldError], str]] = [
    (lambda: capacity.mceliece(1), InvalidInputError, "`n` must be at least 2; got 1"),
    (lambda: capacity.storkey([10, 0]), InvalidInputError, "`n` must be at least 2; got 0"),
    (lambda: capacity.pseudo_inverse(2.5), InputTypeError, "`n` must be a whole number; got 2.5"),  # type: ignore[arg-type]
    (lambda: capacity.mceliece([2.5]), InputTypeError, "`n` must hold whole numbers; got dtype float64"),
    (
        lambda: capacity.mceliece(10, recalled="both"),
        InvalidInputError,
        "`recalled` must be one of 'one', 'all'; got 'both'",
    ),
    (
        lambda: capacity.stable_probability(10, 0.0),
        InvalidInputError,
        "`k` must be positive and finite; got 0",
    ),
    (lambda: capacity.mean_field(20), InvalidInputError, "`alpha` must be a load k/n, from 0 to 1; got 20"),
    (lambda: capacity.one_step_error(-0.1), InvalidInputError, "`alpha` must be a load k/n, from 0 to 1; got -0.1"),
    (
        lambda: capacity.one_step_error([0.1, math.nan]),
        InvalidInputError,
        "`alpha` must be a load k/n, from 0 to 1; got NaN",
    ),
    (
        lambda: capacity.first_step_overlap(1.5, 0.1),
        InvalidInputError,
        "`overlap` must be from -1 to 1; got 1.5",
    ),
    (lambda: capacity.load_at_error(0.5), InvalidInputError, "`error` must be above 0 and below 0.5; got 0.5"),
    (
        lambda: capacity.krotov_hopfield(10, 3, error=0.0),
        InvalidInputError,
        "`error` must be above 0 and below 0.5; got 0",
    ),
    (
        lambda: capacity.mean_field(0.1, -0.1),
        InvalidInputError,
        "`temperature` must be zero or positive, and finite; got -0.1",
    ),
    (
        lambda: capacity.critical_load(math.inf),
        InvalidInputError,
        "`temperature` must be zero or positive, and finite; got inf",
    ),
    (
        lambda: capacity.mean_field(0.1, solution="best"),
        InvalidInputError,
        "`solution` must be one of 'retrieval', 'unstable', 'spin_glass'; got 'best'",
    ),
    (
        lambda: capacity.mean_field([0.1, 0.2], [0.1, 0.2, 0.3]),
        InvalidInputError,
        "the arguments' shapes must agree or broadcast; got (2,), (3,)",
    ),
    (lambda: capacity.gardner(-1.0), InvalidInputError, "`kappa` must be a margin of at least 0 and finite; got -1"),
    (lambda: capacity.krotov_hopfield_load(1), InvalidInputError, "`degree` must be at least 2; got 1"),
    (
        lambda: capacity.krotov_hopfield_load(2**40),
        InvalidInputError,
        "`degree` must be from 2 to 1000; got 4294967295",
    ),
    (
        lambda: capacity.demircigil_rate(0.6),
        InvalidInputError,
        "`corruption` must be a share of flipped bits, from 0 to 0.5; got 0.6",
    ),
    (lambda: capacity.ramsauer(1), InvalidInputError, "`d` must be at least 2; got 1"),
    (lambda: capacity.ramsauer(20, beta=0), InvalidInputError, "`beta` must be positive and finite; got 0"),
    (
        lambda: capacity.ramsauer(20, radius=math.inf),
        InvalidInputError,
        "`radius` must be positive and finite; got inf",
    ),
    (
        lambda: capacity.ramsauer(20, failure=1.0),
        InvalidInputError,
        "`failure` must be a probability above 0 and below 1; got 1",
    ),
    (lambda: capacity.lucibello_mezard(0.0), InvalidInputError, "`beta` must be positive and finite; got 0"),
    (
        lambda: capacity.lucibello_mezard(1.0, ensemble="binary"),
        InvalidInputError,
        "`ensemble` must be one of 'gaussian', 'spherical'; got 'binary'",
    ),
    (lambda: capacity.gardner("wide"), InputTypeError, "`kappa` must be a real number; got 'wide'"),  # type: ignore[arg-type]
]


@pytest.mark.parametrize(("call", "error", "said"), REFUSED, ids=[said for _, _, said in REFUSED])
def test_what_is_refused(call: Callable[[], object], error: type[HopfieldError], said: str) -> None:
    with pytest.raises(error) as raised:
        call()
    assert str(raised.value) == said
