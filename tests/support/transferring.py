"""A task that few labels cannot teach, and a network whose first layer computes what it needs."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

FEATURES, UNITS = 20, 8
_L = keras.layers


def product_sign(rows: int = 700, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return inputs (rows, 20) and whether the product of two hidden directions is positive.

    The directions are drawn by seed 0, whatever the rows. Each alone tells nothing.
    """
    x = np.random.default_rng(seed).normal(size=(rows, FEATURES)).astype("float32")
    first, second = (x @ _directions().T).T
    return x, (first * second > 0).astype("int32")


def knowing_network(name: str = "source") -> Any:
    """Return a network for three other classes whose first layer makes the task linear.

    u v is positive where |u + v| is above |u - v|: four of its units are the parts of these.
    """
    model = keras.Sequential(
        [
            keras.Input((FEATURES,), name="input"),
            _L.Dense(UNITS, activation="relu", name="products"),
            _L.Dense(3, activation="softmax", name="old_head"),
        ],
        name=name,
    )
    u, v = _directions()
    kernel = np.zeros((FEATURES, UNITS))
    kernel[:, :4] = np.stack([u + v, -u - v, u - v, v - u], axis=1)
    model.get_layer("products").set_weights([kernel, np.zeros(UNITS)])
    return model


def destroyed_network(seed: int = 3) -> Any:
    """Return the same network with weights that know nothing."""
    model = knowing_network("destroyed")
    kernel = np.random.default_rng(seed).normal(size=(FEATURES, UNITS)) / FEATURES**0.5
    model.get_layer("products").set_weights([kernel, np.zeros(UNITS)])
    return model


def _directions() -> np.ndarray:
    drawn = np.random.default_rng(0).normal(size=(2, FEATURES))
    return (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype("float32")
