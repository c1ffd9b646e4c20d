"""Layers whose units can be removed, and the weights that go with each unit."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from fathom.models.activations import applied_activation, fused_activation
from fathom.models.tracing import Call, Trace

_CONVOLUTIONS = ("Conv1D", "Conv2D", "Conv3D")
_PASSED = (
    "Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D", "GaussianDropout",
    "GaussianNoise", "AlphaDropout", "ActivityRegularization", "Identity",
    "MaxPooling1D", "MaxPooling2D", "MaxPooling3D",
    "AveragePooling1D", "AveragePooling2D", "AveragePooling3D",
    "GlobalMaxPooling1D", "GlobalMaxPooling2D", "GlobalMaxPooling3D",
    "GlobalAveragePooling1D", "GlobalAveragePooling2D", "GlobalAveragePooling3D",
    "ZeroPadding1D", "ZeroPadding2D", "ZeroPadding3D",
    "UpSampling1D", "UpSampling2D", "UpSampling3D",
    "Cropping1D", "Cropping2D", "Cropping3D",
)  # fmt: skip
# They mix units, so that fewer units would change the others.
_MIXING = ("softmax", "log_softmax", "sparsemax")


@dataclass(frozen=True, kw_only=True)
class Units:
    """A dense or convolutional layer, and who reads its units.

    Args:
        layer: The layer.
        number: Its units or filters.
        setting: The layer's setting that says how many: "units" or "filters".
        normalizations: Batch normalisations between the layer and the reader.
        reader: The one layer whose kernel reads the units.
        positions: Positions of each unit that were flattened before the reader; 1 if none.
    """

    layer: keras.layers.Layer
    number: int
    setting: str
    normalizations: tuple[keras.layers.Layer, ...]
    reader: keras.layers.Layer
    positions: int

    @property
    def own(self) -> list[Any]:
        """The layer's variables, units on the last axis of each."""
        return list(self.layer.trainable_variables)

    def touched(self, layer: Any) -> Iterator[tuple[Any, int, int]]:
        """Yield the variables of a layer with the units on an axis, that axis, and repeats."""
        if layer is self.layer:
            yield from ((v, len(v.shape) - 1, 1) for v in layer.weights)
        if any(layer is one for one in self.normalizations):
            yield from ((v, len(v.shape) - 1, 1) for v in layer.weights)
        if layer is self.reader:
            kernel = layer.kernel
            yield kernel, len(kernel.shape) - 2, self.positions

    def flattened(self, places: np.ndarray, positions: int) -> np.ndarray:
        """Return where units are among flattened inputs: position by position."""
        starts = np.arange(positions)[:, None] * self.number
        return (starts + places[None]).ravel()


def removable_units(trace: Trace) -> tuple[list[Units], dict[str, str]]:
    """Return the layers whose units can be removed, and why not those of others, by name."""
    found: list[Units] = []
    refused: dict[str, str] = {}
    counts: dict[int, int] = {}
    for call in trace.calls:
        counts[id(call.operation)] = counts.get(id(call.operation), 0) + 1
    for call in trace.calls:
        kind = _kind(call.operation)
        if kind is None:
            continue
        units = _units(call, kind, trace, counts)
        if isinstance(units, str):
            refused[call.operation.name] = units
        else:
            found.append(units)
    return found, refused


def _kind(operation: Any) -> str | None:
    name = type(operation).__name__
    if name == "Dense":
        return "units"
    is_plain = name in _CONVOLUTIONS and getattr(operation, "groups", 1) == 1
    return "filters" if is_plain and operation.data_format == "channels_last" else None


def _units(start: Call, kind: str, trace: Trace, counts: dict[int, int]) -> Units | str:
    if counts[id(start.operation)] > 1:
        return "it is used several times"
    if start.makes == trace.output:
        return "its units are the model's output"
    if fused_activation(start.operation) in _MIXING:
        return "its activation mixes units"
    normalizations: list[Any] = []
    positions, call = 1, start
    while True:
        if call.makes == trace.output:
            return "its units are the model's output"
        following = _reader(call, trace.calls)
        if following is None:
            return "its units are read in several places"
        operation, name = following.operation, type(following.operation).__name__
        if counts[id(operation)] > 1:
            return f"its units are read by {operation.name}, which is used several times"
        if _kind(operation):
            return Units(
                layer=start.operation,
                number=int(getattr(start.operation, kind)),
                setting=kind,
                normalizations=tuple(normalizations),
                reader=operation,
                positions=positions,
            )
        if name == "BatchNormalization" and positions == 1:
            normalizations.append(operation)
        elif name == "Flatten":
            positions *= math.prod((following.input_shape or (1,))[:-1])
        elif name not in _PASSED and not _is_elementwise(operation):
            return f"its units are read by {operation.name}, a {name}"
        call = following


def _is_elementwise(operation: Any) -> bool:
    activation = applied_activation(operation)
    has_weights = isinstance(operation, keras.layers.Layer) and bool(operation.weights)
    return activation is not None and activation not in _MIXING and not has_weights


def _reader(call: Call, calls: Sequence[Call]) -> Call | None:
    """Return the only call that reads what `call` makes, if it reads nothing else."""
    reading = [one for one in calls if call.makes is not None and call.makes in one.reads]
    return reading[0] if len(reading) == 1 and len(reading[0].reads) == 1 else None
