"""A spec in words."""

from __future__ import annotations

from fathom.models.activations import activation_label
from fathom.models.own import is_own
from fathom.specs import ModelSpec

_CELLS = {"lstm": "LSTM", "gru": "GRU", "simple": "simple cells"}


def describe(spec: ModelSpec) -> str:
    """Return one line for people.

    Example:
        >>> describe(ModelSpec(depth=8, family="residual", input_shape=(2,), num_classes=3))
        'residual, 8 blocks of 64, ReLU'
    """
    if is_own(spec.family):
        return f"{spec.family}, depth {spec.depth}, width {spec.width}"
    if spec.depth == 0:
        return "linear model"
    return ", ".join((spec.family, _blocks(spec), activation_label(spec.activation), *_rest(spec)))


def _blocks(spec: ModelSpec) -> str:
    return f"{spec.depth} block{'s' if spec.depth > 1 else ''} of {spec.width}"


def _rest(spec: ModelSpec) -> list[str]:
    said = {
        _CELLS.get(spec.cell, ""): spec.family == "rnn",
        "mean of all steps": spec.readout == "mean",
        f"{spec.normalization} normalisation": spec.normalization != "none",
        f"dropout {spec.dropout:g}": spec.dropout > 0,
        f"L1 {spec.l1:g}": spec.l1 > 0,
        f"L2 {spec.l2:g}": spec.l2 > 0,
        f"{spec.initializer} initial weights": spec.initializer != "auto",
    }
    return [words for words, is_set in said.items() if is_set]
