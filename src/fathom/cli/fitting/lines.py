"""A running fit as plain lines, for files and pipes."""

from __future__ import annotations

import math
import sys
from types import TracebackType
from typing import TYPE_CHECKING

from fathom.cli import interrupts
from fathom.cli.fitting.board import FitBoard
from fathom.cli.terminal import plain
from fathom.report import ratio_text, score_text

if TYPE_CHECKING:
    from fathom.api.network import Progress


class FitLines:
    """Prints a line per epoch on stderr, and each finding when it emerges, without control codes.

    Args:
        board: What is known; kept up to date here.
    """

    def __init__(self, board: FitBoard) -> None:
        self._board = board
        self._told: set[str] = set()

    def __enter__(self) -> FitLines:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        return None

    def phase(self, text: str) -> None:
        """Say what happens before the training."""
        self._board.phase = text

    def begin(self, lines: list[str]) -> None:
        """Say what is trained on what."""
        self._board.heading = lines
        _print(*lines)

    def announce_stopping(self) -> None:
        """Say that the training stops; may be called from any thread."""
        _print(interrupts.STOPPING)

    def take(self, progress: Progress) -> None:
        """Tell of an epoch, and of what is newly found."""
        self._board.progress = progress
        if progress.epoch:
            _print(_epoch_line(progress))
        for finding in progress.diagnosis.findings:
            if finding.name not in self._told:
                self._told.add(finding.name)
                _print(f"  {finding.severity}: {finding.sentence}")


def _epoch_line(progress: Progress) -> str:
    parts = [
        f"{name} loss {_loss_text(logs['loss'][-1])} {progress.metric} "
        f"{score_text(logs[progress.metric][-1])}"
        for name, logs in (("train", progress.train), ("validation", progress.validation))
    ]
    now = [record for record in progress.layers if record.epoch == progress.epoch]
    gradients = [record.activation_gradient for record in now]
    if len(gradients) > 1 and gradients[0] and gradients[-1]:
        parts.append(f"gradient first/last {ratio_text(gradients[0] / gradients[-1])}")
    return f"epoch {progress.epoch} of {progress.epochs}: {', '.join(parts)}"


def _loss_text(loss: float) -> str:
    return f"{loss:.4g}" if math.isfinite(loss) else "diverged"


def _print(*lines: str) -> None:
    for line in lines:
        print(plain(line), file=sys.stderr, flush=True)
