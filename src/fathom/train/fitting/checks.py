"""What is refused before anything is compiled: it names the argument, what arrived, the mend."""

from __future__ import annotations

import inspect
from numbers import Integral, Real
from typing import Any

import jax
import keras
import numpy as np

from fathom.errors import DataError, ModelError, SpecError
from fathom.train import keras_internals as internals
from fathom.train.fitting.adapters import kind

SPARSE = (
    keras.losses.SparseCategoricalCrossentropy,
    keras.losses.CategoricalGeneralizedCrossEntropy,
)
SPARSE_NAMES = ("sparse_categorical_crossentropy", "categorical_generalized_cross_entropy")
SHARES = (keras.losses.BinaryCrossentropy, keras.losses.CategoricalCrossentropy)
SHARES_NAMES = ("binary_crossentropy", "categorical_crossentropy", "bce", "cce")
MOST_NAMED = 5


def check_model(model: Any) -> None:
    """Refuse what is no compiled Keras model.

    Raises:
        ModelError: Naming `model`.
    """
    if not isinstance(model, keras.Model):
        raise ModelError(
            f"`model` must be a keras.Model. Received: {kind(model)}.",
            hint="wrap layers as keras.Sequential([...]), and import fathom before keras",
        )
    if not model.compiled:
        raise ModelError(
            f"`model` must be compiled before it is trained. Received: {model.name!r}, uncompiled.",
            hint='call model.compile(optimizer="adam", loss=...) first',
        )
    if model.optimizer is None:
        raise ModelError(
            f"`model` must have an optimizer. Received: {model.name!r}, compiled without one.",
            hint='call model.compile(optimizer="adam", loss=...)',
        )


def check_has_loss(model: Any) -> None:
    """Refuse a built model that has nothing to learn from.

    Raises:
        ModelError: Naming the loss.
    """
    own = any(
        getattr(type(model), name) is not getattr(keras.Model, name)
        for name in ("train_step", "compute_loss", "_compute_loss")
    )
    if model._compile_loss is None and not own and not _adds_losses(model):
        raise ModelError(
            f"`model` must be compiled with a loss. Received: {model.name!r}, loss=None.",
            hint='call model.compile(optimizer=..., loss="mse"), or the loss that suits `y`',
        )


def _adds_losses(model: Any) -> bool:
    layers = model._flatten_layers()
    return any(_may_add_a_loss(layer) for layer in layers)


def _may_add_a_loss(layer: Any) -> bool:
    """Whether a layer regularizes, or is of the user's own class, which may call `add_loss`."""
    if not type(layer).__module__.startswith("keras."):
        return True
    regularizers = [variable.regularizer for variable in layer.variables]
    activity = getattr(layer, "activity_regularizer", None)
    return activity is not None or any(r is not None for r in regularizers)


def check_numbers(**arguments: Any) -> None:
    """Refuse numbers that Keras's `fit` could not mean anything by.

    Raises:
        SpecError: Naming the argument.
    """
    for name, least, optional in (
        ("epochs", 0, False),
        ("initial_epoch", 0, False),
        ("batch_size", 1, True),
        ("steps_per_epoch", 1, True),
        ("validation_steps", 1, True),
        ("validation_batch_size", 1, True),
    ):
        value = arguments[name]
        if value is None and optional:
            continue
        if not isinstance(value, Integral) or isinstance(value, bool) or value < least:
            none = ", or None" if optional else ""
            raise SpecError(
                f"`{name}` must be an integer of at least {least}{none}. "
                f"Received: {name}={value!r}.",
                hint=f"use {name}={max(1, least)}",
            )
    _check_share(arguments["validation_split"])
    _check_frequency(arguments["validation_freq"])
    _check_class_weight(arguments["class_weight"])
    if arguments["class_weight"] is not None and arguments["sample_weight"] is not None:
        raise SpecError(
            "`class_weight` and `sample_weight` may not be given together. Received: both.",
            hint="multiply each row's sample weight by the weight of its class",
        )


def _check_share(share: Any) -> None:
    if not isinstance(share, Real) or not 0 <= float(share) < 1:
        raise SpecError(
            f"`validation_split` must be at least 0 and below 1. "
            f"Received: validation_split={share!r}.",
            hint="validation_split=0.2 holds back the last fifth of the rows",
        )


def _check_frequency(frequency: Any) -> None:
    is_count = isinstance(frequency, int) and not isinstance(frequency, bool) and frequency >= 1
    if not is_count and not isinstance(frequency, list):
        raise SpecError(
            f"`validation_freq` must be an integer of at least 1, or a list of epochs. "
            f"Received: validation_freq={frequency!r}.",
            hint="validation_freq=1 validates after every epoch",
        )


