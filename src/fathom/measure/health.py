"""What a layer does: its outputs, and the gradient that reaches it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np

from fathom.specs import LayerRecord

# Activations that are exactly zero below some input: a unit there passes no gradient.
RECTIFIERS = ("relu", "relu6")
# Activations that flatten out on both sides, with the largest slope they have.
STEEPEST = {
    "sigmoid": 0.25,
    "tanh": 1.0,
    "softsign": 1.0,
    "hard_sigmoid": 1 / 6,
    "hard_tanh": 1.0,
}
NEAR_DEAD_SHARE = 0.01
SATURATED_SHARE = 0.05


def layer_statistics(
    z: Any, a: Any, delta: Any, gradient: Any, kernel: Any, before: Any, *, activation: str
) -> dict[str, Any]:
    """Measure one layer of one member.

    Args:
        z: Pre-activations, float32 (rows, ..., units).
        a: Activations, float32 (rows, ..., units).
        delta: dL/dz, like z.
        gradient: dL/dW; of a layer with several matrices, a list of them.
        kernel: W, likewise; an empty list for a layer that is not trained.
        before: W before the last step, likewise.
        activation: Keras name of the activation.

    Returns:
        Scalars: `activation_gradient`, norm of delta; `weight_gradient`, norm
        of dL/dW; `weight_norm`; `update_ratio`, norm of the last change of W
        over the norm of W before it (over 1 where W was zero), these three
        over all matrices together, and NaN for none;
        `activation_mean`; `activation_std`; `dead` and `near_dead`, shares of
        units never, and on less than 1% of rows, above zero (rectifiers; NaN
        for others); `saturated`, share of activations with a slope under 5%
        of the steepest (bounded activations; NaN for others).
    """
    size = _norm(before)
    return {
        "activation_gradient": _norm(delta),
        "weight_gradient": _norm(gradient),
        "weight_norm": _norm(kernel),
        "update_ratio": _norm(_change(kernel, before)) / jnp.where(size > 0, size, 1.0),
        "activation_mean": a.mean(),
        "activation_std": a.std(),
        **_rectifier_statistics(a, activation),
        "saturated": _saturated(z, activation),
    }


def _norm(values: Any) -> Any:
    """Frobenius norm, scaled so that tiny gradients do not underflow when squared."""
    arrays = [array.astype("float32") for array in jax.tree.leaves(values)]
    if not arrays:
        return jnp.float32(jnp.nan)
    largest = jnp.stack([jnp.abs(array).max() for array in arrays]).max()
    safe = jnp.where(largest > 0, largest, 1.0)
    return largest * jnp.sqrt(sum(jnp.square(array / safe).sum() for array in arrays))


def _change(now: Any, before: Any) -> Any:
    return jax.tree.map(lambda one, other: one.astype("float32") - other, now, before)


def _rectifier_statistics(a: Any, activation: str) -> dict[str, Any]:
    if activation not in RECTIFIERS:
        return {"dead": jnp.float32(jnp.nan), "near_dead": jnp.float32(jnp.nan)}
    active = (a > 0).mean(axis=tuple(range(a.ndim - 1)))  # (units,)
    return {"dead": (active == 0).mean(), "near_dead": (active < NEAR_DEAD_SHARE).mean()}


def _saturated(z: Any, activation: str) -> Any:
    if activation not in STEEPEST:
        return jnp.float32(jnp.nan)
    _, slope = jax.jvp(getattr(keras.activations, activation), (z,), (jnp.ones_like(z),))
    return (jnp.abs(slope) < SATURATED_SHARE * STEEPEST[activation]).mean()


def layer_records(
    names: Sequence[str], found: Mapping[str, np.ndarray], *, epoch: int
) -> tuple[LayerRecord, ...]:
    """Return what was measured of one network's layers as records.

    Args:
        names: The layers, from input to output.
        found: Measurements by name, float (layer,).
        epoch: Epochs trained before; at 0 there was no step, so no update ratio.
    """
    return tuple(
        _record(name, {key: float(values[place]) for key, values in found.items()}, epoch)
        for place, name in enumerate(names)
    )


def _record(name: str, values: dict[str, float], epoch: int) -> LayerRecord:
    if epoch == 0:
        values["update_ratio"] = math.nan
    known = {key: value if math.isfinite(value) else None for key, value in values.items()}
    return LayerRecord(layer=name, epoch=epoch, **known)
