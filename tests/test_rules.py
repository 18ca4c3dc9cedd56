"""Learning rules other than Hebb's: weights against exact ones, dynamics to the bit, and the laws of each rule."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, reject
from hypothesis import strategies as st

import hopfield as hf
import tolerance_rules
from drawn import random_spins
from hopfield.rules import Hebbian, Perceptron, PseudoInverse, Storkey
from oracle import classical as oracle
from oracle import rules
from strategies import Recollection, recollections, spin_rows

WIDE = ("states", "mixture", "mixture_signs", "hit", "trace")
COLUMNS = [name for name in hf.BinaryRetrieval.__slots__ if name not in WIDE]


def problems(n: int = 10, k: int = 5) -> st.SearchStrategy[list[list[int]]]:
    """Up to `k` patterns of up to `n` neurons."""
    return st.integers(1, n).flatmap(lambda width: spin_rows(width, 1, k))


perceptrons = st.builds(
    Perceptron,
    margin=st.sampled_from([0.0, 0.0, 0.25, 1.0]) | st.floats(0, 2),
    symmetric=st.booleans(),
    max_epochs=st.integers(1, 30),
)
pseudo_inverses = st.builds(PseudoInverse, zero_diagonal=st.booleans(), implicit=st.booleans() | st.none())
all_rules = st.one_of(st.just(Hebbian()), st.just(Storkey()), pseudo_inverses, perceptrons)


def array(matrix: Any) -> Any:
    return np.array([[float(w) for w in row] for row in matrix])


# Weights


@given(problems())
def test_storkey_learns_pattern_by_pattern(patterns: list[list[int]]) -> None:
    n = len(patterns[0])
    steps = [[[Fraction(0)] * n for _ in range(n)]]
    for pattern in patterns:
        steps.append(rules.storkey([pattern], steps[-1]))
    weights = hf.ClassicalHopfield(patterns, rule="storkey").weight_matrix
    assert np.abs(weights - array(steps[-1])).max() <= tolerance_rules.storkey_weights(steps)
    assert np.array_equal(weights, weights.T)
    assert not weights.diagonal().any()


@given(problems(), st.booleans(), st.booleans())
def test_the_pseudo_inverse_is_a_projection(patterns: list[list[int]], zero_diagonal: bool, implicit: bool) -> None:
    rule = PseudoInverse(zero_diagonal=zero_diagonal, implicit=implicit)
    try:
        exact = rules.pseudo_inverse(patterns, zero_diagonal=zero_diagonal)
    except rules.DependentError as dependent:
        with pytest.raises(hf.HopfieldError, match=rf"row {dependent.row} depends on those before it"):
            hf.ClassicalHopfield(patterns, rule=rule)
        return
    net, bound = hf.ClassicalHopfield(patterns, rule=rule), tolerance_rules.PseudoInverse(patterns)
    fields, energies = (
        array(exact) @ np.array(patterns).T,
        [rules.Weighted(patterns, exact).energy(x) for x in patterns],
    )
    assert np.abs(net.field(patterns) - fields.T).max() <= bound.field(implicit=implicit)
    assert np.abs(net.energy(patterns) - energies).max() <= bound.energy(implicit=implicit)
    assert np.abs(net.weight_matrix - array(exact)).max() <= bound.field(implicit=implicit)
    if not implicit:
        assert np.abs(net.weight_matrix - array(exact)).max() <= bound.weight()


@given(problems(8, 6), perceptrons, st.none() | st.integers(-8, 8).map(lambda j: j / 8))
def test_the_perceptron_makes_the_oracles_corrections(
    patterns: list[list[int]], rule: Perceptron, bias: float | None
) -> None:
    net = hf.ClassicalHopfield(patterns, rule=rule, bias=bias)
    learnt = rules.perceptron(
        patterns, margin=rule.margin, symmetric=rule.symmetric, max_epochs=rule.max_epochs, bias=bias
    )
    n = len(patterns[0])
    assert net.weight_matrix.tolist() == [[float(Fraction(q, n)) for q in row] for row in learnt.counts]
    assert (net.learning.converged, net.learning.n_epochs) == (learnt.converged, learnt.n_epochs)
    assert ("did not converge" in repr(net)) is not learnt.converged


@given(problems(), all_rules)
def test_the_margin_is_the_least_stability(patterns: list[list[int]], rule: Any) -> None:
    assume(not (isinstance(rule, PseudoInverse) and rule.implicit is not False))
    net = network(patterns, rule=rule)
    n = len(patterns[0])
    reference = oracle.ClassicalHopfield(patterns) if rule == Hebbian() else rules.Weighted(patterns, exactly(net))
    exact = rules.margin(reference)
    assert abs(net.learning.margin - exact) <= tolerance_rules.margin(n, exact)


def network(patterns: Any, **options: Any) -> hf.ClassicalHopfield:
    """The network, unless its patterns are linearly dependent where they must not be."""
    try:
        return hf.ClassicalHopfield(patterns, **options)
    except hf.errors.InvalidInputError as error:
        if "linearly independent" not in str(error):
            raise
        reject()


def exactly(net: hf.ClassicalHopfield) -> list[list[Fraction]]:
    """The weights without rounding: those of the perceptron are whole numbers over `n`, the others float64."""
    n = net.n_neurons
    assert n is not None
    over_n = isinstance(net.rule, Perceptron)
    return [[Fraction(round(w * n), n) if over_n else Fraction(w) for w in row] for row in net.weight_matrix.tolist()]


# Dynamics


def asked(net: hf.ClassicalHopfield, problem: Recollection, **changes: Any) -> hf.BinaryRetrieval:
    """The package's answer."""
    cues = np.array(problem.cues, np.int8).reshape(-1, len(problem.patterns[0]))
    rng = np.array(problem.rng, np.uint64) if isinstance(problem.rng, list) else problem.rng
    known = problem.known if problem.known is None else np.array(problem.known, bool).reshape(cues.shape)
    field = problem.field if problem.field is None else np.array(problem.field).reshape(cues.shape)
    return net.retrieve(cues, known=known, field=field, rng=rng, **{**problem.options, **changes})


