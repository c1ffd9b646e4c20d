"""Inputs climb where theory says, and stay where the data are."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from fathom import measure
from fathom.errors import SpecError

SIDE = 5
PLAIN = measure.AscentSpec(steps=60, variation=0, jitter=0)
BOUNDS = measure.Bounds(*(np.full((SIDE, SIDE, 1), value, "float32") for value in (-1.0, 3.0, 0.0)))


def climbed(weights: np.ndarray, spec: measure.AscentSpec, **changes: Any) -> np.ndarray:
    """Return where linear units (units, side, side, 1) are climbed to from the centre."""
    number = len(weights)
    settings = {
        "bounds": BOUNDS,
        "strength": np.ones(number, "float32"),
        "is_image": True,
        "rows_at_once": number,
        "seed": 0,
        **changes,
    }
    return measure.climb(
        lambda asked, x, which: (asked[which] * x).sum(axis=(1, 2, 3)),
        jnp.asarray(weights, "float32"),
        np.zeros((number, SIDE, SIDE, 1), "float32"),
        np.arange(number, dtype="int32"),
        spec=spec,
        **settings,
    )


def one_pixel(row: int, column: int, weight: float = 1.0) -> np.ndarray:
    weights = np.zeros((1, SIDE, SIDE, 1), "float32")
    weights[0, row, column] = weight
    return weights


@pytest.mark.parametrize("weight", [1.0, 1e-30])
def test_a_unit_of_one_pixel_gets_that_pixel_and_no_other(weight: float):
    found = climbed(one_pixel(1, 3, weight), PLAIN)[0, ..., 0]
    assert found[1, 3] == 3
    found[1, 3] = 0
    np.testing.assert_allclose(found, 0, atol=1e-5)


def test_decay_ends_where_it_balances_the_slope():
    """Coordinates end at the centre plus the unit-length slope over the decay, in the range."""
    weights = np.random.default_rng(0).normal(size=(3, SIDE, SIDE, 1)).astype("float32")
    found = climbed(weights, replace(PLAIN, decay=8.0, steps=200))
    length = np.sqrt(np.square(weights).mean(axis=(1, 2, 3), keepdims=True))
    np.testing.assert_allclose(found, np.clip(4 * weights / length / 8, -1, 3), atol=2e-3)


def test_inputs_stay_in_the_range_of_the_data_and_what_does_not_vary_stays():
    high = BOUNDS.high.copy()
    high[0] = -1
    bounds = measure.Bounds(BOUNDS.low, high, np.minimum(BOUNDS.centre, high))
    weights = np.ones((2, SIDE, SIDE, 1), "float32") * np.array([1, -1]).reshape(2, 1, 1, 1)
    free = np.zeros(2, "float32")
    found = climbed(weights, PLAIN, bounds=bounds, strength=free)
    np.testing.assert_array_equal(found[:, 0], -1)
    np.testing.assert_array_equal(found[0, 1:], 3)
    np.testing.assert_array_equal(found[1, 1:], -1)


def test_variation_makes_pictures_smoother():
    weights = np.random.default_rng(1).normal(size=(2, SIDE, SIDE, 1)).astype("float32")

    def roughness(spec: measure.AscentSpec) -> float:
        found = climbed(weights, spec)
        return float(np.abs(np.diff(found, axis=1)).sum() + np.abs(np.diff(found, axis=2)).sum())

    rough = roughness(PLAIN)
    assert roughness(replace(PLAIN, variation=0.5)) < 0.8 * rough
    assert roughness(replace(PLAIN, blur=0.5)) < 0.8 * rough


def test_jitter_spreads_what_a_pixel_of_weight_asks_for():
    found = climbed(one_pixel(2, 2), replace(PLAIN, jitter=1))[0, ..., 0]
    assert (found[1:4, 1:4] > 0.3).all()
    assert abs(found[0, 0]) < 1e-5


def test_rows_are_climbed_alike_in_small_and_large_blocks():
    weights = np.random.default_rng(2).normal(size=(5, SIDE, SIDE, 1)).astype("float32")
    whole, parts = climbed(weights, PLAIN), climbed(weights, PLAIN, rows_at_once=2)
    np.testing.assert_allclose(whole, parts, atol=1e-5)


@pytest.mark.parametrize("change", [{"steps": 0}, {"decay": -1}, {"blur": 1}, {"jitter": -1}])
def test_settings_out_of_range_are_refused(change: dict[str, Any]):
    with pytest.raises(SpecError, match=f"`{next(iter(change))}` must be"):
        measure.AscentSpec(**change)
