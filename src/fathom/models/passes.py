"""One pass through a model as a list of calls.

A functional model's graph is read; another model's pass is traced on shapes alone.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import keras
import numpy as np
from jax.extend.core import get_opaque_trace_state

from fathom.errors import ModelError
from fathom.models import graph
from fathom.models.hooks import Tensors, replaced, shapes_of, tensors_in

# Rows of the inputs while a pass is traced: any number that shapes work with.
_ROWS = 2


@dataclass(frozen=True, kw_only=True, eq=False)
class Passed:
    """One call of one operation.

    Args:
        operation: The layer or operation.
        number: How many calls of it came before.
        reads: A number for each tensor it reads; equal numbers are the same tensor.
        makes: A number for each tensor it makes.
        activates_once: Whether it applies its own activation, if it has one, exactly once.
    """

    operation: Any
    number: int
    reads: tuple[int, ...]
    makes: tuple[int, ...]
    activates_once: bool = True


def one_pass(
    model: keras.Model, x: Any = None, *, whole: tuple[type, ...] = ()
) -> tuple[Passed, ...]:
    """Return the calls of one pass through `model`, each after those it reads.

    Layers made of others are calls too, after those inside them. Calls that
    JAX traces apart, such as those of a cell in a recurrent layer's loop, are left out.

    Args:
        model: A built model of any kind.
        x: Inputs or their shapes; None where the model knows them.
        whole: Kinds of layers whose inside is left out.

    Raises:
        ModelError: The inputs are not known, or the pass cannot be traced.
    """
    if graph.is_functional(model) and all(_is_plain(layer, whole) for layer in model.layers):
        return _from_graph(model)
    return _traced(model, _input_shapes(model, x), whole)


def readers(calls: Sequence[Passed]) -> dict[int, list[Passed]]:
    """Return, by the number of each tensor, the calls that read it."""
    found: dict[int, list[Passed]] = {}
    for call in calls:
        for tensor in dict.fromkeys(call.reads):
            found.setdefault(tensor, []).append(call)
    return found


# -- functional models: the graph is there -------------------------------------------


def _is_plain(layer: keras.layers.Layer, whole: tuple[type, ...]) -> bool:
    """Return whether the graph tells all there is to know of a layer's call."""
    if isinstance(layer, whole):
        return True
    is_kerass = type(layer).__module__.startswith("keras.")
    return not layer._layers and (is_kerass or not hasattr(layer, "activation"))


def _from_graph(model: keras.Model) -> tuple[Passed, ...]:
    counts: Counter[int] = Counter()
    tensors, found = Tensors(), []
    for node in graph.calls(model):
        number = counts[id(node.operation)]
        counts[id(node.operation)] += 1
        found.append(
            Passed(
                operation=node.operation,
                number=number,
                reads=tensors.numbers(node.input_tensors),
                makes=tensors.numbers(node.output_tensors),
            )
        )
    return tuple(found)


# -- other models: a pass is traced -----------------------------------------------------


def _input_shapes(model: keras.Model, x: Any) -> Any:
    if x is not None:
        return keras.tree.map_structure(_shape_of, x)
    if not graph.is_functional(model):
        raise ModelError(
            f"To watch the layers of {model.name!r}, a {type(model).__name__}, some of its inputs "
            "are needed: it is not a functional model, and does not tell their shapes.",
            hint="pass x",
        )
    inputs: Any = getattr(model, "_inputs_struct", model.inputs)
    return keras.tree.map_structure(_shape_of, inputs)


def _shape_of(array: Any) -> jax.ShapeDtypeStruct:
    dtype = keras.backend.standardize_dtype(array.dtype)
    dtype = keras.config.floatx() if dtype == "float64" else dtype
    return jax.ShapeDtypeStruct((_ROWS, *(size or 1 for size in array.shape[1:])), np.dtype(dtype))


def _traced(model: keras.Model, shapes: Any, whole: tuple[type, ...]) -> tuple[Passed, ...]:
    training = {"training": True} if model._call_has_training_arg else {}
    found: list[Passed] = []

    def run(trainable: Any, others: Any, x: Any) -> Any:
        with _recorded(model, whole) as calls:
            returned = model.stateless_call(trainable, others, x, **training)
        found.extend(calls)
        return returned[0]

    variables = map(shapes_of, (model.trainable_variables, model.non_trainable_variables))
    try:
        jax.eval_shape(run, *variables, shapes)
    except Exception as error:  # whatever a user's own layer raises
        raise ModelError(
            f"A pass through {model.name!r} cannot be traced. {type(error).__name__}: {error}",
            hint="check that the model can be called on these inputs under jax.jit",
        ) from error
    return tuple(found)


@contextlib.contextmanager
def _recorded(model: keras.Model, whole: tuple[type, ...]) -> Iterator[list[Passed]]:
    """Collect the calls of the operations inside `model`, in this trace alone."""
    recorder = _Recorder()
    with contextlib.ExitStack() as stack:
        for operation in _operations_in(model, whole):
            stack.enter_context(replaced(operation, "call", recorder.around))
            if callable(getattr(operation, "activation", None)):
                stack.enter_context(replaced(operation, "activation", recorder.counted))
        yield recorder.calls


class _Recorder:
    """Writes down calls as they return."""

    def __init__(self) -> None:
        self.calls: list[Passed] = []
        self._trace = get_opaque_trace_state()
        self._numbers: Counter[int] = Counter()
        self._activations: Counter[int] = Counter()
        self._tensors = Tensors()

    def around(self, operation: Any, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            if get_opaque_trace_state() != self._trace:
                return function(*args, **kwargs)
            before = self._activations[id(operation)]
            made = function(*args, **kwargs)
            self._write(operation, (args, kwargs), made, self._activations[id(operation)] - before)
            return made

        return call

    def counted(self, operation: Any, function: Callable[..., Any]) -> Callable[..., Any]:
        def activation(*args: Any, **kwargs: Any) -> Any:
            self._activations[id(operation)] += 1
            return function(*args, **kwargs)

        return activation

    def _write(self, operation: Any, read: Any, made: Any, activations: int) -> None:
        self.calls.append(
            Passed(
                operation=operation,
                number=self._numbers[id(operation)],
                reads=self._tensors.numbers(tensors_in(read)),
                makes=self._tensors.numbers(tensors_in(made)),
                activates_once=activations == 1,
            )
        )
        self._numbers[id(operation)] += 1


def _operations_in(model: keras.Model, whole: tuple[type, ...]) -> list[Any]:
    """Return the layers and operations inside `model` at any level, but for what is in `whole`."""
    found: dict[int, Any] = {}

    def visit(layer: Any) -> None:
        if id(layer) in found:
            return
        found[id(layer)] = layer
        if isinstance(layer, whole):
            return
        for operation in getattr(layer, "operations", ()):
            if not isinstance(operation, keras.layers.Layer):
                found.setdefault(id(operation), operation)
        for inner in layer._layers:
            visit(inner)

    visit(model)
    del found[id(model)]
    return list(found.values())
