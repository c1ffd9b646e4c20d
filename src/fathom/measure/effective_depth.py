"""How many layers a network uses, by three definitions."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np


def first_within(scores: Sequence[float], error: float) -> int:
    """Return the place, counted from 0, of the first score within `error` of the best.

    Of layers' probe scores: where the representation is finished.
    """
    floor = max(scores) - error
    return next(place for place, score in enumerate(scores) if score >= floor)


def greedy_removal(
    score_without: Callable[[list[tuple[int, ...]]], Sequence[float]],
    candidates: Sequence[int],
    *,
    floor: float,
    conflicts: Callable[[int, Sequence[int]], bool] = lambda _, __: False,
) -> list[tuple[int, float]]:
    """Remove, one after another, what costs least, as long as the score stays above a floor.

    Args:
        score_without: From sets of removed places to the score without each.
        candidates: Places that can be removed.
        floor: The lowest score allowed.
        conflicts: Whether a place cannot be removed beside those that were.

    Returns:
        What was removed, in order, each with the score after it.
    """
    removed: list[tuple[int, float]] = []
    while True:
        gone = [place for place, _ in removed]
        left = [place for place in candidates if place not in gone and not conflicts(place, gone)]
        if not left:
            return removed
        scores = list(score_without([(*gone, place) for place in left]))
        best = int(np.argmax(scores))
        if not scores[best] >= floor:
            return removed
        removed.append((left[best], float(scores[best])))


def mean_path_length(gradients: Sequence[float]) -> float:
    """Return the mean number of blocks on a path, each path weighted by its gradient.

    A residual network of n blocks has n-choose-k paths through k of them.

    Args:
        gradients: Mean gradient at the input through paths of k blocks, for k = 0, ..., n.

    References:
        Veit, Wilber, Belongie, "Residual Networks Behave Like Ensembles of
        Relatively Shallow Networks", NeurIPS 2016.
    """
    blocks = len(gradients) - 1
    weights = np.array([math.comb(blocks, k) * g for k, g in enumerate(gradients)], "float64")
    if not weights.sum() > 0:
        return math.nan
    return float((weights * np.arange(blocks + 1)).sum() / weights.sum())
