"""What networks hold by each rule, beside the published capacities; and that threads and processors do not matter."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import hopfield as hf
import tolerance_rules
from drawn import REFERENCE, random_spins
from hopfield.rules import Hebbian, Perceptron, PseudoInverse, Storkey
from processes import by_instruction_set


@pytest.mark.parametrize(
    ("rule", "load", "least"),
    [(Hebbian(), 0.1, 0.9), (Storkey(), 0.15, 0.9), (PseudoInverse(), 0.45, 0.9), (Perceptron(margin=1.2), 0.2, 0.9)],
)
def test_each_rule_holds_what_it_is_known_to(rule: Any, load: float, least: float) -> None:
    n = 400
    patterns = random_spins(np.random.default_rng(0), round(load * n), n)
    net = hf.ClassicalHopfield(patterns, rule=rule)
    found = net.retrieve(hf.corrupt.flip(patterns, 0.05, 1), targets=np.arange(len(patterns)))
    assert np.mean(found.overlap) >= least
    if rule != Hebbian():
        hebb = hf.ClassicalHopfield(patterns).retrieve(
            hf.corrupt.flip(patterns, 0.05, 1), targets=np.arange(len(patterns))
        )
        assert found.hit.mean() > 0.9 > hebb.hit.mean()


@pytest.mark.parametrize("margin", ["0", "0.25", "0.5", "1.0"])
def test_the_perceptron_meets_gardners_margin_but_not_more(margin: str) -> None:
    """Weights of that margin exist up to the published load, not beyond (Gardner 1988); `n` is finite: not near it."""
    n, critical = 120, REFERENCE["gardner_alpha_c"]["values"][margin]
    patterns = random_spins(np.random.default_rng(0), round(1.3 * critical * n), n)
    reached = hf.ClassicalHopfield(
        patterns[: round(0.7 * critical * n)], rule=Perceptron(margin=float(margin))
    ).learning
    assert reached.converged
    assert reached.margin >= float(margin)
    beyond = hf.ClassicalHopfield(patterns, rule=Perceptron(margin=float(margin), max_epochs=200)).learning
    assert (beyond.converged, beyond.n_epochs) == (False, 200)
    assert beyond.margin < float(margin)


@pytest.mark.parametrize("n", [100, 200, 500])
def test_storkeys_rule_holds_half_of_its_published_capacity(n: int) -> None:
    """Of that many patterns (`n / sqrt(2 ln n)`; Storkey 1997) Hebb's rule loses a quarter, and more as `n` grows."""
    k = round(0.5 * REFERENCE["perfect_recall"]["values"][str(n)]["storkey_N_over_sqrt_2lnN"])
    patterns = random_spins(np.random.default_rng(n), k, n)
    storkey, hebb = (
        hf.ClassicalHopfield(patterns, rule=rule).is_fixed_point(patterns) for rule in (Storkey(), Hebbian())
    )
    assert storkey.mean() > 0.95
    assert hebb.mean() < 0.75


@pytest.mark.parametrize("implicit", [True, False])
@pytest.mark.parametrize("load", [0.2, 0.7, 0.97])
def test_the_pseudo_inverse_holds_as_many_patterns_as_there_are_neurons(load: float, implicit: bool) -> None:
    """Random patterns are as good as never dependent; on them a projection is the identity."""
    n = 300
    patterns = random_spins(np.random.default_rng(0), round(load * n), n)
    plain = hf.ClassicalHopfield(patterns, rule=PseudoInverse(zero_diagonal=False, implicit=implicit))
    bound = tolerance_rules.PseudoInverse(patterns).field(implicit=implicit)
    assert np.abs(plain.field(patterns) - patterns).max() <= bound < 0.01
    assert np.array_equal(plain.weight_matrix, plain.weight_matrix.T)
    net = hf.ClassicalHopfield(patterns, rule=PseudoInverse(implicit=implicit))
    assert net.is_fixed_point(patterns).all()


def test_a_neuron_that_only_its_own_weight_speaks_for_has_no_field() -> None:
    """Patterns that differ in one neuron: the projection leaves it to itself, and without the diagonal it is a tie."""
    first = random_spins(np.random.default_rng(3), 30)
    second = first.copy()
    second[7] *= -1
    for implicit in (True, False):
        net = hf.ClassicalHopfield([first, second], rule=PseudoInverse(implicit=implicit))
        assert net.field([first, second])[:, 7].tolist() == [0.0, 0.0]
        assert net.is_fixed_point([first, second]).all()


@pytest.mark.parametrize(
    "rule",
    [Storkey(), PseudoInverse(implicit=False), PseudoInverse(implicit=True), Perceptron(), Perceptron(symmetric=True)],
)
def test_learning_is_the_same_for_any_number_of_threads(rule: Any) -> None:
    """Enough neurons to wake threads."""
    patterns = random_spins(np.random.default_rng(0), 40, 400)
    answers = []
    try:
        for threads in (1, 2, 3, 5, 8):
            hf.set_num_threads(threads)
            net = hf.ClassicalHopfield(patterns, rule=rule)
            answers.append((net.weight_matrix.tobytes(), net.field(patterns).tobytes(), net.learning))
    finally:
        hf.set_num_threads(None)
    assert all(answer == answers[0] for answer in answers)


DIGEST = """
import hashlib, numpy as np, hopfield as hf
assert hf._core.instruction_set() == {name!r}
rng = np.random.default_rng(3)
digest = hashlib.sha256()
pseudo = [hf.rules.PseudoInverse(zero_diagonal=z, implicit=i) for z in (True, False) for i in (True, False)]
for rule in ["storkey", *pseudo, "perceptron", hf.rules.Perceptron(margin=0.3, symmetric=True, max_epochs=20)]:
    patterns = hf.spins(rng.random((19, 90)) < 0.5)
    net = hf.ClassicalHopfield(patterns, rule=rule, bias=rng.standard_normal(90) / 9)
    for options in ({{}}, {{"update": "synchronous"}}, {{"order": "greedy"}}, {{"temperature": [0.5, 0.1, 0.0]}}):
        found = net.retrieve(hf.corrupt.flip(patterns, 0.3, 1), rng=2, **options)
        for name in found.__slots__:
            digest.update(np.asarray(getattr(found, name)).astype("S").tobytes())
    digest.update(net.weight_matrix.tobytes() + net.field(patterns).tobytes() + repr(net.learning).encode())
print(digest.hexdigest())
"""


def test_every_instruction_set_gives_the_same_bits() -> None:
    digests = by_instruction_set(DIGEST)
    assert len(set(digests.values())) == 1, digests
