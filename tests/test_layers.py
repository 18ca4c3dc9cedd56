"""Layers against the oracle: outputs, weights, energies and stops, for every configuration."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import hopfield as hf
import tolerance_layers
from layouts import laid_out
from oracle import layers as oracle
from oracle.separations import Separation
from strategies_modern import FLOATS, layouts
from tolerance import Array, worst

CONFIGURATIONS: dict[str, dict[str, Any]] = {
    "default": {},
    "heads": {"num_heads": 2},
    "updates": {"num_heads": 2, "update_steps_max": 2},
    "updates by head": {"num_heads": 2, "update_steps_max": [0, 2], "update_steps_eps": [1e-4, 0.3]},
    "until settled": {"update_steps_max": None, "update_steps_eps": 0.05},
    "sizes": {"num_heads": 2, "hidden_size": 5, "pattern_size": 3, "output_size": 4},
    "any scaling": {"num_heads": 3, "scaling": [-0.7, 0.0, 1.3], "update_steps_max": 1},
    "zero association": {"add_zero_association": True, "update_steps_max": 1},
    "space": {
        "num_heads": 2,
        "normalize_hopfield_space": True,
        "normalize_hopfield_space_affine": True,
        "update_steps_max": 1,
    },
    "plain space": {"normalize_hopfield_space": True},
    "plain norms": {
        "normalize_stored_pattern_affine": False,
        "normalize_state_pattern_affine": False,
        "normalize_pattern_projection": False,
    },
    "connected": {"num_heads": 2, "hidden_size": 4, "pattern_projection_as_connected": True},
    "static stored": {"num_heads": 2, "hidden_size": 6, "stored_pattern_as_static": True, "update_steps_max": 1},
    "static state": {"num_heads": 2, "hidden_size": 6, "state_pattern_as_static": True},
    "static values": {"num_heads": 2, "hidden_size": 6, "pattern_projection_as_static": True},
    "no biases": {"num_heads": 2, "input_bias": False, "disable_out_projection": True},
    "relu": {"association_activation": "relu"},
    "tanh": {"association_activation": "tanh"},
    "sigmoid": {"association_activation": "sigmoid"},
    "sparsemax": {"separation": "sparsemax", "num_heads": 2, "update_steps_max": 1, "add_zero_association": True},
    "entmax": {"separation": "entmax", "num_heads": 2, "update_steps_max": 1, "dropout": 0.3},
    "dropout": {"num_heads": 2, "dropout": 0.4, "update_steps_max": 1, "add_zero_association": True},
}
MASKS = ("none", "padding", "table", "added", "all")


def randomized(layer: Any, rng: np.random.Generator) -> Any:
    """The layer with parameters large enough that everything has an effect."""
    layer.load_state_dict(
        {
            name: (
                array + rng.standard_normal(array.shape) * (0.3 if "norm" in name or "bias" in name else 0.5)
            ).astype(array.dtype)
            for name, array in layer.state_dict().items()
        }
    )
    return layer


def options_of(size: int, options: dict[str, Any]) -> oracle.Options:
    known = oracle.Options.__dataclass_fields__
    chosen = {name: value for name, value in options.items() if name in known}
    chosen["separation"] = Separation(options.get("separation", "softmax"), 1.5)
    return oracle.Options(size, **chosen)


class Case:
    """A call: what goes in, as arrays of one dtype."""

    def __init__(self, name: str, masks: str, dtype: str, sizes: tuple[int, int, int], seed: int) -> None:
        self.options, self.dtype = CONFIGURATIONS[name], np.dtype(dtype)
        self.heads = self.options.get("num_heads", 1)
        self.rng = np.random.default_rng(seed)
        batch, self.states, self.stored = sizes
        self.batch = batch
        self.keywords: dict[str, Any] = {}
        if self.options.get("dropout"):
            self.keywords |= {"training": True, "rng": 5}
        if masks in {"padding", "all"}:
            self.keywords["stored_pattern_padding_mask"] = self.rng.random((batch, self.stored)) < 0.4
        if masks == "table":
            self.keywords["association_mask"] = self.rng.random((self.states, self.stored)) < 0.4
        if masks in {"added", "all"}:
            added = self.rng.standard_normal((batch * self.heads, self.states, self.stored)).astype(dtype)
            added[self.rng.random(added.shape) < 0.3] = -np.inf
            self.keywords["association_mask"] = added

    def draw(self, *shape: int) -> Array:
        return self.rng.standard_normal(shape).astype(self.dtype)

    def terms(self, sample: int) -> Array:
        """What masks add to the exponents of a sample, `(H, L, S)`."""
        terms = np.zeros((self.heads, self.states, self.stored))
        mask = self.keywords.get("association_mask")
        if mask is not None:
            own = mask if mask.ndim == 2 else mask[sample * self.heads : (sample + 1) * self.heads]
            terms = terms + (np.where(own, -np.inf, 0.0) if mask.dtype == bool else own.astype(float))
        padding = self.keywords.get("stored_pattern_padding_mask")
        return terms if padding is None else np.where(padding[sample], -np.inf, terms)

    def assert_right(
        self, layer: Any, found: Array, info: Any, samples: list[tuple[Array, Array, Array]], prefix: str = ""
    ) -> None:
        """Each sample's stored patterns, states and inputs of values by the oracle."""
        options = options_of(6, self.options)
        parameters = {name.removeprefix(prefix): array.astype(float) for name, array in layer.state_dict().items()}
        lists = {name: array.tolist() for name, array in parameters.items()}
        bounds = tolerance_layers.Layer(options, parameters, self.dtype)
        seed = self.keywords.get("rng")
        for sample, arrays in enumerate(samples):
            stored, state, projection = (array.astype(float) for array in arrays)
            terms = self.terms(sample)[..., : len(stored)]
            expected = oracle.hopfield(
                options,
                lists,
                stored.tolist(),
                state.tolist(),
                projection.tolist(),
                sample=sample,
                mask=terms.tolist(),
                seed=seed,
            )
            kept = np.array(
                [
                    [oracle.kept(options, seed, (sample, h, at, len(state)), len(stored)) for at in range(len(state))]
                    for h in range(self.heads)
                ]
            )
            bound = bounds.result(stored, state, projection, terms, expected.steps, kept)
            self.assert_stops(info, sample, expected, bound)
            if not np.array_equal(info.steps[sample], expected.steps):
                continue  # rounding decided, and other states read out
            assert np.isfinite(bound.output).all()
            assert worst(found[sample], expected.output, bound.output) <= 1
            used = np.array(info.association[sample])[..., : len(stored)]
            assert worst(used, np.array(expected.association).reshape(used.shape), bound.association) <= 1
            energy = np.array(expected.energy)
            there = np.isfinite(energy)
            assert np.array_equal(np.isnan(info.energy[sample]), np.isnan(energy))
            assert worst(info.energy[sample][there], energy[there], bound.energy[there]) <= 1

    def assert_stops(self, info: Any, sample: int, expected: oracle.Sample, bound: tolerance_layers.Result) -> None:
        """Where a state stops another step than the oracle, a move was as long as the tolerance."""
        eps = self.options.get("update_steps_eps", 1e-4)
        for head in range(self.heads):
            limit = eps[head] if isinstance(eps, list) else eps
            for at in range(self.states):
                moves = expected.residual[head][at]
                near = bool(moves) and abs(moves[-1] - limit) <= bound.residual[head][at]
                same = info.steps[sample, head, at] == expected.steps[head][at]
                assert near or (same and info.converged[sample, head, at] == expected.converged[head][at])


