"""Slabs: some batches stacked into one array, which a compiled program walks through.

A program is compiled for a slab's capacity and batch shape, never for the
number of rows, so data of another length use the same program.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

# What one slab may take; large enough that copying it is not noticed.
SLAB_BYTES = 32 * 2**20
MOST_STEPS = 4096
# Batches that come slowly are trained on after this long, even if the slab is not full.
WAIT_SECONDS = 0.5


@dataclass(frozen=True)
class Slab:
    """Batches of one shape, stacked.

    Args:
        batches: What `train_step` takes, every array with two more axes in
            front: (capacity, rows, ...).
        steps: How many of the batches are filled.
    """

    batches: Any
    steps: int


def capacity(batch_bytes: int, steps: int | None) -> int:
    """Return for how many batches a slab has room: a power of two.

    Args:
        batch_bytes: Size of a batch.
        steps: Batches that are to come, None if unknown.
    """
    affordable = max(1, min(MOST_STEPS, SLAB_BYTES // max(1, batch_bytes)))
    wanted = affordable if steps is None else min(affordable, max(1, steps))
    rounded = 1 << (wanted - 1).bit_length()
    return rounded if rounded <= affordable else 1 << (affordable.bit_length() - 1)


def stacked(
    batches: Iterable[Any], *, steps: int | None, one_by_one: bool = False
) -> Iterator[Slab]:
    """Yield slabs of batches that come one by one, in their order.

    Args:
        batches: What `train_step` takes; a change of shape begins a new slab.
        steps: How many batches an epoch has, None if unknown.
        one_by_one: Whether every batch is a slab of its own.
    """
    waiting: list[Any] = []
    since = 0.0
    for batch in batches:
        if waiting and _shape(batch) != _shape(waiting[0]):
            yield _stack(waiting, steps)
            waiting = []
        since = since if waiting else time.monotonic()
        waiting.append(batch)
        if one_by_one or _is_enough(waiting, steps, since):
            yield _stack(waiting, 1 if one_by_one else steps)
            waiting = []
    if waiting:
        yield _stack(waiting, steps)


def _is_enough(waiting: list[Any], steps: int | None, since: float) -> bool:
    full = len(waiting) == capacity(num_bytes(waiting[0]), steps)
    return full or time.monotonic() - since > WAIT_SECONDS


def _shape(batch: Any) -> Any:
    leaves, structure = jax.tree.flatten(batch)
    return structure, [(leaf.shape, leaf.dtype) for leaf in leaves]


def _stack(batches: list[Any], steps: int | None) -> Slab:
    room = capacity(num_bytes(batches[0]), steps)
    return Slab(jax.device_put(jax.tree.map(lambda *a: _filled(a, room), *batches)), len(batches))


def _filled(arrays: tuple[Any, ...], room: int) -> np.ndarray:
    first = np.asarray(arrays[0])
    dtype = jax.dtypes.canonicalize_dtype(first.dtype)
    whole = np.empty((room, *first.shape), dtype)
    for place, array in enumerate(arrays):
        whole[place] = array
    return whole


def num_bytes(tree: Any) -> int:
    """Return the size of all arrays of a structure."""
    return sum(int(np.prod(leaf.shape)) * leaf.dtype.itemsize for leaf in jax.tree.leaves(tree))
