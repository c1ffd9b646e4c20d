"""Losses row by row, and the outputs they go with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

from fathom.errors import SpecError
from fathom.play.catalog import LOSSES, chosen
from fathom.play.experiment import Experiment
from fathom.play.materials import INDEX, NUMBER, Material

RowLosses = Callable[[Any, Any, Any], Any]
"""From labels (rows,), logits (rows, k) and outputs (rows, k) to losses (rows,)."""


def output_kind(experiment: Experiment, material: Material) -> str:
    """Return what the output is: "tanh", "sigmoid", "softmax" or "linear".

    Raises:
        SpecError: It does not suit the data.
    """
    kind = experiment.network.output.kind
    if kind == "auto":
        kind = {NUMBER: "linear", INDEX: "softmax"}.get(material.labels, "tanh")
    if material.labels == NUMBER and kind != "linear":
        raise SpecError(f"Numbers need the output linear. Received: output={kind!r}.")
    if material.labels == INDEX and kind != "softmax":
        raise SpecError(
            f"{len(material.classes)} classes need the output softmax. Received: output={kind!r}."
        )
    return kind


def loss_name(experiment: Experiment, output: str) -> str:
    """Return the loss of an experiment.

    Raises:
        SpecError: It does not go with the output.
    """
    if experiment.loss == "auto":
        return "crossentropy" if output in ("softmax", "sigmoid") else "half_squared_error"
    choice = chosen(LOSSES, experiment.loss)
    if output not in choice.outputs:
        raise SpecError(
            f"{choice.title} goes with the outputs {', '.join(choice.outputs)}. "
            f"Received: output={output!r}.",
            hint="choose the loss auto, or another output",
        )
    return experiment.loss


def row_losses(name: str, output: str, classes: int) -> RowLosses:
    """Return the loss of each row.

    Labels are -1 and +1 for one unit, class numbers for softmax, or numbers.
    """
    losses: Any = keras.losses
    plain = {
        "half_squared_error": lambda t, p: losses.mean_squared_error(t, p) / 2,
        "mean_squared_error": losses.mean_squared_error,
        "mean_absolute_error": losses.mean_absolute_error,
        "huber": losses.huber,
        "log_cosh": losses.log_cosh,
        "hinge": losses.hinge,
        "squared_hinge": losses.squared_hinge,
    }

    def rows(labels: Any, logits: Any, outputs: Any) -> Any:
        targets = _targets(labels, output, classes)
        if name == "crossentropy":
            return _crossentropy(targets, logits, output)
        if name == "focal":
            return _focal(targets, logits, output)
        return plain[name](targets, outputs)

    return rows


def _targets(labels: Any, output: str, classes: int) -> Any:
    ops: Any = keras.ops
    if output == "softmax":
        numbers = (labels > 0) if classes == 2 else labels
        return ops.one_hot(ops.cast(numbers, "int32"), classes, dtype="float32")
    if output == "sigmoid":
        return ops.cast(labels > 0, "float32")[:, None]
    return labels[:, None]


def _crossentropy(targets: Any, logits: Any, output: str) -> Any:
    if output == "sigmoid":
        return keras.losses.binary_crossentropy(targets, logits, from_logits=True)
    return keras.losses.categorical_crossentropy(targets, logits, from_logits=True)


def _focal(targets: Any, logits: Any, output: str) -> Any:
    if output == "sigmoid":
        return keras.losses.binary_focal_crossentropy(targets, logits, from_logits=True)
    return keras.losses.categorical_focal_crossentropy(targets, logits, from_logits=True)
