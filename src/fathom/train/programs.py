"""The compiled programs of one architecture: advance, predict, probe.

Keras's own stateless `train_step` is the body of the loop, so a member's
result is Keras's. Random numbers (initial weights, batch orders) are drawn
outside, which keeps the programs small and quick to compile.
"""

from __future__ import annotations

import math
from collections import defaultdict
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import keras
import numpy as np
from jax import lax

from fathom.train import devices


class State(NamedTuple):
    """All variables of one member, or of all members on axis 0."""

    trainable: list[Any]
    non_trainable: list[Any]
    optimizer: list[Any]
    metrics: list[Any]


class Weights(NamedTuple):
    """What a member predicts with."""

    trainable: list[Any]
    non_trainable: list[Any]


Packed = dict[str, Any]  # dtype -> vector


def weights_of(state: State) -> Weights:
    """Return the part of `state` that predicts."""
    return Weights(state.trainable, state.non_trainable)


def advance_program(model: keras.Model) -> Any:
    """Return the function that trains one member for some steps.

    Its arguments: `state`; `x`, `y`, all training rows; `order`, int32
    (steps, batch); `steps`, how many of them to take. It returns the state.
    One compiled program serves every number of steps up to the order's length.
    """

    def advance(state: State, x: Any, y: Any, order: Any, steps: Any) -> State:
        def step(index: Any, state: State) -> State:
            rows = order[index]
            batch = (jax.tree.map(lambda a: a[rows], x), jax.tree.map(lambda a: a[rows], y), None)
            _, state = model.train_step(tuple(state), batch)
            return State(*map(list, state))

        return lax.fori_loop(0, steps, step, state)

    return devices.over_members(advance, by_member=(True, False, False, True, False))


def keep_program() -> Any:
    """Return the function from `(weights, kept, chosen)` to what is kept.

    Kept weights are one vector per dtype: selecting variable by variable
    would take half as long to compile as training itself.
    """

    def keep(weights: Weights, kept: Packed, chosen: Any) -> Packed:
        new = packed(weights)
        return {dtype: jnp.where(chosen, new[dtype], kept[dtype]) for dtype in kept}

    return devices.over_members(keep, by_member=(True, True, True))


def packed(weights: Weights) -> Packed:
    """Return all variables of one member as one vector per dtype."""
    groups: dict[str, list[Any]] = defaultdict(list)
    for leaf in _leaves(weights):
        groups[str(leaf.dtype)].append(leaf.reshape(-1))
    return {dtype: jnp.concatenate(leaves) for dtype, leaves in groups.items()}


def unpacked(kept: Packed, like: Weights) -> Weights:
    """Return NumPy arrays (member, ...) of the shapes of `like` from packed vectors."""
    vectors = {dtype: np.asarray(vector) for dtype, vector in kept.items()}  # (member, n)
    starts = dict.fromkeys(vectors, 0)

    def take(leaf: Any) -> np.ndarray:
        dtype, size = str(leaf.dtype), math.prod(leaf.shape[1:])
        start = starts[dtype]
        starts[dtype] += size
        return vectors[dtype][:, start : start + size].reshape(leaf.shape)

    return Weights(*([take(leaf) for leaf in leaves] for leaves in like))


def packed_shapes(like: Weights) -> dict[str, tuple[int, int]]:
    """Return the (member, n) of each packed vector."""
    sizes: dict[str, int] = defaultdict(int)
    for leaf in _leaves(like):
        sizes[str(leaf.dtype)] += math.prod(leaf.shape[1:])
    members = _leaves(like)[0].shape[0]
    return {dtype: (members, size) for dtype, size in sizes.items()}


def _leaves(weights: Weights) -> list[Any]:
    return [*weights.trainable, *weights.non_trainable]


def predict_program(model: keras.Model) -> Any:
    """Return the function from `(weights, x)` to the model's outputs for the rows of `x`."""

    def predict(weights: Weights, x: Any) -> Any:
        return model.stateless_call(*weights, x, training=False)[0]

    return devices.over_members(predict, by_member=(True, False))
