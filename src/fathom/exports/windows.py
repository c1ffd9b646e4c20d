"""Where the windows of convolutions and pools fall."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fathom.exports.graph import Step, Unsupported


def sizes(shape: Sequence[int | None]) -> tuple[int, ...]:
    """Return a shape all of whose sizes are fixed.

    Raises:
        Unsupported: One is not.
    """
    if any(size is None for size in shape):
        raise Unsupported("a size that is not fixed")
    return tuple(int(size or 0) for size in shape)


def pairs_of(given: Any) -> list[tuple[int, int]]:
    """Return what a layer adds or takes before and after, per spatial axis."""
    return [given] if isinstance(given[0], int) else list(given)


def padding_of(step: Step) -> list[tuple[int, int]]:
    """Return the rows and columns that are filled up before and after, per spatial axis.

    Keras fills up evenly, and puts the odd one behind.

    Raises:
        Unsupported: The size of the input is not fixed, or the padding is of another kind.
    """
    layer: Any = step.layer
    window = getattr(layer, "kernel_size", None) or layer.pool_size
    dilation = getattr(layer, "dilation_rate", (1,) * len(window))
    if layer.padding == "valid":
        return [(0, 0)] * len(window)
    if layer.padding == "causal":
        return [(dilation[0] * (window[0] - 1), 0)]
    spatial = sizes(step.input_shapes[0][:-1])
    return [
        where_it_falls(size, (width - 1) * rate + 1, stride)
        for size, width, rate, stride in zip(spatial, window, dilation, layer.strides, strict=True)
    ]


def where_it_falls(size: int, window: int, stride: int) -> tuple[int, int]:
    """Return how much is filled up before and after an axis for padding "same".

    Example:
        >>> where_it_falls(28, 3, 1), where_it_falls(28, 3, 2), where_it_falls(28, 2, 2)
        ((1, 1), (0, 1), (0, 0))
    """
    missing = max((-(-size // stride) - 1) * stride + window - size, 0)
    return missing // 2, missing - missing // 2
