"""Networks whose layers' worth is known, because their weights were written by hand."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

FEATURES = 6
CARRIER = "add_2"
IDLE = ("add_1", "add_3")
_L = keras.layers


def absolute_value(rows: int = 600, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return inputs (rows, 6) and whether the size of the first is above its median.

    No linear model can tell: the sign is of no help. The last feature is zero.
    """
    x = np.random.default_rng(seed).normal(size=(rows, FEATURES)).astype("float32")
    x[:, -1] = 0
    y = (np.abs(x[:, 0]) > 0.6745).astype("int32")
    return x, y


def carrying_network() -> keras.Model:
    """Return a residual network in which the second of three blocks does all the work.

    It writes |x_0| into the last feature, which the head reads. The other blocks add zeros.
    """
    stream = inputs = keras.Input((FEATURES,), name="input")
    for block in (1, 2, 3):
        branch = _L.Dense(4, activation="relu", name=f"inner_{block}")(stream)
        branch = _L.Dense(FEATURES, name=f"outer_{block}")(branch)
        stream = _L.Add(name=f"add_{block}")([stream, branch])
    model = keras.Model(inputs, _L.Dense(2, activation="softmax", name="head")(stream))
    for block in (1, 3):
        _write(model, f"outer_{block}", np.zeros((4, FEATURES)))
    inner, outer = np.zeros((FEATURES, 4)), np.zeros((4, FEATURES))
    inner[0, :2] = 1, -1
    outer[:2, -1] = 1
    _write(model, "inner_2", inner)
    _write(model, "outer_2", outer)
    head = np.zeros((FEATURES, 2))
    head[-1, 1] = 20
    _write(model, "head", head, np.array([0, -20 * 0.6745]))
    return model


def identity_network(seed: int = 0) -> keras.Model:
    """Return a plain network whose second layer is the identity; the rest does the work."""
    inputs = keras.Input((FEATURES,), name="input")
    hidden = _L.Dense(4, activation="relu", name="work")(inputs)
    hidden = _L.Dense(4, name="identity")(hidden)
    model = keras.Model(inputs, _L.Dense(2, name="head")(hidden), name="plain")
    work = np.zeros((FEATURES, 4))
    work[0, :2] = 1, -1
    work[1, 2], work[2, 3] = 1, 1
    _write(model, "work", work)
    _write(model, "identity", np.eye(4))
    head = np.zeros((4, 2))
    head[:2, 1] = 20
    _write(model, "head", head, np.array([0, -20 * 0.6745]))
    return model


def _write(model: Any, name: str, kernel: np.ndarray, bias: np.ndarray | None = None) -> None:
    layer = model.get_layer(name)
    layer.set_weights([kernel, np.zeros(kernel.shape[1]) if bias is None else bias])
