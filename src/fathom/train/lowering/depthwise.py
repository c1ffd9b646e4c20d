"""Depthwise convolution as sums of shifted products, and its gradients likewise.

Its form is that of `trilinear`: the input `(m, n, *inputs, c)`, a kernel
of one filter per channel `(m, *kernel, c)`, the output `(m, n, *outputs, c)`.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator
from typing import Any

import jax.numpy as jnp
from jax import lax

from fathom.train.lowering.dense import pad, seen_from
from fathom.train.lowering.geometry import Geometry
from fathom.train.lowering.trilinear import KERNEL, OUTPUT, Shape, over_members, trilinear


def convolve_channels(x: Any, kernel: Any, geometry: Geometry) -> Any:
    """Return every channel of `x` (n, *inputs, c) convolved with its filter of (*kernel, c)."""
    return _bind(x[None], kernel[None], gives=OUTPUT, geometry=geometry)[0]


def _evaluate_one(first: Any, second: Any, *, gives: str, geometry: Geometry) -> Any:
    if gives == OUTPUT:
        return _output(first, second, geometry)
    if gives == KERNEL:
        return _kernel_gradient(first, second, geometry)
    return _input_gradient(first, second, geometry)


def _output(x: Any, kernel: Any, geometry: Geometry) -> Any:
    padded = pad(x, geometry.padding)
    return _sum(seen_from(padded, place, geometry) * kernel[place] for place in _places(geometry))


def _kernel_gradient(x: Any, g: Any, geometry: Geometry) -> Any:
    padded = pad(x, geometry.padding)
    all_but_channels = tuple(range(g.ndim - 1))
    sums = [
        jnp.sum(seen_from(padded, place, geometry) * g, axis=all_but_channels)
        for place in _places(geometry)
    ]
    return jnp.stack(sums).reshape(*geometry.kernel, x.shape[-1])


def _input_gradient(kernel: Any, g: Any, geometry: Geometry) -> Any:
    """Return the depthwise convolution of `g`, its strides filled, and the turned kernel."""
    axes = range(len(geometry.inputs))
    spread = [(n - 1) * s + 1 for n, s in zip(geometry.outputs, geometry.strides, strict=True)]
    lows = [geometry.extents[axis] - 1 - geometry.padding[axis][0] for axis in axes]
    highs = [
        geometry.inputs[axis] + geometry.extents[axis] - 1 - spread[axis] - lows[axis]
        for axis in axes
    ]
    between = [stride - 1 for stride in geometry.strides]
    edges = [(0, 0, 0), *zip(lows, highs, between, strict=True), (0, 0, 0)]
    turning = Geometry(
        inputs=tuple(low + n + high for low, n, high in zip(lows, spread, highs, strict=True)),
        kernel=geometry.kernel,
        strides=(1,) * len(axes),
        padding=((0, 0),) * len(axes),
        dilation=geometry.dilation,
    )
    filled = lax.pad(g, jnp.zeros((), g.dtype), edges)
    return _output(filled, lax.rev(kernel, tuple(axes)), turning)


def _places(geometry: Geometry) -> Iterator[tuple[int, ...]]:
    return itertools.product(*map(range, geometry.kernel))


def _sum(terms: Iterator[Any]) -> Any:
    total = next(terms)
    for term in terms:
        total = total + term
    return total


def _evaluate(first: Any, second: Any, *, gives: str, geometry: Geometry) -> Any:
    one = functools.partial(_evaluate_one, gives=gives, geometry=geometry)
    return over_members(one, first, second, at_once=first.shape[0])


def _shape(gives: str, first: Shape, second: Shape, geometry: Geometry) -> Shape:
    if gives == OUTPUT:
        return (*first[:2], *geometry.outputs, first[-1])
    if gives == KERNEL:
        return (first[0], *geometry.kernel, first[-1])
    return (*second[:2], *geometry.inputs, first[-1])


_bind = trilinear("depthwise_convolution_form", evaluate=_evaluate, shape=_shape)
