"""A running study as a table that fills in, for a terminal."""

from __future__ import annotations

import time
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING

from fathom.cli import interrupts
from fathom.cli.screen.board import Board, Place
from fathom.cli.screen.heading import heading, notices_worth_telling
from fathom.cli.screen.nodes import death_line, node_lines, scattered
from fathom.cli.screen.tables import GRADIENT, PRESENT, TEST, VALIDATION, Line, line_of, study_table
from fathom.cli.terminal import messages, plain
from fathom.report import count_text, counted, duration_text, ratio_text, score_text
from fathom.specs import Progress, StudyRecord

if TYPE_CHECKING:
    from rich.console import RenderableType

    from fathom.specs import ArchitectureRecord
    from fathom.studies import Event

REDRAWS_PER_SECOND = 4
LINES_AROUND_TABLE = 10
BAR_WIDTH = 24
MORE = Line({"depth": "..."}, is_dim=True)


class LiveScreen:
    """Redraws the study on stderr a few times a second.

    Args:
        board: What is known; kept up to date here.
        stays: Whether the last picture stays when the study ends; else it
            makes room for the summary.
    """

    def __init__(self, board: Board, *, stays: bool) -> None:
        from rich.live import Live

        self._board = board
        self._started = time.monotonic()
        self._console = messages()
        self._is_stopping = False
        self._live = Live(
            get_renderable=self._picture,
            console=self._console,
            refresh_per_second=REDRAWS_PER_SECOND,
            transient=not stays,
            redirect_stdout=False,
        )

    def __enter__(self) -> LiveScreen:
        self._live.start(refresh=True)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._live.stop()

    def phase(self, text: str) -> None:
        """Show what happens before the study itself."""
        self._board.phase = text

    def take(self, event: Event) -> None:
        """Show what happened, at the next redraw."""
        self._board.take(event)
        if isinstance(event, StudyRecord):
            self._print_heading(event)
        elif isinstance(event, Progress) and event.death:
            self._console.print(death_line(self._board, event), markup=False, highlight=False)

    def _print_heading(self, header: StudyRecord) -> None:
        from rich.text import Text

        first, *others = heading(header)
        self._console.print(Text(first, style="bold"))
        for line in others:
            self._console.print(Text(line))
        for notice in notices_worth_telling(header):
            self._console.print(Text(f"  {notice}", style="dim"), no_wrap=True, overflow="ellipsis")

    def announce_stopping(self) -> None:
        """Show that the study stops; may be called from any thread."""
        self._is_stopping = True
        self._live.refresh()

    def _picture(self) -> RenderableType:
        from rich.console import Group
        from rich.text import Text

        parts: list[RenderableType] = []
        if self._board.header is not None:
            parts += [Text(), study_table(self._lines(), self._console), Text()]
        parts.append(self._footer())
        return Group(*parts)

    # -- the table ---------------------------------------------------------------

    def _lines(self) -> list[Line]:
        """Return a line per architecture, as many as the terminal is high, the present in sight."""
        lines = [self._line(place) for place in self._board.places]
        room = max(self._console.height - LINES_AROUND_TABLE, 3)
        last = min(max(self._board.num_done + 2, room), len(lines))
        first = max(last - room, 0)
        above = [MORE] if first else []
        below = [MORE] if last < len(lines) else []
        return above + lines[first:last] + below

    def _line(self, place: Place) -> Line:
        done = self._board.done(place)
        if done is not None:
            line = line_of(done)
            return replace(line, cells={**line.cells, **self._board.named(place)})
        if place in scattered(self._board):
            return self._progress_line(place, self._board.latest[place])
        present = self._board.present
        if present is not None and (present.depth, present.width) == place:
            return self._present_line(present, self._board.progress)
        waiting = self._board.begun(place)
        if waiting is not None and place in self._board.latest:
            line = self._present_line(waiting, self._board.latest[place])
            return replace(line, mark="", is_dim=True)
        return Line(self._board.named(place), is_dim=True)

    def _progress_line(self, place: Place, progress: Progress) -> Line:
        """Return the line of a network on another machine, which tells its size when it is done."""
        cells = self._board.named(place)
        score = progress.best_score
        cells[VALIDATION.key] = "" if score is None else f"{score_text(score)} so far"
        cells[TEST.key] = f"epoch {progress.epoch} of {progress.epochs}" if progress.epoch else ""
        cells[GRADIENT.key] = ratio_text(progress.gradient_ratio)
        cells["diverged"] = str(progress.diverged or "")
        return Line(cells, mark=PRESENT)

    def _present_line(self, present: ArchitectureRecord, progress: Progress | None) -> Line:
        cells = self._board.named((present.depth, present.width))
        cells["parameters"] = count_text(present.parameters)
        if progress is not None:
            score = progress.best_score
            cells[VALIDATION.key] = "" if score is None else f"{score_text(score)} so far"
            left = present.members - progress.dropped
            trained = f", {left} of {present.members}" if progress.dropped else ""
            cells[TEST.key] = f"epoch {progress.epoch} of {progress.epochs}{trained}"
            cells[GRADIENT.key] = ratio_text(progress.gradient_ratio)
            cells["diverged"] = str(progress.diverged or "")
        return Line(cells, mark=PRESENT)

    # -- the footer ----------------------------------------------------------------

    def _footer(self) -> RenderableType:
        from rich.console import Group
        from rich.text import Text

        elapsed = duration_text(round(time.monotonic() - self._started))
        if self._is_stopping:
            return Text(f"{interrupts.STOPPING} {elapsed} so far.", style="bold")
        if self._board.header is None:
            return Text(f"{plain(self._board.phase)}; {elapsed} so far", style="dim")
        progress = self._board.progress
        left = None if progress is None else progress.seconds_left
        until = "" if left is None else f", about {duration_text(round(left))} left"
        time_line = Text(f"{elapsed} so far{until}. Ctrl-C stops, and keeps what is finished.")
        return Group(self._activity(progress), time_line)

    def _activity(self, progress: Progress | None) -> RenderableType:
        """Say what happens at the moment, with a bar while a population trains."""
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        nodes = node_lines(self._board)
        if nodes:
            return Text("\n".join(nodes), no_wrap=True, overflow="ellipsis")
        if progress is None:
            waits = self._board.num_done < len(self._board.networks)
            return Text("compiling" if waits else "training the baselines")
        grid = Table.grid(padding=(0, 2))
        bar = ProgressBar(
            total=progress.epochs, completed=progress.epoch, width=BAR_WIDTH, style="dim"
        )
        grid.add_row(
            bar,
            f"depth {progress.depth}: epoch {progress.epoch} of {progress.epochs}, "
            f"{counted(progress.active, 'network')} in training",
        )
        return grid
