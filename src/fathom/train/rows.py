"""Rows as arrays: what a user gives as inputs, targets and weights, as Keras reads it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax
import keras
import numpy as np

from fathom.errors import DataError
from fathom.train.fitting.adapters import adapter, standard_rows

# (x, y, sample_weight), each an array, a structure of arrays, or None; rows on the first axis.
Data = tuple[Any, Any, Any]


def as_rows(
    x: Any, y: Any, sample_weight: Any, *, class_weight: Mapping[int, float] | None = None
) -> Data:
    """Return NumPy arrays, floats as Keras's float type.

    Raises:
        DataError: They are no arrays, or of unequal length.
    """
    found = adapter(
        x,
        y,
        sample_weight,
        batch_size=32,
        steps_per_epoch=None,
        shuffle=False,
        class_weight=None if class_weight is None else dict(class_weight),
    )
    if not hasattr(found, "_inputs"):
        raise DataError(
            f"A population trains on arrays. Received: x={type(x).__name__}.",
            hint="collect the batches into arrays first; fathom.fit trains one model on them",
        )
    return keras.utils.unpack_x_y_sample_weight(standard_rows(found))


def num_rows(data: Data) -> int:
    """Return the number of rows."""
    return len(jax.tree.leaves(data)[0])


def taken(data: Data, rows: np.ndarray) -> Data:
    """Return some of the rows."""
    return jax.tree.map(lambda array: np.asarray(array)[rows], data)
