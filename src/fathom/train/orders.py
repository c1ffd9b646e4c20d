"""The order in which a member sees its training rows, drawn on the host.

Members of one seed see the same order whatever their learning rate, depth or
neighbours, so that they differ only in what is compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np


class Shuffles:
    """The orders of rows that `keras.Model.fit` draws, epoch after epoch, for many seeds.

    After `keras.utils.set_random_seed(seed)` and building and compiling a model,
    `fit` draws once to build what is left to build, and then once per epoch.

    Args:
        seeds: The distinct seeds.
    """

    def __init__(self, seeds: Sequence[int]) -> None:
        self._generators = {seed: np.random.RandomState(seed) for seed in seeds}
        self.is_new = True

    def draw(self, rows: int) -> dict[int, np.ndarray]:
        """Return the next order of each seed, int32 (rows,)."""
        if self.is_new:
            for generator in self._generators.values():
                generator.permutation(rows)
            self.is_new = False
        return {
            seed: generator.permutation(rows).astype(np.int32)
            for seed, generator in self._generators.items()
        }

    @property
    def seeds(self) -> list[int]:
        """The distinct seeds."""
        return list(self._generators)

    @property
    def state(self) -> np.ndarray:
        """The generators, uint32 (seed, 625), to go on from."""
        states: list[Any] = [generator.get_state() for generator in self._generators.values()]
        return np.array([[*state[1], state[2]] for state in states], np.uint32)

    @state.setter
    def state(self, state: np.ndarray) -> None:
        for generator, words in zip(self._generators.values(), state, strict=True):
            generator.set_state(("MT19937", words[:-1], int(words[-1]), 0, 0.0))
        self.is_new = False


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
