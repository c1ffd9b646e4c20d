"""The real data beside the repository load as their README says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from fathom.data import Preprocessing, load, read_rows


@pytest.fixture(scope="module")
def adult(shared_data):
    return load(shared_data / "adult.csv", target="income")


def test_adult_uses_its_own_split(adult):
    assert (len(adult.train), len(adult.validation), len(adult.test)) == (26_049, 6_512, 16_281)
    assert adult.classes == ("<=50K", ">50K")
    assert min(adult.test.rows) == 32_561
    totals = [
        sum(counts[name] for counts in adult.class_counts().values()) for name in adult.classes
    ]
    assert totals == [37_155, 11_687]


def test_adult_says_what_its_question_marks_became(adult):
    for name, rows in (("workclass", "2,799"), ("occupation", "2,809"), ("native_country", "857")):
        assert f"`{name}`: '?' read as missing, {rows} rows" in adult.notices
        assert f"{name} = (missing)" in adult.feature_names


def test_adult_uses_every_column_but_target_and_split(adult):
    unused = [column.name for column in adult.columns if not column.used]

    assert unused == ["income", "split"]
    assert 90 < len(adult.feature_names) < 120
    assert np.isfinite(adult.test.x).all()


def test_adult_is_read_the_same_after_storing(adult, shared_data):
    stored = Preprocessing.from_bytes(adult.preprocessing.to_bytes())
    rows = read_rows(shared_data / "adult.csv", stored)

    assert rows.y is not None
    assert np.array_equal(rows.x[adult.test.rows], adult.test.x)
    assert np.array_equal(rows.y[adult.test.rows], adult.test.y)


def test_a_linear_model_learns_adult_as_well_as_is_known(adult):
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(max_iter=200).fit(adult.train.x, adult.train.y)

    assert 0.845 < model.score(adult.test.x, adult.test.y) < 0.86


PEAK = Path("/proc/self/status")

MNIST = f"""
import sys
from fathom.data import load
data = load(sys.argv[1])
print(len(data.train), len(data.validation), len(data.test), *data.input_shape)
print(next(line for line in open("{PEAK}") if line.startswith("VmHWM")))
"""


@pytest.mark.skipif(not PEAK.exists(), reason="the peak of memory is told by Linux only")
def test_mnist_keeps_its_test_rows_and_stays_small(shared_data):
    done = subprocess.run(
        [sys.executable, "-c", MNIST, str(shared_data / "mnist.npz")],
        capture_output=True,
        text=True,
        check=True,
    )
    shape, peak = done.stdout.split("\n", 1)

    assert shape == "48000 12000 10000 28 28 1"
    assert int(peak.split()[1]) < 700 * 1024  # KiB


def test_mnist_labels_are_the_known_ones(shared_data):
    data = load(shared_data / "mnist.npz")
    by_row = {row: y for split in data.splits.values() for row, y in zip(split.rows, split.y)}

    assert [by_row[row] for row in range(5)] == [5, 0, 4, 1, 9]
    assert [by_row[60_000 + row] for row in range(5)] == [7, 2, 1, 0, 4]


HEAVY = "polars sklearn skops narwhals keras jax PIL pandas"

IMPORTED = f"""
import sys
import fathom.data
fathom.data.sources()
fathom.data.load("spiral")
print([name for name in "{HEAVY}".split() if name in sys.modules])
"""


def test_importing_data_and_making_points_loads_nothing_heavy():
    done = subprocess.run(
        [sys.executable, "-c", IMPORTED], capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "[]"
