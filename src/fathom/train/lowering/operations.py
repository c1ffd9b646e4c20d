"""Keras's convolutions, poolings and matrix products, written on the forms of this folder.

Each takes Keras's own operation first, and hands over to it what it does not
know: other dtypes, empty results, faults that Keras has words for.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import keras

from fathom.train import keras_internals
from fathom.train.lowering import pooling, products
from fathom.train.lowering.dense import convolve, convolve_transposed
from fathom.train.lowering.depthwise import convolve_channels
from fathom.train.lowering.geometry import Geometry, geometry, per_axis

Operation = Callable[..., Any]

# Fewer channels than a vector register holds are quicker convolved all with all.
FEWEST_DEPTHWISE_CHANNELS = 16
MOST_MULTIPLIED_CHANNELS = 8
# Few groups are separate convolutions; many are an axis of members.
MOST_SEPARATE_GROUPS = 8
KNOWN_PADDING = ("same", "valid")


def conv(
    own: Operation,
    inputs: Any,
    kernel: Any,
    strides: Any = 1,
    padding: Any = "valid",
    data_format: str | None = None,
    dilation_rate: Any = 1,
) -> Any:
    """Convolve; where the kernel has fewer channels than the input there are groups."""
    kernel = keras.ops.convert_to_tensor(kernel)
    inputs = keras.ops.convert_to_tensor(inputs, dtype=kernel.dtype)
    x = _channels_last(inputs, data_format)
    windows = _windows(x, kernel, strides=strides, padding=padding, dilation=dilation_rate)
    if windows is None or x.shape[-1] % kernel.shape[-2]:
        return own(inputs, kernel, strides, padding, data_format, dilation_rate)
    return _channels_back(_in_single(_grouped, x, kernel, windows), data_format)


def depthwise_conv(
    own: Operation,
    inputs: Any,
    kernel: Any,
    strides: Any = 1,
    padding: Any = "valid",
    data_format: str | None = None,
    dilation_rate: Any = 1,
) -> Any:
    """Convolve every channel with its own filters, kernel (*kernel, channels, multiplier)."""
    inputs, kernel = map(keras.ops.convert_to_tensor, (inputs, kernel))
    x = _channels_last(inputs, data_format)
    windows = _windows(x, kernel, strides=strides, padding=padding, dilation=dilation_rate)
    if windows is None or x.shape[-1] != kernel.shape[-2]:
        return own(inputs, kernel, strides, padding, data_format, dilation_rate)
    return _channels_back(_in_single(_depthwise, x, kernel, windows), data_format)


def conv_transpose(
    own: Operation,
    inputs: Any,
    kernel: Any,
    strides: Any = 1,
    padding: Any = "valid",
    output_padding: Any = None,
    data_format: str | None = None,
    dilation_rate: Any = 1,
) -> Any:
    """Transpose a convolution, kernel (*kernel, channels out, channels in)."""
    inputs, kernel = map(keras.ops.convert_to_tensor, (inputs, kernel))
    y = _channels_last(inputs, data_format)
    windows = _transposed_windows(
        y,
        kernel,
        strides=strides,
        padding=padding,
        output_padding=output_padding,
        dilation=dilation_rate,
    )
    if windows is None or y.shape[-1] != kernel.shape[-1]:
        return own(inputs, kernel, strides, padding, output_padding, data_format, dilation_rate)
    return _channels_back(_in_single(convolve_transposed, y, kernel, windows), data_format)


def max_pool(
    own: Operation,
    inputs: Any,
    pool_size: Any,
    strides: Any = None,
    padding: str = "valid",
    data_format: str | None = None,
) -> Any:
    """Give the maximum of every window."""
    windows, axes = _pooled_windows(inputs, pool_size, strides, padding, data_format)
    if windows is None:
        return own(inputs, pool_size, strides, padding, data_format)
    return pooling.max_pool(inputs, windows, axes)


def average_pool(
    own: Operation,
    inputs: Any,
    pool_size: Any,
    strides: Any = None,
    padding: str = "valid",
    data_format: str | None = None,
) -> Any:
    """Give the mean of every window."""
    windows, axes = _pooled_windows(inputs, pool_size, strides, padding, data_format)
    if windows is None:
        return own(inputs, pool_size, strides, padding, data_format)
    mean = pooling.average_pool(inputs.astype(_single(inputs)), windows, axes)
    return mean.astype(inputs.dtype)


def matmul(own: Operation, x1: Any, x2: Any) -> Any:
    """Multiply two matrices: tiny ones, and those of a training step."""
    kernel: Any = keras.ops.convert_to_tensor(x2)
    if not _is_single(x1, kernel) or not x1.ndim == kernel.ndim == 2:
        return own(x1, x2)
    if x1.shape[1] != kernel.shape[0] or not products.is_better_a_form(x1, kernel):
        return own(x1, x2)
    return products.product(x1, kernel)


OPERATIONS: Mapping[str, Operation] = {
    "conv": conv,
    "depthwise_conv": depthwise_conv,
    "conv_transpose": conv_transpose,
    "max_pool": max_pool,
    "average_pool": average_pool,
    "matmul": matmul,
}


# -- which form ----------------------------------------------------------------------


def _grouped(x: Any, kernel: Any, windows: Geometry) -> Any:
    """Convolve `x` (n, *inputs, groups * c) with a kernel (*kernel, c, groups * d)."""
    groups = x.shape[-1] // kernel.shape[-2]
    if groups == 1:
        return convolve(x, kernel, windows)
    if kernel.shape[-2] == 1:
        return _depthwise(x, kernel.reshape(*windows.kernel, groups, -1), windows)
    if groups <= MOST_SEPARATE_GROUPS:
        pairs = zip(jnp.split(x, groups, -1), jnp.split(kernel, groups, -1), strict=True)
        return jnp.concatenate([convolve(*pair, windows) for pair in pairs], axis=-1)
    return _many_groups(x, kernel, windows, groups)


def _many_groups(x: Any, kernel: Any, windows: Geometry, groups: int) -> Any:
    apart = x.reshape(*x.shape[:-1], groups, -1)
    filters = kernel.reshape(*kernel.shape[:-1], groups, -1)
    found = jax.vmap(lambda x, kernel: convolve(x, kernel, windows), -2, -2)(apart, filters)
    return found.reshape(*found.shape[:-2], -1)


def _depthwise(x: Any, kernel: Any, windows: Geometry) -> Any:
    """Convolve `x` (n, *inputs, c) with a kernel (*kernel, c, multiplier)."""
    channels, multiplier = kernel.shape[-2:]
    if channels < FEWEST_DEPTHWISE_CHANNELS or multiplier > MOST_MULTIPLIED_CHANNELS:
        return convolve(x, _all_with_all(kernel), windows)
    found = [convolve_channels(x, kernel[..., place], windows) for place in range(multiplier)]
    if multiplier == 1:
        return found[0]
    return jnp.stack(found, axis=-1).reshape(*found[0].shape[:-1], -1)


def _all_with_all(kernel: Any) -> Any:
    """Return a depthwise kernel as one of all channels, zero between different ones."""
    channels = kernel.shape[-2]
    own = jnp.eye(channels, dtype=kernel.dtype)[:, :, None]
    return (kernel[..., None, :] * own).reshape(*kernel.shape[:-2], channels, -1)


# -- what is known -------------------------------------------------------------------


def _windows(x: Any, kernel: Any, *, strides: Any, padding: Any, dilation: Any) -> Geometry | None:
    """Return the windows of a convolution, None where it is Keras's to do or to refuse."""
    if not _is_floating(x, kernel) or kernel.ndim != x.ndim or padding not in KNOWN_PADDING:
        return None
    sizes = x.shape[1:-1], kernel.shape[:-2]
    found = geometry(*sizes, strides=strides, padding=padding, dilation=dilation)
    return found if math.prod(x.shape) and min(found.outputs) > 0 else None


