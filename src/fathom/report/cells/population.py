"""A population in a notebook: its members, and how each of them scores."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from fathom.report.cells.frame import framed, table
from fathom.report.markup import element, plain
from fathom.report.numbers import counted, rate_text, score_text

MOST_MEMBERS = 12


def population_cell(
    members: Sequence[Mapping[str, Any]],
    *,
    model: str,
    epochs: int,
    scores: Mapping[str, Sequence[float]],
    notes: Sequence[str],
) -> str:
    """Return a population's members with their hyperparameters and scores.

    Args:
        members: Each member's hyperparameters by name.
        model: The network's name.
        epochs: Epochs trained.
        scores: Each member's loss and metrics by name.
        notes: What there is to know.
    """
    shown = range(len(members)) if len(members) <= MOST_MEMBERS else _ends(len(members))
    trained = f"{counted(epochs, 'epoch')} trained" if epochs else "not trained yet"
    head = f"{counted(len(members), 'member')} of {plain(model, limit=60)}, {trained}"
    left = len(members) - len(shown)
    return framed(
        element("p", head, class_="head"),
        table([_row(place, members[place], scores) for place in shown]),
        element("p", f"{counted(left, 'member')} between them", class_="quiet") if left else None,
        [element("p", plain(note, limit=600), class_="quiet") for note in notes],
    )


def _ends(count: int) -> list[int]:
    half = MOST_MEMBERS // 2
    return [*range(half), *range(count - half, count)]


def _row(
    place: int, member: Mapping[str, Any], scores: Mapping[str, Sequence[float]]
) -> dict[str, str]:
    settings = {name: _setting(name, value) for name, value in member.items()}
    told = {name: _score(name, values[place]) for name, values in scores.items()}
    return {"member": str(place), **settings, **told}


def _setting(name: str, value: Any) -> str:
    if name == "learning_rate" and isinstance(value, float):
        return rate_text(value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _score(name: str, value: float) -> str:
    if not math.isfinite(value):
        return "diverged"
    return f"{value:.4g}" if name.endswith("loss") else score_text(value)
