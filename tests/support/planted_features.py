"""Networks whose features are known, because their weights were written by hand."""

from __future__ import annotations

import keras
import numpy as np

SIDE = 4
PIXEL, OTHER = (1, 2), (3, 0)
PIXELS, CLASSES, HEAD = "pixels", "classes", "head"
BRIGHT, DARK, DEAD, SECOND = range(4)
MARGIN = 0.25
_L = keras.layers


def pictures(rows: int = 300, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return pictures (rows, 4, 4, 1) in [0, 1], and whether one pixel is far from grey.

    No linear model can tell: the pixel may be bright or dark.
    """
    x = np.random.default_rng(seed).uniform(size=(rows, SIDE, SIDE, 1)).astype("float32")
    y = (np.abs(x[:, *PIXEL, 0] - 0.5) > MARGIN).astype("int32")
    return x, y


def picture_network() -> keras.Model:
    """Return a network that reads one pixel, tells the classes in its second layer, and smears.

    The units of the first layer respond to the pixel being bright, to it being dark, to nothing,
    and to another pixel. The second layer has the classes a step apart, and a unit for the other
    pixel. The head adds that to both answers, which changes none but blurs the classes.
    """
    model = keras.Sequential(
        [
            keras.Input((SIDE, SIDE, 1)),
            _L.Flatten(),
            _L.Dense(4, activation="relu", name=PIXELS),
            _L.Dense(3, activation="sigmoid", name=CLASSES),
            _L.Dense(2, name=HEAD),
        ],
        name="planted",
    )
    place, other = PIXEL[0] * SIDE + PIXEL[1], OTHER[0] * SIDE + OTHER[1]
    kernel = np.zeros((SIDE * SIDE, 4))
    kernel[place, BRIGHT], kernel[place, DARK], kernel[other, SECOND] = 1, -1, 1
    _write(model, PIXELS, kernel, [-0.5, 0.5, -1, 0])
    steep = 60
    kernel = np.zeros((4, 3))
    kernel[[BRIGHT, DARK], 0], kernel[[BRIGHT, DARK], 1], kernel[SECOND, 2] = -steep, steep, 2
    _write(model, CLASSES, kernel, [steep * MARGIN, -steep * MARGIN, -1])
    _write(model, HEAD, np.array([[2, 0], [0, 2], [8, 8]]), [0, 0])
    return model


def plane(rows: int = 300, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return points (rows, 2), and whether they lie in one pair of opposite quarters."""
    x = np.random.default_rng(seed).uniform(-2, 2, size=(rows, 2)).astype("float32")
    return x, (x.prod(axis=1) > 0).astype("int32")


def plane_network() -> keras.Model:
    """Return a network whose first layer lays the plane into six dimensions, and rectifies next."""
    model = keras.Sequential(
        [
            keras.Input((2,)),
            _L.Dense(6, name="laid"),
            _L.Dense(3, activation="relu", name="halves"),
            _L.Dense(2, activation="softmax", name=HEAD),
        ],
        name="flat",
    )
    turn, _ = np.linalg.qr(np.random.default_rng(1).normal(size=(6, 6)))
    _write(model, "laid", turn[:2], np.zeros(6))
    back = np.stack([turn[0], turn[1], turn[0] + turn[1]], axis=1)  # x1, x2, x1 + x2
    _write(model, "halves", back, [0, 0, -1])
    _write(model, HEAD, np.random.default_rng(2).normal(size=(3, 2)), [0, 0])
    return model


def _write(model: keras.Model, name: str, kernel: np.ndarray, bias: object) -> None:
    model.get_layer(name).set_weights([kernel, np.array(bias)])
