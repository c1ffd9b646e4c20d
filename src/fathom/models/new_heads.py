"""The same network for another task: all layers but the last, and a new last one."""

from __future__ import annotations

from typing import Any

import keras

from fathom.errors import ModelError
from fathom.models import graph
from fathom.models.activations import fused_activation
from fathom.models.heads import PROBABILITIES, check_is_functional, head_activation, head_of

POOLINGS = {3: "GlobalAveragePooling1D", 4: "GlobalAveragePooling2D", 5: "GlobalAveragePooling3D"}


def with_new_head(model: keras.Model, *, task: str, num_classes: int) -> keras.Model:
    """Return a model that shares all layers of `model` but its head, and ends in a new one.

    The head is the dense layer that the output comes from, with its softmax or
    sigmoid. A model that ends in features keeps all its layers; features
    with positions are averaged over them.

    Args:
        model: Functional or Sequential, one input, one output.
        task: "classification" or "regression".
        num_classes: Classes of the new task; 0 for regression.

    Raises:
        ModelError: The model's layers cannot be followed, or its head cannot be taken off.
    """
    check_is_functional(model)
    features = _features(model)
    taken = {layer.name for layer in model.layers}
    if len(features.shape) > 2:
        pooling = getattr(keras.layers, POOLINGS[len(features.shape)])
        features = pooling(name=_free("pooled", taken))(features)
    units = num_classes if num_classes > 2 else 1
    outputs = keras.layers.Dense(units, name=_free("logits", taken))(features)
    if task == "classification":
        name = _free("probabilities", taken)
        outputs = keras.layers.Activation(head_activation(units), name=name)(outputs)
    return keras.Model(model.inputs[0], outputs, name=model.name)


def _features(model: keras.Model) -> Any:
    """Return what the head of a model reads, or its output if it ends in features."""
    head = head_of(model)
    node = graph.maker(model.outputs[0] if head.logits is None else head.logits)
    operation = node.operation
    is_plain = fused_activation(operation) in (None, "linear", *PROBABILITIES)
    if type(operation) is keras.layers.Dense and is_plain:
        features = graph.only_input(node)
        if features is not None and not _is_input(features):
            return features
        raise ModelError(
            "A network must have a layer before its head to carry over. "
            f"Received: {model.name!r}, whose only layer with an output is {operation.name!r}.",
            hint="a linear model has no features of its own: train one on the new data",
        )
    if head.gives_probabilities or isinstance(operation, keras.Model):
        raise ModelError(
            "The last layer must be a Dense layer, which is replaced for the new task, or make "
            f"features. Received: {model.name!r}, which ends in {operation.name!r}, "
            f"a {type(operation).__name__}.",
            hint="give the network up to its features: "
            "keras.Model(model.inputs, model.get_layer(NAME).output)",
        )
    rank = len(model.outputs[0].shape)
    if rank != 2 and rank not in POOLINGS:
        raise ModelError(
            "Features must have from 0 to 3 axes of positions before the channels. "
            f"Received: {model.name!r}, which puts out {tuple(model.outputs[0].shape[1:])}."
        )
    return model.outputs[0]


def _is_input(tensor: Any) -> bool:
    return isinstance(graph.maker(tensor).operation, keras.layers.InputLayer)


def _free(name: str, taken: set[str]) -> str:
    """Return `name`, with a number if a layer has it already."""
    names = (name, *(f"{name}_{number}" for number in range(1, len(taken) + 2)))
    return next(one for one in names if one not in taken)
