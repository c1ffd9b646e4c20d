"""The networks of `engine.py`, as data, for every library to build."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

Layer = tuple  # ("dense", units), ("conv", filters, groups), ("separable", filters), ("pool",)


@dataclass(frozen=True)
class Network:
    """A network, its batch, and how long a measurement is.

    Args:
        name: What tables call it.
        inputs: Shape of one row, channels last.
        hidden: Its layers; all but pooling are followed by ReLU, kernels are 3 x 3.
        classes: Width of the last layer.
        batch: Rows per step.
        steps: Steps per epoch of a single network.
        one: How many times Keras `fit` one network should reach.
        many: The same for 32 networks.
    """

    name: str
    inputs: tuple[int, ...]
    hidden: tuple[Layer, ...]
    classes: int
    batch: int
    steps: int
    one: float
    many: float

    def data(self) -> tuple[np.ndarray, np.ndarray]:
        """Return random inputs and classes for one epoch."""
        generator = np.random.default_rng(0)
        rows = self.batch * self.steps
        x = generator.normal(size=(rows, *self.inputs)).astype("float32")
        return x, generator.integers(self.classes, size=rows).astype("int32")


def dense(*widths: int) -> tuple[Layer, ...]:
    """Return dense layers of these widths."""
    return tuple(("dense", width) for width in widths)


IMAGE = (28, 28, 1)
NETWORKS = (
    Network("2-8-8-8-2, batch 10", (2,), dense(8, 8, 8), 2, 10, 2000, 15, 80),
    Network("64-64x4-10, batch 32", (64,), dense(64, 64, 64, 64), 10, 32, 500, 2.5, 8),
    Network("784-512-10, batch 100", (784,), dense(512), 10, 100, 100, 1, 1.15),
    Network(
        "convolutions 8, 16 on 28x28, batch 32",
        IMAGE,
        (("conv", 8, 1), ("pool",), ("conv", 16, 1), ("pool",)),
        10,
        32,
        40,
        1,
        1,
    ),
    Network(
        "separable 16, 32, 32 on 28x28, batch 32",
        IMAGE,
        (("conv", 16, 1), ("separable", 32), ("pool",), ("separable", 32), ("pool",)),
        10,
        32,
        10,
        1,
        1,
    ),
    Network(
        "grouped 16, 32 in 4 groups on 28x28, batch 32",
        IMAGE,
        (("conv", 16, 1), ("pool",), ("conv", 32, 4), ("pool",)),
        10,
        32,
        20,
        1,
        1,
    ),
)


def keras_model(network: Network):
    """Return the network compiled with Adam, whichever backend Keras runs on."""
    import keras

    makers = {
        "dense": lambda units: keras.layers.Dense(units, activation="relu"),
        "conv": lambda filters, groups: keras.layers.Conv2D(
            filters, 3, groups=groups, activation="relu"
        ),
        "separable": lambda filters: keras.layers.SeparableConv2D(filters, 3, activation="relu"),
        "pool": lambda: keras.layers.MaxPooling2D(2),
    }
    layers = [makers[kind](*sizes) for kind, *sizes in network.hidden]
    if len(network.inputs) > 1:
        layers.append(keras.layers.Flatten())
    model = keras.Sequential(
        [keras.Input(network.inputs), *layers, keras.layers.Dense(network.classes)]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(1e-3), loss)
    return model
