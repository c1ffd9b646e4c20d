"""How much of a network's answer passes through each unit."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp


def path_points(x: Any, baseline: Any, steps: int) -> Any:
    """Return the inputs on the straight line from a baseline to each row.

    Args:
        x: Float (rows, ...).
        baseline: Float (...).
        steps: Parts of the line, at least 1.

    Returns:
        (rows, steps + 1, ...), the baseline first.
    """
    shares = jnp.arange(steps + 1, dtype=x.dtype) / steps
    shares = shares.reshape(-1, *(1,) * (x.ndim - 1))
    return baseline + shares * (x[:, None] - baseline)


def conductance(outputs: Any, gradients: Any) -> Any:
    """Return what each number of a representation passes on along a path.

    c = sum over parts k of (dF/dh at k, and at k + 1, in the mean) (h at k + 1 - h at k). Where
    everything passes through the representation, the c add up to F at the end less F at the start.

    Args:
        outputs: The representation h along the path, float (rows, points, ...).
        gradients: dF/dh at the same points, likewise.

    Returns:
        Float (rows, ...).

    References:
        Dhamdhere, Sundararajan, Yan, "How Important Is a Neuron?", ICLR 2019; here by the
        trapezoidal rule.
    """
    mean = 0.5 * (gradients[:, :-1] + gradients[:, 1:])
    return (mean * jnp.diff(outputs, axis=1)).sum(axis=1)
