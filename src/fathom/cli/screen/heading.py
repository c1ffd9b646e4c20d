"""What a study is about, in a few lines before it begins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fathom.cli.terminal import plain
from fathom.report import count_text, counted
from fathom.specs import HALVING, StudyRecord, StudySpec, from_json_data

MOST_NOTICES = 8
LONGEST_NOTICE = 300


def heading(header: StudyRecord) -> list[str]:
    """Return the data in a line, and what is compared in another."""
    return [_data_line(header.dataset), _grid_line(header)]


def notices_worth_telling(header: StudyRecord) -> list[str]:
    """Return what was decided about the data, at most so much as a screen takes."""
    notices = [_shortened(plain(notice)) for notice in header.dataset.get("notices", ())]
    if len(notices) <= MOST_NOTICES:
        return notices
    rest = len(notices) - MOST_NOTICES
    return [*notices[:MOST_NOTICES], f"... and {rest} more: fathom runs show {header.name}"]


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST_NOTICE else f"{text[: LONGEST_NOTICE - 3]}..."


def _data_line(dataset: dict[str, Any]) -> str:
    rows = {name: count_text(number) for name, number in dataset["rows"].items()}
    splits = ", ".join(f"{number} {name}" for name, number in rows.items())
    return f"{plain(dataset['name'])}: {_task(dataset)}; rows: {splits}"


def _task(dataset: dict[str, Any]) -> str:
    classes, target = dataset["classes"], dataset["target"]
    of_target = f" of {plain(target)}" if target else ""
    if not classes:
        return f"regression{of_target}"
    return f"classification{of_target}, {counted(len(classes), 'class', plural='classes')}"


def _grid_line(header: StudyRecord) -> str:
    spec = from_json_data(header.spec, StudySpec)
    repeats = " × ".join(
        [counted(len(spec.learning_rates), "learning rate"), counted(spec.seeds, "seed")]
    )
    return (
        f"{plain(spec.model.family)}, {depths_text(spec.depths)}, {_widths(spec)}; {repeats}: "
        f"{counted(header.trainings, 'training')} of {_epochs(spec)}{_allocation(spec)}"
    )


def _widths(spec: StudySpec) -> str:
    widths = f"width {', '.join(map(count_text, spec.widths))}"
    return f"{widths} at the deepest, others matched" if spec.match_parameters else widths


def _allocation(spec: StudySpec) -> str:
    halving = ", by halving" if spec.allocation == HALVING else ""
    return halving if spec.minutes is None else f"{halving}, in {spec.minutes:g} minutes"


def _epochs(spec: StudySpec) -> str:
    most = "" if spec.train.patience is None else "at most "
    return f"{most}{counted(spec.train.epochs, 'epoch')}"


def depths_text(depths: Sequence[int]) -> str:
    """Return depths in words.

    Example:
        >>> depths_text([0, 1, 2, 3]), depths_text([0, 4]), depths_text([2])
        ('depths 0 to 3', 'depths 0, 4', 'depth 2')
    """
    ordered = sorted(depths)
    if len(ordered) == 1:
        return f"depth {ordered[0]}"
    if len(ordered) > 2 and ordered == list(range(ordered[0], ordered[-1] + 1)):
        return f"depths {ordered[0]} to {ordered[-1]}"
    return f"depths {', '.join(map(str, ordered))}"
