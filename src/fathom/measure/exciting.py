"""The rows that excite each unit most, block by block."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np


class Excited(NamedTuple):
    """The rows with the strongest responses of each unit, strongest first.

    Args:
        responses: Float32 (units, k); -inf where there were fewer rows.
        rows: Places of the rows, int32 (units, k).
        positions: Where in the unit's map the response was, int32 (units, k); 0 for dense layers.
    """

    responses: Any
    rows: Any
    positions: Any


class UnitSums(NamedTuple):
    """Sums over rows of each unit's response, float32 (units,)."""

    total: Any
    square: Any
    active: Any


def excited(output: Any, weight: Any, k: int) -> tuple[Excited, UnitSums]:
    """Return the k rows of a block that excite each unit most, and sums over its rows.

    A unit's response is the strongest over positions.

    Args:
        output: Float32 (rows, positions, units).
        weight: 1 for rows that count, 0 for those that fill up the block, float32 (rows,).
        k: At most the rows of a block.
    """
    strongest, position = output.max(axis=1), output.argmax(axis=1).astype(jnp.int32)
    counted = weight[:, None]
    values, rows = jax.lax.top_k(jnp.where(counted > 0, strongest, -jnp.inf).T, k)
    where = jnp.take_along_axis(position.T, rows, axis=1)
    seen = strongest * counted
    sums = UnitSums(
        seen.sum(axis=0),
        jnp.square(seen).sum(axis=0),
        ((strongest > 0).astype(jnp.float32) * counted).sum(axis=0),
    )
    return Excited(values, rows.astype(jnp.int32), where), sums


def most_excited(first: Excited | None, second: Excited) -> Excited:
    """Return the strongest of two findings, as many as the second has; the first wins ties."""
    if first is None:
        return second
    k = second.responses.shape[1]
    both = [np.concatenate(pair, axis=1) for pair in zip(first, second)]
    order = np.argsort(-both[0], axis=1, kind="stable")[:, :k]
    return Excited(*(np.take_along_axis(one, order, axis=1) for one in both))
