"""The compiled loops over a slab: Keras's own `train_step` or `test_step` for each batch.

Every function here is pure; its state is lists of arrays in the order of the
model's variables.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import keras
from jax import lax

OWN_STEPS = ("train_step", "test_step", "compute_metrics", "get_metrics_result")


class Weights(NamedTuple):
    """What training changes: lists in the order of the model's and optimizer's variables."""

    trainable: list[Any]
    non_trainable: list[Any]
    optimizer: list[Any]


class Outcome(NamedTuple):
    """What a call of a compiled loop gives back.

    Args:
        weights: After the last step.
        metrics: The metrics' variables.
        results: The metrics' values, a list in the order of `metric_names`, or
            the logs of the last step where the model makes its own.
        step: The step that comes next; sooner than asked if the loss was not finite.
        before: The trainable arrays before the last step, if they were to be remembered.
    """

    weights: Any
    metrics: list[Any]
    results: Any
    step: Any
    before: Any = None


def has_own_logs(model: keras.Model) -> bool:
    """Whether a model's class makes its own logs, which may be no metrics of Keras's."""
    return any(getattr(type(model), name) is not getattr(keras.Model, name) for name in OWN_STEPS)


def train_loop(
    model: keras.Model, *, halting: bool, remembering: bool = False
) -> Callable[..., Outcome]:
    """Return the function `(fixed, weights, metrics, batches, start, stop)` that trains some steps.

    Args:
        model: A built and compiled model.
        halting: Whether to stop after a step with a loss that is not finite.
        remembering: Whether to return the trainable arrays before the last step.
    """

    def one(_: Any, state: Any, batch: Any) -> tuple[Any, Any]:
        weights, metrics = state
        logs, (*new, metrics) = model.train_step((*weights, metrics), batch)
        return logs, (Weights(*map(list, new)), list(metrics))

    return _loop(model, one, halting=halting, remembering=remembering)


def test_loop(model: keras.Model) -> Callable[..., Outcome]:
    """Return the function `(fixed, weights, metrics, batches, start, stop)` that evaluates steps.

    Its weights are two lists, trainable and non-trainable. The trainable ones
    are `fixed`, and the first list is empty, unless the model has a
    `test_step` of its own, which might change them.
    """

    def one(fixed: list[Any], state: Any, batch: Any) -> tuple[Any, Any]:
        (changing, non_trainable), metrics = state
        trainable = fixed or changing
        logs, (new, other, metrics) = model.test_step((trainable, non_trainable, metrics), batch)
        return logs, ([[] if fixed else list(new), list(other)], list(metrics))

    return _loop(model, one, halting=False)


def tested_weights(model: keras.Model, weights: Weights) -> tuple[list[Any], list[list[Any]]]:
    """Return the fixed and the changing weights of a test."""
    if type(model).test_step is keras.Model.test_step:
        return weights.trainable, [[], weights.non_trainable]
    return [], [weights.trainable, weights.non_trainable]


def _loop(
    model: keras.Model,
    one: Callable[[Any, Any, Any], tuple[Any, Any]],
    *,
    halting: bool,
    remembering: bool = False,
) -> Callable[..., Outcome]:
    own_logs = has_own_logs(model)

    def loop(
        fixed: Any, weights: Any, metrics: list[Any], batches: Any, start: Any, stop: Any
    ) -> Outcome:
        def body(carry: Any) -> Any:
            step, _, state, _ = carry
            logs, new = one(fixed, state, _batch(batches, step))
            halted = ~jnp.isfinite(logs["loss"]) if halting and "loss" in logs else False
            kept = logs if own_logs else None
            return step + 1, jnp.asarray(halted), jax.tree.map(_like, new, state), kept

        def until(end: Any, carry: Any) -> Any:
            return lax.while_loop(lambda c: (c[0] < end) & ~c[1], body, carry)

        def until_one_but_last_or_last(place: Any, both: Any) -> Any:
            carry, _ = both
            before = carry[2][0].trainable
            return until(stop - 1 + place, carry), before

        state = (weights, metrics)
        first = _no_logs(one, fixed, state, batches) if own_logs else None
        carry, before = (start, jnp.asarray(False), state, first), None
        if remembering:  # one loop around the other, so that a step is compiled once
            both = (carry, weights.trainable)
            carry, before = lax.fori_loop(0, 2, until_one_but_last_or_last, both)
        else:
            carry = until(stop, carry)
        step, _, (weights, metrics), logs = carry
        return Outcome(weights, metrics, _results(model, metrics, logs), step, before)

    return loop


def _batch(batches: Any, step: Any) -> Any:
    return jax.tree.map(
        lambda array: lax.dynamic_index_in_dim(array, step, keepdims=False), batches
    )


def _like(new: Any, old: Any) -> Any:
    """Give a variable's new value its dtype, as Keras does when it assigns."""
    return jnp.asarray(new).astype(jnp.asarray(old).dtype)


def _no_logs(one: Callable[..., Any], fixed: Any, state: Any, batches: Any) -> Any:
    """Return zeros of the shape of a step's logs."""
    logs, _ = jax.eval_shape(lambda f, s, b: one(f, s, _batch(b, 0)), fixed, state, batches)
    return jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), logs)


def _results(model: keras.Model, metrics: list[Any], logs: Any) -> Any:
    """Return the metrics' values, or a model's own logs where they have other names."""
    values = _metric_values(model, metrics)
    if logs is None:
        return list(values.values())
    names_agree = isinstance(logs, dict) and set(logs) == set(values)
    return values if names_agree else logs


def _metric_values(model: keras.Model, metrics: list[Any]) -> dict[str, Any]:
    mapping = list(zip(model.metrics_variables, metrics))
    with keras.StatelessScope(state_mapping=mapping):
        return model.get_metrics_result()


def metric_names(model: keras.Model) -> list[str]:
    """Return the names of the metrics' values, in the order in which a loop returns them."""
    shapes = [jax.ShapeDtypeStruct(v.shape, v.dtype) for v in model.metrics_variables]
    names: list[str] = []

    def values(metrics: list[Any]) -> list[Any]:
        found = _metric_values(model, metrics)
        names.extend(found)
        return list(found.values())

    jax.eval_shape(values, shapes)
    return names
