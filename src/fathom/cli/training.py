"""What is trained next, told while an experiment runs."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, TypeVar

from fathom.cli.terminal import tell

if TYPE_CHECKING:
    from fathom.studies import Stage

Found = TypeVar("Found")


def followed(stages: Generator[Stage, None, Found]) -> Found:
    """Run an experiment to its end, and tell on a terminal what is trained."""
    from fathom.studies import finished

    return finished(stages, _tell)


def _tell(stage: Stage) -> None:
    tell(f"training {stage.done + 1} of {stage.total}: {stage.words}")
