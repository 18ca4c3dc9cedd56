"""What is refused of learning rules, word for word, and what ends early."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import hopfield as hf
from hopfield.errors import HopfieldError, InputTypeError, InvalidInputError
from hopfield.rules import Perceptron, PseudoInverse

PATTERNS = [[1, 1, 1, -1], [1, -1, 1, 1]]
LOPSIDED = hf.ClassicalHopfield(PATTERNS, rule="perceptron")

NO_ENERGY = (
    "needs an energy, which weights that are not symmetric do not have "
    "(learn with `symmetric=True`, or by another rule)"
)
DEPENDENT = (
    "`patterns` must be linearly independent under rule 'pseudo_inverse', which at most 3 of 3 neurons can be; row {} "
    "depends on those before it (leave it out, or use another rule)"
)

REFUSED: list[tuple[Callable[[], Any], type[HopfieldError], str]] = [
    (
        lambda: hf.ClassicalHopfield(rule="hebb"),
        InvalidInputError,
        "`rule` must be one of 'hebbian', 'storkey', 'pseudo_inverse', 'perceptron'; got 'hebb'",
    ),
    (
        lambda: hf.ClassicalHopfield(rule=Perceptron),  # type: ignore[arg-type]
        InputTypeError,
        "`rule` must be a name, or a rule of hopfield.rules; got <class 'hopfield.rules.Perceptron'>",
    ),
    (
        lambda: hf.ClassicalHopfield(rule="storkey", normalization="patterns"),
        InvalidInputError,
        "`normalization` scales Hebb's rule alone: leave it out, or use `rule` 'hebbian'",
    ),
    (lambda: Perceptron(margin=-1), InvalidInputError, "`margin` must be at least 0 and finite; got -1"),
    (lambda: Perceptron(margin=np.nan), InvalidInputError, "`margin` must be at least 0 and finite; got nan"),
    (lambda: Perceptron(margin="wide"), InputTypeError, "`margin` must be a real number; got 'wide'"),  # type: ignore[arg-type]
    (lambda: Perceptron(max_epochs=0), InvalidInputError, "`max_epochs` must be at least 1; got 0"),
    (lambda: Perceptron(symmetric=1), InputTypeError, "`symmetric` must be True or False; got 1"),  # type: ignore[arg-type]
    (
        lambda: PseudoInverse(implicit="yes"),  # type: ignore[arg-type]
        InputTypeError,
        "`implicit` must be True or False; got 'yes'",
    ),
    (
        lambda: hf.ClassicalHopfield([[1, 1, 1], [1, -1, 1], [-1, 1, -1]], rule="pseudo_inverse"),
        InvalidInputError,
        DEPENDENT.format(2),
    ),
    (
        lambda: hf.ClassicalHopfield(np.where(np.eye(3), -1, 1)[[0, 1, 2, 0]], rule="pseudo_inverse"),
        InvalidInputError,
        DEPENDENT.format(3),
    ),
    (lambda: LOPSIDED.energy(PATTERNS), InvalidInputError, f"`energy` {NO_ENERGY}"),
    (lambda: LOPSIDED.retrieve(PATTERNS, trace=True), InvalidInputError, f"`trace` {NO_ENERGY}"),
    (lambda: LOPSIDED.retrieve(PATTERNS, target_energy=-1.0), InvalidInputError, f"`target_energy` {NO_ENERGY}"),
    (
        lambda: hf.ClassicalHopfield(rule="storkey").learning,
        InvalidInputError,
        "the network stores no patterns yet: call `store` before asking it for what it has learnt",
    ),
]


@pytest.mark.parametrize(("call", "error", "message"), REFUSED, ids=[row[2][:50] for row in REFUSED])
def test_refusal(call: Callable[[], Any], error: type[HopfieldError], message: str) -> None:
    with pytest.raises(error) as caught:
        call()
    assert str(caught.value) == message


def test_weights_that_outgrow_their_units_are_refused_and_nothing_changes() -> None:
    """Of three neurons, what is left of another pattern grows by a third whenever one is stored again."""
    net = hf.ClassicalHopfield([[1, -1, -1], [1, 1, 1]], rule="storkey")
    with pytest.raises(
        InvalidInputError, match=r"`patterns` are too many for rule 'storkey': its weights grow without"
    ):
        net.store(np.ones((500, 3)))
    assert len(net) == 2


def test_energies_of_weights_that_are_not_symmetric_are_nan() -> None:
    assert np.isnan(LOPSIDED.retrieve(PATTERNS).energy).all()


def test_ctrl_c_ends_learning_and_leaves_the_network() -> None:
    patterns = hf.spins(np.random.default_rng(0).random((900, 900)) < 0.5)
    net = hf.ClassicalHopfield(patterns[:3], rule=Perceptron(margin=2.0, symmetric=True))
    sent: list[float] = []

    def interrupt() -> None:
        sent.append(time.perf_counter())
        signal.raise_signal(signal.SIGINT)

    threading.Timer(0.3, interrupt).start()
    with pytest.raises(KeyboardInterrupt):
        net.store(patterns[3:])
    # Honoured within 50 ms on a machine of its own; a busy one may let it wait.
    assert time.perf_counter() - sent[0] < 0.5
    assert len(net) == 3
