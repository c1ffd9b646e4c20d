"""The best weights of members: on the devices while they have a seat, then on the host."""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from fathom.train import devices
from fathom.train.programs import Weights
from fathom.train.seats import Seats


class Kept:
    """What members have kept; zeros for who has kept nothing.

    Args:
        like: Weights of the shapes that are kept, each (slot, ...).
        seats: Who sits where.

    Attributes:
        placed: What those with a seat have kept, on the devices, each (slot, ...).
    """

    def __init__(self, like: Weights, seats: Seats) -> None:
        self._seats = seats
        self._left: dict[int, Weights] = {}
        empty = jax.tree.map(lambda leaf: np.zeros(leaf.shape, leaf.dtype), like)
        self.placed = devices.place_by_member(empty)

    def keep(self, weights: Weights, members: np.ndarray) -> None:
        """Keep the weights of some of the members that have a seat, (member,) of bool."""
        by_slot = np.zeros(self._seats.width, bool)
        by_slot[self._seats.slots] = members[self._seats.members]
        chosen = devices.place_by_member(by_slot)
        # Variable by variable: programs of one shape serve all architectures.
        self.placed = jax.tree.map(partial(_where, chosen), weights, self.placed)

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
        return jax.tree.map(lambda *each: np.stack(each), *rows)

    def _on_host(self) -> dict[int, Weights]:
        """Return what every member has kept."""
        kept = jax.tree.map(np.asarray, self.placed)
        seated = zip(self._seats.members.tolist(), self._seats.slots.tolist(), strict=True)
        here = {member: jax.tree.map(partial(_row, slot), kept) for member, slot in seated}
        return self._left | here


@jax.jit
def _where(chosen: Any, new: Any, old: Any) -> Any:
    """Return the rows of `new` that are chosen, (slot,), and the others of `old`."""
    return jnp.where(chosen.reshape(-1, *(1,) * (new.ndim - 1)), new, old)


def moved(tree: Any, seats: Seats, closer: Seats) -> Any:
    """Return arrays (slot, ...) with the members in other seats, on the devices."""
    source = seats.slots_of(closer.filled)
    return devices.place_by_member(jax.tree.map(partial(_rows, source), tree))


def _rows(places: np.ndarray, leaf: Any) -> np.ndarray:
    return np.asarray(leaf)[places]


def _row(slot: int, leaf: np.ndarray) -> np.ndarray:
    return leaf[slot]
