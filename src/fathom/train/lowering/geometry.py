"""Where windows lie: sizes, strides, padding and dilation of a convolution or a pooling."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from jax import lax

Sizes = tuple[int, ...]


@dataclass(frozen=True)
class Geometry:
    """The windows of a convolution over `n` spatial axes.

    Args:
        inputs: Sizes of the input's spatial axes.
        kernel: Sizes of the kernel's spatial axes.
        strides: Steps between windows.
        padding: Zeros before and after each axis; negative ones cut off.
        dilation: Steps between the places that one window sees.
    """

    inputs: Sizes
    kernel: Sizes
    strides: Sizes
    padding: tuple[tuple[int, int], ...]
    dilation: Sizes

    @property
    def outputs(self) -> Sizes:
        """Windows along each axis."""
        return tuple(
            (size + low + high - extent) // stride + 1
            for size, (low, high), extent, stride in zip(
                self.inputs, self.padding, self.extents, self.strides, strict=True
            )
        )

    @property
    def extents(self) -> Sizes:
        """Places from the first to the last that a window sees, both counted."""
        return tuple(
            (size - 1) * step + 1 for size, step in zip(self.kernel, self.dilation, strict=True)
        )

    @property
    def places(self) -> int:
        """Places that a window sees."""
        return math.prod(self.kernel)

    @property
    def is_pointwise(self) -> bool:
        """Whether every window is one place."""
        return self.places == 1


def geometry(
    inputs: Sequence[int],
    kernel: Sequence[int],
    *,
    strides: int | Sequence[int],
    padding: Any,
    dilation: int | Sequence[int] = 1,
) -> Geometry:
    """Return the geometry of Keras's arguments.

    Args:
        inputs: Sizes of the input's spatial axes.
        kernel: Sizes of the kernel's spatial axes.
        strides: One number, or one per axis.
        padding: "same", "valid" (in any case), or pairs (before, after).
        dilation: One number, or one per axis.
    """
    count = len(inputs)
    strides, dilation = per_axis(strides, count), per_axis(dilation, count)
    extents = [(size - 1) * step + 1 for size, step in zip(kernel, dilation, strict=True)]
    if isinstance(padding, str):
        padding = lax.padtype_to_pads(tuple(inputs), extents, strides, padding.upper())
    pairs = tuple((int(low), int(high)) for low, high in padding)
    return Geometry(tuple(inputs), tuple(kernel), strides, pairs, dilation)


def per_axis(value: int | Sequence[int], count: int) -> Sizes:
    """Return one number per spatial axis."""
    return (value,) * count if isinstance(value, int) else tuple(int(each) for each in value)
