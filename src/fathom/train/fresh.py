"""Weights as they would have been before training, for many seeds at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import keras
import numpy as np

from fathom.models import without_values
from fathom.train import keras_internals
from fathom.train.blueprint import REFERENCE_SEED, Blueprint
from fathom.train.initial import initial_weights
from fathom.train.variants import Networks


def fresh_weights(build: Callable[[], keras.Model], seeds: Sequence[int]) -> Networks:
    """Return the weights that Keras draws for a model after each global seed.

    Args:
        build: Makes the model anew.
        seeds: A seed per network.
    """
    with keras_internals.default_seeds(REFERENCE_SEED):
        model = _without_values(build)
    count = 8 * len(model.variables) + 64
    draws = tuple(keras_internals.drawn_seeds(REFERENCE_SEED, count))
    trainable, non_trainable = initial_weights(Blueprint(model, build, draws), seeds)
    return Networks([*map(np.asarray, trainable)], [*map(np.asarray, non_trainable)])


def _without_values(build: Callable[[], keras.Model]) -> keras.Model:
    """Build quickly, or ordinarily where building needs the values of weights."""
    try:
        with without_values() as scope:
            model = build()
        return model if not scope.state_mapping else build()
    except ValueError:  # Keras's word for "this needs values"; a true fault is raised again
        return build()
