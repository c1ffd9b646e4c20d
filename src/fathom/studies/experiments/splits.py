"""The three splits that an experiment's arms learn from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np


class Rows(NamedTuple):
    """Rows of one split.

    Args:
        x: float32 (rows, ...).
        y: int32 (rows,) classes, or float32 (rows,) values.
    """

    x: np.ndarray
    y: np.ndarray


@dataclass(frozen=True, kw_only=True)
class Splits:
    """What networks are trained on, chosen by and scored on.

    Args:
        train: Training rows.
        validation: Rows that learning rates are chosen by.
        test: Rows that are scored.
        num_classes: 0 for regression.
        words: What it is, in words.
        notices: What else is to be known.
    """

    train: Rows
    validation: Rows
    test: Rows
    num_classes: int
    words: str
    notices: tuple[str, ...] = ()

    @property
    def task(self) -> str:
        """ "classification" or "regression"."""
        return "classification" if self.num_classes else "regression"

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of one input."""
        return self.train.x.shape[1:]
