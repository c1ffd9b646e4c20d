"""What is known of a running fit so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fathom.cli.terminal import plain
from fathom.report import count_text, counted, rate_text

if TYPE_CHECKING:
    from fathom.api.network import FitSettings, Progress
    from fathom.data import Dataset


@dataclass
class FitBoard:
    """A running fit: what is trained on what, and where it is.

    Args:
        phase: What happens at the moment, in words.
        heading: What is trained on what, in lines; empty before it is known.
        progress: Where the training is; None before it begins.
        fitting: The training, once there is one.
    """

    phase: str = ""
    heading: list[str] = field(default_factory=list)
    progress: Progress | None = None
    fitting: Any = None


def heading(dataset: Dataset, network: str, parameters: int, settings: FitSettings) -> list[str]:
    """Return the data in a line, the network and its training in another."""
    rows = ", ".join(f"{count_text(len(split))} {name}" for name, split in dataset.splits.items())
    classes = counted(dataset.num_classes, "class", plural="classes")
    task = f"classification, {classes}" if dataset.classes else "regression"
    most = "" if settings.patience is None else "at most "
    return [
        f"{plain(dataset.name)}: {task}; rows: {rows}",
        f"{plain(network)}: {counted(parameters, 'parameter')}; {settings.optimizer}, learning "
        f"rate {rate_text(settings.learning_rate)}, batches of {count_text(settings.batch_size)}, "
        f"{most}{counted(settings.epochs, 'epoch')}",
    ]
