"""How a network's units and parameters are numbered, so that a page can draw them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

INPUT, HIDDEN, OUTPUT = "input", "hidden", "output"

LARGEST_SENT = 65_536
"""Values of a parameter that is still sent with frames: larger ones cannot be drawn as links."""


@dataclass(frozen=True, kw_only=True)
class LayerPlace:
    """One layer of the drawing.

    Args:
        kind: "input", "hidden" or "output".
        units: Number of units.
        first: Number of its first unit in the whole network.
        activation: Its activation; "" for the input.
        labels: Names of the units; () where they have none.
        parameters: Places in the layout's parameters.
    """

    kind: str
    units: int
    first: int
    activation: str = ""
    labels: tuple[str, ...] = ()
    parameters: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One array of weights.

    Args:
        layer: Place of its layer; 1 is the first after the input.
        name: "kernel", "bias", "projection", "gamma", "beta", "moving_mean" or "moving_variance".
        shape: Kernels are (inputs, units).
        trainable: Whether training changes it.
        group: "trainable" or "other": the list of the state that holds it.
        index: Place in that list.
    """

    layer: int
    name: str
    shape: tuple[int, ...]
    trainable: bool
    group: str
    index: int

    @property
    def size(self) -> int:
        """Number of values."""
        return math.prod(self.shape)


@dataclass(frozen=True)
class Layout:
    """All layers and parameters of a network, in order."""

    layers: tuple[LayerPlace, ...]
    parameters: tuple[Parameter, ...]
    sent: tuple[int | None, ...] = field(init=False)

    def __post_init__(self) -> None:
        offsets: list[int | None] = []
        at = 0
        for parameter in self.parameters:
            is_sent = parameter.size <= LARGEST_SENT
            offsets.append(at if is_sent else None)
            at += parameter.size if is_sent else 0
        object.__setattr__(self, "sent", tuple(offsets))

    @property
    def num_units(self) -> int:
        """Units of all layers, inputs too."""
        return sum(layer.units for layer in self.layers)

    @property
    def num_parameters(self) -> int:
        """Values that training may change."""
        return sum(one.size for one in self.parameters if one.trainable)

    def layer_of(self, unit: int) -> int:
        """Return the place of the layer that has a unit."""
        starts = [layer.first for layer in self.layers]
        return int(np.searchsorted(starts, unit, side="right")) - 1

    def data(self) -> dict[str, Any]:
        """Return the layout as JSON data, as the page reads it."""
        return {
            "layers": [_layer_data(layer) for layer in self.layers],
            "parameters": [
                {
                    "layer": one.layer,
                    "name": one.name,
                    "shape": list(one.shape),
                    "offset": offset,
                    "trainable": one.trainable,
                }
                for one, offset in zip(self.parameters, self.sent)
            ],
            "num_parameters": self.num_parameters,
        }


def _layer_data(layer: LayerPlace) -> dict[str, Any]:
    named = {"activation": layer.activation} if layer.activation else {}
    labelled = {"labels": list(layer.labels)} if layer.labels else {}
    return {
        "kind": layer.kind,
        "units": layer.units,
        "first": layer.first,
        **named,
        **labelled,
        "parameters": list(layer.parameters),
    }


def stacked(
    inputs: Sequence[str],
    layers: Sequence[tuple[str, int, str]],
    parameters: Sequence[Parameter],
    *,
    outputs: Sequence[str] = (),
) -> Layout:
    """Return the layout of layers on top of each other.

    Args:
        inputs: Names of the inputs.
        layers: (kind, units, activation) of each layer after the input.
        parameters: In the order of their layers.
        outputs: Names of the output units, if they have any.
    """
    places = [LayerPlace(kind=INPUT, units=len(inputs), first=0, labels=tuple(inputs))]
    for number, (kind, units, activation) in enumerate(layers, start=1):
        own = tuple(k for k, one in enumerate(parameters) if one.layer == number)
        places.append(
            LayerPlace(
                kind=kind,
                units=units,
                first=places[-1].first + places[-1].units,
                activation=activation,
                labels=tuple(outputs) if kind == OUTPUT else (),
                parameters=own,
            )
        )
    return Layout(tuple(places), tuple(parameters))
