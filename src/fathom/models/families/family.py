"""What a family has to say of itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fathom.models.blocks import Tensor
from fathom.specs import ModelSpec


@dataclass(frozen=True, kw_only=True)
class Family:
    """A way to stack hidden blocks. Stem, head and depth 0 are the same for all.

    Args:
        name: What users type.
        hidden: From a spec of depth 1 or more and features `(batch, d)` to
            what the head reads, `(batch, width)`.
        hidden_parameters: Trainable parameters of `hidden`, in closed form;
            strictly increasing in width.
    """

    name: str
    hidden: Callable[[ModelSpec, Tensor], Tensor]
    hidden_parameters: Callable[[ModelSpec], int]
