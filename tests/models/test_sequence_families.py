"""Recurrent networks and transformers: what they are made of, and what they look at."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import jax
import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fathom import models
from fathom.errors import SpecError
from fathom.models.families.transformer import num_heads, num_tokens, patch_side
from fathom.specs import ModelSpec

RNG = np.random.default_rng(0)
STEPS, FEATURES, CLASSES = 6, 3, 5


def spec_of(family: str, **settings) -> ModelSpec:
    defaults = {"input_shape": (STEPS, FEATURES), "num_classes": CLASSES, "width": 8, "depth": 2}
    return ModelSpec(**{"family": family, **defaults, **settings})


def structure(spec: ModelSpec) -> keras.Model:
    with models.without_values():
        return models.build(spec)


def padded(rows: int = 8, *, steps: int = STEPS, features: int = FEATURES) -> np.ndarray:
    """Sequences of 1 to `steps` steps; the last feature marks those that are there."""
    x = RNG.normal(size=(rows, steps, features)).astype("float32")
    x[:, :, -1] = 1
    lengths = np.arange(rows) % steps + 1
    return x * (np.arange(steps) < lengths[:, None])[:, :, None]


def outputs(model: keras.Model, x: np.ndarray) -> np.ndarray:
    return np.asarray(jax.jit(model)(x))


def head_parameters(width: int) -> int:
    return (width + 1) * CLASSES


# -- recurrent networks --------------------------------------------------------------

GATES = {"lstm": (4, 1), "gru": (3, 2), "simple": (1, 1)}


@pytest.mark.parametrize("cell", GATES)
@pytest.mark.parametrize("readout", ["last", "mean"])
def test_parameters_of_recurrent_networks_are_the_closed_form(cell: str, readout: str) -> None:
    gates, biases = GATES[cell]
    for depth, w, normalization in itertools.product((1, 2, 4), (1, 7), ("none", "batch", "layer")):
        spec = spec_of("rnn", cell=cell, readout=readout, depth=depth, width=w,
                       normalization=normalization)  # fmt: skip
        norm = 0 if normalization == "none" else 2 * w
        first = gates * (FEATURES * w + w * w + biases * w) + norm
        others = (depth - 1) * (gates * (w * w + w * w + biases * w) + norm)
        expected = first + others + head_parameters(w)
        assert models.num_parameters(spec) == expected
        assert models.count_trainable(structure(spec)) == expected


@pytest.mark.parametrize(
    ("cell", "kind"),
    [("lstm", keras.layers.LSTM), ("gru", keras.layers.GRU), ("simple", keras.layers.SimpleRNN)],
)
def test_a_block_is_a_layer_of_cells(cell: str, kind: type) -> None:
    model = structure(spec_of("rnn", cell=cell, depth=3, dropout=0.1, normalization="layer"))
    assert [layer.name for layer in model.layers if isinstance(layer, kind)] == [
        "recurrent_1", "recurrent_2", "recurrent_3",
    ]  # fmt: skip
    assert model.get_layer("recurrent_3").return_sequences is False
    assert [model.get_layer(f"dropout_{k}").rate for k in (1, 2, 3)] == [0.1] * 3


@pytest.mark.parametrize("cell", GATES)
@pytest.mark.parametrize("readout", ["last", "mean"])
def test_a_padded_sequence_says_what_the_short_one_says(cell: str, readout: str) -> None:
    keras.utils.set_random_seed(1)
    spec = spec_of("rnn", cell=cell, readout=readout, masked=True)
    model, x = models.build(spec), padded()
    short = models.build(spec_of("rnn", cell=cell, readout=readout, input_shape=(3, FEATURES)))
    short.set_weights(model.get_weights())

    np.testing.assert_allclose(outputs(model, x)[2], outputs(short, x[2:3, :3])[0], atol=1e-6)
    assert x[2, 3:].any() == 0 and x[2, 2].any()


@pytest.mark.parametrize("readout", ["last", "mean"])
def test_the_readout_is_what_it_says(readout: str) -> None:
    model = models.build(spec_of("rnn", readout=readout, depth=1))
    x = RNG.normal(size=(4, STEPS, FEATURES)).astype("float32")
    cells = keras.layers.LSTM(8, return_sequences=True)
    cells.build(x.shape)
    cells.set_weights(model.get_layer("recurrent_1").get_weights())
    states = np.asarray(cells(x))
    read = states[:, -1] if readout == "last" else states.mean(axis=1)
    logits = model.get_layer("logits")
    expected = keras.ops.softmax(logits(read))
    np.testing.assert_allclose(outputs(model, x), np.asarray(expected), atol=1e-6)


def test_activation_penalty_and_initializer_reach_the_cells() -> None:
    spec = spec_of("rnn", cell="simple", activation="relu", l1=0.1, initializer="orthogonal")
    layer = structure(spec).get_layer("recurrent_1")
    assert layer.activation is keras.activations.relu
    assert isinstance(layer.cell.kernel_initializer, keras.initializers.Orthogonal)
    assert isinstance(layer.cell.kernel_regularizer, keras.regularizers.L1)
    assert isinstance(layer.cell.recurrent_regularizer, keras.regularizers.L1)


def test_cells_are_those_of_keras_unless_asked_otherwise() -> None:
    layer = structure(spec_of("rnn")).get_layer("recurrent_1")
    assert isinstance(layer, keras.layers.LSTM)
    assert layer.activation is keras.activations.tanh
    assert layer.recurrent_activation is keras.activations.sigmoid


@pytest.mark.parametrize(
    ("family", "settings", "message"),
    [
        ("rnn", {"cell": "lst"}, r"(?s)lstm, gru, simple.*did you mean 'lstm'"),
        ("rnn", {"readout": "first"}, "`readout` must be one of last, mean"),
        ("mlp", {"cell": "gru"}, r"(?s)`cell` belongs to family 'rnn'.*with family='mlp'"),
        ("transformer", {"readout": "last"}, "`readout` belongs to family 'rnn'"),
    ],
)
def test_settings_of_recurrent_networks_are_checked(
    family: str, settings: dict, message: str
) -> None:
    with pytest.raises(SpecError, match=message):
        spec_of(family, **settings)


def test_the_linear_model_of_any_family_can_be_built() -> None:
    for family in ("rnn", "transformer"):
        linear = spec_of(family, masked=True).linear()
        assert models.num_parameters(linear) == (STEPS * FEATURES + 1) * CLASSES


@pytest.mark.parametrize("shape", [(4,), (8, 8, 1), (2, 3, 4, 5)])
def test_what_is_no_sequence_is_refused_by_recurrent_networks(shape: tuple[int, ...]) -> None:
    with pytest.raises(SpecError, match=r"(?s)'rnn' reads sequences \(steps, features\).*`window`"):
        models.check(spec_of("rnn", input_shape=shape))


# -- transformers --------------------------------------------------------------------

TOKENS = {
    "columns": ({"input_shape": (7,)}, 7, 7 + 7),
    "columns of a table": ({"input_shape": (7,), "tokens": (1, 1, 3, 2)}, 4, 7 + 4),
    "steps": ({}, STEPS, FEATURES + STEPS),
    "steps that may be missing": ({"masked": True}, STEPS, FEATURES + STEPS),
    "patches": ({"input_shape": (8, 8, 3)}, 16, 12 + 16),
    "patches over the edge": ({"input_shape": (9, 15, 1)}, 40, 4 + 40),
}


@pytest.mark.parametrize("what", TOKENS)
@pytest.mark.parametrize("normalization", ["none", "batch", "layer"])
def test_parameters_of_transformers_are_the_closed_form(what: str, normalization: str) -> None:
    settings_, tokens, per_unit = TOKENS[what]
    for depth, w in itertools.product((1, 3), (1, 7, 24)):
        spec = spec_of("transformer", depth=depth, width=w, normalization=normalization,
                       **settings_)  # fmt: skip
        norm = 0 if normalization == "none" else 2 * w
        block = 12 * w * w + 9 * w + 2 * norm
        expected = per_unit * w + depth * block + norm + head_parameters(w)
        model = structure(spec)
        assert num_tokens(spec) == tokens == model.get_layer("add_1").output.shape[1]
        assert models.num_parameters(spec) == expected == models.count_trainable(model)


def test_a_block_of_a_transformer_holds_what_the_spec_asks_for_in_order() -> None:
    model = structure(spec_of("transformer", depth=1, dropout=0.1))
    assert [layer.name for layer in model.layers] == [
        "input", "embedding", "normalization_attention_1", "attention_1", "dropout_attention_1",
        "add_attention_1", "normalization_1", "expand_1", "activation_1", "contract_1",
        "dropout_1", "add_1", "normalization_out", "mean_over_tokens", "logits", "probabilities",
    ]  # fmt: skip
    assert isinstance(model.get_layer("normalization_1"), keras.layers.LayerNormalization)
    assert model.get_layer("activation_1").activation is keras.activations.gelu


@given(width=st.integers(1, 1000))
def test_heads_divide_the_width(width: int) -> None:
    heads = num_heads(width)
    assert width % heads == 0
    assert 1 <= heads <= 8
    assert heads == 1 or width // heads >= 8


def test_padded_steps_are_neither_read_nor_averaged() -> None:
    keras.utils.set_random_seed(1)
    spec = spec_of("transformer", masked=True, width=16, depth=1)
    model, short = models.build(spec), models.build(replace(spec, input_shape=(3, FEATURES)))
    weights = {v.path: np.asarray(v) for v in model.variables}
    for variable in short.variables:
        variable.assign(weights[variable.path][: variable.shape[0]])
    x = padded()

    np.testing.assert_allclose(outputs(model, x)[2], outputs(short, x[2:3, :3])[0], atol=1e-6)


def test_the_order_of_steps_matters_and_that_of_columns_does_not_by_itself() -> None:
    model = models.build(spec_of("transformer", width=16, depth=1))
    x = RNG.normal(size=(4, STEPS, FEATURES)).astype("float32")
    assert np.abs(outputs(model, x) - outputs(model, x[:, ::-1])).max() > 1e-4


def test_a_category_is_one_token_whatever_its_number_of_features() -> None:
    keras.utils.set_random_seed(2)
    model = models.build(spec_of("transformer", input_shape=(5,), tokens=(1, 1, 3)))
    x = np.zeros((3, 5), "float32")
    x[:, 2:] = np.eye(3)
    tokens = np.asarray(keras.Model(model.input, model.get_layer("tokens").output)(x))
    numbers, category = model.get_layer("numbers_1"), model.get_layer("category_3")

    assert tokens.shape == (3, 3, 8)
    np.testing.assert_allclose(tokens[:, :2], np.broadcast_to(numbers.bias, (3, 2, 8)), atol=1e-6)
    expected = np.asarray(category.kernel) + np.asarray(category.bias)
    np.testing.assert_allclose(tokens[:, 2], expected, atol=1e-6)


@given(height=st.integers(1, 70), width=st.integers(1, 70), channels=st.integers(1, 3))
@settings(max_examples=20)
def test_patches_hold_the_pixels_of_the_image(height: int, width: int, channels: int) -> None:
    shape = (height, width, channels)
    with models.without_values():
        model = models.build(spec_of("transformer", input_shape=shape, depth=1))
    pixels = np.arange(height * width * channels, dtype="float32").reshape(1, *shape) + 1
    patches = np.asarray(keras.Model(model.input, model.get_layer("patches").output)(pixels))
    side = patch_side(shape)

    assert patches.shape[2] == side * side * channels
    assert sorted(patches[patches > 0]) == sorted(pixels.ravel())
    first = patches[0, 0].reshape(side, side, channels)
    corner = pixels[0, :side, :side]
    np.testing.assert_array_equal(first[: corner.shape[0], : corner.shape[1]], corner)


def test_matched_widths_of_transformers_have_several_heads() -> None:
    reference = spec_of("transformer", depth=6, width=64)
    parameters = models.num_parameters(reference)
    for depth in (1, 2, 4, 6):
        width = models.matched_width(reference.at(depth=depth, width=1), parameters)
        found = models.num_parameters(reference.at(depth=depth, width=width))
        others = [models.num_parameters(reference.at(depth=depth, width=width + step))
                  for step in (-4, 4)]  # fmt: skip
        assert width % 4 == 0
        assert num_heads(width) > 1
        assert all(abs(found - parameters) <= abs(other - parameters) for other in others)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"input_shape": (3000,)}, "reads at most 2,048 tokens.*Received: 3,000 tokens"),
        ({"input_shape": (2, 3, 4, 5)}, "reads vectors .* or sequences .* or images"),
        ({"input_shape": (7,), "tokens": (3, 3)}, "`tokens` must share out.*6 features in tokens"),
        ({"input_shape": (7,), "masked": True}, "`masked` needs sequences"),
        ({"initializer": "identity"}, "initializer='identity'"),
        ({"depth": 81, "dropout": 0.1}, "`depth` must be at most 80 in blocks of 10 layers"),
    ],
)
def test_transformers_that_cannot_be_built_are_refused(settings: dict, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        models.check(spec_of("transformer", **settings))


# -- both ----------------------------------------------------------------------------

ALL = [
    spec_of("rnn", masked=True, cell="gru", normalization="batch", readout="mean"),
    spec_of("rnn", cell="lstm"),
    spec_of("transformer", masked=True, depth=1),
    spec_of("transformer", input_shape=(7,), tokens=(1, 1, 3, 2), depth=1),
    spec_of("transformer", input_shape=(9, 15, 1), depth=1),
]


@pytest.mark.parametrize("spec", ALL, ids=models.describe)
def test_a_saved_network_says_the_same_when_read_again(spec: ModelSpec, tmp_path: Path) -> None:
    model = models.build(spec)
    shape = (3, *spec.input_shape)
    x = padded(3) if spec.masked else RNG.normal(size=shape).astype("float32")
    path = tmp_path / "model.keras"
    path.write_bytes(models.model_bytes(model, task="classification"))
    again = models.load_model(path)
    np.testing.assert_allclose(outputs(again, x), outputs(model, x), atol=1e-7)


@pytest.mark.parametrize("spec", ALL, ids=models.describe)
def test_building_without_values_keeps_every_initializer(spec: ModelSpec) -> None:
    model = structure(spec)
    assert all(v._value is None and v._initializer is not None for v in model.variables)
    assert structure(spec).get_config() == model.get_config()


@pytest.mark.parametrize("family", ["rnn", "transformer"])
def test_depth_zero_is_the_linear_model_of_all_steps(family: str) -> None:
    names = [layer.name for layer in structure(spec_of(family, depth=0)).layers]
    assert names == ["input", "flatten", "logits", "probabilities"]


@pytest.mark.parametrize("family", ["rnn", "transformer"])
def test_the_deepest_network_allowed_can_be_built(family: str) -> None:
    deepest = {"rnn": 800 // 3, "transformer": 80}[family]
    spec = spec_of(family, depth=deepest, width=2, normalization="layer", dropout=0.1)
    assert models.count_trainable(structure(spec)) == models.num_parameters(spec)