cases = {
    "name": st.sampled_from(sorted(CONFIGURATIONS)),
    "masks": st.sampled_from(MASKS),
    "dtype": st.sampled_from(FLOATS),
    "sizes": st.tuples(st.integers(1, 3), st.integers(1, 12), st.integers(1, 9)),
    "seed": st.integers(0, 2**32),
}


@given(**cases, chosen=st.lists(layouts, min_size=3, max_size=3))
def test_hopfield_is_that_of_the_oracle(
    name: str, masks: str, dtype: str, sizes: tuple[int, int, int], seed: int, chosen: list[str]
) -> None:
    case = Case(name, masks, dtype, sizes, seed)
    layer = randomized(hf.layers.Hopfield(6, dtype=dtype, **case.options), case.rng)
    shapes = [(case.batch, n, 6) for n in (case.stored, case.states, case.stored)]
    x = [case.draw(*shape) for shape in shapes]
    passed = tuple(laid_out(array, layout) for array, layout in zip(x, chosen, strict=True))
    found, info = layer(passed, return_info="association", **case.keywords)
    assert found.dtype == dtype
    case.assert_right(layer, found, info, list(zip(*x, strict=True)))


@given(**cases, quantity=st.sampled_from([1, 2, 15]), separate=st.booleans())
def test_pooling_is_that_of_the_oracle(
    name: str, masks: str, dtype: str, sizes: tuple[int, int, int], seed: int, quantity: int, separate: bool
) -> None:
    case = Case(name, masks, dtype, (sizes[0], quantity, sizes[2]), seed)
    layer = randomized(hf.layers.HopfieldPooling(6, quantity=quantity, dtype=dtype, **case.options), case.rng)
    bags, values = case.draw(case.batch, case.stored, 6), case.draw(case.batch, case.stored, 6)
    found, info = layer((bags, values) if separate else bags, return_info="association", **case.keywords)
    state = layer.state_dict()["pooling_weights"][0]
    samples = [(bag, state, value if separate else bag) for bag, value in zip(bags, values, strict=True)]
    if "stored_pattern_padding_mask" in case.keywords and case.options.get("dropout"):
        return  # packed instances have other places, and dropout other words
    case.assert_right(layer, found.reshape(case.batch, quantity, -1), info, samples, "hopfield.")


