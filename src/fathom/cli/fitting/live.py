"""A running fit as a picture that is redrawn, for a terminal."""

from __future__ import annotations

import time
from types import TracebackType
from typing import TYPE_CHECKING

from fathom.cli import interrupts
from fathom.cli.fitting.board import FitBoard
from fathom.cli.fitting.picture import picture
from fathom.cli.terminal import messages, plain
from fathom.report import duration_text

if TYPE_CHECKING:
    from rich.console import RenderableType

    from fathom.api.network import Progress

REDRAWS_PER_SECOND = 4
LINES_AROUND = 6
BAR_WIDTH = 24


class FitScreen:
    """Redraws the training on stderr a few times a second.

    Args:
        board: What is known; kept up to date here.
        tells_findings: Whether the picture that stays tells what is wrong; else the summary does.
    """

    def __init__(self, board: FitBoard, *, tells_findings: bool) -> None:
        from rich.live import Live

        self._board = board
        self._started = time.monotonic()
        self._first_epoch = self._started
        self._console = messages()
        self._is_stopping = False
        self._is_done = False
        self._tells_findings = tells_findings
        self._live = Live(
            get_renderable=self._picture,
            console=self._console,
            refresh_per_second=REDRAWS_PER_SECOND,
            redirect_stdout=False,
        )

    def __enter__(self) -> FitScreen:
        self._live.start(refresh=True)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._is_done = error is None
        self._live.stop()

    def phase(self, text: str) -> None:
        """Show what happens before the training."""
        self._board.phase = text

    def begin(self, lines: list[str]) -> None:
        """Print what is trained on what, above the picture."""
        from rich.text import Text

        self._board.heading = lines
        for place, line in enumerate(lines):
            self._console.print(Text(plain(line), style="" if place else "bold"))
        self._console.print()

    def take(self, progress: Progress) -> None:
        """Show where the training is, at the next redraw."""
        if progress.epoch == 0:
            self._first_epoch = time.monotonic()
        self._board.progress = progress

    def announce_stopping(self) -> None:
        """Show that the training stops; may be called from any thread."""
        self._is_stopping = True
        self._live.refresh()

    def _picture(self) -> RenderableType:
        from rich.console import Group
        from rich.text import Text

        progress = self._board.progress
        if progress is None or progress.epoch == 0:
            return self._waiting()
        drawn = picture(
            progress,
            width=self._console.width,
            height=self._console.height - LINES_AROUND,
            tells_findings=self._tells_findings or not self._is_done,
        )
        return drawn if self._is_done else Group(drawn, Text(), self._footer(progress))

    def _waiting(self) -> RenderableType:
        from rich.text import Text

        return Text(f"{plain(self._board.phase)}; {self._elapsed()} so far", style="dim")

    def _footer(self, progress: Progress) -> RenderableType:
        from rich.console import Group
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        if self._is_stopping:
            text = f"{interrupts.STOPPING} {self._elapsed()} so far."
            return Text(text, style="bold")
        grid = Table.grid(padding=(0, 2))
        bar = ProgressBar(
            total=progress.epochs, completed=progress.epoch, width=BAR_WIDTH, style="dim"
        )
        grid.add_row(bar, Text(self._where(progress)))
        return Group(grid, Text("Ctrl-C stops, and keeps what is learned.", style="dim"))

    def _where(self, progress: Progress) -> str:
        best = progress.best_epoch
        kept = "" if best is None else f", best {best}"
        return (
            f"epoch {progress.epoch} of {progress.epochs}{kept}; {self._elapsed()}"
            f"{self._left(progress)}"
        )

    def _elapsed(self) -> str:
        return duration_text(round(time.monotonic() - self._started))

    def _left(self, progress: Progress) -> str:
        if progress.epoch < 2:
            return ""
        taken = time.monotonic() - self._first_epoch
        seconds = taken * (progress.epochs - progress.epoch) / progress.epoch
        return f", {duration_text(round(seconds))} left" if seconds >= 1 else ""
