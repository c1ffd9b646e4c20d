"""Each of Keras's layers as PyTorch has it: what makes it, what calls it, where weights go.

Tensors keep Keras's layout, channels last; `channels_first` turns them for the
modules that want channels on axis 1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import keras

from fathom.exports.graph import Step, Unsupported
from fathom.exports.pytorch_words import ACTIVATIONS, EXPONENTIAL
from fathom.exports.settings import (
    RECURRENT,
    STILL,
    activation_name,
    attention_features,
    is_causal,
)
from fathom.exports.windows import padding_of, pairs_of, sizes
from fathom.exports.writers import Writers

CHANNELS_FIRST = '''
def channels_first(layer, x):
    """Call a layer that reads channels on axis 1 with channels on the last axis."""
    return layer(x.movedim(-1, 1)).movedim(1, -1)

'''
ATTENTION = '''
class Attention(nn.Module):
    """Attention of several heads over (rows, steps, features)."""

    def __init__(self, features, heads, key_size, value_size, outputs, bias, causal):
        super().__init__()
        self.heads, self.causal = heads, causal
        query, key, value = features
        self.query = nn.Linear(query, heads * key_size, bias=bias)
        self.key = nn.Linear(key, heads * key_size, bias=bias)
        self.value = nn.Linear(value, heads * value_size, bias=bias)
        self.output = nn.Linear(heads * value_size, outputs, bias=bias)

    def forward(self, query, value, key=None):
        key = value if key is None else key
        parts = [self.query(query), self.key(key), self.value(value)]
        split = [part.unflatten(-1, (self.heads, -1)).transpose(1, 2) for part in parts]
        seen = nn.functional.scaled_dot_product_attention(*split, is_causal=self.causal)
        return self.output(seen.transpose(1, 2).flatten(2))

'''


@dataclass(frozen=True)
class Part:
    """One step of a program.

    Args:
        call: The expression of what the step makes.
        modules: Modules by attribute name, as source.
        loads: Source of the tensor for each parameter, such as
            `{"hidden.weight": "weights['hidden/kernel'].T"}`.
        helpers: Functions and classes that the program has to hold.
    """

    call: str
    modules: dict[str, str] = field(default_factory=dict)
    loads: dict[str, str] = field(default_factory=dict)
    helpers: tuple[str, ...] = ()


Writer = Callable[[Step], Part]
WRITERS: Writers[Writer] = Writers()


def write(step: Step) -> Part:
    """Return a step as PyTorch.

    Raises:
        Unsupported: PyTorch has no such layer, or not with these settings.
    """
    return WRITERS.writer(step)(step)


# -- activations -----------------------------------------------------------------------


def _activated(step: Step, part: Part, function: Any) -> Part:
    """Return a part followed by an activation."""
    name = activation_name(function)
    if name == "linear":
        return part
    if name not in ACTIVATIONS:
        raise Unsupported(f"activation {name}")
    attribute = f"{step.key}_{name}"
    return Part(
        f"self.{attribute}({part.call})",
        {**part.modules, attribute: ACTIVATIONS[name]},
        part.loads,
        (*part.helpers, *([EXPONENTIAL] if name == "exponential" else [])),
    )


@WRITERS.of("Activation")
def _activation(step: Step) -> Part:
    return _activated(step, Part(step.inputs[0]), step.layer.activation)


def _module(step: Step, made: str) -> Part:
    return Part(f"self.{step.key}({step.inputs[0]})", {step.key: made})


@WRITERS.of("ReLU")
def _relu(step: Step) -> Part:
    return _module(step, "nn.ReLU()")


@WRITERS.of("LeakyReLU")
def _leaky_relu(step: Step) -> Part:
    return _module(step, f"nn.LeakyReLU({float(step.layer.negative_slope)!r})")


@WRITERS.of("ELU")
def _elu(step: Step) -> Part:
    return _module(step, f"nn.ELU({float(step.layer.alpha)!r})")


@WRITERS.of("Softmax")
def _softmax(step: Step) -> Part:
    return _module(step, f"nn.Softmax({step.layer.axis})")


# -- dense -----------------------------------------------------------------------------


@WRITERS.of("Dense")
def _dense(step: Step) -> Part:
    layer: Any = step.layer
    inputs, outputs = layer.kernel.shape
    made = f"nn.Linear({inputs}, {outputs}{'' if layer.use_bias else ', bias=False'})"
    loads = {f"{step.key}.weight": f"{_weight(step, 'kernel')}.T"}
    if layer.use_bias:
        loads[f"{step.key}.bias"] = _weight(step, "bias")
    part = Part(f"self.{step.key}({step.inputs[0]})", {step.key: made}, loads)
    return _activated(step, part, layer.activation)


def _weight(step: Step, name: str) -> str:
    return f"weights[{f'{step.key}/{name}'!r}]"


@WRITERS.of("EinsumDense")
def _einsum_dense(step: Step) -> Part:
    layer: Any = step.layer
    kernel, bias = f"{step.key}_kernel", f"{step.key}_bias"
    arrays = {kernel: layer.kernel, **({} if layer.bias is None else {bias: layer.bias})}
    modules = {
        name: f"nn.Parameter(torch.zeros({tuple(map(int, array.shape))}))"
        for name, array in arrays.items()
    }
    loads = {name: _weight(step, name.removeprefix(f"{step.key}_")) for name in arrays}
    call = f"torch.einsum({layer.equation!r}, {step.inputs[0]}, self.{kernel})"
    call = call if layer.bias is None else f"{call} + self.{bias}"
    return _activated(step, Part(call, modules, loads), layer.activation)


@WRITERS.of("Embedding")
def _embedding(step: Step) -> Part:
    layer: Any = step.layer
    return Part(
        f"self.{step.key}({step.inputs[0]}.long())",
        {step.key: f"nn.Embedding({layer.input_dim}, {layer.output_dim})"},
        {f"{step.key}.weight": _weight(step, "embeddings")},
    )


# -- what does nothing when a network answers -------------------------------------------


@WRITERS.of(*STILL)
def _still(step: Step) -> Part:
    rate = getattr(step.layer, "rate", None)
    if step.kind in ("Dropout", "AlphaDropout") and not getattr(step.layer, "noise_shape", None):
        kind = "Dropout" if step.kind == "Dropout" else "AlphaDropout"
        return _module(step, f"nn.{kind}({float(rate or 0)!r})")
    return _module(step, "nn.Identity()")


# -- shapes ----------------------------------------------------------------------------


@WRITERS.of("Flatten")
def _flatten(step: Step) -> Part:
    return Part(f"{step.inputs[0]}.flatten(1)")


@WRITERS.of("Reshape")
def _reshape(step: Step) -> Part:
    return Part(f"{step.inputs[0]}.reshape(-1, {', '.join(map(str, sizes(step.shape)))})")


@WRITERS.of("Permute")
def _permute(step: Step) -> Part:
    return Part(f"{step.inputs[0]}.permute(0, {', '.join(map(str, step.layer.dims))})")


@WRITERS.of("RepeatVector")
def _repeat_vector(step: Step) -> Part:
    return Part(f"{step.inputs[0]}[:, None].expand(-1, {step.layer.n}, -1)")


@WRITERS.of("ZeroPadding1D", "ZeroPadding2D")
def _zero_padding(step: Step) -> Part:
    flat = [0, 0, *(side for pair in reversed(pairs_of(step.layer.padding)) for side in pair)]
    return Part(f"nn.functional.pad({step.inputs[0]}, {tuple(flat)})")


@WRITERS.of("Cropping1D", "Cropping2D")
def _cropping(step: Step) -> Part:
    pairs = pairs_of(step.layer.cropping)
    kept = ", ".join(f"{low}:{-high if high else ''}" for low, high in pairs)
    return Part(f"{step.inputs[0]}[:, {kept}]")


@WRITERS.of("UpSampling2D")
def _up_sampling(step: Step) -> Part:
    high, wide = step.layer.size
    call = f"{step.inputs[0]}.repeat_interleave({high}, 1).repeat_interleave({wide}, 2)"
    return Part(call)


# -- several tensors -------------------------------------------------------------------


@WRITERS.of("Add", "Subtract", "Multiply")
def _combined(step: Step) -> Part:
    sign = {"Add": " + ", "Subtract": " - ", "Multiply": " * "}[step.kind]
    return Part(sign.join(step.inputs))


@WRITERS.of("Average")
def _average(step: Step) -> Part:
    return Part(f"({' + '.join(step.inputs)}) / {len(step.inputs)}")


@WRITERS.of("Maximum", "Minimum")
def _extreme(step: Step) -> Part:
    name = {"Maximum": "maximum", "Minimum": "minimum"}[step.kind]
    call, *rest = step.inputs
    for other in rest:
        call = f"torch.{name}({call}, {other})"
    return Part(call)


@WRITERS.of("Concatenate")
def _concatenate(step: Step) -> Part:
    return Part(f"torch.cat([{', '.join(step.inputs)}], {step.layer.axis})")


# -- normalisation ---------------------------------------------------------------------


@WRITERS.of("BatchNormalization")
def _batch_normalization(step: Step) -> Part:
    layer: Any = step.layer
    rank = len(step.shape)
    if rank > 3:
        raise Unsupported("an axis that is not the last")
    kind = {1: "BatchNorm1d", 2: "BatchNorm1d", 3: "BatchNorm2d"}[rank]
    made = f"nn.{kind}({step.shape[-1]}, eps={layer.epsilon!r}, momentum={1 - layer.momentum:.6g})"
    loads = {
        f"{step.key}.running_mean": _weight(step, "moving_mean"),
        f"{step.key}.running_var": _weight(step, "moving_variance"),
        **_scale_and_shift(step),
    }
    name = f"self.{step.key}"
    if rank == 1:
        return Part(f"{name}({step.inputs[0]})", {step.key: made}, loads)
    return Part(
        f"channels_first({name}, {step.inputs[0]})", {step.key: made}, loads, (CHANNELS_FIRST,)
    )


def _scale_and_shift(step: Step) -> dict[str, str]:
    layer: Any = step.layer
    loads = {}
    if layer.scale:
        loads[f"{step.key}.weight"] = _weight(step, "gamma")
    if layer.center:
        loads[f"{step.key}.bias"] = _weight(step, "beta")
    return loads


@WRITERS.of("LayerNormalization")
def _layer_normalization(step: Step) -> Part:
    layer: Any = step.layer
    made = f"nn.LayerNorm({step.shape[-1]}, eps={layer.epsilon!r})"
    call = f"self.{step.key}({step.inputs[0]})"
    return Part(call, {step.key: made}, _scale_and_shift(step))


@WRITERS.of("Rescaling")
def _rescaling(step: Step) -> Part:
    layer: Any = step.layer
    if not isinstance(layer.scale, int | float) or not isinstance(layer.offset, int | float):
        raise Unsupported("a scale for each feature")
    return Part(f"{step.inputs[0]} * {layer.scale!r} + {layer.offset!r}")


# -- convolutions and pooling ----------------------------------------------------------


def _first(step: Step, name: str, padding: str | None) -> str:
    """Return the call of a module that reads channels on axis 1, filled up first if need be."""
    value = step.inputs[0] if padding is None else f"nn.functional.pad({step.inputs[0]}, {padding})"
    return f"channels_first(self.{name}, {value})"


def _padded(step: Step, *, fill: str = "") -> str | None:
    """Return what `nn.functional.pad` is given, None if nothing is filled up."""
    pairs = padding_of(step)
    if not any(map(any, pairs)):
        return None
    flat = (0, 0, *(side for pair in reversed(pairs) for side in pair))
    return f"{flat}{fill}"


@WRITERS.of("Conv1D", "Conv2D")
def _convolution(step: Step) -> Part:
    layer: Any = step.layer
    rank = len(layer.kernel_size)
    inputs = int(step.input_shapes[0][-1] or 0)
    made = _conv(rank, inputs, layer.filters, layer, groups=layer.groups)
    turned = "permute(2, 1, 0)" if rank == 1 else "permute(3, 2, 0, 1)"
    return _convolved(step, made, turned)


def _convolved(step: Step, made: str, turned: str) -> Part:
    """Return the part of a convolution from what makes it and what turns its kernel."""
    layer: Any = step.layer
    loads = {f"{step.key}.weight": f"{_weight(step, 'kernel')}.{turned}"}
    if layer.use_bias:
        loads[f"{step.key}.bias"] = _weight(step, "bias")
    call = _first(step, step.key, _padded(step))
    part = Part(call, {step.key: made}, loads, (CHANNELS_FIRST,))
    return _activated(step, part, layer.activation)


def _conv(rank: int, inputs: int, outputs: int, layer: Any, *, groups: int) -> str:
    settings = [f"{inputs}, {outputs}, {_sizes(layer.kernel_size)}"]
    if any(size != 1 for size in layer.strides):
        settings.append(f"stride={_sizes(layer.strides)}")
    if any(size != 1 for size in layer.dilation_rate):
        settings.append(f"dilation={_sizes(layer.dilation_rate)}")
    settings += [f"groups={groups}"] if groups != 1 else []
    settings += [] if layer.use_bias else ["bias=False"]
    return f"nn.Conv{rank}d({', '.join(settings)})"


def _sizes(values: Sequence[int]) -> str:
    values = tuple(map(int, values))
    return str(values[0]) if len(set(values)) == 1 else str(values)


@WRITERS.of("DepthwiseConv2D")
def _depthwise(step: Step) -> Part:
    layer: Any = step.layer
    inputs = int(step.input_shapes[0][-1] or 0)
    outputs = inputs * layer.depth_multiplier
    size = ", ".join(map(str, layer.kernel_size))
    made = _conv(2, inputs, outputs, layer, groups=inputs)
    turned = f"permute(2, 3, 0, 1).reshape({outputs}, 1, {size})"
    return _convolved(step, made, turned)


@WRITERS.of("MaxPooling1D", "MaxPooling2D", "AveragePooling1D", "AveragePooling2D")
def _pooling(step: Step) -> Part:
    layer: Any = step.layer
    is_max, rank = step.kind.startswith("Max"), len(layer.pool_size)
    padding = _padded(step, fill=", value=-torch.inf" if is_max else "")
    if padding is not None and not is_max:
        raise Unsupported("padding='same' where the pool does not divide the input")
    kind = f"{'Max' if is_max else 'Avg'}Pool{rank}d"
    made = f"nn.{kind}({_sizes(layer.pool_size)}, stride={_sizes(layer.strides)})"
    call = _first(step, step.key, padding)
    return Part(call, {step.key: made}, helpers=(CHANNELS_FIRST,))


@WRITERS.of(
    "GlobalAveragePooling1D", "GlobalAveragePooling2D", "GlobalMaxPooling1D", "GlobalMaxPooling2D"
)
def _global_pooling(step: Step) -> Part:
    last = len(step.input_shapes[0]) - 1
    axes = 1 if last == 1 else tuple(range(1, last + 1))
    kind = "mean" if "Average" in step.kind else "amax"
    keep = ", keepdim=True" if step.layer.keepdims else ""
    return Part(f"{step.inputs[0]}.{kind}({axes}{keep})")


# -- recurrent -------------------------------------------------------------------------


@WRITERS.of(*RECURRENT)
def _recurrent(step: Step) -> Part:
    layer: Any = step.layer
    made, loads = _cell(step, layer, step.key, prefix="")
    call = f"self.{step.key}({step.inputs[0]})[0]"
    helpers = (RESET_FIRST,) if step.kind == "GRU" else ()
    last = call if layer.return_sequences else f"{call}[:, -1]"
    return Part(last, {step.key: made}, loads, helpers)


@WRITERS.of("Bidirectional")
def _bidirectional(step: Step) -> Part:
    layer: Any = step.layer
    forward, backward = layer.forward_layer, layer.backward_layer
    made, loads = _cell(step, forward, step.key, prefix=_inside(forward))
    _, more = _cell(step, backward, step.key, prefix=_inside(backward), ending="_reverse")
    module = f"{made[:-1]}, bidirectional=True)"
    call = f"self.{step.key}({step.inputs[0]})[0]"
    if not layer.return_sequences:
        call = f"both_ends({call})"
    helpers = [] if layer.return_sequences else [BOTH_ENDS]
    helpers += [RESET_FIRST] if isinstance(forward, keras.layers.GRU) else []
    return Part(call, {step.key: module}, {**loads, **more}, tuple(helpers))


BOTH_ENDS = '''
def both_ends(x):
    """Return the last step of the first half of the features, the first step of the second."""
    forward, backward = x.chunk(2, -1)
    return torch.cat([forward[:, -1], backward[:, 0]], -1)

'''


def _inside(layer: Any) -> str:
    return f"{layer.name}/"


def _cell(
    step: Step, layer: Any, name: str, *, prefix: str, ending: str = ""
) -> tuple[str, dict[str, str]]:
    kind = type(layer).__name__
    inputs = int(layer.cell.kernel.shape[0])
    torchs = {"LSTM": "LSTM", "GRU": "GRU", "SimpleRNN": "RNN"}[kind]
    made = f"nn.{torchs}({inputs}, {layer.units}, batch_first=True)"
    if kind == "SimpleRNN" and activation_name(layer.activation) == "relu":
        made = f"{made[:-1]}, nonlinearity='relu')"
    turn = _turned_gates if kind == "GRU" else "{}".format
    cell = {name: _stored(step, prefix, name) for name in ("kernel", "recurrent_kernel", "bias")}
    loads = {
        f"{name}.weight_ih_l0{ending}": f"{turn(cell['kernel'])}.T",
        f"{name}.weight_hh_l0{ending}": f"{turn(cell['recurrent_kernel'])}.T",
    }
    for place, kind_of in enumerate(("ih", "hh")):
        loads[f"{name}.bias_{kind_of}_l0{ending}"] = _bias(layer, cell["bias"], place)
    return made, loads


def _stored(step: Step, prefix: str, ending: str) -> str:
    """Return the weight of a cell, wherever the wrapper keeps it."""
    names = [n for n in step.weights if prefix in n and n.endswith(f"/{ending}")]
    return f"weights[{names[0]!r}]" if names else ""


def _turned_gates(weight: str) -> str:
    """Return Keras's gates (update, reset, new) in PyTorch's order (reset, update, new)."""
    return f"reset_first({weight})"


RESET_FIRST = '''
def reset_first(weight):
    """Return the gates (update, reset, new) of a GRU as (reset, update, new)."""
    update, reset, new = weight.chunk(3, -1)
    return torch.cat([reset, update, new], -1)

'''


def _bias(layer: Any, bias: str, place: int) -> str:
    gates = {"LSTM": 4, "GRU": 3, "SimpleRNN": 1}[type(layer).__name__]
    if not layer.use_bias:
        return f"torch.zeros({gates * layer.units})"
    if type(layer).__name__ == "GRU":
        return _turned_gates(f"{bias}[{place}]")
    return bias if place == 0 else f"torch.zeros({gates * layer.units})"


# -- attention -------------------------------------------------------------------------


@WRITERS.of("MultiHeadAttention")
def _attention(step: Step) -> Part:
    layer: Any = step.layer
    heads, keys, values = layer.num_heads, layer.key_dim, layer.value_dim
    features = attention_features(step)
    made = (
        f"Attention({features}, heads={heads}, key_size={keys}, value_size={values}, "
        f"outputs={step.shape[-1]}, bias={layer.use_bias}, causal={is_causal(step)})"
    )
    loads = {}
    parts = {"query": keys, "key": keys, "value": values}
    for place, (name, size) in enumerate(parts.items()):
        kernel = _weight(step, f"{name}/kernel")
        loads[f"{step.key}.{name}.weight"] = (
            f"{kernel}.reshape({features[place]}, {heads * size}).T"
        )
        if layer.use_bias:
            loads[f"{step.key}.{name}.bias"] = f"{_weight(step, f'{name}/bias')}.flatten()"
    out = _weight(step, "attention_output/kernel")
    loads[f"{step.key}.output.weight"] = f"{out}.reshape({heads * values}, {step.shape[-1]}).T"
    if layer.use_bias:
        loads[f"{step.key}.output.bias"] = _weight(step, "attention_output/bias")
    call = f"self.{step.key}({', '.join(step.inputs)})"
    return Part(call, {step.key: made}, loads, (ATTENTION,))
