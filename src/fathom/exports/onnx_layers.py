"""Each of Keras's layers as nodes of ONNX."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from fathom.exports.graph import Step, Unsupported
from fathom.exports.onnx_builder import Builder
from fathom.exports.settings import (
    RECURRENT,
    STILL,
    activation_name,
    attention_features,
    is_causal,
)
from fathom.exports.windows import padding_of, pairs_of, sizes
from fathom.exports.writers import Writers

Values = Sequence[str]
Writer = Callable[[Builder, Step, Values], str]
WRITERS: Writers[Writer] = Writers()


def write(builder: Builder, step: Step, values: Values) -> str:
    """Add a step's nodes and return the name of what they give.

    Args:
        builder: Where they go.
        step: The step.
        values: Names of what it reads.

    Raises:
        Unsupported: ONNX has no such layer, or not with these settings.
    """
    writer = WRITERS.writer(step)
    builder.step = step.name
    return writer(builder, step, values)


# -- activations -----------------------------------------------------------------------

ONE_NODE: dict[str, tuple[str, dict[str, Any]]] = {
    "relu": ("Relu", {}),
    "tanh": ("Tanh", {}),
    "sigmoid": ("Sigmoid", {}),
    "softmax": ("Softmax", {"axis": -1}),
    "log_softmax": ("LogSoftmax", {"axis": -1}),
    "elu": ("Elu", {}),
    "celu": ("Celu", {}),
    "selu": ("Selu", {}),
    "gelu": ("Gelu", {}),
    "mish": ("Mish", {}),
    "softplus": ("Softplus", {}),
    "softsign": ("Softsign", {}),
    "exponential": ("Exp", {}),
    "leaky_relu": ("LeakyRelu", {"alpha": 0.2}),
    "hard_sigmoid": ("HardSigmoid", {"alpha": 1 / 6, "beta": 0.5}),
    "hard_silu": ("HardSwish", {}),
}


def activated(builder: Builder, value: str, function: Any) -> str:
    """Add an activation and return the name of what it gives."""
    name = activation_name(function)
    if name == "linear":
        return value
    if name == "silu":
        return builder.add("Mul", value, builder.add("Sigmoid", value))
    if name in ("relu6", "hard_tanh"):
        low, high = (0.0, 6.0) if name == "relu6" else (-1.0, 1.0)
        return builder.add("Clip", value, builder.constant(low), builder.constant(high))
    if name == "log_sigmoid":
        return builder.add("Neg", builder.add("Softplus", builder.add("Neg", value)))
    if name not in ONE_NODE:
        raise Unsupported(f"activation {name}")
    kind, attributes = ONE_NODE[name]
    return builder.add(kind, value, **attributes)


@WRITERS.of("Activation")
def _activation(builder: Builder, step: Step, values: Values) -> str:
    return activated(builder, values[0], step.layer.activation)


@WRITERS.of("ReLU")
def _relu(builder: Builder, step: Step, values: Values) -> str:
    return builder.add("Relu", values[0])


@WRITERS.of("LeakyReLU")
def _leaky_relu(builder: Builder, step: Step, values: Values) -> str:
    return builder.add("LeakyRelu", values[0], alpha=float(step.layer.negative_slope))


@WRITERS.of("ELU")
def _elu(builder: Builder, step: Step, values: Values) -> str:
    return builder.add("Elu", values[0], alpha=float(step.layer.alpha))


@WRITERS.of("Softmax")
def _softmax(builder: Builder, step: Step, values: Values) -> str:
    return builder.add("Softmax", values[0], axis=step.layer.axis)


# -- dense -----------------------------------------------------------------------------


@WRITERS.of("Dense")
def _dense(builder: Builder, step: Step, values: Values) -> str:
    layer: Any = step.layer
    value = builder.add("MatMul", values[0], builder.constant(layer.kernel, name="kernel"))
    if layer.use_bias:
        value = builder.add("Add", value, builder.constant(layer.bias, name="bias"))
    return activated(builder, value, layer.activation)


@WRITERS.of("EinsumDense")
def _einsum_dense(builder: Builder, step: Step, values: Values) -> str:
    layer: Any = step.layer
    kernel = builder.constant(layer.kernel, name="kernel")
    value = builder.add("Einsum", values[0], kernel, equation=layer.equation)
    if layer.bias is not None:
        value = builder.add("Add", value, builder.constant(layer.bias, name="bias"))
    return activated(builder, value, layer.activation)


@WRITERS.of("Embedding")
def _embedding(builder: Builder, step: Step, values: Values) -> str:
    rows = builder.add("Cast", values[0], to=7)  # int64
    return builder.add("Gather", builder.constant(step.layer.embeddings, name="table"), rows)


@WRITERS.of(*STILL)
def _still(builder: Builder, step: Step, values: Values) -> str:
    return values[0]


# -- shapes ----------------------------------------------------------------------------


@WRITERS.of("Flatten", "Reshape")
def _reshape(builder: Builder, step: Step, values: Values) -> str:
    return builder.reshaped(values[0], [-1, *sizes(step.shape)])


@WRITERS.of("Permute")
def _permute(builder: Builder, step: Step, values: Values) -> str:
    return builder.transposed(values[0], [0, *step.layer.dims])


@WRITERS.of("RepeatVector")
def _repeat_vector(builder: Builder, step: Step, values: Values) -> str:
    value = builder.add("Unsqueeze", values[0], builder.integers([1]))
    return builder.add("Tile", value, builder.integers([1, step.layer.n, 1]))


@WRITERS.of("ZeroPadding1D", "ZeroPadding2D")
def _zero_padding(builder: Builder, step: Step, values: Values) -> str:
    return _filled(builder, values[0], pairs_of(step.layer.padding))


def _filled(
    builder: Builder, value: str, pairs: Sequence[tuple[int, int]], *, fill: float = 0.0
) -> str:
    """Add rows and columns of `fill` around the spatial axes, channels last."""
    lows, highs = zip(*pairs, strict=True)
    amounts = builder.integers([0, *lows, 0, 0, *highs, 0])
    return builder.add("Pad", value, amounts, builder.constant(fill))


@WRITERS.of("Cropping1D", "Cropping2D")
def _cropping(builder: Builder, step: Step, values: Values) -> str:
    pairs = pairs_of(step.layer.cropping)
    ends = [-high if high else np.iinfo(np.int64).max for _, high in pairs]
    axes = list(range(1, len(pairs) + 1))
    parts = [[low for low, _ in pairs], ends, axes]
    return builder.add("Slice", values[0], *map(builder.integers, parts))


@WRITERS.of("UpSampling2D")
def _up_sampling(builder: Builder, step: Step, values: Values) -> str:
    scales = builder.constant([1, 1, *step.layer.size])
    first = builder.transposed(values[0], (0, 3, 1, 2))
    larger = builder.add(
        "Resize",
        first,
        "",
        scales,
        mode="nearest",
        coordinate_transformation_mode="asymmetric",
        nearest_mode="floor",
    )
    return builder.transposed(larger, (0, 2, 3, 1))


# -- several tensors -------------------------------------------------------------------

SEVERAL = {"Maximum": "Max", "Minimum": "Min", "Average": "Mean", "Add": "Sum"}


@WRITERS.of(*SEVERAL)
def _several(builder: Builder, step: Step, values: Values) -> str:
    return builder.add(SEVERAL[step.kind], *values)


@WRITERS.of("Subtract", "Multiply")
def _pairwise(builder: Builder, step: Step, values: Values) -> str:
    kind = {"Subtract": "Sub", "Multiply": "Mul"}[step.kind]
    value, *rest = values
    for other in rest:
        value = builder.add(kind, value, other)
    return value


@WRITERS.of("Concatenate")
def _concatenate(builder: Builder, step: Step, values: Values) -> str:
    return builder.add("Concat", *values, axis=step.layer.axis)


# -- normalisation ---------------------------------------------------------------------


@WRITERS.of("BatchNormalization")
def _batch_normalization(builder: Builder, step: Step, values: Values) -> str:
    layer: Any = step.layer
    mean, variance = (np.asarray(v, "float64") for v in (layer.moving_mean, layer.moving_variance))
    gamma = np.asarray(layer.gamma, "float64") if layer.scale else 1.0
    beta = np.asarray(layer.beta, "float64") if layer.center else 0.0
    scale = gamma / np.sqrt(variance + layer.epsilon)
    scaled = builder.add("Mul", values[0], builder.constant(scale, name="scale"))
    return builder.add("Add", scaled, builder.constant(beta - mean * scale, name="shift"))


@WRITERS.of("LayerNormalization")
def _layer_normalization(builder: Builder, step: Step, values: Values) -> str:
    layer: Any = step.layer
    size = int(step.shape[-1] or 0)
    scale = layer.gamma if layer.scale else np.ones(size)
    parts = [builder.constant(scale, name="scale")]
    parts += [builder.constant(layer.beta, name="bias")] if layer.center else []
    return builder.add(
        "LayerNormalization", values[0], *parts, axis=-1, epsilon=float(layer.epsilon)
    )


@WRITERS.of("Rescaling")
def _rescaling(builder: Builder, step: Step, values: Values) -> str:
    scaled = builder.add("Mul", values[0], builder.constant(step.layer.scale))
    return builder.add("Add", scaled, builder.constant(step.layer.offset))


# -- convolutions and pooling ----------------------------------------------------------


def _channels_first(builder: Builder, value: str, rank: int) -> str:
    return builder.transposed(value, (0, rank + 1, *range(1, rank + 1)))


def _channels_last(builder: Builder, value: str, rank: int) -> str:
    return builder.transposed(value, (0, *range(2, rank + 2), 1))


@WRITERS.of("Conv1D", "Conv2D", "DepthwiseConv2D")
def _convolution(builder: Builder, step: Step, values: Values) -> str:
    layer: Any = step.layer
    rank = len(layer.kernel_size)
    kernel = np.asarray(layer.kernel)
    if step.kind == "DepthwiseConv2D":
        groups = kernel.shape[2]
        kernel = kernel.transpose(2, 3, 0, 1).reshape(-1, 1, *kernel.shape[:2])
    else:
        groups, kernel = layer.groups, kernel.transpose(rank + 1, rank, *range(rank))
    parts = [_channels_first(builder, values[0], rank), builder.constant(kernel, name="kernel")]
    parts += [builder.constant(layer.bias, name="bias")] if layer.use_bias else []
    value = builder.add(
        "Conv",
        *parts,
        kernel_shape=list(layer.kernel_size),
        strides=list(layer.strides),
        dilations=list(layer.dilation_rate),
        group=int(groups),
        pads=_pads(step),
    )
    return activated(builder, _channels_last(builder, value, rank), layer.activation)


def _pads(step: Step) -> list[int]:
    lows, highs = zip(*padding_of(step), strict=True)
    return [*lows, *highs]


@WRITERS.of("MaxPooling1D", "MaxPooling2D", "AveragePooling1D", "AveragePooling2D")
def _pooling(builder: Builder, step: Step, values: Values) -> str:
    layer: Any = step.layer
    rank = len(layer.pool_size)
    kind = "MaxPool" if step.kind.startswith("Max") else "AveragePool"
    value = builder.add(
        kind,
        _channels_first(builder, values[0], rank),
        kernel_shape=list(layer.pool_size),
        strides=list(layer.strides),
        pads=_pads(step),
    )
    return _channels_last(builder, value, rank)


@WRITERS.of(
    "GlobalAveragePooling1D", "GlobalAveragePooling2D", "GlobalMaxPooling1D", "GlobalMaxPooling2D"
)
def _global_pooling(builder: Builder, step: Step, values: Values) -> str:
    kind = "ReduceMean" if "Average" in step.kind else "ReduceMax"
    axes = builder.integers(list(range(1, len(step.input_shapes[0]))))
    return builder.add(kind, values[0], axes, keepdims=int(step.layer.keepdims))


# -- recurrent -------------------------------------------------------------------------

# ONNX's order of the gates, by their places in Keras's.
GATES = {"LSTM": (0, 3, 1, 2), "GRU": (0, 1, 2), "SimpleRNN": (0,)}
NODES = {"LSTM": "LSTM", "GRU": "GRU", "SimpleRNN": "RNN"}


@WRITERS.of(*RECURRENT)
def _recurrent(builder: Builder, step: Step, values: Values) -> str:
    layer: Any = step.layer
    return _run(builder, values[0], [layer], is_sequence=layer.return_sequences)


@WRITERS.of("Bidirectional")
def _bidirectional(builder: Builder, step: Step, values: Values) -> str:
    layer: Any = step.layer
    both = [layer.forward_layer, layer.backward_layer]
    return _run(builder, values[0], both, is_sequence=layer.return_sequences)


def _run(builder: Builder, value: str, layers: Sequence[Any], *, is_sequence: bool) -> str:
    """Add a recurrent node in one or two directions and return its steps, or its last ones."""
    layer, kind = layers[0], type(layers[0]).__name__
    extra: dict[str, Any] = {"linear_before_reset": 1} if kind == "GRU" else {}
    if kind == "SimpleRNN":
        name = {"tanh": "Tanh", "relu": "Relu"}[activation_name(layer.activation)]
        extra["activations"] = [name] * len(layers)
    weights = [np.stack(part) for part in zip(*map(_cell, layers), strict=True)]
    steps = builder.add(
        NODES[kind],
        builder.transposed(value, (1, 0, 2)),
        *map(builder.constant, weights),
        outputs=2,
        hidden_size=layer.units,
        direction="bidirectional" if len(layers) == 2 else "forward",
        **extra,
    )  # (steps, direction, rows, units); the last of each direction: (direction, rows, units)
    width = layer.units * len(layers)
    if is_sequence:
        return builder.reshaped(builder.transposed(steps, (2, 0, 1, 3)), (0, 0, width))
    return builder.reshaped(builder.transposed(f"{steps}_1", (1, 0, 2)), (-1, width))


def _cell(layer: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return a cell's weights (gates x units, inputs) and biases, gates in ONNX's order."""
    kind = type(layer).__name__
    gates, cell = GATES[kind], layer.cell
    count = len(gates) * layer.units
    bias = np.asarray(cell.bias) if layer.use_bias else np.zeros(count)
    if bias.ndim == 1:
        bias = np.stack([bias, np.zeros(count)])

    def ordered(array: Any) -> np.ndarray:
        parts = np.split(np.asarray(array), len(gates), axis=-1)
        return np.concatenate([parts[gate] for gate in gates], axis=-1)

    return ordered(cell.kernel).T, ordered(cell.recurrent_kernel).T, ordered(bias).reshape(-1)