@given(recollections(), all_rules)
def test_retrieval_is_that_of_the_weights_to_the_bit(problem: Recollection, rule: Any) -> None:
    """Whatever the rule: from the weights that are reported everything follows exactly."""
    assume(rule != Hebbian())
    if isinstance(rule, PseudoInverse):
        rule = replace(rule, implicit=False)
    surroundings = {name: value for name, value in problem.network.items() if name != "normalization"}
    net = network(problem.patterns, rule=rule, **surroundings)
    reference = rules.Weighted(problem.patterns, exactly(net), **surroundings)
    has_energy = not (isinstance(rule, Perceptron) and not rule.symmetric)
    options = problem.options if has_energy else {**problem.options, "target_energy": None}
    found = asked(net, replace(problem, options=options), trace=has_energy)
    for cue, start in enumerate(problem.cues):
        seed, index = (problem.rng, cue) if isinstance(problem.rng, int) else (problem.rng[cue], 0)
        known = None if problem.known is None else problem.known[cue]
        field = None if problem.field is None else problem.field[cue]
        answer = oracle.retrieve(
            reference, start, known=known, field=field, seed=seed, index=index, trace=True, **options
        )
        assert found.states[cue].tolist() == answer.states
        for name in COLUMNS:
            got, wanted = getattr(found, name)[cue].item(), getattr(answer, name)
            assert got == wanted or (name == "energy" and not has_energy and math.isnan(got)), name
        if found.trace is not None and answer.trace is not None:
            assert found.trace[cue, : len(answer.trace)].tolist() == answer.trace
    states = [x for x in problem.cues if 0 not in x]
    if states:
        assert net.field(states).tolist() == [reference.field(x) for x in states]
        assert net.is_fixed_point(states).tolist() == [reference.is_fixed_point(x) for x in states]
        if has_energy and reference.is_symmetric:
            assert net.energy(states).tolist() == [reference.energy(x) for x in states]


class Careful(rules.Weighted):
    """Remembers how near to 0 a field came."""

    nearest = math.inf

    def local_field(self, x: Any, i: int) -> Fraction:
        h = super().local_field(x, i)
        Careful.nearest = min(Careful.nearest, abs(float(h)))
        return h


