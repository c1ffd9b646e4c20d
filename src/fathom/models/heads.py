"""What the last layer of a model says: probabilities, logits or a value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras

from fathom.errors import ModelError
from fathom.models.activations import applied_activation, fused_activation
from fathom.models.graph import is_functional, last_call, only_input

PROBABILITIES = ("softmax", "sigmoid")


@dataclass(frozen=True, kw_only=True)
class Head:
    """The end of a model.

    Args:
        units: Length of one output.
        activation: The activation of the output, None if there is none.
        logits: What a separate activation layer reads, `(batch, units)`; None
            if the activation is part of the layer before, or absent.
    """

    units: int
    activation: str | None
    logits: Any

    @property
    def gives_probabilities(self) -> bool:
        """Whether the outputs are probabilities."""
        return self.activation in PROBABILITIES


def head_of(model: keras.Model) -> Head:
    """Return the head of `model`, a functional or Sequential model with one output."""
    check_is_functional(model)
    node = last_call(model)
    units = int(model.outputs[0].shape[-1] or 0)
    separate = applied_activation(node.operation)
    if separate is None:
        return Head(units=units, activation=fused_activation(node.operation), logits=None)
    if separate == "linear":
        return Head(units=units, activation=None, logits=None)
    return Head(units=units, activation=separate, logits=only_input(node))


def classification_head(model: keras.Model) -> Head:
    """Return the head of a classifier.

    Raises:
        ModelError: The outputs are neither probabilities nor logits.
    """
    head = head_of(model)
    if head.activation not in (None, *PROBABILITIES):
        raise ModelError(
            "A classifier must end in softmax, sigmoid, or no activation (logits). "
            f"Received: model {model.name!r} ends in {head.activation}.",
            hint="leave the last activation out, Fathom adds the right one",
        )
    if head.gives_probabilities and head.activation != head_activation(head.units):
        _refuse_mismatch(model, head)
    return head


def head_activation(units: int) -> str:
    """Return the activation that turns `units` logits into probabilities."""
    return "sigmoid" if units == 1 else "softmax"


def training_view(model: keras.Model) -> keras.Model:
    """Return the same layers up to the logits, for a loss with `from_logits=True`.

    The layers are shared, so training the view trains the model. A model that
    does not end in a softmax or sigmoid layer of its own is its own view.

    Raises:
        ModelError: `model` is not a functional or Sequential model with one output.
    """
    head = head_of(model)
    if not head.gives_probabilities or head.logits is None:
        return model
    return keras.Model(model.inputs[0], head.logits, name=model.name)


def check_is_functional(model: Any) -> None:
    """Raise ModelError unless `model` is functional or Sequential, with one input and output."""
    if not isinstance(model, keras.Model):
        raise ModelError(f"The model must be a keras.Model. Received: {type(model).__name__}.")
    if not is_functional(model):
        raise ModelError(
            "The model must be a functional or a built Sequential model, because Fathom follows "
            f"its layers. Received: {model.name!r}, a {type(model).__name__}.",
            hint="start it with keras.Input, or end in keras.Model(inputs, outputs)",
        )
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        raise ModelError(
            "The model must have one input and one output. "
            f"Received: {len(model.inputs)} inputs and {len(model.outputs)} outputs."
        )


def _refuse_mismatch(model: keras.Model, head: Head) -> None:
    raise ModelError(
        "Probabilities must come from a sigmoid of one unit or a softmax of several. "
        f"Received: model {model.name!r} ends in {head.activation} of {head.units} "
        f"unit{'s' if head.units != 1 else ''}.",
        hint=f"end in {head_activation(head.units)}, or leave the last activation out",
    )
