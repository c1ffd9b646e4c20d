"""Rows of arrays, gathered into slabs: on the device where they fit, else from memory or disk."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np

from fathom.train.fitting.slabs import Slab, capacity, num_bytes

# Arrays up to this size are placed on a CPU "device" as they are; larger ones are
# read slab by slab, so that no second copy of them is needed.
MOST_BYTES_ON_CPU = 2 * 2**30
SHARE_OF_ACCELERATOR = 0.25
MOST_BYTES_UNKNOWN = 2**30


@dataclass(frozen=True)
class Rows:
    """Arrays of equally many rows.

    Args:
        arrays: A structure of arrays (rows, ...), of JAX if `on_device`, else NumPy's.
        count: Number of rows.
        on_device: Whether they were copied to the device.
    """

    arrays: Any
    count: int
    on_device: bool

    @functools.cached_property
    def num_bytes(self) -> int:
        """Size of all arrays."""
        return num_bytes(self.arrays)

    @functools.cached_property
    def bytes_per_row(self) -> int:
        """Size of one row of every array."""
        return max(1, self.num_bytes // max(1, self.count))

    def batch(self, numbers: np.ndarray) -> Any:
        """Return the rows of these numbers."""
        return jax.tree.map(lambda array: _standard(np.asarray(array[numbers])), self.arrays)

    def slab(self, order: np.ndarray, *, rows: int, steps: int) -> Slab:
        """Return batches of `rows` rows in the given order.

        Args:
            order: Row numbers, (batches * rows,).
            rows: Rows per batch.
            steps: Batches of this size that the epoch has in all.
        """
        room = capacity(self.bytes_per_row * rows, steps)
        gather = _on_device if self.on_device else _on_host
        return Slab(gather(self.arrays, order, room, rows), len(order) // rows)


def place(arrays: Any) -> Rows:
    """Return the rows, on the device if they fit."""
    count = jax.tree.leaves(arrays)[0].shape[0]
    on_disk = any(isinstance(leaf, np.memmap) for leaf in jax.tree.leaves(arrays))
    fits = not on_disk and num_bytes(arrays) <= _most_bytes()
    return Rows(jax.device_put(arrays) if fits else arrays, count, fits)


def _most_bytes() -> float:
    device = jax.devices()[0]
    if device.platform == "cpu":
        return MOST_BYTES_ON_CPU
    statistics = device.memory_stats() or {}
    limit = statistics.get("bytes_limit")
    return MOST_BYTES_UNKNOWN if limit is None else SHARE_OF_ACCELERATOR * limit


def _on_device(arrays: Any, order: np.ndarray, room: int, rows: int) -> Any:
    whole = np.zeros(room * rows, "int32")
    whole[: len(order)] = order
    return _gathered(arrays, whole, rows)


@functools.partial(jax.jit, static_argnames="rows")
def _gathered(arrays: Any, order: Any, rows: int) -> Any:
    batches = order.reshape(-1, rows)
    return jax.tree.map(lambda array: jnp.take(array, batches, axis=0, mode="clip"), arrays)


def _on_host(arrays: Any, order: np.ndarray, room: int, rows: int) -> Any:
    return jax.device_put(jax.tree.map(lambda a: _taken(a, order, room, rows), arrays))


def _taken(array: np.ndarray, order: np.ndarray, room: int, rows: int) -> np.ndarray:
    whole = np.empty((room * rows, *array.shape[1:]), array.dtype)
    np.take(array, order, axis=0, out=whole[: len(order)], mode="clip")  # other modes buffer
    return _standard(whole).reshape(room, rows, *array.shape[1:])


def _standard(array: np.ndarray) -> np.ndarray:
    """Return floats as Keras's float type, as Keras would have made of the whole array."""
    is_float = np.issubdtype(array.dtype, np.floating)
    dtype = keras.config.floatx() if is_float else jax.dtypes.canonicalize_dtype(array.dtype)
    return array.astype(dtype, copy=False)
