"""Linear regions of ReLU networks: counted along lines, and bounded by theory.

Along a line a ReLU network is a function of one number, made of linear pieces. Where they meet
is computed, not sampled: inside a piece every pre-activation is linear in the place on the
line, so each unit changes its sign there at most once, at a place that two of its values tell.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

# Pieces shorter than this part of the line are rounding, not regions.
SHORTEST = 1e-9
# Slopes that differ by less than this part of the steepest are the same.
SAME_SLOPE = 1e-5


def breakpoints_along(
    kernels: Sequence[np.ndarray], biases: Sequence[np.ndarray], start: np.ndarray, end: np.ndarray
) -> np.ndarray:
    """Return where the pattern of active ReLUs changes between two inputs.

    Args:
        kernels: Of the hidden layers, each (inputs, units), input side first.
        biases: Of the hidden layers, each (units,).
        start: One end of the line, (inputs,).
        end: The other end, (inputs,).

    Returns:
        Ascending places in (0, 1), float64 (changes,): 0 is `start`, 1 is `end`.
    """
    places = np.array([0.0, 1.0])
    values = np.stack([start, end]).astype("float64")  # (place, units)
    for kernel, bias in zip(kernels, biases, strict=True):
        before = values @ kernel.astype("float64") + bias
        places, before = _with_crossings(places, before)
        values = np.maximum(before, 0.0)
    return places[1:-1]


def regions_along(
    kernels: Sequence[np.ndarray], biases: Sequence[np.ndarray], start: np.ndarray, end: np.ndarray
) -> int:
    """Return how many regions of one pattern of active ReLUs a line runs through; at least 1.

    Args:
        kernels: As of `breakpoints_along`.
        biases: As of `breakpoints_along`.
        start: One end of the line.
        end: The other end.

    References:
        Hanin and Rolnick, "Complexity of Linear Regions in Deep Networks", ICML 2019.
    """
    return 1 + len(breakpoints_along(kernels, biases, start, end))


def pieces_along(
    kernels: Sequence[np.ndarray], biases: Sequence[np.ndarray], start: np.ndarray, end: np.ndarray
) -> int:
    """Return of how many linear pieces a network's output is made between two inputs.

    Never more than `regions_along`: where a pattern changes, the slope of the output need not.

    Args:
        kernels: Of all layers, the last one's, which has no ReLU, included.
        biases: Likewise.
        start: One end of the line.
        end: The other end.
    """
    inside = breakpoints_along(kernels[:-1], biases[:-1], start, end)
    places = np.concatenate([[0.0], inside, [1.0]])
    x = start + places[:, None] * (np.asarray(end) - start)
    outputs = _outputs(kernels, biases, x.astype("float64"))
    slopes = np.diff(outputs, axis=0) / np.diff(places)[:, None]  # (piece, outputs)
    steepest = np.abs(slopes).max()
    if steepest == 0:
        return 1
    return 1 + int((np.abs(np.diff(slopes, axis=0)).max(axis=1) > SAME_SLOPE * steepest).sum())


def _outputs(
    kernels: Sequence[np.ndarray], biases: Sequence[np.ndarray], x: np.ndarray
) -> np.ndarray:
    for kernel, bias in zip(kernels[:-1], biases[:-1], strict=True):
        x = np.maximum(x @ kernel.astype("float64") + bias, 0.0)
    return x @ kernels[-1].astype("float64") + biases[-1]


def _with_crossings(places: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return places with those added where a unit crosses zero, and the values at all of them.

    Args:
        places: Ascending, (place,); values are linear between them.
        values: (place, units).
    """
    left, right = values[:-1], values[1:]
    piece, unit = np.nonzero(left * right < 0)
    before, after = left[piece, unit], right[piece, unit]
    share = before / (before - after)  # of the way through the piece
    added = places[piece] + share * (places[piece + 1] - places[piece])
    everything = np.sort(np.concatenate([places, added]))
    distinct = everything[np.concatenate([[True], np.diff(everything) > SHORTEST])]
    distinct[-1] = places[-1]
    interpolated = [np.interp(distinct, places, column) for column in values.T]
    return distinct, np.stack(interpolated, axis=1)


# -- what theory says ---------------------------------------------------------------------


def most_pieces_along(units: int, depth: int) -> int:
    """Return the most pieces that a line can have: (units + 1)^depth.

    Each unit of a layer bends every piece at most once, so a layer makes at most units + 1
    pieces of each.

    Args:
        units: Of every hidden layer.
        depth: Hidden layers.

    References:
        Telgarsky, "Benefits of depth in neural networks", COLT 2016, bounds them by
        (2 units)^depth in the same way.
    """
    return (units + 1) ** depth


def reachable_pieces_along(units: int, depth: int) -> int:
    """Return how many pieces some network of this shape has along a line.

    All layers but the last fold the line on itself, `units` times each.

    References:
        Montufar, Pascanu, Cho, Bengio, "On the Number of Linear Regions of Deep Neural Networks",
        NeurIPS 2014, Theorem 4 for one input.
    """
    return reachable_regions(units, depth, inputs=1)


def reachable_regions(units: int, depth: int, *, inputs: int) -> int:
    """Return how many regions some network of this shape has in all of its input space.

    floor(m / n)^(n (L - 1)) times the sum of C(m, j) over j up to n, for n inputs and L layers of
    m units; that of one layer where units are fewer than inputs.

    References:
        Montufar, Pascanu, Cho, Bengio, 2014, Theorem 4.
    """
    folds = max(units // inputs, 1) ** (inputs * (depth - 1))
    return folds * most_regions_of_one_layer(units, inputs=inputs)


def most_regions_of_one_layer(units: int, *, inputs: int) -> int:
    """Return into how many regions so many hyperplanes cut the input space at most.

    References:
        Zaslavsky, "Facing up to arrangements", 1975.
    """
    return sum(math.comb(units, j) for j in range(min(units, inputs) + 1))


def most_regions(units: int, depth: int, *, inputs: int) -> int:
    """Return a number that the regions of no network of this shape exceed.

    A layer sees at most as many dimensions as the narrowest before it lets through, and cuts
    each region into at most as many parts as its hyperplanes can.

    References:
        Montufar, "Notes on the number of linear regions of deep neural networks", 2017; it refines
        the 2^(units * depth) of Montufar et al. 2014.
    """
    dimensions = min(inputs, units)
    return most_regions_of_one_layer(units, inputs=dimensions) ** depth
