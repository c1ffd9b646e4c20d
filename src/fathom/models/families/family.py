"""What a family has to say of itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fathom.models.blocks import Tensor
from fathom.specs import ModelSpec


def _nothing_more(spec: ModelSpec) -> None:
    """Check nothing beyond what is checked of every family."""
    del spec


@dataclass(frozen=True, kw_only=True)
class Family:
    """A way to stack hidden blocks. Head and depth 0 are the same for all.

    Args:
        name: What users type.
        reads: Kinds of inputs it can read, of `fathom.models.inputs.KINDS`.
        hidden: From a spec of depth 1 or more and inputs `(batch,
            *input_shape)` to what the head reads, `(batch, width)`.
        hidden_parameters: Trainable parameters of `hidden`, in closed form;
            strictly increasing in width.
        layers_per_block: Layers that a signal passes in one block.
        check: Raises SpecError where a spec cannot be built for a reason of
            the family's own.
        width_multiple: Widths that match a number of parameters are
            multiples of this.
    """

    name: str
    reads: tuple[str, ...]
    hidden: Callable[[ModelSpec, Tensor], Tensor]
    hidden_parameters: Callable[[ModelSpec], int]
    layers_per_block: Callable[[ModelSpec], int]
    check: Callable[[ModelSpec], None] = _nothing_more
    width_multiple: int = 1
