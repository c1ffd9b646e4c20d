"""`fathom predict`: new rows, with a study's own preprocessing."""

from __future__ import annotations

import csv
import io
import zipfile
from typing import Any

import numpy as np
import pytest
from cli.running import run_here
from sklearn.datasets import load_iris

import fathom as fathom_package
from fathom.cli.predicting import Predictions, _as_csv


@pytest.fixture
def flowers(tmp_path):
    """A file of new rows, as the study had them."""
    np.savez(tmp_path / "flowers.npz", x=load_iris(return_X_y=True)[0][::10])
    return "flowers.npz"


@pytest.fixture(scope="module")
def houses(tmp_path_factory):
    """A table with words and numbers, a study of it, and new rows without the target."""
    folder = tmp_path_factory.mktemp("houses")
    draw = np.random.default_rng(1)
    lines = ["size,kind,price"]
    for number, size in enumerate(draw.normal(size=80)):
        kind, extra = ("brick", 0) if number % 2 else ("wood", 5)
        lines.append(f"{size:.3f},{kind},{100 + 30 * size + extra:.2f}")
    (folder / "houses.csv").write_text("\n".join(lines))
    (folder / "new.csv").write_text("kind,size\nwood,0.0\nbrick,1.5\n")
    outcome = run_here(
        *("study", folder / "houses.csv", "--target", "price", "--depths", "0", "--seeds", "1"),
        *("--epochs", "30", "--learning-rates", "3e-2", "--store", folder / "kept"),
        *("--name", "houses", "--no-baselines"),
    )
    assert outcome.code == 0, outcome.err
    return folder


def rows_of(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_classes_come_with_their_probabilities(command, tiny, flowers):
    outcome = command("predict", *tiny.stored[:1], flowers, *tiny.stored[1:])
    assert outcome.code == 0, outcome.err
    rows = rows_of(outcome.out)
    classes = ["setosa", "versicolor", "virginica"]
    assert list(rows[0]) == ["prediction", *[f"probability {name}" for name in classes]]
    assert len(rows) == 15
    for row in rows:
        shares = [float(row[f"probability {name}"]) for name in classes]
        assert np.isclose(sum(shares), 1, atol=1e-5)
        assert row["prediction"] == classes[int(np.argmax(shares))]


def test_predictions_equal_those_in_python(command, tiny, flowers, tmp_path):
    outcome = command("predict", "tiny", flowers, "--store", tiny.store, "--json")
    study = fathom_package.open_study("tiny", store=tiny.store)
    assert outcome.document["predictions"] == study.predict(tmp_path / flowers).tolist()
    assert outcome.document["classes"] == ["setosa", "versicolor", "virginica"]
    assert outcome.document["study"] == "tiny"


def test_values_come_in_the_units_of_the_target(command, houses):
    outcome = command("predict", "houses", houses / "new.csv", "--store", houses / "kept")
    assert outcome.code == 0, outcome.err
    small, large = (float(row["prediction"]) for row in rows_of(outcome.out))
    assert 80 < small < 130 < large < 180


def test_a_missing_column_is_named(command, houses, tmp_path):
    (tmp_path / "new.csv").write_text("kind\nwood\nbrick\n")
    outcome = command("predict", "houses", "new.csv", "--store", houses / "kept")
    assert outcome.code == 2
    assert "size" in outcome.err


def test_predictions_go_to_a_file_if_asked(command, tiny, flowers, tmp_path):
    outcome = command("predict", "tiny", flowers, "--store", tiny.store, "--out", "told.csv")
    assert outcome.out == "predictions written to told.csv\n"
    assert len(rows_of((tmp_path / "told.csv").read_text())) == 15


def test_a_file_that_is_no_csv_is_refused_before_anything_runs(command, tiny, flowers):
    outcome = command("predict", "tiny", flowers, "--store", tiny.store, "--out", "told.xlsx")
    assert outcome.code == 2
    assert "use --out told.csv" in outcome.err


def test_a_bare_model_gives_its_raw_outputs(command, tiny, tmp_path):
    x = np.random.default_rng(0).normal(size=(4, 4)).astype("float32")
    np.savez(tmp_path / "rows.npz", x=x)
    np.savetxt(tmp_path / "rows.csv", x, delimiter=",", header="a,b,c,d", comments="")
    from_arrays = command("predict", tiny.model, "rows.npz", "--json")
    from_table = command("predict", tiny.model, "rows.csv", "--json")
    from fathom.models import load_model

    model: Any = load_model(tiny.model)
    expected = model.predict(x, verbose=0)
    assert np.allclose(from_arrays.document["outputs"], expected, atol=1e-6)
    assert np.allclose(from_table.document["outputs"], expected, atol=1e-5)
    assert list(rows_of(command("predict", tiny.model, "rows.csv").out)[0]) == [
        "output 1",
        "output 2",
        "output 3",
    ]


def test_rows_of_another_shape_are_refused(command, tiny, tmp_path):
    np.savez(tmp_path / "rows.npz", x=np.zeros((4, 5)))
    outcome = command("predict", tiny.model, "rows.npz")
    assert outcome.code == 2
    assert "takes 4 numbers per row. Received: 5 numbers" in outcome.err


@pytest.mark.parametrize("content", [b"", b"not a zip file"])
def test_a_file_that_is_no_model_is_refused(command, tmp_path, content):
    (tmp_path / "model.keras").write_bytes(content)
    np.savez(tmp_path / "rows.npz", x=np.zeros((4, 5)))
    outcome = command("predict", "model.keras", "rows.npz")
    assert outcome.code == 2
    assert "model.keras" in outcome.err


def test_an_unknown_study_lists_those_there_are(command, tiny):
    outcome = command("predict", "nosuch", "rows.npz", "--store", tiny.store)
    assert outcome.code == 2
    assert "There are: tiny" in outcome.err


def test_no_spreadsheet_takes_a_class_for_a_formula():
    predictions = Predictions(columns={"prediction": ["=1+1", "-3", "@x", "fine"]}, document={})
    assert _as_csv(predictions).splitlines() == ["prediction", "'=1+1", "-3", "'@x", "fine"]


def test_the_stored_preprocessing_is_no_pickle(tiny):
    path = tiny.store / "tiny" / "preprocessing.skops"
    assert path.is_file()
    data = path.read_bytes()
    assert zipfile.is_zipfile(path) or data[:1] in b"{["
