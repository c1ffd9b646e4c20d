"""Where a training that diverged stopped being finite: its epoch is repeated, step by step."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np

from fathom.models import Tap, kernels
from fathom.specs import IN_ACTIVATION, IN_GRADIENT, IN_LOSS, IN_WEIGHTS, FirstCause
from fathom.train.probe import Sight, look_program
from fathom.train.programs import State

Batch = tuple[Any, Any, Any]  # x, y, sample_weight


@dataclass(frozen=True)
class _Step:
    """The step that broke: its number, the state before and after it, and the losses so far."""

    number: int
    before: State
    after: State
    batch: Batch
    losses: list[float]


def first_cause(
    model: keras.Model,
    taps: Sequence[Tap],
    state: State,
    batches: Iterable[Batch],
    *,
    epoch: int,
) -> FirstCause | None:
    """Return where a training first had a number that is not finite; None if it stays finite.

    Args:
        model: The compiled model.
        taps: Its watched layers, from input to output.
        state: Its variables as they were at the beginning of `batches`.
        batches: The batches that were trained on, in the same order: `(x, y, sample_weight)`.
        epoch: The epoch they belong to, counted from 1.
    """
    broken = _first_broken_step(model, state, batches)
    if broken is None:
        return None
    sights = jax.jit(look_program(model, taps))(broken.before, *broken.batch)
    where, layer = _place(model, taps, sights, broken)
    growth, growing = _growth(model, taps, state, broken.before)
    return FirstCause(
        epoch=epoch,
        step=broken.number,
        where=where,
        layer=layer,
        weight_growth=growth,
        growing_layer=growing,
        loss_before=broken.losses[-1] if broken.losses else None,
        loss_at_start=broken.losses[0] if broken.losses else None,
    )


def _first_broken_step(model: keras.Model, state: State, batches: Iterable[Batch]) -> _Step | None:
    metrics = [jnp.zeros_like(value) for value in state.metrics]

    @jax.jit
    def advance(state: State, batch: Batch) -> tuple[State, Any, Any]:
        logs, after = model.train_step(tuple(state._replace(metrics=metrics)), batch)
        after = State(*map(list, after))
        loss = logs.get("loss", jnp.float32(0))
        return after, loss, jnp.isfinite(loss) & _all_finite(after.trainable)

    losses: list[float] = []
    for number, batch in enumerate(batches, start=1):
        after, loss, is_finite = advance(state, batch)
        if not is_finite:
            return _Step(number, state, after, batch, losses)
        losses.append(float(loss))
        state = after
    return None


def _all_finite(arrays: Sequence[Any]) -> Any:
    flags = [jnp.isfinite(array).all() for array in arrays]
    return jnp.stack(flags).all() if flags else jnp.bool_(True)


def _place(
    model: keras.Model, taps: Sequence[Tap], sights: Sequence[Sight], broken: _Step
) -> tuple[str, str | None]:
    """Return what was first not finite in a step, as it is computed, and in which layer."""
    for tap, sight in zip(taps, sights):
        if not _all_finite([sight.preactivation, sight.activation]):
            return IN_ACTIVATION, tap.name
    if not np.isfinite(_loss(model, broken)):
        return IN_LOSS, None
    for tap, sight in reversed(list(zip(taps, sights))):
        if not _all_finite([sight.delta, *sight.gradient]):
            return IN_GRADIENT, tap.name
    for tap, after in zip(taps, _kernels(model, taps, broken.after)):
        if not _all_finite(after):
            return IN_WEIGHTS, tap.name
    return IN_WEIGHTS, None


def _loss(model: keras.Model, broken: _Step) -> float:
    before = broken.before
    _, (loss, *_) = model.compute_loss_and_updates(
        before.trainable,
        before.non_trainable,
        before.metrics,
        *broken.batch,
        training=True,
        optimizer_variables=before.optimizer,
    )
    return float(loss)


def _growth(
    model: keras.Model, taps: Sequence[Tap], start: State, end: State
) -> tuple[float | None, str | None]:
    """Return by how much the weights of the fastest growing layer grew, and its name."""
    pairs = zip(_kernels(model, taps, start), _kernels(model, taps, end))
    ratios = [_norm(after) / max(_norm(before), 1e-12) for before, after in pairs]
    place = int(np.argmax(ratios))
    return (float(ratios[place]), taps[place].name) if ratios[place] > 0 else (None, None)


def _norm(arrays: Sequence[Any]) -> float:
    return float(np.sqrt(sum(np.square(np.asarray(a, "float64")).sum() for a in arrays)))


def _kernels(model: keras.Model, taps: Sequence[Tap], state: State) -> list[list[Any]]:
    values = {id(v): value for v, value in zip(model.trainable_variables, state.trainable)}
    return [[values[id(k)] for k in kernels(tap.layer) if id(k) in values] for tap in taps]
