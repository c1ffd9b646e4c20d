"""Smaller models made of larger ones: without some layers or blocks, or with fewer units.

The graph is called again with copies of its layers, so the original stays whole.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np

from fathom.errors import ModelError
from fathom.models import graph
from fathom.models.sites import Site
from fathom.models.units import Units


def no_removal(model: keras.Model, site: Site) -> str | None:
    """Return why a layer or block cannot be taken out of a model, None if it can."""
    if site.no_bypass is not None:
        return site.no_bypass
    if site.is_head:
        return "it makes the model's output"
    if not _is_readable(model) or not _is_readable(site.container):
        return "the model is no functional or Sequential model, so it cannot be built without it"
    if not _holds(site.container, site.exit):
        return "it begins in one model and ends in another"
    if site.num_calls > 1 and site.entry is not site.exit:
        return "it is used several times"
    return None


def without(model: keras.Model, sites: Sequence[Site]) -> keras.Model:
    """Return a model in which what enters the sites leaves them; all other weights are copied.

    Args:
        model: Functional or Sequential; it stays as it is.
        sites: Sites of this model that can be removed.

    Raises:
        ModelError: One of them cannot be.
    """
    for site in sites:
        reason = no_removal(model, site)
        if reason is not None:
            raise ModelError(f"{site.name} of {model.name!r} cannot be removed: {reason}.")
    rebuilding = _Rebuilding(sites=tuple(sites))
    smaller = rebuilding.model(model)
    rebuilding.give_weights(lambda layer: layer.get_weights())
    return smaller


def with_fewer_units(model: keras.Model, kept: Sequence[tuple[Units, np.ndarray]]) -> keras.Model:
    """Return a model whose layers have only the units that are kept.

    Args:
        model: Functional or Sequential; it stays as it is.
        kept: Layers whose units can be removed, each with the places of those that stay,
            ascending, at least one.
    """
    if not _is_readable(model):
        raise ModelError(
            "Only a functional or Sequential model can be built with fewer units. "
            f"Received: {model.name!r}, a {type(model).__name__}."
        )
    settings = {id(units.layer): {units.setting: len(places)} for units, places in kept}
    rebuilding = _Rebuilding(settings=settings)
    smaller = rebuilding.model(model)
    rebuilding.give_weights(lambda layer: _fewer(layer, kept))
    return smaller


def _fewer(layer: keras.layers.Layer, kept: Sequence[tuple[Units, np.ndarray]]) -> list[np.ndarray]:
    values = {id(v): np.asarray(v.value) for v in layer.weights}
    for units, places in kept:
        for variable, axis, repeats in units.touched(layer):
            chosen = places if repeats == 1 else units.flattened(places, repeats)
            values[id(variable)] = np.take(values[id(variable)], chosen, axis=axis)
    return [values[id(v)] for v in layer.weights]


@dataclass
class _Rebuilding:
    """One rebuilding: what changes, and the copy of every layer."""

    sites: tuple[Site, ...] = ()
    settings: Mapping[int, dict[str, Any]] = field(default_factory=dict)
    copies: dict[int, tuple[Any, Any]] = field(default_factory=dict)

    def model(self, model: keras.Model) -> keras.Model:
        if isinstance(model, keras.Sequential):
            return self._sequential(model)
        return self._functional(model)

    def give_weights(self, weights: Callable[[Any], list[np.ndarray]]) -> None:
        for old, new in self.copies.values():
            if isinstance(old, keras.Model) or not isinstance(old, keras.layers.Layer):
                continue
            if new.built and old.weights:
                new.set_weights(weights(old))

    def _sequential(self, model: keras.Sequential) -> keras.Model:
        layers = list(model.layers)
        gone: set[int] = set()
        for site in self.sites:
            if _holds(model, site.entry):
                first, last = layers.index(site.entry), layers.index(site.exit)
                gone.update(range(first, last + 1))
        kept = [self._copy(layer) for place, layer in enumerate(layers) if place not in gone]
        shape, dtype = model.inputs[0].shape, model.inputs[0].dtype
        start = keras.Input(batch_shape=shape, dtype=dtype, name=model.inputs[0].name)
        return keras.Sequential([start, *kept], name=model.name)

    def _functional(self, model: keras.Model) -> keras.Model:
        tensors: dict[int, Any] = {}
        for tensor in model.inputs:
            tensors[id(tensor)] = keras.Input(
                batch_shape=tensor.shape, dtype=tensor.dtype, name=tensor.name
            )
        entered: dict[int, Any] = {}
        inputs = [tensors[id(tensor)] for tensor in model.inputs]
        for node in graph.calls(model):
            if node.is_input:
                continue
            for place, site in enumerate(self.sites):
                if site.entry is node.operation:
                    entered[place] = tensors[id(node.input_tensors[site.skip or 0])]
            args, kwargs = node.arguments.fill_in(tensors)
            made = self._copy(node.operation)(*args, **kwargs)
            for tensor, new in zip(node.outputs, keras.tree.flatten(made)):
                tensors[id(tensor)] = new
            for place, site in enumerate(self.sites):
                if site.exit is node.operation:
                    tensors[id(node.outputs[0])] = entered[place]
        outputs = [tensors[id(tensor)] for tensor in model.outputs]
        single = len(inputs) == len(outputs) == 1
        return keras.Model(
            inputs[0] if single else inputs, outputs[0] if single else outputs, name=model.name
        )

    def _copy(self, operation: Any) -> Any:
        if id(operation) not in self.copies:
            self.copies[id(operation)] = (operation, self._new(operation))
        return self.copies[id(operation)][1]

    def _new(self, operation: Any) -> Any:
        if isinstance(operation, keras.Model):
            return self.model(operation)
        config = {**operation.get_config(), **self.settings.get(id(operation), {})}
        return type(operation).from_config(config)


def _is_readable(model: keras.Model) -> bool:
    if not graph.is_functional(model):
        return False
    return all(
        graph.is_functional(layer) for layer in model.layers if isinstance(layer, keras.Model)
    )


def _holds(model: keras.Model, operation: Any) -> bool:
    if isinstance(model, keras.Sequential):
        return any(layer is operation for layer in model.layers)
    return any(node.operation is operation for node in graph.calls(model))
