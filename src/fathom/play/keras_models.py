"""The experiment's network as an ordinary Keras model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras

from fathom.play.catalog import OPTIMIZERS, chosen
from fathom.play.experiment import Experiment, Layer


@dataclass(frozen=True)
class Built:
    """A model and what can be looked at inside it.

    Args:
        model: From inputs to outputs.
        taps: From inputs to each hidden layer's output, the logits and the outputs.
        dense: The dense layers, the last one's too.
        parts: For each of them (normalisation or None, projection of the skip or None).
        units: Units of each of them.
        activations: Activation of each of them.
        is_plain: Whether each is nothing but kernel, bias and activation.
    """

    model: keras.Model
    taps: keras.Model
    dense: list[keras.layers.Dense]
    parts: list[tuple[Any, Any]]
    units: list[int]
    activations: list[str]
    is_plain: list[bool]


def build_model(experiment: Experiment, *, inputs: int, outputs: int, output: str) -> Built:
    """Return the model, its weights not yet drawn.

    Args:
        experiment: Whose network it is.
        inputs: Number of features.
        outputs: Units of the last layer.
        output: Its activation.
    """
    x = start = keras.Input((inputs,), name="features")
    dense, parts, taps = [], [], []
    for number, layer in enumerate(experiment.network.layers, start=1):
        x, own, part = _hidden(x, layer, number)
        dense.append(own)
        parts.append(part)
        taps.append(x)
    last = keras.layers.Dense(
        outputs,
        kernel_initializer="zeros",
        trainable=not experiment.network.output.frozen,
        name="output",
    )
    logits = last(x)
    end = keras.layers.Activation(output, name="answer")(logits)
    layers = experiment.network.layers
    return Built(
        model=keras.Model(start, end, name="network"),
        taps=keras.Model(start, [*taps, logits, end]),
        dense=[*dense, last],
        parts=[*parts, (None, None)],
        units=[*(layer.units for layer in layers), outputs],
        activations=[*(layer.activation for layer in layers), output],
        is_plain=[*map(_is_plain, layers), True],
    )


def _is_plain(layer: Layer) -> bool:
    return layer.normalization == "none" and not layer.dropout and not layer.skip


def _hidden(x: Any, layer: Layer, number: int) -> tuple[Any, Any, tuple[Any, Any]]:
    """Return a hidden layer's output, its dense layer, and its normalisation and projection."""
    before, trains = x, not layer.frozen
    dense = keras.layers.Dense(
        layer.units, kernel_initializer="zeros", trainable=trains, name=f"hidden_{number}"
    )
    x = dense(x)
    normal = _normalization(layer, number)
    if normal is not None:
        x = normal(x)
    x = keras.layers.Activation(layer.activation, name=f"activation_{number}")(x)
    if layer.dropout:
        x = keras.layers.Dropout(layer.dropout, seed=number, name=f"dropout_{number}")(x)
    if not layer.skip:
        return x, dense, (normal, None)
    projection = None
    if before.shape[-1] != layer.units:
        projection = keras.layers.Dense(
            layer.units,
            use_bias=False,
            kernel_initializer="zeros",
            trainable=trains,
            name=f"skip_{number}",
        )
        before = projection(before)
    return keras.layers.Add(name=f"add_{number}")([x, before]), dense, (normal, projection)


def _normalization(layer: Layer, number: int) -> Any:
    name, trains = f"normalization_{number}", not layer.frozen
    if layer.normalization == "batch":
        return keras.layers.BatchNormalization(name=name, trainable=trains)
    if layer.normalization == "layer":
        return keras.layers.LayerNormalization(name=name, trainable=trains)
    return None


def optimizer_of(experiment: Experiment) -> keras.optimizers.Optimizer:
    """Return the experiment's optimizer, with Keras's own defaults where it says nothing."""
    settings = {key: value for key, value in experiment.optimizer.items() if key != "name"}
    name = str(experiment.optimizer["name"])
    kinds: dict[str, Any] = {key.lower(): kind for key, kind in vars(keras.optimizers).items()}
    known = {one.key for one in chosen(OPTIMIZERS, name).settings} | {"learning_rate"}
    own = {key: value for key, value in settings.items() if key in known}
    extra = {"relative_step": False} if name == "adafactor" else {}
    return kinds[name](**own, **extra)
