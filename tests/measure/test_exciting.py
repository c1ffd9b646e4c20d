"""The rows that excite units most, whatever the blocks."""

from __future__ import annotations

from typing import Any

import numpy as np

from fathom import measure

DRAW = np.random.default_rng(0)


def in_blocks(outputs: np.ndarray, size: int, k: int) -> measure.Excited:
    best: Any = None
    for start in range(0, len(outputs), size):
        block = outputs[start : start + size]
        filled = np.zeros((size, *outputs.shape[1:]), "float32")
        filled[: len(block)] = block
        weight = (np.arange(size) < len(block)).astype("float32")
        found, _ = measure.excited(filled, weight, k)
        here = measure.Excited(*map(np.asarray, found))
        best = measure.most_excited(best, here._replace(rows=here.rows + start))
    return best


def test_the_strongest_rows_of_all_blocks_are_kept_in_order():
    outputs = DRAW.normal(size=(23, 3, 4)).astype("float32")
    found = in_blocks(outputs, size=5, k=4)
    strongest = outputs.max(axis=1)
    expected = np.argsort(-strongest, axis=0)[:4].T
    np.testing.assert_array_equal(found.rows, expected)
    np.testing.assert_array_equal(found.responses, np.take_along_axis(strongest.T, expected, 1))
    np.testing.assert_array_equal(found.positions[0], outputs.argmax(axis=1)[expected[0], 0])


def test_rows_that_fill_up_a_block_never_count():
    found = in_blocks(np.full((7, 1, 2), -5, "float32"), size=5, k=3)
    assert (found.rows < 7).all() and (found.responses == -5).all()


def test_sums_leave_out_what_fills_up():
    output = np.array([[[1.0]], [[-2.0]], [[9.0]]], "float32")
    _, sums = measure.excited(output, np.array([1, 1, 0], "float32"), 1)
    assert (float(sums.total[0]), float(sums.square[0]), float(sums.active[0])) == (-1, 5, 1)
