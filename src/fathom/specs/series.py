"""A series: ordinary studies that answer one question together, as frozen data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from fathom.specs.ranges import at_least, distinct

ROWS = "rows"


@dataclass(frozen=True, kw_only=True)
class SeriesMember:
    """One study of a series.

    Args:
        name: The study's name inside the series, such as "batch-split-2".
        value: The setting's value in it, as it was typed; None where none is compared.
        split: Number of its split, from 0; split 0 is that of an ordinary study.
        spec: The study's spec as JSON data.
        drawn: What `fathom.load` is given beside the rest, to draw this study's rows:
            "validation_seed" or "training_rows", if anything.
        training_rows: Rows it trains on.
    """

    name: str
    value: str | None
    split: int
    spec: dict[str, Any]
    drawn: dict[str, int] = field(default_factory=dict)
    training_rows: int


@dataclass(frozen=True, kw_only=True)
class SeriesRecord:
    """What a series is to run, on what, with what.

    Args:
        name: The series' name in its store.
        setting: Name of the setting that is compared beside depth; None for splits alone.
        values: Its values as they were typed, in order; () for splits alone.
        splits: Number of train and validation splits; the test rows are the same in all.
        members: The studies, in the order they run.
        dataset: Summary of the first study's data set, as JSON data.
        metric: Name of the score, higher is better: "accuracy" or "r2".
        loading: What `fathom.load` was called with, to read the data again; None for
            data that were in memory.
        versions: Versions of Fathom, Keras, JAX and the others.
        machine: What it runs on.

    Raises:
        SpecError: There is no study, or a number is out of range.
    """

    name: str
    setting: str | None
    values: tuple[str, ...]
    splits: int
    members: tuple[SeriesMember, ...]
    dataset: dict[str, Any]
    metric: str
    loading: dict[str, Any] | None = None
    versions: dict[str, str] = field(default_factory=dict)
    machine: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        at_least("splits", self.splits, 1)
        distinct("studies", [member.name for member in self.members])

    @property
    def trainings(self) -> int:
        """Members that all studies train, full grids."""
        return sum(_trainings(member.spec) for member in self.members)


def _trainings(spec: dict[str, Any]) -> int:
    widths = 1 if spec["match_parameters"] else len(spec["widths"])
    linear = 0 in spec["depths"]
    hidden = len(spec["depths"]) - linear
    return (hidden * widths + linear) * len(spec["learning_rates"]) * spec["seeds"]


@dataclass(frozen=True, kw_only=True)
class SeriesVerdict:
    """What a series found.

    Args:
        value: The best combination's value of the setting; None without a setting.
        depth: Its depth; None if nothing learned anything.
        width: Its width.
        score: Its mean test score.
        rule: "one-standard-error".
        text: The verdict in paragraphs.
        findings: Its parts by name.
    """

    value: str | None
    depth: int | None
    width: int | None
    score: float | None
    rule: str
    text: str
    findings: dict[str, str] = field(default_factory=dict)
