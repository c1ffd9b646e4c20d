"""What cannot be studied: one message that says what to do, exit code 2, nothing written."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

LABELS = ["left", "right"] * 20
FRACTIONS = [f"{number / 7:.3f}" for number in range(40)]


def refuse(command, tmp_path, *arguments):
    """Run a study that must be refused; return its message."""
    before = sorted(tmp_path.rglob("*"))
    outcome = command("study", *arguments)
    assert outcome.code == 2, outcome.err
    assert outcome.out == ""
    assert "Traceback" not in outcome.err
    assert outcome.err.count("error: ") == 1
    assert sorted(tmp_path.rglob("*")) == before, "something was written"
    return outcome.err


def test_a_missing_file_is_named_with_its_neighbour(command, tmp_path, table):
    table("side", LABELS, name="prices.csv")
    err = refuse(command, tmp_path, "price.csv", "--target", "side")
    assert "price.csv" in err and "did you mean 'prices.csv'?" in err


def test_a_wrong_target_is_answered_with_the_right_one(command, tmp_path, table):
    err = refuse(command, tmp_path, table("side", LABELS), "--target", "sid")
    assert "side" in err and "did you mean" in err


def test_a_table_without_target_lists_its_columns(command, tmp_path, table):
    err = refuse(command, tmp_path, table("side", LABELS))
    assert "width" in err and "height" in err and "side" in err


@pytest.mark.parametrize("content", [b"", b"\n\n", b"width,height,side\n"])
def test_an_empty_file_is_refused(command, tmp_path, content):
    (tmp_path / "data.csv").write_bytes(content)
    refuse(command, tmp_path, "data.csv", "--target", "side")


def test_one_row_is_too_few(command, tmp_path, table):
    err = refuse(command, tmp_path, table("side", ["left"]), "--target", "side")
    assert "row" in err


def test_one_class_is_no_classification(command, tmp_path, table):
    err = refuse(command, tmp_path, table("side", ["left"] * 40), "--target", "side")
    assert "left" in err


def test_a_class_with_one_row_is_named(command, tmp_path, table):
    err = refuse(command, tmp_path, table("side", [*LABELS, "middle"]), "--target", "side")
    assert "middle" in err


def test_a_constant_target_is_refused(command, tmp_path, table):
    err = refuse(command, tmp_path, table("price", ["2.5"] * 40), "--target", "price")
    assert "price" in err


@pytest.mark.parametrize("value", ["NaN", "", "inf", "-Infinity"])
def test_a_target_that_is_not_finite_is_refused_with_its_rows(command, tmp_path, table, value):
    values = [*FRACTIONS[:6], value, *FRACTIONS[7:]]
    err = refuse(command, tmp_path, table("price", values), "--target", "price")
    assert "price" in err and "7" in err


def test_text_in_a_regression_target_is_refused(command, tmp_path, table):
    values = [*FRACTIONS[:-1], "cheap"]
    path = table("price", values)
    err = refuse(command, tmp_path, path, "--target", "price", "--task", "regression")
    assert "cheap" in err


def test_columns_of_one_name_are_refused(command, tmp_path):
    lines = "\n".join(f"{row},{row * 2},{row % 2}" for row in range(40))
    (tmp_path / "data.csv").write_text(f"width,width,side\n{lines}\n")
    err = refuse(command, tmp_path, "data.csv", "--target", "side")
    assert "width" in err


def test_a_table_of_empty_columns_is_refused(command, tmp_path):
    lines = "\n".join(f",,{row % 2}" for row in range(40))
    (tmp_path / "data.csv").write_text(f"width,height,side\n{lines}\n")
    err = refuse(command, tmp_path, "data.csv", "--target", "side")
    assert "width" in err and "height" in err


def test_bytes_that_are_no_text_are_refused(command, tmp_path):
    (tmp_path / "data.csv").write_bytes(bytes(range(256)) * 20)
    refuse(command, tmp_path, "data.csv", "--target", "side")


def test_an_npz_of_objects_is_refused(command, tmp_path):
    objects = np.empty(40, dtype=object)
    np.savez(tmp_path / "data.npz", x=objects, y=np.arange(40) % 2)
    err = refuse(command, tmp_path, "data.npz")
    assert "objects" in err


def test_an_npz_whose_shapes_do_not_match_is_refused(command, tmp_path):
    np.savez(tmp_path / "data.npz", x=np.zeros((40, 3)), y=np.arange(39) % 2)
    err = refuse(command, tmp_path, "data.npz")
    assert "40" in err and "39" in err


def test_a_corrupt_image_is_named(command, tmp_path):
    for folder in ("cats", "dogs"):
        (tmp_path / "pictures" / folder).mkdir(parents=True)
        for place in range(10):
            image = Image.new("L", (8, 8), color=place * 20)
            image.save(tmp_path / "pictures" / folder / f"{place}.png")
    broken = tmp_path / "pictures" / "cats" / "3.png"
    broken.write_bytes(broken.read_bytes()[:40])
    err = refuse(command, tmp_path, "pictures")
    assert "3.png" in err


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--depths", "-1"], ["depths", "at least 0", "-1"]),
        (["--depths", "0-2,1"], ["depths", "repeat"]),
        (["--depths", "deep"], ["--depths", "deep", "0-8"]),
        (["--widths", "0"], ["widths", "at least 1"]),
        (["--learning-rates", "0"], ["learning_rates", "greater than 0"]),
        (["--learning-rates", "1e-3,nan"], ["learning_rates", "greater than 0"]),
        (["--epochs", "0"], ["epochs", "at least 1"]),
        (["--batch-size", "0"], ["batch_size", "at least 1"]),
        (["--seeds", "0"], ["seeds", "at least 1"]),
        (["--seed", "-1"], ["seed", "at least 0"]),
        (["--patience", "-1"], ["patience", "at least 1"]),
        (["--dropout", "1"], ["dropout", "[0, 1)"]),
        (["--l2", "-1"], ["l2", "at least 0"]),
        (["--task", "clasification"], ["task", "did you mean 'classification'?"]),
        (["--balance", "even"], ["balance", "stratified, balanced, bootstrap"]),
        (["--normalization", "bach"], ["normalization", "did you mean 'batch'?"]),
        (["--allocation", "half"], ["allocation", "auto, full, halving"]),
        (["--decay", "liner"], ["auto, none, linear, cosine", "did you mean 'linear'?"]),
        (["--minutes", "0"], ["minutes", "greater than 0"]),
        (["--test-share", "1.5"], ["test_share"]),
        (["--family", "mpl"], ["family", "mlp, residual", "did you mean 'mlp'?"]),
        (["--family", "none.py:net"], ["none.py"]),
        (["--activation", "rellu"], ["activation", "sigmoid", "did you mean 'relu'?"]),
        (["--initializer", "he_norml"], ["initializer", "did you mean 'he_normal'?"]),
        (["--optimizer", "adm"], ["optimizer", "sgd", "did you mean 'adam'?"]),
    ],
    ids=lambda value: " ".join(value),
)
def test_settings_out_of_range_are_refused(command, tmp_path, options, words):
    err = refuse(command, tmp_path, "iris", *options)
    for word in words:
        assert word in err


def test_a_refused_setting_is_told_before_the_data_are_read(command, tmp_path):
    err = refuse(command, tmp_path, "nosuch.csv", "--epochs", "0")
    assert "epochs" in err and "nosuch" not in err


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--report", "page.pdf"], ["--report", ".html", "use --report page.html"]),
        (["--save", "best.h5"], ["--save", ".keras", "use --save best.keras"]),
        (["--report", "there/page.html"], ["there", "mkdir"]),
        (["--save", "there/best.keras"], ["there", "mkdir"]),
        (["--report", "data.html"], ["data.html", "no page of Fathom's"]),
        (["--store", "notes.txt"], ["notes.txt", "must be a folder"]),
        (["--store", "there/is/none"], ["none", "mkdir"]),
    ],
    ids=lambda value: " ".join(value),
)
def test_places_that_cannot_be_written_are_refused(command, tmp_path, options, words):
    (tmp_path / "data.html").write_text("<p>my own page</p>")
    (tmp_path / "notes.txt").write_text("mine")
    err = refuse(command, tmp_path, "iris", *options)
    for word in words:
        assert word in err


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written_is_refused(command, tmp_path):
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o555)
    assert "locked" in refuse(command, tmp_path, "iris", "--store", locked / "kept")
    assert "locked" in refuse(command, tmp_path, "iris", "--report", locked / "page.html")


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="a folder nobody may write")
def test_a_store_on_a_disk_that_takes_nothing_is_refused(command, tmp_path):
    err = refuse(command, tmp_path, "iris", "--store", "/proc/self/kept")
    assert "/proc/self" in err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nosuch.csv", "--target", "x"], "nosuch.csv"),
        (["iris", "--family", "mpl"], "did you mean 'mlp'?"),
    ],
)
def test_a_real_process_refuses_in_the_same_way(fathom, tmp_path, arguments, words):
    done = fathom("study", *arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("error: ") and words in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []
