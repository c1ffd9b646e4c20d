"""What a layer does: its outputs, and the gradient that reaches it."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import keras

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
        z: Pre-activations, float (rows, ..., units).
        a: Activations, float (rows, ..., units).
        delta: dL/dz, like z.
        gradient: dL/dW.
        kernel: W.
        before: W before the last step.
        activation: Keras name of the activation.

    Returns:
        Scalars: `activation_gradient`, norm of delta; `weight_gradient`, norm
        of dL/dW; `weight_norm`; `update_ratio`, norm of the last change of W
        over the norm of W before it (over 1 where W was zero);
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
        "update_ratio": _norm(kernel - before) / jnp.where(size > 0, size, 1.0),
        "activation_mean": a.mean(),
        "activation_std": a.std(),
        **_rectifier_statistics(a, activation),
        "saturated": _saturated(z, activation),
    }


def _norm(values: Any) -> Any:
    """Frobenius norm, scaled so that tiny gradients do not underflow when squared."""
    largest = jnp.abs(values).max()
    safe = jnp.where(largest > 0, largest, 1.0)
    return largest * jnp.sqrt(jnp.square(values / safe).sum())


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