def _check_class_weight(weights: Any) -> None:
    if weights is not None and not hasattr(weights, "get"):
        raise SpecError(
            f"`class_weight` must be a dict from class to weight. Received: {kind(weights)}.",
            hint="for example class_weight={0: 1.0, 1: 5.0}",
        )


# -- data ----------------------------------------------------------------------


def check_given(x: Any, y: Any, sample_weight: Any) -> None:
    """Refuse arrays that do not belong together, before anything is made of them.

    Raises:
        DataError: Naming the argument.
    """
    if x is None:
        raise DataError(
            "`x` must be given. Received: x=None.",
            hint="pass the inputs as an array, or a data set of batches",
        )
    given = {"x": x, "y": y, "sample_weight": sample_weight}
    leaves = [(name, leaf) for name, part in given.items() for leaf in internals.tree_leaves(part)]
    for name, leaf in leaves:
        _check_is_numeric(name, leaf)
    counts = [(name, len(leaf)) for name, leaf in leaves if getattr(leaf, "shape", ())]
    if len({count for _, count in counts}) > 1:
        told = ", ".join(f"{name} has {count}" for name, count in dict.fromkeys(counts))
        raise DataError(
            f"All arrays must have the same number of rows. Received: {told}.",
            hint="give every row of `x` its row of `y`",
        )


def _check_is_numeric(name: str, leaf: Any) -> None:
    dtype = getattr(leaf, "dtype", None)
    if isinstance(dtype, np.dtype) and dtype.kind not in "biufc":
        raise DataError(
            f"`{name}` must be numbers. Received: {name} of {dtype}.",
            hint="number the classes, or encode text with keras.layers.StringLookup first",
        )


def check_rows(model: Any, data: Any, *, names: tuple[str, str] = ("x", "y")) -> None:
    """Refuse arrays that no model can learn from: no rows, NaN, labels that the loss cannot mean.

    Args:
        model: Built and compiled.
        data: `x`, `(x, y)` or `(x, y, sample_weight)` of arrays (rows, ...).
        names: What to call `x` and `y`.

    Raises:
        DataError: Naming the argument.
    """
    x, y, _ = keras.utils.unpack_x_y_sample_weight(data)
    _check_some_rows(data, names[0])
    _check_input_shapes(model, x, names[0])
    _check_finite(x, names[0])
    if y is not None:
        _check_targets(model, y, names[1])


def _check_some_rows(data: Any, name: str) -> None:
    if any(leaf.shape[:1] == (0,) for leaf in jax.tree.leaves(data)):
        raise DataError(
            f"`{name}` must have at least one row. Received: none.",
            hint="check how the data were read or selected",
        )


def _check_input_shapes(model: Any, x: Any, name: str) -> None:
    """Refuse inputs of another shape than a functional model was built for."""
    wanted = getattr(model, "inputs", None)
    given = jax.tree.leaves(x)
    own_step = type(model).train_step is not keras.Model.train_step
    if not wanted or own_step or isinstance(x, dict):
        return
    if len(wanted) != len(given):
        raise DataError(
            f"`{name}` must have an array for each of the model's {len(wanted)} inputs. "
            f"Received: {kind(x)}.",
            hint=f"the model's inputs are {[tensor.name for tensor in wanted]}",
        )
    for tensor, array in zip(wanted, given):
        if not _fits(tensor.shape, array.shape):
            raise DataError(
                f"`{name}` must have the shape that the model reads, {tuple(tensor.shape)}. "
                f"Received: {name} of shape {tuple(array.shape)}.",
                hint="reshape the data, or build the model with "
                f"keras.Input({tuple(array.shape[1:])})",
            )


def _fits(wanted: tuple[Any, ...], given: tuple[int, ...]) -> bool:
    """Whether Keras takes data of this shape: a last axis of size 1 may be missing or extra."""
    if len(given) == len(wanted) + 1 and given[-1] == 1:
        given = given[:-1]
    elif len(given) == len(wanted) - 1 and wanted[-1] == 1:
        wanted = wanted[:-1]
    sizes = zip(wanted[1:], given[1:])
    return len(wanted) == len(given) and all(w is None or w == g for w, g in sizes)


def _check_finite(arrays: Any, name: str) -> None:
    """Refuse NaN, which turns every weight to NaN in one step."""
    for path, leaf in jax.tree.leaves_with_path(arrays):
        rows = _rows_with_nan(leaf)
        if rows.size:
            where = jax.tree_util.keystr(path)
            raise DataError(
                f"`{name}` must hold no NaN. Received: NaN in {rows.size} of {leaf.shape[0]} rows"
                f" of {name}{where}, the first of them row {rows[0]}.",
                hint="fill or drop the missing values before training",
            )


