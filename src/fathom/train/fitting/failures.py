"""What went wrong while a model was traced, in words: which layer, which argument."""

from __future__ import annotations

import contextlib
import re
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

import jax
import keras

from fathom.errors import DataError, FathomError, ModelError
from fathom.train.fitting.adapters import kind

_LIBRARIES = {"keras", "jax", "fathom", "numpy"}
UNTRACEABLE = (
    jax.errors.ConcretizationTypeError,
    jax.errors.TracerArrayConversionError,
    jax.errors.TracerIntegerConversionError,
    jax.errors.UnexpectedTracerError,
    jax.errors.NonConcreteBooleanIndexError,
)


@contextlib.contextmanager
def explaining(model: keras.Model, data: Any, *, batch_axes: int) -> Iterator[None]:
    """Raise in words what Keras or JAX raise while they trace a model for `data`."""
    try:
        with _whole_traces():
            yield
    except FathomError:
        raise
    except Exception as error:
        raise failure(error, model, data, batch_axes=batch_axes) from None


@contextlib.contextmanager
def _whole_traces() -> Iterator[None]:
    """Let Keras keep its own frames in tracebacks: they tell which layer was running."""
    filtered = keras.config.is_traceback_filtering_enabled()
    keras.config.disable_traceback_filtering()
    try:
        yield
    finally:
        if filtered:
            keras.config.enable_traceback_filtering()


def failure(error: Exception, model: keras.Model, data: Any, *, batch_axes: int) -> FathomError:
    """Return the error to raise for one of Keras's or JAX's.

    Args:
        error: What was raised.
        model: What was being traced.
        data: What it was traced for.
        batch_axes: Leading axes of the data that are not a row's.
    """
    error = _cause(error)
    layer = _layer(error.__traceback__, model)
    where = f"layer {layer.name!r} ({type(layer).__name__})" if layer else "the model"
    if isinstance(error, UNTRACEABLE):
        return ModelError(
            f"Every layer must be traceable: its shapes and branches may not depend on the "
            f"values of tensors. Received: {where}, which asks for a value"
            f"{_place(error.__traceback__)}: {_words(error)}",
            hint="use keras.ops (ops.where, ops.cond) instead of Python's if or NumPy, or "
            "compile the model with run_eagerly=True, which trains at Keras's own speed",
        )
    if layer is None:
        return DataError(
            f"`y` must fit the model's outputs and loss. Received: {described(data, batch_axes)}; "
            f"{_words(error)}",
            hint=f"the model's output shape is {_output_shape(model)}; compare `y` with it",
        )
    return DataError(
        f"`x` must fit the model's inputs. Received: {described(data, batch_axes)}; "
        f"{where} says: {_words(error)}",
        hint=f"the model's input shape is {_input_shape(model)}",
    )


def _cause(error: Exception) -> Exception:
    """Return what went wrong first, where Keras stumbled over it or only says that building failed.

    Keras makes a second error of what a layer raises, which for JAX's errors fails by itself.
    """
    for earlier in _chain(error):
        if isinstance(earlier, UNTRACEABLE):
            return earlier
    is_wrapper = isinstance(error, RuntimeError) and "automatically build" in str(error)
    inner = error.__context__
    return inner if is_wrapper and isinstance(inner, Exception) else error


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def described(data: Any, batch_axes: int = 1) -> str:
    """Return words for the shapes of `x` and `y`."""
    x, y, weight = keras.utils.unpack_x_y_sample_weight(data)
    named = {"x": x, "y": y, "sample_weight": weight}
    return ", ".join(
        f"{name} {kind(jax.tree.map(lambda leaf: _row(leaf, batch_axes), part))}"
        for name, part in named.items()
        if part is not None
    )


def _row(leaf: Any, batch_axes: int) -> jax.ShapeDtypeStruct:
    return jax.ShapeDtypeStruct(leaf.shape[batch_axes - 1 :], leaf.dtype)


def _layer(trace: TracebackType | None, model: keras.Model) -> Any:
    """Return the innermost layer whose method was running, None outside of all layers."""
    found = None
    for frame, _ in traceback.walk_tb(trace):
        owner = frame.f_locals.get("self")
        if isinstance(owner, keras.Layer) and not _is_copy(owner, model):
            found = owner
    return found


def _is_copy(layer: keras.Layer, model: keras.Model) -> bool:
    """Return whether a layer is the model, or the copy of it that a population trains."""
    return layer is model or (type(layer) is type(model) and layer.name == model.name)


def _place(trace: TracebackType | None) -> str:
    """Return where in the user's own code something was raised, empty if nowhere."""
    places = [
        f" in {Path(frame.f_code.co_filename).name}, line {line}"
        for frame, line in traceback.walk_tb(trace)
        if not _LIBRARIES.intersection(Path(frame.f_code.co_filename).parts)
    ]
    return places[-1] if places else ""


def _words(error: Exception) -> str:
    """Return the first sentence of an error that says something."""
    plain = re.sub(r"\x1b\[[0-9;]*m", "", str(error))
    lines = [line.strip() for line in plain.splitlines() if line.strip()]
    telling = [line for line in lines if not line.startswith("Exception encountered")]
    return (telling or lines or [type(error).__name__])[0][:300]


def _input_shape(model: Any) -> Any:
    return getattr(model, "input_shape", None) if hasattr(model, "inputs") else "not fixed"


def _output_shape(model: Any) -> Any:
    return getattr(model, "output_shape", None) if hasattr(model, "outputs") else "not fixed"
