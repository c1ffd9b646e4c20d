"""Convolution of all channels: a matrix product with patches, or XLA's own in a fast layout.

Its form is that of `trilinear`: input `(m, n, *inputs, c)`, kernel
`(m, *kernel, c, d)`, output `(m, n, *outputs, d)`.
"""

from __future__ import annotations

import functools
import itertools
import math
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from fathom.train.lowering.geometry import Geometry
from fathom.train.lowering.trilinear import INPUT, KERNEL, OUTPUT, Shape, over_members, trilinear

# Patches that fit a core's second-level cache make one matrix product faster than a
# convolution; with few channels the convolution's kernels are slow enough that larger
# patches pay too. Measured: docs/decisions/0007-convolutions.md.
PATCH_BYTES = 4 * 2**20
FEW_CHANNELS = 4
FEW_CHANNELS_PATCH_BYTES = 32 * 2**20


def convolve(x: Any, kernel: Any, geometry: Geometry) -> Any:
    """Return the convolution of `x` (n, *inputs, c) and `kernel` (*kernel, c, d)."""
    return _bind(x[None], kernel[None], gives=OUTPUT, geometry=geometry)[0]


def convolve_transposed(y: Any, kernel: Any, geometry: Geometry) -> Any:
    """Return what the convolution's transpose makes of `y` (n, *outputs, d).

    Args:
        y: What stands in the place of the convolution's output.
        kernel: The convolution's kernel, (*kernel, c, d).
        geometry: The convolution's; its inputs are what is returned.

    Returns:
        (n, *inputs, c).
    """
    return _bind(kernel[None], y[None], gives=INPUT, geometry=geometry)[0]


# -- one member ----------------------------------------------------------------------


def _patch_bytes(gives: str, first: Any, second: Any, geometry: Geometry) -> int:
    """Return the bytes of one member's patches: every window's places side by side."""
    rows, channels = _rows_and_channels(gives, first, second)
    numbers = rows * math.prod(geometry.outputs) * geometry.places * channels
    return numbers * first.dtype.itemsize


def _rows_and_channels(gives: str, first: Any, second: Any) -> tuple[int, int]:
    """Return the batch's rows and the input's channels."""
    if gives == INPUT:
        return second.shape[1], first.shape[-2]
    return first.shape[1], first.shape[-1]


def _prefers_patches(gives: str, first: Any, second: Any, geometry: Geometry) -> bool:
    _, channels = _rows_and_channels(gives, first, second)
    limit = FEW_CHANNELS_PATCH_BYTES if channels <= FEW_CHANNELS else PATCH_BYTES
    return geometry.is_pointwise or _patch_bytes(gives, first, second, geometry) <= limit


def patches(x: Any, geometry: Geometry) -> Any:
    """Return every window of `x` (n, *inputs, c) as a row: (n * outputs, places * c)."""
    padded = pad(x, geometry.padding)
    places = itertools.product(*map(range, geometry.kernel))
    seen = [seen_from(padded, place, geometry) for place in places]
    return jnp.concatenate(seen, axis=-1).reshape(-1, geometry.places * x.shape[-1])


def pad(x: Any, padding: Any) -> Any:
    """Return `x` (n, *spatial, c) with zeros around its spatial axes, or less of it."""
    edges = [(0, 0, 0), *[(low, high, 0) for low, high in padding], (0, 0, 0)]
    return lax.pad(x, jnp.zeros((), x.dtype), edges)


def seen_from(padded: Any, place: tuple[int, ...], geometry: Geometry) -> Any:
    """Return what all windows see at one of their places: (n, *outputs, c)."""
    starts = [step * at for step, at in zip(geometry.dilation, place, strict=True)]
    spans = zip(starts, geometry.outputs, geometry.strides, strict=True)
    ends = [start + (count - 1) * stride + 1 for start, count, stride in spans]
    rows, channels = padded.shape[0], padded.shape[-1]
    return lax.slice(padded, (0, *starts, 0), (rows, *ends, channels), (1, *geometry.strides, 1))


def _by_patches(first: Any, second: Any, *, gives: str, geometry: Geometry) -> Any:
    """Evaluate one member as a matrix product with its patches."""
    if gives == OUTPUT:
        product = patches(first, geometry) @ second.reshape(-1, second.shape[-1])
        return product.reshape(first.shape[0], *geometry.outputs, second.shape[-1])
    if gives == KERNEL:
        product = patches(first, geometry).T @ second.reshape(-1, second.shape[-1])
        return product.reshape(*geometry.kernel, first.shape[-1], second.shape[-1])
    shape = (second.shape[0], *geometry.inputs, first.shape[-2])
    product = second.reshape(-1, second.shape[-1]) @ first.reshape(-1, first.shape[-1]).T
    of = jax.linear_transpose(
        functools.partial(patches, geometry=geometry), jax.ShapeDtypeStruct(shape, first.dtype)
    )
    return of(product)[0]


