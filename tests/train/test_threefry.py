"""Draws on the host are Keras's draws."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from fathom.train import threefry

SEEDS = np.array([0, 1, 12345, 999_999_999], "uint32")
SHAPES = [(1,), (5,), (64, 10), (3, 3, 2, 7)]


@pytest.mark.parametrize("shape", SHAPES)
def test_uniform_draws_are_keras_draws_bit_for_bit(shape):
    found = threefry.uniform(SEEDS, shape, low=-0.3, high=0.7)
    for seed, draw in zip(SEEDS, found, strict=True):
        expected = keras.random.uniform(shape, minval=-0.3, maxval=0.7, seed=int(seed))
        np.testing.assert_array_equal(draw, np.asarray(expected))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", ["normal", "truncated_normal"])
def test_normal_draws_are_keras_draws_to_rounding(name, shape):
    found = getattr(threefry, name)(SEEDS, shape)
    for seed, draw in zip(SEEDS, found, strict=True):
        expected = getattr(keras.random, name)(shape, seed=int(seed))
        np.testing.assert_allclose(draw, np.asarray(expected), rtol=2e-6, atol=2e-7)


def test_truncated_draws_stay_within_two_deviations():
    assert np.abs(threefry.truncated_normal(SEEDS, (20_000,))).max() <= 2.0
