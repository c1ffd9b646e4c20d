"""Random models with random optimizers, losses and batch sizes, one for each number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import layers, optimizers

from support.parity import Case

ROWS = 48
OPTIMIZERS: tuple[Callable[[], Any], ...] = (
    lambda: optimizers.SGD(0.02),
    lambda: optimizers.SGD(0.02, momentum=0.9, nesterov=True),
    lambda: optimizers.Adam(0.01),
    lambda: optimizers.AdamW(0.01, weight_decay=0.01, clipnorm=1.0),
    lambda: optimizers.RMSprop(0.005, centered=True),
    lambda: optimizers.Adam(optimizers.schedules.ExponentialDecay(0.01, 3, 0.9)),
    lambda: optimizers.Adamax(0.01, use_ema=True, ema_momentum=0.9),
    lambda: optimizers.Lion(0.002),
    lambda: optimizers.Nadam(0.01, gradient_accumulation_steps=2),
)
ACTIVATIONS = ("relu", "tanh", "gelu", "selu", "sigmoid", "silu", "linear")


def random_case(number: int) -> Case:
    """Return the case of a number; the same number gives the same case."""
    random = np.random.default_rng(number)
    shape = ((6,), (9, 4), (8, 8, 2))[random.choice(3, p=(0.5, 0.3, 0.2))]
    plan = _plan(random, shape)
    optimizer = OPTIMIZERS[random.integers(len(OPTIMIZERS))]
    y, units, activation, loss = _target(random)
    x = random.normal(size=(ROWS, *shape)).astype("float32")

    def build() -> keras.Model:
        return _built(shape, plan, units, activation)

    def compiled() -> dict[str, Any]:
        measured = ["accuracy"] if "crossentropy" in loss else ["mae"]
        return {"optimizer": optimizer(), "loss": loss, "metrics": measured}

    return Case(f"random model {number}", build, compiled, (x, y), _arguments(random))


def _plan(random: np.random.Generator, shape: tuple[int, ...]) -> list[tuple[str, Any]]:
    """Return kinds of layers with their settings."""
    kinds = {
        1: ("dense", "dense", "residual", "normalized", "dropout", "batch"),
        2: ("dense", "lstm", "convolution", "attention", "normalized", "dropout"),
        3: ("convolution", "convolution", "pooling", "batch", "dropout"),
    }[len(shape)]
    return [
        (
            str(random.choice(kinds)),
            {"units": int(random.integers(2, 9)), "activation": str(random.choice(ACTIVATIONS))},
        )
        for _ in range(random.integers(1, 5))
    ]


def _built(
    shape: tuple[int, ...], plan: list[tuple[str, Any]], units: int, activation: str | None
) -> keras.Model:
    inputs = hidden = keras.Input(shape)
    for kind, setting in plan:
        hidden = _layered(kind, hidden, **setting)
    if len(hidden.shape) > 2:
        hidden = layers.Flatten()(hidden)
    return keras.Model(inputs, layers.Dense(units, activation)(hidden))


def _layered(kind: str, x: Any, *, units: int, activation: str) -> Any:
    rank = len(x.shape) - 2
    if kind == "convolution":
        made = layers.Conv1D if rank == 1 else layers.Conv2D
        return made(units, 3, padding="same", activation=activation)(x)
    if kind == "residual":
        return layers.Add()([x, layers.Dense(x.shape[-1], activation)(x)])
    if kind == "attention":
        return x + layers.MultiHeadAttention(2, units)(x, x)
    simple: dict[str, Callable[[], Any]] = {
        "dense": lambda: layers.Dense(units, activation, kernel_regularizer="l2"),
        "lstm": lambda: layers.LSTM(units, return_sequences=True),
        "normalized": lambda: layers.LayerNormalization(),
        "batch": lambda: layers.BatchNormalization(),
        "dropout": lambda: layers.Dropout(0.2),
        "pooling": lambda: layers.MaxPooling2D(2, padding="same"),
    }
    return simple[kind]()(x)


def _target(random: np.random.Generator) -> tuple[np.ndarray, int, str | None, str]:
    """Return targets, and the units, activation and loss that suit them."""
    kind = random.integers(4)
    classes = random.integers(0, 3, ROWS)
    if kind == 0:
        return classes, 3, "softmax", "sparse_categorical_crossentropy"
    if kind == 1:
        return np.eye(3, dtype="float32")[classes], 3, "softmax", "categorical_crossentropy"
    if kind == 2:
        return (classes[:, None] > 0).astype("float32"), 1, "sigmoid", "binary_crossentropy"
    return random.normal(size=(ROWS, 2)).astype("float32"), 2, None, "huber"


def _arguments(random: np.random.Generator) -> dict[str, Any]:
    """Return how it is trained."""
    arguments: dict[str, Any] = {
        "batch_size": int(random.integers(1, 33)),
        "epochs": int(random.integers(1, 4)),
        "shuffle": bool(random.integers(2)),
    }
    if random.integers(2):
        arguments["validation_split"] = 0.25
    if random.integers(3) == 0:
        arguments["sample_weight"] = random.uniform(0.1, 2, ROWS).astype("float32")
    return arguments
