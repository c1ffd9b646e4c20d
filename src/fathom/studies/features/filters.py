"""The weights that the first layer reads its inputs with, unit by unit."""

from __future__ import annotations

import math

import keras
import numpy as np

from fathom import models
from fathom.studies.anatomy import Subject
from fathom.studies.features.outputs import weights_of_first
from fathom.studies.features.result import KERNELS, PICTURE, WEIGHTS, Filters, Inputs

MOST_FILTERS = 64
MOST_NUMBERS = 300_000
LARGEST_SIDE = 64
_CONVOLUTIONS = (keras.layers.Conv1D, keras.layers.Conv2D)
# Layers between the input and the first with weights that only move or scale numbers.
_READABLE = ("Flatten", "Reshape", "Rescaling", "Normalization", "Dropout", "GaussianNoise",
             "Identity", "InputLayer", "Masking", "ZeroPadding2D", "ZeroPadding1D")  # fmt: skip


def first_filters(
    subject: Subject, inputs: Inputs, shown: dict[str, tuple[int, ...]]
) -> Filters | str:
    """Return the first layer's filters, or why there are none.

    Args:
        subject: The network; the first is shown.
        inputs: What the inputs are.
        shown: The units shown of each layer, drawn first.
    """
    site = next(site for site in subject.sites if not site.is_block)
    before = _before(subject, site)
    if before is not None:
        return f"between the input and {site.name} is {before}, so its weights are of no input"
    kernel = _kernel(subject, site.entry)
    if kernel is None:
        return f"{site.name} is {_a(type(site.entry).__name__)}: its weights are no filters"
    values = _as_filters(kernel, site, inputs)
    if isinstance(values, str):
        return values
    units = _chosen(values, shown.get(site.name, ()))
    kind = KERNELS if kernel.ndim > 2 else PICTURE if values.ndim == 4 else WEIGHTS
    return Filters(
        layer=site.name,
        kind=kind,
        values=_small(values[list(units)]),
        units=units,
        total=len(values),
    )


def _before(subject: Subject, site: models.Site) -> str | None:
    """Return what stands between the input and the first layer, None if nothing that matters."""
    for call in subject.trace.calls[: min(site.calls)]:
        name = type(call.operation).__name__
        if name not in _READABLE:
            return _a(name)
    return None


def _kernel(subject: Subject, layer: object) -> np.ndarray | None:
    """Return the first network's kernel, units on the last axis."""
    if not isinstance(layer, keras.layers.Dense | _CONVOLUTIONS[0] | _CONVOLUTIONS[1]):
        return None
    variables = subject.model.trainable_variables, subject.model.non_trainable_variables
    for own, values in zip(variables, weights_of_first(subject)):
        for variable, value in zip(own, values):
            if variable is getattr(layer, "_kernel", None):
                return np.asarray(value, "float32")
    return np.asarray(layer.kernel, "float32")


def _as_filters(kernel: np.ndarray, site: models.Site, inputs: Inputs) -> np.ndarray | str:
    """Return (units, height, width, channels), or (units, inputs)."""
    by_unit = np.moveaxis(kernel, -1, 0)
    if kernel.ndim == 4:
        return by_unit
    if kernel.ndim == 3:  # (steps, features) of a sequence: features are drawn as lines
        return by_unit.transpose(0, 2, 1)[..., None]
    if kernel.shape[0] != math.prod(inputs.shape):
        if kernel.shape[0] == inputs.shape[-1]:
            return by_unit  # read step by step
        return f"{site.name} reads {kernel.shape[0]} numbers, not the {math.prod(inputs.shape)} in"
    return by_unit.reshape(-1, *inputs.shape) if inputs.kind == PICTURE else by_unit


def _chosen(values: np.ndarray, first: tuple[int, ...]) -> tuple[int, ...]:
    """Return the units that are drawn: those shown, then those with the largest weights."""
    each = min(math.prod(values.shape[1:]), LARGEST_SIDE**2 * values.shape[-1])
    most = min(MOST_FILTERS, max(1, MOST_NUMBERS // each), len(values))
    size = np.square(values.astype("float64")).reshape(len(values), -1).sum(axis=1)
    rest = [int(unit) for unit in np.argsort(-size, kind="stable") if unit not in first]
    return tuple(sorted((*first, *rest)[:most]))


def _small(values: np.ndarray) -> np.ndarray:
    """Return pictures of at most `LARGEST_SIDE` pixels a side, patches averaged."""
    if values.ndim < 4:
        return values
    for axis in (1, 2):
        patch = math.ceil(values.shape[axis] / LARGEST_SIDE)
        if patch > 1:
            starts = np.arange(0, values.shape[axis], patch)
            sizes = np.diff([*starts, values.shape[axis]])
            shape = [1] * values.ndim
            shape[axis] = -1
            values = np.add.reduceat(values, starts, axis=axis) / sizes.reshape(shape)
    return values.astype("float32")


def _a(name: str) -> str:
    """Return a class's name with its article.

    Example:
        >>> _a("LSTM"), _a("Embedding"), _a("GRU")
        ('an LSTM', 'an Embedding', 'a GRU')
    """
    return f"{'an' if name[0] in 'AEIO' or name.startswith('LSTM') else 'a'} {name}"
