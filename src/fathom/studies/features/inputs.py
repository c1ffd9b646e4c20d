"""What a network's inputs look like: pictures, rows with names, sequences, points of a plane."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from fathom import measure
from fathom.data import Dataset
from fathom.errors import SpecError
from fathom.studies.features.result import PICTURE, PLANE, SEQUENCE, TABLE, FeaturesSpec, Inputs

CHANNELS = (1, 3, 4)
SMALLEST_SIDE = 3  # of what is taken for a picture


def inputs_of(dataset: Dataset, x: np.ndarray, spec: FeaturesSpec) -> Inputs:
    """Return what the inputs are.

    Args:
        dataset: The data.
        x: Training rows as the network takes them, (rows, ...).
        spec: May say that rows of numbers are pictures.

    Raises:
        SpecError: The rows have not as many numbers as the picture.
    """
    shape, names = _shape(dataset, tuple(x.shape[1:]), spec.picture)
    kind = _kind(shape, dataset, spec.picture)
    shown = shown_as(dataset, x, shape)
    axes = (0,) if kind in (TABLE, PLANE) else tuple(range(shown.ndim - 1))
    return Inputs(
        kind=kind,
        shape=shape,
        names=names or _numbered(kind, shape),
        low=shown.min(axis=axes),
        high=shown.max(axis=axes),
        mean=shown.mean(axis=0),
        deviation=shown.std(axis=0),
    )


def shown_as(dataset: Dataset, x: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Return inputs as they are shown, in the units of the source: (rows, *shape)."""
    own = tuple(dataset.input_shape)
    if math.prod(own) == math.prod(x.shape[1:]):
        x = x.reshape(len(x), *own)
    return dataset.preprocessing.in_units(x).astype("float32").reshape(len(x), *shape)


def bounds_of(dataset: Dataset, x: np.ndarray, inputs: Inputs) -> measure.Bounds:
    """Return where inputs lie, as the network takes them.

    Features of a table have each their own range; pixels and steps share that of their channel.
    Marks of steps that are there stay 1.

    Args:
        dataset: The data.
        x: Training rows, float32 (rows, ...).
        inputs: What they are.
    """
    shown = x.reshape(len(x), *inputs.shape)
    axes = (0,) if inputs.kind in (TABLE, PLANE) else tuple(range(shown.ndim - 1))
    low, high = shown.min(axis=axes), shown.max(axis=axes)
    centre = shown.mean(axis=0)
    if dataset.is_padded:
        low[..., -1], centre[..., -1] = 1, 1
        high[..., -1] = 1
    one = x.shape[1:]
    return measure.Bounds(
        *(
            np.broadcast_to(part, inputs.shape).reshape(one).astype("float32")
            for part in (low, high, centre)
        )
    )


def _shape(
    dataset: Dataset, taken: tuple[int, ...], picture: tuple[int, ...] | None
) -> tuple[tuple[int, ...], tuple[str, ...]]:
    if picture is not None:
        whole = (*picture, 1) if len(picture) == 2 else picture
        if math.prod(whole) != math.prod(taken):
            raise SpecError(
                f"A picture must have as many numbers as a row. Received: {_times(picture)}, and "
                f"rows of {_times(taken)} = {math.prod(taken)}.",
                hint="give height and width, and the channels where there are several",
            )
        return whole, ()
    own: Any = dataset.preprocessing.input_shape
    if math.prod(own) == math.prod(taken) and _is_picture(own):
        return tuple(own), ()  # arrays that stand as they were given have no axis of channels
    if _is_picture(taken):
        return taken, ()
    own = tuple(dataset.input_shape)
    if len(own) > 2 or math.prod(own) != math.prod(taken):
        return (math.prod(taken),), ()
    return own, dataset.feature_names if len(dataset.feature_names) == own[-1] else ()


def _is_picture(shape: tuple[int, ...]) -> bool:
    return len(shape) == 3 and shape[-1] in CHANNELS and min(shape[:2]) >= SMALLEST_SIDE


def _kind(shape: tuple[int, ...], dataset: Dataset, picture: tuple[int, ...] | None) -> str:
    if picture is not None or _is_picture(shape):
        return PICTURE
    if len(shape) == 2:
        return SEQUENCE
    is_plane = shape == (2,) and np.issubdtype(dataset.train.x.dtype, np.floating)
    return PLANE if is_plane else TABLE


def _numbered(kind: str, shape: tuple[int, ...]) -> tuple[str, ...]:
    return () if kind == PICTURE else tuple(f"x{k + 1}" for k in range(shape[-1]))


def _times(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape))
