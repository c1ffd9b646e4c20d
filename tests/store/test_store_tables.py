"""Rows of runs and of studies, and files that other tools open."""

import csv
import io
import json

import pytest

from fathom.errors import SpecError, StoreError
from fathom.store import EXPORT_FORMATS, compare, export, export_rows


@pytest.fixture
def study(store, finished):
    return store.open(finished)


def test_there_is_a_row_per_run(study):
    first, second, diverged = export_rows(study.records())
    assert (first.study, first.source, first.task, first.metric) == (
        "digits",
        "digits",
        "classification",
        "accuracy",
    )
    assert (first.parameters, first.train_loss, first.validation_score) == (4810, 0.4, 0.9)
    assert (first.is_chosen, first.test_mean, first.test_low, first.test_high) == (
        True,
        0.91,
        0.88,
        0.94,
    )
    assert second.seed == 1
    assert (diverged.status, diverged.validation_score) == ("diverged", None)
    assert (diverged.is_chosen, diverged.test_mean) == (False, None)


def test_rows_of_a_study_that_is_not_finished_have_no_test_score(sample):
    (row,) = export_rows([sample.run(train_loss=())], name="mine")
    assert (row.study, row.parameters, row.train_loss, row.is_chosen) == ("mine", None, None, False)


def test_csv_has_a_header_and_numbers_as_numbers(study, tmp_path):
    export(study, tmp_path / "runs.csv")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "runs.csv").read_text())))
    assert [row["seed"] for row in rows] == ["0", "1", "0"]
    assert [row["validation_score"] for row in rows] == ["0.9", "0.92", ""]
    assert [row["is_chosen"] for row in rows] == ["true", "true", "false"]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_text_that_a_spreadsheet_would_run_is_text_and_numbers_stay_numbers(
    store, sample, tmp_path, start
):
    with store.create(sample.study()) as writer:
        writer.append(sample.run(reason=f"{start}cmd|'/c calc'!A0", validation_score=-0.5))
    export(store.open("digits"), tmp_path / "runs.csv")
    (row,) = csv.DictReader(io.StringIO((tmp_path / "runs.csv").read_bytes().decode(), newline=""))
    assert row["reason"] == f"'{start}cmd|'/c calc'!A0"
    assert row["validation_score"] == "-0.5"


def test_json_and_json_lines_hold_the_same_rows(study, tmp_path):
    export(study, tmp_path / "runs.json")
    export(study, tmp_path / "runs.jsonl")
    rows = json.loads((tmp_path / "runs.json").read_text())
    lines = (tmp_path / "runs.jsonl").read_text().splitlines()
    assert rows == [json.loads(line) for line in lines]
    assert len(rows) == 3
    assert rows[2]["validation_score"] is None


def test_parquet_has_typed_columns(study, store, sample, tmp_path):
    import polars

    export(study, tmp_path / "runs.parquet")
    frame = polars.read_parquet(tmp_path / "runs.parquet")
    assert frame["validation_score"].to_list() == [0.9, 0.92, None]
    assert frame["is_chosen"].dtype == polars.Boolean
    store.create(sample.study(name="empty")).close()
    export(store.open("empty"), tmp_path / "empty.parquet")
    assert polars.read_parquet(tmp_path / "empty.parquet").schema == frame.schema


def test_a_format_may_be_named(study, tmp_path):
    export(study, tmp_path / "runs.txt", "jsonl")
    assert len((tmp_path / "runs.txt").read_text().splitlines()) == 3


@pytest.mark.parametrize("name", ["table.xlsx", "table", "table.csvv"])
def test_an_unknown_format_lists_the_formats_there_are(study, tmp_path, name):
    with pytest.raises(SpecError, match="csv, json, jsonl, parquet"):
        export(study, tmp_path / name)
    assert not (tmp_path / name).exists()


@pytest.mark.parametrize("format", EXPORT_FORMATS)
def test_a_place_that_cannot_be_written_is_named(study, tmp_path, format):
    with pytest.raises(StoreError, match="missing"):
        export(study, tmp_path / "missing" / "runs", format)


@pytest.mark.parametrize("format", EXPORT_FORMATS)
def test_names_with_escapes_and_unicode_can_be_exported(store, sample, tmp_path, format):
    source = "\x1b[2Jgröße-" + b"\xff".decode(errors="surrogateescape")
    with store.create(sample.study(name="größe", dataset={"source": source})) as writer:
        writer.append(sample.run())
    export(store.open("größe"), tmp_path / "table", format)
    content = (tmp_path / "table").read_bytes()
    assert "größe-".encode() in content
    assert b"\x1b[2J" not in content


def test_studies_are_compared_in_the_order_given(store, sample, study):
    with store.create(sample.study(name="running")) as writer:
        writer.append(sample.run())
    running, finished = compare([store.open("running"), study])
    assert (running.name, running.depth, running.test_mean, running.trainings) == (
        "running",
        None,
        None,
        1,
    )
    assert (finished.name, finished.depth, finished.width, finished.parameters) == (
        "digits",
        1,
        64,
        4810,
    )
    assert (finished.test_mean, finished.test_low, finished.test_high) == (0.91, 0.88, 0.94)
    assert (finished.trainings, finished.wall_seconds) == (3, 1.5)
