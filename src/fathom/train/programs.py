"""The compiled programs of one architecture: advance, predict, probe.

Keras's own stateless `train_step` is the body of the loop, so a member's
result is Keras's. Random numbers (initial weights, batch orders) are drawn
outside, which keeps the programs small and quick to compile.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import keras
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


def weights_of(state: State) -> Weights:
    """Return the part of `state` that predicts."""
    return Weights(state.trainable, state.non_trainable)


def select(condition: Any, chosen: Any, other: Any) -> Any:
    """Return `chosen` where the scalar `condition` holds, leaf by leaf, else `other`."""
    return jax.tree.map(lambda a, b: jnp.where(condition, a, b), chosen, other)


def advance_program(model: keras.Model) -> Any:
    """Return the function that trains one member for some steps.

    Its arguments: `state`; `best`, the weights kept so far; `keep`, whether
    the weights in `state` become the best ones first; `active`, whether the
    member trains; `x`, `y`, all training rows; `order`, int32 (steps, batch);
    `num_steps`, how many of the steps to take. It returns `(state, best)`.
    One compiled program serves every number of steps up to the order's length.
    """

    def advance(
        state: State, best: Weights, keep: Any, active: Any, x: Any, y: Any, order: Any, steps: Any
    ) -> tuple[State, Weights]:
        def step(index: Any, state: State) -> State:
            rows = order[index]
            batch = (jax.tree.map(lambda a: a[rows], x), jax.tree.map(lambda a: a[rows], y), None)
            _, state = model.train_step(tuple(state), batch)
            return State(*map(list, state))

        best = select(keep, weights_of(state), best)
        return select(active, lax.fori_loop(0, steps, step, state), state), best

    return devices.over_members(
        advance, by_member=(True, True, True, True, False, False, True, False)
    )


def predict_program(model: keras.Model) -> Any:
    """Return the function from `(weights, x)` to the model's outputs for the rows of `x`."""

    def predict(weights: Weights, x: Any) -> Any:
        outputs, _ = model.stateless_call(*weights, x, training=False)
        return outputs

    return devices.over_members(predict, by_member=(True, False))
