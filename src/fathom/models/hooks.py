"""Functions put around the calls inside a Keras model, and the tensors that pass through them."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import jax
import numpy as np

Operation = Any  # keras.Operation: a layer, or an operation in the graph of a functional model
# From the operation's own call and its arguments to what takes the place of its result.
Hook = Callable[..., Any]


@contextlib.contextmanager
def hooked(hooks: Mapping[Operation, Hook]) -> Iterator[None]:
    """Put a hook before the call of each operation for as long as the context lasts."""
    with contextlib.ExitStack() as stack:
        for operation, hook in hooks.items():
            stack.enter_context(replaced(operation, "call", _passing(hook)))
        yield


def _passing(hook: Hook) -> Callable[[Operation, Callable[..., Any]], Callable[..., Any]]:
    return lambda _, call: functools.partial(hook, call)


@contextlib.contextmanager
def replaced(
    operation: Operation, name: str, around: Callable[[Operation, Callable[..., Any]], Any]
) -> Iterator[None]:
    """Put a function around one of an operation's functions, for as long as the context lasts.

    It is an instance attribute before the method, so that no other model notices.
    Rematerialisation is off meanwhile: what runs inside it could not be seen.
    """
    attributes, keys = operation.__dict__, (name, "_remat_mode")
    before = {key: attributes[key] for key in keys if key in attributes}
    attributes.update({name: around(operation, getattr(operation, name)), "_remat_mode": None})
    try:
        yield
    finally:
        for key in keys:
            attributes.pop(key, None)
        attributes.update(before)


class Tensors:
    """Numbers for tensors: equal numbers are the same tensor.

    Tensors that have a number are held, so that no identity is used again.
    """

    def __init__(self) -> None:
        self._held: list[Any] = []
        self._numbers: dict[int, int] = {}

    def number(self, tensor: Any) -> int:
        """Return the number of a tensor, a new one if it has none."""
        if id(tensor) not in self._numbers:
            self._held.append(tensor)
            self._numbers[id(tensor)] = len(self._held)
        return self._numbers[id(tensor)]

    def known(self, tensor: Any) -> int | None:
        """Return the number of a tensor, None if it has none."""
        return self._numbers.get(id(tensor))

    def numbers(self, tensors: Sequence[Any]) -> tuple[int, ...]:
        """Return the number of each tensor."""
        return tuple(map(self.number, tensors))


def tensors_in(structure: Any) -> list[Any]:
    """Return the tensors in the arguments or the result of a call, in order."""
    leaves = jax.tree.leaves(structure)
    return [leaf for leaf in leaves if hasattr(leaf, "shape") and hasattr(leaf, "dtype")]


def shapes_of(variables: Sequence[Any]) -> list[jax.ShapeDtypeStruct]:
    """Return the shapes and dtypes of variables, to trace with."""
    return [jax.ShapeDtypeStruct(tuple(v.shape), np.dtype(v.dtype)) for v in variables]