@given(recollections(), pseudo_inverses)
def test_the_pseudo_inverse_retrieves_as_exact_weights_do(problem: Recollection, rule: PseudoInverse) -> None:
    """Where no field is so near to 0 that rounding could decide."""
    try:
        exact = rules.pseudo_inverse(problem.patterns, zero_diagonal=rule.zero_diagonal)
    except rules.DependentError:
        reject()
    surroundings = {name: value for name, value in problem.network.items() if name != "normalization"}
    reference = Careful(problem.patterns, exact, **surroundings)
    options = {**problem.options, "temperature": None, "target_energy": None}
    if options["order"] == "greedy":
        options["order"] = "sequential"  # whose choice may hang on a rounding
    bound = tolerance_rules.PseudoInverse(problem.patterns).field(implicit=True)
    net = hf.ClassicalHopfield(problem.patterns, rule=rule, **surroundings)
    found = asked(net, replace(problem, options=options))
    for cue, start in enumerate(problem.cues):
        Careful.nearest = math.inf
        seed, index = (problem.rng, cue) if isinstance(problem.rng, int) else (problem.rng[cue], 0)
        known = None if problem.known is None else problem.known[cue]
        field = None if problem.field is None else problem.field[cue]
        answer = oracle.retrieve(reference, start, known=known, field=field, seed=seed, index=index, **options)
        if Careful.nearest > bound:
            assert found.states[cue].tolist() == answer.states
            assert found.reason[cue] == answer.reason
            assert found.n_sweeps[cue] == answer.n_sweeps


# Storing and forgetting


@given(problems(8, 6), all_rules, st.data())
def test_forgetting_leaves_the_network_of_the_rest(patterns: list[list[int]], rule: Any, data: st.DataObject) -> None:
    net = network(patterns, rule=rule)
    gone = data.draw(st.integers(0, len(patterns) - 1))
    left = list(patterns)
    left.remove(patterns[gone])
    net.forget(patterns[gone])
    assert net.patterns.tolist() == left
    if left:
        assert np.array_equal(net.weight_matrix, hf.ClassicalHopfield(left, rule=rule).weight_matrix)
    again = hf.ClassicalHopfield([*left, patterns[gone]], rule=rule)
    assert np.array_equal(net.store(patterns[gone]).weight_matrix, again.weight_matrix)


@given(problems(9, 6), all_rules, st.data())
def test_storing_in_parts_is_storing_at_once(patterns: list[list[int]], rule: Any, data: st.DataObject) -> None:
    whole = network(patterns, rule=rule)
    cut = data.draw(st.integers(0, len(patterns) - 1))
    parts = hf.ClassicalHopfield(n_neurons=len(patterns[0]), rule=rule)
    if cut:
        parts.store(patterns[:cut])
    parts.store(patterns[cut:])
    assert np.array_equal(parts.weight_matrix, whole.weight_matrix)
    assert parts.learning == whole.learning


def test_what_is_refused_changes_nothing() -> None:
    patterns = random_spins(np.random.default_rng(1), 3, 12)
    net = hf.ClassicalHopfield(patterns, rule="pseudo_inverse")
    before = net.weight_matrix
    with pytest.raises(hf.HopfieldError, match="row 1 depends"):
        net.store([random_spins(np.random.default_rng(2), 12), patterns[0] * patterns[1] * patterns[1]])
    assert len(net) == 3
    assert np.array_equal(net.weight_matrix, before)


# Laws


@given(problems(12, 6), pseudo_inverses)
def test_patterns_are_fixed_points_of_the_pseudo_inverse(patterns: list[list[int]], rule: PseudoInverse) -> None:
    net = network(patterns, rule=rule)
    assert net.is_fixed_point(patterns).all()
    found = net.retrieve(patterns)
    assert found.converged.all()
    assert (found.n_flips == 0).all()


