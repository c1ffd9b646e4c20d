"""The best weights of members: on the devices while they have a seat, then on the host."""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import numpy as np

from fathom.train import devices
from fathom.train.programs import Packed, Weights, packed_shapes, unpacked
from fathom.train.seats import Seats


class Kept:
    """What members have kept, one vector for each dtype; zeros for who has kept nothing.

    Args:
        like: Weights of the shapes that are kept, each (slot, ...).
        seats: Who sits where.

    Attributes:
        placed: What those with a seat have kept, on the devices, each (slot, n).
    """

    def __init__(self, like: Weights, seats: Seats) -> None:
        self._like = Weights(*([_shape(leaf) for leaf in part] for part in like))
        self._seats = seats
        self._left: dict[int, Packed] = {}
        self.placed = {
            dtype: devices.place_by_member(np.zeros(shape, dtype))
            for dtype, shape in packed_shapes(like).items()
        }

    def move_up(self, closer: Seats) -> None:
        """Follow members to other seats; what others kept goes to the host."""
        kept = self._on_host()
        leaving = np.setdiff1d(self._seats.members, closer.members)
        self._left |= {member: kept[member] for member in leaving.tolist()}
        self.placed = moved(self.placed, self._seats, closer)
        self._seats = closer

    def weights(self, seats: Seats) -> Weights:
        """Return what members have kept in the seats they are given, NumPy arrays (slot, ...)."""
        kept = self._on_host()
        rows = [kept[member] for member in seats.filled.tolist()]
        packed = {dtype: np.stack([row[dtype] for row in rows]) for dtype in rows[0]}
        return unpacked(packed, self._like)

    def _on_host(self) -> dict[int, Packed]:
        """Return what every member has kept."""
        kept = {dtype: np.asarray(rows) for dtype, rows in self.placed.items()}
        seated = zip(self._seats.members.tolist(), self._seats.slots.tolist(), strict=True)
        here = {m: {dtype: rows[slot] for dtype, rows in kept.items()} for m, slot in seated}
        return self._left | here


def moved(tree: Any, seats: Seats, closer: Seats) -> Any:
    """Return arrays (slot, ...) with the members in other seats, on the devices."""
    source = seats.slots_of(closer.filled)
    return devices.place_by_member(jax.tree.map(partial(_rows, source), tree))


def _rows(places: np.ndarray, leaf: Any) -> np.ndarray:
    return np.asarray(leaf)[places]


def _shape(leaf: Any) -> jax.ShapeDtypeStruct:
    return jax.ShapeDtypeStruct(leaf.shape, leaf.dtype)
