"""The transformer: tokens that look at one another, block after block.

A block is

    h <- h + dropout(attention(normalisation(h)))
    h <- h + dropout(contract(activation(expand(normalisation(h)))))

with attention of several heads and an expansion to four times the width. The
stream is normalised once more, and the head reads the mean over the tokens, those
left out that are not there.

What becomes a token: each column of a table, a number by a vector of its own times
its value and a category by its embedding; each step of a sequence; each square patch
of an image. Steps and patches have learned positions.

References:
    Vaswani et al., "Attention Is All You Need", NeurIPS 2017.
    Xiong et al., "On Layer Normalization in the Transformer Architecture", ICML 2020
    (normalisation before each branch, which trains without a warm-up).
    Gorishniy et al., "Revisiting Deep Learning Models for Tabular Data", NeurIPS 2021
    (columns as tokens, and how they are initialised).
    Dosovitskiy et al., "An Image is Worth 16x16 Words", ICLR 2021 (patches).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from typing import Any

import keras

from fathom.errors import SpecError
from fathom.models.blocks import (
    Tensor,
    dropped,
    normalization_parameters,
    normalized,
    regularizer,
)
from fathom.models.families.family import Family
from fathom.models.initializers import check_is_drawn, hidden_initializer, linear_initializer
from fathom.models.inputs import IMAGES, SEQUENCES, VECTORS, kind_of
from fathom.specs import ModelSpec

EXPANSION = 4
MOST_HEADS, FEWEST_UNITS_PER_HEAD = 8, 8
MOST_TOKENS = 2048
POSITION_DEVIATION = 0.02


def num_heads(width: int) -> int:
    """Return the most heads, up to 8, that divide `width` and leave each 8 units or more.

    Example:
        >>> num_heads(64), num_heads(20), num_heads(7)
        (8, 2, 1)
    """
    fitting = (n for n in range(MOST_HEADS, 1, -1) if width % n == 0)
    return next((n for n in fitting if width // n >= FEWEST_UNITS_PER_HEAD), 1)


def patch_side(input_shape: tuple[int, ...]) -> int:
    """Return the side of a patch: a power of two that gives 7 or more across the shorter side.

    Images of 4 to 13 pixels have patches of 2, smaller ones of 1.

    Example:
        >>> [patch_side((side, side, 1)) for side in (3, 8, 28, 32, 224)]
        [1, 2, 4, 4, 32]
    """
    shorter = min(input_shape[:2])
    if shorter < 4:
        return 1
    return max(2, 2 ** int(math.log2(max(shorter / 7, 1))))


def num_tokens(spec: ModelSpec) -> int:
    """Return how many tokens one input is."""
    kind, shape = kind_of(spec.input_shape), spec.input_shape
    if kind == VECTORS:
        return len(spec.tokens) or shape[0]
    return shape[0] if kind == SEQUENCES else math.prod(_patches(shape))


def _patches(input_shape: tuple[int, ...]) -> tuple[int, int]:
    """Return the patches of an image, down and across; the last ones may hang over."""
    side = patch_side(input_shape)
    return -(-input_shape[0] // side), -(-input_shape[1] // side)


def hidden(spec: ModelSpec, x: Tensor) -> Tensor:
    """Make tokens, run the blocks, and return the mean over the tokens."""
    stream = _TOKENS[kind_of(spec.input_shape)](spec, x)
    for block in range(1, spec.depth + 1):
        stream = _attended(spec, stream, block)
        stream = _transformed(spec, stream, block)
    stream = normalized(spec, stream, "out")
    return keras.layers.GlobalAveragePooling1D(name="mean_over_tokens")(stream)


# -- blocks ------------------------------------------------------------------------


def _attended(spec: ModelSpec, stream: Tensor, block: int) -> Tensor:
    heads = num_heads(spec.width)
    attention = keras.layers.MultiHeadAttention(
        heads,
        spec.width // heads,
        kernel_initializer=linear_initializer(spec),
        kernel_regularizer=regularizer(spec),
        name=f"attention_{block}",
    )
    branch = normalized(spec, stream, f"attention_{block}")
    branch = dropped(spec, attention(branch, branch), f"attention_{block}")
    return keras.layers.Add(name=f"add_attention_{block}")([stream, branch])


def _transformed(spec: ModelSpec, stream: Tensor, block: int) -> Tensor:
    branch = normalized(spec, stream, str(block))
    branch = _dense(spec, EXPANSION * spec.width, f"expand_{block}")(branch)
    branch = keras.layers.Activation(spec.activation, name=f"activation_{block}")(branch)
    branch = dropped(spec, _dense(spec, spec.width, f"contract_{block}")(branch), str(block))
    return keras.layers.Add(name=f"add_{block}")([stream, branch])


def _dense(spec: ModelSpec, units: int, name: str) -> keras.layers.Layer:
    return keras.layers.Dense(
        units,
        kernel_initializer=hidden_initializer(spec),
        kernel_regularizer=regularizer(spec),
        name=name,
    )


# -- tokens ------------------------------------------------------------------------


def _of_columns(spec: ModelSpec, x: Tensor) -> Tensor:
    """Return a token per column: numbers that follow each other at once, categories one by one."""
    x = keras.layers.Reshape((spec.input_shape[0], 1), name="features")(x)
    tokens = []
    for name, start, stop, are_numbers in _columns(spec):
        make = _of_numbers if are_numbers else _of_category
        tokens.append(make(spec, _cut(spec, x, start, stop, name), name))
    if len(tokens) == 1:
        return tokens[0]
    return keras.layers.Concatenate(axis=1, name="tokens")(tokens)


def _cut(spec: ModelSpec, x: Tensor, start: int, stop: int, name: str) -> Tensor:
    ends = (start, spec.input_shape[0] - stop)
    return keras.layers.Cropping1D(ends, name=f"features_of_{name}")(x) if any(ends) else x


def _columns(spec: ModelSpec) -> Iterator[tuple[str, int, int, bool]]:
    """Yield name, first and last feature of each run of numbers and of each category."""
    sizes = spec.tokens or (1,) * spec.input_shape[0]
    start = 0
    runs = itertools.groupby(sizes, key=lambda size: size == 1)
    for are_numbers, group in runs:
        of_run = list(group)
        for size in [len(of_run)] if are_numbers else of_run:
            kind = "numbers" if are_numbers else "category"
            yield f"{kind}_{start + 1}", start, start + size, are_numbers
            start += size


def _of_numbers(spec: ModelSpec, x: Tensor, name: str) -> Tensor:
    """Return `(batch, numbers, width)`: each number times a vector of its own, plus another."""
    layer = keras.layers.EinsumDense(
        "bno,nw->bnw",
        output_shape=(x.shape[1], spec.width),
        bias_axes="nw",
        kernel_initializer=_of_token(spec),
        bias_initializer=_of_token(spec),
        kernel_regularizer=regularizer(spec),
        name=name,
    )
    return layer(x)


def _of_category(spec: ModelSpec, x: Tensor, name: str) -> Tensor:
    """Return `(batch, 1, width)`: the category's vector, plus one for the column."""
    layer = keras.layers.Dense(
        spec.width,
        kernel_initializer=_of_token(spec),
        bias_initializer=_of_token(spec),
        kernel_regularizer=regularizer(spec),
        name=name,
    )
    x = keras.layers.Permute((2, 1), name=f"{name}_as_one")(x)
    return layer(x)


