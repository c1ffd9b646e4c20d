"""The parts of Keras that are not public and that the engine stands on, all in one place.

Pinned by `keras>=3.15.1,<3.16`; `tests/train/test_keras_internals.py` fails
for each of them that changes.
"""

from __future__ import annotations

import contextlib
import math
import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import keras
import numpy as np
from keras.src import backend
from keras.src.initializers.random_initializers import compute_fans

from fathom.models import without_values

# Standard deviation of a standard normal truncated at two deviations.
TRUNCATED_DEVIATION = 0.87962566103423978


@contextlib.contextmanager
def default_seeds(seed: int) -> Iterator[None]:
    """Make Keras draw its default seeds as after `keras.utils.set_random_seed(seed)`."""
    state = random.getstate()
    random.seed(seed)
    try:
        yield
    finally:
        random.setstate(state)


def drawn_seeds(seed: int, count: int) -> list[int]:
    """Return the first `count` default seeds that Keras draws after `seed`."""
    generator = random.Random(seed)
    return [generator.randint(1, int(1e9)) for _ in range(count)]


def initializer_of(variable: Any) -> Callable[..., Any] | None:
    """Return the initializer of a variable made `without_values`, None if it has a value."""
    return None if variable._value is not None else variable._initializer


def seed_of(variable: Any) -> int | None:
    """Return the seed of a valueless variable that holds a seed generator's state."""
    if variable.dtype != "uint32" or tuple(variable.shape) != (2,):
        return None
    if isinstance(variable._initializer, keras.initializers.Initializer):
        return None
    return int(np.asarray(variable._initializer(variable.shape, dtype=variable.dtype))[0])


def distribution_of(initializer: Any, shape: Sequence[int]) -> tuple[str, float, float] | None:
    """Return the distribution that one of Keras's initializers draws from.

    Returns:
        `("uniform", low, high)`, `("normal", mean, deviation)` or
        `("truncated_normal", mean, deviation)`, the deviation before
        truncation; None for any other initializer.
    """
    kinds = keras.initializers
    if isinstance(initializer, kinds.RandomUniform):
        return "uniform", initializer.minval, initializer.maxval
    if isinstance(initializer, kinds.TruncatedNormal):
        return "truncated_normal", initializer.mean, initializer.stddev
    if isinstance(initializer, kinds.RandomNormal):
        return "normal", initializer.mean, initializer.stddev
    if isinstance(initializer, kinds.VarianceScaling):
        return _scaled_distribution(initializer, shape)
    return None


def _scaled_distribution(initializer: Any, shape: Sequence[int]) -> tuple[str, float, float]:
    fan_in, fan_out = compute_fans(
        shape, input_axes=initializer.input_axes, output_axes=initializer.output_axes
    )
    fans = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}
    variance = initializer.scale / max(1.0, fans[initializer.mode])
    if initializer.distribution == "truncated_normal":
        return "truncated_normal", 0.0, math.sqrt(variance) / TRUNCATED_DEVIATION
    if initializer.distribution == "untruncated_normal":
        return "normal", 0.0, math.sqrt(variance)
    return "uniform", -math.sqrt(3 * variance), math.sqrt(3 * variance)


class FixedSeed(keras.random.SeedGenerator):
    """Stands where an initializer holds its seed, and gives a seed that may be traced."""

    def __init__(self, seed: Any) -> None:
        self.value = seed

    def next(self, ordered: bool = True) -> Any:
        """Return the state that Keras makes of an integer seed: `(seed, 0)`, uint32."""
        return keras.ops.stack([self.value, keras.ops.zeros_like(self.value)])


def build_training_state(model: keras.Model, x: Any, y: Any) -> None:
    """Create the variables of optimizer, loss and metrics, without values.

    Args:
        model: A compiled model.
        x: One batch of inputs; only shapes and dtypes matter.
        y: The batch's targets.
    """
    _build_optimizer(model)
    with without_values():
        model._symbolic_build(data_batch=(x, y, None))


def _build_optimizer(model: keras.Model) -> None:
    """Build the optimizer without values, or with, where it computes while it builds."""
    optimizer: Any = model.optimizer
    try:
        with without_values():
            optimizer.build(model.trainable_variables)
    except ValueError:  # a half-built optimizer cannot be built again
        model.optimizer = type(optimizer).from_config(optimizer.get_config())
        model.optimizer.build(model.trainable_variables)


def assign_values(variables: Sequence[Any], values: Sequence[Any]) -> None:
    """Give variables their values, also those made `without_values`."""
    for variable, value in zip(variables, values, strict=True):
        variable._value = backend.convert_to_tensor(np.asarray(value), dtype=variable.dtype)
        variable._initializer = None
