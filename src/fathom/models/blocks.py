"""The pieces that families are made of, and how many parameters each has.

Every piece is a layer of its own, so that the output of a Dense layer is a
pre-activation, and every layer is named, so that two builds of a spec agree.
"""

from __future__ import annotations

import math
from typing import Any

import keras

from fathom.models.initializers import hidden_initializer, linear_initializer
from fathom.specs import ModelSpec

Tensor = Any  # a keras.KerasTensor, `(batch, ...)`
# Of batch normalisation's moving averages. With Keras's 0.99 they still show the initial weights
# after a hundred steps: on small data nothing would validate that trains.
MOVING = 0.9


def flattened(x: Tensor) -> Tensor:
    """Return `x` as `(batch, features)`."""
    return x if len(x.shape) == 2 else keras.layers.Flatten(name="flatten")(x)


def dense(spec: ModelSpec, name: str, *, initializer: str | None = None) -> keras.layers.Layer:
    """Return the linear layer of a hidden block, `spec.width` units."""
    return keras.layers.Dense(
        spec.width,
        kernel_initializer=initializer or hidden_initializer(spec),
        kernel_regularizer=regularizer(spec),
        name=name,
    )


def convolution(
    spec: ModelSpec, channels: int, name: str, *, initializer: str | None = None
) -> keras.layers.Layer:
    """Return a 3 x 3 convolution that keeps height and width."""
    return keras.layers.Conv2D(
        channels,
        3,
        padding="same",
        kernel_initializer=initializer or hidden_initializer(spec),
        kernel_regularizer=regularizer(spec),
        name=name,
    )


def halving(spec: ModelSpec, channels: int, name: str) -> keras.layers.Layer:
    """Return a linear layer that halves height and width, an odd side rounded up."""
    return keras.layers.Conv2D(
        channels,
        2,
        strides=2,
        padding="same",
        kernel_initializer=linear_initializer(spec),
        kernel_regularizer=regularizer(spec),
        name=name,
    )


def activated(spec: ModelSpec, x: Tensor, suffix: str) -> Tensor:
    """Return `x` normalised, activated and dropped out, as far as the spec asks."""
    x = normalized(spec, x, suffix)
    x = keras.layers.Activation(spec.activation, name=f"activation_{suffix}")(x)
    return dropped(spec, x, suffix)


def normalized(spec: ModelSpec, x: Tensor, suffix: str) -> Tensor:
    """Return `x` normalised, if the spec asks for it."""
    if spec.normalization == "none":
        return x
    return _normalization(spec, f"normalization_{suffix}")(x)


def dropped(spec: ModelSpec, x: Tensor, suffix: str) -> Tensor:
    """Return `x` with a share of it dropped, if the spec asks for it."""
    return keras.layers.Dropout(spec.dropout, name=f"dropout_{suffix}")(x) if spec.dropout else x


def stack_parameters(spec: ModelSpec, layers: int) -> int:
    """Return the trainable parameters of `layers` Dense layers, each with its normalisation."""
    first = num_features(spec) * spec.width + spec.width
    other = spec.width * spec.width + spec.width
    return first + (layers - 1) * other + layers * normalization_parameters(spec, spec.width)


def normalization_parameters(spec: ModelSpec, units: int) -> int:
    """Return the trainable parameters of one normalisation: a scale and a shift per unit."""
    return 0 if spec.normalization == "none" else 2 * units


def layers_per_block(spec: ModelSpec) -> int:
    """Return the layers a signal passes in one block."""
    return 2 + (spec.normalization != "none") + (spec.dropout > 0)


def num_features(spec: ModelSpec) -> int:
    """Return the length of one flattened input."""
    return math.prod(spec.input_shape)


def _normalization(spec: ModelSpec, name: str) -> keras.layers.Layer:
    if spec.normalization == "batch":
        return keras.layers.BatchNormalization(momentum=MOVING, name=name)
    return keras.layers.LayerNormalization(name=name)


def regularizer(spec: ModelSpec) -> keras.regularizers.Regularizer | None:
    """Return the penalty, in the single classes where they do: those can vary by member."""
    if spec.l1 and spec.l2:
        return keras.regularizers.L1L2(l1=spec.l1, l2=spec.l2)
    if spec.l1:
        return keras.regularizers.L1(spec.l1)
    return keras.regularizers.L2(spec.l2) if spec.l2 else None
