"""The network of an estimator: compiled for weighted rows, and to and from bytes."""

from __future__ import annotations

import tempfile
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from fathom.specs import ModelSpec

if TYPE_CHECKING:
    import keras

MOST_ROWS = 4096


def compiled_network(
    spec: ModelSpec, *, optimizer: str, learning_rate: float, is_scored: bool
) -> keras.Model:
    """Return a new network that ends in logits or the value, compiled for weighted rows.

    Its loss is the weighted mean over a batch, so that rows of weight 0 are as
    if they were not there. Its weights are to be drawn by seeds: networks of the built-in
    families have no values.

    Args:
        spec: The network.
        optimizer: A Keras optimizer's name.
        learning_rate: Greater than 0.
        is_scored: Whether the score is measured, beside the loss.
    """
    from fathom import models

    view = models.compile_for(
        _built(spec), task=spec.task, optimizer=optimizer, learning_rate=learning_rate
    )
    scores = [models.metric_for(view, spec.task)] if is_scored else None
    view.compile(optimizer=view.optimizer, loss=_loss(spec), weighted_metrics=scores)
    return view


def _built(spec: ModelSpec) -> keras.Model:
    """Return the network; Keras compiles a program for each draw of weights it makes."""
    from fathom import models

    is_own = spec.family not in models.families()
    with nullcontext() if is_own else models.without_values():
        return models.build(spec)


def _loss(spec: ModelSpec) -> Any:
    import keras

    reduction = "mean_with_sample_weight"
    if spec.task == "regression":
        return keras.losses.MeanSquaredError(reduction=reduction)
    if spec.outputs == 1:
        return keras.losses.BinaryCrossentropy(from_logits=True, reduction=reduction)
    return keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction=reduction)


def answering(network: keras.Model, *, task: str) -> keras.Model:
    """Return the network that ends in probabilities, with the same layers; or the regression's."""
    import keras

    from fathom import models

    if task == "regression":
        return network
    kind = "sigmoid" if network.outputs[0].shape[-1] == 1 else "softmax"
    outputs = keras.layers.Activation(kind, name="probabilities")(network.outputs[0])
    model = keras.Model(network.inputs[0], outputs, name=network.name)
    rate = float(np.asarray(network.optimizer.learning_rate))
    name = type(network.optimizer).__name__
    return models.ready_to_use(model, task=task, optimizer=name, learning_rate=rate)


def outputs_of(model: keras.Model, x: np.ndarray) -> np.ndarray:
    """Return the model's outputs in float64, (rows, outputs).

    Rows are taken in blocks of a few sizes, so that what Keras compiles serves many.

    Args:
        model: The model.
        x: float32 (rows, features).
    """
    called: Any = model
    parts = []
    for start in range(0, len(x), MOST_ROWS):
        part = x[start : start + MOST_ROWS]
        size = min(MOST_ROWS, max(64, 2 ** int(np.ceil(np.log2(len(part))))))
        block = np.concatenate([part, np.repeat(part[-1:], size - len(part), axis=0)])
        parts.append(np.asarray(called(block, training=False), "float64")[: len(part)])
    return np.concatenate(parts)


def network_bytes(network: keras.Model) -> bytes:
    """Return a network as a `.keras` file, with the state of its optimizer."""
    from fathom import models

    return models.model_bytes(network)


def network_from_bytes(file: bytes) -> keras.Model:
    """Return the network in a `.keras` file, which is not trusted.

    Raises:
        ModelError: It is damaged, or asks for anything but Keras's own layers.
    """
    from fathom import models

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "network.keras"
        path.write_bytes(file)
        return models.load_model(path)
