"""Tables in the order of time: windows, what they are asked for, and splits that leak nothing."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fathom.data import Preprocessing, load
from fathom.data.splitting import parts_in_time
from fathom.errors import DataError, SpecError

ROWS = 100


@pytest.fixture
def series(tmp_path):
    """Write a CSV of a row a day, in disorder: `series(load=lambda day: day)`."""

    def writer(*, rows: int = ROWS, name: str = "series.csv", **columns):
        days = np.random.default_rng(5).permutation(rows)
        dates = np.datetime64("2024-01-01") + days
        lines = [",".join(["date", *columns])]
        lines += [
            ",".join([str(date), *(str(cell(int(day))) for cell in columns.values())])
            for day, date in zip(days, dates)
        ]
        path = tmp_path / name
        path.write_text("\n".join(lines) + "\n")
        return path

    return writer


def wave(day: int) -> float:
    return round(float(np.sin(day / 3)), 4)


def raw(data, x):
    """Undo the standardising of the first feature."""
    scale = data.preprocessing.inputs.table.transformer.named_transformers_["numbers"]["scale"]
    return x[..., 0] * scale.scale_[0] + scale.mean_[0]


def test_a_window_is_rows_that_follow_each_other_and_its_target_comes_after(series):
    data = load(series(load=wave), target="load", time="date", window=6, horizon=2)

    assert data.input_shape == (6, 1)
    assert sum(len(split) for split in data.splits.values()) == ROWS - 6 - 2 + 1
    for split in data.splits.values():
        first_days = np.array([np.argmin(np.abs(y - DAYS)) for y in answers(data, split)]) - 7
        for x, day in zip(raw(data, split.x), first_days):
            np.testing.assert_allclose(x, DAYS[day : day + 6], atol=1e-4)


DAYS = np.array([wave(day) for day in range(ROWS)])


def answers(data, split):
    return split.y * data.target_std + data.target_mean


def test_rows_are_named_by_where_their_target_stands_in_the_file(series):
    file = series(load=wave)
    data = load(file, target="load", time="date", window=6)
    written = pl.read_csv(file)["load"].to_numpy()

    for split in data.splits.values():
        np.testing.assert_allclose(answers(data, split), written[split.rows], atol=1e-5)


def test_parts_follow_each_other_in_time(series):
    data = load(series(load=float), target="load", time="date", window=4)
    days = [answers(data, split) for split in data.splits.values()]

    assert days[0].max() < days[1].min() <= days[1].max() < days[2].min()
    assert any(notice.startswith("split: by time, the first 60%") for notice in data.notices)


def test_nothing_later_than_the_training_windows_is_fitted(series):
    """Numbers, categories and the target are fitted on the first rows, whatever comes later."""

    def cell(day: int) -> float:
        return day % 7 if day < 62 else 1000 + day

    kinds = [load(series(load=c, kind=lambda day: "ab"[day % 2] if day < 62 else "c"),
                  target="load", time="date", window=4)
             for c in (cell, lambda day: cell(day) if day < 62 else -5 * day)]  # fmt: skip

    assert kinds[0].feature_names == ("load", "kind = a", "kind = b")
    assert (kinds[0].target_mean, kinds[0].target_std) == (kinds[1].target_mean,
                                                           kinds[1].target_std)  # fmt: skip
    np.testing.assert_array_equal(kinds[0].train.x, kinds[1].train.x)


def test_the_past_of_the_target_is_an_input_unless_the_last_row_is_asked_for(series):
    file = series(load=wave, rain=lambda day: day % 5)

    ahead = load(file, target="load", time="date", window=6)
    now = load(file, target="load", time="date", window=6, horizon=0)

    assert ahead.feature_names == ("load", "rain")
    assert now.feature_names == ("rain",)
    told = {column.name: column for column in ahead.columns}
    assert told["load"].used and "its past is an input" in told["load"].decision
    assert told["date"].decision == "puts the rows in order"


def test_classes_can_be_asked_for(series):
    data = load(
        series(load=wave, kind=lambda day: "up" if wave(day + 1) > wave(day) else "down"),
        target="kind", time="date", window=5, horizon=0,
    )  # fmt: skip
    assert data.classes == ("down", "up")
    assert data.input_shape == (5, 1)


def test_numbers_can_be_times(series, tmp_path):
    path = tmp_path / "steps.csv"
    path.write_text("step,y\n" + "\n".join(f"{k},{wave(k)}" for k in reversed(range(50))) + "\n")
    data = load(path, target="y", time="step", window=3)
    assert len(data.train) + len(data.validation) + len(data.test) == 47


def test_a_dataframe_can_be_a_time_series():
    frame = pl.DataFrame({"t": range(50), "y": DAYS[:50]})
    assert load(frame, target="y", time="t", window=3).input_shape == (3, 1)


def test_gaps_are_said(tmp_path):
    path = tmp_path / "gaps.csv"
    steps = [k for k in range(60) if k not in (20, 40)]
    path.write_text("step,y\n" + "\n".join(f"{k},{wave(k)}" for k in steps) + "\n")
    notices = load(path, target="y", time="step", window=3).notices
    assert any("2 steps of `step` are longer or shorter than usual" in each for each in notices)


def test_a_split_of_its_own_must_follow_time(series):
    def in_time(day: int) -> str:
        return "train" if day < 70 else "test"

    kept = load(series(load=float, split=in_time), target="load", time="date", window=4)
    assert answers(kept, kept.test).min() == pytest.approx(70, abs=1e-3)
    assert answers(kept, kept.validation).min() > answers(kept, kept.train).max()

    mixed = series(load=float, split=lambda day: "train" if day % 2 else "test")
    with pytest.raises(DataError, match="parts of a time series must follow each other"):
        load(mixed, target="load", time="date", window=4)


def test_new_rows_give_every_window_also_those_whose_target_lies_ahead(series):
    file = series(load=wave, kind=lambda day: "ab"[day % 2])
    data = load(file, target="load", time="date", window=6, horizon=2)
    again = Preprocessing.from_bytes(data.preprocessing.to_bytes())

    rows = again.transform(file)

    assert rows.y is None
    assert rows.x.shape == (ROWS - 5, 6, 3)
    assert rows.names_are == "time"
    assert rows.names[0].startswith("2024-01-06") and rows.names[-1].startswith("2024-04-09")
    known = {row: x for split in data.splits.values() for row, x in zip(split.rows, split.x)}
    in_time = np.argsort(pl.read_csv(file)["date"].to_numpy())
    for end, x in enumerate(rows.x[:-2], start=5):
        np.testing.assert_array_equal(x, known[in_time[end + 2]])


def test_too_few_new_rows_are_refused(series):
    data = load(series(load=wave), target="load", time="date", window=6)
    with pytest.raises(DataError, match=r"must fill a window of 6 rows\. Received: 5 rows"):
        data.preprocessing.transform(series(rows=5, name="few.csv", load=wave))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"time": "date"}, r"(?s)A time series needs `window`.*window=24"),
        ({"window": 5}, "`window` needs `time`"),
        ({"horizon": 5}, "`horizon` needs `time`"),
        ({"time": "date", "window": 0}, "`window` must be at least 1"),
        ({"time": "date", "window": 5, "horizon": -1}, "`horizon` must be at least 0"),
        ({"time": "dat", "window": 5}, r"(?s)`time` must be a column.*did you mean 'date'"),
        ({"time": "load", "window": 5}, "`time` must be another column than the target"),
        ({"time": "kind", "window": 5}, "must hold dates or numbers. Received: `kind` is categ"),
        ({"time": "half", "window": 5}, "times of one series must be different"),
        ({"time": "gone", "window": 5}, r"needs its time. Received: none in 1 row"),
        ({"time": "date", "window": 95}, r"(?s)10 windows or more.*make 5.*window=90 or less"),
        ({"time": "date", "window": 9, "horizon": 99}, r"which make 0"),
    ],
)  # fmt: skip
def test_what_cannot_be_windows_is_refused(series, options, message):
    file = series(
        load=wave,
        kind=lambda day: "ab"[day % 2],
        half=lambda day: day // 2,
        gone=lambda day: day if day != 30 else "",
    )
    with pytest.raises((DataError, SpecError), match=message):
        load(file, target="load", **options)


def test_a_missing_target_is_named_by_its_row_in_the_file(series):
    file = series(load=lambda day: wave(day) if day else "", rain=lambda day: day % 5)
    row = next(
        k for k, line in enumerate(file.read_text().splitlines()[1:]) if "2024-01-01" in line
    )
    with pytest.raises(DataError, match=rf"no value .* in 1 row \(row {row + 1}\)"):
        load(file, target="load", time="date", window=5)


def test_time_does_not_apply_to_arrays(archive):
    x = np.random.default_rng(0).normal(size=(40, 3))
    with pytest.raises(SpecError, match=r"`time` does not apply to an \.npz file"):
        load(archive(x=x, y=x[:, 0]), time="date", window=3)


@given(
    rows=st.integers(10, 5000),
    validation_share=st.floats(0.01, 0.45),
    test_share=st.floats(0.01, 0.45),
)
def test_parts_in_time_are_ordered_shares(rows, validation_share, test_share):
    parts = parts_in_time(rows, validation_share=validation_share, test_share=test_share)

    assert len(parts) == rows
    assert (np.diff(parts) >= 0).all()
    counts = np.bincount(parts, minlength=3)
    assert counts.min() >= 1
    assert abs(counts[1] - rows * validation_share) <= 1
    assert abs(counts[2] - rows * test_share) <= 1


def test_the_last_value_is_the_target_one_row_earlier(series):
    data = load(series(load=wave), target="load", time="date", window=6)

    for split in data.splits.values():
        told = data.last_values(split.x) * data.target_std + data.target_mean
        asked = [np.argmin(np.abs(y - DAYS)) for y in answers(data, split)]
        np.testing.assert_allclose(told, DAYS[np.array(asked) - 1], atol=1e-4)


def test_a_target_that_is_no_input_has_no_last_value(series):
    own = load(series(load=wave), target="load", time="date", window=6, horizon=2)
    hidden = load(
        series(load=wave, other=lambda day: day % 7),
        target="load",
        time="date",
        window=6,
        horizon=0,
    )
    assert own.last_values(own.test.x) is not None
    assert hidden.last_values(hidden.test.x) is None


def test_classes_and_other_inputs_have_no_last_value(series):
    words = series(load=wave, state=lambda day: "up" if wave(day) > 0 else "down")
    classes = load(words, target="state", time="date", window=6)
    assert classes.last_values(classes.test.x) is None
    table = load("diabetes")
    assert table.last_values(table.test.x) is None
