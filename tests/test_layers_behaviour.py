"""What layers promise besides numbers: bits, batches, masked rows, bad input; and the recurrent ones."""

from __future__ import annotations

import re
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import hopfield as hf
import tolerance
import tolerance_layers
from hopfield.errors import InputTypeError, InvalidInputError
from oracle import layers as oracle
from strategies_modern import FLOATS, lists
from tolerance import Array, worst

RNG = np.random.default_rng


def outputs(layer: Any, x: Any, **keywords: Any) -> list[Array]:
    """Everything that a call and its gradient put out."""
    output, info = layer(x, return_info="association", **keywords)
    again, pullback = layer.vjp(x, **keywords)
    found = pullback(output)
    inputs = found.input if isinstance(found.input, tuple) else (found.input,)
    return [output, again, info.energy, info.association, found.scaling, *found.parameters.values(), *inputs]


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("separation", ["softmax", "entmax"])
def test_the_same_bits_for_any_number_of_threads(dtype: str, separation: str) -> None:
    rng = RNG(0)
    options: Any = {"num_heads": 3, "hidden_size": 9, "update_steps_max": 2, "dtype": dtype, "separation": separation}
    options |= {"dropout": 0.2}
    cases = [
        (hf.layers.Hopfield(20, **options), rng.standard_normal((5, 130, 20))),
        (hf.layers.HopfieldPooling(20, **options), rng.standard_normal((7, 1100, 20))),
        (hf.layers.HopfieldLayer(20, quantity=900, **options), rng.standard_normal((3, 50, 20))),
        (hf.layers.HopfieldLayer(20, quantity=900, **options | {"hidden_size": 20}), rng.standard_normal((3, 50, 20))),
    ]
    for layer, x in cases:
        seen: list[Array] = []
        for n_threads in (1, 2, 3, 5, 8):
            hf.set_num_threads(n_threads)
            found = outputs(layer, x, training=True, rng=3)
            seen = seen or found
            assert all(np.array_equal(a, b, equal_nan=True) for a, b in zip(seen, found, strict=True))
        hf.set_num_threads(None)


@given(st.integers(1, 40), st.integers(1, 40), st.sampled_from(FLOATS), st.integers(0, 2**32))
def test_a_sample_is_the_same_alone_and_in_a_batch(states: int, stored: int, dtype: str, seed: int) -> None:
    rng = RNG(seed)
    layer = hf.layers.Hopfield(6, num_heads=2, update_steps_max=2, dtype=dtype)
    x = [rng.standard_normal((3, n, 6)) for n in (stored, states, stored)]
    together = layer(tuple(x))
    for sample in range(3):
        alone = layer(tuple(part[sample : sample + 1] for part in x))
        assert np.array_equal(together[sample : sample + 1], alone)
    first = layer((x[0], x[1][:, :1], x[2]))
    assert np.array_equal(together[:, :1], first)
    pooling = hf.layers.HopfieldPooling(6, num_heads=2, update_steps_max=2, dtype=dtype)
    pooled = pooling(x[0])
    assert np.array_equal(pooled[1:2], pooling(x[0][1:2]))
    for quantity in (stored, 60 + stored):  # projected, and folded into the states
        lookup = hf.layers.HopfieldLayer(6, quantity=quantity, num_heads=2, update_steps_max=2, dtype=dtype)
        assert np.array_equal(lookup(x[1])[2:, :1], lookup(x[1][2:, :1]))


def test_axes_may_be_swapped() -> None:
    rng = RNG(1)
    x = rng.standard_normal((5, 3, 6))
    for kind, extra in ((hf.layers.Hopfield, {}), (hf.layers.HopfieldLayer, {"quantity": 4})):
        usual, swapped = kind(6, **extra), kind(6, batch_first=False, **extra)
        swapped.load_state_dict({n: a.swapaxes(0, 1) if a.ndim == 3 else a for n, a in usual.state_dict().items()})
        assert np.array_equal(usual(x.swapaxes(0, 1)), swapped(x).swapaxes(0, 1))
        (first, pull), (second, push) = usual.vjp(x.swapaxes(0, 1)), swapped.vjp(x)
        a, b = pull(first), push(second)
        assert np.array_equal(a.input, b.input.swapaxes(0, 1))
        for name, gradient in b.parameters.items():
            same = gradient.swapaxes(0, 1) if gradient.ndim == 3 else gradient
            assert np.array_equal(same, a.parameters[name])
    usual, swapped = (
        hf.layers.HopfieldPooling(6, quantity=2),
        hf.layers.HopfieldPooling(6, quantity=2, batch_first=False),
    )
    swapped.load_state_dict({n: a.swapaxes(0, 1) if a.ndim == 3 else a for n, a in usual.state_dict().items()})
    assert usual(x.swapaxes(0, 1)).shape == swapped(x).shape == (3, 12)
    assert np.array_equal(usual(x.swapaxes(0, 1)), swapped(x))


