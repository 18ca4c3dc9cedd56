"""The oracle's continuous networks, on cases worked by hand and on published numbers."""

from __future__ import annotations

import itertools
import math
from typing import Any

import pytest

from drawn import PRINTED, REFERENCE, identity, reals
from oracle import modern
from oracle.rng import Stream


@pytest.mark.parametrize("case", REFERENCE["sparse_transforms"]["values"])
def test_softmax_values_of_the_reference(case: dict[str, list[float]]) -> None:
    assert modern.softmax(case["z"]) == pytest.approx(case["softmax"], abs=1e-15)
    # The same through a memory of one-dimensional patterns at half the temperature.
    p = modern.association([[z] for z in case["z"]], 2.0, [0.5])
    assert p == pytest.approx(case["softmax"], abs=1e-15)


def test_log_sum_exp_neither_overflows_nor_loses_small_terms() -> None:
    assert modern.lse([1000.0, 1000.0]) == 1000.0 + math.log(2)
    assert modern.lse([-1000.0, -1000.0, -1000.0]) == pytest.approx(-1000 + math.log(3), abs=1e-13)
    assert modern.lse([3.0, -math.inf]) == 3.0
    assert modern.lse([-math.inf]) == modern.lse([]) == -math.inf
    assert modern.softmax([1000.0, 1000.0]) == [0.5, 0.5]
    assert modern.softmax([-1000.0, -1000.0]) == [0.5, 0.5]
    assert modern.softmax([-math.inf, 2.0, -math.inf]) == [0.0, 1.0, 0.0]
    assert modern.softmax([-math.inf, -math.inf]) == [0.0, 0.0]


def test_a_mask_is_the_memory_of_the_others() -> None:
    stream = Stream(31)
    patterns = [reals(stream, 4) for _ in range(7)]
    query = reals(stream, 4)
    # The longest pattern is left out, so M is that of the others too.
    longest = max(range(7), key=lambda mu: modern.norm(patterns[mu]))
    mask = [mu not in (longest, 0) for mu in range(7)]
    left = [x for x, takes_part in zip(patterns, mask, strict=True) if takes_part]
    p = modern.association(patterns, 3.0, query, mask)
    assert [w for w, takes_part in zip(p, mask, strict=True) if takes_part] == modern.association(left, 3.0, query)
    assert p[longest] == p[0] == 0.0
    for constants in (True, False):
        assert modern.energy(patterns, 3.0, query, mask=mask, constants=constants) == modern.energy(
            left, 3.0, query, constants=constants
        )
    assert modern.energy(patterns, 3.0, query, mask=mask) != modern.energy(patterns, 3.0, query)
    whole, part = (
        modern.retrieve(patterns, 3.0, query, mask=mask),
        modern.retrieve(left, 3.0, query),
    )
    assert (whole.states, whole.energy, whole.n_steps) == (part.states, part.energy, part.n_steps)
    assert patterns[whole.pattern] == left[part.pattern]


def test_top_association() -> None:
    patterns = [[1.0], [3.0], [2.0], [3.0]]
    p = modern.association(patterns, 1.0, [1.0])
    assert modern.top_association(patterns, 1.0, [1.0], 3) == ([p[1], p[3], p[2]], [1, 3, 2])
    assert modern.top_association(patterns, 1.0, [1.0], 1) == ([p[1]], [1])
    assert modern.top_association(patterns, 1.0, [1.0], 4)[1] == [1, 3, 2, 0]
    for top in (0, 5):
        with pytest.raises(ValueError, match="top"):
            modern.top_association(patterns, 1.0, [1.0], top)


def test_the_energy_of_one_pattern_is_half_the_squared_distance() -> None:
    # lse of one term is the term: E = 1/2 M^2 - x.xi + 1/2 xi.xi.
    x, xi = [1.0, -2.0, 0.5], [0.25, 1.0, -1.0]
    assert modern.energy([x], 7.0, xi) == (0.75**2 + 9.0 + 1.5**2) / 2
    assert modern.energy([x], 7.0, xi, constants=False) == (0.75**2 + 9.0 + 1.5**2) / 2 - 5.25 / 2
    # Copies of it change the number of patterns, not the energy.
    assert modern.energy([x] * 4, 7.0, xi) == pytest.approx(modern.energy([x], 7.0, xi), abs=1e-15)


