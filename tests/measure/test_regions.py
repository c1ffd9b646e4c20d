"""Linear regions are those that can be counted by hand, and never more than theory allows."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from fathom import measure


def tents(compositions: int) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Return the tent map composed with itself, two units a layer: 2^k pieces on [0, 1]."""
    first = np.array([[1.0, 1.0]]), np.array([0.0, -0.5])
    between = np.array([[2.0, 2.0], [-4.0, -4.0]])
    kernels = [first[0], *[between] * (compositions - 1), np.array([[2.0], [-4.0]])]
    biases = [first[1]] * compositions + [np.zeros(1)]
    return kernels, biases


def drawn(units: int, depth: int, inputs: int, seed: int) -> tuple[list[Any], list[Any]]:
    draw = np.random.default_rng(seed)
    sizes = [inputs, *[units] * depth]
    kernels = [draw.normal(size=pair) * (2 / pair[0]) ** 0.5 for pair in itertools.pairwise(sizes)]
    return kernels, [draw.normal(size=units) for _ in range(depth)]


@pytest.mark.parametrize("compositions", [1, 2, 3, 6])
def test_tents_composed_k_times_have_two_to_the_k_pieces(compositions: int) -> None:
    kernels, biases = tents(compositions)
    start, end = np.array([0.0]), np.array([1.0])
    assert measure.pieces_along(kernels, biases, start, end) == 2**compositions
    found = measure.breakpoints_along(kernels[:-1], biases[:-1], start, end)
    wanted = np.arange(1, 2**compositions) / 2**compositions
    np.testing.assert_allclose(found, wanted, atol=1e-12)


def test_a_hand_made_layer_bends_where_its_units_are_zero() -> None:
    kernel, bias = np.array([[1.0, 1.0, -1.0], [0.0, 0.0, 0.0]]), np.array([-0.25, -0.5, 0.75])
    start, end = np.array([0.0, 3.0]), np.array([1.0, 3.0])
    found = measure.breakpoints_along([kernel], [bias], start, end)
    np.testing.assert_allclose(found, [0.25, 0.5, 0.75])
    assert measure.regions_along([kernel], [bias], start, end) == 4
    across = np.array([0.3, 0.0]), np.array([0.3, 9.0])  # no unit reads the second input
    assert measure.regions_along([kernel], [bias], *across) == 1


def test_units_that_cancel_change_the_pattern_but_not_the_slope() -> None:
    kernels = [np.array([[1.0, -1.0]]), np.array([[1.0], [-1.0]])]  # relu(x) - relu(-x) is x
    biases = [np.zeros(2), np.zeros(1)]
    line = np.array([-1.0]), np.array([2.0])
    assert measure.regions_along(kernels[:1], biases[:1], *line) == 2
    assert measure.pieces_along(kernels, biases, *line) == 1


@pytest.mark.parametrize(("units", "depth", "inputs"), [(5, 1, 1), (4, 3, 1), (7, 2, 3)])
def test_counting_agrees_with_a_fine_grid_and_stays_under_the_bound(
    units: int, depth: int, inputs: int
) -> None:
    kernels, biases = drawn(units, depth, inputs, seed=units)
    start, end = np.full(inputs, -3.0), np.full(inputs, 3.0)
    found = measure.breakpoints_along(kernels, biases, start, end)
    grid = np.linspace(0, 1, 20_001)
    h = start + grid[:, None] * (end - start)
    patterns = []
    for kernel, bias in zip(kernels, biases):
        h = np.maximum(h @ kernel + bias, 0)
        patterns.append(h > 0)
    changes = np.any(np.diff(np.concatenate(patterns, axis=1), axis=0), axis=1)
    middles = (grid[:-1] + grid[1:])[changes] / 2
    assert len(found) == len(middles) > 0
    np.testing.assert_allclose(found, middles, atol=1e-4)
    assert 1 + len(found) <= measure.most_pieces_along(units, depth)


def test_theory_agrees_with_known_numbers() -> None:
    assert measure.most_regions_of_one_layer(3, inputs=2) == 7  # three lines in the plane
    assert measure.reachable_regions(3, 1, inputs=2) == 7
    assert measure.reachable_pieces_along(2, 3) == 2 * 2 * 3
    assert measure.most_pieces_along(2, 4) == 81
    for units, depth, inputs in [(4, 3, 2), (8, 2, 3), (2, 5, 1)]:
        reachable = measure.reachable_regions(units, depth, inputs=inputs)
        assert reachable <= measure.most_regions(units, depth, inputs=inputs)
        assert measure.most_regions(units, depth, inputs=inputs) <= 2 ** (units * depth)
