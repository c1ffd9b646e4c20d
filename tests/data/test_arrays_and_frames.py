"""Arrays and dataframes in memory are read as files are."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pytest

from fathom.data import load
from fathom.errors import DataError

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(60, 3)), np.arange(60) % 3

COLUMNS = {
    "size": [float(k % 13) for k in range(60)],
    "count": [k % 7 for k in range(60)],
    "colour": [["red", "blue", None][k % 3] for k in range(60)],
    "flag": [k % 4 == 0 for k in range(60)],
    "y": [["no", "maybe", "yes"][k // 2 % 3] for k in range(60)],
}


def test_a_pair_of_arrays_loads():
    data = load((X, Y))

    assert (data.name, data.source, data.input_shape) == ("arrays", "arrays", (3,))
    assert data.feature_names == ("x1", "x2", "x3")


def test_an_array_with_its_target_is_the_same_as_a_pair():
    assert load(X, target=Y).fingerprint == load((X, Y)).fingerprint


def test_lists_are_arrays():
    assert load((X.tolist(), Y.tolist())).fingerprint == load((X, Y)).fingerprint


def test_one_axis_is_one_feature():
    assert load((X[:, 0], Y)).input_shape == (1,)


def test_jax_arrays_are_arrays():
    import jax.numpy as jnp

    x = X.astype(np.float32)
    assert load((jnp.asarray(x), jnp.asarray(Y, jnp.int32))).fingerprint == load((x, Y)).fingerprint


def test_keras_pairs_of_training_and_test_arrays_keep_their_test_rows():
    data = load(((X[:40], Y[:40]), (X[40:], Y[40:])))

    assert sorted(data.test.rows) == list(range(40, 60))
    assert len(data.validation) == 8


def test_a_list_of_parts_says_the_split():
    parts = ["train", "train", "val", "test"] * 15
    data = load((X, Y), split=parts)

    assert set(data.test.rows % 4) == {3}
    assert set(data.validation.rows % 4) == {2}


@pytest.mark.parametrize(
    ("source", "options", "message"),
    [
        (X, {}, r"An array needs its target. Received: x alone\."),
        (X, {"target": "y"}, "Received: x alone and target='y'"),
        ((X, Y), {"target": Y}, r"given once. Received: \(x, y\) and `target`"),
        ((X, Y[:3]), {}, r"Received: 60 rows of x and y of shape \(3,\)"),
        (([[1, 2], [3]] * 10, Y[:20]), {}, "must have rows of equal length"),
        (((X, Y), (X[:, :2], Y)), {}, "must have rows of one shape"),
        ((X, Y), {"split": ["train"] * 3}, "one entry per row. Received: 3 entries for 60 rows"),
        ((X, Y), {"split": ["train", "later"] * 30}, "Received: 'later'"),
        (42, {}, r"a path, a built-in name, a dataframe, an array, or \(x, y\). Received: int"),
        (None, {}, "Received: NoneType"),
        ({"x": X}, {}, "Received: dict"),
    ],
)
def test_what_cannot_be_an_array_is_refused(source, options, message):
    with pytest.raises(DataError, match=message):
        load(source, **options)


def frames() -> dict[str, object]:
    plain, arrow_like = pd.DataFrame(COLUMNS), pd.DataFrame(COLUMNS).convert_dtypes()
    categorical = plain.assign(colour=plain["colour"].astype("category"))
    return {
        "pandas": plain,
        "pandas with its own types": arrow_like,
        "pandas with categories": categorical,
        "polars": pl.DataFrame(COLUMNS),
        "lazy polars": pl.DataFrame(COLUMNS).lazy(),
    }


@pytest.mark.parametrize("kind", frames())
def test_dataframes_of_every_library_give_the_same_data(kind):
    expected = load(pl.DataFrame(COLUMNS), target="y")
    data = load(frames()[kind], target="y")

    assert data.fingerprint == expected.fingerprint
    assert data.feature_names == expected.feature_names
    assert data.classes == ("maybe", "no", "yes")


def test_a_dataframe_and_a_csv_of_it_give_the_same_features(tmp_path):
    pl.DataFrame(COLUMNS).write_csv(tmp_path / "data.csv")
    from_file, from_frame = (
        load(tmp_path / "data.csv", target="y"),
        load(pl.DataFrame(COLUMNS), target="y"),
    )

    assert from_file.fingerprint == from_frame.fingerprint


def test_a_dataframe_and_a_column_are_features_and_target():
    frame = pd.DataFrame(COLUMNS)
    data = load((frame.drop(columns="y"), frame["y"]))

    assert data.target == "y"
    assert data.fingerprint == load(frame, target="y").fingerprint


def test_a_dataframe_and_an_array_are_features_and_target():
    frame = pd.DataFrame(COLUMNS).drop(columns="y")
    data = load((frame, Y))

    assert data.target == "target"
    assert data.classes == ("0", "1", "2")


def test_column_names_that_are_numbers_become_text():
    data = load(pd.DataFrame(np.column_stack([X, Y])), target="3")

    assert data.feature_names == ("0", "1", "2")


def test_dates_and_missing_values_of_pandas_are_kept():
    frame = pd.DataFrame(
        {
            "day": pd.date_range("2024-01-01", periods=60).where(np.arange(60) % 5 != 0),
            "count": pd.array([None if k % 4 == 0 else k % 9 for k in range(60)], dtype="Int64"),
            "y": Y,
        }
    )
    data = load(frame, target="y")

    kinds = {column.name: column.kind for column in data.columns}
    assert kinds == {"day": "date", "count": "numeric", "y": "target"}
    assert "count is missing" in data.feature_names


def test_mixed_types_in_a_column_are_read_as_text_and_said():
    frame = pd.DataFrame({"mixed": [1, "a", 2.5] * 20, "y": Y})
    data = load(frame, target="y")

    assert data.feature_names == ("mixed = 1", "mixed = 2.5", "mixed = a")
    assert "`mixed`: values of mixed types read as text" in data.notices


def test_numbers_kept_as_text_in_a_dataframe_stay_text_and_are_said():
    data = load(pl.DataFrame({"code": ["1", "2", "3"] * 20, "y": Y}), target="y")

    assert data.feature_names == ("code = 1", "code = 2", "code = 3")
    assert "`code`: numbers, all kept as text" in data.notices


@pytest.mark.parametrize(
    ("frame", "options", "message"),
    [
        (pd.DataFrame(COLUMNS), {}, "needs `target`, the column to predict. Received: none"),
        (
            pd.DataFrame(COLUMNS),
            {"target": "z"},
            "must be a column of the table. Received: target='z'",
        ),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), {"target": "a"}, "`a` more than once"),
        (pd.DataFrame({"a": [], "y": []}), {"target": "y"}, "only the column names"),
        (pd.DataFrame({"a": [np.inf] * 60, "y": Y}), {"target": "y"}, "infinity in `a` in 60 rows"),
        (
            pd.DataFrame({"a": [2e150] * 60, "y": Y}),
            {"target": "y"},
            r"beyond 1e\+150 in `a` in 60",
        ),
        (
            pl.DataFrame({"a": X[:, 0], "y": [None] * 60}),
            {"target": "y"},
            "`y` holds no value at all",
        ),
        (
            pl.DataFrame({"a": X[:, 0], "y": [None, *Y[1:].tolist()]}),
            {"target": "y"},
            r"no value \(null or NaN\) in 1 row \(row 1\)",
        ),
        ((pd.DataFrame(COLUMNS), Y[:3]), {}, "Received: 60 rows of x and 3 of y"),
        ((pd.DataFrame(COLUMNS), Y), {"target": "size"}, "also a column of x"),
    ],
)
def test_dataframes_that_cannot_be_used_are_refused(frame, options, message):
    with pytest.raises(DataError, match=message):
        load(frame, **options)
