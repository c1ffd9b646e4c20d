"""The compiled programs of one architecture: advance, evaluate, predict.

Keras's own stateless `train_step` is the body of the loop, so a member's
result is Keras's. Random numbers (initial weights, batch orders) are drawn
outside, which keeps the programs small and quick to compile.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import keras
from jax import lax

from fathom.train import devices
from fathom.train.lowering import trained_products


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


class Work(NamedTuple):
    """What an `advance_program` is to do.

    Args:
        blocks: int32 (devices,), how many of its blocks of members each device takes.
        order: int32 (member, steps, batch), the rows of every step.
        span: int32 (2,), from which of the steps to which, the last not included.
        settings: Each member's own hyperparameters by name.
    """

    blocks: Any
    order: Any
    span: Any
    settings: Any


class Judging(NamedTuple):
    """What an `evaluate_program` is to do.

    Args:
        blocks: As in `Work`.
        weights: Of every member.
        span: int32 (2,), the first row, and how many batches follow.
        settings: As in `Work`.
    """

    blocks: Any
    weights: Weights
    span: Any
    settings: Any


class Asked(NamedTuple):
    """What an `outputs_program` is to do.

    Args:
        blocks: As in `Work`.
        weights: Of every member.
    """

    blocks: Any
    weights: Weights


def weights_of(state: State) -> Weights:
    """Return the part of `state` that predicts."""
    return Weights(state.trainable, state.non_trainable)


Apply = Callable[[Mapping[str, Any]], AbstractContextManager[None]]


def _nothing_applied(settings: Mapping[str, Any]) -> AbstractContextManager[None]:
    return nullcontext()


def advance_program(
    model: keras.Model, *, block: int | None, apply: Apply = _nothing_applied
) -> Any:
    """Return the function that trains the members of some blocks for some steps.

    Its arguments: `state`; `data`, `(x, y, sample_weight)` of all training rows; the
    `Work`. It returns the state. One compiled program serves every number of blocks, and
    any steps of the order.

    Args:
        model: A compiled model.
        block: Members that train side by side.
        apply: Puts `settings` where the model reads them.
    """

    def step(index: Any, state: State, data: Any, order: Any, settings: Any) -> State:
        rows = order[index]
        with apply(settings), trained_products():
            _, state = model.train_step(tuple(state), jax.tree.map(lambda a: a[rows], data))
        return State(*map(list, state))

    # Members side by side within a step: JAX would trace a loop of theirs several times.
    steps = jax.vmap(step, in_axes=(None, 0, None, 0, 0))

    def advance(state: State, data: Any, order: Any, span: Any, settings: Any) -> State:
        def one(index: Any, state: State) -> State:
            return steps(index, state, data, order, settings)

        return lax.fori_loop(span[0], span[1], one, state)

    by_member = (True, False, True, False, True)
    some = devices.in_blocks(advance, by_member=by_member, block=block)
    return lambda state, data, work: some(
        work.blocks, state, data, work.order, work.span, work.settings
    )


def evaluate_program(
    model: keras.Model, *, batch_size: int, block: int, apply: Apply = _nothing_applied
) -> Any:
    """Return the function that adds batches of rows to each member's metrics.

    Its arguments: `metrics`, their variables; `data`, `(x, y, sample_weight)` of all rows;
    the `Judging`. It returns the variables of the metrics.
    """

    def step(metrics: list[Any], weights: Weights, batch: Any, settings: Any) -> list[Any]:
        with apply(settings):
            _, (_, _, metrics) = model.test_step((*weights, metrics), batch)
        return list(metrics)

    side_by_side = jax.vmap(step, in_axes=(0, 0, None, 0))

    def evaluate(
        metrics: list[Any], weights: Weights, data: Any, span: Any, settings: Any
    ) -> list[Any]:
        def one(index: Any, metrics: list[Any]) -> list[Any]:
            first = span[0] + index * batch_size
            batch = jax.tree.map(
                lambda a: lax.dynamic_slice_in_dim(a, first, batch_size, axis=0), data
            )
            return side_by_side(metrics, weights, batch, settings)

        return lax.fori_loop(0, span[1], one, metrics)

    by_member = (True, True, False, False, True)
    some = devices.in_blocks(evaluate, by_member=by_member, block=block)
    return lambda metrics, data, judging: some(
        judging.blocks, metrics, judging.weights, data, judging.span, judging.settings
    )


def results_program(model: keras.Model) -> Any:
    """Return the function from the metrics' variables to their values, in the metrics' order."""

    def results(metrics: list[Any]) -> list[Any]:
        return list(metric_results(model, metrics).values())

    return devices.over_members(results, by_member=(True,))


def metric_results(model: keras.Model, variables: Sequence[Any]) -> dict[str, Any]:
    """Return the values of one member's metrics by name; "loss" is one of them."""
    mapping = list(zip(model.metrics_variables, variables, strict=True))
    with keras.StatelessScope(state_mapping=mapping):
        found = model.get_metrics_result()
    return {name: jnp.asarray(value, "float32") for name, value in found.items()}


def metric_names(model: keras.Model) -> tuple[str, ...]:
    """Return the names of what `metric_results` gives, in its order."""
    names: list[str] = []

    def look(values: list[Any]) -> list[Any]:
        results = metric_results(model, values)
        names.extend(results)  # a dict that passes through JAX comes back sorted
        return list(results.values())

    jax.eval_shape(
        look,
        [jax.ShapeDtypeStruct(tuple(v.shape), v.dtype) for v in model.metrics_variables],
    )
    return tuple(names)


def finish_program(model: keras.Model) -> Any:
    """Return the function from a member's state to that after Keras's last touch of the weights.

    Optimizers that average weights put the averages in place when training ends.
    """

    def finish(state: State) -> State:
        trainable = model.trainable_variables
        mapping = [
            *zip(trainable, state.trainable, strict=True),
            *zip(model.optimizer.variables, state.optimizer, strict=True),
        ]
        with keras.StatelessScope(state_mapping=mapping) as scope:
            model.optimizer.finalize_variable_values(trainable)
        new = [scope.get_current_value(variable) for variable in trainable]
        return state._replace(trainable=new)

    return devices.over_members(finish, by_member=(True,))


def predict_program(model: keras.Model, *, block: int | None = None) -> Any:
    """Return the function from `(weights, x)` to the model's outputs for the rows of `x`."""

    def predict(weights: Weights, x: Any) -> Any:
        return model.stateless_call(*weights, x, training=False)[0]

    return devices.over_members(predict, by_member=(True, False), block=block)


def outputs_program(model: keras.Model, *, block: int | None) -> Any:
    """Return the function of the outputs of the members of some blocks.

    Its arguments: `outputs`, (member, rows, ...), which stay as they are for the other
    members; `x`, all rows; what is `Asked`. It returns the outputs.
    """

    def predict(outputs: Any, weights: Weights, x: Any) -> Any:
        new = model.stateless_call(*weights, x, training=False)[0]
        return new.astype(outputs.dtype)

    side_by_side = jax.vmap(predict, in_axes=(0, 0, None))
    by_member = (True, True, False)
    some = devices.in_blocks(side_by_side, by_member=by_member, block=block, may_rest=True)
    return lambda outputs, x, asked: some(asked.blocks, outputs, asked.weights, x)
