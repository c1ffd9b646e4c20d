"""Scaled inputs are told in the units of their source."""

from __future__ import annotations

import numpy as np
import polars as pl

import fathom

DRAW = np.random.default_rng(0)


def test_numbers_of_a_table_come_back_and_categories_stay():
    rows = 90
    table = pl.DataFrame(
        {
            "height": DRAW.normal(170, 10, rows),
            "colour": DRAW.choice(["red", "green"], rows),
            "age": [float(one) for one in DRAW.integers(20, 60, rows)],
            "price": DRAW.normal(size=rows),
        }
    )
    dataset = fathom.load(table, target="price")
    split = dataset.train
    found = dataset.preprocessing.in_units(split.x)
    for name in ("height", "age"):
        place = dataset.feature_names.index(name)
        np.testing.assert_allclose(found[:, place], table[name].to_numpy()[split.rows], rtol=1e-5)
    red = dataset.feature_names.index("colour = red")
    np.testing.assert_array_equal(found[:, red], split.x[:, red])


def test_arrays_come_back_and_so_do_pictures():
    x = DRAW.normal(3, 2, (60, 4))
    dataset = fathom.load((x, DRAW.integers(0, 2, 60)))
    split = dataset.test
    np.testing.assert_allclose(
        dataset.preprocessing.in_units(split.x), x[split.rows], rtol=1e-4, atol=1e-5
    )
    digits = fathom.load("digits")
    assert digits.preprocessing.in_units(digits.train.x).max() == 16