@pytest.mark.parametrize("separation", ["softmax", "softmax1", "sparsemax", "entmax"])
def test_a_state_that_may_see_nothing_reads_out_zeros(separation: str) -> None:
    layer = hf.layers.Hopfield(4, disable_out_projection=True, update_steps_max=1, separation=separation)
    padding = np.array([[True] * 5, [False] * 5])
    x = RNG(2).standard_normal((2, 5, 4))
    output, info = layer(x, stored_pattern_padding_mask=padding, return_info="association")
    assert (output[0] == 0).all()
    assert (info.association[0] == 0).all()
    assert (output[1] != 0).all()
    _, pullback = layer.vjp(x, stored_pattern_padding_mask=padding)
    assert np.isfinite(pullback(np.ones_like(output)).input).all()
    if separation != "softmax1":
        assert (info.energy[0] == np.inf).all()
    bags = hf.layers.HopfieldPooling(4, disable_out_projection=True, separation=separation)
    assert (bags(x, stored_pattern_padding_mask=padding)[0] == 0).all()
    assert (bags(np.zeros((0, 4)), lengths=[0, 0]) == 0).all()


def test_no_limit_of_updates_is_a_thousand_and_said() -> None:
    rng = RNG(3)
    layer = hf.layers.Hopfield(4, update_steps_max=None, update_steps_eps=1e-300, dtype="float64", scaling=-3.0)
    layer.load_state_dict(
        {name: array + rng.standard_normal(array.shape) for name, array in layer.state_dict().items()}
    )
    _, info = layer(rng.standard_normal((2, 6, 4)), return_info=True)
    assert info.steps.max() == 1000
    assert ((info.steps == 1000) | info.converged).all()


def test_a_lookup_keeps_one_copy_of_its_patterns() -> None:
    quantity, d, batch = 4096, 32, 64
    layer = hf.layers.HopfieldLayer(d, quantity=quantity)
    x = np.zeros((batch, 1, d), np.float32)
    layer(x)
    tracemalloc.start()
    layer(x)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 * quantity * d * 4 < batch * quantity * d * 4


def test_static_layers_are_attention() -> None:
    rng = RNG(4)
    static = {f"{name}_as_static": True for name in ("stored_pattern", "state_pattern", "pattern_projection")}
    plain: Any = {f"normalize_{name}": False for name in ("stored_pattern", "state_pattern", "pattern_projection")}
    layer = hf.layers.Hopfield(**static, **plain, disable_out_projection=True, dtype="float64")
    keys, queries, values = (rng.standard_normal((2, n, 6)) for n in (7, 5, 7))
    found = layer((keys, queries, values))
    expected = hf.attention(queries, keys, values, beta=1.0)
    for sample in range(2):
        for query in range(5):
            bounds = tolerance.Problem(keys[sample], 1.0, queries[sample, query], dtype="f8", values=values[sample])
            assert worst(found[sample, query], expected[sample, query], 2 * bounds.step()) <= 1


def test_a_network_settles_where_a_memory_does() -> None:
    rng = RNG(5)
    patterns = rng.standard_normal((9, 6))
    cues = patterns + 0.2 * rng.standard_normal((9, 6))
    network = hf.layers.HopfieldNetwork(
        patterns=patterns, scaling=2.0, update_steps_eps=1e-12, dtype="float64", trainable=True
    )
    found, info = network(cues, return_info=True)
    retrieved = hf.ModernHopfield(patterns, beta=2.0).retrieve(cues, tol=1e-12)
    assert info.converged.all()
    assert np.abs(found - retrieved.states).max() <= tolerance_layers.settled(1e-12, network, found)
    assert network.parameters.keys() == {"patterns"}
    assert not hf.layers.HopfieldNetwork(patterns=patterns).parameters
    assert hf.layers.HopfieldNetwork(6, quantity=4)(cues[0]).shape == (6,)


# Hidden states


