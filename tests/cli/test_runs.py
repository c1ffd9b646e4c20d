"""`fathom runs` and `fathom report`: what is kept, shown, put side by side, written and removed."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import shutil
import subprocess
import sys

import polars as pl
import pytest


@pytest.fixture
def copy(tiny, tmp_path):
    """Return a store of its own with the small study twice, to be spoiled at will."""
    store = tmp_path / "copy"
    shutil.copytree(tiny.store / "tiny", store / "tiny")
    shutil.copytree(tiny.store / "tiny", store / "twin")
    return store


# -- list


def test_an_empty_store_lists_nothing(command, tmp_path):
    outcome = command("runs", "list")
    assert outcome.code == 0
    assert outcome.out == f"No studies in {tmp_path / 'fathom-runs'}.\n"
    assert command("runs", "list", "--json").document["studies"] == []
    assert list(tmp_path.iterdir()) == []


def test_the_list_shows_every_study_in_a_line(command, copy, monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")
    out = command("runs", "list", "--store", copy).out
    head, _, *lines = out.splitlines()
    for header in ("name", "source", "status", "depth", "score", "trainings", "time", "size"):
        assert header in head
    assert sorted(line.split()[0] for line in lines) == ["tiny", "twin"]
    assert all("finished" in line and "accuracy" in line and " 12 " in line for line in lines)


@pytest.mark.parametrize("width", [40, 60, 80, 200])
def test_the_list_fits_the_terminal(command, copy, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", str(width))
    out = command("runs", "list", "--store", copy).out
    assert all(len(line.rstrip()) <= width for line in out.splitlines())
    assert "tiny" in out and "finished" in out


def test_the_list_can_be_narrowed(command, copy):
    document = command("runs", "list", "TWI", "--store", copy, "--json").document
    assert [study["name"] for study in document["studies"]] == ["twin"]
    assert "No studies" in command("runs", "list", "nothing", "--store", copy).out


def test_the_list_as_json_is_whole(command, tiny):
    document = command("runs", "list", "--store", tiny.store, "--json").document
    assert document["store"] == str(tiny.store)
    (study,) = document["studies"]
    assert study["name"] == "tiny"
    assert study["runs"] == study["trainings"] == 12
    assert study["size_bytes"] > 0
    verdict = tiny.outcome.document["verdict"]
    assert study["depth"] == verdict["depth"]


# -- show


def test_show_tells_table_verdict_data_and_provenance(command, tiny):
    out = command("runs", "show", *tiny.stored).out
    verdict = tiny.outcome.document["verdict"]["text"].split(". ")[0]
    for words in ("tiny", "± std. error", "gradient boosting", "The data", "Where it comes from"):
        assert words in out
    assert verdict.split(",")[0] in out
    assert f"kept in: {tiny.store / 'tiny'}" in out
    assert "keras 3." in out and "split 0" in out


def test_show_as_json_is_what_the_study_printed(command, tiny):
    shown = command("runs", "show", *tiny.stored, "--json").document
    told = tiny.outcome.document
    assert {**shown, "written": None} == {**told, "written": None}


def test_an_unknown_study_lists_those_there_are(command, tiny):
    outcome = command("runs", "show", "tinny", "--store", tiny.store)
    assert outcome.code == 2
    assert "There are: tiny." in outcome.err
    assert "did you mean 'tiny'?" in outcome.err


@pytest.mark.parametrize("name", ["../tiny", "/etc", "tiny/../tiny", "tiny\0", ".."])
def test_names_make_no_paths(command, tiny, name):
    for arguments in (["show"], ["export"], ["delete", "--yes"]):
        outcome = command("runs", *arguments, name, "--store", tiny.store)
        assert outcome.code == 2
    assert (tiny.store / "tiny").is_dir()


def test_a_damaged_log_is_told(command, copy):
    log = next((copy / "tiny").glob("*log*"))
    data = bytearray(log.read_bytes())
    data[len(data) // 2] ^= 1
    log.write_bytes(data)
    out = command("runs", "show", "tiny", "--store", copy).out
    assert "Damage" in out and "checksum" in out


# -- compare


def test_compare_has_a_line_per_study(command, copy):
    out = command("runs", "compare", "twin", "tiny", "--store", copy).out
    assert [line.split()[0] for line in out.splitlines()[2:]] == ["twin", "tiny"]
    rows = command("runs", "compare", "twin", "tiny", "--store", copy, "--json").document
    assert rows["studies"][0]["test_mean"] == rows["studies"][1]["test_mean"]


def test_compare_needs_two(command, tiny):
    outcome = command("runs", "compare", *tiny.stored)
    assert outcome.code == 2
    assert "at least two studies" in outcome.err


# -- export


def test_export_writes_a_row_per_training(command, tiny, tmp_path):
    readers = {"csv": pl.read_csv, "json": pl.read_json, "parquet": pl.read_parquet}
    for ending, read in readers.items():
        assert command("runs", "export", *tiny.stored, "--to", ending).code == 0
        assert read(tmp_path / f"tiny.{ending}").height == 12


def test_export_knows_the_format_by_the_name(command, tiny, tmp_path):
    outcome = command("runs", "export", *tiny.stored, "--out", "rows.parquet", "--json")
    assert outcome.document["format"] == "parquet"
    assert pl.read_parquet(tmp_path / "rows.parquet").height == 12


def test_an_unknown_format_lists_those_there_are(command, tiny, tmp_path):
    outcome = command("runs", "export", *tiny.stored, "--to", "xlsx")
    assert outcome.code == 2
    assert "csv, json, jsonl, parquet" in outcome.err
    assert list(tmp_path.iterdir()) == []


def test_a_tracker_gets_a_folder_with_a_run_per_training(command, tiny, tmp_path):
    outcome = command("runs", "export", *tiny.stored, "--to", "tensorboard", "--json")
    folder = tmp_path / "tiny.tensorboard"
    assert outcome.document["export"] == str(folder)
    assert len(list(folder.iterdir())) == 12

    again = command("runs", "export", *tiny.stored, "--to", "tensorboard")
    assert again.code == 2 and "holds something" in again.err


def test_curves_are_a_row_per_training_and_epoch(command, tiny, tmp_path):
    assert command("runs", "export", *tiny.stored, "--curves", "--out", "c.parquet").code == 0
    curves = pl.read_parquet(tmp_path / "c.parquet")
    assert len(curves.select("depth", "learning_rate", "seed").unique()) == 12
    assert {"epoch", "train/loss", "validation/loss", "validation/accuracy"} <= set(curves.columns)


# -- delete


def test_delete_removes_what_is_named_and_nothing_else(command, copy):
    outcome = command("runs", "delete", "twin", "--yes", "--store", copy, "--json")
    assert outcome.document["deleted"] == ["twin"]
    names = command("runs", "list", "--store", copy, "--json").document["studies"]
    assert [study["name"] for study in names] == ["tiny"]


def test_delete_refuses_where_nobody_can_be_asked(fathom, copy):
    done = fathom("runs", "delete", "twin", "--store", copy)
    assert done.returncode == 2
    assert "--yes" in done.stderr
    assert (copy / "twin").is_dir()


def test_delete_with_an_unknown_name_deletes_nothing(command, copy):
    outcome = command("runs", "delete", "twin", "tiny", "nosuch", "--yes", "--store", copy)
    assert outcome.code == 2
    assert (copy / "twin").is_dir() and (copy / "tiny").is_dir()
    assert command("runs", "delete").code == 2


@pytest.mark.parametrize(("answer", "stays"), [(b"n\n", True), (b"\n", True), (b"y\n", False)])
def test_delete_asks_on_a_terminal(copy, answer, stays):
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "fathom", "runs", "delete", "twin", "--store", str(copy)],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    asked = b""
    while b"[y/N]" not in asked:
        asked += os.read(ours, 1000)
    os.write(ours, answer)
    assert process.wait(timeout=30) == 0
    os.close(ours)
    assert b"Delete twin for good?" in asked
    assert (copy / "twin").is_dir() is stays


# -- report


def test_a_report_is_named_after_its_study(command, tiny, tmp_path):
    outcome = command("report", *tiny.stored)
    assert outcome.out == "report written to tiny.html\n"
    page = (tmp_path / "tiny.html").read_text()
    assert page.startswith("<!doctype html>")
    assert command("report", *tiny.stored).code == 0, "a page of ours may be made anew"


def test_a_report_replaces_no_other_file(command, tiny, tmp_path):
    (tmp_path / "tiny.html").write_text("<p>mine</p>")
    outcome = command("report", *tiny.stored)
    assert outcome.code == 2
    assert "is there already" in outcome.err
    assert (tmp_path / "tiny.html").read_text() == "<p>mine</p>"
    assert command("report", *tiny.stored, "--force").code == 0
    assert "<p>mine</p>" not in (tmp_path / "tiny.html").read_text()


def test_a_report_tells_programs_where_it_is(command, tiny, tmp_path):
    outcome = command("report", *tiny.stored, "--out", "page.htm", "--json")
    assert outcome.document == {"study": "tiny", "report": str(tmp_path / "page.htm")}


def test_a_report_needs_an_ending_a_browser_knows(command, tiny):
    outcome = command("report", *tiny.stored, "--out", "page.txt")
    assert outcome.code == 2
    assert "--out" in outcome.err and "page.html" in outcome.err


# -- output that is cut off


def test_a_reader_that_goes_away_causes_no_noise(tiny):
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "fathom", "runs", "show", *map(str, tiny.stored), "--json"],
        stdout=writing,
        stderr=subprocess.PIPE,
    )
    os.close(writing)
    assert done.stderr == b""
    assert done.returncode != 0


def test_csv_of_runs_is_what_json_says(command, tiny, tmp_path):
    for ending in ("csv", "json"):
        command("runs", "export", *tiny.stored, "--to", ending)
    rows = list(csv.DictReader(io.StringIO((tmp_path / "tiny.csv").read_text())))
    data = json.loads((tmp_path / "tiny.json").read_text())
    assert [float(row["learning_rate"]) for row in rows] == [row["learning_rate"] for row in data]
