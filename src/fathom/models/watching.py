"""Which layers of a model are worth watching, and where their activation is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras

from fathom.models.activations import applied_activation, fused_activation
from fathom.models.graph import Node, calls, readers
from fathom.models.heads import check_is_functional


@dataclass(frozen=True, kw_only=True)
class Watched:
    """A layer with a kernel, and the activation its outputs go through.

    Args:
        name: What to call it: the layer's name.
        weights_layer: The layer with the kernel. Its output is the
            pre-activation z, unless the activation is its own (see below).
        activation_layer: The layer that activates z, the first that is reached
            from it without passing another kernel; None if there is none, or if
            `weights_layer` applies its activation itself.
        activation: Name of the activation; None if there is none.
    """

    name: str
    weights_layer: str
    activation_layer: str | None
    activation: str | None


def watched_layers(model: keras.Model) -> tuple[Watched, ...]:
    """Return the layers of `model` that have a kernel, from input to output.

    Layers inside nested models and recurrent cells are not listed.

    Raises:
        ModelError: `model` is not a functional or Sequential model with one
            input and one output.
    """
    check_is_functional(model)
    nodes = calls(model)
    read_by = readers(nodes)
    first_calls = {node.operation.name: node for node in reversed(nodes) if _has_kernel(node)}
    return tuple(_watched(node, read_by) for node in reversed(first_calls.values()))


def _watched(node: Node, read_by: dict[int, list[Node]]) -> Watched:
    layer = node.operation
    fused = fused_activation(layer)
    after = None if fused else _activation_after(node, read_by)
    return Watched(
        name=layer.name,
        weights_layer=layer.name,
        activation_layer=after.name if after else None,
        activation=applied_activation(after) if after else fused,
    )


def _activation_after(node: Node, read_by: dict[int, list[Node]]) -> Any:
    """Return the activation fewest calls away, with no other kernel on the way, or None."""
    level, seen = [node], {id(node)}
    while level:
        level = [reader for one in level for reader in read_by[id(one)] if id(reader) not in seen]
        seen.update(map(id, level))
        for reader in level:
            if applied_activation(reader.operation):
                return reader.operation
        level = [reader for reader in level if not _has_kernel(reader)]
    return None


def _has_kernel(node: Node) -> bool:
    return hasattr(node.operation, "kernel")
