"""The same model before it was trained: built again with weights that are drawn anew."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import keras

from fathom.errors import ModelError
from fathom.models.shapes import without_values


def renewal(model: keras.Model, input_shape: tuple[int, ...]) -> Callable[[], keras.Model]:
    """Return the function that builds `model` anew, uncompiled.

    Seeds that the initializers were given are left out: every call, after
    another global seed, draws other weights.

    Args:
        model: The model.
        input_shape: Of one row, to build a model that has not declared its input.

    Raises:
        ModelError: The model does not say how it is built.
    """
    try:
        config = _without_seeds(model.get_config())
        _check_builds(type(model), config, input_shape)
    except Exception as error:  # a subclassed model may raise anything here
        raise ModelError(
            f"To draw fresh weights, {model.name!r} must say how it is built. "
            f"Received: a {type(model).__name__} whose configuration cannot be used "
            f"({type(error).__name__}).",
            hint="give the model get_config and from_config, as Keras describes",
        ) from error
    return lambda: _built(type(model), config, input_shape)


def _built(kind: Any, config: dict[str, Any], input_shape: tuple[int, ...]) -> keras.Model:
    model = kind.from_config(copy.deepcopy(config))  # Keras takes the configuration apart
    if not model.built:
        model(keras.ops.zeros((1, *input_shape)))
    return model


def _check_builds(kind: Any, config: dict[str, Any], input_shape: tuple[int, ...]) -> None:
    """Build once, without drawing weights where the model can do without them."""
    try:
        with without_values():
            _built(kind, config, input_shape)
    except Exception:  # whatever needs the values of weights
        _built(kind, config, input_shape)


def _without_seeds(value: Any) -> Any:
    """Return a configuration in which every seed is to be drawn."""
    if isinstance(value, dict):
        return {
            key: None if key == "seed" and isinstance(one, int) else _without_seeds(one)
            for key, one in value.items()
        }
    if isinstance(value, list | tuple):
        return type(value)(map(_without_seeds, value))
    return value
