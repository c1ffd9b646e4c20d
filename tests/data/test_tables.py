"""Columns become features by decisions that are told, fitted on the training rows alone."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from fathom.data import Dataset, load
from fathom.errors import DataError


def decision(data: Dataset, name: str) -> str:
    return next(column.decision for column in data.columns if column.name == name)


def feature(data: Dataset, name: str) -> np.ndarray:
    return data.train.x[:, data.feature_names.index(name)]


def test_columns_stand_in_the_order_of_the_file_target_and_split_among_them(table):
    parts = ["train", "train", "val", "test"]
    path = table(
        a=lambda k: k, y=lambda k: k // 4 % 2, split=lambda k: parts[k % 4], b=lambda k: k % 7
    )
    data = load(path, target="y")

    assert [column.name for column in data.columns] == ["a", "y", "split", "b"]
    assert [column.kind for column in data.columns] == ["numeric", "target", "split", "numeric"]
    assert [column.used for column in data.columns] == [True, False, False, True]


def test_numbers_are_standardised_on_the_training_rows(table):
    data = load(table(a=lambda k: k**2, y=lambda k: k % 2), target="y")

    truth = np.arange(40.0) ** 2
    train = truth[data.train.rows]
    for split in data.splits.values():
        assert np.allclose(
            split.x[:, 0], (truth[split.rows] - train.mean()) / train.std(), atol=1e-5
        )


def test_missing_numbers_take_the_training_median_and_are_marked(table):
    data = load(table(a=lambda k: "" if k % 5 == 0 else k, y=lambda k: k % 2), target="y")

    missing = data.train.rows % 5 == 0
    median = np.median(data.train.rows[~missing])
    filled = np.where(missing, median, data.train.rows)
    assert data.feature_names == ("a", "a is missing")
    assert np.allclose(feature(data, "a"), (filled - filled.mean()) / filled.std(), atol=1e-5)
    assert len(set(feature(data, "a is missing")[missing])) == 1
    assert f"{missing.sum()} missing values filled with the median" in decision(data, "a")


def test_categories_are_one_hot_with_missing_one_of_them(table):
    data = load(table(c=lambda k: ["red", "green", ""][k % 3], y=lambda k: k % 2), target="y")

    assert data.feature_names == ("c = green", "c = red", "c = (missing)")
    expected = np.eye(3)[np.array([1, 0, 2])[data.train.rows % 3]]
    assert np.array_equal(data.train.x, expected)
    assert decision(data, "c") == "one-hot, 2 categories and one for missing values"


def test_rare_categories_are_grouped_and_unknown_ones_join_them(table):
    colours = lambda k: "red" if k % 2 else "blue" if k % 8 else f"rare {k}"  # noqa: E731
    data = load(table(rows=200, c=colours, y=lambda k: k % 2), target="y")

    kept = [name for name in data.feature_names if "rare" not in name]
    assert kept == ["c = blue", "c = red"]
    assert data.feature_names[-1] == "c = (rare)"
    assert "rare ones grouped" in decision(data, "c")
    new = data.preprocessing.transform(pl.DataFrame({"c": ["never seen", "red"]}))
    assert new.x.tolist() == [[0, 0, 1], [0, 1, 0]]


def test_an_unknown_category_without_a_rare_group_is_all_zeros(table):
    data = load(table(c=lambda k: ["a", "b"][k % 2], y=lambda k: k // 2 % 2), target="y")

    assert data.preprocessing.transform(pl.DataFrame({"c": ["z"]})).x.tolist() == [[0, 0]]


def test_many_categories_keep_the_most_frequent_ones(table):
    data = load(table(rows=3000, c=lambda k: f"v{k % 100}", y=lambda k: k % 2), target="y")

    assert len(data.feature_names) == 50
    assert decision(data, "c").startswith("one-hot, 100 categories, 51 rare ones grouped")


def test_booleans_are_zero_and_one_standardised(table):
    data = load(table(b=lambda k: ["no", "yes"][k % 2], y=lambda k: k // 2 % 2), target="y")

    assert decision(data, "b") == "yes = 1, no = 0, standardised"
    assert np.allclose(data.train.x[:, 0] > 0, data.train.rows % 2 == 1)


def test_dates_are_taken_apart_into_what_varies(table):
    data = load(
        table(
            d=lambda k: f"2024-{k % 12 + 1:02d}-{k % 28 + 1:02d} {k % 24:02d}:00", y=lambda k: k % 2
        ),
        target="y",
    )

    parts = ("month", "day of week", "day of year", "hour", "time")
    assert data.feature_names == tuple(f"d: {part}" for part in parts)
    months = data.train.rows % 12 + 1
    assert np.allclose(
        feature(data, "d: month"), (months - months.mean()) / months.std(), atol=1e-5
    )


@pytest.mark.parametrize(
    ("name", "cell", "why"),
    [
        ("c", lambda k: 7, "constant, 7 in every training row"),
        ("c", lambda k: "same", "constant, 'same' in every training row"),
        ("c", lambda k: "", "every value is missing"),
        ("id", lambda k: k, "looks like an identifier (every value different)"),
        ("customerId", lambda k: 1000 + k, "looks like an identifier"),
        ("Unnamed: 0", lambda k: k, "looks like an identifier"),
        ("name", lambda k: f"person {k}", "looks like an identifier"),
        ("text", lambda k: f"words {k % 35}", "looks like free text"),
    ],
)
def test_columns_that_say_nothing_are_left_out_and_named(table, name, cell, why):
    data = load(table(**{name: cell}, a=lambda k: k % 9, y=lambda k: k % 2), target="y")

    assert data.feature_names == ("a",)
    assert f"left out: {why}" in decision(data, name)
    assert any(notice.startswith(f"columns left out: `{name}` ({why}") for notice in data.notices)


@pytest.mark.parametrize(
    ("name", "cell"),
    [
        ("id", lambda k: k + 0.5),
        ("amount", lambda k: k),
        ("paid", lambda k: k),
        ("id", lambda k: k % 9),
    ],
)
def test_columns_of_numbers_that_are_no_identifiers_are_kept(table, name, cell):
    data = load(table(**{name: cell}, y=lambda k: k % 2), target="y")

    assert data.feature_names == (name,)


def test_nothing_of_the_validation_and_test_rows_is_in_the_preprocessing(table):
    columns = {
        "a": lambda k: k * 3 % 17,
        "b": lambda k: "" if k % 7 == 0 else k % 5,
        "c": lambda k: ["x", "y", "z"][k % 3],
        "d": lambda k: f"2024-{k % 12 + 1:02d}-01",
        "y": lambda k: k * 1.5,
    }
    plain = load(table(rows=100, **columns), target="y")
    seen = set(plain.train.rows.tolist())

    def outside(cell, other):
        return lambda k: cell(k) if k in seen else other

    changed = {
        "a": outside(columns["a"], 1e6),
        "b": outside(columns["b"], -1e6),
        "c": outside(columns["c"], "never"),
        "d": outside(columns["d"], "1999-12-31"),
        "y": outside(columns["y"], 12345.5),
    }
    other = load(table(rows=100, file_name="other.csv", **changed), target="y")

    assert np.array_equal(plain.train.rows, other.train.rows)
    assert np.array_equal(plain.train.x, other.train.x)
    assert np.array_equal(plain.train.y, other.train.y)
    assert plain.feature_names == other.feature_names
    assert plain.preprocessing.target == other.preprocessing.target
    same_rows = pl.DataFrame({"a": [1], "b": [None], "c": ["x"], "d": ["2024-05-01"]})
    first, second = (data.preprocessing.transform(same_rows).x for data in (plain, other))
    assert np.array_equal(first, second)
    assert not np.array_equal(plain.test.x, other.test.x)


def test_the_files_own_split_is_used_and_validation_comes_out_of_train(table):
    data = load(
        table(a=lambda k: k % 9, y=lambda k: k % 2, split=lambda k: "test" if k >= 30 else "train"),
        target="y",
    )

    assert sorted(data.test.rows) == list(range(30, 40))
    assert (len(data.train), len(data.validation)) == (24, 6)
    assert data.split_rule == (
        "split: by column `split`; 20% for validation taken from the training rows, "
        "stratified, seed 0"
    )


def test_another_column_can_say_the_split(table):
    part = ["Train", "TRAINING", "valid", "test"]
    data = load(
        table(a=lambda k: k % 9, y=lambda k: k // 4 % 2, fold=lambda k: part[k % 4]),
        target="y",
        split="fold",
    )

    assert set(data.test.rows % 4) == {3}
    assert set(data.validation.rows % 4) == {2}
    assert data.split_rule == "split: by column `fold`"


def test_a_list_can_say_the_split(table):
    path = table(a=lambda k: k % 9, y=lambda k: k % 2)
    data = load(path, target="y", split=["train"] * 20 + ["validation"] * 10 + ["test"] * 10)

    assert sorted(data.test.rows) == list(range(30, 40))
    assert data.split_rule == "split: by `split`"


def test_a_column_called_split_that_says_something_else_is_a_feature(table):
    data = load(table(split=lambda k: ["banana", "half"][k % 2], y=lambda k: k % 2), target="y")

    assert data.feature_names == ("split = banana", "split = half")


def test_a_megabyte_name_and_a_hostile_name_survive_in_the_columns(write):
    long, hostile = "n" * 2**20, "</script><img onerror=alert(1)>"
    rows = "".join(f"{k % 9},{k % 5},{k % 2}\n" for k in range(40))
    data = load(write(f"{long},{hostile},y\n{rows}"), target="y")

    assert [column.name for column in data.columns] == [long, hostile, "y"]
    assert data.feature_names == (long, hostile)


def test_two_thousand_columns_load(write):
    names = [f"c{k}" for k in range(2000)]
    cells = np.random.default_rng(0).normal(size=(60, 2000)).astype(str)
    lines = [
        ",".join([*names, "y"]),
        *(",".join([*row, str(k % 2)]) for k, row in enumerate(cells)),
    ]
    data = load(write("\n".join(lines)), target="y")

    assert data.input_shape == (2000,)
    assert np.isfinite(data.test.x).all()


def test_parquet_keeps_its_types(tmp_path):
    frame = pl.DataFrame(
        {
            "number": [float(k % 11) for k in range(40)],
            "code": [f"{k % 4:03d}" for k in range(40)],
            "flag": [k % 3 == 0 for k in range(40)],
            "day": pl.datetime_range(
                pl.datetime(2024, 1, 1), pl.datetime(2024, 2, 9), "1d", eager=True
            ),
            "nested": [[k] for k in range(40)],
            "y": ["a", "b"] * 20,
        }
    )
    frame.write_parquet(tmp_path / "data.parquet")
    data = load(tmp_path / "data.parquet", target="y")

    kinds = {column.name: column.kind for column in data.columns}
    assert kinds == {
        "number": "numeric",
        "code": "categorical",
        "flag": "boolean",
        "day": "date",
        "nested": "nested",
        "y": "target",
    }
    assert "code = 001" in data.feature_names
    assert decision(data, "nested") == "left out: values that are neither numbers, texts nor dates"


def test_a_cut_off_parquet_file_is_refused(tmp_path):
    pl.DataFrame({"a": list(range(50)), "y": [0, 1] * 25}).write_parquet(tmp_path / "a.parquet")
    whole = (tmp_path / "a.parquet").read_bytes()

    for content in (whole[:-20], whole[20:], b"PAR1", whole[:60] + b"\xff" * 20 + whole[80:]):
        (tmp_path / "b.parquet").write_bytes(content)
        with pytest.raises(DataError, match=r"A \.parquet file must be complete\. Received"):
            load(tmp_path / "b.parquet", target="y")


def test_a_parquet_file_that_announces_too_much_is_refused_unread(tmp_path, monkeypatch):
    rows = 3_000_000
    pl.select(pl.repeat(1, rows, dtype=pl.Int8).alias("y")).with_columns(
        *(pl.lit(0, dtype=pl.Int8).alias(f"c{k}") for k in range(8))
    ).write_parquet(tmp_path / "bomb.parquet", compression="zstd")
    monkeypatch.setattr("fathom.data.tables.parquet.ARRAY_BYTES", 2**27)
    monkeypatch.setattr(pl, "read_parquet", None)

    assert (tmp_path / "bomb.parquet").stat().st_size < 2**17
    with pytest.raises(DataError, match=r"more than 128\.0 MiB\. Received: 206\.0 MiB"):
        load(tmp_path / "bomb.parquet", target="y")


@pytest.mark.parametrize(
    ("columns", "options", "message"),
    [
        (
            {},
            {},
            "needs `target`, the column to predict. Received: none; the columns are `age`, `y`",
        ),
        ({}, {"target": "agee"}, "must be a column of the table. Received: target='agee'"),
        ({}, {"target": "agee"}, "did you mean 'age'?"),
        ({}, {"target": "y", "split": "agee"}, "`split` must be a column of the table"),
        (
            {},
            {"target": "y", "split": "age"},
            "train, validation and test only. Received: '0', '1'",
        ),
        ({}, {"target": "y", "split": ["train"]}, "one entry per row. Received: 1 entries"),
        ({}, {"target": "y", "rows": 7}, "`rows` does not apply to a table. Received: rows=7"),
        (
            {"age": lambda k: "inf" if k == 4 else k},
            {"target": "y"},
            "infinity in `age` in 1 row (row 5)",
        ),
        (
            {"age": lambda k: "1e999" if k < 2 else k},
            {"target": "y"},
            "in `age` in 2 rows (row 1, 2)",
        ),
        ({"age": lambda k: "x"}, {"target": "y"}, "`age` left out: constant, 'x' in every"),
        ({"age": lambda k: ""}, {"target": "y"}, "`age` left out: every value is missing"),
        (
            {"y": lambda k: "" if k == 3 else k % 2},
            {"target": "y"},
            "no value (empty, '?' or NA) in 1 row",
        ),
        ({"y": lambda k: "NA" if k == 3 else k / 7}, {"target": "y"}, "`y`. Received: no value"),
        ({"y": lambda k: "inf" if k == 3 else k / 7}, {"target": "y"}, "infinity in 1 row (row 4)"),
        (
            {"y": lambda k: "abc" if k == 3 else k / 7},
            {"target": "y"},
            "holds 'abc' in 1 row (row 4)",
        ),
        ({"y": lambda k: 3.5}, {"target": "y"}, "the target `y` is 3.5 in every row"),
        ({"y": lambda k: "one"}, {"target": "y"}, "every row of the target `y` is 'one'"),
        (
            {"y": lambda k: "b" if k else "a"},
            {"target": "y"},
            "1 row of class 'a' in the target `y`",
        ),
        ({"y": lambda k: f"2024-01-{k % 28 + 1:02d}"}, {"target": "y"}, "`y` holds dates"),
        ({"y": lambda k: ""}, {"target": "y"}, "`y` holds no value at all"),
    ],
)
def test_tables_that_cannot_be_learned_from_are_refused(table, columns, options, message):
    path = table(**{"age": lambda k: k, "y": lambda k: k % 2, **columns})

    with pytest.raises(ValueError) as caught:
        load(path, **options)

    assert message in str(caught.value)


def test_a_table_of_one_row_is_refused(write):
    with pytest.raises(
        DataError, match=r"at least 10 rows to be split in three. Received: 1 row\."
    ):
        load(write("a,y\n1,2\n"), target="y")


def test_a_table_with_nothing_but_its_target_is_refused(table):
    with pytest.raises(DataError, match=r"a column beside the target\. Received: `y` only"):
        load(table(y=lambda k: k % 2), target="y")


def test_a_file_without_names_is_recognised_when_the_target_is_not_found(write):
    with pytest.raises(DataError, match="does the file lack a line of column names"):
        load(write("".join(f"{k + 2},{k % 2}\n" for k in range(40))), target="y")
