"""The recurrent network: layers of cells, each reading the states of the layer below.

All layers but the last hand on a state per step; the head reads the last layer's
state after the last step, or the mean of its states. Normalisation and dropout act
on what a layer hands on, not inside the recurrence. Steps that are not there are
skipped: the state stays, and the mean leaves them out.

References:
    Hochreiter and Schmidhuber, "Long Short-Term Memory", Neural Computation 9(8), 1997.
    Cho et al., "Learning Phrase Representations using RNN Encoder-Decoder", EMNLP 2014.
"""

from __future__ import annotations

from typing import Any

import keras

from fathom.models.blocks import (
    Tensor,
    dropped,
    normalization_parameters,
    normalized,
    regularizer,
)
from fathom.models.families.family import Family
from fathom.models.initializers import hidden_initializer
from fathom.models.inputs import SEQUENCES
from fathom.specs import ModelSpec

# cuDNN's kernels cannot be mapped over members, so the cells are the same on every device.
_CELLS: dict[str, tuple[Any, dict[str, Any]]] = {
    "lstm": (keras.layers.LSTM, {"use_cudnn": False}),
    "gru": (keras.layers.GRU, {"use_cudnn": False}),
    "simple": (keras.layers.SimpleRNN, {}),
}


def hidden(spec: ModelSpec, x: Tensor) -> Tensor:
    """Stack layers of cells, and read the last state or the mean of all."""
    if spec.masked:
        x = keras.layers.Masking(0.0, name="masking")(x)
    takes_mean = spec.readout == "mean"
    for block in range(1, spec.depth + 1):
        keeps_steps = block < spec.depth or takes_mean
        x = _recurrent(spec, f"recurrent_{block}", return_sequences=keeps_steps)(x)
        x = dropped(spec, normalized(spec, x, str(block)), str(block))
    return keras.layers.GlobalAveragePooling1D(name="mean_over_steps")(x) if takes_mean else x


def _recurrent(spec: ModelSpec, name: str, *, return_sequences: bool) -> keras.layers.Layer:
    kind, settings = _CELLS[spec.cell]
    return kind(
        spec.width,
        activation=spec.activation,
        kernel_initializer=hidden_initializer(spec),
        kernel_regularizer=regularizer(spec),
        recurrent_regularizer=regularizer(spec),
        return_sequences=return_sequences,
        name=name,
        **settings,
    )


def hidden_parameters(spec: ModelSpec) -> int:
    """Return the weights of each layer: 4 gates of an LSTM, 3 of a GRU (two biases each), or 1."""
    gates = {"lstm": 4, "gru": 3, "simple": 1}[spec.cell]
    biases = 2 if spec.cell == "gru" else 1
    width = spec.width
    sizes = [spec.input_shape[-1]] + [width] * (spec.depth - 1)
    cells = sum(gates * (size * width + width * width + biases * width) for size in sizes)
    return cells + spec.depth * normalization_parameters(spec, width)


def layers_per_block(spec: ModelSpec) -> int:
    """Return the layers a signal passes in one block."""
    return 1 + (spec.normalization != "none") + (spec.dropout > 0)


RNN = Family(
    name="rnn",
    reads=(SEQUENCES,),
    hidden=hidden,
    hidden_parameters=hidden_parameters,
    layers_per_block=layers_per_block,
)
