"""What the units of a layer do over many rows, added up block by block."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np

from fathom.measure.health import NEAR_DEAD_SHARE, SATURATED_SHARE

# Slope over its maximum, from the activation's output.
_SLOPES = {
    "sigmoid": lambda h: 4.0 * h * (1.0 - h),
    "tanh": lambda h: 1.0 - jnp.square(h),
    "softsign": lambda h: jnp.square(1.0 - jnp.abs(h)),
    "hard_sigmoid": lambda h: ((h > 0) & (h < 1)).astype(h.dtype),
    "hard_tanh": lambda h: (jnp.abs(h) < 1).astype(h.dtype),
}
_RECTIFIERS = ("relu", "relu6")


class Activity(NamedTuple):
    """Sums over rows of one site's output; adding two gives that of both their rows.

    Args:
        total: Sum over rows, float32 (*shape).
        active: Rows and positions above zero, float32 (units,).
        saturated: Rows and positions where the slope is under 5% of the steepest, float32 (units,).
    """

    total: Any
    active: Any
    saturated: Any


def activity(output: Any, weight: Any, *, activation: str | None) -> Activity:
    """Return the sums of one block of rows.

    Args:
        output: Float (rows, ..., units).
        weight: 1 for rows that count, 0 for those that fill up the block, float32 (rows,).
        activation: Keras name of the activation.
    """
    output = output.astype(jnp.float32)
    counted = weight.reshape(-1, *(1,) * (output.ndim - 1))
    over = tuple(range(output.ndim - 1))
    slope = _SLOPES.get(activation or "")
    flat = jnp.zeros_like(output)
    if slope is not None:
        flat = (slope(output) < SATURATED_SHARE).astype(jnp.float32)
    return Activity(
        total=(output * counted).sum(axis=0),
        active=((output > 0).astype(jnp.float32) * counted).sum(axis=over),
        saturated=(flat * counted).sum(axis=over),
    )


def unit_shares(sums: Activity, *, rows: int, activation: str | None) -> dict[str, float | None]:
    """Return the shares of dead and near-dead units and of saturated activations.

    Args:
        sums: Of one network, over all rows.
        rows: How many rows were added up.
        activation: Keras name of the activation.

    Returns:
        `dead`: never above zero; `near_dead`: above zero on less than 1% of
        rows and positions (both None but for rectifiers); `saturated` (None
        but for bounded activations).
    """
    shape = np.shape(sums.total)
    each = rows * int(np.prod(shape[:-1])) if len(shape) else rows
    active = np.asarray(sums.active, "float64") / each
    is_rectifier = activation in _RECTIFIERS
    return {
        "dead": float((active == 0).mean()) if is_rectifier else None,
        "near_dead": float((active < NEAR_DEAD_SHARE).mean()) if is_rectifier else None,
        "saturated": float(np.mean(sums.saturated) / each) if activation in _SLOPES else None,
    }
