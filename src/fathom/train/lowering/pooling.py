"""Pooling axis by axis, as comparisons and sums of slices.

XLA's CPU compiler runs the gradient of a windowed maximum tens of times slower
than these slices. The first of equal maxima takes the whole gradient, as in
Keras: along the last axis first, then along the ones before, "first" means
first in the window's row-major order.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import lax

from fathom.train.lowering.geometry import Geometry

# Every place of a window along one axis is a slice in the program.
MOST_PLACES = 16

_Combine = Callable[[Any, Any], Any]


def is_short(geometry: Geometry) -> bool:
    """Whether the windows are small enough to be written as slices."""
    return max(geometry.kernel) <= MOST_PLACES


def max_pool(x: Any, geometry: Geometry, axes: Sequence[int]) -> Any:
    """Return the maximum of every window of `x` over its spatial `axes`."""
    return _pool(_greater, -jnp.inf, x, geometry, axes)


def average_pool(x: Any, geometry: Geometry, axes: Sequence[int]) -> Any:
    """Return the mean of what every window of `x` sees, padding left out."""
    total = _pool(jnp.add, 0.0, x, geometry, axes)
    return total / jnp.asarray(_seen(geometry, axes, x.ndim), x.dtype)


def _greater(found: Any, other: Any) -> Any:
    """Return the greater, the first of equal ones, NaN if either is."""
    return jnp.where((found >= other) | jnp.isnan(found), found, other)


def _pool(
    combine: _Combine,
    start: float,
    x: Any,
    geometry: Geometry,
    axes: Sequence[int],
) -> Any:
    for place in reversed(range(len(axes))):
        x = _pool_axis(combine, start, x, geometry, place, axes[place])
    return x


def _pool_axis(
    combine: _Combine,
    start: float,
    x: Any,
    geometry: Geometry,
    place: int,
    axis: int,
) -> Any:
    edges = [(0, 0, 0)] * x.ndim
    edges[axis] = (*geometry.padding[place], 0)
    padded = lax.pad(x, jnp.asarray(start, x.dtype), edges)
    count, stride = geometry.outputs[place], geometry.strides[place]
    reach = (count - 1) * stride + 1
    slices = (
        lax.slice_in_dim(padded, at, at + reach, stride, axis)
        for at in range(geometry.kernel[place])
    )
    return functools.reduce(combine, slices)


def _seen(geometry: Geometry, axes: Sequence[int], rank: int) -> np.ndarray:
    """Return how many of the input's places each window sees, to broadcast over all axes."""
    if not any(map(any, geometry.padding)):
        return np.full((1,) * rank, math.prod(geometry.kernel))
    counts = np.ones((1,) * rank, int)
    for place, axis in enumerate(axes):
        shape = [1] * rank
        shape[axis] = -1
        counts = counts * _seen_along(geometry, place).reshape(shape)
    return counts


def _seen_along(geometry: Geometry, place: int) -> np.ndarray:
    starts = np.arange(geometry.outputs[place]) * geometry.strides[place]
    starts = starts - geometry.padding[place][0]
    ends = np.minimum(starts + geometry.kernel[place], geometry.inputs[place])
    return ends - np.maximum(starts, 0)
