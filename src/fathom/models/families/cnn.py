"""The plain convolutional network: each block reads only the block before it."""

from __future__ import annotations

from fathom.models.blocks import Tensor, activated, convolution
from fathom.models.families.convolutions import family
from fathom.specs import ModelSpec


def block(spec: ModelSpec, stream: Tensor, channels: int, number: int) -> Tensor:
    """Normalise, activate, drop out and convolve."""
    branch = activated(spec, stream, str(number))
    return convolution(spec, channels, f"conv_{number}")(branch)


CNN = family("cnn", make=block)
