"""What happens inside any Keras model: its operations in the order they run, and hooks on them.

A functional model could be read from its graph; a subclassed one has none. Both
are run once on shapes alone, and every operation's call is written down.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import keras

from fathom.models.graph import inner_operations
from fathom.models.passes import replaced

Operation = Any  # keras.Operation: a layer, or an operation in the graph of a functional model
# From the operation's own call and its arguments to what takes the place of its result.
Hook = Callable[..., Any]
SCOPE = "operation_"


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call of one operation.

    Args:
        operation: What was called.
        container: The model that holds it.
        reads: A number for each tensor it reads; equal numbers are the same tensor.
        makes: The number of the tensor it makes; None if it makes none or several.
        input_shape: Shape of the first tensor it reads, without rows; None if it reads none.
        output_shape: Shape of what it makes, without rows; None if it makes several.
        is_float: Whether what it reads and makes are floats of one type.
    """

    operation: Operation
    container: keras.Model
    reads: tuple[int, ...]
    makes: int | None
    input_shape: tuple[int, ...] | None
    output_shape: tuple[int, ...] | None
    is_float: bool


@dataclass(frozen=True, kw_only=True)
class Trace:
    """A model's calls, each after those it reads.

    Args:
        calls: In the order they ran.
        output: The number of the tensor that the model returns; None if no call made it.
        output_shape: Its shape, without rows.
        program: The jaxpr of one row; equations carry `operation_<place>` in their name
            stack, the place being that of the call.
    """

    calls: tuple[Call, ...]
    output: int | None
    output_shape: tuple[int, ...]
    program: Any


@dataclass
class _Tensors:
    """Numbers for tensors; holding them keeps their identities from being used again."""

    held: list[Any] = field(default_factory=list)
    numbers: dict[int, int] = field(default_factory=dict)

    def number(self, tensor: Any) -> int:
        if id(tensor) not in self.numbers:
            self.held.append(tensor)
            self.numbers[id(tensor)] = len(self.held)
        return self.numbers[id(tensor)]


def trace(model: keras.Model, x: Any) -> Trace:
    """Run `model` on the shape of one row of `x` and return its calls.

    Args:
        model: A built model with one input and one output.
        x: Inputs, (rows, ...); only shape and dtype matter.
    """
    calls: list[Call] = []
    tensors = _Tensors()
    found: dict[str, Any] = {}

    def hook(container: keras.Model, operation: Operation) -> Hook:
        def record(call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
            with jax.named_scope(f"{SCOPE}{len(calls)}_"):
                place = len(calls)
                calls.append(None)  # type: ignore[arg-type]  # taken before inner calls run
                result = _distinct(call(*args, **kwargs))
            calls[place] = _call(container, operation, args, kwargs, result, tensors)
            return result

        return record

    hooks = {op: hook(container, op) for container, op in inner_operations(model)}

    def run(trainable: list[Any], non_trainable: list[Any], row: Any) -> Any:
        with hooked(hooks):
            outputs = stateless_outputs(model, trainable, non_trainable, row)
        found["output"] = tensors.numbers.get(id(outputs))
        return outputs

    row = jax.ShapeDtypeStruct((1, *x.shape[1:]), x.dtype)
    program, shape = jax.make_jaxpr(run, return_shape=True)(*_shapes(model), row)
    if not hasattr(shape, "shape"):
        raise TypeError("a model with one output returns one array")
    return Trace(
        calls=tuple(calls),
        output=found["output"],
        output_shape=tuple(shape.shape[1:]),
        program=program,
    )


@contextlib.contextmanager
def hooked(hooks: Mapping[Operation, Hook]) -> Iterator[None]:
    """Put a hook before the call of each operation for as long as the context lasts."""
    with contextlib.ExitStack() as stack:
        for operation, hook in hooks.items():
            stack.enter_context(replaced(operation, "call", _passing(hook)))
        yield


def stateless_outputs(
    model: keras.Model, trainable: list[Any], non_trainable: list[Any], x: Any
) -> Any:
    """Return what `model` puts out for `x` when it is used, not trained."""
    training = {"training": False} if model._call_has_training_arg else {}
    return model.stateless_call(trainable, non_trainable, x, **training)[0]


def tensors_of(args: Any, kwargs: Any) -> list[Any]:
    """Return the tensors among the arguments of a call, in order."""
    leaves = jax.tree.leaves((args, kwargs))
    return [leaf for leaf in leaves if hasattr(leaf, "shape") and hasattr(leaf, "dtype")]


def _passing(hook: Hook) -> Callable[[Operation, Callable[..., Any]], Callable[..., Any]]:
    return lambda _, call: functools.partial(hook, call)


def _shapes(model: keras.Model) -> tuple[list[Any], list[Any]]:
    def of(variables: Any) -> list[Any]:
        return [jax.ShapeDtypeStruct(tuple(v.shape), v.dtype) for v in variables]

    return of(model.trainable_variables), of(model.non_trainable_variables)


def _distinct(result: Any) -> Any:
    """Return a tensor of its own for the result of a call that may hand its input through."""
    if not hasattr(result, "dtype"):
        return result
    copied = jnp.copy(result)
    mask = getattr(result, "_keras_mask", None)
    if mask is not None:
        copied._keras_mask = mask  # type: ignore[attr-defined]
    return copied


def _call(
    container: keras.Model,
    operation: Operation,
    args: Any,
    kwargs: Any,
    result: Any,
    tensors: _Tensors,
) -> Call:
    read = tensors_of(args, kwargs)
    is_one = hasattr(result, "dtype")
    return Call(
        operation=operation,
        container=container,
        reads=tuple(map(tensors.number, read)),
        makes=tensors.number(result) if is_one else None,
        input_shape=tuple(read[0].shape[1:]) if read else None,
        output_shape=tuple(result.shape[1:]) if is_one else None,
        is_float=bool(
            is_one
            and read
            and read[0].dtype == result.dtype
            and jnp.issubdtype(result.dtype, jnp.floating)
        ),
    )
