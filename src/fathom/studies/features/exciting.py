"""Which rows excite each unit most, and how each unit behaves over the rows."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import numpy as np

from fathom import measure, train
from fathom.data import Split
from fathom.studies.anatomy import Subject
from fathom.studies.features.outputs import BLOCK_ROWS, by_unit, first_network

_RECTIFIERS = ("relu", "relu6")
SAME = 1e-6  # relative deviation below which a unit does not respond to its input


class Excitement(NamedTuple):
    """How the units of one layer respond over the rows.

    Args:
        places: Rows that excite each unit most, int (units, top).
        responses: To them, float32 (units, top).
        positions: Where in the map, int (units, top).
        mean: Mean response, float64 (units,).
        deviation: Its standard deviation, likewise.
        active: Share of rows with a response above zero, likewise.
    """

    places: np.ndarray
    responses: np.ndarray
    positions: np.ndarray
    mean: np.ndarray
    deviation: np.ndarray
    active: np.ndarray

    def dead(self, activation: str | None) -> tuple[int, ...]:
        """Return the units that never respond, or respond to every row alike."""
        if activation in _RECTIFIERS:
            return tuple(np.flatnonzero(self.active == 0).tolist())
        size = np.maximum(np.abs(self.mean), 1e-12)
        return tuple(np.flatnonzero(self.deviation <= SAME * size).tolist())


def excitement(subject: Subject, split: Split, *, top: int) -> list[Excitement]:
    """Return, for each site of the first network, what excites its units.

    Rows pass in blocks; of each only the strongest are kept.
    """
    k = min(top, len(split), BLOCK_ROWS)

    def look(_: Any, outputs: list[Any], weight: Any) -> list[Any]:
        return [
            measure.excited(by_unit(output, site), weight, k)
            for output, site in zip(outputs, subject.sites)
        ]

    best: list[measure.Excited | None] = [None] * len(subject.sites)
    sums: Any = None
    start = 0
    for count, block in train.observed(
        subject.model, subject.sites, first_network(subject), split.x, look, rows=BLOCK_ROWS
    ):
        one = jax.tree.map(lambda array: array[0], block)
        for place, (found, _) in enumerate(one):
            here = found._replace(rows=found.rows + start)
            best[place] = measure.most_excited(best[place], here)
        wide = [jax.tree.map(lambda a: a.astype("float64"), added) for _, added in one]
        sums = wide if sums is None else jax.tree.map(np.add, sums, wide)
        start += count
    return [
        _excitement(found, added, len(split))
        for found, added in zip(best, sums)
        if found is not None
    ]


def _excitement(found: measure.Excited, sums: measure.UnitSums, rows: int) -> Excitement:
    mean = sums.total / rows
    variance = np.maximum(sums.square / rows - np.square(mean), 0)
    # What float32 rounded off is no variance.
    variance = np.where(variance > 1e-7 * np.square(mean), variance, 0)
    return Excitement(
        found.rows, found.responses, found.positions, mean, np.sqrt(variance), sums.active / rows
    )
