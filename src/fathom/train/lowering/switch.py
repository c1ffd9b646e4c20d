"""Where the lowering is on: in this thread, while a program for the CPU is traced."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any

import jax

from fathom.train import keras_internals
from fathom.train.lowering.operations import OPERATIONS

_is_on: ContextVar[bool] = ContextVar("fathom_lowered_convolutions", default=False)


@contextlib.contextmanager
def lowered_convolutions() -> Iterator[None]:
    """Trace convolutions, poolings and tiny products as the CPU runs them fastest in a loop.

    Results differ from Keras's own by rounding. Programs for other devices
    are traced as Keras writes them, and so is what other threads trace.
    """
    for name in OPERATIONS:
        keras_internals.divert(name, functools.partial(_diverted, name))
    token = _is_on.set(jax.default_backend() == "cpu")
    try:
        yield
    finally:
        _is_on.reset(token)


def _diverted(name: str, own: Callable[..., Any]) -> Callable[..., Any]:
    """Return `own`, or where the lowering is on, what stands for it."""

    @functools.wraps(own)
    def operation(*args: Any, **kwargs: Any) -> Any:
        if _is_on.get():
            return OPERATIONS[name](own, *args, **kwargs)
        return own(*args, **kwargs)

    return operation
