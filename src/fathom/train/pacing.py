"""How many steps one call into compiled code takes: about half a second's.

Python cannot act on Ctrl-C, nor show progress, while compiled code runs.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from fathom.train import devices
from fathom.train.seats import Seats

SECONDS_PER_CALL = 0.4
# Nothing is known of a new program: begin with this many, and grow by at most this factor.
FIRST_STEPS = 2
GROWTH = 64
# The batch orders of a call are on the devices as a whole.
ORDER_BYTES = 32 * 2**20


@dataclass
class Pace:
    """How fast a program was when it was last measured.

    Args:
        seconds_per_step: As measured.
        steps: Of the call that was measured; 0 before the first.
    """

    seconds_per_step: float = 0.0
    steps: int = 0

    def affordable_steps(self) -> int:
        """Return how many steps the next call may take."""
        if self.steps == 0:
            return FIRST_STEPS
        affordable = max(1, int(SECONDS_PER_CALL / self.seconds_per_step))
        return min(affordable, self.steps * GROWTH)

    def calls(self, steps: int, *, ends_alone: bool = False) -> Iterator[tuple[int, int]]:
        """Yield from which step to which each call goes; what is done until the next is timed.

        Args:
            steps: How many there are in all.
            ends_alone: Whether the last step is a call of its own: so the weights before
                it are at hand, and its change of them can be measured.
        """
        last = steps - 1 if ends_alone else steps
        start = 0
        while start < steps:
            stop = min(last if start < last else steps, start + self.affordable_steps())
            began = time.perf_counter()
            yield start, stop
            self.note(stop - start, time.perf_counter() - began)
            start = stop

    def note(self, steps: int, seconds: float) -> None:
        """Remember how long a call took, unless it was too short to tell more than the last."""
        if steps * GROWTH > self.steps:
            self.seconds_per_step = max(seconds, 1e-9) / steps
            self.steps = steps


def walked(
    pace: Pace, order: np.ndarray, *, seats: Seats, length: int, ends_alone: bool = False
) -> Iterator[tuple[Any, int, int]]:
    """Yield orders on the devices, and from which to which of their steps each call goes.

    Args:
        pace: Of the program that takes the steps.
        order: The rows of every step, int32 (seated member, steps, batch).
        seats: Who sits where.
        length: Steps of an order on the devices; the last of them is filled up.
        ends_alone: Whether the last step of all is a call of its own.
    """
    for first in range(0, order.shape[1], length):
        part = order[:, first : first + length]
        steps = part.shape[1]
        filled_up = np.pad(part[seats.filling], ((0, 0), (0, length - steps), (0, 0)))
        placed = devices.place_by_member(filled_up)
        is_last = first + steps == order.shape[1]
        for start, stop in pace.calls(steps, ends_alone=ends_alone and is_last):
            yield placed, start, stop


def most_steps(steps: int, *, members: int, batch_size: int) -> int:
    """Return how many of an epoch's steps have their batch orders on the devices at once."""
    return max(1, min(steps, ORDER_BYTES // (4 * members * batch_size)))