def _of_token(spec: ModelSpec) -> Any:
    limit = 1 / math.sqrt(spec.width)
    return keras.initializers.RandomUniform(-limit, limit)


def _of_steps(spec: ModelSpec, x: Tensor) -> Tensor:
    """Return a token per step, and its position; steps that are not there are masked.

    A step that is not there is zeros, also its mark. So its token is zeros: a
    kernel without a bias makes it, and a position counts as often as the mark says.
    """
    if not spec.masked:
        return _with_positions(spec, x)
    embedding = keras.layers.Dense(
        spec.width,
        use_bias=False,
        kernel_initializer=linear_initializer(spec),
        kernel_regularizer=regularizer(spec),
        name="embedding",
    )
    tokens = keras.layers.Add(name="add_positions")([embedding(x), _marked_positions(spec, x)])
    return keras.layers.Masking(0.0, name="masking")(tokens)


def _marked_positions(spec: ModelSpec, x: Tensor) -> Tensor:
    """Return `(batch, steps, width)`: each position's vector times the step's mark."""
    steps, features = spec.input_shape
    x = keras.layers.Permute((2, 1), name="by_feature")(x)
    x = keras.layers.Cropping1D((features - 1, 0), name="marks")(x)
    positions = keras.layers.EinsumDense(
        "bot,tw->btw",
        output_shape=(steps, spec.width),
        kernel_initializer=_of_position(),
        name="positions",
    )
    return positions(x)