# -- attention -------------------------------------------------------------------------


@WRITERS.of("MultiHeadAttention")
def _attention(builder: Builder, step: Step, values: Values) -> str:
    layer: Any = step.layer
    query, value, *key = values
    sources = {"query": query, "key": key[0] if key else value, "value": value}
    features = attention_features(step)
    heads = {
        name: _heads(builder, sources[name], getattr(layer, f"{name}_dense"), layer, size)
        for name, size in zip(sources, features, strict=True)
    }  # (rows, heads, steps, size)
    scale = builder.constant(1 / np.sqrt(layer.key_dim))
    turned = builder.transposed(heads["key"], (0, 1, 3, 2))
    scores = builder.add("Mul", builder.add("MatMul", heads["query"], turned), scale)
    if is_causal(step):
        asked, seen = (sizes(shape)[0] for shape in step.input_shapes[:2])
        future = np.triu(np.full((asked, seen), -1e9), 1)
        scores = builder.add("Add", scores, builder.constant(future, name="future"))
    shares = builder.add("Softmax", scores, axis=-1)
    mixed = builder.transposed(builder.add("MatMul", shares, heads["value"]), (0, 2, 1, 3))
    width = layer.num_heads * layer.value_dim
    out = layer.output_dense
    kernel = np.asarray(out.kernel).reshape(width, -1)
    merged = builder.reshaped(mixed, (0, 0, width))
    answer = builder.add("MatMul", merged, builder.constant(kernel, name="output_kernel"))
    return _shifted(builder, answer, out)


def _heads(builder: Builder, value: str, dense: Any, layer: Any, features: int) -> str:
    kernel = np.asarray(dense.kernel).reshape(features, -1)
    projected = builder.add("MatMul", value, builder.constant(kernel, name="kernel"))
    split = builder.reshaped(_shifted(builder, projected, dense), (0, 0, layer.num_heads, -1))
    return builder.transposed(split, (0, 2, 1, 3))


def _shifted(builder: Builder, value: str, dense: Any) -> str:
    if dense.bias is None:
        return value
    return builder.add("Add", value, builder.constant(np.ravel(dense.bias), name="bias"))
