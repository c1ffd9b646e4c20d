"""Products of matrices: tiny ones as multiplications and sums that XLA fuses.

XLA's CPU compiler calls a matrix kernel for every product of every member,
which takes longer than the product itself where a layer has about ten units.
As a trilinear form (`trilinear`) a product knows how many members are side by
side: more than a few thousand multiplications are spread over threads by XLA,
which costs more than they do, and are left to the matrix kernel. That is at its
best if it is given the rows it sums over side by side: a kernel's gradient is
taken of inputs that are turned first.

Its form has the input `(m, n, c)`, the kernel `(m, c, d)`, the output `(m, n, d)`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any

import jax.numpy as jnp
from jax import lax

from fathom.train.lowering.geometry import Geometry
from fathom.train.lowering.trilinear import INPUT, KERNEL, OUTPUT, Shape, trilinear

# Multiplications. Measured: docs/decisions/0010-products-of-tiny-matrices.md.
MOST_FUSED = 2560
# One larger product alone is spread over threads, which turning is not.
MOST_TURNED_ALONE = 1_000_000

NOWHERE = Geometry((), (), (), (), ())  # a product is a convolution without spatial axes


# Whether what is traced in this thread is a training step of many members.
_is_trained: ContextVar[bool] = ContextVar("fathom_trained_products", default=False)


@contextlib.contextmanager
def trained_products() -> Iterator[None]:
    """Trace products that will be computed, with their gradients, for as long as a training."""
    token = _is_trained.set(True)
    try:
        yield
    finally:
        _is_trained.reset(token)


def is_better_a_form(x: Any, kernel: Any) -> bool:
    """Whether `x` (n, c) times `kernel` (c, d) repays what its form takes to trace.

    It does if it is tiny, for one member at least, or in a training step.
    """
    return _is_trained.get() or x.size * kernel.shape[-1] <= MOST_FUSED


def product(x: Any, kernel: Any) -> Any:
    """Return the matrix product of `x` (n, c) and `kernel` (c, d)."""
    one = lax.expand_dims(x, (0,)), lax.expand_dims(kernel, (0,))  # traced faster than x[None]
    return lax.squeeze(_bind(*one, gives=OUTPUT, geometry=NOWHERE), (0,))


def _evaluate(first: Any, second: Any, *, gives: str, geometry: Geometry) -> Any:
    if gives == OUTPUT:  # (m, n, c), (m, c, d)
        return _product(first, second, over=(2, 1))
    if gives == KERNEL:  # (m, n, c), (m, n, d)
        return _product(first, second, over=(1, 1))
    return _product(second, first, over=(2, 2))  # (m, c, d), (m, n, d)


def _product(left: Any, right: Any, *, over: tuple[int, int]) -> Any:
    """Return the products (m, a, b) of matrices, summed over an axis of each."""
    multiplications = left.size * right.shape[3 - over[1]]
    if multiplications <= MOST_FUSED:
        rows = left if over[0] == 2 else _turned(left)
        columns = right if over[1] == 2 else _turned(right)
        return jnp.sum(rows[:, :, None] * columns[:, None], axis=-1)
    if over[0] == 1 and (left.shape[0] > 1 or multiplications <= MOST_TURNED_ALONE):
        # XLA would join the turning and the product, and has no fast kernel for that.
        left, over = lax.optimization_barrier(_turned(left)), (2, over[1])
    return lax.dot_general(left, right, ((over[:1], over[1:]), ((0,), (0,))))


def _turned(matrices: Any) -> Any:
    return lax.transpose(matrices, (0, 2, 1))


def _shape(gives: str, first: Shape, second: Shape, geometry: Geometry) -> Shape:
    if gives == INPUT:
        return (*second[:2], first[1])
    if gives == KERNEL:
        return (first[0], first[-1], second[-1])
    return (*first[:2], second[-1])


_bind = trilinear("product_form", evaluate=_evaluate, shape=_shape)