@given(
    st.tuples(st.integers(1, 6), st.integers(1, 6), st.integers(1, 5), st.integers(1, 5)),
    st.sampled_from([0.0, 0.3, 1.0]),
    st.sampled_from([0.0, 0.6, 1.0]),
    st.booleans(),
    st.sampled_from(FLOATS),
    st.integers(0, 2**32),
)
def test_hidden_states_are_those_of_the_oracle(
    sizes: tuple[int, int, int, int], alpha: float, alpha_hidden: float, given_hidden: bool, dtype: str, seed: int
) -> None:
    rng = RNG(seed)
    queries, keys, d, columns = sizes
    arrays = [rng.standard_normal(shape).astype(dtype) for shape in ((queries, d), (keys, d), (keys, columns))]
    state, hidden = (rng.standard_normal((queries, n)).astype(dtype) for n in (columns, keys))
    mixing = {"alpha": alpha, "alpha_hidden": alpha_hidden, "beta": 0.7}
    found = hf.layers.hidden_state_attention(*arrays, state=state, hidden=hidden if given_hidden else None, **mixing)
    carried = hidden if given_hidden else np.zeros_like(hidden)
    expected = oracle.hidden_state_attention(*map(lists, (*arrays, state, carried)), **mixing)
    bounds = tolerance_layers.hidden_state(*arrays, state, carried, **mixing, dtype=dtype)
    for one, other, bound in zip(found, expected, bounds, strict=True):
        assert one.dtype == dtype
        assert worst(one, other, bound) <= 1


def test_hidden_states_worked_by_hand() -> None:
    q, k, v = [[1.0, 0.0]], [[0.0, 0.0], [2.0, 0.0]], [[1.0], [5.0]]
    state, hidden = hf.layers.hidden_state_attention(
        q, k, v, state=[[3.0]], hidden=[[4.0, 0.0]], alpha=0.5, alpha_hidden=0.5, beta=2.0
    )
    # h' = (2 + 0, 0 + 2): even weights, which read out 3; x' = 1.5 + 1.5
    assert hidden.tolist() == [[2.0, 2.0]]
    assert state.tolist() == [[3.0]]


def test_without_a_share_that_stays_hidden_states_are_attention_with_a_residual() -> None:
    rng = RNG(6)
    q, k, v, x = (rng.standard_normal((2, 3, n, 4)) for n in (5, 7, 7, 5))
    state, hidden = hf.layers.hidden_state_attention(
        q, k, v, state=x, hidden=rng.standard_normal((5, 7)), alpha=0.25, alpha_hidden=0.0, beta=0.5
    )
    plain = hf.attention(q, k, v, beta=0.5)
    for at in np.ndindex(2, 3):
        bounds = tolerance_layers.hidden_state(
            q[at], k[at], v[at], x[at], np.zeros((5, 7)), alpha=0.25, alpha_hidden=0.0, beta=0.5, dtype="f8"
        )
        # Attention is off by its own errors, which are of the same form.
        assert worst(state[at], 0.25 * x[at] + 0.75 * plain[at], 2 * bounds[0]) <= 1
        assert worst(hidden[at], 0.5 * q[at] @ k[at].T, 2 * bounds[1]) <= 1


# Bad input

LAYER = hf.layers.Hopfield(4, num_heads=2, stored_pattern_size=3)
ONES = np.ones((2, 5, 4))


