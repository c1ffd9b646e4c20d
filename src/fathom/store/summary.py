"""A study in one line, as lists show it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from fathom.specs import Record, StatusRecord, StudyRecord, VerdictRecord
from fathom.store.findings import (
    dataset_text,
    last_of,
    study_record,
    verdict_test,
    wall_seconds,
)
from fathom.store.folders import LOCK, FolderContents, folder_bytes, read_folder
from fathom.store.locks import is_held
from fathom.store.log import LOG, decode_lines
from fathom.store.naming import plain_text

RUNNING = "running"
FINISHED = "finished"
INTERRUPTED = "interrupted"
UNREADABLE = "unreadable"
_RUN = b'{"kind":"run"'


@dataclass(frozen=True, kw_only=True)
class Summary:
    """What a study and a series have in one line; less where they cannot be read.

    Args:
        name: Its name in its store.
        source: Where its data came from.
        task: "classification" or "regression".
        metric: Name of the score, higher is better.
        status: "running", "paused", "finished", "failed"; "interrupted" if its
            writer died; "unreadable" if this Fathom cannot read it (open says why).
        created: When it was made, in UTC.
        trainings: Members it is to train.
        runs: Members it has trained.
        depth: The verdict's depth; None before the verdict, or if nothing learned.
        width: The verdict's width.
        score: Mean test score of the verdict's networks.
        wall_seconds: Time it took so far, as last told.
        size_bytes: Bytes of its folder.
    """

    name: str
    source: str = ""
    task: str = ""
    metric: str = ""
    status: str
    created: datetime
    trainings: int = 0
    runs: int = 0
    depth: int | None = None
    width: int | None = None
    score: float | None = None
    wall_seconds: float | None = None
    size_bytes: int


@dataclass(frozen=True, kw_only=True)
class StudySummary(Summary):
    """A study in one line."""


def summarise(folder: Path) -> StudySummary:
    """Read a study's folder into one line; a study whose writer died still says "running".

    Raises:
        OSError: The folder is gone.
    """
    try:
        contents = read_folder(folder)
        return _summary(folder, contents, _telling_records(folder, contents))
    except OSError:  # StoreError is one
        return _unreadable(folder)


def _telling_records(folder: Path, contents: FolderContents) -> tuple[Record, ...]:
    """Return all records but the runs, which are most of a log and need only be counted."""
    lines = [line for line in contents.log.lines if not line[1].startswith(_RUN)]
    restored = () if contents.restored is None else (contents.restored,)
    return restored + decode_lines(folder / LOG, lines)


def _summary(folder: Path, contents: FolderContents, records: tuple[Record, ...]) -> StudySummary:
    study, verdict = study_record(records), last_of(records, VerdictRecord)
    status, test = last_of(records, StatusRecord), verdict_test(records)
    return StudySummary(
        name=folder.name,
        source=dataset_text(study, "source"),
        task=dataset_text(study, "task"),
        metric=plain_text(study.metric) if study else "",
        status=_status(study, status),
        created=contents.spec.created,
        trainings=study.trainings if study else 0,
        runs=sum(payload.startswith(_RUN) for _, payload in contents.log.lines),
        depth=verdict.depth if verdict else None,
        width=verdict.width if verdict else None,
        score=test.mean if test else None,
        wall_seconds=wall_seconds(records),
        size_bytes=folder_bytes(folder),
    )


def _status(study: StudyRecord | None, status: StatusRecord | None) -> str:
    if study is None:
        return UNREADABLE
    return plain_text(status.status) if status else RUNNING


def _unreadable(folder: Path) -> StudySummary:
    return StudySummary(
        name=folder.name,
        status=UNREADABLE,
        created=datetime.fromtimestamp(folder.stat().st_mtime, UTC),
        size_bytes=folder_bytes(folder),
    )


def with_liveness(summary: StudySummary, folder: Path) -> StudySummary:
    """Return the summary with "running" changed to "interrupted" if nobody writes any more."""
    if summary.status == RUNNING and not is_held(folder / LOCK):
        return replace(summary, status=INTERRUPTED)
    return summary
