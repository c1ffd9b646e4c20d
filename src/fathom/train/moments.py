"""Gradients of single rows and of batches, squared and averaged."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np

from fathom.models import stateless_outputs
from fathom.train.observing import Loss

# Numbers that the gradients of one batch's rows may take.
MOST_NUMBERS = 2**25
MOST_ROWS = 32


def gradient_moments(
    model: keras.Model,
    weights: tuple[list[Any], list[Any]],
    x: np.ndarray,
    y: np.ndarray,
    loss: Loss,
    *,
    groups: Sequence[Sequence[int]] = (),
) -> tuple[list[np.ndarray], list[np.ndarray], list[np.ndarray]]:
    """Return what importance needs of the gradient at one network's weights.

    Args:
        model: The model; its variables are not read.
        weights: Values of its trainable and of its other variables.
        x: Inputs, (rows, ...).
        y: Targets, (rows,).
        loss: Of a batch's targets and outputs, its mean.
        groups: For each layer, the places of its trainable variables, units on the last axis.

    Returns:
        For each trainable variable: the mean over rows of the squared gradient; the mean over
        batches of (g w)^2. For each group: the mean over batches of the squared sum of g w over
        a unit's weights.
    """
    trainable, non_trainable = ([jnp.asarray(v) for v in part] for part in weights)

    def of_row(trainable: list[Any], x: Any, y: Any) -> Any:
        return loss(y[None], stateless_outputs(model, trainable, non_trainable, x[None]))

    @jax.jit
    def batch(trainable: list[Any], x: Any, y: Any) -> Any:
        each = jax.vmap(jax.grad(of_row), in_axes=(None, 0, 0))(trainable, x, y)
        fisher = [jnp.square(g).mean(axis=0) for g in each]
        products = [g.mean(axis=0) * w for g, w in zip(each, trainable)]
        sums = [
            sum(
                products[place].reshape(-1, products[place].shape[-1]).sum(axis=0)
                for place in group
            )
            for group in groups
        ]
        return fisher, [jnp.square(p) for p in products], [jnp.square(s) for s in sums]

    rows = _rows(trainable, len(x))
    batches = len(x) // rows
    total: Any = None
    for start in range(0, batches * rows, rows):
        found = batch(trainable, x[start : start + rows], y[start : start + rows])
        total = found if total is None else jax.tree.map(jnp.add, total, found)
    return jax.tree.map(lambda array: np.asarray(array) / np.float32(batches), total)


def _rows(trainable: Sequence[Any], rows: int) -> int:
    numbers = sum(math.prod(value.shape) for value in trainable)
    return max(1, min(MOST_ROWS, rows, MOST_NUMBERS // max(numbers, 1)))