@given(problems(9, 6), perceptrons, st.floats(-0.5, 0.5))
def test_patterns_are_fixed_points_of_a_perceptron_that_converged(
    patterns: list[list[int]], rule: Perceptron, bias: float
) -> None:
    net = hf.ClassicalHopfield(patterns, rule=rule, bias=bias)
    assume(net.learning.converged)
    assert net.is_fixed_point(patterns).all()
    margin = net.learning.margin
    assert margin > 0
    assert margin >= rule.margin - tolerance_rules.margin(len(patterns[0]), margin)


@given(st.integers(1, 12).flatmap(lambda n: spin_rows(n, 1, 1)))
def test_storkey_begins_as_hebb(patterns: list[list[int]]) -> None:
    hebb, storkey = (hf.ClassicalHopfield(patterns, rule=rule).weight_matrix for rule in ("hebbian", "storkey"))
    assert np.abs(hebb - storkey).max() <= 2.0**-53


@given(recollections(), all_rules)
def test_the_energy_of_symmetric_weights_never_rises(problem: Recollection, rule: Any) -> None:
    assume(not (isinstance(rule, Perceptron) and not rule.symmetric))
    # Implicit energies and fields are rounded apart from each other.
    implicit = isinstance(rule, PseudoInverse) and rule.implicit is not False
    surroundings = {} if implicit else {name: v for name, v in problem.network.items() if name != "normalization"}
    net = network(problem.patterns, rule=rule, **surroundings)
    bound = 2 * tolerance_rules.PseudoInverse(problem.patterns).energy(implicit=True) if implicit else 0.0
    still = replace(problem, known=None, field=None if implicit else problem.field)
    found = asked(net, still, update="asynchronous", temperature=None, trace=True, clamp=False)
    assert found.trace is not None
    for energies in found.trace:
        assert (np.diff(energies[~np.isnan(energies)]) <= bound).all()


@given(recollections(), all_rules)
def test_what_converged_is_a_fixed_point_of_the_reported_field(problem: Recollection, rule: Any) -> None:
    net = network(problem.patterns, rule=rule)
    asymmetric = isinstance(rule, Perceptron) and not rule.symmetric
    target = None if asymmetric else problem.options["target_energy"]
    found = asked(net, replace(problem, known=None, field=None), clamp=False, target_energy=target)
    assert np.array_equal(net.is_fixed_point(found.states), found.is_fixed_point)
    settled = found.states[found.converged]
    assert (settled * net.field(settled) >= 0).all()


@given(recollections(), all_rules, st.sampled_from((1, 2, 3, 5, 8)))
def test_threads_and_batches_change_nothing(problem: Recollection, rule: Any, n_threads: int) -> None:
    net = network(problem.patterns, rule=rule)
    asymmetric = isinstance(rule, Perceptron) and not rule.symmetric
    target = None if asymmetric else problem.options["target_energy"]
    whole, threaded = (asked(net, problem, n_threads=t, target_energy=target) for t in (1, n_threads))
    for name in ["states", *COLUMNS]:
        assert np.array_equal(getattr(whole, name), getattr(threaded, name), equal_nan=name == "energy"), name


def test_cycles_of_any_length_are_found_where_weights_are_not_symmetric() -> None:
    """Three epochs are too few for twelve patterns of twelve neurons: what is learnt turns in circles."""
    rng = np.random.default_rng(0)
    reasons = set()
    for seed in range(30):
        patterns = random_spins(np.random.default_rng(seed), 12, 12)
        net = hf.ClassicalHopfield(patterns, rule=Perceptron(max_epochs=3))
        found = net.retrieve(random_spins(rng, 20, 12), update="synchronous", max_sweeps=200)
        reasons |= set(found.reason.tolist())
        weights = np.rint(12 * net.weight_matrix).astype(int)
        for state, reason, sweeps in zip(found.states, found.reason, found.n_sweeps, strict=True):
            if reason != "cycle":
                continue
            seen = state
            for period in range(1, 200):
                h = weights @ seen
                seen = np.where(h == 0, seen, np.sign(h)).astype(np.int8)
                if np.array_equal(seen, state):
                    reasons.add(f"period {min(period, 3)}")
                    break
            else:
                pytest.fail(f"{state} never comes back, {sweeps}")
    assert {"cycle", "fixed_point", "period 3"} <= reasons