def _transposed_windows(
    y: Any, kernel: Any, *, strides: Any, padding: Any, output_padding: Any, dilation: Any
) -> Geometry | None:
    """Return the windows of the convolution whose transpose is asked for."""
    if not _is_floating(y, kernel) or kernel.ndim != y.ndim or padding not in KNOWN_PADDING:
        return None
    around = keras_internals.transposed_padding(
        y.shape, kernel.shape, strides, padding, output_padding, dilation
    )
    count = y.ndim - 2
    strides, dilation = per_axis(strides, count), per_axis(dilation, count)
    sizes, pads = [], []
    for axis, (before, after) in enumerate(around):
        extent = (kernel.shape[axis] - 1) * dilation[axis] + 1
        spread = (y.shape[1 + axis] - 1) * strides[axis] + 1
        sizes.append(spread + before + after - extent + 1)
        low = extent - 1 - before
        pads.append((low, spread + extent - 1 - sizes[-1] - low))
    if not math.prod(y.shape) or min(sizes) < 1:
        return None
    return Geometry(tuple(sizes), tuple(kernel.shape[:-2]), strides, tuple(pads), dilation)


def _pooled_windows(
    inputs: Any, pool_size: Any, strides: Any, padding: Any, data_format: str | None
) -> tuple[Geometry | None, range]:
    """Return the windows of a pooling and the axes they lie on."""
    rank = jnp.ndim(inputs)
    axes = range(2, rank) if _is_channels_first(data_format) else range(1, rank - 1)
    if not _is_floating(inputs) or padding not in KNOWN_PADDING:
        return None, axes
    pool_size = per_axis(pool_size, len(axes))
    strides = pool_size if strides is None else strides
    sizes = [inputs.shape[axis] for axis in axes]
    windows = geometry(sizes, pool_size, strides=strides, padding=padding)
    is_known = math.prod(inputs.shape) and min(windows.outputs) > 0 and pooling.is_short(windows)
    return (windows if is_known else None), axes


def _is_single(*arrays: Any) -> bool:
    return _is_floating(*arrays) and all(array.dtype == jnp.float32 for array in arrays)


def _is_floating(*arrays: Any) -> bool:
    return all(
        isinstance(array, jax.Array) and jnp.issubdtype(array.dtype, jnp.floating)
        for array in arrays
    )


# -- dtypes and axes -----------------------------------------------------------------


def _in_single(form: Operation, x: Any, kernel: Any, windows: Geometry) -> Any:
    """Evaluate a form of half-precision arrays in single precision, as XLA does on the CPU."""
    dtype = _single(x)
    return form(x.astype(dtype), kernel.astype(dtype), windows).astype(x.dtype)


def _single(x: Any) -> Any:
    return jnp.float32 if x.dtype.itemsize < 4 else x.dtype


def _is_channels_first(data_format: str | None) -> bool:
    return (data_format or keras.config.image_data_format()) == "channels_first"


def _channels_last(x: Any, data_format: str | None) -> Any:
    return jnp.moveaxis(x, 1, -1) if _is_channels_first(data_format) else x


def _channels_back(y: Any, data_format: str | None) -> Any:
    return jnp.moveaxis(y, -1, 1) if _is_channels_first(data_format) else y
