"""New rows are treated as the training rows were, also after being stored."""

from __future__ import annotations

import base64
import io
import json
import zipfile

import numpy as np
import pandas as pd
import polars as pl
import pytest

from fathom.data import Preprocessing, load, read_numbers, read_rows
from fathom.errors import DataError

COLUMNS = {
    "age": lambda k: "" if k % 9 == 0 else k % 50,
    "city": lambda k: ["Oslo", "Rome", "", "Köln"][k % 4],
    "code": lambda k: f"{k % 6:03d}",
    "since": lambda k: f"{k % 28 + 1:02d}.{k % 12 + 1:02d}.2023",
    "member": lambda k: ["yes", "no"][k // 3 % 2],
    "id": lambda k: k,
}


@pytest.fixture
def people(table):
    """A CSV with every kind of column and a target of two classes."""
    return table(rows=120, **COLUMNS, y=lambda k: ["no", "yes"][k // 2 % 2])


@pytest.mark.parametrize("stored", [False, True])
def test_the_same_file_gives_the_same_inputs_and_target(people, stored):
    data = load(people, target="y")
    preprocessing = data.preprocessing
    if stored:
        preprocessing = Preprocessing.from_bytes(preprocessing.to_bytes())

    rows = read_rows(people, preprocessing)

    assert len(rows) == 120
    assert rows.y is not None
    for split in data.splits.values():
        assert np.array_equal(rows.x[split.rows], split.x)
        assert np.array_equal(rows.y[split.rows], split.y)


@pytest.mark.parametrize("source", ["iris", "digits", "diabetes", "spiral"])
def test_arrays_come_back_through_bytes(source):
    data = load(source)
    again = Preprocessing.from_bytes(data.preprocessing.to_bytes())

    assert again == data.preprocessing


def test_stored_preprocessing_is_the_same_bytes_each_time():
    first, second = (load("iris").preprocessing.to_bytes() for _ in range(2))

    assert first == second


def test_the_target_may_be_missing_in_new_rows(people, table):
    data = load(people, target="y")
    new = table(rows=12, file_name="new.csv", **COLUMNS)

    rows = read_rows(new, data.preprocessing)

    assert rows.y is None
    assert rows.x.shape == (12, *data.input_shape)


def test_missing_columns_are_named(people, table):
    data = load(people, target="y")
    without = {name: cell for name, cell in COLUMNS.items() if name not in ("city", "age")}
    new = table(**without, City=lambda k: "Oslo", file_name="new.csv")

    with pytest.raises(DataError, match=r"Received: no `age`, `city`"):
        read_rows(new, data.preprocessing)


def test_a_column_under_another_name_is_suggested(people, table):
    data = load(people, target="y")
    renamed = {("City" if name == "city" else name): cell for name, cell in COLUMNS.items()}

    with pytest.raises(DataError, match="is `City` the column `city`"):
        read_rows(table(**renamed, file_name="new.csv"), data.preprocessing)


def test_columns_left_out_in_training_need_not_be_there_and_new_ones_are_named(people, table):
    data = load(people, target="y")
    fewer = {name: cell for name, cell in COLUMNS.items() if name != "id"}
    rows = read_rows(
        table(**fewer, extra=lambda k: k, more=lambda k: k, file_name="new.csv"), data.preprocessing
    )

    assert "columns the model was not trained on, ignored: `extra`, `more`" in rows.notices


def test_columns_may_stand_in_another_order(people, table):
    data = load(people, target="y")
    turned = dict(reversed(COLUMNS.items()))
    rows = read_rows(table(rows=120, **turned, file_name="new.csv"), data.preprocessing)

    assert np.array_equal(rows.x[data.train.rows], data.train.x)


@pytest.mark.parametrize(
    ("column", "cell", "message"),
    [
        ("age", lambda k: "old", r"Column `age` is numeric. Received: 'old' in 40 rows"),
        ("age", lambda k: "inf", r"infinity in `age` in 40 rows"),
        ("since", lambda k: "soon", r"`since` is dates written as %d.%m.%Y. Received: 'soon'"),
        ("member", lambda k: "maybe", r"`member` is boolean \(yes/no\). Received: 'maybe'"),
    ],
)
def test_cells_of_another_kind_are_refused_by_name(people, table, column, cell, message):
    data = load(people, target="y")
    new = table(**{**COLUMNS, column: cell}, file_name="new.csv")

    with pytest.raises(DataError, match=message):
        read_rows(new, data.preprocessing)


def test_a_dataframe_with_types_is_read_as_the_csv_was(people):
    data = load(people, target="y")
    frame = pl.read_csv(people, schema_overrides={"code": pl.String}).with_columns(
        pl.col("since").str.to_date("%d.%m.%Y"), pl.col("member") == "yes"
    )

    rows = data.preprocessing.transform(frame)

    assert np.array_equal(rows.x[data.train.rows], data.train.x)


def test_an_unknown_class_or_missing_target_in_new_rows_only_loses_the_target(people, table):
    data = load(people, target="y")
    new = table(**COLUMNS, y=lambda k: "perhaps", file_name="new.csv")

    rows = read_rows(new, data.preprocessing)

    assert rows.y is None
    assert any("the target is not used: The classes of" in notice for notice in rows.notices)


def test_arrays_take_arrays_archives_and_tables_by_name(archive, tmp_path):
    data = load("iris")
    raw = np.array([[5.1, 3.5, 1.4, 0.2], [6.0, 3.0, 5.0, 2.0]])
    frame = pd.DataFrame(raw, columns=list(data.feature_names))
    frame.to_csv(tmp_path / "new.csv", index=False)

    from_array = data.preprocessing.transform(raw)
    scale = np.array(data.preprocessing.inputs.scale)  # pyright: ignore[reportAttributeAccessIssue]
    mean = np.array(data.preprocessing.inputs.mean)  # pyright: ignore[reportAttributeAccessIssue]
    assert np.allclose(from_array.x, (raw - mean) / scale, atol=1e-6)
    for source in (archive(x=raw), frame, tmp_path / "new.csv"):
        assert np.array_equal(read_rows(source, data.preprocessing).x, from_array.x)


def test_rows_of_another_shape_are_refused():
    with pytest.raises(DataError, match=r"shape of the training rows, \(4,\). Received: \(3,\)"):
        load("iris").preprocessing.transform(np.zeros((2, 3)))


def test_pixels_in_a_row_are_an_image():
    data = load("digits")

    assert data.preprocessing.transform(np.full((2, 64), 16)).x.shape == (2, 8, 8, 1)


def test_new_rows_with_nan_are_refused():
    with pytest.raises(DataError, match=r"finite numbers\. Received: NaN or infinity in 1 column"):
        load("iris").preprocessing.transform(np.array([[1.0, np.nan, 1.0, 1.0]]))


@pytest.mark.parametrize(
    ("predictions", "names"),
    [
        (np.array([2, 0]), ["virginica", "setosa"]),
        (np.array([[0.1, 0.2, 0.7], [0.8, 0.1, 0.1]]), ["virginica", "setosa"]),
        (np.array([[2], [0]]), ["virginica", "setosa"]),
    ],
)
def test_predictions_become_class_names(predictions, names):
    assert load("iris").preprocessing.labels(predictions).tolist() == names


@pytest.mark.parametrize("shape", [(3,), (3, 1)])
def test_one_probability_says_which_of_two_classes(shape):
    predictions = np.array([0.2, 0.9, 0.5]).reshape(shape)

    names = load("breast-cancer").preprocessing.labels(predictions)

    assert names.tolist() == ["malignant", "benign", "malignant"]


@pytest.mark.parametrize(
    ("source", "predictions", "message"),
    [
        ("iris", np.zeros((2, 4)), "3 scores per row. Received: float64 of shape"),
        ("iris", np.array([0.5]), "one class per row"),
        ("iris", np.array([3]), "class numbers 0 to 2"),
        ("diabetes", np.zeros((2, 2)), "one value per row"),
    ],
)
def test_predictions_that_do_not_fit_the_target_are_refused(source, predictions, message):
    with pytest.raises(DataError, match=message):
        load(source).preprocessing.labels(predictions)


def tampered(data: bytes, **changes: object) -> bytes:
    return json.dumps({**json.loads(data), **changes}).encode()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda data: b"", "Received: bytes that are not JSON"),
        (lambda data: b"\x80\x04pickle", "Received: bytes that are not JSON"),
        (lambda data: b"[" * 10**5, "Received: bytes that are not JSON"),
        (lambda data: b"[]", "Received: a document of another kind"),
        (lambda data: data[: len(data) // 2], "Received: bytes that are not JSON"),
        (lambda data: tampered(data, version=99), "version 99, this Fathom reads 1"),
        (lambda data: tampered(data, kind="pickle"), "must be what Fathom wrote"),
        (lambda data: tampered(data, inputs={}), "must be what Fathom wrote"),
        (lambda data: tampered(data, transformer=None), "a transformer that cannot be read"),
        (lambda data: tampered(data, transformer="AAAA"), "a transformer that cannot be read"),
        (lambda data: data + b" " * 2**27, "must not take more than 64.0 MiB"),
    ],
)
def test_bytes_that_are_no_preprocessing_are_refused(people, change, message):
    data = load(people, target="y").preprocessing.to_bytes()

    with pytest.raises(DataError, match=message):
        Preprocessing.from_bytes(change(data))


def repacked(data: bytes, change) -> bytes:
    """Return stored preprocessing whose transformer's schema went through `change`."""
    packed = base64.b64decode(json.loads(data)["transformer"])
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(packed)) as old, zipfile.ZipFile(buffer, "w") as new:
        for entry in old.infolist():
            content = old.read(entry)
            new.writestr(entry.filename, change(content) if "schema" in entry.filename else content)
    return tampered(data, transformer=base64.b64encode(buffer.getvalue()).decode())


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("SimpleImputer", "KNNImputer", "sklearn.impute._base.KNNImputer"),
        ("sklearn.pipeline", "os", "os.Pipeline"),
        ("StandardScaler", "FunctionTransformer", "FunctionTransformer"),
        ("ObjectNode", "FunctionNode", "FunctionNode"),
        ("ObjectNode", "OperatorFuncNode", "OperatorFuncNode"),
    ],
)
def test_a_type_that_is_not_trusted_is_refused_by_name(people, old, new, named):
    data = load(people, target="y").preprocessing.to_bytes()
    forged = repacked(data, lambda schema: schema.replace(old.encode(), new.encode()))

    with pytest.raises(DataError, match=f"(?s)only hold scikit-learn's parts.*{named}"):
        Preprocessing.from_bytes(forged)


