"""A running study as plain lines, for files and pipes."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import TYPE_CHECKING

from fathom.cli import interrupts
from fathom.cli.screen.board import Board, Place
from fathom.cli.screen.heading import heading, notices_worth_telling
from fathom.cli.screen.nodes import begun_line, death_line
from fathom.cli.screen.tables import (
    DIVERGED,
    GRADIENT,
    LEARNING_RATE,
    LET_GO,
    PARAMETERS,
    TEST,
    VALIDATION,
    line_of,
)
from fathom.cli.terminal import plain
from fathom.report import duration_text, table_rows
from fathom.specs import (
    BaselineRecord,
    Progress,
    RegularizedRecord,
    RungRecord,
    StudyRecord,
    TestRecord,
)

if TYPE_CHECKING:
    from fathom.report import DisplayRow
    from fathom.studies import Event


class Lines:
    """Prints a line per architecture on stderr, without control codes.

    Args:
        board: What is known; kept up to date here.
    """

    def __init__(self, board: Board) -> None:
        self._board = board
        self._seconds_left: float | None = None
        self._workers: dict[Place, int] = {}  # the last one that took a network

    def __enter__(self) -> Lines:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        return None

    def phase(self, text: str) -> None:
        """Say what happens before the study itself."""
        self._board.phase = text

    def announce_stopping(self) -> None:
        """Say that the study stops; may be called from any thread."""
        _print(interrupts.STOPPING)

    def take(self, event: Event) -> None:
        """Tell what is worth a line."""
        if self._board.progress is not None:
            self._seconds_left = self._board.progress.seconds_left
        self._board.take(event)
        if isinstance(event, StudyRecord):
            _print(*heading(event), *(f"  {text}" for text in notices_worth_telling(event)))
            _print(f"name: {event.name}")
        elif isinstance(event, TestRecord):
            _print(self._tested(event))
        elif isinstance(event, RungRecord):
            _print(event.message)
        elif isinstance(event, Progress):
            _print(*self._on_cluster(event))
        elif isinstance(event, BaselineRecord):
            _print(*self._baseline())
        elif isinstance(event, RegularizedRecord):
            _print(*self._regularized())

    def _on_cluster(self, progress: Progress) -> list[str]:
        """Return a line where a worker takes a network, or died of it."""
        if progress.death:
            return [death_line(self._board, progress)]
        place = (progress.depth, progress.width)
        if progress.process is None or self._workers.get(place) == progress.process:
            return []
        self._workers[place] = progress.process
        return [begun_line(self._board, progress)]

    def _tested(self, test: TestRecord) -> str:
        place = (test.depth, test.width)
        row = self._board.done(place)
        cells = {} if row is None else line_of(row).cells
        name = " ".join(f"{what} {number}" for what, number in self._board.named(place).items())
        parts = [
            f"validation {cells.get(VALIDATION.key, '')}",
            f"test {cells.get(TEST.key, '')}",
            f"learning rate {cells.get(LEARNING_RATE.key, '')}",
            f"{cells.get(PARAMETERS.key, '')} parameters",
            f"gradient first/last {cells.get(GRADIENT.key, '')}",
            f"diverged {cells.get(DIVERGED.key, '')}",
        ]
        parts += [f"let go {cells[LET_GO.key]}"] if LET_GO.key in cells else []
        return f"{name}: {', '.join(parts)}{self._left()}"

    def _left(self) -> str:
        if self._seconds_left is None or self._board.num_done >= len(self._board.networks):
            return ""
        return f"; about {duration_text(self._seconds_left)} left"

    def _baseline(self) -> list[str]:
        """Return a line on the last baseline; guessing, before all networks, has none."""
        result = self._board.result()
        if not result.rows():
            return []
        return [_of_row(table_rows(result)[-1])]

    def _regularized(self) -> list[str]:
        """Return a line on the depth that was trained again, unless there was no time for it."""
        result = self._board.result()
        beside = [row for row in table_rows(result) if row.is_baseline]
        return [_of_row(row) for row in beside[: -len(result.baselines) or None]][-1:]


def _of_row(row: DisplayRow) -> str:
    cells = line_of(row).cells
    return f"{cells['depth']}: validation {cells['validation']}, test {cells['test']}"


def _print(*lines: str) -> None:
    for line in lines:
        print(plain(line), file=sys.stderr, flush=True)
