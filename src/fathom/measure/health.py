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
    z: Any, a: Any, delta: Any, kernel: Any, gradient: Any, before: Any, *, activation: str
) -> dict[str, Any]:
    """Measure layers of one shape and activation together.

    Args:
        z: Pre-activations, float (layer, rows, ..., units).
        a: Activations, of the same shape.
        delta: dL/dz.
        kernel: W, (layer, ...).
        gradient: dL/dW.
        before: W before the last step.
        activation: Keras name of the activation.

    Returns:
        Arrays (layer,): `activation_gradient`, norm of delta; `weight_gradient`,
        norm of dL/dW; `weight_norm`; `update_ratio`, norm of the last change
        of W over the norm of W; `activation_mean`; `activation_std`; `dead`
        and `near_dead`, shares of units never, and on less than 1% of rows,
        above zero (rectifiers; NaN for others); `saturated`, share of
        activations with a slope under 5% of the steepest (bounded
        activations; NaN for others).
    """
    norm_before = _norms(before)
    return {
        "activation_gradient": _norms(delta),
        "weight_gradient": _norms(gradient),
        "weight_norm": _norms(kernel),
        "update_ratio": _norms(kernel - before) / jnp.where(norm_before > 0, norm_before, 1.0),
        "activation_mean": a.mean(axis=tuple(range(1, a.ndim))),
        "activation_std": a.std(axis=tuple(range(1, a.ndim))),
        **_rectifier_statistics(a, activation),
        "saturated": _saturated(z, activation),
    }


def _norms(values: Any) -> Any:
    """Frobenius norm per layer, scaled so that tiny gradients do not underflow when squared."""
    flat = values.reshape(len(values), -1)
    largest = jnp.abs(flat).max(axis=1)
    safe = jnp.where(largest > 0, largest, 1.0)
    return largest * jnp.sqrt(jnp.square(flat / safe[:, None]).sum(axis=1))


def _rectifier_statistics(a: Any, activation: str) -> dict[str, Any]:
    if activation not in RECTIFIERS:
        unknown = jnp.full(len(a), jnp.nan)
        return {"dead": unknown, "near_dead": unknown}
    flat = a.reshape(len(a), -1, a.shape[-1])
    active = (flat > 0).mean(axis=1)  # (layer, units)
    return {
        "dead": (active == 0).mean(axis=1),
        "near_dead": (active < NEAR_DEAD_SHARE).mean(axis=1),
    }


def _saturated(z: Any, activation: str) -> Any:
    if activation not in STEEPEST:
        return jnp.full(len(z), jnp.nan)
    function = getattr(keras.activations, activation)
    _, slope = jax.jvp(function, (z,), (jnp.ones_like(z),))
    flat = jnp.abs(slope).reshape(len(z), -1)
    return (flat < SATURATED_SHARE * STEEPEST[activation]).mean(axis=1)
