"""Which layers are watched, and which activation each one's output goes through."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras
import pytest

from fathom import models
from fathom.errors import ModelError
from fathom.specs import ModelSpec


@pytest.fixture(autouse=True)
def _structure_alone() -> Iterator[None]:
    with models.without_values():
        yield


def told(model: keras.Model, x: Any = None) -> list[tuple[str, str | None, str | None]]:
    """Name, the activation's layer if it is another one, and the activation if there is one."""
    return [
        (
            tap.name,
            None if tap.output is tap.layer else tap.output.name,
            None if tap.activation == "linear" else tap.activation,
        )
        for tap in models.watched_layers(model, x)
    ]


@pytest.mark.parametrize("normalization", ["none", "batch", "layer"])
def test_plain_blocks_pair_dense_with_the_activation_of_the_block(normalization: str) -> None:
    spec = ModelSpec(
        depth=2, input_shape=(3, 2), num_classes=3, normalization=normalization, dropout=0.1
    )
    assert told(models.build(spec)) == [
        ("dense_1", "activation_1", "relu"),
        ("dense_2", "activation_2", "relu"),
        ("logits", "probabilities", "softmax"),
    ]


@pytest.mark.parametrize("normalization", ["none", "batch", "layer"])
def test_residual_blocks_pair_dense_with_the_next_activation_on_the_stream(
    normalization: str,
) -> None:
    spec = ModelSpec(
        family="residual", depth=3, input_shape=(3,), num_classes=2, activation="tanh",
        normalization=normalization,
    )  # fmt: skip
    assert told(models.build(spec)) == [
        ("stem", "activation_1", "tanh"),
        ("dense_1", "activation_2", "tanh"),
        ("dense_2", "activation_3", "tanh"),
        ("dense_3", "activation_out", "tanh"),
        ("logits", "probabilities", "sigmoid"),
    ]


def test_the_head_of_a_training_view_has_no_activation() -> None:
    view = models.training_view(models.build(ModelSpec(depth=1, input_shape=(3,), num_classes=3)))
    assert told(view)[-1] == ("logits", None, None)


def test_activations_of_any_kind_are_found_in_other_models() -> None:
    inputs = keras.Input((8, 8, 1))
    x = keras.layers.Conv2D(2, 3, activation="relu", name="fused")(inputs)
    x = keras.layers.Conv2D(2, 3, name="conv")(x)
    x = keras.layers.BatchNormalization()(x)
    x = keras.layers.LeakyReLU(name="leaky")(x)
    x = keras.layers.Flatten()(x)
    x = keras.layers.Dense(4, name="straight")(x)
    x = keras.layers.Dense(4, name="operation")(x)
    x = keras.ops.gelu(x)
    x = keras.layers.Dense(4, activation=keras.layers.ReLU(), name="layer_inside")(x)
    model = keras.Model(inputs, keras.layers.Dense(3, activation="softmax", name="head")(x))
    gelu = next(op.name for op in model.operations if type(op).__name__ == "Gelu")
    assert told(model) == [
        ("fused", None, "relu"),
        ("conv", "leaky", "leaky_relu"),
        ("straight", None, None),
        ("operation", gelu, "gelu"),
        ("layer_inside", None, "relu"),
        ("head", None, "softmax"),
    ]


def test_a_shared_layer_is_watched_once() -> None:
    inputs = keras.Input((4,))
    shared = keras.layers.Dense(4, name="shared")
    activation = keras.layers.Activation("relu", name="activation")
    model = keras.Model(inputs, keras.layers.Dense(1, name="head")(
        activation(shared(activation(shared(inputs))))))  # fmt: skip
    assert told(model) == [("shared", "activation", "relu"), ("head", None, None)]


def test_sequential_models_are_watched_too() -> None:
    model = keras.Sequential(
        [keras.Input((4,)), keras.layers.Dense(3, name="first"), keras.layers.ReLU(name="relu"),
         keras.layers.Dense(1, name="last")]
    )  # fmt: skip
    assert told(model) == [("first", "relu", "relu"), ("last", None, None)]


def test_watching_changes_nothing() -> None:
    model = models.build(ModelSpec(depth=2, input_shape=(3,), num_classes=3))
    config, nodes = model.get_config(), [len(layer._inbound_nodes) for layer in model.layers]
    assert models.watched_layers(model) == models.watched_layers(model)
    assert model.get_config() == config
    assert [len(layer._inbound_nodes) for layer in model.layers] == nodes


def test_unconnected_models_cannot_be_watched() -> None:
    with pytest.raises(ModelError, match="some of its inputs are needed"):
        models.watched_layers(keras.Sequential([keras.layers.Dense(1)]))
