"""What is known of a running study, as the widget draws it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from fathom import report
from fathom.specs import Progress, StatusRecord, StudyRecord, VerdictRecord
from fathom.studies import StudyResult

TURNS = (StatusRecord, VerdictRecord)


@dataclass
class StudyBoard:
    """A study in the making.

    Args:
        records: What was recorded, the study's own record first.
    """

    records: list[Any] = field(default_factory=list)
    progress: Progress | None = None

    @classmethod
    def of(cls, record: StudyRecord) -> StudyBoard:
        """Return the board of a study that begins."""
        return cls([record])

    def take(self, event: Any) -> bool:
        """Take a record or a progress; return whether it must be shown at once."""
        if isinstance(event, Progress):
            self.progress = event
        else:
            self.records.append(event)
        return isinstance(event, TURNS)

    @property
    def is_finished(self) -> bool:
        """Whether the study came to its verdict."""
        return StudyResult.from_records(self.records).verdict is not None

    def told(self, state: str) -> dict[str, Any]:
        """Return all of it as JSON data.

        Args:
            state: "training", "finished" or "stopped".
        """
        result = StudyResult.from_records(self.records)
        rows = report.table_rows(result)
        done, planned = len(result.runs), result.header.trainings
        return {
            "kind": "study",
            "head": report.headline(result) if result.runs else f"Study {result.header.name}",
            "phase": self._phase(result, state),
            "share": 1.0 if result.verdict else min(done / max(planned, 1), 1.0),
            "metric": report.metric_name(result),
            "deepest": max(result.spec.depths),
            "lines": [
                {"name": series.name, "rows": [_point(row) for row in series.rows]}
                for series in report.all_series(result)
            ],
            "headers": list(rows[0].cells) if rows else [],
            "table": [
                {
                    "cells": list(row.cells.values()),
                    "kind": "chosen" if row.is_chosen else "baseline" if row.is_baseline else "",
                }
                for row in rows
            ],
        }

    def still(self) -> str:
        """Return what was found as HTML that stays when the widget has gone."""
        return report.study_cell(StudyResult.from_records(self.records))

    def _phase(self, result: StudyResult, state: str) -> str:
        text = f"{len(result.runs)} of {report.counted(result.header.trainings, 'training')}"
        now = self.progress
        if state != "training" or now is None or result.verdict:
            return text
        text += f"; depth {now.depth}: epoch {now.epoch} of {now.epochs}"
        if now.seconds_left is not None:
            text += f"; about {report.duration_text(now.seconds_left)} left"
        return text


def _point(row: Any) -> list[float]:
    mean, error = row.validation.mean, row.validation.se or 0.0
    return [row.depth, mean, mean - error, mean + error]
