"""A functional model as a list of calls, from input to output.

Keras keeps the graph in attributes that are not public; this file alone reads them.
"""

from __future__ import annotations

from typing import Any

import keras

Node = Any  # keras.src.ops.node.Node: one call of one operation


def is_functional(model: keras.Model) -> bool:
    """Tell whether the layers of `model` are connected in a graph that can be read."""
    return hasattr(model, "_nodes_by_depth") or _is_built_sequential(model)


def calls(model: keras.Model) -> list[Node]:
    """Return the calls that make up a functional model, each after those it reads."""
    by_depth = _functional(model)._nodes_by_depth
    return [node for depth in sorted(by_depth, reverse=True) for node in by_depth[depth]]


def last_call(model: keras.Model) -> Node:
    """Return the call that makes the only output of a functional model."""
    return maker(model.outputs[0])


def maker(tensor: Any) -> Node:
    """Return the call that makes a tensor of a functional model."""
    history = tensor._keras_history
    return history.operation._inbound_nodes[history.node_index]


def only_input(node: Node) -> keras.KerasTensor | None:
    """Return the tensor that `node` reads, or None if it reads none or several."""
    tensors = node.input_tensors
    return tensors[0] if len(tensors) == 1 else None


def readers(nodes: list[Node]) -> dict[int, list[Node]]:
    """Return, by `id` of each call, the calls that read what it makes."""
    found: dict[int, list[Node]] = {id(node): [] for node in nodes}
    for node in nodes:
        for parent in {id(parent) for parent in node.parent_nodes} & found.keys():
            found[parent].append(node)
    return found


def _functional(model: keras.Model) -> Any:
    if hasattr(model, "_nodes_by_depth"):
        return model
    return keras.Model(model.inputs, model.outputs, name=model.name)


def _is_built_sequential(model: keras.Model) -> bool:
    return isinstance(model, keras.Sequential) and model.built and bool(model.inputs)


def inner_operations(model: keras.Model) -> list[tuple[keras.Model, Any]]:
    """Return every operation of a model and of the models in it, with the model that holds it.

    Layers made of layers that are no models count as one. Inputs are left out.
    """
    found: list[tuple[keras.Model, Any]] = []
    for operation in _own_operations(model):
        if isinstance(operation, keras.Model):
            found += inner_operations(operation)
        elif not isinstance(operation, keras.layers.InputLayer):
            found.append((model, operation))
    return list({id(operation): (holder, operation) for holder, operation in found}.values())


def _own_operations(model: keras.Model) -> list[Any]:
    if hasattr(model, "_nodes_by_depth"):
        return list(model.operations)  # pyright: ignore[reportAttributeAccessIssue]
    return list(model.layers)
