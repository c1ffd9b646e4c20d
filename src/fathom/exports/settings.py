"""Settings of Keras's layers: which have no counterpart elsewhere, and what the others say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

from fathom.exports.graph import Step, Unsupported

# What does nothing when a network answers.
RANDOM = ("Dropout", "SpatialDropout1D", "SpatialDropout2D", "GaussianDropout", "GaussianNoise")
STILL = (*RANDOM, "AlphaDropout", "ActivityRegularization", "Identity")
RECURRENT = ("LSTM", "GRU", "SimpleRNN")


def check_settings(step: Step) -> None:
    """Raise where a layer is set to what neither ONNX nor PyTorch has.

    Raises:
        Unsupported: Says what.
    """
    check = _CHECKS.get(step.kind)
    if check is not None:
        check(step)


def activation_name(function: Any) -> str:
    """Return the name of a Keras activation.

    Raises:
        Unsupported: It is not one that has a name.
    """
    name = keras.activations.serialize(function)
    if not isinstance(name, str):
        raise Unsupported("its activation is not Keras's own")
    return name


def is_causal(step: Step) -> bool:
    """Return whether each step of an attention sees only those before it."""
    return bool(step.settings.get("use_causal_mask", False))


def attention_features(step: Step) -> tuple[int, int, int]:
    """Return the features of query, key and value."""
    query, value, *key = (int(shape[-1] or 0) for shape in step.input_shapes)
    return query, key[0] if key else value, value


# -- what is refused ---------------------------------------------------------------------


def _relu(step: Step) -> None:
    layer: Any = step.layer
    if layer.max_value is not None or layer.negative_slope or layer.threshold:
        raise Unsupported("a slope, threshold or maximum of its own")


def _softmax(step: Step) -> None:
    if not isinstance(step.layer.axis, int):
        raise Unsupported("several axes")


def _dense(step: Step) -> None:
    if step.layer.quantization_mode or step.layer.lora_enabled:
        raise Unsupported("quantized or with LoRA")


def _embedding(step: Step) -> None:
    if step.layer.mask_zero:
        raise Unsupported("mask_zero")


def _up_sampling(step: Step) -> None:
    if step.layer.interpolation != "nearest":
        raise Unsupported(f"interpolation {step.layer.interpolation}")


def _batch_normalization(step: Step) -> None:
    if step.layer.axis not in (-1, len(step.shape)):
        raise Unsupported("an axis that is not the last")


def _layer_normalization(step: Step) -> None:
    layer: Any = step.layer
    axes = [layer.axis] if isinstance(layer.axis, int) else list(layer.axis)
    if axes not in ([-1], [len(step.shape)]) or getattr(layer, "rms_scaling", False):
        raise Unsupported("axes other than the last")


def _recurrent(step: Step) -> None:
    _check_cell(step.layer)


def _bidirectional(step: Step) -> None:
    layer: Any = step.layer
    forward, backward = layer.forward_layer, layer.backward_layer
    kinds = {type(forward).__name__, type(backward).__name__}
    if len(kinds) > 1 or not kinds <= set(RECURRENT) or layer.merge_mode != "concat":
        raise Unsupported("directions that differ, or are not put side by side")
    _check_cell(forward)
    _check_cell(backward, is_back=True)


def _check_cell(layer: Any, *, is_back: bool = False) -> None:
    """Raise where a recurrent layer goes another way, gives its state, or has other gates."""
    kind = type(layer).__name__
    if layer.return_state or layer.stateful or layer.go_backwards != is_back:
        raise Unsupported("a state that is given or kept, or steps taken backwards")
    allowed = ("tanh", "relu") if kind == "SimpleRNN" else ("tanh",)
    if activation_name(layer.activation) not in allowed:
        raise Unsupported(f"activation {activation_name(layer.activation)}")
    if kind != "SimpleRNN" and activation_name(layer.recurrent_activation) != "sigmoid":
        raise Unsupported("a recurrent activation other than sigmoid")
    if kind == "GRU" and not layer.reset_after:
        raise Unsupported("reset_after=False")


def _attention(step: Step) -> None:
    layer: Any = step.layer
    known = {"query", "value", "key", "use_causal_mask", "return_attention_scores"}
    is_plain = set(step.settings) <= known and len(step.inputs) <= 3
    if not is_plain or any(len(shape) != 2 for shape in step.input_shapes):
        raise Unsupported("masks, scores, or inputs that are not (rows, steps, features)")
    if getattr(layer, "_use_gate", False) or getattr(layer, "use_gate", False):
        raise Unsupported("gated")


_CHECKS: dict[str, Callable[[Step], None]] = {
    "ReLU": _relu,
    "Softmax": _softmax,
    "Dense": _dense,
    "Embedding": _embedding,
    "UpSampling2D": _up_sampling,
    "BatchNormalization": _batch_normalization,
    "LayerNormalization": _layer_normalization,
    **dict.fromkeys(RECURRENT, _recurrent),
    "Bidirectional": _bidirectional,
    "MultiHeadAttention": _attention,
}
