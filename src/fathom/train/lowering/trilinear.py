"""A convolution as a trilinear form: one JAX primitive gives it and its two gradients.

For an input `x`, a kernel `k` and a direction `g` of the output, the form is
`sum(convolve(x, k) * g)`. Its derivative with respect to `g` is the
convolution, with respect to `x` the gradient of the input (which is also the
transposed convolution), with respect to `k` the gradient of the kernel. The
transpose of each is another of them, so derivatives of any order and direction
stay inside the form.

A primitive of our own is needed because XLA's CPU compiler brings convolutions
into the layout its fast kernels ask for in a program's outermost computation
only: a gradient inside a loop runs in a generic loop nest, tens of times
slower. With a primitive each of the three can be written as runs fastest.

Operands have members in front: input `(m, n, *inputs, c)`, kernel
`(m, *kernel, ...)`, output `(m, n, *outputs, d)`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax
from jax.extend.core import Primitive
from jax.interpreters import ad, batching, mlir

from fathom.train.lowering.geometry import Geometry

INPUT, KERNEL, OUTPUT = "input", "kernel", "output"
ARGUMENTS = (INPUT, KERNEL, OUTPUT)

Shape = tuple[int, ...]
# (first, second, gives=..., geometry=...): the two arguments that are not asked for, in
# the order of ARGUMENTS.
Evaluate = Callable[..., Any]


def trilinear(
    name: str, *, evaluate: Evaluate, shape: Callable[[str, Shape, Shape, Geometry], Shape]
) -> Evaluate:
    """Make a primitive of a trilinear form.

    Args:
        name: What the primitive is called in traced programs.
        evaluate: Gives the argument called `gives` from the two others, all members.
        shape: The shape of what is given, from those of the two others.

    Returns:
        Like `evaluate`, and knows its derivatives and what to do with more members.
    """
    form = Primitive(name)

    def bind(first: Any, second: Any, *, gives: str, geometry: Geometry) -> Any:
        return form.bind(first, second, gives=gives, geometry=geometry)

    def abstract(first: Any, second: Any, *, gives: str, geometry: Geometry) -> Any:
        return first.update(
            shape=shape(gives, first.shape, second.shape, geometry), weak_type=False
        )

    form.def_impl(jax.jit(evaluate, static_argnames=("gives", "geometry")))
    form.def_abstract_eval(abstract)
    ad.defbilinear(form, *(functools.partial(_transpose, bind, place) for place in (0, 1)))
    batching.primitive_batchers[form] = functools.partial(_batch, bind)
    mlir.register_lowering(form, mlir.lower_fun(evaluate, multiple_results=False))
    return bind


def over_members(one: Evaluate, first: Any, second: Any, *, at_once: int) -> Any:
    """Evaluate `one` for every member, `at_once` of them side by side."""
    members = first.shape[0]
    if members == 1:
        return one(first[0], second[0])[None]
    if at_once >= members:
        return jax.vmap(one)(first, second)
    together = at_once if at_once > 1 else None
    return lax.map(lambda pair: one(*pair), (first, second), batch_size=together)


def _others(gives: str) -> list[str]:
    return [name for name in ARGUMENTS if name != gives]


def _transpose(
    bind: Evaluate, place: int, cotangent: Any, *operands: Any, gives: str, geometry: Geometry
) -> Any:
    """Return the form's derivative with respect to the operand at `place`."""
    wanted, known = _others(gives)[place], _others(gives)[1 - place]
    values = {gives: cotangent, known: operands[1 - place]}
    first, second = (values[name] for name in _others(wanted))
    return bind(first, second, gives=wanted, geometry=geometry)


def _batch(
    bind: Evaluate, operands: Any, axes: Any, *, gives: str, geometry: Geometry
) -> tuple[Any, int]:
    """Make the batched axis one more axis of members, or of rows where a kernel is shared."""
    given = _others(gives)
    if KERNEL in given and axes[given.index(KERNEL)] is None:
        return _batch_rows(bind, operands, axes, gives=gives, geometry=geometry)
    size = next(a.shape[axis] for a, axis in zip(operands, axes, strict=True) if axis is not None)
    in_front = (_in_front(a, axis, size) for a, axis in zip(operands, axes, strict=True))
    first, second = (lax.collapse(a, 0, 2) for a in in_front)  # (size * m, ...)
    result = bind(first, second, gives=gives, geometry=geometry)
    return lax.reshape(result, (size, len(result) // size, *result.shape[1:])), 0


def _batch_rows(
    bind: Evaluate, operands: Any, axes: Any, *, gives: str, geometry: Geometry
) -> tuple[Any, int]:
    place = 1 - _others(gives).index(KERNEL)
    rows = jnp.moveaxis(operands[place], axes[place], 1)  # (m, size, n, ...)
    members, size = rows.shape[:2]
    merged = list(operands)
    merged[place] = rows.reshape(members, -1, *rows.shape[3:])
    result = bind(*merged, gives=gives, geometry=geometry)
    return result.reshape(members, size, -1, *result.shape[2:]), 1


def _in_front(array: Any, axis: int | None, size: int) -> Any:
    if axis is None:
        return jnp.broadcast_to(array, (size, *array.shape))
    return array if axis == 0 else jnp.moveaxis(array, axis, 0)
