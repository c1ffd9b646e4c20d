"""The residual network: each block adds to the stream that runs past it.

A linear stem brings the input to `width` units. A block is

    h <- h + dense(dropout(activation(normalisation(h))))

with its kernel zero at the start, and the stream is normalised and activated
once more before the head. A block holds one Dense layer, as a plain block does:
it costs w^2 + w parameters (and 2 w with normalisation), and a residual network
of depth n has exactly the parameters, activations and dropouts of a plain one of
depth n + 1, the stem being the one more. The comparison of plain with residual
is then of the sums alone.

Because every block starts as the identity, the gradient at initialisation is
the same at each pre-activation, whatever the activation and the depth. A branch
of two Dense layers would cost twice as much and would hide its first layer
behind the zeros of its second.

References:
    He et al., "Identity Mappings in Deep Residual Networks", ECCV 2016.
    Goyal et al., "Accurate, Large Minibatch SGD", 2017, section 5.1 (a branch
    that starts at zero).
"""

from __future__ import annotations

import keras

from fathom.models.blocks import (
    Tensor,
    activated,
    dense,
    flattened,
    layers_per_block,
    stack_parameters,
)
from fathom.models.families.family import Family
from fathom.models.inputs import KINDS
from fathom.specs import ModelSpec


def hidden(spec: ModelSpec, x: Tensor) -> Tensor:
    """Run the stem, the blocks, and the activation that follows the last sum."""
    stream = dense(spec, "stem")(flattened(x))
    for block in range(1, spec.depth + 1):
        branch = activated(spec, stream, str(block))
        branch = dense(spec, f"dense_{block}", initializer="zeros")(branch)
        stream = keras.layers.Add(name=f"add_{block}")([stream, branch])
    return activated(spec, stream, "out")


def hidden_parameters(spec: ModelSpec) -> int:
    """Return what a plain network of one more block has."""
    return stack_parameters(spec, spec.depth + 1)


RESIDUAL = Family(
    name="residual",
    reads=KINDS,
    hidden=hidden,
    hidden_parameters=hidden_parameters,
    layers_per_block=layers_per_block,
)
