"""What lies in a plane is drawn as it lies there."""

from __future__ import annotations

import numpy as np
import pytest

from fathom import measure

DRAW = np.random.default_rng(0)


def distances(points: np.ndarray) -> np.ndarray:
    return np.linalg.norm(points[:, None] - points[None], axis=-1)


def test_a_plane_in_many_dimensions_comes_back_with_all_its_distances():
    plane = DRAW.normal(size=(60, 2))
    turn, _ = np.linalg.qr(DRAW.normal(size=(9, 9)))
    found = measure.embedding((plane @ turn[:2] + 5).astype("float32"))
    np.testing.assert_allclose(distances(found.points), distances(plane), atol=1e-5)
    assert found.explained == pytest.approx(1)


def test_what_the_plane_loses_is_told():
    found = measure.embedding(DRAW.normal(size=(4000, 8)))
    assert found.explained == pytest.approx(2 / 8, abs=0.03)


@pytest.mark.parametrize("by", ["tsne", "isomap"])
def test_groups_that_are_far_apart_stay_groups(by: str):
    y = np.arange(40) % 2
    x = DRAW.normal(size=(40, 6)) + 50 * y[:, None]
    found = measure.embedding(x, by=by, seed=1)
    nearest = (distances(found.points) + np.diag([np.inf] * 40)).argmin(axis=1)
    assert (y[nearest] == y).all()
    assert found.explained is None


@pytest.mark.parametrize("x", [np.ones((10, 4)), np.ones((2, 4)) * [[1], [2]]])
@pytest.mark.parametrize("by", measure.EMBEDDINGS)
def test_what_does_not_vary_is_one_point(x: np.ndarray, by: str):
    assert not measure.embedding(x, by=by).points.any()


def test_one_feature_is_a_line():
    found = measure.embedding(np.arange(6.0)[:, None])
    assert not found.points[:, 1].any()
    np.testing.assert_allclose(np.abs(np.diff(found.points[:, 0])), 1)


def test_embeddings_are_mirrored_to_look_alike():
    points = DRAW.normal(size=(20, 2))
    np.testing.assert_array_equal(measure.turned_alike(points * [-1, 1], points), points)