def _with_positions(spec: ModelSpec, x: Tensor) -> Tensor:
    """Return `(batch, tokens, width)`: one kernel for all tokens, a bias for each position."""
    layer = keras.layers.EinsumDense(
        "btf,fw->btw",
        output_shape=(x.shape[1], spec.width),
        bias_axes="tw",
        kernel_initializer=linear_initializer(spec),
        bias_initializer=_of_position(),
        kernel_regularizer=regularizer(spec),
        name="embedding",
    )
    return layer(x)


def _of_position() -> Any:
    return keras.initializers.TruncatedNormal(stddev=POSITION_DEVIATION)


def _of_patches(spec: ModelSpec, x: Tensor) -> Tensor:
    """Return a token per patch, row by row; zeros stand beyond the image's edge."""
    (height, width, channels), side = spec.input_shape, patch_side(spec.input_shape)
    down, across = _patches(spec.input_shape)
    missing = (down * side - height, across * side - width)
    if any(missing):
        padding = ((0, missing[0]), (0, missing[1]))
        x = keras.layers.ZeroPadding2D(padding, name="padding")(x)
    if side > 1:
        x = keras.layers.Reshape((down, side, across, side, channels), name="cut")(x)
        x = keras.layers.Permute((1, 3, 2, 4, 5), name="order")(x)
    x = keras.layers.Reshape((down * across, side * side * channels), name="patches")(x)
    return _with_positions(spec, x)


_TOKENS: dict[str, Callable[[ModelSpec, Tensor], Tensor]] = {
    VECTORS: _of_columns,
    SEQUENCES: _of_steps,
    IMAGES: _of_patches,
}


# -- counting ------------------------------------------------------------------------


def hidden_parameters(spec: ModelSpec) -> int:
    """Return 12 w^2 + 9 w for each block, what makes the tokens, and the normalisations."""
    width, norm = spec.width, normalization_parameters(spec, spec.width)
    attention = 4 * (width * width + width)
    transformation = 2 * EXPANSION * width * width + (EXPANSION + 1) * width
    return _token_parameters(spec) + spec.depth * (attention + transformation + 2 * norm) + norm


def _token_parameters(spec: ModelSpec) -> int:
    kind, shape, width = kind_of(spec.input_shape), spec.input_shape, spec.width
    if kind == VECTORS:
        return (shape[0] + num_tokens(spec)) * width
    if kind == SEQUENCES:
        return (shape[-1] + shape[0]) * width
    return (patch_side(shape) ** 2 * shape[-1] + num_tokens(spec)) * width


def layers_per_block(spec: ModelSpec) -> int:
    """Return the layers a signal passes in one block."""
    return 6 + 2 * (spec.normalization != "none") + 2 * (spec.dropout > 0)


def check(spec: ModelSpec) -> None:
    """Raise SpecError if there are too many tokens, or attention cannot be initialised so."""
    check_is_drawn(spec)
    tokens = num_tokens(spec)
    if tokens > MOST_TOKENS:
        raise SpecError(
            f"Family 'transformer' reads at most {MOST_TOKENS:,} tokens, because each looks at "
            f"all others. Received: {tokens:,} tokens, input_shape={spec.input_shape}.",
            hint="use shorter windows, fewer columns or smaller images, or another family",
        )


TRANSFORMER = Family(
    name="transformer",
    reads=(VECTORS, SEQUENCES, IMAGES),
    hidden=hidden,
    hidden_parameters=hidden_parameters,
    layers_per_block=layers_per_block,
    check=check,
    width_multiple=4,
)
