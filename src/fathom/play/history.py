"""States that can be shown again: as many as fit, further apart the longer training goes."""

from __future__ import annotations

import bisect
from dataclasses import dataclass

import numpy as np

from fathom.play.network import State
from fathom.play.orders import Position

MOST_BYTES = 48 * 2**20
MOST_KEPT = 1200


@dataclass(frozen=True)
class Snapshot:
    """A state and where it was."""

    position: Position
    state: State

    @property
    def num_bytes(self) -> int:
        """Memory it takes."""
        return sum(array.nbytes for part in self.state for array in part)


class History:
    """Snapshots in the order of time, bounded in number and in bytes."""

    def __init__(self) -> None:
        self._kept: list[Snapshot] = []
        self._stride = 1
        self._since = 0

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def epochs(self) -> list[int]:
        """Epochs that can be shown, ascending, none twice."""
        return sorted({one.position.epoch for one in self._kept})

    @property
    def snapshots(self) -> list[Snapshot]:
        """All that is kept, in order."""
        return list(self._kept)

    @property
    def last(self) -> Snapshot | None:
        """The newest."""
        return self._kept[-1] if self._kept else None

    def keep(self, position: Position, state: State) -> None:
        """Keep a state, unless states are further apart by now; the first is always kept."""
        self._since += 1
        if self._kept and self._since < self._stride:
            return
        self._since = 0
        self._kept.append(Snapshot(position, on_host(state)))
        if len(self._kept) > self._most():
            self._thin()

    def _most(self) -> int:
        return max(8, min(MOST_KEPT, MOST_BYTES // max(1, self._kept[-1].num_bytes)))

    def _thin(self) -> None:
        """Forget every other snapshot, but neither the first nor the last."""
        self._kept = [*self._kept[:-1:2], self._kept[-1]]
        self._stride *= 2

    def nearest(self, epoch: int) -> Snapshot | None:
        """Return the snapshot nearest to an epoch; of one epoch's, the last."""
        if not self._kept:
            return None
        ends = [one.position.epoch for one in self._kept]
        after = bisect.bisect_right(ends, epoch)
        near = self._kept[max(0, after - 1) : after + 1]
        return min(near, key=lambda one: abs(one.position.epoch - epoch))

    def forget_after(self, position: Position) -> None:
        """Forget what came later."""
        self._kept = [one for one in self._kept if one.position.steps_done <= position.steps_done]


def on_host(state: State) -> State:
    """Return the state as NumPy arrays of its own."""
    return State(*([np.array(array) for array in part] for part in state))
