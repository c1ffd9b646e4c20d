"""What happens inside any Keras model: its operations in the order they run.

A functional model could be read from its graph; a subclassed one has none. Both
are run once on shapes alone, and every operation's call is written down.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import keras

from fathom.models.graph import inner_operations
from fathom.models.hooks import Hook, Operation, Tensors, hooked, shapes_of, tensors_in

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


def trace(model: keras.Model, x: Any) -> Trace:
    """Run `model` on the shape of one row of `x` and return its calls.

    Args:
        model: A built model with one input and one output.
        x: Inputs, (rows, ...); only shape and dtype matter.
    """
    calls: list[Call] = []
    tensors = Tensors()
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
        found["output"] = tensors.known(outputs)
        return outputs

    row = jax.ShapeDtypeStruct((1, *x.shape[1:]), x.dtype)
    variables = map(shapes_of, (model.trainable_variables, model.non_trainable_variables))
    program, shape = jax.make_jaxpr(run, return_shape=True)(*variables, row)
    if not hasattr(shape, "shape"):
        raise TypeError("a model with one output returns one array")
    return Trace(
        calls=tuple(calls),
        output=found["output"],
        output_shape=tuple(shape.shape[1:]),
        program=program,
    )


def stateless_outputs(
    model: keras.Model, trainable: list[Any], non_trainable: list[Any], x: Any
) -> Any:
    """Return what `model` puts out for `x` when it is used, not trained."""
    training = {"training": False} if model._call_has_training_arg else {}
    return model.stateless_call(trainable, non_trainable, x, **training)[0]


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
    tensors: Tensors,
) -> Call:
    read = tensors_in((args, kwargs))
    is_one = hasattr(result, "dtype")
    return Call(
        operation=operation,
        container=container,
        reads=tensors.numbers(read),
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