def test_a_bomb_in_a_stored_transformer_is_refused(people):
    data = load(people, target="y").preprocessing.to_bytes()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("schema.json", b" " * 2**27)
    bomb = tampered(data, transformer=base64.b64encode(buffer.getvalue()).decode())

    with pytest.raises(
        DataError, match=r"must not take more than 64\.0 MiB\. Received: 128\.0 MiB"
    ):
        Preprocessing.from_bytes(bomb)


def test_nothing_of_the_rows_is_in_the_stored_bytes(people):
    data = load(people, target="y")
    few = data.preprocessing.to_bytes()

    assert b"pickle" not in few
    assert len(few) < 150_000


def test_numbers_are_read_as_they_stand(archive, table):
    pixels = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)

    from_archive = read_numbers(archive(x=pixels))
    from_table = read_numbers(table(rows=3, a=lambda k: k, b=lambda k: k / 2))

    assert np.array_equal(from_archive, pixels)
    assert from_archive.dtype == np.uint8
    assert from_table.tolist() == [[0, 0], [1, 0.5], [2, 1]]


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        (lambda k: "red", r"must be numbers\. Received: other values in `b`"),
        (lambda k: "" if k == 1 else k, r"NaN or infinity in 1 column \(2\) and 1 row \(row 2\)"),
    ],
)
def test_rows_that_are_not_numbers_are_refused(table, cell, message):
    with pytest.raises(DataError, match=message):
        read_numbers(table(rows=3, a=lambda k: k, b=cell))