@pytest.mark.parametrize("number", range(10))
def test_energy_identities(number: int) -> None:
    stream = Stream(32, number)
    d, k = 1 + stream.below(5), 1 + stream.below(8)
    beta = 0.1 + 10 * stream.unit()
    patterns = [reals(stream, d) for _ in range(k)]
    xi = reals(stream, d)
    squares = [modern.dot(x, x) for x in patterns]
    # E = -ln(1/k sum exp(-beta (1/2 |x - xi|^2 + 1/2 (M^2 - |x|^2)))) / beta, term by term >= 0.
    terms = [
        math.exp(
            -beta * (math.fsum((a - b) ** 2 for a, b in zip(x, xi, strict=True)) / 2 + (max(squares) - square) / 2)
        )
        for x, square in zip(patterns, squares, strict=True)
    ]
    energy = modern.energy(patterns, beta, xi)
    assert energy == pytest.approx(-math.log(math.fsum(terms) / k) / beta, abs=1e-13)
    assert energy >= 0
    without = modern.energy(patterns, beta, xi, constants=False)
    assert energy - without == pytest.approx(math.log(k) / beta + max(squares) / 2, abs=1e-13)
    # The step is the state less the gradient (central differences).
    h = 1e-5
    moved = modern.step(patterns, beta, xi)
    for j in range(d):
        ahead = [x + h * (i == j) for i, x in enumerate(xi)]
        behind = [x - h * (i == j) for i, x in enumerate(xi)]
        slope = (modern.energy(patterns, beta, ahead) - modern.energy(patterns, beta, behind)) / (2 * h)
        assert xi[j] - moved[j] == pytest.approx(slope, abs=1e-8)


@pytest.mark.parametrize("number", range(20))
def test_the_energy_never_rises(number: int) -> None:
    stream = Stream(33, number)
    d, k = 1 + stream.below(6), 1 + stream.below(12)
    patterns = [reals(stream, d) for _ in range(k)]
    known = [stream.coin() for _ in range(d)]
    for options in ({}, {"known": known}, {"known": known, "clamp": True}):
        result = modern.retrieve(patterns, 0.2 + 8 * stream.unit(), reals(stream, d), trace=True, **options)
        assert result.trace is not None
        assert len(result.trace) == result.n_steps + 1
        assert result.trace[-1] == result.energy
        for earlier, later in itertools.pairwise(result.trace):
            assert later <= earlier + 1e-14
            assert later >= -1e-15


# Continuous networks: fixed points


@pytest.mark.parametrize(
    ("beta", "x", "energy"),
    [
        (float(beta), case["fixed_point"], case["energy_at_fixed_point"])
        for beta, case in REFERENCE["mch_two_antipodal_patterns_1d"]["values"].items()
    ],
)
def test_two_antipodal_patterns(beta: float, x: float, energy: float) -> None:
    result = modern.retrieve([[1.0], [-1.0]], beta, [0.7], tol=1e-13)
    assert result.converged
    assert result.states[0] == pytest.approx(x, abs=2e-13 if x == 0 else PRINTED)
    assert result.energy == pytest.approx(energy, abs=PRINTED)
    assert modern.step([[1.0], [-1.0]], beta, [0.7])[0] == pytest.approx(math.tanh(0.7 * beta), abs=1e-15)
    assert result.weight == pytest.approx((1 + x) / 2, abs=PRINTED)


@pytest.mark.parametrize(("t", "m"), REFERENCE["mattis_alpha0"]["values"].items())
def test_the_magnetisation_of_one_pattern(t: str, m: float) -> None:
    result = modern.retrieve([[1.0], [-1.0]], 1 / float(t), [1.0], tol=1e-14)
    assert result.states[0] == pytest.approx(m, abs=PRINTED)


