"""Small networks and data that the engine's tests share."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import keras
import numpy as np

from fathom import measure, models, train

FEATURES, CLASSES = 6, 3
_OPTIMIZERS = {name.lower(): kind for name, kind in vars(keras.optimizers).items()}


def problem(rows: int = 70, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return inputs (rows, 6) and classes (rows,) that a network can learn."""
    generator = np.random.default_rng(seed)
    x = generator.normal(size=(rows, FEATURES)).astype("float32")
    y = np.argmax(x[:, :CLASSES] + 0.5 * x[:, CLASSES:] ** 2, axis=1).astype("int32")
    return x, y


def mlp(depth: int = 2, *, width: int = 8, activation: str = "relu", **dense: Any) -> keras.Model:
    """Return an MLP that ends in logits, its activations layers of their own."""
    hidden = inputs = keras.Input((FEATURES,), name="input")
    for block in range(1, depth + 1):
        hidden = keras.layers.Dense(width, name=f"dense_{block}", **dense)(hidden)
        hidden = keras.layers.Activation(activation, name=f"activation_{block}")(hidden)
    return keras.Model(inputs, keras.layers.Dense(CLASSES, name="logits")(hidden), name="mlp")


def compiled(model: keras.Model, optimizer: str = "adam") -> keras.Model:
    """Compile for integer classes, with a learning rate that the members replace."""
    model.compile(
        optimizer=_OPTIMIZERS[optimizer](),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    return model


WATCH = train.Watch(taps=models.watched_layers, statistics=measure.layer_statistics)


def population(
    build: Any = mlp,
    members: Any = None,
    *,
    optimizer: str = "adam",
    watch: train.Watch | None = None,
    batch_size: int = 10,
    data: tuple[Any, Any] | None = None,
    shrinks: bool = False,
) -> train.Cohort:
    """Return a compiled population on `problem`, by default of two seeds and two rates."""
    rows = problem() if data is None else data
    made = train.Cohort(
        train.record(build, lambda model: compiled(model, optimizer), *rows),
        members or train.product((0, 1), (1e-3, 1e-2)),
        train.TrainingData.place(rows, problem(30, seed=1)),
        score=measure.scorer("classification"),
        batch_size=batch_size,
        watch=watch,
        shrinks=shrinks,
    )
    with ThreadPoolExecutor(2) as executor:
        made.compile(executor)
        made.wait()
    return made
