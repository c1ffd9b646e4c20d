"""Small watched trainings that diagnoses are tried on."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

FEATURES, CLASSES = 8, 3


def rows(count: int = 512, *, seed: int = 0, noise: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Return inputs (count, 8) and classes (count,) that a small network can learn."""
    generator = np.random.default_rng(seed)
    x = generator.normal(size=(count, FEATURES)).astype("float32")
    scores = x[:, :CLASSES] + x[:, CLASSES : 2 * CLASSES - 1].sum(1, keepdims=True) * x[:, -3:]
    scores += noise * generator.normal(size=scores.shape)
    return x, scores.argmax(axis=1).astype("int32")


def mlp(
    *,
    depth: int = 2,
    width: int = 32,
    activation: Any = "relu",
    initializer: Any = "he_normal",
    bias: Any = "zeros",
    head: int = CLASSES,
) -> keras.Model:
    """Return a network of dense layers that ends without activation."""
    inputs = keras.Input((FEATURES,))
    x = inputs
    for block in range(1, depth + 1):
        x = keras.layers.Dense(
            width,
            activation=activation,
            kernel_initializer=initializer,
            bias_initializer=bias,
            name=f"dense_{block}",
        )(x)
    return keras.Model(inputs, keras.layers.Dense(head, name="head")(x))


def trained(
    model: keras.Model,
    data: tuple[np.ndarray, np.ndarray],
    validation: tuple[np.ndarray, np.ndarray] | None = None,
    *,
    optimizer: Any = "adam",
    loss: Any = None,
    epochs: int = 12,
    batch_size: int = 32,
    callbacks: Any = (),
    watch: str | None = "layers",
) -> keras.callbacks.History:
    """Return the history of a watched training."""
    from fathom.api.fitting import fit

    loss = loss or keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    metrics = ["accuracy"] if "Categorical" in type(loss).__name__ else None
    model.compile(optimizer=optimizer, loss=loss, metrics=metrics)
    return fit(
        model,
        *data,
        validation_data=validation,
        epochs=epochs,
        batch_size=batch_size,
        callbacks=list(callbacks),
        verbose=0,
        watch=watch,
    )