@given(**cases, separated=st.booleans(), more=st.sampled_from([0, 50]))
def test_a_lookup_is_that_of_the_oracle(
    name: str, masks: str, dtype: str, sizes: tuple[int, int, int], seed: int, separated: bool, more: int
) -> None:
    # Among so many more stored patterns than entries, projections are folded into the states where heads are wide.
    case = Case(name, masks, dtype, (sizes[0], sizes[1], sizes[2] + more), seed)
    kind = hf.layers.HopfieldLayer
    options = {"quantity": case.stored, "lookup_weights_as_separated": separated, "dtype": dtype}
    layer = randomized(kind(6, **options, **case.options), case.rng)
    states = case.draw(case.batch, case.states, 6)
    found, info = layer(states, return_info="association", **case.keywords)
    own = layer.state_dict()
    stored = own["lookup_weights"][0]
    values = own["target_weights"][0] if separated else stored
    case.assert_right(layer, found, info, [(stored, state, values) for state in states], "hopfield.")


@given(
    lengths=st.lists(st.integers(0, 9), min_size=1, max_size=4),
    name=st.sampled_from(sorted(CONFIGURATIONS)),
    dtype=st.sampled_from(FLOATS),
    seed=st.integers(0, 2**32),
)
def test_ragged_bags_are_those_without_padding(lengths: list[int], name: str, dtype: str, seed: int) -> None:
    case = Case(name, "none", dtype, (len(lengths), 2, max(lengths)), seed)
    layer = randomized(hf.layers.HopfieldPooling(6, quantity=2, dtype=dtype, **case.options), case.rng)
    instances = case.draw(sum(lengths), 6)
    found, info = layer(instances, lengths=lengths, return_info="association", **case.keywords)
    padding = np.arange(max(lengths)) >= np.array(lengths)[:, np.newaxis]
    padded = np.full((len(lengths), max(lengths), 6), 7.0, dtype)
    padded[~padding] = instances
    same, other = layer(padded, stored_pattern_padding_mask=padding, return_info="association", **case.keywords)
    assert np.array_equal(found, same)
    assert np.array_equal(info.association, other.association)
    bags = np.split(instances, np.cumsum(lengths)[:-1])
    state = layer.state_dict()["pooling_weights"][0]
    case.assert_right(layer, found.reshape(len(lengths), 2, -1), info, [(bag, state, bag) for bag in bags], "hopfield.")
