"""A Keras model as a list of named steps, which programs and files can be written from."""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from fathom.errors import ModelError

# What programs, and PyTorch's modules, call things themselves.
_TAKEN = (
    *("keras", "np", "torch", "nn", "weights", "model", "self", "network", "load", "build"),
    *("forward", "train", "training", "eval", "parameters", "modules", "children", "apply"),
    *("type", "float", "double", "half", "to", "cpu", "buffers", "compile", "channels_first"),
    *("own", "layer", "reset_first", "both_ends", "zero_grad", "share_memory"),
)


@dataclass(frozen=True)
class Name:
    """What an earlier step made, as an argument of a later one."""

    text: str


@dataclass(frozen=True)
class Input:
    """An input of the model.

    Args:
        name: Its name, a Python identifier.
        shape: Shape of one row; None for a size that is not fixed.
        dtype: Such as "float32" or "int32".
    """

    name: str
    shape: tuple[int | None, ...]
    dtype: str


@dataclass(frozen=True)
class Step:
    """One call of one layer.

    Args:
        name: What the call makes, a Python identifier.
        key: Name of the layer, an identifier; calls of a shared layer have the same.
        layer: The Keras layer or operation.
        inputs: Names of what it reads, in order.
        arguments: What it is called with, in order; `Name` for tensors.
        settings: What else it is called with, by name.
        shape: Shape of what it makes for one row.
        input_shapes: Shapes of what it reads, for one row.
        is_first: Whether no earlier step calls the layer.
        has_mask: Whether some of what it reads carries a mask.
    """

    name: str
    key: str
    layer: Any
    inputs: tuple[str, ...]
    arguments: tuple[Any, ...]
    settings: Mapping[str, Any]
    shape: tuple[int | None, ...]
    input_shapes: tuple[tuple[int | None, ...], ...]
    is_first: bool
    has_mask: bool

    @property
    def kind(self) -> str:
        """Name of the layer's class."""
        return type(self.layer).__name__

    @property
    def weights(self) -> dict[str, np.ndarray]:
        """The layer's weights by name, such as "hidden_1/kernel", in Keras's order."""
        variables = list(getattr(self.layer, "weights", ()))
        tails = [_tail(variable.path, self.layer.name) for variable in variables]
        if len(set(tails)) < len(tails):
            tails = [f"{number}_{tail}" for number, tail in enumerate(tails)]
        return {f"{self.key}/{tail}": _plain(v) for tail, v in zip(tails, variables)}


def _plain(variable: Any) -> np.ndarray:
    """Return a weight in a type that every tool reads."""
    values = np.asarray(variable)
    return values.astype("float32") if values.dtype.name == "bfloat16" else values


def _tail(path: str, layer: str) -> str:
    return path.split(f"{layer}/", 1)[-1]


@dataclass(frozen=True)
class Graph:
    """A model.

    Args:
        name: The model's name.
        inputs: Its inputs.
        steps: Its calls, each after those it reads.
        outputs: Names of what it gives.
    """

    name: str
    inputs: tuple[Input, ...]
    steps: tuple[Step, ...]
    outputs: tuple[str, ...]

    @property
    def weights(self) -> dict[str, np.ndarray]:
        """All weights by name; those of a shared layer once."""
        return {
            name: values
            for step in self.steps
            if step.is_first
            for name, values in step.weights.items()
        }


def graph_of(model: keras.Model) -> Graph:
    """Return the steps of a functional or built Sequential model; models in it are unfolded.

    Raises:
        ModelError: Its layers are not connected in a graph, or one call gives several tensors.
    """
    from fathom import models

    if not models.is_functional(model):
        raise ModelError(
            "A model must be functional, or Sequential and built, to be written as a program: its "
            f"graph is read. Received: {model.name!r}, a {type(model).__name__}.",
            hint="start it with keras.Input, or end in keras.Model(inputs, outputs)",
        )
    return _Reader().read(model)