def _rows_with_nan(array: Any) -> np.ndarray:
    if isinstance(array, np.memmap) or not np.issubdtype(array.dtype, np.floating):
        return np.zeros(0, int)
    array = np.asarray(array)
    with np.errstate(all="ignore"):
        total = np.sum(array, dtype=array.dtype)  # one pass, without a copy
    if np.isfinite(total):
        return np.zeros(0, int)
    return np.flatnonzero(np.isnan(array).reshape(len(array), -1).any(axis=1))


def _check_targets(model: Any, y: Any, name: str) -> None:
    for loss, target, output in _pairs(model, y):
        if _is_of(loss, SPARSE, SPARSE_NAMES):
            _check_classes(target, output, name, ignored=getattr(loss, "ignore_class", None))
        elif _is_of(loss, SHARES, SHARES_NAMES):
            _check_shares(target, loss, name)
        if _is_kerass(loss):  # a loss of the user's own may give NaN a meaning
            _check_finite(target, name)


def _pairs(model: Any, y: Any) -> list[tuple[Any, Any, Any]]:
    """Return each loss with its targets and the output it is of, where that is plain."""
    losses = internals.tree_leaves(model.loss) if model.loss is not None else []
    targets, outputs = jax.tree.leaves(y), getattr(model, "outputs", None) or []
    if len(losses) == 1 and len(targets) == 1:
        return [(losses[0], targets[0], outputs[0] if len(outputs) == 1 else None)]
    same = len(losses) == len(targets) == len(outputs)
    if same and isinstance(model.loss, (list, tuple)) and isinstance(y, (list, tuple)):
        return list(zip(losses, targets, outputs))
    return []


def _is_of(loss: Any, classes: tuple[type, ...], names: tuple[str, ...]) -> bool:
    """Whether a loss is one of Keras's, by class, name or function."""
    if isinstance(loss, str):
        return loss in names
    is_function = _is_kerass(loss) and getattr(loss, "__name__", "") in names
    return isinstance(loss, classes) or is_function


def _is_kerass(loss: Any) -> bool:
    kind_of_loss = loss if inspect.isfunction(loss) else type(loss)
    return isinstance(loss, str) or (kind_of_loss.__module__ or "").startswith("keras.")


def _check_classes(target: Any, output: Any, name: str, *, ignored: int | None) -> None:
    if output is None or output.shape[-1] is None:
        return
    classes = output.shape[-1]
    labels = np.asarray(target)
    wrong = (labels < 0) | (labels >= classes)
    if ignored is not None:
        wrong &= labels != ignored
    if wrong.any():
        raise DataError(
            f"`{name}` must hold classes from 0 to {classes - 1}, one for each of the model's "
            f"{classes} outputs. Received: {_some(labels[wrong])} in {int(wrong.sum())} places.",
            hint=f"number the classes from 0, or give the model {_classes_needed(labels)} outputs",
        )


def _classes_needed(labels: np.ndarray) -> int:
    return int(np.max(labels)) + 1


def _check_shares(target: Any, loss: Any, name: str) -> None:
    values = np.asarray(target)
    if values.dtype == bool:
        return
    wrong = (values < 0) | (values > 1)
    if wrong.any():
        loss_name = loss if isinstance(loss, str) else getattr(loss, "name", str(loss))
        raise DataError(
            f"`{name}` must lie between 0 and 1 for the loss {loss_name!r}. "
            f"Received: {_some(values[wrong])} in {int(wrong.sum())} places.",
            hint="one-hot encode classes for categorical_crossentropy, or use "
            "sparse_categorical_crossentropy; use 0 and 1 for binary_crossentropy",
        )


def _some(values: np.ndarray) -> str:
    found = np.unique(values)
    more = ", ..." if found.size > MOST_NAMED else ""
    return ", ".join(f"{value:g}" for value in found[:MOST_NAMED]) + more


def note_large_batch(batch_size: int | None, rows: int) -> str | None:
    """Return what to say of a batch that is larger than the data, None if it is not."""
    if batch_size is None or batch_size <= rows:
        return None
    return (
        f"`batch_size` is larger than the data. Received: batch_size={batch_size} for {rows} rows. "
        f"As in Keras, every step takes all {rows} rows; "
        f"use batch_size={max(1, min(32, rows // 4))} for several steps an epoch."
    )
