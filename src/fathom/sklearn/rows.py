"""Rows with weights: split, and filled up so that data of about one size share their programs."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

# Data are filled up by at most a sixteenth of their rows, but for very few rows or large batches.
FINENESS = 16
FEWEST = 64


@dataclass(frozen=True)
class Rows:
    """Rows of a data set.

    Args:
        x: float32 (rows, features), standardised.
        y: int32 (rows,) class numbers, or float32 (rows, 1) standardised target.
        weight: float32 (rows,), greater than 0; 0 for rows that only fill up.
    """

    x: np.ndarray
    y: np.ndarray
    weight: np.ndarray

    def __len__(self) -> int:
        return len(self.y)

    def take(self, rows: np.ndarray) -> Rows:
        """Return some of the rows."""
        return Rows(self.x[rows], self.y[rows], self.weight[rows])


def filled(rows: Rows, *, batch_size: int) -> Rows:
    """Return the rows in a fixed disorder, among them some of weight 0 that fill up whole batches.

    They lie evenly among the others, so that batches weigh about the same.
    """
    size = filled_size(len(rows), batch_size=batch_size)
    order = np.arange(size)
    more = rows.take(np.where(order < len(rows), order, 0))
    weight = np.where(order < len(rows), more.weight, 0).astype("float32")
    return Rows(more.x, more.y, weight).take(np.random.default_rng(0).permutation(size))


def filled_size(rows: int, *, batch_size: int) -> int:
    """Return how many rows `rows` are filled up to.

    Example:
        >>> [filled_size(rows, batch_size=32) for rows in (10, 120, 455, 1437, 1438)]
        [64, 128, 480, 1472, 1472]
    """
    fine = 2 ** int(math.log2(max(rows, FEWEST))) // FINENESS
    step = batch_size * -(-fine // batch_size)
    return step * -(-max(rows, FEWEST) // step)


def split(
    y: np.ndarray, *, share: float, seed: int, is_classification: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Return which rows to train on and which to choose by, stratified where classes allow.

    Args:
        y: The target, (rows,).
        share: Share of the rows to choose by, in (0, 1).
        seed: Of the split.
        is_classification: Whether `y` are classes.
    """
    from sklearn.model_selection import train_test_split

    count = min(max(round(share * len(y)), 1), len(y) - 1)
    train, held = train_test_split(
        np.arange(len(y)),
        test_size=count,
        random_state=seed,
        stratify=y if is_classification and _has_enough(y, count) else None,
    )
    return np.asarray(train), np.asarray(held)


def _has_enough(y: np.ndarray, count: int) -> bool:
    """Return whether every class can have a row in both parts."""
    classes, sizes = np.unique(y, return_counts=True)
    return bool(sizes.min() >= 2) and len(classes) <= min(count, len(y) - count)
