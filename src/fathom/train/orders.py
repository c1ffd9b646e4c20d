"""The order in which a member sees its training rows, drawn on the host.

Members of one seed see the same order whatever their learning rate, depth or
neighbours, so that they differ only in what is compared.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def steps_per_epoch(rows: int, batch_size: int) -> int:
    """Return the batches of one epoch: every row is seen at least once."""
    return -(-rows // batch_size)


def batch_order(seed: int, epoch: int, *, rows: int, batch_size: int) -> np.ndarray:
    """Return the rows of every batch of one epoch.

    All batches are full: where the rows do not divide evenly, the last batch
    is completed with the first rows of the epoch's own shuffle.

    Args:
        seed: The member's seed.
        epoch: Counted from 0.
        rows: Number of training rows.
        batch_size: Rows per batch, at most `rows`.

    Returns:
        int32 (steps, batch_size), each entry in [0, rows).
    """
    order = np.random.default_rng([seed, epoch]).permutation(rows).astype(np.int32)
    steps = steps_per_epoch(rows, batch_size)
    return np.resize(order, (steps, batch_size))


def population_order(seeds: Sequence[int], epoch: int, *, rows: int, batch_size: int) -> np.ndarray:
    """Return int32 (member, steps, batch_size): each member's order by its seed."""
    orders = {
        seed: batch_order(seed, epoch, rows=rows, batch_size=batch_size) for seed in set(seeds)
    }
    return np.stack([orders[seed] for seed in seeds])
