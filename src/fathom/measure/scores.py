"""How good predictions are: losses and scores of a network's raw outputs.

Outputs are what the trained model ends in: logits (or probabilities) for
classification, the standardised target for regression.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

# Keras clips probabilities so before it takes their logarithm.
SMALLEST_PROBABILITY = 1e-7


def metric_name(task: str) -> str:
    """Return the score of a task, higher is better: "accuracy" or "r2"."""
    return "accuracy" if task == "classification" else "r2"


@functools.cache
def scorer(task: str, *, from_logits: bool = True) -> Callable[[Any, Any], dict[str, Any]]:
    """Return the function from `(y_true, outputs)` of one member to `{"loss": ..., metric: ...}`.

    Args:
        task: "classification" (cross-entropy, accuracy) or "regression" (mean
            squared error, R2). One output column means two classes.
        from_logits: Whether outputs are logits, else probabilities.
    """
    if task == "regression":
        return regression_scores
    return functools.partial(classification_scores, from_logits=from_logits)


def classification_scores(y: Any, outputs: Any, *, from_logits: bool) -> dict[str, Any]:
    """Return mean cross-entropy in nats and accuracy in [0, 1].

    Args:
        y: Classes, integer (rows,).
        outputs: Float (rows, classes), or (rows, 1) for two classes.
        from_logits: Whether outputs are logits, else probabilities.
    """
    logs = _log_probabilities(outputs, from_logits=from_logits)
    loss = -jnp.take_along_axis(logs, y[:, None], axis=1).mean()
    return {"loss": loss, "accuracy": (logs.argmax(axis=1) == y).mean()}


def _log_probabilities(outputs: Any, *, from_logits: bool) -> Any:
    if not from_logits:
        positive = jnp.clip(outputs, SMALLEST_PROBABILITY, 1 - SMALLEST_PROBABILITY)
        both = jnp.concatenate([1 - positive, positive], 1) if _is_single(outputs) else positive
        return jnp.log(both)
    both = (
        jnp.concatenate([jnp.zeros_like(outputs), outputs], 1) if _is_single(outputs) else outputs
    )
    return jax.nn.log_softmax(both)


def _is_single(outputs: Any) -> bool:
    return outputs.shape[-1] == 1


def regression_scores(y: Any, outputs: Any) -> dict[str, Any]:
    """Return mean squared error and R2.

    Args:
        y: Standardised targets, float (rows,).
        outputs: Float (rows, 1).
    """
    loss = jnp.square(outputs[:, 0] - y).mean()
    return {"loss": loss, "r2": 1 - loss / jnp.square(y - y.mean()).mean()}


def is_correct(y: np.ndarray, outputs: np.ndarray, *, from_logits: bool = True) -> np.ndarray:
    """Return which rows each member classifies rightly.

    Args:
        y: Classes, integer (rows,).
        outputs: Float (member, rows, classes), or (member, rows, 1).
        from_logits: Whether outputs are logits, else probabilities.

    Returns:
        Boolean (member, rows).
    """
    if _is_single(outputs):
        return (outputs[..., 0] > (0.0 if from_logits else 0.5)) == y.astype(bool)
    return outputs.argmax(axis=-1) == y
