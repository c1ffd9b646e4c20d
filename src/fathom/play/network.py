"""What every network of the playground can do, classic or modern."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any, NamedTuple, Protocol

import numpy as np

from fathom.play.layout import Layout


class State(NamedTuple):
    """All variables of one network; lists of arrays."""

    trainable: list[Any]
    other: list[Any]
    optimizer: list[Any]


class Settings(NamedTuple):
    """What may change while a program runs, without compiling it again.

    Args:
        l1: Rate of |w| in the penalty.
        l2: Rate of w^2 / 2 in the penalty.
    """

    l1: Any
    l2: Any


class Network(Protocol):
    """A network as pure functions of its state; what compiles is made of them.

    `dtype` is that of its arithmetic, `chunk` the rows that one pass of the
    gradient takes at most.
    """

    layout: Layout
    dtype: Any
    chunk: int

    def precision(self) -> AbstractContextManager[Any]:
        """Return the context in which its programs are compiled and run."""
        ...

    def first(self, seed: Any) -> State:
        """Return the state at epoch 0, as NumPy arrays."""
        ...

    def units(self, state: State, x: Any) -> list[Any]:
        """Return the outputs (rows, units) of each layer after the input, the last one's too."""
        ...

    def row_losses(self, state: State, x: Any, y: Any) -> tuple[Any, Any]:
        """Return outputs (rows, k) and losses (rows,)."""
        ...

    def output_slopes(self, state: State, x: Any, y: Any) -> list[Any]:
        """Return the derivatives (rows, units) of each row's loss by each layer's outputs."""
        ...

    def is_plain(self, layer: int) -> bool:
        """Return whether a layer is nothing but kernel, bias and activation."""
        ...

    def activation(self, name: str) -> Any:
        """Return an activation by name, as a function of one number or of arrays."""
        ...

    def gradients(self, state: State, x: Any, y: Any, mask: Any) -> tuple[list[Any], list[Any]]:
        """Return the gradients of the sum of the losses where `mask` is 1, and the other state."""
        ...

    def updated(self, state: State, gradients: list[Any], rate: Any, settings: Settings) -> State:
        """Return the state after one step along mean gradients."""
        ...


def single(state: State) -> State:
    """Return a state whose real arrays are float32, in which pictures are drawn."""

    def of(array: Any) -> np.ndarray:
        array = np.asarray(array)
        return array.astype(np.float32) if array.dtype == np.float64 else array

    return State(*([of(array) for array in part] for part in state))


def parameter_arrays(layout: Layout, state: State) -> list[np.ndarray]:
    """Return the arrays of the layout's parameters, in its order."""
    groups = {"trainable": state.trainable, "other": state.other}
    return [np.asarray(groups[one.group][one.index]) for one in layout.parameters]


def with_parameters(layout: Layout, state: State, arrays: list[np.ndarray]) -> State:
    """Return the state with the layout's parameters replaced."""
    groups = {"trainable": list(state.trainable), "other": list(state.other)}
    for one, array in zip(layout.parameters, arrays, strict=True):
        before = groups[one.group][one.index]
        groups[one.group][one.index] = np.asarray(array, before.dtype).reshape(before.shape)
    return State(groups["trainable"], groups["other"], list(state.optimizer))


def flat_parameters(layout: Layout, state: State) -> np.ndarray:
    """Return the parameters that are sent with frames as one float32 vector."""
    arrays = parameter_arrays(layout, state)
    sent = [array.ravel() for array, at in zip(arrays, layout.sent) if at is not None]
    return np.concatenate(sent).astype(np.float32) if sent else np.zeros(0, np.float32)


def from_flat(layout: Layout, state: State, values: np.ndarray) -> State | None:
    """Return the state with parameters as `flat_parameters` gave them; None if they do not fit."""
    if any(at is None for at in layout.sent) or len(values) != sum(
        one.size for one in layout.parameters
    ):
        return None
    ends = np.cumsum([one.size for one in layout.parameters])[:-1]
    return with_parameters(layout, state, np.split(values, ends))


def kept_where_alike(
    before: Layout, old: State, after: Layout, new: State
) -> tuple[State, tuple[int, int]]:
    """Return the new state with the old parameters where layer, name and shape agree.

    Returns:
        The state, and how many of its parameters were kept out of how many.
    """
    held = {
        (one.layer, one.name, one.shape): array
        for one, array in zip(before.parameters, parameter_arrays(before, old))
    }
    fresh = parameter_arrays(after, new)
    keys = [(one.layer, one.name, one.shape) for one in after.parameters]
    arrays = [held.get(key, array) for key, array in zip(keys, fresh)]
    return with_parameters(after, new, arrays), (sum(key in held for key in keys), len(keys))
