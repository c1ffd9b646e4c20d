"""Classes that lie apart by construction are found to, and by as much."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import silhouette_samples

from fathom import measure
from fathom.measure.separation import silhouettes

DRAW = np.random.default_rng(0)


def blobs(*, apart: float, rows: int = 120, features: int = 5) -> tuple[np.ndarray, np.ndarray]:
    """Return three Gaussian classes whose centres are `apart` along three axes."""
    y = np.arange(rows) % 3
    return DRAW.normal(size=(rows, features)) + apart * np.eye(3, features)[y], y


def test_silhouettes_are_those_of_scikit_learn():
    x, y = blobs(apart=2)
    member = (y[:, None] == np.arange(3)).astype(float)
    own = silhouettes((x - x.mean(axis=0)) @ (x - x.mean(axis=0)).T, member)
    np.testing.assert_allclose(own, silhouette_samples(x, y), atol=1e-10)


def test_the_share_between_classes_is_that_of_an_analysis_of_variance():
    x, y = blobs(apart=3)
    means = np.stack([x[y == one].mean(axis=0) for one in range(3)])
    within = np.square(x - means[y]).sum()
    total = np.square(x - x.mean(axis=0)).sum()
    found = measure.class_separation(x[None], y, seed=0)
    assert found.between.mean == pytest.approx(1 - within / total)
    assert found.between.low <= found.between.mean <= found.between.high


def test_classes_in_points_of_their_own_are_wholly_apart():
    y = np.arange(30) % 3
    found = measure.class_separation(np.eye(3)[y][None], y, seed=0)
    assert found.between == pytest.approx((1, 1, 1))
    assert found.silhouette == pytest.approx((1, 1, 1))


def test_classes_that_say_nothing_lie_on_top_of_each_other():
    x = DRAW.normal(size=(2, 400, 4))
    found = measure.class_separation(x, DRAW.integers(2, size=400), seed=0)
    assert found.between.mean < 0.02
    assert abs(found.silhouette.mean) < 0.02


@pytest.mark.parametrize(
    ("x", "y"),
    [
        (np.ones((1, 20, 3), "float32"), np.arange(20) % 2),
        (np.full((1, 20, 3), 1e6, "float32"), np.arange(20) % 2),
        (DRAW.normal(size=(1, 20, 3)), np.zeros(20, int)),
        (DRAW.normal(size=(1, 3, 3)), np.arange(3)),
    ],
)
def test_where_nothing_varies_or_classes_are_missing_there_is_no_separation(x, y):
    assert measure.class_separation(x, y, seed=0) is None


def test_rotation_and_scale_change_nothing():
    x, y = blobs(apart=1)
    turn, _ = np.linalg.qr(DRAW.normal(size=(5, 5)))
    first = measure.class_separation(x[None], y, seed=0)
    second = measure.class_separation(7 * x[None] @ turn + 3, y, seed=0)
    assert second.between == pytest.approx(first.between)
    assert second.silhouette == pytest.approx(first.silhouette)
