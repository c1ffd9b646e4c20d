"""The networks that are compared: ReLU layers of one width, and one output."""

from __future__ import annotations

import functools
from typing import Any

import keras

from fathom import models, train
from fathom.data import Dataset
from fathom.studies.depth_separation.targets import Target

# Of the uniform distribution that biases begin with: with zeros every unit would bend at the
# origin, and one hidden layer would have to move all of its kinks through the data first.
BIAS_RANGE = 1.0


def network(target: Target, units: int, depth: int) -> keras.Model:
    """Return `depth` hidden layers of ReLUs, He's weights, and a value or probability."""
    layers = keras.layers
    inputs = stream = keras.Input((target.inputs,))
    for _ in range(depth):
        begin: Any = keras.initializers.RandomUniform(-BIAS_RANGE, BIAS_RANGE)
        stream = layers.Dense(
            units, "relu", kernel_initializer="he_normal", bias_initializer=begin
        )(stream)
    ending = None if target.task == "regression" else "sigmoid"
    return keras.Model(inputs, layers.Dense(1, ending)(stream))


def blueprint(
    target: Target, dataset: Dataset, *, units: int, depth: int, batch_size: int
) -> train.Blueprint:
    """Return the compiled network, recorded so that any number of members can begin from it."""
    batch = dataset.train.x[:batch_size], dataset.train.y[:batch_size]
    compiled = functools.partial(
        models.compile_for, task=target.task, optimizer="adam", metrics=False
    )
    return train.record(functools.partial(network, target, units, depth), compiled, *batch)
