"""Rows that members predict together: as many as memory allows, and always as many."""

from __future__ import annotations

from typing import Any

import jax
import keras
import numpy as np

# What the widest layer's outputs of all members may take, and the rows there are at least.
BYTES = 64 * 2**20
FEWEST = 256


def rows_at_once(model: keras.Model, rows: int, *, members: int) -> int:
    """Return how many of some rows so many members predict at once."""
    widest = max((int(np.prod(v.shape[1:])) for v in model.trainable_variables), default=1)
    return int(min(rows, max(BYTES // (4 * members * max(widest, 1)), FEWEST)))


def row_block(x: Any, start: int, size: int) -> Any:
    """Return `size` rows from `start`, filled up by repeating the last row.

    Args:
        x: An array with rows on its first axis, or a structure of them.
        start: The first row.
        size: How many.
    """

    def taken(array: Any) -> Any:
        part = array[start : start + size]
        missing = size - len(part)
        return np.concatenate([part, np.repeat(part[-1:], missing, axis=0)]) if missing else part

    return jax.tree.map(taken, x)
