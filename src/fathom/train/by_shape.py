"""Programs compiled for the shapes that come, several at a time, traced one at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax

from fathom.train import devices
from fathom.train.compiling import TRACING


def by_shape(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return `function`, compiled once for all arguments of the same shapes and types.

    As `jax.jit`, but threads may call it side by side, and other programs of the same
    Keras model: what one traces does not disturb the other, and compiling takes no lock.

    Args:
        function: Of trees of arrays that are placed on devices.
    """
    programs: dict[Any, Any] = {}

    def call(*arguments: Any) -> Any:
        leaves, structure = jax.tree.flatten(arguments)
        shapes = (structure, *((leaf.shape, leaf.dtype) for leaf in leaves))
        if shapes not in programs:
            programs[shapes] = _compiled(function, arguments)
        return programs[shapes](*arguments)

    return call


def _compiled(function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    with TRACING:
        traced = jax.jit(function).trace(*arguments)
    options: Any = devices.compiler_options()
    return traced.lower().compile(compiler_options=options)
