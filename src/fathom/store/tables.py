"""Studies as tables: a row per run, a row per study, and files of rows for other tools."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from fathom.specs import DROPPED, Record, RunRecord, StudyRecord, VerdictRecord, one_of
from fathom.store.disk import write_output
from fathom.store.findings import (
    dataset_text,
    last_of,
    parameters_of,
    study_record,
    tests_of,
    verdict_parameters,
    verdict_test,
    wall_seconds,
)
from fathom.store.log import json_text
from fathom.store.naming import plain_text
from fathom.store.stored import StoredStudy

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


@dataclass(frozen=True, kw_only=True)
class RunRow:
    """One run, with what is needed to know it among the runs of other studies.

    Args:
        study: The study's name.
        source: Where its data came from.
        task: "classification" or "regression".
        metric: Name of the scores, higher is better.
        depth: Hidden blocks.
        width: Units per hidden block.
        parameters: Trainable parameters.
        learning_rate: The run's learning rate.
        seed: The run's seed.
        status: "finished", "stopped-early", "diverged" or "dropped".
        reason: Why, in words.
        epochs: Epochs trained.
        best_epoch: Epoch of the kept weights, counted from 1.
        train_loss: Mean training loss of the last epoch.
        validation_loss: Loss of the kept weights on the validation split.
        validation_score: Score of the kept weights on the validation split.
        train_seconds: The run's share of the time its population trained.
        is_chosen: Whether its learning rate was chosen for its architecture.
        test_mean: The architecture's mean test score over seeds; on chosen runs only.
        test_low: Lower end of its 95% interval.
        test_high: Upper end.
    """

    study: str
    source: str
    task: str
    metric: str
    depth: int
    width: int
    parameters: int | None
    learning_rate: float
    seed: int
    status: str
    reason: str
    epochs: int
    best_epoch: int | None
    train_loss: float | None
    validation_loss: float | None
    validation_score: float | None
    train_seconds: float
    is_chosen: bool
    test_mean: float | None
    test_low: float | None
    test_high: float | None


@dataclass(frozen=True, kw_only=True)
class ComparisonRow:
    """One study beside others.

    Args:
        name: The study's name.
        source: Where its data came from.
        task: "classification" or "regression".
        metric: Name of the score, higher is better.
        depth: The verdict's depth; None without a verdict.
        width: The verdict's width.
        parameters: Trainable parameters of the verdict's architecture.
        test_mean: Its mean test score over seeds.
        test_low: Lower end of its 95% interval.
        test_high: Upper end.
        trainings: Members the study trained.
        wall_seconds: Time it took.
    """

    name: str
    source: str
    task: str
    metric: str
    depth: int | None
    width: int | None
    parameters: int | None
    test_mean: float | None
    test_low: float | None
    test_high: float | None
    trainings: int
    wall_seconds: float | None


def export_rows(records: Sequence[Record], *, name: str | None = None) -> tuple[RunRow, ...]:
    """Return one row per run, in the order of the records.

    Args:
        records: The records of one study.
        name: The study's name; None for the one in its first record.
    """
    study, parameters, tests = study_record(records), parameters_of(records), tests_of(records)

    def row_of(run: RunRecord) -> RunRow:
        test = tests.get((run.depth, run.width))
        was_let_go = run.status == DROPPED
        is_chosen = test is not None and test.learning_rate == run.learning_rate and not was_let_go
        return RunRow(
            **_study_columns(study, name),
            **{column: getattr(run, column) for column in _RUN_COLUMNS},
            parameters=parameters.get((run.depth, run.width)),
            train_loss=run.train_loss[-1] if run.train_loss else None,
            is_chosen=is_chosen,
            test_mean=test.mean if test and is_chosen else None,
            test_low=test.low if test and is_chosen else None,
            test_high=test.high if test and is_chosen else None,
        )

    return tuple(row_of(record) for record in records if isinstance(record, RunRecord))


_RUN_COLUMNS = tuple(
    {field.name for field in fields(RunRow)}
    & {field.name for field in fields(RunRecord)} - {"train_loss"}
)


def _study_columns(study: StudyRecord | None, name: str | None) -> dict[str, str]:
    return {
        "study": plain_text(name or (study.name if study else "")),
        "source": dataset_text(study, "source"),
        "task": dataset_text(study, "task"),
        "metric": plain_text(study.metric) if study else "",
    }


def compare(studies: Iterable[StoredStudy]) -> tuple[ComparisonRow, ...]:
    """Return one row per study, in the order given.

    Raises:
        StoreError: A study cannot be read.
    """
    return tuple(map(_comparison, studies))


def _comparison(stored: StoredStudy) -> ComparisonRow:
    records = stored.records()
    study, verdict, test = stored.record, last_of(records, VerdictRecord), verdict_test(records)
    return ComparisonRow(
        name=stored.name,
        source=dataset_text(study, "source"),
        task=dataset_text(study, "task"),
        metric=plain_text(study.metric),
        depth=verdict.depth if verdict else None,
        width=verdict.width if verdict else None,
        parameters=verdict_parameters(records),
        test_mean=test.mean if test else None,
        test_low=test.low if test else None,
        test_high=test.high if test else None,
        trainings=sum(isinstance(record, RunRecord) for record in records),
        wall_seconds=wall_seconds(records),
    )


def export(study: StoredStudy, path: Path | str, format: str | None = None) -> None:
    """Write the runs of a study to a file, a row per run.

    Args:
        study: The study.
        path: The file to make or replace.
        format: "csv", "json", "jsonl" or "parquet"; None for the path's ending.

    Raises:
        SpecError: The format is unknown.
        StoreError: The study cannot be read, or the file not written.
    """
    ending = Path(path).suffix.removeprefix(".").lower()
    encode = _ENCODERS[one_of("format", format or ending, EXPORT_FORMATS)]
    write_output(path, encode(export_rows(study.records(), name=study.name)))


def _as_csv(rows: Sequence[RunRow]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(field.name for field in fields(RunRow))
    writer.writerows([_csv_cell(value) for value in asdict(row).values()] for row in rows)
    return text.getvalue().encode(errors="backslashreplace")


def _csv_cell(value: Any) -> Any:
    """Return a cell that no spreadsheet takes for a formula; numbers stay numbers."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str) and value.startswith(_FORMULA_STARTS):
        return f"'{value}"
    return value


def _as_json(rows: Sequence[RunRow]) -> bytes:
    lines = ",\n".join(map(_json_row, rows))
    return f"[\n{lines}\n]\n".encode(errors="backslashreplace")


def _as_json_lines(rows: Sequence[RunRow]) -> bytes:
    return "".join(f"{_json_row(row)}\n" for row in rows).encode(errors="backslashreplace")


def _json_row(row: RunRow) -> str:
    return json_text(asdict(row))


def _as_parquet(rows: Sequence[RunRow]) -> bytes:
    import polars

    file = io.BytesIO()
    types = {
        "str": polars.String,
        "int": polars.Int64,
        "float": polars.Float64,
        "bool": polars.Boolean,
    }
    schema = {column.name: types[str(column.type).split(" | ")[0]] for column in fields(RunRow)}
    polars.DataFrame([asdict(row) for row in rows], schema=schema).write_parquet(file)
    return file.getvalue()


_ENCODERS: dict[str, Callable[[Sequence[RunRow]], bytes]] = {
    "csv": _as_csv,
    "json": _as_json,
    "jsonl": _as_json_lines,
    "parquet": _as_parquet,
}
EXPORT_FORMATS = tuple(_ENCODERS)