REFUSED: list[tuple[Callable[[], object], str]] = [
    (
        lambda: hf.layers.Hopfield(7, num_heads=2),
        "`input_size` must be a multiple of `num_heads` where no `hidden_size` is given; got 7 and 2",
    ),
    (
        hf.layers.Hopfield,
        "`input_size` must be given unless all patterns are static",
    ),
    (
        lambda: hf.layers.Hopfield(4, scaling=[1.0, 2.0]),
        "`scaling` must be a number or have shape (1,), one entry a head; got shape (2,)",
    ),
    (
        lambda: hf.layers.Hopfield(4, scaling=float("nan")),
        "`scaling` must be finite; got nan",
    ),
    (
        lambda: hf.layers.Hopfield(4, update_steps_eps=0.0),
        "`update_steps_eps` must be positive; got 0",
    ),
    (
        lambda: hf.layers.Hopfield(4, dropout=1.5),
        "`dropout` must be between 0 and 1; got 1.5",
    ),
    (
        lambda: hf.layers.Hopfield(4, association_activation="swish"),
        "`association_activation` must be one of 'relu', 'sigmoid', 'tanh'; got 'swish'",
    ),
    (
        lambda: hf.layers.Hopfield(4, separation="max"),
        (
            "`separation` must be one of 'softmax', 'softmax1', 'sparsemax', 'entmax' in a layer, with a null "
            "score of 0; got 'max'"
        ),
    ),
    (
        lambda: hf.layers.Hopfield(4, separation="softmax1", add_zero_association=True),
        "give one of them, not both",
    ),
    (
        lambda: hf.layers.Hopfield(4, dtype="int8"),
        "`dtype` must be float32 or float64; got 'int8'",
    ),
    (
        lambda: hf.layers.Hopfield(4)(np.ones((2, 5, 3))),
        "`state_pattern` must have shape (…, 4), as wide as the layer's weights; got (…, 3)",
    ),
    (
        lambda: LAYER((np.ones((2, 5, 4)), ONES, ONES)),
        "`stored_pattern` must have shape (…, 3), as wide as the layer's weights; got (…, 4)",
    ),
    (
        lambda: LAYER((np.ones((2, 5, 3)), np.ones((3, 5, 4)), ONES)),
        "`state_pattern` and `stored_pattern` must have as many samples; got 3 and 2",
    ),
    (
        lambda: LAYER((np.ones((2, 5, 3)), ONES, np.ones((2, 6, 4)))),
        "`pattern_projection` must have shape (2, 5, Dv), one row for each stored pattern; got (2, 6, 4)",
    ),
    (
        lambda: LAYER((ONES, ONES)),
        "or a tuple of stored patterns, states, and what values are made of; got a tuple of 2",
    ),
    (
        lambda: hf.layers.Hopfield(4)(np.ones((5, 4))),
        "`x` must have three axes, (B, L, D); got shape (5, 4)",
    ),
    (
        lambda: hf.layers.Hopfield(4)(np.where(np.arange(4) == 2, np.nan, ONES)),
        "`state_pattern` must be finite; got NaN at row 0, column 2 (clean the data)",
    ),
    (
        lambda: hf.layers.Hopfield(4)(ONES, stored_pattern_padding_mask=np.zeros((2, 4), bool)),
        (
            "`stored_pattern_padding_mask` must have shape (2, 5), one entry for each sample and stored pattern; "
            "got (2, 4)"
        ),
    ),
    (
        lambda: hf.layers.Hopfield(4)(ONES, association_mask=np.zeros((5, 4), bool)),
        (
            "`association_mask` must have shape (5, 5) or (2, 5, 5), one entry for each state and stored pattern,"
            " for all or for each sample and head; got (5, 4)"
        ),
    ),
    (
        lambda: hf.layers.Hopfield(4)(ONES, association_mask=np.full((5, 5), np.nan)),
        "`association_mask` must hold finite numbers or -inf",
    ),
    (
        lambda: hf.layers.HopfieldPooling(4)(np.ones((5, 4)), lengths=[2, 2]),
        "`stored_pattern` must have shape (4, D), as many rows as `lengths` sum to; got (5, 4)",
    ),
    (
        lambda: hf.layers.HopfieldPooling(4).vjp(ONES)[1](ONES),
        "`grad_output` must have shape (2, 4), that of the output; got (2, 5, 4)",
    ),
    (
        lambda: hf.layers.Hopfield(4).vjp(ONES, gradient="adjoint"),
        "`gradient` must be one of 'unrolled', 'implicit'; got 'adjoint'",
    ),
    (
        lambda: hf.layers.Hopfield(4).vjp(ONES)[1](np.ones((2, 5, 3))),
        "`grad_output` must have shape (2, 5, 4), that of the output; got",
    ),
    (
        lambda: hf.layers.HopfieldNetwork(4),
        "`input_size` and `quantity` must be given unless `patterns` are",
    ),
    (
        lambda: hf.layers.HopfieldNetwork(4, quantity=3)(np.ones(5)),
        "`x` must have shape (..., 4), as wide as the stored patterns; got (5,)",
    ),
    (
        lambda: hf.layers.HiddenStateAttention(5, num_heads=2),
        "`input_size` must be a multiple of `num_heads`; got 5 and 2",
    ),
    (
        lambda: hf.layers.HiddenStateAttention(4)(ONES, np.ones((2, 5, 5))),
        "`hidden` must have shape (2, 1, 5, 5); got (2, 5, 5)",
    ),
    (
        lambda: hf.layers.HiddenStateAttention(4, alpha=2.0),
        "`alpha` must be between 0 and 1; got 2",
    ),
]


@pytest.mark.parametrize(("call", "said"), REFUSED)
def test_what_is_refused_and_how(call: Any, said: str) -> None:
    with pytest.raises(InvalidInputError, match=re.escape(said)):
        call()


def test_masks_of_other_dtypes_are_refused() -> None:
    layer = hf.layers.Hopfield(4)
    with pytest.raises(InputTypeError, match="`stored_pattern_padding_mask` must hold booleans"):
        layer(ONES, stored_pattern_padding_mask=np.zeros((2, 5)))
    with pytest.raises(InputTypeError, match="`association_mask` must hold booleans, or floats to add"):
        layer(ONES, association_mask=np.zeros((5, 5), int))


def test_empty_arrays_give_empty_ones() -> None:
    layer = hf.layers.Hopfield(4)
    assert layer(np.ones((0, 5, 4))).shape == (0, 5, 4)
    assert layer((np.ones((2, 0, 4)), ONES, np.ones((2, 0, 4)))).shape == (2, 5, 4)
    assert layer((ONES, np.ones((2, 0, 4)), ONES)).shape == (2, 0, 4)
    for x in (np.ones((0, 5, 4)), np.ones((2, 0, 4))):
        output, pullback = layer.vjp(x)
        assert pullback(output).input.shape == x.shape
