"""A running series on screen: one study after another, each as an ordinary one is shown."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import TYPE_CHECKING

from fathom.cli import interrupts
from fathom.cli.following import screen_for
from fathom.cli.options import OutputOptions
from fathom.cli.terminal import messages, plain

if TYPE_CHECKING:
    from fathom.api.series_running import SeriesEvent, StudyBegins
    from fathom.cli.following import Screen
    from fathom.specs import SeriesRecord, StudyRecord
    from fathom.studies import StudyResult


class SeriesScreen:
    """Shows a series on stderr: what it is, the study in training, a line on each that is done.

    Args:
        written: What is written where.

    Attributes:
        name: The series' name in its store; None before it has begun.
    """

    def __init__(self, written: OutputOptions) -> None:
        from fathom.cli.screen import Board

        self.name: str | None = None
        self._written = written
        self._board = Board()
        self._screen: Screen | None = screen_for(self._board, written)
        self._record: SeriesRecord | None = None
        self._study: StudyBegins | None = None

    def __enter__(self) -> SeriesScreen:
        if self._screen is not None:
            self._screen.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._leave()

    def phase(self, text: str) -> None:
        """Say what happens before the studies themselves."""
        if self._screen is not None:
            self._screen.phase(text)

    def announce_stopping(self) -> None:
        """Say that the series stops; may be called from any thread."""
        if self._screen is not None:
            self._screen.announce_stopping()
        else:
            _print(interrupts.STOPPING)

    def take(self, event: SeriesEvent) -> None:
        """Show what happened."""
        from fathom.api.series_running import SeriesBegins, StudyBegins
        from fathom.specs import SeriesVerdict, StudyRecord

        if isinstance(event, SeriesBegins):
            self._leave()
            self.name, self._record = event.record.name, event.record
        elif isinstance(event, StudyBegins):
            self._end_study()
            self._begin_study(event)
        elif isinstance(event, SeriesVerdict):
            self._end_study()
        elif isinstance(event, StudyRecord) and self._is_heading_known(event):
            self._board.take(event)
        elif self._screen is not None:
            self._screen.take(event)

    def _is_heading_known(self, event: StudyRecord) -> bool:
        """Return whether the study's data and grid need not be told: the first study's were."""
        if self._study is not None and self._study.place == 0:
            return False
        return bool(event.name)

    def _begin_study(self, study: StudyBegins) -> None:
        from fathom.cli.screen import Board

        self._study = None if study.is_done else study
        total = len(self._record.members) if self._record else 0
        if study.place == 0:
            _print(f"sweep {study.series}: {_what(self._record)}")
        state = ": finished before" if study.is_done else ""
        _print(f"study {study.place + 1} of {total}, {study.member.name}{state}")
        if study.is_done:
            return
        self._board = Board(networks=study.networks)
        self._screen = screen_for(self._board, self._written)
        self._screen.__enter__()
        self._screen.phase("compiling")

    def _end_study(self) -> None:
        self._leave()
        study, self._study = self._study, None
        if study is not None and self._board.header is not None:
            _print(_outcome(study, self._board.result()))

    def _leave(self) -> None:
        screen, self._screen = self._screen, None
        if screen is not None:
            screen.__exit__(None, None, None)


def _what(record: SeriesRecord | None) -> str:
    """Return what a series compares, in a line."""
    from fathom.report import counted

    if record is None:
        return ""
    parts = []
    if record.setting is not None:
        parts.append(f"{record.setting} {', '.join(record.values)}")
    if record.splits > 1:
        parts.append(counted(record.splits, "split"))
    studies = counted(len(record.members), "study", plural="studies")
    return f"{' × '.join(parts)}; {studies}, {counted(record.trainings, 'training')}"


def _outcome(study: StudyBegins, result: StudyResult) -> str:
    from fathom.report import score_text

    verdict = result.verdict
    if verdict is None:
        return f"  {study.member.name}: not finished"
    if verdict.depth is None:
        return f"  {study.member.name}: no depth learned anything"
    key = (verdict.depth, verdict.width)
    row = next((row for row in result.rows() if (row.depth, row.width) == key), None)
    score = "" if row is None else f", validation {score_text(row.validation.mean)}"
    return f"  {study.member.name}: depth {verdict.depth}{score}"


def _print(line: str) -> None:
    if sys.stderr.isatty():
        messages().print(plain(line), soft_wrap=True)
    else:
        print(plain(line), file=sys.stderr, flush=True)
