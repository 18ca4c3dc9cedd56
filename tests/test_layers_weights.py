"""Parameters of layers: published names and shapes, loading, files, initial values."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hopfield as hf
from hopfield.errors import InvalidInputError

PUBLISHED = json.loads((Path(__file__).parent / "vectors" / "hflayers.json").read_text("utf-8"))["layers"]


def made(call: str) -> Any:
    """The layer that a published call makes."""
    return eval(f"layers.{call}", {"layers": hf.layers})


@pytest.mark.parametrize("published", PUBLISHED, ids=lambda published: published["call"])
def test_names_and_shapes_are_the_published_ones(published: dict[str, Any]) -> None:
    found = made(published["call"]).state_dict()
    assert list(found) == list(published["state_dict"])
    assert {name: list(array.shape) for name, array in found.items()} == published["state_dict"]


def test_the_published_examples_are_many() -> None:
    assert len(PUBLISHED) > 25


def test_initial_values_are_the_published_ones() -> None:
    layer = hf.layers.HopfieldPooling(64, num_heads=4, quantity=30, normalize_hopfield_space=True)
    for name, array in layer.state_dict().items():
        if name.endswith("bias"):
            assert (array == 0).all()
        elif "norm" in name:
            assert (array == 1).all()
        else:
            # A deviation of N values is off by a share of 1 / sqrt(2 N); six of them.
            assert abs(array.std() / 0.02 - 1) < 6 / np.sqrt(2 * array.size)
            assert abs(array.mean()) < 6 * 0.02 / np.sqrt(array.size)
    again = hf.layers.HopfieldPooling(64, num_heads=4, quantity=30, normalize_hopfield_space=True, rng=0)
    other = hf.layers.HopfieldPooling(64, num_heads=4, quantity=30, normalize_hopfield_space=True, rng=1)
    weights = [each.state_dict()["pooling_weights"] for each in (layer, again, other)]
    assert np.array_equal(weights[0], weights[1])
    assert not np.array_equal(weights[0], weights[2])


@pytest.mark.parametrize("ending", ["npz", "safetensors"])
def test_weights_go_through_files(ending: str, tmp_path: Path) -> None:
    first, second = (hf.layers.HopfieldLayer(6, quantity=5, rng=seed) for seed in (1, 2))
    path = tmp_path / f"weights.{ending}"
    first.save(path)
    second.load(path)
    for name, array in first.state_dict().items():
        assert np.array_equal(array, second.state_dict()[name])
    x = np.random.default_rng(0).standard_normal((2, 3, 6))
    assert np.array_equal(first(x), second(x))


def test_a_layer_computes_in_the_dtype_of_its_parameters() -> None:
    layer = hf.layers.Hopfield(4)
    assert (layer.dtype, layer(np.ones((1, 2, 4))).dtype) == (np.float32, np.float32)
    layer.load_state_dict({name: array.astype(np.float64) for name, array in layer.state_dict().items()})
    assert (layer.dtype, layer(np.ones((1, 2, 4), np.float32)).dtype) == (np.float64, np.float64)


def test_all_that_is_wrong_with_a_state_dict_is_said_at_once() -> None:
    layer = hf.layers.Hopfield(4)
    before = layer.state_dict()
    wrong: dict[str, Any] = layer.state_dict()
    del wrong["norm_state_pattern.bias"]
    wrong["association_core.bias_k"] = np.zeros((1, 1, 4))
    wrong["association_core.in_proj_weight"] = np.zeros((4, 4))
    wrong["norm_stored_pattern.bias"] = np.full(4, np.nan)
    with pytest.raises(InvalidInputError) as raised:
        layer.load_state_dict(wrong)
    assert str(raised.value) == (
        "`state_dict` does not fit the layer: missing norm_state_pattern.bias (4,); unexpected "
        "association_core.bias_k (1, 1, 4); association_core.in_proj_weight must have shape (12, 4), got (4, 4); "
        "norm_stored_pattern.bias must be finite"
    )
    for name, array in layer.state_dict().items():
        assert np.array_equal(array, before[name])


def test_a_state_dict_is_a_copy_and_parameters_are_not() -> None:
    layer = hf.layers.HopfieldPooling(4, trainable=False)
    for array in layer.state_dict().values():
        array[...] += 1
    assert (layer.state_dict()["hopfield.norm_state_pattern.weight"] == 1).all()
    assert "pooling_weights" not in layer.parameters
    layer.parameters["hopfield.norm_state_pattern.weight"] += 1
    assert (layer.state_dict()["hopfield.norm_state_pattern.weight"] == 2).all()
    output, pullback = layer.vjp(np.ones((1, 3, 4)))
    assert pullback(output).parameters.keys() == layer.parameters.keys()


def test_files_that_are_none(tmp_path: Path) -> None:
    layer = hf.layers.Hopfield(4)
    with pytest.raises(InvalidInputError, match=re.escape("`path` must end in .npz or .safetensors; got weights.pt")):
        layer.save("weights.pt")
    path = tmp_path / "weights.npz"
    path.write_bytes(b"no archive")
    with pytest.raises(InvalidInputError, match=r"`path` must be an \.npz file of arrays"):
        layer.load(path)
