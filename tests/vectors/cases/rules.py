"""Other learning rules."""

from __future__ import annotations

import itertools
from fractions import Fraction

from oracle import classical, rules
from oracle.rng import Stream
from vectors.cases.drawing import Json, flipped, spins

RULES: list[Json] = [
    {"rule": "storkey"},
    {"rule": "pseudo_inverse", "zero_diagonal": True},
    {"rule": "pseudo_inverse", "zero_diagonal": False},
    {"rule": "perceptron", "margin": 0.0, "symmetric": False, "max_epochs": 50},
    {"rule": "perceptron", "margin": 0.5, "symmetric": False, "max_epochs": 50},
    {"rule": "perceptron", "margin": 0.0, "symmetric": True, "max_epochs": 50},
    {"rule": "perceptron", "margin": 9.0, "symmetric": True, "max_epochs": 5},
]


def rule_case(number: int, n: int, k: int, plan: Json) -> Json:
    """Weights of one rule, how learning ended, and what is retrieved from a spoiled pattern."""
    stream = Stream(21, number)
    patterns = [spins(stream, n) for _ in range(k)]
    cue = flipped(stream, patterns[0], 2)
    options = {name: value for name, value in plan.items() if name != "rule"}
    ended: Json = {"n_epochs": None, "converged": True}
    if plan["rule"] == "perceptron":
        learnt = rules.perceptron(patterns, **options)
        weights = [[Fraction(q, n) for q in row] for row in learnt.counts]
        ended = {"n_epochs": learnt.n_epochs, "converged": learnt.converged}
    else:
        weights = getattr(rules, plan["rule"])(patterns, **options)
    net = rules.Weighted(patterns, weights)
    found = classical.retrieve(net, cue, order="sequential")
    return {
        **plan,
        "patterns": patterns,
        "weights": [[float(w) for w in row] for row in weights],
        **ended,
        "least_stability": rules.margin(net),
        "cue": cue,
        "states": found.states,
        "reason": found.reason,
    }


def rule_cases() -> list[Json]:
    """Every rule on several problems."""
    sizes = [(7, 2), (12, 3), (13, 5)]
    plans = itertools.product(sizes, RULES)
    return [rule_case(number, n, k, plan) for number, ((n, k), plan) in enumerate(plans)]
