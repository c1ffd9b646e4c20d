"""The noise scale, from gradients whose noise is known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from fathom.measure import gradient_noise

SMALL, LARGE = 4, 32


def lengths(mean: float, deviation: float, *, draws: int = 4000, size: int = 10):
    """Draw squared lengths of gradients with `size` parts of known mean and deviation."""
    generator = np.random.default_rng(0)
    rows = mean + deviation * generator.normal(size=(draws, LARGE, size))
    small = rows.reshape(draws, LARGE // SMALL, SMALL, size).mean(axis=2)
    return np.square(small).sum(axis=2).mean(axis=1), np.square(rows.mean(axis=1)).sum(axis=1)


@pytest.mark.parametrize(("mean", "deviation"), [(1.0, 2.0), (0.5, 3.0), (1.0, 0.1)])
def test_the_scale_is_the_variance_over_the_squared_mean(mean, deviation):
    found = gradient_noise(*lengths(mean, deviation), small_rows=SMALL, large_rows=LARGE)
    truth = (deviation / mean) ** 2
    assert found.noise_scale == pytest.approx(truth, rel=0.05)
    assert found.low < truth < found.high
    assert found.gradient == pytest.approx(10 * mean**2, rel=0.03)
    assert found.variance == pytest.approx(10 * deviation**2, rel=0.03)


def test_the_batch_size_is_the_nearest_power_of_two():
    assert gradient_noise(*lengths(1, 4), small_rows=4, large_rows=32).batch_size == 16


def test_a_gradient_that_is_all_noise_has_an_infinite_scale():
    small, large = np.full(8, 8.0), np.full(8, 1.0)  # as 1 / rows: nothing but noise
    found = gradient_noise(small, large, small_rows=4, large_rows=32)
    assert math.isinf(found.noise_scale)
    assert found.batch_size is None
    assert "cannot be told from noise" in found.text
