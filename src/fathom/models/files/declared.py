"""How much memory a configuration asks for, found without taking any of it."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any

import keras

from fathom.errors import ModelError
from fathom.models.graph import calls, is_functional
from fathom.models.shapes import without_values

MAX_ACTIVATIONS = 2**28
# Variables that Keras makes and does not save, such as the states of recurrent layers.
UNSAVED_BYTES = 64 * 2**20

_ITEM_BYTES = {"bool": 1, "int8": 1, "uint8": 1, "float16": 2, "bfloat16": 2, "float32": 4,
               "int32": 4, "uint32": 4}  # fmt: skip


def check_declared(config: dict[str, Any], stored: int, source: str) -> None:
    """Refuse a configuration that declares more than its file brings along.

    Args:
        config: The model's configuration, already checked.
        stored: Bytes of the arrays in the file.
        source: The file, for messages.

    Raises:
        ModelError: Keras cannot build it, or the variables or the activations
            of one row would be out of proportion.
    """
    with without_values():
        model = _model_of(config, source)
        declared = sum(_bytes(variable) for variable in model.variables)
    if declared > stored + UNSAVED_BYTES:
        raise ModelError(
            f"The variables of a model must be stored in its file. Received: {declared} bytes "
            f"declared, {stored} stored in {source}.",
            hint="the file is damaged or made to exhaust memory",
        )
    largest = max(_activations(model), default=0)
    if largest > MAX_ACTIVATIONS:
        raise ModelError(
            f"A layer must put out at most {MAX_ACTIVATIONS} numbers for one row. "
            f"Received: {largest} in {source}."
        )


def _model_of(config: dict[str, Any], source: str) -> keras.Model:
    try:
        model = keras.saving.deserialize_keras_object(_uncompiled(config))
    except Exception as error:  # whatever Keras's layers make of hostile settings
        raise unbuildable(source, error) from error
    if not isinstance(model, keras.Model):
        raise ModelError(f"{source} does not hold a model.")
    return model


def _uncompiled(config: dict[str, Any]) -> dict[str, Any]:
    """Return a copy without optimizers, losses and metrics, nested models' too."""
    return json.loads(json.dumps(config), object_hook=_without_compile_config)


def _without_compile_config(settings: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in settings.items() if key != "compile_config"}


def unbuildable(source: str, error: BaseException) -> ModelError:
    """Return the refusal of a file that Keras cannot make a model of."""
    first_line = ascii(str(error).strip().partition("\n")[0])[1:-1]
    return ModelError(f"Keras cannot build the model in {source}: {first_line[:300]}")


def _bytes(variable: Any) -> int:
    return math.prod(variable.shape) * _ITEM_BYTES.get(variable.dtype, 8)


def _activations(model: keras.Model) -> Iterator[int]:
    """Yield the numbers that each layer puts out for one row, nested models too."""
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from _activations(layer)
    if is_functional(model):
        for node in calls(model):
            for tensor in node.output_tensors:
                yield math.prod(size for size in tensor.shape if size is not None)
