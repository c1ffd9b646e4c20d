"""Which layers of a model are worth watching, and where their activation is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import keras

from fathom.errors import ModelError
from fathom.models.activations import applied_activation, fused_activation
from fathom.models.passes import Passed, one_pass, readers

# Layers that are looked at as one, whatever is inside.
WHOLE = (
    keras.layers.RNN,
    keras.layers.Bidirectional,
    keras.layers.TimeDistributed,
    keras.layers.MultiHeadAttention,
    keras.layers.GroupQueryAttention,
)


@dataclass(frozen=True)
class Tap:
    """A layer that is watched.

    Args:
        name: What the layer is called in records: its name, after the names
            of the layers it is nested in.
        layer: The layer with the weights; its output is the pre-activation z,
            unless it applies the activation itself.
        output: The layer or operation whose output is the activation h; the
            same layer where it applies the activation itself, or has none.
        activation: Name of the activation, "linear" for none.
        output_calls: Which calls of `output`, counted from 0 in one pass
            through the model, activate what `layer` puts out.
    """

    name: str
    layer: keras.layers.Layer
    output: Any
    activation: str
    output_calls: tuple[int, ...] = (0,)

    @property
    def is_fused(self) -> bool:
        """Whether the layer applies its activation itself."""
        return self.output is self.layer and self.activation != "linear"


def watched_layers(model: keras.Model, x: Any = None) -> tuple[Tap, ...]:
    """Return the layers of `model` that have weights to learn with, from input to output.

    A layer counts if it holds a matrix: dense, convolutional, recurrent,
    attention and embedding layers, and custom ones, at any level of nesting.
    Recurrent and attention layers count as one layer each. A layer
    that is used several times counts once. Layers that cannot be seen, because they
    are called inside a loop or a function that JAX traces by itself, are
    represented by the layer around them.

    Args:
        model: A built model of any kind.
        x: Inputs or their shapes, arrays or `jax.ShapeDtypeStruct`; needed for
            models that do not know their inputs, such as subclassed ones.

    Raises:
        ModelError: The model's inputs are not known, a pass through it cannot be
            traced, or nothing in it has weights.
    """
    calls = one_pass(model, x, whole=WHOLE)
    seen = {id(call.operation) for call in calls}
    names = _names(model)
    found = _visible(model, seen)
    taps = [_tap(layer, names[id(layer)], calls) for layer in _in_order(found, calls)]
    if not taps:
        raise ModelError(
            f"No layer of {model.name!r} can be watched: none that is called holds a matrix of "
            "weights.",
            hint="train it without watching its layers",
        )
    return tuple(taps)


def kernels(layer: keras.layers.Layer) -> list[Any]:
    """Return the matrices that a watched layer learns with: its own, or those inside it."""
    own = _own_matrices(layer)
    if own and not isinstance(layer, WHOLE):
        return own
    return [variable for variable in layer.variables if _is_matrix(variable)]


# -- which layers ------------------------------------------------------------------


def _visible(model: keras.Model, seen: set[int]) -> list[keras.layers.Layer]:
    """Return the layers with weights, each represented by the innermost that can be seen."""
    found: dict[int, keras.layers.Layer] = {}

    def visit(layer: Any, around: Any) -> None:
        shown = layer if id(layer) in seen else around
        if isinstance(layer, WHOLE) and id(layer) in seen:
            found[id(layer)] = layer
            return
        if _own_matrices(layer) and not applied_activation(layer) and shown is not None:
            found[id(shown)] = shown
        for inner in layer._layers:
            visit(inner, shown)

    for layer in model._layers:
        visit(layer, None)
    return list(found.values())


def _own_matrices(layer: keras.layers.Layer) -> list[Any]:
    own = [*layer._trainable_variables, *layer._non_trainable_variables]
    return [variable for variable in own if _is_matrix(variable)]


def _is_matrix(variable: Any) -> bool:
    return len(variable.shape) >= 2 and keras.backend.is_float_dtype(variable.dtype)


def _in_order(
    layers: Iterable[keras.layers.Layer], calls: Sequence[Passed]
) -> list[keras.layers.Layer]:
    """Return the layers in the order of their first calls."""
    first: dict[int, int] = {}
    for place, call in enumerate(calls):
        first.setdefault(id(call.operation), place)
    return sorted(layers, key=lambda layer: first[id(layer)])


def _names(model: keras.Model) -> dict[int, str]:
    """Return a name for each layer by its `id`, unique in the model."""
    names: dict[int, str] = {}
    taken: set[str] = set()
    for layer, path in _walk(model, ""):
        name, count = path, 1
        while name in taken:
            count += 1
            name = f"{path}@{count}"
        if id(layer) not in names:
            names[id(layer)] = name
            taken.add(name)
    return names


def _walk(layer: Any, path: str) -> Iterator[tuple[Any, str]]:
    for inner in layer._layers:
        yield inner, f"{path}{inner.name}"
        yield from _walk(inner, f"{path}{inner.name}/")


# -- where their activation is --------------------------------------------------------


def _tap(layer: keras.layers.Layer, name: str, calls: Sequence[Passed]) -> Tap:
    own = [call for call in calls if call.operation is layer]
    fused = _fused(layer, own)
    if fused:
        return Tap(name, layer, layer, fused, tuple(range(len(own))))
    after = _activations_after(own, calls)
    if not after:
        return Tap(name, layer, layer, "linear", tuple(range(len(own))))
    output = after[0].operation
    same = tuple(call.number for call in after if call.operation is output)
    return Tap(name, layer, output, applied_activation(output) or "linear", same)


def _fused(layer: keras.layers.Layer, own: Sequence[Passed]) -> str | None:
    """Return the activation that `layer` applies to its output, once in each of its calls."""
    if isinstance(layer, WHOLE) or not all(call.activates_once for call in own):
        return None
    return fused_activation(layer)


def _activations_after(own: Sequence[Passed], calls: Sequence[Passed]) -> list[Passed]:
    read_by = readers(calls)
    found = [_activation_after(call, read_by) for call in own]
    return list({id(call): call for call in found if call is not None}.values())


def _activation_after(call: Passed, read_by: dict[int, list[Passed]]) -> Passed | None:
    """Return the activation fewest calls away, with no other weights on the way, or None."""
    level, seen = [call], {id(call)}
    while level:
        level = [
            reader
            for one in level
            for tensor in one.makes
            for reader in read_by.get(tensor, ())
            if id(reader) not in seen
        ]
        seen.update(map(id, level))
        for reader in level:
            if applied_activation(reader.operation):
                return reader
        level = [reader for reader in level if not _has_weights(reader.operation)]
    return None


def _has_weights(operation: Any) -> bool:
    return isinstance(operation, keras.layers.Layer) and any(map(_is_matrix, operation.variables))
