"""What the records of a study say about it; of what was told twice, the last word counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from fathom.specs import (
    ArchitectureRecord,
    Record,
    StatusRecord,
    StudyRecord,
    TestRecord,
    VerdictRecord,
)
from fathom.store.naming import plain_text

R = TypeVar("R", bound=Record)


def last_of(records: Sequence[Record], kind: type[R]) -> R | None:
    """Return the last record of a kind, or None."""
    return next((record for record in reversed(records) if isinstance(record, kind)), None)


def study_record(records: Sequence[Record]) -> StudyRecord | None:
    """Return the record of what is studied."""
    return last_of(records, StudyRecord)


def verdict_test(records: Sequence[Record]) -> TestRecord | None:
    """Return the test scores of the verdict's architecture."""
    verdict = last_of(records, VerdictRecord)
    if verdict is None:
        return None
    return tests_of(records).get((verdict.depth, verdict.width))


def verdict_parameters(records: Sequence[Record]) -> int | None:
    """Return the number of parameters of the verdict's architecture."""
    verdict = last_of(records, VerdictRecord)
    if verdict is None:
        return None
    return parameters_of(records).get((verdict.depth, verdict.width))


def tests_of(records: Sequence[Record]) -> dict[tuple[int | None, int | None], TestRecord]:
    """Return the test scores by depth and width."""
    tests = (record for record in records if isinstance(record, TestRecord))
    return {(test.depth, test.width): test for test in tests}


def parameters_of(records: Sequence[Record]) -> dict[tuple[int | None, int | None], int]:
    """Return the numbers of parameters by depth and width."""
    known = (record for record in records if isinstance(record, ArchitectureRecord))
    return {(record.depth, record.width): record.parameters for record in known}


def wall_seconds(records: Sequence[Record]) -> float | None:
    """Return the time the study took, as it last told."""
    told = (record for record in reversed(records) if isinstance(record, StatusRecord))
    return next((record.wall_seconds for record in told if record.wall_seconds is not None), None)


def dataset_text(study: StudyRecord | None, key: str) -> str:
    """Return what the summary of the data set says under `key`, safe to print; "" if nothing."""
    value = None if study is None else study.dataset.get(key)
    return plain_text(value) if isinstance(value, str) else ""
