"""A model as a Keras program that reads its weights from a file beside it."""

from __future__ import annotations

from typing import Any

import keras

from fathom.exports.graph import Graph, Input, Step, Unsupported, written
from fathom.exports.literals import layer_source, operation_source, source
from fathom.exports.texts import called

PROGRAM = '''\
"""{title} as a Keras program; the weights are in {weights}, beside it."""

from pathlib import Path

import keras
import numpy as np

WEIGHTS = Path(__file__).with_name({weights!r})


def build():
    """Return the network, with new weights."""
{body}


def load():
    """Return the network with the weights of the file."""
    model = build()
    with np.load(WEIGHTS) as weights:
        for layer in model.layers:
            own = [weights[name] for name in weights.files if name.startswith(f"{{layer.name}}/")]
            if own:
                layer.set_weights(own)
    return model


if __name__ == "__main__":
    load().summary()
'''


def keras_program(graph: Graph, *, weights: str) -> str:
    """Return the program.

    Args:
        graph: The model.
        weights: Name of the .npz file with `graph.weights`.

    Raises:
        ModelError: Some layers are not Keras's own.
    """
    shared = {step.key for step in graph.steps if not step.is_first}
    parts = written(
        graph,
        lambda step: _lines(step, is_shared=step.key in shared),
        kind="Keras code",
        hint="layers of your own are kept by model.save('MODEL.keras')",
    )
    lines = [*map(_input, graph.inputs), *(line for part in parts for line in part)]
    inputs = _listed([one.name for one in graph.inputs])
    lines.append(
        f"return keras.Model({inputs}, {_listed(list(graph.outputs))}, name={graph.name!r})"
    )
    body = "\n".join(f"    {line}" for line in lines)
    return PROGRAM.format(title=called(graph.name), weights=weights, body=body)


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"[{', '.join(names)}]"


def _input(one: Input) -> str:
    dtype = "" if one.dtype == "float32" else f", dtype={one.dtype!r}"
    return f"{one.name} = keras.Input({source(one.shape)}{dtype}, name={one.name!r})"


def _lines(step: Step, *, is_shared: bool) -> list[str]:
    if not isinstance(step.layer, keras.layers.Layer):
        return [f"{step.name} = {operation_source(step.layer, step.arguments, step.settings)}"]
    made = layer_source(step.layer, name=step.key)
    given = ", ".join(
        [*map(source, step.arguments), *(f"{k}={source(v)}" for k, v in step.settings.items())]
    )
    if not is_shared:
        return [f"{step.name} = {made}({given})", *_adapted(step)]
    holder = f"{step.key}_layer"
    lines = [f"{holder} = {made}"] if step.is_first else []
    return [*lines, f"{step.name} = {holder}({given})"]


def _adapted(step: Step) -> list[str]:
    """Refuse what a layer learned from data without training, and keeps outside its weights."""
    layer: Any = step.layer
    if isinstance(layer, keras.layers.Normalization) and layer.input_mean is None:
        raise Unsupported("adapted; give it mean and variance")
    return []
