"""The plain network: each block reads only the block before it."""

from __future__ import annotations

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
    """Stack blocks of Dense, normalisation, activation and dropout."""
    x = flattened(x)
    for block in range(1, spec.depth + 1):
        x = dense(spec, f"dense_{block}")(x)
        x = activated(spec, x, str(block))
    return x


def hidden_parameters(spec: ModelSpec) -> int:
    """Return d w + w for the first block, w^2 + w for each other, 2 w for each normalisation."""
    return stack_parameters(spec, spec.depth)


MLP = Family(
    name="mlp",
    reads=KINDS,
    hidden=hidden,
    hidden_parameters=hidden_parameters,
    layers_per_block=layers_per_block,
)
