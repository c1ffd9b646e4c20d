"""A user's compiled model made anew: same architecture, fresh variables, same settings."""

from __future__ import annotations

import contextlib
import copy
import inspect
from collections.abc import Callable, Iterator
from typing import Any

import keras

from fathom.errors import ModelError
from fathom.train import keras_internals
from fathom.train.fitting.failures import failure

MAKE_A_FUNCTION = (
    "give a function without arguments that builds and compiles it: "
    "fathom.Population(build, seed=range(8))"
)


def check_model(model: Any) -> None:
    """Raise ModelError unless `model` is a Keras model compiled with a loss and an optimizer."""
    if not isinstance(model, keras.Model):
        raise ModelError(
            "The model must be a keras.Model, or a function without arguments that returns one. "
            f"Received: {type(model).__module__}.{type(model).__name__}."
        )
    if not model.compiled:
        raise ModelError(
            f"The model must be compiled. Received: {model.name!r}, which is not.",
            hint='compile it first, for example model.compile("adam", "mse")',
        )
    if model.optimizer is None:
        raise ModelError(
            f"The model must have an optimizer. Received: {model.name!r} without one.",
            hint='compile it with one, for example model.compile("adam", "mse")',
        )


def call_builder(build: Callable[[], Any]) -> keras.Model:
    """Return what the user's function builds, checked.

    Raises:
        ModelError: It raises, takes arguments, or returns no compiled model.
    """
    try:
        model = build()
    except Exception as error:  # whatever the user's own code raises
        raise ModelError(
            f"The function that builds the model raised {type(error).__name__}: {error}."
        ) from error
    check_model(model)
    return model


def uncompiled_copy(model: keras.Model) -> keras.Model:
    """Return a model of the same architecture with variables of its own, not compiled.

    Raises:
        ModelError: The model's configuration does not tell how to build it.
    """
    try:
        with _as_if_uncompiled(model):
            return _revived(model)
    except Exception as error:  # layers revive themselves, in their own words
        raise ModelError(
            f"The model cannot be built again from its configuration. Received: {model.name!r}; "
            f"{type(error).__name__}: {str(error).splitlines()[0]}",
            hint=MAKE_A_FUNCTION,
        ) from error


def _revived(model: keras.Model) -> keras.Model:
    if keras_internals.is_graph(model):
        return keras.models.clone_model(model, recursive=True)
    config = model.get_config()
    try:
        return type(model).from_config(config)
    except TypeError:  # Keras adds settings that not every constructor takes
        accepted = inspect.signature(type(model).__init__).parameters
        return type(model)(**{key: value for key, value in config.items() if key in accepted})


@contextlib.contextmanager
def _as_if_uncompiled(model: keras.Model) -> Iterator[None]:
    """Keep Keras from compiling the copy through a configuration that not every loss has."""
    compiled = model.compiled
    model.compiled = False
    try:
        yield
    finally:
        model.compiled = compiled


def check_is_same(model: keras.Model, copied: keras.Model) -> None:
    """Raise ModelError unless a copy has the variables of the model."""
    if not model.built:
        return
    shapes, found = _shapes(model), _shapes(copied)
    if shapes != found:
        raise ModelError(
            "The model's configuration must tell its architecture. Received: "
            f"{model.name!r} with variables of shapes {_few(shapes)}, whose configuration "
            f"gives {_few(found)}.",
            hint=f"write its get_config, or {MAKE_A_FUNCTION}",
        )


def _shapes(model: keras.Model) -> list[tuple[int, ...]]:
    return [tuple(variable.shape) for variable in model.variables]


def _few(shapes: list[tuple[int, ...]]) -> str:
    return ", ".join(map(str, shapes[:4])) + (", ..." if len(shapes) > 4 else "")


def compile_like(copied: keras.Model, model: keras.Model, *, optimizer: Any = None) -> keras.Model:
    """Compile a copy as the model is compiled, with optimizer, losses and metrics of its own.

    Args:
        copied: The copy.
        model: The compiled model.
        optimizer: A Keras optimizer, or the name of one, in place of the model's.
    """
    settings = {key: _own(value) for key, value in model._compile_config.config.items()}
    settings["optimizer"] = keras.optimizers.get(
        _own(model.optimizer if optimizer is None else optimizer)
    )
    copied.compile(**{**settings, "run_eagerly": False})
    return copied


def build(model: keras.Model, x: Any) -> None:
    """Build a model that waits for its first batch `x`.

    Raises:
        DataError: It does not take such inputs.
        ModelError: A layer of it cannot be traced.
    """
    if model.built:
        return
    try:
        keras_internals.build_without_data(model, x)
    except Exception as error:  # whatever a layer makes of an input it cannot take
        raise failure(error, model, (x, None, None), batch_axes=1) from error


def copy_statistics(copied: keras.Model, model: keras.Model) -> None:
    """Give normalization layers the mean and variance they were adapted to: Keras bakes them in."""
    if not model.built:
        return
    layers = zip(copied._flatten_layers(), model._flatten_layers(), strict=True)
    for ours, theirs in layers:
        if isinstance(theirs, keras.layers.Normalization) and theirs.built:
            ours.mean, ours.variance = theirs.mean, theirs.variance


def _own(value: Any) -> Any:
    """Return a copy of an optimizer, loss or metric; what holds no state is shared."""
    if isinstance(value, dict):
        return {key: _own(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_own(part) for part in value)
    if isinstance(value, keras.Loss):
        return copy.copy(value)
    if isinstance(value, keras.Optimizer | keras.Metric):
        return type(value).from_config(value.get_config())
    return value
