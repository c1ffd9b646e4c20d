"""What is known of a running study so far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fathom.report import table_rows
from fathom.specs import (
    ArchitectureRecord,
    ModelSpec,
    Progress,
    Record,
    RegularizedRecord,
    StudyRecord,
    TestRecord,
)
from fathom.studies import StudyResult

if TYPE_CHECKING:
    from fathom.report import DisplayRow
    from fathom.studies import Event

Place = tuple[int, int]  # depth and width


@dataclass
class Board:
    """A running study: what it told, and where it is.

    Args:
        networks: What will train, in order.
        phase: What happens at the moment, in words.
        records: What was told and is kept.
        progress: Where the present training is; None between two.
        latest: Where each training is, or was when another took its turn.
    """

    networks: Sequence[ModelSpec] = ()
    phase: str = ""
    records: list[Record] = field(default_factory=list)
    progress: Progress | None = None
    latest: dict[Place, Progress] = field(default_factory=dict)
    _rows: dict[Place, DisplayRow] = field(default_factory=dict)

    def take(self, event: Event) -> None:
        """Learn what happened."""
        if isinstance(event, Progress):
            self.progress = event
            self.latest[event.depth, event.width] = event
        elif isinstance(event, Record):
            self.records.append(event)
            if isinstance(event, TestRecord | RegularizedRecord):
                self.progress = None
                self._rows = _rows_of(self.result())

    def result(self) -> StudyResult:
        """Return the study as far as it got; it must have begun."""
        return StudyResult.from_records(self.records)

    @property
    def header(self) -> StudyRecord | None:
        """What is run; None before it begins."""
        return self.records[0] if self.records and _is_header(self.records[0]) else None  # type: ignore[return-value]

    @property
    def places(self) -> list[Place]:
        """Depth and width of every network, in the study's order."""
        return [(network.depth, network.width) for network in self.networks]

    def named(self, place: Place) -> dict[str, str]:
        """Return the cells that tell an architecture from the others: its depth, maybe its width.

        The linear model has no hidden units, so its width says nothing.
        """
        depth, width = place
        widths = {width for depth, width in self.places if depth > 0}
        named = {"depth": str(depth)}
        if len(widths) > 1:
            named["width"] = str(width) if depth > 0 else "–"
        return named

    @property
    def present(self) -> ArchitectureRecord | None:
        """The architecture that trains; None if none has begun, or the last begun is done."""
        progress = self.progress
        if progress is not None:
            return self.begun((progress.depth, progress.width))
        begun = [record for record in self.records if isinstance(record, ArchitectureRecord)]
        return self.begun((begun[-1].depth, begun[-1].width)) if begun else None

    def begun(self, place: Place) -> ArchitectureRecord | None:
        """Return an architecture that has begun to train and is not tested yet."""
        if place in self._rows:
            return None
        begun = [record for record in self.records if isinstance(record, ArchitectureRecord)]
        return next((one for one in reversed(begun) if (one.depth, one.width) == place), None)

    @property
    def num_done(self) -> int:
        """Architectures trained and tested."""
        return len(self._rows)

    def done(self, place: Place) -> DisplayRow | None:
        """Return the formatted row of an architecture; None before it is tested."""
        return self._rows.get(place)

    @property
    def finished_depths(self) -> list[int]:
        """Depths all of whose trainings are kept, ascending."""
        return sorted({depth for depth, _ in self._rows})


def _is_header(record: Record) -> bool:
    return isinstance(record, StudyRecord)


def _rows_of(result: StudyResult) -> dict[Place, DisplayRow]:
    tested = {(test.depth, test.width) for test in result.tests}
    formatted = zip(result.rows(), table_rows(result))
    return {
        (row.depth, row.width): shown
        for row, shown in formatted
        if (row.depth, row.width) in tested
    }
