"""The residual convolutional network: each block adds to the stream that runs past it.

A block is a plain one, its convolution zero at the start and its result added to
what it read. It has exactly the parameters, activations and dropouts of a plain
block, so a residual network of any depth has those of the plain network of the
same depth, and the comparison is of the sums alone.

References:
    He et al., "Identity Mappings in Deep Residual Networks", ECCV 2016.
    Goyal et al., "Accurate, Large Minibatch SGD", 2017, section 5.1 (a branch
    that starts at zero).
"""

from __future__ import annotations

import keras

from fathom.models.blocks import Tensor, activated, convolution
from fathom.models.families.convolutions import family
from fathom.specs import ModelSpec


def block(spec: ModelSpec, stream: Tensor, channels: int, number: int) -> Tensor:
    """Add what a plain block makes of the stream to the stream."""
    branch = activated(spec, stream, str(number))
    branch = convolution(spec, channels, f"conv_{number}", initializer="zeros")(branch)
    return keras.layers.Add(name=f"add_{number}")([stream, branch])


RESIDUAL_CNN = family("residual-cnn", make=block, layers=1)