def _by_convolution(first: Any, second: Any, *, gives: str, geometry: Geometry) -> Any:
    """Evaluate one member as a convolution in the layout of XLA's fast kernels."""
    if gives == OUTPUT:
        return _canonical(
            first,
            second,
            padding=geometry.padding,
            strides=geometry.strides,
            kernel_dilation=geometry.dilation,
        )
    if gives == KERNEL:
        return _kernel_gradient(first, second, geometry)
    return _input_gradient(first, second, geometry)


def _input_gradient(kernel: Any, g: Any, geometry: Geometry) -> Any:
    """Return the convolution of `g`, its strides filled with zeros, and the turned kernel."""
    axes = range(len(geometry.inputs))
    turned = jnp.swapaxes(lax.rev(kernel, tuple(axes)), -1, -2)
    padding = []
    for axis in axes:
        low = geometry.extents[axis] - 1 - geometry.padding[axis][0]
        spread = (geometry.outputs[axis] - 1) * geometry.strides[axis] + 1
        padding.append((low, geometry.inputs[axis] + geometry.extents[axis] - 1 - spread - low))
    return _canonical(
        g,
        turned,
        padding=padding,
        input_dilation=geometry.strides,
        kernel_dilation=geometry.dilation,
    )


def _kernel_gradient(x: Any, g: Any, geometry: Geometry) -> Any:
    """Return the convolution of `x` and `g` over rows, with channels as the batch."""
    padding = []
    for axis, (low, _) in enumerate(geometry.padding):
        spread = (geometry.outputs[axis] - 1) * geometry.strides[axis] + 1
        padding.append((low, geometry.extents[axis] - 1 + spread - geometry.inputs[axis] - low))
    found = _canonical(
        jnp.swapaxes(x, 0, -1),  # (c, *inputs, n)
        jnp.moveaxis(g, 0, -2),  # (*outputs, n, d)
        padding=padding,
        strides=geometry.dilation,
        kernel_dilation=geometry.strides,
    )
    return jnp.moveaxis(found, 0, -2)  # (c, *kernel, d) -> (*kernel, c, d)


def _canonical(
    x: Any,
    kernel: Any,
    *,
    padding: Any,
    kernel_dilation: tuple[int, ...],
    strides: tuple[int, ...] | None = None,
    input_dilation: tuple[int, ...] | None = None,
) -> Any:
    """Convolve with batch first and channels last, which XLA's CPU kernels ask for."""
    spatial = "DHW"[3 - len(kernel_dilation) :]
    if input_dilation is None:  # XLA's fast kernels know no negative padding
        x = pad(x, [(min(low, 0), min(high, 0)) for low, high in padding])
        padding = [(max(low, 0), max(high, 0)) for low, high in padding]
    return lax.conv_general_dilated(
        x,
        kernel,
        strides or (1,) * len(spatial),
        padding,
        lhs_dilation=input_dilation,
        rhs_dilation=kernel_dilation,
        dimension_numbers=(f"N{spatial}C", f"{spatial}IO", f"N{spatial}C"),
    )


# -- all members ---------------------------------------------------------------------


def _evaluate(first: Any, second: Any, *, gives: str, geometry: Geometry) -> Any:
    """Evaluate all members, as many at once as their patches stay small."""
    if _prefers_patches(gives, first, second, geometry):
        evaluate, at_once = _by_patches, _members_at_once(gives, first, second, geometry)
    else:
        evaluate, at_once = _by_convolution, 1
    one = functools.partial(evaluate, gives=gives, geometry=geometry)
    return over_members(one, first, second, at_once=at_once)


def _members_at_once(gives: str, first: Any, second: Any, geometry: Geometry) -> int:
    if geometry.is_pointwise:
        return first.shape[0]
    return max(1, PATCH_BYTES // _patch_bytes(gives, first, second, geometry))


def _shape(gives: str, first: Shape, second: Shape, geometry: Geometry) -> Shape:
    if gives == OUTPUT:
        return (*first[:2], *geometry.outputs, second[-1])
    if gives == KERNEL:
        return (first[0], *geometry.kernel, first[-1], second[-1])
    return (*second[:2], *geometry.inputs, first[-2])


_bind = trilinear("convolution_form", evaluate=_evaluate, shape=_shape)
