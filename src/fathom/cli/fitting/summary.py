"""A finished fit in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fathom.cli.prose import print_paragraph, prose_width
from fathom.cli.terminal import output, plain
from fathom.report import counted, duration_text, score_text
from fathom.specs import DIVERGED, STOPPED_EARLY

if TYPE_CHECKING:
    from fathom.api.network import Trained


def print_fit(trained: Trained) -> None:
    """Print what the training reached and what is wrong with it, on stdout."""
    from rich.text import Text

    console = output()
    reached = Text.assemble((_reached(trained), "bold"), f" {_how(trained)}")
    console.print()
    console.print(reached, width=prose_width(console))
    diagnosis = trained.progress.diagnosis
    for paragraph in plain(diagnosis.text).split("\n\n"):
        print_paragraph(paragraph, console)
    for notice in trained.notices:
        print_paragraph(notice, console, style="dim")


def _reached(trained: Trained) -> str:
    metric = trained.progress.metric
    if not trained.can_predict:
        return "The training diverged before it gave a network that predicts."
    best = (trained.progress.best_epoch or 1) - 1
    validation = trained.progress.validation[metric][best]
    return (
        f"Test {metric} {score_text(trained.test.get(metric))}, validation "
        f"{score_text(validation)}."
    )


def _how(trained: Trained) -> str:
    progress = trained.progress
    epochs = counted(progress.epoch, "epoch")
    kept = f"; the weights are those of epoch {progress.best_epoch}" if trained.can_predict else ""
    why = {
        STOPPED_EARLY: " without improvement for as long as --patience allows",
        DIVERGED: " before the loss diverged",
    }.get(trained.status, "")
    return f"Trained {epochs}{why} in {duration_text(trained.seconds)}{kept}."
