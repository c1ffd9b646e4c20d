"""scikit-learn's data sets arrive whole, split and scaled."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import datasets

from fathom.data import load, sources


def scikit_learns(loader: str) -> tuple[np.ndarray, np.ndarray]:
    """Return x and y as scikit-learn has them."""
    return getattr(datasets, loader)(return_X_y=True)


@pytest.mark.parametrize(
    ("name", "rows", "shape", "classes"),
    [
        ("digits", 1797, (8, 8, 1), 10),
        ("iris", 150, (4,), 3),
        ("wine", 178, (13,), 3),
        ("breast-cancer", 569, (30,), 2),
        ("diabetes", 442, (10,), 0),
    ],
)
def test_built_in_sets_have_their_rows_shapes_and_classes(name, rows, shape, classes):
    data = load(name)

    assert len(data.train) + len(data.validation) + len(data.test) == rows
    assert len(data.test) == pytest.approx(0.2 * rows, abs=1)
    assert data.input_shape == shape
    assert data.num_classes == classes
    assert data.train.x.dtype == np.float32
    assert data.train.y.dtype == (np.int32 if classes else np.float32)


def test_digits_are_scikit_learns_digits_over_sixteen_at_the_rows_they_say():
    data, (pixels, digits) = load("digits"), scikit_learns("load_digits")

    for split in data.splits.values():
        assert np.array_equal(split.x.reshape(-1, 64), pixels[split.rows].astype(np.float32) / 16)
        assert np.array_equal(split.y, digits[split.rows])


def test_every_row_is_in_one_split_only():
    data = load("wine")
    rows = np.concatenate([split.rows for split in data.splits.values()])

    assert sorted(rows) == list(range(178))


def test_iris_is_stratified_and_standardised_on_its_training_rows():
    data = load("iris")

    assert data.class_counts()["validation"] == {"setosa": 10, "versicolor": 10, "virginica": 10}
    assert np.allclose(data.train.x.mean(axis=0), 0, atol=1e-6)
    assert data.feature_names[0] == "sepal length (cm)"


def test_a_regression_target_is_standardised_and_comes_back_in_its_own_units():
    data, (_, truth) = load("diabetes"), scikit_learns("load_diabetes")

    assert data.train.y.mean() == pytest.approx(0, abs=1e-6)
    assert data.train.y.std() == pytest.approx(1, abs=1e-6)
    assert data.target_mean == pytest.approx(truth[data.train.rows].mean())
    assert np.allclose(data.preprocessing.labels(data.test.y), truth[data.test.rows], atol=1e-3)


def test_every_source_has_a_line():
    lines = sources()

    assert {"digits", "iris", "spiral", "parity", "sawtooth"} <= set(lines)
    assert all(lines.values())
