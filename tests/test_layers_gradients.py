"""Gradients of layers: of every parameter and input, against finite differences in float64."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import hopfield as hf
import tolerance_layers
from hopfield.errors import InvalidInputError
from tolerance import Array

Call = Callable[[], Array]


def randomized(layer: Any, seed: int) -> Any:
    """The layer with parameters large enough that everything has an effect."""
    rng = np.random.default_rng(seed)
    layer.load_state_dict(
        {
            name: array + rng.standard_normal(array.shape) * (0.3 if "norm" in name or "bias" in name else 0.6)
            for name, array in layer.state_dict().items()
        }
    )
    return layer


def slopes(call: Call, place: Array, draw: Call) -> tuple[Array, Array]:
    """A drawn direction, and the output's derivative when `place` moves along it, by five points.

    Where an output comes to zero or leaves it, relu has a kink and a difference means nothing: another one is drawn.
    """
    h = tolerance_layers.DIFFERENCE_STEP
    before = place.copy()
    for _ in range(20):
        direction = draw()
        outputs = []
        for k in (-2, -1, 1, 2):
            place[...] = before + k * h * direction
            outputs.append(call())
        place[...] = before
        if all(np.array_equal(output == 0, outputs[0] == 0) for output in outputs):
            return direction, (outputs[0] - 8 * outputs[1] + 8 * outputs[2] - outputs[3]) / (12 * h)
    pytest.fail("a kink in every direction")


def assert_is_gradient(call: Call, weights: Array, place: Array, gradient: Array, seed: int) -> None:
    """Along a random direction and a single entry, `gradient` says how ``sum(weights * output)`` changes."""
    rng = np.random.default_rng(seed)
    assert gradient.shape == place.shape

    def dense() -> Array:
        drawn = rng.standard_normal(place.shape)
        unit: Array = drawn / np.linalg.norm(drawn)
        return unit

    def single() -> Array:
        entry = np.zeros(place.shape)
        entry.flat[rng.integers(place.size)] = 1.0
        return entry

    for draw in (dense, single):
        direction, slope = slopes(call, place, draw)
        change = slope * weights
        bound = tolerance_layers.difference(change, gradient * direction)
        assert abs(change.sum() - (gradient * direction).sum()) <= bound


def check(layer: Any, arguments: tuple[Array, ...], seed: int = 0, **keywords: Any) -> None:
    """All gradients of a call, whose arguments may be several arrays that are passed as a tuple."""
    how = keywords.pop("gradient", "unrolled")
    rng = np.random.default_rng(seed)
    x: Any = arguments if len(arguments) > 1 else arguments[0]
    output, pullback = layer.vjp(x, gradient=how, **keywords)
    weights = rng.standard_normal(output.shape)
    found = pullback(weights)

    def call() -> Array:
        result: Array = layer(x, **keywords)
        return result

    assert np.array_equal(output, call())
    assert found.parameters.keys() == layer.parameters.keys()
    for name, parameter in layer.parameters.items():
        assert_is_gradient(call, weights, parameter, found.parameters[name], seed)
    inputs = found.input if isinstance(found.input, tuple) else (found.input,)
    for place, gradient in zip(arguments, inputs, strict=True):
        assert_is_gradient(call, weights, place, gradient, seed)


def scaled(kind: type, seed: int, sizes: tuple[Any, ...], x: Any, **options: Any) -> None:
    """The gradient with respect to the scaling of each head."""
    scaling = np.array(options.pop("scaling"), float)

    def made() -> Any:
        return randomized(kind(*sizes, scaling=scaling, dtype="float64", **options), seed)

    output, pullback = made().vjp(x)
    weights = np.random.default_rng(seed).standard_normal(output.shape)
    assert_is_gradient(lambda: made()(x), weights, scaling, pullback(weights).scaling, seed)


CONFIGURATIONS: dict[str, dict[str, Any]] = {
    "default": {},
    "heads": {"num_heads": 2},
    "updates": {"num_heads": 2, "update_steps_max": 3, "update_steps_eps": 1e-300},
    "updates by head": {"num_heads": 2, "update_steps_max": [0, 2], "update_steps_eps": 1e-300},
    "sizes": {"num_heads": 2, "hidden_size": 5, "pattern_size": 3, "output_size": 4},
    "negative scaling": {
        "num_heads": 3,
        "scaling": [-0.7, 0.0, 1.3],
        "update_steps_max": 2,
        "update_steps_eps": 1e-300,
    },
    "zero association": {"add_zero_association": True, "update_steps_max": 2, "update_steps_eps": 1e-300},
    "space": {
        "num_heads": 2,
        "normalize_hopfield_space": True,
        "normalize_hopfield_space_affine": True,
        "update_steps_max": 1,
        "update_steps_eps": 1e-300,
    },
    "plain norms": {
        "normalize_stored_pattern_affine": False,
        "normalize_state_pattern_affine": False,
        "normalize_pattern_projection": False,
    },
    "connected": {"num_heads": 2, "hidden_size": 4, "pattern_projection_as_connected": True},
    "static stored": {"num_heads": 2, "hidden_size": 6, "stored_pattern_as_static": True, "update_steps_max": 1},
    "static state": {"num_heads": 2, "hidden_size": 6, "state_pattern_as_static": True},
    "static values": {"num_heads": 2, "hidden_size": 6, "pattern_projection_as_static": True},
    "connected to static": {"stored_pattern_as_static": True, "pattern_projection_as_connected": True},
    "no biases": {"num_heads": 2, "input_bias": False, "disable_out_projection": True},
    "relu": {"association_activation": "relu"},
    "tanh": {"association_activation": "tanh", "dropout": 0.3},
    "sigmoid": {"association_activation": "sigmoid"},
    "dropout": {"num_heads": 2, "dropout": 0.5, "update_steps_max": 1, "add_zero_association": True},
    "sparsemax": {"separation": "sparsemax", "num_heads": 2, "update_steps_max": 1, "update_steps_eps": 1e-300},
    "entmax": {"separation": "entmax", "num_heads": 2, "add_zero_association": True, "dropout": 0.3},
    "entmax 1.3": {"separation": hf.separation.Entmax(1.3), "update_steps_max": 1, "update_steps_eps": 1e-300},
    "different epsilons": {"normalize_pattern_projection_eps": 0.1},
}


def keywords_for(options: dict[str, Any], masks: str, sizes: tuple[int, int, int]) -> dict[str, Any]:
    """Masks of a kind, and training with dropout."""
    batch, states, stored = sizes
    rng = np.random.default_rng(7)
    heads = options.get("num_heads", 1)
    keywords: dict[str, Any] = {}
    if options.get("dropout"):
        keywords |= {"training": True, "rng": 5}
    if masks == "padding":
        keywords["stored_pattern_padding_mask"] = rng.random((batch, stored)) < 0.4
    if masks == "table":
        keywords["association_mask"] = rng.random((states, stored)) < 0.4
    if masks == "everything":
        keywords["stored_pattern_padding_mask"] = rng.random((batch, stored)) < 0.3
        added = rng.standard_normal((batch * heads, states, stored))
        added[rng.random(added.shape) < 0.3] = -np.inf
        keywords["association_mask"] = added
    return keywords


@pytest.mark.parametrize("masks", ["none", "padding", "table", "everything"])
@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_gradients_of_hopfield(name: str, masks: str) -> None:
    options = CONFIGURATIONS[name]
    rng = np.random.default_rng(1)
    layer = randomized(hf.layers.Hopfield(6, dtype="float64", **options), 2)
    sizes = (2, 3, 5)
    x = tuple(rng.standard_normal((2, n, 6)) for n in (5, 3, 5))
    check(layer, x, **keywords_for(options, masks, sizes))
    if masks in {"none", "table"}:
        check(layer, (rng.standard_normal((2, 4, 6)),), **keywords_for(options, masks, (2, 4, 4)))


@pytest.mark.parametrize("masks", ["none", "padding", "everything"])
@pytest.mark.parametrize("quantity", [1, 20])
@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_gradients_of_pooling(name: str, quantity: int, masks: str) -> None:
    options = CONFIGURATIONS[name]
    rng = np.random.default_rng(1)
    layer = randomized(hf.layers.HopfieldPooling(6, quantity=quantity, dtype="float64", **options), 2)
    x = (rng.standard_normal((2, 5, 6)),)
    check(layer, x, **keywords_for(options, masks, (2, quantity, 5)))
    if masks == "none":
        check(layer, (*x, rng.standard_normal((2, 5, 6))), **keywords_for(options, masks, (2, quantity, 5)))
        check(
            layer, (rng.standard_normal((9, 6)),), lengths=[2, 0, 7], **keywords_for(options, masks, (3, quantity, 7))
        )


# Among fifty stored patterns projections are folded into the states, where heads are wide.
@pytest.mark.parametrize(("quantity", "separated"), [(7, False), (7, True), (50, False), (50, True)])
@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_gradients_of_a_lookup(name: str, quantity: int, separated: bool) -> None:
    options = CONFIGURATIONS[name]
    rng = np.random.default_rng(1)
    kind = hf.layers.HopfieldLayer
    layer = kind(6, quantity=quantity, lookup_weights_as_separated=separated, dtype="float64", **options)
    check(randomized(layer, 2), (rng.standard_normal((2, 4, 6)),), **keywords_for(options, "none", (2, 4, quantity)))


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        (hf.layers.Hopfield, {}),
        (hf.layers.HopfieldPooling, {}),
        (hf.layers.HopfieldLayer, {}),
        (hf.layers.HopfieldLayer, {"quantity": 50}),
    ],
)
@pytest.mark.parametrize("name", ["heads", "updates", "zero association", "space", "negative scaling"])
def test_gradients_of_the_scaling(kind: type, more: dict[str, Any], name: str) -> None:
    options = CONFIGURATIONS[name] | more
    heads = options.get("num_heads", 1)
    options.setdefault("scaling", [0.8, -1.1, 0.3][:heads])
    scaled(kind, 3, (6,), np.random.default_rng(4).standard_normal((2, 5, 6)), **options)


def test_gradients_across_tiles_and_chunks() -> None:
    rng = np.random.default_rng(5)
    for kind, shape in ((hf.layers.Hopfield, (1, 150, 6)), (hf.layers.HopfieldPooling, (2, 1100, 6))):
        options = {"num_heads": 2, "hidden_size": 5, "update_steps_max": 1, "update_steps_eps": 1e-300}
        check(randomized(kind(6, dtype="float64", **options), 6), (rng.standard_normal(shape),))
    lookup = hf.layers.HopfieldLayer(6, quantity=700, num_heads=2, dtype="float64")
    check(randomized(lookup, 6), (rng.standard_normal((2, 60, 6)),))


@pytest.mark.parametrize("options", [{}, {"add_zero_association": True}, {"num_heads": 2, "scaling": [0.4, -0.05]}])
def test_the_implicit_gradient_is_that_of_many_updates(options: dict[str, Any]) -> None:
    rng = np.random.default_rng(8)
    options = {"update_steps_max": None, "update_steps_eps": 1e-14, **options}
    for kind, shape in (
        (hf.layers.Hopfield, (2, 5, 6)),
        (hf.layers.HopfieldPooling, (2, 9, 6)),
        (hf.layers.HopfieldLayer, (2, 5, 6)),
    ):
        extra = {"quantity": 8} if kind is hf.layers.HopfieldLayer else {}
        layer = randomized(kind(6, dtype="float64", **extra, **options), 9)
        x = rng.standard_normal(shape)
        check(layer, (x,), gradient="implicit")


def test_the_implicit_gradient_needs_settled_states() -> None:
    layer = randomized(hf.layers.Hopfield(6, update_steps_max=1, update_steps_eps=1e-12, dtype="float64"), 0)
    with pytest.raises(InvalidInputError, match=r"needs states that have settled; 10 have not"):
        layer.vjp(np.random.default_rng(0).standard_normal((2, 5, 6)), gradient="implicit")


def test_gradients_of_a_network() -> None:
    rng = np.random.default_rng(3)
    network = hf.layers.HopfieldNetwork(5, quantity=6, scaling=0.9, update_steps_eps=1e-14, dtype="float64")
    network.parameters["patterns"][...] = rng.standard_normal((6, 5))
    check(network, (rng.standard_normal((4, 5)),), gradient="implicit")
    unrolled = hf.layers.HopfieldNetwork(
        5, quantity=6, update_steps_max=3, update_steps_eps=1e-300, dtype="float64", rng=1
    )
    unrolled.parameters["patterns"][...] = rng.standard_normal((6, 5))
    check(unrolled, (rng.standard_normal((2, 3, 5)),), gradient="unrolled")


@pytest.mark.parametrize(("heads", "bias", "given"), [(1, True, False), (2, False, True), (3, True, True)])
def test_gradients_of_hidden_states(heads: int, bias: bool, given: bool) -> None:
    rng = np.random.default_rng(4)
    layer = hf.layers.HiddenStateAttention(
        6, num_heads=heads, alpha=0.3, alpha_hidden=0.6, input_bias=bias, dtype="float64"
    )
    for parameter in layer.parameters.values():
        parameter[...] += rng.standard_normal(parameter.shape)
    x, hidden = rng.standard_normal((2, 4, 6)), rng.standard_normal((2, heads, 4, 4))
    (state, carried), pullback = layer.vjp(x, hidden if given else None)
    weights = np.concatenate([rng.standard_normal(state.size), rng.standard_normal(carried.size)])
    found = pullback(weights[: state.size].reshape(state.shape), weights[state.size :].reshape(carried.shape))

    def call() -> Array:
        return np.concatenate([part.ravel() for part in layer(x, hidden if given else None)])

    for name, parameter in layer.parameters.items():
        assert_is_gradient(call, weights, parameter, found.parameters[name], 0)
    assert_is_gradient(call, weights, x, found.input, 0)
    if given:
        assert_is_gradient(call, weights, hidden, found.hidden, 0)


def test_the_implicit_gradient_needs_stable_fixed_points() -> None:
    # Between two opposite patterns there is one that small moves lead away from.
    network = hf.layers.HopfieldNetwork(patterns=[[1.0], [-1.0]], scaling=4.0)
    states, pullback = network.vjp([[0.0]])
    assert states.tolist() == [[0.0]]
    with pytest.raises(InvalidInputError) as raised:
        pullback([[1.0]])
    assert str(raised.value) == (
        '`gradient="implicit"` needs stable fixed points; that of state 0, counted head by head, is not '
        '(use "unrolled")'
    )