@pytest.mark.parametrize("case", REFERENCE["mch_orthonormal_patterns"]["values"]["fixed_points"], ids=str)
def test_fixed_points_of_orthonormal_patterns(case: dict[str, Any]) -> None:
    n, k = case["N"], case["k"]
    start = [1 / k if j < k else 0.0 for j in range(n)]
    result = modern.retrieve(identity(n), case["beta"], start, tol=1e-14)
    assert result.converged
    expected = [case["p_in"] if j < k else case["p_out"] for j in range(n)]
    assert result.states == pytest.approx(expected, abs=PRINTED)
    assert result.energy == pytest.approx(case["energy"], abs=PRINTED)
    # With orthonormal patterns the state is its own association.
    p = modern.association(identity(n), case["beta"], result.states)
    assert p == pytest.approx(result.states, abs=1e-13)
    assert result.pattern == 0


@pytest.mark.parametrize("k", [3, 4, 5, 10, 20])
def test_transitions_of_orthonormal_patterns(k: int) -> None:
    potts = REFERENCE["mch_orthonormal_patterns"]["values"]["potts"][str(k)]
    first = identity(k)[0]
    uniform = [1 / k] * k

    def from_first(beta: float) -> modern.Retrieval:
        return modern.retrieve(identity(k), beta, first, tol=1e-13, max_steps=20000)

    spinodal = potts["beta_spinodal_retrieval_fixed_point_exists"]
    assert from_first(spinodal * 1.001).weight > 1.5 / k
    assert from_first(spinodal * 0.999).weight == pytest.approx(1 / k, abs=1e-9)
    equal = potts["beta_equal_energy_retrieval_vs_uniform"]
    retrieved = from_first(equal)
    # At this beta the largest weight is (k-1)/k, known in closed form.
    assert retrieved.weight == pytest.approx((k - 1) / k, abs=1e-10)
    assert retrieved.energy == pytest.approx(modern.energy(identity(k), equal, uniform), abs=1e-10)
    # A nudge of the uniform state dies below beta = k and grows above.
    nudged = [x + (1e-6 if j == 0 else 0.0) for j, x in enumerate(uniform)]
    for factor, grows in ((0.99, False), (1.01, True)):
        moved = modern.step(identity(k), factor * potts["beta_uniform_fixed_point_unstable"], nudged)
        assert (moved[0] - moved[1] > 1e-6) is grows


# Continuous networks: the course of a retrieval


def test_the_number_of_steps_and_the_last_residual() -> None:
    patterns, beta, tol = [[1.0], [-1.0]], 1.5, 1e-5
    x, n_steps = 0.7, 0
    while True:
        moved = math.tanh(beta * x)
        n_steps += 1
        if abs(moved - x) <= tol:
            break
        x = moved
    result = modern.retrieve(patterns, beta, [0.7], tol=tol)
    assert (result.n_steps, result.reason) == (n_steps, "tolerance")
    assert result.residual == pytest.approx(abs(moved - x), rel=1e-8)
    assert result.states == pytest.approx([moved], abs=1e-14)
    short = modern.retrieve(patterns, beta, [0.7], tol=tol, max_steps=n_steps - 1)
    assert (short.n_steps, short.reason, short.converged) == (n_steps - 1, "max_steps", False)
    assert short.residual > tol
    # A residual of exactly `tol` is enough.
    first = modern.retrieve(patterns, beta, [0.7], max_steps=1)
    exact = modern.retrieve(patterns, beta, [0.7], tol=first.residual)
    assert (exact.n_steps, exact.reason, exact.trace) == (1, "tolerance", None)
    # The defaults: 1e-6, at most 1000 steps (at beta = 1 the state creeps to 0).
    assert modern.retrieve(patterns, beta, [0.7]) == modern.retrieve(patterns, beta, [0.7], tol=1e-6)
    creeping = modern.retrieve(patterns, 1.0, [1.0])
    assert (creeping.n_steps, creeping.reason) == (1000, "max_steps")
    # One step is the step.
    one = modern.retrieve(patterns, beta, [0.7], max_steps=1)
    assert one.states == modern.step(patterns, beta, [0.7])
    with pytest.raises(ValueError, match="max_steps"):
        modern.retrieve(patterns, beta, [0.7], max_steps=0)


