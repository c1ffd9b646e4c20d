"""Keras's activations: which fit a hidden block, and what people call them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import keras

from fathom.specs import one_of

# glu halves the units of its block; threshold needs arguments; the rest are no activations.
_NOT_FOR_BLOCKS = {"glu", "threshold", "get", "serialize", "deserialize"}
_RECTIFIERS = {
    "relu", "relu6", "leaky_relu", "elu", "celu", "gelu", "silu", "swish", "hard_silu",
    "hard_swish", "mish", "softplus", "squareplus", "sparse_plus",
}  # fmt: skip
_LABELS = {
    "relu": "ReLU", "relu6": "ReLU6", "leaky_relu": "leaky ReLU", "elu": "ELU", "celu": "CELU",
    "selu": "SELU", "gelu": "GELU", "silu": "SiLU", "swish": "SiLU", "hard_silu": "hard SiLU",
    "hard_swish": "hard SiLU", "linear": "no activation",
}  # fmt: skip
_LAYERS = {
    "ReLU": "relu",
    "LeakyReLU": "leaky_relu",
    "PReLU": "prelu",
    "ELU": "elu",
    "Softmax": "softmax",
}


def known_activations() -> tuple[str, ...]:
    """Return the names of the Keras activations a hidden block can have."""
    names = (name for name, value in vars(keras.activations).items() if callable(value))
    return tuple(sorted(set(names) - _NOT_FOR_BLOCKS))


def check_activation(name: str) -> None:
    """Raise SpecError unless a hidden block can have the activation `name`."""
    one_of("activation", name, known_activations())


def activation_label(name: str) -> str:
    """Return what people call the activation `name`, such as "ReLU"."""
    return _LABELS.get(name, name.replace("_", " "))


def default_initializer(activation: str) -> str:
    """Return the Keras initializer that suits `activation`.

    He normal keeps the variance through a rectifier, LeCun normal is what
    SELU's self-normalisation assumes, Glorot uniform is Keras's own default.

    References:
        He et al., "Delving Deep into Rectifiers", ICCV 2015.
        Klambauer et al., "Self-Normalizing Neural Networks", NeurIPS 2017.
        Glorot and Bengio, "Understanding the difficulty of training deep
        feedforward neural networks", AISTATS 2010.
    """
    if activation in _RECTIFIERS:
        return "he_normal"
    return "lecun_normal" if activation == "selu" else "glorot_uniform"


def applied_activation(operation: Any) -> str | None:
    """Return the activation that `operation` is, or None if it is something else.

    `operation` is a layer or one of Keras's operations, as found in the graph
    of a functional model.
    """
    if isinstance(operation, keras.layers.Activation):
        return activation_name(operation.activation)
    if isinstance(operation, keras.layers.Layer):
        return _LAYERS.get(type(operation).__name__)
    name = _snake_case(type(operation).__name__)
    return name if name in known_activations() else None


def fused_activation(layer: Any) -> str | None:
    """Return the activation that `layer` applies to its own output, or None."""
    if isinstance(layer, keras.layers.Activation):
        return None
    function = getattr(layer, "activation", None)
    name = None if function is None else activation_name(function)
    return None if name == "linear" else name


def activation_name(function: Callable[..., Any]) -> str:
    """Return the name of an activation given as a function or as a layer."""
    if isinstance(function, keras.layers.Layer):
        return applied_activation(function) or type(function).__name__
    return getattr(function, "__name__", type(function).__name__)


def _snake_case(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
