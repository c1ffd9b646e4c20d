"""Which member sits where: those that train fill the first blocks of every device."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from fathom.train import devices


@dataclass(frozen=True)
class Seats:
    """Members in their slots; a slot without one repeats the first member.

    Args:
        members: The members that have a seat, ascending.
        slots: Their slots, in the same order.
        width: Slots there are, as many on every device.
        block: Members that a device takes side by side; None for all of its own.
    """

    members: np.ndarray
    slots: np.ndarray
    width: int
    block: int | None

    @classmethod
    def of(cls, members: np.ndarray, *, width: int, block: int | None) -> Seats:
        """Seat members on as few blocks as they need."""
        slots = (
            np.arange(len(members)) if block is None else first_slots(len(members), width, block)
        )
        return cls(np.asarray(members), slots, width, block)

    def fewer(self, members: np.ndarray) -> Seats | None:
        """Return seats for some of the members, None unless that frees a block."""
        if self.block is None or len(members) == 0:
            return None
        closer = Seats.of(members, width=self.width, block=self.block)
        return closer if closer.blocks.sum() < self.blocks.sum() else None

    @cached_property
    def blocks(self) -> np.ndarray:
        """How many blocks each device computes, int32 (devices,)."""
        return devices.blocks_of(self.slots, width=self.width, block=self.block or 1)

    @cached_property
    def placed_blocks(self) -> Any:
        """The same, on the devices."""
        return devices.place_by_member(self.blocks)

    @cached_property
    def filling(self) -> np.ndarray:
        """Which of the members that have a seat is in every slot, counted from 0, (width,)."""
        places = np.zeros(self.width, int)
        places[self.slots] = np.arange(len(self.slots))
        return places

    @property
    def filled(self) -> np.ndarray:
        """The member in every slot, (width,)."""
        return self.members[self.filling]

    def slots_of(self, members: np.ndarray) -> np.ndarray:
        """Return the slots of members that have a seat."""
        return self.slots[np.searchsorted(self.members, members)]

    def told(self, values: np.ndarray, num_members: int) -> np.ndarray:
        """Return what was computed by slot by member, (member, ...): NaN for those without one."""
        found = np.full((num_members, *values.shape[1:]), np.nan, values.dtype)
        found[self.members] = values[self.slots]
        return found


def blocks_for(count: int, block: int) -> int:
    """Return how many blocks the fullest device computes for `count` members."""
    return devices.padded(count, block) // (block * devices.num_devices())


def first_slots(count: int, width: int, block: int) -> np.ndarray:
    """Return the slots of `count` members: the first blocks of every device."""
    num_devices = devices.num_devices()
    used = blocks_for(count, block) * block
    starts = np.arange(num_devices) * (width // num_devices)
    return (starts[:, None] + np.arange(used)).ravel()[:count]