def test_the_association_criterion() -> None:
    # p = ((1+x)/2, (1-x)/2) one step on, so |p' - p|_1 = |tanh(beta x') - tanh(beta x)|.
    patterns, beta, tol = [[1.0], [-1.0]], 1.5, 1e-5
    x, n_steps = 0.7, 0
    while True:
        moved = math.tanh(beta * x)
        n_steps += 1
        if abs(math.tanh(beta * moved) - moved) <= tol:
            break
        x = moved
    result = modern.retrieve(patterns, beta, [0.7], tol=tol, criterion="association")
    assert (result.n_steps, result.reason) == (n_steps, "tolerance")
    assert n_steps < modern.retrieve(patterns, beta, [0.7], tol=tol).n_steps
    assert result.residual == pytest.approx(abs(math.tanh(beta * moved) - moved), rel=1e-8)
    with pytest.raises(ValueError, match="criterion"):
        modern.retrieve(patterns, beta, [0.7], criterion="energy")


def test_a_move_below_the_dtype_counts_as_none() -> None:
    # Contraction by 1/2 around 0.957...: tol = 0 would wait for an exact repetition.
    patterns = [[1.0], [-1.0]]
    for eps in (modern.EPS_FLOAT32, modern.EPS_FLOAT64):
        result = modern.retrieve(patterns, 2.0, [0.7], tol=0.0, eps=eps)
        assert result.reason == "tolerance"
        assert result.residual <= 16 * eps * abs(result.states[0])
        earlier = modern.retrieve(patterns, 2.0, [0.7], tol=0.0, eps=eps, max_steps=result.n_steps - 1)
        assert earlier.residual > 16 * eps * abs(earlier.states[0])
        by_weight = modern.retrieve(patterns, 2.0, [0.7], tol=0.0, eps=eps, criterion="association")
        assert by_weight.residual <= 16 * eps


def test_the_least_move_is_sixteen_times_the_spacing() -> None:
    # Spacings coarse enough to see the factor in the number of steps.
    assert modern.EPS_FLOAT32 == 1.1920928955078125e-07
    assert math.ulp(1.0) == modern.EPS_FLOAT64
    for beta, eps in ((1.2, 1e-4), (1.2, 2e-4), (1.5, 1e-4), (1.1, 3e-5), (1.1, 5e-5)):
        expected = {}
        for criterion in ("state", "association"):
            x, n_steps = 0.4, 0
            while True:
                moved = math.tanh(beta * x)
                n_steps += 1
                if criterion == "state" and abs(moved - x) <= 16 * eps * moved:
                    break
                if criterion == "association" and abs(math.tanh(beta * moved) - moved) <= 16 * eps:
                    break
                x = moved
            expected[criterion] = n_steps
        for criterion, n_steps in expected.items():
            result = modern.retrieve([[1.0], [-1.0]], beta, [0.4], tol=0.0, eps=eps, criterion=criterion)
            assert (result.n_steps, result.reason) == (n_steps, "tolerance")


def test_a_partial_query() -> None:
    patterns = [[1.0, 1.0, 1.0], [-1.0, 1.0, -1.0]]
    known = [False, True, True]
    query = [math.nan, 1.0, 1.0]
    # The known entries alone are compared: scores 2 and 0.
    expected = modern.softmax([2 * 0.5, 0.0])
    step = modern.step(patterns, 0.5, query, known=known)
    assert step == pytest.approx([expected[0] - expected[1], 1.0, expected[0] - expected[1]], abs=1e-15)
    free = modern.retrieve(patterns, 0.5, query, known=known, max_steps=1, trace=True)
    assert free.states == step
    assert free.trace is not None
    assert free.trace[0] == modern.energy(patterns, 0.5, [0.0, 1.0, 1.0])
    # The first move is measured from 0 in the unknown entries.
    assert free.residual == modern.norm([step[0], step[1] - 1.0, step[2] - 1.0])
    held = modern.retrieve(patterns, 0.5, query, known=known, clamp=True, max_steps=1)
    assert held.states == [step[0], 1.0, 1.0]
    assert held.residual == pytest.approx(step[0], abs=1e-15)
    with pytest.raises(ValueError, match="clamp needs known"):
        modern.retrieve(patterns, 0.5, [1.0, 1.0, 1.0], clamp=True)


