"""Experiments that tell what they train next, and end in what was found."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TypeVar

Found = TypeVar("Found")


@dataclass(frozen=True, kw_only=True)
class Stage:
    """How far an experiment is.

    Args:
        done: Kinds of networks that are trained.
        total: Kinds of networks that there are.
        words: What is trained next, in words.
    """

    done: int
    total: int
    words: str


def finished(
    stages: Generator[Stage, None, Found], tell: Callable[[Stage], None] | None = None
) -> Found:
    """Run an experiment to its end, and return what it found.

    Args:
        stages: The experiment.
        tell: Given every stage, before it is trained.
    """
    while True:
        try:
            stage = next(stages)
        except StopIteration as end:
            return end.value
        if tell is not None:
            tell(stage)