class _Reader:
    """Walks through a model, and through the models in it."""

    def __init__(self) -> None:
        self.names: dict[int, str] = {}  # of tensors, by id
        self.keys: dict[int, str] = {}  # of layers, by id
        self.taken = set(_TAKEN)
        self.steps: list[Step] = []
        self.inputs: list[Input] = []

    def read(self, model: Any) -> Graph:
        for tensor in model.inputs:
            name = self._named(tensor._keras_history.operation.name)
            self.names[id(tensor)] = name
            self.inputs.append(Input(name, tuple(tensor.shape[1:]), str(tensor.dtype)))
        self._walk(model)
        outputs = tuple(self.names[id(tensor)] for tensor in model.outputs)
        return Graph(model.name, tuple(self.inputs), _needed(self.steps, outputs), outputs)

    def _walk(self, model: Any) -> None:
        from fathom import models

        for node in models.calls(model):
            operation = node.operation
            if isinstance(operation, keras.layers.InputLayer):
                continue
            if isinstance(operation, keras.Model):
                self._enter(operation, node)
            else:
                self._step(operation, node)

    def _enter(self, model: Any, node: Any) -> None:
        """Walk through a model that is called like a layer."""
        if not hasattr(model, "inputs") or not model.inputs:
            raise ModelError(
                "The models in a model must be functional to be written as a program. "
                f"Received: {model.name!r}, a {type(model).__name__}."
            )
        for inner, outer in zip(model.inputs, node.input_tensors, strict=True):
            self.names[id(inner)] = self.names[id(outer)]
        self._walk(model)
        for inner, outer in zip(model.outputs, node.outputs, strict=True):
            self.names[id(outer)] = self.names[id(inner)]

    def _step(self, operation: Any, node: Any) -> None:
        if len(node.outputs) != 1:
            raise ModelError(
                "Every layer must give one tensor to be written as a program. Received: "
                f"{operation.name!r}, which gives {len(node.outputs)}."
            )
        is_first = id(operation) not in self.keys
        if is_first:
            self.keys[id(operation)] = self._named(operation.name)
        key = self.keys[id(operation)]
        name = key if is_first else self._named(key)
        inputs = tuple(self.names[id(tensor)] for tensor in node.input_tensors)
        (output,) = node.outputs
        self.names[id(output)] = name
        arguments, settings = self._renamed((node.arguments.args, node.arguments.kwargs))
        self.steps.append(
            Step(
                name=name,
                key=key,
                layer=operation,
                inputs=inputs,
                arguments=tuple(arguments),
                settings={k: v for k, v in settings.items() if v is not None and k != "training"},
                shape=tuple(output.shape[1:]),
                input_shapes=tuple(tuple(t.shape[1:]) for t in node.input_tensors),
                is_first=is_first,
                has_mask=any(
                    getattr(t, "_keras_mask", None) is not None for t in node.input_tensors
                ),
            )
        )

    def _renamed(self, value: Any) -> Any:
        """Return arguments with `Name` in place of tensors."""
        if isinstance(value, keras.KerasTensor):
            return Name(self.names[id(value)])
        if isinstance(value, list | tuple):
            return type(value)(map(self._renamed, value))
        if isinstance(value, dict):
            return {key: self._renamed(part) for key, part in value.items()}
        return value

    def _named(self, wanted: str) -> str:
        """Return a name as an identifier that is not taken."""
        plain = re.sub(r"\W", "_", wanted, flags=re.ASCII).strip("_") or "layer"
        plain = f"_{plain}" if plain[0].isdigit() else plain
        names = (plain if number == 1 else f"{plain}_{number}" for number in range(1, 10**6))
        name = next(n for n in names if n not in self.taken and not keyword.iskeyword(n))
        self.taken.add(name)
        return name


def _needed(steps: Sequence[Step], outputs: Sequence[str]) -> tuple[Step, ...]:
    """Return the steps that outputs come from: masks that nobody reads are steps, too."""
    read, kept = set(outputs), []
    for step in reversed(steps):
        if step.name in read:
            read.update(step.inputs)
            kept.append(step)
    return tuple(reversed(kept))


class Unsupported(Exception):
    """A layer cannot be written; the message says what of it."""


def written(
    graph: Graph, write: Callable[[Step], Any], *, kind: str, hint: str | None = None
) -> list[Any]:
    """Return what `write` makes of every step.

    Args:
        graph: The model.
        write: Raises `Unsupported` for what it cannot write.
        kind: What is written, for the message.
        hint: What to do where that is not possible.

    Raises:
        ModelError: Some layers cannot be written; it names them all.
    """
    parts, refused = [], list[str]()
    for step in graph.steps:
        try:
            parts.append(write(step))
        except Unsupported as reason:
            refused.append(f"{step.layer.name!r} ({step.kind}{_because(str(reason))})")
    if refused:
        raise ModelError(
            f"{kind} is written of the layers it has a word for. "
            f"Received: {', '.join(dict.fromkeys(refused))}.",
            hint=hint,
        )
    return parts


def _because(reason: str) -> str:
    return f": {reason}" if reason else ""