def test_the_first_step_of_a_partial_query_never_converges() -> None:
    # The state 0 of two antipodal patterns is fixed, and unknown entries are compared as 0.
    patterns = [[1.0], [-1.0]]
    for criterion in ("state", "association"):
        for known, n_steps in (([False], 2), ([True], 1), (None, 1)):
            result = modern.retrieve(patterns, 2.0, [0.0], known=known, criterion=criterion)
            assert (result.states, result.n_steps) == ([0.0], n_steps)
            assert result.converged
        cut = modern.retrieve(patterns, 2.0, [0.0], known=[False], criterion=criterion, max_steps=1)
        assert (cut.reason, cut.residual) == ("max_steps", 0.0)
    held = modern.retrieve(patterns, 2.0, [0.3], known=[True], clamp=True)
    assert (held.states, held.n_steps, held.residual) == ([0.3], 1, 0.0)


def test_a_fully_masked_query() -> None:
    patterns = [[1.0, 0.0], [0.0, 1.0]]
    values = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]
    mask = [False, False]
    assert modern.step(patterns, 1.0, [0.5, 0.25], mask=mask) == [0.0, 0.0]
    assert modern.step(patterns, 1.0, [0.5, 0.25], mask=mask, values=values) == [0.0] * 3
    result = modern.retrieve(patterns, 1.0, [0.5, 0.25], mask=mask, trace=True)
    assert result == modern.Retrieval(
        states=[0.5, 0.25],
        output=[0.5, 0.25],
        converged=False,
        reason="masked",
        n_steps=0,
        residual=0.0,
        energy=math.inf,
        pattern=-1,
        weight=0.0,
        trace=[math.inf],
    )
    looked_up = modern.retrieve(patterns, 1.0, [0.5, 0.25], mask=mask, values=values)
    assert (looked_up.states, looked_up.output) == ([0.5, 0.25], [0.0] * 3)


def test_values_are_read_out_at_the_end() -> None:
    patterns = [[1.0, 0.0], [0.0, 1.0]]
    values = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]
    bare = modern.retrieve(patterns, 4.0, [1.0, 0.2])
    result = modern.retrieve(patterns, 4.0, [1.0, 0.2], values=values)
    assert (result.states, result.n_steps) == (bare.states, bare.n_steps)
    assert bare.output == bare.states
    p = modern.association(patterns, 4.0, result.states)
    assert result.output == pytest.approx([p[0] + 4 * p[1], 2 * p[0] + 5 * p[1], 3 + 3 * p[1]])
    assert (result.pattern, result.weight) == (0, p[0])
    # Equal weights name the lowest index.
    assert modern.retrieve(patterns, 1.0, [0.0, 0.0]).pattern == 0


def test_attention() -> None:
    # Scores 3 and 4 over sqrt(4) = 2.
    queries = [[1.0, 1.0, 1.0, 0.0], [0.0, 0.0, 0.0, 0.0]]
    keys = [[1.0, 1.0, 1.0, 5.0], [2.0, 1.0, 1.0, 5.0]]
    values = [[1.0], [0.0]]
    weight = 1 / (1 + math.exp(0.5))
    assert modern.attention(queries, keys, values)[0] == pytest.approx([weight], abs=1e-15)
    assert modern.attention(queries, keys, values)[1] == [0.5]
    sharp = modern.attention(queries, keys, values, beta=2.0)
    assert sharp[0] == pytest.approx([1 / (1 + math.exp(2.0))], abs=1e-15)
    masked = modern.attention(queries, keys, values, mask=[[True, False], [False, False]])
    assert masked == [[1.0], [0.0]]
