"""The compiled programs of one network: advance, score, draw, explain."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
from jax import lax

from fathom.play.network import Network, Settings, State

POINTS_AT_ONCE = 64
"""Points along weights whose losses are computed together."""


def advance_function(network: Network) -> Callable[..., State]:
    """Return the function that takes some steps.

    Its arguments: the state; `x` (rows, inputs), `y` (rows,), all training
    rows; `order` and `starts`, of `orders.Call`; `steps`, how many; `rates`,
    the learning rate of each step; `settings`. Batches of any size go through
    the same program, a chunk of rows at a time.
    """
    chunk = network.chunk

    def advance(
        state: State,
        x: Any,
        y: Any,
        order: Any,
        starts: Any,
        steps: Any,
        rates: Any,
        settings: Settings,
    ) -> State:
        def part(number: Any, carry: Any, start: Any, end: Any, state: State) -> Any:
            sums, other = carry
            places = start + number * chunk + jnp.arange(chunk, dtype=jnp.int32)
            rows = order[jnp.minimum(places, end - 1)]
            mask = (places < end).astype(x.dtype)
            more, other = network.gradients(
                State(state.trainable, other, state.optimizer), x[rows], y[rows], mask
            )
            return [a + b for a, b in zip(sums, more)], other

        def step(number: Any, state: State) -> State:
            start, end = starts[number], starts[number + 1]
            parts = (end - start + (chunk - 1)) // chunk
            zeros = [jnp.zeros_like(one) for one in state.trainable]
            sums, other = lax.fori_loop(
                0,
                parts,
                lambda part_number, carry: part(part_number, carry, start, end, state),
                (zeros, state.other),
            )
            count = (end - start).astype(x.dtype)
            means = [one / count for one in sums]
            return network.updated(
                State(state.trainable, other, state.optimizer), means, rates[number], settings
            )

        return lax.fori_loop(0, steps, step, state)

    return advance


def score_function(network: Network) -> Callable[..., tuple[Any, Any]]:
    """Return the function from `(state, x, y)` to outputs (rows, k) and losses (rows,)."""

    def score(state: State, x: Any, y: Any) -> tuple[Any, Any]:
        return network.row_losses(state, x, y)

    return score


def picture_function(network: Network) -> Callable[..., Any]:
    """Return the function from `(state, x)` to what all units after the input say, (units, rows).

    With `as_bytes` it is 0 for -1 and below to 255 for +1 and above.
    """

    def pictures(state: State, x: Any, *, as_bytes: bool) -> Any:
        values = jnp.concatenate(network.units(state, x), axis=1).T  # (units, rows)
        return to_bytes(values) if as_bytes else values

    return pictures


def to_bytes(values: Any) -> Any:
    """Return values in [-1, 1] as whole numbers from 0 to 255; not a number is 127."""
    known = jnp.where(jnp.isnan(values), jnp.zeros_like(values), values)
    return jnp.round((jnp.clip(known, -1, 1) + 1) * 127.5).astype(jnp.uint8)


def anatomy_function(network: Network) -> Callable[..., Any]:
    """Return the function from `(state, x, y)` to all numbers of a forward and a backward pass.

    They are the losses (rows,), each layer's outputs (rows, units), the
    derivatives of the losses by them, and the sums of the gradients.
    """

    def anatomy(state: State, x: Any, y: Any) -> Any:
        sums, _ = network.gradients(state, x, y, jnp.ones_like(y))
        losses = network.row_losses(state, x, y)[1]
        return losses, network.units(state, x), network.output_slopes(state, x, y), sums

    return anatomy


def loss_function(network: Network, arrays: tuple[int, ...]) -> Callable[..., Any]:
    """Return the mean loss as a function of some weights, all others held.

    From `(values, indices, state, x, y, share)`: the weights' values, their
    flat indices in the trainable arrays, the state that holds the others, and
    the points with how much each counts.
    """

    def loss(values: Any, indices: Any, state: State, x: Any, y: Any, share: Any) -> Any:
        trainable = [jnp.asarray(array) for array in state.trainable]
        for k, place in enumerate(arrays):
            shape = trainable[place].shape
            changed = trainable[place].ravel().at[indices[k]].set(values[k])
            trainable[place] = changed.reshape(shape)
        moved = State(trainable, state.other, state.optimizer)
        return jnp.sum(network.row_losses(moved, x, y)[1] * share)

    return loss


def over_points(loss: Callable[..., Any]) -> Callable[..., Any]:
    """Return a loss function over points (n, weights), a chunk of them at a time."""

    def losses(points: Any, *fixed: Any) -> Any:
        return lax.map(lambda point: loss(point, *fixed), points, batch_size=POINTS_AT_ONCE)

    return losses


def is_finite(state: State) -> Any:
    """Return whether every trained value is a finite number."""
    return jnp.stack([jnp.isfinite(one).all() for one in state.trainable]).all()
