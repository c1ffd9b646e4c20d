"""Products of tiny matrices as multiplications and sums that XLA fuses.

XLA's CPU compiler calls a matrix kernel for every product of every member,
which takes longer than the product itself where a layer has about ten units.
As a trilinear form (`trilinear`) a product knows how many members are side by
side: more than a few thousand multiplications are spread over threads by XLA,
which costs more than they do, and are left to the matrix kernel.

Its form has the input `(m, n, c)`, the kernel `(m, c, d)`, the output `(m, n, d)`.
"""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from fathom.train.lowering.geometry import Geometry
from fathom.train.lowering.trilinear import INPUT, KERNEL, OUTPUT, Shape, trilinear

# Measured: docs/decisions/0010-products-of-tiny-matrices.md.
MOST_MULTIPLICATIONS = 2560

NOWHERE = Geometry((), (), (), (), ())  # a product is a convolution without spatial axes


def is_tiny(x: Any, kernel: Any) -> bool:
    """Whether `x` (n, c) times `kernel` (c, d) is small enough, for one member at least."""
    return x.size * kernel.shape[-1] <= MOST_MULTIPLICATIONS


def product(x: Any, kernel: Any) -> Any:
    """Return the matrix product of `x` (n, c) and `kernel` (c, d)."""
    return _bind(x[None], kernel[None], gives=OUTPUT, geometry=NOWHERE)[0]


def _evaluate(first: Any, second: Any, *, gives: str, geometry: Geometry) -> Any:
    if gives == OUTPUT:  # (m, n, c), (m, c, d)
        left, right = first, jnp.swapaxes(second, 1, 2)
    elif gives == KERNEL:  # (m, n, c), (m, n, d)
        left, right = jnp.swapaxes(first, 1, 2), jnp.swapaxes(second, 1, 2)
    else:  # (m, c, d), (m, n, d)
        left, right = second, first
    return _rows_by_rows(left, right)


def _rows_by_rows(left: Any, right: Any) -> Any:
    """Return the products (m, a, b) of all rows of `left` (m, a, k) and `right` (m, b, k)."""
    if left.size * right.shape[1] <= MOST_MULTIPLICATIONS:
        return jnp.sum(left[:, :, None] * right[:, None], axis=-1)
    return jnp.einsum("mak,mbk->mab", left, right)


def _shape(gives: str, first: Shape, second: Shape, geometry: Geometry) -> Shape:
    if gives == INPUT:
        return (*second[:2], first[1])
    if gives == KERNEL:
        return (first[0], first[-1], second[-1])
    return (*first[:2], second[-1])


_bind = trilinear("product_form", evaluate=_evaluate, shape=_shape)
