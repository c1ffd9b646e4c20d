"""What data must be for a model to train on them, and which way its metrics are better."""

from __future__ import annotations

from typing import Any

import jax
import keras
import numpy as np

from fathom.errors import DataError, SpecError
from fathom.train import keras_internals

HIGHER_IS_BETTER = ("acc", "auc", "precision", "recall", "score", "iou", "similarity", "r2")


def check_rows(model: keras.Model, rows: Any, *, is_trained: bool) -> None:
    """Raise DataError unless rows can be trained on.

    Args:
        model: The compiled model.
        rows: `(x, y, sample_weight)`, each an array, a structure of arrays, or None.
        is_trained: Whether the targets matter.
    """
    for name, part in zip(("x", "y", "sample_weight"), rows, strict=True):
        for leaf in jax.tree.leaves(part):
            _check_finite(name, leaf)
    _check_inputs(model, rows[0])
    if is_trained:
        _check_classes(model, rows[1])


def _check_finite(name: str, array: np.ndarray) -> None:
    if array.size == 0:
        raise DataError(f"`{name}` must have at least one row. Received: shape {array.shape}.")
    if array.dtype.kind != "f" or np.isfinite(array).all():
        return
    bad = np.flatnonzero(~np.isfinite(array.reshape(len(array), -1)).all(axis=1))
    raise DataError(
        f"`{name}` must be finite. Received: NaN or infinity in {len(bad)} of {len(array)} rows, "
        f"first in row {bad[0]}.",
        hint="drop those rows, or fill them in, for example with the column's mean",
    )


def _check_inputs(model: keras.Model, x: Any) -> None:
    if not keras_internals.is_graph(model) or not model.built:
        return
    wanted = [tuple(tensor.shape) for tensor in model.inputs]
    found = jax.tree.leaves(x)
    if isinstance(x, dict) or len(wanted) != len(found):
        return  # Keras finds inputs by name, and says what is missing
    for shape, array in zip(wanted, found, strict=True):
        fits = len(shape) == array.ndim and all(
            size is None or size == given for size, given in zip(shape[1:], array.shape[1:])
        )
        if not fits and not _is_one_short(shape, array):
            raise DataError(
                f"`x` must have the shape of the model's input, {_rows(shape)}. "
                f"Received: x of shape {array.shape}."
            )


def _is_one_short(shape: tuple[Any, ...], array: np.ndarray) -> bool:
    """Return whether Keras adds, or drops, a last axis of size 1."""
    return abs(len(shape) - array.ndim) == 1 and 1 in (shape[-1], array.shape[-1])


def _rows(shape: tuple[Any, ...]) -> str:
    return f"({', '.join(['rows', *map(str, shape[1:])])})"


def _check_classes(model: keras.Model, y: Any) -> None:
    """Check integer classes against the number of outputs, where there is one loss."""
    losses = keras_internals.losses_of(model)
    given = model._compile_config.config["loss"]
    names = [type(loss).__name__ for loss in losses] or [str(given)]
    is_sparse = len(names) == 1 and names[0].lower().replace("_", "").startswith("sparsecateg")
    if not is_sparse or len(jax.tree.leaves(y)) != 1 or not hasattr(model, "outputs"):
        return
    classes = model.outputs[0].shape[-1] if model.built and model.outputs else None
    labels = jax.tree.leaves(y)[0]
    ignored = getattr(losses[0], "ignore_class", None) if losses else None
    real = labels[labels != ignored] if ignored is not None else labels
    if classes is not None and real.size and not 0 <= real.min() <= real.max() < classes:
        raise DataError(
            f"`y` must hold classes from 0 to {classes - 1}: the model has {classes} outputs. "
            f"Received: classes from {real.min():g} to {real.max():g}.",
            hint=f"number the classes from 0, or give the model {int(real.max()) + 1} outputs",
        )


def is_higher_better(model: keras.Model, name: str, mode: str) -> bool:
    """Return whether a greater value of a metric is better.

    Args:
        model: The compiled model.
        name: The metric, with or without "val_".
        mode: "min", "max" or "auto".
    """
    if mode not in ("auto", "min", "max"):
        raise SpecError(f"`mode` must be auto, min or max. Received: mode={mode!r}.")
    if mode != "auto":
        return mode == "max"
    plain = name.removeprefix("val_")
    for metric in keras.tree.flatten(model._compile_config.config["metrics"] or []):
        direction = getattr(metric, "_direction", None)
        if isinstance(metric, keras.Metric) and metric.name == plain and direction:
            return direction == "up"
    return any(word in plain.lower() for word in HIGHER_IS_BETTER)
