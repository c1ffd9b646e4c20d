"""Rows for a bare Keras model: numbers as they stand in the file."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

from fathom.errors import DataError, ModelError

if TYPE_CHECKING:
    import keras
    import numpy as np


def raw_inputs(source: str, model: keras.Model) -> np.ndarray:
    """Return the rows of a file, shaped as `model` takes them.

    Args:
        source: A .npz file with x, or a table whose columns are all numbers.
        model: A model with one input.

    Returns:
        float32 (rows, *shape of the model's input).

    Raises:
        DataError: The rows are not numbers, or not as many per row as the model takes.
        ModelError: The model has several inputs.
    """
    from fathom.data import read_numbers

    shape = _input_shape(model)
    rows = read_numbers(source)
    if math.prod(rows.shape[1:]) != math.prod(shape):
        raise DataError(
            f"The model takes {_words(shape)} per row. Received: {_words(rows.shape[1:])} per row "
            f"in {Path(source).name}.",
            hint="leave out the target and other columns that are no inputs",
        )
    return rows.reshape(len(rows), *shape).astype("float32")


def _input_shape(model: keras.Model) -> tuple[int, ...]:
    if len(model.inputs) != 1:
        raise ModelError(f"The model must have one input. Received: {len(model.inputs)} inputs.")
    shape = tuple(model.inputs[0].shape[1:])
    if None in shape:
        raise ModelError(
            f"The shape of the model's input must be known. Received: {shape}.",
            hint="use the model in Python, with Keras",
        )
    return shape


def _words(shape: tuple[int, ...]) -> str:
    shaped = "" if len(shape) == 1 else f" of shape {shape}"
    return f"{math.prod(shape):,} numbers{shaped}"
