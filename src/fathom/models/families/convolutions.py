"""What plain and residual convolutional networks have in common: everything but the sums.

A stem brings the image to the channels of the first stage. Between stages a
linear convolution of 2 x 2 pixels, 2 apart, halves height and width. How often
depends on the image alone: as long as its shorter side keeps 4 pixels, so that
28 x 28 pixels become 14 x 14, 7 x 7 and 4 x 4, and an image below 7 pixels stays
as it is. Blocks are spread evenly over the stages, and no block makes the image
smaller, so an image of any size takes any depth.

The width is that of the last stage, which is what the head reads. Each earlier
stage has half the channels of the next, and 8 at least (or the width, where that
is less): a block then costs about as much work in one stage as in another, having
four times the pixels and a quarter of the weights.

References:
    He et al., "Identity Mappings in Deep Residual Networks", ECCV 2016 (the order
    of normalisation, activation and convolution).
    Liu et al., "A ConvNet for the 2020s", CVPR 2022 (down-sampling in layers of
    its own).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable

import keras

from fathom.models.blocks import (
    Tensor,
    activated,
    convolution,
    halving,
    layers_per_block,
    normalization_parameters,
)
from fathom.models.families.family import Family
from fathom.models.initializers import check_is_drawn
from fathom.models.inputs import IMAGES
from fathom.specs import ModelSpec

SMALLEST_SIDE = 4
FEWEST_CHANNELS = 8

Block = Callable[[ModelSpec, Tensor, int, int], Tensor]
"""From the spec, the stream, its channels and the block's number to the stream after it."""


def stage_channels(spec: ModelSpec) -> tuple[int, ...]:
    """Return the channels of each stage, from the full image to the smallest.

    Example:
        >>> stage_channels(ModelSpec(width=64, input_shape=(28, 28, 1), task="regression"))
        (8, 16, 32, 64)
    """
    halvings = num_halvings(spec.input_shape)
    return tuple(
        min(spec.width, max(FEWEST_CHANNELS, -(-spec.width // 2 ** (halvings - stage))))
        for stage in range(halvings + 1)
    )


def num_halvings(input_shape: tuple[int, ...]) -> int:
    """Return how often an image can be halved before its shorter side is below 4 pixels.

    Example:
        >>> num_halvings((8, 8, 1)), num_halvings((28, 28, 1)), num_halvings((6, 100, 3))
        (1, 3, 0)
    """
    side, times = min(input_shape[:2]), 0
    while -(-side // 2) >= SMALLEST_SIDE:
        side, times = -(-side // 2), times + 1
    return times


def stages_of_blocks(spec: ModelSpec) -> tuple[int, ...]:
    """Return the stage that each block is in: the middle of its share of the depth.

    Example:
        >>> spec = ModelSpec(depth=6, input_shape=(28, 28, 1), task="regression")
        >>> stages_of_blocks(spec)
        (0, 1, 1, 2, 3, 3)
    """
    stages = num_halvings(spec.input_shape) + 1
    return tuple((2 * block + 1) * stages // (2 * spec.depth) for block in range(spec.depth))


def stack(spec: ModelSpec, x: Tensor, block: Block) -> Tensor:
    """Run the stem, the blocks and halvings, the last activation, and the mean over the image."""
    channels = stage_channels(spec)
    stream = convolution(spec, channels[0], "stem")(x)
    here = 0
    for number, stage in enumerate(stages_of_blocks(spec), start=1):
        stream = _descended(spec, stream, channels, here, stage)
        stream = block(spec, stream, channels[stage], number)
        here = stage
    stream = _descended(spec, stream, channels, here, len(channels) - 1)
    return keras.layers.GlobalAveragePooling2D(name="pool")(activated(spec, stream, "out"))


def _descended(
    spec: ModelSpec, stream: Tensor, channels: tuple[int, ...], start: int, stop: int
) -> Tensor:
    """Return the stream of stage `start` as that of stage `stop`."""
    for stage in range(start + 1, stop + 1):
        stream = halving(spec, channels[stage], f"halving_{stage}")(stream)
    return stream


def hidden_parameters(spec: ModelSpec) -> int:
    """Return stem, halvings, 9 c^2 + c for each block of c channels, and 2 c for normalisations."""
    channels = stage_channels(spec)
    stem = 9 * spec.input_shape[-1] * channels[0] + channels[0]
    halvings = sum(4 * wide * next_ + next_ for wide, next_ in itertools.pairwise(channels))
    blocks = sum(_block_parameters(spec, channels[stage]) for stage in stages_of_blocks(spec))
    return stem + halvings + blocks + normalization_parameters(spec, channels[-1])


def _block_parameters(spec: ModelSpec, channels: int) -> int:
    return 9 * channels**2 + channels + normalization_parameters(spec, channels)


def family(name: str, *, make: Block, layers: int = 0) -> Family:
    """Return the family whose blocks `make` makes, `layers` longer than a plain one."""
    return Family(
        name=name,
        reads=(IMAGES,),
        hidden=lambda spec, x: stack(spec, x, make),
        hidden_parameters=hidden_parameters,
        layers_per_block=lambda spec: layers_per_block(spec) + layers,
        check=check_is_drawn,
    )
