"""A model recorded once, from which the states of any number of members are made."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import keras
import numpy as np

from fathom.models import without_values
from fathom.train import keras_internals

# Any number serves: it only has to be known when the drawn seeds are recognised.
REFERENCE_SEED = 20_260_517


@dataclass(frozen=True)
class Blueprint:
    """A compiled model and how its variables begin.

    Args:
        model: The compiled model that is trained. Its variables may hold no
            values: those live in the populations.
        build: Makes the uncompiled model anew, with values.
        draws: The default seeds that Keras may have drawn while building, in
            order.
    """

    model: keras.Model
    build: Callable[[], keras.Model]
    draws: tuple[int, ...]

    @property
    def num_parameters(self) -> int:
        """Trainable parameters of one member."""
        return sum(int(np.prod(v.shape)) for v in self.model.trainable_variables)

    @cached_property
    def operations_per_row(self) -> float:
        """Multiplications of a forward pass for one row, about: parameters times their uses."""
        return float(max(_operations(self.model), self.num_parameters))

    @property
    def learning_rate_place(self) -> int | None:
        """Place of the learning rate among the optimizer's variables; None for a schedule."""
        return keras_internals.learning_rate_place(self.model.optimizer)


def _operations(layer: Any) -> int:
    if isinstance(layer, keras.Model):
        return sum(map(_operations, layer.layers))
    return sum(math.prod(v.shape) for v in layer.trainable_variables) * _positions(layer)


def _positions(layer: Any) -> int:
    """Return at how many places of a row a layer applies its weights: pixels, or steps in time."""
    sizes = [1]
    for side in ("input", "output"):
        tensors = keras.tree.flatten(getattr(layer, side, None))  # None outside of a graph
        sizes += [math.prod(size or 1 for size in t.shape[1:-1]) for t in tensors if t is not None]
    return max(sizes)


def record(
    build: Callable[[], keras.Model],
    compile_model: Callable[[keras.Model], keras.Model],
    x: Any,
    y: Any,
    sample_weight: Any = None,
    *,
    is_trained: bool = True,
) -> Blueprint:
    """Build and compile a model without computing its initial weights.

    Args:
        build: Makes the model. A function that needs the values of the
            weights while it builds is called again, ordinarily.
        compile_model: Returns the model that is trained, compiled with a loss
            and an optimizer; it shares the layers of the one it is given.
        x: One batch of inputs, as the model will be trained on.
        y: The batch's targets.
        sample_weight: The batch's weights, if it has any.
        is_trained: Whether the variables that training takes are wanted, too.
    """
    with keras_internals.default_seeds(REFERENCE_SEED):
        model = _build_without_values(build)
    trained = compile_model(model)
    if is_trained:
        keras_internals.build_training_state(trained, x, y, sample_weight)
    count = 8 * len(model.variables) + 64
    return Blueprint(trained, build, tuple(keras_internals.drawn_seeds(REFERENCE_SEED, count)))


def _build_without_values(build: Callable[[], keras.Model]) -> keras.Model:
    """Build quickly, or ordinarily where building reads or changes the values of weights."""
    try:
        with without_values() as scope:
            model = build()
        if not scope.state_mapping:
            return model
    except ValueError:  # Keras's word for "this needs values"; a true fault is raised again
        pass
    return build()


def build_with_values(
    build: Callable[[], keras.Model], values: Sequence[np.ndarray]
) -> keras.Model:
    """Return a model with the given weights, without drawing initial ones first.

    Args:
        build: Makes the model.
        values: Arrays in the order of its trainable, then its non-trainable variables.
    """
    model = _build_without_values(build)
    variables = [*model.trainable_variables, *model.non_trainable_variables]
    keras_internals.assign_values(variables, values)
    return model
