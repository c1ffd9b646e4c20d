"""A running study as plain lines, for files and pipes."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import TYPE_CHECKING

from fathom.cli import interrupts
from fathom.cli.screen.board import Board
from fathom.cli.screen.heading import heading, notices_worth_telling
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
from fathom.specs import BaselineRecord, RungRecord, StudyRecord, TestRecord

if TYPE_CHECKING:
    from fathom.studies import Event


class Lines:
    """Prints a line per architecture on stderr, without control codes.

    Args:
        board: What is known; kept up to date here.
    """

    def __init__(self, board: Board) -> None:
        self._board = board
        self._seconds_left: float | None = None

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
        elif isinstance(event, BaselineRecord):
            _print(*self._baseline())

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
        cells = line_of(table_rows(result)[-1]).cells
        return [f"{cells['depth']}: validation {cells['validation']}, test {cells['test']}"]


def _print(*lines: str) -> None:
    for line in lines:
        print(plain(line), file=sys.stderr, flush=True)
